package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/parse"
	"gatepost/store"
)

// stepper is the middle of the three loops: it takes the next raw mail or the
// next due moment, lets the rules have it, and commits what comes of it in one
// transaction.
type stepper struct {
	db    *store.DB
	teams []*loop.Team
	hosts []string // of our Message-IDs
	log   *slog.Logger
	wake  func() // called when letters may be due; may be nil
	read  func(raw []byte, opt parse.Options) parse.Mail
	crash *crash // nil but in a campaign

	authserv string       // whose Authentication-Results count; "": nobody's
	dkim     *mailin.DKIM // nil: signatures are not checked, as in a replay

	patience time.Duration // for reading one mail
	begun    bool          // left and counted are set
	left     int64         // mails up to this number were there when this process began
	counted  int64         // the mail whose reading was counted last

	next map[string]time.Time // team address → next scheduled moment, as of the last load
}

func newStepper(db *store.DB, cfg *Config, log *slog.Logger, wake func()) *stepper {
	return &stepper{db: db, teams: cfg.Teams, hosts: cfg.hosts(), authserv: cfg.Evidence.AuthservID, log: log, wake: wake, next: map[string]time.Time{}, read: readMail, patience: patience}
}

// searchHits is how many hits a search letter and the command line show.
const searchHits = 20

// mail reads the next mail, if one is due. A panic or an error that belongs to
// the mail parks it; an error of the database is handed back and nothing has
// happened.
func (s *stepper) mail(ctx context.Context, now time.Time) (did bool, err error) {
	in, err := s.db.NextMail(ctx, now)
	if err != nil || in == nil {
		return false, err
	}
	ends, err := s.count(ctx, in)
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil && s.counted == in.ID { // the reading came to an end: it was not the mail
			s.counted = 0
			_ = s.db.UncountMail(context.WithoutCancel(ctx), in.ID)
		}
	}()
	var step store.Step
	if ends > deadly {
		err = &brokenMail{fmt.Sprintf("the program ended %d times while it read this mail", ends-1)}
	} else {
		step, err = s.readMail(ctx, in, now)
	}
	var broken *brokenMail
	if errors.As(err, &broken) {
		s.log.Error("mail parked: it cannot be read", "id", in.ID, "err", broken)
		step, err = s.park(ctx, in, broken.Error(), now)
	}
	if err != nil {
		return false, err
	}
	s.crash.at("step")
	err = s.commit(ctx, step)
	s.crash.at("committed")
	var database *store.Error
	switch {
	case err == nil:
		s.report(in, step)
		return true, nil
	case errors.Is(err, store.ErrStale):
		return true, nil // somebody else was there first; look again
	case ctx.Err() != nil || errors.As(err, &database) && database.Temporary() || step.Verdict == store.Parked && step.Before == nil:
		return false, err
	}
	// The rules made something that the store refuses: a fault of the program.
	// The mail is kept for a person and the next one is read.
	s.log.Error("mail parked: its consequences could not be stored", "id", in.ID, "err", err)
	alone := stepOf(in, parse.Mail{}, now)
	alone.Verdict, alone.Reason = store.Parked, err.Error()
	return true, s.db.Commit(ctx, alone)
}

func (s *stepper) readMail(ctx context.Context, in *store.Inbox, now time.Time) (step store.Step, err error) {
	defer brokenBy(&err)
	opt := parse.Options{Teams: s.addresses(), Hosts: s.hosts, AuthservID: s.authserv}
	head, err := within(s.patience, func() parse.Head { return parse.ReadHead(in.Raw, opt) })
	if err != nil {
		return step, err
	}
	answers, err := s.answered(ctx, head)
	if err != nil {
		return step, err
	}
	team := s.teamOf(head, answers)
	if team != nil {
		opt.Words = team.Words
	}
	if answers != nil {
		opt.Letter = answers.Text
	}
	m, err := within(s.patience, func() parse.Mail { return s.read(in.Raw, opt) })
	if err != nil {
		return step, err
	}
	if m.Park != "" {
		return s.parked(ctx, in, m, m.Park, now)
	}
	if team == nil {
		step = stepOf(in, m, now)
		step.Verdict, step.Reason = store.Held, "no address of a team in it"
		return step, nil
	}
	if m.Bounce != nil && answers == nil {
		if answers, err = s.bounced(ctx, m); err != nil {
			return step, err
		}
	}
	return s.apply(ctx, in, team, m, head.Replies, answers, now)
}

