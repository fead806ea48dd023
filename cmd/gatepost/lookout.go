package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gatepost/loop"
	"gatepost/store"
)

// lookout is the part of the service that notices when nothing moves: no mail
// is read, or none is sent. It writes to the operator when that has lasted for
// patience, and again when it is over, tells systemd that the service lives,
// and answers /healthz, /readyz and /metrics.
//
// It goes by what the database says, so that it cannot be deceived by a loop
// that is alive and does nothing. Time in which nobody could have looked (the
// machine slept, its clock was set) does not count.
type lookout struct {
	db       *store.DB
	team     *loop.Team // whose letters carry the alerts; its Operator may be ""
	mailbox  string
	server   [2]string // what is read from, what is sent through
	logins   []login
	patience time.Duration
	now      func() time.Time
	log      *slog.Logger

	mu    sync.Mutex
	last  time.Time // of the last look
	seen  sighting
	dark  [3]time.Duration // reading, sending, access: for how long it has not worked
	alarm [3]bool          // the operator was told
}

const (
	reading = iota
	sending
	access // to a mailbox that wants OAuth 2
)

// lookEvery is how often the lookout looks.
const lookEvery = 20 * time.Second

// sighting is what one look found.
type sighting struct {
	counts  store.Counts
	polled  time.Time // when the mailbox was last read to its end
	overdue time.Time // since when the oldest letter that was tried in vain has waited; zero: none
	sent    time.Time // when a letter was last taken
	stale   string    // why a login is no good any more; "": all are
	err     error     // the database could not be read
}

func newLookout(cfg *Config, db *store.DB, log *slog.Logger, now func() time.Time) *lookout {
	l := &lookout{db: db, team: cfg.Teams[0], logins: cfg.logins(), patience: cfg.AlertAfter, now: now, log: log}
	if cfg.IMAP != nil && cfg.SMTP != nil {
		l.mailbox, l.server = cfg.IMAP.Mailbox, [2]string{cfg.IMAP.Addr(), cfg.SMTP.Addr()}
	}
	return l
}

