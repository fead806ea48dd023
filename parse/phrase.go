package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// token is a word, a number or one emoji of a line; start and end are offsets.
type token struct {
	text       string // folded
	start, end int
}

func wordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || r == '\'' || r == '’' || r == '+' || r == '_'
}

// pictograph tells whether r is an emoji or a dingbat.
func pictograph(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2600 && r <= 0x27bf || r >= 0x2b00 && r <= 0x2bff || r >= 0x2300 && r <= 0x23ff
}

// tokens cuts s into words. Emphasis, punctuation and spaces are between them.
func tokens(s string) []token { return firstTokens(s, len(s)+1) }

// firstTokens are the first n tokens of s, if it has so many.
func firstTokens(s string, n int) []token {
	out := make([]token, 0, min(strings.Count(s, " ")+2, n))
	for at := 0; len(out) < n; {
		t, next := cutToken(s, at)
		if t.text == "" {
			break
		}
		out, at = append(out, t), next
	}
	return out
}

// cutToken is the first token of s from an offset on, without text if there is
// none, and where the next may begin.
func cutToken(s string, from int) (t token, next int) {
	start := -1
	for i := from; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case r < utf8.RuneSelf && wordByte[r], r >= utf8.RuneSelf && wordRune(r):
			if start < 0 {
				start = i
			}
		case start >= 0 && (r == 0xfe0f || r == 0x200d || r >= 0x1f3fb && r <= 0x1f3ff): // presentation, joiner, skin tone
		case start >= 0:
			if t := wordToken(s, start, i); t.text != "" {
				return t, i
			}
			start = -1
			continue // with the same rune
		case r >= utf8.RuneSelf && pictograph(r) && !(r >= 0x1f3fb && r <= 0x1f3ff):
			return token{string(r), i, i + utf8.RuneLen(r)}, i + n
		}
		i += n
	}
	if start >= 0 {
		return wordToken(s, start, len(s)), len(s)
	}
	return token{}, len(s)
}

// wordToken is a word without the marks around it.
func wordToken(s string, start, end int) token {
	t := fold(s[start:end])
	for t != "" && (t[0] == '\'' || t[0] == '_') {
		t = t[1:]
	}
	for t != "" && (t[len(t)-1] == '\'' || t[len(t)-1] == '_') {
		t = t[:len(t)-1]
	}
	return token{t, start, end}
}

// wordByte is wordRune for ASCII.
var wordByte = func() (t [utf8.RuneSelf]bool) {
	for i := range t {
		t[i] = wordRune(rune(i))
	}
	return t
}()

// containsAny is strings.ContainsAny for sets that are not ASCII, with which
// that one is slow.
func containsAny(s, set string) bool {
	for _, r := range set {
		if strings.ContainsRune(s, r) {
			return true
		}
	}
	return false
}

// phrases is a set of phrases of one to six words, each word folded.
type phrases struct {
	all     map[string]bool
	longest map[string]int // first word → words of the longest phrase it opens
}

const longestPhrase = 6

func newPhrases(lists ...[]string) phrases {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	p := phrases{all: make(map[string]bool, n), longest: map[string]int{}}
	for _, list := range lists {
		for _, w := range list {
			p.add(w)
		}
	}
	return p
}

func (p phrases) add(w string) {
	first, next := cutToken(w, 0)
	if first.text == "" {
		return
	}
	n, end, written := 1, first.end, first.start == 0 && first.text == w[:first.end]
	for t := first; ; n++ {
		if t, next = cutToken(w, next); t.text == "" {
			break
		}
		written = written && t.start == end+1 && w[end] == ' ' && t.text == w[t.start:t.end]
		end = t.end
	}
	key := w // the table has these bytes already
	if !written || end < len(w) {
		key = join(tokens(w))
	}
	p.all[key] = true
	p.longest[first.text] = max(p.longest[first.text], min(n, longestPhrase))
}

// is tells whether the tokens as a whole are a phrase.
func (p phrases) is(ts []token) bool { return len(ts) > 0 && p.all[join(ts)] }

