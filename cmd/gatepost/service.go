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
	"gatepost/templates"
)

// service is the whole program: three loops that meet in the database. There is
// a poller for each mailbox and a sender for each mail server, so that one that
// fails holds up no team but its own.
//
//	pollers  mailbox → raw mail in the store
//	steps    raw mail, or time → state, record, letters
//	letters  letter due → put into words once → sent
type service struct {
	db      *store.DB
	pollers []*mailin.Poller
	steps   *stepper
	letters senders
	lookout *lookout
	keeper  *keeper
	listen  string // for the lookout's numbers; "": nowhere
	pprof   bool   // profiles there as well
	now     func() time.Time
	broken  error // the store could not be asked for the mailboxes

	mailCame  chan struct{}
	letterDue []chan struct{} // one for each of letters
}

// newService wires the loops. fromStart takes mail that was there before the
// first start.
func newService(cfg *Config, db *store.DB, log *slog.Logger, now func() time.Time, fromStart bool) *service {
	return newServiceThat(cfg, db, log, now, fromStart, nil)
}

// newServiceThat is newService for a campaign: c says where it is to crash, nil
// is nowhere.
func newServiceThat(cfg *Config, db *store.DB, log *slog.Logger, now func() time.Time, fromStart bool, c *crash) *service {
	s := &service{db: db, now: now, mailCame: make(chan struct{}, 1)}
	s.steps = newStepper(db, cfg, log, s.lettersDue)
	s.steps.faults = newFaults(db, cfg, log, now)
	s.steps.garbage = newCollector(func() {
		db.ReleaseMemory()
		templates.Release()
	})
	var keep mailin.Receiver = db
	if c != nil {
		keep = crashingReceiver{db, c}
	}
	var keys []string
	if keys, s.broken = claimMailboxes(context.Background(), db, cfg.Mailboxes); s.broken != nil {
		keys = make([]string, len(cfg.Mailboxes))
	}
	for i, m := range cfg.Mailboxes {
		s.steps.boxes[keys[i]] = m
		s.pollers = append(s.pollers, mailin.New(mailin.Config{
			Host: m.Host, Port: m.Port, TLS: m.TLS, User: m.User, Password: m.Password.Read, Token: m.Token(),
			Mailbox: m.Mailbox, Poll: m.Poll, Noop: m.Noop, Busy: func() bool { return atWork(m.Teams, now()) }, FileAway: m.FileAway, FromStart: fromStart,
			Insecure: true, // the config was checked: none off loopback only where it says insecure
			Now:      now, Log: log, Wake: func() { poke(s.mailCame) }, Fault: func(err error) { s.steps.faults.tell(m.place(), err) },
		}, boxReceiver{keep, keys[i], func(ctx context.Context, mailbox string, at time.Time, head []byte, reason string) {
			s.steps.parkedUnread(ctx, mailbox, at, head, reason, now())
		}}))
	}
	for i, out := range cfg.Senders {
		s.letterDue = append(s.letterDue, make(chan struct{}, 1))
		s.letters = append(s.letters, &mailout.Loop{
			Outbox: outboxOf(db, cfg.Senders, i), Teams: teamsByAddress(cfg.Teams), Host: out.FromHost, Now: now, Log: log, Failed: s.failed,
			Connections: out.Connections, Limits: mailout.Limits{PerMinute: out.PerMinute, PerDay: out.PerDay},
			Sender: &mailout.Pool{Connections: out.Connections, New: func() *mailout.SMTP {
				return &mailout.SMTP{
					Host: out.Host, Port: out.Port, TLS: out.TLS, User: out.User, Password: out.Password.Read, Token: out.Token(),
					Hello: out.FromHost, Letters: out.PerConnection,
				}
			}},
			Passed: func(sent int, err error) {
				if err != nil || sent > 0 { // a pass without a letter says nothing of the server
					s.steps.faults.tell(out.place(), err)
				}
			},
		})
	}
	s.lookout, s.listen = newLookout(cfg, db, log, now), cfg.Listen
	s.pprof = cfg.Pprof
	s.keeper = &keeper{db: db, store: cfg.Store, now: now, log: log}
	s.steps.dkim = newDKIM(now)
	s.crashing(c)
	return s
}

// lettersDue wakes every sender.
func (s *service) lettersDue() {
	for _, due := range s.letterDue {
		poke(due)
	}
}

