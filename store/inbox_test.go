package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

func TestPosition(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	if _, _, _, known, err := r.Position(ctx, "Other"); known || err != nil {
		t.Errorf("a mailbox nobody began: %v %v", known, err)
	}
	check := func(uidvalidity, uid uint32, since time.Time) {
		t.Helper()
		v, u, s, known, err := r.Position(ctx, "INBOX")
		if v != uidvalidity || u != uid || !s.Equal(since) || !known || err != nil {
			t.Errorf("position is %d %d %v %v %v, want %d %d %v", v, u, s, known, err, uidvalidity, uid, since)
		}
	}
	check(7, 0, start)
	r.receive("one")
	r.receive("two")
	check(7, 2, start)
	_, err := r.Receive(ctx, "INBOX", 7, 1, start, []byte("one"))
	must(t, err)
	check(7, 2, start) // never backwards by itself
	must(t, r.Begin(ctx, "INBOX", 8, 0, time.Time{}))
	check(8, 0, time.Time{})
	must(t, r.Begin(ctx, "INBOX", 8, 4294967295, clock(5)))
	check(8, 4294967295, clock(5))

	must(t, r.Polled(ctx, "INBOX", clock(9)))
	c, err := r.Counts(ctx)
	must(t, err)
	if len(c.Mailboxes) != 1 || c.Mailboxes[0] != (Mailbox{"INBOX", "", 8, 4294967295, clock(5), clock(9)}) || c.Unread != 2 {
		t.Errorf("counts are %+v", c)
	}
}

func TestReceiveOnce(t *testing.T) {
	head := "Message-ID: <a@acme.example>\r\n\r\n"
	r := newRig(t) // one for all rows: each builds on those before
	for _, c := range []struct {
		name    string
		mailbox string
		uv, uid uint32
		raw     string
		fresh   bool
	}{
		{"first", "INBOX", 7, 1, head + "approve", true},
		{"same place", "INBOX", 7, 1, head + "approve", false},
		{"same place, other bytes", "INBOX", 7, 1, "rewritten by the server", false},
		{"second copy", "INBOX", 7, 2, head + "approve", false},
		{"second copy again", "INBOX", 7, 2, head + "approve", false},
		{"place of the second copy, other bytes", "INBOX", 7, 2, "rewritten by the server", false},
		{"same Message-ID, other bytes", "INBOX", 7, 3, head + "redirect: no", true},
		{"new UIDVALIDITY, known", "INBOX", 8, 1, head + "approve", false},
		{"new UIDVALIDITY, unknown", "INBOX", 8, 2, head + "question: why", true},
		{"new UIDVALIDITY, known again", "INBOX", 8, 3, head + "redirect: no", false},
		{"other mailbox", "Archive", 1, 1, head + "approve", true}, // another team may be there
		{"other mailbox, second copy", "Archive", 1, 3, head + "approve", false},
		{"empty", "Archive", 1, 4, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v, _, _, known, _ := r.Position(t.Context(), c.mailbox); !known || v != c.uv {
				must(t, r.Begin(t.Context(), c.mailbox, c.uv, 0, time.Time{}))
			}
			fresh, err := r.Receive(t.Context(), c.mailbox, c.uv, c.uid, start, []byte(c.raw))
			if fresh != c.fresh || err != nil {
				t.Errorf("fresh is %v, %v, want %v", fresh, err, c.fresh)
			}
			if _, uid, _, _, _ := r.Position(t.Context(), c.mailbox); uid < c.uid {
				t.Errorf("position is %d behind %d", uid, c.uid)
			}
			r.verifyClean()
		})
	}
}

// A mail that is twice among those that come at once is kept once, and stops
// none of the others; none at all are none.
func TestReceiveTwiceAtOnce(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	if fresh, err := r.ReceiveAll(ctx, "INBOX", 7, nil); len(fresh) > 0 || err != nil {
		t.Errorf("of none: %v, %v", fresh, err)
	}
	one, two := []byte("Message-ID: <1@x>\r\n\r\none"), []byte("Message-ID: <2@x>\r\n\r\ntwo")
	for _, first := range []bool{true, false} {
		fresh, err := r.ReceiveAll(ctx, "INBOX", 7, []Arrived{{1, start, one}, {2, start, one}, {3, start, two}})
		if err != nil || !slices.Equal(fresh, []bool{first, false, first}) {
			t.Errorf("fresh are %v, %v", fresh, err)
		}
	}
	r.verifyClean()
}

