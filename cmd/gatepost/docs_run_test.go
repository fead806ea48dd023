package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gatepost/internal/authhouse"
	"gatepost/internal/story"
	"gatepost/store"
)

// docsRig is a team in the middle of its work, with something of everything
// that an operator may have to look at: a task, a held mail, a parked one, a
// letter that was refused, and an address that was seen with evidence.
func docsRig(t *testing.T) (*rig, map[string]string) {
	t.Helper()
	r := newRig(t)
	t.Chdir(r.dir)
	r.edit(t, "gatepost.toml", `trust = "token"`, `trust = "seen"`)
	r.edit(t, "gatepost.toml", "[[team]]", "[evidence]\nauthserv_id = \"mx.acme.example\"\n[operator]\nemail = \"nobody@acme.example\"\n\n[[team]]")
	deliver := func(raw string) {
		t.Helper()
		if err := r.Deliver(story.Team, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	mail := "From: Priya <" + story.Priya + ">\r\nTo: shop+web@acme.example\r\nSubject: cart\r\nMessage-ID: <cart@x.example>\r\n\r\nProblem: the cart is empty.\r\n\r\nDone: the cart is full.\r\n"
	deliver("Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example\r\n" + mail)
	deliver("From: gone@acme.example\r\nTo: shop+web@acme.example\r\nSubject: gone\r\nMessage-ID: <gone@x.example>\r\nAuto-Submitted: auto-replied\r\n\r\nI work here no more.\r\n")
	deliver("From: client@customer.example\r\nTo: shop+web@acme.example\r\nSubject: hello\r\nMessage-ID: <hello@x.example>\r\n\r\nHello.\r\n")
	deliver("From: client@customer.example\r\nTo: shop@acme.example\r\n" + strings.Repeat("X: y\r\n", 2000) + "\r\nToo many fields.\r\n")
	r.write(t, "cart.eml", mail)
	r.write(t, "old.mbox", oldMailbox().String())
	if err := os.Mkdir("mails", 0o700); err != nil {
		t.Fatal(err)
	}
	r.write(t, "mails/cart.eml", mail)
	commandOutput(t, "once", "--from-start")
	r.edit(t, "gatepost.toml", "[evidence]\nauthserv_id = \"mx.acme.example\"\n", "") // the house lets forgeries through, which check would say

	db, err := store.OpenReader("gatepost.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	held, err := db.Held(t.Context())
	if err != nil || len(held) != 1 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	parked, err := db.Parked(t.Context())
	if err != nil || len(parked) != 1 {
		t.Fatalf("%d parked, %v", len(parked), err)
	}
	failed, err := db.Outbox(t.Context(), store.PostFilter{State: store.PostFailed})
	if err != nil || len(failed) != 1 {
		t.Fatalf("%d failed, %v", len(failed), err)
	}
	return r, map[string]string{
		"held ID": strconv.FormatInt(held[0].ID, 10), "parked ID": strconv.FormatInt(parked[0].ID, 10), "SERIAL": strconv.FormatInt(failed[0].Serial, 10),
		"ADDRESS": story.Priya, "F": "gatepost.toml", "mails/": "mails",
	}
}

// Every command that a page of the documentation shows does what it is to do
// here: it ends well. What stands for a number, a file or an address is put in;
// what goes on until somebody ends it is ended.
func TestDocsRun(t *testing.T) {
	commands := docCommands(t) // found from here
	r, values := docsRig(t)
	slices.SortStableFunc(commands, func(a, b docCommand) int { // people are added and leave in the blocks of that page
		last := func(c docCommand) int {
			if c.file == "operating.md" && c.block {
				return 1
			}
			return 0
		}
		return last(a) - last(b)
	})
	done := map[string]bool{}
	for _, c := range commands {
		words := c.words()
		line := strings.Join(words, " ")
		if done[line] || len(words) == 0 || strings.HasPrefix(words[0], "…") || !c.block && namedAlone(words) {
			continue
		}
		done[line] = true
		for i, w := range words {
			switch {
			case w == "ID":
				words[i] = values[words[0]+" ID"]
			case w == "FILE" && words[0] == "parse":
				words[i] = "cart.eml"
			case w == "FILE" || w == "DIR":
				words[i] = filepath.Join(t.TempDir(), "out")
			case values[w] != "":
				words[i] = values[w]
			case w == "/etc/gatepost/gatepost.toml":
				words[i] = r.config
			}
		}
		t.Run(line, func(t *testing.T) {
			switch {
			case words[0] == "init":
				runDocsInit(t, words)
			case words[0] == "login":
				runDocsLogin(t, words)
			case words[0] == "run" || slices.Contains(words, "--watch"):
				p := startProcess(t, words...)
				p.says(t, map[bool]string{true: "gatepost runs", false: "mailbox: read up to"}[words[0] == "run"])
				if err := p.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if err := p.Wait(); err != nil {
					t.Errorf("%v\n%s", err, p.output())
				}
			default:
				if words[0] == "check" {
					words = append(words, "--wait", "20s")
				}
				commandOutput(t, words...)
			}
		})
	}
	if len(done) < 50 {
		t.Errorf("only %d commands were run", len(done))
	}
}

// namedAlone tells that a sentence names a command without what it needs.
func namedAlone(words []string) bool {
	cmd, rest, err := newRootCommand().Find(words)
	return err == nil && len(rest) == 0 && (cmd.ValidateArgs(nil) != nil || cmd.Name() == "person" || cmd.Name() == "stream")
}

// runDocsInit gives by flags what is not there to be asked for.
func runDocsInit(t *testing.T, words []string) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("imap.pass", []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, w := range words {
		if strings.HasPrefix(w, "/") {
			words[i] = filepath.Join(dir, filepath.Base(w))
		}
	}
	if slices.Contains(words, "--database") { // for a config that has lost both
		commandOutput(t, append([]string{"init"}, initFlags...)...)
		for _, name := range []string{"gatepost.db", "gatepost.secret"} {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	} else if !slices.Contains(words, "--address") {
		words = append(words, initFlags...)
	}
	commandOutput(t, words...)
	if _, err := os.Stat(filepath.Join(dir, "gatepost.toml")); err != nil {
		t.Error(err)
	}
}

// runDocsLogin is somebody who says yes, at a provider that has all that the
// command asks for.
func runDocsLogin(t *testing.T, words []string) {
	r, a := newOAuthRig(t, "XOAUTH2")
	a.Set(func(a *authhouse.Server) { a.Interval = 1 })
	t.Chdir(r.dir)
	for i, w := range words {
		if w == "8765" {
			words[i] = freePort(t)
		}
	}
	if out, err := logIn(t, words[1:]...); err != nil || !strings.Contains(out, "kept in mail.token") {
		t.Errorf("%v\n%s", err, out)
	}
	c, err := (&globals{config: r.config}).read(needServers)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := c.IMAP.Grant.Token(context.Background(), ""); err != nil || a.Who(token) != story.Team {
		t.Error(fmt.Sprint(err), a.Who(token))
	}
}
