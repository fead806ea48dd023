package store

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"time"
)

// What became of a mail. A mail that was not read yet has the verdict "".
const (
	Read    = "read"
	Waiting = "waiting" // put off until Step.Until, then read again
	Parked  = "parked"  // could not be read; for a person
	Held    = "held"    // a stranger's, or a move without authority
	Ignored = "ignored" // a robot's
	Gone    = "dropped" // held or parked, and dropped by the operator
)

// Mail is a mail as lists show it.
type Mail struct {
	ID          int64
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	At          time.Time // when it was received
	Size        int64     // bytes that are kept
	Whole       bool      // false: only the header is kept
	Verdict     string
	Reason      string
	Decided     time.Time // when the verdict was given
	Team        string    // address; "" if it was for none
	From        string
	Subject     string
	Robot       string
	Task        int
	Text        string // the new text
}

// Mail with this number; ErrUnknown if there is none.
func (d *DB) Mail(ctx context.Context, id int64) (*Mail, error) {
	list, err := d.mails(ctx, `id = ?`, id)
	if err == nil && len(list) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return nil, explain(fmt.Sprintf("mail %d", id), err)
	}
	return &list[0], nil
}

// Held lists the mails of strangers and the moves that wait for authority, oldest first.
func (d *DB) Held(ctx context.Context) ([]Mail, error) {
	list, err := d.mails(ctx, `verdict IN ('parked', 'held') AND verdict = 'held'`) // as the index says it
	return list, explain("list held mails", err)
}

// Parked lists the mails that could not be read, oldest first.
func (d *DB) Parked(ctx context.Context) ([]Mail, error) {
	list, err := d.mails(ctx, `verdict IN ('parked', 'held') AND verdict = 'parked'`)
	return list, explain("list parked mails", err)
}

func (d *DB) mails(ctx context.Context, where string, args ...any) ([]Mail, error) {
	rows, err := d.reader.QueryContext(ctx, `
		SELECT id,
		       mailbox,
		       uidvalidity,
		       uid,
		       at,
		       size,
		       whole,
		       verdict,
		       reason,
		       decided,
		       team,
		       sender,
		       subject,
		       robot,
		       task,
		       text
		  FROM inbox
		 WHERE `+where+`
		 ORDER BY id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Mail
	for rows.Next() {
		var m Mail
		if err := rows.Scan(&m.ID, &m.Mailbox, &m.UIDValidity, &m.UID, perhaps{&m.At}, &m.Size, &m.Whole, &m.Verdict, &m.Reason,
			perhaps{&m.Decided}, &m.Team, &m.From, &m.Subject, &m.Robot, &m.Task, &m.Text); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// Raw is the mail as the server gave it, or its header alone if no more was fetched.
func (d *DB) Raw(ctx context.Context, id int64) (raw []byte, err error) {
	r, err := d.RawReader(ctx, id)
	if err != nil {
		return nil, err
	}
	raw, err = io.ReadAll(r)
	return raw, explain(fmt.Sprintf("mail %d", id), err)
}

// RetryParked has a parked mail read again.
func (d *DB) RetryParked(ctx context.Context, id int64) error {
	m, err := d.Mail(ctx, id)
	if err != nil {
		return err
	}
	if !m.Whole {
		return fmt.Errorf("retry mail %d: it was never fetched, so there is nothing to read: `gatepost parked why %[1]d` says where it lies", id)
	}
	return d.mark(ctx, "retry parked mail", id, Parked, `verdict = '', reason = '', until = '', tries = 0`)
}

// DropParked takes a parked mail off the list; its bytes stay.
func (d *DB) DropParked(ctx context.Context, id int64) error {
	return d.mark(ctx, "drop parked mail", id, Parked, `verdict = 'dropped'`)
}

// ReleaseHeld has a held mail read again, with the operator's word for it.
func (d *DB) ReleaseHeld(ctx context.Context, id int64) error {
	return d.mark(ctx, "release held mail", id, Held, `verdict = '', reason = '', until = '', vouched = 'operator'`)
}

// DropHeld takes a held mail off the list; its bytes stay.
func (d *DB) DropHeld(ctx context.Context, id int64) error {
	return d.mark(ctx, "drop held mail", id, Held, `verdict = 'dropped'`)
}

// mark changes a mail that is in the state from.
func (d *DB) mark(ctx context.Context, op string, id int64, from, set string) error {
	return d.write(ctx, fmt.Sprintf("%s %d", op, id), func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE inbox SET `+set+` WHERE id = ? AND verdict = ?`, id, from)
		return one(r, err)
	})
}

// one is err, or ErrUnknown if the statement met no row.
func one(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		err = ErrUnknown
	}
	return err
}
