package parse

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// Marker stands in the first line of our letters, alone or behind other words.
// A cut at it wins over every other rule.
const Marker = "-- write above this line --"

// markerLine tells whether a line is or ends in the marker, however a client
// dressed it: dashes made long, capitals, emphasis. The words alone are no
// marker: a writer may speak of them.
func markerLine(s string) bool {
	if len(s) > 300 || len(s) < 21 || !endsAsMarker(s) {
		return false
	}
	before, after, ok := strings.Cut(fold(s), "write above this line")
	if !ok {
		before, after, ok = strings.Cut(fold(s), "reply above this line")
	}
	before = strings.TrimRight(strings.TrimSuffix(strings.TrimRight(before, " "), "please"), " ")
	if !ok || strings.Trim(after, " -–—=#~*_<>") != "" {
		return false
	}
	for _, rule := range []string{"--", "–", "—", "==", "##", "~~", "**", "__"} {
		if strings.HasSuffix(before, rule) {
			return true
		}
	}
	return false
}

// endsAsMarker is false for most lines that are no marker: behind the marker's last
// letter stand rules and spaces only.
func endsAsMarker(s string) bool {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < utf8.RuneSelf && strings.IndexByte(" -=#~*_<>", s[i]) < 0 {
			return s[i] == 'e' || s[i] == 'E'
		}
	}
	return false
}

// reading is a mail's text with every line marked.
type reading struct {
	lines  []line
	cut    int    // index of the first line of history or signature, -1: none
	rule   string // the rule of that line
	past   int    // index of the first sign of history, firm or soft; len(lines): none
	quoted bool   // history was found
	below  bool   // own text below history was proven to be the writer's
	inline bool   // own text stands between or below history
	top    bool   // history stands above all own text and nothing proves the rest

	text     string          // the writer's words
	sections func() sections // of text
}

// sections is what FindSections finds.
type sections struct {
	Sections
	labelled []string
}

// classify marks every line. letter is the text of the letter being answered,
// nil if it is not known; opens tells that the mail answers none.
func classify(lines []line, letter *letterIndex, from Address, opens bool) *reading {
	lines = unglue(lines)
	r := &reading{lines: lines, cut: -1, past: len(lines)}
	fences(lines)
	armour(lines)
	barQuotes(lines, letter)
	letter.mark(lines)
	r.history(letter)
	r.runs(letter)
	r.answers(letter)
	r.footers()
	r.signatures(from)
	r.summary()
	r.paste(letter)
	if opens {
		r.cites()
	}
	r.text = textOf(r.lines, func(l *line) bool { return l.kind == own || l.pasted })
	r.sections = sync.OnceValue(func() (s sections) {
		s.Sections, s.labelled = FindSections(r.text)
		return s
	})
	return r
}

// next returns the index of the first line at or after i that is not blank.
func next(lines []line, i int) int {
	for i < len(lines) && lines[i].blank() {
		i++
	}
	return i
}

// history goes down the lines once and marks quotes, intros and everything
// below the first firm sign of unmarked history.
func (r *reading) history(letter *letterIndex) {
	lines := r.lines
	splits := 0
	for i := 0; i < len(lines); i++ {
		l := &lines[i]
		switch {
		case l.kind != own:
		case l.box != "":
			for up := i - 1; up >= max(0, i-2) && lines[up].kind == own && lines[up].box == ""; up-- {
				if lines[up].ruled {
					lines[up].is(intro, l.box) // a client's rule
				}
			}
			l.is(quote, l.box)
		case l.fence:
			r.suspect(i)
		case l.depth > 2 && arrowLine(l.raw):
			r.rest(i, i+1, "separator", letter)
			return
		case l.depth > 0:
			if i > 0 && lines[i-1].kind == own && lines[i-1].depth == 0 && !lines[i-1].fence && (lines[i-1].ruled || ruleLine(lines[i-1].text, 20)) {
				lines[i-1].is(intro, "quote") // a client's rule
			}
			l.is(quote, "quote")
		case l.blank():
		case markerLine(l.text):
			r.rest(i, i, "marker", letter)
			r.introduced(i)
			return
		case separatorLine(l.text):
			start := r.ruleAbove(i)
			if end := forwardEnd(lines, i); end > i {
				for k := start; k <= end; k++ {
					lines[k].is(history, "separator")
				}
				i = end
				continue
			}
			if markedHead(lines, i+1) {
				for k := start; k <= i; k++ {
					lines[k].is(history, "separator")
				}
				continue
			}
			r.rest(start, i+1, "separator", letter)
			return
		default:
			if n, rule := headerBlockAt(lines, i); n > 0 && sampleHead(lines, i, n) {
				r.soft(i)
				i += n - 1
				continue
			} else if n > 0 {
				r.rest(r.ruleAbove(i), i+n, rule, letter)
				return
			} else if rule == softHeader {
				r.soft(i)
			}
			if start, n := stackedHead(lines, i); n > 0 {
				r.rest(start, i+n, "header-block", letter)
				return
			}
			f := next(lines, i+1)
			after := f < len(lines) && (lines[f].depth > 0 || lines[f].box != "")
			ours := f < len(lines) && lines[f].ours
			start, before, rule := introAt(lines, i, after, ours)
			if rule == "" || !after && !ours && (entry(lines, start) || rule == "intro-shape" && f == i+1 && f < len(lines) && !anglesIn(lines[start:i+1])) {
				if rule != "" || looksPast(l.text) {
					r.soft(i)
				}
				continue
			}
			for k := start; k <= i; k++ {
				lines[k].is(intro, rule)
			}
			if splits++; before > 0 && splits < maxSplits {
				r.splitOwn(start, before)
				lines = r.lines
				i++
			}
			if !after {
				r.rest(i+1, i+1, rule, letter)
				return
			}
		}
	}
}

