package loop

import (
	"fmt"
	"slices"
	"time"
)

// Tick does what is due at this moment: digests, prompts, the end of holds.
// Each scheduled letter has a key of person and local date, so a tick that
// comes twice, or a clock that jumps back, sends nothing again.
func Tick(s *State, now time.Time) Outcome {
	now = now.UTC()
	c := &turn{s: s.fork(), in: Incoming{At: now}, now: now, out: Outcome{Verdict: Read}}
	for i := range s.Team.People {
		c.scheduled(&s.Team.People[i])
	}
	for _, n := range sortedHolds(c.s) {
		if h := c.s.Holds[n]; now.Sub(h.At) > HoldFor {
			c.emit(Event{Kind: Released, Number: n, Task: c.known(h.Task), Act: "expired"})
		}
	}
	c.out.State = c.s
	return c.out
}

// scheduled writes to one person what is due now. What falls together is one
// letter: a review takes the digest and the prompt in, a digest the prompt. On
// the review's day a digest with nothing to decide waits for the review, so that
// the day costs the reader one letter.
func (c *turn) scheduled(p *Person) {
	pr := c.s.Presence(p.Key())
	day, digest := c.s.due(p, p.Digest, pr.DigestDay, c.now)
	digest = digest && c.s.wantsDigest(p) && !c.s.waitsForReview(p, day, c.now)
	_, prompt := c.s.due(p, p.Prompt, pr.PromptDay, c.now)
	_, weekly := c.s.reviewDue(p, c.now)
	var b Body
	if weekly {
		b.Review = c.review(p, day)
	}
	if b.Review != nil && pr.DigestDay.Before(day) {
		digest = true // one that is still to come today; whoever gets a review gets one
	}
	if digest {
		b.Digest = c.digest(p, day)
	}
	if b.Review != nil {
		c.emit(Event{Kind: Reviewed, Person: p.Key(), Day: day})
	}
	if prompt {
		c.prompt(p, day, &b)
	}
	var kind Kind
	var key string
	switch {
	case b.Review != nil:
		kind, key = WeeklyMail, day.Week()
	case b.Digest != nil:
		kind, key = DigestMail, day.String()
	case len(b.Tasks) > 0:
		kind, key = Prompt, day.String()
	default:
		return
	}
	c.schedule(kind, p, b).Key = fmt.Sprintf("%s|%s|%s", kind, p.Key(), key)
}

// schedule writes a letter that is due now because of the time.
func (c *turn) schedule(kind Kind, p *Person, b Body) *Letter {
	l := c.write(kind, p, nil, b)
	l.Due = c.now
	if kind == Prompt && len(b.Tasks) == 1 {
		l.Task, l.Body.Task = b.Tasks[0].Number, &b.Tasks[0]
		l.Body.Choices = engineerChoices() // of several they would need a number in front
		l.Thread = c.threadOf(c.task(l.Task), p, Prompt)
	}
	return l
}

func sortedHolds(s *State) []int {
	var ns []int
	for n := range s.Holds {
		ns = append(ns, n)
	}
	slices.Sort(ns)
	return ns
}

// due tells whether a daily letter should go out now: it is a working day of
// the person, the hour has come and the working day is not over, and today's
// was not sent; and letters to them arrive. What a host that was off has missed is not sent at night; the
// next letter covers the gap.
func (s *State) due(p *Person, at Minute, last Date, now time.Time) (Date, bool) {
	cal := s.Calendar(p.Key())
	day := DateOf(now, cal.Zone)
	if at == Never || !last.Before(day) || !cal.Works(day) || s.Presence(p.Key()).silenced(now) {
		return day, false
	}
	start, end := day.At(at, cal.Zone), day.At(max(cal.Hours.To, at+30), cal.Zone)
	return day, !s.Begun.IsZero() && s.Begun.Before(start) && !now.Before(start) && now.Before(end)
}

