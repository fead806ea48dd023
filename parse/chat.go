package parse

import "strings"

// longestChat bounds, in words, what is taken for chat: who writes more says
// something of the task as well.
const longestChat = 14

var chat = phraseKinds("chat.txt")

// Chat tells whether a short text only talks about a task: it declines, puts off,
// thanks or asks back. Such a text is neither a done nor any other part of a task.
// It is a guess; what is chat is asked about, and lost nowhere.
func Chat(text string) bool {
	text = strings.TrimSpace(text)
	ts := firstTokens(text, longestChat+1)
	if len(ts) == 0 || len(ts) > longestChat {
		return false
	}
	if strings.HasSuffix(text, "?") || strings.HasSuffix(text, "？") {
		return true
	}
	for len(ts) > 0 {
		n := chat["aside"].prefix(ts)
		if n == 0 {
			break
		}
		if n < len(ts) && !containsAny(text[ts[n-1].end:ts[n].start], ",.;:!–—\n") {
			break
		}
		ts = ts[n:]
	}
	return len(ts) == 0 || chat["whole"].is(ts) || chat["start"].prefix(ts) > 0 || standsAlone(text, ts, chat["clause"])
}

// standsAlone tells whether a text begins with a phrase that a comma or the like ends,
// or the end of the text.
func standsAlone(text string, ts []token, p phrases) bool {
	n := p.prefix(ts)
	if n == 0 {
		return false
	}
	for n < len(ts) && !containsAny(text[ts[n-1].end:ts[n].start], ",.;:!–—-\n") {
		k := chat["after-clause"].prefix(ts[n:])
		if k == 0 {
			return false
		}
		n += k
	}
	return true
}

// SaysDone tells whether a text begins by saying that the work is done in words that
// are none of the team's own for it, which are handed in: "terminé: …" where nobody
// reads French, "It's live, please have a look". It moves nothing; whoever wrote it is
// asked.
func SaysDone(text string, own []string) bool {
	line, _, _ := strings.Cut(Ungreeted(strings.TrimSpace(text)), "\n")
	ts := firstTokens(line, longestChat)
	n, ends := chat["delivered"].prefix(ts), ":："
	if reported := chat["reported"].prefix(ts); reported > n {
		if n, ends = reported, ",.!;:-–—"; reported == 1 {
			ends = ".!" // "Finished: the form" tells of a part
		}
	}
	if n == 0 || newPhrases(own).is(ts[:n]) {
		return false
	}
	behind := strings.TrimSpace(line[ts[n-1].end:])
	return strings.Trim(behind, ".!。！ ") == "" || strings.ContainsRune(ends, firstRune(behind))
}

// Courtesy tells whether a text is thanks, or the answer to thanks, and nothing else.
func Courtesy(text string) bool { return chat["courtesy"].is(firstTokens(text, 6)) }

// Withdraws tells whether a text begins by taking back a question that its writer asked,
// or a block: "never mind, I found it".
func Withdraws(text string) bool {
	text = Ungreeted(strings.TrimSpace(text))
	ts := firstTokens(text, longestChat)
	return standsAlone(text, ts, chat["withdraws"])
}
