package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/debmail"
)

// houseCheck runs init by flags alone and then check, as processes, against
// Dovecot and Postfix. Whether their certificate is trusted is the caller's.
func houseCheck(t *testing.T, h *debmail.Server, imap, smtp, tls, user, wait string, trusted bool) (map[string]string, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mail.pass"), []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := func(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }
	call := func(args ...string) (string, error) {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GATEPOST_TEST_MAIN=1")
		if trusted {
			cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+h.CertFile)
		}
		out, err := cmd.Output()
		return string(out), err
	}
	if out, err := call("init", "--address", "shop@acme.example", "--user", user, "--timezone", "Europe/Berlin", "--holidays", "de", "--password-file", "mail.pass",
		"--imap-host", "localhost", "--imap-port", port(imap), "--imap-tls", tls, "--smtp-port", port(smtp), "--smtp-tls", tls,
		"--pm", "Priya Nair <priya@acme.example>", "--stream", "web=Dana Roy <dana@acme.example>"); err != nil {
		t.Fatalf("init: %v: %s", err, out)
	}
	out, err := call("check", "--json", "--wait", wait)
	return marksOf(t, out, err), out
}

// marksOf reads what `check --json` said: the worst mark of each kind of line.
func marksOf(t *testing.T, out string, err error) map[string]string {
	t.Helper()
	var lines []checkLine
	if e := json.Unmarshal([]byte(out), &lines); e != nil {
		t.Fatalf("%v: %s", e, out)
	}
	marks := map[string]string{}
	failed := false
	for _, l := range lines {
		if old := marks[l.What]; old == "" || l.Mark == markFail {
			marks[l.What] = l.Mark
		}
		failed = failed || l.Mark == markFail
	}
	if failed != (err != nil) {
		t.Errorf("check ends with %v: %s", err, out)
	}
	return marks
}

