package parse

import (
	"strings"
	"unicode/utf8"
)

// LikelyDone is the sentence of a task without a done that most likely says it, as it
// stands there, "" if none looks like one. It is for offering, never for taking: "The
// auditors must get a copy" may be the done, and may be why all the trouble.
func LikelyDone(s Sections) string {
	best := ""
	for i, p := range paragraphs(joinParagraphs(s.Problem, s.Context)) {
		for k, line := range wholeLines(p) {
			for at := 0; at < len(line); {
				n := sentenceLen(line[at:])
				if said := strings.TrimLeft(line[at:at+n], " \t-*•"); likely(said, i+k+at == 0) {
					best = said
				}
				at += n
			}
		}
	}
	return best
}

// wholeLines are the lines of a paragraph without what is cited, those that a client
// broke put together again.
func wholeLines(p string) (out []string) {
	at := 0
	for line := range strings.Lines(p) {
		said := strings.Join(strings.Fields(line), " ")
		switch n := len(out) - 1; {
		case strings.HasPrefix(said, ">"):
		case n < 0, opensAt(p, at):
			out = append(out, said)
		default:
			out[n] += " " + said
		}
		at += len(line)
	}
	return out
}

// likelyRunes is how long an offer may be: it stands on a button.
const likelyRunes = 160

// likely tells of a sentence that may say when a task is done: it says what must be so,
// or how things are "from then on".
func likely(said string, first bool) bool {
	if utf8.RuneCountInString(said) > likelyRunes || !checkable(strings.TrimSpace(said)) {
		return false
	}
	if _, ok := wished(said); ok {
		return true
	}
	ts := firstTokens(said, wishReads)
	n := wish["then-on"].prefix(ts)
	return !first && n > 0 && n < len(ts) && against(said, ts, false) == ""
}
