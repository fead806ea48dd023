package parse

import (
	"strconv"
	"strings"
	"unicode"
)

// unbullet takes a list mark away.
func unbullet(s string) string {
	for _, b := range []string{"- ", "* ", "• ", "· ", "– ", "— ", "+ ", "‣ ", "▪ ", "→ ", "-> ", "=> "} {
		if r, ok := strings.CutPrefix(s, b); ok {
			return strings.TrimLeft(r, marks)
		}
	}
	return s
}

// taskPrefix reads "#12", "# 12", "[#12]", "task 12" before a word; "1. #12" in a
// numbered list too.
func taskPrefix(s string) (int, string) {
	t := strings.TrimLeft(s, marks+"[(")
	if numbered(t) {
		if _, after, _ := strings.Cut(t, " "); strings.HasPrefix(after, "#") {
			t = after
		}
	}
	if low := strings.ToLower(t[:min(len(t), 10)]); strings.HasPrefix(low, "task ") || strings.HasPrefix(low, "task#") {
		t = strings.TrimLeft(t[4:], " ")
		if len(t) > 0 && t[0] >= '0' && t[0] <= '9' {
			t = "#" + t
		}
	}
	if len(t) == 0 || t[0] != '#' && !strings.HasPrefix(t, "＃") {
		return 0, s
	}
	r := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(t, "#"), "＃"), " ")
	n := 0
	for n < len(r) && r[n] >= '0' && r[n] <= '9' {
		n++
	}
	if n == 0 {
		return 0, strings.TrimLeft(t, "# ") // "# approve": a heading mark
	}
	if !number(r[:n]) || n < len(r) && (wordRune(firstRune(r[n:])) || r[n] == '/' || r[n] == '-' && n+1 < len(r) && r[n+1] != ' ') {
		return 0, s
	}
	v, _ := strconv.Atoi(r[:n])
	return v, strings.TrimLeft(r[n:], marks+"]):.,-–—：")
}

// number2 reads "#7" or "7" at the start of a tail.
func number2(tail string) (n int, after string, ok bool) {
	t := strings.TrimPrefix(strings.TrimPrefix(tail, "task "), "number ")
	t = strings.TrimLeft(strings.TrimPrefix(t, "#"), " ")
	i := 0
	for i < len(t) && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	if !number(t[:i]) || i < len(t) && (wordRune(firstRune(t[i:])) || t[i] == '.' && i+1 < len(t) && t[i+1] != ' ' || strings.IndexByte(`/%:-`, t[i]) >= 0 && t[i] != ':') {
		return 0, "", false
	}
	n, _ = strconv.Atoi(t[:i])
	return n, t[i:], true
}

// ungreet takes a greeting off the front of a line: "Hi Dana, approve".
func ungreet(s string) string {
	if !tails["greeting"].mayOpen(s) {
		return s
	}
	ts := tokens(s)
	n := tails["greeting"].prefix(ts)
	if n == 0 {
		return s
	}
	for i := n; i <= min(n+3, len(ts)-1); i++ {
		gap := s[ts[i-1].end:ts[i].start]
		if containsAny(gap, ",!.:–—-，！") {
			return strings.TrimLeft(s[ts[i-1].end:], " ,!.:–—-，！")
		}
		if strings.Trim(gap, " &/+'’()") != "" {
			return s // no mark that stands in a name: "Dear ~x! approve"
		}
		if w, _ := everyWord.at(s, ts[i:]); w != "" {
			return s
		}
	}
	return s
}

// greeting tells whether a line is a greeting and nothing else.
func greeting(s string) bool {
	if len(s) > 200 || !tails["greeting"].mayOpen(s) || containsAny(s, "?？/@<>=") {
		return false
	}
	speaker := strings.HasSuffix(strings.TrimRight(s, " "), ":")
	s = strings.TrimRight(s, " ,!.:;–—-，！。)")
	ts := tokens(s)
	n := tails["greeting"].prefix(ts)
	if n == 0 || len(ts)-n > 4 {
		return false
	}
	// Between the greeting and the names nothing but spaces, commas, "and".
	for i, t := range ts[n:] {
		gap := s[ts[n+i-1].end:t.start]
		if strings.ContainsAny(gap, "!:;") || strings.Contains(gap, ".") && len(ts[n+i-1].text) > 4 || speaker && i > 0 && strings.Contains(gap, ",") {
			return false // "Hi Dana, Omar:" lets another one speak
		}
		first := firstRune(s[t.start:])
		if pictograph(first) && !tails["friendly"].all[t.text] || i > 0 && unicode.IsLower(first) && !tails["filler"].all[t.text] && !tails["particle"].all[t.text] {
			return false // "Hi Dana, did Omar"
		}
		if w, _ := everyWord.at(s, ts[n+i:]); w != "" {
			return false
		}
		if tails["nobody"].all[t.text] {
			return false
		}
		for _, kind := range []string{"negation", "condition", "contrast"} {
			if len(t.text) > 2 && tails[kind].all[t.text] {
				return false
			}
		}
	}
	return true
}