// Only a header that waits for its body is ever replaced: not a whole mail that
// could not be read, nor a header that the operator has done with.
func TestOnlyAParkedHeadIsMadeWhole(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	read := r.receive("cannot be read")
	must(t, r.Commit(ctx, Step{At: clock(1), Mail: read, Verdict: Parked, Reason: "no header"}))
	must(t, r.Park(ctx, "INBOX", 7, 2, start, []byte("Subject: huge\r\n"), "too large"))
	must(t, r.DropParked(ctx, 2))
	for uid := range uint32(2) {
		if fresh, err := r.Receive(ctx, "INBOX", 7, uid+1, start, fmt.Appendf(nil, "Subject: other\r\n\r\n%d", uid)); fresh || err != nil {
			t.Errorf("mail %d: %v, %v", uid+1, fresh, err)
		}
	}
	if raw, err := r.Raw(ctx, read); err != nil || string(raw) != "cannot be read" {
		t.Errorf("%q, %v", raw, err)
	}
	if m, err := r.Mail(ctx, 2); err != nil || m.Verdict != Gone || m.Whole {
		t.Errorf("%+v, %v", m, err)
	}
	r.verifyClean()
}

func TestReceiveNeedsBegin(t *testing.T) {
	r := newRig(t)
	_, err := r.Receive(t.Context(), "INBOX", 8, 1, start, []byte("x"))
	wantErr(t, err, "UIDVALIDITY 8")
	_, err = r.Receive(t.Context(), "Other", 7, 1, start, []byte("x"))
	wantErr(t, err, `mailbox "Other"`)
	if m, _ := r.NextMail(t.Context(), clock(1)); m != nil {
		t.Errorf("it was kept: %+v", m)
	}
}

func TestSameMailByTwoWays(t *testing.T) {
	r := newRig(t)
	r.receive("Received: by a\r\nMessage-ID: <a@acme.example>\r\n\r\nhello\r\n")
	fresh, err := r.Receive(t.Context(), "INBOX", 7, 2, start, []byte("Received: by b\r\nMessage-ID: <a@acme.example>\r\n\r\nhello\r\n"))
	if fresh || err != nil {
		t.Errorf("the same content on another way: %v %v", fresh, err)
	}
}

func TestParkTooLarge(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	for range 2 {
		must(t, r.Park(ctx, "INBOX", 7, 1, start, []byte("Subject: huge\r\n\r\n"), "31 MB, more than 25 MB"))
	}
	if m, err := r.NextMail(ctx, clock(1)); m != nil || err != nil {
		t.Errorf("a parked mail is read: %+v %v", m, err)
	}
	list, err := r.Parked(ctx)
	must(t, err)
	if len(list) != 1 || list[0].Whole || list[0].Reason != "31 MB, more than 25 MB" || list[0].UID != 1 {
		t.Fatalf("parked are %+v", list)
	}
	raw, err := r.Raw(ctx, list[0].ID)
	if string(raw) != "Subject: huge\r\n\r\n" || err != nil {
		t.Errorf("header is %q, %v", raw, err)
	}
	wantErr(t, r.RetryParked(ctx, list[0].ID), "parked why")
	must(t, r.DropParked(ctx, list[0].ID))
	if list, _ := r.Parked(ctx); len(list) != 0 {
		t.Errorf("after drop: %+v", list)
	}
	if _, err := r.Raw(ctx, 99); !errors.Is(err, ErrUnknown) {
		t.Errorf("raw of no mail: %v", err)
	}
}

func TestParkWithoutHeader(t *testing.T) {
	r := newRig(t)
	for uid := range uint32(3) {
		must(t, r.Park(t.Context(), "INBOX", 7, uid+1, start, nil, "the server does not give it"))
	}
	if list, err := r.Parked(t.Context()); len(list) != 3 || err != nil {
		t.Errorf("parked are %+v, %v", list, err)
	}
}

func TestParkedIsMadeWhole(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	small := "Subject: small\r\n\r\nhello\r\n"
	large := "Subject: large\r\n\r\n" + strings.Repeat("x", 9000)
	r.receive(small)
	must(t, r.Park(ctx, "INBOX", 7, 2, start, []byte(large[:18]), "too large"))
	must(t, r.Begin(ctx, "INBOX", 7, 0, time.Time{})) // from the start, with a larger limit
	for i, raw := range []string{small, large, large} {
		fresh, err := r.Receive(ctx, "INBOX", 7, uint32(min(i+1, 2)), start, []byte(raw))
		if want := i == 1; fresh != want || err != nil {
			t.Errorf("mail %d is fresh: %v, %v", i, fresh, err)
		}
	}
	must(t, r.Commit(ctx, Step{At: clock(1), Mail: 1, Verdict: Ignored}))
	m, err := r.NextMail(ctx, clock(1))
	must(t, err)
	if m == nil || string(m.Raw) != large {
		t.Errorf("next mail is %+v", m)
	}
	if m, err := r.Mail(ctx, 2); err != nil || !m.Whole || m.Size != int64(len(large)) {
		t.Errorf("it is %+v, %v", m, err)
	}
	r.verifyClean()
}

