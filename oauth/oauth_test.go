package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gatepost/internal/authhouse"
)

// house is an authorization server, and a grant there that nobody made yet.
func house(t *testing.T) (*authhouse.Server, *Grant) {
	t.Helper()
	s, err := authhouse.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, &Grant{Client: client(s), File: filepath.Join(t.TempDir(), "mail.token")}
}

func client(s *authhouse.Server) Client {
	return Client{ID: s.ClientID, AuthURL: s.URL + "/auth", TokenURL: s.URL + "/token", DeviceURL: s.URL + "/device", Scopes: []string{"mail", "offline_access"}}
}

// visit is the person's browser: it follows wherever it is sent.
func visit(t *testing.T) func(Page) {
	return func(p Page) {
		go func() {
			r, err := http.Get(p.URL)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), "Gatepost has the answer") {
				t.Errorf("%s, %v", body, err)
			}
		}()
	}
}

func login(t *testing.T, g *Grant) {
	t.Helper()
	if err := g.Browser(t.Context(), 0, visit(t), nil); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, file string) os.FileMode {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestBrowser(t *testing.T) {
	s, g := house(t)
	login(t, g)
	token, err := g.Token(t.Context(), "")
	if err != nil || s.Who(token) != "shop@acme.example" || s.Refreshes() != 0 {
		t.Fatalf("%q, %v, %d refreshes", token, err, s.Refreshes())
	}
	if m := mode(t, g.File); m != 0o600 {
		t.Errorf("mode %04o", m)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(g.File), ".token-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	state, err := g.State()
	if err != nil || state.Granted.IsZero() || time.Until(state.End) < 50*time.Minute || len(state.Lacks) != 0 || strings.Join(state.Scopes, " ") != "mail offline_access" {
		t.Errorf("%+v, %v", state, err)
	}
}

// What root makes belongs to whoever the folder belongs to, as the service does
// not run as root. Others make what is their own.
func TestFilesOfTheFoldersOwner(t *testing.T) {
	_, g := house(t)
	dir := filepath.Dir(g.File)
	want := os.Getuid()
	if want == 0 {
		want = 65534
		if err := os.Chown(dir, want, want); err != nil {
			t.Fatal(err)
		}
	}
	login(t, g)
	if err := g.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{g.File, g.File + ".lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid != want || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is of %d, mode %04o, want %d", name, uid, info.Mode().Perm(), want)
		}
	}
}

// The address that the browser ended at can be brought by hand; one of another
// login, and anything else, counts for nothing.
func TestBrowserElsewhere(t *testing.T) {
	s, g := house(t)
	pasted := make(chan string, 4)
	err := g.Browser(t.Context(), 0, func(p Page) {
		far := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		r, err := far.Get(p.URL)
		if err != nil {
			t.Error(err)
			return
		}
		r.Body.Close()
		back := r.Header.Get("Location")
		here, err := url.Parse(back)
		if err != nil {
			t.Error(err)
			return
		}
		for _, wrong := range []string{"?code=x&state=guessed", "?code=x", "favicon.ico?" + here.RawQuery} { // a page in the same browser tries
			if r, err := http.Get("http://" + here.Host + "/" + wrong); err != nil || r.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %v, %v", wrong, r, err)
			} else {
				r.Body.Close()
			}
		}
		pasted <- "yes"
		pasted <- "http://127.0.0.1/?code=x&state=guessed"
		pasted <- " " + back + "\n"
	}, pasted)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := g.Token(t.Context(), ""); err != nil || s.Who(token) == "" {
		t.Errorf("%q, %v", token, err)
	}
}

func TestLoginRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*authhouse.Server, *Grant)
		want  string
	}{
		{"the person says no", func(s *authhouse.Server, _ *Grant) { s.User = "" }, "The person said no"},
		{"the wrong secret", func(s *authhouse.Server, g *Grant) {
			s.Secret = "swordfish"
			g.Client.Secret = func() (string, error) { return "sword", nil }
		}, "check client_id, client_secret_file"},
		{"out of order", func(s *authhouse.Server, _ *Grant) { s.Down = 503 }, "answers 503"},
		{"no folder", func(_ *authhouse.Server, g *Grant) { g.File = filepath.Join(g.File, "no", "x.token") }, "cannot be written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, g := house(t)
			c.spoil(s, g)
			err := g.Browser(t.Context(), 0, func(p Page) {
				if r, err := http.Get(p.URL); err == nil {
					r.Body.Close()
				}
			}, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "swordfish") || strings.Contains(err.Error(), "code_verifier") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if _, err := os.Stat(g.File); err == nil {
				t.Error("a token file was made")
			}
		})
	}
	_, g := house(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	err := g.Browser(ctx, 0, func(Page) { cancel(errors.New("ten minutes are over")) }, nil)
	if err == nil || !strings.Contains(err.Error(), "ten minutes are over") {
		t.Errorf("%v", err)
	}
}

