package loop

import "time"

// HandOver tells the engineer whom the config now names for a stream about the
// task in work there, as if it had been given to them in the first place. The
// caller knows that nobody told them. At a gate the engineer is told by the
// decision, and HandGate tells an approver.
func HandOver(s *State, stream string, now time.Time) Outcome {
	c := &turn{s: s.fork(), in: Incoming{At: now.UTC()}, now: now.UTC(), out: Outcome{Verdict: Read}}
	t := c.s.Tasks[c.s.Stream(stream).Current]
	if t != nil && t.State == Active {
		if e := c.engineer(t); e != nil {
			c.emit(Event{Kind: HandedE, Task: t.Number, By: "operator", Person: e.Key()})
			c.startLetter(c.s.Tasks[t.Number])
		}
	}
	c.out.State = c.s
	return c.out
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
