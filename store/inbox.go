package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatepost/parse"
)

// Inbox is a mail to be read.
type Inbox struct {
	ID          int64 // order of arrival; never used for another mail
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	At          time.Time    // when it was received
	Raw         []byte       // of a large mail without the bodies in Gone, see parse.Skim
	Gone        []parse.Gone // what of it is not in Raw
	Large       bool         // Raw is not all of it, see DB.RawReader
	Vouched     string       // who let it in after it was held: "confirm", "operator"; "" if it never was
	Attempts    int          // how often it was put off (verdict waiting)
	FirstSeen   time.Time    // when it was first put off; zero if never
	Tries       int          // readings begun and not ended, see CountMails
	Damaged     string       // why its bytes cannot be had: it is to be parked; "" if they can
}

// Position tells how far a mailbox was taken in. known is false before the
// first start (see Begin).
func (d *DB) Position(ctx context.Context, mailbox string) (uidvalidity, uid uint32, since time.Time, known bool, err error) {
	err = d.reader.QueryRowContext(ctx, `
		SELECT uidvalidity,
		       uid,
		       since
		  FROM position
		 WHERE mailbox = ?`, mailbox).Scan(&uidvalidity, &uid, moment{&since})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, time.Time{}, false, nil
	}
	return uidvalidity, uid, since, err == nil, explain(fmt.Sprintf("position of mailbox %q", mailbox), err)
}

