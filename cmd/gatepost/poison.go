package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"gatepost/parse"
	"gatepost/store"
)

// Poison is a mail that the program itself fails at. It parks alone, with the
// reason, and the next one is read:
//
//	panics        recovered, parked with the stack
//	takes long    given up after patience
//	ends us       known by the readings that were begun and never ended; parked
//	              at the next start after deadly of them
//
// Time and memory of the reading are bounded by parse itself (limits before
// any parser runs, held by its tests at 25 MiB), so the last two are for faults
// that nobody knows of yet.

// patience is how long one mail may take to read; the slowest that parse lets
// through takes two seconds.
const patience = 30 * time.Second

// deadly is after how many readings that ended the program a mail is parked.
// Whoever kills a slow host a few times in a row must not have it park good mail.
const deadly = 6

// readMail is what reads a mail; tests put something worse in its place.
var readMail = parse.Read

// brokenMail is a mail that the program itself failed at.
type brokenMail struct{ reason string }

func (b *brokenMail) Error() string { return b.reason }

// brokenBy makes a panic an error; to be deferred.
func brokenBy(err *error) {
	if r := recover(); r != nil {
		*err = &brokenMail{fmt.Sprintf("panic: %v\n%s", r, debug.Stack())}
	}
}

// within runs f, which only reckons, for so long. A panic in it, and the end of
// the time, are the mail's fault. What runs too long is left behind: it holds a
// processor until it ends, but not the next mail.
func within[T any](limit time.Duration, f func() T) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	inHand(func() {
		var r result
		defer func() { done <- r }()
		defer brokenBy(&r.err)
		r.v = f()
	})
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.v, r.err
	case <-timer.C:
		var none T
		return none, &brokenMail{fmt.Sprintf("reading it took longer than %v", limit)}
	}
}

// idle are goroutines that wait for more to do: their stacks have grown to what
// reading a mail takes.
var idle = make(chan chan func(), 8)

// inHand runs f in a goroutine of its own, an idle one if there is any.
func inHand(f func()) {
	select {
	case hand := <-idle:
		hand <- f
	default:
		hand := make(chan func(), 1)
		hand <- f
		go func() {
			for f := range hand {
				f()
				select {
				case idle <- hand:
				default:
					return
				}
			}
		}()
	}
}

// count notes that the reading of mails begins, and says in Tries how often a
// reading of each ended the program. A mail that is under suspicion is read
// alone. Only mail that was there when this process began can have ended the
// one before, so mail that comes while it runs costs nothing here.
func (s *stepper) count(ctx context.Context, list []*store.Inbox) (_ []*store.Inbox, err error) {
	if !s.begun {
		if s.left, err = s.db.LastMail(ctx); err != nil {
			return nil, err
		}
		s.begun = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []int64
	for i, in := range list {
		counted := s.counted[in.ID]
		if counted {
			in.Tries--
		}
		if in.Tries > 0 && i > 0 {
			list = list[:i]
			break
		}
		if in.ID <= s.left && !counted {
			fresh = append(fresh, in.ID)
		}
		if in.Tries > 0 {
			list = list[:1]
			break
		}
	}
	if len(fresh) > 0 {
		if err := s.db.CountMails(ctx, fresh); err != nil {
			return nil, err
		}
	}
	for _, id := range fresh {
		s.counted[id] = true
	}
	return list, nil
}

// ended notes that a mail has its verdict.
func (s *stepper) ended(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.counted, id)
	delete(s.aliased, id)
}

// uncount takes back what was counted: the program goes on, or was told to stop.
func (s *stepper) uncount(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ids := slices.Sorted(maps.Keys(s.counted)); len(ids) > 0 {
		_ = s.db.UncountMails(context.WithoutCancel(ctx), ids)
	}
	clear(s.counted)
}

// alias notes that a mail came from a confirmed alias.
func (s *stepper) alias(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliased[id] = true
}

func (s *stepper) isAliased(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aliased[id]
}

// deadlyMail is the reason to park a mail that ended the program so often.
func deadlyMail(times int) error {
	return &brokenMail{fmt.Sprintf("the program ended %d times while it read this mail", times)}
}

// park is parked for a mail that nothing is known of; it must not fail by what
// the mail failed by.
func (s *stepper) park(t *store.Turn, in *store.Inbox, reason string, now time.Time) (step store.Step, err error) {
	defer func() {
		if r := recover(); r != nil {
			step, err = stepOf(in, parse.Mail{}, now), nil
			step.Verdict, step.Reason = store.Parked, reason
		}
	}()
	return s.parked(t, in, parse.Mail{}, reason, now)
}

// printReason prints why a mail was parked, to the last line.
func printReason(ctx context.Context, db *store.DB, id int64, w io.Writer) error {
	m, err := db.Mail(ctx, id)
	if err == nil && m.Verdict != store.Parked {
		err = store.ErrUnknown
	}
	if err == nil {
		_, err = fmt.Fprintln(w, m.Reason)
	}
	return err
}
