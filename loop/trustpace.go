package loop

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Everybody is the key of the Presence that counts for a whole team. No
// address is like it.
const Everybody = "team"

// Sent is a letter that a mail caused without moving anything: an answer, a
// question back, a comment passed on. These are what a loop of robots is made
// of; letters about work that moved are as many as the work.
type Sent struct {
	At   time.Time `json:"at"`
	To   string    `json:"to"`
	Task int       `json:"task,omitempty"`
	Own  bool      `json:"own,omitempty"` // it answers a mail that showed its writer
}

// The bounds on such letters (THREATS, loops): for answers to mails that showed
// who wrote them, and as many for all others. Whoever can only write a member's
// address into From leaves the member's own room alone.
const (
	lettersADay    = 10  // to one address, in 24 hours: then the record has it, and the next digest
	lettersAThread = 10  // in threadSpan: then the mail waits its turn
	lettersAnHour  = 100 // of the team: then the mail is parked and the operator alerted
	threadSpan     = 10 * time.Minute
)

// aboutWork tells the events after which the letters of a turn are about work.
func aboutWork(e Event) bool {
	return moves[e.Kind] || e.Kind == Opened || e.Kind == PassedOn || e.Kind == AskedMore || e.Kind == Confirmed || e.Kind == AwayE
}

// shown tells whether the mail showed that its sender wrote it: by their token
// for what it answers, or by the word of their domain.
func (c *turn) shown() bool {
	return c.auth || c.p != nil && evident(c.in.Mail.Evidence) && c.toTeam()
}

// The bound on what mails that do not show their writer leave in the tasks of a
// team, which are read with every later mail: of one member and day (UTC) so many
// bytes in long texts. A person's own are far under it. A mail that lacks the
// evidence which its address brings as a rule weighs oddWeight at the least, so
// that twenty forged tasks or notes a day are taken, however small.
const (
	longText  = 4 << 10
	longADay  = 256 << 10
	oddWeight = longADay / 20
)

// weight is what the mail counts against longADay, 0 if it shows its writer.
func (c *turn) weight() int {
	n := len(c.in.Mail.Text)
	switch {
	case c.p == nil || c.in.Vouched != "" || c.shown():
		return 0
	case c.odd():
		return max(n, oddWeight)
	case n > longText:
		return n
	}
	return 0
}

// floods tells whether the member in whose name the mail came is asked first.
func (c *turn) floods() bool {
	if c.weight() == 0 {
		return false
	}
	pr := c.s.Presence(c.p.Key())
	return pr.LongDay == DateOf(c.in.At, time.UTC) && pr.Long >= longADay
}

// weigh notes the weight of a mail that was taken.
func (c *turn) weigh() {
	if n := len(c.out.Events); n > 0 && c.out.Verdict == Read {
		e := &c.out.Events[n-1]
		e.Long = c.weight()
		c.s.weighed(*e)
	}
}

// weighed is the part of Fold that counts weight; as with wrote, Apply calls it.
func (s *State) weighed(e Event) {
	if e.Long == 0 {
		return
	}
	s.person(e.By, func(p *Presence) {
		day := DateOf(e.At, time.UTC)
		if p.LongDay != day {
			p.LongDay, p.Long = day, 0
		}
		p.Long += e.Long
	})
}

