package store

import (
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatepost/loop"
)

// crashed copies a database as kill -9 leaves it: with its log.
func crashed(t *testing.T, r *rig) string {
	t.Helper()
	dir := t.TempDir()
	for _, end := range []string{"", "-wal"} {
		must(t, os.WriteFile(filepath.Join(dir, "gatepost.db"+end), read(t, r.file+end), 0o600))
	}
	return filepath.Join(dir, "gatepost.db")
}

// A backup goes into the place of the database, and work goes on from there.
func TestRestore(t *testing.T) {
	r := newRig(t)
	r.story()
	backup := filepath.Join(t.TempDir(), "backup.db")
	must(t, r.Backup(backup))
	r.does("after the backup", said(loop.Updated, 2, "More."))
	file := crashed(t, r)
	must(t, os.WriteFile(file, read(t, backup), 0o600))

	// The log of the one that was killed still lies there.
	for _, opening := range []func(string) (*DB, error){Open, OpenReader} {
		_, err := opening(file)
		wantErr(t, err, "log of another database", "remove")
	}
	if _, err := os.Stat(file + "-wal"); err != nil {
		t.Errorf("refusing it, the log was touched: %v", err)
	}
	must(t, os.Remove(file+"-wal"))
	d, err := Open(file)
	must(t, err)
	defer d.Close()
	restored := &rig{TB: t, DB: d, file: file, now: r.now, uid: r.uid}
	restored.verifyClean()
	restored.does("and on it goes", said(loop.Updated, 2, "Still there."))
	restored.verifyClean()
}

// A log that belongs to the database is part of it, however it was left behind.
func TestLogLeftBehind(t *testing.T) {
	r := newRig(t)
	r.story()
	_, uid, _, _, err := r.Position(t.Context(), "INBOX")
	must(t, err)
	file := crashed(t, r)
	d, err := OpenReader(file)
	must(t, err)
	must(t, d.Close())
	d, err = Open(file)
	must(t, err)
	defer d.Close()
	if _, got, _, _, _ := d.Position(t.Context(), "INBOX"); got != uid {
		t.Errorf("position %d after a crash, want %d", got, uid)
	}
	(&rig{TB: t, DB: d, file: file}).verifyClean()
}

// A log that was cut short, as by a loss of power, loses what was not
// acknowledged and no more: the transactions before are whole.
func TestLogCutShort(t *testing.T) {
	r := newRig(t)
	r.story()
	whole := read(t, r.file+"-wal")
	for _, keep := range []int{0, 16, 32, 100, len(whole) / 3, len(whole) / 2, len(whole) - 5000, len(whole) - 1} {
		file := crashed(t, r)
		must(t, os.WriteFile(file+"-wal", whole[:keep], 0o600))
		d, err := Open(file)
		if err != nil {
			continue // nothing of it was in the database file yet: said so, and nothing made up
		}
		bad, err := d.Verify(t.Context(), nil)
		if err != nil || len(bad) > 0 {
			t.Errorf("log of %d bytes cut to %d: %v %q", len(whole), keep, err, bad)
		}
		must(t, d.Close())
	}
}

