package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The mechanisms that show an access token.
const (
	OAuthBearer = "OAUTHBEARER" // RFC 7628
	XOAuth2     = "XOAUTH2"     // Google's and Microsoft's, older; the only one of the latter
)

// Bearer is one log-in with an access token: a SASL client for IMAP and SMTP.
type Bearer struct {
	User  string
	Host  string
	Port  int
	Token string

	mechanism string
	why       string // what the server said of the token
}

// Choose the mechanism by what the server offers.
func (b *Bearer) Choose(offers func(mechanism string) bool) error {
	for _, m := range []string{OAuthBearer, XOAuth2} {
		if offers(m) {
			b.mechanism = m
			return nil
		}
	}
	return errors.New("the server takes no access tokens (it offers neither OAUTHBEARER nor XOAUTH2): check host, or use password_file instead of oauth")
}

// Start is the first answer; Choose has been called.
func (b *Bearer) Start() (mechanism string, first []byte, err error) {
	if strings.ContainsAny(b.User+b.Token, "\x00\x01\r\n") {
		return "", nil, errors.New("the user or the access token has a control character in it")
	}
	if b.mechanism == XOAuth2 {
		return XOAuth2, []byte("user=" + b.User + "\x01auth=Bearer " + b.Token + "\x01\x01"), nil
	}
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(b.User) // RFC 5801 §4
	return OAuthBearer, []byte("n,a=" + name + ",\x01host=" + b.Host + "\x01port=" + strconv.Itoa(b.Port) + "\x01auth=Bearer " + b.Token + "\x01\x01"), nil
}

// Next answers the only challenge there is, the reason of a refusal. The
// server says no after it (RFC 7628 §3.2.3).
func (b *Bearer) Next(challenge []byte) ([]byte, error) {
	if b.why != "" {
		return nil, errors.New("the server asks on after it refused the access token")
	}
	var reason struct {
		Status string `json:"status"`
		Scope  string `json:"scope"`
	}
	if err := json.Unmarshal(challenge, &reason); err != nil || reason.Status == "" {
		reason.Status = "no reason"
	}
	b.why = shown(reason.Status, 60)
	if reason.Scope != "" {
		b.why += ", for the scope " + shown(reason.Scope, 120)
	}
	if b.mechanism == XOAuth2 {
		return []byte{}, nil
	}
	return []byte{1}, nil
}

// Refused says why, in words for the operator; err is the server's last answer.
func (b *Bearer) Refused(err error) error {
	why := ""
	if b.why != "" {
		why = " (" + b.why + ")"
	}
	return fmt.Errorf("the server refused the access token of user %q%s: log in again with `gatepost login`, as that user and with every scope allowed: %w", b.User, why, err)
}