// What Postfix does to mail is found by the mail to itself: each mistake of a
// set-up has a line and a remedy, and a house that does all of it well has
// nothing but ok, save the signature, which is made up.
func TestCheckOnPostfixSetUps(t *testing.T) {
	h, err := debmail.Start(debmail.Config{Users: map[string]string{"shop@acme.example": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("mail.pass", []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, imap, _ := net.SplitHostPort(h.IMAPAddr)
	_, smtp, _ := net.SplitHostPort(h.SMTPAddr)
	if out, err := initHere("--address", "shop@acme.example", "--timezone", "UTC", "--password-file", "mail.pass", "--imap-host", "127.0.0.1", "--imap-port", imap, "--imap-tls", "none",
		"--smtp-port", smtp, "--smtp-tls", "none", "--pm", "priya@acme.example", "--stream", "web=dana@acme.example"); err != nil {
		t.Fatal(err, out)
	}
	base, err := os.ReadFile("gatepost.toml")
	if err != nil {
		t.Fatal(err)
	}
	const evidence = "[evidence]\nauthserv_id = \"mx.acme.example\"\n"
	const forged = "/^Authentication-Results: mx.acme.example; dkim=pass header.d=forged/"
	for _, c := range []struct {
		name, postfix, config, marks string
		say                          []string
	}{
		{"all of it", "header_checks = regexp:{ {" + forged + " REPLACE Authentication-Results: mx.acme.example; none}, " +
			"{/^Subject: Gatepost check/ PREPEND DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=a; b=x} }\n",
			evidence, "tags:ok evidence:ok dkim:note", []string{"a forged one was taken out", "signed by acme.example, but the signature does not hold", "the key of its selector"}},
		{"forgeries are taken out, nothing is written", "header_checks = regexp:{ {" + forged + " IGNORE} }\n", evidence, "tags:ok evidence:note", []string{"none was written"}},
		{"no plus addressing", "recipient_delimiter =\n", "", "smtp:ok tags:FAIL", []string{"User unknown", "switch plus addressing (subaddressing) on"}},
		{"may not send as the team", "smtpd_sender_restrictions = reject\n", "", "smtp:ok tags:FAIL", []string{"554", "let the user of [smtp] send as shop@acme.example"}},
		{"takes no more today", "smtpd_recipient_restrictions = defer\n", "", "smtp:ok tags:FAIL", []string{"450"}},
		{"small letters only", "message_size_limit = 2097152\n", "", "limits:ok", []string{"letters up to 2 MiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := h.SetUpPostfix(c.postfix); err != nil {
				t.Fatal(err)
			}
			wait := "20s"
			if strings.Contains(c.marks, "tags:FAIL") {
				wait = "2s"
			}
			if err := os.WriteFile("gatepost.toml", append(slices.Clone(base), c.config...), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := callCheck(t, &globals{config: "gatepost.toml"}, "--json", "--wait", wait)
			expectMarks(t, marksOf(t, out, err), out, c.marks, c.say)
		})
	}
}

// A certificate that has ended is named as that.
func TestCheckOnAnEndedCertificate(t *testing.T) {
	t.Parallel() // it waits more than it works
	h, err := debmail.Start(debmail.Config{Users: map[string]string{"shop@acme.example": "hunter2"}, CertEnds: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	marks, out := houseCheck(t, h, h.IMAPSAddr, h.SMTPSAddr, tlsImplicit, "shop@acme.example", "3s", true)
	expectMarks(t, marks, out, "tcp:ok tls:FAIL imap:skip smtp:skip tags:skip", []string{"renew it, and check this machine's clock"})
}

// expectMarks wants of each line named the mark behind the colon.
func expectMarks(t *testing.T, marks map[string]string, out, want string, say []string) {
	t.Helper()
	for _, w := range strings.Fields(want) {
		what, mark, _ := strings.Cut(w, ":")
		if marks[what] != mark {
			t.Errorf("%s is %q, want %q", what, marks[what], mark)
		}
	}
	for _, w := range say {
		if !strings.Contains(out, w) {
			t.Errorf("%q is not said", w)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// The set-up is proven on Dovecot and Postfix, sound and broken in turn.
func TestCheckOnDovecotAndPostfix(t *testing.T) {
	t.Parallel() // it waits more than it works
	h, err := debmail.Start(debmail.Config{Users: map[string]string{"shop@acme.example": "hunter2", "other@acme.example": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	sound := "config:ok secrets:ok calendar:ok files:ok database:ok dns:ok tcp:ok imap:ok mailbox:ok smtp:ok limits:ok tags:ok clock:ok"
	for _, c := range []struct {
		name, imap, smtp, tls, user string
		trusted                     bool
		marks                       string
		say                         []string
	}{
		{"implicit", h.IMAPSAddr, h.SMTPSAddr, tlsImplicit, "shop@acme.example", true, sound + " tls:ok dkim:note evidence:note", []string{"TLS 1.3, certificate until", "MOVE", "64 MiB", "next holiday"}},
		{"starttls", h.IMAPAddr, h.SMTPAddr, tlsStart, "shop@acme.example", true, sound + " tls:ok", []string{"TLS 1.3"}},
		{"in the clear", h.IMAPAddr, h.SMTPAddr, tlsNone, "shop@acme.example", true, sound, nil},
		{"a certificate of nobody", h.IMAPSAddr, h.SMTPSAddr, tlsImplicit, "shop@acme.example", false, "tcp:ok tls:FAIL imap:skip smtp:skip tags:skip", []string{"update-ca-certificates"}},
		{"the wrong mode", h.IMAPAddr, h.SMTPAddr, tlsImplicit, "shop@acme.example", true, "tcp:ok tls:FAIL", []string{"no TLS on this port"}},
		{"the wrong user", h.IMAPSAddr, h.SMTPSAddr, tlsImplicit, "nobody@acme.example", true, "tls:ok imap:FAIL smtp:FAIL tags:skip", []string{"check user and password_file"}},
		{"mail goes elsewhere", h.IMAPSAddr, h.SMTPSAddr, tlsImplicit, "other@acme.example", true, "imap:ok smtp:ok tags:FAIL", []string{"did not arrive within 3s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wait := "1m"
			if strings.Contains(c.marks, "tags:FAIL") {
				wait = "3s"
			}
			marks, out := houseCheck(t, h, c.imap, c.smtp, c.tls, c.user, wait, c.trusted)
			expectMarks(t, marks, out, c.marks, c.say)
		})
	}
}
