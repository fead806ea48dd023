package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/loopmail"
	"gatepost/store"
)

// checkHouse is a mail house and a folder with a config for it.
func checkHouse(t *testing.T) (server *loopmail.Server, g *globals, dir string) {
	t.Helper()
	server, err := loopmail.Start(loopmail.Config{Users: map[string]string{"shop@acme.example": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	table := func(name, addr string) string {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("[%s]\nhost = %q\nport = %s\ntls = \"none\"\nuser = \"shop@acme.example\"\npassword_file = \"imap.pass\"\n", name, host, port)
	}
	dir, file := configDir(t, []byte(table("imap", server.IMAPAddr)+table("smtp", server.SMTPAddr)+`[[team]]
name = "Shop"
address = "shop@acme.example"
timezone = "Europe/Berlin"
person = [{ email = ["priya@acme.example"], role = "pm" }, { email = ["dana@acme.example"], role = "engineer" }]
stream = [{ name = "web", engineer = "dana@acme.example" }]
`))
	db, err := store.Create(filepath.Join(dir, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return server, &globals{config: file}, dir
}

func callCheck(t *testing.T, g *globals) (string, error) {
	t.Helper()
	cmd := newCheckCommand(g)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetArgs(nil)
	err := cmd.ExecuteContext(t.Context())
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the password is shown:\n%s", out.String())
	}
	return out.String(), err
}

func TestCheck(t *testing.T) {
	server, g, _ := checkHouse(t)
	old := []byte("From: a@b.example\r\nSubject: Gatepost check-old\r\n\r\nold\r\n")
	if err := server.Deliver("shop@acme.example", old); err != nil {
		t.Fatal(err)
	}
	out, err := callCheck(t, g)
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	var seen []string
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if fields[0] != "ok" {
			t.Errorf("not ok: %s", line)
		}
		seen = append(seen, fields[1])
	}
	if got := strings.Join(seen, " "); got != "config secrets database dns imap smtp tags clock" {
		t.Errorf("%s:\n%s", got, out)
	}
	if !strings.Contains(out, "as the mail server's") {
		t.Errorf("the clocks were not compared:\n%s", out)
	}
	if n := len(server.Mailbox("shop@acme.example")); n != 2 {
		t.Errorf("%d mails in the mailbox, want the old one and ours, left where they are", n)
	}
}

// Whatever is wrong is one line with a remedy, and the rest is looked at all
// the same.
func TestCheckFinds(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, server *loopmail.Server, g *globals, dir string)
		want  []string
	}{
		{"no config", func(_ *testing.T, _ *loopmail.Server, g *globals, dir string) {
			g.config = filepath.Join(dir, "nothing.toml")
		},
			[]string{"FAIL config", "nothing.toml", "gatepost init"}},
		{"two mistakes", func(t *testing.T, _ *loopmail.Server, g *globals, _ string) {
			spoilConfig(t, g, "Europe/Berlin", "Berlin", `name = "web"`, `name = "me"`)
		}, []string{"FAIL config", `time zone "Berlin"`, `stream "me"`}},
		{"secret open to all", func(t *testing.T, _ *loopmail.Server, _ *globals, dir string) {
			chmod(t, filepath.Join(dir, "gatepost.secret"), 0o644)
		}, []string{"FAIL config", "chmod 600 "}},
		{"password open to all", func(t *testing.T, _ *loopmail.Server, _ *globals, dir string) {
			chmod(t, filepath.Join(dir, "imap.pass"), 0o644)
		}, []string{"FAIL config", "chmod 600 "}},
		{"no database", func(_ *testing.T, _ *loopmail.Server, g *globals, dir string) { g.db = filepath.Join(dir, "other.db") },
			[]string{"FAIL database", "other.db", "gatepost init", "ok   imap", "ok   tags"}},
		{"wrong password", func(t *testing.T, _ *loopmail.Server, _ *globals, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "imap.pass"), []byte("hunter3"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"FAIL imap", "FAIL smtp", "password_file", "FAIL tags", "ok   clock"}},
		{"servers down", func(t *testing.T, server *loopmail.Server, _ *globals, _ string) {
			if err := server.Close(); err != nil {
				t.Fatal(err)
			}
		}, []string{"ok   dns", "FAIL imap", "FAIL smtp", "check host", "FAIL tags"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, g, dir := checkHouse(t)
			c.spoil(t, server, g, dir)
			out, err := callCheck(t, g)
			if !errors.Is(err, errNotOK) {
				t.Errorf("%v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in:\n%s", want, out)
				}
			}
		})
	}
}

