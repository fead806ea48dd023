package mailin

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"gatepost/oauth"
)

// tokenError is the server's refusal of an access token.
type tokenError struct {
	token string
	error
}

func (e *tokenError) Unwrap() error { return e.error }

// token is an access token that is not the refused one; "" where there is a
// password. It is got before the connection is made, so that a mail server is
// not left waiting, or called for nothing.
func (p *Poller) token(ctx context.Context, refused string) (string, error) {
	if p.cfg.Token == nil {
		return "", nil
	}
	token, err := p.cfg.Token(ctx, refused)
	switch {
	case err == nil:
		return token, nil
	case ctx.Err() != nil:
		return "", stopped(ctx)
	case errors.Is(err, oauth.ErrGrant), errors.Is(err, oauth.ErrClient):
		return "", fmt.Errorf("%s: access token of %q: %w: %w", p.addr, p.cfg.User, ErrAuth, err)
	}
	return "", fmt.Errorf("%s: access token of %q: %w", p.addr, p.cfg.User, err)
}

// bearer logs in with an access token.
func (p *Poller) bearer(ctx context.Context, s *session, token string) error {
	b := &oauth.Bearer{User: p.cfg.User, Host: p.cfg.Host, Port: p.cfg.Port, Token: token}
	if err := b.Choose(func(m string) bool { return s.caps.Has(imap.AuthCap(m)) }); err != nil {
		return fmt.Errorf("%s: %w: %w", p.addr, ErrConfig, err)
	}
	err := s.run(ctx, func() error { return s.c.Authenticate(b) })
	if refusal(err) {
		return &tokenError{token, fmt.Errorf("%s: %w: %w", p.addr, ErrAuth, b.Refused(err))}
	}
	if err != nil {
		return fmt.Errorf("%s: log in as %q: %w", p.addr, p.cfg.User, err)
	}
	return nil
}
