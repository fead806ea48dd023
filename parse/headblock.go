package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// labels are the words before the colon in the header block that clients put
// above history: folded label → role.
var labels = func() map[string]string {
	out := map[string]string{}
	for _, row := range tableRows("labels.txt") {
		for _, w := range tableWords(row[2]) {
			if k := fold(w); out[k] == "" {
				out[k] = row[0]
			}
		}
	}
	return out
}()

// labelOf reads "*From:* x", "From : x", "寄件者：x". role is "" when the label
// is not a known one; ok tells whether the line has the shape at all.
func labelOf(s string) (role, value string, ok bool) {
	s = strings.TrimLeft(s, " \t*_>|•")
	if len(s) > 2000 {
		s = s[:2000]
	}
	at := strings.IndexByte(s, ':')
	wide := strings.Index(s, "：")
	n := 1
	if wide >= 0 && (at < 0 || wide < at) {
		at, n = wide, len("：")
	}
	if at <= 0 || at > 60 {
		return "", "", false
	}
	label := strings.Trim(s[:at], " \t*_")
	if label == "" || utf8.RuneCountInString(label) > 25 || strings.Count(label, " ") > 3 || strings.ContainsAny(label, "@/<>()\"") {
		return "", "", false
	}
	return labels[fold(label)], strings.Trim(s[at+n:], " \t*_"), true
}

// beforeColon is what may be a label.
func beforeColon(s string) string {
	if i := strings.IndexAny(s, ":："); i >= 0 {
		return s[:i]
	}
	return s
}

// softHeader is answered for lines that may be a header block and are kept.
const softHeader = "header-faint"

// headerBlockAt tells whether a header block begins at line i: three lines
// with known labels (two if one is a date), or, in a language nobody listed,
// three label-shaped lines of which one holds an address and one a date. It
// returns how many lines it has.
func headerBlockAt(lines []line, i int) (n int, rule string) {
	role, _, ok := labelOf(lines[i].text)
	if !ok {
		return 0, ""
	}
	if (role == "from" || role == "date") && headInLine(lines[i].text) {
		return 1, "header-block"
	}
	first := beforeColon(lines[i].text)
	opening := lines[i].text[len(first):]
	if _, word := taskPrefix(first); everyWord.canon[join(tokens(word))] != "" {
		return 0, "" // "redirect: …" is the writer's, whatever stands below it
	}
	roles := map[string]bool{}
	sender, small := false, true
	doubled := i+2 < len(lines) && lines[i+1].blank() && !lines[i+2].blank()
	if i > 0 && lines[i-1].depth == lines[i].depth && patchLine(lines[i-1].text) {
		return 0, softHeader
	}
	shaped, known, addrs, bare, dates, last, strays := 0, 0, 0, 0, 0, i, 0
	type labelled struct{ role, value string }
	var values []labelled
	for j := i; j < len(lines) && j < i+24; j++ {
		l := &lines[j]
		if l.depth != lines[i].depth || l.box != lines[i].box || l.fence || ruleLine(l.text, 3) {
			break
		}
		if l.blank() {
			// Some clients double every line: then a blank stands between all
			// labels, and not only between the writer's words and the block.
			if doubled && j == last+1 {
				continue
			}
			break
		}
		if doubled && j == last+1 && j > i {
			return 0, ""
		}
		r, value, ok := labelOf(l.text)
		if embedsNumber(beforeColon(l.text)) {
			ok = false // "At 2026-03-02 10:00:00, Ada wrote:"
		}
		if !ok || r == "" && known > 0 && shaped == known {
			// A wrapped value, or the address on its own line.
			if known == 0 || strays >= 4 || doubled {
				break
			}
			strays++
			if strings.Contains(l.text, "@") {
				addrs++
			}
			continue
		}
		shaped++
		last = j
		if r != "" {
			known++
			roles[r] = true
			small = small && unicode.IsLower(firstRune(strings.TrimLeft(l.text, " \t")))
		}
		if value == "" && j+1 < len(lines) && !lines[j+1].blank() {
			value = lines[j+1].text // the value is on the next line
		}
		if r == "" && shaped == 2 && addrs == 1 && bare == 0 {
			sender = true // an address first and, below, a date
		}
		if (r == "from" || r == "to") && embedsNumber(value) && strings.Trim(value, "0123456789-/.: ") == "" {
			return 0, softHeader // "from: 2026-03-01": nobody's name
		}
		if strings.Contains(value, "@") && r != "other" {
			if r != "" || strings.Contains(value, "<") || strings.Contains(value, "[") {
				addrs++
			} else {
				bare++
			}
		}
		values = append(values, labelled{r, value})
	}
	if role == "" && (shaped < 3 || shaped > 12 || addrs+bare == 0) {
		return 0, "" // whatever dates it holds
	}
	for _, v := range values {
		if runs, _ := numbersIn(v.value); runs >= 2 { // else it has no shape of a date
			if sh := shapeOf(v.value); sh.numbers >= 2 && (sh.year || sh.time || v.role == "date") {
				dates++
			}
		}
	}
	distinct := len(roles)
	if roles["other"] {
		distinct--
	}
	evidence := addrs > 0 || dates > 0 || distinct >= 4
	switch {
	case role != "" && distinct >= 3 && evidence && (roles["from"] || roles["date"]),
		role != "" && distinct == 2 && roles["date"] && dates > 0 && (roles["from"] || addrs > 0):
		if small {
			return 0, softHeader // a program's: clients begin their labels with a capital
		}
		return last - i + 1, "header-block"
	case role == "" && known > 0 && !strings.Contains(opening, "@") && (!embedsNumber(opening) || distinct >= 3 && roles["from"] && !dated(opening)):
		return 0, "" // the block begins at a label that is known, below the writer's own line
	case shaped >= 3 && shaped <= 12 && addrs+bare > 0 && dates > 0 && sectionLabels[join(tokens(first))] == "":
		// Where a label is known we know its language's "From" too: a block
		// without it is the writer's own list. So is one whose addresses stand
		// bare, as forms have them. Neither is cut, and neither is trusted.
		if addrs > 0 && (known == 0 || roles["from"] || sender && !roles["date"]) {
			return last - i + 1, "header-shape"
		}
		return 0, softHeader
	}
	return 0, ""
}

