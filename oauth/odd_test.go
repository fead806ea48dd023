package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authhouse"
)

// answering is a token endpoint that says one thing.
func answering(status int, text string) *http.Client {
	return &http.Client{Transport: memory{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, text)
	})}}
}

// write puts a token file in place.
func write(t *testing.T, g *Grant, content map[string]any) {
	t.Helper()
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.File, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func refreshToken(t *testing.T, g *Grant) string {
	t.Helper()
	k, err := g.read()
	if err != nil {
		t.Fatal(err)
	}
	return k.Refresh
}

// A token that lives shortly is replaced in the last quarter of its life; one of
// which no end is said, when it is refused.
func TestLifeOfToken(t *testing.T) {
	for _, c := range []struct {
		life, after time.Duration
		refreshes   int
	}{
		{time.Minute, 45 * time.Second, 0},
		{time.Minute, 46 * time.Second, 1},
		{0, 300 * 24 * time.Hour, 0},
	} {
		s, g := house(t)
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		g.Client.Now = func() time.Time { return now }
		s.Life = c.life
		login(t, g)
		now = now.Add(c.after)
		if _, err := g.Token(t.Context(), ""); err != nil || s.Refreshes() != c.refreshes {
			t.Errorf("of %v after %v: %d refreshes, %v", c.life, c.after, s.Refreshes(), err)
		}
	}
}

// What a new answer does not say: the end of the old refresh token is not that
// of a new one, and one that was not replaced stays.
func TestAnswerThatSaysLess(t *testing.T) {
	s, g := house(t)
	s.Grace = 7 * 24 * time.Hour
	login(t, g)
	s.Set(func(s *authhouse.Server) { s.Grace = 0 })
	if err := g.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, err := g.State(); err != nil || !state.RefreshEnd.IsZero() {
		t.Errorf("%+v, %v", state, err)
	}
	s.Set(func(s *authhouse.Server) { s.Rotate = false })
	was := refreshToken(t, g)
	for range 2 {
		if err := g.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if is := refreshToken(t, g); is != was {
		t.Errorf("%q became %q", was, is)
	}
}

// Of a refusal the first moment is told, until a token is given again.
func TestRefusedSince(t *testing.T) {
	s, g := house(t)
	first := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	now := first
	g.Client.Now = func() time.Time { return now }
	login(t, g)
	good := refreshToken(t, g)
	write(t, g, map[string]any{"client_id": s.ClientID, "access_token": "a", "refresh_token": "wrong"})
	for range 2 {
		if err := g.Renew(t.Context()); !errors.Is(err, ErrGrant) {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	state, err := g.State()
	if err != nil || !state.Refused.Equal(first) || strings.Join(state.Scopes, " ") != "mail offline_access" {
		t.Errorf("%+v, %v", state, err)
	}
	write(t, g, map[string]any{"client_id": s.ClientID, "refresh_token": good, "refused": first, "refused_why": "x"})
	if err := g.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, err := g.State(); err != nil || !state.Refused.IsZero() || state.Why != "" {
		t.Errorf("%+v, %v", state, err)
	}
}

// A login that would end within the hour is none.
func TestLoginWithoutRefreshToken(t *testing.T) {
	_, g := house(t)
	g.Client.HTTP = answering(200, `{"access_token":"a","token_type":"Bearer","expires_in":3600}`)
	if err := g.Browser(t.Context(), 0, visit(t), nil); err == nil || !strings.Contains(err.Error(), "offline access") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(g.File); err == nil {
		t.Error("a token file was made")
	}
}

// What a server says of a fault is cut, on one line, and leaves nothing behind.
func TestWordyServer(t *testing.T) {
	_, g := house(t)
	login(t, g)
	g.Client.HTTP = answering(400, `{"error":"server_error","error_description":"`+strings.Repeat(`é\n`, 2000)+`"}`)
	err := g.Renew(t.Context())
	if err == nil || errors.Is(err, ErrGrant) || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
		t.Errorf("%.2000v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(g.File), ".token-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The refresh token is sent to the address that was configured, and not to
// where that one points.
func TestNoRedirect(t *testing.T) {
	_, g := house(t)
	login(t, g)
	elsewhere := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	t.Cleanup(thief.Close)
	moved := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	g.Client.TokenURL = moved.URL
	if err := g.Renew(t.Context()); err == nil || elsewhere != 0 {
		t.Errorf("%v, asked elsewhere %d times", err, elsewhere)
	}
}

// A server may write a scope in other letters.
func TestScopesInCapitals(t *testing.T) {
	s, g := house(t)
	s.Scope = "MAIL"
	login(t, g)
	if state, err := g.State(); err != nil || len(state.Lacks) > 0 {
		t.Errorf("%+v, %v", state, err)
	}
}

// Who waits for another process can be stopped.
func TestLockWaits(t *testing.T) {
	_, g := house(t)
	login(t, g)
	unlock, err := g.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := g.Token(ctx, ""); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "lock of the token file") {
		t.Errorf("%v", err)
	}
}

// The browser may come back twice; the first time counts, and the second has
// its page as well.
func TestBrowserTwice(t *testing.T) {
	r := &returned{state: "s", answer: nil}
	for range 2 {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?state=s&code=c", nil))
		if w.Code != http.StatusOK {
			t.Errorf("%d", w.Code)
		}
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/?state=s&code=c", nil))
	if w.Code != http.StatusBadRequest {
		t.Errorf("POST: %d", w.Code)
	}
}
