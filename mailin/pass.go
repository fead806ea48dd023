package mailin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// window is how many numbers one SEARCH spans, so that its answer is bounded
// however full the mailbox is.
const window = 100_000

// cursor is where a pass stands in the mailbox.
type cursor struct {
	uidvalidity, uid uint32
	since            time.Time // as the receiver holds it
	before           time.Time // mail from before it is left alone
	skipped          bool      // uid moved on without the receiver knowing
}

// skew is how far the server's clock may be off from ours without mail being
// taken for older than the first start.
const skew = 24 * time.Hour

// pass opens the mailbox, reads everything after the receiver's position, in
// the order of UID, and moves the position with each mail. Report holds what
// was done also when it ends with an error.
func (p *Poller) pass(ctx context.Context, s *session) (Report, error) {
	var rep Report
	box, err := p.open(ctx, s)
	if err != nil {
		return rep, err
	}
	at, err := p.place(ctx, s, box, &rep)
	if err != nil {
		return rep, err
	}
	p.fileAwayLater(ctx, s, box.UIDValidity)
	if box.NumMessages > 0 {
		if err := p.read(ctx, s, box, at, &rep); err != nil {
			return rep, err
		}
	}
	p.alone = false
	if err := p.to.Polled(ctx, p.cfg.Mailbox, p.cfg.Now()); err != nil {
		return rep, fmt.Errorf("note the poll of %q: %w: %w", p.cfg.Mailbox, ErrKeep, err)
	}
	return rep, nil
}

// glance reads what came since the last pass, in the mailbox as it is open: to
// open a large one anew takes long.
func (p *Poller) glance(ctx context.Context, s *session) (Report, error) {
	var rep Report
	s.heard()
	validity, uid, since, known, err := p.to.Position(ctx, p.cfg.Mailbox)
	if err != nil {
		return rep, fmt.Errorf("position in mailbox %q: %w: %w", p.cfg.Mailbox, ErrKeep, err)
	}
	if !known || validity != s.box || p.alone {
		return p.pass(ctx, s)
	}
	return rep, p.read(ctx, s, &imap.SelectData{UIDValidity: validity}, newCursor(validity, uid, since), &rep)
}

// heard takes the news of the server: what was announced up to here is seen by
// what is read next.
func (s *session) heard() {
	select {
	case <-s.news:
	default:
	}
}

// newCursor is for going on where reading stood. The number tells old from new,
// save after a rescan that was broken off; then the date must, as far as the
// server's clock can be trusted.
func newCursor(uidvalidity, uid uint32, since time.Time) *cursor {
	at := &cursor{uidvalidity: uidvalidity, uid: uid, since: since}
	if !since.IsZero() {
		at.before = since.Add(-skew)
	}
	return at
}

