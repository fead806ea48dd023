package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// titled tells whether words are those of a name or a title: each with a capital, a
// number, an initial or what stands between names.
func titled(t string, ts []token) bool {
	named := false
	for _, w := range ts {
		r, _ := utf8.DecodeRuneInString(t[w.start:w.end])
		switch {
		case unicode.IsUpper(r), unicode.IsLetter(r) && unicode.ToUpper(r) == r: // a capital, or of a script without
			named = true
		case unicode.IsDigit(r), pictograph(r), utf8.RuneCountInString(w.text) == 1, tails["particle"].all[w.text], tails["of-name"].all[w.text]:
		default:
			return false
		}
	}
	return named
}

// nicknames are the short forms of names: "Liz" for Elizabeth.
var nicknames = tableKinds("nick.txt")

// names of the sender, folded: all, and each word of it, with its short forms.
func fromNames(from Address) (whole string, words map[string]bool) {
	words = map[string]bool{}
	ts := tokens(from.Name)
	for _, t := range ts {
		words[t.text] = true
		for _, short := range nicknames[t.text] {
			words[short] = true
		}
	}
	local, _, _ := strings.Cut(from.Address, "@")
	for _, t := range strings.FieldsFunc(fold(local), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len(t) > 2 {
			words[t] = true
		}
	}
	return join(ts), words
}

// isName: the line is the sender's name, or a part of it.
func isName(t string, from Address) bool {
	if strings.HasSuffix(t, ")") {
		t = strings.TrimRight(strings.TrimSuffix(t, ")"), ":;-= ") // "Ada :)"
	}
	if strings.ContainsAny(t, "?:;!/") {
		return false
	}
	ts := tokens(strings.Trim(t, " .,*_"))
	if len(ts) == 0 || len(ts) > 4 {
		return false
	}
	_, words := fromNames(from)
	for _, w := range ts {
		if !words[w.text] {
			if utf8.RuneCountInString(w.text) == 1 && len(ts) > 1 {
				continue // an initial
			}
			return false
		}
	}
	if w, _ := everyWord.at(t, ts); w != "" {
		return false
	}
	return true
}

// isAddress: "ada@x.example", "Ada Kim <ada@x.example>".
func isAddress(t string, from Address) bool {
	name, addr, ok := strings.Cut(t, "<")
	if !ok {
		addr = t
	}
	return from.Address != "" && fold(strings.TrimRight(strings.TrimPrefix(addr, "mailto:"), ">")) == fold(from.Address) && (!ok || strings.TrimSpace(name) == "" || isName(name, from))
}

// isInitials: the first letters of the sender's names.
func isInitials(t string, from Address) bool {
	var b strings.Builder
	for _, w := range tokens(from.Name) {
		b.WriteRune(firstRune(w.text))
	}
	return utf8.RuneCountInString(b.String()) > 1 && fold(strings.TrimRight(t, " .")) == b.String()
}

// initialed tells whether a line is the sender's first letter, or the first letters of
// their names, and no word of ours.
func initialed(t string, from Address) bool {
	word := fold(strings.Trim(t, "/.-–— "))
	return !IsSoft(word) && (initial(word, from) || isInitials(word, from))
}

// initial tells whether a word is the first letter of the sender's name.
func initial(word string, from Address) bool {
	whole, _ := fromNames(from)
	return utf8.RuneCountInString(word) == 1 && strings.HasPrefix(whole, word)
}

// dashName: "-Ada", "— Ada", "/Ada", "-ak". With a space it could be a list item, so then the
// name must be the sender's.
func dashName(t string, from Address, apart bool) bool {
	body := strings.TrimLeft(t, "-–—~")
	if name, ok := strings.CutPrefix(t, "/"); ok {
		return isName(strings.TrimPrefix(name, "/"), from)
	}
	if body == t || len(t)-len(body) > 6 {
		return false
	}
	if isName(body, from) {
		return apart || body == strings.TrimLeft(body, " ") || !strings.HasPrefix(t, "- ")
	}
	if strings.HasPrefix(body, " ") || strings.HasPrefix(t, "--") {
		return false
	}
	if isInitials(body, from) {
		return true
	}
	ts := tokens(body)
	if len(ts) == 0 || len(ts) > 2 {
		return false
	}
	for _, w := range ts {
		if !builtin.name(body[w.start:w.end], w.text, true) {
			return false
		}
	}
	return strings.Trim(body, " .") == body[ts[0].start:ts[len(ts)-1].end]
}
