package parse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
// said by the words of nothingSaid below a label of context or steps, by those of unsaid below any:
// "Actual: nothing" is a problem. actualLabels name what is seen at the end of the steps: the
// problem is told above them.
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

// FindSections finds the four parts of a task in new text: under their usual
// names, inline or as headings, else by what the text makes plain. What fits
// no part is Context; nothing is dropped but a greeting and the "n/a" of a label.
// labelled names the parts that stood under a label of their own, in the order
// of Sections.
func FindSections(text string) (s Sections, labelled []string) {
	text = uncolumned(text)
	blocks, nested := blocksOf(text, true)
	if nested && !slices.ContainsFunc(blocks, func(b labelBlock) bool { return b.part == "done" || b.part == "goal" || b.part == "check" }) {
		blocks, _ = blocksOf(text, false)
	}
	texts, under := map[string][]string{}, map[string]bool{}
	var free []string // what stands under no label
	background, title, actual := false, "", true
	for i := range blocks {
		b := &blocks[i]
		said := tidy(strings.Join(b.lines, "\n"))
		if b.label != "" || b.part == "done" {
			under[b.part] = true
		}
		actual = actual && (b.part != "problem" || actualLabels[join(tokens(b.label))])
		background = background || b.part == "context" && b.label != "" && !keepLabel(b.label)
		switch {
		case b.part == "title":
			title = b.label
		case said == "" && b.label == "", b.label != "" && b.empty(said):
		case b.label == "":
			free = append(free, said)
		case b.part == "context" && keepLabel(b.label):
			texts[b.part] = append(texts[b.part], strings.TrimSpace(b.label+":"+b.gap+said))
		default:
			texts[b.part] = append(texts[b.part], said)
		}
	}
	// A goal beside a problem is the done, if there is no other; else it is the problem, or part of it.
	if len(texts["goal"]) > 0 {
		to := "problem"
		if !under["done"] && (len(texts["problem"]) > 0 || background || says(free)) {
			to = "done"
		}
		texts[to] = append(texts[to], texts["goal"]...)
		under[to] = true
	}
	// How to check it, above the done, is how to see the problem; else it belongs to the done.
	if len(texts["check"]) > 0 {
		to := "done"
		if under["done"] && !under["reproduce"] && blocks[slices.IndexFunc(blocks, func(b labelBlock) bool { return b.part == "done" || b.part == "check" })].part == "check" {
			to = "reproduce"
		}
		texts[to] = append(texts[to], texts["check"]...)
		under[to] = true
	}
	all := func(part string) string { return strings.Join(texts[part], "\n\n") }
	s = Sections{Problem: all("problem"), Reproduce: all("reproduce"), Done: all("done")}
	for _, p := range []string{"problem", "reproduce", "done", "context"} {
		if under[p] {
			labelled = append(labelled, p)
		}
	}
	if opening := blocks[0]; actual && under["problem"] && opening.label == "" && says([]string{tidy(strings.Join(opening.lines, "\n"))}) {
		observed := s.Problem
		s.Problem, under["problem"] = "", false
		s.place(strings.Join(free, "\n\n"), under)
		s.Problem = joinParagraphs(s.Problem, observed)
	} else {
		s.place(strings.Join(free, "\n\n"), under)
	}
	if c := texts["context"]; s.Context == "" && len(c) == 1 {
		if label, rest, _ := strings.Cut(c[0], ":"); bareLabels[join(tokens(label))] {
			c[0] = tidy(rest)
		}
	}
	s.Context = joinParagraphs(title, s.Context, all("context"))
	return s, labelled
}

func joinParagraphs(ps ...string) string {
	return strings.Join(slices.DeleteFunc(ps, func(p string) bool { return p == "" }), "\n\n")
}

func tidy(s string) string { return strings.Trim(s, "\n \t") }

// labelBlock is the lines that stand under one label. Without a label it is free
// text, of which part, if known, is told by how its first sentence begins.
type labelBlock struct {
	part, label string
	gap         string // between the label and its words: a space, or the end of the line
	lines       []string
}

