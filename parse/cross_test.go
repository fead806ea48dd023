package parse

import (
	"fmt"
	"html"
	"os"
	"strings"
	"testing"
)

// Every text that must stay whole, above every kind of history: nothing of it
// is lost, and at most one in a hundred keeps a line of the history.
func TestWholeTextsAboveHistory(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/whole.txt")
	if err != nil {
		t.Fatal(err)
	}
	n, lost, kept := 0, 0, 0
	try := func(what, text string, raw []byte) {
		n++
		m := Read(raw, Options{})
		got, want := squash(m.Text), squash(text)
		switch {
		case got == want:
		case strings.Contains(got, want):
			if kept++; kept < 5 {
				t.Logf("kept more, %s: %q became %q", what, text, m.Text)
			}
		default:
			if lost++; lost < 10 {
				t.Errorf("lost, %s: %q became %q", what, text, m.Text)
			}
		}
		for _, c := range m.Commands {
			if c.Word == "approve" {
				t.Errorf("%s: took %q", what, c.Line)
			}
		}
	}
	clients := []string{}
	for c := range clientHTML {
		clients = append(clients, c)
	}
	for i, text := range strings.Split(strings.TrimSpace(string(b)), "\n%%\n") {
		for k, intro := range dangerIntros {
			if (i+k)%7 != 0 {
				continue
			}
			if strings.Contains(intro, "%s") {
				intro = fmt.Sprintf(intro, "shop@acme.example")
			}
			hist := "Gate: it is ready\n\napprove\n\nredirect: why"
			try(intro, text, plainMail(text+"\n\n"+intro+"\n"+marked(hist)+"\n", k%3))
			try(intro, text, plainMail(text+"\n\n"+intro+"\n\n"+hist+"\n", k%3))
		}
		for k, labels := range dangerBlocks {
			if (i+k)%5 == 0 {
				try(labels, text, plainMail(text+"\n\n"+blockOf(labels, dangerDates[k%5], k%3)+"\napprove\n", k%3))
			}
		}
		for _, c := range clients {
			if len(text)%3 == len(c)%3 && !strings.Contains(text, "```") && !strings.Contains(text, "|") {
				h := fmt.Sprintf(clientHTML[c], asDivs(text), html.EscapeString("On Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:"), asDivs("Gate\n\napprove"))
				try(c, text, htmlMail(h))
			}
		}
	}
	if kept*100 > n {
		t.Errorf("%d of %d keep a line of the history", kept, n)
	}
	t.Logf("%d mails, %d lost words, %d kept some of the history", n, lost, kept)
}
