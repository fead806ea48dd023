package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatepost/loop"
	"gatepost/parse"
)

// Say is a message in the reader's language with its facts put in. pairs are
// facts that only this place knows, name and value in turn; the number "n"
// chooses the plural form.
func (v *view) Say(name string, pairs ...any) (string, error) {
	here := map[string]string{}
	n, counted := 0, false
	for i := 0; i+1 < len(pairs); i += 2 {
		key := fmt.Sprint(pairs[i])
		if k, ok := pairs[i+1].(int); ok && key == "n" {
			n, counted = k, true
		}
		here[key] = fmt.Sprint(pairs[i+1])
	}
	m, ok := v.lang.messages[name]
	if counted {
		m, ok = v.lang.form(name, n)
	}
	if !ok {
		return "", fmt.Errorf("%s.msg has no message %q", v.lang.code, name)
	}
	s, _, err := m.fill(func(fact string) (string, error) {
		if value, ok := here[fact]; ok {
			return value, nil
		}
		return v.fact(fact)
	})
	if err != nil {
		return "", fmt.Errorf("message %q: %w", name, err)
	}
	return strings.Join(strings.Fields(s), " "), nil
}

// says is Say where a message is known to be there: every message of the
// program's own is rendered by a test, and an operator's stand above them. The
// first one that fails makes the letter fail.
func (v *view) says(name string, pairs ...any) string {
	s, err := v.Say(name, pairs...)
	if err != nil && v.err == nil {
		v.err = err
	}
	return s
}

// SayOf says "why.condition", and "why.other" for a name without words.
func (v *view) SayOf(group, name string) (string, error) {
	name = strings.ReplaceAll(name, " ", "-")
	if !v.Has(group, name) {
		name = "other"
	}
	return v.Say(group + "." + name)
}

// Has tells whether a group has words for a name.
func (v *view) Has(group, name string) bool {
	_, ok := v.lang.messages[group+"."+strings.ReplaceAll(name, " ", "-")]
	return ok && name != ""
}

// Count is a number of things: "1 day", "2 days", "no days".
func (v *view) Count(n int, things string) string { return v.says(things, "n", n) }

// fact is what a message can ask for by name; "" if it is not known. A name
// with a capital begins a sentence.
func (v *view) fact(name string) (string, error) {
	if word, ok := strings.CutPrefix(name, "word."); ok {
		return v.word(strings.ReplaceAll(word, "-", " ")), nil
	}
	if lower := strings.ToLower(name); lower != name {
		s, err := v.fact(lower)
		return upper(s), err
	}
	if f, ok := facts[name]; ok {
		return f(v), nil
	}
	return "", fmt.Errorf("{%s} is not known here", name)
}

// facts is all that a message can ask for. The maps below call Say themselves,
// so they are put together once all of them are there.
var facts = map[string]func(*view) string{}

func init() {
	for _, some := range []map[string]func(*view) string{letterFacts, taskFacts, itemFacts} {
		maps.Copy(facts, some)
	}
}