// apply lets the rules have the mail and gathers what is to be committed.
func (s *stepper) apply(ctx context.Context, in *store.Inbox, team *loop.Team, m parse.Mail, replies []string, answers *loop.Post, now time.Time) (store.Step, error) {
	thread, err := s.db.TaskByMessage(ctx, team.Address, replies)
	if err != nil {
		return store.Step{}, err
	}
	named := loop.Mentions(m)
	if thread != 0 {
		named = append(named, thread)
	}
	before, err := s.db.Load(ctx, team, store.Want{Tasks: named})
	if err != nil {
		return store.Step{}, err
	}
	incoming := loop.Incoming{ID: in.ID, At: earlier(in.At, now), Mail: m, Thread: thread, Vouched: in.Vouched, Waited: in.Attempts > 0}
	if answers != nil && answers.Letter.Team == team.Address {
		incoming.Answers = &answers.Letter
	}
	if address, asked := loop.LetIn(m); asked {
		if incoming.Strange, err = s.heldOf(ctx, team, address); err != nil {
			return store.Step{}, err
		}
	}
	s.proof(ctx, in.Raw, before, &incoming)
	o, err := within(s.patience, func() loop.Outcome { return loop.Apply(before, incoming, now) })
	if err != nil {
		return store.Step{}, err
	}
	step := stepOf(in, m, now)
	step.Team, step.Before, step.After = team.Address, before, o.State
	step.Verdict, step.Reason, step.Until, step.Task = string(o.Verdict), o.Reason, o.Until, o.Task
	step.Events, step.Letters, step.Release = o.Events, o.Letters, o.Release
	if o.Verdict == loop.WaitV {
		step.Before, step.After = nil, nil
	}
	s.schedule(team, o.State, now)
	return step, s.fill(ctx, team, step.Letters)
}

// parked keeps a mail for a person to look at. If a member sent it, they are
// told; so is the operator.
func (s *stepper) parked(ctx context.Context, in *store.Inbox, m parse.Mail, reason string, now time.Time) (store.Step, error) {
	step := stepOf(in, m, now)
	step.Verdict, step.Reason = store.Parked, reason
	team := s.teamOf(parse.Head{Tags: m.Tags}, nil)
	if team == nil {
		return step, nil
	}
	before, err := s.db.Load(ctx, team, store.Want{})
	if err != nil {
		return step, err
	}
	o := loop.Park(before, loop.Incoming{ID: in.ID, At: earlier(in.At, now), Mail: m}, reason, now)
	step.Team, step.Before, step.After, step.Events, step.Letters = team.Address, before, o.State, o.Events, o.Letters
	return step, nil
}

// stepOf is the part of a step that only names the mail.
func stepOf(in *store.Inbox, m parse.Mail, now time.Time) store.Step {
	return store.Step{At: now, Mail: in.ID, Verdict: store.Read, From: m.From.Address, Subject: m.Subject, Robot: string(m.Robot), Text: m.Text}
}

