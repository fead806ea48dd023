package parse

import (
	"strings"
	"unicode"
)

// An absence notice without a header to be known by says nothing but what such
// a notice says: thanks, away, until when, whom to ask. One clause about
// anything else ("…, but the total is fixed") and a person wrote it, whose words
// must not be lost. A clause that no phrase of the table fits counts as such.

// onlyAway tells whether every clause of a text is one of an absence notice,
// whether one says that somebody is away, and whether one says what only a
// notice says to whoever wrote ("I will reply when I am back").
func onlyAway(text string) (all, away, formal bool) {
	if len(text) > 2000 || strings.ContainsAny(text, "?？\"“”„«»`") {
		return false, false, false // a question is asked by a person; a quoted notice is talked about
	}
	n := 0
	for c := range strings.SplitSeq(noticeClauses(text), "\n") {
		c = strings.TrimFunc(c, func(r rune) bool { return !wordRune(r) && r < 0x2e80 })
		if c == "" {
			continue
		}
		if n++; n > 40 {
			return false, away, formal
		}
		a, f := holdsAny(c, absence["away text"]...) || holdsAny(c, absence["gone text"]...), holdsAny(c, absence["notice text"]...) || holdsAny(c, absence["automated text"]...)
		away, formal = away || a, formal || f
		ts := tokens(c)
		front := c
		if len(ts) > 5 {
			front = c[:ts[4].end]
		}
		switch {
		case len(ts) > 30:
			return false, away, formal
		case a, f, holdsAny(front, absence["aside text"]...), holdsAny(c, absence["greeted text"]...):
		case len(ts) <= 2, len(ts) <= 5 && embedsNumber(c) && !strings.ContainsAny(c, "#%") && holdsAny(c, absence["day text"]...): // a name, a greeting, "Monday 9 June"
		default:
			return false, away, formal
		}
	}
	return true, away, formal
}

// noticeClauses is a text, folded, with a line for each of its clauses: what stands
// between full stops, commas, and the words that go on with something else. A
// dot behind a number is a date's.
func noticeClauses(text string) string {
	s := strings.Join(strings.Fields(strings.ReplaceAll(fold(text), "\n\n", ". ")), " ")
	for _, w := range absence["joint text"] {
		s = strings.ReplaceAll(s, " "+w+" ", "\n"+w+" ")
	}
	var b strings.Builder
	before := ' '
	for _, r := range s {
		if strings.ContainsRune("!;:,。，！、：()–—", r) || r == '.' && !unicode.IsDigit(before) {
			r = '\n'
			if before == '.' {
				continue
			}
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// setBefore tells whether a subject is a phrase of absence that a program set
// before the one it answers: "Away Re: [#42] Cart".
func setBefore(s string) bool {
	return startsWith(s, absence["away subject"]) && (strings.Contains(s, " re:") || strings.Contains(s, " aw:") || strings.Contains(s, ":re:") || strings.Contains(s, "[#"))
}

// acknowledges tells of the mail with which a help desk or a guard against spam
// says that it got one: two things
// that only programs say, three if a word of the text may be a command or
// something in it is quoted.
func acknowledges(text string, commands bool) bool {
	head := fold(text[:min(len(text), 800)])
	n := 0
	if commands || strings.ContainsAny(head, "\"“”„«»`?") {
		n-- // quoted by a person, or a subject that the program quotes
	}
	for _, p := range absence["desk text"] {
		if hasPhrase(head, p) {
			n++
		}
	}
	return n >= 2
}
