package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// kind says what a line of a mail is.
type kind uint8

const (
	own       kind = iota // the writer's words
	quote                 // marked with > or a container that means the same
	intro                 // the line above a quote
	history               // unmarked words of an earlier mail
	signature             // who the writer is
	footer                // what clients, servers and lawyers add
	banner                // the same above the text
)

var kindNames = [...]string{"new", "quote", "intro", "history", "signature", "footer", "banner"}

func (k kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "?"
}

// past tells whether a line of this kind is a sign of history.
func (k kind) past() bool { return k == quote || k == intro || k == history }

// line is one line of the text that is read.
type line struct {
	text    string // without quote marks, tamed
	raw     string // with its quote marks, if it has any
	depth   int    // quote marks before it
	kind    kind
	rule    string // which rule said so, see docs/reading.md
	part    int    // which text part of the mail it stands in, from 0
	box     string // name of the HTML container that says it is history
	sign    bool   // an HTML container says it is a signature
	fence   bool   // inside a code fence that is closed again
	ours    bool   // its words stand in the letter that is answered
	whole   bool   // all of them do
	joined  bool   // the letter has its first two words behind the last two of the line above
	unseen  bool   // an invisible character stood between two letters
	ruled   bool   // it was <hr>
	pasted  bool   // the writer's, quote mark and all: a log, a diff
	stuffed bool   // its marks are words: a space stands before them (RFC 3676 §4.4)
}

func (l *line) blank() bool { return strings.TrimSpace(l.text) == "" }

func (l *line) is(k kind, rule string) { l.kind, l.rule = k, rule }

// plainLines cuts decoded plain text into lines. flowed and delsp are the
// parameters of RFC 3676. more tells that there were further lines.
func plainLines(text string, flowed, delsp bool, limit int) (out []line, more bool) {
	text = unbroken(text)
	out = make([]line, 0, min(strings.Count(text, "\n")+1, limit))
	joining := false // the line before ended in a soft break
	var soFar []byte // of a line that is being joined, so that joining is linear
	settle := func() {
		if soFar != nil {
			out[len(out)-1].text = string(soFar)
			soFar = nil
		}
	}
	marked := false // the line before began with ">"
	open := 0       // a link's "<" is open for so many lines: the next ">" closes it
	for len(text) > 0 {
		if len(out) >= limit {
			settle()
			return out, true
		}
		raw, rest, _ := strings.Cut(text, "\n")
		text = rest
		depth, body := 0, raw
		switch {
		case strings.HasPrefix(raw, ">From ") && !marked && !strings.HasPrefix(rest, ">"):
			body = raw[1:] // QUIRK: a mail store wrote the mark (mbox), a quote has neighbours
		case open == 0:
			depth, body = quoteMarks(raw)
		}
		marked = strings.HasPrefix(raw, ">")
		var soft bool
		if flowed {
			body = strings.TrimPrefix(body, " ")
			soft = strings.HasSuffix(body, " ") && body != "-- "
			if soft && delsp {
				body = body[:len(body)-1]
			}
		} else if depth > 0 {
			body = strings.TrimPrefix(body, " ")
		}
		clean, unseen := scrub(body)
		if joining && len(out) > 0 && out[len(out)-1].depth == depth && body != "-- " {
			if soFar == nil {
				soFar = append(soFar, out[len(out)-1].text...)
			}
			soFar = append(soFar, clean...)
			out[len(out)-1].unseen = out[len(out)-1].unseen || unseen
		} else {
			settle()
			out = append(out, line{text: clean, depth: depth, unseen: unseen})
			if depth > 0 {
				out[len(out)-1].raw = raw
				out[len(out)-1].stuffed = flowed && raw[0] == ' '
			}
		}
		joining = soft
		switch {
		case depth > 0:
			open = 0
		case opensLink(clean):
			open = 2 // the address may stand on a line of its own
		case open > 0 && strings.HasPrefix(clean, "mailto:"):
			open = 1 // QUIRK: "mailto:Ada <ada@x>", and the link's own ">" below
		case strings.IndexByte(clean, '>') >= 0 || clean == "":
			open = 0
		default:
			open = max(0, open-1)
		}
	}
	settle()
	for i := range out {
		if out[i].text != "-- " {
			out[i].text = strings.TrimRight(out[i].text, " \t")
		}
	}
	return out, false
}

