package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// againstTable is tables/against.txt by kind.
var againstTable = phraseKinds("against.txt")

// against tells why a sentence below an approval speaks against it, by the words
// in it and in any of the languages of the table. aside is whether the paragraph
// is about other work, which may be as broken as it likes.
func against(said string, ts []token, aside bool) string {
	table := againstTable
	if !aside && unspaced(said) {
		return DoubtNegation
	}
	if n := ticked(said, ts); n > 0 {
		ts = ts[n:] // what was checked may be any trouble
	}
	deny, fault, mended := false, false, false
	aside = aside && !speaksOfThis(ts)
	fits := describes(ts)
	if !aside && len(ts) > 0 && wishing[ts[0].text] && table["toils"].any2(ts) {
		return DoubtContradiction
	}
	for i := 0; i < len(ts); {
		if i > 0 && strings.ContainsAny(said[ts[i-1].end:ts[i].start], ",;:") || ts[i].text == "but" {
			if fault && !mended && !aside {
				return DoubtContradiction
			}
			fault, mended = false, false
		}
		halts, denies, faults := table["halts"].prefix(ts[i:]), table["denies"].prefix(ts[i:]), table["faults"].prefix(ts[i:])
		most := max(halts, denies, faults)
		n := max(1, most)
		cured := table["mended"].prefix(ts[i:])
		if cured > 0 && denies > 0 && !fault {
			cured = 0 // "The error no longer shows", not "The export no longer works"
		}
		spared := max(table["spares"].prefix(ts[i:]), cured, freeOf(said, ts, i), pastNow(ts[i:]))
		if i == 0 {
			spared = max(spared, tails["harmless"].prefix(ts))
		}
		switch {
		case spared > 0 && spared >= most:
			// "If anything breaks, call me" says that nothing does.
			mended = mended || cured > 0 || imagined[ts[i].text]
			n = spared
		case most == 0:
		case most == halts:
			return DoubtCondition
		case most == denies:
			deny = true
		default:
			fault = !fits
		}
		i += n
	}
	switch {
	case aside:
		return ""
	case deny:
		return DoubtNegation
	case fault && !mended:
		return DoubtContradiction
	}
	return ""
}

// describes tells whether a sentence is about what was tried, and says that it went
// as it should: "Tried a wrong code: it is refused, as it should be".
func describes(ts []token) bool {
	return againstTable["tried"].prefix(ts) > 0 && againstTable["as-should"].any2(ts)
}

// speaksOfThis tells whether a sentence among those about other work is about this
// task all the same. "Not for this one" is about another.
func speaksOfThis(ts []token) bool {
	for i := range ts {
		if n := againstTable["here"].prefix(ts[i:]); n > 0 && !(i > 1 && ts[i-1].text == "for" && ts[i-2].text == "not") {
			return true
		}
	}
	return false
}

// ticked is how many words of a checklist's line stand before its verdict, if that
// is good: "- no stock, two orders: both refused, ok".
func ticked(said string, ts []token) int {
	if unbullet(said) == said && !numbered(said) {
		return 0
	}
	at := 0
	for i := 1; i < len(ts); i++ {
		if strings.Contains(said[ts[i-1].end:ts[i].start], ":") {
			at = i
		}
	}
	if at > 0 && againstTable["passed"].all[ts[len(ts)-1].text] {
		return at
	}
	return 0
}

// numbered tells whether a line begins as one of a numbered list.
func numbered(s string) bool {
	n := strings.TrimLeft(s, "0123456789")
	return len(n) < len(s) && len(n) > 1 && strings.IndexByte(".)", n[0]) >= 0 && n[1] == ' '
}

