package store

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"gatepost/loop"
)

// expire runs a whole round, and says in how many pieces.
func (r *rig) expire(e Expiry, now time.Time) (pieces int) {
	r.Helper()
	for at := (Cursor{}); (pieces == 0 || at != (Cursor{})) && pieces < 99; pieces++ {
		var err error
		at, err = r.Expire(r.Context(), e, at, now)
		must(r, err)
	}
	return pieces
}

// Only what is old and of a closed task, or of none, goes; the record, what
// search finds and the knowledge of the mail stay, and its bytes are gone from
// the file.
func TestExpire(t *testing.T) {
	r := newRig(t)
	about := func(task int, raw string, events ...loop.Event) int64 {
		id := r.receive(raw)
		s := r.plan(id, events...)
		s.Task, s.Text = task, raw
		must(t, r.Commit(t.Context(), s))
		return id
	}
	closed := about(1, "bytes of the closed task", opened(1, "web", "One"), queued(1), started(1), said(loop.DeliveredE, 1, "done"),
		loop.Event{Kind: loop.ApprovedE, Task: 1, By: "priya@acme.example", Round: 1})
	open := about(2, "bytes of the open task", opened(2, "web", "Two"), queued(2), started(2))
	none := about(0, "bytes of no task")
	hold := func(raw string, h *loop.Hold) int64 {
		id := r.receive(raw)
		s := r.plan(id)
		if h != nil {
			h.Mail = id
			s = r.plan(id, loop.Event{Kind: loop.HeldE, Cause: h.Cause, Hold: h})
		}
		s.Verdict, s.From, s.Subject, s.Text = Held, "kim@client.example", "hello", raw
		must(t, r.Commit(t.Context(), s))
		return id
	}
	stranger := hold("bytes of a stranger", nil)
	waits := hold("bytes of a move", &loop.Hold{Number: 1, Person: "dana@acme.example", Cause: "token", At: clock(9)})
	s := r.plan(0)
	s.Letters = []loop.Letter{letter("dana@acme.example"), letter("priya@acme.example")}
	s.Letters[0].Body.Text = "words of the letter"
	must(t, r.Commit(t.Context(), s))
	for serial := range int64(2) {
		must(t, r.KeepPost(t.Context(), &loop.Post{Serial: serial + 1, MessageID: fmt.Sprint(serial, "@x"), Raw: fmt.Appendf(nil, "bytes of letter %d <%d@x>", serial+1, serial), Text: "words of the letter"}))
	}
	must(t, r.SentPost(t.Context(), clock(r.now), 1))

	kept := func() string {
		var list []string
		for _, id := range []int64{closed, open, none, stranger, waits} {
			raw, err := r.Raw(t.Context(), id)
			must(t, err)
			list = append(list, string(raw))
		}
		for serial := range int64(2) {
			p, err := r.PostBySerial(t.Context(), serial+1)
			must(t, err)
			list = append(list, string(p.Raw))
		}
		return fmt.Sprintf("%q", list)
	}
	all := kept()
	later := clock(r.now + 1)
	for name, e := range map[string]Expiry{"for ever": {}, "not old yet": {Closed: start, Strangers: start}} {
		r.expire(e, later)
		if got := kept(); got != all {
			t.Errorf("%s: %s", name, got)
		}
	}
	r.expire(Expiry{Closed: later}, later)
	if got, want := kept(), `["" "bytes of the open task" "" "bytes of a stranger" "bytes of a move" "" "bytes of letter 2 <1@x>"]`; got != want {
		t.Errorf("after closed: %s, want %s", got, want)
	}
	r.expire(Expiry{Closed: later, Strangers: later}, later)
	if got, want := kept(), `["" "bytes of the open task" "" "" "bytes of a move" "" "bytes of letter 2 <1@x>"]`; got != want {
		t.Errorf("after strangers: %s, want %s", got, want)
	}
	r.verifyClean()
	if m, err := r.Mail(t.Context(), stranger); err != nil || m.Verdict != Gone || m.From+m.Subject+m.Text != "" {
		t.Errorf("the stranger's mail is %+v, %v", m, err)
	}
	if e, err := r.Expired(t.Context()); err != nil || e.Mails != 3 || e.Letters != 1 || e.Bytes != 24+16+19+23 || !e.Last.Equal(later) {
		t.Errorf("counted %+v, %v", e, err)
	}
	if hits, err := r.Search(t.Context(), shop, "closed", 9); err != nil || len(hits) != 1 {
		t.Errorf("search finds %+v, %v", hits, err)
	}
	fresh, err := r.Receive(t.Context(), "INBOX", 7, 99, later, []byte("bytes of the closed task"))
	if fresh || err != nil {
		t.Errorf("a mail that comes again is fresh: %v, %v", fresh, err)
	}
	must(t, r.Close())
	if b := read(t, r.file); bytes.Contains(b, []byte("bytes of a stranger")) || bytes.Contains(b, []byte("bytes of letter 1")) || !bytes.Contains(b, []byte("bytes of letter 2")) {
		t.Error("the bytes are in the file still, or too many are gone")
	}
	d, err := Open(r.file)
	must(t, err)
	r.DB = d
}

// A round over many rows is made of small pieces, and comes to its end.
func TestExpireInPieces(t *testing.T) {
	r := newRig(t)
	for i := range 3*expireRows + 10 {
		r.uid++
		_, err := r.Receive(t.Context(), "INBOX", 7, r.uid, start, fmt.Appendf(nil, "mail %d", i))
		must(t, err)
	}
	_, err := r.writer.Exec(`UPDATE inbox SET verdict = 'ignored', decided = ?`, stamp(start))
	must(t, err)
	r.post(letter("dana@acme.example")) // there are fewer of one than of the other
	if n := r.expire(Expiry{Closed: clock(1)}, clock(2)); n != 5 {
		t.Errorf("%d pieces, want 4 and the one that finds the end", n)
	}
	if e, err := r.Expired(t.Context()); err != nil || e.Mails != 3*expireRows+10 {
		t.Errorf("%+v, %v", e, err)
	}
}

// Letters that are more than the mails come to their end as well.
func TestExpireManyLetters(t *testing.T) {
	r := newRig(t)
	r.receive("one mail")
	r.post(slices.Repeat([]loop.Letter{letter("dana@acme.example")}, expireRows+10)...)
	if n := r.expire(Expiry{Closed: clock(1)}, clock(2)); n != 3 {
		t.Errorf("%d pieces, want 2 and the one that finds the end", n)
	}
}
