// Package authhouse is a small OAuth 2 authorization server on loopback for
// the tests. It checks what a strict one checks: client and secret, redirect,
// PKCE (S256 alone), each code once; it rotates refresh tokens and takes the
// whole grant back when an old one is shown. The person who would say yes is a
// field.
package authhouse

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Server is a running authorization server. The fields above the line are set
// before the first request, or by Set.
type Server struct {
	ClientID string
	Secret   string        // "": a public client
	Basic    bool          // the secret comes by HTTP Basic, else in the body
	User     string        // who says yes; "": nobody, who says no
	Scope    string        // in the answer; "": the one that was asked for
	Rotate   bool          // each refresh gives a new refresh token
	Life     time.Duration // of an access token; 0: not said, and no end
	Length   int           // of an access token, at least; large directories give some of 3,000 characters
	Grace    time.Duration // of a refresh token, only said; 0: not said
	Down     int           // status of every answer of the token endpoint; 0: it works
	SlowDown int           // how many polls for a device code are told so
	Interval int           // seconds between two polls for a device code
	Pending  int           // how many polls come before the person says yes

	URL string // http://127.0.0.1:port

	mu        sync.Mutex
	http      *http.Server
	serve     sync.WaitGroup
	codes     map[string]question // codes and device codes that wait
	access    map[string]*grant
	refresh   map[string]*grant
	refreshes int
	asked     []url.Values // what came to the token endpoint
}

// question is one that a person was asked.
type question struct {
	redirect, challenge, scope string
}

// grant is a yes.
type grant struct {
	user, scope string
	current     string // the refresh token that counts
	revoked     bool
}

// Start listens on a free port.
func Start() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := New()
	s.URL = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	s.serve.Go(func() { _ = s.http.Serve(l) }) // ends by Close
	return s, nil
}

// New is a server that is called as a handler.
func New() *Server {
	return &Server{
		ClientID: "gatepost-test", User: "shop@acme.example", Rotate: true, Life: time.Hour, Interval: 5, URL: "http://auth.example",
		codes: map[string]question{}, access: map[string]*grant{}, refresh: map[string]*grant{},
	}
}

// Close ends it.
func (s *Server) Close() {
	_ = s.http.Close()
	s.serve.Wait()
}

// Set changes the server while it runs.
func (s *Server) Set(change func(*Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// Who is the user that an access token stands for, "" if it is good for nothing.
func (s *Server) Who(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.access[token]; g != nil && !g.revoked {
		return g.user
	}
	return ""
}

// Withdraw ends all access tokens before their time. Refresh tokens stay good.
func (s *Server) Withdraw() { s.Set(func(s *Server) { s.access = map[string]*grant{} }) }

// Revoke takes every grant back, as the person can in their account.
func (s *Server) Revoke() {
	s.Set(func(s *Server) {
		for _, g := range s.refresh {
			g.revoked = true
		}
	})
}

// Refreshes counts the access tokens that were given for refresh tokens.
func (s *Server) Refreshes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refreshes
}

// Asked is every form that came to the token endpoint.
func (s *Server) Asked() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values(nil), s.asked...)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /auth":
		s.authorize(w, r)
	case "POST /token":
		s.token(w, r)
	case "POST /device":
		s.device(w, r)
	case "GET /introspect":
		s.introspect(w, r)
	default:
		http.NotFound(w, r)
	}
}

