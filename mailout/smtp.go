package mailout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// How a connection is protected.
const (
	TLSImplicit = "implicit" // TLS from the first byte (RFC 8314)
	TLSStart    = "starttls" // STARTTLS, and no mail without it (RFC 3207)
	TLSNone     = "none"     // loopback only, unless the config insists
)

// The patience of RFC 5321 §4.5.3.2: 5 minutes for a command, 10 after the
// final dot. Giving up earlier there makes a second copy of a letter.
const (
	dialWait    = 30 * time.Second
	commandWait = 5 * time.Minute
	finalWait   = 11 * time.Minute
)

// SMTP sends through one server. The connection is kept between letters until
// Close, and made anew after any error. It is safe for concurrent use; letters
// go one after the other.
type SMTP struct {
	Host     string
	Port     int
	TLS      string                 // implicit, starttls, none
	User     string                 // "": no login
	Password func() (string, error) // asked for at each connection, so that a changed file is read
	// Token gives an access token to log in with instead of a password, and
	// another one than the server has just refused ("": none was).
	Token   func(ctx context.Context, refused string) (string, error)
	Hello   string      // our name in EHLO; "": localhost
	Roots   *tls.Config // nil: the system's roots; the server's name is always verified
	Letters int         // after so many the connection is ended and made anew; 0: never

	mu     sync.Mutex
	sent   int // letters begun on this connection
	client *smtp.Client
	conn   net.Conn // the bare connection under client: what a context can close
}

// Send gives one letter to the server. from "" is the empty envelope sender.
// raw is sent as it is, dots stuffed. The error is a *SendError, or ctx's.
func (s *SMTP) Send(ctx context.Context, from, to string, raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, address := range []string{from, to} {
		if err := plainAddress(address); err != nil && address != "" || to == "" {
			return &SendError{Stage: "mail", Permanent: true, Err: fmt.Errorf("address %q: not one plain mail address", address)}
		}
	}
	if s.client != nil && s.Letters > 0 && s.sent >= s.Letters {
		_ = s.patient(5*time.Second, s.client.Quit)
		s.drop()
	}
	reused := s.client != nil
	if err := s.open(ctx); err != nil {
		return err
	}
	err := s.transaction(ctx, from, to, raw)
	var failed *SendError
	if reused && errors.As(err, &failed) && failed.Stage == "mail" && (failed.Code == 0 || failed.Code == 421) && ctx.Err() == nil {
		// The server hung up while the connection was idle; nothing of the letter had gone out.
		if err := s.open(ctx); err != nil {
			return err
		}
		err = s.transaction(ctx, from, to, raw)
	}
	return err
}

// transaction is MAIL, RCPT, DATA on the open connection. After an answer of
// the server the connection is reset and kept; after anything else it is
// closed hard, so that half a letter is never ended by a dot.
func (s *SMTP) transaction(ctx context.Context, from, to string, raw []byte) error {
	stop := context.AfterFunc(ctx, closer(s.conn))
	defer stop()
	s.sent++
	s.client.SkipSMTPUTF8(ascii(from) && ascii(to))
	stage := "mail"
	err := s.patient(commandWait, func() error { return s.client.Mail("<" + from + ">") })
	if err == nil {
		stage = "rcpt"
		err = s.patient(commandWait, func() error { return s.client.Rcpt("<" + to + ">") })
	}
	if err == nil {
		stage, err = s.data(raw)
	}
	if err == nil {
		return nil
	}
	failed := classify(stage, err)
	if failed.Code == 0 || failed.Code == 421 || s.patient(dialWait, s.client.Reset) != nil {
		s.drop()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return failed
}

func (s *SMTP) data(raw []byte) (stage string, err error) {
	_ = s.conn.SetDeadline(deadline(commandWait))
	w, err := s.client.Data()
	if err != nil {
		return "data", err
	}
	if _, err = w.Write(raw); err != nil {
		_ = s.conn.Close() // before anything can write the final dot
		return "data", err
	}
	_ = s.conn.SetDeadline(deadline(finalWait))
	return "end", w.Close()
}

// patient runs a command that may take that long.
func (s *SMTP) patient(wait time.Duration, command func() error) error {
	_ = s.conn.SetDeadline(deadline(wait))
	return command()
}

// deadline is the moment until which the network may take its time. It is of
// the operating system's clock, as every deadline of a connection.
func deadline(wait time.Duration) time.Time { return time.Now().Add(wait) }

// closer closes the bare connection, which ends every read and write on it,
// whatever the library is waiting for.
func closer(conn net.Conn) func() { return func() { _ = conn.Close() } }

func (s *SMTP) drop() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.client, s.conn = nil, nil
}

