package parse

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatepost/parse/internal/authres"
	"gatepost/parse/internal/mime"
)

// Read reads a mail. It never fails and never panics: Mail.Problems tells what
// was odd, and Mail.Park, if not empty, that the mail must be kept for a
// person and not applied. Time and memory are linear in the size of raw.
func Read(raw []byte, opt Options) Mail {
	m, _ := read(raw, opt)
	return m
}

// trace is what Explain shows besides the Mail.
type trace struct {
	used      *reading
	html      bool // the HTML form was read
	robotRule string
	person    bool // the mail says so of itself: words do not make it a robot's
	hidden    int
	fromErr   error
	first     int // index of the first own line, -1: none
}

func read(raw []byte, opt Options) (m Mail, t *trace) {
	t = &trace{first: -1}
	defer func() {
		if r := recover(); r != nil {
			// A fault of ours must not stop the mails behind this one.
			m.Park = fmt.Sprintf("reading failed: %v", r)
			m.Commands = []Command{}
			m.Problems = append(m.Problems, m.Park)
		}
		m.fill()
	}()
	m.File = opt.File
	lim := opt.Limits.Filled()
	full := len(raw)
	for _, g := range opt.Gone {
		full += g.Bytes
	}
	if full > lim.Bytes {
		raw = raw[:min(len(raw), lim.Header+2)] // the header block is still told
	}
	raw = mime.OneBreak(raw)
	var e envelope
	if opt.Head != nil && opt.Head.envelope != nil {
		e = *opt.Head.envelope
	} else {
		e = readEnvelope(raw, opt)
	}
	m.envelope(&e)
	if full > lim.Bytes {
		m.park(fmt.Sprintf("the mail has %d bytes, more than %d", full, lim.Bytes))
	}
	if e.park != "" {
		m.park(e.park)
	}
	t.fromErr = e.fromErr
	if m.Park != "" {
		m.Robot, t.robotRule = robotOf(e.Fields, nil, m.From, opt)
		return m, t
	}
	root, err := mime.Split(raw, e.Block, lim, opt.Gone)
	if err != nil {
		m.park(err.Error())
		m.Robot, t.robotRule = robotOf(e.Fields, nil, m.From, opt)
		return m, t
	}
	m.Robot, t.robotRule = robotOf(e.Fields, root, m.From, opt)
	for _, v := range e.Fields.All("auto-submitted") {
		t.person = t.person || strings.EqualFold(mime.FirstToken(mime.Uncomment(v)), "no")
	}
	if !e.Broken && !e.Fields.Doubled() { // else the server that wrote it may have read another header
		m.Evidence = authres.Read(e.Fields, opt.AuthservID, m.From.Address)
	}
	m.Evidence.FreeTo, m.Evidence.FreeSubject = authres.Uncovered(e.Fields, m.From.Address)
	b := gather(root, lim)
	m.Attachment = b.attached
	m.Problems = append(m.Problems, b.problems...)
	t.hidden = b.hidden
	if b.hidden > 0 {
		m.Problems = append(m.Problems, "hidden text in the HTML was left out")
	}
	if b.park != "" {
		m.park(b.park)
		return m, t
	}
	m.text(b, opt, t)
	m.Encrypted = b.encrypted && m.Text == ""
	if m.Robot == RobotBounce {
		m.Bounce = bounceOf(root, e.Fields, t.used.whole(), opt)
	}
	for _, a := range b.attached {
		if m.Text == "" && (a.Type == "application/ms-tnef" || strings.EqualFold(a.Name, "winmail.dat")) {
			m.park("the text is inside winmail.dat, which is not opened")
			m.Commands = nil
			break
		}
	}
	if m.Text == "" && !m.Quoted && m.Robot == RobotNone && m.Signature == "" && !b.encrypted && b.bytes == 0 && full-e.Body > 200 && len(b.attached) == 0 {
		m.park("there is a body but nothing of it could be read")
	}
	return m, t
}

func (m *Mail) park(reason string) {
	if m.Park == "" {
		m.Park = reason
	}
	m.Problems = append(m.Problems, reason)
}

// fill makes lists of what is nil, so that the JSON has [] and not null.
func (m *Mail) fill() {
	if m.References == nil {
		m.References = []string{}
	}
	if m.To == nil {
		m.To = []Address{}
	}
	if m.Cc == nil {
		m.Cc = []Address{}
	}
	if m.Commands == nil {
		m.Commands = []Command{}
	}
	if m.Advice == nil {
		m.Advice = []string{}
	}
	if m.Attachment == nil {
		m.Attachment = []Attached{}
	}
	if m.Problems == nil {
		m.Problems = []string{}
	}
	for _, s := range []*string{&m.Evidence.DKIM, &m.Evidence.DMARC, &m.Evidence.SPF} {
		if *s == "" {
			*s = "none"
		}
	}
}

