package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What people say behind an approval, on its line: praise of a piece of the work,
// whole sentences about how they looked at it, whom they will show it to, what
// comes next. Much of it is read as what stands on the lines below, and more
// strictly: a sentence has to say that it is harmless.

// kind tells whether each clause of a tail is friendly, praises something of the
// work, or tells of what limits nothing: "good docs page, by the way", "well done,
// and sorry it took me two days to look".
func (lx *lexicon) kind(tail string) bool {
	return eachClause(tail, func(s string, ts []token, apart bool) bool {
		return lx.friendlyClause(s, ts, apart) || apart && (lx.praises(s, ts) || lx.vouches(s, ts) || lx.tells(s, ts))
	})
}

// praises tells whether a clause is kind words and what they are said of: "nice
// and quiet overlay", "love the new icons". What is good for, with or under
// something may not be so without, and a good start is not the whole.
func (lx *lexicon) praises(s string, ts []token) bool {
	table := againstTable
	n := 0
	for k := 1; k > 0; n += k {
		k = max(table["praise"].prefix(ts[n:]), table["stress"].prefix(ts[n:]))
	}
	if n == 0 || n == len(ts) || len(ts) > n+5 {
		return false
	}
	if !table["praise"].any2(ts[:n]) || table["unsaid"].any2(ts[n:]) || tails["partial"].any2(ts[n:]) || table["bounds"].prefix(ts[n:]) > 0 {
		return false
	}
	return lx.unlimited(s, ts, n, phrases{})
}

// vouches tells whether a clause says of the whole work that it was looked at and is
// good: "works on all of my phones".
func (lx *lexicon) vouches(s string, ts []token) bool {
	table := againstTable
	n := table["vouch"].prefix(ts)
	if n == 0 || n == len(ts) || !table["assures"].any2(ts) || restricts(s, ts) {
		return false
	}
	next := ts[n].text
	return next != "for" && (next != "with" || table["tried"].prefix(ts) > 0) && next != "as" && next != "to" && table["unsaid"].prefix(ts[n:]) == 0 && lx.unlimited(s, ts, n, tails["partial"])
}

// tells tells whether a sentence tells of the writer, of who will be glad, or of
// what comes next, with nothing in it that could make the decision wait: "I will
// show it to the board", "Please go on with #14". Whoever is to look at the work
// first is no such thing.
func (lx *lexicon) tells(s string, ts []token) bool {
	table := againstTable
	if len(ts) > longestThought || containsAny(s, "?？¿") {
		return false
	}
	for n := 0; n < len(ts); {
		if k := table["excuses"].prefix(ts[n:]); k > 0 {
			return lx.unlimited(s, ts, n+k, phrases{})
		}
		if k := n + table["numbers"].prefix(ts[n:]); k > n && k < len(ts) && strings.HasSuffix(s[:ts[k].start], "#") {
			return lx.unlimited(s, ts, k+1, table["unheard"])
		}
		k := table["tells"].prefix(ts[n:])
		if k == 0 && ts[len(ts)-1].text == "next" {
			k = table["ahead"].prefix(ts[n:])
		}
		if k > 0 {
			return !strings.Contains(s, "#") && table["changes"].prefix(ts[n+k:]) == 0 && lx.unlimited(s, ts, n+k, table["unheard"])
		}
		if k = table["opens"].prefix(ts[n:]); k == 0 {
			break
		}
		n += k
	}
	return false
}

// unlimited tells whether nothing speaks against a decision in a sentence, and no
// word from the n-th on is a decision, a no, a contrast, a condition, a part or one
// that is barred; a word of time alone is no condition.
func (lx *lexicon) unlimited(s string, ts []token, n int, barred phrases) bool {
	table := againstTable
	for i := n; i < len(ts); i++ {
		if k := max(table["spares"].prefix(ts[i:]), freeOf(s, ts, i)); k > 0 {
			i += k - 1
			continue
		}
		if w, _ := lx.at(s, ts[i:]); decisive(w) || table["timed"].prefix(ts[i:]) > 0 || table["partial"].prefix(ts[i:]) > 0 || barred.prefix(ts[i:]) > 0 {
			return false
		}
		if d := sign(ts[i:]); (d == DoubtNegation || d == DoubtContradiction) && !table["homographs"].all[ts[i].text] {
			return false
		}
	}
	return against(s, ts, false) == ""
}

// saysMore tells whether whole sentences follow an approval on its line, none of
// which speaks against it: "Approved. I checked it with three orders." They are
// read as those on the lines below are, and more strictly: none may hold a
// condition or a contrast, ask about the work, name a task but as the next one, or
// be a scrap that the word needs. Of an approval each has to say that the work is
// good, or was looked at and not in part ("CI is red" holds no word that speaks
// against it), or tell of something else.
func (lx *lexicon) saysMore(word, rest string) bool {
	more := lx.behindKind(rest)
	if more == "" || containsAny(more, "@<>=~|") || lx.limited("", more, "approve").why != "" {
		return false
	}
	aside := false
	for said := range sentences(more) {
		ts := tokens(said)
		if len(ts) == 0 || lx.friendly(said) {
			continue
		}
		aside = aside || turnsAside(ts)
		asks, told := containsAny(said, "?？¿"), lx.tells(said, ts)
		switch {
		case asks && againstTable["chats"].prefix(ts) == 0, !told && strings.Contains(said, "#"):
			return false
		case asks, told, lx.praises(said, ts), aside && !speaksOfThis(ts):
		case restricts(said, ts), len(ts) < 3 && (!vouched(ts) || againstTable["unsaid"].any2(ts) || lx.doubt(word, said) != DoubtTail):
			return false
		case word == "approve" && (!vouched(ts) && !describes(ts) || againstTable["partial"].any2(ts) && !describes(ts)):
			return false
		}
		for i := range ts {
			if w, _ := lx.at(said, ts[i:]); decisive(w) {
				return false
			}
		}
	}
	return true
}

// behindKind is what stands behind the kind words that follow a decision, if a
// sentence begins there. Who dictates sets no signs: "approve thank you so much it
// looks great", so behind thanks a sentence about the work or the writer will do.
func (lx *lexicon) behindKind(rest string) string {
	for i, r := range rest {
		if to := i + utf8.RuneLen(r); strings.ContainsRune(".!…", r) && to < len(rest) && rest[to] == ' ' {
			more := strings.TrimSpace(rest[to:])
			if first := strings.TrimLeft(rest[:i], ".!… "); first == "" || lx.kind(rest[:i]) && !unicode.IsLower(firstRune(more)) {
				return more
			}
			break
		}
	}
	ts := tokens(rest)
	n := 0
	for k := 1; k > 0 && n < len(ts) && !(n > 0 && dictated[ts[n].text]); n += k {
		if k = max(tails["friendly"].prefix(ts[n:]), tails["filler"].prefix(ts[n:])); k == 0 && n > 0 && lx.knows(ts[n].text) {
			k = 1
		}
	}
	if n == 0 || n >= len(ts) || !dictated[ts[n].text] || tails["friendly"].prefix(ts) == 0 || strings.TrimLeft(rest[:ts[n].start], " ") != rest[ts[0].start:ts[n].start] || containsAny(rest[:ts[n].start], ",.:;-–—()") {
		return ""
	}
	return rest[ts[n].start:]
}

// dictated are words that a sentence may begin with behind thanks without a sign
// between them.
var dictated = set(strings.Fields("it it's i i've we we've this that's everything everyone all works looks the our my you you've"))