// fill puts what only the store knows into the letters that ask for it.
func (s *stepper) fill(ctx context.Context, team *loop.Team, letters []loop.Letter) error {
	for i := range letters {
		l := &letters[i]
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

// answered is the letter of ours that a mail answers, nil if the store has none.
func (s *stepper) answered(ctx context.Context, head parse.Head) (*loop.Post, error) {
	if len(head.Replies) == 0 {
		return nil, nil
	}
	return s.db.LetterByID(ctx, head.Replies)
}

// bounced is the letter that came back: named in the report by its Message-ID,
// or by the address the report was sent to.
func (s *stepper) bounced(ctx context.Context, m parse.Mail) (*loop.Post, error) {
	if m.Bounce.MessageID != "" {
		if p, err := s.db.LetterByID(ctx, []string{m.Bounce.MessageID}); p != nil || err != nil {
			return p, err
		}
	}
	for _, tag := range m.Tags {
		var serial int64
		if _, err := fmt.Sscanf(tag.Ref, "b%d", &serial); err != nil {
			continue
		}
		p, err := s.db.PostBySerial(ctx, serial)
		if err != nil || p == nil {
			return nil, err
		}
		for _, t := range s.teams {
			if t.Address == p.Letter.Team && t.Holds(tag.Token, tag.Ref, p.Letter.To) {
				return p, nil
			}
		}
	}
	return nil, nil
}

// teamOf is the team a mail is for: the one its recipients name, else the one
// whose letter it answers, else the only one there is.
func (s *stepper) teamOf(head parse.Head, answers *loop.Post) *loop.Team {
	for _, tag := range head.Tags {
		if i := slices.IndexFunc(s.teams, func(t *loop.Team) bool { return t.Address == tag.Team }); i >= 0 {
			return s.teams[i]
		}
	}
	for _, t := range s.teams {
		if answers != nil && answers.Letter.Team == t.Address {
			return t
		}
	}
	if len(s.teams) == 1 {
		return s.teams[0]
	}
	return nil
}

// tick does what is scheduled up to now, for every team.
func (s *stepper) tick(ctx context.Context, now time.Time) error {
	var errs []error
	for _, team := range s.teams {
		if at, known := s.next[team.Address]; known && (at.IsZero() || now.Before(at)) {
			continue
		}
		if err := s.tickTeam(ctx, team, now); err != nil {
			errs = append(errs, fmt.Errorf("what is due for %s: %w", team.Address, err))
		}
	}
	return errors.Join(errs...)
}

// tickTeam does what is due for one team. A panic is an error: the other teams
// and the mail go on.
func (s *stepper) tickTeam(ctx context.Context, team *loop.Team, now time.Time) (err error) {
	defer brokenBy(&err)
	before, err := s.db.Load(ctx, team, store.Want{})
	if err != nil {
		return err
	}
	if since, due := loop.DigestSince(before, now); due {
		if before, err = s.db.Load(ctx, team, store.Want{Since: since, All: since.IsZero()}); err != nil {
			return err
		}
	}
	o := loop.Tick(before, now)
	if len(o.Events) > 0 || len(o.Letters) > 0 {
		if err := s.db.Commit(ctx, store.Step{Team: team.Address, At: now, Before: before, After: o.State, Events: o.Events, Letters: o.Letters}); err != nil {
			if errors.Is(err, store.ErrStale) {
				return nil // the state moved on; the next round sees it
			}
			return err
		}
		for _, l := range o.Letters {
			s.log.Info("letter due", "team", team.Address, "kind", l.Kind, "to", l.To)
		}
		s.signal()
	}
	s.schedule(team, o.State, now)
	return nil
}

func (s *stepper) schedule(team *loop.Team, state *loop.State, now time.Time) {
	s.next[team.Address] = loop.Next(state, now)
}

// nextTick is the first scheduled moment of any team; zero if nothing is
// scheduled. A team that was not looked at yet is due now.
func (s *stepper) nextTick(now time.Time) time.Time {
	var first time.Time
	for _, t := range s.teams {
		at, known := s.next[t.Address]
		if !known {
			return now
		}
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// wakeAt is when there is something to do next without a new mail coming.
func (s *stepper) wakeAt(ctx context.Context, now time.Time) (time.Time, error) {
	at := s.nextTick(now)
	mail, ok, err := s.db.WakeMail(ctx)
	if ok && (at.IsZero() || mail.Before(at)) {
		at = mail
	}
	return at, err
}

// all reads what is there and does what is due, until nothing is left to do
// now.
func (s *stepper) all(ctx context.Context, now func() time.Time) (mails int, err error) {
	for {
		did, err := s.mail(ctx, now())
		if err != nil {
			return mails, err
		}
		if !did {
			return mails, s.tick(ctx, now())
		}
		mails++
	}
}

// run reads mails as they come and does what falls due, until ctx ends. wake
// tells that a mail was stored.
func (s *stepper) run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	if err := s.handOver(ctx, now()); err != nil && ctx.Err() == nil {
		s.log.Error("hand over", "err", err)
	}
	for {
		_, err := s.all(ctx, now)
		if ctx.Err() != nil {
			return nil
		}
		pause := time.Minute // the clock may have jumped; look again
		if err != nil {
			s.log.Error("step failed; trying again", "err", err, "in", retryStep)
			pause = retryStep
		} else if at, err := s.wakeAt(ctx, now()); err == nil && !at.IsZero() {
			pause = min(pause, max(at.Sub(now()), 0))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// retryStep is how long to wait after the database failed.
const retryStep = 5 * time.Second

func (s *stepper) signal() {
	if s.wake != nil {
		s.wake()
	}
}

func (s *stepper) addresses() []string {
	var list []string
	for _, t := range s.teams {
		list = append(list, t.Address)
	}
	return list
}

// report is the operator's line for a mail.
func (s *stepper) report(in *store.Inbox, step store.Step) {
	var letters []string
	for _, l := range step.Letters {
		letters = append(letters, string(l.Kind)+">"+l.To)
	}
	reason, _, _ := strings.Cut(step.Reason, "\n")
	s.log.Info("mail", "id", in.ID, "uid", in.UID, "from", step.From, "team", step.Team, "task", step.Task,
		"verdict", step.Verdict, "reason", reason, "letters", strings.Join(letters, " "))
	if len(step.Letters) > 0 {
		s.signal()
	}
}

// earlier is the time of arrival, never later than now: a server whose clock
// is ahead does not make the future.
func earlier(at, now time.Time) time.Time {
	if at.After(now) {
		return now
	}
	return at
}

// hosts are the hosts of our Message-IDs.
func (c *Config) hosts() []string {
	if c.SMTP != nil && c.SMTP.FromHost != "" {
		return []string{c.SMTP.FromHost}
	}
	return nil
}
