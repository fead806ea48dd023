package loop

import (
	"slices"
	"strings"
	"time"

	"gatepost/parse"
)

// Incoming is one mail as the rules see it: what was read in it and what the
// past knows of it.
type Incoming struct {
	ID      int64     // number of the raw mail in the store
	At      time.Time // when it was received; its Date field is never trusted
	Mail    parse.Mail
	Answers *Letter  // the letter of ours that it answers, if the store has it
	Thread  int      // task that was opened by a mail among its references; 0: none
	Vouched string   // "", "confirm" (its sender said yes), "operator": authority from outside the mail
	Waited  bool     // it was put back once because its task was not there yet
	Strange []int64  // mails of strangers that are held, if LetIn asks for one
	Later   bool     // evidence could not be asked for now: the DNS is down
	Unsent  []Unsent // for a command that NeedsUnsent: the letters that can still be taken back
}

// Unsent is a letter that waits for its time and can still be taken back.
type Unsent struct {
	Serial int64
	Next   time.Time // when it is to be sent
	Letter Letter
}

// NeedsUnsent tells whether a mail's command looks at the letters that wait.
func NeedsUnsent(m parse.Mail) bool {
	return slices.ContainsFunc(m.Commands, func(c parse.Command) bool { return c.Word == "undo" || c.Word == "away" || c.Word == "back" })
}

// Outcome is what a mail or a moment did.
type Outcome struct {
	State    *State   // the new state; the old one is untouched
	Events   []Event  // what the new state was folded from, in order
	Letters  []Letter // to be written, in order
	Verdict  Verdict
	Reason   string    // for the operator's list, when not simply read
	Until    time.Time // waiting: when to read it again
	Withdraw []int64   // letters of Incoming.Unsent that are not to be sent
	Redate   []Redate  // letters of Incoming.Unsent that are to be sent at another time
	Release  []int64   // held mails to be read again, vouched for by "confirm"
	Task     int       // the task it is listed under; 0: none
}

// Redate is another time for a letter that waits.
type Redate struct {
	Serial int64
	Next   time.Time
}

// Verdict is what became of a mail.
type Verdict string

// The verdicts.
const (
	Read    Verdict = "read"
	HeldV   Verdict = "held"    // kept for a person's yes, or for the operator
	IgnoreV Verdict = "ignored" // a robot's, or empty: recorded, nothing moved, nobody answered
	WaitV   Verdict = "waiting" // its task may come with a mail that is still under way
	ParkedV Verdict = "parked"  // could not be read
)

// WaitForTask is how long a reply to an unknown mail waits for that mail.
const WaitForTask = 15 * time.Minute

// HoldFor is how long a held move can be confirmed.
const HoldFor = 7 * 24 * time.Hour

// turn is the reading of one mail by the rules.
type turn struct {
	s     *State
	in    Incoming
	now   time.Time
	p     *Person   // the sender; nil while unknown
	ref   string    // what the mail answers: t42, t42r1, me, c17, ""
	auth  bool      // the sender showed their own token for ref
	short string    // a move was made with too little authority: the cause
	heard time.Time // see heardLate; zero: before any digest or review could tell of the mail
	out   Outcome
}

// Apply makes one mail work. now is the time of reading; everything that is
// recorded carries the time of arrival, everything that is sent is due from
// now. The state that is handed in is not changed.
func Apply(s *State, in Incoming, now time.Time) Outcome {
	in.At = in.At.UTC()
	c := &turn{s: s.fork(), in: in, now: now.UTC(), out: Outcome{Verdict: Read}}
	c.heard = c.heardLate()
	c.read()
	c.bridle(s)
	c.weigh()
	if c.out.Verdict == WaitV { // it is read again: nothing of it has happened
		c.s, c.out.Events, c.out.Letters = s.fork(), nil, nil
	}
	c.out.State = c.s
	return c.out
}

