package loopmail

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// inbound is one SMTP connection.
type inbound struct {
	server *Server
	conn   *smtp.Conn
	login  string
	from   string
	rcpt   []string
}

func (s *inbound) AuthMechanisms() []string { return s.server.mechanisms() }

func (s *inbound) Auth(mechanism string) (sasl.Server, error) {
	a, err := s.server.authenticator(mechanism, smtp.ErrAuthFailed, func(_ *box, name string) error {
		s.login = name
		return nil
	})
	if err != nil {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return a, nil
}

func (s *inbound) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *inbound) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	b := s.server.boxes[Base(to)]
	s.server.mu.Unlock()
	if b == nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: fmt.Sprintf("<%s>: no such user here", to)}
	}
	s.rcpt = append(s.rcpt, to)
	return nil
}

func (s *inbound) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // the library knows its own: too large, line too long
	}
	if err := s.server.take(s.conn, s.login != "", s.from, s.rcpt, raw); err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
	}
	return nil
}

func (s *inbound) Reset()        { s.from, s.rcpt = "", nil }
func (s *inbound) Logout() error { return nil }

// take tells the hook and puts one copy into the INBOX of each recipient.
func (s *Server) take(c *smtp.Conn, login bool, from string, rcpt []string, raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.OnMail != nil {
		s.cfg.OnMail(from, rcpt, raw)
	}
	now := s.cfg.Now()
	with := "ESMTP"
	if login {
		with = "ESMTPA" // RFC 3848
	}
	peer, _, _ := net.SplitHostPort(c.Conn().RemoteAddr().String())
	id := s.serial.Add(1)
	for _, to := range rcpt {
		var b bytes.Buffer
		fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, to)
		fmt.Fprintf(&b, "Received: from %s (%s)\r\n\tby localhost with %s id L%06d\r\n\tfor <%s>; %s\r\n",
			token(c.Hostname()), peer, with, id, to, now.Format(time.RFC1123Z))
		b.Write(raw)
		if err := s.boxes[Base(to)].add(delivered{raw: b.Bytes(), at: now}); err != nil {
			return fmt.Errorf("deliver to %q: %w", to, err)
		}
	}
	return nil
}

// token keeps what a stranger called itself from leaving its place in a field.
func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune("();<>\"\\", r) {
			return '-'
		}
		return r
	}, s)
}
