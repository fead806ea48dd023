package parse

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// letterIndex knows the word runs of a letter we sent. History is found with
// it in every language and however the client wrapped or marked it.
type letterIndex struct {
	runs  map[uint64]bool // hashes of runs of four words
	lines map[string]bool // whole lines of the letter, words only
	words map[uint64]bool // hashes of its words
	last  string          // words of its last line that has any
	size  int             // how many words it has
}

const shingle = 4

// newLetter indexes the text of a letter; nil if there is none.
func newLetter(text string) *letterIndex {
	if strings.TrimSpace(text) == "" || len(text) > mime.Defaults.Text {
		return nil
	}
	lines, _ := plainLines(text, false, false, mime.Defaults.Lines)
	n := len(text) / 6 // words, about
	x := &letterIndex{runs: make(map[uint64]bool, n), lines: make(map[string]bool, len(lines)), words: make(map[uint64]bool, n/2)}
	var words []string
	for i := range lines {
		var ws []string
		for _, t := range tokens(lines[i].text) {
			ws = append(ws, t.text)
			x.words[hashOf(t.text)] = true
		}
		if len(ws) > 0 {
			x.last = strings.Join(ws, " ")
			x.lines[x.last] = true
		}
		words = append(words, ws...)
	}
	x.size = len(words)
	for i := 0; i+shingle <= len(words); i++ {
		x.runs[runOf(hashOf(words[i]), hashOf(words[i+1]), hashOf(words[i+2]), hashOf(words[i+3]))] = true
	}
	return x
}

// hashOf is FNV-1a. A mail that makes words collide can only have its own
// lines taken for history.
func hashOf(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func runOf(a, b, c, d uint64) uint64 {
	const k = 0x9e3779b97f4a7c15
	return ((a*k^b)*k^c)*k ^ d
}

// mark sets ours on the lines most of whose words stand in the letter, in runs
// of four, and whole where all of them do, but for what a client puts beside a
// link or a picture. "- the receipt shows the same number: no" is ours, and not
// whole: it has an answer in it.
func (x *letterIndex) mark(lines []line) {
	if x == nil {
		return
	}
	type at struct {
		line, start int
		hash        uint64
	}
	var words []at
	count := make([]int, len(lines))
	for i := range lines {
		for _, t := range tokens(lines[i].text) {
			words = append(words, at{i, t.start, hashOf(t.text)})
			count[i]++
		}
	}
	covered := make([]bool, len(words))
	for i := 0; i+shingle <= len(words); i++ {
		if x.runs[runOf(words[i].hash, words[i+1].hash, words[i+2].hash, words[i+3].hash)] {
			covered[i], covered[i+1], covered[i+2], covered[i+3] = true, true, true, true
			if words[i+1].line < words[i+2].line {
				lines[words[i+2].line].joined = true
			}
		}
	}
	hit := make([]int, len(lines))
	for i, w := range words {
		if covered[i] {
			hit[w.line]++
		}
	}
	for i := range lines {
		lines[i].ours = count[i] > 0 && hit[i]*5 >= count[i]*4
		lines[i].whole = lines[i].ours
	}
	for i, w := range words {
		if l := &lines[w.line]; !covered[i] && l.whole {
			l.whole = len(l.text) < 2000 && besideLink(l.text, w.start)
		}
	}
}

// has tells whether a line of three words or more is one of the letter.
func (x *letterIndex) has(s string) bool {
	if x == nil {
		return false
	}
	ts := tokens(s)
	return len(ts) > 2 && x.lines[join(ts)]
}

// endsWith tells whether the letter's last line ends with the words of s. Most lines
// are told apart by their last letter, before they are cut into words.
func (x *letterIndex) endsWith(s string) bool {
	n, last := strings.LastIndexFunc(s, wordRune), len(x.last)-1
	if n >= 0 && last >= 0 && s[n] < utf8.RuneSelf && x.last[last] < utf8.RuneSelf && s[n] != '\'' && s[n] != '_' && fold(s[n:n+1]) != x.last[last:] {
		return false
	}
	return strings.HasSuffix(x.last, join(tokens(s)))
}

// besideLink tells whether what stands at i is an address or a file name that a
// client wrote beside a link or a picture: in angle or square brackets, or a URL.
func besideLink(s string, i int) bool {
	for _, b := range []string{"<>", "[]"} {
		if open := strings.LastIndexByte(s[:i], b[0]); open >= 0 && open > strings.LastIndexByte(s[:i], b[1]) && strings.IndexByte(s[i:], b[1]) >= 0 {
			return true
		}
	}
	word := s[strings.LastIndexByte(s[:i], ' ')+1:]
	return strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "mailto:")
}

