package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"
)

// certSoon is when the end of a certificate is near enough to be told.
const certSoon = 14 * 24 * time.Hour

// Connect opens and closes a connection.
func (m *mailServers) Connect(ctx context.Context, table string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.config[table].Addr())
	if err != nil {
		return err
	}
	return conn.Close()
}

// Secure makes a TLS connection as the service does, and tells its version and
// how long the certificate lasts.
func (m *mailServers) Secure(ctx context.Context, table string) (string, error) {
	s := m.config[table]
	if s.TLS == tlsNone {
		return "", nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if s.TLS == tlsStart {
		err := startTLS(table, textproto.NewConn(conn))
		if ctx.Err() != nil {
			err = errors.New("the server says nothing, as one that waits for TLS at once")
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w: check port and tls of [%s]: tls = \"implicit\" has port %d", s.Addr(), err, table, ports[table][tlsImplicit])
		}
	}
	secure := tls.Client(conn, &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return "", fmt.Errorf("%s: %w%s", s.Addr(), err, tlsRemedy(err, table))
	}
	state := secure.ConnectionState()
	text := tls.VersionName(state.Version)
	if len(state.PeerCertificates) > 0 {
		ends := state.PeerCertificates[0].NotAfter
		text += ", certificate until " + ends.UTC().Format("2006-01-02")
		if time.Until(ends) < certSoon {
			text += ", which is soon: see that it is renewed"
		}
	}
	return text, nil
}

// startTLS asks for TLS in the clear (RFC 9051 §6.2.1, RFC 3207 §4).
func startTLS(table string, c *textproto.Conn) error {
	if table == "smtp" {
		if _, _, err := c.ReadResponse(220); err != nil {
			return fmt.Errorf("greeting: %w", err)
		}
		for _, step := range []struct {
			command string
			answer  int
		}{{"EHLO localhost", 250}, {"STARTTLS", 220}} {
			if err := c.PrintfLine("%s", step.command); err != nil {
				return err
			}
			if _, _, err := c.ReadResponse(step.answer); err != nil {
				return fmt.Errorf("%s: %w", step.command, err)
			}
		}
		return nil
	}
	greeting, err := c.ReadLine()
	if err != nil || !strings.HasPrefix(greeting, "* OK") {
		return fmt.Errorf("greeting %.60q: %w", greeting, errors.Join(err, errors.New("this is no IMAP server")))
	}
	if err := c.PrintfLine("a STARTTLS"); err != nil {
		return err
	}
	for {
		line, err := c.ReadLine()
		switch {
		case err != nil:
			return fmt.Errorf("STARTTLS: %w", err)
		case strings.HasPrefix(line, "a OK"):
			return nil
		case !strings.HasPrefix(line, "* "):
			return fmt.Errorf("STARTTLS: the server answers %.80q", line)
		}
	}
}

// tlsRemedy is what to do about a handshake that failed.
func tlsRemedy(err error, table string) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return ": nobody whom this machine trusts signed the certificate: add its authority to the system's (update-ca-certificates)"
	case errors.As(err, &host):
		return ": the certificate is for another name: put that name into host of [" + table + "]"
	case errors.As(err, &invalid):
		return ": the certificate is not valid: renew it, and check this machine's clock"
	case errors.As(err, &record):
		return fmt.Sprintf(": no TLS on this port: tls = \"implicit\" has port %d, tls = \"starttls\" port %d", ports[table][tlsImplicit], ports[table][tlsStart])
	}
	return ": check port and tls of [" + table + "]"
}