// DigestSince tells whether Tick will make a digest or a review at this
// moment, and the earliest moment that it has to tell about; zero is
// everything.
func DigestSince(s *State, now time.Time) (since time.Time, due bool) {
	from := func(at time.Time) {
		if !due || at.Before(since) {
			since = at
		}
		due = true
	}
	for i := range s.Team.People {
		p := &s.Team.People[i]
		pr := s.Presence(p.Key())
		if _, ok := s.due(p, p.Digest, pr.DigestDay, now); ok && s.wantsDigest(p) {
			from(pr.DigestAt)
		}
		if _, ok := s.reviewDue(p, now); ok {
			from(ReviewSince(now))
		}
	}
	return since, due
}

// ReviewSince is the earliest moment that a review made now has to tell about.
func ReviewSince(now time.Time) time.Time { return now.Add(-reviewSpan - reviewMost) }

// wantsDigest: PMs and approvers get one, and readers who asked for it.
func (s *State) wantsDigest(p *Person) bool {
	if p.Role != Engineer {
		return true
	}
	for _, plan := range s.Team.Streams {
		if s.Team.approves(plan.Name, p.Key()) {
			return true
		}
	}
	return false
}

// Next is the first moment after t at which Tick may have something to do,
// the zero time if there is none.
func Next(s *State, t time.Time) time.Time {
	var next time.Time
	consider := func(at time.Time) {
		if at.After(t) && (next.IsZero() || at.Before(next)) {
			next = at.UTC()
		}
	}
	for i := range s.Team.People {
		p := &s.Team.People[i]
		cal := s.Calendar(p.Key())
		for _, m := range []Minute{p.Digest, p.Prompt} {
			if m == Never {
				continue
			}
			day := cal.Add(DateOf(t, cal.Zone), 0)
			if !day.At(m, cal.Zone).After(t) {
				day = cal.Add(day, 1)
			}
			consider(day.At(m, cal.Zone))
		}
		today := DateOf(t, cal.Zone)
		for _, d := range []Date{today, today.monday().Add(7)} {
			if day, ok := s.Team.Weekly.reviewDay(cal, d); ok && s.wantsReview(p) {
				consider(day.At(s.Team.Weekly.At, cal.Zone))
			}
		}
	}
	for _, h := range s.Holds {
		consider(h.At.Add(HoldFor + time.Second))
	}
	return next
}

// prompt asks an engineer with active tasks what moved, unless they wrote
// about each of them today.
func (c *turn) prompt(p *Person, day Date, b *Body) {
	pr := c.s.Presence(p.Key())
	for _, t := range c.working(p, Active) {
		if c.s.Stream(t.Stream).Paused || c.wroteOn(t, p, day) || !t.RoundAt.Before(day.At(p.Prompt, p.Zone)) {
			continue
		}
		b.Tasks = append(b.Tasks, *c.view(t))
		for _, n := range c.kept(t) {
			n.Task = t.Number
			b.Kept = append(b.Kept, n)
		}
		for _, n := range t.Notes {
			if n.Kind == NoteAnswer && n.Round == t.Round && n.At.After(pr.PromptAt) {
				n.By, n.Task = c.s.Team.PersonName(n.By), t.Number
				b.Answers = append(b.Answers, n)
			}
		}
	}
	if len(b.Tasks) > 0 {
		c.emit(Event{Kind: Prompted, Person: p.Key(), Day: day})
	}
}

// wroteOn tells whether the engineer wrote about the task on this day.
func (c *turn) wroteOn(t *Task, p *Person, day Date) bool {
	for i := len(t.Notes) - 1; i >= 0; i-- {
		// The last note is not always the latest: the clock may have been put back.
		n := t.Notes[i]
		if n.By == p.Key() && (n.Kind == NoteUpdate || n.Kind == NoteQuestion || n.Kind == NoteDone) && DateOf(n.At, p.Zone) == day {
			return true
		}
	}
	return false
}