func (m *Mail) envelope(e *envelope) {
	m.MessageID = e.messageID
	if len(e.inReplyTo) > 0 {
		m.InReplyTo = e.inReplyTo[0]
	}
	m.References = e.references
	if !e.date.IsZero() {
		m.Date = e.date.Format(time.RFC3339)
	}
	m.From, m.To, m.Cc = e.from, e.to, e.cc
	m.Subject = subjectOf(e.Fields)
	m.Received = e.received
	m.IDs, m.Tags = e.ids, e.tags
	if len(e.tags) > 0 {
		m.Address = e.tags[0]
	}
	m.Number = taskNumber(m.Subject)
	if e.fromErr != nil {
		m.From = Address{}
		m.Problems = append(m.Problems, e.fromErr.Error())
	}
	if e.Broken {
		m.Problems = append(m.Problems, "the header block ends at a line that is no header field")
	}
}

// text reads the words: which are new, which are commands, which part of a
// task they are.
func (m *Mail) text(b *body, opt Options, t *trace) {
	letter := newLetter(opt.Letter)
	lx := newLexicon(opt.Words, opt.Names)
	opens := m.first() && m.Number == 0 && opt.Letter == "" && !resumed(fold(m.Subject))
	if b.both {
		signedAlike(b.plain, b.html, m.From)
	}
	plain := classify(b.plain, letter, m.From, opens)
	used := plain
	var rich *reading
	if b.both {
		rich = classify(b.html, letter, m.From, opens)
		used = choose(plain, rich)
		t.html = used == rich
	} else {
		t.html = b.onlyHTML
	}
	t.used = used
	m.Text = used.text
	m.Quoted = used.quoted || rich != nil && rich.quoted
	m.Signature = textOf(used.lines, func(l *line) bool { return l.kind == signature })
	if used.cut >= 0 {
		m.Cut = Cut{Line: used.cut + 1, Rule: used.rule}
	}
	cmds := lx.commands(used, m.confirms())
	if rich != nil {
		other := plain
		if used == plain {
			other = rich
		}
		if disagree(used, other) {
			m.Problems = append(m.Problems, "the text and the HTML of the mail say different things")
			alt := lx.commands(other, m.confirms())
			if len(cmds) == 0 {
				cmds = alt
			}
			for i := range cmds {
				cmds[i].doubt(DoubtParts)
			}
		}
	}
	if b.named && len(cmds) > 0 {
		m.Problems = append(m.Problems, "the text has a file name; whether it was shown as the mail's words cannot be told")
	}
	for i := range cmds {
		if b.differ || b.named {
			cmds[i].doubt(DoubtParts)
		}
	}
	for i := range used.lines {
		if l := &used.lines[i]; l.rule == "pgp" && strings.TrimSpace(l.text) == pgpMessage {
			b.encrypted = true
			m.Problems = append(m.Problems, "the mail is encrypted and was not read")
			break
		}
	}
	if m.Robot == RobotNone && !t.person {
		m.Robot, t.robotRule = robotByWords(m, cmds, used.whole, opt.Member)
		if len(cmds) > 0 && saysAutomatic(ownSubject(m.Subject)) {
			for i := range cmds { // "Ready to help again on 9 March."
				cmds[i].doubt(DoubtTail)
			}
		}
	}
	t.first = used.firstOwn()
	if m.Robot != RobotNone {
		return // a robot's words are shown and never act
	}
	m.Sections, m.Labelled = used.sections().Sections, used.sections().labelled
	if m.opens() {
		task := m.Number == 0 && slices.Contains(m.Labelled, "done")
		cmds = slices.DeleteFunc(cmds, func(c Command) bool { return mentioned(c) || task && aboutWork(c) })
	}
	m.Commands = cmds
	if len(cmds) == 0 && m.Text != "" && m.Address.Ref == "" && len(m.IDs) == 0 {
		m.Advice = Advise(*m)
	}
	if m.Text == "" && used.quoted && used.onTop() {
		m.Problems = append(m.Problems, "history stands on top; whether anything below it is new cannot be told")
	}
}

// first tells whether the mail begins a thread, by its header.
func (m *Mail) first() bool {
	return m.InReplyTo == "" && len(m.References) == 0 && m.Address.Ref == "" && len(m.IDs) == 0
}

// opens tells whether the mail begins a thread and reads as a task: there a
// word in the middle of a line is about the work ("customers cannot approve").
func (m *Mail) opens() bool {
	return m.first() && (len(m.Labelled) > 0 || len(m.Text) > 80)
}

func mentioned(c Command) bool {
	return c.Word == "" && c.Task == 0 && (c.inside || c.Doubt == DoubtTail)
}

// aboutWork tells of a doubtful word on a line without a label, in a mail that says
// when it is done: "Done button does nothing".
func aboutWork(c Command) bool {
	part, _, _ := labelAt(c.Line)
	return c.Word == "" && c.Task == 0 && part == ""
}

// confirms tells whether the mail answers a confirm letter, the only one to
// which "yes" is a word.
func (m *Mail) confirms() bool {
	for _, t := range m.Tags {
		if strings.HasPrefix(t.Ref, "c") {
			return true
		}
	}
	for _, id := range m.IDs {
		if strings.HasPrefix(id.Ref, "c") {
			return true
		}
	}
	return false
}

