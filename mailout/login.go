package mailout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// login is SASL PLAIN (RFC 4616), or LOGIN where a server has nothing else.
// Without TLS it shows the password only when the config said so.
type login struct {
	user, password string
	bare           bool   // the connection is unprotected, and that is configured
	tried          func() // told that the log-in begins
	plain          bool
}

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	l.tried()
	if !server.TLS && !l.bare {
		return "", nil, errors.New("the connection is not protected by TLS")
	}
	switch {
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