// freeOf is how many words at i say that some trouble is not there: "no more
// flicker", "does not crash", "I have not seen a single error". Who meets with
// nothing must be who writes: "The search does not find errors" is none. Nor is
// "no bugs were fixed", nor "no error message". That the engineer found or mended
// some is praise: "Great that you found the second bug".
func freeOf(said string, ts []token, i int) int {
	table := againstTable
	ts = ts[:min(len(ts), i+longestThought)]
	k := table["lacks"].prefix(ts[i:])
	did := table["mends"].prefix(ts[i:])
	switch {
	case k > 0:
		if k += i; i == 0 || witnesses[ts[i-1].text] {
			k += table["meets"].prefix(ts[k:])
		}
	case did > 0 && i > 0 && table["you-did"].all[ts[i-1].text]:
		k = i + did
		for k < len(ts) && objects[ts[k].text] {
			k++
		}
	default:
		return 0
	}
	for n := 0; n < 3 && table["amid"].prefix(ts[k:]) > 0; n++ {
		k++
	}
	n := table["woes"].prefix(ts[k:])
	if n == 0 {
		return 0
	}
	k += n
	for j := i + 1; j < len(ts); j++ {
		if strings.ContainsAny(said[ts[j-1].end:ts[j].start], ",;:") {
			if j < k {
				return 0
			}
			break
		}
		if j >= k && (table["mended"].prefix(ts[j:]) > 0 && ts[j].text != "as" || errorTexts[ts[j].text]) {
			return 0
		}
	}
	return k - i
}

// longestThought is how many words on what is said of trouble is looked for.
const longestThought = 30

// witnesses are who writes, or may stand before what they met with.
var witnesses = set(strings.Fields("i we and nobody they he she i've we've also still ich wir habe hab haben nous je no"))

// errorTexts tell of an error to those who should see it.
var errorTexts = set(strings.Fields("message messages page text warning warnings mail shown displayed meldung"))

// pastNow is how many words say what was so and is no more: "What didn't work
// last time works now". A contrast between the two is part of it: "I had my doubts,
// but you convinced me".
func pastNow(ts []token) int {
	ts = ts[:min(len(ts), longestThought)]
	n := againstTable["once-was"].prefix(ts)
	if n == 0 {
		return 0
	}
	if at, ok := againstTable["by-now"].any(ts[n:]); ok {
		if between := ts[n : n+at]; ts[n+at].text == "but" && !againstTable["denies"].any2(between) && !againstTable["faults"].any2(between) {
			return n + at + againstTable["by-now"].prefix(ts[n+at:])
		}
		return n
	}
	if !againstTable["mended"].any2(ts[n:]) {
		return 0
	}
	return n
}

// asksForMore tells whether a sentence asks for a change of the work: "Please
// take it out", "Can you add the date?", "Make the logo bigger".
func asksForMore(ts []token) bool {
	table := againstTable
	asked := false
	for {
		n, opens := table["asks-to"].prefix(ts), max(table["opens"].prefix(ts), tails["postscript"].prefix(ts))
		if asked = asked || n > 0; max(n, opens) == 0 {
			break
		}
		ts = ts[max(n, opens):]
	}
	n := table["changes"].prefix(ts)
	if n == 0 && asked && len(ts) > 1 {
		n = table["changes"].prefix(ts[len(ts)-1:]) // German has its verb last
	}
	if n == 0 || table["records"].any2(ts) || table["spares"].prefix(ts) > 0 {
		return false
	}
	return asked || n < len(ts) && (objects[ts[n].text] || !table["verb"].any2(ts) && !strongWords.any2(ts[n:]))
}

// fragment tells whether a sentence is no whole one but a wish, or the rest of the
// approval above: "More contrast!", "For the web part.", "Blue please.", "Because
// Omar told me to."
func fragment(said string, ts []token) bool {
	table := againstTable
	for n := table["opens"].prefix(ts); n > 0 && n < len(ts); n = table["opens"].prefix(ts) {
		ts = ts[n:]
	}
	if tails["harmless"].prefix(ts) > 0 || table["spares"].prefix(ts) > 0 {
		return false
	}
	if n := table["lets"].prefix(ts); n > 0 && table["looks"].any2(ts[n:]) {
		return true
	}
	switch n := table["wishes"].prefix(ts); {
	case n > 0 && len(ts) <= 6 && (n == len(ts) || !table["compares"].all[ts[n].text]):
		return true
	case table["begs"].prefix(ts[len(ts)-1:]) > 0 && len(ts) <= 8 && len(ts) > 1 && !table["deploys"].any2(ts):
		return true
	}
	for i, t := range ts {
		if n := table["lists"].prefix(ts[i:]); n > 0 {
			if strings.HasPrefix(strings.TrimLeft(said[ts[i+n-1].end:], marks), ":") {
				return true
			}
			break
		}
		if strings.Contains(said[t.start:min(len(said), t.end+1)], ":") {
			break
		}
	}
	return table["parts"].prefix(ts) > 0 && len(ts) <= 5 && !containsAny(said, ",:;")
}