// run looks until ctx ends.
func (l *lookout) run(ctx context.Context) error {
	l.recall(ctx)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	notify("READY=1")
	for {
		l.look(ctx)
		if s := l.sighting(); s.err == nil {
			notify("WATCHDOG=1\nSTATUS=" + s.line())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// recall finds out whether the operator was left with an alarm before this
// process began.
func (l *lookout) recall(ctx context.Context) {
	letters, err := l.db.Outbox(ctx, store.PostFilter{Team: l.team.Address, Kind: loop.Alert, Limit: 50})
	if err != nil {
		l.log.Error("look for earlier alerts", "err", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range letters {
		switch p.Letter.Body.Cause {
		case loop.CauseUnreadable:
			l.alarm[reading] = true
		case loop.CauseUnsent:
			l.alarm[sending] = true
		case loop.CauseReadable:
			l.alarm[reading] = false
		case loop.CauseSendable:
			l.alarm[sending] = false
		case loop.CauseLogin:
			l.alarm[access] = true
		case loop.CauseLoggedIn:
			l.alarm[access] = false
		}
	}
}

// look takes one look, and writes to the operator if something changed.
func (l *lookout) look(ctx context.Context) {
	now := l.now()
	s := l.find(ctx, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	gap := min(max(now.Sub(l.last), 0), 2*lookEvery)
	before := l.seen
	if l.last.IsZero() { // what was read before this process began says nothing of it
		gap, before = 0, s
	}
	l.last, l.seen = now, s
	if s.err != nil {
		l.log.Error("look at the database", "err", s.err)
		return // nothing is known, and a letter could not be kept
	}
	l.judge(ctx, reading, gap, s.polled.After(before.polled), loop.CauseUnreadable, loop.CauseReadable,
		fmt.Sprintf("nothing was read from %s in %s", l.server[reading], since(s.polled)))
	l.judge(ctx, sending, gap, s.overdue.IsZero() || s.sent.After(s.overdue), loop.CauseUnsent, loop.CauseSendable,
		fmt.Sprintf("%d letters wait for %s, the oldest %s", s.counts.Waiting, l.server[sending], since(s.overdue)))
	l.judge(ctx, access, gap, s.stale == "", loop.CauseLogin, loop.CauseLoggedIn, s.stale)
}

func since(t time.Time) string {
	if t.IsZero() {
		return "at all so far"
	}
	return "since " + t.UTC().Format("2006-01-02 15:04 UTC")
}

// judge adds up for how long something has not worked, and tells the operator
// once when that is too long and once when it works again.
func (l *lookout) judge(ctx context.Context, what int, gap time.Duration, works bool, alarm, clear, detail string) {
	cause := alarm
	switch {
	case !works:
		l.dark[what] += gap
		if what != access && l.dark[what] < l.patience || l.alarm[what] {
			return // a login does not come back by itself: that is told at once
		}
		l.log.Error("ALARM", "cause", alarm, "detail", detail)
	case l.alarm[what]:
		if cause, detail = clear, ""; what != access {
			detail = l.server[what]
		}
		l.log.Info("all clear", "cause", clear, "after", l.dark[what].Round(time.Second))
		l.dark[what] = 0
	default:
		l.dark[what] = 0
		return
	}
	if l.team.Operator != "" {
		letter := loop.AlertLetter(l.team, cause, detail, l.last)
		letter.Key += "|" + l.last.UTC().Format("15:04") // two outages of a day are two letters
		if err := l.db.Commit(ctx, store.Step{Team: l.team.Address, At: l.last, Letters: []loop.Letter{letter}}); err != nil {
			l.log.Error("write to the operator", "err", err)
			return // tried again at the next look
		}
	}
	l.alarm[what] = cause == alarm
}

// find reads the database.
func (l *lookout) find(ctx context.Context, now time.Time) (s sighting) {
	if s.counts, s.err = l.db.Counts(ctx); s.err != nil {
		return s
	}
	for _, m := range s.counts.Mailboxes {
		if m.Name == l.mailbox {
			s.polled = m.Polled
		}
	}
	for _, login := range l.logins {
		s.stale = or(s.stale, login.stale())
	}
	if s.counts.Waiting == 0 {
		return s
	}
	waiting, err := l.db.Outbox(ctx, store.PostFilter{State: store.PostWaiting})
	if err != nil {
		s.err = err
		return s
	}
	for _, p := range waiting {
		due := later(p.Created, p.Letter.Due)
		if p.Attempts > 0 && due.Before(now) && (s.overdue.IsZero() || due.Before(s.overdue)) {
			s.overdue = due
		}
	}
	if s.overdue.IsZero() {
		return s
	}
	sent, err := l.db.Outbox(ctx, store.PostFilter{State: store.PostSent, Limit: 50})
	for _, p := range sent {
		s.sent = later(s.sent, p.Closed)
	}
	s.err = err
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (l *lookout) sighting() sighting {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// line is the service in a line, for `systemctl status`.
func (s sighting) line() string {
	polled := "never"
	if !s.polled.IsZero() {
		polled = s.polled.UTC().Format("15:04:05 UTC")
	}
	if s.stale != "" {
		return s.stale
	}
	return fmt.Sprintf("mailbox read %s; %d letters wait, %d failed; %d mails held, %d parked", polled, s.counts.Waiting, s.counts.Failed, s.counts.Held, s.counts.Parked)
}

// unready says why the service does not do its work now, "" if it does.
func (l *lookout) unready() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.seen.err != nil:
		return l.seen.err.Error()
	case l.seen.stale != "":
		return l.seen.stale
	case l.seen.polled.IsZero():
		return "the mailbox was not read yet"
	case l.dark[reading] > unreadyAfter:
		return "the mailbox was not read for " + l.dark[reading].Round(time.Second).String()
	case l.dark[sending] > unreadyAfter:
		return "no letter was taken for " + l.dark[sending].Round(time.Second).String()
	}
	return ""
}

// unreadyAfter is how long reading or sending may stand still before /readyz
// says so: longer than the longest pause between two polls.
const unreadyAfter = 10 * time.Minute
