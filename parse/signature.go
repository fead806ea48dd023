package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a signature that no delimiter announces.
const (
	signoffLines = 8  // from the end, blank lines not counted
	namedLines   = 16 // the same below a sign-off with the sender's name
	signoffWidth = 70 // runes of a line in it
)

// signatures marks what stands at the end of each run of own lines about the
// writer.
func (r *reading) signatures(from Address) {
	for i := range r.lines {
		if l := &r.lines[i]; l.sign && l.kind == own {
			l.is(signature, "signature-html")
			if up := prevSolid(r.lines, i); r.lines[up].kind == own && !r.lines[up].sign && r.lines[up].depth == 0 && strings.TrimSpace(r.lines[up].text) == "--" {
				r.lines[up].is(signature, "signature-html") // above the element that a client marks
			}
		}
	}
	for _, reg := range r.regions() {
		r.signed(reg[0], reg[1], from)
	}
}

func (r *reading) signed(start, end int, from Address) {
	lines := r.lines
	mark := func(at int, rule string) {
		for k := at; k < end; k++ {
			if lines[k].kind == own {
				lines[k].is(signature, rule)
			}
		}
	}
	isOwn := func(k int) bool { return lines[k].kind == own && !lines[k].blank() }
	for k := end - 1; k > start; k-- {
		if isOwn(k) && lines[k-1].blank() && tails["postscript"].prefix(firstTokens(lines[k].text, longestPhrase)) > 0 {
			r.signed(k, end, from) // said below the name, or above it
			end = k
			break
		}
	}
	if k := lastParagraph(lines, start, end); k > start && k < end && (limitsLine(lines[k].text) || faulty(lines[k].text)) {
		named := false
		for i := k; i < end; i++ {
			named = named || isOwn(i) && (isName(lines[i].text, from) || signoffLine(lines[i].text) || lines[i].text == "-- ")
		}
		if !named {
			end = k // "Dana", and below it "but only after Monday", "The total is wrong"
		}
	}
	if i := r.delimiter(start, end, from); i < end {
		mark(i, "signature-delimiter")
		end = i
	}
	// The last own lines, from the end.
	var tail []int
	for k := end - 1; k >= start && len(tail) < namedLines; k-- {
		if lines[k].kind == own && !lines[k].blank() {
			tail = append(tail, k)
		}
	}
	if len(tail) == 0 {
		return
	}
	above := func(k int) bool { // something is said above line k
		for i := start; i < k; i++ {
			if isOwn(i) && !greeting(lines[i].text) {
				return true
			}
		}
		return false
	}
	// closing marks from line k on, with the sign-off that stands above a name
	// further up than a signature is looked for, and a rule right above it.
	closing := func(k int, rule string) {
		up := k - 1
		for up > start && !isOwn(up) {
			up--
		}
		if rule == "name" && up >= start && isOwn(up) && closes(strings.TrimSpace(lines[up].text), from) && above(up) {
			k = up
		}
		if k > start && isOwn(k-1) && ruleLine(lines[k-1].text, 3) {
			k--
		}
		up = k - 1
		for up > start && !isOwn(up) {
			up--
		}
		if up > start && isOwn(up) && placeholder(lines[up].text) {
			k = up
		}
		mark(k, rule)
	}
	for n := len(tail) - 1; n >= 0; n-- {
		k := tail[n]
		after := tail[:n]
		t := strings.TrimSpace(lines[k].text)
		named := n > 0 && signoffLine(t) && isName(card(lines[tail[n-1]].text), from)
		if n >= signoffLines && !named || !shortLines(lines, after, named) && !(n > 0 && fullName(t, from) && shortLines(lines, after, true)) || lines[k].fence {
			continue
		}
		switch {
		case signoffLine(t) && sampled(lines, start, k, after, from):
		case signoffLine(t) && (n == 0 && !thanks(t) || n > 0 && whose(lines[tail[n-1]].text, strings.HasSuffix(t, ","), from)):
			if above(k) || n > 0 {
				if !above(k) && len(after) > 0 && thanks(t) {
					return // "Thanks, Dana" is all there is
				}
				closing(k, "signoff")
				return
			}
		case n == 0 && above(k) && signoffWithName(t, from):
			mark(k, "signoff")
			return
		case n == 1 && above(k) && signoffFrom(t) && isName(lines[tail[0]].text, from):
			closing(k, "signoff")
			return
		case (k == start || lines[k-1].blank() || isOwn(k-1) && (ruleLine(lines[k-1].text, 3) || placeholder(lines[k-1].text) || n == 0 && sentenceEnd(lines[k-1].text))) && above(k) && isName(t, from) && !announced(lines, start, k):
			closing(k, "name")
			return
		case t == "| |" && n > 0 && above(k):
			mark(k, "name") // QUIRK: the card of a client for phones
			return
		case n > 0 && n <= 6 && above(k) && ruleLine(t, 3) && tail[n-1] == k+1 && isName(card(lines[k+1].text), from):
			mark(k, "name")
			return
		case n <= 6 && above(k) && (k == start || lines[k-1].blank()) && carded(t, from, n > 0) && !announced(lines, start, k):
			closing(k, "name")
			return
		case n == 0 && above(k) && len(t) <= 5 && (lines[k-1].blank() || sentenceEnd(lines[k-1].text)) && (t[0] == '/' || strings.HasSuffix(t, ".") || sentenceEnd(lines[prevSolid(lines, k)].text) || strings.HasSuffix(lines[prevSolid(lines, k)].text, "?")) && initialed(t, from):
			mark(k, "name") // "D.", "/D", "- D" or "DK" below a sentence
			return
		case n == 0 && above(k) && isAddress(t, from):
			mark(k, "name")
			return
		case n == 0 && above(k) && ornament(t) != 0 && boxed(lines, tail, t) > 0:
			mark(tail[boxed(lines, tail, t)], "name")
			return
		case n > 1 && above(k) && ornament(t) != 0 && headed(lines, after, from):
			mark(k, "name")
			return
		case n == 0 && above(k) && dashName(t, from, k > start && lines[k-1].blank()):
			mark(k, "dash-name")
			return
		}
	}
}