// end returns the last line, at or after from, of a run of our letter that
// reaches the letter's own end; ok is false when the letter is not there or
// its end is missing.
func (x *letterIndex) end(lines []line, from int) (last int, ok bool) {
	if x == nil {
		return 0, false
	}
	last = -1
	seen, strays := 0, 0
	for i := from; i < len(lines); i++ {
		l := &lines[i]
		if l.blank() {
			continue
		}
		words := join(tokens(l.text))
		switch {
		case l.ours || words == "" || x.lines[words] && seen > 0:
			seen++
			strays = 0
			if words != "" && (words == x.last || strings.HasSuffix(x.last, words) && len(words) >= len(x.last)/3) {
				last = i
			}
		default:
			if strays++; last >= 0 || strays > 3 {
				return last, last >= 0 && seen >= 2
			}
		}
	}
	return last, last >= 0 && seen >= 2
}

// runs marks unmarked runs of our letter as history, with the line above that
// introduces them, in whatever language it is.
func (r *reading) runs(x *letterIndex) {
	if x == nil {
		return
	}
	for i := 0; i < len(r.lines); i++ {
		if r.lines[i].kind != own || !r.lines[i].whole {
			continue
		}
		end, solid, words, strays := i, 0, 0, 0
		for k := i; k < len(r.lines); k++ {
			l := &r.lines[k]
			if l.kind != own {
				break
			}
			if l.blank() {
				continue
			}
			key := join(tokens(l.text))
			if l.whole || x.lines[key] || key == "" {
				solid++
				words += strings.Count(key, " ") + 1
				end, strays = k, 0
			} else if strays++; strays > 1 {
				break
			}
		}
		if solid < 3 && !(solid >= 2 && words >= 12) && words*2 < x.size {
			if i != r.firstOwn() || !r.again(i, end) {
				r.soft(i)
			}
			continue
		}
		start := i
		// Short lines above that the shingles do not reach but the letter has.
		for k := i - 1; k >= 0 && r.lines[k].kind == own; k-- {
			if key := join(tokens(r.lines[k].text)); r.lines[k].blank() || key == "" || x.lines[key] && len(key) > 20 {
				if key != "" {
					start = k
				}
				continue
			}
			break
		}
		for k := start; k <= end; k++ {
			l := &r.lines[k]
			if key := join(tokens(l.text)); k < i || l.whole || key == "" || x.lines[key] { // else a line of the writer's stands between
				l.is(history, "our-letter")
			}
		}
		r.introduced(start)
		i = end
	}
}

// again tells whether each line from i to end stands once more in the history
// below: the letter is there with all its lines, so the writer copied these, as a
// digest invites them to ("#12 approve"). They are the writer's then. Asked of the
// first own lines alone.
func (r *reading) again(i, end int) bool {
	wanted := map[string]bool{}
	for k := i; k <= end; k++ {
		if key := join(tokens(r.lines[k].text)); key != "" {
			wanted[key] = true
		}
	}
	for k := end + 1; k < len(r.lines) && len(wanted) > 0; k++ {
		if r.lines[k].kind.past() {
			delete(wanted, join(tokens(r.lines[k].text)))
		}
	}
	if len(wanted) > 0 {
		return false
	}
	for k := i; k <= end; k++ {
		r.lines[k].ours, r.lines[k].whole = false, false
	}
	return true
}

// answers takes what the writer put inside the quoted letter out of the history: a
// line, or the end of one, with a word that the letter does not have, or where the
// letter goes on without it, between lines that it has, at their depth. Below the
// letter's end, where an older mail may begin, or in a letter that somebody else quoted
// first, it looks no further. No command counts there, since history follows.
// It also gives the quote back the ends of lines that a client broke.
func (r *reading) answers(x *letterIndex) {
	if x == nil {
		return
	}
	var between []int
	last, wholes := -1, 0 // the last line of the letter, and how many there were
	heads := 0            // of mails, above the letter
	for i := range r.lines {
		l := &r.lines[i]
		switch {
		case l.blank() || l.fence:
		case l.kind == own && l.whole && i > 0 && i-1 == last && r.lines[i-1].kind == quote:
			l.is(quote, "our-letter") // the rest of a line that was too long for the client
			last = i
		case !l.kind.past():
		case l.depth > 1:
			return // the same
		case l.ours || x.lines[join(tokens(l.text))]:
			if last < 0 || l.depth == r.lines[last].depth {
				gap := len(between) > 0 && x.adjoins(r.lines[last].text, l.text) && !slices.ContainsFunc(between, func(k int) bool { return buttonLine(r.lines[k].text) })
				for n, k := range between {
					if gap || x.foreign(r.lines[k].text) || n+1 == len(between) && x.partly(r.lines[k].text, l.text) {
						r.lines[k].is(own, "")
					}
				}
				if wholes > 1 && l.ours && r.inserted(x, last, i) {
					l.is(own, "")
					continue
				}
			}
			between, last = between[:0], i
			if wholes++; x.endsWith(l.text) {
				return
			}
		case last < 0:
			if role, _, _ := labelOf(l.text); role == "from" || looksPast(l.text) && role == "" {
				heads++
			}
			if heads > 1 {
				return // somebody else quoted the letter first: it may be their answer
			}
		case looksPast(l.text) || separatorLine(l.text) || len(between) > answerLines:
			return
		case wholes > 1 && l.depth == r.lines[last].depth && !labelled(l.text):
			between = append(between, i)
		}
	}
}

