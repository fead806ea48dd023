package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// slack is how many bytes any answer may have besides the mail in it.
const slack = 2 << 20

// session is one connection that is logged in.
type session struct {
	c     *imapclient.Client
	w     *wire
	addr  string
	limit time.Duration
	caps  imap.CapSet
	news  chan struct{} // holds one token when the server spoke of new mail
	deaf  bool          // IDLE was refused
	box   uint32        // UIDVALIDITY of the mailbox that is open; 0: none
	late  late          // answers that told their UID last
}

// do runs one exchange with the server within limit and with at most
// slack+bytes coming back. When ctx ends first or the limit is over, the
// connection is closed and do returns even if the library does not.
func do[T any](ctx context.Context, s *session, limit time.Duration, bytes int64, f func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v: %w", limit, context.DeadlineExceeded))
	defer cancel()
	s.w.left.Store(slack + bytes)
	defer context.AfterFunc(ctx, func() { s.w.Conn.Close() })()

	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() { done <- r }()
		defer func() { // the library's fault at what the server said: this connection is over, and no more
			if p := recover(); p != nil {
				r.err = fmt.Errorf("panic at the server's answer: %v", p)
			}
		}()
		r.v, r.err = f()
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		// A closed connection ends every command. Should the library not
		// notice, it is left behind.
		select {
		case r = <-done:
		case <-time.After(time.Second):
			r.err = stopped(ctx)
		}
	}
	switch {
	case r.err == nil:
	case s.w.over.Load():
		r.err = errTooMuch
	case ctx.Err() != nil:
		r.err = stopped(ctx)
	}
	return r.v, r.err
}

// run is do for an exchange without a result.
func (s *session) run(ctx context.Context, f func() error) error {
	_, err := do(ctx, s, s.limit, 0, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// close drops the connection.
func (s *session) close() {
	s.w.Conn.Close()
	if s.c != nil {
		select {
		case <-s.c.Closed():
		case <-time.After(time.Second): // left behind, see do
		}
	}
}

// logout says goodbye and drops the connection.
func (s *session) logout(ctx context.Context) {
	do(ctx, s, min(s.limit, 5*time.Second), 0, func() (struct{}, error) { return struct{}{}, s.c.Logout().Wait() })
	s.close()
}

// connect dials, secures the connection and logs in. A server may take back an
// access token before its end: then another one is tried once, on a new
// connection, as the library's is stuck after that.
func (p *Poller) connect(ctx context.Context) (*session, error) {
	s, err := p.attempt(ctx, "")
	var refused *tokenError
	if errors.As(err, &refused) {
		s, err = p.attempt(ctx, refused.token)
	}
	return s, err
}

// attempt is connect without the second try.
func (p *Poller) attempt(ctx context.Context, refused string) (*session, error) {
	if err := p.possible(); err != nil {
		return nil, err
	}
	token, err := p.token(ctx, refused)
	if err != nil {
		return nil, err
	}
	dial, cancel := context.WithTimeoutCause(ctx, p.cfg.Timeout, fmt.Errorf("no connection within %v", p.cfg.Timeout))
	defer cancel()
	raw, err := p.dial(dial, "tcp", p.addr)
	if err != nil {
		if ctx.Err() != nil {
			return nil, stopped(ctx)
		}
		return nil, fmt.Errorf("connect to %s: check host and port: %w", p.addr, err)
	}
	s := &session{w: &wire{Conn: raw}, addr: p.addr, limit: p.cfg.Timeout, news: make(chan struct{}, 1)}
	s.w.left.Store(slack)
	if err := p.greet(ctx, s); err != nil {
		s.close()
		return nil, err
	}
	if err := p.login(ctx, s, token); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (p *Poller) possible() error {
	switch p.cfg.TLS {
	case "implicit", "starttls":
	case "none":
		ip := net.ParseIP(p.cfg.Host)
		if !p.cfg.Insecure && p.cfg.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%s: tls = \"none\" would send the password in the clear: use implicit or starttls, or set insecure = true: %w", p.addr, ErrConfig)
		}
	default:
		return fmt.Errorf("%s: tls = %q: use implicit, starttls or none: %w", p.addr, p.cfg.TLS, ErrConfig)
	}
	return nil
}

// greet makes the client on top of the connection, with TLS if configured,
// and waits for the greeting.
func (p *Poller) greet(ctx context.Context, s *session) error {
	options := &imapclient.Options{
		TLSConfig: &tls.Config{ServerName: p.cfg.Host, RootCAs: p.cfg.RootCAs, MinVersion: tls.VersionTLS12},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(d *imapclient.UnilateralDataMailbox) { // runs in the reader: must not wait
				if d.NumMessages != nil {
					select {
					case s.news <- struct{}{}:
					default:
					}
				}
			},
			Fetch: s.late.read,
		},
	}
	switch p.cfg.TLS {
	case "implicit":
		secure := tls.Client(s.w, options.TLSConfig)
		if err := s.run(ctx, func() error { return secure.Handshake() }); err != nil {
			return p.tlsError(err)
		}
		s.c = imapclient.New(secure, options)
	case "starttls":
		c, err := do(ctx, s, s.limit, 0, func() (*imapclient.Client, error) { return imapclient.NewStartTLS(s.w, options) })
		if err != nil {
			var answer *imap.Error
			if errors.As(err, &answer) {
				return fmt.Errorf("%s: the server refused STARTTLS: check port and tls: %w: %w", p.addr, ErrTLS, err)
			}
			return p.tlsError(err)
		}
		s.c = c
	default:
		s.c = imapclient.New(s.w, options)
	}
	// QUIRK: behind a BYE the connection is closed as well, and the library tells
	// one or the other, by chance: asked again it tells the reason in the end.
	greeting := func() (err error) {
		var answer *imap.Error
		for range 30 {
			if err = s.c.WaitGreeting(); err == nil || errors.As(err, &answer) {
				break
			}
		}
		return err
	}
	if err := s.run(ctx, greeting); err != nil {
		var answer *imap.Error
		if errors.As(err, &answer) {
			return fmt.Errorf("%s: the server turns us away: %w", p.addr, err)
		}
		return fmt.Errorf("%s: wait for the greeting: is this an IMAP server? check port and tls: %w", p.addr, err)
	}
	return nil
}

