package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/oauth"
)

// The ways to reach a mail server.
const (
	tlsImplicit = "implicit" // TLS from the first byte
	tlsStart    = "starttls" // TLS asked for in the clear, and required
	tlsNone     = "none"     // no TLS: on this machine only, unless insecure
)

// serverConfig is how to reach and log in to a mail server.
type serverConfig struct {
	Host     string
	Port     int
	TLS      string // tlsImplicit, tlsStart or tlsNone
	Insecure bool   // tlsNone is allowed to a host that is not this one
	User     string
	Password passwordSource
	Grant    *oauth.Grant // instead of Password; nil: none
}

// Token gives access tokens to the loops, nil where there is a password.
func (s *serverConfig) Token() func(ctx context.Context, refused string) (string, error) {
	if s.Grant == nil {
		return nil
	}
	return s.Grant.Token
}

// Addr is host:port.
func (s *serverConfig) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// String names the server for the log: no password in it.
func (s *serverConfig) String() string { return s.User + " at " + s.Addr() + " (tls " + s.TLS + ")" }

type imapConfig struct {
	serverConfig
	Mailbox  string
	Poll     time.Duration
	Noop     time.Duration // 0: none
	FileAway string        // "": mail stays where it is
}

type smtpConfig struct {
	serverConfig
	FromHost      string
	Connections   int // at once
	PerConnection int // letters; these three: 0 is no limit
	PerMinute     int
	PerDay        int
}

// ports are the usual ones of [imap] and [smtp] by TLS mode.
var ports = map[string]map[string]int{
	"imap": {tlsImplicit: 993, tlsStart: 143, tlsNone: 143},
	"smtp": {tlsImplicit: 465, tlsStart: 587, tlsNone: 25},
}

// imap reads [imap], or the [team.imap] at this path.
func (r *configReader) imap(at string, f *imapFile, needed bool) *imapConfig {
	server, ok := r.server(at, &f.serverFile, needed)
	if !ok {
		return nil
	}
	c := &imapConfig{serverConfig: server, Mailbox: or(f.Mailbox, "INBOX"), FileAway: f.FileAway}
	c.Poll = r.duration(at+".poll", "["+dotted(at)+"] ", f.Poll, "60s", time.Second, 24*time.Hour)
	if f.Noop != "" {
		c.Noop = r.duration(at+".noop", "["+dotted(at)+"] ", f.Noop, "100ms", 20*time.Millisecond, time.Minute)
	}
	if c.FileAway == c.Mailbox {
		r.mark(at+".file_away", "[%s] file_away %q is the mailbox that is read: name another one, or leave it out", dotted(at), f.FileAway)
	}
	return c
}

// smtp reads [smtp], or the [team.smtp] at this path; home is the team whose
// host stands in Message-IDs if none is named.
func (r *configReader) smtp(at string, f *smtpFile, needed bool, home *loop.Team) *smtpConfig {
	server, ok := r.server(at, &f.serverFile, needed)
	if !ok {
		return nil
	}
	c := &smtpConfig{serverConfig: server, FromHost: strings.ToLower(f.FromHost)}
	switch {
	case r.has(at+".from_host") && checkHost(f.FromHost) != nil:
		r.mark(at+".from_host", "[%s] from_host %q: want a host name, as \"acme.example\"", dotted(at), f.FromHost)
	case c.FromHost == "" && home != nil:
		_, c.FromHost, _ = strings.Cut(home.Address, "@")
	}
	c.Connections = r.count("connections", f.Connections, 1, 50)
	c.PerConnection = r.count("per_connection", f.PerConnection, 0, 1_000_000)
	c.PerMinute = r.count("per_minute", f.PerMinute, 0, 1_000_000)
	c.PerDay = r.count("per_day", f.PerDay, 0, 100_000_000)
	if c.PerDay > 0 && c.PerMinute > c.PerDay {
		r.mark("smtp.per_minute", "[smtp] per_minute %d is more than per_day %d: exchange them, or leave per_minute out", c.PerMinute, c.PerDay)
	}
	return c
}

// count is a number of [smtp] from 1 up, or the standard if it is not written.
func (r *configReader) count(key string, n, standard, most int) int {
	if !r.has("smtp." + key) {
		return standard
	}
	if n < 1 || n > most {
		r.mark("smtp."+key, "[smtp] %s %d: want 1 to %d, or leave it out", key, n, most)
	}
	return n
}

