package parse

import (
	"strings"
	"unicode"
)

func streamName(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// searchWords: "search checkout totals", and not "Search is slow on mobile".
func searchWords(tail string) bool {
	ts := tokens(tail)
	if len(ts) == 0 || len(ts) > 5 || strings.ContainsAny(tail, ".,;:?!") {
		return false
	}
	for _, t := range ts {
		if tails["sentence"].all[t.text] {
			return false
		}
	}
	return true
}

// awayTail: "until 3 March", "till Monday", "3-7 March", "from Monday to Friday".
func awayTail(tail string) bool {
	ts := tokens(tail)
	if len(ts) == 0 || len(ts) > 12 {
		return false
	}
	for _, t := range ts {
		if tails["date"].all[t.text] || t.text[0] >= '0' && t.text[0] <= '9' {
			return tails["away"].all[ts[0].text] || tails["date"].all[ts[0].text] || ts[0].text[0] >= '0' && ts[0].text[0] <= '9'
		}
	}
	return false
}
