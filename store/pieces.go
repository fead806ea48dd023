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
// hands its bytes to keep, piece by piece, and may use those of a piece again
// once keep has returned. What has come is written while more is fetched; the
// mail is received with the last of it.
func (d *DB) ReceiveLarge(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, arrive func(keep func(piece []byte) error) error) (fresh bool, err error) {
	s := stack{db: d, op: fmt.Sprintf("receive large mail %d of mailbox %q", uid, mailbox)}
	defer s.end()
	pieces, known, read := make(chan *bytes.Buffer, 1), make(chan *bytes.Buffer, 1), make(chan *bytes.Buffer, 1)
	fingerprinting := pass(pieces, known, parse.FingerprintOf)
	skimming := pass(known, read, skim)
	done := make(chan struct{})
	var failed error // once done is closed
	go func() {
		failed = s.keep(ctx, read)
		close(done)
		for range read { // what a failure left
		}
	}()
	ended := sync.OnceFunc(func() {
		close(pieces)
		<-done
	})
	defer ended() // whatever becomes of arrive
	err = arrive(func(piece []byte) error {
		b := spare.Get().(*bytes.Buffer)
		b.Reset()
		b.Write(piece)
		select {
		case pieces <- b:
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
	fingerprint, err := fingerprinting.wait()
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
	s.received = err == nil
	if fresh = fresh && err == nil; fresh {
		if what, err := skimming.wait(); err == nil {
			d.skims.keep(s.id, what)
		}
	}
	return fresh, err
}

// spare is buffers of pieces that were written: new ones cost more than what is
// done with the bytes in them.
var spare = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// passing is what is reckoned of a mail while its pieces pass by.
type passing[T any] struct {
	done chan struct{}
	of   T // these two once done is closed
	err  error
}

// pass lets reckon read the pieces, until they end, and hands each on once it was
// read.
func pass[T any](pieces <-chan *bytes.Buffer, on chan<- *bytes.Buffer, reckon func(io.Reader) (T, error)) *passing[T] {
	p := &passing[T]{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer close(on)
		r := pieceReader{pieces: pieces, on: on}
		p.of, p.err = reckon(&r)
		for r.next() { // what it did not want
		}
	}()
	return p
}

func (p *passing[T]) wait() (T, error) {
	<-p.done
	return p.of, p.err
}

// pieceReader reads pieces as they come, and hands on those that were read.
type pieceReader struct {
	pieces <-chan *bytes.Buffer
	on     chan<- *bytes.Buffer
	piece  *bytes.Buffer // nil: none yet, or none any more
	left   []byte        // of it
}

// next goes on to the next piece; false if there is none.
func (r *pieceReader) next() bool {
	if r.piece != nil {
		r.on <- r.piece
	}
	if r.piece = <-r.pieces; r.piece == nil {
		return false
	}
	r.left = r.piece.Bytes()
	return true
}

// Read implements io.Reader.
func (r *pieceReader) Read(b []byte) (int, error) {
	for len(r.left) == 0 {
		if !r.next() {
			return 0, io.EOF
		}
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
	held          []*bytes.Buffer
	size, written int64
	received      bool // with the last of them
	sweeps        bool // in the transaction under way, the pieces of mails that were broken off
	broken        int  // how many of these there had been
}

// keep takes pieces, and writes them when they are enough, until there are no
// more.
func (s *stack) keep(ctx context.Context, pieces <-chan *bytes.Buffer) error {
	for piece := range pieces {
		s.held = append(s.held, piece)
		s.size += int64(piece.Len())
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
			if _, err := tx.ExecContext(ctx, `INSERT INTO piece (stack, n, bytes) VALUES (?, ?, ?)`, s.id, s.n, some(piece.Bytes())); err != nil {
				return err
			}
			s.n++
		}
		return then(tx)
	})
	if err == nil {
		s.began()
		s.db.logged(int(s.size - s.written))
	}
	for _, piece := range s.held {
		spare.Put(piece)
	}
	s.held, s.written = nil, s.size
	return err
}

// begin gives the stack its number, and removes the pieces of mails that were
// broken off, if there may be any. Other mailboxes' mails may be arriving beside
// this one.
func (s *stack) begin(ctx context.Context, tx *sql.Tx) error {
	a := &s.db.arriving
	a.Lock()
	defer a.Unlock()
	ids := slices.Sorted(maps.Keys(a.ids))
	list, err := json.Marshal(append([]int64{}, ids...))
	if err != nil {
		return err
	}
	if s.sweeps = a.swept <= a.broken; s.sweeps {
		if _, err := tx.ExecContext(ctx, dropBroken, string(list)); err != nil {
			return err
		}
		s.broken = a.broken
	}
	if err := tx.QueryRowContext(ctx, `
		SELECT max(coalesce((SELECT max(stack) FROM piece), 0),
		           coalesce((SELECT max(stack) FROM raw WHERE stack > 0), 0)) + 1`).Scan(&s.id); err != nil {
		return err
	}
	if n := len(ids); n > 0 {
		s.id = max(s.id, ids[n-1]+1)
	}
	if a.ids == nil {
		a.ids = map[int64]bool{}
	}
	a.ids[s.id] = true
	s.db.skims.take(s.id) // of another mail, which is gone
	return nil
}

// dropBroken goes from stack to stack by the index: to look at every piece of every
// mail takes ever longer.
const dropBroken = `
		DELETE FROM piece
		 WHERE stack IN (
		       WITH RECURSIVE each (stack) AS (
		            SELECT min(stack) FROM piece
		             UNION ALL
		            SELECT (SELECT min(stack) FROM piece WHERE piece.stack > each.stack) FROM each WHERE stack IS NOT NULL)
		       SELECT stack
		         FROM each
		        WHERE stack NOT IN (SELECT value FROM json_each(?))
		          AND NOT EXISTS (SELECT 1 FROM raw WHERE raw.stack > 0 AND raw.stack = each.stack))`

// began notes that what begin did is committed.
func (s *stack) began() {
	if a := &s.db.arriving; s.sweeps {
		a.Lock()
		defer a.Unlock()
		a.swept, s.sweeps = s.broken+1, false
	}
}

func (s *stack) end() {
	a := &s.db.arriving
	a.Lock()
	defer a.Unlock()
	delete(a.ids, s.id)
	if s.id > 0 && !s.received {
		a.broken++
	}
}

// arriving is the stacks of mails that are being received by this process, the
// only one that receives any.
type arriving struct {
	sync.Mutex
	ids           map[int64]bool
	broken, swept int // how many were broken off; and one more than were when the pieces of such were last removed
}

// whole is the bytes of a mail, of whose row these are known.
func whole(ctx context.Context, from rower, stored []byte, form string, size, stack int64) ([]byte, error) {
	if stack == 0 {
		return unpack(stored, form, size)
	}
	return io.ReadAll(&pieces{ctx: ctx, from: from, stack: stack, size: size})
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
	return &pieces{ctx: ctx, from: d.reader, stack: stack, size: size}, nil
}

// pieces reads a stack of them.
type pieces struct {
	ctx   context.Context
	from  rower
	stack int64
	size  int64 // of all of them
	n     int
	read  int64  // bytes of those before n
	held  reused // the last one
	left  []byte // of it
}

// reused is a column of bytes, read into the memory of the one before.
type reused []byte

// Scan implements sql.Scanner.
func (r *reused) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("column of bytes: have %T", v)
	}
	*r = append((*r)[:0], b...)
	return nil
}

// Read implements io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	for len(p.left) == 0 {
		err := p.from.QueryRowContext(p.ctx, `SELECT bytes FROM piece WHERE stack = ? AND n = ?`, p.stack, p.n).Scan(&p.held)
		if errors.Is(err, sql.ErrNoRows) && p.read == p.size {
			return 0, io.EOF
		}
		if errors.Is(err, sql.ErrNoRows) {
			return 0, fmt.Errorf("%d bytes are kept of %d: %w", p.read, p.size, errDamaged)
		}
		if err != nil {
			return 0, err
		}
		p.left = p.held
		p.read += int64(len(p.held))
		p.n++
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
