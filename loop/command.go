package loop

import (
	"fmt"
	"slices"
	"strings"

	"gatepost/parse"
)

// command is one line of a mail about task n: a word, a doubt, or words.
func (c *turn) command(n int, cmd parse.Command) {
	if global[cmd.Word] && !(cmd.Word == "back" && c.sendsBack(c.task(n))) && !(cmd.Task != 0 && (cmd.Word == "pause" || cmd.Word == "resume")) {
		c.global(cmd)
		return
	}
	t := c.task(n)
	if t == nil {
		c.unclear(nil, parse.Command{Task: n, Line: cmd.Line}, CauseNoTask)
		return
	}
	if c.out.Task == 0 {
		c.out.Task = n
	}
	waits := (t.State == Draft || t.State == Queued) && (c.boss(t) || t.Proposed && t.By == c.p.Key())
	works := (t.State == Active && c.boss(t) || t.State == AtGate && c.approver(t)) && !c.owner(t) && cmd.Doubt != parse.DoubtQuestion
	switch {
	case (waits || works) && (cmd.Word == "done" || cmd.Hint == "done") && strings.TrimSpace(cmd.Text) != "":
		c.words(t, c.said(cmd)) // "Done: …" of a PM names that part of the task
	case works && cmd.Word == "question" && strings.TrimSpace(cmd.Text) != "":
		c.words(t, c.said(cmd)) // theirs stops no clock
	case cmd.Word == "back":
		c.chat(t, parse.Command{Text: c.said(cmd), Line: cmd.Line})
	case cmd.Doubt != "":
		c.doubtful(t, cmd)
	case cmd.Word == "":
		c.words(t, cmd.Text)
	case cmd.Word == "approve" || cmd.Word == "redirect":
		c.decision(t, cmd)
	case cmd.Word == "undo":
		c.undo(t, cmd)
	case cmd.Word == "reopen":
		c.reopen(t, cmd)
	case cmd.Word == "done":
		c.done(t, cmd)
	case cmd.Word == "blocked" || cmd.Word == "question" || cmd.Word == "too big":
		c.ask(t, cmd)
	case cmd.Word == "now":
		c.passOn(t, cmd)
	case cmd.Word == "queue":
		c.queue(t, cmd)
	case cmd.Word == "top" || cmd.Word == "after":
		c.place(t, cmd)
	case cmd.Word == "to":
		c.moveTo(t, cmd)
	case cmd.Word == "drop":
		c.drop(t, cmd)
	case cmd.Word == "pause" || cmd.Word == "resume":
		c.pause(t.Stream, cmd)
	default: // yes, away …: they belong to another letter
		c.words(t, c.in.Mail.Text)
	}
}

// sendsBack tells whether "back" may be said of the task and not of the writer: at its
// gate, by an approver who is not away.
func (c *turn) sendsBack(t *Task) bool {
	_, away := c.s.Calendar(c.p.Key()).AwayOn(DateOf(c.in.At, c.p.Zone))
	return t != nil && t.State == AtGate && c.approver(t) && !away
}

// said is everything that was written for a command: in a thread the whole
// new text, else its line, without the number, and the lines that belong to it.
func (c *turn) said(cmd parse.Command) string {
	if cmd.Task == 0 || taskOf(c.ref) == cmd.Task && len(c.in.Mail.Commands) == 1 {
		return c.in.Mail.Text
	}
	line := strings.TrimLeft(strings.TrimSpace(cmd.Line), "*_#0123456789-.) ")
	if _, more, ok := strings.Cut(cmd.Text, "\n"); ok {
		line += "\n" + more
	}
	return line
}

// named takes the doubt from a command whose tail is no chatter but a name that
// only the team knows: "pause web".
func (c *turn) named(cmds []parse.Command) []parse.Command {
	out := slices.Clone(cmds)
	for i, cmd := range out {
		if cmd.Doubt == parse.DoubtTail && (cmd.Hint == "pause" || cmd.Hint == "resume") && c.s.Team.Plan(laneName(cmd.Tail)) != nil {
			out[i].Word, out[i].Doubt = cmd.Hint, ""
		}
	}
	return out
}

