package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gatepost/loop"
)

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		p := filepath.Join(dir, name)
		must(t, os.WriteFile(p, []byte(content), 0o600))
		return p
	}
	sqlite := func(name, script string) string {
		p := filepath.Join(dir, name)
		db, err := sql.Open("sqlite3", p)
		must(t, err)
		_, err = db.Exec(script)
		must(t, err)
		must(t, db.Close())
		return p
	}
	for _, c := range []struct {
		name, path string
		want       []string
	}{
		{"missing", filepath.Join(dir, "none.db"), []string{"none.db", "restore a backup", "gatepost init --database"}},
		{"empty", file("empty.db", ""), []string{"empty.db", "gatepost init", "backup"}},
		{"text", file("text.db", "[imap]\nhost = \"imap.acme.example\"\n"), []string{"text.db", "no database of Gatepost"}},
		{"folder", dir, []string{"not a file", "--db"}},
		{"foreign", sqlite("foreign.db", `CREATE TABLE t (x)`), []string{"not of Gatepost"}},
		{"foreign with version", sqlite("foreign2.db", `CREATE TABLE t (x); PRAGMA user_version = 1`), []string{"not of Gatepost"}},
		{"newer", sqlite("newer.db", fmt.Sprintf(`CREATE TABLE t (x); PRAGMA application_id = %d; PRAGMA user_version = 99`, applicationID)), []string{"version 99", "install the newer gatepost"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := os.ReadFile(c.path)
			_, err := Open(c.path)
			wantErr(t, err, c.want...)
			_, err = OpenReader(c.path)
			wantErr(t, err, c.want...)
			if after, _ := os.ReadFile(c.path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a mistyped path became a file")
	}
}

func TestCreateRefuses(t *testing.T) {
	r := newRig(t)
	before := read(t, r.file)
	_, err := Create(r.file)
	wantErr(t, err, "already exists: use it")
	if !bytes.Equal(before, read(t, r.file)) {
		t.Error("the file was changed")
	}
	_, err = Create(filepath.Join(t.TempDir(), "no", "such", "folder.db"))
	wantErr(t, err, "make the folder")
}

func TestOptionsOnEveryConnection(t *testing.T) {
	r := newRig(t)
	if n, _, _ := libraryVersion(); n < oldestLibrary {
		t.Errorf("library is %d", n)
	}
	var conns []*sql.Conn
	for range readers {
		c, err := r.reader.Conn(t.Context())
		must(t, err)
		conns = append(conns, c)
	}
	w, err := r.writer.Conn(t.Context())
	must(t, err)
	for i, c := range append(conns, w) {
		for pragma, want := range map[string]string{"foreign_keys": "1", "synchronous": "2", "busy_timeout": "5000", "journal_mode": "wal"} {
			var got string
			must(t, c.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got))
			if got != want {
				t.Errorf("connection %d: %s = %s, want %s", i, pragma, got, want)
			}
		}
		c.Close()
	}
	if _, err := r.reader.Exec(`DELETE FROM inbox`); err == nil {
		t.Error("a reading connection can write")
	}
}

func TestOnlyTheOwnerReads(t *testing.T) {
	r := newRig(t)
	r.story()
	must(t, r.Lock())
	backup := r.file + ".copy"
	must(t, r.Backup(backup))
	for _, name := range []string{r.file, r.file + "-wal", r.file + "-shm", r.file + ".lock", backup} {
		info, err := os.Stat(name)
		must(t, err)
		if m := info.Mode().Perm(); m != 0o600 {
			t.Errorf("%s: mode is %o, want 600", filepath.Base(name), m)
		}
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	r := newRig(t)
	must(t, r.Lock())
	r.story()
	rd, err := OpenReader(r.file)
	must(t, err)
	if _, err := rd.Counts(t.Context()); err != nil {
		t.Error(err)
	}
	must(t, rd.Close())
	must(t, r.Close())
	files, err := os.ReadDir(filepath.Dir(r.file))
	must(t, err)
	if len(files) != 1 {
		t.Errorf("after close there are %v", files)
	}
}

func TestReaderBesideService(t *testing.T) {
	r := newRig(t)
	r.story()
	must(t, r.Lock())
	d, err := OpenReader(r.file)
	must(t, err)
	defer d.Close()
	for n := range 2 { // and it sees what is committed after it was opened
		a, err := r.Load(t.Context(), team, Want{All: true})
		must(t, err)
		b, err := d.Load(t.Context(), team, Want{All: true})
		must(t, err)
		if diff := differ("task", a.Tasks, b.Tasks); len(diff) > 0 {
			t.Errorf("reader sees another state: %v", diff)
		}
		r.does(fmt.Sprint("more ", n), said(loop.Updated, 2, "On it."))
	}
	wantErr(t, d.Commit(t.Context(), Step{At: start}), "reading only")
	_, err = d.Receive(t.Context(), "INBOX", 7, 99, start, []byte("x"))
	wantErr(t, err, "reading only")
}

func TestPathWithOddLetters(t *testing.T) {
	r := newRigAt(t, filepath.Join(t.TempDir(), "50% of #1? über_mode=memory&x.db"))
	r.story()
	r.reopen()
	r.verifyClean()
}

// A kill leaves the log behind: whatever was committed is there, whatever was
// not is not. Nothing of the first DB may be closed before the second is open.
func TestOpenAfterKill(t *testing.T) {
	r := newRig(t)
	r.story()
	mail := r.receive("the last one")
	s := r.plan(mail, said(loop.Updated, 2, "Half way."))
	tx, err := r.writer.BeginTx(t.Context(), nil)
	must(t, err)
	must(t, s.markMail(t.Context(), tx))
	must(t, saveState(t.Context(), tx, shop, s.Before, s.After))

	copied := filepath.Join(t.TempDir(), "gatepost.db") // what the disk holds at this moment
	for _, ext := range []string{"", "-wal"} {
		must(t, os.WriteFile(copied+ext, read(t, r.file+ext), 0o600))
	}
	must(t, tx.Rollback())
	d, err := Open(copied)
	must(t, err)
	defer d.Close()
	m, err := d.NextMail(t.Context(), clock(99))
	must(t, err)
	if m == nil || m.ID != mail || string(m.Raw) != "the last one" {
		t.Fatalf("next mail is %+v, want the one that was in work", m)
	}
	k := &rig{TB: t, DB: d, now: r.now}
	k.verifyClean()
	must(t, d.Commit(t.Context(), k.plan(mail, said(loop.Updated, 2, "Half way."))))
	k.verifyClean()
}

func TestSameCallsSameBytes(t *testing.T) {
	var files [2][]byte
	for i := range files {
		r := newRig(t)
		r.story()
		must(t, r.KeepPost(t.Context(), &loop.Post{Serial: 1, MessageID: "t1.x.1@acme.example", Raw: []byte("Message-ID: <t1.x.1@acme.example>\r\n\r\nx"), Text: "x"}))
		must(t, r.SentPost(t.Context(), clock(30), 1))
		for n := range 40 {
			r.does(fmt.Sprintf("mail %d of many", n), said(loop.Updated, 2, fmt.Sprintf("Step %d, and what came of it.", n)))
		}
		r.verifyClean()
		must(t, r.Close())
		files[i] = read(t, r.file)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two runs of the same calls left different files")
	}
}

func TestBackupWhileWriting(t *testing.T) {
	r := newRig(t)
	r.story()
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range 30 {
			r.does(fmt.Sprintf("while copying %d", n), said(loop.Updated, 2, "More."))
		}
	})
	file := filepath.Join(t.TempDir(), "copy.db")
	for n := range 3 {
		must(t, r.Backup(fmt.Sprint(file, n)))
	}
	wg.Wait()
	for n := range 3 {
		d, err := OpenReader(fmt.Sprint(file, n)) // as it is, and then to go on with
		must(t, err)
		(&rig{TB: t, DB: d}).verifyClean()
		must(t, d.Close())
		d, err = Open(fmt.Sprint(file, n))
		must(t, err)
		(&rig{TB: t, DB: d}).verifyClean()
		must(t, d.Close())
	}
	wantErr(t, r.Backup(file+"0"), "already exists: name a new file")
	wantErr(t, r.Backup(filepath.Join(t.TempDir(), "no", "folder")), "no such file")
}

