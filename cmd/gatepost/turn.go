package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

// errApart says that a mail needs a turn of its own: it asks the store for what
// the mails before it in this turn may have changed.
var errApart = errors.New("not in this turn")

// turn reads mails, in order, in one transaction, and tells how many it has
// done with. They are what is there now: a lone mail is a turn of one. It ends
// early before a mail that is to be looked at anew, and when another mail is to
// be read first.
//
// An error belongs to the store, and nothing has happened. If there was more
// than one mail in the turn they are read one by one the next time, to find the
// one that the store refuses.
func (s *stepper) turn(ctx context.Context, readings []*seen, now time.Time) (done int, err error) {
	steps := make([]store.Step, 0, len(readings))
	refused := false // the store would not have the steps
	err = s.db.Turn(ctx, func(t *store.Turn) (err error) {
		defer func() { refused = refused || err == nil && len(steps) > 0 }()
		defer brokenBy(&err)
		ids, err := t.Next(now, len(readings))
		if err != nil {
			return err
		}
		if err := t.LookUp(replies(readings)); err != nil {
			return err
		}
		for i, r := range readings {
			if i == len(ids) || ids[i] != r.in.ID {
				return nil
			}
			step, err := s.decide(ctx, t, r, now)
			if errors.Is(err, errApart) {
				return nil
			}
			if err != nil {
				return err
			}
			s.crash.at("step")
			steps, refused = append(steps, step), true
			if err := t.Commit(step); err != nil {
				return err
			}
			if refused = false; len(step.Release) > 0 { // they are older than what comes next
				return nil
			}
		}
		return ctx.Err()
	})
	var database *store.Error
	switch {
	case err == nil:
		s.committed(readings[:len(steps)], steps, now)
		return len(steps), nil
	case ctx.Err() != nil || errors.As(err, &database) && database.Temporary():
		return 0, err
	case len(steps) > 1 || len(steps) == 1 && !refused: // the ones before it were all right
		s.single = len(steps) + 1
		return 0, nil
	case !refused || steps[0].Verdict == store.Parked && steps[0].Before == nil:
		return 0, err
	case errors.Is(err, store.ErrStale):
		return 0, nil // somebody else was there first; look again
	}
	// The rules made something that the store refuses: a fault of the program.
	// The mail is kept for a person and the next one is read.
	in := readings[0].in
	s.log.Error("mail parked: its consequences could not be stored", "id", in.ID, "err", err)
	alone := stepOf(in, parse.Mail{}, now)
	alone.Verdict, alone.Reason = store.Parked, err.Error()
	if err := s.db.Commit(ctx, alone); err != nil {
		return 0, err
	}
	s.ended(in.ID)
	s.single = max(0, s.single-1)
	return 1, nil
}

// committed tells of what has happened.
func (s *stepper) committed(readings []*seen, steps []store.Step, now time.Time) {
	states := map[*loop.Team]*loop.State{}
	for i, r := range readings {
		s.crash.at("committed")
		s.ended(r.in.ID)
		s.report(r.in, steps[i])
		if steps[i].After != nil && r.team != nil {
			states[r.team] = steps[i].After
		}
	}
	for team, state := range states {
		s.reschedule(team, state, now)
	}
	s.single = max(0, s.single-len(steps))
}

// decide is what the rules make of a mail. The store's failure is its error; a
// failure of the program parks the mail.
func (s *stepper) decide(ctx context.Context, t *store.Turn, r *seen, now time.Time) (store.Step, error) {
	step, err := s.rule(ctx, t, r, now)
	var broken *brokenMail
	if errors.As(err, &broken) {
		s.log.Error("mail parked: it cannot be read", "id", r.in.ID, "err", broken)
		step, err = s.park(t, r.in, broken.Error(), now)
	}
	return step, err
}

