package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// signoffs are the whole lines of tables/signoff.txt; wishesOnly are those of them
// that are text unless a name follows.
var signoffs, wishesOnly = func() (all, wishes phrases) {
	all, wishes = newPhrases(), newPhrases()
	for _, line := range tableLines("signoff.txt") {
		language, cell, _ := strings.Cut(line, ":")
		for _, w := range tableWords(cell) {
			all.add(w)
			if strings.HasSuffix(language, "+") {
				wishes.add(w)
			}
		}
	}
	return all, wishes
}()

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
	if k := lastParagraph(lines, start, end); k > start && k < end && limitsLine(lines[k].text) {
		named := false
		for i := k; i < end; i++ {
			named = named || isOwn(i) && (isName(lines[i].text, from) || signoffLine(lines[i].text) || lines[i].text == "-- ")
		}
		if !named {
			end = k // "Dana", and below it "but only after Monday"
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
	for _, k := range at {
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
			if limiting(ts) {
				return false // "but only after the test"
			}
			if w, _ := everyWord.at(t, ts); decisive(w) {
				return false
			}
		}
	}
	return true
}

// officeHours tells whether a line is what people add below their name: that they work
// at other hours and expect no answer outside the reader's.
func officeHours(t string) bool {
	return len(t) < 300 && len(t) > 30 && holdsAny(fold(t), "hours", "working day", "arbeitszeit", "horaires", "horario", "werktijd") &&
		holdsAny(fold(t), "reply", "respond", "flexibl", "may not be your", "may not match", "may differ", "antwort", "répondre", "responder", "beantwoord")
}

// signoffLine tells whether a line is a sign-off, or two of them: "Mit
// freundlichen Grüßen / Kind regards", "以上、よろしくお願いいたします。".
func signoffLine(t string) bool {
	if len(t) > 80 {
		return false
	}
	t = signoffEnd(t)
	if strings.ContainsAny(t, "?:") {
		return false
	}
	ts := tokens(t)
	if signoffs.is(ts) {
		return true
	}
	for i, w := range ts {
		if i > 0 && andMore[w.text] && signoffs.is(ts[:i]) && signoffs.is(ts[i+1:]) {
			return true // "Muchas gracias y un saludo"
		}
	}
	parts := strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune("/|、。", r) })
	for _, p := range parts {
		if !signoffs.is(tokens(signoffEnd(p))) {
			return false
		}
	}
	return len(parts) > 1
}

// signoffEnd is a line without what stands at the end of a sign-off.
func signoffEnd(t string) string {
	t = strings.TrimRight(t, " ,.!;:)-–—*_،。！，")
	return strings.TrimRightFunc(t, func(r rune) bool { return pictograph(r) || r == 0xfe0f || r == ' ' })
}

// A sign-off goes on with a place ("aus Berlin"), a wish ("und ein schönes
// Wochenende") or, behind thanks, with another.
var (
	fromWhere = set(strings.Fields("aus from de desde da dal dalla depuis uit fra från z ze из"))
	andMore   = set(strings.Fields("und and et y e en og och i и"))
	wishes    = set(strings.Fields("wochenende weekend tag day woche week abend evening feierabend urlaub holidays ostern easter weihnachten christmas journée soirée giornata día finde semana helg helgen víkend week-end"))
)

// closes tells whether a line ends a mail above the writer's card: a sign-off, "/Ada".
func closes(t string, from Address) bool {
	return signoffLine(t) || t != "" && t[0] == '/' && dashName(t, from, true)
}

// signoffFrom: "Viele Grüße aus Berlin", "Schöne Grüße und ein schönes Wochenende",
// "Danke vorab und viele Grüße", "Sonnige Grüße". It is asked only right above the
// sender's name.
func signoffFrom(t string) bool {
	t = signoffEnd(t)
	ts := tokens(t)
	if len(ts) < 2 || len(ts) > 8 || strings.ContainsAny(t, "?:;.,") || digitsIn(t) > 0 {
		return false
	}
	if n := signoffs.prefix(ts); n > 0 && len(ts) > n+1 && !thanks(t) && len(t[:ts[n-1].end]) > 5 && !strings.Contains(fold(t), "thank") {
		return fromWhere[ts[n].text] && len(ts) <= n+5 || andMore[ts[n].text] && wishes[ts[len(ts)-1].text]
	}
	for k := 1; k < len(ts); k++ {
		end := t[ts[k].start:]
		if signoffs.is(ts[k:]) && !thanks(end) && utf8.RuneCountInString(end) > 4 {
			return k == 1 || andMore[ts[k-1].text] && thanks(t) && k <= 3
		}
	}
	return false
}

