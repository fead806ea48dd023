package parse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wish are the words of sentences that say what must be so (tables/wish.txt).
var wish = phraseKinds("wish.txt")

// shoulds are what a sentence can be built on, by their first byte; steps begin one
// that says, behind a problem, how to see it.
var shoulds, steps = func() (by [utf8.RuneSelf + 1][]string, _ openings) {
	words := tableKinds("wish.txt")
	var begins []string
	for _, w := range words["step"] {
		begins = append(begins, w+" ")
	}
	built := slices.Concat(words["should"], words["must"], words["expect"])
	for _, w := range slices.Concat(words["want"], words["clause"]) { // a comma may stand in the middle of "wir wollen, dass"
		if w, rest, _ := strings.Cut(w, " "); strings.Contains(rest, " ") {
			then, _, _ := strings.Cut(rest, " ")
			built = append(built, w+" "+then)
		} else {
			built = append(built, w)
		}
	}
	for _, w := range built {
		if strings.Contains(w, "'") {
			built = append(built, strings.ReplaceAll(w, "'", "’"))
		}
	}
	for _, w := range built {
		by[bucket(w[0])] = append(by[bucket(w[0])], w)
	}
	return by, newOpenings(begins...)
}()

// wishTokens is how many words stand up to "should" at most, wishReads how many of a
// sentence are read.
const wishTokens, wishReads = 14, 40

// wished tells of a sentence beside a problem that says what must be so: "done" if
// it can be checked, "context" if something has to stay as it is or a date is named,
// else "". "That should be easy", "The button that should open it", "Should we …?" and
// "Each order has to be copied by hand" say nothing of the kind. What only may be a
// done ("The auditors must get a copy") is likely, and none: a question more is the
// lesser harm.
func wished(said string) (part string, likely bool) {
	hope := wish["hope"].mayOpen(said)
	if !hope && !mayWish(said) && !wish["from-now"].mayOpen(said) && digitsIn(said) == 0 {
		return "", false
	}
	ts := firstTokens(said, wishReads)
	if len(ts) > 2 && wish["report"].any2(ts[len(ts)-2:]) { // "They should be weekly, he says"
		return "", false
	}
	if hope && hopesToSee(said, ts) || changes(said, ts) || wish["nice"].any2(ts) && measured(ts) && !loose(said) && !asks(said) { // "Under 3 s is fine"
		return "done", true
	}
	from, at, n := shouldAt(said, ts)
	if n == 0 || len(ts) == at+n || asks(said) {
		return "", false
	}
	rest := ts[at+n:]
	holds := func(kind string, ts []token) bool { _, ok := wish[kind].any(ts); return ok }
	people, sees := holds("people", ts[from:at]), holds("see", rest)
	if at == from+1 && wish["they"].all[ts[from].text] && (wish["state"].prefix(rest) > 0 && rest[0].text != "be" || rest[0].text == "be" && !holds("must", ts[at:at+n])) { // things, as often as people
		people = false
	}
	lone := at == from+1 && mayBeName(said, ts[from]) && wish["from-now"].prefix(ts) == 0 && !wish["they"].all[ts[from].text]
	burden := wish["must"].prefix(ts[at:]) == n || ts[at].text == "to"
	clause := wish["clause"].prefix(ts[at:]) == n // its rest is a sentence of its own
	switch {
	case holds("keep", rest) || holds("late", rest), keepsOn(rest):
		return "context", false
	case measured(rest) && !people && !lone && !holds("aside", rest[:1]) && !(burden && holds("toil", rest)) && !inMonth(ts),
		lone && cites(said): // "Text should read 'You are unsubscribed'"
		return "done", true
	case rest[0].text == "man" && holds("able", rest):
		return "done", true
	case at == from+1 && burden && len(rest) < 6 && wish["thing"].all[ts[from].text] && wish["cause"].prefix(rest) > 0: // "It must be the bearing"
		return "", false
	case wish["guess"].prefix(rest) > 0 || wish["guess"].all[rest[len(rest)-1].text]:
		return "", false
	case len(rest) > 1 && (rest[0].text == "have" || rest[0].text == "be" && len(rest) == 2 && wish["shows"].prefix(rest[1:]) == 0) && strings.HasSuffix(rest[1].text, "ed"): // what was, and a deed: "should be redesigned"
		return "", false
	case holds("aside", rest), !clause && holds("aside", ts[:at+n]), inMonth(ts), burden && holds("toil", rest), !slices.ContainsFunc(rest, func(t token) bool { return !wish["vague"].all[t.text] }):
		return "", false
	case clause && (unicode.IsUpper(firstRune(said[rest[0].start:])) || wish["other"].prefix(rest) > 0 || holds("people", rest[:min(len(rest), 3)]) && !sees && (!holds("able", rest) && !holds("plain", rest) || holds("staff", rest) || holds("aid", rest))):
		return "", false
	case at == 0 && len(rest) > 1 && wish["bars"].all[rest[0].text] && !wish["no-more"].any2(rest): // "Must not show the telephone": the done, or a limit to it
		return "", true
	case at == 0 && !clause && wish["bare"].prefix(ts) > 0 && holds("people", rest): // "Debería hacerlo una agencia"
		return "", true
	case holds("able", rest):
		return "done", true
	case lone && !sees && !holds("be", rest):
		return "", false
	case people && (burden || !sees): // somebody's burden, or next step
		return "", true
	case sees, holds("state", rest), !burden && holds("shows", rest), clause && holds("plain", rest) && !loose(said):
		return "done", true
	case len(rest) < 2, clause && len(rest) < 3, onDay(rest), burden && wish["remain"].prefix(rest) > 0, // too little, or a plan
		clause && (loose(said) || wish["see-to"].prefix(ts) > 0 || holds("other", rest[:3])):
		return "", true
	}
	return "done", true
}