// A secret goes where the server wants it.
func TestClientSecret(t *testing.T) {
	for _, basic := range []bool{false, true} {
		s, g := house(t)
		s.Secret, s.Basic = "sword&fish", basic
		if basic {
			s.Secret = "swordfish" // Basic has an encoding of its own (RFC 6749 §2.3.1), which the house does not undo
		}
		g.Client.InHeader, g.Client.Secret = basic, func() (string, error) { return s.Secret, nil }
		login(t, g)
		if err := g.Renew(t.Context()); err != nil {
			t.Errorf("basic %v: %v", basic, err)
		}
		g.Client.Secret = func() (string, error) { return "", errors.New("file is gone") }
		if err := g.Renew(t.Context()); err == nil || !strings.Contains(err.Error(), "file is gone") {
			t.Errorf("%v", err)
		}
	}
}

// A token is replaced five minutes before its end, and never for nothing.
func TestTokenBeforeItsEnd(t *testing.T) {
	s, g := house(t)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	g.Client.Now = func() time.Time { return now }
	login(t, g)
	first, err := g.Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after     time.Duration
		refreshes int
	}{{54 * time.Minute, 0}, {61 * time.Second, 1}, {54 * time.Minute, 1}, {30 * 24 * time.Hour, 2}} {
		now = now.Add(step.after)
		token, err := g.Token(t.Context(), "")
		if err != nil || s.Refreshes() != step.refreshes || (token == first) != (step.refreshes == 0) {
			t.Errorf("after %v: %v, %d refreshes, want %d", step.after, err, s.Refreshes(), step.refreshes)
		}
	}
	if m := mode(t, g.File); m != 0o600 {
		t.Errorf("mode %04o", m)
	}
}

// A token that the mail server refused is replaced once, however many ask.
func TestTokenRefused(t *testing.T) {
	s, g := house(t)
	login(t, g)
	old, err := g.Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s.Withdraw()
	tokens := make([]string, 8)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			same := &Grant{Client: g.Client, File: g.File} // as another process has it
			var err error
			if tokens[i], err = same.Token(t.Context(), old); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, token := range tokens {
		if token != tokens[0] || token == old || s.Who(token) == "" {
			t.Errorf("%q, %q", token, tokens[0])
		}
	}
	if n := s.Refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// A grant that was taken back is a person's business, remembered, and over
// with the next login.
func TestRevoked(t *testing.T) {
	s, g := house(t)
	login(t, g)
	s.Revoke()
	err := g.Renew(t.Context())
	if !errors.Is(err, ErrGrant) || !strings.Contains(err.Error(), "gatepost login") || !strings.Contains(err.Error(), "expired or revoked") {
		t.Fatal(err)
	}
	state, err := g.State()
	if err != nil || state.Refused.IsZero() || !strings.Contains(state.Why, "invalid_grant") {
		t.Errorf("%+v, %v", state, err)
	}
	login(t, g)
	if state, err := g.State(); err != nil || !state.Refused.IsZero() || state.Why != "" {
		t.Errorf("%+v, %v", state, err)
	}
	if err := g.Renew(t.Context()); err != nil {
		t.Error(err)
	}
}

// A fault of the server is no refusal: the tokens stay, nothing is remembered,
// and what it said of our secrets is not repeated.
func TestServerOutOfOrder(t *testing.T) {
	s, g := house(t)
	login(t, g)
	before, err := os.ReadFile(g.File)
	if err != nil {
		t.Fatal(err)
	}
	s.Set(func(s *authhouse.Server) { s.Down = 502 })
	err = g.Renew(t.Context())
	if err == nil || errors.Is(err, ErrGrant) || !strings.Contains(err.Error(), "answers 502") || strings.Contains(err.Error(), "rt.") || strings.Contains(err.Error(), "html") {
		t.Errorf("%v", err)
	}
	if after, err := os.ReadFile(g.File); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
	s.Set(func(s *authhouse.Server) { s.Down = 0 })
	if err := g.Renew(t.Context()); err != nil {
		t.Error(err)
	}
}

// What cannot be kept is not asked for: a rotated refresh token would be lost.
func TestNothingAskedThatCannotBeKept(t *testing.T) {
	s, g := house(t)
	login(t, g)
	g2 := *g
	dir := filepath.Join(filepath.Dir(g.File), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	g2.File = filepath.Join(dir, "mail.token")
	k, err := g.read()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := g2.renew(t.Context(), k); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("%v", err)
	}
	if n := s.Refreshes(); n != 0 {
		t.Errorf("%d refreshes", n)
	}
	if err := g.Renew(t.Context()); err != nil {
		t.Errorf("the grant is lost: %v", err)
	}
}

// underWay is a network on which something happens while the answer comes.
type underWay struct{ happens func() }

func (u underWay) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	u.happens()
	if r.Context().Err() != nil {
		if err == nil {
			answer.Body.Close()
		}
		return nil, r.Context().Err()
	}
	return answer, err
}