// inserted tells whether line i of the letter, below its line last, holds an answer:
// at its end a word that the letter does not have, or words that it has elsewhere, for
// it goes on from what stands before them with the line below.
func (r *reading) inserted(x *letterIndex, last, i int) bool {
	l := &r.lines[i]
	if !l.whole && x.foreign(l.text) {
		return true
	}
	n := next(r.lines, i+1)
	if n == len(r.lines) || r.lines[n].joined || r.lines[n].depth != l.depth {
		return false
	}
	return !l.joined && x.adjoins(r.lines[last].text, r.lines[n].text) || x.partly(l.text, r.lines[n].text)
}

// partly tells whether a line is the letter's but for its last words: the letter goes
// on from what stands before them with the line below.
func (x *letterIndex) partly(s, below string) bool {
	if len(s) > 2000 {
		return false
	}
	ts, more := tokens(s), firstTokens(below, 2)
	if len(ts) <= shingle || x.follow(ts, more) {
		return false
	}
	for n := len(ts) - 1; n >= shingle; n-- {
		if x.follow(ts[:n], more) {
			return true
		}
	}
	return false
}

// buttonLine tells whether a line is what only the HTML of the letter has: a button, or
// no words.
func buttonLine(s string) bool { return strings.Contains(s, "<mailto:") || !hasWord(s) }

// adjoins tells whether the letter goes on from the end of one text with the
// beginning of another.
func (x *letterIndex) adjoins(above, below string) bool {
	return x.follow(tokens(above), firstTokens(below, 2))
}

// follow tells it of words: the last two of a and b stand in the letter together.
func (x *letterIndex) follow(a, b []token) bool {
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	a = a[len(a)-2:]
	return x.runs[runOf(hashOf(a[0].text), hashOf(a[1].text), hashOf(b[0].text), hashOf(b[1].text))]
}

// labelled tells whether a line has a label of a header block.
func labelled(s string) bool {
	role, _, _ := labelOf(s)
	return role != ""
}

// answerLines is how many lines of an answer may stand together.
const answerLines = 20

// foreign tells whether a line has a word that does not stand in the letter, nor
// beside a link or a picture.
func (x *letterIndex) foreign(s string) bool {
	if len(s) > 2000 {
		return false
	}
	link := strings.ContainsAny(s, "@/") || strings.Contains(s, "cid:")
	for _, t := range tokens(s) {
		if utf8.RuneCountInString(t.text) > 1 && !x.words[hashOf(t.text)] && !(link && besideLink(s, t.start)) {
			return true
		}
	}
	return false
}

// introduced marks the line above a run of our letter as its intro, if it has
// any look of one: a colon at its end, an address, or a date.
func (r *reading) introduced(start int) {
	k := start - 1
	for k >= 0 && r.lines[k].blank() && r.lines[k].kind == own {
		k--
	}
	for n := 0; k >= 0 && n < 4; k, n = k-1, n+1 {
		l := &r.lines[k]
		if l.kind != own || l.blank() || l.fence {
			return
		}
		sh := shapeOf(l.text)
		role, _, labelled := labelOf(l.text)
		date := sh.numbers >= 2 && (sh.time || sh.year)
		switch {
		case sh.colon && (sh.addr >= 0 || date || sh.verb >= 0), sh.addr >= 0 && sh.bracketed, labelled && role != "", ruleLine(l.text, 3), n > 0 && date && !sh.colon:
			l.is(intro, "our-letter")
		default:
			return
		}
	}
}