// onTop tells whether unmarked history begins with the mail.
func (r *reading) onTop() bool {
	i := next(r.lines, 0)
	return i < len(r.lines) && (r.lines[i].kind == history || r.lines[i].kind == intro) && r.lines[len(r.lines)-1].kind == history
}

// whole is all that can be read, the writer's words or not.
func (r *reading) whole() string { return textOf(r.lines, func(*line) bool { return true }) }

// firstOwn is the first own line that is no greeting; -1 if there is none.
func (r *reading) firstOwn() int {
	greeted := -1
	for i := range r.lines {
		l := &r.lines[i]
		if l.kind != own || l.blank() || ruleLine(l.text, 2) {
			continue
		}
		if greeted < 0 && greeting(l.text) {
			greeted = i
			continue
		}
		return i
	}
	return greeted
}

// choose takes the plain form unless it is empty, a stub, or shows no mark of
// history where the HTML does.
func choose(plain, rich *reading) *reading {
	p, h := plain.text, rich.text
	blank := true
	for i := range plain.lines {
		blank = blank && plain.lines[i].blank()
	}
	switch {
	case blank, stub(p) && h != "" && !stub(h):
		return rich
	case !plain.quoted && rich.quoted:
		return rich
	}
	return plain
}

// besides is what a client writes in the plain form only: where a link goes,
// and that a picture stood there.
var besides = regexp.MustCompile(`<(?:mailto:|tel:|https?://)[^<>\s]{1,1000}>|<[^<>\s@]{1,100}@[^<>\s@]{1,200}>|\[(?:image|cid|inline image)\b[^\]\n]{0,200}\]|\[[^\]\n]{1,100}\.(?:png|jpe?g|gif|webp)\]`)

// unbeside is text with a blank for each of these.
func unbeside(text string) string {
	if !strings.ContainsAny(text, "<[") {
		return text
	}
	return besides.ReplaceAllString(text, " ")
}

// bare is the words of a form without these, as squash gives them.
func bare(text string) string { return squash(unbeside(text)) }

// signs tells whether these words, which the other form has as its text, stand
// in the signature here.
func signs(r *reading, words string) bool {
	return words != "" && strings.HasPrefix(bare(textOf(r.lines, func(l *line) bool { return l.kind == signature })), words)
}

// disagree tells whether two forms of one text say different things: their
// first own lines differ, or one holds words the other has not.
func disagree(a, b *reading) bool {
	ta, tb := a.text, b.text
	if strings.Contains(ta, "~~") != strings.Contains(tb, "~~") {
		return true // clients leave the line through it out of the plain form
	}
	sa, sb := squash(ta), squash(tb)
	if sa == sb {
		return false
	}
	ta, tb = unbeside(ta), unbeside(tb)
	if sa, sb = squash(ta), squash(tb); sa == sb || stub(ta) || stub(tb) {
		return false
	}
	all := func(r *reading) bool {
		for i := range r.lines {
			if !r.lines[i].blank() {
				return false
			}
		}
		return true
	}
	if all(a) || all(b) {
		return false // a form that is not there says nothing
	}
	first := func(r *reading) string {
		if i := r.firstOwn(); i >= 0 {
			return bare(r.lines[i].text)
		}
		return ""
	}
	fa, fb := first(a), first(b)
	if fa != fb && !(len(fa) > 20 && strings.HasPrefix(fb, fa)) && !(len(fb) > 20 && strings.HasPrefix(fa, fb)) {
		return true
	}
	if a.quoted && !b.quoted && strings.HasPrefix(sb, sa) && covered(tb, a.whole()) >= 0.8 {
		return false // the other form has the same words, history among them without a mark
	}
	// Wrapping, links and pictures make small differences; words do not.
	if strings.HasPrefix(sa, sb) || strings.HasPrefix(sb, sa) {
		if signs(a, sb[min(len(sa), len(sb)):]) || signs(b, sa[min(len(sa), len(sb)):]) {
			return false
		}
		return max(len(sa)-len(sb), len(sb)-len(sa)) > 25 && difference(ta, tb) > 0.15
	}
	return difference(ta, tb) > 0.1
}

// covered is the share of the words of a that b has too.
func covered(a, b string) float64 {
	has := map[string]bool{}
	for _, t := range tokens(b) {
		has[t.text] = true
	}
	n, in := 0, 0
	for _, t := range tokens(a) {
		if n++; has[t.text] {
			in++
		}
	}
	return float64(in) / float64(max(n, 1))
}

// difference is the share of words that only one of two texts has.
func difference(a, b string) float64 {
	count := map[string]int{}
	n := 0
	for _, t := range tokens(a) {
		count[t.text]++
		n++
	}
	for _, t := range tokens(b) {
		count[t.text]--
		n++
	}
	d := 0
	for _, c := range count {
		d += max(c, -c)
	}
	return float64(d) / float64(max(n, 1))
}