// A loss of power forgets what was not synced, and may leave anything in its
// place. Whatever was acknowledged is there again: a commit returns after its
// pages in the log were synced (synchronous FULL, read back at start).
func TestPowerCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	r := newRig(t)
	type ack struct {
		size int // of the log, synced up to here
		uid  uint32
	}
	acks := []ack{{len(read(t, r.file+"-wal")), 0}}
	for range 40 {
		r.receive("From: <dana@acme.example>\r\n\r\n" + strings.Repeat("some words ", rng.IntN(2000)))
		acks = append(acks, ack{len(read(t, r.file+"-wal")), r.uid})
	}
	whole := read(t, r.file+"-wal")
	for i := range acks {
		end := len(whole)
		if i+1 < len(acks) {
			end = acks[i+1].size
		}
		for range 3 {
			file := crashed(t, r)
			log := slices.Clone(whole[:acks[i].size+rng.IntN(end-acks[i].size+1)])
			for j := acks[i].size; j < len(log); j++ { // a block that was not synced holds whatever it held
				if j/512%2 == rng.IntN(2) {
					log[j] = byte(rng.IntN(256))
				}
			}
			must(t, os.WriteFile(file+"-wal", log, 0o600))
			d, err := Open(file)
			must(t, err)
			if _, uid, _, _, err := d.Position(t.Context(), "INBOX"); err != nil || uid < acks[i].uid {
				t.Errorf("after a cut at %d of %d bytes: mail up to %d, %d was acknowledged (%v)", len(log), len(whole), uid, acks[i].uid, err)
			}
			if bad, err := d.Verify(t.Context(), nil); err != nil || len(bad) > 0 {
				t.Errorf("verify: %v %q", err, bad)
			}
			must(t, d.Close())
		}
	}
}

// A damage in the middle is found by verify, told with the remedy by whoever
// meets it, and never answered with made-up data.
func TestDamagedInTheMiddle(t *testing.T) {
	r := newRig(t)
	r.story()
	must(t, r.Close())
	b := read(t, r.file)
	for at := 4096; at+4096 <= len(b); at += 5 * 4096 {
		spoilt := append([]byte{}, b...)
		for i := at; i < at+4096; i++ {
			spoilt[i] ^= 0x5a
		}
		must(t, os.WriteFile(r.file, spoilt, 0o600))
		d, err := OpenReader(r.file)
		if err != nil {
			continue
		}
		bad, err := d.Verify(t.Context(), nil)
		if (err != nil || len(bad) == 0) && usedPage(t, r.file, at/4096+1) {
			t.Errorf("of a damaged page %d of %d verify finds %q, %v", at/4096+1, len(b)/4096, bad, err)
		}
		d.Close()
	}
}

// usedPage tells whether a page holds anything, as far as the free list says.
func usedPage(t *testing.T, file string, page int) bool {
	db, err := sql.Open("sqlite3", file)
	must(t, err)
	defer db.Close()
	var free int
	if err := db.QueryRow(`PRAGMA freelist_count`).Scan(&free); err != nil {
		return true
	}
	return free == 0
}

// A tried mail is known after the next start; a verdict and a retry clear it.
func TestCountMails(t *testing.T) {
	r := newRig(t)
	id := r.receive("From: <dana@acme.example>\r\nMessage-ID: <1@x>\r\n\r\nhi\r\n")
	other := r.receive("From: <dana@acme.example>\r\nMessage-ID: <2@x>\r\n\r\nho\r\n")
	if last, err := r.LastMail(t.Context()); err != nil || last != other {
		t.Errorf("last mail %d, %v", last, err)
	}
	tries := func() int {
		t.Helper()
		m, err := r.NextMail(t.Context(), clock(9))
		if err != nil || m.ID != id {
			t.Fatalf("next mail %v, %v", m, err)
		}
		return m.Tries
	}
	for want := 1; want <= 3; want++ {
		must(t, r.CountMails(t.Context(), []int64{id, other}))
		if n := tries(); n != want {
			t.Fatalf("try %d: %d", want, n)
		}
	}
	must(t, r.UncountMails(t.Context(), []int64{id}))
	if n := tries(); n != 2 {
		t.Errorf("after taking one back: %d", n)
	}
	must(t, r.Commit(t.Context(), Step{At: clock(1), Mail: id, Verdict: Parked, Reason: "it kills"}))
	must(t, r.RetryParked(t.Context(), id))
	if n := tries(); n != 0 {
		t.Errorf("after a retry: %d", n)
	}
	if err := r.CountMails(t.Context(), []int64{id, other + 1}); err == nil || tries() != 0 {
		t.Errorf("a mail that is not there was counted, or the other one with it: %v", err)
	}
}
