package loop

import (
	"slices"
	"strings"

	"gatepost/parse"
)

// owner tells whether p is the engineer of the task's stream.
func (c *turn) owner(t *Task) bool {
	plan := c.s.Team.Plan(t.Stream)
	return plan != nil && plan.Engineer == c.p.Key()
}

// boss tells whether p directs the task: a PM, or an approver of its stream.
func (c *turn) boss(t *Task) bool { return c.p.Role == PM || c.s.Team.approves(t.Stream, c.p.Key()) }

// approver tells whether p may open the gate of the task's stream.
func (c *turn) approver(t *Task) bool { return c.s.Team.approves(t.Stream, c.p.Key()) }

func (t *Team) approves(stream, key string) bool {
	plan := t.Plan(stream)
	if plan == nil {
		return false
	}
	for _, a := range plan.Approvers {
		if a == key {
			return true
		}
	}
	return false
}

// bossAnywhere tells whether p is a PM or approves any stream.
func (c *turn) bossAnywhere() bool {
	if c.p.Role == PM {
		return true
	}
	for _, plan := range c.s.Team.Streams {
		if c.s.Team.approves(plan.Name, c.p.Key()) {
			return true
		}
	}
	return false
}

// words are a person's plain words about a task, without a command.
func (c *turn) words(t *Task, text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		switch files := len(c.files()) > 0; {
		case files && t.State == Active && c.owner(t):
			c.emit(Event{Kind: Updated, Task: t.Number})
		case files && t.State.Open() && (c.owner(t) || c.boss(t)):
			c.unclear(t, parse.Command{}, CauseFiles)
		case t.State == AtGate && c.approver(t):
			c.unclear(t, parse.Command{}, CauseEmpty)
		default:
			c.ignore("empty")
		}
		return
	}
	if t.State == Active && t.Question == nil && parse.Courtesy(text) { // no update, and nothing to keep for the gate
		c.emit(Event{Kind: Noted, Task: t.Number, Text: text})
		return
	}
	switch t.State {
	case Draft, Queued:
		if t.Stream == "" && c.boss(t) && c.s.Team.Plan(laneName(text)) != nil && !strings.Contains(text, "\n") {
			c.moveTo(t, parse.Command{Word: "to", Text: text, Line: text}) // the name alone is the answer to "which stream?"
			return
		}
		if c.boss(t) || t.Proposed && t.By == c.p.Key() {
			if parse.Chat(text) {
				if _, labelled := parse.FindSections(text); len(labelled) == 0 {
					c.chat(t, parse.Command{Text: text, Line: firstLine(text)})
					return
				}
			}
			c.amend(t, text)
			return
		}
	case Active:
		switch q, by := c.asked(t); {
		case c.owner(t) && t.Question != nil && parse.Withdraws(text): // they have their answer; nobody has to be told at once
			due, days := c.resumeClock(t)
			c.emit(Event{Kind: Answered, Task: t.Number, Text: text, Due: due, Days: days})
			return
		case c.owner(t):
			c.emit(Event{Kind: Updated, Task: t.Number, Text: text})
			if parse.SaysDone(text, c.s.Team.Words["done"]) {
				c.unclear(c.task(t.Number), parse.Command{Line: firstLine(parse.Ungreeted(text))}, CauseLanguage)
			}
			return
		case c.boss(t) && t.Question != nil && roundOf(c.ref) != 0 && taskOf(c.ref) == t.Number: // words to an old gate letter are no answer to what was asked since
			c.passOn(t, parse.Command{Text: text})
			return
		case c.boss(t) && (t.Question != nil || q != nil && by == ""):
			c.answer(t, text)
			return
		case c.boss(t) && by != "" && by != c.p.Key(): // two answers crossed, and may not agree
			c.passOn(t, parse.Command{Text: text})
			return
		case c.boss(t):
			c.emit(Event{Kind: Commented, Task: t.Number, Text: text})
			return
		}
	case AtGate:
		if c.approver(t) {
			c.comment(t, text)
			return
		}
		if c.owner(t) {
			c.addToGate(t, text)
			return
		}
	}
	c.emit(Event{Kind: Noted, Task: t.Number, Text: text})
}

// answer passes the PM's words to the engineer at once and clears the mark.
// The days the engineer waited are given back to the due date. A reply to one of
// several question letters answers that one, anything else all that was asked.
func (c *turn) answer(t *Task, text string) {
	due, days := c.resumeClock(t)
	e := Event{Kind: Answered, Task: t.Number, Text: text, Due: due, Days: days}
	asked := ""
	if q, by := c.asked(t); q != nil && by == "" {
		e.Of, asked = q.At, q.Text
	} else {
		asked = t.Question.Text
	}
	c.emit(e)
	t = c.task(t.Number)
	c.toEngineer(t, Answer, Body{Who: c.p.Name, When: c.in.At, Text: text, Asked: asked})
}