// login logs in and learns what the server can do. The capabilities are asked
// for before and after, so that the library never does it at the same time as
// another command.
func (p *Poller) login(ctx context.Context, s *session, token string) error {
	caps := func() (imap.CapSet, error) {
		if caps := s.c.Caps(); caps != nil {
			return caps, nil
		}
		return nil, errors.New("the server does not tell its capabilities")
	}
	var err error
	if s.caps, err = do(ctx, s, s.limit, 0, caps); err != nil {
		return fmt.Errorf("%s: %w", p.addr, err)
	}
	switch {
	case s.c.State() != imap.ConnStateNotAuthenticated:
	case p.cfg.Token != nil:
		if err := p.bearer(ctx, s, token); err != nil {
			return err
		}
	default:
		var password string
		password, err = p.cfg.Password()
		if err != nil {
			return fmt.Errorf("%s: read the password of %q: %w: %w", p.addr, p.cfg.User, ErrConfig, err)
		}
		switch {
		case s.caps.Has(imap.AuthCap(sasl.Plain)):
			err = s.run(ctx, func() error { return s.c.Authenticate(sasl.NewPlainClient("", p.cfg.User, password)) })
		case s.caps.Has(imap.CapLoginDisabled):
			return fmt.Errorf("%s: the server takes no password on this connection: check port and tls: %w", p.addr, ErrTLS)
		default:
			err = s.run(ctx, func() error { return s.c.Login(p.cfg.User, password).Wait() })
		}
		if err != nil {
			return p.loginError(err)
		}
	}
	if s.caps, err = do(ctx, s, s.limit, 0, caps); err != nil {
		return fmt.Errorf("%s: %w", p.addr, err)
	}
	return nil
}