func spoilConfig(t *testing.T, g *globals, oldNew ...string) {
	t.Helper()
	data, err := os.ReadFile(g.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.config, []byte(strings.NewReplacer(oldNew...).Replace(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, file string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

// mutedServers log in, and lose the mail to themselves or refuse it.
type mutedServers struct{ refused error }

func (m mutedServers) IMAP(context.Context) (string, error)               { return "in", nil }
func (m mutedServers) SMTP(context.Context) (string, error)               { return "out", nil }
func (m mutedServers) Begin(context.Context) error                        { return nil }
func (m mutedServers) Send(context.Context, string, string, []byte) error { return m.refused }
func (m mutedServers) Read(context.Context, func([]byte) bool) error      { return nil }
func noName(context.Context, string) ([]string, error)                    { return nil, errors.New("no such host") }
func oneName(context.Context, string) ([]string, error)                   { return []string{"192.0.2.1"}, nil }

func TestCheckTagsAndNames(t *testing.T) {
	_, g, _ := checkHouse(t)
	spoilConfig(t, g, "127.0.0.1", "localhost")
	c, err := g.read(needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		name    string
		servers mutedServers
		lookup  func(context.Context, string) ([]string, error)
		now     time.Time
		want    []string
	}{
		{"tag is lost", mutedServers{}, oneName, time.Now(), []string{"ok   dns       localhost is 192.0.2.1", "FAIL tags", "shop+check-", "did not arrive within 1m: switch plus addressing", "ok   clock", "not compared"}},
		{"tag is refused", mutedServers{errors.New("550 no such user")}, oneName, time.Now(), []string{"FAIL tags", "550 no such user", "plus addressing"}},
		{"no such name", mutedServers{}, noName, time.Now(), []string{"FAIL dns", `look up "localhost"`, "check the name"}},
		{"clock at its start", mutedServers{}, oneName, time.Unix(0, 0), []string{"FAIL clock", "set it, by NTP"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			var out strings.Builder
			up := &checkup{out: &out, wait: time.Minute, now: func() time.Time { return k.now }, lookup: k.lookup, servers: k.servers}
			up.all(t.Context(), c)
			if !errors.Is(up.verdict(), errNotOK) {
				t.Error("all ok")
			}
			for _, want := range k.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in:\n%s", want, out.String())
				}
			}
		})
	}
}

func TestCheckClock(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	mail := func(date string) []byte {
		return []byte("Received: from a by b;\r\n " + date + "\r\nReceived: from x by y; Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\n")
	}
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{mail("Mon, 2 Mar 2026 10:01:59 +0100"), "as the mail server's"},
		{mail("Mon, 2 Mar 2026 10:03:00 +0100 (CET)"), "3m0s from the mail server's"},
		{mail("Mon, 2 Mar 2026 08:00:00 +0000"), "1h0m0s from the mail server's"},
		{mail("yesterday"), "not compared"},
		{[]byte("no header"), "not compared"},
	} {
		found, err := checkClock(now, receivedAt(c.raw))
		if got := fmt.Sprint(found, err); !strings.Contains(got, c.want) {
			t.Errorf("%q: %s, want %q", c.raw, got, c.want)
		}
	}
}
