package loop

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatepost/parse"
)

// queue accepts a proposal or a draft.
func (c *turn) queue(t *Task, cmd parse.Command) {
	switch {
	case !c.boss(t):
		c.refuse(t, cmd, CauseRole)
		return
	case t.State != Draft:
		c.refuse(t, cmd, CauseState)
		return
	}
	if len(missing(t)) > 0 {
		b := c.needs(t)
		b.Cause = CauseNoDone
		c.tell(c.p, t, NeedsDone, CauseNoDone, b)
		return
	}
	c.enqueue(t.Number)
}

var number = regexp.MustCompile(`^[#(]*\s*(\d{1,9})\b`)

// numberIn reads "#7", "7", "task 7".
func numberIn(tail string) int {
	tail = strings.TrimSpace(tail)
	if len(tail) > 5 && strings.EqualFold(tail[:5], "task ") {
		tail = strings.TrimSpace(tail[5:])
	}
	if m := number.FindStringSubmatch(tail); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// place moves a waiting task to the head of its queue or behind another; in a
// draft it is remembered.
func (c *turn) place(t *Task, cmd parse.Command) {
	after := 0
	if cmd.Word == "after" {
		after = numberIn(cmd.Text)
	}
	o := c.task(after)
	switch {
	case !c.boss(t):
		c.refuse(t, cmd, CauseRole)
		return
	case t.State != Draft && t.State != Queued:
		c.refuse(t, cmd, CauseState)
		return
	case cmd.Word == "after" && (o == nil || o.Number == t.Number || o.Stream != t.Stream || !o.State.Open() || o.State == Draft):
		c.unclear(t, cmd, CauseCycle)
		return
	}
	e := Event{Kind: Placed, Task: t.Number, Act: cmd.Word, Number: after}
	if o != nil && o.State != Queued { // after the task that is in work: next
		e.Act, e.Number = "top", 0
	}
	c.emit(e)
	c.receiptOfPlace(t.Number, cmd)
}

func (c *turn) receiptOfPlace(n int, cmd parse.Command) {
	t := c.task(n)
	c.receipt(t, cmd.Word, cmd.Line, nil)
	c.last().Body.Place = slices.Index(c.s.Stream(t.Stream).Queue, n) + 1
}

// moveTo gives a waiting task to another stream; a draft that lacked only its
// stream is queued by it. What stands below is about the task: without a label
// it is context, for it may be a word in passing and no done.
func (c *turn) moveTo(t *Task, cmd parse.Command) {
	plan := c.s.Team.Plan(laneName(cmd.Text))
	switch {
	case !c.boss(t):
		c.refuse(t, cmd, CauseRole)
		return
	case t.State != Draft && t.State != Queued:
		c.refuse(t, cmd, CauseState)
		return
	case plan == nil:
		c.unclear(t, cmd, CauseStream)
		return
	}
	if plan.Name != t.Stream {
		c.emit(Event{Kind: MovedTo, Task: t.Number, Stream: plan.Name})
	} else {
		c.emit(Event{Kind: Noted, Task: t.Number, Text: cmd.Line}) // it is there already
	}
	_, below, _ := strings.Cut(strings.TrimSpace(cmd.Text), "\n")
	if below = strings.TrimSpace(below); below != "" {
		if _, labelled := parse.FindSections(below); len(labelled) == 0 {
			below = "Context:\n" + below
		}
		c.amend(c.task(t.Number), below)
	}
	switch draft, now := t.State == Draft, c.task(t.Number); {
	case draft && below != "": // told with the words
		return
	case draft && now.Proposed && t.Stream == "": // now it may be queued
		c.proposal(now, c.p)
		return
	case draft && !now.Proposed:
		c.settle(now.Number)
		return
	}
	t = c.task(t.Number)
	started := c.advance(plan.Name)
	c.receiptOfPlace(t.Number, cmd)
	if started != nil {
		c.startLetter(started)
	}
}

// drop ends a task. Work that is under way is not ended without a word to the
// engineer, so there it needs a reason.
func (c *turn) drop(t *Task, cmd parse.Command) {
	busy := t.State == Active || t.State == AtGate
	switch {
	case !c.boss(t):
		c.refuse(t, cmd, CauseRole)
		return
	case !t.State.Open():
		c.refuse(t, cmd, CauseState)
		return
	case busy && strings.TrimSpace(cmd.Text) == "":
		c.unclear(t, cmd, CauseNoReason)
		return
	}
	c.emit(Event{Kind: Dropped, Task: t.Number, Text: cmd.Text, Line: cmd.Line})
	next := c.advance(t.Stream)
	t = c.task(t.Number)
	c.receipt(t, "drop", cmd.Line, next)
	if !busy {
		if by := c.s.Team.Person(t.By); t.Proposed && by != nil && by.Key() != c.p.Key() {
			c.write(Comment, by, t, Body{Act: "drop", Who: c.p.Name, When: c.in.At, Text: cmd.Text})
		}
		return
	}
	if c.owner(t) && !c.handed(t) { // a PM who works on it: they know that it is over
		if next != nil {
			c.startLetter(next)
		}
		return
	}
	c.over(Comment, t, next, Body{Act: "drop", Who: c.p.Name, When: c.in.At, Text: cmd.Text})
}

// pause stops a stream from starting anything new, resume lets it go on. What
// is in work stays in work.
func (c *turn) pause(stream string, cmd parse.Command) {
	plan := c.s.Team.Plan(stream)
	switch {
	case plan == nil:
		c.unclear(nil, cmd, CauseStream)
		return
	case c.p.Role != PM && !c.approver(&Task{Stream: plan.Name}):
		c.refuse(nil, cmd, CauseRole)
		return
	}
	kind := PausedE
	if cmd.Word == "resume" {
		kind = ResumedE
	}
	c.emit(Event{Kind: kind, Stream: plan.Name})
	started := c.advance(plan.Name)
	l := c.write(Receipt, c.p, nil, Body{Act: cmd.Word, Line: cmd.Line, When: c.in.At, Streams: []string{plan.Name}})
	if cur := c.task(c.s.Stream(plan.Name).Current); cur != nil {
		l.Body.Next = c.view(cur)
	}
	if started != nil {
		c.startLetter(started)
	}
}

// whichLane is the stream a pause or resume means: named behind the word, by
// the address, by the thread, or the only one.
func (c *turn) whichLane(cmd parse.Command) string {
	if plan := c.s.Team.Plan(laneName(cmd.Text)); plan != nil {
		return plan.Name
	}
	if cmd.Task != 0 {
		return ""
	}
	if t := c.task(taskOf(c.ref)); t != nil {
		return t.Stream
	}
	return c.whichStream()
}
