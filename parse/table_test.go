package parse

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A line that begins with a space goes on with the list above it.
func TestTableLines(t *testing.T) {
	tableTexts["test.txt"] = "# says how\n\n# more\na : one, two,\n  three\nb : four\n\n  five\n# six\nc : seven"
	defer delete(tableTexts, "test.txt")
	want := []string{"a : one, two,\n  three", "b : four", "c : seven"}
	if got := tableLines("test.txt"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := tableKind("test.txt", "a"); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("a is %q", got)
	}
}

// The tables are read by people too: no line is long, and one is broken only between
// the words of a list.
func TestTablesAreReadable(t *testing.T) {
	for name, text := range tableTexts {
		above := ""
		for n, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) > 200 {
				t.Errorf("%s:%d: %d characters: go on in a line that begins with two spaces", name, n+1, utf8.RuneCountInString(line))
			}
			if strings.HasPrefix(line, " ") && !strings.HasSuffix(above, ",") && !strings.HasSuffix(above, ";") {
				t.Errorf("%s:%d: goes on with %q, which ends in no comma", name, n+1, above)
			}
			above = line
		}
	}
}
