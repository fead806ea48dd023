package parse

import (
	"slices"
	"strings"
)

// TellsDone tells whether words in answer to the question for a done tell one. What
// opens as another part does not: "Please don't touch the API".
func TellsDone(text string) bool {
	return anySentence(text, func(said string) bool { at := saidAt(said); return (at == "" || at == "done") && checkable(said) })
}

// tellsDone tells whether words that stand for a done say something that can be
// checked. "I don't know yet", "will follow", a question, thanks, a form not filled in
// and "it works" do not: a wrong done starts an engineer on a task without an end, a
// question more is a mail.
func tellsDone(text string) bool { return anySentence(text, checkable) }

func anySentence(text string, ok func(said string) bool) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if _, label, rest := labelAt(line); label != "" && label != sentence {
			line = rest
		}
		for line != "" {
			n := sentenceLen(line)
			if ok(strings.TrimSpace(strings.TrimPrefix(strings.Trim(line[:n], " \t-*•"), "[ ]"))) {
				return true
			}
			line = line[n:]
		}
	}
	return false
}

// checkable tells whether a clause of a sentence says something.
func checkable(said string) bool {
	if asks(said) || toFillIn(said) || salutes(said) || unsaid[join(firstTokens(said, longestPhrase))] {
		return false
	}
	if firstRune(said) > 0x2e80 { // no spaces between the words
		return !slices.ContainsFunc(laterWords, func(w string) bool { return strings.Contains(said, w) })
	}
	return slices.ContainsFunc(clauses(said, firstTokens(said, wishReads)), func(ts []token) bool {
		return wish["later"].prefix(ts) == 0 && !wish["hollow"].is(ts) && !tails["soft"].is(ts) && !tails["friendly"].is(ts)
	})
}

// laterWords are those of wish.txt that put a done off.
var laterWords = tableKind("wish.txt", "later")

// toFillIn tells of what a form says before it is filled in: "<what must be true>".
func toFillIn(said string) bool {
	for _, b := range []string{"<>", "[]", "{}"} {
		if i := strings.IndexByte(said, b[1]); strings.HasPrefix(said, b[:1]) && i == len(said)-1 {
			return true
		}
	}
	return false
}

// asks tells of a sentence with a question mark at its end.
func asks(said string) bool {
	last := lastRune(strings.TrimRight(said, " \t\"'”)*_"))
	return last == '?' || last == '？'
}