// open connects and logs in, unless that is done. A server may take back an
// access token before its end: then another one is tried once.
func (s *SMTP) open(ctx context.Context) error {
	if s.client != nil {
		return nil
	}
	who, err := s.login(ctx, "")
	if err != nil {
		return err
	}
	err = s.connect(ctx, who)
	if who != nil && who.bearer != nil && refused(err) && ctx.Err() == nil {
		if who, err = s.login(ctx, who.bearer.Token); err == nil {
			err = s.connect(ctx, who)
		}
	}
	return err
}

// connect makes a connection and logs in there as who, nil for nobody.
func (s *SMTP) connect(ctx context.Context, who *login) error {
	stage := "connect"
	var bare atomic.Pointer[net.Conn] // the context closes it from outside
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		bare.Store(&c)
		if s.TLS != TLSImplicit {
			return c, nil
		}
		secure := tls.Client(c, s.config())
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		return secure, nil
	}
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(dialWait), gomail.WithDialContextFunc(dial), gomail.WithTLSConfig(s.config()),
	}
	if s.Hello != "" {
		options = append(options, gomail.WithHELO(s.Hello))
	}
	switch s.TLS {
	case TLSImplicit:
		options = append(options, gomail.WithSSL())
	case TLSStart:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLSNone:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return &SendError{Stage: stage, Err: fmt.Errorf("tls %q: want implicit, starttls or none", s.TLS)}
	}
	if who != nil {
		who.tried = func() { stage = "auth" }
		options = append(options, gomail.WithSMTPAuthCustom(who))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return &SendError{Stage: stage, Err: err}
	}
	// The library bounds only dialling by ctx; a server that falls mute after
	// that would hold us for the whole time-out.
	ctx2, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	hangUp := func() {
		if conn := bare.Load(); conn != nil {
			_ = (*conn).Close()
		}
	}
	stop := context.AfterFunc(ctx2, hangUp)
	defer stop()
	c, err := client.DialToSMTPClientWithContext(ctx2)
	if err != nil {
		hangUp()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed := classify(stage, err)
		if who != nil && who.bearer != nil && refused(failed) {
			failed.Err = who.bearer.Refused(err)
		}
		return failed
	}
	s.client, s.conn, s.sent = c, *bare.Load(), 0
	return nil
}

func (s *SMTP) config() *tls.Config {
	c := &tls.Config{}
	if s.Roots != nil {
		c = s.Roots.Clone()
	}
	c.ServerName, c.MinVersion = s.Host, max(c.MinVersion, tls.VersionTLS12)
	return c
}

// Close says goodbye to the server. The next Send connects again.
func (s *SMTP) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return nil
	}
	defer s.drop()
	return s.patient(5*time.Second, s.client.Quit)
}

// Check connects, logs in and leaves, for `gatepost check`.
func (s *SMTP) Check(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(ctx); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, closer(s.conn))
	defer stop()
	defer s.drop()
	if err := s.patient(dialWait, s.client.Noop); err != nil {
		return classify("connect", err)
	}
	return s.patient(dialWait, s.client.Quit)
}

func ascii(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(b byte) bool { return b >= 0x80 })
}
