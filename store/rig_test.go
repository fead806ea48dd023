package store

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
	"gatepost/parse"
)

const shop = "shop@acme.example"

var (
	team  = &loop.Team{Name: "Shop", Address: shop}
	start = time.Date(2026, 3, 2, 8, 0, 0, 123456789, time.UTC)
)

// clock is the moment n minutes after the start of every test.
func clock(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

func day(n int) loop.Date { return loop.Date{Year: 2026, Month: time.March, Day: n} }

// rig is a database with a clock that goes on a minute a step.
type rig struct {
	testing.TB
	*DB
	file string
	now  int
	uid  uint32
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return newRigAt(t, filepath.Join(t.TempDir(), "gatepost.db"))
}

func newRigAt(t testing.TB, file string) *rig {
	t.Helper()
	d, err := Create(file)
	must(t, err)
	r := &rig{TB: t, DB: d, file: file}
	t.Cleanup(func() { r.DB.Close() })
	must(t, d.Begin(t.Context(), "INBOX", 7, 0, start))
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// receive hands a new mail over and returns its number.
func (r *rig) receive(raw string) int64 {
	r.Helper()
	r.uid++
	fresh, err := r.Receive(r.Context(), "INBOX", 7, r.uid, clock(r.now), []byte(raw))
	must(r, err)
	if !fresh {
		r.Fatalf("mail %q is not fresh", raw)
	}
	var id int64
	must(r, r.reader.QueryRow(`SELECT max(id) FROM inbox`).Scan(&id))
	return id
}

// fork copies a state as the rules do before they fold.
func fork(s *loop.State) *loop.State {
	n := *s
	n.Tasks, n.Streams, n.People, n.Holds = maps.Clone(s.Tasks), maps.Clone(s.Streams), maps.Clone(s.People), maps.Clone(s.Holds)
	return &n
}

// plan is the step that folds these events into the present state.
func (r *rig) plan(mail int64, events ...loop.Event) Step {
	r.Helper()
	r.now++
	before, err := r.Load(r.Context(), team, Want{})
	must(r, err)
	after := fork(before)
	for i := range events {
		events[i].At, events[i].Mail = clock(r.now), mail
		after.Fold(events[i])
	}
	s := Step{Team: shop, At: clock(r.now), Mail: mail, Before: before, After: after, Events: events}
	if mail != 0 {
		s.Verdict = Read
	}
	return s
}

// does commits these events, as of a mail if raw is not empty.
func (r *rig) does(raw string, events ...loop.Event) {
	r.Helper()
	var mail int64
	if raw != "" {
		mail = r.receive(raw)
	}
	must(r, r.Commit(r.Context(), r.plan(mail, events...)))
}

func opened(n int, stream, title string) loop.Event {
	return loop.Event{Kind: loop.Opened, Task: n, Stream: stream, By: "priya@acme.example", Title: title,
		Root: fmt.Sprintf("root%d@acme.example", n), Subject: title,
		Sections: &parse.Sections{Problem: "It breaks.", Done: "It does not."}}
}

func queued(n int) loop.Event { return loop.Event{Kind: loop.QueuedE, Task: n} }

func started(n int) loop.Event {
	return loop.Event{Kind: loop.Started, Task: n, Round: 1, Due: day(9)}
}

func said(kind loop.EventKind, n int, text string) loop.Event {
	return loop.Event{Kind: kind, Task: n, By: "dana@acme.example", Text: text, Day: day(2)}
}

// story plays a small week with every table in it.
func (r *rig) story() {
	r.Helper()
	r.does("task 1", opened(1, "web", "Login loops"), queued(1), started(1))
	r.does("task 2", opened(2, "web", "Zürich is missing"), queued(2))
	r.does("draft", opened(3, "", "Something"))
	r.does("update", said(loop.Updated, 1, "Found the cookie that expires."))
	r.does("ask", loop.Event{Kind: loop.AskedE, Task: 1, By: "dana@acme.example", Act: "question", Text: "Old browsers too?", Day: day(3)})
	r.does("answer", loop.Event{Kind: loop.Answered, Task: 1, By: "priya@acme.example", Text: "No.", Due: day(10), Days: 1})
	r.does("done", said(loop.DeliveredE, 1, "Works now."))
	r.does("approve", loop.Event{Kind: loop.ApprovedE, Task: 1, By: "priya@acme.example", Round: 1, Line: "approve", Number: 2}, started(2))
	r.does("", loop.Event{Kind: loop.Digested, Person: "priya@acme.example", Day: day(3)}, loop.Event{Kind: loop.Told, Person: "priya@acme.example", Cause: "role", Day: day(3)})
	held := r.receive("stranger")
	s := r.plan(held, loop.Event{Kind: loop.HeldE, Cause: "stranger", Hold: &loop.Hold{Number: 1, Mail: held, From: "x@y.example", Cause: "stranger", At: clock(r.now + 1)}})
	s.Verdict = Held
	s.Letters = []loop.Letter{letter("dana@acme.example"), {Kind: loop.DigestMail, Team: shop, To: "priya@acme.example", Key: "digest|priya@acme.example|2026-03-03", Due: clock(20)}}
	must(r, r.Commit(r.Context(), s))
}

func letter(to string) loop.Letter {
	return loop.Letter{Kind: loop.TaskLetter, Team: shop, To: to, Task: 1, Ref: "t1"}
}

// reopen closes the database and opens it again.
func (r *rig) reopen() {
	r.Helper()
	must(r, r.Close())
	d, err := Open(r.file)
	must(r, err)
	r.DB = d
}

func (r *rig) verifyClean() {
	r.Helper()
	bad, err := r.Verify(r.Context(), []*loop.Team{team})
	must(r, err)
	for _, l := range bad {
		r.Errorf("verify: %s", l)
	}
}

// wantErr demands an error that says all of these.
func wantErr(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return b
}
