package parse

import "strings"

// maxSplits bounds how often a line is parted, which moves all lines below it.
const maxSplits = 20

// unglue parts lines where a client lost the line break around history: at
// "wrote:>", behind "wrote:" and three spaces, and around "-----Original
// Message-----".
func unglue(lines []line) []line {
	n := 0
	for i := 0; i < len(lines) && n < maxSplits; i++ {
		l := lines[i]
		if l.depth > 0 || l.box != "" || len(l.text) < 12 {
			continue
		}
		at, skip := separatorInside(l.text), 0
		if at < 0 {
			at = introInside(l.text)
			if at > 0 && strings.HasPrefix(l.text[at:], ">") {
				skip = 1
			} else if at > 0 && !strings.HasPrefix(l.text[at:], "   ") {
				at = -1 // "Ada wrote: it is right" can be the writer's
			}
		}
		if at <= 0 {
			continue
		}
		n++
		tail := l
		tail.raw, tail.text, tail.depth = l.text[at:], strings.TrimPrefix(l.text[at+skip:], " "), skip
		if skip == 0 {
			tail.raw, tail.text = "", strings.TrimLeft(tail.text, " \t")
		}
		lines = append(lines[:i+1], lines[i:]...)
		lines[i].text = strings.TrimRight(l.text[:at], " \t")
		lines[i+1] = tail
	}
	return lines
}

// separatorInside is where a line is to be parted before or behind one of the
// separators between dashes, -1 if nowhere.
func separatorInside(s string) int {
	if len(s) > 8*introRunes {
		s = s[:8*introRunes]
	}
	open := strings.Index(s, "-----")
	if open < 0 {
		return -1
	}
	words := strings.TrimLeft(s[open:], "-")
	mid := len(s) - len(words)
	end := strings.Index(words, "-----")
	if end < 4 || end > 60 || !separatorLine(s[open:mid+end+5]) {
		return -1
	}
	rest := strings.TrimLeft(words[end:], "-")
	role, _, _ := labelOf(strings.TrimSpace(rest))
	switch {
	case role == "" && strings.TrimSpace(rest) != "":
		return -1 // the writer speaks of it
	case strings.TrimSpace(s[:open]) != "":
		return open
	case role == "":
		return -1
	}
	return len(s) - len(rest)
}

// introInside is where the words behind an intro begin that stand on its own line,
// -1 if there are none.
func introInside(s string) int {
	for at, tries := 4, 0; tries < 4 && at <= 2*introRunes && at < len(s); at++ {
		k := strings.IndexByte(s[at:], ':')
		if k < 0 || at+k+1 >= len(s) || at+k > 2*introRunes {
			return -1
		}
		at += k
		if c := s[at+1]; c != ' ' && c != '>' && c != '\t' {
			continue
		}
		if !mayEnd(s[:at]) {
			continue
		}
		tries++
		sh := shapeOf(s[:at+1])
		if sh.verbEnd && (sh.addr >= 0 || sh.numbers >= 2) && (s[at+1] == '>' || sh.addr >= 0 && sh.bracketed && sh.year && sh.numbers >= 3) && strings.TrimSpace(s[at+1:]) != "" {
			return at + 1
		}
	}
	return -1
}
