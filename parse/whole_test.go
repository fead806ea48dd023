package parse

import (
	"os"
	"strings"
	"testing"
)

// Texts that look like history, signatures or footers and are the writer's:
// they stay whole, to the letter.
func TestTextStaysWhole(t *testing.T) {
	b, err := os.ReadFile("testdata/whole.txt")
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	cases := strings.Split(string(b), "\n%%\n")
	for _, text := range cases {
		text = strings.Trim(text, "\n")
		for k, below := range []string{"", "\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n\n> Gate: it is ready\n> approve\n"} {
			raw := plainMail(text+below, k)
			if m := Read(raw, Options{}); squash(m.Text) != squash(text) {
				lost++
				t.Errorf("%q\nbecame\n%q\n%s", text, m.Text, Explain(raw, Options{}))
			}
		}
	}
	t.Logf("%d of %d texts", len(cases)*2-lost, len(cases)*2)
}