// Begin sets where reading of a mailbox goes on, whatever it was: at the first
// start, when its UIDVALIDITY changed, and to read it from its start again.
// Mail up to uid is not asked for. since is the time of the first start, before
// which mail is left alone; zero if none is.
func (d *DB) Begin(ctx context.Context, mailbox string, uidvalidity, uid uint32, since time.Time) error {
	// A crash before this commit is a first start once more: nothing was taken in.
	return d.write(ctx, fmt.Sprintf("begin mailbox %q", mailbox), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO position (mailbox, uidvalidity, uid, since)
			VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (mailbox) DO UPDATE
			   SET uidvalidity = ?2,
			       uid = ?3,
			       since = ?4`, mailbox, uidvalidity, uid, stamp(since))
		return err
	})
}

// Arrived is a mail as it came into a mailbox.
type Arrived = struct {
	UID uint32
	At  time.Time
	Raw []byte
}

// ReceiveAll keeps mails, in rising order of UID, and moves the position on, in
// one transaction, after Begin. fresh tells of each, in order, that it was not
// here already: in the same place, or the same fingerprint found in another
// place. A mail that was parked for want of its body is made whole, and is to
// be read.
func (d *DB) ReceiveAll(ctx context.Context, mailbox string, uidvalidity uint32, mails []Arrived) (fresh []bool, err error) {
	list, stored := make([]arrival, len(mails)), 0
	for i, m := range mails { // packed while others may write
		list[i] = arrival{mailbox: mailbox, uidvalidity: uidvalidity, uid: m.UID, at: m.At, fingerprint: parse.Fingerprint(m.Raw), whole: true}.of(m.Raw)
		stored += len(list[i].stored)
	}
	fresh = make([]bool, len(mails))
	if ctx, err = short(ctx); err != nil {
		return nil, err
	}
	// The source may touch flags on the server only after this commit. A crash
	// before it: the mails are fetched again. After it: they are known.
	err = d.write(ctx, fmt.Sprintf("receive mail of mailbox %q", mailbox), func(tx *sql.Tx) error {
		if len(list) == 0 {
			return nil
		}
		if err := moveOn(ctx, tx, list[len(list)-1]); err != nil {
			return err
		}
		known, err := mayBeKnown(ctx, tx, list)
		if err != nil {
			return err
		}
		for i, a := range list {
			if fresh[i] = !known[i]; known[i] {
				fresh[i], err = keep(ctx, tx, a)
			} else {
				_, err = insertMail(ctx, tx, a)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		d.logged(stored)
	}
	return fresh, err
}

// mayBeKnown tells of mails of one mailbox whether they, or others with the same
// fingerprint, are here already, asked at once; false is certain.
func mayBeKnown(ctx context.Context, tx *sql.Tx, list []arrival) ([]bool, error) {
	uids, fingerprints := make([]uint32, len(list)), make([]string, len(list))
	for i, a := range list {
		uids[i], fingerprints[i] = a.uid, a.fingerprint
	}
	asked, err := json.Marshal(uids)
	if err != nil {
		return nil, err
	}
	places, err := column[uint32](ctx, tx, `
		SELECT uid FROM inbox WHERE mailbox = ?1 AND uidvalidity = ?2 AND uid IN (SELECT value FROM json_each(?3))
		UNION ALL
		SELECT uid FROM copy  WHERE mailbox = ?1 AND uidvalidity = ?2 AND uid IN (SELECT value FROM json_each(?3))`,
		list[0].mailbox, list[0].uidvalidity, string(asked))
	if err != nil {
		return nil, err
	}
	if asked, err = json.Marshal(fingerprints); err != nil {
		return nil, err
	}
	twins, err := column[string](ctx, tx, `SELECT fingerprint FROM inbox WHERE fingerprint IN (SELECT value FROM json_each(?))`, string(asked))
	if err != nil {
		return nil, err
	}
	known := make([]bool, len(list))
	for i, a := range list {
		known[i] = slices.Contains(places, a.uid) || slices.Contains(twins, a.fingerprint)
		twins = append(twins, a.fingerprint)
	}
	return known, nil
}

// Receive is ReceiveAll for one mail.
func (d *DB) Receive(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, raw []byte) (fresh bool, err error) {
	list, err := d.ReceiveAll(ctx, mailbox, uidvalidity, []Arrived{{uid, at, raw}})
	return list[0] && err == nil, err
}

// Park keeps the header of a mail that was not fetched whole (too large), with
// the reason, for a person to look at. It moves the position on as Receive does.
func (d *DB) Park(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, head []byte, reason string) error {
	return d.write(ctx, fmt.Sprintf("park mail %d of mailbox %q", uid, mailbox), func(tx *sql.Tx) error {
		_, err := take(ctx, tx, arrival{mailbox: mailbox, uidvalidity: uidvalidity, uid: uid, at: at, fingerprint: "head " + headSum(head, fmt.Sprint(mailbox, " ", uidvalidity, " ", uid)), reason: reason}.of(head))
		return err
	})
}

// headSum is the identity of a mail of which only the header was fetched; where
// there is none, nothing is known but its place.
func headSum(head []byte, place string) string {
	if len(head) == 0 {
		head = []byte(place)
	}
	sum := sha256.Sum256(head)
	return hex.EncodeToString(sum[:])
}

// arrival is a mail as its source found it. reason is why it is parked at once.
type arrival struct {
	mailbox          string
	uidvalidity, uid uint32
	at               time.Time
	fingerprint      string
	stored           []byte // as pack gives them; of a large mail nil
	form             string
	stack            int64 // of its pieces, if they are kept already
	size             int64
	whole            bool
	reason           string
}

// of is an arrival with these bytes.
func (a arrival) of(raw []byte) arrival {
	a.stored, a.form = pack(raw)
	a.size = int64(len(raw))
	return a
}

// take keeps what arrived alone.
func take(ctx context.Context, tx *sql.Tx, a arrival) (fresh bool, err error) {
	if err := moveOn(ctx, tx, a); err != nil {
		return false, err
	}
	return keep(ctx, tx, a)
}

// moveOn moves the position of the mailbox to a mail that arrived.
func moveOn(ctx context.Context, tx *sql.Tx, a arrival) error {
	r, err := tx.ExecContext(ctx, `
		UPDATE position
		   SET uid = max(uid, ?)
		 WHERE mailbox = ?
		   AND uidvalidity = ?`, a.uid, a.mailbox, a.uidvalidity)
	if err != nil {
		return err
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return fmt.Errorf("the mailbox was not begun with UIDVALIDITY %d: %w", a.uidvalidity, ErrStale)
	}
	return nil
}

// keep keeps a mail, if it is not there yet.
func keep(ctx context.Context, tx *sql.Tx, a arrival) (fresh bool, err error) {
	var mail int64
	err = tx.QueryRowContext(ctx, `
		SELECT id   FROM inbox WHERE mailbox = ?1 AND uidvalidity = ?2 AND uid = ?3
		UNION ALL
		SELECT mail FROM copy  WHERE mailbox = ?1 AND uidvalidity = ?2 AND uid = ?3`,
		a.mailbox, a.uidvalidity, a.uid).Scan(&mail)
	if err == nil && a.whole {
		return complete(ctx, tx, mail, a)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	mail, err = twin(ctx, tx, &a)
	if err == nil {
		_, err = tx.ExecContext(ctx, `
			INSERT INTO copy (mailbox, uidvalidity, uid, mail)
			VALUES (?, ?, ?, ?)`, a.mailbox, a.uidvalidity, a.uid, mail)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	_, err = insertMail(ctx, tx, a)
	return err == nil, err
}

// twin is the mail in the same mailbox with the same fingerprint. One that came
// into another mailbox is another mail, for it may be of another team there: it
// is kept as well, under a fingerprint that tells where, see Turn.Elsewhere.
func twin(ctx context.Context, tx *sql.Tx, a *arrival) (mail int64, err error) {
	var mailbox string
	find := func() error {
		return tx.QueryRowContext(ctx, `SELECT id, mailbox FROM inbox WHERE fingerprint = ?`, a.fingerprint).Scan(&mail, &mailbox)
	}
	if err = find(); err == nil && mailbox != a.mailbox {
		a.fingerprint += " " + a.mailbox
		err = find()
	}
	return mail, err
}

// complete gives the bytes to a mail of which only the header was fetched, as
// after a larger limit and a second reading of the mailbox.
func complete(ctx context.Context, tx *sql.Tx, mail int64, a arrival) (bool, error) {
	// It is whole, or came whole to another place, if its bytes are here.
	if _, err := twin(ctx, tx, &a); !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	r, err := tx.ExecContext(ctx, `
		UPDATE inbox
		   SET fingerprint = ?1,
		       size = ?2,
		       whole = 1,
		       verdict = '',
		       reason = '',
		       decided = ''
		 WHERE id = ?3
		   AND whole = 0
		   AND verdict = 'parked'`, a.fingerprint, a.size, mail)
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE raw SET bytes = ?, form = ?, stack = ? WHERE mail = ?`, some(a.stored), a.form, a.stack, mail)
	return true, err
}

