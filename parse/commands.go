package parse

import (
	"slices"
	"strings"
)

// doubt takes a command back: whatever it was, it may not move anything now.
func (c *Command) doubt(why string) {
	if c.Doubt == "" && c.Word == "" {
		return // words for a task, no command
	}
	if c.Word != "" {
		c.Hint, c.Word = c.Word, ""
	}
	c.Doubt = why
}

// commands finds the commands of a mail: the first own line, lines "#12 …"
// among the own lines, and lines that look like a command where none counts.
// confirm is whether "yes" is a word here.
func (lx *lexicon) commands(r *reading, confirm bool) []Command {
	var out []Command
	first := r.firstOwn()
	if first < 0 {
		return lx.lastWord(r)
	}
	task := len(r.sections().labelled) > 1 // its "Done:" is a heading
	var open = -1                          // command whose Text goes on
	var texts []*strings.Builder           // a builder must not be copied, as a slice that grows would
	var at []int                           // line of each command
	for i := first; i < len(r.lines); i++ {
		l := &r.lines[i]
		if l.pasted && open >= 0 {
			texts[open].WriteString("\n" + l.text)
			continue
		}
		if l.kind != own {
			if open >= 0 && !takesReason(&out[open]) {
				open = -1 // words go on between the quotes: "redirect: see below"
			}
			continue
		}
		if l.blank() {
			if open >= 0 {
				texts[open].WriteString("\n")
			}
			continue
		}
		t := l.text
		n, body := taskPrefix(unbullet(strings.Trim(t, marks)))
		if n > 0 && strings.TrimSpace(body) == "" && i+1 < len(r.lines) && r.lines[i+1].kind == own && !r.lines[i+1].blank() {
			// "#12" on a line of its own, its words on the next.
			i++
			t = t + " " + r.lines[i].text
			l = &r.lines[i]
		}
		var c Command
		ok := false
		switch {
		case l.fence || l.ours && !(i == first && !r.quoted):
		case i == first || n > 0:
			c, ok = lx.line(t)
			if ok && i == first && c.Task == 0 {
				lx.unbroken(&c, r.lines[i:])
			}
			if !ok && i == first {
				c, ok = lx.softLine(t, confirm)
			}
			if ok && n > 0 && c.Word == "" && c.Doubt == "" && IsSoft(c.Tail) {
				c.Doubt, c.Hint = DoubtSoft, "approve"
			}
			if ok && n > 0 && c.Word == "" && c.Doubt == "" && len(out) > 0 && tails["same"].is(tokens(c.Tail)) {
				if c.Hint = out[len(out)-1].meant(); c.Hint != "" {
					c.Doubt = DoubtTail // "#12 approve" / "#14 too"
				}
			}
			if ok && c.Word == "yes" && !confirm {
				c.doubt(DoubtSoft)
				c.Hint = "approve"
			}
			if ok && c.Hint == "yes" && !confirm { // "Yes, but on the phone only" is the answer to a question
				ok = c.Task != 0
				c.Doubt, c.Hint, c.Tail = "", "", answer(body)
			}
			if !ok && i == first {
				if c, ok = lx.lookalike(t); !ok {
					c, ok = lx.misspelt(t)
				}
			}
			if ok && l.unseen {
				c.doubt(DoubtLetters)
			}
		default:
			if c, ok = lx.elsewhere(t); task && !decisive(c.Hint) {
				ok = false
			}
		}
		if ok && (!r.counts(i) || strings.HasPrefix(strings.TrimSpace(t), ">")) {
			c.doubt(DoubtPlace)
		}
		if !ok {
			if open >= 0 {
				texts[open].WriteString("\n" + l.text)
			}
			continue
		}
		out = append(out, c)
		at = append(at, i)
		texts = append(texts, new(strings.Builder))
		open = len(out) - 1
		texts[open].WriteString(c.Tail)
	}
	for i := range out {
		out[i].Text = strings.TrimSpace(texts[i].String())
	}
	lx.beside(r, out, at)
	if len(out) > 1 && out[0].Doubt == DoubtSoft && out[0].Task == 0 {
		out = out[1:] // the other line says more
	}
	return out
}

// takesReason tells whether what was written anywhere in the mail goes with the word: it
// is why, or what was delivered or asked.
func takesReason(c *Command) bool {
	return c.Task == 0 && slices.Contains([]string{"redirect", "done", "question", "blocked", "too big", "now"}, c.Word)
}

