package loopmail

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// The mechanisms that show an access token; the library has the first.
const (
	oauthBearer = sasl.OAuthBearer
	xoauth2     = "XOAUTH2"
)

var errLogin = errors.New("authentication failed")

// mechanisms is what both servers offer.
func (s *Server) mechanisms() []string {
	if s.cfg.Mechanisms == nil {
		return []string{sasl.Plain}
	}
	return s.cfg.Mechanisms
}

// authenticator is the server's side of a mechanism; in is told who it was, and
// no is how the protocol refuses.
func (s *Server) authenticator(mechanism string, no error, in func(b *box, name string) error) (sasl.Server, error) {
	a, err := s.mechanism(mechanism, in)
	return refusing{a, no}, err
}

// refusing says no its protocol's way to whatever a mechanism refuses.
type refusing struct {
	sasl.Server
	no error
}

func (r refusing) Next(response []byte) (challenge []byte, done bool, err error) {
	challenge, done, err = r.Server.Next(response)
	if err != nil {
		err = r.no
	}
	return challenge, done, err
}

func (s *Server) mechanism(mechanism string, in func(b *box, name string) error) (sasl.Server, error) {
	if !slices.Contains(s.mechanisms(), mechanism) {
		return nil, errors.New("mechanism not supported")
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(identity, name, password string) error {
			b := s.account(name)
			if b == nil || identity != "" && identity != name || subtle.ConstantTimeCompare([]byte(b.password), []byte(password)) != 1 {
				return errLogin
			}
			return in(b, name)
		}), nil
	case oauthBearer:
		return sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
			b := s.bearer(o.Username, o.Token)
			if b == nil || in(b, o.Username) != nil {
				return &sasl.OAuthBearerError{Status: "invalid_token", Schemes: "bearer"}
			}
			return nil
		}), nil
	case xoauth2:
		return &xoauth2Server{check: func(name, token string) bool {
			b := s.bearer(name, token)
			return b != nil && in(b, name) == nil
		}}, nil
	}
	return nil, errors.New("mechanism not supported")
}

func (s *Server) account(name string) *box {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boxes[strings.ToLower(name)]
}

// bearer is the account that the token is for, if that is the one named.
func (s *Server) bearer(name, token string) *box {
	if s.cfg.Bearer == nil || token == "" || !strings.EqualFold(s.cfg.Bearer(token), name) {
		return nil
	}
	return s.account(name)
}

// xoauth2Server is Google's and Microsoft's mechanism: the token at once; a
// refusal is a challenge, answered by an empty line, and then a no.
type xoauth2Server struct {
	check   func(name, token string) bool
	refused bool
}

func (x *xoauth2Server) Next(response []byte) (challenge []byte, done bool, err error) {
	if x.refused {
		if len(response) != 0 {
			return nil, true, errors.New("the answer to a refusal is an empty line")
		}
		return nil, true, errLogin
	}
	if response == nil {
		return []byte{}, false, nil
	}
	name, rest, ok := bytes.Cut(response, []byte("\x01auth=Bearer "))
	user, named := bytes.CutPrefix(name, []byte("user="))
	token, ends := bytes.CutSuffix(rest, []byte("\x01\x01"))
	if ok && named && ends && x.check(string(user), string(token)) {
		return nil, true, nil
	}
	x.refused = true
	return []byte(`{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}`), false, nil
}
