package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// leaves are the commands that do something, as words.
func leaves(c *cobra.Command, path []string) (list [][]string) {
	for _, sub := range c.Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		words := append(append([]string{}, path...), sub.Name())
		if sub.HasSubCommands() {
			list = append(list, leaves(sub, words)...)
		}
		if sub.Runnable() {
			list = append(list, words)
		}
	}
	return list
}

// No command asks a question off a terminal: with nobody behind its standard
// input, which never ends, each comes to its end by itself, with an exit status
// that is one of ours.
func TestNothingAsksOffATerminal(t *testing.T) {
	t.Parallel() // it waits more than it works
	r := newRig(t)
	r.write(t, "old.mbox", oldMailbox().String())
	given := map[string][]string{ // arguments that let it go as far as it can
		"import": {r.dir + "/old.mbox", "--go"}, "forget": {"gone@acme.example", "--yes"}, "export": {"--format", "md"}, "record": {"1"}, "search": {"x"},
		"backup": {r.dir + "/copy.db"}, "person add": {"kim@acme.example", "--role", "reader"}, "person retire": {"kim@acme.example"},
		"check": {"--wait", "20s"}, "init": {"--dir", r.dir + "/new"}, "held drop": {"1"}, "outbox drop": {"1"},
	}
	stays := []string{"run", "demo", "letters"} // until they are told to end; letters draws for minutes
	silence, talk, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	defer silence.Close()
	n := 0
	for _, words := range leaves(newRootCommand(), nil) {
		name := strings.Join(words, " ")
		if strings.Contains(strings.Join(stays, " ")+" ", words[0]+" ") {
			continue
		}
		n++
		p := &process{Cmd: exec.Command(os.Args[0], append(append(words, given[name]...), "--config", r.config)...)}
		p.Env, p.Dir, p.Stdin = append(os.Environ(), "GATEPOST_TEST_MAIN=1"), r.dir, silence
		p.Stdout, p.Stderr = p, p
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- p.Wait() }()
		gone := false
		await(t, fmt.Sprintf("`gatepost %s` ends", name), func() bool {
			select {
			case <-ended:
				gone = true
			default:
			}
			return gone
		}, p.output)
		if code := p.ProcessState.ExitCode(); code < 0 || code > exitUsage || strings.Contains(p.output(), "goroutine ") {
			t.Errorf("%s: exit %d: %s", name, code, p.output())
		}
	}
	if n < 30 {
		t.Errorf("only %d commands were run", n)
	}
}

// What a script would want to read is to be had as JSON, and is JSON.
func TestJSONEverywhere(t *testing.T) {
	r := newRig(t)
	r.task(t, "one")
	if err := r.Inject("gone@acme.example", []string{"shop@acme.example"}, []byte("From: gone@acme.example\r\nTo: shop@acme.example\r\nMessage-ID: <gone@x.example>\r\n\r\nhello\r\n")); err != nil {
		t.Fatal(err)
	}
	commandOutput(t, "--config", r.config, "once", "--from-start")
	r.write(t, "old.mbox", oldMailbox().String())
	for _, words := range []string{
		"status", "person list", "people", "stream list", "held", "parked", "outbox", "outbox --state all", "record 1", "search one", "verify",
		"import " + r.dir + "/old.mbox", "forget gone@acme.example",
	} {
		out := commandOutput(t, append(strings.Fields(words), "--json", "--config", r.config)...)
		if !json.Valid([]byte(out)) || len(out) < 3 {
			t.Errorf("%s --json is no JSON: %q", words, out)
		}
	}
	if out := commandOutput(t, "--config", r.config, "outbox", "--state", "all", "--json"); !strings.Contains(out, `"kind": "received"`) {
		t.Errorf("outbox: %s", out)
	}
	p := startProcess(t, "--config", r.config, "outbox", "--state", "stuck")
	if err := p.Wait(); err == nil || p.ProcessState.ExitCode() != exitUsage {
		t.Errorf("a state that is none: %v", err)
	}
}

// Long work shows how far it is where somebody sits, and nowhere else.
func TestProgressOnATerminal(t *testing.T) {
	r := newRig(t)
	r.write(t, "old.mbox", oldMailbox().String())
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	fd := int(terminal.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	run := func(stderr *os.File) string {
		t.Helper()
		cmd := exec.Command(os.Args[0], "--config", r.config, "import", r.dir+"/old.mbox")
		cmd.Env = append(os.Environ(), "GATEPOST_TEST_MAIN=1")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if stderr != nil {
			cmd.Stderr = stderr
		}
		if err := cmd.Run(); err != nil {
			t.Fatal(err, out.String())
		}
		return out.String()
	}
	if out := run(nil); strings.Contains(out, "\x1b") || strings.Contains(out, "reading mails") {
		t.Errorf("progress off a terminal: %q", out)
	}
	plain := run(screen)
	shown := make([]byte, 4096)
	k, err := terminal.Read(shown)
	if err != nil || !strings.Contains(string(shown[:k]), "reading mails: 1") {
		t.Errorf("on the terminal: %q, %v", shown[:k], err)
	}
	if strings.Contains(plain, "\x1b") {
		t.Errorf("standard output has it: %q", plain)
	}
}
