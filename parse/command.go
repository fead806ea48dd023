package parse

import (
	"strconv"
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

// line reads one own line. ok is false when it is no command at all.
func (lx *lexicon) line(s string) (c Command, ok bool) {
	if len(s) > longestLine {
		s = s[:longestLine] + " and so on" // nothing so long is a word and a friendly tail
	}
	c.Line = strings.TrimSpace(s)
	struck := strings.Contains(s, "~~")
	s = strings.Trim(strings.ReplaceAll(s, "~~", ""), marks)
	s = unbullet(s)
	c.Task, s = taskPrefix(s)
	if c.Task == 0 {
		s = ungreet(s)
	}
	s = strings.TrimLeft(s, marks+"…")
	ts := tokens(s)
	for len(ts) > 0 && tails["soft"][ts[0].text] && pictograph(firstRune(ts[0].text)) {
		ts = ts[1:] // a thumb before the word
	}
	if len(ts) == 0 {
		return c, false
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
	if strings.ContainsAny(lead, `"'“”«»„<([{`) && decisive(word) {
		c.Doubt = DoubtTail // the word is mentioned, not said
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
		if friendly(rest) || word != "approve" && objects[join(tokens(tail))] {
			return "", 0
		}
		if word == "yes" {
			if tails["contrast"].has(tail) || tails["condition"].has(tail) || tails["negation"].has(tail) || strings.ContainsAny(tail, "?？") {
				return lx.doubt(word, rest), 0
			}
			return notACommand, 0
		}
		return lx.doubt(word, rest), 0
	case "status", "record", "help", "top":
		if friendly(rest) || objects[join(tokens(tail))] {
			return "", 0
		}
		return notACommand, 0
	case "redirect", "drop", "reopen":
		return lx.judgeReason(word, form, rest, tail), 0
	case "done":
		return lx.judgeDone(form, rest, tail), 0
	case "blocked", "question", "too big":
		return judgeReport(word, form, tail), 0
	case "now":
		if form == colon || form == dash {
			return "", 0
		}
	case "search":
		if form == colon || searchWords(tail) {
			return "", 0
		}
	case "to":
		if f := strings.Fields(tail); form != dash && len(f) > 0 && streamName(strings.TrimRight(f[0], ".,!;")) && (len(f) == 1 || friendly(strings.Join(f[1:], " ")) || join(tokens(strings.Join(f[1:], " "))) == "stream") {
			return "", 0
		}
	case "after":
		if n, after, ok := number2(tail); ok && n > 0 && (friendly(after) || strings.Trim(after, marks+".!") == "") {
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
		if strings.Trim(tail, marks+"?？") == "" && strings.ContainsAny(tail, "?？") {
			return DoubtQuestion
		}
		return ""
	}
	if friendly(rest) || objects[join(ts)] || len(ts) > 0 && reasons[ts[0].text] {
		return ""
	}
	d := lx.doubt(word, rest)
	if form == pause {
		// Behind a comma stands the reason, unless it begins by taking back.
		at0 := tails["contrast"].prefix(ts) > 0 || tails["condition"].prefix(ts) > 0
		if w, _ := lx.at(tail, ts); !at0 && !(decisive(w) && w != word) {
			return ""
		}
		return d
	}
	if obj := objects.prefix(ts); form == plain && obj > 0 && obj < len(ts) {
		// "drop it: no longer needed", "drop this one because …"
		if f, _ := separator(tail[ts[obj-1].end:]); f == colon || f == dash || f == pause && d == DoubtTail || reasons[ts[obj].text] {
			return ""
		}
	}
	if d == DoubtTail && word != "redirect" && form == plain {
		return notACommand // "Drop shadows are missing"
	}
	return d
}

// judgeDone: done must be the whole of it.
func (lx *lexicon) judgeDone(form form, rest, tail string) string {
	ts := tokens(tail)
	if at, ok := tails["partial"].any(ts); ok && (form != colon || strongPartial.any2(ts)) {
		if tails["contrast"][ts[at].text] && ts[at].text != "still" && ts[at].text != "yet" {
			return DoubtContradiction
		}
		return DoubtCondition
	}
	if strings.HasSuffix(strings.TrimRight(tail, marks), "?") && form != colon {
		return DoubtQuestion
	}
	if percent(tail) {
		return DoubtCondition
	}
	if form == colon || friendly(rest) {
		return ""
	}
	if len(ts) == 0 {
		return DoubtTail
	}
	if n := doneWhole.prefix(ts); form == plain && n > 0 && (n == len(ts) || friendly(tail[ts[n-1].end:])) {
		return ""
	}
	if form == plain && (ts[0].text == "today" || ts[0].text == "yesterday") {
		return notACommand // the label of a daily update
	}
	if d := lx.doubt("done", rest); d == DoubtNegation || d == DoubtQuestion {
		return d
	}
	if form == dash || form == pause || doneTails[ts[0].text] {
		return ""
	}
	return DoubtTail
}

// percent finds a share of less than all of it.
func percent(s string) bool {
	i := strings.IndexByte(s, '%')
	return i > 0 && !strings.HasSuffix(strings.TrimRight(s[:i], " "), "100")
}

// judgeReport: what an engineer reports is passed on, so a plain tail will do
// where it reads as one.
func judgeReport(word string, form form, tail string) string {
	ts := tokens(tail)
	if word == "blocked" && nothing[join(ts)] {
		return notACommand // "Blocked: none" in a daily update
	}
	switch {
	case form == colon || form == dash || form == pause:
		return ""
	case strings.HasSuffix(strings.TrimRight(tail, marks), "?") && word != "question":
		return DoubtQuestion
	case word == "too big":
		return ""
	case len(ts) > 0 && reportTails[word][ts[0].text]:
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
		if i > 0 && strings.ContainsAny(rest[ts[i-1].end:t.start], "?？") || i == 0 && strings.ContainsAny(rest[:t.start], "?？") {
			return DoubtQuestion
		}
		switch {
		case tails["contrast"].prefix(ts[i:]) > 0:
			return DoubtContradiction
		case tails["negation"].prefix(ts[i:]) > 0:
			return DoubtNegation
		case tails["condition"].prefix(ts[i:]) > 0:
			return DoubtCondition
		}
		if w, _ := lx.at(rest, ts[i:]); decisive(w) && w != word {
			return DoubtContradiction
		}
	}
	if strings.ContainsAny(rest, "?？") {
		return DoubtQuestion
	}
	return DoubtTail
}

// inside looks for a decision in a line that does not begin with it ("not
// approved", "looks good, approve once CI is green").
func (lx *lexicon) inside(c Command, s string, ts []token) (Command, bool) {
	for i := 1; i < len(ts); i++ {
		w, n := lx.at(s, ts[i:])
		if !decisive(w) && !(w == "done" && i <= 4 && tails["negation"].has(s[:ts[i].start])) {
			continue
		}
		c.Hint, c.Tail = w, strings.TrimSpace(s[ts[i+n-1].end:])
		before := s[:ts[i].start]
		switch {
		case tails["negation"].has(before):
			c.Doubt = DoubtNegation
		case tails["contrast"].has(before):
			c.Doubt = DoubtContradiction
		case tails["condition"].has(before) && !strings.ContainsAny(s, "?？"):
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
	return s
}

func (p phrases) has(s string) bool { _, ok := p.any(tokens(s)); return ok }

func (p phrases) any2(ts []token) bool { _, ok := p.any(ts); return ok }

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

func hasWord(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// unbullet takes a list mark away.
func unbullet(s string) string {
	for _, b := range []string{"- ", "* ", "• ", "· ", "– ", "— ", "+ ", "‣ ", "▪ ", "→ ", "-> ", "=> "} {
		if r, ok := strings.CutPrefix(s, b); ok {
			return strings.TrimLeft(r, marks)
		}
	}
	return s
}

// taskPrefix reads "#12", "# 12", "[#12]", "task 12" before a word.
func taskPrefix(s string) (int, string) {
	t := strings.TrimLeft(s, marks+"[(")
	if low := strings.ToLower(t); strings.HasPrefix(low, "task ") || strings.HasPrefix(low, "task#") {
		t = strings.TrimLeft(t[4:], " ")
		if len(t) > 0 && t[0] >= '0' && t[0] <= '9' {
			t = "#" + t
		}
	}
	if len(t) == 0 || t[0] != '#' && !strings.HasPrefix(t, "＃") {
		return 0, s
	}
	r := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(t, "#"), "＃"), " ")
	n := 0
	for n < len(r) && r[n] >= '0' && r[n] <= '9' {
		n++
	}
	if n == 0 {
		return 0, strings.TrimLeft(t, "# ") // "# approve": a heading mark
	}
	if !number(r[:n]) || n < len(r) && (wordRune(firstRune(r[n:])) || r[n] == '/' || r[n] == '-' && n+1 < len(r) && r[n+1] != ' ') {
		return 0, s
	}
	v, _ := strconv.Atoi(r[:n])
	return v, strings.TrimLeft(r[n:], marks+"]):.,-–—：")
}

// number2 reads "#7" or "7" at the start of a tail.
func number2(tail string) (n int, after string, ok bool) {
	t := strings.TrimPrefix(strings.TrimPrefix(tail, "task "), "number ")
	t = strings.TrimLeft(strings.TrimPrefix(t, "#"), " ")
	i := 0
	for i < len(t) && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	if !number(t[:i]) || i < len(t) && (wordRune(firstRune(t[i:])) || t[i] == '.' && i+1 < len(t) && t[i+1] != ' ' || strings.IndexByte(`/%:-`, t[i]) >= 0 && t[i] != ':') {
		return 0, "", false
	}
	n, _ = strconv.Atoi(t[:i])
	return n, t[i:], true
}

// ungreet takes a greeting off the front of a line: "Hi Dana, approve".
func ungreet(s string) string {
	ts := tokens(s)
	n := tails["greeting"].prefix(ts)
	if n == 0 {
		return s
	}
	for i := n; i <= min(n+3, len(ts)-1); i++ {
		gap := s[ts[i-1].end:ts[i].start]
		if strings.ContainsAny(gap, ",!.:–—-，！") {
			return strings.TrimLeft(s[ts[i-1].end:], " ,!.:–—-，！")
		}
		if w, _ := builtin.at(s, ts[i:]); w != "" {
			return s
		}
	}
	return s
}

// greeting tells whether a line is a greeting and nothing else.
func greeting(s string) bool {
	if len(s) > 200 {
		return false
	}
	if strings.ContainsAny(s, "?？/@<>=") {
		return false
	}
	s = strings.TrimRight(s, " ,!.:;–—-，！。:)")
	ts := tokens(s)
	n := tails["greeting"].prefix(ts)
	if n == 0 || len(ts)-n > 4 {
		return false
	}
	// Between the greeting and the names nothing but spaces, commas, "and".
	for i, t := range ts[n:] {
		if strings.ContainsAny(s[ts[n+i-1].end:t.start], ".!:;") {
			return false
		}
		if w, _ := builtin.at(s, ts[n+i:]); w != "" {
			return false
		}
		for _, kind := range []string{"negation", "condition", "contrast"} {
			if len(t.text) > 2 && tails[kind][t.text] {
				return false
			}
		}
	}
	return true
}

func streamName(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// searchWords: "search checkout totals", and not "Search is slow on mobile".
func searchWords(tail string) bool {
	ts := tokens(tail)
	if len(ts) == 0 || len(ts) > 5 || strings.ContainsAny(tail, ".,;:?!") {
		return false
	}
	for _, t := range ts {
		if sentenceWords[t.text] {
			return false
		}
	}
	return true
}

// awayTail: "until 3 March", "till Monday", "3-7 March", "from Monday to Friday".
func awayTail(tail string) bool {
	ts := tokens(tail)
	if len(ts) == 0 || len(ts) > 12 {
		return false
	}
	for _, t := range ts {
		if dateWords[t.text] || t.text[0] >= '0' && t.text[0] <= '9' {
			return awayOpeners[ts[0].text] || dateWords[ts[0].text] || ts[0].text[0] >= '0' && ts[0].text[0] <= '9'
		}
	}
	return false
}

var (
	objects       = newPhrases([]string{"it", "this", "this one", "this task", "that", "that one", "the task", "the stream", "stream", "this stream", "please", "it please", "this please", "work", "the work", "my task", "everything", "all", "the decision", "my decision", "that decision", "the approval", "my approval", "that approval", "my approve", "the last one", "the last decision", "the redirect", "my redirect", "now", "again", "of the queue", "of queue", "of the list", "priority", "me", "please help", "report", "the record", "the status"})
	reasons       = set([]string{"because", "since", "as", "due", "per", "weil", "da", "parce", "car", "porque", "perché", "omdat", "fordi", "eftersom", "потому", "因为"})
	doneWhole     = newPhrases([]string{"for review", "for your review", "for you", "for you to check", "for you to review", "to review", "to check", "for the gate", "to be reviewed", "for approval", "to approve", "for a look", "for testing"})
	doneTails     = set([]string{"to", "on", "in", "at", "see", "and", "as", "by", "this", "everything", "here", "please", "via", "it", "all", "it's", "live"})
	nothing       = set([]string{"none", "no", "nothing", "nope", "n/a", "n a", "na", "nobody", "not blocked", "no blockers", "nothing blocked", "nothing at the moment", "nothing right now", "nothing so far", "no one", "nothing today", "not at the moment", "keine", "nichts", "nein", "rien", "aucun", "nada", "niente", "nessuno", "niets", "geen", "inget", "ingen", "intet", "нет", "ничего", "无", "没有", "なし", "없음"})
	strongPartial = newPhrases(strings.Split("almost,nearly,half,halfway,partly,partially,mostly,first part,first half,second half,all but,not yet,not done,isn't done,yet to,remaining,left to do,todo,to-do,wip,in progress,work in progress,will finish,will be done,half done,noch nicht,fast fertig", ","))
	reportTails   = map[string]map[string]bool{
		"blocked":  set([]string{"by", "on", "until", "till", "waiting", "because", "since", "with", "at", "from", "as", "again", "still", "due"}),
		"question": set([]string{"about", "on", "regarding", "for", "re", "concerning", "to", "from", "of", "is", "should", "which", "what", "how", "do", "does", "can", "where", "when", "why", "who", "are", "may", "shall"}),
	}
	sentenceWords = set(strings.Fields("is are was were be been does doesn't do don't did didn't should shouldn't must can can't cannot could would will won't has have had returns return finds shows show fails fail breaks takes needs need gives give works work on the when that which results box field page bar button for in and not no"))
	dateWords     = set(strings.Fields("monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec today tomorrow week month end year weekend montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober dezember morgen"))
	awayOpeners   = set(strings.Fields("until till til thru through from on to for next this the all tomorrow today and bis vom ab am"))
)
