package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/internal/story"
	"gatepost/store"
)

// forgetRig has Dana in a task of web, told of and quoted by others, with mails
// held, answered and searched, and then out of the config.
func forgetRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.task(t, "one")
	send := func(from, id, subject, text string, more ...string) {
		t.Helper()
		raw := "From: " + from + "\r\nTo: shop+web@acme.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + ">\r\n" + strings.Join(append(more, "", text, ""), "\r\n")
		if err := r.Inject(story.Priya, []string{"shop+web@acme.example"}, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	commandOutput(t, "--config", r.config, "once", "--from-start")
	send("Dana Kimura <"+story.Dana+">", "d1@dana-host.example", "[#1] one", "The zanzibar cache was stale; I mended it.", "References: <one@x.example>", "In-Reply-To: <one@x.example>")
	send("Dana Kimura <"+story.Dana+">", "d2@dana-host.example", "A proposal about quagga", "Problem: the quagga import is slow.\r\n\r\nDone: it is fast.")
	send("Priya <"+story.Priya+">", "p1@x.example", "[#1] one", "Thank you, Dana Kimura!\r\n\r\nOn Monday, Dana wrote:\r\n> The zanzibar cache was stale", "In-Reply-To: <one@x.example>")
	send("Priya <"+story.Priya+">", "p2@x.example", "coded", base64.StdEncoding.EncodeToString([]byte("Problem: ask Dana Kimura about lemurs.\r\n\r\nDone: lemurs are there.")), "Content-Type: text/plain", "Content-Transfer-Encoding: base64")
	send("Someone <kim@client.example>", "k1@x.example", "to "+story.Dana, "hello")
	commandOutput(t, "--config", r.config, "once")
	r.edit(t, "gatepost.toml", story.Dana, "newcomer@acme.example")
	r.edit(t, "gatepost.toml", story.Dana, "newcomer@acme.example")
	r.edit(t, "gatepost.toml", "Dana Kim", "New Comer")
	for _, p := range outboxWaiting(t, r) {
		if p.Letter.To != story.Dana {
			commandOutput(t, "--config", r.config, "outbox", "drop", fmt.Sprint(p.Serial))
		}
	}
	return r
}

func outboxWaiting(t *testing.T, r *rig) []store.Posted {
	t.Helper()
	db, err := store.OpenReader(filepath.Join(r.dir, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, err := db.Outbox(t.Context(), store.PostFilter{State: store.PostWaiting})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// packedIn is every mail and letter of a database, which keeps them packed.
func packedIn(t *testing.T, file string) (all []byte) {
	t.Helper()
	db, err := store.OpenReader(file)
	must(t, err)
	defer db.Close()
	last, err := db.LastMail(t.Context())
	must(t, err)
	for id := int64(1); id <= last; id++ {
		raw, err := db.Raw(t.Context(), id)
		must(t, err)
		all = append(all, raw...)
	}
	posts, err := db.Outbox(t.Context(), store.PostFilter{})
	must(t, err)
	for _, p := range posts {
		post, err := db.PostBySerial(t.Context(), p.Serial)
		must(t, err)
		all = append(all, post.Raw...)
	}
	return all
}

// Nothing of a forgotten person is left in the file, in whatever case or coding
// it came; the record keeps its shape and folds to the state, and a second time
// finds nothing.
func TestForget(t *testing.T) {
	r := forgetRig(t)
	file := filepath.Join(r.dir, "gatepost.db")
	left := func() (found []string) {
		for _, name := range []string{file, file + "-wal"} {
			b, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if name == file {
				b = append(b, packedIn(t, file)...)
			}
			b = bytes.ToLower(b)
			for _, word := range []string{"dana@", "kimura", "zanzibar", "quagga", "dana-host", "dana", base64.StdEncoding.EncodeToString([]byte("Problem: ask Dana"))[:16]} {
				if bytes.Contains(b, bytes.ToLower([]byte(word))) {
					found = append(found, word)
				}
			}
		}
		return found
	}
	if n := len(left()); n < 7 {
		t.Fatalf("only %d of the words are there before: %v", n, left())
	}
	shape := func() string {
		out := commandOutput(t, "--config", r.config, "record", "1") + commandOutput(t, "--config", r.config, "status")
		var lines []string
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); !strings.HasPrefix(line, "    ") || len(f) > 0 && strings.HasPrefix(f[0], "#") {
				if f[0] == "outbox:" {
					continue
				}
				if strings.HasPrefix(f[0], "#") { // without the title
					f = []string{f[0], line[strings.LastIndexByte(line, '('):]}
				}
				lines = append(lines, strings.Join(f[:min(2, len(f))], " "))
			}
		}
		return strings.Join(lines, "\n")
	}
	before := shape()
	dry := commandOutput(t, "--config", r.config, "forget", story.Dana)
	for _, want := range []string{"names: Dana Kimura", "mails of theirs wiped: 2", "nothing was changed: --yes"} {
		if !strings.Contains(dry, want) {
			t.Errorf("%q is not in %s", want, dry)
		}
	}
	if n := len(left()); n < 7 {
		t.Fatalf("the dry run changed something: %v", left())
	}
	out := commandOutput(t, "--config", r.config, "forget", story.Dana, "--yes")
	if !strings.Contains(out, "forgotten-1@invalid") {
		t.Errorf("says %s", out)
	}
	if found := left(); len(found) > 0 {
		t.Errorf("still in the file: %v", found)
	}
	if after := shape(); after != before {
		t.Errorf("the shape was\n%s\nand is\n%s", before, after)
	}
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Error(out)
	}
	if out := commandOutput(t, "--config", r.config, "search", "lemurs"); !strings.Contains(out, "ask [forgotten] about lemurs") {
		t.Errorf("what others said is not found: %q", out)
	}
	if out := commandOutput(t, "--config", r.config, "search", "zanzibar"); out != "" {
		t.Errorf("their words are found: %s", out)
	}
	again := startProcess(t, "--config", r.config, "forget", story.Dana)
	if err := again.Wait(); err == nil || !strings.Contains(again.output(), "nothing of "+story.Dana+" is kept here") {
		t.Errorf("a second time: %v: %s", err, again.output())
	}
	r.task(t, "three")
	commandOutput(t, "--config", r.config, "once")
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Error(out)
	}
}

