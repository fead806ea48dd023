package store

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
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

// What others wrote about the same task may quote the person without a name, and what
// names them may say so where only a reader looks: all of it goes, and nothing else.
func TestForgetFindsThem(t *testing.T) {
	const priya = "priya@acme.example"
	r := newRig(t)
	r.does("one", opened(1, "web", "One"), said(loop.Updated, 1, "Found the cookie.")) // said by Dana
	r.does("two", opened(2, "app", "Two"))
	r.danasMail("From: Dana Ruiz <dana@acme.example>\r\n\r\nhello")
	mail := func(task int, verdict, from, raw string) int64 {
		id := r.receive(raw)
		must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(1), Mail: id, Verdict: verdict, From: from, Task: task, Text: "own words"}))
		return id
	}
	base64 := base64.StdEncoding.EncodeToString([]byte("so said Dana Ruiz"))
	mails := map[int64]bool{ // that change
		mail(1, Read, priya, "From: <priya@acme.example>\r\n\r\nown words\r\n> a quote"):                                                          true,
		mail(2, Read, priya, "From: <priya@acme.example>\r\n\r\nown words\r\n> another quote"):                                                    false,
		mail(0, Parked, "", "From: <dana@acme.example>\r\n\r\nparked"):                                                                            true,
		mail(0, Parked, "", "From: <kim@acme.example>\r\n\r\nparked"):                                                                             false,
		mail(0, Held, dana, "From: <dana@acme.example>\r\n\r\nheld"):                                                                              true,
		mail(0, Read, priya, "From: <priya@acme.example>\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64+"\r\n"): true,
		mail(0, Read, priya, "From: <priya@acme.example>\r\nTo: =?utf-8?b?RGFuYSBSdWl6?= <d@x.example>\r\n\r\nhello there"):                       true,
	}
	letters := []struct {
		task int
		body loop.Body
		text string
		goes bool
	}{
		{1, loop.Body{}, "", true},
		{2, loop.Body{}, "", false},
		{0, loop.Body{Tasks: []loop.TaskView{{Number: 1}}}, "", true},
		{0, loop.Body{Tasks: []loop.TaskView{{Number: 2}}}, "", false},
		{0, loop.Body{Text: "as Dana Ruiz says"}, "", true},
		{0, loop.Body{}, "as Dana Ruiz says", true},
		{0, loop.Body{}, "as nobody says", false},
	}
	for i, l := range letters {
		out := letter(priya)
		out.Task, out.Body = l.task, l.body
		r.post(out)
		must(t, r.KeepPost(t.Context(), &loop.Post{Serial: int64(i + 1), MessageID: fmt.Sprint(i, "@x"), Raw: fmt.Appendf(nil, "Message-ID: <%d@x>\r\n\r\nletter", i), Text: l.text}))
		must(t, r.SentPost(t.Context(), clock(3), int64(i+1)))
	}

	// What is still to be read, or to be sent, stands in the way.
	for name, c := range map[string]struct {
		make    func() int64
		problem string
		end     func(id int64) error
	}{
		"own mail":   {func() int64 { return r.receive("From: <dana@acme.example>\r\n\r\nnot read yet") }, "of theirs was not read yet", nil},
		"other's":    {func() int64 { return r.receive("From: <kim@acme.example>\r\n\r\nsays Dana Ruiz") }, "has their name in it and was not read yet", nil},
		"to another": {func() int64 { l := letter(priya); l.Body.Text = "Dana Ruiz"; r.post(l); return 8 }, "waits and may quote them", nil},
	} {
		id := c.make()
		f, err := r.Forget(t.Context(), []string{dana}, nil, false)
		if err != nil || len(f.Problems) != 1 || !strings.Contains(f.Problems[0], c.problem) {
			t.Fatalf("%s: %q, %v", name, f.Problems, err)
		}
		if raw, err := r.Raw(t.Context(), 3); err != nil || !strings.Contains(string(raw), "hello") {
			t.Fatalf("%s: and yet it was done: %q, %v", name, raw, err)
		}
		if id == 8 {
			must(t, r.DropPost(t.Context(), id, clock(4)))
		} else {
			must(t, r.Commit(t.Context(), Step{Team: shop, At: clock(1), Mail: id, Verdict: Ignored}))
		}
	}

	r.forget(dana)
	for id, goes := range mails {
		raw, err := r.Raw(t.Context(), id)
		if err != nil || bytes.Contains(raw, []byte(cutDown)) != goes {
			t.Errorf("mail %d: %q, %v, to be cut down: %v", id, raw, err, goes)
		}
		if m, err := r.Mail(t.Context(), id); err != nil || m.From == dana || m.Verdict == Held {
			t.Errorf("mail %d: %+v, %v", id, m, err)
		}
	}
	for i, l := range letters {
		p, err := r.PostBySerial(t.Context(), int64(i+1))
		if err != nil || (string(p.Raw) == wiped) != l.goes {
			t.Errorf("letter %d: %q, %v, to be wiped: %v", i+1, p.Raw, err, l.goes)
		}
	}
	r.verifyClean()
}
