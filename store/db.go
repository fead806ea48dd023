package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// busyWait is how long a statement waits for another process that writes. A
// commit takes milliseconds; whoever holds the lock longer than this is stuck.
const busyWait = 5 * time.Second

// readers bounds the pool of reading connections.
const readers = 4

// oldestLibrary is the first SQLite without the bug that could lose a commit
// when a WAL file was reset (in all versions from 3.7.0 to 3.51.2).
const oldestLibrary = 3051003

// DB is an open database. It is safe for use by many goroutines.
type DB struct {
	path   string  // without symbolic links, so that one file has one lock
	writer *sql.DB // one connection, immediate transactions; nil for OpenReader
	reader *sql.DB
	lock   *os.File    // nil unless Lock was called
	file   os.FileInfo // the file that lay at path when it was opened

	arriving    arriving  // large mails
	memory      memory    // of the last Turn
	closing     sync.Once // for countOpen
	checkpoints checkpoints
	skims       skims
}

// Create makes a new database that only its owner can read, and opens it. It
// refuses a path where anything exists.
func Create(path string) (*DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create database %q: %w: use it as it is, or move it away first", path, fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("create database %q: %w: make the folder, or name another file under [store] path", path, err)
	}
	f.Close()
	// A crash from here to the end of migrate leaves an empty file, which Open
	// refuses and says so: nobody was told that there is a database.
	d, err := create(path)
	if err != nil {
		os.Remove(path)
		return nil, err
	}
	return d, nil
}

func create(path string) (*DB, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("create database: %w", err)
	}
	d, err := connect(path, true)
	if err != nil {
		return nil, err
	}
	if err := migrate(d.writer, migrations); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Open opens a database that exists, and brings an older schema up to date. It
// never creates one: a mistyped path must not become an empty service that
// answers a whole mailbox again.
func Open(path string) (*DB, error) { return open(path, migrations, false) }

// OpenOwned is Open as the one service, with the lock that Unlock gives back. It
// has the lock before it brings anything up to date: the other service may be of
// the older program.
func OpenOwned(path string) (*DB, error) { return open(path, migrations, true) }

func open(path string, migrations []string, lock bool) (*DB, error) {
	path, _, err := probe(path, len(migrations))
	if err != nil {
		return nil, err
	}
	d, err := connect(path, true)
	if err != nil {
		return nil, err
	}
	if lock {
		if err := d.Lock(); err != nil {
			d.Close()
			return nil, err
		}
	}
	if err := migrate(d.writer, migrations); err != nil {
		return nil, errors.Join(err, d.Unlock(), d.Close())
	}
	return d, nil
}

// OpenReader opens a database that exists for reading only, beside a service
// that may be running on it. It migrates nothing.
func OpenReader(path string) (*DB, error) { return openCurrent(path, false) }

// OpenBeside opens a database for a small change beside a service that may be
// running on it. It migrates nothing: the service may be of the older program.
func OpenBeside(path string) (*DB, error) { return openCurrent(path, true) }

func openCurrent(path string, write bool) (*DB, error) {
	resolved, version, err := probe(path, len(migrations))
	if err != nil {
		return nil, err
	}
	if version < len(migrations) {
		return nil, fmt.Errorf("open database %q: its schema is version %d, this program reads version %d: the service brings it up to date when it starts on it; a backup of before an upgrade is read by the program of then", path, version, len(migrations))
	}
	return connect(resolved, write)
}

// OpenToCopy opens a database of this or an older version for Backup alone.
func OpenToCopy(path string) (*DB, error) {
	resolved, _, err := probe(path, len(migrations))
	if err != nil {
		return nil, err
	}
	return connect(resolved, false)
}

