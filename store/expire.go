package store

import (
	"context"
	"database/sql"
	"time"
)

// Expiry says what is kept no longer: what is older than these moments. A zero
// one keeps for ever.
type Expiry struct {
	Closed    time.Time // bytes of mails and letters about tasks that are closed, or about none
	Strangers time.Time // held mail that nobody let in
}

// Expired counts what was taken out so far.
type Expired struct {
	Mails   int       `json:"mails"`
	Letters int       `json:"letters"`
	Bytes   int64     `json:"bytes"`
	Last    time.Time `json:"last,omitzero"` // end of the last round
}

// Cursor is how far a round has come; the zero one is its start.
type Cursor struct{ mail, letter int64 }

// expireRows is how many rows one piece looks at.
const expireRows = 500

// Expire takes out one piece, and says where the next begins; the zero Cursor
// is the end of a round. The record, the words in it and what search finds
// stay, and so do the rows, so that a mail that comes again is known.
func (d *DB) Expire(ctx context.Context, e Expiry, from Cursor, now time.Time) (next Cursor, err error) {
	err = d.write(ctx, "take out what is kept no longer", func(tx *sql.Tx) error {
		// The bytes are to be gone from the file, and not only from its tables.
		if _, err := tx.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
			return err
		}
		defer tx.ExecContext(ctx, `PRAGMA secure_delete = OFF`)
		before := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return stamp(t)
		}
		mail, err := column[sql.NullInt64](ctx, tx, `SELECT max(id) FROM (SELECT id FROM inbox WHERE id > ? ORDER BY id LIMIT ?)`, from.mail, expireRows)
		if err != nil {
			return err
		}
		letter, err := column[sql.NullInt64](ctx, tx, `SELECT max(serial) FROM (SELECT serial FROM post WHERE serial > ? ORDER BY serial LIMIT ?)`, from.letter, expireRows)
		if err != nil {
			return err
		}
		if mail[0].Valid {
			next.mail = mail[0].Int64
		} else if letter[0].Valid {
			next.mail = from.mail
		}
		if letter[0].Valid {
			next.letter = letter[0].Int64
		} else if mail[0].Valid {
			next.letter = from.letter
		}
		for _, s := range []struct {
			what, query string
			to          int64
			before      time.Time
			from        int64
			then        []string
		}{
			{"mails", expiredMails, next.mail, e.Closed, from.mail, []string{wipeMail, emptyMail}},
			{"mails", expiredStrangers, next.mail, e.Strangers, from.mail, []string{wipeMail, emptyMail, dropStranger}},
			{"letters", expiredLetters, next.letter, e.Closed, from.letter, []string{wipeLetter}},
		} {
			if s.before.IsZero() || s.to == s.from {
				continue
			}
			ids, err := column[int64](ctx, tx, s.query, s.from, s.to, before(s.before))
			if err != nil {
				return err
			}
			for _, id := range ids {
				if _, err := tx.ExecContext(ctx, countBytes[s.what], id); err != nil {
					return err
				}
				for _, q := range s.then {
					if _, err := tx.ExecContext(ctx, q, id); err != nil {
						return err
					}
				}
			}
		}
		if next == (Cursor{}) {
			_, err = tx.ExecContext(ctx, `UPDATE expired SET at = ?`, stamp(now))
		}
		return err
	})
	return next, err
}

const (
	// ofClosed is a mail or letter of a task that has been closed long enough,
	// or of none.
	ofClosed = `(task = 0 OR EXISTS (
		        SELECT 1
		          FROM task
		         WHERE task.team = kept.team
		           AND task.number = kept.task
		           AND task.state IN ('approved', 'dropped')
		           AND task.changed < ?3))`

	expiredMails = `
		SELECT id
		  FROM inbox AS kept
		 WHERE id > ?1
		   AND id <= ?2
		   AND size > 0
		   AND decided < ?3
		   AND verdict IN ('read', 'ignored', 'dropped')
		   AND ` + ofClosed

	expiredStrangers = `
		SELECT id
		  FROM inbox
		 WHERE id > ?1
		   AND id <= ?2
		   AND decided < ?3
		   AND verdict = 'held'
		   AND NOT EXISTS (
		        SELECT 1
		          FROM hold
		         WHERE hold.team = inbox.team
		           AND json_extract(hold.body, '$.mail') = inbox.id)`

	expiredLetters = `
		SELECT serial
		  FROM post AS kept
		 WHERE serial > ?1
		   AND serial <= ?2
		   AND closed < ?3
		   AND closed <> ''
		   AND length(coalesce(raw, '')) > 0
		   AND state IN ('sent', 'cancelled', 'dropped')
		   AND ` + ofClosed

	wipeMail = `UPDATE raw SET bytes = x'', form = '' WHERE mail = ?`

	emptyMail = `UPDATE inbox SET size = 0 WHERE id = ?`

	dropStranger = `UPDATE inbox SET verdict = 'dropped', sender = '', subject = '', text = '', reason = 'a stranger''s, kept no longer' WHERE id = ?`

	wipeLetter = `
		UPDATE post
		   SET raw = x'',
		       raw_form = '',
		       text = '',
		       letter = iif(json_valid(letter), json_remove(letter, '$.body'), json_object('team', team, 'kind', kind, 'to', recipient, 'task', task))
		 WHERE serial = ?`
)

// countBytes adds a row that is about to be wiped to what status tells.
var countBytes = map[string]string{
	"mails":   `UPDATE expired SET count = count + 1, bytes = bytes + (SELECT length(raw.bytes) + (SELECT coalesce(sum(length(piece.bytes)), 0) FROM piece WHERE raw.stack > 0 AND piece.stack = raw.stack) FROM raw WHERE mail = ?1) WHERE what = 'mails'`,
	"letters": `UPDATE expired SET count = count + 1, bytes = bytes + (SELECT length(raw) FROM post WHERE serial = ?1) WHERE what = 'letters'`,
}

// Expired tells what was taken out so far.
func (d *DB) Expired(ctx context.Context) (e Expired, err error) {
	err = d.reader.QueryRowContext(ctx, `
		SELECT sum(iif(what = 'mails', count, 0)),
		       sum(iif(what = 'letters', count, 0)),
		       sum(bytes),
		       max(at)
		  FROM expired`).Scan(&e.Mails, &e.Letters, &e.Bytes, moment{&e.Last})
	return e, explain("what was kept no longer", err)
}
