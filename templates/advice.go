package templates

import (
	"strings"

	"gatepost/parse"
)

// calls says for each reason why a call beats a task.
var calls = map[string]string{
	parse.CallIncident:  "This reads like a live incident: call now, and write the task once it runs again.",
	parse.CallDispute:   "This reads like a disagreement: a call settles it with less hurt than mails do; then write down what you agreed.",
	parse.CallDiscovery: "This reads like an open search for what is wanted: a call finds it quicker than mails do; then write the done.",
}

// callSays is the advice to call, why, and a quarter of an hour for it.
func (v *view) callSays(plain string) string {
	s := or(calls[v.B.Call], plain)
	if at := v.At(v.B.Slot); at != "" && v.B.With != "" {
		s += " You and " + clip(v.B.With, 40) + " both have fifteen minutes on " + at + "."
	}
	return s
}

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
