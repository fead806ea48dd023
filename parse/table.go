package parse

import (
	"embed"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The knowledge of languages, clients and footers is data: the files in
// tables/, which open with a comment that says how to add to them.
//
//go:embed tables/*.txt
var tableFiles embed.FS

// tableLines returns the entries of a table: its lines that say something, each with
// those below it that begin with a space and go on with its list. A table is part of
// the program: one that is missing is a fault of the build.
func tableLines(name string) []string {
	text, ok := tableTexts[name]
	if !ok {
		panic(fmt.Sprintf("table %q is not there", name))
	}
	var out []string
	at, begin := 0, -1 // begin of the entry, if there is one
	end := func() {
		if begin >= 0 {
			out = append(out, strings.TrimRight(text[begin:at], "\r\n"))
		}
		begin = -1
	}
	for line := range strings.Lines(text) {
		if line[0] != ' ' {
			if end(); line[0] != '#' && strings.TrimSpace(line) != "" {
				begin = at
			}
		}
		at += len(line)
	}
	end()
	return out
}

// tableTexts are the tables by name, one copy for all who read them: their words
// stay in use.
var tableTexts = func() map[string]string {
	files, err := tableFiles.ReadDir("tables")
	if err != nil {
		panic(fmt.Sprintf("read tables: %v", err))
	}
	out := map[string]string{}
	for _, f := range files {
		b, err := tableFiles.ReadFile("tables/" + f.Name())
		if err != nil {
			panic(fmt.Sprintf("read table %q: %v", f.Name(), err))
		}
		out[f.Name()] = string(b)
	}
	return out
}()

// tableWords splits a comma-separated cell.
func tableWords(cell string) []string {
	out := make([]string, 0, strings.Count(cell, ",")+1)
	for w := range strings.SplitSeq(cell, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// tableKinds reads a table of lines "kind : words", all words of a kind
// together.
func tableKinds(name string) map[string][]string {
	out := map[string][]string{}
	for _, line := range tableLines(name) {
		kind, cell, _ := strings.Cut(line, ":")
		kind = strings.TrimSpace(kind)
		out[kind] = append(out[kind], tableWords(cell)...)
	}
	return out
}

// tableKind is the words of one kind of such a table.
func tableKind(name, kind string) []string {
	var out []string
	for _, line := range tableLines(name) {
		if k, cell, _ := strings.Cut(line, ":"); strings.TrimSpace(k) == kind {
			out = append(out, tableWords(cell)...)
		}
	}
	return out
}

// tableRows reads a table of lines with cells between semicolons.
func tableRows(name string) [][]string {
	var out [][]string
	for _, line := range tableLines(name) {
		cells := strings.Split(line, ";")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, cells)
	}
	return out
}

// set makes a lookup of words, lower-case.
func set(words []string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[fold(w)] = true
	}
	return out
}

// fold is the form in which words are compared: lower case, plain apostrophes.
func fold(s string) string {
	upper := -1
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return strings.ReplaceAll(strings.ToLower(s), "’", "'")
		}
		if upper < 0 && s[i] >= 'A' && s[i] <= 'Z' {
			upper = i
		}
	}
	if upper < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:upper])
	for i := upper; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}
