package parse

import (
	"fmt"
	"strings"
	"testing"
)

// Every intro is found, in every layout a client writes it: what the writer
// wrote is the text, to the letter.
func TestIntroCutsExactly(t *testing.T) {
	const own = "The label is cut off on my phone.\n\nCould you look at:\n- the cart\n- the receipt"
	bad, n := 0, 0
	for k, intro := range dangerIntros {
		if strings.Contains(intro, "%s") {
			intro = fmt.Sprintf(intro, "shop+t42r1.abcdefghijklmnop@acme.example")
		}
		wraps := []string{intro}
		if i := strings.LastIndex(intro, "<"); i > 0 {
			wraps = append(wraps, strings.TrimRight(intro[:i], " ")+"\n"+intro[i:], intro[:i+1]+"\n"+intro[i+1:])
		}
		for _, line := range wraps {
			for _, gap := range []string{"\n", "\n\n"} {
				for _, hist := range []string{marked("Gate: the cart total is ready\n\nReply with approve or redirect."), "Gate: the cart total is ready\n\nReply with approve or redirect."} {
					if gap == "\n" && hist[0] != '>' {
						continue
					}
					n++
					m := Read(plainMail(own+"\n\n"+line+gap+hist+"\n", k%3), Options{})
					if m.Text != own || !m.Quoted {
						bad++
						if bad < 25 {
							t.Errorf("%q followed by %.12q (rule %s):\n%s", line, gap+hist, m.Cut.Rule, m.Text)
						}
					}
				}
			}
		}
	}
	t.Logf("%d of %d not exact", bad, n)
}