// bridle holds the letters of a turn that moved nothing to the bounds, and
// notes them for the next. s is the state before the mail.
func (c *turn) bridle(s *State) {
	if len(c.out.Letters) == 0 || c.in.Vouched != "" || len(c.out.Events) == 0 {
		return
	}
	again := sync.OnceValue(func() bool { return c.saidBefore(s) }) // goes through the whole record of a task
	if slices.ContainsFunc(c.out.Events, aboutWork) {
		c.out.Letters = slices.DeleteFunc(c.out.Letters, func(l Letter) bool { return l.Kind == Comment && l.Task == c.out.Task && !l.Asked && again() })
		return
	}
	own := func(l Letter) bool { return l.Asked && c.shown() }
	chatter := slices.ContainsFunc(c.out.Letters, func(l Letter) bool { return !own(l) })
	sent := s.Presence(Everybody).Sent
	hour, thread := 0, 0
	var free time.Time    // when the oldest letter of the thread leaves the span
	day := map[Sent]int{} // by To and Own
	for _, l := range sent {
		age := c.in.At.Sub(l.At)
		if age < 24*time.Hour {
			day[Sent{To: l.To, Own: l.Own}]++
		}
		if l.Own == chatter {
			continue
		}
		if age < time.Hour {
			hour++
		}
		if age < threadSpan && l.Task != 0 && l.Task == c.out.Task {
			if thread++; free.IsZero() {
				free = l.At.Add(threadSpan)
			}
		}
	}
	switch {
	case hour >= lettersAnHour:
		c.s = s.fork()
		c.out = Outcome{Verdict: ParkedV, Reason: fmt.Sprintf("too many letters: %d in an hour that moved nothing", hour)}
		if s.Team.Operator != "" {
			c.out.Letters = append(c.out.Letters, AlertLetter(s.Team, CauseLoop, fmt.Sprintf("%d letters in an hour", lettersAnHour), c.now))
		}
		return
	case thread >= lettersAThread && free.After(c.now):
		c.s = s.fork()
		c.out = Outcome{Verdict: WaitV, Reason: "too many letters in its thread", Until: free, Task: c.out.Task}
		return
	}
	c.out.Letters = slices.DeleteFunc(c.out.Letters, func(l Letter) bool {
		return l.Kind != Alert && (!l.Asked && l.Kind != Confirm && again() || day[Sent{To: l.To, Own: own(l)}] >= lettersADay)
	})
	last := &c.out.Events[len(c.out.Events)-1]
	for _, l := range c.out.Letters {
		if l.Kind != Alert {
			last.Wrote = append(last.Wrote, Sent{At: last.At, To: l.To, Task: l.Task, Own: own(l)})
		}
	}
	c.s.wrote(*last)
}

// saidBefore tells whether the writer said the same words about the task
// in this round before: they are in the record, and nobody is written to
// again. A person who repeats themselves is rare; a robot does nothing else.
func (c *turn) saidBefore(s *State) bool {
	old, t := s.Tasks[c.out.Task], c.s.Tasks[c.out.Task]
	if old == nil || c.p == nil || len(t.Notes) == len(old.Notes) {
		return false
	}
	said := t.Notes[len(t.Notes)-1]
	words := letters(said.Text)
	return slices.ContainsFunc(old.Notes, func(n Note) bool {
		return n.By == said.By && n.Round == said.Round && letters(n.Text) == words
	})
}

// letters are the words of a text without numbers and signs: robots count and
// date what they send.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// wrote is the part of Fold that counts letters. Apply calls it by itself: the
// letters are known only when the events are made.
func (s *State) wrote(e Event) {
	if len(e.Wrote) == 0 {
		return
	}
	s.person(Everybody, func(p *Presence) {
		sent := slices.DeleteFunc(slices.Clone(p.Sent), func(l Sent) bool { return e.At.Sub(l.At) > 24*time.Hour })
		p.Sent = append(sent, e.Wrote...)
	})
}

// guessed is the part of Fold that counts wrong tokens, for an hour.
func (s *State) guessed(e Event) {
	s.person(Everybody, func(p *Presence) {
		wrong := slices.DeleteFunc(slices.Clone(p.Wrong), func(at time.Time) bool { return e.At.Sub(at) > time.Hour })
		wrong = append(wrong, e.At)
		p.Wrong = wrong[max(0, len(wrong)-2*wrongTokens):]
	})
}

// encrypted asks for a mail that can be read.
func (c *turn) encrypted() {
	t := c.s.Tasks[c.about()]
	c.out.Task = numberOf(t)
	c.tell(c.p, t, Unclear, CauseEncrypted, Body{Cause: CauseEncrypted, Line: c.in.Mail.Subject})
	if len(c.out.Events) == 0 { // told already today
		c.ignore("encrypted")
	}
}
