package mailout

import (
	"context"
	"fmt"
	"time"

	"gatepost/loop"
)

// putOff lets letters wait whose hour is over: a server that was out of reach
// till the evening, a host that was off, or the operator's retry must not write
// to people at night. It returns those that may go now.
func (l *Loop) putOff(ctx context.Context, posts []*loop.Post) (open []*loop.Post, err error) {
	for _, p := range posts {
		_, taken := l.taken.Load(p.Serial)
		next, err := l.hour(ctx, &p.Letter, l.Now())
		if err != nil {
			return nil, fmt.Errorf("when letter %d may go: %w", p.Serial, err)
		}
		if taken || next.IsZero() {
			open = append(open, p)
			continue
		}
		if err := l.Outbox.WaitPost(ctx, p.Serial, next); err != nil {
			return nil, fmt.Errorf("let letter %d wait: %w", p.Serial, err)
		}
		l.log().Info("letter waits for its reader's working hours", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "until", next)
	}
	return open, nil
}

// late is from when on a letter has missed its hour. Until then it goes although
// the working day may have ended: it was made in time, or is a digest of a
// person who reads it before work.
const late = 30 * time.Minute

// hour is when a letter that is not to go now may go; zero: it may go now.
func (l *Loop) hour(ctx context.Context, letter *loop.Letter, now time.Time) (next time.Time, err error) {
	defer func() { // a calendar that is broken holds up nothing
		if recover() != nil {
			next = time.Time{}
		}
	}()
	team := l.Teams[letter.Team]
	if letter.Asked || letter.Due.IsZero() || now.Sub(letter.Due) < late || team == nil || team.Person(letter.To) == nil {
		return time.Time{}, nil
	}
	p := team.Person(letter.To)
	known, err := l.Outbox.Presence(ctx, team.Address, p.Key())
	if err != nil {
		return time.Time{}, err
	}
	next = (&loop.State{Team: team, People: map[string]*loop.Presence{p.Key(): known}}).Calendar(p.Key()).NextOpen(now)
	if scheduled := letter.Kind == loop.DigestMail || letter.Kind == loop.WeeklyMail; scheduled && p.Digest != loop.Never {
		if at := loop.DateOf(next, p.Zone).At(p.Digest, p.Zone); at.Before(next) {
			next = at // who reads it before work has yesterday's before today's
		}
	}
	if !next.After(now) {
		return time.Time{}, nil
	}
	return next, nil
}

// lapsed says of letters that waited, by serial, why they are not true any more. One
// that was put into words may be with a server already, and stays.
func (l *Loop) lapsed(ctx context.Context, posts []*loop.Post) (why map[int64]string, err error) {
	waited := func(p *loop.Post) bool {
		return l.Teams[p.Letter.Team] != nil && !p.Letter.Asked && len(p.Raw) == 0 && p.Damaged == ""
	}
	tasks := map[string][]int{}
	for _, p := range posts {
		if waited(p) && p.Letter.Task != 0 {
			tasks[p.Letter.Team] = append(tasks[p.Letter.Team], p.Letter.Task)
		}
	}
	standing := map[string]map[int]*loop.Standing{}
	for team, numbers := range tasks {
		if standing[team], err = l.Outbox.Standings(ctx, team, numbers...); err != nil {
			return nil, fmt.Errorf("what letters of %s are about: %w", team, err)
		}
	}
	why = map[int64]string{}
	for _, p := range posts {
		if !waited(p) {
			continue
		}
		if reason := p.Letter.Lapsed(l.Teams[p.Letter.Team], standing[p.Letter.Team][p.Letter.Task], l.Now()); reason != "" {
			why[p.Serial] = reason
		}
	}
	return why, nil
}
