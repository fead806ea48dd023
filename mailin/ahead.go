package mailin

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// portion is the next of what a mailbox holds, in the order of UID.
type portion struct {
	kind  kind
	metas []meta            // the mails; of most kinds one
	mails map[uint32]answer // smallMails: those that are still there
	piece []byte            // largePiece
	more  bool              // largePiece: others follow
	size  int64             // tooLarge: of the mail
	head  []byte            // tooLarge: its header
	err   error             // failed
}

type kind int

const (
	smallMails kind = iota // whole mails, together
	largePiece             // a piece of a mail
	tooLarge               // a mail over the limit
	tooOld                 // a mail that is left alone
	noMore                 // a mail that is not there any more
	failed                 // the last portion
)

// fetchAhead fetches mails while others are stored, one command in flight. stop
// ends it; only then may the connection be used by others.
func (p *Poller) fetchAhead(ctx context.Context, s *session, at *cursor, metas []meta) (portions <-chan portion, stop func()) {
	to, quit := make(chan portion, 1), make(chan struct{})
	a := ahead{Poller: p, s: s, all: metas, cursor: *at, send: func(c portion) bool {
		select {
		case to <- c:
			return c.kind != failed
		case <-quit:
			return false
		}
	}}
	go func() {
		defer close(to)
		for len(metas) > 0 {
			n := a.fetchNext(ctx, metas)
			if n == 0 {
				return
			}
			metas = metas[n:]
		}
	}()
	return to, func() {
		close(quit)
		for range to {
		}
	}
}

// ahead is the fetching side of one take.
type ahead struct {
	*Poller
	s      *session
	all    []meta
	cursor cursor // as it was at the start
	send   func(portion) bool
}

// fetchNext fetches the first of the mails, and tells how many they were; 0 if
// there is no going on.
func (a *ahead) fetchNext(ctx context.Context, metas []meta) int {
	n, m, ok := a.heap(metas), metas[:1], false
	switch {
	case n > 0:
		mails, err := a.bodies(ctx, a.s, metas[:n])
		if m = metas[:n]; err != nil {
			ok = a.fault(a.all, err) // it need not be the first one's
		} else {
			ok = a.send(portion{kind: smallMails, metas: m, mails: mails})
		}
	case a.cursor.old(m[0]):
		ok = a.send(portion{kind: tooOld, metas: m})
	case m[0].size > a.cfg.MaxBytes:
		ok = a.header(ctx, m, m[0].size)
	default:
		ok = a.pieces(ctx, m)
	}
	if !ok {
		return 0
	}
	return len(m)
}

// heap is how many of the next mails are fetched at once: as many small ones as
// fit. 0 if the first is none of them.
func (a *ahead) heap(metas []meta) (n int) {
	for size := int64(0); n < len(metas) && metas[n].size <= min(piece, a.cfg.MaxBytes) && !a.cursor.old(metas[n]); n++ {
		if size += metas[n].size; size > heap {
			break
		}
	}
	return n
}

// pieces fetches one mail piece by piece. The size that the server told is not
// relied on: some servers only guess it. But a mail that ends before it is
// asked for once more, as a server may give nothing, as if it were the rest, of
// a mail that somebody removes at that moment (see bodies), and others give less
// than a piece at a time.
func (a *ahead) pieces(ctx context.Context, of []meta) bool {
	short := 0 // pieces in a row that were none or not full
	for m, at := of[0], int64(0); ; {
		got, err := a.section(ctx, m, &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: at, Size: piece}}, piece)
		if err != nil {
			return a.fault(of, err)
		}
		b, there := got[m.uid]
		if !there {
			return a.send(portion{kind: noMore, metas: of})
		}
		if at == 0 && len(b.body) == 0 && m.size > 0 {
			return a.fault(of, a.nothing(m))
		}
		if at += int64(len(b.body)); at > a.cfg.MaxBytes {
			return a.header(ctx, of, at)
		}
		if short++; len(b.body) >= piece {
			short = 0
		}
		more := short == 0 || at < m.size && (len(b.body) > 0 || short < 2)
		if !a.send(portion{kind: largePiece, metas: of, piece: b.body, more: more}) {
			return false
		}
		if !more {
			return true
		}
	}
}

// header fetches the header of a mail of which no more is wanted.
func (a *ahead) header(ctx context.Context, of []meta, size int64) bool {
	got, err := a.section(ctx, of[0], &imap.FetchItemBodySection{
		Specifier: imap.PartSpecifierHeader, Peek: true,
		Partial: &imap.SectionPartial{Offset: 0, Size: headBytes},
	}, headBytes)
	if err != nil {
		return a.fault(of, err)
	}
	head, there := got[of[0].uid]
	if !there {
		return a.send(portion{kind: noMore, metas: of})
	}
	return a.send(portion{kind: tooLarge, metas: of, size: size, head: head.body})
}

func (a *ahead) section(ctx context.Context, m meta, of *imap.FetchItemBodySection, bytes int64) (map[uint32]answer, error) {
	return a.fetch(ctx, a.s, []uint32{m.uid}, bytes, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{of}})
}

// fault ends it with what went wrong at one of these.
func (a *ahead) fault(of []meta, err error) bool {
	return a.send(portion{kind: failed, metas: of, err: err})
}
