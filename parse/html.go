package parse

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"gatepost/parse/internal/mime"
)

// htmlReader turns HTML into marked lines: blockquotes become quote depth,
// containers of history and signatures become marks, hidden nodes are left
// out.
type htmlReader struct {
	out    []line
	limit  int
	cur    bytes.Buffer
	space  bool // a space is due before the next word
	pre    int  // inside <pre>
	sheet  sheet
	looks  map[string]look // by inline style
	values values          // for containerOf
	after  string          // box of an "onward" container that was met
	sig    *html.Node      // it is a signature, as the element before it said
	hidden int             // hidden nodes with text in them
	veiled bool            // it cannot be told what is shown: some clients hide what others show
	more   bool            // there were lines over the limit
}

// ctx is what the elements around a node say.
type ctx struct {
	depth  int
	box    string
	sign   bool
	struck bool // a line goes through it
	color  string
	ground string // background
	cite   *cite
}

// cite is a container in which the writer may have answered between the
// blockquotes.
type cite struct {
	box  string
	seen bool // a blockquote was met
}

// readHTML reads HTML. Nesting is bounded by the parser at 512.
func readHTML(text string, limit int) (*htmlReader, error) {
	if strings.Contains(text, "<plaintext") || strings.Contains(text, "<PLAINTEXT") {
		text = plaintextTags.Replace(text)
	}
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read html: %w", err)
	}
	r := &htmlReader{limit: limit, out: make([]line, 0, min(limit, 32))}
	r.styles(doc)
	r.walk(doc, ctx{color: "#000000", ground: "#ffffff"})
	r.flush(ctx{}, false)
	r.veiled = r.veiled || r.sheet.hidden.others || r.sheet.struck.others
	return r, nil
}

// QUIRK: <plaintext> and <xmp> would swallow the rest of the mail.
var plaintextTags = strings.NewReplacer("<plaintext", "<pre", "<PLAINTEXT", "<pre")

func (r *htmlReader) styles(n *html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "style" && d.FirstChild != nil {
			r.sheet.read(d.FirstChild.Data)
		}
	}
}

func (r *htmlReader) walk(n *html.Node, c ctx) {
	switch n.Type {
	case html.TextNode:
		r.text(n.Data, c)
		return
	case html.ElementNode:
	case html.DocumentNode:
		r.children(n, c)
		return
	default:
		return
	}
	switch n.Data {
	case "head", "script", "style", "title", "template", "noscript", "noembed", "noframes", "iframe", "object", "svg", "math", "select", "textarea", "audio", "video", "map", "meta", "link", "canvas", "datalist", "meter", "progress":
		if n.Data == "textarea" && n.FirstChild != nil {
			r.hidden++
		}
		return
	}
	lk := r.look(attr(n, "style"))
	st := lk.style
	if r.isHidden(n, lk, &c) {
		if hasText(n) {
			r.hidden++
		}
		return
	}
	c.struck = c.struck || n.Data == "s" || n.Data == "del" || n.Data == "strike" || lk.strikes || r.sheet.struck.has(n)
	was := c
	if k := containerOf(n, &r.values); k != nil {
		switch k.scope {
		case "element", "intro":
			if c.cite != nil && c.box == "" || k.scope == "element" || !c.sign {
				c.box = k.client
			}
		case "onward":
			if r.after == "" {
				r.flush(c, false)
				r.after = k.client
			}
			c.box = k.client
		case "cite":
			if c.box == "" && c.cite == nil && n.Data != "blockquote" {
				c.cite = &cite{box: k.client}
				c.box = k.client
			}
		case "sign":
			c.sign = true
		case "next":
			if r.sig == nil {
				r.sig = nextElement(n)
			}
		}
	}
	c.sign = c.sign || n == r.sig
	block := blocks[n.Data]
	switch n.Data {
	case "blockquote":
		if r.indent(n, st) {
			break // the writer's own indentation
		}
		c.depth++
		if c.cite != nil {
			c.cite.seen = true
			c.box = c.cite.box
		}
	case "br":
		r.flush(c, true)
		return
	case "hr":
		r.flush(c, false)
		r.emit(line{text: "----------", depth: c.depth, box: r.boxed(c), sign: c.sign, ruled: true})
		return
	case "img":
		if alt := attr(n, "alt"); alt != "" && len(alt) <= 16 && !hasASCIIWord(alt) {
			r.text(alt, c) // an emoji that a client made a picture of
		}
		return
	case "pre":
		r.pre++
		defer func() { r.pre-- }()
	}
	if c.cite != nil && c.cite.seen && n.Data != "blockquote" && c.depth == 0 && c.box == c.cite.box {
		c.box = "" // beside the blockquotes, below the first
	}
	changed := c.depth != was.depth || c.box != was.box || c.sign != was.sign
	if block || changed {
		r.flush(was, false) // what stands before the element is not in it
		if paragraph(n, st) {
			r.gap(c)
		}
	}
	switch n.Data {
	case "li":
		r.cur.WriteString(marker(n))
	case "td", "th":
		if r.cur.Len() > 0 {
			r.cur.WriteString(" |")
			r.space = true
		}
	case "q": // shown between quotation marks
		r.text(`"`, c)
		defer r.text(`"`, c)
	}
	from := r.cur.Len()
	r.children(n, c)
	if n.Data == "a" {
		r.link(n, c, from)
	}
	if block || changed {
		r.flush(c, false)
		if paragraph(n, st) {
			r.gap(c)
		}
	}
}

