package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatepost/loop"
)

// Step is a mail read, or a moment passed, with all its consequences.
type Step struct {
	Team string    // address; "" if the mail is for no team
	At   time.Time // now

	Mail    int64     // the mail that was read; 0: time passed, or the operator acted
	Verdict string    // on the mail: Read, Parked, Waiting, Held or Ignored
	Reason  string    // of the verdict
	Until   time.Time // Waiting: when to read it again

	From, Subject, Robot string // as the reader saw them; shown in lists
	Task                 int    // that the mail is about, 0: none
	Text                 string // the new text: what search finds, if the verdict is Read

	Before, After *loop.State   // both nil: the state does not change
	Events        []loop.Event  // appended to the record; Seq is set on success
	Letters       []loop.Letter // to the outbox, unless the team has one with this Key that was not cancelled
	Withdraw      []int64       // letters not to be sent after all; none of them may be due before WithdrawLead is over
	Redate        []loop.Redate // letters to be sent at another time; none of them may be due before WithdrawLead is over
	Release       []int64       // held mails to be read again, with a "yes" behind them
	Drop          []int64       // held mails that are not waited for any more
}

// WithdrawLead is how long before a letter is due it can be taken back or get
// another time: later the sender may have it in its hands already.
const WithdrawLead = 10 * time.Minute

// Commit makes a step durable, whole or not at all. It fails with ErrStale if
// the mail has its verdict already, or if the state is not what it was when it
// was loaded: then nothing is written, and the next NextMail and Load tell
// what to do.
func (d *DB) Commit(ctx context.Context, s Step) error {
	op := fmt.Sprintf("commit mail %d", s.Mail)
	if s.Mail == 0 {
		op = "commit"
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	var seqs []int64
	// A crash before this commit: the mail is unread and is read again, from
	// the same state, to the same end. After it: all of it has happened, and
	// the letters wait in the outbox.
	err := d.write(ctx, op, func(tx *sql.Tx) (err error) {
		d.memory.forget()
		seqs, err = s.write(ctx, tx, false, saveState)
		return err
	})
	if err != nil {
		return err
	}
	s.number(seqs)
	return nil
}

// number sets the places of the events in the record, once they are there.
func (s Step) number(seqs []int64) {
	for i := range seqs {
		s.Events[i].Seq = seqs[i]
	}
}

// write writes the step. known says that the team has its row; save writes what
// changes of the state.
func (s Step) write(ctx context.Context, tx *sql.Tx, known bool, save func(ctx context.Context, tx *sql.Tx, team string, before, after *loop.State) error) (seqs []int64, err error) {
	if err := s.markMail(ctx, tx); err != nil {
		return nil, err
	}
	if s.Team != "" && !known {
		if _, err := tx.ExecContext(ctx, `INSERT INTO team (address) VALUES (?) ON CONFLICT DO NOTHING`, s.Team); err != nil {
			return nil, err
		}
	}
	if s.After != nil {
		if err := save(ctx, tx, s.Team, s.Before, s.After); err != nil {
			return nil, err
		}
	}
	if err := s.index(ctx, tx); err != nil {
		return nil, err
	}
	seqs = make([]int64, len(s.Events))
	for i, e := range s.Events {
		if seqs[i], err = s.appendEvent(ctx, tx, e); err != nil {
			return nil, err
		}
	}
	for _, l := range s.Letters {
		if err := s.post(ctx, tx, l); err != nil {
			return nil, err
		}
	}
	return seqs, s.settle(ctx, tx)
}

func (s Step) check() error {
	if (s.Before == nil) != (s.After == nil) {
		return errors.New("a state before without one after, or the other way round")
	}
	switch s.Verdict {
	case Read, Parked, Held, Ignored:
	case Waiting:
		if s.Until.IsZero() {
			return errors.New("verdict waiting without a time")
		}
	default:
		if s.Mail != 0 {
			return fmt.Errorf("no such verdict: %q", s.Verdict)
		}
	}
	return nil
}

// markMail gives the verdict. Whoever comes second finds the mail decided.
func (s Step) markMail(ctx context.Context, tx *sql.Tx) error {
	if s.Mail == 0 {
		return nil
	}
	until := ""
	if s.Verdict == Waiting {
		until = stamp(s.Until)
	}
	r, err := tx.ExecContext(ctx, `
		UPDATE inbox
		   SET verdict = ?1,
		       reason = ?2,
		       until = ?3,
		       decided = ?4,
		       team = ?5,
		       sender = ?6,
		       subject = ?7,
		       robot = ?8,
		       task = ?9,
		       text = ?10,
		       attempts = attempts + (?1 = 'waiting'),
		       tries = 0,
		       first_seen = iif(?1 = 'waiting' AND first_seen = '', ?4, first_seen)
		 WHERE id = ?11
		   AND verdict IN ('', 'waiting')`,
		s.Verdict, s.Reason, until, stamp(s.At), s.Team, s.From, s.Subject, s.Robot, s.Task, s.Text, s.Mail)
	return stale(one(r, err))
}

// stale says of a row that is not there any more that somebody was there first.
func stale(err error) error {
	if errors.Is(err, ErrUnknown) {
		return ErrStale
	}
	return err
}

func (s Step) appendEvent(ctx context.Context, tx *sql.Tx, e loop.Event) (int64, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return 0, err
	}
	r, err := tx.ExecContext(ctx, `
		INSERT INTO event (team, task, kind, at, mail, body)
		VALUES (?, ?, ?, ?, ?, ?)`, s.Team, taskOf(e), string(e.Kind), stamp(e.At), null(e.Mail), string(body))
	if err != nil {
		return 0, err
	}
	seq, err := r.LastInsertId()
	if err != nil {
		return 0, err
	}
	return seq, say(ctx, tx, s.Team, seq, 0, words(e))
}

