package parse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// A signature without a sign-off or a delimiter is known by what is on a visiting
// card: the sender's name with a firm or a number beside it, between ornaments.

// dividers part a name from what it is of, the surest first.
var dividers = []string{"|", "·", "•", " // ", "(", "（", " @ ", " - ", " – ", " — ", ","}

// card is what stands before the first divider of a line: "Ada Kim | Acme",
// "Ada (she/her)".
func card(t string) string {
	if i := strings.IndexAny(t, "|,·•(（/"); i > 0 {
		t = t[:i]
	}
	return strings.TrimSpace(t)
}

// carded tells whether a line is the sender's name and, behind a divider, a title, a
// firm or a number: "Ada Kim | SRE", "Ada Kim - Acme Ltd.", "Ada (typed with thumbs)".
// A comma or a dash divides sentences as well, so there the whole name is needed. With
// more lines below it might open a list of people: then only a bar will do, or what
// people are called by ("she/her").
func carded(t string, from Address, more bool) bool {
	for n, d := range dividers {
		name, rest, ok := strings.Cut(t, d)
		if !ok {
			continue
		}
		if more && n > 2 && !spokenOf(strings.TrimRight(rest, ") ")) {
			return false
		}
		if name = strings.TrimSpace(name); !isName(name, from) || n > 6 && !fullName(name, from) {
			return false
		}
		if d == "(" || d == "（" {
			inside, ok := strings.CutSuffix(strings.Replace(strings.TrimSpace(rest), "）", ")", 1), ")")
			return ok && !strings.Contains(inside, ")") && (excuse(inside) || spokenOf(inside) || titles(inside))
		}
		for piece := range strings.SplitSeq(rest, d) {
			if !titles(strings.TrimSpace(piece)) {
				return false
			}
		}
		return true
	}
	return false
}

// titles tells whether a piece of a card is a title, a firm, an address or a number.
func titles(t string) bool {
	ts := tokens(t)
	if w, _ := everyWord.at(t, ts); w != "" || len(ts) > 6 || strings.ContainsAny(t, "?!;") {
		return false
	}
	for _, w := range ts {
		for _, limits := range []string{"date", "contrast", "condition", "negation"} {
			if utf8.RuneCountInString(w.text) > 1 && tails[limits].all[w.text] {
				return false // "Ada (Not Yet)", "Ada | from Monday"
			}
		}
	}
	return digitsIn(t) > 5 || strings.Contains(t, "@") || strings.Contains(t, "www.") || strings.Contains(t, "://") || len(ts) == 0 || titled(t, ts)
}

// spokenOf: how people want to be spoken of, "she/her", "er/ihm".
func spokenOf(t string) bool {
	for p := range strings.SplitSeq(t, "/") {
		if len(p) < 2 || len(p) > 6 || strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsLetter(r) }) {
			return false
		}
	}
	return strings.Contains(t, "/")
}

// excuse tells whether words ask pardon for how a mail was written.
func excuse(t string) bool {
	return len(t) < 80 && holdsAny(fold(t), "thumb", "typo", "brevity", "mobile", "phone", "tippfehler", "unterwegs", "handy")
}

// fullName: the sender's name, more than one word of it.
func fullName(t string, from Address) bool {
	return len(t) < 60 && !sentenceEnd(t) && len(tokens(t)) > 1 && isName(t, from)
}

// joints counts what parts the pieces of an address in one line.
func joints(t string) (n int) {
	for _, d := range []string{", ", "|", " - ", " – ", "·", "•", "; ", " / "} {
		n += strings.Count(t, d)
	}
	return n
}

// firms are the ends of firms' names that have a full stop, without it.
var firms = set(strings.Fields("spa sa ltd inc co corp sro oo doo bv nv kft zrt as aş ev srl sarl sàrl bhd lda sl slu plc llc llp ag kg ab oy asa lp pty ood ead eood"))

// firm tells whether a line ends in one of them, which makes it no sentence:
// "Acme S.p.A.", "the Acme Trading Co. Ltd."
func firm(t string) bool {
	f := strings.Fields(t)
	last := f[len(f)-1]
	short := strings.ToLower(strings.ReplaceAll(last, ".", ""))
	return firms[short] && (unicode.IsUpper(firstRune(last)) || strings.Contains(strings.TrimSuffix(last, "."), "."))
}

// ornament is the mark of which a line most consists that is nothing but eight marks
// or more of up to four kinds, as people frame their signature: "☆★☆★☆★☆★", "++++++++". 0 if
// it is another line.
func ornament(t string) (most rune) {
	t = strings.TrimSpace(t)
	if len(t) < 8 || len(t) > 400 || mime.IsAlnum(t[0]) || utf8.RuneCountInString(t) < 8 {
		return 0
	}
	count := map[rune]int{}
	for _, r := range t {
		if r == ' ' {
			continue
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || len(count) > 4 {
			return 0
		}
		if count[r]++; count[r] > count[most] {
			most = r
		}
	}
	return most
}

// boxed is the index in tail of the ornament that opens a signature between two of
// one kind, the last of which is t; 0 if there is none.
func boxed(lines []line, tail []int, t string) int {
	mark := ornament(t)
	for n := 1; n < len(tail) && n <= signoffLines; n++ {
		if ornament(lines[tail[n]].text) == mark && reached(lines, tail[1:n]) && shortLines(lines, tail[1:n], false) {
			return n
		}
	}
	return 0
}

// headed tells whether some lines, the last first, are a card below an ornament: the
// sender's name stands in the first three, and an address or a number in any.
func headed(lines []line, after []int, from Address) bool {
	for n := len(after) - 1; n >= max(0, len(after)-3); n-- {
		if t := lines[after[n]].text; isName(card(t), from) {
			return reached(lines, after)
		}
	}
	return false
}

// reached tells whether some lines hold an address or a telephone number. Other
// numbers may be what a program printed in a frame.
func reached(lines []line, at []int) bool {
	for _, k := range at {
		t := fold(lines[k].text)
		within := func(w string) bool { return strings.Contains(t, w) }
		if slices.ContainsFunc(addressMarks, within) || digitsIn(t) > 5 && slices.ContainsFunc(numberMarks, within) {
			return true
		}
	}
	return false
}

var (
	addressMarks = []string{"@", "www.", "://", "〒"}
	numberMarks  = strings.Fields("+ tel fax phone fon mob 電話 携帯 电话 手机 전화 тел")
)
