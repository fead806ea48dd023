package templates

import (
	htmpl "html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"

	"gatepost/parse"
)

// Columns of the plain part. Replies add "> ", and 78 is where many clients
// begin to break lines (RFC 5322 §2.1.1).
const columns = 72

// commands are the words of DESIGN section 4 in every language. A line of ours
// that is broken never continues with one of them at its start.
var commands = map[string]bool{}

func init() {
	for w := range strings.FieldsSeq(`approve approved lgtm ship redirect rework reject done delivered ready shipped
		queue blocked question now top after to drop pause resume undo reopen away too yes status record search help`) {
		commands[w] = true
	}
	for _, code := range Languages {
		for _, list := range parse.LanguageWords(code) {
			for _, w := range list {
				if !strings.Contains(w, " ") {
					commands[w] = true
				}
			}
		}
	}
}

// pad fills s up to n columns.
func pad(n int, s string) string { return s + strings.Repeat(" ", max(n-wide(s), 0)) }

// padLeft fills s up to n columns on its left.
func padLeft(n int, s string) string { return strings.Repeat(" ", max(n-wide(s), 0)) + s }

// wide is how many columns s takes in a fixed-width font.
func wide(s string) int {
	n := 0
	for _, r := range s {
		if r < utf8.RuneSelf {
			n++
			continue
		}
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
		n++
	}
	return n
}

// row is one line of words while it is being filled.
type row struct {
	prefix string
	words  []string
}

func (r row) String() string { return r.prefix + strings.Join(r.words, " ") }

// wrapLine breaks one line at columns. What was indented stays so, and goes on
// as much deeper as told or as a list mark asks for; a word that is longer
// than a line is broken, unless it is an address of the web.
func wrapLine(line, deeper string) []string {
	body := strings.TrimLeft(line, " ")
	indent := line[:min(len(line)-len(body), 24)]
	if wide(indent)+wide(body) <= columns {
		return []string{indent + body}
	}
	hang := indent + or(hanging(body), deeper)
	rows := []row{{prefix: indent}}
	used := wide(indent) // of the last row
	for word := range strings.FieldsSeq(body) {
		cut := []string{word}
		if !strings.Contains(word, "://") || len(word) > 500 {
			cut = pieces(word, columns-len(hang))
		}
		for _, w := range cut {
			last, more := &rows[len(rows)-1], wide(w)
			if len(last.words) > 0 {
				more++
			}
			switch {
			case len(last.words) == 0 || used+more <= columns:
				last.words = append(last.words, w)
				used += more
				continue
			case hang == "" && ofReader(w):
				rows = append(rows, last.comeDown(w))
			default:
				rows = append(rows, row{hang, []string{w}})
			}
			used = wide(rows[len(rows)-1].String())
		}
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.String()
	}
	return out
}

// ofReader tells whether a line that begins with this word could be taken for
// something that the reader wrote.
func ofReader(word string) bool {
	return commands[strings.ToLower(strings.Trim(word, `"'*_.,:;!?()`))] || strings.HasPrefix(word, `#`) || strings.HasPrefix(word, `"#`)
}

// comeDown begins the next line, at the margin, for a word that must not stand
// there: the words before it come down with it, or the line is indented if
// they are no better.
func (r *row) comeDown(word string) row {
	keep := len(r.words) - 1
	for keep > 0 && ofReader(r.words[keep]) {
		keep--
	}
	next := row{words: append(slices.Clone(r.words[keep:]), word)}
	if keep == 0 || wide(next.String()) > columns {
		return row{"  ", []string{word}}
	}
	r.words = r.words[:keep]
	return next
}

// hanging is the indent of the lines after the first of a list item.
func hanging(body string) string {
	if i := strings.IndexByte(body, ' '); i > 0 && i < 4 && strings.Trim(body[:i], "-*•–0123456789.)") == "" && !strings.ContainsAny(body[i-1:i], "0123456789") {
		return strings.Repeat(" ", i+1)
	}
	return ""
}

// pieces cuts a word that has more than n columns.
func pieces(word string, n int) []string {
	var out []string
	start, at := 0, 0
	for i, r := range word {
		w := wide(string(r))
		if at+w > n {
			out = append(out, word[start:i])
			start, at = i, 0
		}
		at += w
	}
	return append(out, word[start:])
}

// setOff shows a person's words in the plain part: every line of theirs is
// indented, so that it can neither stand where our own sentences stand nor
// be read as a command of the reader.
func setOff(s string) string { return indentBy("  ", s) }

// deeper is setOff for words under a line that is set off itself.
func deeper(s string) string { return indentBy("    ", s) }

func indentBy(by, s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if strings.TrimSpace(line) == "" {
			out = append(out, "")
			continue
		}
		out = append(out, wrapLine(by+line, "")...)
	}
	return strings.Join(out, "\n")
}

// fill breaks a sentence of ours.
func fill(s string) string { return strings.Join(wrapLine(s, ""), "\n") }

// finish breaks what is still too long and leaves one blank line where
// templates left several.
func finish(s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " ")
		if line == "" {
			if len(out) > 0 && out[len(out)-1] != "" {
				out = append(out, "")
			}
			continue
		}
		deeper := ""
		if line[0] == ' ' { // an item of a list of ours
			deeper = "  "
		}
		out = append(out, wrapLine(line, deeper)...)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}

// htmlLines are the lines of a person's text for HTML; leading spaces are
// made to stay.
func htmlLines(s string) []string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		body := strings.TrimLeft(l, " ")
		lines[i] = strings.Repeat("\u00a0", min(len(l)-len(body), 24)) + body
	}
	return lines
}

// mso is one of the fixed comments that give Outlook's Word engine the columns
// which other clients make of inline blocks. html/template drops comments in
// templates, and these hold no data.
func mso(part string) htmpl.HTML {
	switch part {
	case "open":
		return `<!--[if mso]><table role="presentation" width="100%"><tr><td width="50%" valign="top"><![endif]-->`
	case "next":
		return `<!--[if mso]></td><td width="50%" valign="top"><![endif]-->`
	default:
		return `<!--[if mso]></td></tr></table><![endif]-->`
	}
}
