package parse

import (
	"strings"
	"unicode"

	"gatepost/parse/internal/mime"
)

// body is what is read of a mail's parts.
type body struct {
	versions    []version
	plain, html []line // the text by its plain parts; if both, by its HTML parts too
	both        bool   // some text is there in both forms
	onlyHTML    bool   // some text is there as HTML alone
	differ      bool   // some readers may have been shown other words than these
	named       bool   // some text has a file name: a client may show it as an attachment
	encrypted   bool
	bytes       int // of all text parts, before decoding
	hidden      int
	attached    []Attached
	kept        []*mime.Part // what attached tells of
	problems    []string
	park        string
	left        int // bytes of text still allowed
	lim         Limits
}

func (b *body) problem(s string) {
	for _, p := range b.problems {
		if p == s {
			return
		}
	}
	b.problems = append(b.problems, s)
}

// gather walks the parts and reads the text that the writer wrote.
func gather(root *mime.Part, lim Limits) *body {
	b := &body{lim: lim, left: lim.Text}
	if root.Twofold() || root.Multi() && (root.Gone != nil || !silent(root.Body)) {
		b.differ = true
		b.problem("readers may take the mail's parts for others than these")
	}
	b.walk(root, true)
	for i, v := range b.versions {
		if b.both {
			b.html = joined(b.html, v.html, i, !v.apart())
		}
		b.plain = joined(b.plain, v.plain, i, false)
	}
	return b
}

// silent tells whether nothing is said before the first part but what mail programs
// put there for readers without MIME (RFC 2046 §5.1.1). Few signatures cover the
// boundary: with another one, what somebody wrote stands here, and a piece of what
// they quoted is the first part.
func silent(preamble []byte) bool {
	s := strings.TrimSpace(string(preamble[:min(len(preamble), 4096)]))
	return s == "" && len(preamble) <= 4096 ||
		len(s) < 400 && strings.Contains(strings.ToLower(s), "mime") && !strings.HasPrefix(s, "--") && !strings.Contains(s, "\n--")
}

// version is a text in the forms in which it is there.
type version struct{ plain, html []line }

// apart tells whether the two forms are not the same lines.
func (v version) apart() bool {
	return len(v.plain) == 0 || len(v.html) == 0 || &v.plain[0] != &v.html[0]
}

// joined is all with the lines of one more part and a blank line behind them.
// With copied the lines stay as they are.
func joined(all, lines []line, part int, copied bool) []line {
	from := len(all)
	if all == nil && !copied {
		all = lines
	} else {
		all = append(all, lines...)
	}
	for i := from; i < len(all); i++ {
		all[i].part = part
	}
	if n := len(all); n > 0 && !all[n-1].blank() {
		all = append(all, line{part: part})
	}
	return all
}

// walk reads a part. first is whether it may hold the mail's main text.
func (b *body) walk(p *mime.Part, first bool) {
	switch {
	case p.Type == "multipart/alternative":
		b.alternative(p)
	case p.Type == "multipart/encrypted":
		b.encrypted = true
		b.problem("the mail is encrypted and was not read")
	case p.Type == "multipart/signed":
		for i, k := range p.Kids {
			if i == 0 {
				b.walk(k, first)
			} else {
				b.attach(k)
			}
		}
	case p.Type == "multipart/related":
		root := 0
		if start := strings.Trim(p.Params["start"], "<> "); start != "" {
			for i, k := range p.Kids {
				if strings.Trim(k.Head.Get("content-id"), "<> ") == start {
					root = i
				}
			}
		}
		if root != 0 { // readers without RFC 2387 show the first part
			b.differ = true
			b.problem(formsDiffer)
		}
		for i, k := range p.Kids {
			if i == root {
				b.walk(k, first)
			} else {
				b.attach(k)
			}
		}
	case p.Multi():
		for i, k := range p.Kids {
			b.walk(k, first && i == 0)
		}
	case p.SignedSMIME() && first:
		b.opaque(p)
	case p.EncryptedSMIME():
		b.encrypted = true
		b.problem("the mail is encrypted and was not read")
		b.attach(p)
	case p.Readable(first):
		l := b.lines(p)
		if p.Type == "text/html" {
			b.onlyHTML = b.onlyHTML || len(l) > 0
		}
		b.add(l, l)
	default:
		b.attach(p)
	}
}

// opaque reads a mail that stands inside its own signature.
func (b *body) opaque(p *mime.Part) {
	raw, err := p.Content(4 * b.lim.Text)
	inner := []byte(nil)
	if err == nil {
		inner = mime.Opaque(raw)
	}
	if inner == nil {
		b.attach(p)
		b.problem("a signed part could not be opened")
		return
	}
	root, err := mime.Split(inner, mime.SplitHeader(inner, b.lim, nil), b.lim, nil)
	if err != nil {
		b.park = err.Error()
		return
	}
	if !root.SignedSMIME() { // once is enough
		b.walk(root, true)
	}
}

