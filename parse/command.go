package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A line is read as a command in three steps: what stands before the word (a
// greeting, "#12", emphasis) is taken away; the word is looked up; what
// follows it is judged by the word's own rule below. A rule answers with a
// doubt rather than with a guess.

// longestLine bounds, in bytes, how much of a line is read as a command.
const longestLine = 64 << 10

// marks stand around a line without meaning: emphasis, code.
const marks = "*_` \t\u00a0"

// dashed tells whether a line is struck through as wikis do it: -approve-
func dashed(s string) bool {
	return len(s) > 2 && s[0] == '-' && s[len(s)-1] == '-' && !strings.ContainsAny(s[1:2]+s[len(s)-2:len(s)-1], "- ")
}

// line reads one own line. ok is false when it is no command at all.
func (lx *lexicon) line(s string) (c Command, ok bool) {
	if len(s) > longestLine {
		s = s[:longestLine] + " and so on" // nothing so long is a word and a friendly tail
	}
	c.Line = strings.TrimSpace(s)
	struck := strings.Contains(s, "~~") || dashed(c.Line)
	s = strings.Trim(strings.ReplaceAll(s, "~~", ""), marks)
	s = unbullet(s)
	c.Task, s = taskPrefix(s)
	if c.Task == 0 {
		s = ungreet(s)
	}
	s = strings.TrimLeft(s, marks+"…")
	ts := tokens(s)
	for len(ts) > 0 && tails["soft"].all[ts[0].text] && pictograph(firstRune(ts[0].text)) {
		ts = ts[1:] // a thumb before the word
	}
	if len(ts) == 0 {
		c.Tail = answer(s)
		return c, c.Task != 0 && c.Tail != ""
	}
	lead := strings.Trim(s[:ts[0].start], marks)
	word, n := lx.at(s, ts)
	if word == "" || hasWord(lead) {
		return lx.inside(c, s, ts)
	}
	rest := s[ts[n-1].end:]
	c.Tail = strings.Trim(strings.TrimLeft(rest, marks+",:;.-–—：，！!…"), marks)
	c.Hint = word
	if struck {
		c.Doubt = DoubtContradiction
		return c, true
	}
	if d := doubtfulLead(lead); d != "" && decisive(word) {
		c.Doubt = d
		return c, true
	}
	verdict, task := lx.judge(word, s, rest, ts[n:])
	if task != 0 && c.Task == 0 {
		c.Task = task
	} else if task != 0 && task != c.Task {
		verdict = DoubtContradiction
	}
	switch verdict {
	case "":
		c.Word, c.Hint = word, word
	case notACommand:
		if c.Task == 0 {
			return c, false
		}
		c.Tail, c.Hint = answer(s), ""
	default:
		c.Doubt = verdict
	}
	return c, true
}

// doubtfulLead says why a decision does not count behind the signs that stand
// before it: "!approve" is a not to whoever writes programs, "?approve" asks, in
// quotes or brackets the word is mentioned and not said. Bullets, dashes, a
// number sign and a thumb mean nothing.
func doubtfulLead(lead string) string {
	switch {
	case containsAny(lead, "?？¿؟"):
		return DoubtQuestion
	case containsAny(lead, "!！¬≠~"):
		return DoubtNegation
	}
	for _, r := range lead {
		if !strings.ContainsRune("-–—•·*#/.…:,_¡` \t\ufe0f", r) && !pictograph(r) && !unicode.Is(unicode.Sk, r) {
			return DoubtTail
		}
	}
	return ""
}

// notACommand is the verdict on a line that merely begins with the word.
const notACommand = "none"

// judge says whether what follows a word leaves it a command: "" yes, a doubt,
// or notACommand. A number that is the word's object ("approve #12") is told.
func (lx *lexicon) judge(word, s, rest string, ts []token) (verdict string, task int) {
	form, tail := separator(rest)
	if form == alone {
		return "", 0
	}
	if form == asked {
		if word == "status" || word == "help" || word == "record" {
			return "", 0
		}
		return DoubtQuestion, 0
	}
	if r := strings.TrimLeft(rest, " "); decisive(word) && len(r) > 1 && r[0] == '-' && r[1] >= '0' && r[1] <= '9' {
		return DoubtTail, 0 // a vote against, and no task
	}
	if (word == "approve" || word == "queue" || word == "resume") && form != colon && lx.saysMore(word, rest) {
		return "", 0
	}
	if word != "after" && word != "to" && word != "away" && word != "search" && word != "done" && form != colon {
		if n, after, ok := number2(tail); ok {
			if v, _ := lx.judge(word, s, after, tokens(after)); v == "" {
				return "", n
			}
			return lx.doubt(word, rest), n
		}
	}
	switch word {
	case "approve", "queue", "undo", "pause", "resume", "yes":
		ts := tokens(tail)
		if lx.friendly(rest) || word == "approve" && lx.kind(rest) || word != "approve" && tails["object"].is(ts) || word == "undo" && lx.apologises(rest) || (word == "pause" || word == "resume" && against(tail, tokens(tail), false) == "") && (form == dash || form == pause) && lx.doubt(word, rest) == DoubtTail || word == "yes" && tails["mine"].is(ts) {
			return "", 0
		}
		if word == "yes" {
			if tails["contrast"].has(tail) || tails["condition"].has(tail) || tails["negation"].has(tail) || containsAny(tail, "?？") {
				return lx.doubt(word, rest), 0
			}
			return notACommand, 0
		}
		return lx.doubt(word, rest), 0
	case "status", "record", "help", "top", "back":
		if lx.friendly(rest) || tails["object"].is(tokens(tail)) {
			return "", 0
		}
		return notACommand, 0
	case "redirect", "drop", "reopen":
		return lx.judgeReason(word, form, rest, tail), 0
	case "done":
		return lx.judgeDone(form, rest, tail), 0
	case "blocked", "question", "too big":
		return judgeReport(word, form, rest, tail), 0
	case "now":
		if form == colon || form == dash {
			return "", 0
		}
	case "search":
		if form == colon || searchWords(tail) {
			return "", 0
		}
	case "to":
		if f := strings.Fields(tail); form != dash && len(f) > 0 && streamName(strings.TrimRight(f[0], ".,!;")) && (len(f) == 1 || lx.friendly(strings.Join(f[1:], " ")) || join(tokens(strings.Join(f[1:], " "))) == "stream") {
			return "", 0
		}
	case "after":
		if n, after, ok := number2(tail); ok && n > 0 && (lx.friendly(after) || strings.Trim(after, marks+".!") == "") {
			return "", 0
		}
	case "away":
		if form == colon || awayTail(tail) {
			return "", 0
		}
	}
	return notACommand, 0
}

// judgeReason: redirect, drop and reopen take a reason behind a colon, dash or
// other punctuation, or "because".
func (lx *lexicon) judgeReason(word string, form form, rest, tail string) string {
	ts := tokens(tail)
	if form == colon || form == dash {
		if strings.Trim(tail, marks+"?？") == "" && containsAny(tail, "?？") {
			return DoubtQuestion
		}
		return lx.unmeant(word, tail)
	}
	if lx.friendly(rest) || tails["object"].is(ts) || len(ts) > 0 && tails["reason"].all[ts[0].text] {
		return ""
	}
	d := lx.doubt(word, rest)
	if form == pause && len(ts) > 1 && ts[0].text == "sorry" && strings.HasPrefix(tail[ts[0].end:], ":") {
		return lx.unmeant(word, tail[ts[1].start:]) // "Redirect, sorry: the link is dead"
	}
	if form == pause {
		// Behind a comma stands the reason, unless it begins by taking back.
		at0 := tails["contrast"].prefix(ts) > 0 || tails["condition"].prefix(ts) > 0
		if w, _ := lx.at(tail, ts); !at0 && !(decisive(w) && w != word) {
			return lx.unmeant(word, tail)
		}
		return d
	}
	if obj := tails["object"].prefix(ts); form == plain && obj > 0 && obj < len(ts) {
		// "drop it: no longer needed", "drop this one because …"
		if f, _ := separator(tail[ts[obj-1].end:]); f == colon || f == dash || f == pause && d == DoubtTail || tails["reason"].all[ts[obj].text] {
			return ""
		}
	}
	if d == DoubtTail && word != "redirect" && form == plain {
		return notACommand // "Drop shadows are missing"
	}
	if word == "redirect" && form == plain && d != DoubtQuestion && lx.complains(tail, ts) {
		return ""
	}
	return d
}

// complains tells whether what follows redirect without a sign is a sentence that
// says what is wrong, as whoever dictates sends it: "redirect the sync stops at
// night". It must have a verb right behind what it is about: "redirect the
// customers to the new page" says what to redirect.
func (lx *lexicon) complains(tail string, ts []token) bool {
	if len(ts) < 5 || containsAny(tail, "?？") || againstTable["partial"].any2(ts) {
		return false
	}
	for i := range ts {
		if w, _ := lx.at(tail, ts[i:]); decisive(w) {
			return false
		}
	}
	n := 0
	switch {
	case againstTable["subject"].prefix(ts) > 0: // "it is", "I cannot", "there is"
		n = 1
	case againstTable["article"].prefix(ts) > 0:
		for i := 2; i < min(len(ts), 5) && n == 0; i++ {
			if againstTable["verb"].prefix(ts[i:]) > 0 && tails["of-name"].prefix(ts[i-1:]) == 0 && !relative[ts[i-1].text] {
				n = i
			}
		}
	}
	return n > 0 && (against(tail, ts, false) != "" || againstTable["stops"].any2(ts))
}

// relative are words behind which a verb tells which one is meant.
var relative = set(strings.Fields("who which that whose to if when"))

// apologises tells whether each part of what stands behind undo is friendly or
// says why: "please, wrong task", "!! I meant the other one".
func (lx *lexicon) apologises(rest string) bool {
	if containsAny(rest, "?？") {
		return false
	}
	for _, clause := range clauses(rest, tokens(rest)) {
		if tails["apology"].prefix(clause) == 0 && !tails["object"].is(clause) && !lx.friendlyClause(rest, clause, true) {
			return false
		}
		for i := range clause {
			if d := sign(clause[i:]); d == DoubtNegation || d == DoubtCondition {
				return false
			}
		}
	}
	return true
}

// unmeant tells why a reason takes its word back: "drop: no, keep it". What is
// broken, or has to be fixed first, is a reason; and what redirect says is for
// the engineer to read.
func (lx *lexicon) unmeant(word, reason string) string {
	ts := tokens(reason)
	switch {
	case word == "redirect" || len(ts) == 0 || word == "drop" && tails["gone"].is(ts):
		return ""
	case tails["alone"].is(ts), refuses(reason, ts), tails["unmeant"].prefix(ts) > 0:
		return DoubtContradiction
	case makesWait(ts):
		return DoubtCondition
	}
	return ""
}

// judgeDone: done must be the whole of it.
func (lx *lexicon) judgeDone(form form, rest, tail string) string {
	ts := tokens(tail)
	if n := tails["done-whole"].prefix(ts); form == plain && n > 0 && (n == len(ts) || lx.friendly(tail[ts[n-1].end:])) {
		return ""
	}
	if form == pause && strings.HasPrefix(strings.TrimLeft(rest, marks), ".") { // sentences of their own are read as those below: "done. Open: the mail"
		if by := lx.limited("", tail, "done"); by.why != "" {
			return by.why
		}
		if unicode.IsUpper(firstRune(tail)) && !tails["strong-partial"].any2(ts) && tails["contrast"].prefix(ts) == 0 && tails["unready"].prefix(ts) == 0 {
			return ""
		}
	}
	if at, ok := tails["partial"].any(ts); ok && (form != colon || tails["strong-partial"].any2(ts)) {
		if tails["contrast"].all[ts[at].text] && ts[at].text != "still" && ts[at].text != "yet" {
			return DoubtContradiction
		}
		return DoubtCondition
	}
	if strings.HasSuffix(strings.TrimRight(tail, marks), "?") && form != colon {
		return DoubtQuestion
	}
	if percent(tail, ts) || tails["unready"].prefix(ts) > 0 || tails["nothing"].is(ts) || someOf(tail, ts) || undone(tail) || goesOnTo(tail) || form == plain && len(ts) > 0 && ts[0].text == "to" && tails["condition"].any2(ts) { // "ready to deploy after the freeze"
		return DoubtCondition
	}
	if form == colon || lx.friendly(rest) {
		return ""
	}
	if len(ts) == 0 {
		return DoubtTail
	}
	if form == plain && (ts[0].text == "today" || ts[0].text == "yesterday") {
		return notACommand // the label of a daily update
	}
	if d := lx.doubt("done", rest); d == DoubtNegation || d == DoubtQuestion {
		return d
	}
	if form == dash || form == pause || tails["done-tail"].all[ts[0].text] {
		return ""
	}
	return DoubtTail
}

// someOf tells whether words begin with a part of a number: "3 of 5", "part 1 of 2",
// "4/5".
func someOf(s string, ts []token) bool {
	if len(ts) > 0 && !digits(ts[0].text) {
		ts = ts[1:]
	}
	if len(ts) < 2 || !digits(ts[0].text) {
		return false
	}
	whole := 1
	if n := tails["of"].prefix(ts[1:]); n > 0 {
		whole += n
	} else if strings.Trim(s[ts[0].end:ts[1].start], " ") != "/" {
		return false
	}
	return whole < len(ts) && digits(ts[whole].text) && ts[0].text != ts[whole].text
}

// undone tells whether a sentence says that something is left to do. Behind a no or a
// condition it says what the work does: "no total is missing", "it warns when one is
// missing".
func undone(text string) bool {
	for said := range sentences(text) {
		ts := tokens(said)
		at, ok := tails["undone"].any(ts)
		for i := 0; ok && i < at; i++ {
			ok = tails["negation"].prefix(ts[i:]) == 0 && !imagined[ts[i].text] && !relative[ts[i].text] && !nobody[ts[i].text]
		}
		if ok {
			return true
		}
	}
	return false
}

// nobody are words behind which nothing is left.
var nobody = set(strings.Fields("no nothing none nobody never without kein keine nichts niemand ohne nada ninguna ningún sin"))

// goesOnTo tells of a daily update in one line: "done: the query. Next: the totals".
func goesOnTo(tail string) bool {
	for said := range sentences(tail) {
		label, _, ok := strings.Cut(said, ":")
		if ts := tokens(label); ok && said != tail && (tails["unfinished-label"].is(ts) || tails["unfinished"].is(ts)) {
			return true
		}
	}
	return false
}

// percent finds a share of less than all of it: at the start, behind a word like
// "about", or before one like "finished". Else it is of what was delivered: "done: the
// codes give 20 %".
func percent(s string, ts []token) bool {
	for i, t := range ts {
		if rest := strings.TrimLeft(s[t.end:], " "); !strings.HasPrefix(rest, "%") || strings.HasSuffix(t.text, "100") {
			continue
		}
		at := i
		if i > 0 && ts[i-1].end+1 == t.start && embedsNumber(ts[i-1].text) {
			at-- // "12.5 %"
		}
		if embedsNumber(t.text) && (at == 0 || nearly[ts[at-1].text] || i+1 < len(ts) && finished[ts[i+1].text]) {
			return true
		}
	}
	return false
}

// nearly stand before a share of the work, finished behind it.
var (
	nearly   = set(strings.Fields("about around roughly approx ca circa etwa ungefähr rund nur erst only just at to is it's it bei zu auf almost nearly fast mostly over some say i'd environ vers à casi al un solo sobre quasi circa al bijna ongeveer för och"))
	finished = set(strings.Fields("done finished complete completed ready there fertig erledigt geschafft hecho listo terminado terminé fini fait klaar gedaan pronto fatto finito feito klart klar färdigt gotowe hotovo"))
)

// firstSentence is a text up to a full stop with a capital behind it.
func firstSentence(s string) string {
	if said, more, ok := strings.Cut(s, ". "); ok && unicode.IsUpper(firstRune(more)) {
		return said
	}
	return s
}

// judgeReport: what an engineer reports is passed on, so a plain tail will do
// where it reads as one.
func judgeReport(word string, form form, rest, tail string) string {
	ts := tokens(tail)
	if word != "too big" && (tails["nothing"].all[join(tokens(firstSentence(tail)))] || len(ts) == 0 && strings.ContainsAny(rest, "-–—/")) {
		return notACommand // "Blocked: none", "Blocked: -" in a daily update
	}
	switch {
	case form == colon || form == dash || form == pause:
		return ""
	case strings.HasSuffix(strings.TrimRight(tail, marks), "?") && word != "question":
		return DoubtQuestion
	case word == "too big":
		return ""
	case len(ts) > 0 && tails["report-"+word].all[ts[0].text]:
		return ""
	}
	return notACommand
}

// form is how a tail is joined to its word.
type form int

const (
	plain form = iota
	alone      // nothing follows but punctuation
	asked      // a question mark follows at once
	colon
	dash
	pause // a comma, full stop, semicolon or exclamation mark
)

// separator tells the form and returns the tail without it.
func separator(rest string) (form, string) {
	r := strings.TrimLeft(rest, marks)
	if strings.Trim(r, marks+".!…,;:。！，；：)") == "" {
		return alone, ""
	}
	spaced := len(r) < len(rest)
	first := firstRune(r)
	tail := strings.Trim(strings.TrimLeft(r[utf8.RuneLen(first):], marks+".!,;:-–—"), marks)
	switch first {
	case '?', '？', '¿':
		return asked, tail
	case ':', '：', '=':
		return colon, tail
	case '-', '–', '—':
		if spaced || first != '-' {
			return dash, tail
		}
		return plain, strings.Trim(r, marks) // "to-do", "now-ish"
	case ',', '.', ';', '!', '…', '，', '。', '！', '；', '、':
		return pause, tail
	}
	return plain, strings.Trim(r, marks)
}

// doubt names why a line with the word and this tail is no command: by the
// first sign in it.
func (lx *lexicon) doubt(word, rest string) string {
	ts := tokens(rest)
	for i, t := range ts {
		if i > 0 && containsAny(rest[ts[i-1].end:t.start], "?？¿") || i == 0 && containsAny(rest[:t.start], "?？¿") {
			return DoubtQuestion
		}
		if d := sign(ts[i:]); d != "" {
			return d
		}
		if w, _ := lx.at(rest, ts[i:]); decisive(w) && w != word {
			return DoubtContradiction
		}
	}
	if containsAny(rest, "?？") {
		return DoubtQuestion
	}
	return DoubtTail
}

// sign names what the longest phrase at the start of ts is a sign of: in Spanish
// "en principio" is a condition, and no Finnish "en" with a word behind it.
func sign(ts []token) string {
	doubt, _ := longestSign(ts)
	return doubt
}

// longestSign is sign, and of how many words it is.
func longestSign(ts []token) (doubt string, most int) {
	for _, s := range []struct{ kind, doubt string }{{"contrast", DoubtContradiction}, {"negation", DoubtNegation}, {"condition", DoubtCondition}} {
		if n := tails[s.kind].prefix(ts); n > most {
			doubt, most = s.doubt, n
		}
	}
	return doubt, most
}

// inside looks for a decision in a line that does not begin with it ("not
// approved", "looks good, approve once CI is green").
func (lx *lexicon) inside(c Command, s string, ts []token) (Command, bool) {
	for i := 1; i < len(ts); i++ {
		w, n := lx.at(s, ts[i:])
		if !decisive(w) && !(w == "done" && i <= 4 && tails["negation"].has(s[:ts[i].start])) {
			continue
		}
		c.Hint, c.Tail, c.inside = w, strings.TrimSpace(s[ts[i+n-1].end:]), true
		before := s[:ts[i].start]
		switch {
		case tails["negation"].has(before):
			c.Doubt = DoubtNegation
		case tails["contrast"].has(before):
			c.Doubt = DoubtContradiction
		case tails["condition"].has(before) && !containsAny(s, "?？"):
			c.Doubt = DoubtCondition
		default:
			c.Doubt = lx.doubt(w, s[ts[i+n-1].end:])
		}
		return c, true
	}
	if c.Task != 0 {
		c.Tail = answer(s)
		return c, true
	}
	return c, false
}

// answer is the words for a task, without the word "answer" before them.
func answer(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 6 && strings.EqualFold(s[:6], "answer") && strings.IndexByte(" :,-", s[6]) >= 0 {
		s = strings.TrimLeft(s[6:], " :,-")
	}
	for _, lead := range []string{"antwort:", "respuesta:"} {
		if rest := fold(s); strings.HasPrefix(rest, lead) {
			s = strings.TrimSpace(s[len(lead):])
		}
	}
	return s
}

func (p phrases) has(s string) bool { _, ok := p.any(tokens(s)); return ok }

func (p phrases) any2(ts []token) bool { _, ok := p.any(ts); return ok }

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

func hasWord(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}