// Two backups of one name: the second is refused while the first goes on, and
// what a killed one left is in nobody's way.
func TestBackupBesideAnother(t *testing.T) {
	r := newRig(t)
	r.story()
	file := filepath.Join(t.TempDir(), "copy.db")
	first, err := claimPart(file + ".part")
	must(t, err)
	_, err = first.WriteString("half of it")
	must(t, err)
	err = r.Backup(file)
	wantErr(t, err, "another backup writes")
	if !errors.Is(err, ErrLocked) || string(read(t, file+".part")) != "half of it" {
		t.Errorf("%v, and the part of the first is gone", err)
	}
	must(t, first.Close()) // killed
	must(t, r.Backup(file))
	if _, err := os.Stat(file + ".part"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the part is left: %v", err)
	}
	d, err := OpenReader(file)
	must(t, err)
	(&rig{TB: t, DB: d}).verifyClean()
	must(t, d.Close())
}

func TestDiskFull(t *testing.T) {
	r := newRig(t)
	r.story()
	var pages int
	must(t, r.writer.QueryRow(`PRAGMA page_count`).Scan(&pages))
	_, err := r.writer.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+2))
	must(t, err)
	big := noise(100_000)
	r.uid++
	_, err = r.Receive(t.Context(), "INBOX", 7, r.uid, start, big)
	wantErr(t, err, "disk is full", "make room")
	var e *Error
	if !errors.As(err, &e) || !e.Temporary() {
		t.Errorf("a full disk is not temporary: %v", err)
	}
	if _, uid, _, _, _ := r.Position(t.Context(), "INBOX"); uid != r.uid-1 {
		t.Errorf("position is %d, moved on without the mail", uid)
	}
	_, err = r.writer.Exec(`PRAGMA max_page_count = 1000000`)
	must(t, err)
	fresh, err := r.Receive(t.Context(), "INBOX", 7, r.uid, start, big)
	if err != nil || !fresh {
		t.Errorf("after making room: %v %v", fresh, err)
	}
	r.verifyClean()
}