// probe looks at a file without changing it: is it ours, and which version?
// The file is not opened but through SQLite, because closing any descriptor of
// it would drop the locks that another DB in this process holds.
func probe(path string, newest int) (resolved string, version int, err error) {
	if n, _, _ := libraryVersion(); n < oldestLibrary {
		return "", 0, fmt.Errorf("open database %q: SQLite library %d is older than %d and can lose a commit: build with a newer go-sqlite3", path, n, oldestLibrary)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", 0, fmt.Errorf("open database %q: %w: look at path under [store], or --db. If it was lost, restore a backup (docs/operating.md); to begin without any task: gatepost init --database", path, fs.ErrNotExist)
	}
	if err != nil {
		return "", 0, fmt.Errorf("open database: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("open database %q: it is not a file: name the database file under [store] path or with --db", path)
	}
	if info.Size() == 0 {
		return "", 0, fmt.Errorf("open database %q: the file is empty, its making was cut short: restore a backup, or, to begin without any task, remove it and run gatepost init --database", path)
	}
	if resolved, err = filepath.EvalSymlinks(path); err != nil {
		return "", 0, fmt.Errorf("open database: %w", err)
	}
	if err := strangeLog(resolved); err != nil {
		return "", 0, err
	}
	db, err := pool(resolved, 1, url.Values{"_query_only": {"1"}})
	if err != nil {
		return "", 0, err
	}
	defer db.Close()
	var app int64
	row := db.QueryRow(`SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)`)
	if err := row.Scan(&app, &version); err != nil {
		return "", 0, explain(fmt.Sprintf("open database %q", path), err)
	}
	if app != applicationID || version < 1 {
		return "", 0, fmt.Errorf("open database %q: it is a SQLite database, but not of Gatepost: look at path under [store], or --db", path)
	}
	if version > newest {
		return "", 0, fmt.Errorf("open database %q: %w", path, errNewer(version, newest))
	}
	return resolved, version, nil
}

func libraryVersion() (number int, version, source string) {
	version, number, source = sqlite3.Version()
	return number, version, source
}

// connect opens the pools and reads back what the options were to set, for a
// misspelt option is silently ignored by the driver.
func connect(path string, write bool) (d *DB, err error) {
	d = &DB{path: path, checkpoints: checkpoints{every: checkpointBytes}}
	countOpen(path, 1)
	defer func() {
		if err != nil {
			d.Close()
			d = nil
		}
	}()
	if write {
		if d.writer, err = pool(path, 1, url.Values{"_txlock": {"immediate"}, "_journal_mode": {"WAL"}, "_stmt_cache_size": {"64"}}); err != nil {
			return d, err
		}
		if err = readBack(d.writer, false); err != nil {
			return d, fmt.Errorf("open database %q: %w", path, err)
		}
		if _, err = d.writer.Exec(fmt.Sprint(`PRAGMA wal_autocheckpoint = `, checkpointPages)); err != nil {
			return d, explain(fmt.Sprintf("open database %q", path), err)
		}
	}
	if d.file, err = os.Stat(path); err != nil {
		return d, fmt.Errorf("open database: %w", err)
	}
	if d.reader, err = pool(path, readers, url.Values{"_query_only": {"1"}, "_stmt_cache_size": {"32"}}); err != nil {
		return d, err
	}
	if err = readBack(d.reader, true); err != nil {
		return d, fmt.Errorf("open database %q: %w", path, err)
	}
	return d, nil
}

// pool opens up to n connections with the options that all of them share.
// Connections are made when they are first needed.
func pool(path string, n int, options url.Values) (*sql.DB, error) {
	options.Set("mode", "rw") // never create
	options.Set("_busy_timeout", fmt.Sprint(busyWait.Milliseconds()))
	options.Set("_foreign_keys", "1")
	options.Set("_synchronous", "FULL") // survives the loss of power; NORMAL may lose the last commits
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	dsn := url.URL{Scheme: "file", Path: abs, OmitHost: true, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite3", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

func readBack(db *sql.DB, readOnly bool) error {
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": fmt.Sprint(busyWait.Milliseconds()), "query_only": "0"}
	if readOnly {
		want["query_only"] = "1"
		delete(want, "journal_mode") // a backup is in another mode until it is first written to
	}
	for name, value := range want {
		var got string
		if err := db.QueryRow(`PRAGMA ` + name).Scan(&got); err != nil {
			return explain("read back "+name, err)
		}
		if got != value {
			return fmt.Errorf("%s is %q after setting it to %q: is the file on a disk that SQLite can lock (no network share)?", name, got, value)
		}
	}
	return nil
}

// Path is the file of the database, without symbolic links.
func (d *DB) Path() string { return d.path }

// Close writes what is in the log back into the database file, so that the one
// file is all of it, and gives the lock back. A crash instead of Close loses
// nothing: the next Open reads the log.
func (d *DB) Close() error {
	var errs []error
	d.checkpoints.wg.Wait()
	if d.reader != nil {
		errs = append(errs, d.reader.Close())
	}
	if d.writer != nil {
		// Another process may be reading; then the log stays, and is its to tidy.
		if _, err := d.writer.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			errs = append(errs, explain("close database", err))
		}
		errs = append(errs, d.writer.Close())
	}
	errs = append(errs, d.Unlock())
	d.closing.Do(func() { countOpen(d.path, -1) })
	return errors.Join(errs...)
}

// Backup writes a consistent copy to a new file that only its owner can read.
// The service may be writing meanwhile: the copy is of one moment.
func (d *DB) Backup(path string) error {
	// A connection of its own: the reading ones may not VACUUM, and the
	// writing one must stay free.
	db, err := pool(d.path, 1, url.Values{})
	if err != nil {
		return err
	}
	defer db.Close()
	return backup(db, path)
}

// backup copies what the connection has open to a new file.
func backup(db *sql.DB, path string) error {
	op := fmt.Sprintf("backup to %q", path)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w: name a new file", op, fs.ErrExist)
	}
	// A crash before the rename leaves the part and nothing under the name
	// itself: what has the name is whole.
	part, err := filepath.Abs(path + ".part") // absolute, for a name such as file:x would mean something to SQLite
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	f, err := claimPart(part)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer f.Close() // and with it the claim
	defer os.Remove(part)
	if _, err := db.Exec(`VACUUM INTO ?`, part); err != nil {
		return explain(op, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := syncFolder(filepath.Dir(part)); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// claimPart makes a new file that is locked as long as it is open. Two backups of
// one name never write beside each other: the first would give its name to what
// the second has written so far.
func claimPart(part string) (*os.File, error) {
	taken := fmt.Errorf("another backup writes %q: %w", part, ErrLocked)
	if old, err := os.OpenFile(part, os.O_RDWR|syscall.O_NOFOLLOW, 0); err == nil { // of one that was killed, or goes on
		defer old.Close()
		if syscall.Flock(int(old.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			return nil, taken
		}
	}
	os.Remove(part)
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !current(f, part) {
		f.Close()
		return nil, taken
	}
	return f, nil
}

// InPlace fails if the file at the path is no longer the one that is open: it
// was moved, removed or replaced. What is committed from then on is in a file
// that nobody will open again, and a connection made anew would read another
// one, so nothing must go on. What it held is copied to path.kept, or path.kept-2
// and so on, first: a file that was removed ends with the last connection.
func (d *DB) InPlace() error {
	info, err := os.Stat(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && os.SameFile(info, d.file) {
		return nil
	}
	gone := &Error{Op: fmt.Sprintf("keep database %q in use", d.path), Err: errors.New("it was moved, removed or replaced")}
	kept := d.path + ".kept"
	err = backup(d.writer, kept)                              // only the writing connection is sure to have that file
	for n := 2; n < 100 && errors.Is(err, fs.ErrExist); n++ { // of another time
		kept = fmt.Sprintf("%s.kept-%d", d.path, n)
		err = backup(d.writer, kept)
	}
	gone.Remedy = fmt.Sprintf("what it held is in %q now: put that or a backup in its place, without -wal and -shm beside it, and start again", kept)
	if err != nil {
		gone.Remedy = fmt.Sprintf("and it could not be copied (%v): put it or a backup back, and start again", err)
	}
	return gone
}

// syncFolder makes the names in a folder survive a loss of power: syncing a
// file does not do that for its name (fsync(2)).
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReleaseMemory gives back the pages that SQLite keeps for the next statements,
// for when none is likely to come soon. What is under way goes on.
func (d *DB) ReleaseMemory() {
	d.reader.SetMaxIdleConns(0) // closes those that nobody uses; new ones are made when they are needed
	d.reader.SetMaxIdleConns(readers)
	if d.writer != nil {
		_, _ = d.writer.Exec(`PRAGMA shrink_memory`) // whoever writes next finds out what is wrong
	}
	giveFreed()
}

// short is a context for what takes a moment and is done often: its end is looked
// at before, and not in the middle, for which the driver starts a goroutine at each
// statement and each row.
func short(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

// write runs f in one immediate transaction. The one context is that of every
// statement in it: a statement cancelled by another context would end the
// transaction behind our back and let the next one commit by itself.
func (d *DB) write(ctx context.Context, op string, f func(*sql.Tx) error) error {
	if d.writer == nil {
		return fmt.Errorf("%s: the database was opened for reading only", op)
	}
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return explain(op, err)
	}
	defer tx.Rollback()
	if err = f(tx); err == nil {
		err = tx.Commit()
	}
	if err != nil {
		d.memory.forget()
	}
	return explain(op, err)
}

// read runs f in one reading transaction: all it sees is of one moment.
func (d *DB) read(ctx context.Context, op string, f func(*sql.Tx) error) error {
	tx, err := d.reader.BeginTx(ctx, nil)
	if err != nil {
		return explain(op, err)
	}
	defer tx.Rollback()
	return explain(op, f(tx))
}
