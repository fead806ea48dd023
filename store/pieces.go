package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"gatepost/parse"
)

// ReceiveLarge is ReceiveAll for one mail that is too large to be held: arrive
// hands its bytes to keep, piece by piece, each in a transaction of its own, so
// that nobody waits while it is fetched. It is received with the last of them.
// One large mail arrives at a time.
func (d *DB) ReceiveLarge(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, arrive func(keep func(piece []byte) error) error) (fresh bool, err error) {
	op := fmt.Sprintf("receive large mail %d of mailbox %q", uid, mailbox)
	var stack int64
	// A crash between here and the last commit leaves pieces of no mail, which
	// the next large mail removes; this one is fetched again.
	err = d.write(ctx, op, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM piece WHERE stack NOT IN (SELECT stack FROM raw WHERE stack > 0)`); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(stack), 0) + 1 FROM piece`).Scan(&stack)
	})
	if err != nil {
		return false, err
	}
	n, size := 0, int64(0)
	err = arrive(func(piece []byte) error {
		return d.write(ctx, op, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO piece (stack, n, bytes) VALUES (?, ?, ?)`, stack, n, some(piece))
			n++
			size += int64(len(piece))
			return err
		})
	})
	if err != nil {
		return false, err
	}
	// The source may touch flags on the server only after this commit.
	err = d.write(ctx, op, func(tx *sql.Tx) error {
		fingerprint, err := parse.FingerprintOf(&pieces{ctx: ctx, from: tx, stack: stack})
		if err != nil {
			return err
		}
		fresh, err = take(ctx, tx, arrival{mailbox: mailbox, uidvalidity: uidvalidity, uid: uid, at: at, fingerprint: fingerprint, stack: stack, size: size, whole: true})
		if err == nil && !fresh {
			_, err = tx.ExecContext(ctx, `DELETE FROM piece WHERE stack = ?`, stack)
		}
		return err
	})
	return fresh && err == nil, err
}

// RawReader reads what Raw gives, without holding all of a large mail.
func (d *DB) RawReader(ctx context.Context, id int64) (io.Reader, error) {
	var raw []byte
	var stack int64
	err := d.reader.QueryRowContext(ctx, `SELECT bytes, stack FROM raw WHERE mail = ?`, id).Scan(&raw, &stack)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return nil, explain(fmt.Sprintf("mail %d", id), err)
	}
	if stack == 0 {
		return bytes.NewReader(raw), nil
	}
	return &pieces{ctx: ctx, from: d.reader, stack: stack}, nil
}

// pieces reads a stack of them.
type pieces struct {
	ctx   context.Context
	from  rower
	stack int64
	n     int
	left  []byte
}

// Read implements io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	for len(p.left) == 0 {
		err := p.from.QueryRowContext(p.ctx, `SELECT bytes FROM piece WHERE stack = ? AND n = ?`, p.stack, p.n).Scan(&p.left)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		p.n++
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