// nowhere is in no mail.
var nowhere = &html.Node{}

// nextElement is the element behind a node; nowhere if words or nothing stand there,
// or if it holds a quote.
func nextElement(n *html.Node) *html.Node {
	k := n.NextSibling
	for k != nil && k.Type == html.TextNode && strings.TrimSpace(k.Data) == "" {
		k = k.NextSibling
	}
	if k == nil || k.Type != html.ElementNode || k.Data == "blockquote" {
		return nowhere
	}
	for d := range k.Descendants() {
		if d.Type == html.ElementNode && d.Data == "blockquote" {
			return nowhere
		}
	}
	return k
}

func (r *htmlReader) children(n *html.Node, c ctx) {
	for k := n.FirstChild; k != nil && !r.more; k = k.NextSibling {
		kc := c
		if c.cite != nil && c.cite.seen && c.depth == 0 && c.box == c.cite.box {
			kc.box = ""
		}
		r.walk(k, kc)
	}
}

// look is what an inline style says.
type look struct {
	style          map[string]string
	hides, strikes bool
}

// fewStyles is how many different styles of a mail are remembered: clients write
// the same few again and again.
const fewStyles = 64

func (r *htmlReader) look(s string) look {
	if s == "" {
		return look{}
	}
	known, ok := r.looks[s]
	if !ok {
		known.style = style(s)
		known.hides, known.strikes = hides(known.style), strikes(known.style)
		if len(r.looks) >= fewStyles {
			clear(r.looks)
		}
		if r.looks == nil {
			r.looks = map[string]look{}
		}
		r.looks[s] = known
	}
	return known
}

// isHidden also keeps track of colours: text of the colour of its ground is
// not to be seen.
func (r *htmlReader) isHidden(n *html.Node, lk look, c *ctx) bool {
	if hasAttr(n, "hidden") {
		return true
	}
	st := lk.style
	if lk.hides || r.sheet.hidden.has(n) || n.Data == "dialog" && !hasAttr(n, "open") || attr(n, "aria-hidden") == "true" && zero(attr(n, "height")) {
		return true
	}
	if n.Data == "font" && attr(n, "size") == "0" {
		return true
	}
	r.veiled = r.veiled || n.Data == "details" && !hasAttr(n, "open") || hasAttr(n, "popover")
	if v := colour(attr(n, "bgcolor")); v != "" {
		c.ground = v
	}
	for _, k := range []string{"background-color", "background"} {
		if v := st[k]; v != "" {
			if g := colour(strings.SplitN(v, " ", 2)[0]); g != "" && g != "transparent" && g != "none" && g != "inherit" {
				c.ground = g
			} else if strings.Contains(v, "url") || strings.Contains(v, "gradient") {
				c.ground = "picture"
			}
		}
	}
	v := colour(st["color"])
	if n.Data == "font" && v == "" {
		v = colour(attr(n, "color"))
	}
	if v != "" && v != "inherit" && v != "initial" && v != "currentcolor" {
		c.color = v
	}
	// The ground of an ancestor may be set on a part of it: judged where the
	// words stand, in text.
	return false
}

func (r *htmlReader) boxed(c ctx) string {
	if c.box == "" && r.after != "" {
		return r.after
	}
	return c.box
}

func (r *htmlReader) text(s string, c ctx) {
	if c.color == c.ground {
		if strings.TrimSpace(s) != "" {
			r.hidden++
		}
		return
	}
	if c.struck {
		s = strike(s)
	}
	if r.pre > 0 {
		s = unbroken(s)
		for {
			l, rest, ok := strings.Cut(s, "\n")
			r.cur.WriteString(l)
			if !ok {
				return
			}
			r.flush(c, true)
			s = rest
		}
	}
	for i := 0; i < len(s); {
		if htmlSpace(s[i]) {
			r.space = true
			i++
			continue
		}
		from := i
		for i < len(s) && !htmlSpace(s[i]) {
			i++
		}
		if r.space && r.cur.Len() > 0 {
			r.cur.WriteByte(' ')
		}
		r.cur.WriteString(s[from:i])
		r.space = false
	}
}

// strike marks the words of each line as struck through.
func strike(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if t := strings.TrimSpace(l); t != "" {
			lines[i] = strings.Replace(l, t, "~~"+t+"~~", 1)
		}
	}
	return strings.Join(lines, "\n")
}

// htmlSpace tells whether a byte is white space of HTML.
func htmlSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' || b == '\f' }

