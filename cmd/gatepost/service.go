package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/mailout"
	"gatepost/store"
)

// service is the whole program: three loops that meet in the database.
//
//	poller   mailbox → raw mail in the store
//	steps    raw mail, or time → state, record, letters
//	letters  letter due → put into words once → sent
type service struct {
	db      *store.DB
	poller  *mailin.Poller
	steps   *stepper
	letters *mailout.Loop
	lookout *lookout
	listen  string // for the lookout's numbers; "": nowhere
	now     func() time.Time

	mailCame  chan struct{}
	letterDue chan struct{}
}

// newService wires the loops. fromStart takes mail that was there before the
// first start.
func newService(cfg *Config, db *store.DB, log *slog.Logger, now func() time.Time, fromStart bool) *service {
	return newServiceThat(cfg, db, log, now, fromStart, nil)
}

// newServiceThat is newService for a campaign: c says where it is to crash, nil
// is nowhere.
func newServiceThat(cfg *Config, db *store.DB, log *slog.Logger, now func() time.Time, fromStart bool, c *crash) *service {
	s := &service{db: db, now: now, mailCame: make(chan struct{}, 1), letterDue: make(chan struct{}, 1)}
	s.steps = newStepper(db, cfg, log, func() { poke(s.letterDue) })
	var keep mailin.Receiver = db
	if c != nil {
		keep = crashingReceiver{db, c}
	}
	s.poller = mailin.New(mailin.Config{
		Host: cfg.IMAP.Host, Port: cfg.IMAP.Port, TLS: cfg.IMAP.TLS, User: cfg.IMAP.User, Password: cfg.IMAP.Password.Read, Token: cfg.IMAP.Token(),
		Mailbox: cfg.IMAP.Mailbox, Poll: cfg.IMAP.Poll, Noop: cfg.IMAP.Noop, Busy: func() bool { return atWork(cfg.Teams, now()) }, FileAway: cfg.IMAP.FileAway, FromStart: fromStart,
		Insecure: true, // the config was checked: none off loopback only where it says insecure
		Now:      now, Log: log, Wake: func() { poke(s.mailCame) },
	}, keep)
	s.letters = &mailout.Loop{
		Outbox: db, Teams: teamsByAddress(cfg.Teams), Host: cfg.SMTP.FromHost, Now: now, Log: log, Failed: s.failed,
		Sender: &mailout.SMTP{
			Host: cfg.SMTP.Host, Port: cfg.SMTP.Port, TLS: cfg.SMTP.TLS, User: cfg.SMTP.User, Password: cfg.SMTP.Password.Read, Token: cfg.SMTP.Token(),
			Hello: cfg.SMTP.FromHost,
		},
	}
	s.lookout, s.listen = newLookout(cfg, db, log, now), cfg.Listen
	s.steps.dkim = newDKIM(now)
	s.crashing(c)
	return s
}

// poke wakes whoever waits on the channel, without waiting for them.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// atWork tells whether somebody of the teams is in their working hours.
func atWork(teams []*loop.Team, t time.Time) bool {
	for _, team := range teams {
		everybody := &loop.State{Team: team}
		for i := range team.People {
			if everybody.Calendar(team.People[i].Key()).Open(t) {
				return true
			}
		}
	}
	return false
}

func teamsByAddress(teams []*loop.Team) map[string]*loop.Team {
	m := map[string]*loop.Team{}
	for _, t := range teams {
		m[t.Address] = t
	}
	return m
}

// Run runs the three loops until ctx ends, and returns when all have ended.
// The first loop that cannot go on ends the others.
func (s *service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, 5)
	for i, run := range []func(context.Context) error{
		s.lookout.run,
		func(ctx context.Context) error { return s.lookout.operation(ctx, s.listen) },
		s.poller.Run,
		func(ctx context.Context) error { return s.steps.run(ctx, s.now, s.mailCame) },
		func(ctx context.Context) error { return s.letters.Run(ctx, s.letterDue) },
	} {
		wg.Go(func() {
			defer cancel()
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Once is one pass of all three loops.
func (s *service) Once(ctx context.Context) (passReport, error) {
	var r passReport
	var err error
	if r.in, err = s.poller.Once(ctx); err != nil {
		return r, err
	}
	if err := s.steps.handOver(ctx, s.now()); err != nil {
		return r, err
	}
	if r.mails, err = s.steps.all(ctx, s.now); err != nil {
		return r, err
	}
	r.sent, err = s.letters.Once(ctx)
	return r, err
}

// passReport is what one pass did.
type passReport struct {
	in          mailin.Report
	mails, sent int
}

func (r passReport) String() string {
	text := fmt.Sprintf("%d new, %d read, %d letters sent", r.in.Fresh, r.mails, r.sent)
	if r.in.OldBefore > 0 {
		text += fmt.Sprintf("\nfirst start: %d mails that were there before are left alone; --from-start takes them", r.in.OldBefore)
	}
	return text
}

// failed is told of a letter that will never arrive.
func (s *service) failed(ctx context.Context, p *loop.Post, reason string) error {
	return s.steps.undeliverable(ctx, p, reason, s.now())
}

// undeliverable records that a letter will never arrive.
func (s *stepper) undeliverable(ctx context.Context, p *loop.Post, reason string, now time.Time) error {
	for _, team := range s.teams {
		if team.Address != p.Letter.Team {
			continue
		}
		err := store.ErrStale
		for try := 0; errors.Is(err, store.ErrStale) && try < 10; try++ { // the steps go on beside us
			err = s.undeliverableOnce(ctx, team, p, reason, now)
		}
		return err
	}
	return nil
}

func (s *stepper) undeliverableOnce(ctx context.Context, team *loop.Team, p *loop.Post, reason string, now time.Time) (err error) {
	defer func() { // a fault of the rules must not keep the letter, and those behind it, for ever
		if r := recover(); r != nil {
			s.log.Error("nobody could be told of a letter that cannot be delivered", "serial", p.Serial, "panic", r)
		}
	}()
	before, err := s.db.Load(ctx, team, store.Want{})
	if err != nil {
		return err
	}
	o := loop.Undeliverable(before, p.Letter, reason, now)
	return s.db.Commit(ctx, store.Step{Team: team.Address, At: now, Before: before, After: o.State, Events: o.Events, Letters: o.Letters})
}
