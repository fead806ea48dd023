package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// arrives hands a mail over in pieces.
func (r *rig) arrives(uid uint32, pieces ...string) (bool, error) {
	return r.ReceiveLarge(r.Context(), "INBOX", 7, uid, clock(0), func(keep func([]byte) error) error {
		var b []byte // the same for all of them, as a source may do
		for _, p := range pieces {
			b = append(b[:0], p...)
			if err := keep(b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *rig) count(query string) (n int) {
	r.Helper()
	must(r, r.reader.QueryRow(query).Scan(&n))
	return n
}

// A large mail comes back as it came, is known again however it comes, and is
// read without what nobody reads.
func TestReceiveLarge(t *testing.T) {
	r := newRig(t)
	head := "From: <dana@acme.example>\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ndone\r\n--b\r\nContent-Type: image/png\r\n\r\n"
	picture := string(bytes.Repeat([]byte("0123456789\r\n"), 20_000))
	fresh, err := r.arrives(1, head, picture, "--b--\r\n")
	if !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	whole := head + picture + "--b--\r\n"
	raw, err := r.Raw(t.Context(), 1)
	if err != nil || string(raw) != whole {
		t.Errorf("%d bytes come back of %d, %v", len(raw), len(whole), err)
	}
	m, err := r.NextMail(t.Context(), clock(1))
	if err != nil || !m.Large || len(m.Raw) > 500 || len(m.Gone) != 1 || m.Gone[0].Size != len(picture)-2 {
		t.Errorf("next mail %+v, %v", m, err)
	}
	// What was skimmed as it arrived is given away once; then the pieces are.
	if again, err := r.NextMail(t.Context(), clock(1)); err != nil || !reflect.DeepEqual(again, m) {
		t.Errorf("from its pieces it is %+v, %v, and it was %+v", again, err, m)
	}
	if fresh, err := r.arrives(1, whole); fresh || err != nil {
		t.Errorf("the same place again: %v %v", fresh, err)
	}
	if fresh, err := r.Receive(t.Context(), "INBOX", 7, 2, clock(0), []byte(whole)); fresh || err != nil {
		t.Errorf("the same mail in one piece: %v %v", fresh, err)
	}
	if n := r.count(`SELECT count(DISTINCT stack) FROM piece`); n != 1 {
		t.Errorf("%d stacks of pieces", n)
	}
	list, err := r.mails(t.Context(), `id = 1`)
	if err != nil || list[0].Size != int64(len(whole)) {
		t.Errorf("size %d, %v", list[0].Size, err)
	}
	r.verifyClean()
}

// A mail that was broken off leaves nothing behind, whatever ended it.
func TestLargeMailBrokenOff(t *testing.T) {
	r := newRig(t)
	lost := errors.New("the connection is lost")
	for range 3 {
		_, err := r.ReceiveLarge(t.Context(), "INBOX", 7, 1, clock(0), func(keep func([]byte) error) error {
			return errors.Join(keep([]byte("From: <a@x>\r\n\r\nhalf")), lost)
		})
		if !errors.Is(err, lost) {
			t.Fatal(err)
		}
	}
	if m, err := r.NextMail(t.Context(), clock(1)); m != nil || err != nil {
		t.Errorf("half a mail is to be read: %+v %v", m, err)
	}
	_, uid, _, _, err := r.Position(t.Context(), "INBOX")
	if uid != 0 || err != nil {
		t.Errorf("the position went on to %d, %v", uid, err)
	}
	if fresh, err := r.arrives(1, "From: <a@x>\r\n\r\n", "whole"); !fresh || err != nil {
		t.Error(fresh, err)
	}
	if n := r.count(`SELECT count(*) FROM piece`); n != 2 {
		t.Errorf("%d pieces", n)
	}
	in, err := r.RawReader(t.Context(), 1)
	must(t, err)
	if raw, err := io.ReadAll(in); err != nil || string(raw) != "From: <a@x>\r\n\r\nwhole" {
		t.Errorf("%q, %v", raw, err)
	}
}

// Pieces that were written of a mail that was broken off go with the next large
// mail: at once, and also if the program ended meanwhile.
func TestLargeMailBrokenOffLate(t *testing.T) {
	r := newRig(t)
	big, lost := strings.Repeat("0123456789abcde\n", pieceBytes/16), errors.New("the connection is lost")
	arrives := func(uid uint32, lost error) {
		t.Helper()
		_, err := r.ReceiveLarge(t.Context(), "INBOX", 7, uid, clock(0), func(keep func([]byte) error) error {
			return errors.Join(keep(fmt.Appendf(nil, "From: <a@x>\r\nSubject: %d\r\n\r\n", uid)), keep([]byte(big)), keep([]byte("end")), lost)
		})
		if !errors.Is(err, lost) {
			t.Fatal(err)
		}
	}
	stacks := func(want int) {
		t.Helper()
		if n := r.count(`SELECT count(DISTINCT stack) FROM piece`); n != want {
			t.Errorf("%d stacks of pieces, want %d", n, want)
		}
	}
	arrives(1, nil)
	arrives(2, lost)
	stacks(2)
	arrives(2, lost)
	stacks(2)
	arrives(2, nil)
	stacks(2)
	arrives(3, lost)
	must(t, r.Close())
	var err error
	r.DB, err = Open(r.file)
	must(t, err)
	stacks(3)
	arrives(3, nil)
	stacks(3)
	r.verifyClean()
}

// Two mailboxes receive large mails beside each other; wiping one takes its
// pieces along, and no other's.
func TestLargeMailsBesideEachOther(t *testing.T) {
	r := newRig(t)
	must(t, r.Begin(t.Context(), "Other", 1, 0, time.Time{}))
	big := strings.Repeat("0123456789abcde\n", pieceBytes/16)
	fresh, err := r.ReceiveLarge(t.Context(), "Other", 1, 1, clock(0), func(keep func([]byte) error) error {
		err := errors.Join(keep([]byte("From: <a@x>\r\n\r\n")), keep([]byte(big))) // some of it is written
		lost := errors.New("the connection is lost")
		if _, err := r.ReceiveLarge(t.Context(), "INBOX", 7, 1, clock(0), func(keep func([]byte) error) error {
			return errors.Join(keep([]byte(big)), keep([]byte(big)), lost) // the next one removes what was written of this
		}); !errors.Is(err, lost) {
			t.Error(err)
		}
		for uid := range uint32(2) {
			fresh, err := r.arrives(uid+1, fmt.Sprintf("From: <b@x>\r\n\r\nnumber %d", uid), big)
			if !fresh || err != nil {
				t.Error(fresh, err)
			}
		}
		return errors.Join(err, keep([]byte("end")))
	})
	if !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if raw, err := r.Raw(t.Context(), 3); err != nil || string(raw) != "From: <a@x>\r\n\r\n"+big+"end" {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	must(t, r.write(t.Context(), "wipe", func(tx *sql.Tx) error {
		_, err := tx.Exec(wipeMail, 1)
		return err
	}))
	for id, want := range map[int64]int{1: 0, 2: len(big) + 23, 3: len(big) + 18} {
		if raw, err := r.Raw(t.Context(), id); err != nil || len(raw) != want {
			t.Errorf("mail %d has %d bytes, want %d, %v", id, len(raw), want, err)
		}
	}
	if n := r.count(`SELECT count(DISTINCT stack) FROM piece`); n != 2 {
		t.Errorf("%d stacks", n)
	}
}

// What was skimmed of a mail is not taken for a later one, whose pieces have the
// number of those that are gone.
func TestLargeMailAfterOneThatIsGone(t *testing.T) {
	r := newRig(t)
	head := "From: <a@x>\r\n\r\n"
	if fresh, err := r.arrives(1, head, "short"); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	must(t, r.write(t.Context(), "wipe", func(tx *sql.Tx) error {
		_, err := tx.Exec(wipeMail, 1)
		return err
	}))
	long := strings.Repeat("long ", skimsBytes) // too long to be kept as it arrives
	if fresh, err := r.arrives(2, head, long); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if n := r.count(`SELECT stack FROM raw WHERE mail = 2`); n != 1 {
		t.Fatalf("stack %d", n)
	}
	list, err := r.NextMails(t.Context(), clock(1), 1, 1, 1<<30)
	if err != nil || len(list) != 1 || string(list[0].Raw) != head+long {
		t.Errorf("%d mails, %v", len(list), err)
	}
}

// A parked head is made whole by a large mail as by a small one.
func TestLargeMailCompletesAHead(t *testing.T) {
	r := newRig(t)
	must(t, r.Park(t.Context(), "INBOX", 7, 1, clock(0), []byte("From: <a@x>\r\n"), "too large"))
	must(t, r.Begin(t.Context(), "INBOX", 7, 0, time.Time{}))
	if fresh, err := r.arrives(1, "From: <a@x>\r\n\r\n", "whole"); !fresh || err != nil {
		t.Error(fresh, err)
	}
	m, err := r.NextMail(t.Context(), clock(1))
	if err != nil || m == nil || string(m.Raw) != "From: <a@x>\r\n\r\nwhole" {
		t.Errorf("%+v %v", m, err)
	}
}

// A large mail of which a piece is lost is never taken for a shorter one: who
// reads it is told, it stops no other, and verify finds it.
func TestLargeMailWithoutAPiece(t *testing.T) {
	for name, script := range map[string]string{
		"the first":   `DELETE FROM piece WHERE n = 0`,
		"one between": `DELETE FROM piece WHERE n = 1`,
		"the last":    `DELETE FROM piece WHERE n = 3`,
		"all":         `DELETE FROM piece`,
		"shorter":     `UPDATE piece SET bytes = substr(bytes, 2) WHERE n = 2`,
		"one more":    `INSERT INTO piece VALUES (1, 4, x'00')`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			part := strings.Repeat("0123456789abcde\n", 100)
			if fresh, err := r.arrives(1, "From: <a@x>\r\n\r\n", part, part, part); !fresh || err != nil {
				t.Fatal(fresh, err)
			}
			r.uid = 1
			r.receive("From: <b@x>\r\n\r\nthe next")
			r.verifyClean()
			_, err := r.writer.Exec(script)
			must(t, err)
			r.skims.take(1) // what was skimmed as it arrived
			list, err := r.NextMails(t.Context(), clock(1), 0, 9, 1<<30)
			if err != nil || len(list) != 2 || !strings.Contains(list[0].Damaged, "kept of 4815") || list[1].Damaged != "" {
				t.Errorf("next mails %+v, %v", list, err)
			}
			if raw, err := r.Raw(t.Context(), 1); !errors.Is(err, errDamaged) {
				t.Errorf("%d bytes, %v", len(raw), err)
			}
			bad, err := r.Verify(t.Context(), nil)
			if err != nil || len(bad) != 1 || !strings.Contains(bad[0], "mail 1: its bytes are damaged") {
				t.Errorf("found %q, %v", bad, err)
			}
		})
	}
}

// No mail gets the number of another's pieces: not of one that has none, and not
// of one whose writing failed and that has not come to its end yet.
func TestStacksStayApart(t *testing.T) {
	r := newRig(t)
	if fresh, err := r.arrives(1); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if fresh, err := r.arrives(2, "From: <a@x>\r\n\r\nwords"); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if raw, err := r.Raw(t.Context(), 1); err != nil || len(raw) > 0 {
		t.Errorf("a mail without bytes has %q, %v", raw, err)
	}
	r.verifyClean()
	failed, other := &stack{db: r.DB, op: "one"}, &stack{db: r.DB, op: "two"}
	defer failed.end()
	defer other.end()
	wantErr(t, failed.write(t.Context(), func(*sql.Tx) error { return errors.New("no room") }), "no room")
	must(t, other.write(t.Context(), func(*sql.Tx) error { return nil }))
	if failed.id == other.id {
		t.Errorf("both have %d", other.id)
	}
}

// A piece that cannot be written when all have been handed over is an error, and
// not a mail without it.
func TestLargeMailOnAFullDisk(t *testing.T) {
	r := newRig(t)
	_, err := r.writer.Exec(`CREATE TRIGGER full BEFORE INSERT ON piece BEGIN SELECT raise(ABORT, 'no room'); END`)
	must(t, err)
	fresh, err := r.arrives(1, "From: <a@x>\r\n\r\n"+strings.Repeat("x", pieceBytes))
	wantErr(t, err, "no room")
	_, uid, _, _, err := r.Position(t.Context(), "INBOX")
	if fresh || uid != 0 || err != nil || r.count(`SELECT count(*) FROM inbox`) != 0 {
		t.Errorf("fresh %v, position %d, %v", fresh, uid, err)
	}
}
