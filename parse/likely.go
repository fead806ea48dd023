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
				said := strings.TrimLeft(line[at:at+n], " \t-*•")
				if likely(said, i+k+at == 0) || i > 0 && k+at == 0 && enables(said) {
					best = strings.TrimRight(said, " ;")
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

// measures are those of wish.txt.
var measures = tableKind("wish.txt", "measure")

// likelyRunes is how long an offer may be: it stands on a button.
const likelyRunes = 160

// offerable tells of a sentence that can stand on the button: it is a whole one, says
// something, and stands under no label ("Must not: lock out the admins").
func offerable(said string) bool {
	said = strings.TrimSpace(said)
	part, _, _ := labelAt(said)
	return part == "" && utf8.RuneCountInString(said) <= likelyRunes && checkable(said) && !strings.HasSuffix(said, ":") && !loose(said)
}

// loose tells of a sentence that wishes for more or less of something and says not of
// how much: "People should find it more easily". Nobody can check that.
func loose(said string) bool {
	ts := firstTokens(said, wishReads)
	return wish["loose"].any2(ts) && !wish["than"].any2(ts) && digitsIn(said) == 0
}

// likely tells of a sentence that may say when a task is done: it says what must be so,
// how things are "from then on", or what somebody would like.
func likely(said string, first bool) bool {
	if !offerable(said) {
		return false
	}
	if _, ok := wished(said); ok {
		return true
	}
	ts := firstTokens(said, wishReads)
	if n := wish["then-on"].prefix(ts); !first && n > 0 && n < len(ts) {
		return harmless(said)
	}
	return hopes(ts) && !advice["fault"].in(fold(said))
}

// enables tells of a sentence below the problem that says what somebody can do: "A
// customer can delete the account from their profile page". What we can do ("We can
// talk on Monday", "Lee can help") is nothing of the kind.
func enables(said string) bool {
	if !offerable(said) {
		return false
	}
	ts := firstTokens(said, wishReads)
	for at := 1; at < min(len(ts)-2, wishTokens); at++ {
		if n := wish["can"].prefix(ts[at:]); n > 0 && at+n < len(ts) {
			_, other := wish["other"].any(ts[:at])
			return !other && !(at == 1 && mayBeName(said, ts[0])) && wish["aid"].prefix(ts[at+n:]) == 0 && harmless(said)
		}
	}
	return false
}

// harmless tells of a sentence that tells no fault and no lack. "No more than two" is
// a measure.
func harmless(said string) bool {
	said = fold(said)
	for _, w := range measures {
		said = strings.ReplaceAll(said, w, "at most")
	}
	switch against(said, tokens(said), false) {
	case "":
		return true
	case DoubtContradiction: // "the rest is paid by card"
		return !advice["fault"].in(said)
	}
	return false
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
