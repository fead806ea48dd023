package templates

import "strings"

// callSays is the advice to call, why, and a quarter of an hour for it.
func (v *view) callSays(plain string) string {
	s := plain
	if v.Has("call", v.B.Call) {
		s = v.says("call." + v.B.Call)
	}
	if v.At(v.B.Slot) != "" && v.B.With != "" {
		s += " " + v.says("call.slot")
	}
	return s
}

// adviceSays is the sentence for an intake rule; for one that this build does
// not know, its name in words.
func (v *view) adviceSays(name string) string {
	if v.Has("advice", name) {
		return v.says("advice." + name)
	}
	return strings.ReplaceAll(name, "-", " ")
}
