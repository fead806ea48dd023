package parse

import "strings"

// doneOpeners begin a sentence that says when a task is done: "It is done
// when …", "I'd call it finished once …". tables/opener.txt holds what each
// language puts together.
var doneOpeners = func() []phrases {
	var all []string
	for _, row := range tableRows("opener.txt") {
		for _, before := range append(tableWords(row[1]), "") {
			for _, word := range tableWords(row[2]) {
				for _, after := range tableWords(row[3]) {
					all = append(all, strings.TrimSpace(before+" "+word+" "+after))
				}
			}
		}
	}
	return []phrases{newPhrases(append(all, doneSentences...))}
}()

// opensDone counts the tokens at the start of ts that say that what follows is
// the done.
func opensDone(ts []token) int {
	for _, open := range doneOpeners {
		if n := open.prefix(ts); n > 0 && len(ts) > n {
			return n
		}
	}
	return 0
}

// doneAt finds where in a paragraph the sentence begins that says when it is
// done, -1 if none does. What stands above it is no part of it.
func doneAt(p string) int {
	start := 0
	for start < len(p) {
		end := len(p)
		if i := strings.IndexByte(p[start:], '\n'); i >= 0 {
			end = start + i
		}
		line := p[start:end]
		at := 0
		for i := range len(line) {
			if i+1 < len(line) && !(strings.IndexByte(".!?;", line[i]) >= 0 && line[i+1] == ' ') {
				continue
			}
			if opensDone(firstTokens(line[at:i+1], longestPhrase+1)) > 0 { // a sentence at a time: linear
				return start + at
			}
			at = i + 1
		}
		start = end + 1
	}
	if scenario(p) {
		return 0
	}
	return -1
}

// scenario tells of the form "Given … When … Then …", a line each.
func scenario(p string) bool {
	given, then := false, false
	for line := range strings.SplitSeq(p, "\n") {
		ts := firstTokens(line, 3)
		if len(ts) < 3 {
			continue
		}
		switch ts[0].text {
		case "given", "when", "angenommen", "gegeben", "wenn", "étant", "quand", "dado", "dada", "cuando", "quando", "dato", "gegeven", "als":
			given = true
		case "then", "dann", "alors", "entonces", "então", "allora", "dan":
			then = then || given
		}
	}
	return then
}
