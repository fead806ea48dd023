package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// ErrLocked says that another process works on the database.
var ErrLocked = errors.New("the database is in use")

// Lock makes this process the one service of the database, until Unlock, Close
// or its end, however that comes: the lock is the kernel's (flock on
// <path>.lock), the number in the file is only for people. A second one is
// refused with ErrLocked and the pid of the first.
func (d *DB) Lock() error {
	if d.lock != nil {
		return fmt.Errorf("lock database %q: it is locked by this very service: %w", d.path, ErrLocked)
	}
	name := d.path + ".lock"
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return fmt.Errorf("lock database: %w", err)
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			pid, _ := io.ReadAll(io.LimitReader(f, 20))
			f.Close()
			who := "process " + strings.TrimSpace(string(pid))
			if len(pid) == 0 {
				who = "a process that is just starting"
			}
			return fmt.Errorf("lock database %q: %s serves it: stop that one first, or use another database: %w", d.path, who, ErrLocked)
		}
		if err != nil {
			f.Close()
			return fmt.Errorf("lock %q: %w: the file must be on a disk that can lock", name, err)
		}
		if !current(f, name) { // its owner removed it between our open and our lock
			f.Close()
			continue
		}
		if err = f.Truncate(0); err == nil {
			_, err = fmt.Fprintln(f, os.Getpid())
		}
		if err != nil {
			f.Close()
			return fmt.Errorf("lock database: %w", err)
		}
		d.lock = f
		return nil
	}
}

// Unlock gives the lock back and removes its file. Without a lock it does nothing.
func (d *DB) Unlock() error {
	if d.lock == nil {
		return nil
	}
	err := os.Remove(d.lock.Name()) // while we hold it: nobody else's can be removed
	err = errors.Join(err, d.lock.Close())
	d.lock = nil
	return err
}

// current tells whether name is still the file that f has open.
func current(f *os.File, name string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b)
}