func join(ts []token) string {
	if len(ts) == 1 {
		return ts[0].text
	}
	var b strings.Builder
	for i, t := range ts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// prefix is the number of tokens of the longest phrase at the start, 0 if none.
func (p phrases) prefix(ts []token) int {
	if len(ts) == 0 {
		return 0
	}
	for n := min(p.longest[ts[0].text], len(ts)); n > 0; n-- {
		if p.all[join(ts[:n])] {
			return n
		}
	}
	return 0
}

// mayOpen tells whether the first word of s is that of a phrase.
func (p phrases) mayOpen(s string) bool {
	t, _ := cutToken(s, 0)
	return t.text != "" && p.longest[t.text] > 0
}

// any returns the first phrase found among the tokens.
func (p phrases) any(ts []token) (at int, ok bool) {
	for i := range ts {
		if p.prefix(ts[i:]) > 0 {
			return i, true
		}
	}
	return -1, false
}

// tails are the phrases of tables/tail.txt by kind.
var tails = func() map[string]phrases {
	out := phraseKinds("tail.txt")
	out["friendly"] = newPhrases(tableKind("tail.txt", "friendly"), friendlyMarks)
	return out
}()

// phraseKinds is a table of lines "kind : words" by kind.
func phraseKinds(name string) map[string]phrases {
	out := map[string]phrases{}
	for kind, words := range tableKinds(name) {
		out[kind] = newPhrases(words)
	}
	return out
}

var friendlyMarks = strings.Fields("👍 👌 ✅ ✔ ✓ 🎉 🚀 💯 🙌 👏 ❤ ♥ ☑ 🆗 😀 😃 😄 😁 😊 🙂 😉 😎 🤩 🥳 🙏 💪 ⭐ 🌟 ✨ 🏆 🥂 🍻 💚 💙 💛 💜 🧡 🔥 🤝 🎊 😍 🥰 🤗 👊 🤘 🏁 🚢 ⛵")

// emoticons are taken away before a tail is read; a sad one is not.
var emoticons = strings.NewReplacer(":-)", " ", ":)", " ", ";-)", " ", ";)", " ", ":-D", " ", ":D", " ", "=)", " ", "^^", " ", ":+1:", " 👍 ", ":thumbsup:", " 👍 ", ":tada:", " 🎉 ", ":rocket:", " 🚀 ", "(y)", " 👍 ", "<3", " ❤ ", "\\o/", " ")

// friendly tells whether a tail changes nothing: thanks, praise, a name, an
// emoji, and nothing else. It must be so as a whole; one word that is not
// known makes it unfriendly.
func (lx *lexicon) friendly(tail string) bool { return eachClause(tail, lx.friendlyClause) }

// eachClause tells whether ok holds for each clause of a short tail with no signs
// in it but the harmless. apart is whether punctuation stands before the clause.
func eachClause(tail string, ok func(s string, ts []token, apart bool) bool) bool {
	tail = emoticons.Replace(tail)
	if containsAny(tail, "?？¿@<>/=%$€£#") || strings.Contains(tail, "~~") || strings.Contains(tail, ":(") || strings.Contains(tail, ":-(") {
		return false
	}
	ts := tokens(tail)
	if len(ts) > 25 {
		return false
	}
	for i, clause := range clauses(tail, ts) {
		if !ok(tail, clause, i > 0 || strings.IndexAny(strings.TrimLeft(tail, " *_`"), ",.!;:-–—") == 0) {
			return false
		}
	}
	// What is left besides words must be punctuation of the harmless kind.
	for _, r := range tail {
		if !wordRune(r) && !pictograph(r) && !unicode.IsSpace(r) && !mime.Invisible(r) && !strings.ContainsRune(",.!;:-–—…*_`()\"'“”‘’、。！¡，；：～~&·•", r) && !(r >= 0x1f3fb && r <= 0x1f3ff) {
			return false
		}
	}
	return true
}

// clauses groups tokens by the punctuation between them.
func clauses(s string, ts []token) [][]token {
	var out [][]token
	start := 0
	for i := 1; i <= len(ts); i++ {
		if i == len(ts) || containsAny(s[ts[i-1].end:ts[i].start], ",.!;:–—…、。！，；：()\n-") {
			out = append(out, ts[start:i])
			start = i
		}
	}
	return out
}

func (lx *lexicon) friendlyClause(s string, ts []token, apart bool) bool {
	warm, names := false, 0
	for i := 0; i < len(ts); {
		if lx.thanksFor(s, ts[i:]) {
			return true
		}
		if n := tails["friendly"].prefix(ts[i:]); n > 0 {
			i, warm = i+n, true
			continue
		}
		if sign(ts[i:]) != "" { // "Scratch that" names nobody
			return false
		}
		if n := tails["filler"].prefix(ts[i:]); n > 0 {
			i += n
			continue
		}
		// Names may follow thanks, or stand for themselves behind a comma.
		t := ts[i]
		if names++; names > 3 || !warm && !(apart && (i == 0 || i < 2 && len(lx.people) > 0)) || !lx.name(s[t.start:t.end], t.text, warm) {
			return false
		}
		i++
	}
	return true
}

// thanksFor tells whether words are thanks and what for: nothing in them may
// speak against a decision, be one, or make it wait. "Good for the web part" is
// no thanks.
func (lx *lexicon) thanksFor(s string, ts []token) bool {
	n := tails["thanks-for"].prefix(ts)
	if n == 0 || n == len(ts) || len(ts) > n+10 || against(s, ts[n-1:], false) != "" {
		return false
	}
	for i := n; i < len(ts); i++ {
		if ts[i].text == "fast" {
			continue // "almost" in German
		}
		if w, _ := lx.at(s, ts[i:]); decisive(w) || sign(ts[i:]) != "" || tails["partial"].prefix(ts[i:]) > 0 {
			return false
		}
	}
	return true
}

// name tells whether a word can be a person's name: capitalised, or of a
// script without capitals, and no word that could turn the meaning. Only names
// that are known count where nobody was thanked ("Approved - Changes Requested"),
// and where a language writes every noun with a capital ("freigegeben,
// Testumgebung").
func (lx *lexicon) name(written, folded string, thanked bool) bool {
	if lx.nouns || !thanked && len(lx.people) > 0 {
		return lx.knows(folded)
	}
	first, _ := utf8.DecodeRuneInString(written)
	if !unicode.IsLetter(first) || unicode.IsLower(first) || utf8.RuneCountInString(written) > 20 {
		return false
	}
	if unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Arabic, unicode.Hebrew, unicode.Devanagari) {
		return false // no capitals tell a name from a word there
	}
	upper := 0
	for _, r := range written {
		if unicode.IsUpper(r) {
			upper++
		}
	}
	if upper > 3 || (upper > 1 && upper == utf8.RuneCountInString(written)) {
		return false // NOT, LATER
	}
	for _, kind := range []string{"negation", "condition", "contrast", "partial"} {
		if tails[kind].all[folded] {
			return false
		}
	}
	return !notNames[folded] && !againstTable["faults"].all[folded] && everyWord.canon[folded] == ""
}

// notNames are capitalised words that are no names and could mean a time or a
// part.
var notNames = set(strings.Fields("try wait hold look go call talk add make change let changes requested needed awaiting tentative partial kaputt nyet remove removed missing excluded included bugs bug below above crashes reject rejection denied negative nonsense bullshit conditional provisional except mostly later soon maybe monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december today tonight yesterday part half some one two round redirect question fix change both this that it he she we you they i please see next new old montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz juni juli august september oktober november dezember teil teile hälfte ausnahme ausnahmen vorbehalt bedingung fußzeile lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre parte excepto salvo pendiente other another all any each every qa ci tests staging production prod stop halt postpone delay draft rollback revert revoke withdraw test joke fake false abort refuse veto block blocked void null canceled cancelled rejected redirected undone dropped paused failed failing fails broken bad worse terrible awful ugly hmm huh what why how who where which whatever same ask decide discuss review again never ever then than done ready"))
