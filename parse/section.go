package parse

import (
	"strings"
	"unicode/utf8"
)

// sectionLabels: folded label → part.
var sectionLabels = func() map[string]string {
	out := map[string]string{}
	for _, row := range tableRows("section.txt") {
		for _, w := range tableWords(row[2]) {
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
	var free []string // lines before any label
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
				cur = part
				loose = label == sentence
				if loose {
					label = ""
				}
				under[part] = true
				if len(parts[part]) > 0 {
					add("")
				}
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
		if p := partOf(head); p != "" && !strings.HasPrefix(tail, "//") {
			return p, clean(head), strings.TrimSpace(strings.TrimRight(strings.Trim(tail, " \t*_"), "| "))
		}
	}
	for _, d := range []string{" – ", " — ", " - "} {
		if h, r, ok := strings.Cut(t, d); ok && utf8.RuneCountInString(h) <= 40 {
			if p := partOf(h); p != "" && (bold || heading || strings.ToUpper(h) == h || len(tokens(h)) > 1) {
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
	if p := partOf(t); p != "" && utf8.RuneCountInString(t) <= 60 {
		if heading || bold || !strings.HasSuffix(t, ".") && len(tokens(t)) <= 6 && !strings.HasSuffix(t, "!") && !strings.HasSuffix(t, ",") {
			return p, clean(t), ""
		}
	}
	// "Done when the total includes tax", "Done means …".
	ts := firstTokens(t, longestPhrase+1)
	for _, open := range doneOpeners {
		if n := open.prefix(ts); n > 0 && len(ts) > n {
			return "done", sentence, strings.TrimSpace(t[ts[n-1].end:])
		}
	}
	return "", "", ""
}

// sentence stands for a label that is the beginning of a sentence: its part
// ends with the paragraph.
const sentence = "\x00"

var doneOpeners = []phrases{newPhrases([]string{"done when", "done means", "done is when", "done is", "it is done when", "it's done when", "this is done when", "done looks like", "done if", "finished when", "we are done when", "we're done when", "definition of done is", "fertig wenn", "fertig ist es wenn", "erledigt wenn", "terminé quand", "fini quand", "hecho cuando", "terminado cuando", "pronto quando", "concluído quando", "fatto quando", "finito quando", "klaar als", "klaar wanneer", "klart när", "færdig når", "ferdig når", "valmis kun", "gotowe gdy", "hotovo když", "готово когда", "готово если", "完成的标准是"})}

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

// place puts the text that stood under no label where it fits.
func (s *Sections) place(free string, under map[string]bool) {
	if free == "" {
		return
	}
	var paras []string
	for p := range strings.SplitSeq(free, "\n\n") {
		if p = strings.Trim(p, "\n"); strings.TrimSpace(p) != "" {
			paras = append(paras, p)
		}
	}
	for i, p := range paras {
		where := &s.Context
		switch {
		case greeting(firstLine(p)) && !strings.Contains(p, "\n"):
		case !under["reproduce"] && plainSteps(p):
			where = &s.Reproduce
		case !under["done"] && plainDone(p):
			where = &s.Done
		case !under["problem"] && s.Problem == "":
			where = &s.Problem
		case !under["problem"] && i == 1 && len(paras) > 2 && s.Problem != "" && len(s.Problem) < 80 && !under["context"]:
			where = &s.Context
		}
		if where == &s.Context && under["context"] {
			*where = strings.TrimSpace(p + "\n\n" + *where)
		} else if *where == "" {
			*where = p
		} else {
			*where += "\n\n" + p
		}
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
	low := fold(p)
	if steps >= 2 {
		for _, w := range []string{"open", "go to", "click", "log in", "login", "enter", "select", "add", "press", "tap", "visit", "choose", "type", "navigate", "sign in", "run", "submit", "scroll", "öffne", "klick", "ouvr", "clique", "abr", "apri"} {
			if strings.Contains(low, w) {
				return true
			}
		}
	}
	for _, w := range []string{"to see it", "to reproduce", "you can see it", "it happens when you", "steps to reproduce", "how to see"} {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}

// doneSentences begin a sentence that says when it is done.
var doneSentences = []string{"it is done when", "it's done when", "this is done when", "done when", "we are done when", "we're done when", "i will know it is done when", "i'll know it's done when", "it is finished when", "done means", "success is when", "success means", "i expect", "expected:", "it works when", "we'll know it works when", "we will know it works when", "i will be happy when", "i'd be happy when", "the result should be", "afterwards,", "when this is done", "when it is done", "when it's done", "when you are done", "when this works", "fertig ist es, wenn", "erledigt ist es, wenn", "c'est terminé quand", "está hecho cuando", "está pronto quando"}

// plainDone: a paragraph that says when it is done without a label.
func plainDone(p string) bool {
	low := fold(strings.TrimSpace(p))
	g := gramsOf(low)
	for _, w := range doneSentences {
		if g.may(w) && (strings.HasPrefix(low, w) || strings.Contains(low, ". "+w) || strings.Contains(low, "\n"+w)) {
			return true
		}
	}
	return false
}
