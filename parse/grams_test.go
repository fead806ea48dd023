package parse

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is in a text is never told not to be.
func TestGramsMissNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, p := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "phrase")
		before := rapid.String().Draw(t, "before")
		if g := gramsOf(before + p + s); !g.may(p) {
			t.Fatalf("%q is in %q", p, before+p+s)
		}
		if g := gramsOf(s); strings.Contains(s, p) && !g.may(p) {
			t.Fatalf("%q is in %q", p, s)
		}
	})
	if gramsOf("the login page loops").may("out of office") {
		t.Error("they tell nothing")
	}
}