func insertMail(ctx context.Context, tx *sql.Tx, a arrival) (mail int64, err error) {
	verdict, decided := "", ""
	if !a.whole {
		verdict, decided = Parked, stamp(a.at)
	}
	r, err := tx.ExecContext(ctx, `
		INSERT INTO inbox (mailbox, uidvalidity, uid, fingerprint, at, size, whole, verdict, reason, decided)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.mailbox, a.uidvalidity, a.uid, a.fingerprint, stamp(a.at), a.size, a.whole, verdict, a.reason, decided)
	if err != nil {
		return 0, err
	}
	if mail, err = r.LastInsertId(); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO raw (mail, bytes, form, stack) VALUES (?, ?, ?, ?)`, mail, some(a.stored), a.form, a.stack)
	return mail, err
}

// some is b, and not NULL where there is nothing.
func some(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Polled notes that the mailbox was looked at, for status.
func (d *DB) Polled(ctx context.Context, mailbox string, at time.Time) error {
	return d.write(ctx, fmt.Sprintf("note poll of mailbox %q", mailbox), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE position SET polled = ? WHERE mailbox = ?`, stamp(at), mailbox)
		return err
	})
}

// NextMail is the oldest unread mail whose wait is over, nil if there is none.
// It stays the next one until Commit gives a verdict on it.
func (d *DB) NextMail(ctx context.Context, now time.Time) (*Inbox, error) {
	list, err := d.NextMails(ctx, now, 0, 1, 0)
	if len(list) == 0 {
		return nil, err
	}
	return list[0], err
}

// NextMails are the oldest unread mails behind the one numbered after whose
// wait is over, in the order in which they are to be read: at most so many, and
// no more than so many bytes, but one at least if there is one.
func (d *DB) NextMails(ctx context.Context, now time.Time, after int64, mails int, size int64) (list []*Inbox, err error) {
	if ctx, err = short(ctx); err != nil {
		return nil, err
	}
	rows, err := d.reader.QueryContext(ctx, `
		SELECT i.id,
		       i.mailbox,
		       i.uidvalidity,
		       i.uid,
		       i.at,
		       raw.bytes,
		       raw.form,
		       i.size,
		       i.vouched,
		       i.attempts,
		       i.first_seen,
		       i.tries,
		       raw.stack,
		       i.until
		  FROM inbox i
		  JOIN raw ON raw.mail = i.id
		 WHERE i.verdict IN ('', 'waiting')
		   AND (i.until <= ? OR i.until >= '`+noTime+`')
		   AND i.id > ?
		 ORDER BY i.id
		 LIMIT ?`, stamp(now), after, mails)
	if err != nil {
		return nil, explain("next mail", err)
	}
	defer rows.Close()
	for rows.Next() {
		m := new(Inbox)
		var form, at, seen, until string
		var length, stack int64
		if err := rows.Scan(&m.ID, &m.Mailbox, &m.UIDValidity, &m.UID, &at, &m.Raw, &form, &length, &m.Vouched, &m.Attempts, &seen, &m.Tries, &stack, &until); err != nil {
			return nil, explain("next mail", err)
		}
		if m.Large = stack > 0; m.Large {
			what, here := d.skims.take(stack)
			if !here {
				what, err = skim(&pieces{ctx: ctx, from: d.reader, stack: stack, size: length})
				if errors.Is(err, errUnread) || errors.Is(err, errDamaged) {
					m.Damaged = err.Error()
				} else if err != nil {
					return nil, explain("next mail", err)
				}
			}
			m.Raw, m.Gone = what.raw, what.gone
		} else if m.Raw, err = unpack(m.Raw, form, length); err != nil {
			m.Damaged = err.Error() // this mail's misfortune, and no other's
		}
		if bad := noTimes(timeText{"until", until, new(time.Time)}, timeText{"first_seen", seen, &m.FirstSeen}); bad != "" { // until was compared in SQL
			m.Damaged = bad
		}
		if bad := noTimes(timeText{"at", at, &m.At}); bad != "" {
			m.Damaged, m.At = bad, now
		}
		list = append(list, m)
		if size -= int64(len(m.Raw)); size < 0 {
			break
		}
	}
	return list, explain("next mail", rows.Err())
}

// WakeMail tells when the first of the mails that were put off is due.
func (d *DB) WakeMail(ctx context.Context) (at time.Time, ok bool, err error) {
	err = d.reader.QueryRowContext(ctx, `
		SELECT coalesce(min(until), '')
		  FROM inbox
		 WHERE verdict IN ('', 'waiting')
		   AND until <> ''`).Scan(perhaps{&at})
	return at, !at.IsZero(), explain("next waiting mail", err)
}

// LastMail is the number of the newest mail, 0 if there is none.
func (d *DB) LastMail(ctx context.Context) (id int64, err error) {
	err = d.reader.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM inbox`).Scan(&id)
	return id, explain("last mail", err)
}

// CountMails notes, before mails are read, that their reading begins. How often
// that happened since it last came to an end is Inbox.Tries; a mail that ends
// the program each time it is read is known by that number.
func (d *DB) CountMails(ctx context.Context, ids []int64) error {
	// A crash before this commit: the try is not counted, and there is one
	// more. After it: the mails are unread, and the next start knows of it.
	return d.eachMail(ctx, "count the reading of mail", ids, `UPDATE inbox SET tries = tries + 1 WHERE id = ?`)
}

// UncountMails takes one try back: the reading ended, though not with a verdict,
// as when the program was told to stop or the disk was full.
func (d *DB) UncountMails(ctx context.Context, ids []int64) error {
	return d.eachMail(ctx, "take back the try of mail", ids, `UPDATE inbox SET tries = max(tries - 1, 0) WHERE id = ?`)
}

func (d *DB) eachMail(ctx context.Context, op string, ids []int64, query string) error {
	return d.write(ctx, op, func(tx *sql.Tx) error {
		for _, id := range ids {
			r, err := tx.ExecContext(ctx, query, id)
			if err = one(r, err); err != nil {
				return fmt.Errorf("%d: %w", id, err)
			}
		}
		return nil
	})
}