func TestWaiting(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	early, late := r.receive("update of task 1"), r.receive("task 1")
	wait := Step{At: clock(1), Mail: early, Verdict: Waiting, Reason: "no such task yet", Until: clock(15)}
	wantErr(t, r.Commit(ctx, Step{At: clock(1), Mail: early, Verdict: Waiting}), "without a time")
	must(t, r.Commit(ctx, wait))
	if at, ok, err := r.WakeMail(ctx); !at.Equal(clock(15)) || !ok || err != nil {
		t.Errorf("wakes at %v %v %v", at, ok, err)
	}
	for _, c := range []struct {
		now  int
		want int64
	}{{2, late}, {14, late}, {15, early}, {16, early}} {
		m, err := r.NextMail(ctx, clock(c.now))
		must(t, err)
		if m == nil || m.ID != c.want {
			t.Errorf("at minute %d the next mail is %+v, want %d", c.now, m, c.want)
		}
		must(t, r.Turn(ctx, func(turn *Turn) error {
			ids, err := turn.Next(clock(c.now), 9)
			if len(ids) == 0 || ids[0] != c.want {
				t.Errorf("at minute %d a turn begins with %v, want %d", c.now, ids, c.want)
			}
			return err
		}))
	}
	wait.At, wait.Until = clock(15), clock(20)
	must(t, r.Commit(ctx, wait))
	m, err := r.NextMail(ctx, clock(20))
	must(t, err)
	if m.ID != early || m.Attempts != 2 || !m.FirstSeen.Equal(clock(1)) || !m.At.Equal(start) || m.UIDValidity != 7 || m.UID != 1 || m.Mailbox != "INBOX" {
		t.Errorf("put off twice: %+v", m)
	}
	must(t, r.Commit(ctx, Step{At: clock(20), Mail: early, Verdict: Ignored}))
	if _, ok, err := r.WakeMail(ctx); ok || err != nil {
		t.Errorf("still something to wake for: %v", err)
	}
}

func TestHeldMail(t *testing.T) {
	for _, c := range []struct {
		name    string
		act     func(*rig, int64) error
		vouched string // of the mail that is read next; "" if none is
	}{
		{"released by the operator", func(r *rig, id int64) error { return r.ReleaseHeld(r.Context(), id) }, "operator"},
		{"confirmed", func(r *rig, id int64) error {
			return r.Commit(r.Context(), Step{At: clock(5), Release: []int64{id}})
		}, "confirm"},
		{"dropped by the operator", func(r *rig, id int64) error { return r.DropHeld(r.Context(), id) }, ""},
		{"expired", func(r *rig, id int64) error {
			return r.Commit(r.Context(), Step{At: clock(5), Drop: []int64{id}})
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			id := r.receive("approve")
			wantErr(t, r.ReleaseHeld(t.Context(), id), "release held mail 1", ErrUnknown.Error())
			must(t, r.CountMails(t.Context(), []int64{id}))
			must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(1), Mail: id, Verdict: Held, Reason: "token", From: "x@y.example", Subject: "Re: Login", Task: 4, Text: "approve"}))
			list, err := r.Held(t.Context())
			must(t, err)
			if len(list) != 1 || list[0].From != "x@y.example" || list[0].Subject != "Re: Login" || list[0].Task != 4 || list[0].Team != shop || !list[0].Decided.Equal(clock(1)) {
				t.Fatalf("held are %+v", list)
			}
			must(t, c.act(r, id))
			if list, _ = r.Held(t.Context()); len(list) != 0 {
				t.Errorf("still held: %+v", list)
			}
			m, err := r.NextMail(t.Context(), clock(9))
			must(t, err)
			if got := m != nil; got != (c.vouched != "") || got && (m.Vouched != c.vouched || m.Attempts != 0 || m.Tries != 0 || !m.FirstSeen.IsZero()) {
				t.Errorf("next mail is %+v, want vouched %q and never put off", m, c.vouched)
			}
			if c.act(r, id) == nil && strings.HasSuffix(c.name, "operator") {
				t.Error("a second time is taken for done")
			}
			want := Gone
			if m != nil {
				want = Read
				must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(10), Mail: id, Verdict: Read}))
			}
			must(t, r.Commit(t.Context(), Step{At: clock(11), Release: []int64{id}}))
			must(t, r.Commit(t.Context(), Step{At: clock(11), Drop: []int64{id}}))
			if m, err := r.Mail(t.Context(), id); err != nil || m.Verdict != want {
				t.Errorf("a mail that is held no more: %+v, %v", m, err)
			}
			r.verifyClean()
		})
	}
}

