package loop

import (
	"slices"
	"time"
)

// A mail may be read long after it was received: the mail server was not to be
// reached, the host was off, or the operator let the mail in. The record keeps the
// time of arrival, and that decides. But what was made in between, a digest or a
// review, could not tell of it: for the next one it is news.

// Late is a time of arrival, and when what came then was heard of.
type Late struct {
	At    time.Time `json:"at"`
	Heard time.Time `json:"heard"`
}

// late is the list with the event in it, if that was heard of late: those that
// overlap are one.
func late(list []Late, e Event) []Late {
	if e.Heard.IsZero() {
		return list
	}
	l := Late{e.At, e.Heard}
	out := slices.DeleteFunc(slices.Clone(list), func(old Late) bool {
		overlap := !old.Heard.Before(l.At) && !l.Heard.Before(old.At)
		if overlap {
			l = Late{sooner(old.At, l.At), later(old.Heard, l.Heard)}
		}
		return overlap || l.Heard.Sub(old.Heard) > reviewSpan
	})
	return append(out, l)
}

// heard is when a digest could first tell of what happened to the task at a moment:
// in doubt too late a one, so that it is rather told twice than never.
func (t *Task) heard(at time.Time) time.Time {
	for _, l := range t.Late {
		if !at.Before(l.At) && at.Before(l.Heard) {
			at = l.Heard
		}
	}
	return at
}

// heardLate is now, if a digest or a review was made already that should have told of
// the mail at hand: it arrived before, or in the same moment, or the clock was put back
// meanwhile. Then it is the moment after that letter, for the next one tells what came
// since. Else it is zero.
func (c *turn) heardLate() (heard time.Time) {
	if c.in.At.IsZero() {
		return heard
	}
	for i := range c.s.Team.People {
		pr := c.s.Presence(c.s.Team.People[i].Key())
		if !pr.DigestAt.IsZero() && !c.in.At.After(pr.DigestAt) {
			heard = later(heard, later(c.now, pr.DigestAt.Add(1)))
		}
		if c.in.At.Before(pr.ReviewAt) {
			heard = later(heard, later(c.now, pr.ReviewAt))
		}
	}
	return heard
}