func (c *turn) read() {
	m := c.in.Mail
	if m.Robot != parse.RobotNone {
		c.robot()
		return
	}
	c.p = c.member(m.From.Address)
	token := c.identify()
	if c.p == nil && !c.unknown(token) {
		return
	}
	c.sawEvidence()
	if token != "" && !c.auth && c.in.Vouched == "" {
		c.wrongToken()
	}
	if m.Encrypted {
		c.encrypted()
		return
	}
	if refused := c.conflict(); refused {
		return
	}
	if c.floods() {
		c.hold(c.p, CauseToken)
		return
	}
	c.in.Mail.Commands = c.named(c.in.Mail.Commands)
	before := *c
	before.s = c.s.fork()
	if _, asked := LetIn(m); asked && c.bossAnywhere() {
		c.letIn()
	} else {
		c.act()
	}
	if cmd, strays := c.strays(); strays {
		*c = before
		c.unclear(c.s.Tasks[taskOf(c.ref)], cmd, CauseNumbers)
		return
	}
	if cause := c.fallsShort(before.repeated()); cause != "" {
		*c = before
		if cause == CauseEvidence && c.in.Later && c.now.Sub(c.in.At) < EvidenceWait {
			c.wait(c.s)
			return
		}
		c.hold(c.p, cause)
	}
	if c.in.Vouched == "confirm" {
		for n, h := range c.s.Holds {
			if h.Mail == c.in.ID {
				c.emit(Event{Kind: Released, Number: n, Act: "yes"})
			}
		}
	}
}

// member finds the sender among the registered addresses and the aliases they
// confirmed.
func (c *turn) member(address string) *Person {
	if p := c.s.Team.Person(address); p != nil {
		return p
	}
	if h := c.held(); h != nil && c.in.Vouched == "confirm" {
		return c.s.Team.Person(h.Person)
	}
	return c.s.aliasOf(address)
}

// Knows tells whether an address is a member's, by config or as an alias.
func (s *State) Knows(address string) bool {
	return s.Team.Person(address) != nil || s.aliasOf(address) != nil
}

// aliasOf is the member who confirmed this address as theirs, nil if nobody.
func (s *State) aliasOf(address string) *Person {
	for i := range s.Team.People {
		p := &s.Team.People[i]
		if address != "" && slices.Contains(s.Presence(p.Key()).Aliases, strings.ToLower(address)) {
			return p
		}
	}
	return nil
}

// held is the hold of a mail that is being read again.
func (c *turn) held() *Hold {
	for _, h := range c.s.Holds {
		if h.Mail == c.in.ID && !h.Yes.IsZero() {
			return h
		}
	}
	return nil
}

// moves are the events that change a task or stream that exists; the sender's
// own token is needed for them.
var moves = map[EventKind]bool{
	Amended: true, QueuedE: true, AskedE: true, AskedMore: true, Answered: true, DeliveredE: true, ApprovedE: true,
	RedirectedE: true, Undone: true, Reopened: true, Placed: true, MovedTo: true, Dropped: true, PausedE: true, ResumedE: true,
	AwayE: true, BackE: true, Moved: true, // dates move with days away
	LetInE: true,
}

// fallsShort says why what the mail did may not stand, "" if it may. Opening a
// task and what follows from it needs no token: only a registered sender.
func (c *turn) fallsShort(repeated bool) string {
	if c.in.Vouched != "" {
		return ""
	}
	opened := map[int]bool{}
	for _, e := range c.out.Events {
		if e.Kind == Opened {
			opened[e.Task] = true
		}
		if !moves[e.Kind] || opened[e.Task] {
			continue
		}
		switch {
		case !c.auth:
			return CauseToken
		case c.short != "":
			return c.short
		case repeated:
			return CauseRepeat
		case !c.proven():
			return CauseEvidence
		}
	}
	return ""
}

// act does what the mail asks, as if its sender had every authority their
// role gives; read takes it back if it fell short.
func (c *turn) act() {
	m := c.in.Mail
	if isConfirm(c.ref) {
		c.confirmed()
		return
	}
	n := taskOf(c.ref)
	if n == 0 && !c.anew() {
		n = c.in.Thread
	}
	if n == 0 && c.ref == "" {
		n = m.Number
	}
	switch {
	case n != 0:
		c.thread(n)
	case c.ref == "me":
		c.desk()
	default:
		c.fresh()
	}
}

// thread is a mail in the conversation of one task.
func (c *turn) thread(n int) {
	t := c.s.Tasks[n]
	if t == nil {
		c.unclear(nil, parse.Command{Task: n}, CauseNoTask)
		return
	}
	c.out.Task = n
	cmds := inThread(c.in.Mail.Commands, n)
	if len(cmds) == 0 {
		c.words(t, c.in.Mail.Text)
		return
	}
	for _, cmd := range cmds {
		if other := rival(cmds, cmd, n); other != "" {
			c.doubtful(t, parse.Command{Line: cmd.Line, Beside: other, Doubt: parse.DoubtContradiction, Hint: cmd.Word, Text: c.in.Mail.Text})
			return
		}
	}
	c.preface(cmds)
	for _, cmd := range cmds {
		if cmd.Task != 0 { // in a prompt's thread a line may name another task
			c.command(cmd.Task, cmd)
			continue
		}
		c.command(n, cmd)
	}
}

