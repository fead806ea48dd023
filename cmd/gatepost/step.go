package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/parse"
	"gatepost/store"
)

// stepper is the middle of the three loops: it takes the next raw mails or the
// next due moment, lets the rules have them, and commits what comes of them in
// one transaction.
//
//	look   raw mails → read on all processors, ahead of their turn
//	turn   mail by mail: state → rules → what is to be written; then one commit
//	tick   a due moment → the same for time
type stepper struct {
	db    *store.DB
	teams []*loop.Team
	hosts []string // of our Message-IDs
	log   *slog.Logger
	wake  func() // called when letters may be due; may be nil
	read  func(raw []byte, opt parse.Options) parse.Mail
	crash *crash // nil but in a campaign

	garbage *collector // nil: the collector is not told of the work

	authserv string       // whose Authentication-Results count; "": nobody's
	dkim     *mailin.DKIM // nil: signatures are not checked, as in a replay

	patience time.Duration  // for reading one mail
	atOnce   int            // mails in one turn at most
	begun    bool           // left is set
	left     int64          // mails up to this number were there when this process began
	single   int            // so many mails are read one by one: the store refused one of them
	mu       sync.Mutex     // for the maps below: one turn is taken while the next is looked at
	counted  map[int64]bool // mails whose reading was counted and has not ended
	aliased  map[int64]bool // mails of a confirmed alias, whose signatures are to be looked at

	next map[string]time.Time // team address → next scheduled moment, as of the last load

	boxes  map[string]*mailboxConfig // key of a mailbox → whose mail comes into it; empty: every team's into any, as in a replay
	faults *faults                   // nil: nobody is told
	aside  map[string]string         // address of a team → why nothing can be done for it now
}

// asideWait is how long a mail waits at a time for a team that is set aside.
const asideWait = 5 * time.Minute

func newStepper(db *store.DB, cfg *Config, log *slog.Logger, wake func()) *stepper {
	return &stepper{db: db, teams: cfg.Teams, hosts: cfg.hosts(), authserv: cfg.Evidence.AuthservID, log: log, wake: wake, next: map[string]time.Time{}, boxes: map[string]*mailboxConfig{}, aside: cfg.Aside, counted: map[int64]bool{}, aliased: map[int64]bool{}, read: readMail, patience: patience, atOnce: lookMails}
}

// searchHits is how many hits a search letter and the command line show.
const searchHits = 20

// stepOf is the part of a step that only names the mail.
func stepOf(in *store.Inbox, m parse.Mail, now time.Time) store.Step {
	return store.Step{At: now, Mail: in.ID, Verdict: store.Read, From: m.From.Address, Subject: m.Subject, Robot: string(m.Robot), Text: m.Text}
}

