package parse

import (
	"iter"
	"slices"
	"strings"
	"unicode"
)

// FindSections finds the four parts of a task in new text: under their usual
// names, inline or as headings, else by what the text makes plain. What fits
// no part is Context; nothing is dropped but a greeting and the "n/a" of a label.
// labelled names the parts that stood under a label of their own, in the order
// of Sections.
func FindSections(text string) (s Sections, labelled []string) {
	text = uncolumned(text)
	blocks, nested := blocksOf(text, true, false)
	if !toldIn(blocks) && (nested || len(blocks) > 1) {
		if blocks, _ = blocksOf(text, !nested, false); !toldIn(blocks) {
			blocks, _ = blocksOf(text, !nested, true)
		}
	}
	texts, under := map[string][]string{}, map[string]bool{}
	var free, limitsTold []string // what stands under no label, and behind a done on its line
	background, title, actual, above := false, "", true, false
	for i := range blocks {
		b := &blocks[i]
		said := tidy(strings.Join(b.lines, "\n"))
		if b.part == "what" { // beside the why it is what is wanted
			b.part = "problem"
			if under["problem"] || background {
				b.part = "goal"
			}
		}
		above = above || b.part == "check" && !under["done"] && !under["goal"]
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
			if b.part == "done" || b.part == "goal" || b.part == "what" {
				var limit string
				if said, limit = limitBehind(said); limit != "" {
					limitsTold = append(limitsTold, limit)
				}
			}
			texts[b.part] = append(texts[b.part], said)
		}
	}
	// Labels whose part hangs on the others.
	move := func(kind, to string) {
		if len(texts[kind]) > 0 {
			texts[to] = append(texts[to], texts[kind]...)
			under[to] = true
		}
	}
	if !under["done"] && (len(texts["problem"]) > 0 || background || says(free)) {
		move("goal", "done")
	} else {
		move("goal", "problem")
	}
	if under["done"] || under["reproduce"] { // what the steps came to
		move("result", "problem")
	} else {
		move("result", "done")
	}
	if above && under["done"] && !under["reproduce"] { // how to check it above the done is how to see the problem
		move("check", "reproduce")
	} else {
		move("check", "done")
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
	s.Context = joinParagraphs(title, s.Context, strings.Join(limitsTold, "\n\n"), all("context"))
	if s.Done == "" {
		s.wishAbove()
	}
	if s.Done != "" && !tellsDone(s.Done) {
		s.Context, s.Done = joinParagraphs(s.Context, s.Done), ""
		labelled = slices.DeleteFunc(labelled, func(p string) bool { return p == "done" })
	}
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

// toldIn tells whether a label of the done is among blocks.
func toldIn(blocks []labelBlock) bool {
	return slices.ContainsFunc(blocks, func(b labelBlock) bool {
		return slices.Contains([]string{"done", "goal", "what", "check", "result"}, b.part)
	})
}

// blocksOf cuts text at its labels. What a program printed holds none; if strict,
// neither does the rest of a list item ("Expected:" below the last step); nested
// tells that there was such a rest. If wishes, what is wished for below steps or in a
// paragraph of its own does not go with the label above.
func blocksOf(text string, strict, wishes bool) (blocks []labelBlock, nested bool) {
	blocks = []labelBlock{{}}
	dashes := smallDashes(text)
	fence, titled, blank, item := false, false, true, 0
	var out printed
	for line := range labelLines(text) {
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
				part = kindOf(label, part)
				b := labelBlock{part: part, label: label, gap: " ", lines: []string{rest}}
				if rest == "" {
					b.gap, b.lines = "\n", nil
				}
				blocks = append(blocks, b)
				titled, blank = rest == "", false
				continue
			case part != "", cur.label != "" && blank && saidAt(t) != "",
				(cur.part == "done" || cur.part == "goal") && len(cur.lines) == 1 && endsSentence(cur.lines[0]) && saidAt(t) == "context", wishes && cur.label != "" && (blank || cur.part == "reproduce") && wishAt(t):
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

// labelLines are the lines of a text. One that begins with a label is cut before
// those that stand behind its sentences: "Problem: it fails. Done when: it works
// again". "Done: 0 rows" and "Result: none" may be what a program said.
func labelLines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(text, "\n") {
			from, quotes, part := 0, 0, ""
			if strings.Count(line, ":") > 1 {
				part, _, _ = labelAt(line)
			}
			for at := 0; part != "" && at < len(line); {
				said := line[at : at+sentenceLen(line[at:])]
				if at > 0 && quotes%2 == 0 && unicode.IsUpper(firstRune(strings.TrimLeft(said, " *_"))) {
					if next, label, rest := labelAt(said); next != "" && next != part && label != sentence && rest != "" && !results[join(tokens(label))] && (next != "done" || len(firstTokens(rest, 3)) > 2) {
						if !yield(line[from:at]) {
							return
						}
						from, part = at, next
					}
				}
				quotes += strings.Count(said, `"`)
				at += len(said)
			}
			if !yield(line[from:]) {
				return
			}
		}
	}
}

// wishAt tells whether a line begins with what somebody wishes for.
func wishAt(line string) bool {
	said := line[:sentenceLen(line)]
	part, _ := wished(said)
	return part == "done" || hopes(firstTokens(said, wishReads))
}

// limitBehind cuts a done of one line before a sentence that asks to leave something
// alone: "The list shows it. Please don't touch the rest".
func limitBehind(said string) (done, limit string) {
	for at := sentenceLen(said); at < len(said) && !strings.Contains(said, "\n"); at += sentenceLen(said[at:]) {
		if saidAt(said[at:]) == "context" {
			return said[:at], strings.TrimSpace(said[at:])
		}
	}
	return said, ""
}

// wishAbove takes the sentence that opens the problem for the done, if it says what
// must be so, and how things are stands behind it, or it is a wish. "By law the price
// must be shown. We don't show it" is a rule and the fault.
func (s *Sections) wishAbove() {
	n := sentenceLen(firstLine(s.Problem))
	above, rest := s.Problem[:n], strings.TrimSpace(s.Problem[n:])
	if part, _ := wished(above); part == "done" && rest != "" && checkable(rest) && !asks(rest) && (tellsNow(rest) || wish["hope"].mayOpen(above) || wish["clause"].mayOpen(above)) {
		s.Done, s.Problem = above, rest
	}
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

// results are labels of what came of it, or is to come.
var results = set([]string{"result", "results", "the result", "outcome", "the outcome", "ergebnis", "das ergebnis", "résultat", "le résultat", "resultado", "el resultado", "o resultado", "risultato", "il risultato", "resultaat", "het resultaat", "resultat", "resultatet", "wynik", "výsledek", "результат", "结果", "結果"})

// kindOf is what a label's part hangs on, else its part: "goal", "check", "result",
// or "what".
func kindOf(label, part string) string {
	switch k := join(tokens(label)); {
	case goals[k]:
		return "goal"
	case checks[k]:
		return "check"
	case results[k]:
		return "result"
	case k == "what" || k == "the what":
		return "what"
	case sectionLabels[k] == "":
		if _, kind := madeOfLabelWords(label); kind != "" {
			return kind
		}
	}
	return part
}

// says tells whether paragraphs hold more than a greeting.
func says(free []string) bool {
	for _, p := range free {
		if Ungreeted(p) != "" {
			return true
		}
	}
	return false
}
