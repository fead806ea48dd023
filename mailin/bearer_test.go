package mailin

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authhouse"
	"gatepost/internal/debmail"
	"gatepost/internal/loopmail"
	"gatepost/oauth"
)

const shop = "shop@acme.example"

// granted is an authorization server and a grant there.
func granted(t *testing.T) (*authhouse.Server, *oauth.Grant) {
	t.Helper()
	a, err := authhouse.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	a.Length = 2500
	g := &oauth.Grant{
		Client: oauth.Client{ID: a.ClientID, AuthURL: a.URL + "/auth", TokenURL: a.URL + "/token", Scopes: []string{"mail"}},
		File:   filepath.Join(t.TempDir(), "mail.token"),
	}
	err = g.Browser(t.Context(), 0, func(p oauth.Page) {
		go func() {
			if r, err := http.Get(p.URL); err == nil {
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
		}()
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return a, g
}

// bearerHouses are servers that take access tokens and nothing else.
var bearerHouses = map[string]func(t *testing.T, a *authhouse.Server) (imap string, deliver func(string)){
	"XOAUTH2":     func(t *testing.T, a *authhouse.Server) (string, func(string)) { return bearerLoop(t, a, "XOAUTH2") },
	"OAUTHBEARER": func(t *testing.T, a *authhouse.Server) (string, func(string)) { return bearerLoop(t, a, "OAUTHBEARER") },
	"Dovecot": func(t *testing.T, a *authhouse.Server) (string, func(string)) {
		s, err := debmail.Start(debmail.Config{Users: map[string]string{shop: "secret"}, Introspect: a.URL + "/introspect"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(s.Logs())
			}
			s.Close()
		})
		return s.IMAPAddr, func(raw string) {
			if err := s.Deliver(shop, []byte(raw)); err != nil {
				t.Fatal(err)
			}
		}
	},
}

func bearerLoop(t *testing.T, a *authhouse.Server, mechanism string) (string, func(string)) {
	s, err := loopmail.Start(loopmail.Config{Users: map[string]string{shop: "secret"}, Mechanisms: []string{mechanism}, Bearer: a.Who})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.IMAPAddr, func(raw string) {
		if err := s.DeliverAt(shop, []byte(raw), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
}

// A mailbox that demands a token is read; a token that was taken back is
// replaced once; a grant that was taken back is a refused login that says what
// to do; and no secret stands in what is said.
func TestBearer(t *testing.T) {
	for name, start := range bearerHouses {
		t.Run(name, func(t *testing.T) {
			a, g := granted(t)
			addr, deliver := start(t, a)
			m := newMemory(t)
			h := &house{user: shop, imap: addr}
			token := func(c *Config) { c.Token = g.Token; c.Password = nil }
			once(t, h.poller(m, token))
			deliver(mail("one"))
			once(t, h.poller(m, token))
			m.expect(t, mail("one"))
			if n := a.Refreshes(); n != 0 {
				t.Errorf("%d refreshes", n)
			}

			a.Withdraw()
			deliver(mail("two"))
			once(t, h.poller(m, token))
			m.expect(t, mail("one"), mail("two"))
			if n := a.Refreshes(); n != 1 {
				t.Errorf("%d refreshes", n)
			}

			other := func(c *Config) { token(c); c.User = "other@acme.example" }
			_, err := h.poller(m, other).Once(t.Context())
			said(t, err, ErrAuth, `refused the access token of user "other@acme.example"`, "gatepost login")
			if n := a.Refreshes(); n != 2 {
				t.Errorf("%d refreshes: one more, and the new token is refused for good", n)
			}

			a.Revoke()
			_, err = h.poller(m, token).Once(t.Context())
			said(t, err, ErrAuth, "expired or revoked", "log in again with `gatepost login`")
			if pause := h.poller(m, token, func(c *Config) { c.RetryLogin = 10 * time.Minute }).pause(err, 1); pause < 7*time.Minute {
				t.Errorf("tried again after %v", pause)
			}

			password := func(c *Config) { c.Password = func() (string, error) { return "secret", nil } }
			if _, err := h.poller(m, password).Once(t.Context()); err == nil {
				t.Error("a password was taken")
			}
		})
	}
}

// An authorization server that is down is a fault like any other: tried again
// soon.
func TestBearerServerDown(t *testing.T) {
	a, g := granted(t)
	addr, _ := bearerLoop(t, a, "XOAUTH2")
	a.Withdraw()
	a.Set(func(a *authhouse.Server) { a.Down = 503 })
	_, err := (&house{user: shop, imap: addr}).poller(newMemory(t), func(c *Config) { c.Token = g.Token }).Once(t.Context())
	if !Temporary(err) || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
	addr, _ = bearerLoop(t, a, "PLAIN")
	_, err = (&house{user: shop, imap: addr}).poller(newMemory(t), func(c *Config) { c.Token = g.Token }).Once(t.Context())
	said(t, err, ErrConfig, "takes no access tokens", "password_file")
}

func said(t *testing.T, err, is error, want ...string) {
	t.Helper()
	if !errors.Is(err, is) {
		t.Fatalf("%v, want %v", err, is)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v: %q is not said", err, w)
		}
	}
	for _, secret := range []string{"at.", "rt.", "Bearer ", "secret"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q is said: %v", secret, err)
		}
	}
}
