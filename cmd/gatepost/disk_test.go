package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/story"
	"gatepost/store"
)

// small mounts a disk of a few MiB, which takes root, as Dovecot and Postfix do
// for the story. It is gone after the test.
func small(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Fatalf("mount a small disk: %v: run as root", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill takes all the room that is left; the file it gives makes it free again.
func fill(t *testing.T, dir string) (filler string) {
	t.Helper()
	filler = filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 4096, 1} {
		for {
			if _, err := f.Write(bytes.Repeat([]byte("x"), size)); err != nil {
				break
			}
		}
	}
	return filler
}

// onSmallDisk is a rig with its database on a disk of a few MiB.
func onSmallDisk(t *testing.T, mib int) (r *rig, disk string) {
	t.Helper()
	r = newRig(t)
	disk = small(t, mib)
	db, err := store.Create(filepath.Join(disk, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r.edit(t, "gatepost.toml", `path = "gatepost.db"`, fmt.Sprintf("path = %q", filepath.Join(disk, "gatepost.db")))
	return r, disk
}

// long is a task mail large enough that no phase finds room for it in the log.
func (r *rig) long(t *testing.T, id string) {
	t.Helper()
	raw := "From: Priya <" + story.Priya + ">\r\nTo: shop+web@acme.example\r\nSubject: " + id + "\r\nMessage-ID: <" + id + "@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n\r\nContext: " +
		strings.Repeat("a shelf with a lamp and "+id+"\r\n", 12000)
	if err := r.Inject(story.Priya, []string{"shop+web@acme.example"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

// In whichever phase the disk fills up: the phase says so, what is there stays
// whole, and it goes on when there is room, without anything twice.
func TestDiskFullInEachPhase(t *testing.T) {
	phases := []struct {
		name string
		run  func(s *service, ctx context.Context) error
	}{
		{"fetch", func(s *service, ctx context.Context) error { _, err := s.pollers[0].Once(ctx); return err }},
		{"step", func(s *service, ctx context.Context) error { _, err := s.steps.all(ctx, s.now); return err }},
		{"letters", func(s *service, ctx context.Context) error { _, err := s.letters.Once(ctx); return err }},
	}
	for full := range phases {
		t.Run(phases[full].name, func(t *testing.T) {
			r, disk := onSmallDisk(t, 8)
			cfg, err := readConfig(r.config, needServers, needSecret)
			if err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(cfg.Store.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			s := newService(cfg, db, silent(), func() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }, true)
			r.long(t, "one")
			for i, p := range phases {
				if i != full {
					if err := p.run(s, t.Context()); err != nil {
						t.Fatalf("%s: %v", p.name, err)
					}
					continue
				}
				filler := fill(t, disk)
				err := p.run(s, t.Context())
				if err == nil {
					t.Errorf("%s on a full disk says nothing", p.name)
				} else if !strings.Contains(err.Error(), "full") {
					t.Errorf("%s on a full disk says %q", p.name, err)
				}
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
				if err := p.run(s, t.Context()); err != nil {
					t.Fatalf("%s after making room: %v", p.name, err)
				}
			}
			st, err := gatherStatus(t.Context(), cfg, db, true)
			if err != nil || len(st.Teams[0].Tasks) != 1 || st.Outbox != (outboxStatus{}) || st.Parked > 0 {
				t.Errorf("status %+v, %v", st, err)
			}
			if bad, err := db.Verify(t.Context(), cfg.Teams); err != nil || len(bad) > 0 {
				t.Errorf("verify: %v %v", bad, err)
			}
			if n := len(r.Mailbox(story.Priya)) + len(r.Mailbox(story.Dana)); n != 2 {
				t.Errorf("%d letters came, want the receipt and the task", n)
			}
		})
	}
}

// The service stays up on a full disk, says so, and goes on by itself within a
// minute of there being room.
func TestRunOnFullDisk(t *testing.T) {
	r, disk := onSmallDisk(t, 8)
	p := startProcess(t, "run", "--from-start", "--config", r.config)
	p.says(t, "gatepost runs")
	r.task(t, "one")
	r.letters(t, 1, p)
	filler := fill(t, disk)
	r.long(t, "two")
	p.says(t, "make room")
	p.says(t, "tried again")
	if out := commandOutput(t, "--config", r.config, "status"); strings.Contains(out, "two (") {
		t.Errorf("status: %s", out)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	r.letters(t, 2, p) // within 30 s
	p.Process.Signal(syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		t.Errorf("ends with %v: %s", err, p.output())
	}
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Errorf("verify: %s", out)
	}
}

// A database that may not be written is said with the remedy, at once.
func TestReadOnlyDisk(t *testing.T) {
	r, disk := onSmallDisk(t, 8)
	r.task(t, "one")
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"run", "once"} {
		p := startProcess(t, command, "--from-start", "--config", r.config)
		if err := p.Wait(); err == nil || !strings.Contains(p.output(), "read-only") && !strings.Contains(p.output(), "for writing") || strings.Contains(p.output(), "goroutine") {
			t.Errorf("%s ends with %v: %s", command, err, p.output())
		}
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, "once", "--from-start", "--config", r.config)
	if err := p.Wait(); err != nil || !strings.Contains(p.output(), "1 read") {
		t.Errorf("once the disk can be written: %v: %s", err, p.output())
	}
}

// Another program that holds the database is waited for.
func TestLockedDatabase(t *testing.T) {
	t.Parallel() // it waits more than it works
	r := newRig(t)
	p := startProcess(t, "run", "--from-start", "--config", r.config)
	p.says(t, "gatepost runs")
	r.task(t, "one")
	r.letters(t, 1, p)
	other, err := sql.Open("sqlite3", "file:"+filepath.Join(r.dir, "gatepost.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	r.task(t, "two")
	p.says(t, "another program holds the database")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r.letters(t, 2, p)
}

// A database that is taken away from under the service ends it, before more goes
// into a file that nobody will find; what was in it is kept beside.
func TestDatabaseTakenAway(t *testing.T) {
	r := newRig(t)
	p := startProcess(t, "run", "--from-start", "--config", r.config)
	p.says(t, "gatepost runs")
	r.task(t, "one")
	r.letters(t, 1, p)
	for _, name := range []string{"gatepost.db", "gatepost.db-wal", "gatepost.db-shm"} {
		if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Wait(); err == nil || !strings.Contains(p.output(), "gatepost.db.kept") {
		t.Fatalf("ends with %v: %s", err, p.output())
	}
	if out := commandOutput(t, "--config", r.config, "--db", filepath.Join(r.dir, "gatepost.db.kept"), "status"); !strings.Contains(out, "one (") {
		t.Errorf("status of what was kept: %s", out)
	}
}

// A database that is damaged ends nothing in a loop: the service names the
// remedy, and touches neither the mailbox nor the file further.
func TestDamagedDatabase(t *testing.T) {
	r := newRig(t)
	for i := range 20 {
		r.task(t, fmt.Sprint("task ", i))
	}
	if p := startProcess(t, "once", "--from-start", "--config", r.config); p.Wait() != nil {
		t.Fatal(p.output())
	}
	file := filepath.Join(r.dir, "gatepost.db")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(b); i++ {
		b[i] ^= 0x5a
	}
	r.write(t, "gatepost.db", string(b))
	p := startProcess(t, "run", "--config", r.config)
	p.says(t, "damaged")
	p.says(t, "restore a backup")
	p.Process.Signal(syscall.SIGTERM)
	p.Wait()
	if strings.Contains(p.output(), "goroutine") || strings.Count(p.output(), "\n") > 100 {
		t.Errorf("it says: %s", p.output())
	}
	if n := len(r.Mailbox(story.Team)); n != 20 {
		t.Errorf("%d mails in the mailbox", n)
	}
}
