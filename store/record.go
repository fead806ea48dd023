package store

import (
	"context"
	"database/sql"
	"time"

	"gatepost/loop"
)

// Record is everything that happened to a task, in order.
func (d *DB) Record(ctx context.Context, team string, task int) ([]loop.Event, error) {
	var list []loop.Event
	err := d.read(ctx, "read record", func(tx *sql.Tx) error {
		return events(ctx, tx, func(e loop.Event) error { list = append(list, e); return nil }, `
		 WHERE team = ?
		   AND task = ?`, team, task)
	})
	return list, err
}

// Events hands the whole record of a team to f, in order; an error of f ends
// it. What is committed meanwhile is not in it.
func (d *DB) Events(ctx context.Context, team string, f func(loop.Event) error) error {
	return d.read(ctx, "read record", func(tx *sql.Tx) error {
		return events(ctx, tx, f, `
		 WHERE team = ?`, team)
	})
}

func events(ctx context.Context, tx *sql.Tx, f func(loop.Event) error, where string, args ...any) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT seq,
		       body
		  FROM event`+where+`
		 ORDER BY seq`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e loop.Event
		var seq int64
		if err := rows.Scan(&seq, object{&e}); err != nil {
			return err
		}
		e.Seq = seq
		if err := f(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rower is a pool of connections, or a transaction.
type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Teams lists the addresses of the teams that something is known of.
func (d *DB) Teams(ctx context.Context) (list []string, err error) {
	err = d.read(ctx, "list teams", func(tx *sql.Tx) error {
		list, err = column[string](ctx, tx, `SELECT address FROM team ORDER BY address`)
		return err
	})
	return list, err
}

// column reads rows of one column.
func column[T any](ctx context.Context, tx *sql.Tx, query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// Counts is what status shows of the store.
type Counts struct {
	Unread    int // mails not read yet, those that were put off included
	Held      int
	Parked    int
	Waiting   int // letters to be sent
	Failed    int // letters given up
	Mailboxes []Mailbox
}

// Mailbox is how far a mailbox was taken in.
type Mailbox struct {
	Name        string // the key of its mails and its position
	Source      string // where it is, as a URL; "" if Name says it, or nobody noted it
	UIDValidity uint32
	UID         uint32
	Since       time.Time // first start; zero if old mail was taken as well
	Polled      time.Time // last looked at; zero if never
}

// Counts of mails and letters, as of one moment.
func (d *DB) Counts(ctx context.Context) (c Counts, err error) {
	err = d.read(ctx, "count", func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `
			SELECT (SELECT count(*) FROM inbox WHERE verdict IN ('', 'waiting')),
			       (SELECT count(*) FROM inbox WHERE verdict IN ('parked', 'held') AND verdict = 'held'),
			       (SELECT count(*) FROM inbox WHERE verdict IN ('parked', 'held') AND verdict = 'parked'),
			       (SELECT count(*) FROM post WHERE state = 'waiting'),
			       (SELECT count(*) FROM post WHERE state = 'failed')`).Scan(
			&c.Unread, &c.Held, &c.Parked, &c.Waiting, &c.Failed); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `
			SELECT mailbox,
			       source,
			       uidvalidity,
			       uid,
			       since,
			       polled
			  FROM position
			 ORDER BY mailbox`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m Mailbox
			if err := rows.Scan(&m.Name, &m.Source, &m.UIDValidity, &m.UID, moment{&m.Since}, moment{&m.Polled}); err != nil {
				return err
			}
			c.Mailboxes = append(c.Mailboxes, m)
		}
		return rows.Err()
	})
	return c, err
}
