package parse

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A decision that stands in a mail is limited by what else the mail says: "approve"
// and, below it, "but not before Monday". Here the sentences beside a decision
// are read for what takes it back, makes it wait or asks; the phrases are those
// of tables/tail.txt and tables/against.txt.

// limit is why a command is in doubt, and the line that puts it there; no why
// is none.
type limit struct{ why, line string }

func (c *Command) limit(by limit) {
	if by.why == "" {
		return
	}
	if c.doubt(by.why); c.Doubt != "" && c.Beside == "" && by.line != c.Line {
		c.Beside = by.line
	}
}

// limitable are the words that what is said beside them may limit: those that
// move work on and take no reason. Undo and pause only hold it up.
var limitable = []string{"approve", "done", "yes", "resume", "queue"}

// limitedAs is the word whose rules hold for a limitable one: done is reported,
// the others are decided.
func limitedAs(word string) string {
	if word != "done" {
		return "approve"
	}
	return word
}

// beside takes back the commands that the rest of the mail limits: at holds the
// line of each in r.
func (lx *lexicon) beside(r *reading, cs []Command, at []int) {
	lx.contradict(cs)
	below := sync.OnceValue(func() limit { return afterthought(r.lines) })
	for i := range cs {
		c, by := &cs[i], limit{}
		if c.Task == 0 && slices.Contains(limitable, c.Word) { // words below history limit a decision above it too
			if by = lx.goesOn(c, r.lines[at[i]+1:]); by.why == "" {
				by = lx.leaves(c.Line, textOf(r.lines[at[i]+1:], func(l *line) bool { return l.kind == own }), c.Word)
			}
		}
		if by.why == "" && slices.Contains(limitable, c.Word) && c.Word != "done" {
			by = below()
		}
		c.limit(by)
	}
}

// goesOn reads the line right below a decision as the rest of it, if it begins
// small: "approve" and "with changes" below it.
func (lx *lexicon) goesOn(c *Command, below []line) limit {
	if len(below) == 0 || below[0].kind != own || c.Word == "done" {
		return limit{}
	}
	next := strings.TrimSpace(below[0].text)
	if !unicode.IsLower(firstRune(next)) || strings.ContainsAny(c.Line[len(c.Line)-1:], ".!?") {
		return limit{}
	}
	whole, ok := lx.line(c.Line + " " + next)
	ts := tokens(next)
	joins := againstTable["joins"].prefix(ts) > 0
	if !ok || whole.Word != "" || whole.Hint != c.Word || whole.Doubt == DoubtTail && !joins && (len(ts) > 4 || tails["friendly"].prefix(ts) > 0) {
		return limit{}
	}
	return limit{whole.Doubt, next}
}

// contradict is Contradict, and takes back a decision that the lines below it
// limit.
func (lx *lexicon) contradict(cs []Command) {
	for i := range cs {
		c := &cs[i]
		if len(cs) == 1 || c.Word != "" || c.Doubt != "" {
			continue
		}
		for _, word := range []string{"approve", "done"} {
			if by := lx.leaves("", c.Text, word); by.why != "" {
				if c.limits == nil {
					c.limits = map[string]limit{}
				}
				c.limits[word] = by
			}
		}
	}
	Contradict(cs)
	for i := range cs {
		c := &cs[i]
		if c.Task != 0 && slices.Contains(limitable, c.Word) {
			c.limit(lx.leaves("", c.Text[min(len(c.Tail), len(c.Text)):], c.Word))
		}
	}
}

// Contradict takes commands back that cannot all be meant for one task: words
// that oppose each other, a word that another line says with a condition, a
// question or the like, and one that is limited by words for that task. Those
// without a number are of one task among themselves; who knows which one sets
// it before.
func Contradict(cs []Command) {
	if len(cs) > mostCommands {
		for i := range cs {
			cs[i].doubt(DoubtContradiction)
		}
		return
	}
	for i := range cs {
		for j := range cs {
			a, b := &cs[i], &cs[j]
			if i == j || a.Task != b.Task {
				continue
			}
			wa, wb := a.meant(), b.meant()
			switch {
			case wa != wb && opposing(wa, wb):
				a.limit(limit{DoubtContradiction, b.Line})
				b.limit(limit{DoubtContradiction, a.Line})
			case a.Word == wb && b.takesBack():
				a.limit(limit{b.Doubt, b.Line})
			case a.Word != "":
				a.limit(b.limits[limitedAs(a.Word)])
			}
		}
	}
}

// mostCommands is more than anybody means in one mail; each is compared with each.
const mostCommands = 500

