package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"gatepost/parse"
)

// pieceBytes is how much of a large mail is written in one transaction.
const pieceBytes = 1 << 20

// ReceiveLarge is ReceiveAll for one mail that is too large to be held: arrive
// hands its bytes to keep, piece by piece, and does not touch them again. What
// has come is written while more is fetched; the mail is received with the last
// of it.
func (d *DB) ReceiveLarge(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, arrive func(keep func(piece []byte) error) error) (fresh bool, err error) {
	s := stack{db: d, op: fmt.Sprintf("receive large mail %d of mailbox %q", uid, mailbox)}
	defer s.end()
	known := newFingerprint()
	defer known.sum()
	pieces, done := make(chan []byte, 1), make(chan struct{})
	var failed error // once done is closed
	go func() {
		defer close(done)
		failed = s.keep(ctx, known.pieces, pieces)
	}()
	ended := sync.OnceFunc(func() {
		close(pieces)
		<-done
	})
	defer ended() // whatever becomes of arrive
	err = arrive(func(piece []byte) error {
		select {
		case pieces <- piece:
			return nil
		case <-done:
			return failed
		}
	})
	if ended(); err == nil {
		err = failed
	}
	if err != nil {
		return false, err
	}
	fingerprint, err := known.sum()
	if err != nil {
		return false, err
	}
	// The source may touch flags on the server only after this commit.
	err = s.write(ctx, func(tx *sql.Tx) (err error) {
		fresh, err = take(ctx, tx, arrival{mailbox: mailbox, uidvalidity: uidvalidity, uid: uid, at: at, fingerprint: fingerprint, stack: s.id, size: s.size, whole: true})
		if err == nil && !fresh {
			_, err = tx.ExecContext(ctx, `DELETE FROM piece WHERE stack = ?`, s.id)
		}
		return err
	})
	return fresh && err == nil, err
}

// fingerprint is reckoned while the mail arrives.
type fingerprint struct {
	pieces chan []byte // to be reckoned, in order
	done   chan struct{}
	of     string // these two once done is closed
	err    error
	end    func()
}

func newFingerprint() *fingerprint {
	f := &fingerprint{pieces: make(chan []byte, 1), done: make(chan struct{})}
	f.end = sync.OnceFunc(func() { close(f.pieces) })
	go func() {
		defer close(f.done)
		f.of, f.err = parse.FingerprintOf(&pieceReader{pieces: f.pieces})
		for range f.pieces { // what an error left
		}
	}()
	return f
}

// sum ends it.
func (f *fingerprint) sum() (string, error) {
	f.end()
	<-f.done
	return f.of, f.err
}

// pieceReader reads pieces as they come.
type pieceReader struct {
	pieces <-chan []byte
	left   []byte
}

// Read implements io.Reader.
func (r *pieceReader) Read(b []byte) (int, error) {
	for len(r.left) == 0 {
		piece, more := <-r.pieces
		if !more {
			return 0, io.EOF
		}
		r.left = piece
	}
	n := copy(b, r.left)
	r.left = r.left[n:]
	return n, nil
}

// stack is the pieces of a mail that arrives.
type stack struct {
	db            *DB
	op            string
	id            int64 // 0 before the first were written
	n             int   // of them that were
	held          [][]byte
	size, written int64
}

// keep takes pieces, passes them on to known, and writes them when they are
// enough, until there are no more.
func (s *stack) keep(ctx context.Context, known chan<- []byte, pieces <-chan []byte) error {
	for piece := range pieces {
		known <- piece
		s.held = append(s.held, piece)
		s.size += int64(len(piece))
		if s.size-s.written < pieceBytes {
			continue
		}
		if err := s.write(ctx, func(*sql.Tx) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// write writes the pieces that are held, and what then writes, in one
// transaction.
func (s *stack) write(ctx context.Context, then func(tx *sql.Tx) error) error {
	// A crash before the mail is received leaves pieces of no mail, which the
	// next large mail removes; this one is fetched again.
	err := s.db.write(ctx, s.op, func(tx *sql.Tx) error {
		if s.id == 0 {
			if err := s.begin(ctx, tx); err != nil {
				return err
			}
		}
		for _, piece := range s.held {
			if _, err := tx.ExecContext(ctx, `INSERT INTO piece (stack, n, bytes) VALUES (?, ?, ?)`, s.id, s.n, some(piece)); err != nil {
				return err
			}
			s.n++
		}
		return then(tx)
	})
	s.held, s.written = nil, s.size
	return err
}

// begin gives the stack its number, and removes the pieces of mails that were
// broken off. Other mailboxes' mails may be arriving beside this one.
func (s *stack) begin(ctx context.Context, tx *sql.Tx) error {
	a := &s.db.arriving
	a.Lock()
	defer a.Unlock()
	ids := slices.Sorted(maps.Keys(a.ids))
	list, err := json.Marshal(append([]int64{}, ids...))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM piece
		 WHERE stack NOT IN (SELECT stack FROM raw WHERE stack > 0)
		   AND stack NOT IN (SELECT value FROM json_each(?))`, string(list)); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(stack), 0) + 1 FROM piece`).Scan(&s.id); err != nil {
		return err
	}
	if n := len(ids); n > 0 {
		s.id = max(s.id, ids[n-1]+1)
	}
	if a.ids == nil {
		a.ids = map[int64]bool{}
	}
	a.ids[s.id] = true
	return nil
}

func (s *stack) end() {
	s.db.arriving.Lock()
	defer s.db.arriving.Unlock()
	delete(s.db.arriving.ids, s.id)
}

// arriving is the stacks of mails that are being received by this process, the
// only one that receives any.
type arriving struct {
	sync.Mutex
	ids map[int64]bool
}

// whole is the bytes of a mail, of whose row these are known.
func whole(ctx context.Context, from rower, stored []byte, form string, size, stack int64) ([]byte, error) {
	if stack == 0 {
		return unpack(stored, form, size)
	}
	return io.ReadAll(&pieces{ctx: ctx, from: from, stack: stack})
}

// RawReader reads what Raw gives, without holding all of a large mail.
func (d *DB) RawReader(ctx context.Context, id int64) (io.Reader, error) {
	var raw []byte
	var form string
	var size, stack int64
	err := d.reader.QueryRowContext(ctx, `
		SELECT raw.bytes,
		       raw.form,
		       inbox.size,
		       raw.stack
		  FROM raw
		  JOIN inbox ON inbox.id = raw.mail
		 WHERE raw.mail = ?`, id).Scan(&raw, &form, &size, &stack)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return nil, explain(fmt.Sprintf("mail %d", id), err)
	}
	if stack == 0 {
		if raw, err = unpack(raw, form, size); err != nil {
			return nil, fmt.Errorf("mail %d: %w", id, err)
		}
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
