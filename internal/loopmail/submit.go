package loopmail

import (
	"context"
	"fmt"
	"net"
	"net/smtp"
	"time"
)

// Submit sends raw through the SMTP server as the user from, who logs in with
// password. The mail is in every mailbox when it returns nil.
func (s *Server) Submit(from, password string, to []string, raw []byte) error {
	return Submit(s.SMTPAddr, from, password, from, to, raw)
}

// Inject sends raw through the SMTP server without a login, as a mail from
// outside arrives. The envelope sender may be empty.
func (s *Server) Inject(envelopeFrom string, to []string, raw []byte) error {
	return Submit(s.SMTPAddr, "", "", envelopeFrom, to, raw)
}

// Submit sends raw over SMTP to the server at addr (host:port), logging in
// with AUTH PLAIN unless login is empty. All recipients are taken or none. It
// gives up after a minute; the error holds the server's answer.
func Submit(addr, login, password, envelopeFrom string, to []string, raw []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("submit to %s: %w", addr, err)
	}
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	c, err := smtp.NewClient(nc, "127.0.0.1") // PLAIN without TLS is for loopback only
	if err != nil {
		nc.Close()
		return fmt.Errorf("submit to %s: %w", addr, err)
	}
	defer c.Close()
	if err := send(c, login, password, envelopeFrom, to, raw); err != nil {
		return fmt.Errorf("submit to %s: %w", addr, err)
	}
	return nil
}

func send(c *smtp.Client, login, password, from string, to []string, raw []byte) error {
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	if login != "" {
		if err := c.Auth(smtp.PlainAuth("", login, password, "127.0.0.1")); err != nil {
			return fmt.Errorf("log in as %q: %w", login, err)
		}
	}
	if err := c.Mail(from); err != nil {
		return fmt.Errorf("sender %q: %w", from, err)
	}
	for _, rcpt := range to {
		if err := c.Rcpt(rcpt); err != nil {
			return fmt.Errorf("recipient %q: %w", rcpt, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	c.Quit() // the mail is taken; a failed goodbye changes nothing
	return nil
}
