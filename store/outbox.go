package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatepost/loop"
)

// Where a letter of the outbox stands.
const (
	PostWaiting   = "waiting"
	PostSent      = "sent"
	PostFailed    = "failed"    // refused for good
	PostCancelled = "cancelled" // by a later step
	PostDropped   = "dropped"   // by the operator
)

// Posted is a letter of the outbox as lists show it. Raw is not filled in.
type Posted struct {
	loop.Post
	State   string
	Mail    int64     // the mail that caused it, 0: time or the operator
	Created time.Time // when the rules wanted it
	Next    time.Time // waiting: when it is tried; zero: at once
	Closed  time.Time // when it was sent or given up
	Reason  string    // what the last attempt failed of
}

// PostFilter selects letters; empty fields select all.
type PostFilter struct {
	State string
	Team  string
	Kind  loop.Kind
	To    string
	Task  int
	Limit int // the newest so many
}

const postColumns = `
		SELECT serial,
		       letter,
		       attempts,
		       message_id,
		       sender,
		       text,
		       state,
		       coalesce(mail, 0),
		       created,
		       next,
		       closed,
		       reason`

func (p *Posted) columns() []any {
	return []any{&p.Serial, object{&p.Letter}, &p.Attempts, &p.MessageID, &p.Sender, &p.Text, &p.State,
		&p.Mail, moment{&p.Created}, moment{&p.Next}, moment{&p.Closed}, &p.Reason}
}

// Outbox lists letters, newest last.
func (d *DB) Outbox(ctx context.Context, f PostFilter) ([]Posted, error) {
	where, args := []string{"1"}, []any{}
	add := func(column string, v any, set bool) {
		if set {
			where, args = append(where, column+" = ?"), append(args, v)
		}
	}
	add("state", f.State, f.State != "")
	add("team", f.Team, f.Team != "")
	add("kind", string(f.Kind), f.Kind != "")
	add("recipient", f.To, f.To != "")
	add("task", f.Task, f.Task != 0)
	if f.Limit <= 0 {
		f.Limit = -1
	}
	rows, err := d.reader.QueryContext(ctx, `SELECT * FROM (`+postColumns+`
		  FROM post
		 WHERE `+strings.Join(where, " AND ")+`
		 ORDER BY serial DESC
		 LIMIT ?) ORDER BY serial`, append(args, f.Limit)...)
	if err != nil {
		return nil, explain("list outbox", err)
	}
	defer rows.Close()
	var list []Posted
	for rows.Next() {
		var p Posted
		if err := rows.Scan(p.columns()...); err != nil {
			return nil, explain("list outbox", err)
		}
		list = append(list, p)
	}
	return list, explain("list outbox", rows.Err())
}

// NextPost is the letter that has been due longest, nil if none is. It stays
// the next one until it is sent, put off, failed or cancelled.
func (d *DB) NextPost(ctx context.Context, now time.Time) (*loop.Post, error) {
	p, err := d.onePost(ctx, `
		 WHERE state = 'waiting'
		   AND next <= ?
		 ORDER BY next, serial`, stamp(now))
	return p, explain("next letter", err)
}

// Share is the part of the outbox that one sender has: the letters of these
// teams, or of all but these.
type Share struct {
	Teams []string
	Not   bool // all but Teams
}

const shared = `state = 'waiting' AND (team IN (SELECT value FROM json_each(?1))) <> ?2`

func (s Share) args() ([]any, error) {
	teams, err := json.Marshal(append([]string{}, s.Teams...))
	return []any{string(teams), s.Not}, err
}

// NextPostOf is NextPost for a share of the outbox.
func (d *DB) NextPostOf(ctx context.Context, share Share, now time.Time) (*loop.Post, error) {
	args, err := share.args()
	if err != nil {
		return nil, err
	}
	p, err := d.onePost(ctx, `
		 WHERE `+shared+`
		   AND next <= ?3
		 ORDER BY next, serial`, append(args, stamp(now))...)
	return p, explain("next letter", err)
}

// WakePostOf is WakePost for a share of the outbox.
func (d *DB) WakePostOf(ctx context.Context, share Share) (at time.Time, ok bool, err error) {
	args, err := share.args()
	if err != nil {
		return at, false, err
	}
	var next sql.NullString
	err = d.reader.QueryRowContext(ctx, `SELECT min(next) FROM post WHERE `+shared, args...).Scan(&next)
	if err == nil && next.Valid {
		err = moment{&at}.Scan(next.String)
	}
	return at, next.Valid, explain("next letter", err)
}

// LetterByID is the letter with the first of these Message-IDs (without angle
// brackets) that is one of ours, nil if none is.
func (d *DB) LetterByID(ctx context.Context, messageIDs []string) (*loop.Post, error) {
	for _, id := range messageIDs {
		if id == "" {
			continue
		}
		p, err := d.onePost(ctx, `WHERE message_id = ? AND message_id <> ''`, id)
		if p != nil || err != nil {
			return p, explain("letter by Message-ID", err)
		}
	}
	return nil, nil
}