// takesBack tells whether a line that says a word in doubt leaves none of the
// same word elsewhere: one that only stands in an odd place repeats it.
func (c *Command) takesBack() bool {
	switch c.Doubt {
	case DoubtCondition, DoubtNegation, DoubtQuestion, DoubtContradiction, DoubtTail:
		return true
	}
	return false
}

func (c *Command) meant() string {
	if c.Word != "" {
		return c.Word
	}
	if c.Doubt == DoubtSoft {
		return ""
	}
	return c.Hint
}

func opposing(a, b string) bool {
	in := func(w string) bool {
		for _, o := range opposed {
			if o == w {
				return true
			}
		}
		return false
	}
	return in(a) && in(b)
}

// leaves tells what the lines below a decision leave of it: nothing may limit it, and
// below an approval no scrap stands that says nothing kind.
func (lx *lexicon) leaves(above, text, word string) limit {
	if by := lx.limited(above, text, word); by.why != "" || word != "approve" {
		return by
	}
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && !goesOnFrom(above) && (lx.scrap(line, word) || lx.leaves("", besideFooter(line), word).why != "") {
			return limit{DoubtTail, line}
		}
		if above = line; line != "" {
			n++
		}
		if n > 200 {
			break
		}
	}
	return limit{}
}

// scrap tells of a line of a word or two that ends without a sign ("staging", "Hide
// banner") and is no name, does not begin kindly, and is not the decision again. What
// people say kindly in so few words is known.
func (lx *lexicon) scrap(line, word string) bool {
	first, last, ts := firstRune(line), lastRune(line), firstTokens(line, 3)
	switch {
	case digits(line): // "404"
		return true
	case len(line) > 40, len(ts) > 2, !unicode.IsLetter(first), first >= 0x250, strings.ContainsAny(line, "#@/:"):
		return false // other scripts have no spaces, or no small letters
	case !unicode.IsLetter(last) && !unicode.IsDigit(last), len(line) == 1: // "p" for Priya
		return false
	case unicode.IsUpper(first) && lx.signs(line, ts):
		return false
	case tails["friendly"].prefix(ts) > 0, lx.friendly(line), IsSoft(line):
		return false
	}
	c, ok := lx.line(line)
	return !ok || c.Word != word
}

// signs tells of a word or two that may be a name: "Pri" of Priya, "PN", "Omar
// Haddad". Where the names are known, a word alone is none of somebody else.
func (lx *lexicon) signs(line string, ts []token) bool {
	if len(ts) == 2 {
		return unicode.IsUpper(firstRune(line[ts[1].start:]))
	}
	if lx.knows(ts[0].text) {
		return true
	}
	for _, name := range lx.people {
		initials := ""
		for _, t := range tokens(name) {
			if strings.HasPrefix(t.text, ts[0].text) {
				return true
			}
			initials += string(firstRune(t.text))
		}
		if ts[0].text == initials {
			return true
		}
	}
	return len(lx.people) == 0
}

// limited looks at the sentences below a decision for what takes it back or
// makes it wait; above is the decision's line.
func (lx *lexicon) limited(above, text, word string) limit {
	n, aside := 0, false
	for line := range strings.SplitSeq(unwrapped(text), "\n") {
		before := above
		if above = line; strings.TrimSpace(line) == "" {
			aside = false
			continue
		}
		if n++; n > 200 {
			return limit{}
		}
		other, _ := taskPrefix(unbullet(strings.Trim(line, marks))) // Contradict has it, if it is this task's
		for said := range sentences(line) {
			ts := tokens(said)
			aside = aside || turnsAside(ts)
			why := lx.limits(before, said, word)
			if why == "" && word == "approve" && len(ts) > 0 && other == 0 {
				why = lx.besideApproval(before, line, said, ts, aside)
			}
			if why != "" {
				return limit{why, strings.TrimSpace(line)}
			}
			before = ""
		}
	}
	return limit{}
}

// besideApproval tells why a sentence of a line beside an approval takes it back or
// makes it wait: by what is in it, or because it says what is no part of an approval.
func (lx *lexicon) besideApproval(before, line, said string, ts []token, aside bool) string {
	if why := against(said, ts, aside); why != "" {
		return why
	}
	why, begins := "", !goesOnFrom(before)
	switch {
	case !aside && (asksForMore(ts) || begins && !lx.friendly(said) && fragment(said, ts)):
		why = DoubtCondition
	case !aside && begins && !(goesOnFrom(line) && strings.HasSuffix(line, said)) && !lx.friendly(said) && faultFinding(said, ts):
		why = DoubtContradiction
	case begins:
		why = lx.leftOpen(said, ts)
	}
	if why != "" && lx.tells(said, ts) {
		return ""
	}
	return why
}

