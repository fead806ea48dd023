package store

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// ErrStale says that somebody else was first: the mail is marked already, or
// the state is no longer what it was when it was loaded. Nothing was written;
// load again.
var ErrStale = errors.New("changed by somebody else meanwhile")

// ErrUnknown says that there is no row with this number, or that it is not in
// the state that the act needs.
var ErrUnknown = errors.New("no such thing in the database")

// Error is a failure of SQLite with what to do about it.
type Error struct {
	Op     string // what was to be done
	Remedy string // for the operator; "" if there is none to tell
	Temp   bool   // trying again later can help without anybody's doing
	Err    error
}

func (e *Error) Error() string {
	if e.Remedy == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s: %v: %s", e.Op, e.Err, e.Remedy)
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether the same call can succeed later.
func (e *Error) Temporary() bool { return e.Temp }

// remedies by the primary result code of SQLite. Nothing was acknowledged in
// any of these cases: the transaction is rolled back.
var remedies = map[sqlite3.ErrNo]struct {
	temp   bool
	remedy string
}{
	sqlite3.ErrFull:     {true, "the disk is full: make room; nothing is lost, and what a running service does is tried again"},
	sqlite3.ErrBusy:     {true, "another program holds the database: end it if this does not pass"},
	sqlite3.ErrLocked:   {true, "another program holds the database: end it if this does not pass"},
	sqlite3.ErrIoErr:    {true, "the disk fails, is full or has become read-only: look at the system log and at the free space"},
	sqlite3.ErrNomem:    {true, "memory is short"},
	sqlite3.ErrReadonly: {true, "the database may not be written: give its owner the right to write to the file and to its folder, or mount the disk for writing"},
	sqlite3.ErrPerm:     {true, "the right to the file is missing: look at the owner of the file and of its folder"},
	sqlite3.ErrCantOpen: {true, "the file or its log cannot be opened: look at the owner of the file and of its folder, and whether the disk is mounted for writing"},
	sqlite3.ErrCorrupt:  {false, "the database is damaged: stop the service, keep the file, restore a backup, and look at it with gatepost verify"},
	sqlite3.ErrNotADB:   {false, "this is no database of Gatepost: look at the path, or restore a backup"},
	sqlite3.ErrTooBig:   {false, "it is larger than a database row may be"},
}

// explain adds the act, and the remedy if SQLite gave the cause a number. The
// driver returns its error as a value, not as a pointer.
func explain(op string, err error) error {
	if err == nil {
		return nil
	}
	var done *Error
	if errors.As(err, &done) {
		return fmt.Errorf("%s: %w", op, err)
	}
	var se sqlite3.Error
	if !errors.As(err, &se) {
		return fmt.Errorf("%s: %w", op, err)
	}
	r := remedies[se.Code]
	return &Error{Op: op, Remedy: r.remedy, Temp: r.temp, Err: err}
}

// violates tells whether err is a broken UNIQUE or PRIMARY KEY constraint.
func violates(err error) bool {
	var se sqlite3.Error
	return errors.As(err, &se) && (se.ExtendedCode == sqlite3.ErrConstraintUnique || se.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
}