func (s *stepper) rule(ctx context.Context, t *store.Turn, r *seen, now time.Time) (step store.Step, err error) {
	defer brokenBy(&err)
	if r.broken != nil {
		return step, r.broken
	}
	if other, err := t.IsLetter(r.repliesBefore()); err != nil {
		return step, err
	} else if other {
		return step, errApart
	}
	m, answers := r.mail, r.answers
	if m.Park != "" {
		return s.parked(t, r.in, m, m.Park, now)
	}
	if r.team == nil {
		step = stepOf(r.in, m, now)
		step.Verdict, step.Reason = store.Held, or(r.astray, "no address of a team in it")
		return step, nil
	}
	if why := s.aside[r.team.Address]; why != "" {
		step = stepOf(r.in, m, now)
		step.Team, step.Verdict, step.Reason, step.Until = r.team.Address, store.Waiting, why, now.Add(asideWait)
		return step, nil
	}
	if twin, err := t.Elsewhere(r.in.ID, r.team.Address); err != nil {
		return step, err
	} else if twin != 0 {
		step = stepOf(r.in, m, now)
		step.Team, step.Verdict, step.Reason = r.team.Address, store.Ignored, fmt.Sprintf("known from another mailbox or an import, as mail %d", twin)
		return step, nil
	}
	if m.Bounce != nil && answers == nil {
		if t.Wrote() {
			return step, errApart
		}
		if answers, err = s.bounced(ctx, m); err != nil {
			return step, err
		}
	}
	return s.apply(ctx, t, r, answers, now)
}

// repliesBefore is the Message-IDs that a mail answers before the letter by which
// it was read, or all of them. A letter that is kept never changes, so only one
// that was kept since, and has one of these, could take its place.
func (r *seen) repliesBefore() []string {
	if r.answers == nil {
		return r.head.Replies
	}
	return r.head.Replies[:slices.Index(r.head.Replies, r.answers.MessageID)]
}

// replies is the Message-IDs that mails answer, by the team they are for.
func replies(readings []*seen) map[*loop.Team][]string {
	ids := map[*loop.Team][]string{}
	for _, r := range readings {
		ids[r.team] = append(ids[r.team], r.head.Replies...)
	}
	return ids
}

// apply lets the rules have the mail and gathers what is to be committed.
func (s *stepper) apply(ctx context.Context, t *store.Turn, r *seen, answers *loop.Post, now time.Time) (store.Step, error) {
	team, in, m := r.team, r.in, r.mail
	thread, err := t.TaskByMessage(team, r.head.Replies)
	if err != nil {
		return store.Step{}, err
	}
	named := loop.Mentions(m)
	if thread != 0 {
		named = append(named, thread)
	}
	before, err := t.Load(team, named)
	if err != nil {
		return store.Step{}, err
	}
	incoming := loop.Incoming{ID: in.ID, At: earlier(in.At, now), Mail: m, Thread: thread, Vouched: in.Vouched, Waited: in.Attempts > 0}
	if answers != nil && answers.Letter.Team == team.Address {
		incoming.Answers = &answers.Letter
	}
	if address, asked := loop.LetIn(m); asked {
		if t.Wrote() {
			return store.Step{}, errApart
		}
		if incoming.Strange, err = s.heldOf(ctx, team, address); err != nil {
			return store.Step{}, err
		}
	}
	if loop.NeedsUnsent(m) {
		if t.Wrote() {
			return store.Step{}, errApart
		}
		if incoming.Unsent, err = s.unsent(ctx, team, now); err != nil {
			return store.Step{}, err
		}
	}
	if r.proof == nil && s.unproven(r) && before.Knows(m.From.Address) {
		s.alias(in.ID)
		return store.Step{}, errApart
	}
	if r.proof != nil && before.Knows(m.From.Address) {
		r.proof.prove(&incoming)
	}
	o, err := within(s.patience, func() loop.Outcome { return loop.Apply(before, incoming, now) })
	if err != nil {
		return store.Step{}, err
	}
	step := stepOf(in, m, now)
	step.Team, step.Before, step.After = team.Address, before, o.State
	step.Verdict, step.Reason, step.Until, step.Task = string(o.Verdict), o.Reason, o.Until, o.Task
	step.Events, step.Letters, step.Withdraw, step.Redate, step.Release = o.Events, o.Letters, o.Withdraw, o.Redate, o.Release
	if o.Verdict == loop.WaitV {
		step.Before, step.After = nil, nil
	}
	return step, s.fill(ctx, t, team, step.Letters)
}