// asked is the question of this round in the letter that the mail replies to, nil
// if it replies to another letter; by is who answered it, "" if nobody did.
func (c *turn) asked(t *Task) (q *Note, by string) {
	l := c.in.Answers
	if l == nil || l.Kind != Question || l.Task != t.Number || l.Team != c.s.Team.Address {
		return nil, ""
	}
	for i := range t.Notes {
		switch n := &t.Notes[i]; {
		case n.Round != t.Round:
		case n.Kind == NoteQuestion && n.At.Equal(l.Body.When) && n.Text == l.Body.Text:
			q = n
		case q != nil && n.Kind == NoteAnswer && (n.Of.IsZero() || n.Of.Equal(q.At)):
			return q, n.By
		}
	}
	return q, ""
}

// resumeClock is the due date once the open question is answered, and how many
// business days of the engineer it was open.
func (c *turn) resumeClock(t *Task) (Date, int) {
	if t.Question == nil {
		return t.Due, 0
	}
	cal := c.engineerCalendar(t)
	days := cal.Between(t.Question.Day, DateOf(c.in.At, cal.Zone))
	if days == 0 {
		return t.Due, 0
	}
	return cal.Add(t.Due, days), days
}

// comment is an approver's words at a gate that are no decision: the engineer
// gets them, the gate stays shut and the reply says so.
func (c *turn) comment(t *Task, text string) {
	c.emit(Event{Kind: PassedOn, Task: t.Number, Text: text})
	t = c.task(t.Number)
	c.toEngineer(t, Comment, Body{Who: c.p.Name, When: c.in.At, Text: text, Act: "comment"})
	c.unclear(t, parse.Command{Line: firstLine(text)}, CauseComment)
}

// addToGate brings what the engineer adds while the gate waits to those who
// decide: it may be the answer to their comment.
func (c *turn) addToGate(t *Task, text string) {
	c.emit(Event{Kind: Noted, Task: t.Number, Text: text})
	t = c.task(t.Number)
	for _, p := range c.directors(t) {
		c.write(Comment, p, t, Body{Act: "gate", Who: c.p.Name, When: c.in.At, Text: text, Choices: gateChoices()})
	}
}

// chat is an answer about a task that is not in work which says nothing of the task:
// "never mind", "thanks, tomorrow", "back" at a gate. It is no done, no part of the
// task and no decision; whoever can move a draft, or decide, is asked again.
func (c *turn) chat(t *Task, cmd parse.Command) {
	c.emit(Event{Kind: Noted, Task: t.Number, Text: cmd.Text})
	switch t = c.task(t.Number); {
	case t.State == AtGate:
		c.unclear(t, cmd, CauseChat)
	case t.State != Draft || !c.boss(t):
	case t.Proposed && len(missing(t)) == 0:
		c.unclear(t, cmd, CauseChat)
	case t.Proposed:
		c.tell(c.p, t, Proposal, CauseChat, c.proposalBody(t))
	default:
		b := c.needs(t)
		b.Choices = append(b.Choices, Choice{"Drop it", "drop"})
		c.tell(c.p, t, NeedsDone, CauseNoDone, b)
	}
}

// amend merges words into a task that is not in work yet. Parts under a label
// of their own take the place of the old part; in a draft that lacks only its
// done, plain words are the done if they tell one; other words, as "I don't know
// yet", are added to the context.
func (c *turn) amend(t *Task, text string) {
	found, labelled := c.in.Mail.Sections, c.in.Mail.Labelled
	if text != strings.TrimSpace(c.in.Mail.Text) { // one item of several in a mail
		found, labelled = parse.FindSections(text)
	}
	s := t.Sections
	if len(labelled) == 0 {
		if t.State == Draft && s.Done == "" && parse.TellsDone(text) {
			s.Done = text
		} else {
			s.Context = joinParagraphs(s.Context, text)
		}
	} else {
		for _, part := range []struct {
			name     string
			old, new *string
		}{{"problem", &s.Problem, &found.Problem}, {"reproduce", &s.Reproduce, &found.Reproduce}, {"done", &s.Done, &found.Done}, {"context", &s.Context, &found.Context}} {
			switch {
			case strings.TrimSpace(*part.new) == "":
			case slices.Contains(labelled, part.name):
				*part.old = *part.new
			default: // words before or between the labels
				s.Context = joinParagraphs(s.Context, *part.new)
			}
		}
	}
	old := t.Sections
	c.emit(Event{Kind: Amended, Task: t.Number, Text: text, Sections: &s, Old: &old, Advice: advise(t.Subject, s)})
	switch t = c.task(t.Number); {
	case t.Proposed && c.boss(t):
		c.proposal(t, c.p)
	case t.State == Draft && !t.Proposed:
		c.settle(t.Number)
	}
}

// advise is the advice on a task as it reads now; what is missing is asked for
// by its own letter.
func advise(subject string, s parse.Sections) []string {
	var names []string
	for _, name := range parse.Advise(parse.Mail{Subject: subject, Text: Write(s), Sections: s}) {
		if name != "no-done" {
			names = append(names, name)
		}
	}
	return names
}

func joinParagraphs(a, b string) string {
	if strings.TrimSpace(a) == "" {
		return b
	}
	return a + "\n\n" + b
}
