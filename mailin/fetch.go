package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

const (
	batch     = 300       // mails in one FETCH: seven times as fast as one by one
	heap      = 2 << 20   // bytes of whole mails in one FETCH: small enough for its time limit on a slow line
	piece     = 512 << 10 // bytes of one mail in one FETCH
	headBytes = 256 << 10 // of the head of a mail that is parked
	tries     = 5         // fetches of one mail that fail before it is parked, see hopeless
)

// meta is what is known of a mail before it is fetched.
type meta struct {
	uid  uint32
	size int64
	at   time.Time
}

// take reads the mails uids, ascending, hands each to the receiver and files
// away what was stored.
func (p *Poller) take(ctx context.Context, s *session, at *cursor, uids []uint32, rep *Report) error {
	if len(uids) == 1 && p.hopeless(uids[0]) {
		reason := fmt.Sprintf("could not be fetched from the server in %d tries", p.fails[uids[0]].tries)
		return p.park(ctx, at, meta{uid: uids[0], at: p.cfg.Now()}, nil, reason, rep)
	}
	var stored []uint32
	fresh := rep.Fresh
	err := p.takeAll(ctx, s, at, uids, rep, &stored)
	if rep.Fresh > fresh && p.cfg.Wake != nil {
		p.cfg.Wake()
	}
	if last := uids[len(uids)-1]; err == nil && at.uid < last { // the last ones are gone
		at.uid, at.skipped = last, true
	}
	if err == nil && at.skipped {
		err = p.begin(ctx, at)
	}
	if err == nil && p.cfg.FileAway != "" && len(stored) > 0 {
		p.fileAway(ctx, s, stored)
	}
	return err
}

func (p *Poller) takeAll(ctx context.Context, s *session, at *cursor, uids []uint32, rep *Report, stored *[]uint32) error {
	metas, err := p.metas(ctx, s, uids)
	if err != nil {
		return p.fetchFault(ctx, uids, err)
	}
	rep.Gone += p.gone(len(uids) - len(metas))
	portions, stop := p.fetchAhead(ctx, s, at, metas)
	defer stop()
	for c := range portions {
		if err := p.takePortion(ctx, at, c, portions, rep, stored); err != nil {
			return err
		}
	}
	return nil
}

// takePortion stores what came. The other pieces of a large mail are among the
// portions that follow.
func (p *Poller) takePortion(ctx context.Context, at *cursor, c portion, rest <-chan portion, rep *Report, stored *[]uint32) error {
	m := c.metas[0]
	switch c.kind {
	case smallMails:
		return p.receive(ctx, at, c.metas, c.mails, rep, stored)
	case largePiece:
		return p.takeLarge(ctx, at, c, rest, rep, stored)
	case tooLarge:
		return p.park(ctx, at, m, c.head, overLimit(c.size, p.cfg.MaxBytes), rep)
	case tooOld:
		p.log.Info("mail left alone: it is older than the first start", "uid", m.uid, "received", m.at)
		rep.OldBefore++
		at.uid, at.skipped = m.uid, true
	case noMore:
		rep.Gone += p.gone(1)
	case failed:
		uids := make([]uint32, len(c.metas))
		for i, m := range c.metas {
			uids[i] = m.uid
		}
		return p.fetchFault(ctx, uids, c.err)
	}
	return nil
}

// takeLarge stores a mail that comes in pieces, of which this is the first.
func (p *Poller) takeLarge(ctx context.Context, at *cursor, c portion, rest <-chan portion, rep *Report, stored *[]uint32) error {
	m := c.metas[0]
	next := func() bool { // another piece came
		if c.more {
			c = <-rest
			return c.kind == largePiece
		}
		return false
	}
	fresh, err := p.to.ReceiveLarge(ctx, p.cfg.Mailbox, at.uidvalidity, m.uid, p.arrival(m), func(keep func([]byte) error) error {
		for {
			if err := keep(c.piece); err != nil {
				return err
			}
			if len(c.piece) == piece {
				spare.Put(bytes.NewBuffer(c.piece))
			}
			if !next() {
				break
			}
		}
		if c.kind != largePiece {
			return errBroken
		}
		return nil
	})
	if err != nil && c.kind == largePiece {
		return fmt.Errorf("store mail %d of %q: %w: %w", m.uid, p.cfg.Mailbox, ErrKeep, err)
	}
	for next() { // the receiver did not want them
	}
	if c.kind != largePiece {
		return p.takePortion(ctx, at, c, rest, rep, stored)
	}
	p.received(at, m, fresh, rep, stored)
	return nil
}

// errBroken ends a mail of which not all could be had.
var errBroken = errors.New("the mail broke off")