// unbroken makes LF of every line break. Most text has one kind only.
func unbroken(text string) string {
	if !containsAny(text, "\u2028\u2029\v\f\u0085") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		if strings.IndexByte(text, '\r') < 0 {
			return text
		}
	}
	return breaks.Replace(text)
}

var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n")

// quoteMarks counts the ">" before a line, "> > >" and " >" alike. ">=" opens
// a comparison, not a quote.
func quoteMarks(s string) (depth int, rest string) {
	i, end := 0, 0
	for i < len(s) {
		switch {
		case s[i] == '>' && !strings.HasPrefix(s[i:], ">= "):
			depth++
			i++
			end = i
		case s[i] == ' ' && i < end+1 && i+1 < len(s) && s[i+1] == '>':
			i++
		case strings.HasPrefix(s[i:], "＞"):
			depth++
			i += len("＞")
			end = i
		default:
			return depth, s[end:]
		}
	}
	return depth, s[end:]
}

// opensLink tells whether a line ends inside "<https://…" or "<name@host".
func opensLink(s string) bool {
	i := strings.LastIndexByte(s, '<')
	if i < 0 || strings.IndexByte(s[i:], '>') >= 0 || strings.ContainsAny(s[i:], " \t") && !strings.HasPrefix(s[i:], "< ") {
		return false
	}
	t := strings.ToLower(s[i+1:])
	return t == "" || strings.HasPrefix(t, "http") || strings.HasPrefix(t, "mailto:") || strings.Contains(t, "@")
}

// scrub makes spaces of every kind one kind, drops controls and invisible
// marks, and tells whether such a mark stood between two letters, or turned the
// direction of the text round. Joiners stay where a script or an emoji needs them.
func scrub(s string) (out string, unseen bool) {
	plain := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 || s[i] < 32 && s[i] != '\t' || s[i] == 127 {
			plain = false
			break
		}
	}
	if plain {
		return s, false
	}
	var b strings.Builder
	b.Grow(len(s))
	var last rune
	gap := false
	for i, r := range s {
		switch {
		case r == '\t':
		case unicode.Is(unicode.Zs, r):
			r = ' '
		case r == 0xfe0f && pictograph(last):
		case r == 0x200c || r == 0x200d:
			next := firstRune(s[i+3:])
			if !joins(last) || !joins(next) && !pictograph(next) {
				gap = true
				continue
			}
		case unicode.IsControl(r) || mime.Invisible(r):
			gap = true
			unseen = unseen || r == 0x202d || r == 0x202e // an override: what is seen is not what is written
			continue
		}
		if gap && unicode.IsLetter(last) && unicode.IsLetter(r) {
			unseen = true
		}
		gap = false
		if r == utf8.RuneError {
			r = '\ufffd'
		}
		b.WriteRune(r)
		last = r
	}
	return b.String(), unseen
}

// joins tells whether a joiner means something behind r.
func joins(r rune) bool {
	return pictograph(r) || r == 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff ||
		unicode.In(r, unicode.Arabic, unicode.Devanagari, unicode.Bengali, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Gujarati, unicode.Gurmukhi, unicode.Oriya, unicode.Khmer, unicode.Myanmar, unicode.Mongolian, unicode.M)
}

// textOf joins the lines of a kind. Where others were taken out between them,
// one blank line remains.
func textOf(lines []line, keep func(*line) bool) string {
	var b strings.Builder
	blank, gap, first := 0, false, true
	for i := range lines {
		l := &lines[i]
		if !keep(l) {
			gap = true
			continue
		}
		if l.blank() {
			blank++
			continue
		}
		if !first {
			if gap {
				blank = 1
			}
			b.WriteString(strings.Repeat("\n", min(blank, 2)+1))
		}
		b.WriteString(strings.TrimRight(l.text, " \t"))
		first, gap, blank = false, false, 0
	}
	return b.String()
}
