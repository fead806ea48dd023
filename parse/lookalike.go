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