// letterFacts are about the letter, its reader and whose act it tells.
var letterFacts = map[string]func(*view) string{
	"team":    func(v *view) string { return v.Team },
	"team3":   func(v *view) string { return short(3, v.Team) },
	"team30":  func(v *view) string { return clip(v.Team, 30) },
	"what":    func(v *view) string { return v.What },
	"name":    func(v *view) string { return v.Name() },
	"thread":  func(v *view) string { return hash(v.Thread()) },
	"who":     func(v *view) string { return v.Who() },
	"from":    func(v *view) string { return clip(v.B.Who, 60) },
	"mailbox": func(v *view) string { return or(clip(v.B.Who, 60), v.says("a-mailbox")) },
	"when":    func(v *view) string { return v.At(v.B.When) },
	"undo":    func(v *view) string { return v.At(v.B.Undo) },
	"now":     func(v *view) string { return v.At(v.L.Due) },
	"today":   func(v *view) string { return v.Today() },
	"line":    func(v *view) string { return quote(v.B.Line) },
	"beside":  func(v *view) string { return quoted(v.B.Beside) },
	"act":     func(v *view) string { return clip(v.word(v.B.Act), 30) },
	"whose":   func(v *view) string { return or(clip(v.B.Detail, 80), v.says("somebody-else")) },
	"detail":  func(v *view) string { return clip(v.B.Detail, 12) },
	"query":   func(v *view) string { return quote(or(v.B.Query, v.says("these-words"))) },
	"streams": func(v *view) string { return v.Names(v.B.Streams) },
	"stream1": func(v *view) string { return strings.Join(v.B.Streams[:min(len(v.B.Streams), 1)], "") },
	"others":  func(v *view) string { return v.Names(v.B.Others) },
	"until":   func(v *view) string { return v.DayOf(v.B.Detail) },
	"gone":    func(v *view) string { return v.Day(v.B.Gone) },
	"from-day": func(v *view) string {
		return v.Day(v.B.From)
	},
	"with":  func(v *view) string { return clip(v.B.With, 40) },
	"slot":  func(v *view) string { return v.At(v.B.Slot) },
	"why":   func(v *view) string { return or(v.Why(), v.says("held.nothing")) },
	"alert": func(v *view) string { return v.group("alert", v.B.Cause) },
	"lane-goes-on": func(v *view) string {
		if len(v.B.Streams) > 0 {
			return v.says("goes-on")
		}
		return v.says("goes-on.other")
	},
	"files": func(v *view) string { return v.named(v.B.Files) },
	"place": func(v *view) string { return positive(v.B.Place) },
	"counts": func(v *view) string {
		switch counts := v.Counts(); {
		case counts != "":
			return counts
		case v.Quiet():
			return v.says("digest.quiet")
		}
		return v.says("digest.nothing")
	},
	"day":       func(v *view) string { return v.Day(v.B.Digest.Day) },
	"since":     func(v *view) string { return v.At(v.B.Digest.Since) },
	"waiting":   func(v *view) string { return v.Waiting() },
	"week":      func(v *view) string { return v.Week() },
	"until-day": func(v *view) string { return v.Day(v.W().Until) },
}

// taskFacts are about the task of the letter and the one after it.
var taskFacts = map[string]func(*view) string{
	"number": func(v *view) string { return hash(v.T.Number) },
	"num": func(v *view) string {
		return or(hash(v.T.Number), v.says("task.none"))
	},
	"task":         func(v *view) string { return v.TheTask() },
	"the-task":     func(v *view) string { return v.theTask() },
	"title":        func(v *view) string { return v.Title() },
	"titled":       func(v *view) string { return quoted(v.T.Title) },
	"name-of-task": func(v *view) string { return v.T.Title },
	"engineer":     func(v *view) string { return or(clip(v.T.Engineer, 40), v.says("the-engineer")) },
	"proposer":     func(v *view) string { return clip(or(or(v.B.Who, v.T.By), upper(v.says("somebody"))), 40) },
	"stream":       func(v *view) string { return or(clip(v.T.Stream, 30), v.says("its-stream")) },
	"lane":         func(v *view) string { return clip(v.T.Stream, 30) },
	"state":        func(v *view) string { return v.state(string(v.T.State)) },
	"stands":       func(v *view) string { return v.group("stands", string(v.T.State)) },
	"due":          func(v *view) string { return v.Day(v.T.Due) },
	"round":        func(v *view) string { return fmt.Sprint(max(v.T.Round, 1)) },
	"round2":       func(v *view) string { return fmt.Sprint(max(v.T.Round, 2)) },
	"round+":       func(v *view) string { return later(v.T.Round) },

	"next.num":      func(v *view) string { return hash(v.next().Number) },
	"next.name":     func(v *view) string { return v.next().Title },
	"next.title":    func(v *view) string { return quoted(v.next().Title) },
	"next.stream":   func(v *view) string { return v.next().Stream },
	"next.due":      func(v *view) string { return v.Day(v.next().Due) },
	"next.engineer": func(v *view) string { return clip(or(v.next().Engineer, or(v.T.Engineer, v.says("the-engineer"))), 40) },
}

