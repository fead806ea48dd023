package parse

import (
	"fmt"
	"strings"
)

// explainLines bounds how many lines of a mail Explain shows.
const explainLines = 2000

// Explain reads a mail as Read does and returns, for a person, what was found:
// who and which thread, what sent it, then the text with each line marked
// (new, quote, intro, history, signature, footer, banner) and the rule beside
// it, then commands, sections and advice. docs/reading.md explains the rules.
func Explain(raw []byte, opt Options) string {
	m, t := read(raw, opt)
	var b strings.Builder
	say := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	if m.From.Address != "" {
		say("from", "%s <%s>", m.From.Name, m.From.Address)
	} else {
		say("from", "nobody: %v", t.fromErr)
	}
	say("subject", "%s", m.Subject)
	for _, a := range m.Tags {
		say("address", "%s%s", a.Team, tagWords(a))
	}
	for _, id := range m.IDs {
		say("thread", "%s", id.ID)
	}
	if m.Robot != RobotNone {
		say("robot", "%s (rule %s)", m.Robot, t.robotRule)
	} else {
		say("robot", "no: a person wrote it")
	}
	if m.Park != "" {
		say("parked", "%s", m.Park)
	}
	if t.used != nil {
		form := "plain text"
		if t.html {
			form = "HTML"
		}
		fmt.Fprintf(&b, "\nThe %s was read", form)
		if t.hidden > 0 {
			fmt.Fprintf(&b, "; %d hidden pieces of it were left out", t.hidden)
		}
		b.WriteString(":\n\n")
		for i := range t.used.lines {
			if i == explainLines {
				fmt.Fprintf(&b, "… and %d lines more\n", len(t.used.lines)-i)
				break
			}
			b.WriteString(explainLine(&t.used.lines[i], i, t))
		}
	}
	b.WriteString("\n")
	if m.Cut.Line > 0 {
		say("cut", "at line %d by rule %s", m.Cut.Line, m.Cut.Rule)
	} else {
		say("cut", "none: all of it is new or nothing is")
	}
	for _, c := range m.Commands {
		what := "words for the task"
		switch {
		case c.Word != "":
			what = "word " + c.Word
		case c.Doubt != "":
			what = fmt.Sprintf("no word: looked like %s, doubt %s", c.Hint, c.Doubt)
		}
		if c.Task != 0 {
			what = fmt.Sprintf("#%d ", c.Task) + what
		}
		say("command", "%s, from the line %q", what, c.Line)
	}
	for _, s := range []struct{ name, text string }{{"problem", m.Sections.Problem}, {"reproduce", m.Sections.Reproduce}, {"done", m.Sections.Done}, {"context", m.Sections.Context}} {
		if s.text != "" && len(m.Commands) == 0 {
			say(s.name, "%s", strings.ReplaceAll(s.text, "\n", "\n           "))
		}
	}
	for _, a := range m.Advice {
		say("advice", "%s", a)
	}
	for _, p := range m.Problems {
		say("odd", "%s", p)
	}
	return b.String()
}

func tagWords(t Tag) string {
	switch {
	case t.Token != "":
		return ", ref " + t.Ref + " with a token"
	case t.Ref != "":
		return ", ref " + t.Ref + " without a token"
	case t.Stream != "":
		return ", stream " + t.Stream
	}
	return ""
}

func explainLine(l *line, i int, t *trace) string {
	mark, rule := l.kind.String(), l.rule
	if l.blank() {
		mark, rule = "", ""
	}
	if i == t.first {
		mark = "first"
	}
	var notes []string
	if rule != "" {
		notes = append(notes, rule)
	}
	if l.fence {
		notes = append(notes, "code")
	}
	if l.ours {
		notes = append(notes, "stands in our letter")
	}
	if i == t.used.past && l.kind == own {
		notes = append(notes, "may be history: no command counts from here on")
	}
	text := strings.Repeat("> ", min(l.depth, 10)) + l.text
	if r := []rune(text); len(r) > 100 {
		text = string(r[:100]) + "…"
	}
	s := fmt.Sprintf("%5d %-9s | %s", i+1, mark, text)
	if len(notes) > 0 {
		s = fmt.Sprintf("%-75s  [%s]", s, strings.Join(notes, "; "))
	}
	return strings.TrimRight(s, " ") + "\n"
}
