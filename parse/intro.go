package parse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An intro is the line a client puts above a quote: "On 2 March 2026 at 10:00,
// Ada <ada@x.example> wrote:". It is known by shape (a date and an address or
// a time, ending in a colon) and by the verbs of tables/intro.txt.

const (
	introLines = 5
	introRunes = 300
)

var introVerbs, introOpeners = func() (verbs phrases, openers []string) {
	var v []string
	for _, row := range tableRows("intro.txt") {
		v = append(v, tableWords(row[1])...)
		if len(row) > 2 {
			openers = append(openers, tableWords(row[2])...)
		}
	}
	return newPhrases(v), openers
}()

// glued are verbs of scripts written without spaces: they may end any token.
var glued = func() []string {
	var out []string
	for _, row := range tableRows("intro.txt") {
		switch row[0] {
		case "zh", "ja", "ko", "th":
			for _, v := range tableWords(row[1]) {
				out = append(out, fold(v))
			}
		}
	}
	return out
}()

// verbEnds are the last words of the verbs.
var verbEnds = func() map[string]bool {
	out := map[string]bool{}
	for phrase := range introVerbs.all {
		out[phrase[strings.LastIndexByte(phrase, ' ')+1:]] = true
	}
	return out
}()

// mayEnd is false if the shape of a line surely says neither verbEnd nor dressed:
// its last word tells that sooner.
func mayEnd(s string) bool {
	if strings.IndexByte(s, '@') >= 0 || strings.Contains(s, "--") {
		return true
	}
	for rest := s; rest != ""; {
		at := strings.LastIndexByte(rest, ' ') + 1
		ts := tokens(rest[at:])
		if len(ts) == 0 {
			rest = rest[:max(0, at-1)]
			continue
		}
		last := ts[len(ts)-1].text
		return verbEnds[last] || slices.ContainsFunc(glued, func(g string) bool { return strings.HasSuffix(last, g) })
	}
	return false
}

// shape is what one logical line holds.
type shape struct {
	ts        []token
	colon     bool // ends in a colon
	verb      int  // index of the first token of a verb, -1: none
	verbEnd   bool // a verb is the last thing before the colon
	dressed   bool // between dashes
	numbers   int
	firstNum  int // index of the first number
	lastNum   int // index of the last
	year      bool
	time      bool
	addr      int  // index of the token before which an address stands, -1: none
	bracketed bool // the address is in <> () or [], or directly before the colon
	opener    bool // begins with a known opener
}

func shapeOf(s string) shape {
	sh := shape{verb: -1, addr: -1, firstNum: -1, lastNum: -1}
	if len(s) > 8*introRunes {
		return sh // no client writes a line like this
	}
	core := strings.Trim(s, " \t*_-–—>•\"'|=~")
	sh.dressed = strings.HasPrefix(strings.TrimLeft(s, " *_"), "--") && strings.HasSuffix(strings.TrimRight(s, " *_"), "--")
	trimmed := strings.TrimRight(core, ":： ")
	sh.colon = len(trimmed) < len(strings.TrimRight(core, " "))
	core = sh.address(trimmed)
	sh.ts = tokens(core)
	for _, o := range introOpeners {
		if rest, ok := strings.CutPrefix(core, o); ok && (rest == "" || !wordRune(firstRune(rest)) || unicode.IsDigit(firstRune(rest)) || !unicode.IsLetter(lastRune(o)) || unicode.Is(unicode.Han, lastRune(o))) {
			sh.opener = true
			break
		}
	}
	for i, t := range sh.ts {
		if n, isNum := numeral(t.text); isNum {
			sh.numbers++
			if sh.firstNum < 0 {
				sh.firstNum = i
			}
			sh.lastNum = i
			sh.year = sh.year || n >= 1900 && n <= 2100 || n >= 2440 && n <= 2640 || n >= 1360 && n <= 1480
			if i+1 < len(sh.ts) {
				gap := core[t.end:sh.ts[i+1].start]
				_, next := numeral(sh.ts[i+1].text)
				if next && (gap == ":" || gap == "." && len(t.text) <= 2 || gap == "：" || gap == "h") {
					sh.time = sh.time || gap != "."
				}
			}
		} else if i > 0 && embedsNumber(t.text) {
			// 10h15, 2026年3月2日, 10:00AM
			digitRuns, yr := numbersIn(t.text)
			sh.numbers += digitRuns
			if sh.firstNum < 0 {
				sh.firstNum = i
			}
			sh.lastNum = i
			sh.year = sh.year || yr
			sh.time = sh.time || containsAny(t.text, "時时點点분시") || strings.Contains(t.text, "h")
		} else if embedsNumber(t.text) {
			digitRuns, yr := numbersIn(t.text)
			sh.numbers += digitRuns
			sh.firstNum, sh.lastNum = 0, max(0, sh.lastNum)
			sh.year = sh.year || yr
		}
	}
	// A year of two digits: d/m/y or d.m.y with the same mark twice.
	if !sh.year {
		for i := 0; i+2 < len(sh.ts); i++ {
			_, a := numeral(sh.ts[i].text)
			_, b := numeral(sh.ts[i+1].text)
			_, c := numeral(sh.ts[i+2].text)
			g1, g2 := core[sh.ts[i].end:sh.ts[i+1].start], core[sh.ts[i+1].end:sh.ts[i+2].start]
			if a && b && c && g1 == g2 && (g1 == "/" || g1 == "." || g1 == "-" || g1 == ". ") {
				sh.year = true
			}
		}
	}
	for i := range sh.ts {
		n := introVerbs.prefix(sh.ts[i:])
		if n == 0 {
			for _, g := range glued {
				if strings.HasSuffix(sh.ts[i].text, g) {
					n = 1
					break
				}
			}
		}
		if n > 0 {
			sh.verb = i
			if i+n == len(sh.ts) {
				sh.verbEnd = true
				break
			}
		}
	}
	return sh
}

