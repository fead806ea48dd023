package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The labels of the parts of a task (tables/section.txt), and how people set them
// off from their words.

// sectionLabels: folded label → part.
var sectionLabels = func() map[string]string {
	out := map[string]string{}
	for _, row := range tableRows("section.txt") {
		if row[0] == "bare" || row[0] == "nothing" || row[0] == "unsaid" || row[0] == "actual" {
			continue
		}
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

// bareLabels say no more of their words than that they are context. Nothing is
// said by the words of nothingSaid below a label of context or steps, by those of
// unsaid below any: "Actual: nothing" is a problem. actualLabels name what is seen
// at the end of the steps: the problem is told above them.
var bareLabels, nothingSaid, unsaid, actualLabels = sectionWords("bare"), sectionWords("nothing"), sectionWords("unsaid"), sectionWords("actual")

func sectionWords(kind string) map[string]bool {
	out := map[string]bool{}
	for _, row := range tableRows("section.txt") {
		if row[0] == kind {
			for _, w := range tableWords(row[2]) {
				out[join(tokens(w))] = true
			}
		}
	}
	return out
}

// keepLabel: labels under Context say what the words are about ("Deadline"),
// so they stay, but for the part's own name.
func keepLabel(label string) bool {
	switch join(tokens(label)) {
	case "", "context", "kontext", "contexte", "contexto", "contesto", "kontekst", "kontekstti", "контекст", "background", "上下文", "背景":
		return false
	}
	return true
}

// labelAt reads a label at the start of a line: "Done: x", "**Done**", "##
// Acceptance criteria", "Done when x", "| Done | x |", "Steps to reproduce:".
func labelAt(line string) (part, label, rest string) { return labelIn(line, false) }

// labelIn is labelAt; small: a dash sets off a label in small letters too.
func labelIn(line string, small bool) (part, label, rest string) {
	t := strings.TrimSpace(line)
	if t == "" || len(t) > 100_000 || t[0] == '>' { // what the writer cites is no part
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
	if cut && utf8.RuneCountInString(unbracketed(head)) <= 60 {
		p := partOf(head)
		if p == "" {
			p = bothParts(head)
		}
		if p == "" && t[len(head)] != '|' {
			p, _ = madeOfLabelWords(head)
		}
		if p == "" && openerWords.mayOpen(head) {
			if ts := firstTokens(head, openerTokens); opensDone(append(ts, token{})) == len(ts) {
				p = "done" // "We call it done when: …"
			}
		}
		if p != "" && !strings.HasPrefix(tail, "//") {
			label, rest := clean(head), strings.TrimSpace(strings.TrimRight(strings.Trim(tail, " \t*_"), "| "))
			if name, aside, ok := strings.Cut(label, "("); ok && p != "context" { // "Done (Omar checks it): …"
				label = strings.TrimSpace(name)
				if aside = "(" + aside; rest != "" {
					aside += ": "
				}
				rest = aside + rest
			}
			return p, label, rest
		}
	}
	if h, r, ok := strings.Cut(t, "? "); ok && utf8.RuneCountInString(h) <= 60 && len(firstTokens(h, 3)) >= 3 {
		if p := partOf(h); p != "" && !strings.HasPrefix(fold(h), "when ") { // "When is it done? People ask"
			return p, clean(h), strings.TrimSpace(strings.Trim(r, "*_"))
		}
	}
	for i, d := range arrows {
		h, _, ok := strings.Cut(t[:min(len(t), 200)], d) // enough for 40 runes
		if ok && utf8.RuneCountInString(h) <= 40 {
			r := t[len(h)+len(d):]
			if p := partOf(h); p != "" && (bold || heading || d[1] == '=' || strings.HasSuffix(d, "> ") || d == " → " || unicode.IsUpper(firstRune(h)) || small && i < len(dashes) || len(tokens(h)) > 1) {
				return p, clean(h), strings.TrimSpace(r)
			}
		}
	}
	// "**Done** x": bold, then text.
	for _, m := range []string{"**", "__", "*"} {
		if r, ok := strings.CutPrefix(t, m); ok {
			if h, r, ok := strings.Cut(r, m); ok {
				h = strings.TrimRight(h, ".") // a run-in heading may end with one
				p := partOf(h)
				if p == "" {
					p, _ = madeOfLabelWords(h)
				}
				if p != "" {
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
		if p == "" && (heading || bold) {
			p, _ = madeOfLabelWords(t)
		}
		if p != "" && (heading || bold || !strings.HasSuffix(t, ".") && len(tokens(t)) <= 6 && !strings.HasSuffix(t, "!") && !strings.HasSuffix(t, ",")) {
			return p, clean(t), ""
		}
	}
	// "Done when the total includes tax", "Done means …".
	if openerWords.mayOpen(t) && !asks(t[:sentenceLen(t)]) {
		ts := firstTokens(t, openerTokens)
		if opensDone(ts) > 0 {
			return "done", sentence, t
		}
	}
	return "", "", ""
}

// sentence stands for a label that is the beginning of a sentence: its part
// ends with the paragraph.
const sentence = "\x00"

func clean(label string) string {
	return strings.TrimFunc(label, func(r rune) bool { return pictograph(r) || r == 0xfe0f || strings.ContainsRune(labelMarks, r) })
}

// labelMarks dress a label.
const labelMarks = " \t*_#:|[]\"'`【】■□◆●▪▶ℹ"

func partOf(label string) string { return sectionLabels[join(wordsOfLabel(label))] }

// wordsOfLabel are the words of what may be a label, nil if it can be none.
func wordsOfLabel(label string) []token {
	l := strings.Trim(unbracketed(label), strings.Replace(labelMarks, ":", "", 1))
	if l == "" || strings.ContainsAny(l, ".!?;@/=<>") && !strings.Contains(strings.ToLower(l), "p.s.") {
		l = strings.TrimRight(l, "?")
		if strings.ContainsAny(l, ".!?;@/=<>") {
			return nil
		}
	}
	ts := firstTokens(l, 10) // more have no part
	if len(ts) > 0 && pictograph(firstRune(ts[0].text)) {
		ts = ts[1:]
	}
	if len(ts) > 9 {
		return nil
	}
	return ts
}

// unbracketed is a label without what stands in brackets behind it: "Done
// (checkable)" is Done.
func unbracketed(label string) string {
	if i := strings.IndexByte(label, '('); i > 0 && strings.HasSuffix(strings.TrimRight(label, " *_"), ")") {
		return label[:i]
	}
	return label
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
