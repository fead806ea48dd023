package main

import (
	"errors"
	"fmt"
	"net/mail"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"unicode/utf8"
)

// initTemplate is the config that init writes: what was asked, and the other
// settings as comments with their defaults.
var initTemplate = template.Must(template.New("config").Funcs(template.FuncMap{
	"q":     strconv.Quote,
	"usual": func(server, mode string) int { return ports[server][or(mode, tlsImplicit)] },
}).Parse(`# Gatepost. Look at it with "gatepost check" after a change; a running
# service notices it within seconds. Files are beside this one.

[imap]                        # where mail comes in
host = {{q .IMAP.Host}}
{{if .IMAP.Port}}port = {{.IMAP.Port}}{{else}}# port = {{usual "imap" .IMAP.TLS}}{{end}}
{{if .IMAP.TLS}}tls = {{q .IMAP.TLS}}{{else}}# tls = "implicit"            # implicit | starttls | none{{end}}
user = {{q .User}}
{{- if .PasswordKey}}
{{.PasswordKey}} = {{q .Password}}
{{- end}}
# mailbox = "INBOX"
# poll = "60s"                # between polls; IDLE wakes sooner
# noop = "100ms"              # ask for mail so often in working hours, where IDLE is slow (Dovecot) or missing
# file_away = "Gatepost"      # folder for mail once it is read
{{with .Client}}{{if .ClientID}}
[imap.oauth]                  # instead of a password; "gatepost login" makes mail.token, and [smtp] shares it
provider = {{q .Provider}}
client_id = {{q .ClientID}}
{{- with .ClientSecretFile}}
client_secret_file = {{q .}}
{{- end}}
{{- with .Tenant}}
tenant = {{q .}}
{{- end}}
{{end}}{{end}}
[smtp]                        # where letters go out
host = {{q .SMTP.Host}}
{{if .SMTP.Port}}port = {{.SMTP.Port}}{{else}}# port = {{usual "smtp" .SMTP.TLS}}{{end}}
{{if .SMTP.TLS}}tls = {{q .SMTP.TLS}}{{else}}# tls = "implicit"            # starttls has port 587{{end}}
user = {{q .User}}
{{- if .PasswordKey}}
{{.PasswordKey}} = {{q .Password}}
{{- end}}
# from_host = {{q .Host}} # for Message-IDs

[store]
path = {{q .Store}}

[secret]
file = "gatepost.secret"      # keep it: with another one every address in old letters is void

{{if .AuthservID}}[evidence]
authserv_id = {{q .AuthservID}}   # the one server whose Authentication-Results count
{{- else}}# [evidence]
# authserv_id = "mx.acme.example"   # the one server whose Authentication-Results count
{{- end}}

# [operator]
# email = "ops@acme.example"  # where alerts go
# listen = "127.0.0.1:9847"   # /healthz, /readyz and /metrics, for this machine alone
# alert_after = "1h"          # how long mail may not be read or sent before an alert

[[team]]
name = {{q .Team}}
address = {{q .Address}}
timezone = {{q .Timezone}}
{{if .Holidays}}holidays = {{q .Holidays}}{{else}}# holidays = "de"             # public holidays of a country{{end}}
# first_delivery = 5          # business days
# cycle = 3                   # business days
# work = "mon-fri 09:00-17:30"   # when letters may arrive
# digest = "08:30"            # to each PM
# prompt = "16:00"            # to each engineer with a task
# weekly = "fri 15:00"
# undo = "2h"                 # how long a decision can be taken back
# trust = "seen"              # seen | signed | token
#   [team.words]              # further command words
#   approve = ["freigegeben"]

# role is pm, engineer or reader; letters go to the first email, and mail from
# each of them is the person's.
{{- range .People}}
  [[team.person]]
  name = {{q .Name}}
  email = [{{q .Address}}]
  role = {{q .Role}}
{{- end}}
{{range .Streams}}
  [[team.stream]]
  name = {{q .Name}}
  engineer = {{q .Engineer}}
{{- end}}
`))

// initServer is an endpoint as the template writes it.
type initServer struct {
	Host string
	Port int
	TLS  string
}

