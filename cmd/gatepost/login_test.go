package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatepost/internal/authhouse"
	"gatepost/internal/loopmail"
	"gatepost/internal/story"
)

// newOAuthRig is a rig whose mail house takes access tokens and nothing else,
// and the authorization server that they come from. Nobody has logged in yet.
func newOAuthRig(t *testing.T, mechanisms ...string) (*rig, *authhouse.Server) {
	t.Helper()
	a, err := authhouse.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	a.User, a.Secret, a.Basic = story.Team, "swordfish", true
	r := newRigOn(t, loopmail.Config{Users: storyUsers(), Mechanisms: mechanisms, Bearer: a.Who})
	for range 2 {
		r.edit(t, "gatepost.toml", "password_file = \"robot.pass\"\n", "")
	}
	r.write(t, "client.secret", a.Secret+"\n")
	r.edit(t, "gatepost.toml", "[store]", `[imap.oauth]
client_id = "`+a.ClientID+`"
client_secret_file = "client.secret"
auth_url = "`+a.URL+`/auth"
token_url = "`+a.URL+`/token"
device_url = "`+a.URL+`/device"
scopes = ["mail"]
[operator]
email = "`+story.Stranger+`"
[store]`)
	return r, a
}

// freePort is one that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

var shownPage = regexp.MustCompile(`http://\S+/auth\?\S+`)

// logIn runs `gatepost login`, and is the person who opens the page.
func logIn(t *testing.T, args ...string) (string, error) {
	t.Helper()
	in, out := io.Pipe()
	root := newRootCommand()
	root.SetArgs(append([]string{"login"}, args...))
	root.SetOut(out)
	root.SetIn(strings.NewReader(""))
	ended := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(context.Background())
		out.Close()
		ended <- err
	}()
	var said strings.Builder
	for s := bufio.NewScanner(in); s.Scan(); {
		said.WriteString(s.Text() + "\n")
		if page := shownPage.FindString(s.Text()); page != "" {
			r, err := http.Get(page)
			if err != nil {
				t.Error(err)
				continue
			}
			r.Body.Close()
		}
	}
	return said.String(), <-ended
}

// A morning with a provider that takes no passwords: login, check, and a task
// that is read and answered.
func TestLoginAndCheck(t *testing.T) {
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		t.Run(mechanism, func(t *testing.T) {
			r, a := newOAuthRig(t, mechanism)
			t.Chdir(r.dir)
			g := &globals{config: r.config}
			if _, err := g.read(needServers, needSecret); err == nil || !strings.Contains(err.Error(), `mail.token" does not exist: make it with `+"`gatepost login`") {
				t.Fatal(err)
			}
			out, err := logIn(t)
			if err != nil || !strings.Contains(out, "For [imap] and [smtp]") || !strings.Contains(out, "log in as "+story.Team) || !strings.Contains(out, "kept in mail.token: given") {
				t.Fatalf("%v\n%s", err, out)
			}
			if info, err := os.Stat("mail.token"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			checked, err := callCheck(t, g)
			if err != nil || !strings.Contains(checked, "ok   oauth     [imap] and [smtp]: a new access token was got; given ") || !strings.Contains(checked, "for mail") || a.Refreshes() != 1 {
				t.Errorf("%v, %d refreshes\n%s", err, a.Refreshes(), checked)
			}
			r.task(t, "cart")
			commandOutput(t, "once", "--from-start")
			if !strings.Contains(commandOutput(t, "status"), "cart") {
				t.Error("the task was not read")
			}
			if n := len(r.Mailbox(story.Priya)); n == 0 {
				t.Error("no letter was sent")
			}

			a.Set(func(a *authhouse.Server) { a.Scope = "profile" })
			if checked, _ := callCheck(t, g); !strings.Contains(checked, "note oauth") || !strings.Contains(checked, "not allowed: mail") {
				t.Error(checked)
			}
			a.Revoke()
			checked, err = callCheck(t, g)
			if !errors.Is(err, errNotOK) || !strings.Contains(checked, "FAIL oauth") || !strings.Contains(checked, "log in again with `gatepost login`") || !strings.Contains(checked, "FAIL imap") {
				t.Errorf("%v\n%s", err, checked)
			}
			if said := commandOutput(t, "status"); !strings.Contains(said, "! [imap] and [smtp]: no access since ") || !strings.Contains(said, "gatepost login") {
				t.Error(said)
			}
			noSecretIn(t, r, out+checked)
		})
	}
}