// laneName is the stream's name in "web", "the web stream", "stream web".
func laneName(tail string) string {
	f := strings.Fields(strings.Trim(strings.ToLower(firstLine(tail)), ` ".,!<>`))
	f = slices.DeleteFunc(f, func(w string) bool { return w == "stream" || w == "the" })
	return strings.Join(f, " ")
}

// doubtful is a line that holds a command word and does not count. Whoever has
// the right to that word here is asked, with nothing moved; from anybody else
// the words are only words.
func (c *turn) doubtful(t *Task, cmd parse.Command) {
	text := c.said(cmd)
	decision := cmd.Hint == "approve" || cmd.Hint == "redirect" || cmd.Doubt == parse.DoubtSoft
	switch {
	case t.State == AtGate && c.approver(t):
		c.emit(Event{Kind: Noted, Task: t.Number, Text: text, Line: cmd.Line, Cause: cmd.Doubt})
		c.unclear(c.task(t.Number), cmd, cmd.Doubt)
	case (t.State == Draft || t.State == Queued) && cmd.Doubt == parse.DoubtSoft:
		c.chat(t, parse.Command{Text: text, Line: cmd.Line, Hint: cmd.Hint})
	case (t.State == Draft || t.State == Queued) && c.boss(t):
		c.emit(Event{Kind: Noted, Task: t.Number, Text: text, Line: cmd.Line, Cause: cmd.Doubt})
		c.unclear(c.task(t.Number), cmd, cmd.Doubt)
	case (t.State == Draft || t.State == Queued) && cmd.Hint == "drop": // of who proposed it: plain or in doubt, it is not theirs
		c.emit(Event{Kind: Noted, Task: t.Number, Text: text, Line: cmd.Line, Cause: cmd.Doubt})
		c.refuse(c.task(t.Number), parse.Command{Word: "drop", Line: cmd.Line}, CauseRole)
	case decision && !(cmd.Doubt == parse.DoubtPlace && c.approver(t)):
		c.words(t, text)
	case t.State == Active && c.owner(t):
		c.words(t, text)
		if cmd.Hint == "done" {
			c.unclear(c.task(t.Number), cmd, cmd.Doubt)
		}
	case c.boss(t):
		c.emit(Event{Kind: Noted, Task: t.Number, Text: text, Line: cmd.Line, Cause: cmd.Doubt})
		c.unclear(t, cmd, cmd.Doubt)
	default:
		c.words(t, text)
	}
}

// done brings an active task to its gate; every approver gets a letter of
// their own, with their own token.
func (c *turn) done(t *Task, cmd parse.Command) {
	switch {
	case !c.owner(t):
		c.refuse(t, cmd, CauseRole)
		return
	case t.State == AtGate && strings.TrimSpace(cmd.Text) != "":
		c.addToGate(t, c.said(cmd))
		return
	case t.State != Active:
		c.emit(Event{Kind: Noted, Task: t.Number, Text: c.said(cmd)})
		c.refuse(c.task(t.Number), cmd, CauseState)
		return
	}
	due, days := c.resumeClock(t)
	c.emit(Event{Kind: DeliveredE, Task: t.Number, Text: strings.TrimSpace(cmd.Text), Line: cmd.Line, Due: due, Days: days})
	t = c.task(t.Number)
	for _, p := range c.directors(t) {
		c.gateLetter(t, p)
	}
}

// gateLetter asks one approver to decide. Its key makes it one letter a gate,
// unless the one before it was taken back.
func (c *turn) gateLetter(t *Task, to *Person) {
	l := c.write(Gate, to, t, c.gateBody(t, to))
	l.Key = fmt.Sprintf("%s|%s|t%dr%d", Gate, to.Key(), t.Number, t.Round)
}

