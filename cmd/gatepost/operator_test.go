package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/story"
	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

// commandError is what a command fails with, after what it printed.
func commandError(t *testing.T, args ...string) (printed string, err error) {
	t.Helper()
	root := newRootCommand()
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(io.Discard)
	root.SetArgs(args)
	err = root.ExecuteContext(context.Background())
	return out.String(), err
}

// prepared is a config with a database in which f was done.
func prepared(t *testing.T, f func(cfg *Config, db *store.DB)) (config string) {
	t.Helper()
	r := newRig(t)
	cfg, err := readConfig(r.config)
	must(t, err)
	db, err := store.Open(cfg.Store.Path)
	must(t, err)
	must(t, db.Begin(t.Context(), "INBOX", 1, 0, time.Now()))
	must(t, db.Polled(t.Context(), "INBOX", time.Now()))
	f(cfg, db)
	must(t, db.Close())
	return r.config
}

// A script goes by the exit status: damage is a failure, in either form.
func TestVerifyFails(t *testing.T) {
	config := prepared(t, func(_ *Config, db *store.DB) {
		execOn(t, db, `INSERT INTO team (address) VALUES ('shop@acme.example'); UPDATE team SET last_task = 9`)
	})
	for _, form := range [][]string{{}, {"--json"}} {
		out, err := commandError(t, append([]string{"--config", config, "verify"}, form...)...)
		if err == nil || !strings.Contains(err.Error(), "1 things are wrong") || !strings.Contains(out, "the counters") || strings.Contains(out, "clean:") {
			t.Errorf("verify %q: %v: %s", form, err, out)
		}
	}
}

// health fails while letters are tried in vain, though mail is read.
func TestHealthOfSending(t *testing.T) {
	config := prepared(t, func(cfg *Config, db *store.DB) {
		team, long := cfg.Teams[0].Address, time.Now().Add(-time.Hour)
		must(t, db.Commit(t.Context(), store.Step{Team: team, At: long, Letters: []loop.Letter{{Kind: loop.Comment, Team: team, To: story.Priya, Due: long}}}))
		must(t, db.LaterPost(t.Context(), 1, time.Now().Add(time.Hour), "no route"))
	})
	if out, err := commandError(t, "--config", config, "health"); err == nil || !strings.Contains(err.Error(), "no letter is taken") {
		t.Errorf("health: %v: %s", err, out)
	}
}