// restricts tells whether a sentence holds a no, a contrast or a condition that
// nothing says is none. Most words of condition are one only where a sentence
// begins ("Will do", "I said I would"). A word of time that ends a part of it is no condition:
// "356 before, 356 after".
func restricts(said string, ts []token) bool {
	table := againstTable
	fits := describes(ts)
	for i := 0; i < len(ts); i++ {
		n := max(table["spares"].prefix(ts[i:]), freeOf(said, ts, i), pastNow(ts[i:]))
		if i == 0 {
			n = max(n, tails["harmless"].prefix(ts))
		}
		if fits {
			n = max(n, table["faults"].prefix(ts[i:]))
		}
		if n > 0 {
			i += n - 1
			continue
		}
		last := i == len(ts)-1 || containsAny(said[ts[i].end:ts[i+1].start], ",.;:!)")
		if table["timed"].prefix(ts[i:]) > 0 && !last {
			return true
		}
		d, words := longestSign(ts[i:])
		if d != "" && (i == 0 || d != DoubtCondition || words > 1) && !(words == 1 && table["homographs"].all[ts[i].text]) {
			return true
		}
	}
	return false
}

// sentences are the parts of a line behind which one ends, or that stand apart
// behind a dash or in brackets.
func sentences(line string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, before := 0, rune(0)
		for i, r := range line {
			to := i + utf8.RuneLen(r)
			spaced := to < len(line) && line[to] == ' '
			end := -1
			switch {
			case strings.ContainsRune(".!?;…", r) && spaced:
				end = to
			case strings.ContainsRune("-–—", r) && spaced && before == ' ', r == '(' && before == ' ':
				end = i
			}
			if before = r; end < 0 || strings.TrimSpace(line[start:end]) == "" {
				continue
			}
			if !yield(line[start:end]) {
				return
			}
			start = to
		}
		if strings.TrimSpace(line[start:]) != "" {
			yield(line[start:])
		}
	}
}

// limits tells why one sentence limits the word; before is the line above it,
// if it stands at the start of one.
func (lx *lexicon) limits(before, said, word string) string {
	ts := tokens(said)
	if len(ts) == 0 {
		if word != "done" && strings.ContainsAny(said, "?？") {
			return DoubtQuestion
		}
		return ""
	}
	if strings.HasPrefix(strings.TrimLeft(said, " -*+•"), "[ ]") { // an unticked box
		return DoubtCondition
	}
	if struckOff(said, ts) {
		return DoubtContradiction
	}
	if n := opening(said, ts); n > 0 && n < len(ts) {
		said, before = said[ts[n].start:], ""
		ts = tokens(said)
	}
	if tails["takes-back"].prefix(ts) > 0 {
		return DoubtContradiction
	}
	if makesWait(ts) && !wasFormerly(ts) {
		return DoubtCondition
	}
	if word == "done" {
		if againstTable["aside"].any2(ts) { // of what comes next
			return ""
		}
		if tails["unfinished"].prefix(ts) > 0 || undone(said) {
			return DoubtCondition
		}
		if n := tails["unfinished-label"].prefix(ts); n > 0 && (n == len(ts) || strings.Trim(said[ts[n-1].end:ts[n].start], " ") != "") {
			return DoubtCondition // "Open: the footer", not "Open the cart"
		}
	} else if why := regret(before, said, ts); why != "" {
		return why
	}
	if word == "yes" { // anything but thanks may be what she does not want
		if d := lx.doubt(word, said); d != DoubtTail {
			return d
		}
	}
	if c, ok := lx.line(said); ok && c.Hint == word && c.Doubt != DoubtTail && c.takesBack() {
		return c.Doubt
	}
	return ""
}

// formerly are words that begin what was, if it says what is now: "Vorher elf
// Klicks, jetzt drei", and not "Vorher die Tests".
var formerly = set(strings.Fields("vorher früher antes avant prima before"))

func wasFormerly(ts []token) bool { return formerly[ts[0].text] && againstTable["by-now"].any2(ts) }

// makesWait tells whether words begin with a condition; "once more" is none.
func makesWait(ts []token) bool {
	n := tails["makes-wait"].prefix(ts)
	return n > 0 && n >= tails["harmless"].prefix(ts)
}

// struckOff tells of a line of a list with a "no" behind it: "- the receipt shows
// the same number: no, off by one".
func struckOff(said string, ts []token) bool {
	for i := 1; i < len(ts); i++ {
		gap := said[ts[i-1].end:ts[i].start]
		if tails["verdict"].all[ts[i].text] && (containsAny(gap, ":=→\t") || strings.Contains(gap, "  ") || strings.Contains(gap, " - ") || pictograph(firstRune(said[ts[i].start:]))) &&
			(i == len(ts)-1 || strings.ContainsAny(said[ts[i].end:ts[i+1].start], ",.;!(")) {
			return true
		}
	}
	return false
}

