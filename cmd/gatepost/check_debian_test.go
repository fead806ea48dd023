package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	return marks, out
}

// The set-up is proven on Dovecot and Postfix, sound and broken in turn.
func TestCheckOnDovecotAndPostfix(t *testing.T) {
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
			for _, want := range strings.Fields(c.marks) {
				what, mark, _ := strings.Cut(want, ":")
				if marks[what] != mark {
					t.Errorf("%s is %q, want %q", what, marks[what], mark)
				}
			}
			for _, want := range c.say {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not said", want)
				}
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}
