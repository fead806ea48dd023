package parse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// footerTable is tables/footer.txt.
var footerTable = func() (t struct {
	mobile       [][2]string // what stands before and after %%, folded
	begins       *starts     // of those of mobile that do not begin with %%
	ends         []string    // of the others, where they are ASCII
	device, told phrases
	lists, links openings
	prints       openings // those of lists that may stand right below a card
	legal        []string
	self, firm   []string
	work, fault  phrases
	wants, joint map[string]bool
}) {
	var begins, lists, prints, links []string
	t.told, t.work, t.fault = newPhrases(), newPhrases(), newPhrases()
	t.wants, t.joint = map[string]bool{}, map[string]bool{}
	for _, line := range tableLines("footer.txt") {
		k, v, _ := strings.Cut(line, ":")
		v = strings.TrimSpace(v)
		switch strings.TrimSpace(k) {
		case "mobile":
			before, after, _ := strings.Cut(fold(v), "%%")
			t.mobile = append(t.mobile, [2]string{before, after})
			if before != "" {
				begins = append(begins, before)
			} else if mime.IsASCII(after) {
				t.ends = append(t.ends, after)
			}
		case "device":
			t.device = newPhrases(tableWords(v))
		case "told":
			for _, w := range tableWords(v) {
				t.told.add(w)
			}
		case "list":
			lists = append(lists, fold(v))
		case "print":
			lists, prints = append(lists, fold(v)), append(prints, fold(v))
		case "link":
			links = append(links, fold(v))
		case "legal":
			t.legal = append(t.legal, fold(v))
		case "firm":
			t.legal, t.firm = append(t.legal, fold(v)), append(t.firm, fold(v))
		case "self":
			for _, w := range tableWords(v) {
				t.self = append(t.self, fold(w))
			}
		case "work":
			for _, w := range tableWords(v) {
				t.work.add(w)
			}
		case "fault":
			for _, w := range tableWords(v) {
				t.fault.add(w)
				t.work.add(w)
			}
		case "wants", "joint":
			words := t.wants
			if strings.TrimSpace(k) == "joint" {
				words = t.joint
			}
			for _, w := range tableWords(v) {
				words[fold(w)] = true
			}
		}
	}
	t.begins = startsOf(begins)
	t.lists, t.prints, t.links = newOpenings(lists...), newOpenings(prints...), newOpenings(links...)
	return t
}()

// openings are beginnings of lines, folded; with $ at its end one is the whole line.
type openings struct {
	list   []string
	starts *starts
}

// mobileFooter tells whether a line is what a phone or client adds of itself:
// the whole line is of the table's form and names a device or a client.
func mobileFooter(s string) bool {
	s = strings.Trim(s, " \t*_.-–—<>()!„“\"")
	if len(s) < 6 || len(s) > 200 || !mayMobile(s) {
		return false
	}
	low := fold(unlink(s))
	for _, m := range footerTable.mobile {
		mid, ok := strings.CutPrefix(low, m[0])
		if !ok {
			continue
		}
		if mid, ok = strings.CutSuffix(mid, m[1]); !ok {
			continue
		}
		// "Sent from my phone, please excuse typos."
		if i := strings.IndexAny(mid, ",.;-–"); i > 0 && holdsAny(mid[i:], "excuse", "typo", "brevity", "autocorrect", "apologies for", "entschuldig", "tippfehler") {
			mid = mid[:i]
		}
		first, second, more := strings.Cut(mid, ",")
		if footerTable.told.any2(tokens(mid)) { // "Sent from iPad crashes"
			continue
		}
		if !device(first) && !more || more && !(device(second) && len(tokens(second)) <= 6) {
			continue
		}
		if strings.HasPrefix(low, "get ") || strings.HasPrefix(low, "download ") {
			// QUIRK: "Get the mobile page done" is the writer's.
			if mid != "outlook" && !strings.Contains(mid, " for ") || strings.Contains(mid, "users") {
				continue
			}
		}
		return true
	}
	return false
}

// mayMobile is false for a line that surely has none of the forms.
func mayMobile(s string) bool {
	if footerTable.begins.may(s) || s[0] == '[' || !mime.IsASCII(s) {
		return true
	}
	for _, end := range footerTable.ends {
		if strings.Contains(s, end) {
			return true
		}
	}
	return false
}

// device tells whether a few words name a device or a client.
func device(mid string) bool {
	ts := tokens(mid)
	if len(ts) == 0 || len(ts) > 7 || strings.ContainsAny(mid, ";?!:") {
		return false
	}
	if footerTable.device.any2(ts) {
		return true
	}
	for _, t := range ts {
		// With the endings and articles of its language: iPhonesta, d'Outlook.
		for _, d := range []string{"iphon", "ipad", "android", "samsung", "outlook", "blackberry", "galaxy", "mobil", "telefon", "smartphon", "手机", "手機", "スマホ", "携帯", "휴대"} {
			if strings.Contains(t.text, d) {
				return true
			}
		}
	}
	return false
}