// authorize sends the browser back with a code at once (RFC 6749 §4.1).
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Scheme != "http" || back.Hostname() != "127.0.0.1" && back.Hostname() != "localhost" || back.Path != "" ||
		q.Get("client_id") != s.ClientID || q.Get("response_type") != "code" {
		http.Error(w, "this client may not ask so", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	switch {
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		answer.Set("error", "invalid_request")
		answer.Set("error_description", "PKCE required")
	case s.User == "":
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The person said no")
	default:
		code := rand.Text()
		s.codes[code] = question{q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("scope")}
		answer.Set("code", code)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// device gives a code to be typed (RFC 8628 §3.2).
func (s *Server) device(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || r.PostForm.Get("client_id") != s.ClientID {
		refuse(w, "invalid_client", "")
		return
	}
	code := rand.Text()
	s.codes[code] = question{scope: r.PostForm.Get("scope")}
	answer(w, http.StatusOK, map[string]any{
		"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": s.URL + "/activate", "expires_in": 900, "interval": s.Interval,
	})
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", "")
		return
	}
	f := r.PostForm
	s.asked = append(s.asked, f)
	if s.Down != 0 {
		http.Error(w, "<html>out of order: "+f.Encode()+"</html>", s.Down)
		return
	}
	id, secret := f.Get("client_id"), f.Get("client_secret")
	if name, password, ok := r.BasicAuth(); ok != s.Basic {
		refuse(w, "invalid_client", "the secret came the wrong way")
		return
	} else if ok {
		id, secret = name, password
	}
	if id != s.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.Secret)) != 1 {
		refuse(w, "invalid_client", "no such client")
		return
	}
	switch f.Get("grant_type") {
	case "authorization_code":
		q, ok := s.codes[f.Get("code")]
		delete(s.codes, f.Get("code"))
		sum := sha256.Sum256([]byte(f.Get("code_verifier"))) // RFC 7636 §4.6
		if !ok || q.redirect != f.Get("redirect_uri") || q.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refuse(w, "invalid_grant", "bad code")
			return
		}
		s.give(w, &grant{user: s.User, scope: q.scope}, true)
	case "urn:ietf:params:oauth:grant-type:device_code":
		q, ok := s.codes[f.Get("device_code")]
		switch {
		case !ok:
			refuse(w, "expired_token", "")
		case s.SlowDown > 0:
			s.SlowDown--
			refuse(w, "slow_down", "")
		case s.Pending > 0:
			s.Pending--
			refuse(w, "authorization_pending", "")
		case s.User == "":
			refuse(w, "access_denied", "The person said no")
		default:
			delete(s.codes, f.Get("device_code"))
			s.give(w, &grant{user: s.User, scope: q.scope}, true)
		}
	case "refresh_token":
		g := s.refresh[f.Get("refresh_token")]
		if g != nil && g.current != f.Get("refresh_token") {
			g.revoked = true // somebody has an old one: nobody keeps it (RFC 9700 §4.14.2)
		}
		if g == nil || g.revoked {
			refuse(w, "invalid_grant", "Token has been expired or revoked.")
			return
		}
		s.refreshes++
		s.give(w, g, s.Rotate)
	default:
		refuse(w, "unsupported_grant_type", "")
	}
}

// give tokens for a grant.
func (s *Server) give(w http.ResponseWriter, g *grant, refresh bool) {
	token := "at." + rand.Text()
	if n := s.Length - len(token); n > 0 {
		token += strings.Repeat("x", n)
	}
	s.access[token] = g
	body := map[string]any{"access_token": token, "token_type": "Bearer", "scope": g.scope}
	if s.Scope != "" {
		body["scope"] = s.Scope
	}
	if s.Life > 0 {
		body["expires_in"] = int(s.Life.Seconds())
	}
	if refresh {
		g.current = "rt." + rand.Text()
		s.refresh[g.current] = g
		body["refresh_token"] = g.current
	}
	if s.Grace > 0 {
		body["refresh_token_expires_in"] = int(s.Grace.Seconds())
	}
	answer(w, http.StatusOK, body)
}

// introspect tells a mail server whose token it was shown.
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g := s.access[token]
	if g == nil || g.revoked {
		answer(w, http.StatusUnauthorized, map[string]any{"active": false})
		return
	}
	answer(w, http.StatusOK, map[string]any{"active": true, "email": g.user, "scope": g.scope})
}

func refuse(w http.ResponseWriter, code, description string) {
	answer(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": description})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked has gone
}