// PostBySerial is the letter with this number; ErrUnknown if there is none.
func (d *DB) PostBySerial(ctx context.Context, serial int64) (*loop.Post, error) {
	p, err := d.onePost(ctx, `WHERE serial = ?`, serial)
	if p == nil && err == nil {
		err = ErrUnknown
	}
	return p, explain(fmt.Sprintf("letter %d", serial), err)
}

func (d *DB) onePost(ctx context.Context, where string, args ...any) (*loop.Post, error) {
	var p Posted
	err := d.reader.QueryRowContext(ctx, postColumns+`,
		       raw
		  FROM post
		`+where+`
		 LIMIT 1`, args...).Scan(append(p.columns(), &p.Raw)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &p.Post, nil
}

// WakePost tells when the first of the waiting letters is due.
func (d *DB) WakePost(ctx context.Context) (at time.Time, ok bool, err error) {
	var next sql.NullString
	err = d.reader.QueryRowContext(ctx, `SELECT min(next) FROM post WHERE state = 'waiting'`).Scan(&next)
	if err == nil && next.Valid {
		err = moment{&at}.Scan(next.String)
	}
	return at, next.Valid, explain("next letter", err)
}

// KeepPost keeps a letter as it was put into words: MessageID, Sender, Raw and
// Text. It can be done once; a second time only with the very same bytes.
func (d *DB) KeepPost(ctx context.Context, p *loop.Post) error {
	// A crash before this commit: it is put into words again, and nobody has
	// seen the first. After it: these bytes go out, however often it is tried.
	return d.write(ctx, fmt.Sprintf("keep letter %d", p.Serial), func(tx *sql.Tx) error {
		if len(p.Raw) == 0 || p.MessageID == "" {
			return errors.New("it has no bytes or no Message-ID")
		}
		var raw []byte
		err := tx.QueryRowContext(ctx, `SELECT raw FROM post WHERE serial = ?`, p.Serial).Scan(&raw)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrUnknown
		case err != nil:
			return err
		case raw != nil && bytes.Equal(raw, p.Raw):
			return nil
		case raw != nil:
			return fmt.Errorf("other bytes are kept for it: %w", ErrStale)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE post
			   SET message_id = ?,
			       sender = ?,
			       text = ?,
			       raw = ?
			 WHERE serial = ?`, p.MessageID, p.Sender, p.Text, p.Raw, p.Serial)
		if violates(err) {
			return fmt.Errorf("its Message-ID %q is another letter's: %w", p.MessageID, err)
		}
		return err
	})
}

// SentPost notes that the server took the letter at this time. What was taken
// is sent, even if it was cancelled a moment ago.
func (d *DB) SentPost(ctx context.Context, serial int64, at time.Time) error {
	// A crash after the server took it and before this commit: it goes out
	// once more, with the same Message-ID and the same bytes.
	return d.closePost(ctx, "note letter sent", serial, `
		UPDATE post
		   SET state = 'sent',
		       closed = ?1,
		       attempts = attempts + 1,
		       reason = ''
		 WHERE serial = ?2
		   AND state <> 'sent'`, stamp(at), serial)
}

// LaterPost puts a letter off after an attempt that failed for now.
func (d *DB) LaterPost(ctx context.Context, serial int64, next time.Time, reason string) error {
	return d.closePost(ctx, "put off letter", serial, `
		UPDATE post
		   SET next = ?1,
		       attempts = attempts + 1,
		       reason = ?3
		 WHERE serial = ?2
		   AND state = 'waiting'`, stamp(next), serial, reason)
}

// FailPost gives a letter up at this time.
func (d *DB) FailPost(ctx context.Context, serial int64, at time.Time, reason string) error {
	return d.closePost(ctx, "note letter failed", serial, `
		UPDATE post
		   SET state = 'failed',
		       closed = ?1,
		       attempts = attempts + 1,
		       reason = ?3
		 WHERE serial = ?2
		   AND state = 'waiting'`, stamp(at), serial, reason)
}

// closePost runs an update that changes nothing if the letter had another fate
// meanwhile, and fails if there is no such letter.
func (d *DB) closePost(ctx context.Context, op string, serial int64, query string, args ...any) error {
	return d.write(ctx, fmt.Sprintf("%s %d", op, serial), func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err = one(r, err); !errors.Is(err, ErrUnknown) {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT serial FROM post WHERE serial = ?`, serial).Scan(&serial)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknown
		}
		return err
	})
}

// RetryPost has a letter that failed, or waits for its next attempt, tried at once.
func (d *DB) RetryPost(ctx context.Context, serial int64) error {
	return d.write(ctx, fmt.Sprintf("retry letter %d", serial), func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `
			UPDATE post
			   SET state = 'waiting',
			       next = '',
			       closed = ''
			 WHERE serial = ?
			   AND state IN ('waiting', 'failed')`, serial)
		return one(r, err)
	})
}

// DropPost gives up a letter that failed or waits, by the operator's word.
func (d *DB) DropPost(ctx context.Context, serial int64, at time.Time) error {
	return d.write(ctx, fmt.Sprintf("drop letter %d", serial), func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `
			UPDATE post
			   SET state = 'dropped',
			       closed = ?
			 WHERE serial = ?
			   AND state IN ('waiting', 'failed')`, stamp(at), serial)
		return one(r, err)
	})
}
