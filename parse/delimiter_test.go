package parse

import (
	"strings"
	"testing"
)

// A mail of nothing but "--" takes as long as its lines.
func BenchmarkDelimiters(b *testing.B) {
	raw := plainMail(strings.Repeat("--\n", 49_000), 0)
	b.SetBytes(int64(len(raw)))
	for range b.N {
		Read(raw, Options{})
	}
}

// A "--" opens a signature if a few short lines stand below it, the first such;
// the exact delimiter always does.
func TestDelimiter(t *testing.T) {
	lines := func(n int) string { return strings.Repeat("Berlin 1\n", n) }
	for text, want := range map[string]string{
		"Well.\n--\n" + lines(12):                                     "Well.",
		"Well.\n--\n" + lines(13):                                     "Well.\n--\n" + strings.TrimSpace(lines(13)),
		"Well.\n-- \n" + lines(30):                                    "Well.",
		"Well.\n--\n" + lines(14) + "--\n" + lines(2):                 "Well.\n--\n" + strings.TrimSpace(lines(14)),
		"Well.\n\n--\n\n\n\n" + lines(12):                             "Well.",
		"Well.\n--\n" + strings.Repeat("a", 71) + "\n":                "Well.\n--\n" + strings.Repeat("a", 71),
		"Well.\n--\na 1\nb 2\n" + strings.Repeat("a", 71) + "\n":      "Well.",
		"Well.\n—\nPriya\n":                                           "Well.\n—\nPriya",
		"Well.\n\n—\nPriya\n":                                         "Well.",
		"Well.\n--\nPriya\n-- \nAcme\n":                               "Well.",
		"Well.\n" + strings.Repeat("--\n", 20) + "Priya\nProduct 1\n": "Well.\n" + strings.TrimSpace(strings.Repeat("--\n", 9)),
	} {
		if m := Read(plainMail(text, 0), Options{}); m.Text != want {
			t.Errorf("%q:\n got %q\nwant %q", text, m.Text, want)
		}
	}
}

// A delimiter with git's version below it ends a patch, if words go on below; a "--"
// without a space above a sentence is a rule between the writer's words.
func TestNoDelimiter(t *testing.T) {
	for text, want := range map[string]string{
		"Like this:\n\n+total++\n-- \n2.45.2\n\nIs that right?\n\nBest,\nPriya":              "Like this:\n\n+total++\n-- \n2.45.2\n\nIs that right?",
		"Like this:\n\n+total++\n--\n2.39.5 (Apple Git-154)\n\nIs that right?":               "Like this:\n\n+total++\n--\n2.39.5 (Apple Git-154)\n\nIs that right?",
		"Like this:\n\n+total++\n-- \n2.46.0.windows.1\n\n\nIs it?\n-- \nPriya":              "Like this:\n\n+total++\n-- \n2.46.0.windows.1\n\n\nIs it?",
		"For Dana:\n\n--\n\nWhich rate?\n\nAnd where?":                                       "For Dana:\n\n--\n\nWhich rate?\n\nAnd where?",
		"The patch.\n-- \n2.45.2\n":                                                          "The patch.",
		"The patch.\n-- \n2.45.2\nPriya\n":                                                   "The patch.",
		"approve\n\n--\n3 carts of 5 have the right total.\n":                                "approve\n\n--\n3 carts of 5 have the right total.",
		"Which one?\n\n--\nI read the task as the second.\n\n-- \nPriya Nair\nProduct, Acme": "Which one?\n\n--\nI read the task as the second.",
		"approve\n\n--\nPriya Nair\nWe build carts for everybody in town.":                   "approve",
	} {
		if m := Read(plainMail(text, 0), Options{}); m.Text != strings.ReplaceAll(want, "-- \n", "--\n") && m.Text != want {
			t.Errorf("%q:\n got %q\nwant %q", text, m.Text, want)
		}
	}
}