// A service that is stopped while it asks waits for the answer: the refresh
// token that it showed is good for nothing any more.
func TestStoppedWhileItAsks(t *testing.T) {
	s, g := house(t)
	login(t, g)
	old, err := g.Token(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := &Grant{Client: g.Client, File: g.File}
	stopped.Client.HTTP = &http.Client{Transport: underWay{stop}}
	_, _ = stopped.Token(ctx, old) // it may give one or say that it was stopped
	if ctx.Err() == nil || s.Refreshes() != 1 {
		t.Fatalf("%d refreshes", s.Refreshes())
	}
	token, err := g.Token(t.Context(), old)
	if err != nil || s.Who(token) == "" || s.Refreshes() != 1 {
		t.Errorf("after the restart: %q, %v, %d refreshes", token, err, s.Refreshes())
	}
	if _, err := g.Token(ctx, token); !errors.Is(err, context.Canceled) || s.Refreshes() != 1 {
		t.Errorf("begun after the stop: %v, %d refreshes", err, s.Refreshes())
	}
}

// But it does not wait long for a server that is silent.
func TestStoppedBesideASilentServer(t *testing.T) {
	_, g := house(t)
	login(t, g)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		silent := &Grant{Client: g.Client, File: g.File}
		silent.Client.HTTP = &http.Client{Transport: mute{stop}}
		begin := time.Now()
		if err := silent.Renew(ctx); err == nil {
			t.Error("no error")
		}
		if took := time.Since(begin); took > afterStop {
			t.Errorf("took %v", took)
		}
	})
}

// mute is a network on which nothing comes back.
type mute struct{ happens func() }

