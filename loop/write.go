package loop

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatepost/parse"
)

// toldADay bounds the letters that only say that nothing moved, and the
// answers to status and the like, per person and local day (THREATS, loops):
// those to mails that showed who wrote them, and as many to the others.
const toldADay = 10

// write puts a letter about a task (or none) to one person into the outcome.
// It answers the reader's own mail, and then goes out at once, or it waits for
// the reader's working hours: so does the answer to a mail that is odd.
func (c *turn) write(kind Kind, to *Person, t *Task, b Body) *Letter {
	l := Letter{Kind: kind, Team: c.s.Team.Address, To: to.Key(), Name: to.Name, Zone: to.Zone.String(), Language: to.Language, Ref: "me", Body: b}
	l.Asked = c.p != nil && to.Key() == c.p.Key()
	l.Due = c.now
	if !l.Asked && passes[kind] {
		l.Body.Files = c.files()
	}
	if !l.Asked || c.odd() {
		l.Due = c.s.Calendar(to.Key()).NextOpen(c.now).UTC()
	}
	if t != nil {
		c.call(&l.Body, to, t)
		l.Task, l.Ref = t.Number, c.refFor(t, to)
		l.Thread = c.threadOf(t, to, kind)
		if l.Body.Task == nil {
			l.Body.Task = c.view(t)
		}
	}
	if l.Asked {
		l.Thread.InReplyTo = c.in.Mail.MessageID
		if l.Thread.Subject == "" && c.in.Mail.Subject != "" {
			l.Thread.Subject = reply(c.in.Mail.Subject)
		}
		if id := c.in.Mail.MessageID; id != "" && !slices.Contains(l.Thread.References, id) {
			l.Thread.References = append(l.Thread.References, id)
		}
	}
	c.out.Letters = append(c.out.Letters, l)
	return c.last()
}

func (c *turn) last() *Letter { return &c.out.Letters[len(c.out.Letters)-1] }

// refFor is the thread's tag for one reader: at a gate, an approver's carries
// the round, so that the answer can only be for this gate.
func (c *turn) refFor(t *Task, to *Person) string {
	if t.State == AtGate && c.s.Team.approves(t.Stream, to.Key()) {
		return fmt.Sprintf("t%dr%d", t.Number, t.Round)
	}
	return fmt.Sprintf("t%d", t.Number)
}

// threadOf places a letter in the reader's conversation about the task. Whoever
// opened it by mail keeps their own subject, letter for letter, since clients
// go by it; the others have one with the number.
func (c *turn) threadOf(t *Task, to *Person, kind Kind) Thread {
	th := Thread{Subject: fmt.Sprintf("[#%d] %s", t.Number, t.Title)}
	switch {
	case t.By == to.Key() && t.Subject != "":
		th.Subject = reply(t.Subject)
	case kind != TaskLetter && kind != Proposal:
		th.Subject = "Re: " + th.Subject
	}
	if t.Root != "" {
		th.InReplyTo, th.References = t.Root, []string{t.Root}
	}
	return th
}

func reply(subject string) string {
	if len(subject) >= 3 && strings.EqualFold(subject[:3], "re:") {
		return subject
	}
	return "Re: " + subject
}

// toEngineer writes to the engineer of the task's stream; nil if the config
// has none any more.
func (c *turn) toEngineer(t *Task, kind Kind, b Body) *Letter {
	if e := c.engineer(t); e != nil {
		return c.write(kind, e, t, b)
	}
	return nil
}

func (c *turn) engineer(t *Task) *Person {
	if plan := c.s.Team.Plan(t.Stream); plan != nil {
		return c.s.Team.Person(plan.Engineer)
	}
	return nil
}

// gone is the last day that the task's engineer is away, if they are now and are not the
// sender; what the sender's mail brings them waits for it.
func (c *turn) gone(t *Task) Date {
	e := c.engineer(t)
	if e == nil || e.Key() == c.p.Key() {
		return Date{}
	}
	span, _ := c.s.Calendar(e.Key()).AwayOn(DateOf(c.now, e.Zone))
	return span.To
}

// engineerKey is whom the config names for the task's stream, "" if nobody.
func (c *turn) engineerKey(t *Task) string {
	if e := c.engineer(t); e != nil {
		return e.Key()
	}
	return ""
}

// engineerCalendar is the one that the task's dates are reckoned in.
func (c *turn) engineerCalendar(t *Task) Calendar { return c.s.engineerCalendar(t) }

func (s *State) engineerCalendar(t *Task) Calendar {
	if plan := s.Team.Plan(t.Stream); plan != nil {
		return s.Calendar(plan.Engineer)
	}
	return s.Calendar("")
}

// tell writes a letter that only says that nothing moved, or answers a request
// for information: never twice a day to one person for one cause, never more
// than toldADay in all. It is nil when it was told already. What mails that
// anybody can write have used up does not count for those that show their writer.
func (c *turn) tell(to *Person, t *Task, kind Kind, cause string, b Body) *Letter {
	day := DateOf(c.in.At, to.Zone)
	cause, ok := c.untold(to, t, cause, day)
	if !ok {
		return nil
	}
	c.emit(Event{Kind: Told, Person: to.Key(), Task: numberOf(t), Cause: cause, Day: day, Act: string(kind), Line: b.Line})
	return c.write(kind, to, t, b)
}