// empty tells whether a label has nothing below it but words like "n/a".
func (b *labelBlock) empty(said string) bool {
	if len(said) > 40 {
		return false
	}
	k := join(tokens(said))
	return unsaid[k] || nothingSaid[k] && (b.part == "context" || b.part == "reproduce") || strings.Trim(said, " -–—?.…") == ""
}

// blocksOf cuts text at its labels. What a program printed holds none; if strict,
// neither does the rest of a list item ("Expected:" below the last step); nested
// tells that there was such a rest.
func blocksOf(text string, strict bool) (blocks []labelBlock, nested bool) {
	blocks = []labelBlock{{}}
	dashes := smallDashes(text)
	fence, titled, blank, item := false, false, true, 0
	var out printed
	for line := range strings.SplitSeq(text, "\n") {
		cur := &blocks[len(blocks)-1]
		t := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if t == "" && cur.label == "" && cur.part != "" { // its paragraph ends
			blocks = append(blocks, labelBlock{})
			cur = &blocks[len(blocks)-1]
		}
		if strings.HasPrefix(t, "```") {
			fence = !fence
		}
		if strings.Contains(t, "|") && strings.Trim(t, "|-: ") == "" && !fence {
			continue // between the rows of a table
		}
		if t != "" && indent < item {
			item = 0
		}
		inside := strict && item > 0 && cur.label != ""
		nested = nested || inside && strings.Contains(t, ":")
		if t != "" && !inside && !fence && !out.line(t) {
			part, label, rest := labelIn(line, dashes)
			switch {
			case part == "" && len(blocks) == 1 && titleOf(t) != "": // it is for the title, wherever that is shown
				blocks = append(blocks, labelBlock{part: "title", label: t}, labelBlock{})
				continue
			case part != "" && label != sentence:
				switch k := join(tokens(label)); {
				case goals[k]:
					part = "goal"
				case checks[k]:
					part = "check"
				}
				b := labelBlock{part: part, label: label, gap: " ", lines: []string{rest}}
				if rest == "" {
					b.gap, b.lines = "\n", nil
				}
				blocks = append(blocks, b)
				titled, blank = rest == "", false
				continue
			case part != "", cur.label != "" && blank && saidAt(t) != "":
				if part == "" {
					part = saidAt(t)
				}
				blocks = append(blocks, labelBlock{part: part})
				cur = &blocks[len(blocks)-1]
			}
			if titled && ruleLine(line, 3) && !strings.Contains(line, " ") {
				titled = false
				continue // the line under a heading
			}
			if item == 0 {
				item = itemText(line, indent)
			}
		}
		titled, blank = false, t == ""
		out.on = out.on && !blank
		cur.lines = append(cur.lines, line)
	}
	return blocks, nested
}

// itemText is the column at which the text of a list item begins, 0 if the line
// is none.
func itemText(line string, indent int) int {
	t := line[indent:]
	n := strings.IndexByte(t, ' ')
	if n <= 0 || n > 4 || strings.TrimSpace(t[n:]) == "" {
		return 0
	}
	switch mark := t[:n]; mark {
	case "-", "*", "+", "•", "·", "–":
	default:
		if last := mark[n-1]; last != '.' && last != ')' || !digits(mark[:n-1]) && n > 2 {
			return 0
		}
	}
	return indent + n + 1
}

// printed follows what a program printed into a text, up to the next blank line:
// below a prompt, the first line of an HTTP message or an opened brace. Its
// "done: 14 rows" is no label.
type printed struct{ on bool }

func (p *printed) line(t string) bool {
	switch {
	case p.on:
	case strings.HasPrefix(t, "$ ") && len(t) > 2 && unicode.IsLetter(rune(t[2])), strings.HasPrefix(t, ">>> "), strings.HasPrefix(t, "PS C:\\"), strings.HasPrefix(t, "C:\\"),
		strings.HasPrefix(t, "HTTP/1.") || strings.HasPrefix(t, "HTTP/2 "), strings.HasSuffix(t, " HTTP/1.1") || strings.HasSuffix(t, " HTTP/2"),
		strings.HasSuffix(t, "{") && !strings.HasSuffix(t, "{{"), t == "[", strings.HasPrefix(t, "Traceback (most recent"):
		p.on = true
	}
	return p.on
}

