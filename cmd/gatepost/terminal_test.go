package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"gatepost/internal/story"
)

// terminal is a program on a terminal of its own (pty(7)), and what one sees
// there.
type terminal struct {
	*exec.Cmd
	master *os.File
	mu     sync.Mutex
	seen   bytes.Buffer
}

func onTerminal(t *testing.T, dir string, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	self, err := os.Executable() // the process begins in another folder
	if err != nil {
		t.Fatal(err)
	}
	p := &terminal{Cmd: exec.Command(self, args...), master: master}
	p.Dir, p.Env = dir, append(os.Environ(), "GATEPOST_TEST_MAIN=1")
	p.Stdin, p.Stdout, p.Stderr = slave, slave, slave
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	go func() { // ends with the terminal
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			p.mu.Lock()
			p.seen.Write(buffer[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *terminal) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.String()
}

// answer types a line when the question has come.
func (p *terminal) answer(t *testing.T, question, line string) {
	t.Helper()
	await(t, "the question "+question, func() bool { return strings.Contains(p.screen(), question) }, p.screen)
	if _, err := p.master.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
}

// On a terminal init asks for what is missing, five things where the provider
// is known, and does not show the password.
func TestInitOnATerminal(t *testing.T) {
	dir := t.TempDir()
	p := onTerminal(t, dir, "init")
	p.answer(t, "mail address", "shop@gmail.com")
	p.answer(t, "not shown", "abcd efgh ijkl mnop")
	p.answer(t, "time zone", "Europe/Berlin")
	p.answer(t, "The PM", "Priya Nair <priya@acme.example>")
	p.answer(t, "The first stream", "web=Dana Roy <dana@acme.example>")
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.screen())
	}
	await(t, "the end", func() bool { return strings.Contains(p.screen(), "Next: gatepost check") }, p.screen)
	if strings.Contains(p.screen(), "abcd") {
		t.Errorf("the password is shown:\n%s", p.screen())
	}
	c, err := readConfig(filepath.Join(dir, "gatepost.toml"), needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	if password, err := c.IMAP.Password.Read(); err != nil || password != "abcdefghijklmnop" {
		t.Errorf("%q, %v", password, err)
	}
}

// A browser on another machine ends at a page that it cannot find; its address
// is pasted.
func TestLoginOnATerminal(t *testing.T) {
	r, a := newOAuthRig(t, "XOAUTH2")
	p := onTerminal(t, r.dir, "login", "--config", r.config)
	await(t, "the page", func() bool { return strings.Contains(p.screen(), "If the browser is on another machine") }, p.screen)
	far := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := far.Get(shownPage.FindString(p.screen()))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	p.answer(t, "paste", answer.Header.Get("Location"))
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.screen())
	}
	c, err := (&globals{config: r.config}).read(needServers)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := c.IMAP.Grant.Token(t.Context(), ""); err != nil || a.Who(token) != story.Team {
		t.Errorf("%v", err)
	}
}