// itemFacts are about one entry of a digest.
var itemFacts = map[string]func(*view) string{
	"no":           func(*view) string { return place },
	"item":         func(v *view) string { return v.Item.Title },
	"item.who":     func(v *view) string { return v.Item.Who },
	"item.stream":  func(v *view) string { return v.Item.Stream },
	"item.date":    func(v *view) string { return v.Day(v.Item.Date) },
	"item.round":   func(v *view) string { return later(v.Item.Round) },
	"item.several": func(v *view) string { return later(v.Item.Count) },
	"item.files": func(v *view) string {
		if v.Item.Files == 0 {
			return ""
		}
		return v.Count(v.Item.Files, "attachments")
	},
	"item.lacks": func(v *view) string {
		switch missing := v.Item.Missing; {
		case len(missing) > 1:
			return v.says("lacks.both")
		case len(missing) == 1:
			return v.group("lacks", missing[0])
		case v.Item.Kind == "draft":
			return v.says("lacks.other")
		}
		return ""
	},
	"item.waits": func(v *view) string { return v.Count(v.Item.Days, "waits") },
	"item.tasks": func(v *view) string { return v.Count(v.Item.Count, "tasks") },
	"item.for": func(v *view) string {
		if v.Item.Days == 0 {
			return ""
		}
		return v.Count(v.Item.Days, "for-days")
	},
	"item.days": func(v *view) string {
		if v.Item.Days == 0 {
			return ""
		}
		return v.Count(v.Item.Days, "days")
	},
}

func (v *view) next() loop.TaskView {
	if v.Next == nil {
		return loop.TaskView{}
	}
	return *v.Next
}

// group is SayOf where a word is known to be there.
func (v *view) group(group, name string) string {
	s, err := v.SayOf(group, name)
	if err != nil && v.err == nil {
		v.err = err
	}
	return s
}

// state is a task's state in words; one that has none stays as it is.
func (v *view) state(state string) string {
	if v.Has("state", state) {
		return v.says("state." + state)
	}
	if state == "" {
		return v.says("state.open")
	}
	return state
}

// hash is "#42", "" for no number.
func hash(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("#%d", n)
}

// positive is a number, "" for none.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// later is a number from the second on.
func later(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprint(n)
}

// quoted is quote of something, "" of nothing.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	return quote(s)
}

// Why says why something did not move, with a free sentence to it.
func (v *view) Why() string {
	cause := v.B.Cause
	if cause == "" {
		return ""
	}
	act := v.B.Act
	for _, special := range []struct {
		cause, as string
		when      bool
	}{
		{parse.DoubtCondition, "condition-done", act == "done"},
		{parse.DoubtCondition, "condition-beside", v.B.Beside != ""},
		{parse.DoubtNegation, "negation-beside", v.B.Beside != ""},
		{parse.DoubtQuestion, "question-beside", v.B.Beside != ""},
		{parse.DoubtTail, "tail-beside", v.B.Beside != ""},
		{loop.CauseNoReason, "no-reason-redirect", act == "redirect"},
		{loop.CauseNoWords, "no-words-after", act != ""},
		{loop.CauseOldRound, "old-round-first", v.T.State == loop.AtGate && v.T.Round == 1},
		{loop.CauseOldRound, "old-round-gate", v.T.State == loop.AtGate},
		{loop.CauseDecided, "decided-" + act, act == "approve" || act == "redirect"},
		{loop.CauseState, "state-dropped", v.T.State == loop.DroppedS},
		{loop.CauseUndoNone, "state-dropped", v.T.State == loop.DroppedS},
		{loop.CauseNoTask, "no-task-named", v.B.Detail != ""},
		{loop.CauseUndoLate, "undo-late-active", v.T.State == loop.Active}, // reopen is for an approved task alone
		{loop.CauseUndoLate, "undo-late-gate", v.T.State == loop.AtGate},
		{loop.CauseUndoLate, "undo-late-dropped", v.T.State == loop.DroppedS},
		{loop.CauseUndoWork, "undo-work-active", v.T.State == loop.Active},
		{loop.CauseParked, "parked-own", v.L.Kind == loop.HeldLetter}, // its reader wrote the mail, and has no command line
	} {
		if special.cause == cause && special.when {
			cause = special.as
		}
	}
	s := v.group("why", cause)
	if detail := clip(v.B.Detail, 300); detail != "" && !slices.Contains([]string{loop.CauseRole, loop.CauseNoTask, loop.CauseUndoLate}, v.B.Cause) && v.L.Kind != loop.HeldLetter {
		s += " " + detail
	}
	return s
}