// An address that nobody has had is a mistake, and changes nothing.
func TestForgetNobody(t *testing.T) {
	r := forgetRig(t)
	file := filepath.Join(r.dir, "gatepost.db")
	before, err := os.ReadFile(file)
	must(t, err)
	for _, args := range []string{"forget typo@acme.example", "forget typo@acme.example --yes", "forget typo@acme.example --json"} {
		p := startProcess(t, append([]string{"--config", r.config}, strings.Fields(args)...)...)
		if err := p.Wait(); err == nil || p.ProcessState.ExitCode() != exitFailed || !strings.Contains(p.output(), "nothing of typo@acme.example is kept here") || strings.Contains(p.output(), "forgotten;") {
			t.Errorf("%s: %v: %s", args, err, p.output())
		}
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed (%v)", err)
	}
}

// Who is in the config, and a database that a service is on, are refused.
func TestForgetRefused(t *testing.T) {
	r := newRig(t)
	commandOutput(t, "--config", r.config, "once")
	for args, want := range map[string]string{
		"forget " + story.Dana: "person retire", "forget dana": "no mail address", "forget shop@acme.example": "is a team",
	} {
		p := startProcess(t, append([]string{"--config", r.config}, strings.Fields(args)...)...)
		if err := p.Wait(); err == nil || !strings.Contains(p.output(), want) {
			t.Errorf("%s: %v: %s", args, err, p.output())
		}
	}
	r.task(t, "one")
	p := startProcess(t, "run", "--config", r.config)
	r.letters(t, 1, p)
	f := startProcess(t, "--config", r.config, "forget", "gone@acme.example", "--yes")
	if err := f.Wait(); err == nil || !strings.Contains(f.output(), "stop that one first") {
		t.Errorf("beside a service: %v: %s", err, f.output())
	}
}
