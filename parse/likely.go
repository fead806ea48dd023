package parse

import (
	"slices"
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
// how things are "from then on", or what somebody would like.
func likely(said string, first bool) bool {
	if utf8.RuneCountInString(said) > likelyRunes || !checkable(strings.TrimSpace(said)) {
		return false
	}
	if part, _, _ := labelAt(said); part != "" { // "Must not: lock out the admins"
		return false
	}
	if _, ok := wished(said); ok {
		return true
	}
	ts := firstTokens(said, wishReads)
	if n := wish["then-on"].prefix(ts); !first && n > 0 && n < len(ts) {
		return against(said, ts, false) == ""
	}
	return hopes(ts) && !advice["fault"].in(fold(said))
}

// hopes tells of words that say what somebody would like: "I'd love to see all orders
// at one glance", "Under 2 MB would be great". What they need of us ("We need to talk")
// and when ("I need this by Friday") is nothing of the kind.
func hopes(ts []token) bool {
	rest := ts
	if n := wish["hope"].prefix(ts); n > 0 && len(ts) > n+2 {
		rest = ts[n:]
	} else if at, nice := wish["nice"].any(ts); nice {
		rest = slices.Concat(ts[:at], ts[at+wish["nice"].prefix(ts[at:]):])
	} else {
		return false
	}
	holds := func(kind string) bool { _, ok := wish[kind].any(rest); return ok }
	return wish["guess"].prefix(rest) == 0 && !inMonth(ts) && !holds("aside") && !holds("late") && !holds("keep") &&
		slices.ContainsFunc(rest, func(t token) bool { return !wish["vague"].all[t.text] })
}
