package mime

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// Part is a node of a mail's MIME tree. Body is a slice of the raw mail.
type Part struct {
	Head     Header
	Type     string // lower-case, text/plain if none is given (RFC 2045 §5.2)
	Params   map[string]string
	Inline   bool   // no Content-Disposition, or inline
	Name     string // tamed file name
	encoding string
	Body     []byte
	Gone     *Gone // nil unless Skim left the body out
	Kids     []*Part
}

// excess is the reason for which a mail is parked before any parser sees it.
type excess string

func (e excess) Error() string { return string(e) }

// splitter knows the open boundaries. Each line that starts with "--" is looked
// up among them, so neither many parts nor deep ones cost more than their bytes.
type splitter struct {
	lim   Limits
	stack []opened
	level map[string]int // boundary → how many levels of the stack have it
	total int            // parts so far
}

type opened struct {
	p        *Part
	boundary string
	closed   bool
}

// push opens the boundary of a part, if it holds parts.
func (s *splitter) push(p *Part) error {
	b, ok := p.Params["boundary"]
	s.total++
	if !p.Multi() {
		return nil
	}
	b = strings.TrimRight(b, " \t")
	if !ok || b == "" {
		return excess("a multipart without a boundary")
	}
	if len(b) > s.lim.Boundary {
		return excess("a boundary is too long")
	}
	if len(s.stack) >= s.lim.Depth {
		return excess("parts are nested too deeply")
	}
	s.stack = append(s.stack, opened{p: p, boundary: b})
	s.level[b]++
	return nil
}

// find tells at which level of the stack a line is a delimiter, -1 at none.
func (s *splitter) find(line []byte) (at int, closing bool) {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' || len(line) > s.lim.Boundary+100 {
		return -1, false
	}
	t := string(bytes.TrimRight(line[2:], " \t"))
	if s.level[t] == 0 {
		c, ok := strings.CutSuffix(t, "--")
		if !ok || s.level[c] == 0 {
			return -1, false
		}
		t, closing = c, true
	}
	for at = len(s.stack) - 1; at >= 0 && s.stack[at].boundary != t; at-- {
	}
	return at, closing
}

func (s *splitter) isDelimiter(line []byte) bool {
	at, _ := s.find(line)
	return at >= 0
}

// meet takes a delimiter: what is open below its level is closed. ok is false
// for a line that only looks like one.
func (s *splitter) meet(at int, closing bool) (ok bool) {
	if at < 0 || s.stack[at].closed && closing {
		return false
	}
	for len(s.stack) > at+1 {
		s.level[s.stack[len(s.stack)-1].boundary]--
		s.stack = s.stack[:len(s.stack)-1]
	}
	s.stack[at].closed = s.stack[at].closed || closing
	return true
}

// Split cuts a mail into its parts in one pass over its lines. Parts inside
// message/rfc822 are not looked at: what somebody else wrote is never read as
// this mail. gone are the bodies that Skim left out. The error is the bound that was
// crossed, in words.
func Split(raw []byte, top Block, lim Limits, gone []Gone) (*Part, error) {
	root, err := newPart(top.Fields, lim)
	if err != nil {
		return nil, err
	}
	s := splitter{lim: lim, level: map[string]int{}}
	leaf, start := root, top.Body
	end := func(body []byte) {
		leaf.Body = body
		for len(gone) > 0 && gone[0].At <= start { // one before it stood around the parts
			if gone[0].At == start {
				leaf.Gone = &gone[0]
			}
			gone = gone[1:]
		}
	}
	if err := s.push(root); err != nil {
		return nil, err
	}
	pos := top.Body
	for len(s.stack) > 0 && pos < len(raw) {
		line, next := cutLine(raw, pos)
		at, closing := s.find(line)
		if !s.meet(at, closing) {
			pos = next
			continue
		}
		if leaf != nil {
			end(trimBreak(raw[start:pos]))
		}
		pos, leaf = next, nil
		if closing {
			continue
		}
		if s.total >= lim.Parts {
			return nil, excess("there are too many parts")
		}
		b := SplitHeader(raw[pos:], lim, s.isDelimiter)
		if b.Excess != "" {
			return nil, excess(b.Excess)
		}
		p, err := newPart(b.Fields, lim)
		if err != nil {
			return nil, err
		}
		if s.stack[at].p.Type == "multipart/digest" && !b.Fields.Has("content-type") {
			p.Type = "message/rfc822" // RFC 2046 §5.1.5
		}
		s.stack[at].p.Kids = append(s.stack[at].p.Kids, p)
		pos += b.Body
		leaf, start = p, pos
		if err := s.push(p); err != nil {
			return nil, err
		}
	}
	if leaf != nil && start <= len(raw) {
		end(raw[start:])
	}
	return root, nil
}

