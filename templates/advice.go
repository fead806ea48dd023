package templates

import (
	"strings"

	"gatepost/parse"
)

// adviceSays is the sentence for an intake rule; for one that this build does
// not know, its name in words.
func adviceSays(name string) string {
	for _, r := range parse.AdviceRules {
		if r.Name == name {
			return r.Says
		}
	}
	return strings.ReplaceAll(name, "-", " ")
}