func TestDamagedFile(t *testing.T) {
	r := newRig(t)
	r.story()
	must(t, r.Close())
	b := read(t, r.file)
	for i := 4096; i < len(b); i++ {
		b[i] = 0xa5
	}
	must(t, os.WriteFile(r.file, b, 0o600))
	d, err := Open(r.file)
	if err == nil {
		defer d.Close()
		_, err = d.NextMail(t.Context(), clock(99))
	}
	wantErr(t, err, "damaged", "backup")
}

// What a database held that was taken away is kept each time, beside what was
// kept before: nothing else has it any more.
func TestTakenAwayMoreThanOnce(t *testing.T) {
	r := newRig(t)
	for i, kept := range []string{".kept", ".kept-2", ".kept-3"} {
		must(t, r.InPlace())
		r.receive(fmt.Sprint("mail ", i))
		for _, name := range []string{"", "-wal", "-shm"} {
			must(t, os.Remove(r.file+name))
		}
		wantErr(t, r.InPlace(), fmt.Sprintf("what it held is in %q now", r.file+kept))
		must(t, r.Close())
		copied, err := os.ReadFile(r.file + kept)
		must(t, err)
		must(t, os.WriteFile(r.file, copied, 0o600))
		d, err := Open(r.file)
		must(t, err)
		r.DB = d
		if n, err := d.LastMail(t.Context()); err != nil || n != int64(i+1) {
			t.Errorf("%s has %d mails, %v", kept, n, err)
		}
	}
}