// trimBreak takes away the line break that belongs to the delimiter.
func trimBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// newPart reads what a part is from its header.
func newPart(h Header, lim Limits) (*Part, error) {
	p := &Part{Head: h, encoding: strings.ToLower(FirstToken(h.Get("content-transfer-encoding")))}
	ct, cd := h.Get("content-type"), h.Get("content-disposition")
	if strings.Count(ct, ";") > lim.Params || strings.Count(cd, ";") > lim.Params {
		return nil, excess("a field has too many parameters")
	}
	p.Type, p.Params = MediaType(ct)
	if p.Type == "" || !strings.Contains(p.Type, "/") {
		p.Type = "text/plain"
	}
	disp, dp := MediaType(cd)
	p.Inline = disp == "" || disp == "inline"
	if p.Name = fileName(dp["filename"]); p.Name == "" {
		p.Name = fileName(p.Params["name"])
	}
	return p, nil
}

// FirstToken is the first word of a value, up to white space, a parameter or a comment.
func FirstToken(s string) string {
	s = strings.TrimLeft(s, " \t\"")
	if i := strings.IndexAny(s, " \t;(\""); i >= 0 {
		s = s[:i]
	}
	return s
}

// MediaType reads "type/subtype; a=b; c*0*=…". A value the strict reader of
// the standard library refuses is read leniently: first of each name wins.
func MediaType(s string) (string, map[string]string) {
	if t, params, err := mime.ParseMediaType(s); err == nil {
		return t, params
	}
	params := map[string]string{}
	items := splitQuoted(s, ';')
	for _, item := range items[1:] {
		k, v, ok := strings.Cut(item, "=")
		k = strings.ToLower(strings.TrimSpace(k))
		if _, dup := params[k]; !ok || dup {
			continue
		}
		v = strings.TrimSpace(v)
		if q, n, ok := quotedString(v); strings.HasPrefix(v, `"`) && ok && n > 0 {
			v = q
		} else if i := strings.IndexAny(v, " \t"); i >= 0 && k != "filename" && k != "name" {
			v = v[:i]
		}
		params[k] = strings.Trim(v, `"`)
	}
	return strings.ToLower(FirstToken(items[0])), params
}

// splitQuoted splits at sep outside quoted strings.
func splitQuoted(s string, sep byte) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// Multi tells whether the part holds parts.
func (p *Part) Multi() bool { return strings.HasPrefix(p.Type, "multipart/") }

// Readable tells whether a leaf is text to be read as the writer's; first: it is the
// first of the mail, which may have a name.
func (p *Part) Readable(first bool) bool {
	if p.Type != "text/plain" && p.Type != "text/html" && p.Type != "text/enriched" && p.Type != "text" {
		return false
	}
	return p.Inline && (p.Name == "" || first)
}

// Twofold tells whether what says how a part is to be read is there twice: some
// readers take the first, some the last, and a signature need not cover both.
func (p *Part) Twofold() bool {
	types := p.Head.All("content-type")
	return len(types) > 1 || len(p.Head.All("content-transfer-encoding")) > 1 || len(types) == 1 && givenTwice(types[0], "boundary", "charset")
}

