package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands under no label is placed by what it says.

// stepVerbs begin a paragraph that says, below the problem, how to see it.
var stepVerbs = []string{"open", "go to", "click", "log in", "visit", "navigate to", "search for", "öffne", "geh zu", "gehe zu", "ouvre", "ouvrez", "ouvrir", "abre", "abrir", "apri", "aprire", "ga naar"}

// courtesies make a first line that says nothing of the task.
var courtesies = []string{"hope you are well", "hope you're well", "hope you are doing well", "hope you're doing well", "hope all is well", "hope this finds you", "hope you had a", "ich hoffe, es geht dir gut", "ich hoffe, es geht euch gut", "j'espère que tu vas bien", "j'espère que vous allez bien", "espero que estés bien", "espero que estéis bien", "espero que esteja", "spero tutto bene", "hopelijk gaat alles goed"}

// place puts the text that stood under no label where it fits.
func (s *Sections) place(free string, under map[string]bool) {
	parts := map[*string][]string{}
	has := func(p *string) bool { return *p != "" || len(parts[p]) > 0 }
	free = Ungreeted(free)
	for _, p := range paragraphs(free) {
		for _, said := range passages(p, under["problem"] || has(&s.Problem), under["done"]) {
			where := &s.Context
			switch said.part {
			case "problem":
				where = &s.Problem
			case "done":
				where = &s.Done
			case "reproduce":
				where = &s.Reproduce
			case "":
				if fault, steps := stepsBelow(said.text); fault != "" && !under["problem"] && !has(&s.Problem) && !under["reproduce"] {
					parts[&s.Problem] = append(parts[&s.Problem], fault)
					said.text = steps
				}
				where = s.placeOf(said.text, under, under["problem"] || has(&s.Problem))
			}
			parts[where] = append(parts[where], said.text)
		}
	}
	for where, said := range parts {
		if *where != "" {
			said = append([]string{*where}, said...)
		}
		*where = strings.TrimSpace(strings.Join(said, "\n\n"))
	}
}

// stepsBelow cuts a paragraph above a numbered list of things to do, unless its line
// announces the list.
func stepsBelow(p string) (fault, steps string) {
	line, rest, _ := strings.Cut(p, "\n")
	if rest == "" || itemText(line, 0) > 0 || strings.HasSuffix(strings.TrimSpace(line), ":") || seen.begin(fold(line)) || itemText(firstLine(rest), 0) == 0 || !plainSteps(rest) {
		return "", p
	}
	return line, rest
}

// paragraphs cuts a text at its blank lines. A list goes with the line that announces it
// ("As we said on Monday:"), also where a client put a blank line between its items.
func paragraphs(text string) (out []string) {
	list := false
	for p := range strings.SplitSeq(text, "\n\n") {
		p = strings.Trim(p, "\n")
		if strings.TrimSpace(p) == "" {
			continue
		}
		item := itemText(strings.TrimLeft(p, " \t"), 0) > 0
		if n := len(out) - 1; item && n >= 0 && (list || strings.HasSuffix(strings.TrimSpace(out[n]), ":")) {
			out[n] += "\n\n" + p
			list = true
			continue
		}
		out, list = append(out, p), false
	}
	return out
}

// placeOf is the part that a paragraph is as a whole.
func (s *Sections) placeOf(p string, under map[string]bool, problem bool) *string {
	switch {
	case !strings.Contains(p, "\n") && len(p) < 80 && holdsAny(fold(p), courtesies...):
	case !under["reproduce"] && (plainSteps(p) || problem && startsWith(fold(p), stepVerbs)):
		return &s.Reproduce
	case !problem:
		return &s.Problem
	}
	return &s.Context
}

// Ungreeted is a text without a greeting or a name for its first line.
func Ungreeted(text string) string {
	line, rest, _ := strings.Cut(text, "\n")
	if salutes(line) || strings.HasPrefix(rest, "\n") && saluteLike(line) {
		return strings.Trim(rest, "\n")
	}
	return text
}

// salutes tells whether a line greets or calls somebody and says nothing else.
func salutes(line string) bool {
	line = strings.TrimRightFunc(line, func(r rune) bool { return pictograph(r) || r == 0xfe0f || r == ' ' })
	return greeting(line) || vocative(line)
}

// saluteLike tells of a short line that ends with a name and a comma: "Kia ora
// Sam,". It salutes if a blank line stands below.
func saluteLike(line string) bool {
	said, ok := strings.CutSuffix(strings.TrimSpace(line), ",")
	w := strings.Fields(said)
	return ok && len(w) > 1 && len(w) <= 4 && unicode.IsUpper(firstRune(w[0])) && unicode.IsUpper(firstRune(w[len(w)-1])) && !strings.ContainsAny(said, ".:,;?!\"(") && tails["friendly"].prefix(tokens(said)) == 0
}

// vocative tells of a line that calls somebody by name: "Dana,", "佐藤さん".
func vocative(line string) bool {
	t := strings.TrimRight(line, " ")
	if name, ok := strings.CutSuffix(t, ","); ok {
		return len(name) < 40 && strings.Count(name, " ") < 3 && names(name) && tails["friendly"].prefix(tokens(name)) == 0 && !strings.ContainsAny(name, ".:,;!?(\"") && partOf(name) == "" && firstRune(name) != 0
	}
	t = strings.TrimRight(t, "、，へ：: ")
	for _, title := range []string{"さん", "様", "さま", "各位", "님"} {
		if strings.HasSuffix(t, title) && utf8.RuneCountInString(t) <= 12 && !containsAny(t, "。、，") {
			return true
		}
	}
	return false
}

func firstLine(s string) string { l, _, _ := strings.Cut(s, "\n"); return l }

// plainSteps: a numbered list whose items are things to do.
func plainSteps(p string) bool {
	steps := 0
	for line := range strings.SplitSeq(p, "\n") {
		t := strings.TrimSpace(line)
		if i := strings.IndexAny(t, ".)"); i > 0 && i <= 2 && digits(t[:i]) {
			steps++
		}
	}
	if steps < 2 && !seen.starts.may(p) {
		return false
	}
	if announces := strings.TrimSpace(firstLine(p)); strings.HasSuffix(announces, ":") && wish["hope"].prefix(firstTokens(announces, longestPhrase)) > 0 {
		return false // "I need four things:"
	}
	low := fold(p)
	if steps >= 2 {
		for _, w := range []string{"open", "go to", "click", "log in", "login", "enter", "select", "add", "press", "tap", "visit", "choose", "type", "navigate", "sign in", "run", "submit", "scroll", "öffne", "klick", "ouvr", "clique", "abr", "apri"} {
			if strings.Contains(low, w) {
				return true
			}
		}
	}
	return seen.begin(low)
}

// seen begin a paragraph that says how to see the problem.
var seen = newOpenings("to see it", "to reproduce", "you can see it", "it happens when you", "steps to reproduce", "how to see", "try it with", "try it on", "try this", "it happens ", "you see it", "see it ", "zum nachstellen", "so sieht man", "man sieht es", "pour le voir", "pour reproduire", "para verlo", "para reproducir", "para ver isso", "per vederlo", "per riprodurre", "je ziet het", "om het te zien")