// regret tells why a line below an approval takes it back; before is the line
// above it. Most of the phrases count only where a sentence begins, and not
// where a mail client broke one.
func regret(before, line string, ts []token) string {
	if at, ok := tails["limits"].any(ts); ok && at >= 0 {
		return DoubtContradiction
	}
	no := refuses(line, ts)
	line = strings.TrimSpace(line)
	taken, waits := tails["regret"].prefix(ts), tails["wait-open"].prefix(ts)
	if goesOnFrom(before) || tails["harmless"].prefix(ts) > max(taken, waits) {
		return ""
	}
	switch {
	case no, taken > 0, tails["alone"].prefix(ts) == len(ts):
		return DoubtContradiction
	case waits > 0, tails["wait-last"].prefix(ts[len(ts)-1:]) > 0 && len(line) < wrapped:
		return DoubtCondition
	case strings.Contains(line, "?") && tails["asks"].prefix(ts) == len(ts):
		return DoubtQuestion
	}
	return ""
}

// goesOnFrom tells whether a mail client may have broken the line above, so that
// what stands below it begins no sentence.
func goesOnFrom(above string) bool {
	above = strings.TrimSpace(above)
	return len(above) >= wrapped && !strings.ContainsAny(above[len(above)-1:], ".!?:;,")
}

// unwrapped is text with each line that a mail client broke made whole again,
// where the next begins small: what is said against the work, or mended, may
// stand on either of them.
func unwrapped(text string) string {
	if len(text) < wrapped || !strings.Contains(text, "\n") {
		return text
	}
	var b strings.Builder
	above, first := "", true
	for line := range strings.SplitSeq(text, "\n") {
		next := strings.TrimSpace(line)
		switch {
		case first:
			first = false
		case len(above) >= wrapped && !strings.ContainsAny(above[len(above)-1:], ".!?") && unicode.IsLower(firstRune(next)):
			b.WriteByte(' ')
			line = next
		default:
			b.WriteByte('\n')
		}
		b.WriteString(line)
		above = next
	}
	return b.String()
}

// refuses tells of a no with a comma or the like behind it: "No, it is red".
func refuses(line string, ts []token) bool {
	after := line[ts[0].end:]
	return tails["refusal"].prefix(ts[:1]) > 0 && after != "" && strings.Contains(",.;:!", after[:1])
}

// opening is how many words at the start of a line only say that something is
// added: "PS", "Update:", "Oh".
func opening(line string, ts []token) int {
	if n := max(tails["postscript"].prefix(ts), tails["interjection"].prefix(ts)); n > 0 {
		return n
	}
	if n := tails["label"].prefix(ts); n > 0 && strings.HasPrefix(line[ts[n-1].end:], ":") {
		return n
	}
	return 0
}

// afterthought tells why short lines that stand among those about the writer
// take an approval back: what is said below the name is said.
func afterthought(lines []line) limit {
	for i := range lines {
		if l := &lines[i]; l.kind == signature && len(l.text) < wrapped {
			ts := tokens(l.text)
			spoken := (l.rule == "signoff" || l.rule == "name" || l.rule == "dash-name") && !embedsNumber(l.text) && against(l.text, ts, false) != ""
			if _, limits := tails["limits"].any(ts); limits || spoken || tails["afterthought"].prefix(ts) > 0 || tails["alone"].is(ts) {
				return limit{DoubtContradiction, strings.TrimSpace(l.text)}
			}
		}
	}
	return limit{}
}

// besideFooter is what stands behind the name of a phone or client in a line that
// begins as the one that it adds: "Sent from Safari, button hidden". "" if that is an
// excuse or an advertisement.
func besideFooter(text string) string {
	if len(text) > 2*wrapped || tails["typed"].prefix(firstTokens(text, 3)) == 0 {
		return ""
	}
	at := strings.IndexAny(text, ",:;")
	if so := strings.Index(text, " so "); so >= 0 && (at < 0 || so < at) {
		at = so + len(" s")
	}
	if at < 0 {
		return ""
	}
	said := strings.TrimSpace(text[at+1:])
	if excuse(said) || device(fold(said)) || holdsAny(fold(said), "//", "mail", "app", "brief", "short", "sorry", "entschuldig", "kurz") {
		return ""
	}
	return said
}

// wrapped is how long a line is at least that a mail client broke.
const wrapped = 50
