package parse

import (
	"maps"
	"slices"
	"strings"
)

// lexicon knows the words of DESIGN section 4 and those a team added.
type lexicon struct {
	canon   map[string]string // phrase → canonical word
	longest map[string]int    // as in phrases
	nouns   bool              // a language is in use that writes nouns with a capital
	people  []string          // the names that are known
}

var builtin = func() *lexicon {
	lx := &lexicon{canon: map[string]string{}, longest: map[string]int{}}
	for _, row := range tableRows("word.txt") {
		lx.add(row[0], append([]string{row[0]}, tableWords(row[1])...))
	}
	return lx
}()

// everyWord knows the words of every language. It tells what can be no greeting,
// no sign-off and no name; a command is only what the team's own lexicon knows.
var everyWord = func() *lexicon {
	lx := &lexicon{canon: maps.Clone(builtin.canon), longest: maps.Clone(builtin.longest)}
	for _, words := range languageWords {
		for _, w := range CanonicalWords() {
			lx.add(w, words[w])
		}
	}
	return lx
}()

// CanonicalWords are the words a command can have, in the order of DESIGN
// section 4.
func CanonicalWords() []string {
	var out []string
	for _, row := range tableRows("word.txt") {
		out = append(out, row[0])
	}
	return out
}

// add takes phrases in for a canonical word; a phrase that is there already
// keeps its meaning, so a team cannot make "approve" mean something else.
func (lx *lexicon) add(word string, list []string) {
	for _, p := range list {
		ts := tokens(p)
		if key := join(ts); key != "" && lx.canon[key] == "" {
			lx.canon[key] = word
			lx.longest[ts[0].text] = max(lx.longest[ts[0].text], min(len(ts), longestPhrase))
		}
	}
}

// newLexicon is the built-in words and those of the options. A word that is
// no canonical one is passed over: config refuses it.
func newLexicon(words map[string][]string, names []string) *lexicon {
	if len(words) == 0 {
		return &lexicon{canon: builtin.canon, longest: builtin.longest, people: names}
	}
	lx := &lexicon{canon: maps.Clone(builtin.canon), longest: maps.Clone(builtin.longest), people: names}
	lx.nouns = slices.Contains(words["approve"], languageWords["de"]["approve"][0])
	canonical := CanonicalWords()
	for _, w := range canonical { // in a fixed order
		lx.add(w, words[w])
	}
	return lx
}

// knows tells whether it is the name, a part of one or a short form of it, of somebody
// who is known.
func (lx *lexicon) knows(folded string) bool {
	for _, name := range lx.people {
		for _, t := range tokens(name) {
			if t.text == folded || slices.Contains(nicknames[t.text], folded) {
				return true
			}
		}
	}
	return false
}

// at returns the canonical word of the longest phrase at the start of ts. The
// words of a phrase may stand apart by spaces, a hyphen or emphasis only.
func (lx *lexicon) at(s string, ts []token) (word string, n int) {
	if len(ts) == 0 {
		return "", 0
	}
	for n = min(lx.longest[ts[0].text], len(ts)); n > 0; n-- {
		w := lx.canon[join(ts[:n])]
		if w == "" {
			continue
		}
		for i := 1; i < n && w != ""; i++ {
			if strings.Trim(s[ts[i-1].end:ts[i].start], " -*_") != "" {
				w = ""
			}
		}
		if w != "" {
			return w, n
		}
	}
	return "", 0
}

// decisions are the words that open or shut a gate, and their opposites. Found
// anywhere in a first line they are asked about.
var decisions = []string{"approve", "redirect"}

func decisive(word string) bool { return slices.Contains(decisions, word) }

// opposed are words that cannot both be meant in one mail for one task.
var opposed = []string{"approve", "redirect", "done", "drop", "undo", "reopen", "blocked"}

// IsSoft tells whether a line is nothing but a friendly word that is no
// decision ("ok", "looks good", a thumb): DoubtSoft at a gate.
func IsSoft(line string) bool {
	line = emoticons.Replace(line)
	if containsAny(line, "?？") {
		return false
	}
	ts := firstTokens(line, 21)
	if len(ts) == 0 || len(ts) > 20 {
		return false
	}
	cs := clauses(line, ts)
	if softClause(cs[0]) {
		for _, c := range cs[1:] {
			if !softClause(c) && !builtin.friendlyClause(line, c, true) {
				return false
			}
		}
		return true
	}
	return false
}

func softClause(ts []token) bool {
	soft := false
	for i := 0; i < len(ts); {
		if n := tails["soft"].prefix(ts[i:]); n > 0 {
			i, soft = i+n, true
		} else if n := max(tails["friendly"].prefix(ts[i:]), tails["filler"].prefix(ts[i:])); n > 0 {
			i += n
		} else {
			return false
		}
	}
	return soft
}