// unlink takes the addresses of links away: "Outlook for iOS<https://…>",
// "[Outlook for iOS](https://…)", "Outlook for iOS https://…".
func unlink(s string) string {
	if i := strings.Index(s, "]("); i >= 0 {
		if j := strings.IndexByte(s[i:], ')'); j >= 0 {
			s = s[:i] + s[i+j+1:]
		} else {
			s = s[:i]
		}
	}
	if i := strings.Index(s, "<http"); i > 0 {
		if j := strings.IndexByte(s[i:], '>'); j >= 0 {
			s = s[:i] + s[i+j+1:]
		} else {
			s = s[:i]
		}
	}
	for _, link := range []string{" http", " (http", " ( http"} {
		if i := strings.Index(s, link); i > 0 {
			s = s[:i]
		}
	}
	return strings.TrimSpace(brackets.Replace(strings.TrimRight(s, " :(")))
}

var brackets = strings.NewReplacer("[", "", "]", "")

// undressed is a line without the marks that a client or a list sets before it.
func undressed(s string) string { return strings.TrimLeft(s, " \t*_>|[]!⚠") }

func newOpenings(list ...string) openings { return openings{list, startsOf(list)} }

// begin tells whether s begins with one of them.
func (o openings) begin(s string) bool {
	if !o.starts.may(s) {
		return false
	}
	s = fold(s)
	for _, p := range o.list {
		if whole, ok := strings.CutSuffix(p, "$"); ok {
			if s = unlink(s); strings.TrimRightFunc(s, func(r rune) bool { return strings.ContainsRune(" .*_", r) || pictograph(r) }) == strings.TrimRight(whole, " .") {
				return true
			}
		} else if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// footers marks banners above the text, mobile lines anywhere, list footers
// and disclaimers.
func (r *reading) footers() {
	lines := r.lines
	// Banners: only above the first own line.
	bannered := false
	for i := next(lines, 0); i < len(lines); i = next(lines, i+1) {
		l := &lines[i]
		if l.kind != own || l.depth > 0 {
			break
		}
		if mobileFooter(l.text) {
			l.is(banner, "mobile-footer")
			continue
		}
		if ruleLine(l.text, 5) && bannered {
			l.is(banner, "banner")
			continue
		}
		end := bannerEnd(lines, i, bannered)
		if end == i {
			break
		}
		for k := i; k < end; k++ {
			lines[k].is(banner, "banner")
		}
		i, bannered = end-1, true
	}
	for _, reg := range r.regions() {
		r.regionFooters(reg[0], reg[1])
	}
}

func prevSolid(lines []line, i int) int {
	for k := i - 1; k > 0; k-- {
		if !lines[k].blank() {
			return k
		}
	}
	return 0
}

// regions are the runs of own lines between history: [start, end).
func (r *reading) regions() [][2]int {
	var out [][2]int
	start := -1
	for i := 0; i <= len(r.lines); i++ {
		if i < len(r.lines) && !r.lines[i].kind.past() {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, [2]int{start, i})
			start = -1
		}
	}
	return out
}

func (r *reading) regionFooters(start, end int) {
	lines := r.lines
	mark := func(from, to int, rule string) {
		for k := from; k < to; k++ {
			if lines[k].kind == own {
				lines[k].is(footer, rule)
			}
		}
	}
	const unknown = -2
	said := unknown
	for i := start; i < end; i++ {
		l := &lines[i]
		if l.kind != own || l.fence || l.blank() {
			continue
		}
		if mobileFooter(l.text) {
			l.is(footer, "mobile-footer")
			if i > start && lines[i-1].kind == own && ruleLine(lines[i-1].text, 2) {
				lines[i-1].is(footer, "mobile-footer")
			}
			if i+1 < end && lines[i+1].kind == own && footerTable.links.begin(undressed(lines[i+1].text)) && len(strings.Fields(lines[i+1].text)) == 1 {
				lines[i+1].is(footer, "mobile-footer")
			}
			continue
		}
		if listRule(lines, i, end) {
			mark(i, end, "list-footer")
			break
		}
		apart := i == start || lines[i-1].blank() || ruleLine(lines[i-1].text, 2) || lines[i-1].kind != own ||
			carding(lines[i-1].text) && footerTable.prints.begin(undressed(l.text)) && next(lines[:end], i+1) >= end
		if apart && footerTable.lists.begin(undressed(l.text)) && !faulty(l.text) {
			if said == unknown {
				said = talk(lines, i, end)
			}
			if i < said {
				continue
			}
			k := i
			if k > start && ruleLine(lines[prevSolid(lines, k)].text, 2) {
				k = max(start, prevSolid(lines, k))
			}
			mark(k, end, "list-footer")
			break
		}
	}
	// Disclaimers: paragraphs from the end upwards, as far as one of them is surely a
	// lawyer's; what only may be one counts below such a one.
	top := end
	for stop := end; stop > start; {
		for stop > start && (lines[stop-1].blank() || lines[stop-1].kind != own) {
			stop--
		}
		from := stop
		for from > start && !lines[from-1].blank() && lines[from-1].kind == own {
			from--
		}
		if from >= stop || opensPart(lines[from].text) {
			break
		}
		for from < stop-1 && ownAbove(lines[from].text) {
			from++
		}
		head, firm := legalHead(lines[from:stop]), firmData(lines[from:stop])
		if !head && !firm && !legal(lines[from:stop]) {
			break
		}
		if head && top == next(lines[:end], stop) || firm || lawyers(lines[from:stop]) {
			top = from
		}
		if stop = from; from > start && !lines[from-1].blank() && lines[from-1].kind == own {
			break // the writer's line stands right above it
		}
	}
	if top < end {
		mark(top, end, "disclaimer")
		if p := prevSolid(lines, top); p >= start && p < top && ruleLine(lines[p].text, 3) {
			mark(p, top, "disclaimer")
		}
	}
}

// carding tells of a line that stands in a signature and in no talk: a card with its
// bars, an address or a number. Firms end theirs with a line about paper.
func carding(t string) bool {
	return !sentenceEnd(t) && !strings.HasSuffix(strings.TrimSpace(t), ":") && (strings.Contains(t, " | ") || strings.Contains(t, "@") || strings.Contains(t, "www.") || digitsIn(t) >= 6)
}

// talk is the last line, from start on, that begins a paragraph of plain talk,
// above the delimiter of a signature; -1 if there is none. A footer of a list that
// stands above it is none, but words about one.
func talk(lines []line, start, end int) int {
	found := -1
	for i := start; i < end; {
		for i < end && (lines[i].blank() || lines[i].kind != own) {
			i++
		}
		from, words, plain, last := i, 0, true, ""
		for ; i < end && !lines[i].blank() && lines[i].kind == own; i++ {
			if lines[i].text == "-- " {
				return found
			}
			if mobileFooter(lines[i].text) {
				continue
			}
			t := fold(lines[i].text)
			last = strings.TrimRight(t, " *_)")
			words += len(strings.Fields(t))
			plain = plain && !ruleLine(t, 2) && !holdsAny(t, "http", "www.", "@", "mail", "message", "group", "list", "virus", "subscri", "©", "print", "reserved", "download") && !footerTable.lists.begin(undressed(t))
		}
		if i == from || !plain || words < 3 {
			continue
		}
		if (strings.HasSuffix(last, ".") || strings.HasSuffix(last, "?") || strings.HasSuffix(last, "!")) && !(legal(lines[from:i]) && lawyers(lines[from:i]) || firmData(lines[from:i])) {
			found = from
		}
	}
	return found
}

// listRule tells whether a long rule opens the footer of a mailing list: its
// next lines speak of one and give its address or page.
func listRule(lines []line, i, end int) bool {
	if t := strings.TrimSpace(lines[i].text); len(t) < 20 || !ruleLine(t, 20) {
		return false
	}
	said, linked := false, false
	for k, n := i+1, 0; k < end && n < 4; k++ {
		if lines[k].blank() {
			continue
		}
		n++
		low := fold(lines[k].text)
		said = said || strings.Contains(low, "mailing list") || strings.Contains(low, "/listinfo") || strings.Contains(low, "mailman") || strings.Contains(low, "unsubscribe")
		linked = linked || strings.Contains(low, "http") || strings.Contains(low, "www.") || strings.Contains(low, "@")
		if faulty(lines[k].text) || !said && !linked && sentenceEnd(low) {
			return false // "The mailing list is missing" is the writer's
		}
	}
	return said && linked
}

// opensPart tells whether a line has the label of a part that no lawyer writes:
// "Done: the imprint reads …" is the writer's, whatever it holds.
func opensPart(t string) bool {
	part, label, _ := labelAt(t)
	return part != "" && part != "context" && (label == sentence || sectionLabels[join(tokens(label))] != "")
}

// legal tells whether a paragraph may be a lawyer's: two phrases of the table and
// long enough to be no sentence of the writer's.
func legal(lines []line) bool {
	n, size := 0, 0
	found := map[string]bool{}
	text := foldedLines(lines)
	if text == "" {
		return false
	}
	for i := range lines {
		size += len(lines[i].text)
	}
	g := gramsOf(text)
	for _, p := range footerTable.legal {
		if g.may(p) && !found[p] && strings.Contains(text, p) {
			found[p] = true
			n++
		}
	}
	heading := startsWith(strings.TrimLeft(text, "*_#=-~ "), legalHeads)
	return n >= 3 && size > 80 || n >= 2 && (size > 150 || heading || size > 90 && containsAnyOf(text, footerTable.self))
}

// foldedLines are the words of a paragraph; "" if they are too many for one.
func foldedLines(lines []line) string {
	size := 0
	var b strings.Builder
	for i := range lines {
		if size += len(lines[i].text); size > 20_000 {
			return ""
		}
		b.WriteString(fold(lines[i].text))
		b.WriteByte(' ')
	}
	return b.String()
}

var legalHeads = []string{"confidentiality", "disclaimer", "legal notice", "haftungsausschluss", "vertraulichkeitshinweis", "rechtlicher hinweis", "avis de confidentialité", "aviso legal", "aviso de confidencialidad", "aviso de confidencialidade", "avviso di riservatezza", "vertrouwelijkheid"}

// legalHead tells whether a paragraph is nothing but the heading of a disclaimer:
// "CONFIDENTIALITY NOTICE:". "Disclaimer: not tested on Safari" is the writer's.
func legalHead(lines []line) bool {
	if len(lines) != 1 || len(lines[0].text) > 80 {
		return false
	}
	t := strings.Trim(fold(lines[0].text), "*_#=-~:. ")
	for _, tail := range []string{"", " notice", " statement", " and disclaimer"} {
		if head, ok := strings.CutSuffix(t, tail); ok && slices.Contains(legalHeads, head) {
			return true
		}
	}
	return false
}

// faulty tells whether a line speaks of a fault, or goes on with a but, outside of
// quotation marks (a list's name).
func faulty(t string) bool {
	for {
		i := strings.IndexAny(t, "\"“„«")
		if i < 0 {
			break
		}
		n := strings.IndexAny(t[i+1:], "\"”“»")
		if n < 0 {
			break
		}
		_, size := utf8.DecodeRuneInString(t[i+1+n:])
		t = t[:i] + t[i+1+n+size:]
	}
	return footerTable.fault.any2(tokens(t)) || strings.Contains(t, ", but ") || strings.Contains(t, ", aber ")
}

// lawyers tells whether a paragraph that may be a lawyer's is one: it speaks of the
// mail that it stands in, and nothing in it of the work. "The confidential files must
// not be deleted" limits an approval above it.
func lawyers(lines []line) bool {
	text := foldedLines(lines)
	if text == "" || !containsAnyOf(text, footerTable.self) || ofWork(lines, text) {
		return false
	}
	first := text[:sentenceLen(text)] // "Only the CSV. This e-mail is confidential …"
	return containsAnyOf(first, footerTable.self) || containsAnyOf(first, footerTable.legal) || len(first) < 25 && strings.HasSuffix(strings.TrimSpace(first), ":")
}

// firmData tells whether a paragraph gives a firm's names and numbers as the law has
// it, and nothing else: "Amtsgericht and HRB 12345 have to stand in the imprint" does not.
func firmData(lines []line) bool {
	text := foldedLines(lines)
	n, said := 0, map[string]bool{}
	for _, p := range footerTable.firm {
		if strings.Contains(text, p) {
			n++
			for w := range strings.FieldsSeq(p) {
				said[w] = true
			}
		}
	}
	if n < 2 || digitsIn(text) < 4 && !strings.Contains(text, ":") || strings.Contains(text, "?") || ofWork(lines, text) {
		return false
	}
	for i := range lines {
		for w := range strings.FieldsFuncSeq(lines[i].text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:()|·/\"'", r) }) {
			f := fold(strings.Trim(w, ".-–"))
			if footerTable.wants[f] || unicode.IsLower(firstRune(w)) && !said[f] && !footerTable.joint[f] && !strings.ContainsAny(f, ".@") {
				return false
			}
		}
	}
	return true
}

// ofWork tells whether a paragraph speaks of the work or of who writes.
func ofWork(lines []line, text string) bool {
	for i := range lines {
		for _, me := range []string{"I ", "I'", "I’"} {
			if t := lines[i].text; strings.HasPrefix(t, me) || strings.Contains(t, " "+me) {
				return true
			}
		}
	}
	return footerTable.work.any2(tokens(text))
}

// ownAbove tells of a line right above a disclaimer that is none of it and limits an
// approval: "Web only."
func ownAbove(t string) bool {
	f := fold(t)
	return (utf8.RuneCountInString(t) < 45 || sentenceEnd(t)) && !legalHead([]line{{text: t}}) && !startsWith(strings.TrimLeft(f, "*_#=-~ "), legalHeads) &&
		!containsAnyOf(f, footerTable.legal) && !containsAnyOf(f, footerTable.self) && everyWord.limited("", t, "approve").why != ""
}

func containsAnyOf(s string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.Contains(s, p) })
}
