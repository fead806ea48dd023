package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"gatepost/internal/powercut"
	"gatepost/internal/story"
	"gatepost/store"
)

// output runs a command as a process of its own to its end.
func output(t *testing.T, args ...string) string {
	t.Helper()
	p := startProcess(t, args...)
	if err := p.Wait(); err != nil {
		t.Errorf("gatepost %s: %v: %s", strings.Join(args, " "), err, p.output())
	}
	return p.output()
}

// A disk that turns read-only, fills up or fails while the service runs: it
// says so, stays up, acknowledges nothing that is not kept, and goes on by
// itself once the disk is well, wherever it was struck.
func TestDiskFailsWhileRunning(t *testing.T) {
	t.Parallel() // it waits more than it works
	kinds := []struct {
		name  string
		errno syscall.Errno
		ops   []string // that fail
		after int      // of them go well, times 0 to 5
		says  string
	}{
		{"turns read-only", syscall.EROFS, []string{"write", "size", "create", "unlink", "rename", "sync"}, 6, "has become read-only"},
		{"is full", syscall.ENOSPC, []string{"write", "create"}, 6, "make room"},
		{"cannot write", syscall.EIO, []string{"write", "sync"}, 6, "the disk fails"},
		{"cannot sync", syscall.EIO, []string{"sync"}, 1, "the disk fails"},
		{"cannot read", syscall.EIO, []string{"read"}, 1, ""},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for the next try
			r := newRig(t)
			disk, err := powercut.NewMount(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { disk.Close() })
			made := filepath.Join(t.TempDir(), "made.db") // not on the disk: this process serves it
			db, err := store.Create(made)
			if err != nil {
				t.Fatal(err)
			}
			db.Close()
			b, err := os.ReadFile(made)
			if err == nil {
				err = disk.Put("gatepost.db", b)
			}
			if err != nil {
				t.Fatal(err)
			}
			r.edit(t, "gatepost.toml", `path = "gatepost.db"`, fmt.Sprintf("path = %q", filepath.Join(disk.Dir, "gatepost.db")))
			r.edit(t, "gatepost.toml", "[imap]", "[imap]\nfile_away = \"Read\"")
			p := startProcess(t, "run", "--from-start", "--config", r.config)
			t.Cleanup(func() { p.Process.Kill(); p.Wait() }) // before the disk is taken away
			p.says(t, "gatepost runs")
			for i := range 6 { // struck later and later in the life of a mail
				r.task(t, fmt.Sprint("well ", i))
				r.letters(t, 2*i+1, p)
				var left, failed atomic.Int64
				left.Store(int64(k.after * i))
				disk.Disk.Fail(func(op, name string) syscall.Errno {
					if !strings.HasPrefix(name, "gatepost.db") || strings.HasSuffix(name, "-shm") {
						return 0
					}
					for _, bad := range k.ops {
						if op == bad && left.Add(-1) < 0 {
							failed.Add(1)
							return k.errno
						}
					}
					return 0
				})
				r.task(t, fmt.Sprint("ill ", i))
				if k.ops[0] != "read" { // what was read is remembered: there may be no fault at all
					await(t, "the disk fails", func() bool { return failed.Load() > 0 }, p.output)
				}
				disk.Disk.Fail(nil)
				r.letters(t, 2*i+2, p) // within 30 s
			}
			if !strings.Contains(p.output(), k.says) || strings.Contains(p.output(), "goroutine") {
				t.Errorf("it says: %s", p.output())
			}
			p.Process.Signal(syscall.SIGTERM)
			if err := p.Wait(); err != nil {
				t.Errorf("ends with %v: %s", err, p.output())
			}
			if out := output(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
				t.Errorf("verify: %s", out)
			}
			if n := len(r.Mailbox(story.Priya)); n != 12 {
				t.Errorf("%d letters came, want a receipt for each of 12 tasks", n)
			}
		})
	}
}
