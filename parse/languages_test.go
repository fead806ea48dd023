package parse

import (
	"os"
	"strings"
	"testing"
)

// Replies of many languages, with greeting, sign-off and name, from a phone,
// above, below and beside history: the text is what the writer said.
func TestLanguages(t *testing.T) {
	b, err := os.ReadFile("testdata/languages.txt")
	if err != nil {
		t.Fatal(err)
	}
	n, bad := 0, 0
	for row := range strings.Lines(string(b)) {
		if strings.HasPrefix(row, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(row), " | ")
		hello, text, bye, phone, intro := f[1], f[2], f[3], f[4], f[5]
		own := hello + "\n\n" + text
		quote := intro + "\n\n" + marked("approve\n\nredirect: why")
		open := intro + "\n\napprove\n\nredirect: why"
		for what, mail := range map[string]string{
			"top":           own + "\n\n" + bye + "\nPriya\n\n" + quote,
			"top, unmarked": own + "\n\n" + bye + "\nPriya Nair\n\n" + open,
			"phone":         own + "\n\n" + phone + "\n\n" + quote,
			"phone, marked": own + "\n\n" + phone + "\n\n" + marked(intro+"\n\napprove"),
			"short":         text + "\n\n" + quote,
			"name":          own + "\n\nPriya\n\n" + quote,
			"delimiter":     own + "\n\n-- \nPriya Nair\nAcme\n\n" + open,
			"below":         quote + "\n\n" + own + "\n\n" + bye + "\nPriya\n",
			"alone":         own + "\n\n" + bye + "\n\nPriya Nair\nAcme Tea\n",
		} {
			n++
			want := own
			if what == "short" {
				want = text
			}
			lines, _ := plainLines(want, false, false, 10)
			scrubbed := textOf(lines, func(*line) bool { return true }) // without bidi marks
			for k := range 2 {
				raw := plainMail(mail+"\n", k+1)
				m := Read(raw, Options{})
				if m.Text != scrubbed {
					bad++
					t.Errorf("%s, %s: %q\n%s", f[0], what, m.Text, Explain(raw, Options{}))
					break
				}
				for _, c := range m.Commands {
					if c.Word != "" {
						t.Errorf("%s, %s: took %q", f[0], what, c.Line)
					}
				}
			}
		}
	}
	t.Logf("%d of %d exact", n-bad, n)
}
