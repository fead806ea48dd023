package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"gatepost/parse"
)

// What verify finds in the bytes that are kept of mails and letters.

// verifyMails takes out what was packed, one mail after the other: their bytes must be
// those that came, which their fingerprint tells.
func verifyMails(ctx context.Context, tx *sql.Tx, tell func(string, int64, int64)) (bad []string, err error) {
	const query = `
		SELECT raw.mail,
		       raw.bytes,
		       raw.form,
		       raw.stack,
		       inbox.size,
		       inbox.whole,
		       inbox.fingerprint,
		       inbox.verdict IN ('', 'waiting'),
		       format('%s %d %d', inbox.mailbox, inbox.uidvalidity, inbox.uid)
		  FROM raw
		  JOIN inbox ON inbox.id = raw.mail`
	return verifyKept(ctx, tx, "mail", tell, `SELECT count(*) FROM raw`, query, func(rows *sql.Rows) (id int64, damage, err error) {
		var stack, size int64
		var stored sql.RawBytes
		var form, fingerprint, place string
		var whole, unread bool
		if err := rows.Scan(&id, &stored, &form, &stack, &size, &whole, &fingerprint, &unread, &place); err != nil {
			return 0, nil, err
		}
		fingerprint, headOf, _ := strings.Cut(fingerprint, " ") // behind it: the mailbox, of a second one
		if stack > 0 {
			fits, damage := parse.FitsOf(fingerprint, func() io.Reader { return &pieces{ctx: ctx, from: tx, stack: stack, size: size} })
			if damage == nil && !fits {
				damage = errOthers
			}
			return id, damage, nil
		}
		raw, damage := unpack(stored, form, size)
		if damage == nil && int64(len(raw)) != size {
			damage = fmt.Errorf("%d bytes are kept of %d", len(raw), size)
		}
		if damage != nil {
			return id, damage, nil
		}
		fits := whole && parse.Fits(fingerprint, raw)
		if !whole {
			sum, _, _ := strings.Cut(headOf, " ")
			fits = sum == headSum(raw, place)
		}
		if !fits && (unread || size > 0 && !bytes.Contains(raw, []byte(cutDown))) { // else it is kept no longer, or forgotten
			damage = errOthers
		}
		return id, damage, nil
	})
}

// verifyPosts does so with every letter that was put into words.
func verifyPosts(ctx context.Context, tx *sql.Tx, tell func(string, int64, int64)) (bad []string, err error) {
	const query = `
		SELECT serial,
		       raw,
		       raw_form,
		       raw_size,
		       message_id,
		       state IN ('waiting', 'failed')
		  FROM post
		 WHERE raw IS NOT NULL
		   AND state <> 'dropped'`
	return verifyKept(ctx, tx, "letter", tell, `SELECT count(*) FROM post`, query, func(rows *sql.Rows) (id int64, damage, err error) {
		var size int64
		var stored sql.RawBytes
		var form, messageID string
		var wanted bool
		if err := rows.Scan(&id, &stored, &form, &size, &messageID, &wanted); err != nil {
			return 0, nil, err
		}
		raw, damage := unpack(stored, form, size)
		if gone := !wanted && (len(raw) == 0 || bytes.Equal(raw, []byte(wiped))); damage == nil && !gone && !bytes.Contains(raw, []byte("<"+messageID+">")) {
			damage = errOthers
		}
		return id, damage, nil
	})
}

var errOthers = errors.New("they are not those that it had")

// verifyKept looks at each row, and tells of those that are damaged; look tells which
// row it is and what is wrong with its bytes.
func verifyKept(ctx context.Context, tx *sql.Tx, what string, tell func(string, int64, int64), count, query string, look func(*sql.Rows) (id int64, damage, err error)) (bad []string, err error) {
	var done, total int64
	if err := tx.QueryRowContext(ctx, count).Scan(&total); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		id, damage, err := look(rows)
		if err != nil {
			return nil, err
		}
		if damage != nil && len(bad) < shown {
			bad = append(bad, fmt.Sprintf("%s %d: its bytes are damaged: %v", what, id, damage))
		}
		if done++; done%1000 == 0 {
			tell(what+"s", done, total)
		}
	}
	return bad, rows.Err()
}