// unsent is the team's letters that can still be taken back.
func (s *stepper) unsent(ctx context.Context, team *loop.Team, now time.Time) ([]loop.Unsent, error) {
	posts, err := s.db.Outbox(ctx, store.PostFilter{State: store.PostWaiting, Team: team.Address})
	if err != nil {
		return nil, err
	}
	var out []loop.Unsent
	for _, p := range posts {
		if p.Attempts == 0 && p.Next.After(now.Add(store.WithdrawLead)) {
			out = append(out, loop.Unsent{Serial: p.Serial, Next: p.Next, Letter: p.Letter})
		}
	}
	return out, nil
}

// fill puts what only the store knows into the letters that ask for it.
func (s *stepper) fill(ctx context.Context, t *store.Turn, team *loop.Team, letters []loop.Letter) error {
	for i := range letters {
		l := &letters[i]
		if asks := l.Kind == loop.RecordMail || l.Kind == loop.SearchMail; asks && t.Wrote() {
			return errApart
		}
		switch l.Kind {
		case loop.RecordMail:
			events, err := s.db.Record(ctx, team.Address, l.Task)
			if err != nil {
				return err
			}
			for _, e := range events {
				l.Body.Entries = append(l.Body.Entries, team.Describe(e))
			}
		case loop.SearchMail:
			hits, err := s.db.Search(ctx, team.Address, l.Body.Query, searchHits)
			if err != nil {
				return err
			}
			for _, h := range hits {
				l.Body.Entries = append(l.Body.Entries, hitEntry(team, h))
			}
		}
	}
	return nil
}

// parked keeps a mail for a person to look at. If a member sent it, they are
// told; so is the operator.
func (s *stepper) parked(t *store.Turn, in *store.Inbox, m parse.Mail, reason string, now time.Time) (store.Step, error) {
	step := stepOf(in, m, now)
	step.Verdict, step.Reason = store.Parked, reason
	team, _ := s.teamOf(in, m.Tags, nil)
	if team == nil {
		return step, nil
	}
	before, err := t.Load(team, nil)
	if err != nil {
		return step, err
	}
	o := loop.Park(before, loop.Incoming{ID: in.ID, At: earlier(in.At, now), Mail: m}, reason, now)
	step.Team, step.Before, step.After, step.Events, step.Letters = team.Address, before, o.State, o.Events, o.Letters
	return step, nil
}

// parkedUnread tells of a mail that stays in the mailbox, as it is too large or
// the server does not give it: its writer, if its header shows a member, and the
// operator. It comes before the parking: a crash between the two tells again,
// which the day's limits take back. What fails here keeps no mail from being parked.
func (s *stepper) parkedUnread(ctx context.Context, mailbox string, at time.Time, head []byte, reason string, now time.Time) {
	if err := besideSteps(func() error { return s.tellParked(ctx, mailbox, at, head, reason, now) }); err != nil {
		s.log.Error("nobody could be told of a mail that is parked", "reason", reason, "err", err)
	}
}

func (s *stepper) tellParked(ctx context.Context, mailbox string, at time.Time, head []byte, reason string, now time.Time) (err error) {
	defer brokenBy(&err)
	in := &store.Inbox{Mailbox: mailbox, At: at, Raw: head}
	m, err := within(s.patience, func() parse.Mail { return s.read(head, s.options()) })
	if err != nil {
		m = parse.Mail{} // the operator is told all the same
	}
	team, _ := s.teamOf(in, m.Tags, nil)
	if box := s.boxes[mailbox]; team == nil && box != nil && len(box.Teams) > 0 {
		team = box.Teams[0]
	}
	if team == nil {
		return nil
	}
	before, err := s.db.Load(ctx, team, store.Want{})
	if err != nil {
		return err
	}
	o := loop.Park(before, loop.Incoming{At: earlier(at, now), Mail: m}, reason, now)
	if len(o.Letters) == 0 {
		return nil
	}
	if err := s.db.Commit(ctx, store.Step{Team: team.Address, At: now, Before: before, After: o.State, Events: o.Events, Letters: o.Letters}); err != nil {
		return err
	}
	s.signal()
	return nil
}
