package parse

import (
	"slices"
	"strings"
	"unicode"
)

// bannerTable is tables/banner.txt.
var bannerTable = func() (t struct {
	tags, openers, ends        phrases
	self, outside, care, whole []string
}) {
	kinds := tableKinds("banner.txt")
	folded := func(kind string) (out []string) {
		for _, w := range kinds[kind] {
			out = append(out, fold(w))
		}
		return out
	}
	t.tags, t.openers = newPhrases(kinds["tag"]), newPhrases(kinds["opener"])
	t.ends = newPhrases(kinds["ends"])
	t.self, t.outside, t.care, t.whole = folded("self"), folded("outside"), folded("care"), folded("whole")
	return t
}()

// The bounds of a banner's paragraph.
const (
	bannerLines = 8
	bannerBytes = 4000
)

// bannerEnd is the line behind the banner that begins at line i, or i if none
// does. Each sentence of it has to be one that mail systems write: what its
// paragraph says besides is the writer's. below is whether another banner stands
// above it.
func bannerEnd(lines []line, i int, below bool) int {
	if !below && !mayBanner(lines[i].text) {
		return i
	}
	end, text := i, ""
	if t := strings.TrimRight(strings.TrimSpace(lines[i].text), ".:"); len(firstTokens(t, 2)) == 1 && (unicode.IsLetter(firstRune(t)) && strings.ToUpper(t) != t || next(lines, i+1) == len(lines)) {
		return i // "External." is an answer
	}
	for k := i; k < len(lines) && k < i+bannerLines; k++ {
		l := &lines[k]
		if l.kind != own || l.blank() || l.depth > 0 || len(text)+len(l.text) > bannerBytes {
			break
		}
		last := k+1 == len(lines) || lines[k+1].blank() || lines[k+1].kind != own
		text += " " + unbeside(l.text)
		b := bannerOf(text)
		if ends := strings.TrimRight(text, " *_"); !last && !b.tag && !b.ended && !strings.HasSuffix(ends, ".") && !strings.HasSuffix(ends, "!") && !strings.HasSuffix(ends, "]") && !strings.HasSuffix(ends, "。") {
			continue // a mail client broke the sentence
		}
		if b.is && (b.tag || b.whole || b.from && (b.opened || b.care > 0) || below && b.care > 1) {
			end, text, below = k+1, "", true
		}
	}
	return end
}

// mayBanner is false for a line that surely begins no banner.
func mayBanner(s string) bool {
	if ts := firstTokens(strings.TrimLeft(s, " ⚠\ufe0f"), longestPhrase); bannerTable.tags.prefix(ts) > 0 || bannerTable.openers.prefix(ts) > 0 {
		return true
	}
	low := fold(s)
	g := gramsOf(low)
	holds := func(w string) bool { return g.may(w) && strings.Contains(low, w) }
	return slices.ContainsFunc(bannerTable.self, holds) || slices.ContainsFunc(bannerTable.whole, holds)
}

// bannerKind is what a few sentences say: is, that each of them may be a banner's.
type bannerKind struct {
	is, tag, whole, from, opened, ended bool
	care                                int
}

func bannerOf(text string) (b bannerKind) {
	b.is = true
	for _, s := range bannerSentences(text) {
		one := bannerSentence(s)
		b.is = b.is && one.is
		b.tag, b.whole, b.from, b.opened = b.tag || one.tag, b.whole || one.whole, b.from || one.from, b.opened || one.opened
		b.ended = one.ended
		b.care += one.care
	}
	return b
}

// bannerSentences cuts at full stops and exclamation marks, and behind a tag or
// an opener with a colon or a dash.
func bannerSentences(text string) (out []string) {
	start := 0
	cut := func(end int) {
		if s := strings.Trim(text[start:end], " \t*_[](){}<>|#=-–—!.:。！：⚠\ufe0f【】\"“”"); s != "" {
			out = append(out, s)
		}
		start = end
	}
	for i, r := range text {
		switch {
		case strings.ContainsRune(".!", r) && (i+1 == len(text) || strings.ContainsRune(" *_]\"'", rune(text[i+1]))), strings.ContainsRune("。！】", r):
			cut(i)
		case i-start < 60 && strings.ContainsRune(":-–—：]", r): // no tag is longer
			head := tokens(text[start:i])
			if bannerTable.tags.is(head) || bannerTable.openers.is(head) {
				cut(i)
			}
		}
	}
	cut(len(text))
	return out
}

func bannerSentence(s string) (b bannerKind) {
	ts := tokens(s)
	low := fold(s)
	holds := func(list []string) (n int) {
		for _, w := range list {
			if strings.Contains(low, w) {
				n++
			}
		}
		return n
	}
	b.care = holds(bannerTable.care)
	b.from = holds(bannerTable.self) > 0 && holds(bannerTable.outside) > 0
	for _, w := range bannerTable.whole {
		b.whole = b.whole || strings.HasPrefix(low, w)
	}
	for i := range ts {
		if w, _ := everyWord.at(s, ts[i:]); decisive(w) {
			return bannerKind{} // no mail system decides
		}
	}
	switch {
	case strings.ContainsAny(s, "?？"):
		return bannerKind{}
	case bannerTable.ends.is(ts):
		b.ended = true
	case bannerTable.tags.is(ts):
		b.tag, b.from = true, true
	case bannerTable.openers.is(ts):
		b.opened = true
	}
	b.is = len(ts) == 0 || b.ended || b.tag || b.opened || b.whole || b.from || b.care > 1
	return b
}
