// Package oauth gets, keeps and shows the access tokens that mail servers take
// instead of a password.
//
//	Client   who we are to an authorization server, and where it is
//	Login    a person says yes once: in a browser (RFC 8252, with PKCE, RFC
//	         7636) or by a code typed on another device (RFC 8628)
//	Grant    the file with what came of it: gives out an access token, and gets
//	         a new one before the old one ends or when it was refused
//	Bearer   how a token is shown to IMAP and SMTP: OAUTHBEARER (RFC 7628) or
//	         XOAUTH2
//
// The file is the truth. Several processes may use it at once (a service, and
// `gatepost check` beside it): each refresh holds a lock, looks into the file
// first, and writes the new tokens before anybody uses them, as a server that
// rotates refresh tokens takes the old one back. No token and no secret stands
// in an error.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// Client is an application that is registered with an authorization server.
type Client struct {
	ID     string
	Secret func() (string, error) // nil: a public client, which has none (RFC 6749 §2.1)

	AuthURL   string // where a person says yes
	TokenURL  string
	DeviceURL string // "": no device codes
	Scopes    []string
	// WhyNoDevice says why there are no device codes, for the error.
	WhyNoDevice string
	// Loopback is the host of the redirect, 127.0.0.1 (RFC 8252 §8.3) unless
	// the server insists on localhost.
	Loopback string
	// Extra goes along with the question to the person.
	Extra map[string]string
	// InHeader sends the secret by HTTP Basic, which every server must take
	// (RFC 6749 §2.3.1); else in the body, as the big providers want it.
	InHeader bool

	HTTP *http.Client     // nil: one with a time limit, that follows no redirect
	Now  func() time.Time // nil: time.Now
}

// httpWait is how long an authorization server may take for one answer.
const httpWait = 30 * time.Second

// direct posts secrets only to the address that was configured.
var direct = &http.Client{
	Timeout:       httpWait,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ErrGrant tells that nobody's consent is there or that it is not good any
// more: a person has to log in again. The text of the error says so.
var ErrGrant = errors.New("no valid grant")

// ErrClient tells that the authorization server does not know this client: the
// configuration is wrong.
var ErrClient = errors.New("client refused")

// marked is an error that says what it says, and is one of the two above.
type marked struct {
	text string
	is   error
}

func (m *marked) Error() string { return m.text }
func (m *marked) Unwrap() error { return m.is }

func noGrant(format string, args ...any) error {
	return &marked{fmt.Sprintf(format, args...), ErrGrant}
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// config is the client as the library wants it.
func (c *Client) config(redirect string) (*oauth2.Config, error) {
	o := &oauth2.Config{
		ClientID: c.ID, Scopes: c.Scopes, RedirectURL: redirect,
		Endpoint: oauth2.Endpoint{AuthURL: c.AuthURL, TokenURL: c.TokenURL, DeviceAuthURL: c.DeviceURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	if c.Secret == nil {
		return o, nil
	}
	secret, err := c.Secret()
	if err != nil {
		return nil, fmt.Errorf("client secret: %w", err)
	}
	o.ClientSecret = secret
	if c.InHeader {
		o.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	return o, nil
}

// through is ctx with the HTTP client in it, where the library looks for it.
func (c *Client) through(ctx context.Context) context.Context {
	client := c.HTTP
	if client == nil {
		client = direct
	}
	return context.WithValue(ctx, oauth2.HTTPClient, client)
}

// said puts an answer of the authorization server into words: the code and
// description of RFC 6749 §5.2, never the bytes of the answer.
func (c *Client) said(err error) error {
	host := c.TokenURL
	if u, e := url.Parse(c.TokenURL); e == nil {
		host = u.Host
	}
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return fmt.Errorf("ask %s for a token: %w", host, err)
	}
	text := fmt.Sprintf("%s answers %d", host, answer.Response.StatusCode)
	if answer.ErrorCode != "" {
		text = fmt.Sprintf("%s answers %s", host, shown(answer.ErrorCode, 60))
	}
	if answer.ErrorDescription != "" {
		text += " (" + shown(answer.ErrorDescription, 300) + ")"
	}
	switch answer.ErrorCode {
	case "invalid_grant", "expired_token", "access_denied", "interaction_required", "consent_required", "login_required":
		return noGrant("%s: log in again with `gatepost login`", text)
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
		return &marked{text + ": check client_id, client_secret_file, tenant and scopes", ErrClient}
	}
	return errors.New(text)
}

// shown is a stranger's text on one line, cut to n characters.
func shown(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > n {
		s = string(runes[:n]) + "…"
	}
	return strings.Join(strings.Fields(s), " ")
}

// lacks lists the scopes that were asked for and not given. offline_access is
// asked for and never named in the answer.
func (c *Client) lacks(given []string) []string {
	if len(given) == 0 {
		return nil // those that were asked for (RFC 6749 §5.1)
	}
	return slices.DeleteFunc(slices.Clone(c.Scopes), func(s string) bool {
		return s == "offline_access" || slices.ContainsFunc(given, func(g string) bool { return strings.EqualFold(g, s) })
	})
}
