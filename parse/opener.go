package parse

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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

// passage is some sentences of one part; part is "" where nothing tells.
type passage struct{ part, text string }

// passages cuts a paragraph where a sentence says by its beginning which part it
// is: "… on the 13th. It's done when … . Please leave the rest." What follows such a
// sentence goes with it, but for a fault told behind a constraint or the steps.
// problem and done tell whether these were told before, or stand under a label; only
// beside a problem does a sentence with "should" say the done, and a wish to leave
// something alone the context; else it may be all that is wanted.
func passages(p string, problem, done bool) []passage {
	var out []passage
	from, part, found := 0, "", false
	cut := func(at int, next string) {
		if said := strings.TrimSpace(p[from:at]); said != "" {
			out = append(out, passage{part, said})
		}
		from, part, found = at, next, found || next == "done"
	}
	for start := 0; start < len(p); {
		end := len(p)
		if i := strings.IndexByte(p[start:], '\n'); i >= 0 {
			end = start + i
		}
		if strings.HasPrefix(strings.TrimSpace(p[start:end]), ">") { // cited
			start = end + 1
			continue
		}
		for at := start; at < end; {
			n := sentenceLen(p[at:end])
			said := p[at : at+n]
			next := saidAt(said)
			switch {
			case next == "context" && !problem && part == "" && strings.TrimSpace(p[from:at]) == "":
				next = ""
			case next == "" && problem && opensAt(p, at):
				if !done {
					next, _ = wished(sentenceAt(p, at, at+n))
				}
				switch {
				case next != "":
				case part != "done" && goesTo(said):
					next = "reproduce"
				case part == "done" && limits(said):
					next = "context"
				case part == "reproduce" && hopes(firstTokens(said, wishReads)): // what is wanted is no step
					next = "context"
				}
			}
			if next == "" && (part == "context" || part == "reproduce") && tellsFault(said, part == "context" && !problem) || next == "" && part == "done" && !problem && !done && tellsNow(said) {
				next = "problem"
			}
			if next != "" && next != part {
				cut(at, next)
			}
			problem = problem || part == "" || part == "problem"
			if at > start && next == "" && (strings.Contains(said, ":") || strings.Contains(said, " = ") && unicode.IsUpper(firstRune(strings.TrimSpace(said)))) { // "… number. Done: by name"
				switch is, label, rest := labelAt(said); {
				case label == sentence || rest == "":
				case is == "done" || kindOf(label, is) == "goal":
					cut(at, "done")
					from += strings.LastIndex(said, rest)
				case problem && is == "context" && strings.Contains(said, ":"): // what it is about stays
					cut(at, is)
				}
			}
			at += n
		}
		start = end + 1
	}
	cut(len(p), "")
	for i, said := range out {
		if found {
			break
		}
		if at := scenario(said.text); at >= 0 && said.part == "" {
			rest := append([]passage{{"done", said.text[at:]}}, out[i+1:]...)
			if above := strings.TrimSpace(said.text[:at]); above != "" {
				rest = append([]passage{{"", above}}, rest...)
			}
			return append(out[:i:i], rest...)
		}
	}
	for i := range out {
		out[i].text = unlabelled(out[i])
	}
	return out
}

// unlabelled is a done without the words that are as good as a label: "Done when
// …", "Finished means …". A whole sentence ("I call it done when …") stays as it is.
func unlabelled(said passage) string {
	if said.part != "done" || !openerWords.mayOpen(said.text) {
		return said.text
	}
	ts := firstTokens(said.text, longestPhrase+1)
	for n := min(len(ts)-1, longestPhrase); n > 0; n-- {
		if sectionLabels[join(ts[:n])] == "done" && opensDone(ts[:n+1]) == n && !pronouns[ts[0].text] && !aboutIt[ts[0].text] {
			return strings.TrimLeft(said.text[ts[n-1].end:], " ,:*_")
		}
	}
	return said.text
}

// aboutIt are words that begin a sentence and no label.
var aboutIt = set([]string{"it", "it's", "this", "that", "we", "we're", "es", "das", "dies", "wir", "c'est", "det", "het"})

// sentenceLen is how much of a line its first sentence takes. The number of a list's
// item ("2. go to the cart") is none.
func sentenceLen(s string) int {
	for i := range len(s) {
		switch s[i] {
		case '.', '!', '?', ';':
			if i+1 < len(s) && s[i+1] == ' ' && !(i < 4 && s[i] == '.' && digits(strings.TrimLeft(s[:i], " "))) {
				return i + 1
			}
		case "。"[0], "！"[0]: // and of "？"
			if r, n := utf8.DecodeRuneInString(s[i:]); strings.ContainsRune("。！？", r) {
				return i + n
			}
		}
	}
	return len(s)
}

// saying is a beginning of a sentence that counts with words behind it: "Leave
// the old orders as they are".
type saying struct {
	part        string
	start, with phrases
}

// sayings are the beginnings of sentences of a part, and what stands within
// them where a language puts it at the end (tables/sentence.txt).
var sayings, sayingsWithin, sayingsWith = func() (map[string]phrases, map[string][]string, []saying) {
	start, within, with := map[string]phrases{}, map[string][]string{}, []saying(nil)
	for _, row := range tableRows("sentence.txt") {
		switch row[1] {
		case "within":
			within[row[0]] = append(within[row[0]], tableWords(row[2])...)
			continue
		case "with":
			with = append(with, saying{row[0], newPhrases(tableWords(row[2])), newPhrases(tableWords(row[3]))})
			continue
		}
		if _, ok := start[row[0]]; !ok {
			start[row[0]] = newPhrases()
		}
		for _, w := range tableWords(row[2]) {
			start[row[0]].add(w)
		}
	}
	return start, within, with
}()

var sayingParts = []string{"done", "reproduce", "context"}

// telling are the words that can be the first of a sentence that tells its part.
var telling = func() phrases {
	p := newPhrases(slices.Collect(maps.Keys(openerWords.longest)))
	for _, part := range sayingParts {
		for w := range sayings[part].all {
			p.add(w)
		}
	}
	for _, w := range sayingsWith {
		for start := range w.start.all {
			p.add(start)
		}
	}
	return p
}()

// saidAt tells which part a sentence is by how it begins or ends, "" if that
// does not tell.
func saidAt(s string) string {
	if telling.mayOpen(s) && !asks(s) {
		ts := firstTokens(s, openerTokens)
		if opensDone(ts) > 0 {
			return "done"
		}
		for _, part := range sayingParts {
			n := sayings[part].prefix(ts)
			switch {
			case n == 0:
			case part == "done" && (wish["next"].prefix(ts[n:]) > 0 || advice["fault"].in(fold(s))): // "When this is done, half of it is missing"
			default:
				return part
			}
		}
		for _, w := range sayingsWith {
			if w.start.prefix(ts) > 0 {
				if _, ok := w.with.any(firstTokens(s, 40)); ok {
					return w.part
				}
			}
		}
	}
	if !strings.ContainsFunc(s[:min(len(s), 12)], func(r rune) bool { return r > 0x2e80 }) {
		return ""
	}
	for _, part := range sayingParts {
		for _, w := range sayingsWithin[part] {
			if strings.Contains(s, w) {
				return part
			}
		}
	}
	return ""
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
