package mailin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// What a pass can fail of besides the network. The text of the error holds
// host, port and the remedy.
var (
	ErrConfig  = errors.New("impossible configuration")
	ErrAuth    = errors.New("login refused")
	ErrMailbox = errors.New("mailbox not usable")
	ErrTLS     = errors.New("no trusted connection")
	ErrKeep    = errors.New("not kept, so it is fetched again") // the receiver failed; the server is not to blame
)

// Temporary tells whether the same try may work later without anybody doing
// something: a network or server fault, or a receiver that could not store.
func Temporary(err error) bool {
	return err != nil && !errors.Is(err, ErrConfig) && !errors.Is(err, ErrAuth) && !errors.Is(err, ErrMailbox) && !errors.Is(err, ErrTLS)
}

// refusal tells a login that was refused for good from one that the server
// could not decide on (RFC 5530).
func refusal(err error) bool {
	var e *imap.Error
	if !errors.As(err, &e) || e.Type != imap.StatusResponseTypeNo {
		return false
	}
	switch e.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse,
		imap.ResponseCodeLimit, imap.ResponseCodeContactAdmin:
		return false
	}
	return true
}

func (p *Poller) loginError(err error) error {
	if refusal(err) {
		return fmt.Errorf("%s: the server refused user %q: check user and password_file: %w: %w", p.addr, p.cfg.User, ErrAuth, err)
	}
	return fmt.Errorf("%s: log in as %q: %w", p.addr, p.cfg.User, err)
}

// tlsError puts the remedy to what a handshake can fail of.
func (p *Poller) tlsError(err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: the server's certificate is signed by nobody this machine trusts: add its authority to the system's: %w: %w", p.addr, ErrTLS, err)
	case errors.As(err, &host):
		return fmt.Errorf("%s: the server's certificate is for another name: check host: %w: %w", p.addr, ErrTLS, err)
	case errors.As(err, &invalid):
		return fmt.Errorf("%s: the server's certificate is not valid: %w: %w", p.addr, ErrTLS, err)
	case errors.As(err, &record):
		return fmt.Errorf("%s: the server does not speak TLS on this port: check port and tls: %w: %w", p.addr, ErrTLS, err)
	}
	return fmt.Errorf("%s: TLS handshake: %w", p.addr, err)
}

// stopped is the reason why ctx ended: the caller's, or our time limit.
func stopped(ctx context.Context) error { return context.Cause(ctx) }
