package loop

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatepost/parse"
)

// unknown is a mail whose From is no member's. With a member's token they are
// asked at their own address; the operator's word makes the token's owner its
// writer, and any other mail a proposal. It tells whether to read on.
func (c *turn) unknown(token string) bool {
	owner := c.s.Team.Owner(token, c.ref)
	switch {
	case c.in.Mail.From.Address == "": // From is malformed: nobody, whatever else it holds
		if token != "" {
			c.wrongToken()
		}
		c.stranger()
	case owner != nil && c.in.Vouched == "operator":
		c.p, c.auth = owner, true
		return true
	case owner != nil:
		c.hold(owner, CauseAlias)
	case c.in.Vouched != "":
		c.guest()
	default:
		if token != "" {
			c.wrongToken()
		}
		c.stranger()
	}
	return false
}

// LetIn reads the line "let in kim@client.example" at the head of a mail: a PM
// who knows that somebody wrote has their held mail read. What it says is shown
// to nobody before that.
func LetIn(m parse.Mail) (address string, asked bool) {
	f := strings.Fields(strings.ToLower(strings.TrimRight(firstLine(m.Text), ".!")))
	if len(f) != 3 || f[0] != "let" || f[1] != "in" || len(m.Commands) > 0 {
		return "", false
	}
	address = strings.Trim(f[2], "<>")
	return address, strings.Contains(address, "@")
}

// letIn has the held mails of a stranger read again. It is a move: it needs the
// PM's own token and evidence as any other.
func (c *turn) letIn() {
	address, _ := LetIn(c.in.Mail)
	if len(c.in.Strange) == 0 {
		c.tell(c.p, nil, Refused, CauseNobody, Body{Cause: CauseNobody, Line: firstLine(c.in.Mail.Text)})
		return
	}
	c.emit(Event{Kind: LetInE, Text: address, Number: len(c.in.Strange)})
	c.out.Release = append(c.out.Release, c.in.Strange...)
}

// guest is a stranger's mail that the operator or a PM let in. It moves nothing: in
// the thread of a task it is a note, else a proposal to those who direct the
// stream that its address names, or to every PM.
func (c *turn) guest() {
	m := c.in.Mail
	text := strings.TrimSpace(m.Text)
	if t := c.s.Tasks[c.about()]; t != nil && text != "" {
		c.out.Task = t.Number
		c.emit(Event{Kind: Noted, Task: t.Number, By: m.From.Address, Text: text})
		return
	}
	if text == "" {
		c.ignore("empty")
		return
	}
	sections, stream := m.Sections, ""
	if sections == (parse.Sections{}) {
		sections.Problem = text
	}
	if plan := c.s.Team.Plan(m.Address.Stream); plan != nil {
		stream = plan.Name
	} else if len(c.s.Team.Streams) == 1 {
		stream = c.s.Team.Streams[0].Name
	}
	e := Event{
		Kind: Opened, Task: c.s.LastTask + 1, By: m.From.Address, Stream: stream, Title: taskTitle(m, &sections), Subject: m.Subject, Root: m.MessageID,
		Sections: &sections, Advice: advise(m.Subject, sections), Proposed: true,
	}
	c.emit(e)
	c.out.Task = e.Task
	for _, p := range c.directors(c.task(e.Task)) {
		c.proposal(c.task(e.Task), p)
	}
}

// stranger keeps the mail of somebody nobody registered: no task, no answer;
// the digest counts it and the operator can let it in.
func (c *turn) stranger() {
	c.emit(Event{Kind: Ignored, Cause: CauseStranger})
	c.out.Verdict, c.out.Reason = HeldV, CauseStranger
}

