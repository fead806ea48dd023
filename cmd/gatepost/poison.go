package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
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
const deadly = 3

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
	go func() {
		var r result
		defer func() { done <- r }()
		defer brokenBy(&r.err)
		r.v = f()
	}()
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

// count notes that the reading of a mail begins, and says how often that was.
// Only mail that was there when this process began can have ended the one
// before, so mail that comes while it runs costs nothing here.
func (s *stepper) count(ctx context.Context, in *store.Inbox) (tries int, err error) {
	if !s.begun {
		if s.left, err = s.db.LastMail(ctx); err != nil {
			return 0, err
		}
		s.begun = true
	}
	if in.ID > s.left || in.ID == s.counted {
		return 0, nil
	}
	tries, err = s.db.CountMail(ctx, in.ID)
	if err == nil {
		s.counted = in.ID
	}
	return tries, err
}

// park is parked for a mail that nothing is known of; it must not fail by what
// the mail failed by.
func (s *stepper) park(ctx context.Context, in *store.Inbox, reason string, now time.Time) (step store.Step, err error) {
	defer func() {
		if r := recover(); r != nil {
			step, err = stepOf(in, parse.Mail{}, now), nil
			step.Verdict, step.Reason = store.Parked, reason
		}
	}()
	return s.parked(ctx, in, parse.Mail{}, reason, now)
}

// commit is the store's, with a panic as an error that parks the mail.
func (s *stepper) commit(ctx context.Context, step store.Step) (err error) {
	defer brokenBy(&err)
	return s.db.Commit(ctx, step)
}

// printReason prints why a mail was parked, to the last line.
func printReason(ctx context.Context, db *store.DB, id int64, w io.Writer) error {
	m, err := db.Mail(ctx, id)
	if err == nil {
		_, err = fmt.Fprintln(w, m.Reason)
	}
	return err
}