// noSecretIn looks for what must not be shown: the secrets of the
// client and of Gatepost, and every token of the file.
func noSecretIn(t *testing.T, r *rig, text string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, "mail.token"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append(regexp.MustCompile(`[ar]t\.\w{20,}`).FindAllString(string(b), -1), "swordfish", scriptSecret, "Bearer") {
		if strings.Contains(text, secret) {
			t.Errorf("%q is shown in:\n%s", secret, text)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	r, a := newOAuthRig(t, "XOAUTH2")
	t.Chdir(r.dir)
	a.User = ""
	if _, err := logIn(t); err == nil || !strings.Contains(err.Error(), "The person said no") {
		t.Errorf("%v", err)
	}
	var wrong usageError
	if _, err := logIn(t, "pop"); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	r.write(t, "client.secret", "other")
	a.Set(func(a *authhouse.Server) { a.User = story.Team })
	if _, err := logIn(t); err == nil || !strings.Contains(err.Error(), "check client_id") || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat("mail.token"); err == nil {
		t.Error("a token file was made")
	}
}

// The service lives through the life of a grant: tokens that are taken back, a
// grant that is taken back, with an alarm at once, and a login beside it. No
// secret stands in its log.
func TestServiceWithLogin(t *testing.T) {
	r, a := newOAuthRig(t, "XOAUTH2")
	t.Chdir(r.dir)
	if _, err := logIn(t); err != nil {
		t.Fatal(err)
	}
	listen := "127.0.0.1:" + freePort(t)
	r.edit(t, "gatepost.toml", "[operator]\n", "[operator]\nlisten = \""+listen+"\"\n")
	p := startProcess(t, "run", "--config", r.config, "--verbose", "--from-start")
	p.says(t, "gatepost runs")
	r.task(t, "cart")
	await(t, "a letter to the PM", func() bool { return len(r.Mailbox(story.Priya)) > 0 }, p.output)
	before := len(r.Mailbox(story.Priya))
	a.Withdraw()
	r.Cut()
	r.task(t, "lamp")
	await(t, "a letter to the PM with another token", func() bool { return len(r.Mailbox(story.Priya)) > before }, p.output)

	a.Revoke()
	r.Cut()
	p.says(t, "invalid_grant")
	if answer, err := http.Get("http://" + listen + "/readyz"); err != nil || answer.StatusCode != http.StatusServiceUnavailable { // it looks at once
		t.Errorf("%v, %v", answer, err)
	} else {
		answer.Body.Close()
	}
	p.says(t, "ALARM")
	p.says(t, "cause=login")
	if _, err := logIn(t); err != nil {
		t.Fatal(err)
	}
	before = len(r.Mailbox(story.Priya))
	r.task(t, "sofa")
	r.edit(t, "gatepost.toml", "poll = \"2s\"", "poll = \"3s\"") // a new generation tries at once
	await(t, "a letter to the PM after the login", func() bool { return len(r.Mailbox(story.Priya)) > before }, p.output)
	await(t, "alarm and all-clear at the operator's", func() bool {
		return strings.Contains(fmt.Sprintf("%s", r.Mailbox(story.Stranger)), "all clear, the mailbox is open again")
	}, p.output)
	noSecretIn(t, r, p.output())
	noSecretIn(t, r, commandOutput(t, "outbox")+commandOutput(t, "status")+commandOutput(t, "health"))
}

// A login that is lost is told at once, and once; so is its return.
func TestLookoutAccess(t *testing.T) {
	r, a := newOAuthRig(t, "XOAUTH2")
	t.Chdir(r.dir)
	if _, err := logIn(t); err != nil {
		t.Fatal(err)
	}
	c, err := (&globals{config: r.config}).read()
	if err != nil {
		t.Fatal(err)
	}
	w := newWatched(t)
	w.logins = c.logins()
	w.pass(t, time.Hour, w.polled(t))
	a.Revoke()
	if err := c.IMAP.Grant.Renew(t.Context()); err == nil {
		t.Fatal("renewed")
	}
	w.pass(t, time.Minute, w.polled(t))
	if got := w.alerts(t); got != "login" {
		t.Errorf("%q", got)
	}
	if why := w.unready(); !strings.Contains(why, "gatepost login") {
		t.Errorf("ready: %q", why)
	}
	w.start(t)
	w.logins = c.logins()
	w.pass(t, 5*time.Hour, w.polled(t))
	if got := w.alerts(t); got != "login" {
		t.Errorf("%q", got)
	}
	if _, err := logIn(t); err != nil {
		t.Fatal(err)
	}
	w.pass(t, time.Minute, w.polled(t))
	if got := w.alerts(t); got != "login logged-in" {
		t.Errorf("%q", got)
	}
	if why := w.unready(); why != "" {
		t.Errorf("not ready: %q", why)
	}
}

// A login with an end is told two weeks before it.
func TestLoginEnds(t *testing.T) {
	r, a := newOAuthRig(t, "XOAUTH2")
	t.Chdir(r.dir)
	a.Grace = 7 * 24 * time.Hour // as Google gives it while an application is in testing
	if _, err := logIn(t); err != nil {
		t.Fatal(err)
	}
	if said := commandOutput(t, "status"); !strings.Contains(said, "! the login of [imap] and [smtp] ends on ") {
		t.Error(said)
	}
	if checked, err := callCheck(t, &globals{config: r.config}); err != nil || !strings.Contains(checked, "note oauth") || !strings.Contains(checked, "`gatepost login` before that") {
		t.Errorf("%v\n%s", err, checked)
	}
}
