package loop

import (
	"cmp"
	"slices"
	"strings"

	"gatepost/parse"
)

// decision is approve or redirect. It moves something only at a gate, of an
// approver, for the round that the mail is about; everything else is answered
// with what is true.
func (c *turn) decision(t *Task, cmd parse.Command) {
	if !c.approver(t) {
		c.refuse(t, cmd, CauseRole)
		return
	}
	round := c.roundMeant(t)
	decided := t.Decision != nil && round == t.Decision.Round // meanwhile: the letter that is answered showed that gate
	if t.State == Active && t.Question != nil && roundOf(c.ref) == 0 && !decided {
		c.words(t, cmd.Line+"\n"+after(cmd.Line, cmd.Text)) // "approved, go ahead" answers a question; no gate is open
		return
	}
	if t.State != AtGate {
		c.noGate(t, cmd, round)
		return
	}
	if round != 0 && round != t.Round {
		c.unclear(t, cmd, CauseOldRound)
		return
	}
	if round == 0 {
		if c.in.Vouched != "" { // the yes was for another task of the same mail
			c.unclear(t, cmd, CauseWhichTask)
			return
		}
		c.short = CauseToken
	}
	if c.in.Vouched != "" { // it is decided by the yes: the time for undo begins with it
		c.in.At = c.now
	}
	if cmd.Word == "approve" {
		c.approve(t, cmd)
		return
	}
	if strings.TrimSpace(cmd.Text) == "" {
		c.unclear(t, cmd, CauseNoReason)
		return
	}
	c.redirect(t, cmd)
}

// beforeGate is a round that no gate has: the decision came before it was opened,
// or answers a letter from before.
const beforeGate = -1

// roundMeant is the round that the decision is for, 0 if nothing says so.
//
// A gate letter's tag names it. A mail to the digest's address is for the gates
// that the letter it answers showed; if that letter is not known, for round 1 of a
// task, once a letter has shown that gate. A mail that is read again is for the round
// in which it came, if that was at the gate then.
func (c *turn) roundMeant(t *Task) int {
	if r := roundOf(c.ref); r != 0 && taskOf(c.ref) == t.Number {
		return r
	}
	if h := c.held(); h != nil && c.in.Vouched == "confirm" {
		switch {
		case h.Task != t.Number:
			return 0
		case h.Round == 0:
			return beforeGate
		}
		return h.Round
	}
	if c.in.Vouched == "operator" {
		if t.Delivered.After(c.in.At) {
			return beforeGate
		}
		return t.Round
	}
	if c.ref != "me" {
		return 0
	}
	if l := c.in.Answers; l != nil && l.To == c.p.Key() {
		if r := l.Body.gateRound(t.Number); r != 0 {
			return r
		}
		return beforeGate
	}
	if shown := c.s.Calendar(c.p.Key()).NextOpen(t.Delivered); t.Round == 1 && !c.replies() && !shown.After(c.in.At) {
		return 1 // no answer to what an older letter said, and the gate letter's time had come
	}
	if pr := c.s.Presence(c.p.Key()); t.Round == 1 && (t.heard(t.Delivered).Before(pr.DigestAt) || t.heard(t.Delivered).Before(pr.ReviewAt)) {
		return 1
	}
	return 0
}

// replies tells whether the mail answers another, which we may not know: some
// servers give our letters Message-IDs of their own.
func (c *turn) replies() bool {
	m := c.in.Mail
	return m.InReplyTo != "" || len(m.References) > 0 || title(m) != clip(strings.TrimSpace(m.Subject), 120)
}

// gateRound is the round in which the letter showed a task at its gate, 0 if it
// did not.
func (b *Body) gateRound(task int) int {
	var items []Item
	if b.Digest != nil {
		items = append(items, b.Digest.Waiting...)
	}
	if b.Review != nil {
		items = append(items, b.Review.Waits...)
	}
	for _, i := range items {
		if i.Kind == "gate" && i.Task == task {
			return i.Round
		}
	}
	views := []*TaskView{b.Task}
	for i := range b.Tasks {
		views = append(views, &b.Tasks[i])
	}
	for _, lane := range b.Status {
		views = append(views, lane.Current)
	}
	for _, v := range views {
		if v != nil && v.Number == task && v.State == AtGate {
			return v.Round
		}
	}
	return 0
}

