package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gatepost/loop"
)

// Where a letter of the outbox stands.
const (
	PostWaiting   = "waiting"
	PostSent      = "sent"
	PostFailed    = "failed"    // refused for good
	PostCancelled = "cancelled" // taken back by a later step, or no longer true when its time came
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
	Tried bool // only those that were tried, and not taken
	Limit int  // the newest so many
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
		       reason,
		       team,
		       kind,
		       recipient,
		       task`

// scan reads a row of postColumns and of what follows them. A letter that cannot
// be read is Damaged and known by the columns beside it: an error here would hold
// up all other letters for one.
func (p *Posted) scan(row interface{ Scan(...any) error }, more ...any) error {
	var letter, created, next, closed string
	var beside loop.Letter
	err := row.Scan(append([]any{&p.Serial, &letter, &p.Attempts, &p.MessageID, &p.Sender, &p.Text, &p.State,
		&p.Mail, &created, &next, &closed, &p.Reason, &beside.Team, &beside.Kind, &beside.To, &beside.Task}, more...)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(letter), &p.Letter); err != nil {
		p.Damaged = fmt.Sprintf("what it is to say cannot be read: %v", err)
	} else if l := &p.Letter; l.Team != beside.Team || l.Kind != beside.Kind || l.To != beside.To || l.Task != beside.Task {
		p.Damaged = fmt.Sprintf("what it is to say is another letter's: %s to %s", l.Kind, l.To)
	}
	if p.Damaged != "" {
		p.Letter = beside
	}
	if bad := noTimes(timeText{"created", created, &p.Created}, timeText{"next", next, &p.Next}, timeText{"closed", closed, &p.Closed}); bad != "" {
		p.Damaged = bad
	}
	return nil
}

// query is what selects the letters. Where an index holds the few that may be meant it
// is named, or all that were ever sent would be read in their order; and it holds them
// by words, not by what a "?" may stand for.
func (f PostFilter) query() (string, []any) {
	where, args := []string{"1"}, []any{}
	add := func(term string, set bool, v ...any) {
		if set {
			where, args = append(where, term), append(args, v...)
		}
	}
	add("state = "+quoted(f.State), f.State != "")
	add("kind = "+quoted(string(f.Kind)), f.Kind != "")
	add("team = ?", f.Team != "", f.Team)
	add("recipient = ?", f.To != "", f.To)
	add("task = ?", f.Task != 0, f.Task)
	add("attempts > 0", f.Tried)
	if f.Limit <= 0 {
		f.Limit = -1
	}
	index := ""
	switch {
	case f.State == PostWaiting:
		index = "INDEXED BY post_waiting"
	case f.State == PostFailed:
		index = "INDEXED BY post_failed"
	case f.Kind == loop.Gate && f.Team != "":
		index = "INDEXED BY post_gate"
	case f.Kind == loop.Alert:
		index = "INDEXED BY post_alert"
	}
	return `SELECT * FROM (` + postColumns + `
		  FROM post ` + index + `
		 WHERE ` + strings.Join(where, " AND ") + `
		 ORDER BY serial DESC
		 LIMIT ?) ORDER BY serial`, append(args, f.Limit)
}

// quoted is a string of SQL.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Outbox lists letters, newest last.
func (d *DB) Outbox(ctx context.Context, f PostFilter) ([]Posted, error) {
	query, args := f.query()
	rows, err := d.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, explain("list outbox", err)
	}
	defer rows.Close()
	var list []Posted
	for rows.Next() {
		var p Posted
		if err := p.scan(rows); err != nil {
			return nil, explain("list outbox", err)
		}
		list = append(list, p)
	}
	return list, explain("list outbox", rows.Err())
}

// scheduledKinds are the letters that the clock makes; all others are waited
// for by somebody. The index post_rank says the same.
const scheduledKinds = `(kind IN ('digest', 'prompt', 'weekly'))`

const duePosts = `
		  FROM post
		 WHERE state = 'waiting'
		   AND ` + scheduledKinds + ` = ?
		   AND next BETWEEN ? AND ?
		   AND (team IN (SELECT value FROM json_each(?))) <> ?
		   AND serial NOT IN (SELECT value FROM json_each(?))
		 ORDER BY next, serial
		 LIMIT ?`

// What stands in a time column behind every time is none.
const (
	noTime   = ":" // behind the digits
	lastText = "\U0010FFFF"
)

// NextPosts are letters that are due, at most so many and none of those under
// way: first those that somebody waits for, then digests, prompts and weekly
// reviews, of these at most scheduled; of each those that have been due longest.
// They stay the next ones until they are sent, put off, failed or cancelled.
func (d *DB) NextPosts(ctx context.Context, now time.Time, most, scheduled int, underway ...int64) ([]*loop.Post, error) {
	return d.NextPostsOf(ctx, Share{Not: true}, now, most, scheduled, underway...)
}

// NextPostsOf is NextPosts for a share of the outbox.
func (d *DB) NextPostsOf(ctx context.Context, share Share, now time.Time, most, scheduled int, underway ...int64) (list []*loop.Post, err error) {
	teams, err := share.args()
	if err != nil {
		return nil, err
	}
	not, err := json.Marshal(append([]int64{}, underway...))
	if err != nil {
		return nil, err
	}
	if ctx, err = short(ctx); err != nil {
		return nil, err
	}
	err = d.read(ctx, "next letters", func(tx *sql.Tx) error {
		for _, s := range []struct {
			rank     int
			from, to string // of next
			most     int
		}{
			{0, "", stamp(now), most},
			{1, "", stamp(now), scheduled},
			{0, noTime, lastText, most}, // damaged: their time would never come
			{1, noTime, lastText, most},
		} {
			limit := min(most-len(list), s.most)
			if limit <= 0 {
				continue
			}
			rows, err := tx.QueryContext(ctx, postColumns+rawColumns+duePosts, s.rank, s.from, s.to, teams[0], teams[1], string(not), limit)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				p, err := scanPost(rows)
				if err != nil {
					return err
				}
				list = append(list, p)
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// NextPost is the first of NextPosts, nil if none is due.
func (d *DB) NextPost(ctx context.Context, now time.Time) (*loop.Post, error) {
	list, err := d.NextPosts(ctx, now, 1, 1)
	if len(list) == 0 {
		return nil, err
	}
	return list[0], err
}

// Waits tells whether a letter is still to be sent.
func (d *DB) Waits(ctx context.Context, serial int64) (waits bool, err error) {
	if ctx, err = short(ctx); err != nil {
		return false, err
	}
	err = d.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM post WHERE serial = ? AND state = 'waiting')`, serial).Scan(&waits)
	return waits, explain(fmt.Sprintf("letter %d", serial), err)
}