// address finds the first address and returns the line without it: its digits
// are no date and its words no verb.
func (sh *shape) address(core string) string {
	at := strings.IndexByte(core, '@')
	if at <= 0 || at+1 >= len(core) || unicode.IsSpace(rune(core[at-1])) || unicode.IsSpace(rune(core[at+1])) {
		sh.bracketed = strings.Contains(core, "&lt;")
		return core
	}
	start := strings.LastIndexAny(core[:at], " \t<([:") + 1
	end := len(core)
	if i := strings.IndexAny(core[at:], " \t>)]&,;：、，"); i >= 0 {
		end = at + i
	}
	left, right := strings.TrimRight(core[:start], " "), strings.TrimLeft(core[end:], " ")
	sh.bracketed = right != "" && strings.IndexByte(">)]&", right[0]) >= 0 ||
		left != "" && strings.IndexByte("<([", left[len(left)-1]) >= 0 ||
		strings.Contains(core[:at], "mailto:") || strings.Trim(core[end:], " >)]:") == ""
	sh.addr = len(tokens(core[:start]))
	rest := core[end:]
	// The address may be there twice: "a@b<mailto:a@b>".
	if i := strings.IndexAny(rest, ">])"); i >= 0 && i < 200 && strings.Contains(rest[:i], "mailto:") {
		rest = rest[i+1:]
	}
	return core[:start] + rest
}

// numeral reads a number in any script's digits.
func numeral(s string) (int, bool) {
	n := 0
	for _, r := range s {
		d := digitValue(r)
		if d < 0 {
			return 0, false
		}
		if n = n*10 + d; n > 1e6 {
			n = 1e6
		}
	}
	return n, s != ""
}

// digitValue of a decimal digit of any script: the digits of each stand in
// runs of ten.
func digitValue(r rune) int {
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return -1
	}
	d := 0
	for d < 9 && unicode.Is(unicode.Nd, r-rune(d)-1) {
		d++
	}
	// Blocks that follow each other without a gap (mathematical digits) do not
	// stand in dates.
	return d
}

func embedsNumber(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return digitValue(r) >= 0 }) >= 0
}

func numbersIn(s string) (runs int, year bool) {
	n, in := 0, false
	end := func() {
		if in {
			runs++
			year = year || n >= 1900 && n <= 2100 || n >= 2440 && n <= 2640
		}
		n, in = 0, false
	}
	for _, r := range s {
		if d := digitValue(r); d >= 0 {
			in = true
			n = min(n*10+d, 1e6)
		} else {
			end()
		}
	}
	end()
	return runs, year
}

func lastRune(s string) rune { r, _ := utf8.DecodeLastRuneInString(s); return r }

