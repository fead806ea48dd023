package loop

import (
	"cmp"
	"slices"
	"strings"

	"gatepost/parse"
)

// global are the commands that need no task.
var global = map[string]bool{"status": true, "record": true, "search": true, "help": true, "away": true, "back": true, "pause": true, "resume": true}

// fresh is a mail that answers nothing of ours: lines with numbers, a command
// for the team or a stream, or a new task.
func (c *turn) fresh() {
	m := c.in.Mail
	for _, cmd := range m.Commands {
		if cmd.Task != 0 && (cmd.Word != "" || cmd.Doubt != "") {
			c.desk()
			return
		}
	}
	if len(m.Commands) > 0 {
		cmd := m.Commands[0]
		if global[cmd.Word] {
			c.global(cmd)
			return
		}
		// A lone command is no task; a task may begin with "Done: …".
		if strings.TrimSpace(cmd.Line) == strings.TrimSpace(m.Text) && !slices.Contains(m.Labelled, "done") {
			c.unclear(nil, cmd, CauseWhichTask)
			return
		}
	}
	if !c.in.Waited && m.InReplyTo != "" && strings.HasPrefix(strings.ToLower(m.Subject), "re:") {
		c.out.Verdict, c.out.Reason, c.out.Until = WaitV, "its task may be under way", c.in.At.Add(WaitForTask)
		return
	}
	if strings.TrimSpace(m.Text) == "" {
		word, rest, _ := strings.Cut(title(m), " ")
		word = strings.ToLower(strings.TrimRight(word, ":"))
		switch { // a subject alone can ask, but not move anything
		case title(m) == "":
			c.ignore("empty")
			return
		case word == "status" || word == "help" || word == "record" || word == "search":
			c.global(parse.Command{Word: word, Text: rest, Line: title(m)})
			return
		}
	}
	c.open()
}

// open makes a task of the mail.
func (c *turn) open() {
	m := c.in.Mail
	stream := c.whichStream()
	sections := m.Sections
	if sections == (parse.Sections{}) {
		sections.Problem = strings.TrimSpace(m.Text)
	}
	n := c.s.LastTask + 1
	e := Event{
		Kind: Opened, Task: n, Stream: stream, Title: taskTitle(m, &sections), Subject: m.Subject, Root: m.MessageID,
		Sections: &sections, Advice: advise(m.Subject, sections), Watchers: c.watchers(), Proposed: !c.boss(&Task{Stream: stream}),
		Below: m.Quoted,
	}
	c.emit(e)
	c.out.Task = n
	if c.task(n).Proposed {
		c.propose(c.task(n))
		return
	}
	c.settle(n)
}

// whichStream is the stream that the address names, or the only one there is,
// or the only one that the sender directs; "" if it cannot be told.
func (c *turn) whichStream() string {
	if plan := c.s.Team.Plan(c.in.Mail.Address.Stream); plan != nil {
		return plan.Name
	}
	var theirs, owned []string
	for _, plan := range c.s.Team.Streams {
		if c.s.Team.approves(plan.Name, c.p.Key()) {
			theirs = append(theirs, plan.Name)
		}
		if plan.Engineer == c.p.Key() {
			owned = append(owned, plan.Name)
		}
	}
	switch {
	case len(c.s.Team.Streams) == 1:
		return c.s.Team.Streams[0].Name
	case len(theirs) == 1:
		return theirs[0]
	case len(owned) == 1:
		return owned[0]
	}
	return ""
}

// watchers are the registered people in Cc; nobody else is ever added.
func (c *turn) watchers() []string {
	var keys []string
	for _, a := range c.in.Mail.Cc {
		if p := c.s.Team.Person(a.Address); p != nil && p.Key() != c.p.Key() && !slices.Contains(keys, p.Key()) {
			keys = append(keys, p.Key())
		}
	}
	return keys
}

// propose asks those who direct the stream whether a task of somebody else
// should be one.
func (c *turn) propose(t *Task) {
	for _, p := range c.directors(t) {
		c.proposal(t, p)
	}
	c.write(Taken, c.p, t, Body{Act: "propose", Place: -1})
}

func (c *turn) proposal(t *Task, to *Person) { c.write(Proposal, to, t, c.proposalBody(t)) }

func (c *turn) proposalBody(t *Task) Body {
	return Body{
		Who: c.s.Team.PersonName(t.By), When: t.Created, Advice: t.Advice, Missing: missing(t), Streams: c.streamsIfMissing(t),
		Choices: proposalChoices(t),
	}
}

// proposalChoices are the answers to a proposal; one that lacks something would not be queued.
func proposalChoices(t *Task) []Choice {
	choices := []Choice{{"Queue it", "queue"}, {"Drop it", "drop"}}
	if len(missing(t)) > 0 {
		return choices[1:]
	}
	return choices
}

// directors are the approvers of the task's stream; without a stream, every PM.
func (c *turn) directors(t *Task) []*Person {
	var out []*Person
	team := c.s.Team
	for i := range team.People {
		p := &team.People[i]
		if team.approves(t.Stream, p.Key()) || t.Stream == "" && p.Role == PM {
			out = append(out, p)
		}
	}
	return out
}

