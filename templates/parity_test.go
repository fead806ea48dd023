package templates

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// visible is what a mail client quotes of an HTML part: its text, block by
// block, without the head and the hidden line for the list of mails.
func visible(t *testing.T, s string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var b strings.Builder
	flush := func() {
		if s := strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\u00a0", " ")), " "); s != "" {
			out = append(out, s)
		}
		b.Reset()
	}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		block := n.Type == html.ElementNode && (n.Data == "div" || n.Data == "td" || n.Data == "tr" || n.Data == "br" || n.Data == "table")
		if n.Type == html.ElementNode && (n.Data == "head" || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return strings.HasPrefix(a.Val, "display:none") })) {
			return
		}
		if block {
			flush()
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if block {
			flush()
		}
	}
	walk(doc)
	flush()
	return out
}

// A reply that quotes the HTML part is compared with the plain text: every
// line of the one has to be found in the other, in the same order.
func TestHTMLSaysWhatTheTextSays(t *testing.T) {
	letters := inEveryLanguage(Samples())
	for i, name := range sampleNames(letters) {
		w := render(t, letters[i])
		text := strings.Join(strings.Fields(w.Text), " ")
		for _, line := range visible(t, w.HTML) {
			if !strings.Contains(text, line) {
				t.Errorf("%s: html has %q, the text has not", name, line)
			}
		}
		html := strings.Join(visible(t, w.HTML), " ")
		for line := range strings.SplitSeq(w.Text, "\n") {
			if line = strings.Join(strings.Fields(line), " "); !strings.Contains(html, strings.TrimPrefix(line, "- ")) {
				t.Errorf("%s: the text has %q, html has not", name, line)
			}
		}
	}
}

// No line that a client could quote begins with a word that decides, other
// than inside somebody's own words.
func TestButtonsAreNoCommands(t *testing.T) {
	letters := inEveryLanguage(Samples())
	for i, name := range sampleNames(letters) {
		for _, line := range visible(t, render(t, letters[i]).HTML) {
			for _, c := range []string{"approve", "redirect", "yes", "undo", "done:", "queue", "drop", "#"} {
				if strings.HasPrefix(strings.ToLower(line), c) && !strings.Contains(line, "thanks Dana") && !(strings.HasSuffix(name, "confirm") && line == "approve") {
					t.Errorf("%s: %q begins like a command", name, line)
				}
			}
		}
	}
}
