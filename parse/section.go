package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sectionLabels: folded label → part.
var sectionLabels = func() map[string]string {
	out := map[string]string{}
	for _, row := range tableRows("section.txt") {
		labels := tableWords(row[2])
		if len(row) > 3 { // two words, in either order
			var pairs []string
			for _, a := range labels {
				for _, b := range tableWords(row[3]) {
					pairs = append(pairs, a+" "+b, b+" "+a)
				}
			}
			labels = pairs
		}
		for _, w := range labels {
			if k := join(tokens(w)); k != "" && out[k] == "" {
				out[k] = row[0]
			}
		}
	}
	return out
}()

// FindSections finds the four parts of a task in new text: under their usual
// names, inline or as headings, else by what the text makes plain. What fits
// no part is Context; nothing is dropped. labelled names the parts that stood
// under a label of their own, in the order of Sections.
func FindSections(text string) (s Sections, labelled []string) {
	parts := map[string][]string{}
	under := map[string]bool{}
	cur, loose := "", false // loose: the part ends with its paragraph
	fence, titled := false, false
	background := false // a label said why
	var free []string   // lines before any label
	add := func(line string) {
		if cur == "" {
			free = append(free, line)
			return
		}
		parts[cur] = append(parts[cur], line)
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		if !fence {
			if loose && strings.TrimSpace(line) == "" {
				cur, loose = "", false
			}
			if part, label, rest := labelAt(line); part != "" {
				loose = label == sentence
				if loose {
					label = ""
				}
				if goals[join(tokens(label))] {
					part = "goal"
				}
				cur = part
				under[part] = true
				if len(parts[part]) > 0 {
					add("")
				}
				background = background || part == "context" && label != "" && !keepLabel(part, label)
				if keepLabel(part, label) {
					rest = strings.TrimSpace(label + ": " + rest)
				}
				if rest != "" {
					add(rest)
				}
				titled = rest == ""
				continue
			}
			if titled && ruleLine(line, 3) && !strings.Contains(line, " ") {
				titled = false
				continue // the line under a heading
			}
			titled = false
		}
		add(line)
	}
	// A goal beside a problem is the done, if there is no other; else it is the problem, or part of it.
	if len(parts["goal"]) > 0 {
		to := "problem"
		if !under["done"] && (len(parts["problem"]) > 0 || background || says(free)) {
			to = "done"
		}
		parts[to] = append(parts[to], parts["goal"]...)
		under[to] = true
	}
	tidy := func(lines []string) string { return strings.Trim(strings.Join(lines, "\n"), "\n \t") }
	s = Sections{Problem: tidy(parts["problem"]), Reproduce: tidy(parts["reproduce"]), Done: tidy(parts["done"]), Context: tidy(parts["context"])}
	for _, p := range []string{"problem", "reproduce", "done", "context"} {
		if under[p] {
			labelled = append(labelled, p)
		}
	}
	s.place(tidy(free), under)
	return s, labelled
}

// goals are labels of what somebody wants: alone they say the problem.
var goals = set([]string{"goal", "the goal", "objective", "aim", "ziel", "das ziel", "objectif", "but", "objetivo", "obiettivo", "doel", "mål", "cel", "cíl", "цель", "мета", "tavoite",
	"what i want", "what we want", "what i'd like", "what i would like", "what we'd like", "what we need", "was ich möchte", "was ich will", "was wir brauchen"})

// says tells whether lines hold more than a greeting.
func says(lines []string) bool {
	for _, l := range lines {
		if strings.TrimSpace(l) != "" && !greeting(l) {
			return true
		}
	}
	return false
}

// keepLabel: labels under Context say what the words are about ("Deadline"),
// so they stay.
func keepLabel(part, label string) bool {
	if part != "context" {
		return false
	}
	switch join(tokens(label)) {
	case "context", "kontext", "contexte", "contexto", "contesto", "kontekst", "kontekstti", "контекст", "background", "上下文", "背景":
		return false
	}
	return true
}