// entry tells whether line i is one of several that begin with a date of one
// form: an entry of a log, and no intro.
func entry(lines []line, i int) bool {
	if i == 0 || lines[i-1].kind != own || lines[i-1].depth != lines[i].depth {
		return false
	}
	form := dateForm(lines[i].text)
	return form != "" && form == dateForm(lines[i-1].text)
}

// dateForm is the form of the numbers a line begins with, each digit as 0:
// "0000-00-00 00:00:00". "" if they are no date.
func dateForm(s string) string {
	end, digits := 0, 0
	for ; end < len(s) && strings.IndexByte("0123456789-/.: ,T[", s[end]) >= 0; end++ {
		if s[end] >= '0' && s[end] <= '9' {
			digits++
		}
	}
	if digits < 6 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, s[:end])
}

// anglesIn tells whether an address in brackets stands in the lines, as clients
// write it and prose does not.
func anglesIn(lines []line) bool {
	for i := range lines {
		if at := strings.IndexByte(lines[i].text, '@'); at >= 0 && strings.ContainsAny(lines[i].text[:at], "<([") || strings.HasSuffix(lines[i].text, "<") {
			return true
		}
	}
	return false
}

// sampleHead tells whether the header block of n lines at i is a sample in the
// writer's own text: below a line that announces it, indented or without the date that
// every client gives, with words that are not indented after a blank. It stays in the
// text; nothing below it counts.
func sampleHead(lines []line, i, n int) bool {
	indented := func(k int) bool {
		return strings.HasPrefix(lines[k].text, "  ") || strings.HasPrefix(lines[k].text, "\t")
	}
	for n < 24 && i+n < len(lines) && strings.Contains(lines[i+n].text, ": ") && lines[i+n].depth == lines[i].depth {
		n++ // fields that no client shows
	}
	up, down := i-1, next(lines, i+n)
	for up >= 0 && lines[up].blank() {
		up--
	}
	if up < 0 || lines[up].kind != own || !strings.HasSuffix(lines[up].text, ":") || looksPast(lines[up].text) || separatorLine(lines[up].text) ||
		down == i+n || down == len(lines) || lines[down].depth > 0 || lines[down].box != "" || lines[down].ours || strings.TrimLeft(lines[down].text, " \t") != lines[down].text {
		return false
	}
	in, dated := true, false
	for k := i; k < i+n; k++ {
		in = in && (lines[k].blank() || indented(k))
		role, _, _ := labelOf(lines[k].text)
		dated = dated || role == "date"
	}
	return (in || !dated) && strings.TrimLeft(lines[up].text, " \t") == lines[up].text
}

// markedHead tells whether a header block stands right below line i whose lines are
// marked: then so is all of the mail that it heads, and what is not is the writer's.
func markedHead(lines []line, i int) bool {
	if i >= len(lines) || lines[i].depth != 1 || lines[i].raw == "" {
		return false
	}
	_, rule := headerBlockAt(lines, i)
	return rule == "header-block"
}

// forwardEnd is the line that closes the forwarded mail opened at line i
// ("----- End forwarded message -----"), if own words and no more history stand
// below it; else i. What stands there is text, and no command of it counts.
func forwardEnd(lines []line, i int) int {
	if !strings.Contains(fold(lines[i].text), "forwarded") {
		return i
	}
	for k := len(lines) - 1; k > i; k-- {
		if t := lines[k].text; len(t) < 100 && lines[k].depth == 0 && strings.HasPrefix(t, "--") && strings.HasSuffix(t, "--") && strings.HasPrefix(fold(strings.Trim(t, "- ")), "end ") && strings.Contains(fold(t), "forwarded message") {
			if next(lines, k+1) < len(lines) && !pastBelow(lines, k+1) {
				return k
			}
			return i
		}
	}
	return i
}

// splitOwn gives the own words before an intro on the same line a line of
// their own.
func (r *reading) splitOwn(at, before int) {
	l := r.lines[at]
	t := strings.TrimSpace(l.text)
	head, tail := l, l
	head.text, head.kind, head.rule = strings.TrimSpace(t[:before]), own, ""
	tail.text = t[before:]
	r.lines = append(r.lines[:at+1], r.lines[at:]...)
	r.lines[at], r.lines[at+1] = head, tail
}

