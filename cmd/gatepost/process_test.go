package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/loopmail"
	"gatepost/internal/story"
	"gatepost/store"
)

// process is `gatepost` as a process of its own.
type process struct {
	*exec.Cmd
	mu  sync.Mutex
	out bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return startBinary(t, "", args...)
}

// startBinary starts that program, with "" this one.
func startBinary(t *testing.T, path string, args ...string) *process {
	t.Helper()
	if path == "" {
		path = os.Args[0]
	}
	p := &process{Cmd: exec.Command(path, args...)}
	p.Env = append(os.Environ(), "GATEPOST_TEST_MAIN=1")
	p.Stdout, p.Stderr = p, p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

// says waits until the process has printed the text.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	await(t, fmt.Sprintf("the process says %q", text), func() bool { return strings.Contains(p.output(), text) }, p.output)
}

func await(t *testing.T, what string, done func() bool, more func() string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s\n%s", what, more())
		}
	}
}

// rig is a mail house, and a config and database for it in a folder.
type rig struct {
	*loopmail.Server
	dir, config string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, loopmail.Config{Users: storyUsers()})
}

func newRigOn(t *testing.T, house loopmail.Config) *rig {
	t.Helper()
	h, err := loopmail.Start(house)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	r := &rig{Server: h, dir: t.TempDir()}
	r.config = filepath.Join(r.dir, "gatepost.toml")
	imapHost, imapPort, _ := splitAddr(h.IMAPAddr)
	smtpHost, smtpPort, _ := splitAddr(h.SMTPAddr)
	r.write(t, "gatepost.toml", story.Config(imapHost, imapPort, smtpHost, smtpPort))
	r.write(t, "robot.pass", demoPassword+"\n")
	r.write(t, "gatepost.secret", scriptSecret+"\n")
	db, err := store.Create(filepath.Join(r.dir, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) edit(t *testing.T, name, old, with string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil || !strings.Contains(string(b), old) {
		t.Fatalf("%s has no %q (%v)", name, old, err)
	}
	r.write(t, name, strings.Replace(string(b), old, with, 1))
}

func (r *rig) task(t *testing.T, id string) {
	t.Helper()
	raw := "From: Priya <" + story.Priya + ">\r\nTo: shop+web@acme.example\r\nSubject: " + id + "\r\nMessage-ID: <" + id + "@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n"
	if err := r.Inject(story.Priya, []string{"shop+web@acme.example"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) letters(t *testing.T, n int, p *process) {
	t.Helper()
	await(t, fmt.Sprintf("Priya gets letter %d", n), func() bool { return len(r.Mailbox(story.Priya)) >= n }, p.output)
}

// The service reads mail, refuses a second one by its pid, keeps its config
// when the new one has mistakes, takes it when it has none, and ends cleanly.
func TestRunProcess(t *testing.T) {
	r := newRig(t)
	commandOutput(t, "--config", r.config, "once") // the first start
	p := startProcess(t, "run", "--config", r.config)
	r.task(t, "one")
	r.letters(t, 1, p)

	for _, command := range []string{"run", "once"} {
		second := startProcess(t, command, "--config", r.config)
		err := second.Wait()
		if err == nil || second.ProcessState.ExitCode() != exitFailed || !strings.Contains(second.output(), fmt.Sprint(p.Process.Pid)) {
			t.Errorf("a second one (%s) ends with %v and says: %s", command, err, second.output())
		}
	}
	if out := commandOutput(t, "--config", r.config, "status"); !strings.Contains(out, "#1    one (") {
		t.Errorf("status beside the service: %s", out)
	}
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Errorf("verify beside the service: %s", out)
	}

	r.edit(t, "gatepost.toml", `timezone = "Europe/Berlin"`, `timezone = "Europe/Berln"`)
	p.Process.Signal(syscall.SIGHUP)
	p.says(t, "the old one stays")
	p.says(t, "Europe/Berln")
	r.task(t, "two")
	r.letters(t, 2, p)
	r.edit(t, "gatepost.toml", `timezone = "Europe/Berln"`, `timezone = "Europe/Lisbon"`)
	p.Process.Signal(syscall.SIGHUP)
	p.says(t, "gatepost runs on, with the config as it is now")
	p.says(t, "Europe/Lisbon")
	r.task(t, "three")
	r.letters(t, 3, p)

	p.Process.Signal(syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		t.Errorf("SIGTERM ends it with %v: %s", err, p.output())
	}
	p.says(t, "gatepost ends, as it was told to")
	if n := strings.Count(p.output(), "gatepost runs\""); n != 1 {
		t.Errorf("a start is told %d times, so none can be told from a changed config: %s", n, p.output())
	}
	for _, left := range []string{"gatepost.db-wal", "gatepost.db-shm"} {
		if _, err := os.Stat(filepath.Join(r.dir, left)); err == nil {
			t.Errorf("%s is left behind", left)
		}
	}
	if strings.Contains(p.output(), demoPassword+"\n") || strings.Contains(p.output(), scriptSecret) {
		t.Error("a secret stands in the log")
	}
}

// A member's mail that a mailing list brought has no effect, and only the log
// can tell why: as a warning. What the list brought from others is none.
func TestMemberThroughAListIsLogged(t *testing.T) {
	r := newRig(t)
	for i, from := range []string{story.Stranger, story.Priya} {
		raw := fmt.Sprintf("From: <%s>\r\nTo: shop+web@acme.example\r\nSubject: news\r\nMessage-ID: <list%d@x.example>\r\nList-Id: <devs.acme.example>\r\n\r\nDone: d\r\n", from, i)
		if err := r.Deliver(story.Team, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	p := startProcess(t, "once", "--from-start", "--config", r.config)
	if err := p.Wait(); err != nil {
		t.Fatalf("%v: %s", err, p.output())
	}
	var warned []string
	for line := range strings.Lines(p.output()) {
		if strings.Contains(line, "msg=mail ") && strings.Contains(line, "level=WARN") {
			warned = append(warned, line)
		}
	}
	if len(warned) != 1 || !strings.Contains(warned[0], story.Priya) {
		t.Errorf("warnings %q of: %s", warned, p.output())
	}
}

// A database beside a secret that its letters were not written with (restored
// from two places, or written anew by mistake) is told at the start and by
// check: every reply would be held.
func TestAnotherSecretIsTold(t *testing.T) {
	r := newRig(t)
	r.task(t, "one")
	commandOutput(t, "--config", r.config, "once", "--from-start")
	const told = "carry another secret than gatepost.secret"
	check := func() string {
		p := startProcess(t, "check", "--wait", "10ms", "--config", r.config)
		_ = p.Wait() // of what else there is, it may say what it likes
		return p.output()
	}
	if out := check(); strings.Contains(out, told) {
		t.Errorf("with the right one: %s", out)
	}
	if err := os.Rename(filepath.Join(r.dir, "gatepost.secret"), filepath.Join(r.dir, "before.secret")); err != nil {
		t.Fatal(err)
	}
	r.write(t, "gatepost.secret", "0123456789 of another secret entirely 0123456789\n")
	if out := check(); !strings.Contains(out, told) || strings.Contains(out, "another secret entirely") {
		t.Errorf("check: %s", out)
	}
	p := startProcess(t, "run", "--config", r.config)
	p.says(t, told)
	r.edit(t, "gatepost.toml", `file = "gatepost.secret"`, "file = \"gatepost.secret\"\nold = [\"before.secret\"]")
	if out := check(); strings.Contains(out, told) {
		t.Errorf("with the old one named: %s", out)
	}
}

// What cannot work says what and how to mend it, and loses nothing.
func TestOnceInTrouble(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, closed, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	for _, c := range []struct {
		name  string
		spoil func(r *rig)
		want  []string
	}{
		{"wrong password", func(r *rig) { r.write(t, "robot.pass", "wrong\n") }, []string{"refused", "password_file", story.Team}},
		{"unreachable host", func(r *rig) {
			_, port, _ := net.SplitHostPort(r.IMAPAddr)
			r.edit(t, "gatepost.toml", "port = "+port, "port = "+closed)
		}, []string{"127.0.0.1:" + closed}},
		{"no password", func(r *rig) { os.Remove(filepath.Join(r.dir, "robot.pass")) }, []string{"robot.pass"}},
		{"secret for all", func(r *rig) { os.Chmod(filepath.Join(r.dir, "gatepost.secret"), 0o644) }, []string{"gatepost.secret", "chmod 600"}},
		{"no secret", func(r *rig) { os.Remove(filepath.Join(r.dir, "gatepost.secret")) }, []string{"gatepost.secret", "gatepost init"}},
		{"no database", func(r *rig) { os.Remove(filepath.Join(r.dir, "gatepost.db")) }, []string{"gatepost.db", "gatepost init"}},
		{"no database but text", func(r *rig) { r.write(t, "gatepost.db", strings.Repeat("text\n", 1000)) }, []string{"gatepost.db", "not a"}},
		{"unknown key", func(r *rig) { r.edit(t, "gatepost.toml", "poll =", "pol =") }, []string{"gatepost.toml:7:", "pol", "poll"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			c.spoil(r)
			r.task(t, "waiting")
			p := startProcess(t, "once", "--from-start", "--config", r.config)
			if err := p.Wait(); err == nil || p.ProcessState.ExitCode() != exitFailed {
				t.Errorf("ends with %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(p.output(), w) {
					t.Errorf("does not say %q:\n%s", w, p.output())
				}
			}
			if strings.Contains(p.output(), "goroutine") {
				t.Errorf("panics:\n%s", p.output())
			}
			if n := len(r.Mailbox(story.Team)); n != 1 {
				t.Errorf("%d mails in the mailbox, want the one that waits", n)
			}
		})
	}
}

func TestDemoPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := startProcess(t, "demo", "--once", "--imap", taken.Addr().String())
	if err := p.Wait(); err == nil || !strings.Contains(p.output(), taken.Addr().String()) || !strings.Contains(p.output(), "another program") {
		t.Errorf("ends with %v: %s", err, p.output())
	}
}

// The demo stays up after the story until it is told to end.
func TestDemoStaysUp(t *testing.T) {
	p := startProcess(t, "demo", "--plain", "--dir", t.TempDir())
	p.says(t, "stay up until Ctrl-C")
	p.Process.Signal(syscall.SIGINT)
	if err := p.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v: %s", err, p.output())
	}
}

// Neither password nor secret nor the tokens of letters stand in the log, even
// a verbose one, in status or in the numbers; nor does a wrong password.
func TestNoSecretIsTold(t *testing.T) {
	users := storyUsers()
	users[story.Team] = "hunter2-good"
	r := newRigOn(t, loopmail.Config{Users: users})
	r.write(t, "robot.pass", "hunter2-good\n")
	listen := "127.0.0.1:" + freePort(t)
	r.edit(t, "gatepost.toml", "[[team]]", "[operator]\nlisten = \""+listen+"\"\n\n[[team]]")
	p := startProcess(t, "run", "--config", r.config, "--verbose", "--from-start")
	r.task(t, "cart")
	await(t, "a letter to the PM", func() bool { return len(r.Mailbox(story.Priya)) > 0 }, p.output)
	told := commandOutput(t, "status", "--config", r.config) + commandOutput(t, "status", "--json", "--config", r.config) + commandOutput(t, "health", "--config", r.config)
	answer, err := http.Get("http://" + listen + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, "robot.pass", "hunter2-wrong\n")
	r.Cut()
	p.says(t, "login refused")
	told += p.output() + string(metrics)
	tokens := regexp.MustCompile(`shop\+t1[^.@]*\.([a-z2-7]{16})@`).FindSubmatch(r.Mailbox(story.Priya)[0])
	if tokens == nil {
		t.Fatalf("no token in:\n%s", r.Mailbox(story.Priya)[0])
	}
	for _, secret := range []string{"hunter2", scriptSecret, string(tokens[1])} {
		if strings.Contains(told, secret) {
			t.Errorf("%q is told:\n%s", secret, told)
		}
	}
}
