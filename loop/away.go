package loop

import (
	"slices"

	"gatepost/parse"
)

// away keeps prompts from a person on the days they name and moves the dates
// of their tasks by the working days that fall out.
func (c *turn) away(cmd parse.Command) {
	today := DateOf(c.in.At, c.p.Zone)
	span, ok := ParseAway(cmd.Text, today)
	if !ok {
		c.unclear(nil, cmd, CauseDate)
		return
	}
	if span.From.Before(today) {
		span.From = today
	}
	old := c.s.Calendar(c.p.Key())
	c.emit(Event{Kind: AwayE, Person: c.p.Key(), Day: span.From, Until: span.To, Line: cmd.Line})
	c.replan(old, today)
	c.redate()
	l := c.write(Receipt, c.p, nil, Body{Act: "away", Line: cmd.Line, When: c.in.At, Detail: span.To.String()})
	if today.Before(span.From) {
		l.Body.From = span.From
	}
	c.showWork(l)
}

// back ends the days away that today lies in. Said by somebody who is here,
// it takes back those that were announced.
func (c *turn) back(cmd parse.Command) {
	today := DateOf(c.in.At, c.p.Zone)
	old := c.s.Calendar(c.p.Key())
	c.emit(Event{Kind: BackE, Person: c.p.Key(), Day: today, Line: cmd.Line})
	c.replan(old, today)
	c.redate()
	c.showWork(c.write(Receipt, c.p, nil, Body{Act: "back", Line: cmd.Line, When: c.in.At}))
}

func (c *turn) showWork(l *Letter) {
	for _, t := range c.working(c.p, Active) {
		l.Body.Tasks = append(l.Body.Tasks, *c.view(t))
	}
}

// redate gives the letters that wait for the sender the time that their days off
// leave: whoever is back early has them now, and those of tomorrow wait until an
// absence that begins then is over.
func (c *turn) redate() {
	next := c.s.Calendar(c.p.Key()).NextOpen(c.now).UTC()
	for _, u := range c.in.Unsent {
		if u.Letter.To == c.p.Key() && !u.Letter.Asked && !u.Next.Equal(next) {
			c.out.Redate = append(c.out.Redate, Redate{u.Serial, next})
		}
	}
}

// replan moves the due dates of the sender's tasks so that as many working
// days are left as were before their days off changed. A date that is gone
// stays.
func (c *turn) replan(old Calendar, today Date) {
	now := c.s.Calendar(c.p.Key())
	for _, t := range c.working(c.p, Active) {
		left := old.Between(today.Add(-1), t.Due)
		if left == 0 {
			continue
		}
		if due := now.Add(today.Add(-1), left); due != t.Due {
			c.emit(Event{Kind: Moved, Task: t.Number, Due: due})
		}
	}
}

// leave adds days off to those that were announced. What overlaps is said
// anew: of an earlier span only the days before stay.
func leave(spans []Span, s Span) []Span {
	var out []Span
	for _, old := range spans {
		switch {
		case old.To.Before(s.From) || s.To.Before(old.From):
			out = append(out, old)
		case old.From.Before(s.From):
			out = append(out, Span{old.From, s.From.Add(-1)})
		}
	}
	out = append(out, s)
	slices.SortFunc(out, func(a, b Span) int {
		if a.From.Before(b.From) {
			return -1
		}
		return 1
	})
	return out
}

// arrive ends the span that today lies in, or else those still to come.
func arrive(spans []Span, today Date) []Span {
	present := slices.ContainsFunc(spans, func(s Span) bool { return s.Holds(today) })
	var out []Span
	for _, s := range spans {
		switch {
		case s.To.Before(today) || present && today.Before(s.From):
			out = append(out, s)
		case present && s.From.Before(today):
			out = append(out, Span{s.From, today.Add(-1)})
		}
	}
	return out
}