// faultFinding tells whether a sentence says of the work what it does, and has no
// word in it that is kind: "The second driver gets the first driver's route." Who
// praises says so; what is left is a fault. It is about the work unless it begins
// as what people say of themselves, to others or of their plans.
func faultFinding(said string, ts []token) bool {
	table := againstTable
	kind := strongWords
	switch {
	case table["met"].prefix(ts) > 0:
	case table["work"].prefix(ts) > 0:
		if kind = kindWords; len(ts) < 4 {
			return false
		}
	case table["talk"].prefix(ts) > 0, table["begs"].prefix(ts[len(ts)-1:]) > 0, containsAny(said, "?？"),
		(unbullet(said) != said || !sentenceEnd(said)) && !table["verb"].any2(ts): // a heading, or a list of what was looked at
		return false
	}
	if len(ts) < 3 || strings.Contains(said, "#") || kind.any2(ts) || vouched(ts) || table["aside"].any2(ts) || tails["harmless"].prefix(ts) > 0 {
		return false
	}
	for i := range ts {
		if freeOf(said, ts, i) > 0 || pastNow(ts[i:]) > 0 || pictograph(firstRune(ts[i].text)) {
			return false
		}
	}
	return true
}

// kindWords are the words one of which spares a sentence about the work; strongWords
// are those of them that do so whatever the sentence begins with.
var kindWords, strongWords = againstTable["kindly"], func() phrases {
	p := newPhrases()
	for _, w := range tableKind("against.txt", "kindly") {
		if !againstTable["weak"].all[join(tokens(w))] {
			p.add(w)
		}
	}
	return p
}()

// vouched tells whether a sentence holds a word that says of the work that it is good,
// or of trouble that it is over. What is gone without having been trouble is lost:
// "The umlauts are gone".
func vouched(ts []token) bool {
	table := againstTable
	return table["assures"].any2(ts) ||
		table["mended"].any2(ts) && (table["faults"].any2(ts) || table["woes"].any2(ts) || table["once-was"].any2(ts))
}

// objects are words that what is to be changed begins with.
var objects = set(strings.Fields("the a an it its this that these those some more another one all both my our"))

// unspaced tells whether a sentence in a script without spaces between words, or
// with words that endings make longer, holds a piece that speaks against it.
func unspaced(said string) bool {
	if !strings.ContainsFunc(said, func(r rune) bool {
		return r >= 0x0e00 && r < 0x0e80 || r >= 0x1100 && unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) && !unicode.Is(unicode.Greek, r)
	}) {
		return false
	}
	said = piecesSpared.Replace(said)
	for _, piece := range againstPieces {
		if strings.Contains(said, piece) {
			return true
		}
	}
	return false
}

var againstPieces = tableKind("against.txt", "pieces")

var piecesSpared = func() *strings.Replacer {
	var pairs []string
	for _, piece := range tableKind("against.txt", "pieces-spared") {
		pairs = append(pairs, piece, " ")
	}
	return strings.NewReplacer(pairs...)
}()

// turnsAside tells whether a sentence begins to speak of other work.
func turnsAside(ts []token) bool {
	at, ok := againstTable["aside"].any(ts)
	if !ok || at > 3 {
		return false // "For the next task", not "This is not ready for the next task"
	}
	rest := ts[at+againstTable["aside"].prefix(ts[at:]):]
	return againstTable["row"].prefix(rest) == 0 // "The next one on the page is empty"
}