// hold keeps a mail whose moves fell short of authority, and asks the
// registered address. Nothing of the mail is applied until the "yes". If they
// were asked enough today, there is no letter and so no Hold, which only a "yes"
// can end: the mail is for the operator. A flood of forged mails makes few.
//
// Whoever says yes must have read what they say it to: the lines that would move
// something stand first where the letter may not show the whole text.
func (c *turn) hold(owner *Person, cause string) {
	n := c.s.LastHold + 1
	t := c.s.Tasks[c.about()]
	h := &Hold{Number: n, Mail: c.in.ID, Person: owner.Key(), From: c.in.Mail.From.Address, Cause: cause, At: c.in.At}
	if t != nil {
		if h.Task = t.Number; t.State == AtGate {
			h.Round = t.Round
		}
	}
	c.out.Task = h.Task
	c.out.Verdict, c.out.Reason = HeldV, cause
	line, text, acting := c.line(), c.in.Mail.Text, c.acting()
	if len(acting) > 0 {
		line = acting[0]
		if len(text) > shownWhole || strings.Count(text, "\n") > shownLines {
			text = strings.Join(acting, "\n") + "\n\n…\n\n" + text
		}
	}
	body := Body{
		Cause: cause, Line: line, Text: text, When: c.in.At, Who: c.in.Mail.From.Address,
		Choices: []Choice{{"Yes, carry it out", "yes"}},
	}
	if cause == CauseAlias {
		body.Choices = append(body.Choices, Choice{"Yes, and this address is mine too", "yes add"})
	}
	about := fmt.Sprint(cause, "|", strings.ToLower(h.From), "|", clip(body.Line, 60), "|", h.Round)
	held := Event{Kind: HeldE, Task: h.Task, By: owner.Key(), Text: c.in.Mail.Text, Cause: cause}
	if _, ok := c.untold(owner, t, about, DateOf(c.in.At, owner.Zone)); ok && len(acting) <= mostActing {
		held.Hold = h
	}
	c.emit(held)
	if held.Hold == nil {
		return
	}
	if l := c.tell(owner, t, Confirm, about, body); l != nil {
		l.Ref = fmt.Sprintf("c%d", n)
		l.Asked = l.Asked && cause != CauseAlias
	}
}

// A text up to so many bytes and lines is shown whole by every letter; more lines
// that move something than these are not asked about in one.
const (
	shownWhole = 1500
	shownLines = 30
	mostActing = 20
)