// server reads what [imap] and [smtp] have in common; false if there is none.
func (r *configReader) server(path string, f *serverFile, needed bool) (serverConfig, bool) {
	c := serverConfig{Host: f.Host, Port: f.Port, TLS: or(f.TLS, tlsImplicit), Insecure: f.Insecure, User: f.User}
	table := dotted(path)
	kind := lastKey(path)
	if !r.has(path) {
		if needed {
			r.mark(path, "no [%s] table: add it with host, user and password_file", table)
		}
		return c, false
	}
	at := func(key string) string { return path + "." + key }
	if f.Host == "" {
		r.mark(at("host"), "[%s] has no host: add host = \"%s.acme.example\", the name of your mail server", table, kind)
	} else if net.ParseIP(f.Host) == nil && checkHost(f.Host) != nil {
		r.mark(at("host"), "[%s] host %q: want the bare name or IP address of the server, as \"%s.acme.example\"", table, f.Host, kind)
	}
	if f.User == "" {
		r.mark(at("user"), "[%s] has no user: add user = \"robot@acme.example\", the name to log in with", table)
	}
	if strings.ContainsFunc(f.User, isControl) {
		r.mark(at("user"), "[%s] user %q: has a control character in it: take it out", table, f.User)
	}
	usual, known := ports[kind][c.TLS]
	if !known {
		r.mark(at("tls"), "[%s] tls %q: want \"implicit\", \"starttls\" or \"none\"", table, f.TLS)
	}
	if !r.has(at("port")) {
		c.Port = usual
	} else if f.Port < 1 || f.Port > 65535 {
		r.mark(at("port"), "[%s] port %d: want 1 to 65535, or leave it out for the usual one", table, f.Port)
	}
	if c.TLS == tlsNone && !f.Insecure && f.Host != "" && !loopback(f.Host) {
		r.mark(at("tls"), "[%s] tls \"none\" would send the password to %s in the clear: use \"implicit\" or \"starttls\", or set insecure = true if that is meant", table, f.Host)
	}
	if known && c.TLS != tlsNone && f.Insecure {
		r.mark(at("insecure"), "[%s] insecure = true only allows tls = \"none\", and tls is %q: take it out", table, c.TLS)
	}
	written := f.PasswordFile != "" || f.PasswordEnv != ""
	switch shared := r.shared; {
	case r.has(at("oauth")) && written:
		r.mark(at("oauth"), "[%s] has a password and [%[1]s.oauth]: take one of them out", table)
	case r.has(at("oauth")):
		c.Grant = r.grant(path, &f.OAuth, needed)
	case !written && shared != nil && shared.Grant != nil:
		c.Grant = shared.Grant
	default:
		c.Password = r.password(path, f, needed)
	}
	return c, true
}

// password checks that there is one way to the password; the password itself
// is read when it is needed.
func (r *configReader) password(path string, f *serverFile, needed bool) passwordSource {
	at := func(key string) string { return path + "." + key }
	table := dotted(path)
	var p passwordSource
	key := at("password_file")
	switch {
	case f.PasswordFile != "" && f.PasswordEnv != "":
		r.mark(at("password_env"), "[%s] has both password_file and password_env: take one of them out", table)
		return p
	case f.PasswordFile != "":
		p.file = r.private(f.PasswordFile)
	case f.PasswordEnv != "":
		p.env, key = f.PasswordEnv, at("password_env")
	default:
		r.mark(path, "[%s] has no password: add password_file = \"%s.pass\", a file with mode 0600, password_env, or [%[1]s.oauth]", table, lastKey(path))
		return p
	}
	if needed {
		if _, err := p.Read(); err != nil && !(r.going && strings.HasPrefix(path, "team.")) { // asked for again at each login
			r.mark(key, "%v", err)
		}
	}
	return p
}

// loopback tells whether host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// checkHost wants letters, digits and hyphens between dots (RFC 1123), an
// internationalised name in its A-label form.
func checkHost(host string) error {
	if len(host) > 253 {
		return fmt.Errorf("host %q is longer than 253 characters", host)
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notHost) {
			return fmt.Errorf("host %q is not a name", host)
		}
	}
	return nil
}

func notHost(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-')
}

func isControl(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }
