package parse

import (
	"os"
	"strings"
	"testing"
)

func TestShapes(t *testing.T) {
	b, err := os.ReadFile("testdata/shapes.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(b), "\n%%\n")
	bad := 0
	for i, block := range blocks {
		if i == 0 {
			for strings.HasPrefix(block, "#") {
				_, block, _ = strings.Cut(block, "\n")
			}
		}
		text, want, _ := strings.Cut(block, "\n=>")
		raw := plainMail(text, i%3)
		m := Read(raw, Options{})
		if m.Text != strings.TrimSpace(want) || strings.Contains(text, "approve") && !m.Quoted {
			bad++
			t.Errorf("block %d: quoted %v, text %q\n%s", i+1, m.Quoted, m.Text, Explain(raw, Options{}))
		}
		for _, c := range m.Commands {
			if c.Word != "" {
				t.Errorf("block %d: took %q", i+1, c.Line)
			}
		}
	}
	t.Logf("%d of %d exact", len(blocks)-bad, len(blocks))
}