// bounced is the letter that came back: named in the report by its Message-ID,
// or by the address the report was sent to.
func (s *stepper) bounced(ctx context.Context, m parse.Mail) (*loop.Post, error) {
	if m.Bounce.MessageID != "" {
		found, err := s.db.LettersByID(ctx, []string{m.Bounce.MessageID})
		if p := found[m.Bounce.MessageID]; p != nil || err != nil {
			return p, err
		}
	}
	for _, tag := range m.Tags {
		var serial int64
		if _, err := fmt.Sscanf(tag.Ref, "b%d", &serial); err != nil {
			continue
		}
		p, err := s.db.PostBySerial(ctx, serial)
		if errors.Is(err, store.ErrUnknown) { // forged, forgotten, or of after a backup
			continue
		}
		if err != nil {
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
// whose letter it answers, else the only one there is. A mailbox carries the
// mail of its own teams alone: what names another team is for nobody, and
// astray says so, unless a person has let it in.
func (s *stepper) teamOf(in *store.Inbox, tags []parse.Tag, answers *loop.Post) (team *loop.Team, astray string) {
	own := s.teams
	if len(s.boxes) > 0 && in.Vouched == "" {
		own = nil
		if box := s.boxes[in.Mailbox]; box != nil {
			own = box.Teams
		}
	}
	find := func(teams []*loop.Team) *loop.Team {
		for _, tag := range tags {
			if i := slices.IndexFunc(teams, func(t *loop.Team) bool { return t.Address == tag.Team }); i >= 0 {
				return teams[i]
			}
		}
		for _, t := range teams {
			if answers != nil && answers.Letter.Team == t.Address {
				return t
			}
		}
		return nil
	}
	if team = find(own); team != nil {
		return team, ""
	}
	if other := find(s.teams); other != nil {
		return nil, fmt.Sprintf("it is for team %s, whose mail does not come into this mailbox (%s)", other.Name, in.Mailbox)
	}
	if len(own) == 1 {
		return own[0], ""
	}
	return nil, ""
}

// tick does what is scheduled up to now, for every team.
func (s *stepper) tick(ctx context.Context, now time.Time) error {
	var errs []error
	for _, team := range s.teams {
		if at, known := s.next[team.Address]; known && (at.IsZero() || now.Before(at)) {
			continue
		}
		err := s.tickTeam(ctx, team, now)
		s.faults.rules(ctx, team, err)
		if err != nil {
			s.next[team.Address] = now.Add(time.Minute) // the others are not to wait for it
			errs = append(errs, fmt.Errorf("what is due for %s: %w", team.Address, err))
		}
	}
	return errors.Join(errs...)
}

// tickTeam does what is due for one team. A panic is an error: the other teams
// and the mail go on.
func (s *stepper) tickTeam(ctx context.Context, team *loop.Team, now time.Time) (err error) {
	defer brokenBy(&err)
	if why := s.aside[team.Address]; why != "" {
		return errors.New(why)
	}
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
		if len(o.Letters) > 0 { // of all teams at the same minute, as a rule
			s.garbage.work()
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

// reschedule is schedule after mails were read; what is due and not done yet
// stays due.
func (s *stepper) reschedule(team *loop.Team, state *loop.State, now time.Time) {
	if at, known := s.next[team.Address]; known && (at.IsZero() || now.Before(at)) {
		s.schedule(team, state, now)
	}
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
// now. While some mails have their turn the next ones are looked at.
func (s *stepper) all(ctx context.Context, now func() time.Time) (mails int, err error) {
	defer func() {
		if err != nil { // the readings came to an end: it was not the mails
			s.uncount(ctx)
		}
	}()
	type looked struct {
		readings []*seen
		err      error
	}
	anew := func() ([]*seen, error) {
		n := s.atOnce
		if s.single > 0 {
			n = 1
		}
		return s.look(ctx, now(), 0, n)
	}
	readings, err := anew()
	for err == nil && len(readings) > 0 {
		if len(readings) == s.atOnce {
			s.garbage.work()
		}
		ahead := make(chan looked, 1)
		at, last := now(), readings[len(readings)-1].in.ID
		if s.single > 0 {
			ahead <- looked{}
		} else {
			go func() {
				var l looked
				l.readings, l.err = s.look(ctx, at, last, s.atOnce)
				ahead <- l
			}()
		}
		done, failed := s.turn(ctx, readings, now())
		l := <-ahead
		mails += done
		if failed != nil {
			return mails, failed
		}
		whole := done == len(readings)
		if readings, err = l.readings, l.err; err == nil && (!whole || len(readings) == 0) {
			readings, err = anew()
		}
	}
	if err != nil {
		return mails, err
	}
	return mails, s.tick(ctx, now())
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
		s.garbage.rest()
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

// options are those of reading any mail, whosever it is.
func (s *stepper) options() parse.Options {
	return parse.Options{Teams: s.addresses(), Hosts: s.hosts, AuthservID: s.authserv}
}

func (s *stepper) addresses() []string {
	var list []string
	for _, t := range s.teams {
		list = append(list, t.Address)
	}
	return list
}

// member tells whether an address is somebody's on a team.
func (s *stepper) member(address string) bool {
	return slices.ContainsFunc(s.teams, func(t *loop.Team) bool { return t.Person(address) != nil })
}

// report is the operator's line for a mail.
func (s *stepper) report(in *store.Inbox, step store.Step) {
	var letters []string
	for _, l := range step.Letters {
		letters = append(letters, string(l.Kind)+">"+l.To)
	}
	reason, _, _ := strings.Cut(step.Reason, "\n")
	level := slog.LevelInfo
	if step.Verdict == store.Ignored && reason == string(parse.RobotList) && s.member(step.From) {
		level = slog.LevelWarn // somebody waits for what they wrote, and is told nothing
	}
	s.log.Log(context.Background(), level, "mail", "id", in.ID, "uid", in.UID, "from", step.From, "team", step.Team, "task", step.Task,
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
