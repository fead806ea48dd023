package loop

import (
	"slices"
	"strings"
	"time"
)

// bouncedFor is how long a person's letters are said to come back after the
// last one did. Whoever cannot be reached is written to every working day, so
// the mark is made anew until the address is mended.
const bouncedFor = 7

// comesBack tells whether letters to a person come back on this day.
func (p *Presence) comesBack(day Date, zone *time.Location) bool {
	return !p.BouncedAt.IsZero() && day.Before(DateOf(p.BouncedAt, zone).Add(bouncedFor))
}

// mostBounced letters that come back for good within bouncedFor days silence an
// address for as long: what the clock sends, digests, prompts and reviews, is not
// written to it. What somebody did is written all the same, and tells the address
// that works again; so does a mail from there.
const mostBounced = 3

const bouncedSpan = bouncedFor * 24 * time.Hour

// bounced keeps when the last letters came back. Events without a day are from before
// this was kept, and are not counted: what they folded to stands in older databases.
func (p *Presence) bounced(e Event) {
	p.Bounced, p.BouncedAt = p.Bounced+1, e.At
	if e.Day.IsZero() {
		return
	}
	p.Bounces = slices.DeleteFunc(slices.Clone(p.Bounces), func(b time.Time) bool { return e.At.Sub(b) > bouncedSpan })
	p.Bounces = append(p.Bounces, e.At)
	p.Bounces = p.Bounces[max(0, len(p.Bounces)-mostBounced):]
}

// silenced tells whether so many letters came back that no more of the clock's are
// written.
func (p *Presence) silenced(now time.Time) bool {
	return len(p.Bounces) >= mostBounced && now.Sub(p.Bounces[len(p.Bounces)-1]) < bouncedSpan
}

// helper is who is told that letters to a person come back: somebody who can
// act, by an address that works. That is the operator, else a PM, else anybody
// of the team; "" if there is nobody else.
func (s *State) helper(person string, day Date) string {
	if op := s.Team.Operator; op != "" && !strings.EqualFold(op, person) {
		return op
	}
	for _, roles := range [][]Role{{PM}, {Engineer, Reader}} {
		for i := range s.Team.People {
			p := &s.Team.People[i]
			if slices.Contains(roles, p.Role) && p.Key() != person && !s.Presence(p.Key()).comesBack(day, p.Zone) {
				return p.Key()
			}
		}
	}
	return ""
}

// ActSilenced is in an alert of letters that come back: no more are sent for now.
const ActSilenced = "silenced"

// alarm tells the one who can help that letters to a person do not arrive, once
// a day for a cause, in their working hours.
func (c *turn) alarm(cause, person, detail string) {
	to := c.s.helper(person, DateOf(c.now, c.s.Team.Zone))
	if to == "" {
		return
	}
	l := AlertLetter(c.s.Team, cause, detail, c.now)
	l.Key = strings.Replace(l.Key, "alert|"+l.To+"|", "alert|"+to+"|", 1)
	l.To, l.Body.Who = to, c.s.Team.PersonName(person)
	if cause == CauseBounced && c.s.Presence(person).silenced(c.now) {
		l.Body.Act = ActSilenced
		l.Key += "|" + ActSilenced
	}
	if p := c.s.Team.Person(to); p != nil {
		l.Zone, l.Language = p.Zone.String(), p.Language
		l.Due = c.s.Calendar(p.Key()).NextOpen(c.now).UTC()
	}
	c.out.Letters = append(c.out.Letters, l)
}