// dated tells whether a value may be the date of a mail.
func dated(value string) bool {
	sh := shapeOf(value)
	return sh.numbers >= 2 && (sh.year || sh.time)
}

// headInLine tells whether a whole header block stands in one line, as some
// clients flatten it: "From: Ada <a@x> Date: 2 March 2026 To: Dana Subject: Cart".
func headInLine(s string) bool {
	if len(s) > 2000 {
		s = s[:2000]
	}
	roles := map[string]bool{}
	for rest := s; ; {
		before, after, ok := strings.Cut(rest, ":")
		if !ok {
			break
		}
		rest = after
		words := strings.Fields(before)
		for n := 1; n <= 2 && n <= len(words); n++ {
			if role := labels[fold(strings.Join(words[len(words)-n:], " "))]; role != "" && role != "other" {
				roles[role] = true
			}
		}
	}
	return len(roles) >= 4 && roles["from"] && roles["date"] && strings.Contains(s, "@")
}

// stackedHead tells whether a header block begins at line i whose labels stand
// alone, each above its value ("An", "dana@x", "Thema", "Cart"), with an address or
// a date on the line above it. start is that line, n how many lines of block there
// are from i on.
func stackedHead(lines []line, i int) (start, n int) {
	alone := func(k int) string {
		t := strings.TrimSpace(lines[k].text)
		if len(t) > 30 || lines[k].depth != lines[i].depth || lines[k].box != lines[i].box || lines[k].fence {
			return ""
		}
		return labels[fold(t)]
	}
	if r := alone(i); r != "from" && r != "to" {
		return i, 0
	}
	roles, last := map[string]bool{}, i
	for j := i; j < len(lines) && j < i+16; j++ {
		if r := alone(j); r != "" && r != "other" {
			roles[r], last = true, j
		}
	}
	if len(roles) < 3 || !roles["to"] || !roles["subject"] {
		return i, 0
	}
	start = i
	for up := i - 1; up >= 0 && up >= i-5; up-- {
		if t := lines[up].text; lines[up].blank() {
			continue
		} else if sh := shapeOf(t); len(t) > 100 || lines[up].kind != own || sh.addr < 0 && !(sh.year && sh.numbers >= 3) {
			break
		}
		start = up
	}
	if start == i {
		return i, 0
	}
	return start, last - i + 1
}