// announced tells whether the line above line k announces what stands there: "The
// staff page should say:" above a name.
func announced(lines []line, start, k int) bool {
	for k--; k > start && (lines[k].kind != own || lines[k].blank()); k-- {
	}
	t := strings.TrimSpace(lines[max(k, start)].text)
	return k >= start && strings.HasSuffix(t, ":") && strings.Count(t, " ") >= 2 && !lines[k].sign && signoffs.prefix(firstTokens(t, longestPhrase)) == 0
}

// goesOn tells whether the signature below the delimiter at line i is a sample: it
// does not name the sender, and words go on below it.
func goesOn(lines []line, i, end int, from Address) bool {
	k := i + 1
	for ; k < end && !lines[k].blank(); k++ {
		if isName(card(lines[k].text), from) || isAddress(lines[k].text, from) {
			return false
		}
	}
	return k > i+1 && next(lines[:end], k) < end
}

// sampled tells whether the sign-off at line k, with the lines after below it, ends
// a mail that the writer shows and not their own: it does not name them, and is
// indented, or its paragraph is announced.
func sampled(lines []line, start, k int, after []int, from Address) bool {
	for _, i := range after {
		if isName(card(lines[i].text), from) {
			return false
		}
	}
	if len(after) == 0 {
		return false
	}
	if strings.HasPrefix(lines[k].text, "  ") || strings.HasPrefix(lines[k].text, "\t") {
		return true
	}
	up := k
	for up > start && !lines[up-1].blank() && lines[up-1].kind == own {
		up--
	}
	return up < k && announced(lines, start, up)
}

// lastParagraph is where the last paragraph of own lines begins.
func lastParagraph(lines []line, start, end int) int {
	for end > start && lines[end-1].blank() {
		end--
	}
	for end > start && !lines[end-1].blank() && lines[end-1].kind == own {
		end--
	}
	return end
}

// limitsLine tells whether a line opens as what takes something back does.
func limitsLine(t string) bool { return limiting(firstTokens(t, longestPhrase)) }

func limiting(ts []token) bool {
	return len(ts) >= 3 && (tails["contrast"].prefix(ts) > 0 || tails["condition"].prefix(ts) > 0 || tails["negation"].prefix(ts) > 0)
}

// delimiterLines is how many lines there may be below a "--" that is not exactly
// the delimiter.
const delimiterLines = 12

// delimiter is the line of the delimiter of RFC 3676 §4.3, or its form without
// the space, in a run of own lines; end if there is none. It looks at each line
// once: what stands below the first of them is a few lines at most.
func (r *reading) delimiter(start, end int, from Address) int {
	lines := r.lines
	isOwn := func(k int) bool { return lines[k].kind == own && !lines[k].blank() }
	near := end // from here on there are few enough lines
	for n := 0; near > start; near-- {
		if isOwn(near - 1) {
			if n++; n > delimiterLines+1 {
				break
			}
		}
	}
	for i := start; i < end; i++ {
		l := &lines[i]
		if l.kind != own || l.fence || l.depth > 0 {
			continue
		}
		if strings.HasPrefix(l.text, "--") && (patchEnd(lines, i, end) || announced(lines, start, i) && goesOn(lines, i, end, from)) {
			continue
		}
		if l.text == "-- " {
			return i
		}
		t := strings.TrimRight(l.text, " \t")
		if i < near || t != "--" && t != "—" && t != "- --" || !(i == start || lines[i-1].blank() || t == "--") {
			continue
		}
		solid, wide := 0, false
		for k := i + 1; k < end; k++ {
			if isOwn(k) {
				n := utf8.RuneCountInString(lines[k].text)
				wide = wide || n > 100 || solid < 2 && n > signoffWidth || solid == 0 && fullSentence(lines[k].text) // for a name or an address
				solid++
			}
		}
		if solid > 0 && solid <= delimiterLines && !wide {
			return i
		}
	}
	return end
}

