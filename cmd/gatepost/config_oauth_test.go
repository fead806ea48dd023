package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// What the config says of OAuth 2, as the loops get it.
func TestConfigOAuth(t *testing.T) {
	const servers = "[imap]\nhost = \"imap.acme.example\"\nuser = \"robot\"\n%imap%[smtp]\nhost = \"smtp.acme.example\"\nuser = \"robot\"\n%smtp%" +
		"[store]\npath = \"var/gatepost.db\"\n"
	good := string(goodConfig(t))
	teams := good[strings.Index(good, "[[team]]"):]
	read := func(imap, smtp string) *Config {
		t.Helper()
		_, file := configDir(t, []byte(strings.NewReplacer("%imap%", imap, "%smtp%", smtp).Replace(servers)+teams))
		c, err := readConfig(file)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const google = "[imap.oauth]\nprovider = \"google\"\nclient_id = \"1\"\nclient_secret_file = \"imap.pass\"\n"
	c := read(google, "")
	if g := c.IMAP.Grant; g != c.SMTP.Grant || g.Client.AuthURL != "https://accounts.google.com/o/oauth2/v2/auth" || g.Client.DeviceURL != "" ||
		strings.Join(g.Client.Scopes, " ") != "https://mail.google.com/" || g.Client.InHeader || g.File != filepath.Join(filepath.Dir(c.File), "var/mail.token") {
		t.Errorf("%+v", g)
	}
	if secret, err := c.IMAP.Grant.Client.Secret(); err != nil || secret != "hunter2" {
		t.Errorf("%q, %v", secret, err)
	}
	if l := c.logins(); len(l) != 1 || l[0].Title() != "[imap] and [smtp]" || c.IMAP.Token() == nil {
		t.Errorf("%+v", l)
	}
	c = read(google, "password_file = \"smtp.pass\"\n")
	if l := c.logins(); len(l) != 1 || l[0].Title() != "[imap]" || c.SMTP.Grant != nil || c.SMTP.Token() != nil {
		t.Errorf("%+v", l)
	}
	c = read("[imap.oauth]\nprovider = \"microsoft\"\ntenant = \"acme.example\"\nclient_id = \"1\"\n",
		"[smtp.oauth]\nclient_id = \"2\"\nclient_secret_env = \"NOT_SET\"\nauth_url = \"https://a.example/auth\"\ntoken_url = \"https://a.example/token\"\nscopes = [\"smtp\"]\ntoken_file = \"smtp.token\"\n")
	if g := c.IMAP.Grant; g.Client.TokenURL != "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token" || g.Client.DeviceURL == "" ||
		g.Client.Secret != nil || g.Client.Loopback != "localhost" || len(g.Client.Scopes) != 3 {
		t.Errorf("%+v", g)
	}
	if g := c.SMTP.Grant; !g.Client.InHeader || g.Client.TokenURL != "https://a.example/token" || filepath.Base(g.File) != "smtp.token" {
		t.Errorf("%+v", g)
	}
	if _, err := c.SMTP.Grant.Client.Secret(); err == nil || !strings.Contains(err.Error(), "NOT_SET is empty: put the client secret there") {
		t.Errorf("%v", err)
	}
	for name, want := range map[string]bool{"imap": true, "smtp": false, "Shop": false} {
		if c.logins()[0].is(name) != want {
			t.Errorf("[imap] is %s: %v", name, !want)
		}
	}
	if l := (login{Tables: []string{"imap of Lab"}}); !l.is("lab") || l.is("imap") || l.is("") {
		t.Errorf("%+v", l)
	}
	if len(c.logins()) != 2 {
		t.Errorf("%+v", c.logins())
	}
}
