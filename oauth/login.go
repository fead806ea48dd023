package oauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// Page is what a person has to open, and the code to type there.
type Page struct {
	URL  string
	Code string    // "": none
	End  time.Time // until when; zero: not known
	Port int       // where the browser comes back to, on this machine; 0: nowhere
}

// Browser logs in by the page of the authorization server, which sends the
// person's browser back to a port of this machine (RFC 8252 §7.3). port 0 is
// any. show is told the page; pasted, if not nil, brings the address that the
// browser ended at, from a person whose browser is on another machine. The
// tokens are in the grant's file when it returns nil.
func (g *Grant) Browser(ctx context.Context, port int, show func(Page), pasted <-chan string) error {
	d, err := newDraft(g.File)
	if err != nil {
		return err
	}
	defer d.drop()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("wait for the browser: %w: choose another --port", err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	host := g.Client.Loopback
	if host == "" {
		host = "127.0.0.1"
	}
	c, err := g.Client.config("http://" + net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		listener.Close()
		return err
	}
	r := &returned{state: rand.Text(), answer: make(chan url.Values, 1)}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends by Shutdown
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = server.Shutdown(stop) // lets the last page go out; what hangs is cut
		_ = server.Close()
		serving.Wait()
	}()

	verifier := oauth2.GenerateVerifier()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	for key, value := range g.Client.Extra {
		options = append(options, oauth2.SetAuthURLParam(key, value))
	}
	show(Page{URL: c.AuthCodeURL(r.state, options...), Port: port})
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("nobody came back from the page: %w", context.Cause(ctx))
		case line, ok := <-pasted:
			if !ok {
				pasted = nil
				continue
			}
			if u, err := url.Parse(strings.TrimSpace(line)); err == nil {
				r.take(u.Query())
			}
		case answer := <-r.answer:
			if code := answer.Get("error"); code != "" {
				return fmt.Errorf("the login was not allowed: %s %s: log in again, and allow it", shown(code, 60), shown(answer.Get("error_description"), 300))
			}
			now := g.Client.now()
			t, err := c.Exchange(g.Client.through(ctx), answer.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				return g.Client.said(err)
			}
			return g.keep(ctx, d, t, now)
		}
	}
}

// returned receives the browser when it comes back.
type returned struct {
	state  string
	answer chan url.Values
}

// take an answer if it is to our question; another one's is none, so that
// nobody can end a login or give us their own account (RFC 6749 §10.12).
func (r *returned) take(answer url.Values) bool {
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(r.state)) != 1 || answer.Get("code") == "" && answer.Get("error") == "" {
		return false
	}
	select {
	case r.answer <- answer:
	default: // the first one counts
	}
	return true
}

func (r *returned) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	text := "Gatepost has the answer. This page can be closed; the terminal says how it went."
	if request.Method != http.MethodGet || request.URL.Path != "/" || !r.take(request.URL.Query()) {
		w.WriteHeader(http.StatusBadRequest)
		text = "This is no answer to the login that Gatepost is waiting for."
	}
	_, _ = io.WriteString(w, "<!doctype html><title>Gatepost</title><p>"+html.EscapeString(text)+"</p>\n") // the browser may have gone
}

// Device logs in by a code that a person types on any other device (RFC 8628).
func (g *Grant) Device(ctx context.Context, show func(Page)) error {
	if g.Client.DeviceURL == "" {
		why := g.Client.WhyNoDevice
		if why == "" {
			why = "no device_url is configured: log in without --device"
		}
		return errors.New(why)
	}
	d, err := newDraft(g.File)
	if err != nil {
		return err
	}
	defer d.drop()
	c, err := g.Client.config("")
	if err != nil {
		return err
	}
	ctx = g.Client.through(ctx)
	code, err := c.DeviceAuth(ctx)
	if err != nil {
		return g.Client.said(err)
	}
	if code.DeviceCode == "" || code.UserCode == "" || code.VerificationURI == "" {
		return errors.New("the server gave no device code: log in without --device")
	}
	show(Page{URL: shown(code.VerificationURI, 300), Code: shown(code.UserCode, 60), End: code.Expiry})
	t, err := c.DeviceAccessToken(ctx, code)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the code was not typed in time: log in again: %w", err)
	case err != nil:
		return g.Client.said(err)
	}
	return g.keep(ctx, d, t, g.Client.now())
}