// givenTwice tells whether one of the parameters is there twice, or in two of its
// forms: boundary=a, boundary*=us-ascii”b, and the pieces boundary*0=a (RFC 2231).
func givenTwice(ctype string, names ...string) bool {
	form := map[string]string{}
	for _, item := range splitQuoted(ctype, ';')[1:] {
		key, _, ok := strings.Cut(item, "=")
		name, rest, _ := strings.Cut(strings.ToLower(strings.TrimSpace(key)), "*")
		if !ok || !slices.Contains(names, name) {
			continue
		}
		kind := "whole"
		if star := strings.Contains(key, "*"); star && strings.Trim(rest, "0123456789*") == "" && rest != "" {
			kind = "pieces"
		} else if star {
			kind = "coded"
		}
		if was := form[name]; was != "" && !(was == kind && kind == "pieces") {
			return true
		}
		form[name] = kind
	}
	return false
}

// leafParser decodes one leaf; it never sees a multipart, a header it could
// read otherwise than we did, or a charset to be guessed.
var leafParser = enmime.NewParser(
	enmime.DisableCharacterDetection(true),
	enmime.DisableTextConversion(true),
	enmime.MaxStoredPartErrors(10),
	enmime.SetReadPartErrorPolicy(enmime.AllowCorruptTextPartErrorPolicy),
)

// Content takes the transfer encoding away. At most limit decoded bytes are
// wanted; a part that must be longer is refused before it is decoded.
func (p *Part) Content(limit int) ([]byte, error) {
	body := p.Body
	switch p.encoding {
	case "base64":
		if len(body)/2 > limit { // 4/3 and line ends, with room
			return nil, fmt.Errorf("a text of %d bytes is too long to read", len(body))
		}
		return decode64(body), nil
	case "quoted-printable":
		if len(body)/3 > limit {
			return nil, fmt.Errorf("a text of %d bytes is too long to read", len(body))
		}
		if out, ok := plainQuoted(body); ok {
			body = out
			break
		}
		leaf, err := leafParser.ReadParts(bytes.NewReader(append([]byte("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"), body...)))
		if err != nil {
			return nil, fmt.Errorf("decode quoted-printable: %w", err)
		}
		body = leaf.Content
	}
	if len(body) > limit {
		return nil, fmt.Errorf("a text of %d bytes is too long to read", len(body))
	}
	return body, nil
}

// Whole is the content, or the body as it was sent if that cannot be decoded.
func (p *Part) Whole(lim Limits) []byte {
	content, err := p.Content(lim.Bytes)
	if err != nil {
		return p.Body
	}
	return content
}

// decode64 decodes what is left after everything outside the alphabet is
// dropped (RFC 2045 §6.8). A list footer appended in clear after the padding
// is not decoded.
//
// QUIRK: enmime's own cleaner keeps an error for every bad byte: 1.5 GB for
// 10 MB of them.
func decode64(b []byte) []byte {
	clean := make([]byte, 0, len(b))
	for _, c := range b {
		if c == '=' {
			break
		}
		if in64[c] == 1 {
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return out[:n]
}

// GoesOn tells whether something stands behind the padding of base64, where Content
// ends: readers that go on there show more words.
func (p *Part) GoesOn() bool {
	i := bytes.IndexByte(p.Body, '=')
	return p.encoding == "base64" && i >= 0 && len(bytes.Trim(p.Body[i:], "= \t\r\n")) > 0
}

// Size is the decoded size of a part, reckoned where decoding is not cheap.
func (p *Part) Size() int {
	if p.Gone != nil {
		return p.Gone.Size
	}
	if p.encoding != "base64" {
		return len(p.Body)
	}
	return count64(p.Body) * 3 / 4
}

// count64 counts the characters of base64.
func count64(b []byte) (n int) {
	for _, c := range b {
		n += int(in64[c])
	}
	return n
}

// in64 is 1 for a character of base64.
var in64 = func() (t [256]uint8) {
	for i := range t {
		if c := byte(i); IsAlnum(c) || c == '+' || c == '/' {
			t[i] = 1
		}
	}
	return t
}()
