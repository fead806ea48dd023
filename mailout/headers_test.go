package mailout

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatepost/loop"
	"gatepost/templates"
)

var update = flag.Bool("update", false, "write the golden of the headers anew")

// The header of every sample letter, field by field. What is made by chance or
// by key elsewhere is the same here each time.
func TestHeadersOfEveryLetter(t *testing.T) {
	var b strings.Builder
	for _, code := range templates.Languages {
		for i, l := range templates.Samples() {
			if code != "en" && i%7 != 0 { // they differ in the language alone
				continue
			}
			l.Language = code
			l.Thread.InReplyTo, l.Thread.References = "root@client.example", []string{"root@client.example"}
			p := &loop.Post{Serial: int64(i + 1), Letter: l}
			if err := Compose(p, team(), "acme.example", time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)); err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(string(p.Raw), "\r\n\r\n")
			fmt.Fprintf(&b, "%s\nEnvelope: <%s>\n\n", strings.ReplaceAll(head, "\r\n", "\n"), p.Sender)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/headers.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("testdata/headers.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("testdata/headers.txt (-want +got; -update writes it anew):\n%s", diff)
	}
}