func TestParkedByReader(t *testing.T) {
	r := newRig(t)
	id := r.receive("no header here")
	must(t, r.Commit(t.Context(), Step{At: clock(1), Mail: id, Verdict: Parked, Reason: "no header"}))
	c, err := r.Counts(t.Context())
	if err != nil || c.Parked != 1 || c.Unread != 0 {
		t.Errorf("counts are %+v, %v", c, err)
	}
	must(t, r.RetryParked(t.Context(), id))
	s := r.plan(id, opened(1, "", "It reads now"))
	must(t, r.Commit(t.Context(), s))
	m, err := r.Mail(t.Context(), id)
	must(t, err)
	if m.Verdict != Read || m.Reason != "" {
		t.Errorf("mail is %+v", m)
	}
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		if n, err := turn.TaskByMessage(team, []string{"", "none@x", "root1@acme.example"}); n != 1 || err != nil {
			t.Errorf("task by message is %d, %v", n, err)
		}
		if n, err := turn.TaskByMessage(&loop.Team{Address: "other@acme.example"}, []string{"root1@acme.example"}); n != 0 || err != nil {
			t.Errorf("another team's task is %d, %v", n, err)
		}
		return nil
	}))
}

// A mail that came into two mailboxes of a team is told to be the same one, also
// while the first has had its turn and nothing is committed yet.
func TestTwinInOneTurn(t *testing.T) {
	r := newRig(t)
	must(t, r.Begin(t.Context(), "imap://other/INBOX", 3, 0, start))
	raw := []byte("From: <priya@acme.example>\r\nMessage-ID: <1@x>\r\n\r\nhi\r\n")
	first := r.receive(string(raw))
	fresh, err := r.Receive(t.Context(), "imap://other/INBOX", 3, 1, clock(1), raw)
	must(t, err)
	if !fresh {
		t.Fatal("the mail of another mailbox is not kept")
	}
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		ids, err := turn.Next(clock(2), 10)
		if err != nil || len(ids) != 2 {
			t.Fatalf("%v, %v", ids, err)
		}
		if twin, err := turn.Elsewhere(ids[1], shop); err != nil || twin != 0 {
			t.Errorf("before either had its verdict: %d, %v", twin, err)
		}
		if err := turn.Commit(Step{Team: shop, At: clock(2), Mail: first, Verdict: Read}); err != nil {
			return err
		}
		twin, err := turn.Elsewhere(ids[1], shop)
		if twin != first {
			t.Errorf("the second is told to be %d, want %d", twin, first)
		}
		if other, _ := turn.Elsewhere(ids[1], "other@acme.example"); other != 0 {
			t.Errorf("for another team it is %d", other)
		}
		return err
	}))
}

// A mail that is read again, because somebody vouched for it or it can be read
// now, is not taken for its own copy in another mailbox, which was ignored
// because of it. Of what was decided before it, it is the copy still.
func TestReadAgainBesideItsCopy(t *testing.T) {
	for name, c := range map[string]struct {
		verdict string
		again   func(r *rig, id int64) error
		copied  string // verdict of the copy
		at      int    // when the copy had it
		want    int64
	}{
		"confirmed": {Held, func(r *rig, id int64) error {
			return r.Commit(r.Context(), Step{At: clock(9), Release: []int64{id}})
		}, Ignored, 2, 0},
		"let in, in one turn with its copy": {Held, func(r *rig, id int64) error { return r.ReleaseHeld(r.Context(), id) }, Ignored, 1, 0},
		"parked":                            {Parked, func(r *rig, id int64) error { return r.RetryParked(r.Context(), id) }, Ignored, 2, 0},
		"ignored before it":                 {Held, func(r *rig, id int64) error { return r.ReleaseHeld(r.Context(), id) }, Ignored, 0, 2},
		"its copy was let in":               {Held, func(r *rig, id int64) error { return r.ReleaseHeld(r.Context(), id) }, Read, 2, 2},
		"waiting":                           {Waiting, func(*rig, int64) error { return nil }, Ignored, 2, 2},
		"unread":                            {"", func(*rig, int64) error { return nil }, Ignored, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			must(t, r.Begin(t.Context(), "imap://other/INBOX", 3, 0, start))
			raw := []byte("From: <priya@acme.example>\r\nMessage-ID: <1@x>\r\n\r\napprove\r\n")
			id := r.receive(string(raw))
			if _, err := r.Receive(t.Context(), "imap://other/INBOX", 3, 1, clock(0), raw); err != nil {
				t.Fatal(err)
			}
			if c.verdict != "" {
				must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(1), Mail: id, Verdict: c.verdict, Until: clock(5)}))
			}
			must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(c.at), Mail: 2, Verdict: c.copied}))
			must(t, c.again(r, id))
			must(t, r.Turn(t.Context(), func(turn *Turn) error {
				if ids, err := turn.Next(clock(10), 10); err != nil || len(ids) != 1 || ids[0] != id {
					t.Fatal(ids, err)
				}
				twin, err := turn.Elsewhere(id, shop)
				if twin != c.want {
					t.Errorf("it is told to be mail %d, want %d", twin, c.want)
				}
				return err
			}))
		})
	}
}

