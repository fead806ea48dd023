package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/story"
	"gatepost/mailin"
)

// What goes into an mbox comes out as it was, byte for byte.
func TestMboxrdIsExact(t *testing.T) {
	mails := []string{
		"Subject: a\r\n\r\nFrom here\r\n>From there\r\n>>From both\r\n From none\r\n", "Subject: b\n\nunix\n", "Subject: c\r\n\r\nends empty\r\n\r\n\r\n",
		"Subject: d\r\n\r\nlone \r cr\r\n", "Subject: e\r\n\r\nFrom a Mon Mar  2 10:00:00 2026\r\n", "Subject: f\r\n\r\n\r\nFrom b Mon Mar  2 10:00:00 2026\n",
	}
	var box bytes.Buffer
	for _, m := range mails {
		if err := writeMboxrd(&box, time.Unix(0, 0), []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "x.mbox")
	if err := os.WriteFile(file, box.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var back []string
	if err := mailin.Files([]string{file}, func(_ string, raw []byte) error { back = append(back, string(raw)); return nil }); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(back, "|"), strings.Join(mails, "|"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// One task in each form, into a file that only its owner reads, with its
// attachment; nothing is written over.
func TestExportTask(t *testing.T) {
	r := newRig(t)
	plan := bytes.Repeat([]byte("plan <script>\x00"), 50)
	raw := "From: Priya <" + story.Priya + ">\r\nTo: shop+web@acme.example\r\nSubject: one\r\nMessage-ID: <one@x.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nProblem: p\r\n\r\nDone: d\r\n--b\r\n" +
		"Content-Type: text/html; name=\"../plan.html\"\r\nContent-Disposition: attachment; filename=\"../plan.html\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(plan) + "\r\n--b--\r\n"
	if err := r.Inject(story.Priya, []string{"shop+web@acme.example"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	r.task(t, "two")
	commandOutput(t, "--config", r.config, "once", "--from-start")
	files := filepath.Join(r.dir, "files")
	for format, want := range map[string]string{
		"json": `"name":"plan.html","type":"text/html","size":700,"file":"1/1-1-plan.html"`, "md": "- attachment [plan.html](<1/1-1-plan.html>), 700 bytes",
		"html": `<a download="plan.html" href="data:application/octet-stream;base64,` + base64.StdEncoding.EncodeToString(plan) + `">plan.html</a>`,
		"mbox": base64.StdEncoding.EncodeToString(plan) + "\r\n--b--\r\n",
	} {
		out := filepath.Join(r.dir, "task."+format)
		commandOutput(t, "--config", r.config, "export", "--format", format, "--task", "1", "--out", out, "--attachments", files)
		b, err := os.ReadFile(out)
		if err != nil || !strings.Contains(string(b), want) || strings.Contains(string(b), "two@x.example") {
			t.Errorf("%s (%v): %q is not in, or another task is:\n%.3000s", format, err, want, b)
		}
		if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", format, info.Mode(), err)
		}
		p := startProcess(t, "--config", r.config, "export", "--format", format, "--out", out)
		if err := p.Wait(); err == nil || !strings.Contains(p.output(), "exists already") {
			t.Errorf("%s is written over: %v %s", format, err, p.output())
		}
	}
	if b, err := os.ReadFile(filepath.Join(files, "1", "1-1-plan.html")); err != nil || !bytes.Equal(b, plan) {
		t.Errorf("the attachment is %q, %v", b, err)
	}
	full := small(t, 1) // a second try is not content with half of a file
	filler := fill(t, full)
	attach := []string{"--config", r.config, "export", "--task", "1", "--attachments", full}
	if p := startProcess(t, attach...); p.Wait() == nil || !strings.Contains(p.output(), "no space left") {
		t.Errorf("on a full disk: %s", p.output())
	}
	must(t, os.Remove(filler))
	commandOutput(t, attach...)
	if b, err := os.ReadFile(filepath.Join(full, "1", "1-1-plan.html")); err != nil || !bytes.Equal(b, plan) {
		t.Errorf("behind a full disk the attachment is %q, %v", b, err)
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
