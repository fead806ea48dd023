package loop

import "time"

// HandOver gives the task in work in a stream to the engineer whom the config now
// names for it, with what was written in this round, and tells the one before, if
// the team still has them. The caller knows that it has not been given to the new
// one. At a gate the engineer is told by the decision, and HandGate tells an
// approver.
func HandOver(s *State, stream string, now time.Time) Outcome {
	c := &turn{s: s.fork(), in: Incoming{At: now.UTC()}, now: now.UTC(), out: Outcome{Verdict: Read}}
	t := c.s.Tasks[c.s.Stream(stream).Current]
	if t != nil && t.State == Active {
		if e := c.engineer(t); e != nil {
			before := c.s.Team.Person(t.Engineer)
			c.emit(Event{Kind: HandedE, Task: t.Number, By: "operator", Person: e.Key(), Act: actEngineer})
			t = c.task(t.Number)
			c.startLetter(t)
			c.last().Body.Updates = c.written(t)
			if before != nil && before.Key() != e.Key() {
				c.write(Comment, before, t, Body{Act: "handed", Who: e.Name, When: c.now})
			}
		}
	}
	c.out.State = c.s
	return c.out
}

// written is what was said about the task in this round, for somebody who was not
// there. The comments kept for the gate stand beside it in the letter.
func (c *turn) written(t *Task) (notes []Note) {
	for _, n := range t.Notes {
		switch n.Kind {
		case NoteUpdate, NoteQuestion, NoteAnswer, NotePassed:
			if n.Round == t.Round {
				n.By = c.s.Team.PersonName(n.By)
				notes = append(notes, n)
			}
		}
	}
	return notes
}

// HandGate writes the gate letter of the task at a stream's gate to approvers
// whom the config names now and who never had one of this round: somebody left,
// or was added. The caller knows who had one.
func HandGate(s *State, stream string, had func(person string) bool, now time.Time) Outcome {
	c := &turn{s: s.fork(), in: Incoming{At: now.UTC()}, now: now.UTC(), out: Outcome{Verdict: Read}}
	t := c.s.Tasks[c.s.Stream(stream).Current]
	if t != nil && t.State == AtGate {
		for _, p := range c.directors(t) {
			if !had(p.Key()) {
				c.emit(Event{Kind: HandedE, Task: t.Number, By: "operator", Person: p.Key()})
				c.gateLetter(c.task(t.Number), p)
			}
		}
	}
	c.out.State = c.s
	return c.out
}