// accept judges a logical line. quoted says that a marked quote or an HTML
// container follows it, ours that the letter we sent does.
func (sh *shape) accept(s string, quoted, ours bool) string {
	if !sh.colon && !sh.verbEnd && !sh.dressed {
		return ""
	}
	if len(sh.ts) == 0 || notIntro(sh) && !(sh.year && sh.numbers >= 3 && sh.bracketed) {
		return ""
	}
	marked := quoted || ours
	if !marked && sentenceInside(s) {
		return ""
	}
	words := len(sh.ts)
	date := sh.year && sh.numbers >= 3
	looseDate := sh.year && sh.numbers >= 2 || sh.numbers >= 2 && sh.time
	lead := sh.firstNum // words before the date
	verb := sh.verb >= 0
	switch {
	case sh.verbEnd && looseDate && (sh.opener || sh.addr >= 0 || lead <= 4 || marked):
		return "intro-verb"
	case sh.verbEnd && sh.addr >= 0 && (sh.addr <= 5 || sh.opener || marked):
		return "intro-verb"
	case verb && sh.colon && looseDate && sh.addr >= 0 && sh.bracketed:
		return "intro-verb"
	case verb && sh.colon && looseDate && sh.verb > sh.firstNum && sh.firstNum >= 0 && lead <= 3 && sh.verb-sh.lastNum <= 4 && sh.verb > sh.lastNum && words-sh.verb <= 6 && !weakVerb[sh.ts[sh.verb].text]:
		return "intro-verb"
	case sh.dressed && verb && words <= 30:
		return "intro-verb"
	case verb && sh.colon && sh.addr >= 0 && sh.bracketed && sh.addr <= 5 && words <= 30:
		return "intro-verb"
	case verb && sh.colon && date && sh.verb <= 4 && sh.firstNum > sh.verb && sh.firstNum-sh.verb <= 4:
		return "intro-verb" // Ada schrieb am 2. März 2026 um 10:00:
	case sh.colon && date && sh.addr >= 0 && sh.bracketed && (lead <= 3 || sh.addr <= 4 && sh.firstNum-sh.addr <= 8):
		return "intro-shape"
	case marked && sh.colon && sh.numbers >= 3 && (sh.time || sh.addr >= 0 || sh.year):
		return "intro-shape"
	case marked && (sh.colon || sh.verbEnd) && sh.addr >= 0 && sh.bracketed && words <= 25:
		return "intro-shape"
	case quoted && sh.verbEnd && sh.verb > 0 && words <= 6 && len(s) <= 100:
		return "intro-short" // Ada wrote:
	}
	return ""
}

// sentenceInside tells whether a sentence ends in the middle of the line: a
// full stop behind a long word, and a capital after it.
func sentenceInside(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if (s[i] == '.' || s[i] == '!' || s[i] == '?') && s[i+1] == ' ' && s[i+2] >= 'A' && s[i+2] <= 'Z' {
			n := 0
			for k := i - 1; k >= 0 && (s[k] >= 'a' && s[k] <= 'z'); k-- {
				n++
			}
			if n >= 5 {
				return true
			}
		}
	}
	return false
}

// weakVerb are verbs that stand in the middle of ordinary sentences.
var weakVerb = set(strings.Fields("said sent added commented disse dijo data scrive pisze пише"))

// notIntro knows the beginnings that look like an English intro and are none.
func notIntro(sh *shape) bool {
	t := sh.ts[0].text
	if t == "one" || t == "something" || t == "someone" || t == "i" || t == "we" {
		return true
	}
	return len(sh.ts) > 3 && t == "on" && sh.ts[1].text == "the" && (sh.ts[2].text == "other" || sh.ts[2].text == "one")
}

