package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// mistake is one thing wrong in the config: its line, and what is wrong with
// the remedy.
type mistake struct {
	line int
	text string
}

// configError is every mistake of a config, in the order of the lines. Its
// text has one line a mistake: gatepost.toml:31: what: remedy.
type configError struct {
	file     string
	mistakes []mistake
}

func newConfigError(file string, bad []mistake) *configError {
	slices.SortStableFunc(bad, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	return &configError{file, slices.Compact(bad)}
}

func (e *configError) Error() string {
	lines := make([]string, len(e.mistakes))
	for i, m := range e.mistakes {
		lines[i] = fmt.Sprintf("%s:%d: %s", e.file, m.line, m.text)
	}
	return strings.Join(lines, "\n")
}
