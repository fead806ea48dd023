package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/story"
	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

// poisonVar makes this test binary, run as the program, fail at mails with
// certain words in them: by a panic, by never coming back, or by its end.
const poisonVar = "GATEPOST_TEST_POISON"

func init() {
	if os.Getenv(poisonVar) != "" {
		readMail = poisoned
	}
}

func poisoned(raw []byte, opt parse.Options) parse.Mail {
	switch {
	case bytes.Contains(raw, []byte("panic-poison")):
		var none *parse.Mail
		return *none
	case bytes.Contains(raw, []byte("hang-poison")):
		select {}
	case bytes.Contains(raw, []byte("kill-poison")):
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return parse.Read(raw, opt)
}

// shelf is a store with a stepper on it, on a clock that stands.
type shelf struct {
	*stepper
	db  *store.DB
	now time.Time
	uid uint32
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	r := newRig(t)
	cfg, err := readConfig(r.config, needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(cfg.Store.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Begin(t.Context(), "INBOX", 1, 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	s := &shelf{stepper: newStepper(db, cfg, silent(), nil), db: db, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	s.read = poisoned
	return s
}

func (s *shelf) put(t *testing.T, subject string) {
	t.Helper()
	s.uid++
	raw := fmt.Sprintf("From: <%s>\r\nTo: <shop+web@acme.example>\r\nSubject: %s\r\nMessage-ID: <%d@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n", story.Priya, subject, s.uid)
	if _, err := s.db.Receive(t.Context(), "INBOX", 1, s.uid, s.now, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) readAll(t *testing.T) {
	t.Helper()
	if _, err := s.all(t.Context(), func() time.Time { return s.now }); err != nil {
		t.Fatal(err)
	}
}

// lists are the reasons of the parked mails, and the titles of the tasks.
func (s *shelf) lists(t *testing.T) (parked []string, tasks []string) {
	t.Helper()
	mails, err := s.db.Parked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		parked = append(parked, m.Reason)
	}
	state, err := s.db.Load(t.Context(), s.teams[0], store.Want{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= state.LastTask; n++ {
		tasks = append(tasks, state.Tasks[n].Title)
	}
	if bad, err := s.db.Verify(t.Context(), s.teams); err != nil || len(bad) > 0 {
		t.Errorf("verify: %v %v", bad, err)
	}
	return parked, tasks
}

// A panic parks the one mail with its stack, and the next is read; after the
// fault is mended, `parked retry` reads it.
func TestPanicParksOneMail(t *testing.T) {
	s := newShelf(t)
	s.put(t, "panic-poison")
	s.put(t, "good")
	s.readAll(t)
	parked, tasks := s.lists(t)
	if len(parked) != 1 || !strings.Contains(parked[0], "nil pointer") || !strings.Contains(parked[0], "poison_test.go") {
		t.Errorf("parked with %q", parked)
	}
	if fmt.Sprint(tasks) != "[good]" {
		t.Errorf("tasks %q", tasks)
	}
	s.read = parse.Read
	if err := s.db.RetryParked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.readAll(t)
	if parked, tasks = s.lists(t); len(parked) != 0 || fmt.Sprint(tasks) != "[good panic-poison]" {
		t.Errorf("after the retry: parked %q, tasks %q", parked, tasks)
	}
}

// bounce takes in a report about a letter to Priya that was sent from an address.
func (s *shelf) bounce(t *testing.T, address string) {
	t.Helper()
	s.uid++
	raw := fmt.Sprintf("Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: <%s>\r\nSubject: Undelivered Mail\r\nMessage-ID: <%d@mx.example>\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"+
		"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n", address, s.uid, story.Priya)
	if _, err := s.db.Receive(t.Context(), "INBOX", 1, s.uid, s.now, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

// A bounce of a letter that is not here, be it forged, forgotten or written after
// the backup that was restored, is ignored, and the next mail is read. One of a
// letter that is here counts with the token of its address.
func TestBounceOfAnUnknownLetter(t *testing.T) {
	s := newShelf(t)
	team := s.teams[0]
	bounced := func() int {
		s.readAll(t)
		state, err := s.db.Load(t.Context(), team, store.Want{})
		if err != nil {
			t.Fatal(err)
		}
		return state.Presence(story.Priya).Bounced
	}
	s.bounce(t, team.ReplyAddress("b99", story.Priya))
	s.put(t, "good")
	s.readAll(t)
	if parked, tasks := s.lists(t); len(parked) != 0 || fmt.Sprint(tasks) != "[good]" {
		t.Errorf("parked %q, tasks %q", parked, tasks)
	}
	s.bounce(t, loop.Plus(team.Address, "b1.aaaaaaaaaaaaaaaa"))
	if n := bounced(); n != 0 {
		t.Errorf("forged: %d letters to Priya came back", n)
	}
	s.bounce(t, team.ReplyAddress("b1", story.Priya))
	if n := bounced(); n != 1 {
		t.Errorf("true: %d letters to Priya came back", n)
	}
}

// A mail whose reading never ends is given up, and the next is read.
func TestHangParksOneMail(t *testing.T) {
	s := newShelf(t)
	s.patience = 100 * time.Millisecond
	s.put(t, "hang-poison")
	s.put(t, "good")
	s.readAll(t)
	parked, tasks := s.lists(t)
	if len(parked) != 1 || !strings.Contains(parked[0], "longer than 100ms") || fmt.Sprint(tasks) != "[good]" {
		t.Errorf("parked %q, tasks %q", parked, tasks)
	}
}

// A panic in what is due at a time is told, stops no mail, and has its turn
// when it is mended.
func TestPanicInTick(t *testing.T) {
	s := newShelf(t)
	team := s.teams[0]
	holiday := team.Holiday
	team.Holiday = func(loop.Date) string { panic("no calendar") }
	s.put(t, "good")
	if _, err := s.all(t.Context(), func() time.Time { return s.now }); err == nil || !strings.Contains(err.Error(), "no calendar") {
		t.Errorf("says %v", err)
	}
	team.Holiday = holiday
	s.readAll(t)
}

// Being told to stop, or a database that fails, is not the mail's fault and
// does not count.
func TestOnlyDeathsCount(t *testing.T) {
	s := newShelf(t)
	s.put(t, "good")
	for range deadly + 2 {
		s.begun, s.counted = false, map[int64]bool{} // as a new process
		ctx, stop := context.WithCancel(t.Context())
		s.read = func(raw []byte, opt parse.Options) parse.Mail {
			stop()
			return parse.Read(raw, opt)
		}
		if n, err := s.all(ctx, func() time.Time { return s.now }); n > 0 || err == nil {
			t.Fatalf("%d read after it was told to stop: %v", n, err)
		}
	}
	s.begun, s.counted, s.read = false, map[int64]bool{}, parse.Read
	s.readAll(t)
	if parked, tasks := s.lists(t); len(parked) > 0 || len(tasks) != 1 {
		t.Errorf("parked %q, tasks %q", parked, tasks)
	}
}

// A mail that ends the program is parked after a few starts, and the next is
// read; no supervisor starts it for ever.
func TestMailThatKillsTheProgram(t *testing.T) {
	t.Setenv(poisonVar, "1")
	r := newRig(t)
	r.task(t, "kill-poison")
	r.task(t, "good")
	deaths := 0
	for ; deaths < 10; deaths++ {
		p := startProcess(t, "once", "--from-start", "--config", r.config)
		if err := p.Wait(); err == nil {
			break
		}
		if s, ok := p.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
			t.Fatalf("ends with %v: %s", p.ProcessState, p.output())
		}
	}
	if deaths != deadly {
		t.Errorf("it died %d times", deaths)
	}
	if out := commandOutput(t, "--config", r.config, "parked"); !strings.Contains(out, fmt.Sprintf("the program ended %d times while it read this mail", deadly)) {
		t.Errorf("parked: %s", out)
	}
	if out := commandOutput(t, "--config", r.config, "parked", "why", "1"); !strings.Contains(out, fmt.Sprintf("ended %d times", deadly)) {
		t.Errorf("parked why: %s", out)
	}
	if out := commandOutput(t, "--config", r.config, "status"); !strings.Contains(out, "good (") {
		t.Errorf("status: %s", out)
	}
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Errorf("verify: %s", out)
	}
	t.Setenv(poisonVar, "")
	os.Unsetenv(poisonVar)
	commandOutput(t, "--config", r.config, "parked", "retry", "1")
	p := startProcess(t, "once", "--config", r.config)
	if err := p.Wait(); err != nil {
		t.Fatalf("%v: %s", err, p.output())
	}
	if out := commandOutput(t, "--config", r.config, "status"); !strings.Contains(out, "kill-poison (") {
		t.Errorf("after the retry: %s", out)
	}
}