// poke wakes whoever waits on the channel, without waiting for them.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// atWork tells whether somebody of the teams is in their working hours.
// One whose calendar is broken is not.
func atWork(teams []*loop.Team, t time.Time) (open bool) {
	defer func() {
		if recover() != nil {
			open = false
		}
	}()
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

// Run runs the loops until ctx ends, and returns when all have ended.
// The first loop that cannot go on ends the others.
func (s *service) Run(ctx context.Context) error {
	if s.broken != nil {
		return s.broken
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.steps.faults.recall(ctx)
	s.steps.faults.unworded(ctx)
	loops := []func(context.Context) error{
		s.lookout.run,
		func(ctx context.Context) error { return s.lookout.operation(ctx, s.listen, s.pprof) },
		func(ctx context.Context) error { return s.steps.run(ctx, s.now, s.mailCame) },
		func(ctx context.Context) error { return s.keeper.run(ctx) },
		s.inPlace,
	}
	for _, p := range s.pollers {
		loops = append(loops, p.Run)
	}
	for i, l := range s.letters {
		loops = append(loops, func(ctx context.Context) error { return l.Run(ctx, s.letterDue[i]) })
	}
	var wg sync.WaitGroup
	errs := make([]error, len(loops))
	for i, run := range loops {
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

// inPlace ends the service when its database is taken away from under it.
func (s *service) inPlace(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.db.InPlace(); err != nil {
				return err
			}
		}
	}
}

// Once is one pass of all three loops. A mailbox that cannot be read, or a
// server that takes no letter, is told at the end and holds up no other.
func (s *service) Once(ctx context.Context) (passReport, error) {
	var r passReport
	if s.broken != nil {
		return r, s.broken
	}
	var errs []error
	for _, p := range s.pollers {
		in, err := p.Once(ctx)
		r.in.Fresh += in.Fresh
		r.in.OldBefore += in.OldBefore
		errs = append(errs, err)
	}
	errs = append(errs, s.steps.handOver(ctx, s.now()))
	var err error
	if r.mails, err = s.steps.all(ctx, s.now); err != nil {
		errs = append(errs, err)
	}
	r.sent, err = s.letters.Once(ctx)
	return r, errors.Join(append(errs, err)...)
}

// senders are the loops that send, one for each mail server.
type senders []*mailout.Loop

// Once is a pass of each.
func (l senders) Once(ctx context.Context) (sent int, err error) {
	var errs []error
	for _, one := range l {
		n, err := one.Once(ctx)
		sent += n
		errs = append(errs, err)
	}
	return sent, errors.Join(errs...)
}

// outboxOf is the part of the outbox that the i-th sender has: all of it if it
// is the only one. Letters of teams that the config has no more are the first
// one's, as each letter must be somebody's.
func outboxOf(db *store.DB, all []*senderConfig, i int) mailout.Outbox {
	if len(all) == 1 {
		return db
	}
	share := store.Share{Not: i == 0}
	for j, s := range all {
		for _, t := range s.Teams {
			if (j == i) != share.Not {
				share.Teams = append(share.Teams, t.Address)
			}
		}
	}
	return outboxShare{db, share}
}

type outboxShare struct {
	*store.DB
	share store.Share
}

// NextPosts implements mailout.Outbox.
func (o outboxShare) NextPosts(ctx context.Context, now time.Time, most, scheduled int, underway ...int64) ([]*loop.Post, error) {
	return o.NextPostsOf(ctx, o.share, now, most, scheduled, underway...)
}

// SentSince implements mailout.Outbox.
func (o outboxShare) SentSince(ctx context.Context, at time.Time) (int, error) {
	return o.SentSinceOf(ctx, o.share, at)
}

// WakePost implements mailout.Outbox.
func (o outboxShare) WakePost(ctx context.Context) (time.Time, bool, error) {
	return o.WakePostOf(ctx, o.share)
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
		return besideSteps(func() error { return s.undeliverableOnce(ctx, team, p, reason, now) })
	}
	return nil
}

// besideSteps tries again what found the state moved on: the steps go on beside it.
func besideSteps(f func() error) error {
	err := store.ErrStale
	for try := 0; errors.Is(err, store.ErrStale) && try < 10; try++ {
		err = f()
	}
	return err
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
	o := loop.Undeliverable(before, p, reason, now)
	return s.db.Commit(ctx, store.Step{Team: team.Address, At: now, Before: before, After: o.State, Events: o.Events, Letters: o.Letters})
}