// sentenceEnd tells whether a line ends a sentence.
func sentenceEnd(t string) bool {
	t = strings.TrimRight(t, " *_)")
	return strings.HasSuffix(t, ".") || strings.HasSuffix(t, "!") || strings.HasSuffix(t, "。")
}

// whose tells whether the line right below a sign-off says who the writer is: a
// name, a team, an address or number, another sign-off. Anything else goes on
// where the sign-off's words began: "Best" / "case is 15.70". comma is whether
// the sign-off ends in one.
func whose(t string, comma bool, from Address) bool {
	t = strings.TrimSpace(t)
	if i := strings.LastIndex(t, " ("); i > 0 && strings.HasSuffix(t, ")") && strings.IndexByte(t[i:], '/') > 0 && strings.LastIndexByte(t, ' ') == i {
		t = t[:i] // "(she/her)"
	}
	ts := tokens(t)
	switch {
	case len(ts) == 0, isName(t, from), signoffLine(t), signoffWithName(t, from), digitsIn(t) > 5, strings.ContainsAny(t, "@|"), strings.Contains(t, "://"), strings.Contains(t, "www."):
		return true
	case len(ts) > 7:
		return false
	case len(ts) == 1 && comma:
		return true // "pri"
	}
	return titled(t, ts)
}

// titled tells whether words are those of a name or a title: each with a capital, a
// number, an initial or what stands between names.
func titled(t string, ts []token) bool {
	named := false
	for _, w := range ts {
		r, _ := utf8.DecodeRuneInString(t[w.start:w.end])
		switch {
		case unicode.IsUpper(r), unicode.IsLetter(r) && unicode.ToUpper(r) == r: // a capital, or of a script without
			named = true
		case unicode.IsDigit(r), pictograph(r), utf8.RuneCountInString(w.text) == 1, tails["particle"].all[w.text], tails["of-name"].all[w.text]:
		default:
			return false
		}
	}
	return named
}

func digitsIn(t string) (n int) {
	for _, r := range t {
		if digitValue(r) >= 0 {
			n++
		}
	}
	return n
}

// thanks tells whether a sign-off is one that is text when nothing follows.
func thanks(t string) bool {
	t = join(tokens(t))
	if wishesOnly.all[t] {
		return true
	}
	for _, w := range []string{"thank", "thx", "tks", "dank", "merci", "gracias", "gràcies", "obrigad", "grazie", "bedankt", "tak", "tack", "takk", "kiitos", "dzięk", "dík", "děkuji", "hvala", "köszön", "mulțumesc", "благодаря", "спасибо", "дякую", "ευχαριστώ", "teşekkür", "شكر", "תודה", "धन्यवाद", "ขอบคุณ", "cảm ơn", "terima kasih", "谢谢", "謝謝", "よろしく", "감사", "cheers", "have a", "talk soon", "speak soon", "hope", "later", "ta", "以上"} {
		if strings.HasPrefix(t, w) {
			return true
		}
	}
	return strings.Contains(t, "tak") && strings.HasPrefix(t, "på") || t == "many thanks"
}

// names of the sender, folded: all, and each word of it.
func fromNames(from Address) (whole string, words map[string]bool) {
	words = map[string]bool{}
	ts := tokens(from.Name)
	for _, t := range ts {
		words[t.text] = true
	}
	local, _, _ := strings.Cut(from.Address, "@")
	for _, t := range strings.FieldsFunc(fold(local), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len(t) > 2 {
			words[t] = true
		}
	}
	return join(ts), words
}