// noGate answers a decision while nothing waits for one.
func (c *turn) noGate(t *Task, cmd parse.Command, round int) {
	d := t.Decision
	switch {
	case d != nil && (t.State == Approve || round == d.Round):
		c.tell(c.p, t, Refused, CauseDecided+"|"+cmd.Word, Body{
			Cause: CauseDecided, Line: cmd.Line, Who: c.s.Team.PersonName(d.By), When: d.At, Act: d.Act, Choices: c.otherwise(t, cmd.Word),
		})
	case t.State == DroppedS:
		c.refuse(t, cmd, CauseState)
	default:
		c.tell(c.p, t, Refused, CauseNoGate+"|"+cmd.Word, Body{Cause: CauseNoGate, Line: cmd.Line, Act: cmd.Word})
	}
}

// otherwise is how somebody who now says the other word can still have it.
func (c *turn) otherwise(t *Task, word string) []Choice {
	d := t.Decision
	switch {
	case word == d.Act || t.State != Approve && (t.State != Active || t.Round != d.Round+1): // it went on, or ended
	case d.By == c.p.Key() && c.in.At.Sub(d.At) <= c.s.Team.Undo && c.begun(t) == nil:
		return []Choice{{Body: "undo"}}
	case t.State == Approve:
		return []Choice{{Body: "reopen: "}}
	}
	return nil
}

func (c *turn) approve(t *Task, cmd parse.Command) {
	c.emit(Event{Kind: ApprovedE, Task: t.Number, Round: t.Round, Line: cmd.Line, Text: beyond(cmd)})
	next := c.advance(t.Stream)
	t = c.task(t.Number)
	c.receipt(t, "approve", cmd.Line, next)
	c.over(Approved, t, next, Body{Who: c.p.Name, When: c.in.At, Text: beyond(cmd)})
}

// over tells the engineer in one letter that their task is over and which one is
// next. If the stream changed hands at the gate, whoever delivered is told that, and
// the engineer of now gets the next task.
func (c *turn) over(kind Kind, t, next *Task, b Body) {
	engineer := c.engineer(t)
	if c.handed(t) {
		if before := c.s.Team.Person(t.Engineer); before != nil {
			b.Act = cmp.Or(b.Act, "handed")
			c.write(kind, before, t, b)
		}
		if next != nil {
			c.startLetter(next)
		}
		return
	}
	if engineer == nil {
		return
	}
	about := t
	if next != nil { // the next mail of the engineer is about the next task
		about = next
	}
	b.Paused = c.waits(t.Stream)
	l := c.write(kind, engineer, about, b)
	l.Task, l.Body.Task = t.Number, c.view(t)
	if next != nil {
		l.Body.Next, l.Body.Asked = c.view(next), lastReason(next).Text
		l.Body.Kept = c.kept(next)
		l.Body.Choices = engineerChoices()
	}
}

// handed tells whether the task's stream has another engineer than the task, as far as
// that is known.
func (c *turn) handed(t *Task) bool {
	before := c.s.Team.Person(t.Engineer)
	return t.Engineer != "" && (before == nil || before != c.engineer(t))
}

// waits tells whether a task would start if the stream were not paused.
func (c *turn) waits(stream string) bool {
	st := c.s.Stream(stream)
	return st.Paused && st.Current == 0 && len(st.Queue) > 0
}

// beyond is what was written with an approval besides the word.
func beyond(cmd parse.Command) string {
	return strings.TrimSpace(strings.TrimLeft(cmd.Text, " ,.!:;-–—"))
}

func (c *turn) redirect(t *Task, cmd parse.Command) {
	cal, handed := c.engineerCalendar(t), c.handed(t)
	due := cal.Add(DateOf(c.in.At, cal.Zone), c.s.Team.Cycle)
	c.emit(Event{Kind: RedirectedE, Task: t.Number, Round: t.Round, Line: cmd.Line, Text: cmd.Text, Due: due, Person: c.engineerKey(t)})
	t = c.task(t.Number)
	c.receipt(t, "redirect", cmd.Line, nil)
	if handed { // at the gate
		c.startLetter(t)
		return
	}
	if l := c.toEngineer(t, Redirected, Body{Who: c.p.Name, When: c.in.At, Text: cmd.Text}); l != nil {
		l.Body.Choices = engineerChoices()
	}
}

// receipt tells who decided what was done, with which line, and how to undo.
func (c *turn) receipt(t *Task, act, line string, next *Task) {
	b := Body{Act: act, Line: line, When: c.in.At, Paused: act == "approve" && c.waits(t.Stream)}
	if act == "redirect" || next != nil {
		b.Gone = c.gone(t)
	}
	if act == "approve" || act == "redirect" {
		b.Undo = c.in.At.Add(c.s.Team.Undo)
		b.Choices = []Choice{{"Undo", "undo"}}
	}
	l := c.write(Receipt, c.p, t, b)
	if next != nil {
		l.Body.Next = c.view(next)
	}
}