// taskOf is the task in whose record an event stands.
func taskOf(e loop.Event) int {
	if e.Task == 0 && e.Hold != nil {
		return e.Hold.Task
	}
	return e.Task
}

// index makes what a mail said findable. What was not read is not: nobody but
// the operator may come to see a stranger's words.
func (s Step) index(ctx context.Context, tx *sql.Tx) error {
	if s.Mail == 0 || s.Verdict != Read || s.Text == "" {
		return nil
	}
	return say(ctx, tx, s.Team, 0, s.Mail, s.Subject+"\n"+s.Text)
}

func (s Step) post(ctx context.Context, tx *sql.Tx, l loop.Letter) error {
	if l.Key != "" { // asked first, for a refused insert would use up a serial
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM post WHERE team = ? AND key = ? AND key <> ''`, l.Team, l.Key).Scan(&n); err != nil || n > 0 {
			return err
		}
	}
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO post (team, kind, recipient, task, key, mail, created, next, letter)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		l.Team, string(l.Kind), l.To, l.Task, l.Key, null(s.Mail), stamp(s.At), stamp(l.Due), string(body))
	return err
}

// settle does what a step says of other mails and letters. Mails that are no
// longer held had another fate meanwhile and keep it.
func (s Step) settle(ctx context.Context, tx *sql.Tx) error {
	// A letter that is told already changes nothing: the rules have to know.
	const unsent = `
			 WHERE serial = ?2
			   AND state = 'waiting'
			   AND attempts = 0
			   AND next > ?3`
	lead := stamp(s.At.Add(WithdrawLead))
	for _, serial := range s.Withdraw {
		r, err := tx.ExecContext(ctx, `UPDATE post SET state = 'cancelled', closed = ?1, key = '' `+unsent, stamp(s.At), serial, lead)
		if err := one(r, err); err != nil {
			return stale(err)
		}
	}
	for _, d := range s.Redate {
		r, err := tx.ExecContext(ctx, `UPDATE post SET next = ?1 `+unsent, stamp(d.Next), d.Serial, lead)
		if err := one(r, err); err != nil {
			return stale(err)
		}
	}
	for _, id := range s.Release {
		if _, err := tx.ExecContext(ctx, `
			UPDATE inbox
			   SET verdict = '',
			       reason = '',
			       until = '',
			       vouched = 'confirm'
			 WHERE id = ?
			   AND verdict = 'held'`, id); err != nil {
			return err
		}
	}
	for _, id := range s.Drop {
		if _, err := tx.ExecContext(ctx, `
			UPDATE inbox
			   SET verdict = 'dropped'
			 WHERE id = ?
			   AND verdict = 'held'`, id); err != nil {
			return err
		}
	}
	return nil
}