const sentSince = `SELECT count(*) FROM post WHERE state = 'sent' AND closed > ? AND (team IN (SELECT value FROM json_each(?))) <> ?`

// SentSince is how many letters were sent after that moment.
func (d *DB) SentSince(ctx context.Context, at time.Time) (n int, err error) {
	return d.SentSinceOf(ctx, Share{Not: true}, at)
}

// SentSinceOf is SentSince for a share of the outbox.
func (d *DB) SentSinceOf(ctx context.Context, share Share, at time.Time) (n int, err error) {
	teams, err := share.args()
	if err != nil {
		return 0, err
	}
	err = d.reader.QueryRowContext(ctx, sentSince, append([]any{stamp(at)}, teams...)...).Scan(&n)
	return n, explain("count letters sent", err)
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

// WaitingOf is how many letters of a share wait.
func (d *DB) WaitingOf(ctx context.Context, share Share) (n int, err error) {
	args, err := share.args()
	if err != nil {
		return 0, err
	}
	err = d.reader.QueryRowContext(ctx, `SELECT count(*) FROM post WHERE `+shared, args...).Scan(&n)
	return n, explain("count waiting letters", err)
}

// WakePost tells when the first of the waiting letters is due.
func (d *DB) WakePost(ctx context.Context) (at time.Time, ok bool, err error) {
	return d.WakePostOf(ctx, Share{Not: true})
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

const letters = postColumns + ` FROM post WHERE message_id IN (SELECT value FROM json_each(?)) AND message_id <> ''`

// LettersByID is those of our letters that have one of these Message-IDs
// (without angle brackets). Their bytes are not brought.
func (d *DB) LettersByID(ctx context.Context, messageIDs []string) (map[string]*loop.Post, error) {
	found := map[string]*loop.Post{}
	list, err := json.Marshal(messageIDs)
	if len(messageIDs) == 0 || err != nil {
		return found, err
	}
	if ctx, err = short(ctx); err != nil {
		return nil, err
	}
	rows, err := d.reader.QueryContext(ctx, letters, string(list))
	if err != nil {
		return nil, explain("letters by Message-ID", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Posted
		if err := p.scan(rows); err != nil {
			return nil, explain("letters by Message-ID", err)
		}
		found[p.MessageID] = &p.Post
	}
	return found, explain("letters by Message-ID", rows.Err())
}

// PostBySerial is the letter with this number; ErrUnknown if there is none.
func (d *DB) PostBySerial(ctx context.Context, serial int64) (*loop.Post, error) {
	p, err := d.onePost(ctx, `WHERE serial = ?`, serial)
	if p == nil && err == nil {
		err = ErrUnknown
	}
	return p, explain(fmt.Sprintf("letter %d", serial), err)
}

// rawColumns follow postColumns where the bytes are wanted.
const rawColumns = `,
		       raw,
		       raw_form,
		       raw_size`

func (d *DB) onePost(ctx context.Context, where string, args ...any) (*loop.Post, error) {
	p, err := scanPost(d.reader.QueryRowContext(ctx, postColumns+rawColumns+`
		  FROM post
		`+where+`
		 LIMIT 1`, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return p, err
}

func scanPost(row interface{ Scan(...any) error }) (*loop.Post, error) {
	var p Posted
	var form string
	var size int64
	err := p.scan(row, &p.Raw, &form, &size)
	if err != nil {
		return nil, err
	}
	if p.Raw, err = unpack(p.Raw, form, size); err != nil {
		p.Damaged = fmt.Sprintf("its bytes cannot be had again: %v", err) // this letter's misfortune, and no other's
	}
	return &p.Post, nil
}

// KeepPost keeps letters as they were put into words: MessageID, Sender, Raw
// and Text, of all of them or of none. It can be done once; a second time only
// with the very same bytes.
func (d *DB) KeepPost(ctx context.Context, posts ...*loop.Post) error {
	ctx, err := short(ctx)
	if err != nil {
		return err
	}
	// A crash before this commit: they are put into words again, and nobody has
	// seen the first. After it: these bytes go out, however often it is tried.
	return d.write(ctx, "keep letters", func(tx *sql.Tx) error {
		for _, p := range posts {
			if err := keepPost(ctx, tx, p); err != nil {
				return fmt.Errorf("letter %d: %w", p.Serial, err)
			}
		}
		return nil
	})
}

func keepPost(ctx context.Context, tx *sql.Tx, p *loop.Post) error {
	if len(p.Raw) == 0 || p.MessageID == "" {
		return errors.New("it has no bytes or no Message-ID")
	}
	var raw []byte
	var form string
	var size int64
	err := tx.QueryRowContext(ctx, `SELECT raw, raw_form, raw_size FROM post WHERE serial = ?`, p.Serial).Scan(&raw, &form, &size)
	if err == nil {
		raw, err = unpack(raw, form, size)
	}
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
	stored, form := pack(p.Raw)
	_, err = tx.ExecContext(ctx, `
		UPDATE post
		   SET message_id = ?,
		       sender = ?,
		       text = ?,
		       raw = ?,
		       raw_form = ?,
		       raw_size = ?
		 WHERE serial = ?`, p.MessageID, p.Sender, p.Text, stored, form, len(p.Raw), p.Serial)
	if violates(err) {
		return fmt.Errorf("its Message-ID %q is another letter's: %w", p.MessageID, err)
	}
	return err
}

// SentPost notes that the server took these letters. What was taken is sent,
// even if it was cancelled a moment ago.
func (d *DB) SentPost(ctx context.Context, at time.Time, serials ...int64) error {
	// A crash after the server took one and before this commit: it goes out
	// once more, with the same Message-ID and the same bytes.
	return d.write(ctx, "note letters sent", func(tx *sql.Tx) error {
		for _, serial := range serials {
			if err := closePost(ctx, tx, serial, `
				UPDATE post
				   SET state = 'sent',
				       closed = ?1,
				       attempts = attempts + 1,
				       reason = ''
				 WHERE serial = ?2
				   AND state <> 'sent'`, stamp(at), serial); err != nil {
				return fmt.Errorf("letter %d: %w", serial, err)
			}
		}
		return nil
	})
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

// WaitPost puts a letter off without an attempt.
func (d *DB) WaitPost(ctx context.Context, serial int64, next time.Time) error {
	return d.closePost(ctx, "let letter wait", serial, `
		UPDATE post
		   SET next = ?1
		 WHERE serial = ?2
		   AND state = 'waiting'`, stamp(next), serial)
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

// CancelPost takes letters back that were never put into words, each for its
// reason. Their keys are free for others like them.
func (d *DB) CancelPost(ctx context.Context, at time.Time, reasons map[int64]string) error {
	return d.write(ctx, "cancel letters", func(tx *sql.Tx) error {
		for _, serial := range slices.Sorted(maps.Keys(reasons)) {
			if err := closePost(ctx, tx, serial, `
				UPDATE post
				   SET state = 'cancelled',
				       closed = ?1,
				       reason = ?3,
				       key = ''
				 WHERE serial = ?2
				   AND state = 'waiting'
				   AND message_id = ''`, stamp(at), serial, reasons[serial]); err != nil {
				return fmt.Errorf("letter %d: %w", serial, err)
			}
		}
		return nil
	})
}

// closePost runs an update that changes nothing if the letter had another fate
// meanwhile, and fails if there is no such letter.
func (d *DB) closePost(ctx context.Context, op string, serial int64, query string, args ...any) error {
	return d.write(ctx, fmt.Sprintf("%s %d", op, serial), func(tx *sql.Tx) error {
		return closePost(ctx, tx, serial, query, args...)
	})
}

func closePost(ctx context.Context, tx *sql.Tx, serial int64, query string, args ...any) error {
	r, err := tx.ExecContext(ctx, query, args...)
	if err = one(r, err); !errors.Is(err, ErrUnknown) {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT serial FROM post WHERE serial = ?`, serial).Scan(&serial)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrUnknown
	}
	return err
}

// RetryPost has a letter that failed, or waits for its next attempt, tried at
// once, or in its reader's working hours, with nearly all of its tries before it
// again. One whose hour has not come goes then.
func (d *DB) RetryPost(ctx context.Context, serial int64) error {
	return d.write(ctx, fmt.Sprintf("retry letter %d", serial), func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `
			UPDATE post
			   SET next = iif(state = 'waiting' AND attempts = 0, next, ''),
			       attempts = min(attempts, 1), -- a server may have it: it cannot be taken back
			       state = 'waiting',
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