// acting is the lines of the mail with a command that counts, each once.
func (c *turn) acting() (lines []string) {
	for _, cmd := range c.in.Mail.Commands {
		if l := clip(strings.TrimSpace(cmd.Line), 200); cmd.Word != "" && !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return lines
}

// about is the task a mail is about, as far as one can say: its thread, or
// the only number in it.
func (c *turn) about() int {
	for _, n := range []int{taskOf(c.ref), c.in.Thread, c.in.Mail.Number} {
		if n != 0 {
			return c.known(n)
		}
	}
	for _, cmd := range c.in.Mail.Commands {
		if cmd.Task != 0 {
			return c.known(cmd.Task)
		}
	}
	return 0
}

// line is the line of the mail to show when asking about it.
func (c *turn) line() string {
	for _, cmd := range c.in.Mail.Commands {
		if cmd.Line != "" {
			return cmd.Line
		}
	}
	return firstLine(c.in.Mail.Text)
}

// confirmed is a reply to a confirm letter. Only a plain yes with the letter's
// own token carries the held mail out, once, and only while the task stands
// where it stood: the mail is read again, vouched for.
func (c *turn) confirmed() {
	var n int
	_, _ = fmt.Sscanf(c.ref, "c%d", &n)
	h := c.s.Holds[n]
	cmd := parse.Command{Line: firstLine(c.in.Mail.Text)}
	if cmds := c.in.Mail.Commands; len(cmds) > 0 {
		cmd = cmds[0]
	}
	switch {
	case !c.auth:
		c.ignore("confirm without its token")
		return
	case h == nil || !h.Yes.IsZero() || h.Person != c.p.Key() || c.in.At.Sub(h.At) > HoldFor:
		c.tell(c.p, nil, Refused, CauseExpired, Body{Cause: CauseExpired, Line: cmd.Line})
		return
	}
	add := h.Cause == CauseAlias && parse.AddsAlias(c.in.Mail.Text)
	if !add && (cmd.Word != "yes" || len(c.in.Mail.Commands) != 1) {
		if l := c.tell(c.p, c.s.Tasks[h.Task], Unclear, CauseComment+"|"+c.ref, Body{Cause: CauseNotYes, Line: cmd.Line, Choices: []Choice{{"Yes, carry it out", "yes"}}}); l != nil {
			l.Ref = c.ref
		}
		return
	}
	if add && c.member(h.From) == nil { // it may have become somebody's meanwhile
		c.emit(Event{Kind: AliasAdded, Person: c.p.Key(), Text: strings.ToLower(h.From)})
	}
	c.emit(Event{Kind: Confirmed, Number: n, Line: cmd.Line})
	c.out.Release = append(c.out.Release, h.Mail)
	c.out.Task = h.Task
}

// robot is a mail that no person wrote. It never acts and is never answered;
// an absence notice and a bounce leave a mark.
func (c *turn) robot() {
	m := c.in.Mail
	p := c.member(m.From.Address)
	switch m.Robot {
	case parse.RobotAutoReply:
		if p != nil {
			c.emit(Event{Kind: MaybeAwayE, By: p.Key(), Person: p.Key(), Day: DateOf(c.in.At, p.Zone), Text: firstLine(m.Text)})
		}
	case parse.RobotBounce:
		c.bounce()
	case parse.RobotList:
		c.byList(p)
	}
	c.ignore(string(m.Robot))
}

// byList tells the operator, once a day for a person, that an answer with that
// person's own token came by a mailing list: it is a list's mail and does nothing,
// and whoever wrote it waits in vain. Nobody who only knows an address sets it off.
func (c *turn) byList(p *Person) {
	if c.p = p; p != nil && c.s.Team.Operator != "" {
		if c.identify(); c.auth && !c.repeated() {
			c.out.Letters = append(c.out.Letters, AlertLetter(c.s.Team, CauseList, p.Name, c.now))
		}
	}
	c.p, c.ref, c.auth = nil, "", false // it is nobody's mail all the same
}

// bounce marks the address that a letter of ours could not reach. Only a
// report that names one of our letters counts: by the bounce address with its
// token, or by our Message-ID.
func (c *turn) bounce() {
	b := c.in.Mail.Bounce
	l := c.in.Answers
	if l == nil || b == nil {
		return
	}
	cause := "transient"
	if b.Permanent {
		cause = "permanent"
	}
	c.emit(Event{Kind: BouncedE, By: l.To, Person: l.To, Day: DateOf(c.in.At, c.s.Team.Zone), Text: strings.TrimSpace(b.Status + " " + b.Recipient), Cause: cause})
	if b.Permanent && l.Kind != Alert {
		c.alarm(CauseBounced, l.To, strings.TrimSpace(l.To+" "+b.Status))
	}
}

// AlertLetter is a letter to the operator of the team. Its key lets one cause
// through once a day.
func AlertLetter(t *Team, cause, detail string, now time.Time) Letter {
	day := DateOf(now, t.Zone)
	return Letter{
		Kind: Alert, Team: t.Address, To: t.Operator, Zone: t.Zone.String(), Language: t.Language, Due: now.UTC(),
		Key:  fmt.Sprintf("alert|%s|%s|%s|%s", t.Operator, cause, detail, day),
		Body: Body{Cause: cause, Detail: detail, When: now.UTC()},
	}
}

// Park tells a member that a mail of theirs could not be read and is kept for
// a person, once a day, and the operator as well. Nothing moves.
func Park(s *State, in Incoming, reason string, now time.Time) Outcome {
	c := &turn{s: s.fork(), in: in, now: now.UTC(), out: Outcome{Verdict: ParkedV, Reason: reason}}
	detail := firstLine(reason)
	if p := c.s.Team.Person(in.Mail.From.Address); p != nil && in.Mail.Robot == parse.RobotNone {
		c.p = p
		c.tell(p, nil, HeldLetter, CauseParked, Body{Cause: CauseParked, Detail: detail, Line: in.Mail.Subject, When: in.At})
	}
	if c.s.Team.Operator != "" {
		c.out.Letters = append(c.out.Letters, AlertLetter(c.s.Team, CauseParked, detail, c.now))
	}
	c.out.State = c.s
	return c.out
}

// Undeliverable tells somebody of a letter that was given up for good, and marks
// the address that it could not be sent to. A letter that was never tried, as it
// could not be put into words or read again, says nothing of its address.
func Undeliverable(s *State, p *Post, reason string, now time.Time) Outcome {
	c := &turn{s: s.fork(), in: Incoming{At: now.UTC()}, now: now.UTC(), out: Outcome{Verdict: Read}}
	if l := p.Letter; l.Kind != Alert {
		if len(p.Raw) > 0 && p.Damaged == "" {
			c.emit(Event{Kind: BouncedE, Person: l.To, Day: DateOf(c.now, c.s.Team.Zone), Text: reason, Cause: "permanent"})
		}
		c.alarm(CauseFailed, l.To, fmt.Sprintf("%s to %s: %s", l.Kind, l.To, firstLine(reason)))
	}
	c.out.State = c.s
	return c.out
}
