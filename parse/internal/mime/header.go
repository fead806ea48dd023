// Package mime takes the bytes of a mail apart: its header fields and mailboxes
// (RFC 5322), its parts and what they are encoded in (RFC 2045 to 2049), in one
// pass and within Limits. Unlike the standard library's package of this name it
// refuses nothing: what is odd is told, and what identifies somebody fails closed.
package mime

import (
	"bytes"
	"slices"
	"strings"
)

// Field is one header field. Name is lower-case; Value is unfolded (each line
// break and the white space after it became one space) and still encoded.
type Field struct {
	Name, Value string
	Odd         bool // space before the colon, or bytes no field name may hold
	Blank       bool // a continuation line was nothing but white space
	Control     bool // NUL, a bare CR or another control stands in the value
}

// Header is a header block in the order of the mail.
type Header []Field

// Get is the value of the first field of this name, "" if there is none.
func (h Header) Get(name string) string {
	for i := range h {
		if h[i].Name == name {
			return h[i].Value
		}
	}
	return ""
}

// Lookup is the value of the first field of this name, if there is one.
func (h Header) Lookup(name string) (string, bool) {
	for i := range h {
		if h[i].Name == name {
			return h[i].Value, true
		}
	}
	return "", false
}

// All are the values of every field of this name.
func (h Header) All(name string) []string {
	var out []string
	for i := range h {
		if h[i].Name == name {
			out = append(out, h[i].Value)
		}
	}
	return out
}

// Has tells whether there is a field of this name.
func (h Header) Has(name string) bool {
	for i := range h {
		if h[i].Name == name {
			return true
		}
	}
	return false
}

// Doubled tells whether a field that may come once (RFC 5322 §3.6, RFC 2045 §3) is
// there twice: a signature covers the lower one, and readers take the upper.
func (h Header) Doubled() bool {
	var seen [len(atMostOnce)]bool
	for i := range h {
		if k := slices.Index(atMostOnce[:], h[i].Name); k >= 0 {
			if seen[k] {
				return true
			}
			seen[k] = true
		}
	}
	return false
}

// atMostOnce is the list of mailin as well, which may not import it.
var atMostOnce = [...]string{
	"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
	"content-type", "content-transfer-encoding",
}

// Block is what SplitHeader found.
type Block struct {
	Fields Header
	Body   int    // offset at which the body begins
	Excess string // a bound that was crossed, in words; the fields up to it are kept
	Broken bool   // the block ended at a line that is no field
}

// SplitHeader reads a header block from the start of b in one pass. The block
// ends at an empty line, at the first line that is neither a field nor a
// continuation (as Postfix does it), at a line for which stop answers true, or
// at the end. It never fails: what is odd is told in the fields.
func SplitHeader(b []byte, lim Limits, stop func(line []byte) bool) Block {
	var out Block
	var cur []byte // value of the field being read
	var f *Field
	flush := func() {
		if f != nil {
			f.Value = strings.Trim(string(cur), " \t")
			f = nil
		}
	}
	pos := 0
	for pos < len(b) {
		line, next := cutLine(b, pos)
		if len(line) == 0 {
			flush()
			out.Body = next
			return out
		}
		if stop != nil && stop(line) {
			break
		}
		if next > lim.Header {
			out.Excess = "the header block is too large"
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if f == nil {
				out.Broken = true
				break
			}
			t := bytes.Trim(line, " \t")
			if len(t) == 0 {
				f.Blank = true
			}
			if len(cur)+len(t) > lim.Field {
				out.Excess = "a header field is too long"
				break
			}
			cur = append(append(cur, ' '), t...)
			f.Control = f.Control || HasControl(t)
			pos = next
			continue
		}
		if pos == 0 && mboxLine(line) {
			pos = next
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		bare := bytes.TrimRight(name, " \t")
		if !ok || len(bare) == 0 || bytes.ContainsAny(bare, " \t") {
			out.Broken = true
			break
		}
		flush()
		if len(out.Fields) >= lim.Fields {
			out.Excess = "there are too many header fields"
			break
		}
		if len(value) > lim.Field {
			out.Excess = "a header field is too long"
			break
		}
		n := make([]byte, 0, len(bare))
		odd := len(bare) != len(name)
		for _, c := range bare {
			if c < 33 || c > 126 {
				odd = true
				continue // so that "Fr\x00om" is still seen to mean From
			}
			n = append(n, c)
		}
		out.Fields = append(out.Fields, Field{Name: strings.ToLower(string(n)), Odd: odd, Control: HasControl(value)})
		f = &out.Fields[len(out.Fields)-1]
		cur = append(cur[:0], value...)
		pos = next
	}
	flush()
	out.Body = pos
	return out
}

// mboxLine tells whether a first line is the separator of an mbox file (RFC
// 4155): "From dana@acme.example Mon Mar  2 10:00:00 2026".
//
// QUIRK: it may have been escaped to ">From " on the way. "From : a@b" is no
// separator but a From field with a malformed name.
func mboxLine(line []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimPrefix(line, []byte(">")), []byte("From "))
	f := bytes.Fields(rest)
	return ok && len(f) >= 5 && !bytes.Contains(f[0], []byte(":"))
}

// cutLine returns the line at pos without its line end (LF or CRLF) and the
// offset of the next one.
func cutLine(b []byte, pos int) (line []byte, next int) {
	end := bytes.IndexByte(b[pos:], '\n')
	if end < 0 {
		return bytes.TrimSuffix(b[pos:], []byte("\r")), len(b)
	}
	return bytes.TrimSuffix(b[pos:pos+end], []byte("\r")), pos + end + 1
}

// HasControl tells whether b holds a control other than a tab.
func HasControl(b []byte) bool {
	for _, c := range b {
		if (c < 32 && c != '\t') || c == 127 {
			return true
		}
	}
	return false
}

// Uncomment takes the comments of RFC 5322 away.
func Uncomment(s string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(b.String())
}

// OneBreak makes LF of a mail whose only line ends are bare CRs; any other
// mail is returned as it is.
func OneBreak(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') >= 0 || bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
}