// What was asked for and is not there is a failure, and what stands before and behind
// it in the list is done.
func TestListsFail(t *testing.T) {
	config := prepared(t, func(cfg *Config, db *store.DB) {
		team := cfg.Teams[0].Address
		for i := range 2 {
			must(t, db.Commit(t.Context(), store.Step{Team: team, At: time.Now(), Letters: []loop.Letter{{Kind: loop.Comment, Team: team, To: story.Priya}}}))
			must(t, db.FailPost(t.Context(), int64(i+1), time.Now(), "no such user"))
		}
	})
	out, err := commandError(t, "--config", config, "outbox", "retry", "1", "99", "2")
	if err == nil || !strings.Contains(err.Error(), "no letter 99 waits") || strings.Count(out, "waits to be sent") != 2 {
		t.Errorf("retry: %v: %s", err, out)
	}
	if out := commandOutput(t, "--config", config, "outbox"); strings.Count(out, "waiting") != 2 {
		t.Errorf("outbox: %s", out)
	}
	for _, args := range [][]string{{"held", "release", "7"}, {"parked", "retry", "7"}, {"parked", "why", "7"}, {"export", "--task", "7"}, {"record", "7"}} {
		if out, err := commandError(t, append(args, "--config", config)...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
}

// What other programs read.
func TestStatusOf(t *testing.T) {
	shop := &loop.Team{Address: "shop@a.example", Streams: []loop.StreamPlan{{Name: "web", Engineer: "d@a.example"}, {Name: "app", Engineer: "e@a.example"}, {Name: "ops", Engineer: "e@a.example"}}}
	s := loop.NewState(shop)
	s.Streams["web"] = &loop.Stream{Name: "web", Current: 1, Queue: []int{3}}
	s.Streams["app"] = &loop.Stream{Name: "app", Current: 2, Paused: true}
	s.Tasks[1] = &loop.Task{Number: 1, Stream: "web", State: loop.AtGate}
	s.Tasks[2] = &loop.Task{Number: 2, Stream: "app", State: loop.Active, Question: &loop.Ask{}}
	s.Tasks[3] = &loop.Task{Number: 3, Stream: "web", State: loop.Queued}
	got := statusOf(s)
	var list []string
	number := func(n *int) int {
		if n == nil {
			return 0
		}
		return *n
	}
	for _, st := range got.Streams {
		list = append(list, fmt.Sprintln(st.Name, st.State, st.Engineer, number(st.Active), number(st.Gate), st.Queued))
	}
	for _, k := range got.Tasks {
		list = append(list, fmt.Sprintln(k.Number, k.State, k.Blocked))
	}
	if want := "web running d@a.example 0 1 [3]\napp paused e@a.example 2 0 []\nops running e@a.example 0 0 []\n1 gate false\n2 active true\n3 queued false\n"; strings.Join(list, "") != want {
		t.Errorf("%q, want %q", strings.Join(list, ""), want)
	}
	prepared(t, func(cfg *Config, db *store.DB) {
		for uid, verdict := range []string{store.Held, store.Parked, store.Parked, store.Ignored} {
			_, err := db.Receive(t.Context(), "INBOX", 1, uint32(uid+1), time.Now(), fmt.Appendf(nil, "mail %d", uid))
			must(t, err)
			must(t, db.Commit(t.Context(), store.Step{At: time.Now(), Mail: int64(uid + 1), Verdict: verdict}))
		}
		team := cfg.Teams[0].Address
		must(t, db.Commit(t.Context(), store.Step{Team: team, At: time.Now(), Letters: []loop.Letter{{Kind: loop.Comment, Team: team, To: story.Priya}, {Kind: loop.Comment, Team: team, To: story.Priya}, {Kind: loop.Comment, Team: team, To: story.Priya}}}))
		must(t, db.FailPost(t.Context(), 1, time.Now(), "no such user"))
		s, err := gatherStatus(t.Context(), cfg, db, true)
		if err != nil || s.Held != 1 || s.Parked != 2 || s.Outbox != (outboxStatus{Waiting: 2, Failed: 1}) {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// No text ends its own fence.
func TestFence(t *testing.T) {
	for text, mark := range map[string]string{"a": "```", "a\n```\nb": "````", "a ````` b": "``````"} {
		if got := fence(text); !strings.HasPrefix(got, "  "+mark+"text\n") || !strings.HasSuffix(got, "\n  "+mark) {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// What is there already stays: a link of somebody else's is not followed.
func TestAttachmentsWriteOverNothing(t *testing.T) {
	s := newShelf(t)
	s.raw(t, s.now, "From: <"+story.Priya+">\r\nTo: shop+web@acme.example\r\nSubject: one\r\nMessage-ID: <one@x.example>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nProblem: p\r\n\r\nDone: d\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\n\r\nnew\r\n--b--\r\n")
	s.readAll(t)
	folder := t.TempDir()
	old := filepath.Join(folder, "1", "1-1-a.txt")
	for range 2 {
		must(t, writeAttachments(t.Context(), s.db, s.teams, 0, folder))
		b, err := os.ReadFile(old)
		must(t, err)
		if string(b) == "mine" {
			return
		}
		if !strings.HasPrefix(string(b), "new") {
			t.Fatalf("written: %q", b)
		}
		must(t, os.WriteFile(old, []byte("mine"), 0o600))
	}
	t.Error("the file was written over")
}

// A word that means something in a language of the team's letters gives no other
// command; and the operator is no team, whatever the tag.
func TestConfigOfWordsAndOperator(t *testing.T) {
	good := string(goodConfig(t))
	for _, code := range []string{"de", "es"} {
		for _, word := range parse.WordsOf([]string{code})["done"] {
			_, file := configDir(t, []byte(strings.Replace(strings.Replace(good, `"Freigegeben"`, fmt.Sprintf("%q", word), 1), "trust =", fmt.Sprintf("language = %q\ntrust =", code), 1)))
			var bad *configError
			if _, err := readConfig(file); !errors.As(err, &bad) || !strings.Contains(err.Error(), `already means "done"`) {
				t.Errorf("approve = [%q] in %s: %v", word, code, err)
			}
		}
	}
	_, file := configDir(t, []byte(strings.Replace(good, "ops@acme.example", "shop+ops@acme.example", 1)))
	if _, err := readConfig(file); err == nil || !strings.Contains(err.Error(), `is the address of team "Shop"`) {
		t.Errorf("an operator who is the team: %v", err)
	}
}

// Old mail has no say in a task that was opened by mail, and our own letters, what is
// encrypted and what comes from the future are what they are.
func TestImportLeavesAlone(t *testing.T) {
	box := &oldBox{}
	box.mail("Priya <"+story.Priya+">", "live@x.example", "", "Live", "Problem: p\r\n\r\nDone: d")
	live := box.Bytes()[strings.Index(box.String(), "\n")+1:]
	box.mail("Priya <"+story.Priya+">", "reply@x.example", "live@x.example", "Re: Live", "an old word")
	box.mail("Priya <"+story.Priya+">", "own@acme.example", "", "A letter", "words", "X-Gatepost-Letter: gate", "Auto-Submitted: auto-generated")
	box.mail("Priya <"+story.Priya+">", "enc@x.example", "", "Secret", "words", "Content-Type: multipart/encrypted; boundary=b")
	box.at = time.Now().AddDate(5, 0, 0)
	box.mail("Priya <"+story.Priya+">", "future@x.example", "", "Future", "Problem: p\r\n\r\nDone: d")
	var cfg *Config
	config := prepared(t, func(c *Config, db *store.DB) {
		cfg = c
		_, err := db.Receive(t.Context(), "INBOX", 1, 1, time.Now(), []byte(strings.TrimSuffix(string(live), "\n")))
		must(t, err)
		_, err = newStepper(db, c, silent(), nil).all(t.Context(), time.Now)
		must(t, err)
	})
	file := filepath.Join(t.TempDir(), "old.mbox")
	must(t, os.WriteFile(file, box.Bytes(), 0o600))
	r := reportOf(t, "--config", config, "import", file, "--go")
	var left []string
	for _, l := range r.NotTaken {
		left = append(left, l.Reason)
	}
	all := strings.Join(left, "; ")
	for _, want := range []string{"known already", "the thread is that of a task already", "a letter of Gatepost itself", "encrypted"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among what was left: %s", want, all)
		}
	}
	if len(r.Threads) != 1 || r.Threads[0].Title != "Future" || r.Threads[0].To > time.Now().UTC().Format(time.DateOnly) {
		t.Errorf("imported %+v", r.Threads)
	}
	db, err := store.Open(cfg.Store.Path)
	must(t, err)
	defer db.Close()
	state, err := db.Load(t.Context(), cfg.Teams[0], store.Want{All: true})
	must(t, err)
	if n := len(state.Tasks[1].Notes); n != 0 || len(state.Tasks) != 2 {
		t.Errorf("%d words were added to the live task, of %d", n, len(state.Tasks))
	}
}