// alternative reads the plain and the HTML form of one text.
func (b *body) alternative(p *mime.Part) {
	var plain, rich *mime.Part
	var also, again []*mime.Part // again: further forms in the type of the first
	var look func(*mime.Part)
	look = func(k *mime.Part) {
		switch {
		case k.Multi() && k.Type != "multipart/encrypted":
			for i, g := range k.Kids {
				if i == 0 || k.Type != "multipart/related" && k.Type != "multipart/mixed" {
					look(g)
				} else if k.Type == "multipart/mixed" && g.Readable(false) && g.Type == "text/html" && rich == nil {
					look(g) // QUIRK: Apple Mail splits HTML around pictures
				} else {
					also = append(also, g)
				}
			}
		case plain == nil && k.Type == "text/plain" && k.Inline:
			plain = k
		case rich == nil && k.Type == "text/html" && k.Inline:
			rich = k
		case (k.Type == "text/plain" || k.Type == "text/html") && k.Inline:
			again = append(again, k)
			also = append(also, k)
		case k.Type == "text/x-amp-html" && k.Inline: // shown before all others where it is known, and not read here
			b.differ = true
			b.problem(formsDiffer)
			also = append(also, k)
		default:
			also = append(also, k)
		}
	}
	for _, k := range p.Kids {
		look(k)
	}
	var pl, hl []line
	if plain != nil {
		pl = b.lines(plain)
	}
	if rich != nil {
		hl = b.lines(rich)
	}
	for _, k := range again {
		first := pl
		if k.Type == "text/html" {
			first = hl
		}
		if !sameWords(first, b.lines(k)) {
			b.differ = true
			b.problem(formsDiffer)
		}
	}
	switch {
	case plain != nil && rich != nil:
		b.both = true
		b.add(pl, hl)
	case plain != nil:
		b.add(pl, pl)
	case rich != nil:
		b.onlyHTML = true
		b.add(hl, hl)
	}
	for _, k := range also {
		b.attach(k)
	}
}

func (b *body) add(plain, html []line) {
	if len(plain) == 0 && len(html) == 0 {
		return
	}
	b.versions = append(b.versions, version{plain, html})
}

// sameWords tells whether two forms of one type say the same, or one of them nothing.
func sameWords(a, b []line) bool {
	all := func(*line) bool { return true }
	x, y := squash(textOf(a, all)), squash(textOf(b, all))
	return x == y || x == "" || y == ""
}

// formsDiffer is the problem of a mail of which nobody knows what its reader saw.
const formsDiffer = "the forms of the mail's text say different things"

// lines decodes a text part.
func (b *body) lines(p *mime.Part) []line {
	b.named = b.named || p.Name != ""
	b.bytes += len(strings.TrimSpace(string(p.Body[:min(len(p.Body), 1000)])))
	limit := b.left
	isHTML := p.Type == "text/html"
	if isHTML {
		limit = 4 * b.lim.Text
	}
	raw, err := p.Content(limit)
	if err != nil {
		b.park = "the text is too long to read"
		b.problem(err.Error())
		return nil
	}
	if !isHTML {
		b.left -= len(raw)
	}
	if p.GoesOn() {
		b.differ = true
		b.problem("something stands behind the end of the base64, and was not read")
	}
	charset := p.Params["charset"]
	if isHTML && charset == "" {
		charset = metaCharset(raw)
	}
	text, note, err := mime.ToUTF8(raw, charset)
	if err != nil {
		b.park = "the charset " + mime.Shown(p.Params["charset"]) + " is not read"
		b.problem(b.park)
		return nil
	}
	if note != "" {
		b.problem(note)
	}
	if isHTML {
		r, err := readHTML(text, b.lim.Lines)
		if err != nil {
			b.park = "the HTML cannot be read"
			b.problem(err.Error())
			return nil
		}
		if r.more {
			b.park = "the text has too many lines"
		}
		if r.veiled {
			b.differ = true
			b.problem("readers may be shown other words of the HTML than these")
		}
		b.hidden += r.hidden
		return r.out
	}
	out, more := plainLines(text, strings.EqualFold(p.Params["format"], "flowed"), strings.EqualFold(p.Params["delsp"], "yes"), b.lim.Lines)
	if more {
		b.park = "the text has too many lines"
	}
	return out
}

// metaCharset finds the charset an HTML text declares of itself.
func metaCharset(b []byte) string {
	low := strings.ToLower(string(b[:min(len(b), 2048)]))
	i := strings.Index(low, "charset=")
	if i < 0 {
		return ""
	}
	s := strings.TrimLeft(low[i+8:], `"' `)
	if j := strings.IndexAny(s, `"'> ;/`); j >= 0 {
		s = s[:j]
	}
	if strings.HasPrefix(s, "utf-16") {
		return "" // it could not have been read this far
	}
	return s
}

func (b *body) attach(p *mime.Part) {
	if p.Multi() {
		for _, k := range p.Kids {
			b.attach(k)
		}
		return
	}
	b.kept = append(b.kept, p)
	within := p.Inline && strings.HasPrefix(p.Type, "image/") && p.Head.Get("content-id") != ""
	b.attached = append(b.attached, Attached{Name: p.Name, Type: mime.Tame(p.Type), Size: p.Size(), Within: within})
}

// squash is text reduced to its letters and digits, for comparing two forms of
// it.
func squash(s string) string {
	if mime.IsASCII(s) {
		var b strings.Builder
		b.Grow(len(s))
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
				b.WriteByte(c)
			case c >= 'A' && c <= 'Z':
				b.WriteByte(c + 'a' - 'A')
			}
		}
		return b.String()
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || pictograph(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// stub tells whether a plain part only says to look at the HTML.
func stub(text string) bool {
	if len(text) >= 400 {
		return false
	}
	low := fold(text)
	return strings.Contains(low, "html") && holdsAny(low, "view", "support", "browser", "client", "display", "enable", "mail program", "mailprogramm", "capable", "anzeigen", "afficher", "visualizar", "visualizzare", "weergeven")
}