type initPerson struct{ Name, Address, Role string }

type initStream struct{ Name, Engineer string }

// config renders the config and reads it back; its mistakes are those of the
// answers.
func (a *initAnswers) config(p *initPlan) (string, error) {
	pm, err := readPerson(a.pm)
	if err != nil {
		return "", err
	}
	if a.passwordFile != "" && a.passwordEnv != "" {
		return "", errors.New("--password-file and --password-env: give one of them")
	}
	if a.client.ClientID != "" && a.passwordFile+a.passwordEnv != "" {
		return "", errors.New("--client-id stands in the place of --password-file and --password-env: give one of them")
	}
	for _, s := range append([]string{a.client.ClientID, a.client.ClientSecretFile, a.client.Tenant, a.team, a.address, a.timezone, a.holidays, a.imap.host, a.imap.tls, a.smtp.host, a.smtp.tls, a.user, a.passwordFile, a.passwordEnv, a.pm}, a.streams...) {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, isControl) {
			return "", fmt.Errorf("%q: want one line of text without control characters", s)
		}
	}
	_, host, _ := strings.Cut(a.address, "@")
	data := struct {
		IMAP, SMTP                                                                              initServer
		AuthservID, User, PasswordKey, Password, Host, Store, Team, Address, Timezone, Holidays string
		Client                                                                                  oauthFile
		People                                                                                  []initPerson
		Streams                                                                                 []initStream
	}{
		IMAP: initServer{a.imap.host, a.imap.port, a.imap.tls}, SMTP: initServer{a.smtp.host, a.smtp.port, a.smtp.tls}, User: or(a.user, a.address), PasswordKey: "password_file", Password: passwordFileName,
		Host: host, Store: "gatepost.db", Team: a.team, Address: a.address, Timezone: a.timezone, Holidays: a.holidays,
		Client: a.client, People: []initPerson{{pm.Name, pm.Address, "pm"}},
	}
	if a.known != nil {
		data.AuthservID = a.known.authservID
	}
	switch {
	case a.secret != "":
		data.PasswordKey, data.Client.ClientSecretFile = "", clientFileName
	case a.client.ClientID != "":
		if data.PasswordKey = ""; a.client.ClientSecretFile != "" {
			data.Client.ClientSecretFile, err = p.besideConfig(a.client.ClientSecretFile)
		}
	case a.passwordFile != "":
		data.Password, err = p.besideConfig(a.passwordFile)
	case a.passwordEnv != "":
		data.PasswordKey, data.Password = "password_env", a.passwordEnv
	}
	if err == nil && p.database != "" {
		data.Store, err = p.besideConfig(p.database)
	}
	if err != nil {
		return "", err
	}
	known := map[string]bool{strings.ToLower(pm.Address): true}
	for _, s := range a.streams {
		var name string
		var engineer *mail.Address
		if name, engineer, err = readStream(s); err != nil {
			return "", err
		}
		if key := strings.ToLower(engineer.Address); !known[key] {
			known[key] = true
			data.People = append(data.People, initPerson{engineer.Name, engineer.Address, "engineer"})
		}
		data.Streams = append(data.Streams, initStream{name, engineer.Address})
	}
	var b strings.Builder
	if err := initTemplate.Execute(&b, data); err != nil {
		return "", fmt.Errorf("write config: %w", err)
	}
	_, err = parseConfig(p.config, []byte(b.String()))
	var bad *configError
	if errors.As(err, &bad) { // the lines are of a file that is not there
		texts := make([]string, len(bad.mistakes))
		for i, m := range bad.mistakes {
			texts[i] = m.text
		}
		return "", errors.New(strings.Join(texts, "\n"))
	}
	return b.String(), err
}

// besideConfig is how the config names a file that the command line named from
// where it was called.
func (p *initPlan) besideConfig(name string) (string, error) {
	if strings.HasPrefix(name, credentials) {
		return name, nil
	}
	file, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("init: %w", err)
	}
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return "", fmt.Errorf("init: %w", err)
	}
	if relative, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(relative) {
		return relative, nil
	}
	return file, nil
}