// labelAt reads a label at the start of a line: "Done: x", "**Done**", "##
// Acceptance criteria", "Done when x", "| Done | x |", "Steps to reproduce:".
func labelAt(line string) (part, label, rest string) {
	t := strings.TrimSpace(line)
	if t == "" || len(t) > 100_000 {
		return "", "", ""
	}
	heading := false
	if h := strings.TrimLeft(t, "#"); len(h) < len(t) && strings.HasPrefix(h, " ") {
		t, heading = strings.TrimRight(strings.TrimSpace(h), "# "), true
	}
	t = strings.TrimPrefix(t, "| ")
	for _, b := range []string{"- ", "* ", "• ", "+ "} {
		if r, ok := strings.CutPrefix(t, b); ok {
			t = r
			break
		}
	}
	if i := strings.IndexAny(t, ".)"); i > 0 && i <= 2 && digits(t[:i]) && strings.HasPrefix(t[i+1:], " ") {
		t = strings.TrimSpace(t[i+1:]) // "1. Problem:"
	}
	if r, ok := strings.CutPrefix(t, "("); ok {
		if i := strings.IndexByte(r, ')'); i > 0 && i <= 3 && (digits(r[:i]) || i == 1) && strings.HasPrefix(r[i+1:], " ") {
			t = strings.TrimSpace(r[i+1:]) // "(1) Problem"
		}
	}
	if r := strings.TrimLeft(t, "IVX"); len(r) < len(t) && len(t)-len(r) <= 4 && strings.HasPrefix(r, ". ") {
		t = strings.TrimSpace(r[2:]) // "II. Done"
	}
	if len(t) > 3 && t[1] == ')' && t[2] == ' ' && unicode.IsLetter(rune(t[0])) {
		t = strings.TrimSpace(t[3:]) // "a) Problem"
	}
	if h := strings.Trim(t, "="); len(h)+2 <= len(t) && strings.HasPrefix(t, "=") && strings.HasSuffix(t, "=") {
		t, heading = strings.TrimSpace(h), true // a wiki's
	}
	if len(t) > 4 && t[0] == 'h' && t[1] >= '1' && t[1] <= '6' && t[2] == '.' && t[3] == ' ' {
		t, heading = strings.TrimSpace(t[4:]), true // a tracker's
	}
	bold := strings.HasPrefix(t, "**") || strings.HasPrefix(t, "__") || strings.HasPrefix(t, "*") || strings.HasPrefix(t, "[")
	// With a colon, a bar, or a dash with spaces around it behind the label.
	head, tail, cut := t, "", false
	at := strings.IndexAny(t, ":|")
	if w := strings.Index(t, "："); w >= 0 && (at < 0 || w < at) {
		head, tail, cut = t[:w], t[w+len("："):], true
	} else if at >= 0 {
		head, tail, cut = t[:at], t[at+1:], true
	}
	if cut && utf8.RuneCountInString(head) <= 60 {
		p := partOf(head)
		if p == "" {
			p = bothParts(head)
		}
		if p != "" && !strings.HasPrefix(tail, "//") {
			return p, clean(head), strings.TrimSpace(strings.TrimRight(strings.Trim(tail, " \t*_"), "| "))
		}
	}
	if h, r, ok := strings.Cut(t, "? "); ok && utf8.RuneCountInString(h) <= 60 && len(firstTokens(h, 3)) >= 3 {
		if p := partOf(h); p != "" && !strings.HasPrefix(fold(h), "when ") { // "When is it done? People ask"
			return p, clean(h), strings.TrimSpace(strings.Trim(r, "*_"))
		}
	}
	for _, d := range []string{" – ", " — ", " - ", " = ", " -> ", " => ", " → "} {
		h, _, ok := strings.Cut(t[:min(len(t), 200)], d) // enough for 40 runes
		if ok && utf8.RuneCountInString(h) <= 40 {
			r := t[len(h)+len(d):]
			if p := partOf(h); p != "" && (bold || heading || d[1] == '=' || strings.HasSuffix(d, "> ") || d == " → " || unicode.IsUpper(firstRune(h)) || len(tokens(h)) > 1) {
				return p, clean(h), strings.TrimSpace(r)
			}
		}
	}
	// "**Done** x": bold, then text.
	for _, m := range []string{"**", "__", "*"} {
		if r, ok := strings.CutPrefix(t, m); ok {
			if h, r, ok := strings.Cut(r, m); ok {
				if p := partOf(h); p != "" {
					return p, clean(h), strings.TrimSpace(strings.TrimLeft(r, " :-–—"))
				}
			}
		}
	}
	// Alone on its line: as a heading, in bold, in capitals, or just so.
	if utf8.RuneCountInString(t) <= 60 {
		p := partOf(t)
		if p == "" {
			p = bothParts(t)
		}
		if p != "" && (heading || bold || !strings.HasSuffix(t, ".") && len(tokens(t)) <= 6 && !strings.HasSuffix(t, "!") && !strings.HasSuffix(t, ",")) {
			return p, clean(t), ""
		}
	}
	// "Done when the total includes tax", "Done means …".
	if openerWords.mayOpen(t) {
		ts := firstTokens(t, openerTokens)
		if n := opensDone(ts); n > 0 {
			return "done", sentence, strings.TrimSpace(strings.TrimLeft(t[ts[n-1].end:], " ,:*_"))
		}
	}
	return "", "", ""
}

