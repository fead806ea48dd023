package debmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const priya, shop = "priya@acme.example", "shop@acme.example"

func begin(t *testing.T) *Server {
	t.Helper()
	s, err := Start(Config{Users: map[string]string{priya: "p", shop: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Logs())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
			t.Errorf("folder is left: %v", err)
		}
	})
	return s
}

func mail(subject string) []byte {
	return []byte("From: <priya@acme.example>\r\nSubject: " + subject + "\r\n\r\n.dot\r\n")
}

func TestMailThroughBoth(t *testing.T) {
	t.Parallel()
	s := begin(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Submit(priya, "p", []string{"shop+t42.AbC@acme.example"}, mail("one")); err != nil {
		t.Fatal(err)
	}
	got, err := s.Await(ctx, shop, 1)
	if err != nil {
		t.Fatal(err)
	}
	raw := string(got[0])
	for _, want := range []string{"Return-Path: <priya@acme.example>\r\n", "Delivered-To: shop+t42.AbC@acme.example\r\n", "Received: from ", "Subject: one\r\n\r\n.dot\r\n"} {
		if !strings.Contains(raw, want) {
			t.Errorf("%q is missing in\n%s", want, raw)
		}
	}
	if strings.Contains(raw, "Message-I") {
		t.Errorf("a field was added:\n%s", raw)
	}
	if err := s.RestartDovecot(); err != nil {
		t.Fatal(err)
	}
	if err := s.Inject("", []string{shop}, mail("two")); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Await(ctx, shop, 2); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got[1]), "Return-Path: <>\r\n") {
		t.Errorf("got\n%s", got[1])
	}
}

// The queue manager puts off a mail whose file a delivery still holds.
func TestMailInHand(t *testing.T) {
	t.Parallel()
	s := begin(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.StopDovecot(); err != nil {
		t.Fatal(err)
	}
	if err := s.Inject(priya, []string{shop}, mail("one")); err != nil {
		t.Fatal(err)
	}
	held := func(log string) bool { return strings.Contains(log, "skipped, still being delivered") }
	var files []*os.File
	for deadline := time.Now().Add(20 * time.Second); !held(s.Logs()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the queue manager never met the lock")
		}
		names, _ := filepath.Glob(s.path("spool/deferred/*/*"))
		for _, name := range names {
			if f, err := os.Open(name); err == nil {
				files = append(files, f)
				syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			}
		}
	}
	for _, f := range files {
		f.Close()
	}
	if err := s.RestartDovecot(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Await(ctx, shop, 1); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for _, c := range []struct {
		name string
		err  error
		code int
	}{
		{"unknown recipient", s.Submit(priya, "p", []string{"nobody@acme.example"}, mail("x")), 550},
		{"foreign recipient", s.Submit(priya, "p", []string{"shop@else.example"}, mail("x")), 554},
		{"wrong password", s.Submit(priya, "q", []string{shop}, mail("x")), 535},
	} {
		var answer *textproto.Error
		if !errors.As(c.err, &answer) || answer.Code != c.code {
			t.Errorf("%s: got %v, want %d", c.name, c.err, c.code)
		}
	}
	if err := s.Deliver("nobody@acme.example", nil); err == nil {
		t.Error("delivered to nobody")
	}
}

func TestMissingPrograms(t *testing.T) {
	err := installed([]string{"/usr/sbin/no-such-dovecot"})
	if err == nil || !strings.Contains(err.Error(), "no-such-dovecot is missing: apt-get install dovecot-imapd dovecot-lmtpd postfix") {
		t.Errorf("%v", err)
	}
}

// TestKilled starts both servers in a process that dies without Close: nothing
// may be left of them.
func TestKilled(t *testing.T) {
	t.Parallel()
	if os.Getenv("DEBMAIL_DIE") != "" {
		s, err := Start(Config{Users: map[string]string{shop: "s"}})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("DIR", s.Dir, s.dovecot.cmd.Process.Pid, s.postfix.cmd.Process.Pid)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "DEBMAIL_DIE=1")
	out, _ := cmd.Output()
	var dir string
	var groups [2]int
	if _, err := fmt.Fscanf(bytes.NewReader(out), "DIR %s %d %d", &dir, &groups[0], &groups[1]); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	deadline := time.Now().Add(20 * time.Second)
	for _, gone := range []func() bool{
		func() bool { return !alive(groups[0]) },
		func() bool { return !alive(groups[1]) },
		func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) },
	} {
		for !gone() {
			if time.Now().After(deadline) {
				t.Fatal("something is left of", string(out))
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}