// smallDashes tells whether labels in small letters stand before dashes ("done
// — the total is right"): two parts do. One alone may be any sentence.
func smallDashes(text string) bool {
	first := ""
	for line := range strings.SplitSeq(text, "\n") {
		t := strings.TrimSpace(line)
		if !unicode.IsLower(firstRune(t)) {
			continue
		}
		for _, d := range dashes {
			if h, _, ok := strings.Cut(t[:min(len(t), 50)], d); ok {
				if p := partOf(h); p != "" && first != "" && p != first {
					return true
				} else if p != "" {
					first = p
				}
			}
		}
	}
	return false
}

// dashes and arrows set a label off from its words.
var (
	dashes = []string{" – ", " — ", " - "}
	arrows = slices.Concat(dashes, []string{" = ", " -> ", " => ", " → "})
)

// goals are labels of what somebody wants: alone they say the problem.
var goals = set([]string{"goal", "the goal", "objective", "aim", "ziel", "das ziel", "objectif", "but", "objetivo", "obiettivo", "doel", "mål", "cel", "cíl", "цель", "мета", "tavoite",
	"what i want", "what we want", "what i'd like", "what i would like", "what we'd like", "what we need", "was ich möchte", "was ich will", "was wir brauchen"})

// checks are labels of how to check something: the problem, or that it is done.
var checks = set([]string{"how to check", "how to check it", "how to test", "how to test it", "how to verify", "how to verify it", "verification", "zum prüfen", "so prüft man es", "wie prüfen", "comment vérifier", "cómo comprobar", "cómo comprobarlo", "cómo verificar", "como verificar", "come verificare", "come verificarlo", "hoe te controleren", "hoe te testen", "jak sprawdzić"})

// says tells whether paragraphs hold more than a greeting.
func says(free []string) bool {
	for _, p := range free {
		if ungreeted(p) != "" {
			return true
		}
	}
	return false
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
				if p := partOf(strings.TrimRight(h, ".")); p != "" { // a run-in heading may end with a dot
					return p, clean(strings.TrimRight(h, ".")), strings.TrimSpace(strings.TrimLeft(r, " :-–—"))
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
const labelMarks = " \t*_#:|[]\"'`【】■□◆●▪▶"

func partOf(label string) string {
	l := strings.Trim(unbracketed(label), strings.Replace(labelMarks, ":", "", 1))
	if l == "" || strings.ContainsAny(l, ".!?;@/=<>") && !strings.Contains(strings.ToLower(l), "p.s.") {
		l = strings.TrimRight(l, "?")
		if strings.ContainsAny(l, ".!?;@/=<>") {
			return ""
		}
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

// stepVerbs begin a paragraph that says, below the problem, how to see it.
var stepVerbs = []string{"open", "go to", "click", "log in", "visit", "navigate to", "search for", "öffne", "geh zu", "gehe zu", "ouvre", "ouvrez", "ouvrir", "abre", "abrir", "apri", "aprire", "ga naar"}

// courtesies make a first line that says nothing of the task.
var courtesies = []string{"hope you are well", "hope you're well", "hope you are doing well", "hope you're doing well", "hope all is well", "hope this finds you", "hope you had a", "ich hoffe, es geht dir gut", "ich hoffe, es geht euch gut", "j'espère que tu vas bien", "j'espère que vous allez bien", "espero que estés bien", "espero que estéis bien", "espero que esteja", "spero tutto bene", "hopelijk gaat alles goed"}

// place puts the text that stood under no label where it fits.
func (s *Sections) place(free string, under map[string]bool) {
	parts := map[*string][]string{}
	has := func(p *string) bool { return *p != "" || len(parts[p]) > 0 }
	free = ungreeted(free)
	for _, p := range paragraphs(free) {
		for _, said := range passages(p, under["problem"] || has(&s.Problem)) {
			where := &s.Context
			switch said.part {
			case "done":
				where = &s.Done
			case "reproduce":
				where = &s.Reproduce
			case "":
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
	case !under["done"] && plainDone(p):
		return &s.Done
	case !problem:
		return &s.Problem
	}
	return &s.Context
}

// ungreeted is a text without a greeting or a name for its first line.
func ungreeted(text string) string {
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