// sentence stands for a label that is the beginning of a sentence: its part
// ends with the paragraph.
const sentence = "\x00"

func clean(label string) string { return strings.Trim(label, " \t*_#:|[]\"'`") }

func partOf(label string) string {
	l := strings.Trim(label, " \t*_#[]\"'`")
	if l == "" || strings.ContainsAny(l, ".,!?;@/=<>") && !strings.Contains(strings.ToLower(l), "p.s.") {
		l = strings.TrimRight(l, "?")
		if strings.ContainsAny(l, ".,!?;@/=<>") {
			return ""
		}
	}
	// "Done (checkable)" is Done.
	if i := strings.IndexByte(l, '('); i > 0 && strings.HasSuffix(l, ")") {
		l = l[:i]
	}
	ts := firstTokens(l, 9) // more have no part
	if len(ts) > 0 && pictograph(firstRune(ts[0].text)) {
		ts = ts[1:]
	}
	if len(ts) == 0 || len(ts) > 7 {
		return ""
	}
	return sectionLabels[join(ts)]
}

// bothParts reads a label of two: "Context / constraints", "Problem & context";
// the first tells.
func bothParts(label string) string {
	for _, sep := range []string{" / ", "/", " & ", " and ", " und ", " et ", " y ", " e ", " en "} {
		if a, b, ok := strings.Cut(label, sep); ok {
			if p := partOf(a); p != "" && partOf(b) != "" {
				return p
			}
		}
	}
	return ""
}

// stepVerbs begin a paragraph that says, below the problem, how to see it.
var stepVerbs = []string{"open", "go to", "click", "log in", "visit", "navigate to", "search for", "öffne", "geh zu", "gehe zu", "ouvre", "ouvrez", "ouvrir", "abre", "abrir", "apri", "aprire", "ga naar"}

// courtesies make a first line that says nothing of the task.
var courtesies = []string{"hope you are well", "hope you're well", "hope you are doing well", "hope you're doing well", "hope all is well", "hope this finds you", "hope you had a", "ich hoffe, es geht dir gut", "ich hoffe, es geht euch gut", "j'espère que tu vas bien", "j'espère que vous allez bien", "espero que estés bien", "espero que estéis bien", "espero que esteja", "spero tutto bene", "hopelijk gaat alles goed"}

// place puts the text that stood under no label where it fits.
func (s *Sections) place(free string, under map[string]bool) {
	if free == "" {
		return
	}
	type para struct {
		text string
		done bool // it says when it is done
	}
	var paras []para
	for p := range strings.SplitSeq(free, "\n\n") {
		p = strings.Trim(p, "\n")
		if strings.TrimSpace(p) == "" {
			continue
		}
		if !under["done"] {
			if above, done, ok := doneAt(p); ok {
				if above != "" { // the problem and the done in one paragraph
					paras = append(paras, para{above, false})
				}
				paras = append(paras, para{done, true})
				continue
			}
		}
		paras = append(paras, para{p, false})
	}
	parts := map[*string][]string{}
	for _, p := range paras {
		where := &s.Context
		switch {
		case p.done:
			where = &s.Done
		case !strings.Contains(p.text, "\n") && (greeting(firstLine(p.text)) || len(p.text) < 80 && holdsAny(fold(p.text), courtesies...)):
		case !under["reproduce"] && (plainSteps(p.text) || (under["problem"] || len(parts[&s.Problem]) > 0) && startsWith(fold(p.text), stepVerbs)):
			where = &s.Reproduce
		case !under["done"] && plainDone(p.text):
			where = &s.Done
		case !under["problem"] && s.Problem == "" && len(parts[&s.Problem]) == 0:
			where = &s.Problem
		}
		parts[where] = append(parts[where], p.text)
	}
	for where, said := range parts {
		if where == &s.Context || *where == "" {
			said = append(said, *where) // what stands above the labels, first
		} else {
			said = append([]string{*where}, said...)
		}
		*where = strings.TrimSpace(strings.Join(said, "\n\n"))
	}
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

// resultSentences begin a paragraph about the result.
var resultSentences = newOpenings("i expect", "expected:", "the result should be", "afterwards,", "after this,", "after that,", "in the end,", "at the end,", "when this is done", "when it is done", "when it's done", "when you are done", "when this works", "when this ships", "once this ships", "when it ships", "once it ships", "when this is live", "once this is live", "once this is done", "once it is done", "once it's done", "danach ", "am ende soll", "hinterher ", "à la fin,", "ensuite, ", "al final,", "después,", "alla fine,", "dopo,", "no final,", "depois,", "daarna ", "na afloop ")

// plainDone: a paragraph that says what is there in the end.
func plainDone(p string) bool { return resultSentences.begin(strings.TrimSpace(p)) }
