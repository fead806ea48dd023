package store

import (
	"bytes"
	"testing"

	"gatepost/loop"
)

const dana = "dana@acme.example"

// forget takes somebody out.
func (r *rig) forget(address string) Forgotten {
	r.Helper()
	f, err := r.Forget(r.Context(), []string{address}, nil, false)
	must(r, err)
	return f
}

// danasMail is a mail of Dana's that was read.
func (r *rig) danasMail(raw string) int64 {
	r.Helper()
	id := r.receive(raw)
	must(r, r.Commit(r.Context(), Step{Team: shop, At: clock(1), Mail: id, Verdict: Read, From: dana, Text: "hello"}))
	return id
}

// Some errors end the transaction, and what came after would commit by itself:
// nothing comes after.
func TestForgetStopsAtTheFirstError(t *testing.T) {
	r := newRig(t)
	const raw = "From: <dana@acme.example>\r\n\r\nhello"
	id := r.danasMail(raw)
	_, err := r.writer.Exec(`CREATE TRIGGER full BEFORE UPDATE OF sender ON inbox BEGIN SELECT raise(ROLLBACK, 'no room'); END`)
	must(t, err)
	_, err = r.Forget(t.Context(), []string{dana}, nil, false)
	wantErr(t, err, "no room")
	if got, err := r.Raw(t.Context(), id); err != nil || string(got) != raw {
		t.Errorf("the mail is %q, %v", got, err)
	}
	r.verifyClean()
}

// Two people never become one, whatever is kept of them: a note, a mail, a name
// in what another wrote, a letter.
func TestForgottenStayApart(t *testing.T) {
	r := newRig(t)
	r.does("task", opened(1, "web", "One"))
	r.does("note", loop.Event{Kind: loop.Noted, Task: 1, By: "kim@acme.example", Text: "hm"})
	id := r.danasMail("From: <dana@acme.example>\r\n\r\nhello")
	must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(1), Mail: r.receive("other"), Verdict: Read, From: "x@y.example", Text: "ask lee@acme.example"}))
	r.post(due(1, "max@acme.example"))
	must(t, r.DropPost(t.Context(), 1, clock(2)))
	seen := map[string]bool{}
	for _, address := range []string{"kim@acme.example", dana, "lee@acme.example", "max@acme.example", "priya@acme.example"} {
		f := r.forget(address)
		if f.Nothing() || seen[f.Alias] {
			t.Errorf("%s: %+v", address, f)
		}
		seen[f.Alias] = true
	}
	if m, err := r.Mail(t.Context(), id); err != nil || m.From != "forgotten-2@invalid" {
		t.Errorf("%+v, %v", m, err)
	}
	r.verifyClean()
}

// If the file could not be written anew, the next run does it, though nothing of
// the person is in a table any more. Where nobody was forgotten nothing is done.
func TestForgetCutShort(t *testing.T) {
	r := newRig(t)
	r.danasMail("From: <dana@acme.example>\r\n\r\nhello")
	_, err := r.writer.Exec(`CREATE TABLE old (words); INSERT INTO old VALUES ('zanzibar'); DROP TABLE old`) // as they lie in free pages
	must(t, err)
	left := func() bool {
		return bytes.Contains(append(read(t, r.file), read(t, r.file+"-wal")...), []byte("zanzibar"))
	}
	if f := r.forget("nobody@acme.example"); !f.Nothing() || !left() {
		t.Fatalf("%+v", f)
	}
	reading, err := OpenReader(r.file)
	must(t, err)
	tx, err := reading.reader.Begin()
	must(t, err)
	must(t, tx.QueryRow(`SELECT count(*) FROM inbox`).Scan(new(int)))
	_, err = r.writer.Exec(`PRAGMA busy_timeout = 1`)
	must(t, err)
	_, err = r.Forget(t.Context(), []string{dana}, nil, false)
	wantErr(t, err, "until the same forget is run once more", "another program reads it")
	must(t, tx.Rollback())
	must(t, reading.Close())
	if !left() {
		t.Fatal("nothing is left to be written anew")
	}
	if f, err := r.Forget(t.Context(), []string{dana}, nil, true); err != nil || !f.Nothing() || !left() {
		t.Errorf("a dry run: %+v, %v", f, err)
	}
	if f := r.forget(dana); !f.Nothing() || left() {
		t.Errorf("%+v, and the words are there still: %v", f, left())
	}
	r.verifyClean()
}
