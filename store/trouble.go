package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Trouble is something that does not work now.
type Trouble struct {
	Place  string    // a mailbox, a mail server, a team, as the service calls it
	Since  time.Time // when it first failed
	At     time.Time // when it last did
	Reason string
}

// NoteTrouble notes that a place fails; Since stays that of the first time.
func (d *DB) NoteTrouble(ctx context.Context, place, reason string, at time.Time) error {
	return d.write(ctx, fmt.Sprintf("note trouble with %q", place), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO trouble (place, since, at, reason)
			VALUES (?1, ?2, ?2, ?3)
			ON CONFLICT (place) DO UPDATE
			   SET at = ?2,
			       reason = ?3`, place, stamp(at), reason)
		return err
	})
}

// EndTrouble notes that a place works, or is there no more.
func (d *DB) EndTrouble(ctx context.Context, place string) error {
	return d.write(ctx, fmt.Sprintf("end trouble with %q", place), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM trouble WHERE place = ?`, place)
		return err
	})
}

// Troubles lists what does not work, in order of place.
func (d *DB) Troubles(ctx context.Context) (list []Trouble, err error) {
	err = d.read(ctx, "list troubles", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT place,
			       since,
			       at,
			       reason
			  FROM trouble
			 ORDER BY place`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t Trouble
			if err := rows.Scan(&t.Place, moment{&t.Since}, moment{&t.At}, &t.Reason); err != nil {
				return err
			}
			list = append(list, t)
		}
		return rows.Err()
	})
	return list, err
}

// SetSource notes where a mailbox is now, see Mailbox.
func (d *DB) SetSource(ctx context.Context, mailbox, source string) error {
	return d.write(ctx, fmt.Sprintf("note source of mailbox %q", mailbox), func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE position SET source = ? WHERE mailbox = ?`, source, mailbox)
		return one(r, err)
	})
}