// missing names what keeps a draft from being queued.
func missing(t *Task) []string {
	var m []string
	if strings.TrimSpace(t.Sections.Done) == "" {
		m = append(m, "done")
	}
	if t.Stream == "" {
		m = append(m, "stream")
	}
	return m
}

func (c *turn) streamsIfMissing(t *Task) []string {
	if t.Stream != "" {
		return nil
	}
	return c.streamNames()
}

func (c *turn) streamNames() []string { return c.s.streamNames() }

func (s *State) streamNames() []string {
	var names []string
	for _, plan := range s.Team.Streams {
		names = append(names, plan.Name)
	}
	return names
}

// settle queues a draft that is whole, and starts it if its stream is free;
// else it asks for just what is missing.
func (c *turn) settle(n int) {
	t := c.task(n)
	if len(missing(t)) > 0 {
		b := c.needs(t)
		b.Advice = t.Advice
		c.write(NeedsDone, c.p, t, b)
		return
	}
	c.enqueue(n)
}

// needs is what a letter says that asks for what a draft lacks. Where only the done is
// missing, a sentence of the task that likely says it is offered: it stays the
// reader's to send.
func (c *turn) needs(t *Task) Body {
	b := Body{Missing: missing(t), Streams: c.streamsIfMissing(t)}
	if said := parse.LikelyDone(t.Sections); said != "" && len(b.Missing) == 1 && b.Missing[0] == "done" {
		b.Choices = []Choice{{"Done", "done: " + said}}
	}
	return b
}

// enqueue queues a draft, tells its PM so, and starts it if its stream is free.
func (c *turn) enqueue(n int) {
	c.emit(Event{Kind: QueuedE, Task: n})
	started := c.advance(c.task(n).Stream)
	c.taken(c.task(n))
	if started != nil {
		c.startLetter(started)
	}
}

// taken tells the PM the number, the place and the dates to expect.
func (c *turn) taken(t *Task) {
	b := Body{Advice: t.Advice}
	if t.State == Active {
		b.Gone = c.gone(t)
	}
	if st := c.s.Stream(t.Stream); t.State == Queued {
		b.Place = slices.Index(st.Queue, t.Number) + 1
		if st.Paused {
			b.Act = "pause"
		}
	}
	c.write(Taken, c.p, t, b)
}

// advance starts the head of the queue if the stream is free and running.
func (c *turn) advance(stream string) *Task {
	st := c.s.Stream(stream)
	if st.Current != 0 || st.Paused || len(st.Queue) == 0 {
		return nil
	}
	n := st.Queue[0]
	t := c.task(n)
	c.emit(Event{Kind: Started, Task: n, Stream: stream, Round: t.Round + 1, Due: c.firstDue(t), Person: c.engineerKey(t)})
	return c.task(n)
}

// firstDue is the due date of a task that starts now: the longer first
// delivery until the stream has delivered once, counted from its first start.
func (c *turn) firstDue(t *Task) Date {
	cal := c.engineerCalendar(t)
	st := c.s.Stream(t.Stream)
	today := DateOf(c.in.At, cal.Zone)
	due := cal.Add(today, c.s.Team.Cycle)
	if !st.Proven {
		begun := today
		if !st.Begun.IsZero() {
			begun = DateOf(st.Begun, cal.Zone)
		}
		if first := cal.Add(begun, c.s.Team.FirstDelivery); due.Before(first) {
			due = first
		}
	}
	return due
}

// startLetter gives the engineer a task that becomes active.
func (c *turn) startLetter(t *Task) {
	b := Body{Kept: c.kept(t)}
	if why := lastReason(t); why.Kind != "" {
		b.Text, b.Files, b.Who = why.Text, why.Files, c.s.Team.PersonName(why.By)
	}
	if l := c.toEngineer(t, TaskLetter, b); l != nil {
		l.Body.Choices = engineerChoices()
	}
}

// lastReason is why the present round came about: the words of the redirect or
// the reopening before it; no note in the first round.
func lastReason(t *Task) Note {
	for i := len(t.Notes) - 1; i >= 0; i-- {
		if n := t.Notes[i]; (n.Kind == NoteReopen || n.Kind == NoteRedirect) && n.Round == t.Round-1 {
			return n
		}
	}
	return Note{}
}

// title is the subject without reply and forward marks, list tags and our own
// task number.
func title(m parse.Mail) string { return clip(parse.BareSubject(m.Subject), 120) }

// taskTitle is the title of the task that a mail opens: the one that its text
// names ("Title: Cart total"), which is taken out of its parts, else the subject,
// else how the problem begins, or the mail if it has none.
func taskTitle(m parse.Mail, s *parse.Sections) string {
	if said, line := parse.TitleIn(m.Text); said != "" {
		s.Context = strings.TrimSpace(strings.TrimPrefix(s.Context, line))
		return clip(said, 120)
	}
	if t := title(m); t != "" {
		return t
	}
	return clip(firstLine(strings.TrimSpace(cmp.Or(s.Problem, m.Text))), 60)
}

// clip shortens to at most n runes, at a space if there is one near.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)*2/3 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,.;:") + "…"
}
