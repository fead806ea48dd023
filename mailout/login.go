package mailout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"gatepost/oauth"
)

// login is SASL PLAIN (RFC 4616), or LOGIN where a server has nothing else; or
// an access token. Without TLS it shows neither, unless the config said so.
type login struct {
	user, password string
	bearer         *oauth.Bearer // instead of the password
	bare           bool          // the connection is unprotected, and that is configured
	tried          func()        // told that the log-in begins
	plain          bool
}

// login is what to log in with, nil where there is no user. An access token is
// another one than the refused.
func (s *SMTP) login(ctx context.Context, refused string) (*login, error) {
	if s.User == "" {
		return nil, nil
	}
	l := &login{user: s.User, bare: s.TLS == TLSNone}
	if s.Token == nil {
		var err error
		if l.password, err = s.Password(); err != nil {
			return nil, &SendError{Stage: "auth", Err: fmt.Errorf("password of %q: %w", s.User, err)}
		}
		return l, nil
	}
	token, err := s.Token(ctx, refused)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &SendError{Stage: "auth", Err: fmt.Errorf("access token of %q: %w", s.User, err)}
	}
	l.bearer = &oauth.Bearer{User: s.User, Host: s.Host, Port: s.Port, Token: token}
	return l, nil
}

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	l.tried()
	if !server.TLS && !l.bare {
		return "", nil, errors.New("the connection is not protected by TLS")
	}
	switch {
	case l.bearer != nil:
		if err := l.bearer.Choose(func(m string) bool { return slices.Contains(server.Auth, m) }); err != nil {
			return "", nil, err
		}
		return l.bearer.Start()
	case slices.Contains(server.Auth, "PLAIN"):
		l.plain = true
		return "PLAIN", []byte("\x00" + l.user + "\x00" + l.password), nil
	case slices.Contains(server.Auth, "LOGIN"):
		return "LOGIN", nil, nil
	}
	return "", nil, fmt.Errorf("the server offers neither PLAIN nor LOGIN (%s)", strings.Join(server.Auth, " "))
}

func (l *login) Next(challenge []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if l.bearer != nil {
		return l.bearer.Next(challenge)
	}
	if l.plain {
		return nil, errors.New("the server asks on after PLAIN")
	}
	switch strings.ToLower(strings.TrimRight(string(challenge), ": \x00")) {
	case "username", "user name":
		return []byte(l.user), nil
	case "password":
		return []byte(l.password), nil
	}
	return nil, fmt.Errorf("the server asks for %.40q at login", challenge)
}
