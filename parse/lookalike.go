package parse

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// lookalikes maps letters of other scripts to the Latin ones they look like.
// It is used to ask, never to accept: an address or a word that needs it is
// not what it looks like.
var lookalikes = func() map[rune]rune {
	out := map[rune]rune{}
	for _, pair := range strings.Fields("аa еe оo рp сc уy хx іi ѕs јj ԁd һh ԛq ԝw кk мm тt вb нh пn ѵv гr АA ВB ЕE КK МM НH ОO РP СC ТT ХX УY ІI ЅS ЈJ αa εe οo ρp υu νv ιi κk τt χx ωw γy ηn ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ɑa ɡg ıi ƿp ⅼl ｌl օo ոn սu հh ցg զq ѡw") {
		r := []rune(pair)
		out[r[0]] = r[1]
	}
	return out
}()

// skeleton replaces look-alike letters by Latin ones and compatibility forms
// (full-width, mathematical, circled) by plain ones.
func skeleton(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii || len(s) > 2000 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if p, ok := lookalikes[r]; ok {
			return p
		}
		if r >= 0x300 && r <= 0x36f {
			return -1 // the accents that NFKD took off
		}
		return r
	}, norm.NFKD.String(s))
}

// misspelt finds a decision with one letter too many, too few, changed or in the
// wrong place: "Aprove, thanks". It is asked about.
func (lx *lexicon) misspelt(t string) (Command, bool) {
	s := strings.TrimLeft(ungreet(t), marks)
	ts := firstTokens(s, 1)
	if len(ts) == 0 || ts[0].start > 0 || len(ts[0].text) > 12 || otherForms[ts[0].text] {
		return Command{}, false
	}
	for _, word := range typed {
		if !oneSlip(ts[0].text, word) {
			continue
		}
		c, ok := lx.line(word + s[ts[0].end:])
		if !ok || c.Word == "" {
			continue
		}
		c.Line = strings.TrimSpace(t)
		c.doubt(DoubtLetters)
		return c, true
	}
	return Command{}, false
}

// typed are the words that are known with a slip in them; otherForms are other
// words that are as near to them.
var (
	typed      = []string{"approve", "approved", "redirect", "lgtm", "freigegeben", "apruebo"}
	otherForms = set(strings.Fields("approves approver approvers redirects directs reprove reproved"))
)

// oneSlip tells whether one letter was added, left out or changed, or two
// neighbours changed places. All of them must be there in a short word.
func oneSlip(a, b string) bool {
	if a == b || len(a) < 4 || max(len(a)-len(b), len(b)-len(a)) > 1 {
		return false
	}
	i, j := 0, 0 // what is the same at both ends
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	for j < min(len(a), len(b))-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	x, y := a[i:len(a)-j], b[i:len(b)-j]
	swapped := len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
	return swapped || len(b) > 4 && len(x) <= 1 && len(y) <= 1
}
