package parse

import (
	"strings"
	"unicode"
)

// AdviceRule is one rule of the intake: what a good colleague would remark.
type AdviceRule struct {
	Name string // as in Mail.Advice; teams switch rules off by it
	Says string // the sentence that a letter prints
	when func(t *intake) bool
}

// intake is what the rules look at.
type intake struct {
	s       Sections
	all     string // subject and text, folded
	problem string // problem and subject, folded
	done    string // folded
	text    string // as written
}

// maxAdvice is how many rules speak about one task: advice is short.
const maxAdvice = 3

// AdviceRules are the rules of DESIGN section 5 in the order in which they are
// told.
var AdviceRules = []AdviceRule{
	{"no-done", "I could not find a checkable done: what is true when this is finished, and who can see it?",
		func(t *intake) bool { return strings.TrimSpace(t.s.Done) == "" }},
	{"wants-a-call", "This reads like something to talk through rather than to queue: a short call may be quicker.",
		func(t *intake) bool {
			return (callReason(t.all) != "" || advice["hot"].in(t.all) && advice["live"].in(t.all)) && !(t.s.Done != "" && advice["called-off"].in(t.all))
		}},
	{"no-reproduce", "It reads like a fault; a line on how to see it would save the engineer a search.",
		func(t *intake) bool {
			return t.s.Reproduce == "" && advice["fault"].in(t.problem) && !advice["seen"].in(t.problem)
		}},
	{"recipe", "Part of this says how to build it. If only the result matters, leave the way to the engineer.",
		func(t *intake) bool {
			way := t.done
			if way == "" {
				way = t.all
			}
			return advice["way"].in(way) || codeNames(t.s.Done) && advice["code-verb"].in(t.done) || advice["tech"].in(t.done) && advice["tech-verb"].in(t.done)
		}},
	{"several", "There seem to be several outcomes in here; each is easier to approve as a task of its own.",
		func(t *intake) bool { return advice["several"].in(t.all) || headings(t.text) }},
	{"too-large", "This looks like more than one cycle of work; consider a first slice that can be approved alone.",
		func(t *intake) bool {
			return advice["large"].in(t.all) || advice["whole"].in(t.all) && advice["rebuild"].in(t.all)
		}},
}

// advicePhrases is a list of tables/advice.txt, folded.
type advicePhrases []string

var advice = func() map[string]advicePhrases {
	out := map[string]advicePhrases{}
	for _, row := range tableRows("advice.txt") {
		for _, p := range tableWords(row[1]) {
			out[row[0]] = append(out[row[0]], fold(p))
		}
	}
	return out
}()

// in tells whether a phrase stands in folded text, between word boundaries
// where its script has any.
func (l advicePhrases) in(s string) bool {
	g := gramsOf(s)
	for _, p := range l {
		for rest := s; g.may(p); {
			i := strings.Index(rest, p)
			if i < 0 {
				break
			}
			before, after := lastRune(rest[:i]), firstRune(rest[i+len(p):])
			if firstRune(p) > 0x2e80 || (i == 0 || !unicode.IsLetter(before)) && (!unicode.IsLetter(after) || !unicode.IsLetter(lastRune(p))) {
				return true
			}
			rest = rest[i+len(p):]
		}
	}
	return false
}

// adviceBytes bounds how much of a task the rules look at.
const adviceBytes = 64 << 10

// Advise names the rules that apply to a task as mailed, in the order of
// AdviceRules, at most three.
func Advise(m Mail) []string {
	text := m.Text[:min(len(m.Text), adviceBytes)]
	t := &intake{
		s: m.Sections, text: text, all: fold(m.Subject + "\n" + text),
		problem: fold(m.Subject + "\n" + m.Sections.Problem), done: fold(m.Sections.Done),
	}
	out := []string{}
	for _, r := range AdviceRules {
		if len(out) < maxAdvice && r.when(t) {
			out = append(out, r.Name)
		}
	}
	return out
}

// codeNames tells whether a text holds names of code: call(), snake_case, or
// CamelCase of three humps.
func codeNames(s string) bool {
	if strings.Contains(s, "()") {
		return true
	}
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, ".,:;!?`\"'()")
		if strings.ContainsAny(w, "/@:<>#%") {
			continue // an address, a path, a place in a page
		}
		if i := strings.IndexByte(w, '_'); i > 0 && i < len(w)-1 {
			return true
		}
		humps := 0
		for i := 1; i < len(w); i++ {
			if w[i] >= 'A' && w[i] <= 'Z' && w[i-1] >= 'a' && w[i-1] <= 'z' {
				humps++
			}
		}
		if humps >= 2 {
			return true
		}
	}
	return false
}

// headings tells whether the parts of a task are there twice.
func headings(text string) bool {
	count := map[string]int{}
	for line := range strings.SplitSeq(text, "\n") {
		part, _, _ := labelAt(line)
		count[part]++
	}
	return count["problem"] > 1 && count["done"] > 1
}