// isName: the line is the sender's name, or a part of it.
func isName(t string, from Address) bool {
	if strings.HasSuffix(t, ")") {
		t = strings.TrimRight(strings.TrimSuffix(t, ")"), ":;-= ") // "Ada :)"
	}
	if strings.ContainsAny(t, "?:;!/") {
		return false
	}
	ts := tokens(strings.Trim(t, " .,*_"))
	if len(ts) == 0 || len(ts) > 4 {
		return false
	}
	_, words := fromNames(from)
	for _, w := range ts {
		if !words[w.text] {
			if utf8.RuneCountInString(w.text) == 1 && len(ts) > 1 {
				continue // an initial
			}
			return false
		}
	}
	if w, _ := everyWord.at(t, ts); w != "" {
		return false
	}
	return true
}

// isAddress: "ada@x.example", "Ada Kim <ada@x.example>".
func isAddress(t string, from Address) bool {
	name, addr, ok := strings.Cut(t, "<")
	if !ok {
		addr = t
	}
	return from.Address != "" && fold(strings.TrimRight(strings.TrimPrefix(addr, "mailto:"), ">")) == fold(from.Address) && (!ok || strings.TrimSpace(name) == "" || isName(name, from))
}

// placeholder: what stands for a picture or a link in plain text, "[cid:a@b]", "[Acme logo]".
func placeholder(t string) bool {
	t = strings.TrimSpace(t)
	return t != "" && t[0] == '[' && (strings.HasSuffix(t, "]") || strings.HasSuffix(t, ">")) && holdsAny(fold(t), "[cid:", "[http", "[image:", "[signature_", "logo", "automatically generated")
}

// isInitials: the first letters of the sender's names.
func isInitials(t string, from Address) bool {
	var b strings.Builder
	for _, w := range tokens(from.Name) {
		b.WriteRune(firstRune(w.text))
	}
	return utf8.RuneCountInString(b.String()) > 1 && fold(strings.TrimRight(t, " .")) == b.String()
}

// signoffWithName: "Best regards, Ada", "Cheers Ada" with the sender's name.
func signoffWithName(t string, from Address) bool {
	if name, ok := strings.CutSuffix(t, " 올림"); ok {
		return isName(name, from)
	}
	if name, ok := strings.CutSuffix(t, " 드림"); ok {
		return isName(name, from)
	}
	if !signoffs.mayOpen(t) {
		return false
	}
	ts := tokens(t)
	n := signoffs.prefix(ts)
	return n > 0 && len(ts) > n && len(ts)-n <= 4 && (isName(t[ts[n].start:], from) || len(ts) == n+1 && (initial(ts[n].text, from) || isInitials(ts[n].text, from)))
}

// initialed tells whether a line is the sender's first letter, or the first letters of
// their names, and no word of ours.
func initialed(t string, from Address) bool {
	word := fold(strings.Trim(t, "/.-–— "))
	return !IsSoft(word) && (initial(word, from) || isInitials(word, from))
}

// initial tells whether a word is the first letter of the sender's name.
func initial(word string, from Address) bool {
	whole, _ := fromNames(from)
	return utf8.RuneCountInString(word) == 1 && strings.HasPrefix(whole, word)
}

// dashName: "-Ada", "— Ada", "/Ada", "-ak". With a space it could be a list item, so then the
// name must be the sender's.
func dashName(t string, from Address, apart bool) bool {
	body := strings.TrimLeft(t, "-–—~")
	if name, ok := strings.CutPrefix(t, "/"); ok {
		return isName(strings.TrimPrefix(name, "/"), from)
	}
	if body == t || len(t)-len(body) > 6 {
		return false
	}
	if isName(body, from) {
		return apart || body == strings.TrimLeft(body, " ") || !strings.HasPrefix(t, "- ")
	}
	if strings.HasPrefix(body, " ") || strings.HasPrefix(t, "--") {
		return false
	}
	if isInitials(body, from) {
		return true
	}
	ts := tokens(body)
	if len(ts) == 0 || len(ts) > 2 {
		return false
	}
	for _, w := range ts {
		if !builtin.name(body[w.start:w.end], w.text, true) {
			return false
		}
	}
	return strings.Trim(body, " .") == body[ts[0].start:ts[len(ts)-1].end]
}