// patchLine tells whether a line is what git puts above a patch that is sent by
// mail: "From 1f2e3d4c Mon Sep 17 00:00:00 2001". The labels below it are the
// patch's.
func patchLine(s string) bool {
	rest, ok := strings.CutPrefix(s, "From ")
	return ok && len(rest) < 80 && strings.HasSuffix(rest, " Mon Sep 17 00:00:00 2001")
}

// separators above history: folded text → counts without dashes too.
var historySeparators = func() map[string]bool {
	out := map[string]bool{}
	for _, s := range tableLines("separator.txt") {
		bare := strings.HasPrefix(s, "*")
		k := fold(strings.TrimPrefix(s, "*"))
		out[k] = out[k] || bare
	}
	return out
}()

// bareSeparators are those that need no dashes.
var bareSeparators = func() *starts {
	var list []string
	for s, bare := range historySeparators {
		if bare {
			list = append(list, s)
		}
	}
	return startsOf(list)
}()

// separatorLine tells whether a line is one of the separators.
func separatorLine(s string) bool {
	if first := strings.TrimLeft(s, " \t"); first != "" && mime.IsAlnum(first[0]) && !bareSeparators.may(first) {
		return false // no dashes before it, and none of those that need none
	}
	s = strings.TrimSpace(strings.ReplaceAll(s[:min(len(s), 300)], "&nbsp;", " ")) // QUIRK: in plain text of one client
	if len(s) > 200 || len(s) < 4 {
		return false
	}
	core := strings.Trim(s, " \t-_*=~><:：—–―─|[]#")
	dashed := strings.HasPrefix(s, "--") || strings.HasPrefix(s, "==") || strings.HasPrefix(s, "__") || strings.HasPrefix(s, "**") || strings.HasPrefix(s, "—") || strings.HasPrefix(s, "–") || strings.HasPrefix(s, "―") || strings.HasPrefix(s, "──") || strings.HasPrefix(s, "- -") || strings.HasPrefix(s, "##") || strings.HasPrefix(s, "- ") && strings.HasSuffix(s, " -")
	k := fold(core)
	bare, ok := historySeparators[k]
	if ok && (dashed || bare && (strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") || k == fold(s) || strings.HasSuffix(s, "*") || strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"))) {
		return true
	}
	return dashed && (strings.HasPrefix(k, "forwarded by ") || strings.HasPrefix(k, "forwarded message") || strings.HasPrefix(k, "original message") || strings.HasPrefix(k, "reply to message"))
}

// arrowLine tells whether a line is what GroupWise puts above unmarked
// history: ">>> Ada 02.03.2026 09:14 >>>".
func arrowLine(raw string) bool {
	s := strings.TrimSpace(raw)
	if len(s) > 300 || !strings.HasPrefix(s, ">>>") || !strings.HasSuffix(s, ">>>") && !strings.HasSuffix(s, "<<<") {
		return false
	}
	sh := shapeOf(strings.Trim(s, "<> "))
	return sh.addr >= 0 || sh.numbers >= 3
}

// ruleLine tells whether a line is nothing but a rule of at least n marks.
func ruleLine(s string, n int) bool {
	s = strings.TrimSpace(s)
	return utf8.RuneCountInString(s) >= n && strings.Trim(s, "-_=*~—–―─━═＝＿ ") == ""
}
