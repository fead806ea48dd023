package parse

import (
	"maps"
	"slices"
	"strings"
)

// opener is a language's way to begin a sentence that says when a task is done:
// "It is done when …", "I'd call it finished once …" (tables/opener.txt).
type opener struct {
	about             map[string]bool
	word, conjunction phrases
}

var openers = func() []opener {
	var out []opener
	for _, row := range tableRows("opener.txt") {
		about := set(tableWords(row[1]))
		out = append(out, opener{about, newPhrases(tableWords(row[2])), newPhrases(tableWords(row[3]))})
	}
	return out
}()

// openerTokens is how many words such a beginning has at most.
const openerTokens = 20

// openerWords are the words that such a beginning can have first.
var openerWords = func() phrases {
	p := newPhrases(slices.Collect(maps.Keys(wholeDone.all)))
	for _, o := range openers {
		for w := range o.about {
			p.add(w)
		}
		for w := range o.word.all {
			p.add(w)
		}
	}
	return p
}()

// opensDone counts the tokens at the start of a sentence that say that what
// follows is the done, 0 if it does not begin so.
func opensDone(ts []token) int {
	for i := range openers {
		if n := openers[i].prefix(ts); n > 0 && len(ts) > n {
			return n
		}
	}
	if n := wholeDone.prefix(ts); n > 0 && len(ts) > n {
		return n
	}
	return 0
}

func (o *opener) prefix(ts []token) int {
	for i := 0; i < len(ts) && i < 10; i++ {
		if n := o.word.prefix(ts[i:]); n > 0 {
			for j := i + n; j < len(ts) && j <= i+n+4; j++ {
				if c := o.conjunction.prefix(ts[j:]); c > 0 {
					return j + c
				}
				if !o.about[ts[j].text] {
					break
				}
			}
		}
		if !o.about[ts[i].text] {
			return 0
		}
	}
	return 0
}

// wholeDone begin a sentence that is the done as it stands.
var wholeDone = newPhrases([]string{"to consider this done", "to consider it done", "to call this done", "to call it done", "for this to be done", "for it to be done", "for this to be accepted", "complete when", "am ende soll", "am ende sollen", "am ende muss", "完成的标准是"})

// doneAt finds in a paragraph the sentence that says when it is done: what
// stands above it, and the done, without its label ("… number. Done: by name").
func doneAt(p string) (above, done string, ok bool) {
	start := 0
	for start < len(p) {
		end := len(p)
		if i := strings.IndexByte(p[start:], '\n'); i >= 0 {
			end = start + i
		}
		line := p[start:end]
		at := 0
		for i := range len(line) {
			if i+1 < len(line) && !(strings.IndexByte(".!?;", line[i]) >= 0 && line[i+1] == ' ') {
				continue
			}
			said := line[at : i+1] // a sentence at a time: linear
			if openerWords.mayOpen(said) && opensDone(firstTokens(said, openerTokens)) > 0 {
				return strings.TrimSpace(p[:start+at]), strings.TrimSpace(p[start+at:]), true
			}
			if at > 0 && strings.Contains(said, ":") {
				if part, label, rest := labelAt(said); (part == "done" || goals[join(tokens(label))]) && label != sentence && rest != "" {
					return strings.TrimSpace(p[:start+at]), strings.TrimSpace(rest + p[start+i+1:]), true
				}
			}
			at = i + 1
		}
		start = end + 1
	}
	if at := scenario(p); at >= 0 {
		return strings.TrimSpace(p[:at]), p[at:], true
	}
	return "", p, false
}

// scenario finds the form "Given … When … Then …", a line each, -1 if it is not
// there.
func scenario(p string) int {
	at, given := 0, -1
	for line := range strings.Lines(p) {
		if ts := firstTokens(line, 3); len(ts) >= 3 {
			switch ts[0].text {
			case "given", "when", "angenommen", "gegeben", "wenn", "étant", "quand", "dado", "dada", "cuando", "quando", "dato", "gegeven", "als":
				if given < 0 {
					given = at
				}
			case "then", "dann", "alors", "entonces", "então", "allora", "dan":
				if given >= 0 {
					return given
				}
			}
		}
		at += len(line)
	}
	return -1
}