// received notes that the receiver has the mail.
func (p *Poller) received(at *cursor, m meta, fresh bool, rep *Report, stored *[]uint32) {
	if fresh {
		rep.Fresh++
	} else {
		rep.Known++
	}
	p.done(at, m)
	*stored = append(*stored, m.uid)
}

func (at *cursor) old(m meta) bool { return m.at.Before(at.before) }

func (p *Poller) gone(n int) int {
	if n > 0 {
		p.log.Warn("mail was removed from the mailbox before it could be read", "mails", n)
	}
	return n
}

// receive hands fetched mails over, in one transaction; those that turn out too
// large are parked in their place.
func (p *Poller) receive(ctx context.Context, at *cursor, metas []meta, got map[uint32]answer, rep *Report, stored *[]uint32) error {
	for len(metas) > 0 {
		n := 0
		for n < len(metas) && int64(len(got[metas[n].uid].body)) <= p.cfg.MaxBytes {
			n++
		}
		if err := p.receiveAll(ctx, at, metas[:n], got, rep, stored); err != nil {
			return err
		}
		if metas = metas[n:]; len(metas) == 0 {
			return nil
		}
		m, raw := metas[0], got[metas[0].uid].body // the server told a smaller size
		if err := p.park(ctx, at, m, raw[:min(len(raw), headBytes)], overLimit(int64(len(raw)), p.cfg.MaxBytes), rep); err != nil {
			return err
		}
		metas = metas[1:]
	}
	return nil
}

func (p *Poller) receiveAll(ctx context.Context, at *cursor, metas []meta, got map[uint32]answer, rep *Report, stored *[]uint32) error {
	there := slices.DeleteFunc(slices.Clone(metas), func(m meta) bool { _, ok := got[m.uid]; return !ok })
	rep.Gone += p.gone(len(metas) - len(there))
	if len(there) == 0 {
		return nil
	}
	mails := make([]Arrived, len(there))
	for i, m := range there {
		mails[i] = Arrived{UID: m.uid, At: p.arrival(m), Raw: got[m.uid].body}
	}
	fresh, err := p.to.ReceiveAll(ctx, p.cfg.Mailbox, at.uidvalidity, mails)
	if err != nil {
		return fmt.Errorf("store %d mails of %q from UID %d: %w: %w", len(there), p.cfg.Mailbox, there[0].uid, ErrKeep, err)
	}
	for i, m := range there {
		p.received(at, m, fresh[i], rep, stored)
	}
	return nil
}

func (p *Poller) park(ctx context.Context, at *cursor, m meta, head []byte, reason string, rep *Report) error {
	reason += fmt.Sprintf("\nIt lies in %q, where its UID is %d.", p.cfg.Mailbox, m.uid) // nothing else may be known of it
	if err := p.to.Park(ctx, p.cfg.Mailbox, at.uidvalidity, m.uid, p.arrival(m), head, reason); err != nil {
		return fmt.Errorf("park mail %d of %q: %w: %w", m.uid, p.cfg.Mailbox, ErrKeep, err)
	}
	p.log.Warn("mail parked", "uid", m.uid, "reason", reason)
	rep.Parked++
	p.done(at, m)
	return nil
}

func (p *Poller) done(at *cursor, m meta) {
	at.uid, at.skipped = m.uid, false
	delete(p.fails, m.uid)
}

// arrival is when the server got the mail; a server that is ahead of us does
// not write the future into the record.
func (p *Poller) arrival(m meta) time.Time {
	if now := p.cfg.Now(); m.at.After(now) {
		return now
	}
	return m.at
}

func overLimit(size, limit int64) string {
	return fmt.Sprintf("larger than the limit of %d bytes\nIt has %d bytes; its header alone is kept here.", limit, size)
}

// fetchFault remembers which mails a fetch failed at. After a fault mails are
// fetched one by one until a pass succeeds, and the one that keeps failing is
// parked: one bad mail stops nothing.
func (p *Poller) fetchFault(ctx context.Context, uids []uint32, err error) error {
	if ctx.Err() != nil {
		return err
	}
	p.alone = true
	if len(uids) == 1 {
		f, now := p.fails[uids[0]], p.cfg.Now()
		if f.tries++; f.tries == 1 {
			f.first = now
		}
		f.last = now
		p.fails[uids[0]] = f
		return fmt.Errorf("%w: %w", errOneMail, err)
	}
	return err
}

// errOneMail is of a fault at one mail, on a connection that did all else.
var errOneMail = errors.New("a mail does not come")

// failing is a mail whose fetches fail.
type failing struct {
	tries       int
	first, last time.Time
	others      int // how many tries there were when one behind it was fetched last
}

