package mime

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Invisible tells whether a rune shows nothing and could hide or reorder what
// is shown: zero-width marks, bidi controls, variation selectors, tags, soft
// hyphen, fillers. Joiners are among them, which belong into some scripts: whoever
// reads lines says where they stay.
func Invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5,
		r >= 0x180b && r <= 0x180e, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e,
		r >= 0x2060 && r <= 0x206f, r == 0x3164, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r == 0xffa0,
		r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff, r >= 0x1d173 && r <= 0x1d17a:
		return true
	}
	return false
}

// Tame makes a header value fit to be shown: one line, no controls, no bidi
// or zero-width marks, at most 998 bytes (RFC 5322 §2.1.1).
func Tame(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Zs, r) || r == 0x2028 || r == 0x2029:
			b.WriteByte(' ')
		case unicode.IsControl(r) || r == utf8.RuneError || Invisible(r) && r != 0x200d && r != 0x200c && r != 0xfe0f:
		default:
			b.WriteRune(r)
		}
		if b.Len() > 990 {
			break
		}
	}
	return strings.TrimSpace(b.String())
}

// Shown is Tame for a value quoted in a problem: short.
func Shown(s string) string {
	s = Tame(s)
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return `"` + s + `"`
}

// A file name has at most so many characters, and bytes: most file systems take 255,
// and an export writes more before it and behind.
const nameRunes, nameBytes = 120, 200

// fileName makes data of a stranger's file name: the base name only, tamed, no leading
// dot or dash, and cut before its extension if it is long.
func fileName(s string) string {
	s = Tame(DecodeWords(s))
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimLeft(s, ".- ")
	if utf8.RuneCountInString(s) > nameRunes || len(s) > nameBytes {
		ext := path.Ext(s)
		if len(ext) > 10 {
			ext = ""
		}
		r := []rune(strings.TrimSuffix(s, ext))
		r = r[:min(len(r), nameRunes-utf8.RuneCountInString(ext))]
		for len(string(r))+len(ext) > nameBytes {
			r = r[:len(r)-1]
		}
		s = string(r) + ext
	}
	return strings.TrimSpace(s)
}