// A mail that waits has not had its turn: its copy is not ignored because of it.
// Else each would be ignored because of the other.
func TestCopyOfAMailThatWaits(t *testing.T) {
	r := newRig(t)
	must(t, r.Begin(t.Context(), "imap://other/INBOX", 3, 0, start))
	raw := []byte("From: <priya@acme.example>\r\nMessage-ID: <1@x>\r\n\r\nan update\r\n")
	must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(1), Mail: r.receive(string(raw)), Verdict: Waiting, Until: clock(15)}))
	if _, err := r.Receive(t.Context(), "imap://other/INBOX", 3, 1, clock(2), raw); err != nil {
		t.Fatal(err)
	}
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		if _, err := turn.Next(clock(3), 9); err != nil {
			return err
		}
		twin, err := turn.Elsewhere(2, shop)
		if twin != 0 {
			t.Errorf("it is told to be mail %d", twin)
		}
		return err
	}))
}

// A mail that was too large for the mailboxes of two teams is made whole in both.
func TestParkedInTwoMailboxes(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	large := "Subject: large\r\n\r\n" + strings.Repeat("x", 9000)
	boxes := map[string]uint32{"INBOX": 7, "imap://other/INBOX": 3}
	must(t, r.Begin(ctx, "imap://other/INBOX", 3, 0, start))
	for box, validity := range boxes {
		must(t, r.Park(ctx, box, validity, 1, start, []byte(large[:18]), "too large"))
	}
	for box, validity := range boxes {
		must(t, r.Begin(ctx, box, validity, 0, time.Time{}))
		for _, first := range []bool{true, false} {
			if fresh, err := r.Receive(ctx, box, validity, 1, start, []byte(large)); fresh != first || err != nil {
				t.Errorf("%s: fresh is %v, %v", box, fresh, err)
			}
		}
	}
	list, err := r.NextMails(ctx, clock(1), 0, 9, 1<<30)
	if err != nil || len(list) != 2 || string(list[0].Raw) != large || string(list[1].Raw) != large {
		t.Errorf("%d mails, %v", len(list), err)
	}
	r.verifyClean()
}

// A mail whose row has no time where one should be is to be parked, and stops no
// other.
func TestDamagedTimeOfMail(t *testing.T) {
	for _, set := range []string{
		`at = '2026-03-02'`,
		`first_seen = 'x'`,
		`until = '2026-03-02 08:00', verdict = 'waiting'`,
		`until = 'soon', verdict = 'waiting'`,
	} {
		t.Run(set, func(t *testing.T) {
			r := newRig(t)
			bad, good := r.receive("one"), r.receive("two")
			_, err := r.writer.Exec(`UPDATE inbox SET `+set+` WHERE id = ?`, bad)
			must(t, err)
			list, err := r.NextMails(t.Context(), clock(9), 0, 9, 1<<20)
			if err != nil || len(list) != 2 || list[0].ID != bad || !strings.Contains(list[0].Damaged, "no time") || list[1].ID != good || list[1].Damaged != "" {
				t.Fatalf("next mails %+v, %v", list, err)
			}
			if list[0].At.IsZero() {
				t.Error("it came at no time")
			}
			_, _, err = r.WakeMail(t.Context())
			must(t, err)
			must(t, r.Commit(t.Context(), Step{At: clock(9), Mail: bad, Verdict: Parked, Reason: list[0].Damaged}))
			if parked, err := r.Parked(t.Context()); err != nil || len(parked) != 1 {
				t.Errorf("parked are %+v, %v", parked, err)
			}
			if m, err := r.NextMail(t.Context(), clock(9)); err != nil || m.ID != good {
				t.Errorf("then comes %+v, %v", m, err)
			}
		})
	}
}
