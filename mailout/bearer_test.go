package mailout

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gatepost/internal/authhouse"
	"gatepost/internal/debmail"
	"gatepost/internal/loopmail"
	"gatepost/oauth"
)

const shop = "shop@acme.example"

// bearerHouses are servers that take access tokens and nothing else.
var bearerHouses = map[string]func(t *testing.T, a *authhouse.Server) (smtp string){
	"XOAUTH2":     func(t *testing.T, a *authhouse.Server) string { return bearerLoop(t, a, "XOAUTH2") },
	"OAUTHBEARER": func(t *testing.T, a *authhouse.Server) string { return bearerLoop(t, a, "OAUTHBEARER") },
	"Postfix": func(t *testing.T, a *authhouse.Server) string {
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
		return s.SMTPAddr
	},
}

func bearerLoop(t *testing.T, a *authhouse.Server, mechanism string) string {
	s, err := loopmail.Start(loopmail.Config{Users: map[string]string{shop: "secret"}, Mechanisms: []string{mechanism}, Bearer: a.Who})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.SMTPAddr
}

// Letters go out through a server that demands a token; one that was taken back
// is replaced once; a grant that was taken back keeps the letters, slows the
// tries down and says what to do.
func TestBearer(t *testing.T) {
	for name, start := range bearerHouses {
		t.Run(name, func(t *testing.T) {
			a, err := authhouse.Start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(a.Close)
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
			host, port, err := net.SplitHostPort(start(t, a))
			if err != nil {
				t.Fatal(err)
			}
			s := &SMTP{Host: host, TLS: TLSNone, User: shop, Token: g.Token}
			s.Port, _ = strconv.Atoi(port)
			defer s.Close()
			send := func() error {
				defer s.Close()
				return s.Send(t.Context(), shop, shop, []byte("From: "+shop+"\r\nSubject: one\r\n\r\none\r\n"))
			}
			if err := send(); err != nil || a.Refreshes() != 0 {
				t.Fatalf("%v, %d refreshes", err, a.Refreshes())
			}
			a.Withdraw()
			if err := send(); err != nil || a.Refreshes() != 1 {
				t.Fatalf("%v, %d refreshes", err, a.Refreshes())
			}

			s.User = "other@acme.example"
			err = send()
			var failed *SendError
			if !errors.As(err, &failed) || failed.Permanent || !failed.Unreachable() || rest(err, 1) != restLogin ||
				!strings.Contains(err.Error(), `refused the access token of user "other@acme.example"`) || !strings.Contains(err.Error(), "gatepost login") {
				t.Errorf("%v", err)
			}
			if n := a.Refreshes(); n != 2 {
				t.Errorf("%d refreshes: one more, and the new token is refused for good", n)
			}
			s.User = shop
			a.Revoke()
			err = send()
			if !errors.As(err, &failed) || failed.Permanent || !failed.Unreachable() || rest(err, 1) != restLogin || !strings.Contains(err.Error(), "log in again with `gatepost login`") {
				t.Errorf("%v", err)
			}
			for _, secret := range []string{"at.", "rt.", "Bearer "} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is said: %v", secret, err)
				}
			}
		})
	}
}

// A server without the mechanisms is a mistake of the config, not of the grant;
// an authorization server that is down is neither.
func TestBearerNotTaken(t *testing.T) {
	a := authhouse.New()
	host, port, err := net.SplitHostPort(bearerLoop(t, a, "PLAIN"))
	if err != nil {
		t.Fatal(err)
	}
	s := &SMTP{Host: host, TLS: TLSNone, User: shop, Token: func(context.Context, string) (string, error) { return "tok", nil }}
	s.Port, _ = strconv.Atoi(port)
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "takes no access tokens") || strings.Contains(err.Error(), "gatepost login") {
		t.Errorf("%v", err)
	}
	s.Token = func(context.Context, string) (string, error) { return "", errors.New("answers 503") }
	if err := s.Check(t.Context()); err == nil || refused(err) || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
}
