package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
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
	cfg      *Config
	team     *loop.Team // whose letters carry the alerts if nothing speaks against it; its Operator may be ""
	logins   []login
	patience time.Duration
	now      func() time.Time
	log      *slog.Logger

	mu      sync.Mutex
	last    time.Time // of the last look
	seen    sighting
	watches []*watch
}

// watch is one thing that can stand still: the reading of one mailbox, the
// sending by one server, or the logins.
type watch struct {
	what   int
	box    int // reading: place in cfg.Mailboxes
	teams  []*loop.Team
	server string        // in words
	dark   time.Duration // for how long it has not worked
	alarm  bool          // the operator was told
}

const (
	reading = iota
	sending
	access // to a mailbox that wants OAuth 2
)

// What the operator is told of each, and of its end.
var (
	alarmCauses = [...]string{reading: loop.CauseUnreadable, sending: loop.CauseUnsent, access: loop.CauseLogin}
	clearCauses = [...]string{reading: loop.CauseReadable, sending: loop.CauseSendable, access: loop.CauseLoggedIn}
)

// lookEvery is how often the lookout looks.
const lookEvery = 20 * time.Second

// sighting is what one look found; places go as the watches do.
type sighting struct {
	counts store.Counts
	places []place
	stale  string // why a login is no good any more; "": all are
	err    error  // the database could not be read
}

// place is what one look found of one watch.
type place struct {
	name    string    // reading: the key of the mailbox
	polled  time.Time // reading: when it was last read to its end
	waiting int       // sending: letters that wait
	overdue time.Time // sending: since when the oldest letter that was tried in vain has waited; zero: none
	flows   bool      // sending: others were taken since overdue
}

func newLookout(cfg *Config, db *store.DB, log *slog.Logger, now func() time.Time) *lookout {
	l := &lookout{db: db, cfg: cfg, logins: cfg.logins(), team: cfg.Teams[0], patience: cfg.AlertAfter, now: now, log: log}
	for i, m := range cfg.Mailboxes {
		l.watches = append(l.watches, &watch{what: reading, box: i, teams: m.Teams, server: m.Addr()})
	}
	for _, s := range cfg.Senders {
		l.watches = append(l.watches, &watch{what: sending, teams: s.Teams, server: s.Addr()})
	}
	l.watches = append(l.watches, &watch{what: access, teams: cfg.Teams})
	return l
}

// of names the teams that a watch is for, where there are several.
func (l *lookout) of(w *watch) string {
	if len(l.cfg.Teams) == 1 || w.what == access { // a login names its tables
		return ""
	}
	return "team " + teamNames(w.teams) + ": "
}

