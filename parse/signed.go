package parse

import (
	"strings"
	"unicode"
)

// signedWords is how many letters a signature must have to be looked for in the
// plain form: a name alone may stand anywhere, and is known by itself.
const signedWords = 12

// signedAlike marks the lines of the plain form that are a signature in the HTML:
// some clients mark it there only. What might be more than a signature is left.
func signedAlike(plain, rich []line, from Address) {
	for i := 0; i < len(rich); i++ {
		start := i
		for i < len(rich) && rich[i].sign && rich[i].depth == 0 && rich[i].box == "" {
			i++
		}
		if i == start {
			continue
		}
		words, ok := cardOf(rich[start:i], from)
		if ok {
			markCard(plain, words)
		}
		return // below the first stands an earlier mail's
	}
}

// cardOf is the words of a signature as squash gives them; ok is whether it opens
// with who writes and holds short lines alone, none of them an answer or a limit of
// one: people write into their signature, too.
func cardOf(lines []line, from Address) (words string, ok bool) {
	var b strings.Builder
	var at []int
	for k := range lines {
		t := strings.TrimSpace(lines[k].text)
		if t == "" || t == "--" {
			continue
		}
		at = append(at, k)
		b.WriteString(bare(t))
		w, _ := everyWord.at(t, tokens(t))
		if len(at) > namedLines || w != "" || len(at) == 1 && !isName(card(t), from) && !signoffLine(t) && !signoffWithName(t, from) && !signoffFrom(t) ||
			len(at) > 1 && unicode.IsLower(firstRune(t)) && !strings.ContainsAny(t, "@/.") {
			return "", false
		}
	}
	return b.String(), b.Len() >= signedWords && shortLines(lines, at, true)
}

// markCard marks the first run of lines, below a blank one and something said,
// whose words are these.
func markCard(plain []line, words string) {
	said := false
	for i := range plain {
		if l := &plain[i]; l.depth > 0 || l.blank() {
			continue
		}
		if end := runOfWords(plain, i, words); end > i && said && plain[i-1].blank() {
			for k := i; k < end; k++ {
				plain[k].sign = true
			}
			return
		}
		said = said || !greeting(plain[i].text)
	}
}

// runOfWords is where the lines from i on end that have these words; i if they
// have others.
func runOfWords(lines []line, i int, words string) int {
	for k := i; k < min(i+2*namedLines, len(lines)) && lines[k].depth == 0; k++ {
		rest, ok := strings.CutPrefix(words, bare(lines[k].text))
		if !ok {
			return i
		}
		if words = rest; words == "" {
			return k + 1
		}
	}
	return i
}