// hopeless tells whether a mail is not tried any more. That takes a while as
// well: a server that starts anew, or whose disk is away, fails at every mail,
// and one that was parked unread is not asked for again. A minute is enough if it
// failed right after one of those that wait behind it came.
func (p *Poller) hopeless(uid uint32) bool {
	f := p.fails[uid]
	while := 300 * p.cfg.Retry
	if f.others > 0 && f.tries > f.others {
		while /= 5
	}
	return f.tries >= tries && f.last.Sub(f.first) >= while
}

// compare fetches one of the mails behind a mail that keeps failing before this is
// tried again, and keeps nothing of it: if it comes and the first does not, the fault
// is the mail's and not the server's.
func (p *Poller) compare(ctx context.Context, s *session, uids []uint32) error {
	f := p.fails[uids[0]]
	if f.tries < tries-1 || p.hopeless(uids[0]) {
		return nil
	}
	f.others = 0
	p.fails[uids[0]] = f
	for _, uid := range uids[1:min(len(uids), 4)] { // the next may be as bad
		got, err := p.fetch(ctx, s, []uint32{uid}, piece, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{
			{Peek: true, Partial: &imap.SectionPartial{Size: piece}},
		}})
		if len(got[uid].body) > 0 {
			f.others = f.tries
			p.fails[uids[0]] = f
			return nil
		}
		if no := (*imap.Error)(nil); err != nil && !errors.As(err, &no) {
			return err
		}
	}
	return nil
}

// metas is size and date of those of the mails that are still there.
func (p *Poller) metas(ctx context.Context, s *session, uids []uint32) ([]meta, error) {
	got, err := p.fetch(ctx, s, uids, 0, &imap.FetchOptions{InternalDate: true, RFC822Size: true})
	if err != nil {
		return nil, err
	}
	metas := make([]meta, 0, len(uids))
	for _, uid := range uids {
		if a, ok := got[uid]; ok {
			metas = append(metas, meta{uid: uid, size: a.size, at: a.at})
		}
	}
	return metas, nil
}

// bodies is the whole of several mails, by UID; one that is not there any more
// is missing.
func (p *Poller) bodies(ctx context.Context, s *session, metas []meta) (map[uint32]answer, error) {
	uids, size := make([]uint32, len(metas)), int64(0)
	for i, m := range metas {
		uids[i] = m.uid
		size += m.size
	}
	options := &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
	got, err := p.fetch(ctx, s, uids, size, options)
	if err != nil {
		return nil, err
	}
	for _, m := range metas {
		// QUIRK: Dovecot gives nothing, as if it were the mail, of one that
		// somebody removes at that moment. Asked again it has none.
		if a, ok := got[m.uid]; !ok || m.size == 0 || len(a.body) > 0 {
			continue
		}
		again, err := p.fetch(ctx, s, []uint32{m.uid}, m.size, options)
		if err != nil {
			return nil, err
		}
		a, ok := again[m.uid]
		if ok && len(a.body) == 0 {
			return nil, p.nothing(m)
		}
		if got[m.uid] = a; !ok {
			delete(got, m.uid)
		}
	}
	return got, nil
}

// nothing is the fault of a server that has a mail and gives none of it.
func (p *Poller) nothing(m meta) error {
	return fmt.Errorf("%s: fetch mail %d: it has %d bytes, and none came", p.addr, m.uid, m.size)
}

// fetch runs UID FETCH and gives the answers that hold what was asked, by UID.
// A mail that is not answered for twice is not there any more.
//
// QUIRK: when another client changes a flag meanwhile, the server may tell that
// in a FETCH of its own, which the library takes for the answer (and drops the
// real one). Such a mail is asked for again.
func (p *Poller) fetch(ctx context.Context, s *session, uids []uint32, bytes int64, options *imap.FetchOptions) (map[uint32]answer, error) {
	got := make(map[uint32]answer, len(uids))
	for try := 0; ; try++ {
		var set imap.UIDSet
		for _, uid := range uids {
			set.AddNum(imap.UID(uid))
		}
		told, err := do(ctx, s, 2*s.limit, 2*bytes, func() ([]answer, error) {
			s.late.take() // what came in between belongs to nothing
			all, err := answers(s.c.Fetch(set, options))
			return append(s.late.take(), all...), err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: fetch %d mails from UID %d: %w", p.addr, len(uids), uids[0], err)
		}
		hollow := map[uint32]bool{}
		for _, a := range told {
			if len(options.BodySection) > 0 && !a.full || options.InternalDate && a.at.IsZero() {
				hollow[a.uid] = true
				continue
			}
			got[a.uid] = a
		}
		var again []uint32
		for _, uid := range uids {
			if _, ok := got[uid]; !ok && (try == 0 || hollow[uid]) {
				again = append(again, uid)
			}
		}
		if len(again) == 0 {
			return got, nil
		}
		if try == 3 {
			return nil, fmt.Errorf("%s: fetch mail %v: the answers lack what was asked for", p.addr, again)
		}
		uids = again
	}
}