// ruleAbove includes a line directly above history (with a blank between or not)
// in it that is a rule, or a few words between dashes as clients announce an
// earlier mail, in whatever language.
func (r *reading) ruleAbove(i int) int {
	k := i - 1
	for k >= 0 && r.lines[k].blank() {
		k--
	}
	if k >= 0 && r.lines[k].kind == own && !r.lines[k].fence && (r.lines[k].ruled || ruleLine(r.lines[k].text, 5) || announcement(r.lines[k].text)) {
		return k
	}
	return i
}

// announcement tells whether a line is a few words between dashes, more of them with a
// date ("----- Forwarded by Ada Kim/ACME on 03/02/2026 09:41 -----"), or a separator
// whose dashes a client left out.
func announcement(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) >= 200 || s == "" {
		return false
	}
	if !strings.HasPrefix(s, "--") || !strings.HasSuffix(s, "--") {
		_, ok := historySeparators[fold(s)]
		return ok && len(s) > len("original") // which people write themselves
	}
	n := len(strings.Fields(strings.Trim(s, "-")))
	return len(s) < 100 && n <= 5 || n <= 15 && dated(s)
}

// rest marks all lines from i on as history, save for what is proven to be the
// writer's own below our letter. from is the first line of the history's body.
func (r *reading) rest(i, from int, rule string, letter *letterIndex) {
	end := len(r.lines)
	if last, ok := letter.end(r.lines, from); ok {
		if !pastBelow(r.lines, last+1) {
			end = last + 1
			for end < len(r.lines) && strings.Trim(r.lines[end].text, " \t\"'“”„»«") == "" {
				end++ // a client's closing quotation mark
			}
			r.below = true
		}
	}
	for k := i; k < end; k++ {
		if l := &r.lines[k]; l.kind == own || l.kind == footer {
			if l.depth > 0 || l.box != "" {
				l.is(quote, "quote")
			} else {
				l.is(history, rule)
			}
		}
	}
	for k := end; k < len(r.lines); k++ {
		if l := &r.lines[k]; l.kind == own && (l.depth > 0 || l.box != "") {
			l.is(quote, "quote")
		}
	}
}

// pastBelow tells whether any sign of history stands at or after line i.
func pastBelow(lines []line, i int) bool {
	for k := i; k < len(lines); k++ {
		l := &lines[k]
		if l.blank() {
			continue
		}
		if l.depth > 0 || l.box != "" || l.ours || looksPast(l.text) || separatorLine(l.text) || markerLine(l.text) {
			return true
		}
	}
	return false
}

// soft notes a line that may be a sign of history: text below it stays, but no
// command below it counts.
func (r *reading) soft(i int) { r.past = min(r.past, i) }

// suspect notes history inside a code fence: the text stays whole, but it may
// be a fence of the history that closed one of the writer's.
func (r *reading) suspect(i int) {
	l := &r.lines[i]
	if l.ours || l.depth > 0 || looksPast(l.text) || separatorLine(l.text) {
		r.soft(i)
	}
	if l.depth > 0 {
		l.text, _ = scrub(l.raw)
		l.depth = 0
	}
}

// looksPast tells whether a single line might belong to a header block or be
// an intro that was not sure enough.
func looksPast(s string) bool {
	if strings.IndexByte(s, '@') >= 0 && introInside(s) > 0 {
		return true
	}
	role, value, ok := labelOf(s)
	if ok && strings.Contains(value, "@") && strings.HasSuffix(value, ">") {
		return true
	}
	if ok && role != "" && role != "other" && role != "subject" && (strings.Contains(value, "@") || role == "date" && embedsNumber(value)) {
		return true
	}
	end := strings.TrimRight(s, " \t*_-–—>\"'|")
	last := lastRune(end)
	if last != ':' && last != '：' && !strings.HasSuffix(strings.TrimRight(s, " "), "--") {
		if !mayEnd(s) {
			return false
		}
		sh := shapeOf(s)
		return sh.verbEnd && (sh.numbers >= 2 || sh.addr >= 0)
	}
	sh := shapeOf(s)
	return sh.numbers >= 3 && (sh.time || sh.addr >= 0 || sh.year) || sh.addr >= 0 && sh.bracketed || sh.verb >= 0 && sh.verbEnd
}

// summary finds the cut and how own text and history lie to each other.
func (r *reading) summary() {
	firstOwn, lastOwn, firstPast := -1, -1, -1
	for i := range r.lines {
		l := &r.lines[i]
		if l.kind.past() {
			r.quoted = true
			if firstPast < 0 {
				firstPast = i
			}
		}
		if (l.kind.past() || l.kind == signature || l.kind == footer) && r.cut < 0 && !l.blank() {
			r.cut, r.rule = i, l.rule
		}
		if l.kind == own && !l.blank() {
			if firstOwn < 0 {
				firstOwn = i
			}
			lastOwn = i
		}
	}
	if firstPast >= 0 {
		r.past = min(r.past, firstPast)
		r.inline = lastOwn > firstPast
		r.top = firstOwn > firstPast
	}
}