// voice is the team whose letter tells of a watch.
func (l *lookout) voice(ctx context.Context, w *watch) *loop.Team {
	return l.cfg.voice(ctx, l.db, w.teams, func(team *loop.Team) bool {
		return slices.ContainsFunc(l.watches, func(s *watch) bool {
			return s.what == sending && slices.Contains(s.teams, team) && (s.dark > 0 || s.alarm)
		})
	})
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
	letters, err := l.db.Outbox(ctx, store.PostFilter{Kind: loop.Alert, Limit: 50 * len(l.cfg.Teams)})
	if err != nil {
		l.log.Error("look for earlier alerts", "err", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range letters {
		for _, w := range l.watches {
			if !strings.HasPrefix(p.Letter.Body.Detail, l.of(w)) || !strings.Contains(p.Letter.Body.Detail, w.server) {
				continue
			}
			switch p.Letter.Body.Cause {
			case alarmCauses[w.what]:
				w.alarm = true
			case clearCauses[w.what]:
				w.alarm = false
			}
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
	if l.last.IsZero() || len(before.places) != len(s.places) { // what was read before this process began says nothing of it
		gap, before = 0, s
	}
	l.last, l.seen = now, s
	if s.err != nil {
		l.log.Error("look at the database", "err", s.err)
		return // nothing is known, and a letter could not be kept
	}
	for i, w := range l.watches {
		was, is := before.places[i], s.places[i]
		works, detail := is.polled.After(was.polled), fmt.Sprintf("nothing was read from %s %s", w.server, since(is.polled))
		switch w.what {
		case sending:
			works = is.overdue.IsZero() || is.flows
			detail = fmt.Sprintf("%d letters wait for %s, the oldest %s", is.waiting, w.server, since(is.overdue))
		case access:
			works, detail = s.stale == "", s.stale
		}
		l.judge(ctx, w, gap, works, l.of(w)+detail)
	}
}

func since(t time.Time) string {
	if t.IsZero() {
		return "at all so far"
	}
	return "since " + t.UTC().Format("2006-01-02 15:04 UTC")
}

// judge adds up for how long something has not worked, and tells the operator
// once when that is too long and once when it works again.
func (l *lookout) judge(ctx context.Context, w *watch, gap time.Duration, works bool, detail string) {
	cause := alarmCauses[w.what]
	switch {
	case !works:
		w.dark += gap
		if w.what != access && w.dark < l.patience || w.alarm {
			return // a login does not come back by itself: that is told at once
		}
		l.log.Error("ALARM", "cause", cause, "detail", detail)
	case w.alarm:
		cause, detail = clearCauses[w.what], l.of(w)+w.server
		l.log.Info("all clear", "cause", cause, "after", w.dark.Round(time.Second))
		w.dark = 0
	default:
		w.dark = 0
		return
	}
	if l.team.Operator != "" {
		voice := l.voice(ctx, w)
		letter := loop.AlertLetter(voice, cause, detail, l.last)
		letter.Key += "|" + l.last.UTC().Format("15:04") // two outages of a day are two letters
		if err := l.db.Commit(ctx, store.Step{Team: voice.Address, At: l.last, Letters: []loop.Letter{letter}}); err != nil {
			l.log.Error("write to the operator", "err", err)
			return // tried again at the next look
		}
	}
	w.alarm = !works
}

// find reads the database.
func (l *lookout) find(ctx context.Context, now time.Time) (s sighting) {
	if s.counts, s.err = l.db.Counts(ctx); s.err != nil {
		return s
	}
	keys, _ := mailboxKeys(s.counts.Mailboxes, l.cfg.Mailboxes)
	var tried []store.Posted
	if s.counts.Waiting > 0 {
		if tried, s.err = l.db.Outbox(ctx, store.PostFilter{State: store.PostWaiting, Tried: true}); s.err != nil {
			return s
		}
	}
	for _, login := range l.logins {
		s.stale = or(s.stale, login.stale())
	}
	for _, w := range l.watches {
		var p place
		switch w.what {
		case reading:
			p.name = keys[w.box]
			for _, m := range s.counts.Mailboxes {
				if m.Name == p.name {
					p.polled = m.Polled
				}
			}
		case sending:
			if p, s.err = l.findSender(ctx, w, tried, now); s.err != nil {
				return s
			}
		}
		s.places = append(s.places, p)
	}
	return s
}

// findSender looks for letters that a server does not take, among those that were
// tried.
func (l *lookout) findSender(ctx context.Context, w *watch, tried []store.Posted, now time.Time) (p place, err error) {
	var share store.Share
	for _, team := range w.teams {
		share.Teams = append(share.Teams, team.Address)
	}
	for _, post := range tried {
		due := later(post.Created, post.Letter.Due)
		if slices.Contains(share.Teams, post.Letter.Team) && due.Before(now) && (p.overdue.IsZero() || due.Before(p.overdue)) {
			p.overdue = due
		}
	}
	if p.overdue.IsZero() {
		return p, nil
	}
	if p.waiting, err = l.db.WaitingOf(ctx, share); err != nil {
		return p, err
	}
	sent, err := l.db.SentSinceOf(ctx, share, p.overdue)
	p.flows = sent > 0
	return p, err
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

// line is the service in a line, for `systemctl status`; of several mailboxes
// it tells the one that was read longest ago.
func (s sighting) line() string {
	polled, first := "never", time.Time{}
	for _, p := range s.places {
		if p.name != "" && p.polled.IsZero() {
			polled = "never"
			break
		}
		if p.name != "" && (first.IsZero() || p.polled.Before(first)) {
			first, polled = p.polled, p.polled.UTC().Format("15:04:05 UTC")
		}
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
	if l.seen.err != nil {
		return l.seen.err.Error()
	}
	if l.seen.stale != "" {
		return l.seen.stale
	}
	for i, w := range l.watches {
		switch {
		case w.what == reading && (i >= len(l.seen.places) || l.seen.places[i].polled.IsZero()):
			return l.of(w) + "the mailbox was not read yet"
		case w.what == reading && w.dark > unreadyAfter:
			return l.of(w) + "the mailbox was not read for " + w.dark.Round(time.Second).String()
		case w.what == sending && w.dark > unreadyAfter:
			return l.of(w) + "no letter was taken for " + w.dark.Round(time.Second).String()
		}
	}
	return ""
}

// unreadyAfter is how long reading or sending may stand still before /readyz
// says so: longer than the longest pause between two polls.
const unreadyAfter = 10 * time.Minute