// undo takes a decision back within the team's time, if its consequence has
// not been worked on.
func (c *turn) undo(t *Task, cmd parse.Command) {
	d := t.Decision
	switch {
	case d == nil:
		c.refuse(t, cmd, CauseUndoNone)
		return
	case d.By != c.p.Key():
		c.tell(c.p, t, Refused, CauseUndoOther, Body{Cause: CauseUndoOther, Line: cmd.Line, Who: c.s.Team.PersonName(d.By), When: d.At, Act: d.Act})
		return
	case c.in.At.Sub(d.At) > c.s.Team.Undo:
		c.tell(c.p, t, Refused, CauseUndoLate, Body{Cause: CauseUndoLate, Line: cmd.Line, When: d.At, Act: d.Act, Detail: c.s.Team.Undo.String()})
		return
	}
	back := 0
	if d.Act == "approve" {
		back = c.s.Stream(t.Stream).Current
	} else if t.State != Active || t.Round != d.Round+1 {
		c.refuse(t, cmd, CauseState)
		return
	}
	if busy := c.begun(t); busy != nil {
		c.tell(c.p, t, Refused, CauseUndoWork, Body{Cause: CauseUndoWork, Line: cmd.Line, Act: d.Act, Tasks: []TaskView{*c.view(busy)}})
		return
	}
	c.emit(Event{Kind: Undone, Task: t.Number, Act: d.Act, Line: cmd.Line, Number: back})
	t = c.task(t.Number)
	l := c.write(Receipt, c.p, t, Body{Act: "undo", Line: cmd.Line, When: c.in.At, Text: d.Act, Choices: gateChoices()})
	if back != 0 {
		l.Body.Next = c.view(c.task(back))
	}
	for _, p := range c.directors(t) {
		if p.Key() != c.p.Key() {
			c.gateLetter(t, p) // it may have lapsed while the decision stood
		}
	}
	b := Body{Act: "undo", Who: c.p.Name, When: c.in.At, Text: d.Act}
	if back != 0 {
		b.Next = c.view(c.task(back))
	}
	unheard := c.withdraw(t, d, cmp.Or(back, t.Number))
	told := []*Person{c.engineer(t)}
	if c.handed(t) {
		told = append(told, c.s.Team.Person(t.Engineer))
	}
	for _, p := range told {
		if p != nil && !slices.Contains(unheard, p.Key()) {
			c.write(Comment, p, t, b)
		}
	}
}

// withdraw takes back the letters that would tell of this decision and still wait
// for the morning of their reader, and names those readers. If the stream has changed
// hands, the engineer of now hears of it by the letter of the task that it started.
func (c *turn) withdraw(t *Task, d *Decision, started int) (unheard []string) {
	for _, u := range c.in.Unsent {
		l := u.Letter
		tells := (l.Kind == Approved || l.Kind == Redirected) && l.Body.Task != nil && l.Body.Task.Number == t.Number && l.Body.When.Equal(d.At)
		starts := l.Kind == TaskLetter && l.Task == started
		if tells || starts {
			c.out.Withdraw = append(c.out.Withdraw, u.Serial)
		}
		if tells || starts && (d.Act == "redirect" || l.To != t.Engineer) { // who delivered hears of an approval by its own letter
			unheard = append(unheard, l.To)
		}
	}
	return unheard
}

// begun is the task on which work has begun since a task was decided, nil if there
// is none.
func (c *turn) begun(t *Task) *Task {
	busy := t
	if t.Decision.Act == "approve" {
		busy = c.task(c.s.Stream(t.Stream).Current)
	}
	if busy != nil && (busy.State == AtGate || worked(busy)) {
		return busy
	}
	return nil
}

// worked tells whether the engineer wrote in the present round of the task.
func worked(t *Task) bool {
	for _, n := range t.Notes {
		if n.Round == t.Round && (n.Kind == NoteUpdate || n.Kind == NoteQuestion || n.Kind == NoteDone) {
			return true
		}
	}
	return false
}

// reopen puts an approved task at the head of its queue for another round.
func (c *turn) reopen(t *Task, cmd parse.Command) {
	switch {
	case !c.approver(t):
		c.refuse(t, cmd, CauseRole)
		return
	case t.State != Approve:
		c.refuse(t, cmd, CauseState)
		return
	case strings.TrimSpace(cmd.Text) == "":
		c.unclear(t, cmd, CauseNoReason)
		return
	}
	c.emit(Event{Kind: Reopened, Task: t.Number, Text: cmd.Text, Line: cmd.Line})
	started := c.advance(t.Stream)
	t = c.task(t.Number)
	c.receipt(t, "reopen", cmd.Line, nil)
	if started != nil {
		c.startLetter(started)
	}
}
