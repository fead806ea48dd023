package parse

// The kinds of words that labels are made of (tables/labelword.txt).
const (
	labelFails = 1 << iota
	labelNo
	labelBound
	labelShould
	labelWant
	labelWhen
	labelState
	labelKnow
	labelCheck
	labelTest
	labelThing
	labelCause
	labelSee
	labelHow
	labelNow
	labelTowards
	labelFrom
	labelAsks
	labelWhose
	labelFiller
)

// labelWords are these words, labelKind their kinds.
var labelWords, labelKind = func() (phrases, map[string]int) {
	table, words, kinds := tableKinds("labelword.txt"), newPhrases(), map[string]int{}
	for i, kind := range []string{"fails", "no", "bound", "should", "want", "when", "state", "know", "check", "test", "thing", "cause", "see", "how", "now", "towards", "from", "asks", "whose", "filler"} {
		for _, w := range table[kind] {
			words.add(w)
			kinds[join(tokens(w))] |= 1 << i
		}
	}
	return words, kinds
}()

// ofWhom reads a label of section.txt with words behind it that say whose it is:
// "Requirement from legal". "Done by Karin" may say who did it.
func ofWhom(ts []token) (part, kind string) {
	for at := 1; at < len(ts)-1; at++ {
		if labelKind[ts[at].text]&labelFrom > 0 && labelKind[join(ts[:at])]&labelState == 0 {
			part = sectionLabels[join(ts[:at])]
			if k := kindOf(join(ts[:at]), part); k != part && part != "" {
				kind = k
			}
			return part, kind
		}
	}
	return "", ""
}

// madeOfLabelWords reads a label that section.txt does not hold by its words, each of
// which must be one of a label: "What would be enough for now" is the done, "What we
// don't need" is context. kind is "goal" or "check" where its part hangs on the others'.
func madeOfLabelWords(label string) (part, kind string) {
	ts := wordsOfLabel(label)
	all, first, other := 0, 0, false
	for at := 0; at < len(ts); {
		n := labelWords.prefix(ts[at:])
		if n == 0 && first&(labelAsks|labelWhose) > 0 { // "How the list should look"
			other = true
			at++
			continue
		}
		if n == 0 && len(ts) <= 6 && labelKind[ts[len(ts)-1].text]&labelWant > 0 { // "What the auditor wants", "Rules we need"
			return "done", "goal"
		}
		if n == 0 {
			return ofWhom(ts)
		}
		all |= labelKind[join(ts[at:at+n])]
		if at == 0 {
			first = all
		}
		at += n
	}
	has := func(kinds int) bool { return all&kinds == kinds }
	switch {
	case first&labelWhen > 0 && !has(labelState): // "If you must: approve"
		return "", ""
	case first&labelWhose > 0 && has(labelKnow):
		return "context", ""
	case other && all&(labelShould|labelWant|labelBound|labelNow) == 0 && !has(labelNo):
		return "", ""
	case other && has(labelNo) && all&(labelShould|labelWant|labelBound) == 0: // "What doesn't print"
		return "problem", ""
	case has(labelFails) && (has(labelNo) || all&(labelKnow|labelHow|labelShould) == 0):
		return "problem", ""
	case all&(labelNo|labelBound) > 0, has(labelKnow) && !has(labelHow):
		return "context", ""
	case all&(labelKnow|labelSee) > 0 && has(labelHow) && all&(labelState|labelFails) > 0, has(labelHow | labelKnow),
		has(labelShould), has(labelWhen | labelState), has(labelWant | labelSee):
		return "done", ""
	case has(labelWant):
		return "done", "goal"
	case has(labelTest | labelThing), has(labelCause), has(labelCheck) && first&labelTowards > 0: // "To check: open an order"
		return "reproduce", ""
	case has(labelCheck):
		return "done", "check"
	case has(labelSee) && all&(labelHow|labelTowards) > 0:
		return "reproduce", ""
	case has(labelNow):
		return "problem", ""
	}
	return "", ""
}