// leftOpen tells why a sentence that stands for itself below an approval takes
// it back or is the rest of it: by how it begins and ends.
func (lx *lexicon) leftOpen(said string, ts []token) string {
	table := againstTable
	said = strings.TrimSpace(said)
	asks := asksSomething(said)
	if minus := strings.TrimLeft(said, "-−"); len(minus) < len(said) && ts[0].text == "1" && strings.HasPrefix(minus, "1") && !strings.HasPrefix(minus[1:], ".") && !strings.HasPrefix(minus[1:], ")") {
		return DoubtNegation // a vote against
	}
	for n := table["opens"].prefix(ts); n > 0 && n < len(ts); n = table["opens"].prefix(ts) {
		ts = ts[n:]
	}
	if asks {
		if n := opening(said, ts); n < len(ts) {
			ts = ts[n:]
		}
		if table["chats"].prefix(ts) == 0 {
			return DoubtQuestion
		}
		return ""
	}
	if len(ts) <= 6 && someOf(said, ts) {
		return DoubtCondition // "2 of 3 boxes ticked"
	}
	if rest := strings.TrimLeft(said, ".…"); len(rest) < len(said) && !lx.friendly(rest) {
		return DoubtContradiction // "... said nobody."
	}
	if n := table["revokes"].prefix(ts); n > 0 && (n == len(ts) || table["points"].prefix(ts[n:]) > 0) {
		return DoubtContradiction
	}
	if n := table["dates"].prefix(ts); n > 0 && !table["absent"].any2(ts[n:]) {
		for _, t := range ts[n:] {
			if tails["date"].all[t.text] || embedsNumber(t.text) {
				return DoubtCondition
			}
		}
	}
	if table["hangs"].prefix(ts) > 0 && !goesFurther(ts, table["spares"].prefix(ts)) && !goesFurther(ts, tails["harmless"].prefix(ts)) && !wasFormerly(ts) && !strings.ContainsAny(said, ",:;") {
		return DoubtCondition
	}
	if (underLabel(said, ts) || len(ts) <= 5 && setsText(said)) && !kindWords.any2(ts) && ticked(said, ts) == 0 && !turnsAside(ts) && !lx.wellMeant(said, ts) {
		return DoubtCondition
	}
	word := strings.TrimRight(said, ".…")
	switch scrap := max(table["scraps"].prefix(ts), table["joins"].prefix(ts)) > tails["harmless"].prefix(ts); {
	case lx.wellMeant(said, ts):
	case len(ts) == 1 && !embedsNumber(word) && (word != said || len(word) > 2 && strings.ToUpper(word) == word && strings.ToLower(word) != word):
		return DoubtContradiction // one word is a verdict: "Meh.", "WIP"
	case len(ts) <= 3 && scrap:
		return DoubtCondition
	}
	return ""
}

// underLabel tells of a few words that stand behind one or two and a colon: "Spelling:
// address", not "Kwa: Shop" above a quote, where either begins with a capital.
func underLabel(said string, ts []token) bool {
	if len(ts) > 6 || !unicode.IsLetter(firstRune(said)) {
		return false
	}
	for i := 0; i < min(len(ts)-1, 2); i++ {
		if value, ok := strings.CutPrefix(said[ts[i].end:], ": "); ok {
			return unicode.IsLower(firstRune(value)) || unicode.IsLower(firstRune(said))
		}
	}
	return false
}

// setsText tells whether words hold others in quotes: title "Orders".
func setsText(said string) bool {
	return strings.Count(said, `"`) > 1 || containsAny(said, "“„«»")
}

// asksSomething tells whether a sentence has a question mark that is none of an
// address: "https://shop.example/orders?sort=date" asks nothing.
func asksSomething(said string) bool {
	for i, r := range said {
		if r == '？' || r == '?' && !(i+1 < len(said) && (unicode.IsLetter(firstRune(said[i+1:])) || said[i+1] == '_')) {
			return true
		}
	}
	return false
}

// wishing are words that a wish begins with.
var wishing = set(strings.Fields("have enjoy happy"))

// imagined are words behind which trouble is none yet.
var imagined = set(strings.Fields("if when whenever falls wenn si cuando quand se quando als"))

// goesFurther tells whether more than the n words stand there, if these are any;
// a farewell stands for itself ("Until Monday!").
func goesFurther(ts []token, n int) bool {
	return n > 0 && (n < len(ts) || farewells[ts[0].text])
}

var farewells = set(strings.Fields("until till til bis hasta"))

// wellMeant tells whether a few words are friendly as they are, a greeting, a
// name or an initial.
func (lx *lexicon) wellMeant(said string, ts []token) bool {
	return tails["soft"].is(ts) || signoffs.is(ts) && againstTable["scraps"].prefix(ts) == 0 || tails["greeting"].is(ts) || lx.knows(ts[0].text) ||
		lx.friendly(strings.TrimSpace(said)) && (len(lx.people) > 0 || tails["friendly"].is(ts)) ||
		len(ts) == 1 && utf8.RuneCountInString(ts[0].text) == 1 && unicode.IsLetter(firstRune(ts[0].text))
}