// hopesToSee tells of a sentence that says what somebody would like and what it is to
// do: "I want a button that gives last month's orders", "We'd like to see every
// product in the sitemap", "I'd like both forms to be accepted".
func hopesToSee(said string, ts []token) bool {
	n := wish["hope"].prefix(ts)
	if n == 0 || len(ts) < n+3 || !hopes(ts) || asks(said) || loose(said) || strings.HasSuffix(strings.TrimSpace(said), ":") || advice["fault"].in(fold(said)) {
		return false
	}
	rest := ts[n:]
	if ts[n-1].text == "to" && wish["see"].prefix(rest) > 0 {
		_, us := wish["other"].any(rest[:2])
		return !us
	}
	named, tells := len(rest), false // the thing that is wished for ends there
	for i := 1; i < len(rest)-1 && named == len(rest); i++ {
		comma := strings.Contains(said[rest[i-1].end:rest[i].start], ",")
		switch t := rest[i].text; {
		case i > 1 && wish["rel"].all[t] && (comma || !wish["comma"].all[t]):
			named, tells = i, true
		case t == "to" && rest[i+1].text == "be":
			named, tells = i, i+2 < len(rest) && wish["guess"].prefix(rest[i+1:]) == 0 && max(wish["shows"].prefix(rest[i+2:]), wish["state"].prefix(rest[i+2:])) > 0
		case i > 1 && len(rest) > 4 && wish["where"].all[t]: // "the delivery address on it"
			tells = wish["aid"].prefix(rest) == 0
		}
	}
	_, other := wish["other"].any(rest[:named])
	_, people := wish["people"].any(rest[:named])
	return tells && !other && !people
}

// changes tells of a sentence that says how things are to be from then on: "From now
// on one order takes one coupon". What we do then is a plan.
func changes(said string, ts []token) bool {
	n := wish["from-now"].prefix(ts)
	return n > 0 && len(ts) > n+3 && wish["other"].prefix(ts[n:]) == 0 && !asks(said) && !loose(said) && harmless(said)
}

// measured tells of words with a bound of time or of a part in them: "within one
// minute", "in less than 3 seconds".
func measured(ts []token) bool {
	at, ok := wish["bound"].any(ts)
	if !ok {
		return false
	}
	_, unit := wish["unit"].any(ts[at:])
	return unit
}

// cites tells of a sentence that cites what is to be read somewhere.
func cites(said string) bool {
	for _, q := range []string{" '", " \"", " “", " „", " «", " ‘"} {
		if strings.Contains(said, q) {
			return true
		}
	}
	return false
}

// mayBeName tells of a word with a capital that is no thing's and no group's.
func mayBeName(said string, t token) bool {
	return unicode.IsUpper(firstRune(said[t.start:])) && !wish["thing"].all[t.text] && !wish["people"].all[t.text]
}

// limits tells of a sentence behind the done that begins with a no, or a date: "Must
// not slow down the search", "Needed before 12 January".
func limits(said string) bool {
	return wish["limit"].mayOpen(said) && wish["limit"].prefix(firstTokens(said, longestPhrase)) > 0
}

// keepsOn tells of words that say what has to go on: "keep appearing right away".
func keepsOn(rest []token) bool {
	n := wish["on"].prefix(rest)
	return n > 0 && n < len(rest) && strings.HasSuffix(rest[n].text, "ing")
}

// onDay tells of words with a day of a month in them.
func onDay(ts []token) bool {
	for i := range ts[1:] {
		if wish["month"].all[ts[i+1].text] && digits(ts[i].text) {
			return true
		}
	}
	return false
}

// inMonth tells of words with a month behind one like "in": what is to be in May is a
// plan, and no done.
func inMonth(ts []token) bool {
	for i := range ts[1:] {
		if wish["month"].all[ts[i+1].text] && wish["into"].all[ts[i].text] {
			return true
		}
	}
	return false
}