// desk is a mail to the address that digests and prompts carry. Lines with a
// number are for that task. Without a number, an engineer with one task in
// work, or else at the gate, means that one; a PM is asked.
func (c *turn) desk() {
	cmds := c.in.Mail.Commands
	numbered := false
	for _, cmd := range cmds {
		numbered = numbered || cmd.Task != 0
	}
	mine := c.working(c.p, Active)
	if len(mine) == 0 {
		mine = c.working(c.p, AtGate) // a word more on what was delivered
	}
	if !numbered && len(cmds) > 0 && global[cmds[0].Word] {
		c.global(cmds[0])
		return
	}
	if !numbered {
		if len(mine) == 1 && !c.bossAnywhere() && c.prompted(mine[0].Number) {
			c.thread(mine[0].Number)
			return
		}
		if strings.TrimSpace(c.in.Mail.Text) == "" {
			c.ignore("empty")
			return
		}
		cmd := parse.Command{Line: firstLine(c.in.Mail.Text)}
		if len(cmds) > 0 {
			cmd = cmds[0]
		}
		if cmd.Hint == "pause" || cmd.Hint == "resume" {
			c.unclear(nil, cmd, CauseStream)
			return
		}
		c.unclear(nil, cmd, CauseWhichTask)
		return
	}
	c.preface(cmds)
	for _, cmd := range cmds {
		if cmd.Task == 0 {
			if global[cmd.Word] {
				c.global(cmd)
			} else {
				c.unclear(nil, cmd, CauseWhichTask)
			}
			continue
		}
		if other := rival(cmds, cmd, 0); other != "" {
			cmd.Doubt, cmd.Beside, cmd.Hint, cmd.Word = parse.DoubtContradiction, other, cmd.Word, ""
		}
		c.command(cmd.Task, cmd)
	}
}

// preface puts what stands above the lines with a number, "Halfway on both.", into
// the record of each task that they name. A thread's own task has it already if one
// line alone is for it.
func (c *turn) preface(cmds []parse.Command) {
	if cmds[0].Task == 0 || len(cmds) == 1 && cmds[0].Task == taskOf(c.ref) {
		return
	}
	above, _, found := strings.Cut("\n"+c.in.Mail.Text, "\n"+cmds[0].Line)
	above = strings.TrimSpace(parse.Ungreeted(strings.TrimSpace(above)))
	if !found || above == "" || parse.Chat(above) {
		return
	}
	var noted []int
	for _, cmd := range cmds {
		if c.task(cmd.Task) != nil && !slices.Contains(noted, cmd.Task) {
			c.emit(Event{Kind: Noted, Task: cmd.Task, Text: above})
			noted = append(noted, cmd.Task)
		}
	}
}

// prompted tells whether the prompt that is answered was about this task; an answer to
// another letter, or to one that is not known, says nothing of it.
func (c *turn) prompted(task int) bool {
	l := c.in.Answers
	return l == nil || l.To != c.p.Key() || l.Kind != Prompt || slices.ContainsFunc(l.Body.Tasks, func(v TaskView) bool { return v.Number == task })
}

// working is the tasks in this state that the streams of this engineer work on.
func (c *turn) working(p *Person, state TaskState) []*Task {
	var out []*Task
	for _, plan := range c.s.Team.Streams {
		if plan.Engineer == p.Key() {
			if t := c.s.Tasks[c.s.Stream(plan.Name).Current]; t != nil && t.State == state {
				out = append(out, t)
			}
		}
	}
	return out
}

// emit records an event and makes it part of the state.
func (c *turn) emit(e Event) {
	e.At, e.Mail = c.in.At, c.in.ID
	if e.Task != 0 {
		e.Heard = c.heard
	}
	if e.By == "" && c.p != nil {
		e.By = c.p.Key()
	}
	if moves[e.Kind] && c.p != nil && c.in.Vouched == "" {
		e.Root = c.in.Mail.MessageID
	}
	if carries[e.Kind] {
		e.Files = c.files()
	}
	c.s.Fold(e)
	c.out.Events = append(c.out.Events, e)
}

// task is the present form of a task; Fold replaces objects, so it is asked
// for again after each event.
func (c *turn) task(n int) *Task { return c.s.Tasks[n] }

func (c *turn) ignore(reason string) {
	c.emit(Event{Kind: Ignored, Cause: reason, Task: c.known(c.out.Task)})
	c.out.Verdict, c.out.Reason = IgnoreV, reason
}

func (c *turn) known(n int) int {
	if c.s.Tasks[n] == nil {
		return 0
	}
	return n
}

func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