// introAt looks for an intro that ends at line j and returns the line it
// begins at, how many bytes of own text stand before it on that line, and the
// rule's name; "" if there is none.
func introAt(lines []line, j int, quoted, ours bool) (start, before int, rule string) {
	end := strings.TrimRight(lines[j].text, " \t*_-–—>\"'|")
	last := lastRune(end)
	if last != ':' && last != '：' {
		if !mayEnd(lines[j].text) && !(quoted && quotes(lines[j].text)) {
			return 0, 0, ""
		}
		if sh := shapeOf(lines[j].text); !sh.verbEnd && !sh.dressed {
			if quoted && j+1 < len(lines) && lines[j+1].depth > 0 && (sh.bareDate() || quoting(lines[j].text, &sh)) {
				return j, 0, "intro-shape"
			}
			return 0, 0, ""
		}
	}
	var b strings.Builder
	joined := ""
	for n := 1; n <= introLines; n++ {
		i := j - n + 1
		if i < 0 || lines[i].blank() || lines[i].depth != lines[j].depth || lines[i].kind != own || lines[i].fence || len(lines[i].text) > 4*introRunes {
			break
		}
		b.Reset()
		b.WriteString(strings.TrimSpace(lines[i].text))
		if joined != "" {
			b.WriteByte(' ')
			b.WriteString(joined)
		}
		joined = b.String()
		if utf8.RuneCountInString(joined) > introRunes+60 {
			break
		}
		text, cut := joined, 0
		if at := openerInside(joined, len(strings.TrimSpace(lines[i].text))); at > 0 {
			// In two languages: what stands before is an intro as well.
			if head := shapeOf(joined[:at]); head.verbEnd && head.addr >= 0 && head.year {
				return i, 0, "intro-verb"
			}
			text, cut = joined[at:], at
		}
		if utf8.RuneCountInString(text) > introRunes {
			continue
		}
		sh := shapeOf(text)
		r := sh.accept(text, quoted, ours)
		if r == "" {
			continue
		}
		start, before, rule = i, cut, r
		if cut > 0 || sh.opener || sh.year && sh.firstNum <= 2 && sh.addr != 0 {
			return start, before, rule
		}
		// The sender's name stands on the line above its address.
		if k := i - 1; sh.addr == 0 && k >= 0 && !lines[k].blank() && lines[k].kind == own && lines[k].depth == lines[j].depth {
			up := strings.TrimSpace(lines[k].text)
			if strings.HasSuffix(up, "<") || len(tokens(up)) <= 4 && !strings.ContainsAny(up, ".!?:;,") {
				start, joined = k, up+" "+joined
				i = k
			}
		}
		// Look on: the line above may be the beginning of this one.
		for k := i - 1; k >= 0 && k > j-introLines && cut == 0; k-- {
			up := lines[k]
			if up.blank() || up.depth != lines[j].depth || up.kind != own {
				break
			}
			whole := strings.TrimSpace(up.text) + " " + joined
			if utf8.RuneCountInString(whole) > introRunes {
				break
			}
			sh := shapeOf(whole)
			if (sh.opener || sh.firstNum >= 0 && sh.firstNum <= 2) && (sh.numbers >= 2 || sh.opener && byID(whole)) && sh.accept(whole, quoted, ours) != "" {
				start = k
				if sh.opener {
					break
				}
			}
			joined = whole
		}
		return start, before, rule
	}
	return start, before, rule
}

// bareDate tells whether a line is a name, an address and a date with its time,
// and nothing else: what some clients put right above a quote.
func (sh *shape) bareDate() bool {
	return sh.addr >= 0 && sh.addr <= 4 && sh.year && sh.time && sh.numbers >= 4 && len(sh.ts) <= 12
}

// quotes tells whether a line begins as "Quoting Ada (2026-03-02 10:00)" does,
// "[ Quoting <a@x> on Monday ]".
func quotes(s string) bool {
	s = strings.TrimLeft(s, " \t[*")
	for _, w := range []string{"Quoting ", "Zitat von ", "Citando ", "Citējot ", "Excerpts from "} {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

func quoting(s string, sh *shape) bool {
	return quotes(s) && (sh.addr >= 0 || sh.numbers >= 3) && len(sh.ts) <= 16
}

// byID tells whether an intro names the letter by its Message-ID, and needs no
// date: "In message <x@y> Ada <ada@x> wrote:".
func byID(s string) bool {
	for _, o := range []string{"In message <", "In article <"} {
		if strings.HasPrefix(s, o) {
			return true
		}
	}
	return false
}

// openerInside finds a known opener with a number soon behind it, inside the
// first limit bytes but not at their start: own text stands before the intro.
func openerInside(s string, limit int) int {
	for at := 1; at < limit && at < len(s); at++ {
		if s[at-1] != ' ' || !unicode.IsUpper(firstRune(s[at:])) {
			continue
		}
		for _, o := range introOpeners {
			rest, ok := strings.CutPrefix(s[at:], o)
			if !ok || len(o) < 2 || !strings.HasPrefix(rest, " ") || !unicode.IsUpper(firstRune(o)) {
				continue
			}
			ts := tokens(rest[:min(len(rest), 40)])
			for k := 0; k < len(ts) && k < 4; k++ {
				if embedsNumber(ts[k].text) {
					if prev := strings.TrimSpace(s[:at]); prev != "" && hasWord(prev) {
						return at
					}
				}
			}
		}
	}
	return 0
}