// flush ends the current line; force ends it though it is empty.
func (r *htmlReader) flush(c ctx, force bool) {
	s := r.cur.String()
	r.space = false
	if s == "" && !force {
		return
	}
	r.cur.Reset()
	clean, unseen := scrub(s)
	if r.pre == 0 && clean != "-- " {
		clean = listItem(strings.TrimSpace(clean))
	}
	l := line{text: clean, depth: c.depth, box: r.boxed(c), sign: c.sign, unseen: unseen}
	if n := len(r.out); l.depth == 0 && l.box == "" && clean != "" && clean[0] == '>' && (n == 0 || !opensLink(r.out[n-1].text)) {
		// Plain text that a client put into HTML: its marks mean what they did.
		if l.depth, l.text = quoteMarks(clean); l.depth > 0 {
			l.raw, l.text = clean, strings.TrimPrefix(l.text, " ")
		}
	}
	r.emit(l)
}

// listItem is a line with the mark of a list that Word sets itself, and pads with
// spaces that do not break, as people type it: "·     one" is "- one", "1.    two" is
// "1. two".
func listItem(s string) string {
	mark, rest, ok := strings.Cut(s, "  ")
	if !ok || len(mark) > 4 || mark == "" {
		return s
	}
	switch last := mark[len(mark)-1]; {
	case mark == "·" || mark == "o" || mark == "§" || mark == "•" || mark == "\uf0b7":
		mark = "-"
	case (last == '.' || last == ')') && (digits(strings.Trim(mark, ".()")) || len(mark) == 2 && mark[0] >= 'a' && mark[0] <= 'z'):
	default:
		return s
	}
	return mark + " " + strings.TrimLeft(rest, " ")
}

// gap makes the blank line around a paragraph.
func (r *htmlReader) gap(c ctx) {
	if n := len(r.out); n > 0 && !r.out[n-1].blank() {
		r.emit(line{depth: c.depth, box: r.boxed(c), sign: c.sign})
	}
}

func (r *htmlReader) emit(l line) {
	if len(r.out) >= r.limit {
		r.more = true
		return
	}
	r.out = append(r.out, l)
}

// link adds the address of a link whose text does not say it.
func (r *htmlReader) link(n *html.Node, c ctx, from int) {
	href := strings.TrimSpace(attr(n, "href"))
	if c.depth > 0 || r.boxed(c) != "" || c.sign || !strings.HasPrefix(href, "http") || len(href) > 500 || from > r.cur.Len() {
		return
	}
	text := strings.TrimSpace(string(r.cur.Bytes()[from:]))
	if text == "" || strings.Contains(text, "://") || strings.Contains(href, strings.TrimSuffix(strings.TrimPrefix(text, "www."), "/")) {
		return
	}
	r.cur.WriteString(" <" + href + ">")
}

var blocks = set(strings.Fields("address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header li main menu nav ol p pre section summary table tbody tfoot thead tr ul caption"))

// paragraph tells whether an element has blank lines around it. Word's
// paragraphs have none: each of its lines is one.
func paragraph(n *html.Node, st map[string]string) bool {
	switch n.Data {
	case "p":
		cl := attr(n, "class")
		if strings.Contains(cl, "MsoNormal") || strings.Contains(cl, "MsoPlainText") || strings.Contains(cl, "MsoListParagraph") || zero(strings.SplitN(st["margin"], " ", 2)[0]) || zero(st["margin-bottom"]) || zero(st["margin-top"]) && st["margin-bottom"] == "" {
			return false
		}
		return true
	case "h1", "h2", "h3", "h4", "h5", "h6", "pre":
		return true
	}
	return false
}

// indent tells whether a blockquote is the indentation of an editor and no
// quote: it draws no line and cites nobody.
func (r *htmlReader) indent(n *html.Node, st map[string]string) bool {
	if attr(n, "type") == "cite" || attr(n, "cite") != "" {
		return false
	}
	b := strings.ReplaceAll(st["border"], " ", "")
	noLine := (strings.HasPrefix(b, "none") || strings.HasPrefix(b, "0")) && st["border-left"] == ""
	return noLine && containerOf(n, &r.values) == nil && !strings.Contains(attr(n, "class"), "quote")
}

func marker(li *html.Node) string {
	if li.Parent == nil || li.Parent.Data != "ol" {
		return "- "
	}
	n := 1
	if v, err := strconv.Atoi(attr(li.Parent, "start")); err == nil {
		n = v
	}
	for k, seen := li.PrevSibling, 0; k != nil && seen < 1000; k, seen = k.PrevSibling, seen+1 {
		if k.Type == html.ElementNode && k.Data == "li" {
			n++
		}
	}
	return strconv.Itoa(n) + ". "
}

func hasText(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Type == html.TextNode && strings.TrimSpace(d.Data) != "" {
			return true
		}
	}
	return false
}

func hasASCIIWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if mime.IsAlnum(s[i]) {
			return true
		}
	}
	return false
}
