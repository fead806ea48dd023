package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"gatepost/oauth"
)

// login is a grant of the config, and the tables that it is for.
type login struct {
	*oauth.Grant
	Tables []string // imap, smtp
	Users  []string // as whom it is used there
}

// Title names it in a sentence: "[imap] and [smtp]".
func (l login) Title() string { return "[" + strings.Join(l.Tables, "] and [") + "]" }

// logins lists every grant once.
func (c *Config) logins() []login {
	var list []login
	add := func(table string, s *serverConfig) {
		if s.Grant == nil {
			return
		}
		for i := range list {
			if list[i].Grant == s.Grant {
				list[i].Tables, list[i].Users = append(list[i].Tables, table), append(list[i].Users, s.User)
				return
			}
		}
		list = append(list, login{s.Grant, []string{table}, []string{s.User}})
	}
	if c.IMAP != nil {
		add("imap", &c.IMAP.serverConfig)
	}
	if c.SMTP != nil {
		add("smtp", &c.SMTP.serverConfig)
	}
	for _, m := range c.Mailboxes {
		if m.imapConfig != c.IMAP {
			add("imap of "+teamNames(m.Teams), &m.serverConfig)
		}
	}
	for _, s := range c.Senders {
		if s.smtpConfig != c.SMTP {
			add("smtp of "+teamNames(s.Teams), &s.serverConfig)
		}
	}
	return list
}

// grant reads the oauth table of [imap] or [smtp], or of a team's own.
func (r *configReader) grant(server string, f *oauthFile, needed bool) *oauth.Grant {
	path := server + ".oauth"
	table := dotted(path)
	at := func(key string) string { return path + "." + key }
	var c oauth.Client
	switch f.Provider {
	case "google":
		c = oauth.Google()
	case "microsoft":
		c = oauth.Microsoft(f.Tenant)
	case "":
		if f.AuthURL == "" || f.TokenURL == "" {
			r.mark(path, "[%s] says of no authorization server: add provider = \"google\" or \"microsoft\", or auth_url and token_url", table)
		}
	default:
		r.mark(at("provider"), "[%s] provider %q: want \"google\" or \"microsoft\"; of another one say auth_url and token_url instead", table, f.Provider)
	}
	if f.Tenant != "" && (f.Provider != "microsoft" || strings.ContainsFunc(f.Tenant, notTenant)) {
		r.mark(at("tenant"), "[%s] tenant %q: want the id or domain of a Microsoft directory, with provider = \"microsoft\"", table, f.Tenant)
	}
	for _, u := range []struct {
		key, value string
		to         *string
	}{{"auth_url", f.AuthURL, &c.AuthURL}, {"token_url", f.TokenURL, &c.TokenURL}, {"device_url", f.DeviceURL, &c.DeviceURL}} {
		if u.value == "" {
			continue
		}
		if f.Provider != "" {
			r.mark(at(u.key), "[%s] %s: the provider has its own: take one of them out", table, u.key)
		} else if !secureURL(u.value) {
			r.mark(at(u.key), "[%s] %s: want https://host/… without a name or password in it, as secrets go there", table, u.key)
		}
		*u.to = u.value
	}
	if c.ID = f.ClientID; f.ClientID == "" || strings.ContainsFunc(f.ClientID, isControl) {
		r.mark(at("client_id"), "[%s] has no client_id: add the one that the provider gave the application, see docs/setup-google.md and docs/setup-microsoft.md", table)
	}
	switch {
	case f.ClientSecretFile != "" && f.ClientSecretEnv != "":
		r.mark(at("client_secret_env"), "[%s] has both client_secret_file and client_secret_env: take one of them out", table)
	case f.ClientSecretFile != "" || f.ClientSecretEnv != "":
		secret := passwordSource{what: "client secret", env: f.ClientSecretEnv}
		if f.ClientSecretFile != "" {
			secret.file = r.private(f.ClientSecretFile)
		}
		c.Secret, c.InHeader = secret.Read, f.Provider == ""
		if needed {
			if _, err := secret.Read(); err != nil {
				r.mark(path, "%v", err)
			}
		}
	case f.Provider == "google":
		r.mark(path, "[%s] has no client_secret_file: Google gives a secret along with client_id; put it into a file with mode 0600", table)
	}
	if len(f.Scopes) > 0 {
		c.Scopes = f.Scopes
	}
	if len(c.Scopes) == 0 {
		r.mark(at("scopes"), "[%s] has no scopes: add those that the provider has for IMAP and SMTP", table)
	}
	g := &oauth.Grant{Client: c, File: filepath.Join(filepath.Dir(r.config.Store.Path), "mail.token")}
	if f.TokenFile != "" {
		g.File = r.path(f.TokenFile)
	}
	if strings.HasPrefix(f.TokenFile, credentials) {
		r.mark(at("token_file"), "[%s] token_file %q: each new token is written there, and systemd's credentials cannot be: leave it out", table, f.TokenFile)
	}
	for _, l := range r.config.logins() {
		if l.File == g.File {
			r.mark(path, "[%s] has the token_file of %s: leave [%[1]s] out to share its login, or give it another token_file", table, l.Title())
		}
	}
	if needed && len(r.bad) == 0 {
		if _, err := g.State(); err != nil {
			r.mark(at("token_file"), "%v", err)
		}
	}
	return g
}

// notTenant is for a tenant: an id or a domain.
func notTenant(c rune) bool { return c != '.' && notHost(c) }

// secureURL wants https, or this machine.
func secureURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

// describe is the state of a login in a line, without anything secret.
func describe(s oauth.State, stamp string) string {
	text := "given " + s.Granted.Local().Format("2006-01-02")
	if !s.End.IsZero() {
		text += ", access until " + s.End.Local().Format(stamp) + " and renewed before"
	}
	if !s.RefreshEnd.IsZero() {
		text += ", to be given again by " + s.RefreshEnd.Local().Format("2006-01-02")
	}
	return text + fmt.Sprintf(", for %s", strings.Join(s.Scopes, " "))
}