// mayWish tells whether a sentence holds one of shoulds, before its words are cut.
func mayWish(said string) bool {
	for i := range min(len(said), 300) { // more than wishTokens have
		if i > 0 && said[i-1] != ' ' && said[i-1] != '\n' {
			continue
		}
		for _, w := range shoulds[bucket(said[i])] {
			if len(said)-i >= len(w) && strings.EqualFold(said[i:i+len(w)], w) {
				return true
			}
		}
	}
	return false
}

// bucket is where in shoulds the words stand that can begin with a byte: small or
// capital, and those of other scripts together.
func bucket(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return min(c, utf8.RuneSelf)
}

// shouldAt finds the "should" that a sentence is built on, or what is as good: its
// place among the tokens and how many it takes, 0 if there is none.
func shouldAt(s string, ts []token) (from, at, n int) {
	if k := wish["clause"].prefix(ts); k > 0 {
		return 0, 0, k
	}
	if k := wish["want"].prefix(ts); k > 0 { // "We want the mail to say …"
		for at = k + 1; at < min(len(ts), wishTokens); at++ {
			if ts[at].text == "to" {
				if _, other := wish["other"].any(ts[k:at]); other {
					return 0, 0, 0
				}
				return k, at, 1
			}
		}
	}
	// from: the words before the last comma are another clause
	for at = range min(len(ts), wishTokens) {
		if at > 0 && strings.Contains(s[ts[at-1].end:ts[at].start], ",") {
			from = at
		}
		if n = max(wish["should"].prefix(ts[at:]), wish["must"].prefix(ts[at:])); at == from {
			n = max(n, wish["expect"].prefix(ts[at:]))
		}
		if n > 0 {
			break
		}
	}
	switch {
	case n == 0, from > 0 && wish["lead"].prefix(ts) == 0:
		return 0, 0, 0
	case wish["expect"].prefix(ts[at:]) == n:
		return from, at, n
	case at == 0 && (wish["bare"].prefix(ts) == 0 || wish["asks"].prefix(ts[n:]) > 0):
		return 0, 0, 0
	}
	subject := ts[from:at]
	if i, ok := wish["rel"].any(subject); ok && i > 0 && i < len(subject)-1 { // "A voucher that was used must …"
		subject = subject[:i]
	}
	if _, other := wish["other"].any(append(slices.Clip(subject), ts[at])); other {
		return 0, 0, 0
	}
	if wish["lead"].prefix(ts) > 0 && len(subject) > 1 && wish["it"].all[subject[len(subject)-1].text] { // "With one typo it should …"
		subject = subject[:len(subject)-1]
	}
	for _, t := range subject[min(1, len(subject)):] { // "Karin insists it should": a second subject
		if wish["it"].all[t.text] {
			return 0, 0, 0
		}
	}
	return from, at, n
}

// goesTo tells of a sentence that begins like a step: "Open any order and …".
func goesTo(said string) bool {
	return steps.begin(strings.TrimLeft(said, " -*•"))
}

// tellsFault tells of a sentence that tells a fault, or, if it is the first that can
// tell the problem, anything of its own. One that goes on from the sentence before
// ("It is frozen for the audit") does not.
func tellsFault(said string, first bool) bool {
	return strings.TrimSpace(said) != "" && !wish["back"].mayOpen(said) && (first || advice["fault"].in(fold(said)))
}

// tellsNow tells of a sentence that says how things are: "Today they are missing".
func tellsNow(said string) bool {
	ts := firstTokens(said, longestPhrase)
	n := labelWords.prefix(ts)
	return n > 0 && labelKind[join(ts[:n])]&labelNow > 0
}

// opensAt tells whether a sentence begins at an offset of a paragraph, not the next
// line of one that a mail client broke.
func opensAt(p string, at int) bool {
	if at == 0 || p[at-1] != '\n' {
		return true
	}
	before := strings.TrimRight(p[:at], " \n")
	line := before[strings.LastIndexByte(before, '\n')+1:]
	next := strings.TrimLeft(p[at:], " \t")
	return endsSentence(line) || itemText(next, 0) > 0 || len(line) < wrapped && unicode.IsUpper(firstRune(next))
}

// sentenceAt is p[at:end], a sentence, with what stands of it on the next line.
func sentenceAt(p string, at, end int) string {
	if end >= len(p) || p[end] != '\n' || endsSentence(p[at:end]) || end-strings.LastIndexByte(p[:end], '\n') < wrapped {
		return p[at:end]
	}
	line := p[end+1:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	return p[at : end+1+sentenceLen(line)]
}

func endsSentence(line string) bool {
	return strings.ContainsRune(".!?:;)\"”。！？…", lastRune(line))
}
