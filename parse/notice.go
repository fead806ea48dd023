package parse

import (
	"slices"
	"strings"
	"unicode"
)

// An absence notice without a header to be known by says nothing but what such
// a notice says: thanks, away, until when, whom to ask. One clause about
// anything else ("…, but the total is fixed") and a person wrote it, whose words
// must not be lost. A clause that no phrase of the table fits counts as such.

// onlyAway tells whether every clause of a text is one of an absence notice,
// whether one says that somebody is away, and whether one says what only a
// notice says to whoever wrote ("I will reply when I am back", "Thank you for your mail").
func onlyAway(text string) (all, away, formal bool) {
	if len(text) > 2000 || strings.ContainsAny(text, "?？\"“”„«»`") {
		return false, false, false // a question is asked by a person; a quoted notice is talked about
	}
	n := 0
	for c := range strings.SplitSeq(noticeClauses(text), "\n") {
		_, stopped := strings.CutPrefix(c, fullStop)
		said := strings.TrimFunc(c, func(r rune) bool { return !wordRune(r) && r < 0x2e80 })
		if said == "" {
			continue
		}
		c = fold(said)
		if n++; n > 40 {
			return false, away, formal
		}
		greeted := holdsAny(c, absence["greeted text"]...)
		a, f := holdsAny(c, absence["away text"]...) || holdsAny(c, absence["gone text"]...), holdsAny(c, absence["notice text"]...) || holdsAny(c, absence["robot text"]...)
		away, formal = away || a, formal || f || greeted
		ts := tokens(c)
		front := c
		if len(ts) > 5 {
			front = c[:ts[4].end]
		}
		switch {
		case len(ts) > 30:
			return false, away, formal
		case a, f, greeted, holdsAny(front, absence["aside text"]...):
		case greeting(said), signoffs.is(ts), phone(c), !stopped && len(ts) <= 2 && names(said) && firstRune(c) < 0x2e80: // "…, Dana Ruiz"; "tests pass" and "… . Rejected." are none
		case len(ts) <= 4 && strings.Contains(c, "@"), len(ts) <= 5 && embedsNumber(c) && !strings.ContainsAny(c, "#%") && holdsAny(c, absence["day text"]...): // "Omar, omar@acme.example"; "Monday 9 June"
		default:
			return false, away, formal
		}
	}
	// What is said of somebody else is a person's news: "The customer is on vacation".
	folded := fold(text)
	return firstPerson(folded) || holdsAny(folded, absence["nobody text"]...), away, formal
}

// fullStop begins a clause behind the end of a sentence.
const fullStop = "\x01"

// noticeClauses is a text with a line for each of its clauses: what stands
// between full stops, commas, ends of lines, and the words that go on with
// something else.
func noticeClauses(text string) string {
	var j strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		j.WriteString(strings.Join(strings.Fields(line), " "))
		if len(line) < 50 { // nobody's program broke it here
			j.WriteByte('\n')
		} else {
			j.WriteByte(' ')
		}
	}
	s := j.String()
	for _, w := range absence["joint text"] {
		if w == "ma" && strings.Contains(s, "Je ") { // "à ma messagerie"
			continue
		}
		s = strings.ReplaceAll(s, " "+w+" ", "\n"+w+" ")
	}
	for _, l := range [][2]string{{"ąęłńśźż", " i "}, {"ěščřžůťď", " a "}, {"їєґі", " і "}} { // words that are something else in other languages
		if strings.ContainsAny(s, l[0]) {
			s = strings.ReplaceAll(s, l[1], "\n")
		}
	}
	var b strings.Builder
	before := ' '
	for i, r := range s {
		inside := i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '\n' // "acme.example"
		switch {
		case strings.ContainsRune("!。！", r), r == '.' && !inside && !unicode.IsDigit(before): // a dot behind a number is a date's
			b.WriteString("\n" + fullStop)
		case strings.ContainsRune(";:,，、：()–—", r):
			b.WriteByte('\n')
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// names tells whether every word begins with a capital.
func names(s string) bool {
	for i, w := range strings.Fields(s) {
		if !unicode.IsUpper(firstRune(w)) && !(i == 0 && slices.Contains(absence["joint text"], w)) {
			return false
		}
	}
	return true
}

// phone tells of a clause that is a number to call.
func phone(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			return false
		}
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n >= 6
}

// setBefore tells whether a subject is a phrase of absence that a program set
// before the one it answers: "Away Re: [#42] Cart".
func setBefore(s string) bool {
	return startsWith(s, absence["away subject"]) && (strings.Contains(s, " re:") || strings.Contains(s, " aw:") || strings.Contains(s, ":re:") || strings.Contains(s, "[#"))
}

// acknowledges tells of the mail with which a help desk or a guard against spam
// says that it got one: a program says of itself that it wrote it and what such
// programs say, or the mail says three things that nobody else does, one of them
// in a subject of its own unless it answers, or two from an address whose answers
// nobody reads. One of these stands in the first paragraph below the greeting, for
// a person's answer may have such a footer, and a person who quotes them sets marks
// around them.
func acknowledges(head string, g *grams, subject string, replies, unread bool) bool {
	head = head[:min(len(head), 800)]
	robot, sure, desk := g.holdsAny(head, absence["robot text"]), said(g, head, "sure text"), said(g, head, "desk text")
	if _, rest, ok := strings.Cut(subject, "] "); ok && strings.HasPrefix(subject, "[") {
		subject = rest // "[Ticket#17] We have received your request"
	}
	if sure > 0 && startsWith(subject, absence["sure subject"]) {
		sure, replies = sure+1, true
	}
	if containsAny(head, "\"“”„«»`?") {
		desk--
	}
	if !(robot && desk+sure > 0) && !(replies && sure > 2) && !(unread && max(desk, sure) > 1) {
		return false
	}
	for p := range strings.SplitSeq(head, "\n\n") {
		if p = strings.TrimSpace(p); p == "" || greeting(p) {
			continue
		}
		for _, k := range []string{"robot text", "desk text", "sure text", "greeted text"} {
			if said(g, p, k) > 0 {
				return true
			}
		}
		return false
	}
	return false
}

// said counts the phrases of a kind in folded text, which g is of.
func said(g *grams, s, kind string) int {
	n := 0
	for _, p := range absence[kind] {
		if g.may(p) && hasPhrase(s, p) {
			n++
		}
	}
	return n
}