// patchEnd tells whether the delimiter at line i ends a patch that the writer put into
// the text: git writes its version below it, and words go on below that.
func patchEnd(lines []line, i, end int) bool {
	if i+2 >= end || !gitVersion(lines[i+1].text) || !lines[i+2].blank() {
		return false
	}
	for k := i + 3; k < end; k++ {
		if lines[k].kind == own && !lines[k].blank() {
			return true
		}
	}
	return false
}

// gitVersion: "2.45.2", "2.39.5 (Apple Git-154)", "2.45.2.windows.1".
func gitVersion(t string) bool {
	v, _, _ := strings.Cut(strings.TrimSpace(t), " (")
	return len(v) < 30 && strings.Count(v, ".") >= 1 && v != "" && v[0] >= '1' && v[0] <= '9' && strings.Trim(strings.Replace(v, "windows", "", 1), "0123456789.grc-") == ""
}

// fullSentence tells whether a line is a question, or a sentence of five words or more.
func fullSentence(t string) bool {
	t = strings.TrimSpace(t)
	n := len(strings.Fields(t))
	return n > 1 && strings.HasSuffix(t, "?") || n > 4 && sentenceEnd(t) && !firm(t) && digitsIn(t) < 6
}

// shortLines tells whether none of some lines is a sentence. Below a sign-off with
// the sender's name an address may be longer.
func shortLines(lines []line, at []int, named bool) bool {
	for i, k := range at {
		t := lines[k].text
		if n := utf8.RuneCountInString(t); n > signoffWidth && !(named && n <= 2*signoffWidth && joints(t) >= 3 && digitsIn(t) >= 4) ||
			strings.HasSuffix(strings.TrimRight(t, " )"), ".") && len(strings.Fields(t)) >= 5 && !firm(t) {
			if officeHours(t) {
				continue
			}
			return false // a sentence
		}
		if strings.HasSuffix(t, "?") || strings.HasPrefix(strings.TrimSpace(t), "#") || strings.HasSuffix(strings.TrimSpace(t), ":") {
			return false // a question, a heading
		}
		if ts := tokens(t); len(ts) > 0 {
			if limiting(ts) || limitsSmall(t, i == 0 || lines[k-1].blank()) || startsWith(fold(t), legalHeads) {
				return false // "but only after the test", "before Monday", "Disclaimer: untested"
			}
			if w, _ := everyWord.at(t, ts); decisive(w) {
				return false
			}
		}
	}
	return true
}

// limitsSmall tells of a line that would limit an approval if it stood above the name:
// "web only", "+ a bigger button", "Only web", "Ohne PDF". What stands on a card says
// nothing of the work; where it begins with a capital, has a dot or is one word, only a
// condition or a negation tells ("Dpto. de Informática", "CTO"), and only on the last line
// or below a blank one ("Part of Acme Group"), where no hours are told.
func limitsSmall(t string, last bool) bool {
	t = strings.TrimLeft(t, " (*_")
	if t == "" || digitsIn(t) >= 4 {
		return false
	}
	why := everyWord.limited("", t, "approve").why
	if why == "" || unicode.IsLower(firstRune(t)) || strings.HasPrefix(t, "+ ") {
		return why != ""
	}
	if !last || holdsAny(fold(t), "part of", "member of", "in the office", "on fridays", "freitags", "erreichbar", "working days", "arbeitstage", "in office", "im büro") {
		return false
	}
	if digitsIn(t) > 0 || firm(t) { // "Acme GmbH, No. 5 High Street"
		ts := firstTokens(t, longestPhrase)
		return tails["condition"].prefix(ts) > 0 || tails["negation"].prefix(ts) > 0
	}
	return why == DoubtCondition || why == DoubtNegation || strings.Contains(t, " ") && !strings.Contains(t, ".")
}

// officeHours tells whether a line is what people add below their name: that they work
// at other hours and expect no answer outside the reader's.
func officeHours(t string) bool {
	return len(t) < 300 && len(t) > 30 && holdsAny(fold(t), "hours", "working day", "arbeitszeit", "horaires", "horario", "werktijd") &&
		holdsAny(fold(t), "reply", "respond", "flexibl", "may not be your", "may not match", "may differ", "antwort", "répondre", "responder", "beantwoord")
}

// sentenceEnd tells whether a line ends a sentence.
func sentenceEnd(t string) bool {
	t = strings.TrimRight(t, " *_)")
	return strings.HasSuffix(t, ".") || strings.HasSuffix(t, "!") || strings.HasSuffix(t, "。")
}

func digitsIn(t string) (n int) {
	for _, r := range t {
		if digitValue(r) >= 0 {
			n++
		}
	}
	return n
}

// placeholder: what stands for a picture or a link in plain text, "[cid:a@b]", "[Acme logo]".
func placeholder(t string) bool {
	t = strings.TrimSpace(t)
	return t != "" && t[0] == '[' && (strings.HasSuffix(t, "]") || strings.HasSuffix(t, ">")) && holdsAny(fold(t), "[cid:", "[http", "[image:", "[signature_", "logo", "automatically generated")
}