// unbroken reads a decision that is in doubt again, with the lines into which a
// mail client broke its own.
func (lx *lexicon) unbroken(c *Command, lines []line) {
	if c.Doubt == "" || !slices.Contains(limitable, c.Hint) || len(lines[0].text) < wrapped {
		return
	}
	n := 0
	for n < len(lines) && n < 20 && lines[n].kind == own && !lines[n].blank() && !lines[n].fence {
		n++
	}
	whole, _, _ := strings.Cut(unwrapped(textOf(lines[:n], func(*line) bool { return true })), "\n")
	if again, ok := lx.line(whole); ok && again.Word == c.Hint && again.Task == 0 {
		c.Word, c.Doubt = again.Word, ""
	}
}

// lastWord looks at a mail of which nothing is known to be new: if unmarked
// history stands on top and the last line of all is a decision, it may be the
// writer's, below a letter we could not compare with. It is asked about.
func (lx *lexicon) lastWord(r *reading) []Command {
	for i := len(r.lines) - 1; i >= 0; i-- {
		l := &r.lines[i]
		if l.blank() {
			continue
		}
		if l.kind != history || l.ours || l.box != "" || i == 0 || !r.lines[i-1].blank() {
			return nil
		}
		above := &r.lines[prevSolid(r.lines, i)]
		if _, _, label := labelOf(above.text); label || above.kind != history {
			return nil // it is all there is below the head of the history
		}
		if c, ok := lx.line(l.text); ok && decisive(c.Word) {
			c.doubt(DoubtPlace)
			c.Text = c.Tail
			return []Command{c}
		}
		return nil
	}
	return nil
}

// counts tells whether a command may stand at line i: above the first sign of
// history, or first below history that is wholly marked or proven.
func (r *reading) counts(i int) bool {
	if r.lines[i].part > 0 {
		return false
	}
	if i < r.past {
		return true
	}
	if !r.top {
		return false
	}
	// All own text stands below the history. The history must be one block of
	// marked lines, or our own letter, with a blank line below it.
	state := 0 // 0 above, 1 in history, 2 in own text
	for k := range r.lines {
		l := &r.lines[k]
		switch {
		case l.kind.past():
			if state == 2 {
				return false
			}
			if l.kind == history && !r.below && l.rule != "our-letter" || l.kind == quote && l.box != "" && l.depth == 0 && !r.below {
				return false
			}
			state = 1
		case l.kind == own && !l.blank():
			if state == 1 && k > 0 && !r.lines[k-1].blank() && r.lines[k-1].kind.past() {
				return false // a quoted line may have been wrapped
			}
			if looksPast(l.text) || l.ours {
				return false
			}
			state = 2
		}
	}
	return true
}

// elsewhere reads an own line that is neither first nor numbered: a decision
// that stands alone there is asked about, anything else is text.
func (lx *lexicon) elsewhere(t string) (Command, bool) {
	c, ok := lx.line(t)
	if !ok || c.Word == "" || c.Task != 0 {
		return c, false
	}
	if !decisive(c.Word) && c.Word != "done" && c.Word != "blocked" && c.Word != "question" || c.Word == "done" && c.Tail != "" {
		return c, false
	}
	if (c.Word == "blocked" || c.Word == "question") && !strings.Contains(t, ":") {
		return c, false
	}
	c.doubt(DoubtPlace)
	return c, true
}

// softLine: a friendly word that is no decision, with a task's number behind it or
// not.
func (lx *lexicon) softLine(t string, confirm bool) (Command, bool) {
	c := Command{Line: strings.TrimSpace(t), Doubt: DoubtSoft, Hint: "approve"}
	if said, number, ok := strings.Cut(t, "#"); ok {
		if n, after, ok := number2(number); ok && strings.Trim(after, marks+".!") == "" {
			c.Task, t = n, said
		}
	}
	if !IsSoft(t) {
		return Command{}, false
	}
	if confirm {
		c.Hint = "yes"
	}
	return c, true
}

// lookalike finds a decision written with letters of another script.
func (lx *lexicon) lookalike(t string) (Command, bool) {
	plain := skeleton(t)
	if plain == t {
		return Command{}, false
	}
	c, ok := lx.line(plain)
	if !ok || c.Word == "" && c.Doubt == "" {
		return Command{}, false
	}
	c.Line = strings.TrimSpace(t)
	c.doubt(DoubtLetters)
	return c, true
}