func (m mute) RoundTrip(r *http.Request) (*http.Response, error) {
	m.happens()
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// Files that are no good say what to do.
func TestTokenFile(t *testing.T) {
	s, g := house(t)
	login(t, g)
	good, err := os.ReadFile(g.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want          string
		grant         bool
	}{
		{"open to all", string(good), 0o644, "chmod 600", false},
		{"open to the group", string(good), 0o620, "chmod 600", false},
		{"not JSON", "hunter2", 0o600, "holds no tokens: make it anew with `gatepost login`", true},
		{"no tokens", "{}", 0o600, "holds no tokens", true},
		{"another client", strings.Replace(string(good), s.ClientID, "other", 1), 0o600, "another client_id", true},
		{"no refresh token", `{"client_id":"` + s.ClientID + `","access_token":"a","obtained":"2020-01-01T00:00:00Z","expiry":"2020-01-01T01:00:00Z"}`, 0o600, "no refresh token", true},
	} {
		if err := os.WriteFile(g.File, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(g.File, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := g.Token(t.Context(), "")
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrGrant) != c.grant || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := os.Remove(g.File); err != nil {
		t.Fatal(err)
	}
	folder := &Grant{Client: g.Client, File: t.TempDir()}
	if _, err := folder.State(); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("%v", err)
	}
	if _, err := g.Token(t.Context(), ""); !errors.Is(err, ErrGrant) || !strings.Contains(err.Error(), "does not exist: make it with `gatepost login`") {
		t.Errorf("%v", err)
	}
}

// A server that gives no refresh token, or not every scope, or a grant with an
// end, is seen for that.
func TestLoginWithLess(t *testing.T) {
	s, g := house(t)
	s.Scope, s.Grace = "profile", 7*24*time.Hour
	login(t, g)
	state, err := g.State()
	if err != nil || strings.Join(state.Lacks, " ") != "mail" || time.Until(state.RefreshEnd) < 6*24*time.Hour {
		t.Errorf("%+v, %v", state, err)
	}
}

// memory is the house without a network, so that time can be made up.
type memory struct{ http.Handler }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestDevice(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*authhouse.Server, *Grant)
		want  string
		took  time.Duration
	}{
		{"the person takes a while", func(s *authhouse.Server, _ *Grant) { s.Pending, s.SlowDown = 3, 1 }, "", 5*time.Second + 4*10*time.Second},
		{"the person says no", func(s *authhouse.Server, _ *Grant) { s.User = "" }, "log in again", 5 * time.Second},
		{"the person has left", func(s *authhouse.Server, _ *Grant) { s.Pending = 1000 }, "not typed in time", 15 * time.Minute},
		{"an unknown client", func(_ *authhouse.Server, g *Grant) { g.Client.ID = "other" }, "check client_id", 0},
		{"Google", func(_ *authhouse.Server, g *Grant) { g.Client = Google() }, "Google gives no access to mail by device code", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "mail.token")
			synctest.Test(t, func(t *testing.T) {
				s := authhouse.New()
				g := &Grant{Client: client(s), File: file}
				c.spoil(s, g)
				g.Client.HTTP = &http.Client{Transport: memory{s}}
				begin := time.Now()
				var page Page
				err := g.Device(t.Context(), func(p Page) { page = p })
				if took := time.Since(begin); took.Round(time.Second) != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				if c.want != "" {
					if err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("%v, want %q", err, c.want)
					}
					return
				}
				if err != nil || page.Code != "WDJB-MJHT" || page.URL != s.URL+"/activate" || page.End.IsZero() {
					t.Fatalf("%+v, %v", page, err)
				}
				if token, err := g.Token(t.Context(), ""); err != nil || s.Who(token) == "" {
					t.Errorf("%q, %v", token, err)
				}
			})
		})
	}
}

func TestBearer(t *testing.T) {
	offer := func(mechanisms string) func(string) bool {
		return func(m string) bool { return strings.Contains(" "+mechanisms+" ", " "+m+" ") }
	}
	for _, c := range []struct{ offers, mechanism, first, answer string }{
		{"PLAIN XOAUTH2", XOAuth2, "user=a,b=c@x.example\x01auth=Bearer tok\x01\x01", ""},
		{"PLAIN XOAUTH2 OAUTHBEARER", OAuthBearer, "n,a=a=2Cb=3Dc@x.example,\x01host=imap.x.example\x01port=993\x01auth=Bearer tok\x01\x01", "\x01"},
	} {
		b := &Bearer{User: "a,b=c@x.example", Host: "imap.x.example", Port: 993, Token: "tok"}
		if err := b.Choose(offer(c.offers)); err != nil {
			t.Fatal(err)
		}
		mechanism, first, err := b.Start()
		if mechanism != c.mechanism || string(first) != c.first || err != nil {
			t.Errorf("%s %q %v", mechanism, first, err)
		}
		answer, err := b.Next([]byte(`{"status":"invalid_token\r\n","scope":"mail"}`))
		if answer == nil || string(answer) != c.answer || err != nil {
			t.Errorf("%q, %v", answer, err)
		}
		if _, err := b.Next(nil); err == nil {
			t.Error("a second challenge was answered")
		}
		text := b.Refused(errors.New("NO")).Error()
		if !strings.Contains(text, "(invalid_token, for the scope mail)") || strings.Contains(text, "tok\"") || strings.Contains(text, "Bearer") {
			t.Error(text)
		}
	}
	if err := new(Bearer).Choose(offer("PLAIN LOGIN")); err == nil || !strings.Contains(err.Error(), "password_file") {
		t.Errorf("%v", err)
	}
	for _, b := range []Bearer{{User: "a\x01b"}, {Token: "a\nb"}} {
		if _, _, err := b.Start(); err == nil {
			t.Errorf("%+v was shown", b)
		}
	}
}
