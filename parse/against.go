package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// againstTable is tables/against.txt by kind.
var againstTable = func() map[string]phrases {
	out := map[string]phrases{}
	for kind, words := range tableKinds("against.txt") {
		out[kind] = newPhrases(words)
	}
	return out
}()

// against tells why a sentence below an approval speaks against it, by the words
// in it and in any of the languages of the table. aside is whether the paragraph
// is about other work, which may be as broken as it likes.
func against(said string, ts []token, aside bool) string {
	table := againstTable
	deny, fault, mended := false, false, false
	aside = aside && !table["here"].any2(ts)
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
		spared := max(table["spares"].prefix(ts[i:]), table["mended"].prefix(ts[i:]))
		if i == 0 {
			spared = max(spared, tails["harmless"].prefix(ts))
		}
		switch {
		case spared > 0 && spared >= most:
			// "If anything breaks, call me" says that nothing does.
			mended = mended || table["mended"].prefix(ts[i:]) > 0 || table["hangs"].prefix(ts[i:i+1]) > 0
			n = spared
		case most == 0:
		case most == halts:
			return DoubtCondition
		case most == denies:
			deny = true
		default:
			fault = true
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

// turnsAside tells whether a sentence begins to speak of other work.
func turnsAside(ts []token) bool {
	at, ok := againstTable["aside"].any(ts)
	return ok && at <= 3 // "For the next task", not "This is not ready for the next task"
}

// leftOpen tells why a sentence that stands for itself below an approval takes
// it back or is the rest of it: by how it begins and ends.
func (lx *lexicon) leftOpen(said string, ts []token) string {
	table := againstTable
	said = strings.TrimSpace(said)
	asks := containsAny(said, "?？")
	if minus := strings.TrimLeft(said, "-−"); len(minus) < len(said) && ts[0].text == "1" && strings.HasPrefix(minus, "1") && !strings.HasPrefix(minus[1:], ".") && !strings.HasPrefix(minus[1:], ")") {
		return DoubtNegation // a vote against
	}
	for n := table["opens"].prefix(ts); n > 0 && n < len(ts); n = table["opens"].prefix(ts) {
		ts = ts[n:]
	}
	if asks {
		if table["checks"].prefix(ts) > 0 {
			return DoubtQuestion
		}
		return ""
	}
	if rest := strings.TrimLeft(said, ".…"); len(rest) < len(said) && !lx.friendly(rest) {
		return DoubtContradiction // "... said nobody."
	}
	if n := table["revokes"].prefix(ts); n > 0 && (n == len(ts) || table["points"].prefix(ts[n:]) > 0) {
		return DoubtContradiction
	}
	if n := table["dates"].prefix(ts); n > 0 {
		for _, t := range ts[n:] {
			if tails["date"].all[t.text] || embedsNumber(t.text) {
				return DoubtCondition
			}
		}
	}
	if table["hangs"].prefix(ts) > table["spares"].prefix(ts) && tails["harmless"].prefix(ts) == 0 && !strings.ContainsAny(said, ",:;") {
		return DoubtCondition
	}
	word := strings.TrimRight(said, ".…")
	switch scrap := max(table["scraps"].prefix(ts), table["joins"].prefix(ts)) > 0; {
	case lx.wellMeant(said, ts):
	case len(ts) == 1 && !embedsNumber(word) && (word != said || len(word) > 2 && strings.ToUpper(word) == word && strings.ToLower(word) != word):
		return DoubtContradiction // one word is a verdict: "Meh.", "WIP"
	case len(ts) <= 3 && scrap:
		return DoubtCondition
	}
	return ""
}

// wellMeant tells whether a few words are friendly as they are, a greeting, a
// name or an initial.
func (lx *lexicon) wellMeant(said string, ts []token) bool {
	return tails["soft"].is(ts) || signoffs.is(ts) || tails["greeting"].is(ts) || lx.knows(ts[0].text) ||
		lx.friendly(strings.TrimSpace(said)) && (len(lx.people) > 0 || tails["friendly"].is(ts)) ||
		len(ts) == 1 && utf8.RuneCountInString(ts[0].text) == 1 && unicode.IsLetter(firstRune(ts[0].text))
}
