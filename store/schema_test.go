package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatepost/loop"
)

// schemaOf lists everything in the file that is not data.
func schemaOf(t *testing.T, file string) []string {
	t.Helper()
	db, err := sql.Open("sqlite3", file)
	must(t, err)
	defer db.Close()
	rows, err := db.Query(`
		SELECT type || ' ' || name || ': ' || coalesce(sql, '')
		  FROM sqlite_schema
		 UNION ALL
		SELECT 'version ' || user_version FROM pragma_user_version
		 UNION ALL
		SELECT 'application ' || application_id FROM pragma_application_id
		 ORDER BY 1`)
	must(t, err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		must(t, rows.Scan(&s))
		list = append(list, s)
	}
	must(t, rows.Err())
	return list
}

// oldest builds the database of the first version with something in it.
func oldest(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gatepost.db")
	script, err := os.ReadFile("testdata/v1.sql")
	must(t, err)
	db, err := sql.Open("sqlite3", file)
	must(t, err)
	_, err = db.Exec(string(script))
	must(t, err)
	must(t, db.Close())
	return file
}

func TestMigrateFromOldest(t *testing.T) {
	file := oldest(t)
	d, err := Open(file)
	must(t, err)
	r := &rig{TB: t, DB: d, file: file, now: 40, uid: 40}
	r.verifyClean()
	s, err := d.Load(t.Context(), team, Want{All: true})
	must(t, err)
	if s.LastTask != 1 || s.Tasks[1].Title != "Login loops" || s.Tasks[1].State != loop.Active {
		t.Errorf("task 1 of the oldest file: %+v", s.Tasks[1])
	}
	r.does("and on it goes", said(loop.Updated, 1, "Still there."))
	r.verifyClean()
	if hits, err := d.Search(t.Context(), shop, "cookie", 9); err != nil || len(hits) != 1 {
		t.Errorf("search in the oldest file: %v %v", hits, err)
	}
	must(t, d.Close())

	fresh := newRig(t)
	must(t, fresh.Close())
	if a, b := schemaOf(t, file), schemaOf(t, fresh.file); !slices.Equal(a, b) {
		t.Errorf("migrated and fresh differ:\n%q\n%q", a, b)
	}
}

func TestMigrateStepByStep(t *testing.T) {
	more := append(slices.Clone(migrations),
		`ALTER TABLE team ADD COLUMN motto TEXT NOT NULL DEFAULT ''`,
		`CREATE TABLE extra (x TEXT NOT NULL) STRICT; INSERT INTO extra VALUES ('kept')`)
	broken := append(slices.Clone(more), `CREATE TABLE half (x TEXT) STRICT; SELECT no_such_function()`)
	file := oldest(t)

	whole := fmt.Sprint("version ", len(more))
	_, err := open(file, broken, false) // stops at a whole version, with what it got
	wantErr(t, err, fmt.Sprint("migrate database to version ", len(broken)))
	if s := schemaOf(t, file); !slices.Contains(s, whole) || slices.ContainsFunc(s, func(l string) bool { return l[:min(len(l), 10)] == "table half" }) {
		t.Errorf("after a failed migration: %q", s)
	}
	d, err := open(file, more, false)
	must(t, err)
	var x string
	must(t, d.reader.QueryRow(`SELECT x FROM extra`).Scan(&x))
	must(t, d.Close())

	_, err = Open(file) // which knows only the versions before
	wantErr(t, err, whole, "install the newer gatepost")
}

func TestReaderDoesNotMigrate(t *testing.T) {
	old := migrations
	defer func() { migrations = old }()
	file := oldest(t)
	migrations = append(slices.Clone(old), `CREATE TABLE extra (x TEXT) STRICT`)
	_, err := OpenReader(file)
	wantErr(t, err, "version 1", "the service brings it up to date")
}

// An older database is changed by the service alone, which holds the lock: a
// command of a newer program beside an older service must not change its tables
// under it. It can be copied before, and the copy is as old.
func TestOlderBesideAService(t *testing.T) {
	file := oldest(t)
	before := schemaOf(t, file)
	for name, open := range map[string]func(string) (*DB, error){"OpenReader": OpenReader, "OpenBeside": OpenBeside} {
		if d, err := open(file); err == nil || !strings.Contains(err.Error(), "its schema is version 1, this program reads version") || strings.Contains(err.Error(), "run or once") {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				d.Close()
			}
		}
	}
	d, err := OpenToCopy(file)
	must(t, err)
	copied := filepath.Join(t.TempDir(), "copy.db")
	must(t, d.Backup(copied))
	must(t, d.Close())
	if after := schemaOf(t, file); !slices.Equal(before, after) {
		t.Errorf("the schema was changed: %v", after)
	}
	if got := schemaOf(t, copied); !slices.Equal(before, got) {
		t.Errorf("the copy's schema: %v", got)
	}
}

// A second service of a newer program changes nothing under the first one.
func TestLockComesBeforeMigration(t *testing.T) {
	file := oldest(t)
	before := schemaOf(t, file)
	first, err := OpenToCopy(file)
	must(t, err)
	must(t, first.Lock())
	if d, err := OpenOwned(file); !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
		if err == nil {
			d.Close()
		}
	}
	if after := schemaOf(t, file); !slices.Equal(before, after) {
		t.Errorf("the schema was changed: %v", after)
	}
	must(t, first.Unlock())
	must(t, first.Close())
	d, err := OpenOwned(file)
	must(t, err)
	must(t, d.Unlock())
	must(t, d.Close())
	if after := schemaOf(t, file); slices.Equal(before, after) {
		t.Error("it was not brought up to date")
	}
}

// A newer program may have been on the database between the look at it and the
// lock: what it made is left alone, at whatever version it was before.
func TestNewerProgramWasFirst(t *testing.T) {
	for name, make := range map[string]func() *DB{
		"it was up to date": func() *DB { return newRig(t).DB },
		"it was old": func() *DB {
			d, err := connect(oldest(t), true)
			must(t, err)
			t.Cleanup(func() { d.Close() })
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := make()
			_, err := d.writer.Exec(`PRAGMA user_version = 99`)
			must(t, err)
			wantErr(t, migrate(d.writer, migrations), "version 99", "install the newer gatepost")
		})
	}
}