// untold tells whether there is room on this day to tell somebody something, and
// the name by which it is counted.
func (c *turn) untold(to *Person, t *Task, cause string, day Date) (name string, ok bool) {
	if t != nil {
		cause = fmt.Sprintf("%s#%d", cause, t.Number)
	}
	if c.in.Vouched != "" { // what comes of a yes is told, whatever else was told that day
		cause = fmt.Sprintf("%s|mail %d", cause, c.in.ID)
	}
	whose := "|any"
	if c.shown() && c.p == to {
		whose = "|own"
	}
	cause += whose
	pr := c.s.Presence(to.Key())
	if pr.ToldDay != day {
		return cause, true
	}
	total := 0
	for k, n := range pr.Told {
		if strings.HasSuffix(k, whose) {
			total += n
		}
	}
	return cause, pr.Told[cause] == 0 && total < toldADay
}

func numberOf(t *Task) int {
	if t == nil {
		return 0
	}
	return t.Number
}

// unclear says that nothing moved, quotes the line and asks: once about a task,
// however many lines of the mail are of it.
func (c *turn) unclear(t *Task, cmd parse.Command, cause string) {
	if t != nil && slices.ContainsFunc(c.out.Letters, func(l Letter) bool { return l.Kind == Unclear && l.Task == t.Number }) {
		return
	}
	b := Body{Cause: cause, Line: cmd.Line, Beside: cmd.Beside, Act: cmd.Hint}
	if cmd.Word != "" {
		b.Act = cmd.Word
	}
	wordless := cause == CauseNoReason || cause == CauseNoWords
	switch {
	case wordless && cmd.Word != "redirect": // a reply without the word would be only words
		b.Choices = []Choice{{Body: cmd.Word + ": "}}
	case t != nil && t.State == AtGate && c.approver(t):
		b.Choices = gateChoices()
	case t != nil && t.State == Active && c.owner(t):
		b.Choices = engineerChoices()
	case t != nil && t.State == Draft && t.Proposed && c.boss(t):
		b.Choices = proposalChoices(t)
	case t != nil && (t.State == Draft || t.State == Queued) && c.boss(t) && cmd.Hint == "drop":
		b.Choices = []Choice{{"Drop it", "drop"}}
	}
	switch cause {
	case CauseFiles:
		b.Files = c.files()
	case CauseStream:
		b.Streams = c.streamNames()
	case CauseNoTask:
		b.Detail = fmt.Sprint(cmd.Task)
		b.Tasks = c.openTasks()
	case CauseWhichTask, CauseNumbers:
		b.Tasks = c.openTasks()
	}
	if wordless {
		cause += "|" + cmd.Word
	}
	c.tell(c.p, t, Unclear, cause, b)
}

// refuse says that it cannot be done and why.
func (c *turn) refuse(t *Task, cmd parse.Command, cause string) {
	b := Body{Cause: cause, Line: cmd.Line, Act: cmd.Word}
	if cause == CauseRole && t != nil {
		b.Detail = c.whose(t, cmd.Word)
	}
	c.tell(c.p, t, Refused, cause+"|"+cmd.Word, b)
}

// whose names who may do it.
func (c *turn) whose(t *Task, word string) string {
	switch word {
	case "done", "blocked", "question", "too big":
		if e := c.engineer(t); e != nil {
			return e.Name
		}
		return ""
	}
	var names []string
	for _, p := range c.directors(t) {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// openTasks is the tasks that the reader might mean, current ones first.
func (c *turn) openTasks() []TaskView {
	var cur, rest []TaskView
	for _, n := range sortedTasks(c.s) {
		switch t := c.s.Tasks[n]; {
		case t.State == Active || t.State == AtGate:
			cur = append(cur, *c.view(t))
		case t.State.Open():
			rest = append(rest, *c.view(t))
		}
	}
	all := append(cur, rest...)
	return all[:min(len(all), 8)]
}

func sortedTasks(s *State) []int {
	var ns []int
	for n := range s.Tasks {
		ns = append(ns, n)
	}
	slices.Sort(ns)
	return ns
}

// view is the task as letters show it.
func (c *turn) view(t *Task) *TaskView { return c.s.View(t, c.now) }

// View is the task as letters and the command line show it. The due date of a
// task that waits is an estimate: a cycle for each task before it.
func (s *State) View(t *Task, now time.Time) *TaskView {
	v := &TaskView{
		Number: t.Number, Title: t.Title, Stream: t.Stream, State: t.State, Round: t.Round,
		By: s.Team.PersonName(t.By), Sections: t.Sections, Due: t.Due, Started: t.Started, Files: t.Files, Below: t.Below,
	}
	if plan := s.Team.Plan(t.Stream); plan != nil {
		v.Engineer = s.Team.PersonName(plan.Engineer)
	}
	if t.Question != nil {
		v.Blocked = t.Question.Text
	}
	for _, n := range t.Notes {
		if n.Kind == NoteComment && n.Round == t.Round {
			v.Kept++
		}
	}
	if t.State == Queued {
		cal := s.engineerCalendar(t)
		st := s.Stream(t.Stream)
		v.Due = DateOf(now, cal.Zone)
		if cur := s.Tasks[st.Current]; cur != nil && v.Due.Before(cur.Due) {
			v.Due = cur.Due
		}
		v.Due = cal.Add(v.Due, s.Team.Cycle*(slices.Index(st.Queue, t.Number)+1))
	}
	return v
}

func gateChoices() []Choice { return []Choice{{"Approve", "approve"}, {"Redirect", "redirect: "}} }

func engineerChoices() []Choice {
	return []Choice{{"Done", "done: "}, {"Question", "question: "}, {"Blocked", "blocked: "}}
}
