package parse

import (
	"strings"
	"unicode/utf8"
)

// signoffs are the whole lines of tables/signoff.txt; wishesOnly are those of them
// that are text unless a name follows.
var signoffs, wishesOnly = func() (all, wishes phrases) {
	all, wishes = newPhrases(), newPhrases()
	for _, line := range tableLines("signoff.txt") {
		language, cell, _ := strings.Cut(line, ":")
		for _, w := range tableWords(cell) {
			all.add(w)
			if strings.HasSuffix(language, "+") {
				wishes.add(w)
			}
		}
	}
	return all, wishes
}()

// signoffLine tells whether a line is a sign-off, or two of them: "Mit
// freundlichen Grüßen / Kind regards", "以上、よろしくお願いいたします。".
func signoffLine(t string) bool {
	if len(t) > 80 {
		return false
	}
	t = signoffEnd(t)
	if strings.ContainsAny(t, "?:") {
		return false
	}
	ts := tokens(t)
	if signoffs.is(ts) {
		return true
	}
	for i, w := range ts {
		if i > 0 && andMore[w.text] && signoffs.is(ts[:i]) && signoffs.is(ts[i+1:]) {
			return true // "Muchas gracias y un saludo"
		}
	}
	parts := strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune("/|、。", r) })
	for _, p := range parts {
		if !signoffs.is(tokens(signoffEnd(p))) {
			return false
		}
	}
	return len(parts) > 1
}

// signoffEnd is a line without what stands at the end of a sign-off.
func signoffEnd(t string) string {
	t = strings.TrimRight(t, " ,.!;:)-–—*_،。！，")
	return strings.TrimRightFunc(t, func(r rune) bool { return pictograph(r) || r == 0xfe0f || r == ' ' })
}

// A sign-off goes on with a place ("aus Berlin"), a wish ("und ein schönes
// Wochenende") or, behind thanks, with another.
var (
	fromWhere = set(strings.Fields("aus from de desde da dal dalla depuis uit fra från z ze из"))
	andMore   = set(strings.Fields("und and et y e en og och i и"))
	wishes    = set(strings.Fields("wochenende weekend tag day woche week abend evening feierabend urlaub holidays ostern easter weihnachten christmas journée soirée giornata día finde semana helg helgen víkend week-end"))
)

// closes tells whether a line ends a mail above the writer's card: a sign-off, "/Ada".
func closes(t string, from Address) bool {
	return signoffLine(t) || t != "" && t[0] == '/' && dashName(t, from, true)
}

// signoffFrom: "Viele Grüße aus Berlin", "Schöne Grüße und ein schönes Wochenende",
// "Danke vorab und viele Grüße", "Sonnige Grüße". It is asked only right above the
// sender's name.
func signoffFrom(t string) bool {
	t = signoffEnd(t)
	ts := tokens(t)
	if len(ts) < 2 || len(ts) > 8 || strings.ContainsAny(t, "?:;.,") || digitsIn(t) > 0 {
		return false
	}
	if n := signoffs.prefix(ts); n > 0 && len(ts) > n+1 && !thanks(t) && len(t[:ts[n-1].end]) > 5 && !strings.Contains(fold(t), "thank") {
		return fromWhere[ts[n].text] && len(ts) <= n+5 || andMore[ts[n].text] && wishes[ts[len(ts)-1].text]
	}
	for k := 1; k < len(ts); k++ {
		end := t[ts[k].start:]
		if signoffs.is(ts[k:]) && !thanks(end) && utf8.RuneCountInString(end) > 4 {
			return k == 1 || andMore[ts[k-1].text] && thanks(t) && k <= 3
		}
	}
	return false
}

// whose tells whether the line right below a sign-off says who the writer is: a
// name, a team, an address or number, another sign-off. Anything else goes on
// where the sign-off's words began: "Best" / "case is 15.70". comma is whether
// the sign-off ends in one.
func whose(t string, comma bool, from Address) bool {
	t = strings.TrimSpace(t)
	if i := strings.LastIndex(t, " ("); i > 0 && strings.HasSuffix(t, ")") && strings.IndexByte(t[i:], '/') > 0 && strings.LastIndexByte(t, ' ') == i {
		t = t[:i] // "(she/her)"
	}
	ts := tokens(t)
	switch {
	case len(ts) == 0, isName(t, from), signoffLine(t), signoffWithName(t, from), digitsIn(t) > 5, strings.ContainsAny(t, "@|"), strings.Contains(t, "://"), strings.Contains(t, "www."):
		return true
	case len(ts) > 7:
		return false
	case len(ts) == 1 && comma, len(t) <= 5 && initialed(t, from):
		return true // "pri", "p."
	}
	return titled(t, ts)
}

// thanks tells whether a sign-off is one that is text when nothing follows.
func thanks(t string) bool {
	t = join(tokens(t))
	if wishesOnly.all[t] {
		return true
	}
	for _, w := range []string{"thank", "thx", "tks", "dank", "merci", "gracias", "gràcies", "obrigad", "grazie", "bedankt", "tak", "tack", "takk", "kiitos", "dzięk", "dík", "děkuji", "hvala", "köszön", "mulțumesc", "благодаря", "спасибо", "дякую", "ευχαριστώ", "teşekkür", "شكر", "תודה", "धन्यवाद", "ขอบคุณ", "cảm ơn", "terima kasih", "谢谢", "謝謝", "よろしく", "감사", "cheers", "have a", "talk soon", "speak soon", "hope", "later", "ta", "以上"} {
		if strings.HasPrefix(t, w) {
			return true
		}
	}
	return strings.Contains(t, "tak") && strings.HasPrefix(t, "på") || t == "many thanks"
}

// signoffWithName: "Best regards, Ada", "Cheers Ada" with the sender's name.
func signoffWithName(t string, from Address) bool {
	if name, ok := strings.CutSuffix(t, " 올림"); ok {
		return isName(name, from)
	}
	if name, ok := strings.CutSuffix(t, " 드림"); ok {
		return isName(name, from)
	}
	if !signoffs.mayOpen(t) {
		return false
	}
	ts := tokens(t)
	n := signoffs.prefix(ts)
	return n > 0 && len(ts) > n && len(ts)-n <= 4 && (isName(t[ts[n].start:], from) || len(ts) == n+1 && (initial(ts[n].text, from) || isInitials(ts[n].text, from)))
}
