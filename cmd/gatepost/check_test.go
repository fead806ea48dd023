package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/loopmail"
	"gatepost/mailin"
	"gatepost/mailout"
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

func callCheck(t *testing.T, g *globals, args ...string) (string, error) {
	t.Helper()
	cmd := newCheckCommand(g)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetArgs(append([]string{}, args...)) // nil would be those of the test binary
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
		if fields[0] != markOK && fields[0] != markNote {
			t.Errorf("not ok: %s", line)
		}
		seen = append(seen, fields[1])
	}
	if got := strings.Join(seen, " "); got != "config secrets calendar files database dns tcp imap mailbox tcp smtp limits tags evidence dkim clock" {
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
		{"database open to all", func(t *testing.T, _ *loopmail.Server, _ *globals, dir string) {
			chmod(t, filepath.Join(dir, "gatepost.db"), 0o644)
		}, []string{"FAIL files", "chmod 0600 "}},
		{"config that all may change", func(t *testing.T, _ *loopmail.Server, g *globals, _ string) { chmod(t, g.config, 0o666) },
			[]string{"FAIL files", "chmod 0644 "}},
		{"TLS where there is none", func(t *testing.T, _ *loopmail.Server, g *globals, _ string) {
			spoilConfig(t, g, `tls = "none"`, `tls = "implicit"`)
		}, []string{"ok   tcp", "FAIL tls", "no TLS on this port", "skip imap", "skip smtp", "skip tags"}},
		{"STARTTLS where there is none", func(t *testing.T, _ *loopmail.Server, g *globals, _ string) {
			spoilConfig(t, g, `tls = "none"`, `tls = "starttls"`)
		}, []string{"FAIL tls", "STARTTLS", `tls = "implicit" has port 993`, `tls = "implicit" has port 465`}},
		{"a server that believes forgeries", func(t *testing.T, _ *loopmail.Server, g *globals, _ string) {
			spoilConfig(t, g, "[[team]]", "[evidence]\nauthserv_id = \"mx.acme.example\"\n[[team]]")
		}, []string{"ok   tags", "FAIL evidence", "of mx.acme.example came through", "RFC 8601"}},
		{"wrong password", func(t *testing.T, _ *loopmail.Server, _ *globals, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "imap.pass"), []byte("hunter3"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"FAIL imap", "FAIL smtp", "password_file", "skip tags", "ok   clock"}},
		{"servers down", func(t *testing.T, server *loopmail.Server, _ *globals, _ string) {
			if err := server.Close(); err != nil {
				t.Fatal(err)
			}
		}, []string{"ok   dns", "FAIL tcp", "skip imap", "skip smtp", "check host", "skip tags"}},
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

func (m mutedServers) Connect(context.Context, string) error              { return nil }
func (m mutedServers) Secure(context.Context, string) (string, error)     { return "TLS 1.3", nil }
func (m mutedServers) IMAP(context.Context) (mailin.Health, error)        { return mailin.Health{}, nil }
func (m mutedServers) SMTP(context.Context) (mailout.Offer, error)        { return mailout.Offer{}, nil }
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
			up.here(t.Context(), c)
			up.there(t.Context(), c)
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

// A signature that nobody can verify is told, in time.
func TestCheckSignature(t *testing.T) {
	raw := []byte("DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=a; b=x\r\nFrom: shop@acme.example\r\n\r\ntext\r\n")
	for _, c := range []struct {
		s          mailin.Signature
		err        error
		mark, want string
	}{
		{mailin.Signature{Result: "pass", Domain: "acme.example"}, nil, markOK, "signed by acme.example, and the signature holds"},
		{mailin.Signature{Result: "fail", Why: "no key"}, nil, markNote, "does not hold (no key): see that the DNS has the key"},
		{mailin.Signature{Result: "none"}, nil, markNote, "does not hold (none)"},
		{mailin.Signature{}, mailin.ErrLater, markNote, "the DNS does not answer"},
	} {
		k := &checkup{verify: func(context.Context, []byte, string) (mailin.Signature, error) { return c.s, c.err }}
		if mark, what, text := k.signature(t.Context(), raw, "shop@acme.example"); mark != c.mark || what != "dkim" || !strings.Contains(text, c.want) {
			t.Errorf("%s %s, want %s %q", mark, text, c.mark, c.want)
		}
	}
	k := &checkup{} // nobody is asked for the key of somebody else's signature
	if mark, _, text := k.signature(t.Context(), raw, "shop@other.example"); mark != markNote || !strings.Contains(text, "signed by acme.example: if") {
		t.Errorf("%s %s", mark, text)
	}
}

// A server whose clock is another one's is told by the mail to itself.
func TestCheckFindsSkew(t *testing.T) {
	r := newRigOn(t, loopmail.Config{Users: storyUsers(), Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	out, err := callCheck(t, &globals{config: r.config})
	if !errors.Is(err, errNotOK) || !strings.Contains(out, "ok   tags") || !strings.Contains(out, "FAIL clock     this machine's clock is 1h0m") {
		t.Errorf("%v\n%s", err, out)
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

// What big providers say of themselves after the login, and what follows.
func TestAbilities(t *testing.T) {
	for _, c := range []struct {
		name, caps string
		keywords   bool
		away       string
		want       string
	}{
		{"Gmail", "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT", true, "",
			"ok IDLE: mail is read at once; MOVE; keywords (not used)"},
		{"Exchange", "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+", false, "",
			"ok IDLE: mail is read at once; MOVE; no keywords (not needed)"},
		{"no MOVE", "IMAP4rev1 IDLE UIDPLUS", true, "Read", "ok IDLE: mail is read at once; UIDPLUS, without MOVE; keywords (not used)"},
		{"no IDLE", "IMAP4rev1 UIDPLUS MOVE", true, "", "note no IDLE: mail is read at the next poll; MOVE; keywords (not used)"},
		{"bare", "IMAP4rev1", false, "", "note no IDLE: mail is read at the next poll; neither MOVE nor UIDPLUS: file_away is not possible, leave it out; no keywords (not needed)"},
		{"bare and file_away", "IMAP4rev1 IDLE", false, "Read", "FAIL IDLE: mail is read at once; neither MOVE nor UIDPLUS: file_away is not possible, leave it out; no keywords (not needed)"},
	} {
		caps := strings.Fields(c.caps)
		mark, _, text := abilities(mailin.Health{Caps: caps, Idle: slices.Contains(caps, "IDLE"), Keywords: c.keywords}, c.away)
		if got := mark + " " + text; got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A mail to itself as servers hand it out: whose results, whose signature.
func TestEvidenceIn(t *testing.T) {
	const results, forged = "Authentication-Results: mx.acme.example 1;\r\n dkim=pass\r\n", "Authentication-Results: mx.acme.example; dkim=pass header.d=" + forgedMark + "\r\n"
	for _, c := range []struct{ fields, configured, mark, want string }{
		{results, "mx.acme.example", markOK, "a forged one was taken out"},
		{results + forged, "mx.acme.example", markFail, "came through"},
		{forged, "mx.acme.example", markFail, "came through"},
		{"Authentication-Results: mx.other.example; none\r\n", "mx.acme.example", markFail, "written by mx.other.example, not by mx.acme.example"},
		{"", "mx.acme.example", markNote, "none was written"},
		{results, "", markNote, `authserv_id = "mx.acme.example"`},
		{"", "", markNote, "no authserv_id"},
	} {
		mark, _, text := evidenceIn([]byte(c.fields+"From: a@b.example\r\n\r\ntext\r\n"), c.configured)
		if mark != c.mark || !strings.Contains(text, c.want) {
			t.Errorf("%q, %q: %s %s, want %s %q", c.fields, c.configured, mark, text, c.mark, c.want)
		}
	}
	for _, c := range []struct{ fields, mark, want string }{
		{"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=a; b=x\r\n", markOK, "signed by acme.example"},
		{"DKIM-Signature: v=1; d = Acme.Example;\r\n s=a\r\n", markOK, "signed by acme.example"},
		{"DKIM-Signature: v=1; d=notacme.example\r\n", markNote, "signed by notacme.example: if"},
		{"", markNote, "signed by nobody"},
	} {
		mark, _, text := signatureIn([]byte(c.fields+"From: a@b.example\r\n\r\ntext\r\n"), "shop@mail.acme.example")
		if mark != c.mark || !strings.Contains(text, c.want) {
			t.Errorf("%q: %s %s, want %s %q", c.fields, mark, text, c.mark, c.want)
		}
	}
}

// A port that wants TLS at once says nothing to who waits for its greeting:
// told as that, not as a connection that was closed.
func TestSilentPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	host, port, _ := splitAddr(l.Addr().String())
	for _, table := range []string{"imap", "smtp"} {
		m := &mailServers{config: map[string]*serverConfig{table: {Host: host, Port: port, TLS: tlsStart}}}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := m.Secure(ctx, table)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "the server says nothing") || !strings.Contains(err.Error(), `tls = "implicit"`) || strings.Contains(err.Error(), "closed") {
			t.Errorf("%s: %v", table, err)
		}
	}
}
