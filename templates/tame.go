package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden tells whether a rune shows nothing and may hide or reorder what is
// shown: bidi controls, zero-width marks, tags, fillers. The joiners stay:
// scripts and emoji need them.
func hidden(r rune) bool {
	switch {
	case r == 0x200c, r == 0x200d:
		return false
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x180e, r == 0x3164, r == 0xffa0, r == 0xfeff,
		r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return r == utf8.RuneError
}

// oneLine makes a value fit to stand in a line of ours: no line break, no
// control, nothing hidden, single spaces.
func oneLine(s string) string {
	if ascii(s) {
		return strings.Join(strings.Fields(s), " ")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == 0x2028, r == 0x2029:
			return ' '
		case unicode.IsControl(r), hidden(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// tameRune is a rune of a line as it is shown; negative if it is not.
func tameRune(r rune) rune {
	switch {
	case unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.IsControl(r), hidden(r):
		return -1
	}
	return r
}

// ascii tells whether s is nothing but printable ASCII.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\t", "    ")

// manyTame keeps a person's line breaks and indentation and drops what
// oneLine drops. Runs of blank lines become one.
func manyTame(s string) string {
	s = breaks.Replace(s)
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if !ascii(line) {
			line = strings.Map(tameRune, line)
		}
		line = strings.TrimRight(line, " ")
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

// clip cuts s to at most n runes, at a word if there is one near, and shows
// that it did.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := strings.TrimRight(string(r[:max(n-1, 0)]), " ")
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)*2/3 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.-") + "…"
}

// clipWide is clip by columns.
func clipWide(s string, columns int) string {
	for n := columns; wide(s) > columns; n-- {
		s = clip(s, n)
	}
	return s
}

// quote shows a one-line value inside a sentence of ours. Inner quotes are
// turned, so that it cannot close the ones around it.
func quote(s string) string { return `"` + strings.ReplaceAll(clip(s, 90), `"`, "'") + `"` }

// short is the first n words of s on one line.
func short(n int, s string) string {
	f := strings.Fields(s)
	if len(f) > n {
		s = strings.TrimRight(strings.Join(f[:n], " "), ",;:.-") + "…"
	} else {
		s = strings.Join(f, " ")
	}
	return clip(s, n*9)
}

// cutTo keeps at most v.limit bytes of a person's text, at a line or word if
// one is near, and says where the rest is.
func (v *view) cutTo(s string) string {
	if len(s) <= v.limit {
		return s
	}
	cut := strings.ToValidUTF8(s[:v.limit], "")
	if i := strings.LastIndexAny(cut, " \n"); i > len(cut)*3/4 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " \n") + "\n" + v.says("cut")
}