// gateBody is what an approver needs to decide: the done as written beside
// what was delivered, the updates of this round, whose time it took.
func (c *turn) gateBody(t *Task, to *Person) Body {
	b := Body{When: t.Delivered, Choices: gateChoices(), Days: c.daysUsed(t), Kept: c.kept(t), Asked: lastReason(t).Text}
	for _, n := range t.Notes {
		if n.Round != t.Round {
			continue
		}
		switch n.Kind {
		case NoteDone:
			b.Text, b.Files, b.Who = n.Text, n.Files, c.s.Team.PersonName(n.By)
		case NoteUpdate:
			n.By = c.s.Team.PersonName(n.By)
			b.Updates = append(b.Updates, n)
		}
	}
	for _, p := range c.directors(t) {
		if p.Key() != to.Key() {
			b.Others = append(b.Others, p.Name)
		}
	}
	return b
}

// daysUsed counts the business days of this round, up to its delivery.
func (c *turn) daysUsed(t *Task) DaysUsed {
	cal := c.engineerCalendar(t)
	here := cal
	here.Away = nil
	start, end := DateOf(t.RoundAt, cal.Zone), DateOf(t.Delivered, cal.Zone)
	used := cal.Between(start, end) // as the due date counts: on time is never more than allowed
	return DaysUsed{
		Work: max(1, used-t.BlockDays), Blocked: t.BlockDays, Away: here.Between(start, end) - cal.Between(start, end),
		Allowed: cal.Between(start, t.Due) - t.BlockDays,
	}
}

// kept is the comments that wait for the gate of this round.
func (c *turn) kept(t *Task) []Note {
	var kept []Note
	for _, n := range t.Notes {
		if n.Kind == NoteComment && n.Round == t.Round {
			n.By = c.s.Team.PersonName(n.By)
			kept = append(kept, n)
		}
	}
	return kept
}

// ask marks an active task and brings the engineer's question to the PM at
// once; the due date stops counting. At the gate, where it stands still already, the
// word is only how their words begin.
func (c *turn) ask(t *Task, cmd parse.Command) {
	asks := strings.TrimSpace(cmd.Text) != ""
	switch {
	case !c.owner(t):
		c.refuse(t, cmd, CauseRole)
		return
	case asks && t.State == AtGate:
		c.addToGate(t, c.said(cmd))
		return
	case t.State != Active:
		c.emit(Event{Kind: Noted, Task: t.Number, Text: c.said(cmd)})
		c.refuse(c.task(t.Number), cmd, CauseState)
		return
	case !asks:
		c.unclear(t, cmd, CauseNoWords)
		return
	}
	kind := AskedE
	if t.Question != nil {
		kind = AskedMore
	}
	c.emit(Event{Kind: kind, Task: t.Number, Act: cmd.Word, Text: cmd.Text, Day: DateOf(c.in.At, c.p.Zone)})
	t = c.task(t.Number)
	for _, p := range c.directors(t) {
		c.write(Question, p, t, Body{Who: c.p.Name, When: c.in.At, Act: cmd.Word, Text: cmd.Text})
	}
}

// passOn brings a PM's words to the engineer at once, without deciding or
// answering anything.
func (c *turn) passOn(t *Task, cmd parse.Command) {
	switch {
	case !c.boss(t):
		c.refuse(t, cmd, CauseRole)
		return
	case strings.TrimSpace(cmd.Text) == "":
		c.unclear(t, cmd, CauseNoWords)
		return
	case c.owner(t) && (t.State == Active || t.State == AtGate): // to themselves: it is what any words of theirs are
		c.words(t, c.said(cmd))
		return
	case t.State != Active && t.State != AtGate:
		c.emit(Event{Kind: Noted, Task: t.Number, Text: cmd.Text})
		c.refuse(c.task(t.Number), cmd, CauseState)
		return
	}
	c.emit(Event{Kind: PassedOn, Task: t.Number, Text: cmd.Text})
	c.toEngineer(c.task(t.Number), Comment, Body{Who: c.p.Name, When: c.in.At, Act: "now", Text: cmd.Text})
	if gone := c.gone(t); cmd.Word == "now" && !gone.IsZero() { // "now" is not now
		c.write(Receipt, c.p, c.task(t.Number), Body{Act: "now", Line: cmd.Line, When: c.in.At, Gone: gone})
	}
}