// open selects the mailbox anew, which brings this session up to date and shows
// a changed UIDVALIDITY.
func (p *Poller) open(ctx context.Context, s *session) (*imap.SelectData, error) {
	s.heard()
	s.box = 0
	box, err := do(ctx, s, s.limit, 0, func() (*imap.SelectData, error) {
		return s.c.Select(p.cfg.Mailbox, &imap.SelectOptions{ReadOnly: p.cfg.FileAway == ""}).Wait()
	})
	var no *imap.Error
	if errors.As(err, &no) && no.Type == imap.StatusResponseTypeNo && no.Code != imap.ResponseCodeUnavailable && no.Code != imap.ResponseCodeServerBug && no.Code != imap.ResponseCodeInUse {
		return nil, fmt.Errorf("%s: open mailbox %q: check mailbox: %w: %w", p.addr, p.cfg.Mailbox, ErrMailbox, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: open mailbox %q: %w", p.addr, p.cfg.Mailbox, err)
	}
	if box.UIDValidity == 0 {
		return nil, fmt.Errorf("%s: mailbox %q has no UIDVALIDITY, so mail in it cannot be told apart: %w", p.addr, p.cfg.Mailbox, ErrMailbox)
	}
	s.box = box.UIDValidity
	return box, nil
}

// place asks the receiver where to go on, and begins where there is nothing to
// go on with: the first start, and a changed UIDVALIDITY.
func (p *Poller) place(ctx context.Context, s *session, box *imap.SelectData, rep *Report) (*cursor, error) {
	name := p.cfg.Mailbox
	validity, uid, since, known, err := p.to.Position(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("position in mailbox %q: %w: %w", name, ErrKeep, err)
	}
	at := &cursor{uidvalidity: box.UIDValidity, uid: uid, since: since}
	switch {
	case !known && p.cfg.FromStart:
		at.uid, at.since = 0, time.Time{}
	case !known:
		at.since = p.cfg.Now().Truncate(time.Second) // INTERNALDATE has no fractions
		if at.uid, err = p.last(ctx, s, box); err != nil {
			return nil, err
		}
		rep.OldBefore = int(box.NumMessages)
		if rep.OldBefore > 0 {
			p.log.Info("first start: mail that is there already is left alone; --from-start takes it", "old", rep.OldBefore)
		}
	case p.cfg.FromStart && !since.IsZero():
		at.uid, at.since = 0, time.Time{}
		p.log.Info("old mail is taken now, from the start of the mailbox")
	case validity != box.UIDValidity:
		clear(p.fails)               // they were of other mails
		at.uid, at.before = 0, since // strict: here only the date tells old from new
		p.log.Warn("the mailbox was renumbered: everything in it is looked at again, known mail is recognised", "uidvalidity_was", validity, "uidvalidity", box.UIDValidity)
	case box.UIDNext != 0 && uint32(box.UIDNext) <= uid:
		return nil, fmt.Errorf("%s: mailbox %q was replaced by an older one: its next UID is %d, mail up to %d was read, and UIDVALIDITY did not change: give the mailbox a new UIDVALIDITY (create it anew): %w",
			p.addr, name, box.UIDNext, uid, ErrMailbox)
	default:
		return newCursor(box.UIDValidity, uid, since), nil
	}
	if err := p.begin(ctx, at); err != nil {
		return nil, err
	}
	return at, nil
}

func (p *Poller) begin(ctx context.Context, at *cursor) error {
	at.skipped = false
	if err := p.to.Begin(ctx, p.cfg.Mailbox, at.uidvalidity, at.uid, at.since); err != nil {
		return fmt.Errorf("begin mailbox %q at %d: %w: %w", p.cfg.Mailbox, at.uid, ErrKeep, err)
	}
	return nil
}

// last is the highest UID in the mailbox, or the one before the next.
func (p *Poller) last(ctx context.Context, s *session, box *imap.SelectData) (uint32, error) {
	if box.UIDNext > 0 {
		return uint32(box.UIDNext) - 1, nil
	}
	if box.NumMessages == 0 {
		return 0, nil
	}
	uids, err := p.search(ctx, s, imap.UIDSet{{}}) // "*"
	if err != nil || len(uids) == 0 {
		return 0, err
	}
	return uids[len(uids)-1], nil
}

// read goes through the mailbox from the cursor to its end.
func (p *Poller) read(ctx context.Context, s *session, box *imap.SelectData, at *cursor, rep *Report) error {
	for lo, end := uint64(at.uid)+1, false; !end; lo += window {
		hi := lo + window - 1
		r := imap.UIDRange{Start: imap.UID(lo), Stop: imap.UID(min(hi, 1<<32-1))}
		if end = hi+1 >= uint64(box.UIDNext); end {
			r.Stop = 0 // "*": also what came since, and servers whose UIDNEXT is late
		}
		if lo >= 1<<32 {
			return nil
		}
		uids, err := p.search(ctx, s, imap.UIDSet{r})
		if err != nil {
			return err
		}
		for len(uids) > 0 && uids[0] < uint32(lo) { // "n:*" names the last mail even if it is below n
			uids = uids[1:]
		}
		for len(uids) > 0 {
			n := min(len(uids), batch)
			if p.alone {
				n = 1
				if err := p.compare(ctx, s, uids); err != nil {
					return err
				}
			}
			if err := p.take(ctx, s, at, uids[:n], rep); err != nil {
				return err
			}
			uids = uids[n:]
		}
	}
	return nil
}

// search is the UIDs of the set that are in the mailbox, ascending.
func (p *Poller) search(ctx context.Context, s *session, set imap.UIDSet) ([]uint32, error) {
	found, err := do(ctx, s, s.limit, 0, func() (*imap.SearchData, error) {
		return s.c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}}, nil).Wait()
	})
	if err != nil {
		return nil, fmt.Errorf("%s: list mailbox %q: %w", p.addr, p.cfg.Mailbox, err)
	}
	all, _ := found.All.(imap.UIDSet)
	var uids []uint32
	for _, r := range all {
		// ESEARCH answers with ranges, in any order; a server that claims more
		// than a window holds is not believed.
		if r.Start == 0 || r.Stop < r.Start || uint64(r.Stop-r.Start) > uint64(window)*10 || len(uids) > window*10 {
			return nil, fmt.Errorf("%s: list mailbox %q: %w", p.addr, p.cfg.Mailbox, errTooMuch)
		}
		for u := uint64(r.Start); u <= uint64(r.Stop); u++ {
			uids = append(uids, uint32(u))
		}
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}
