package loop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The matrix is every word of every person in every state: what it does, or
// what it answers. testdata/matrix.txt is read as a specification; -update
// writes it anew.

// matrixSetups bring a stage to a state; the task in question is the number.
var matrixSetups = []struct {
	state string
	task  int
	story string
}{
	{"draft", 2, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| the second has no end\n"},
	{"proposal", 2, "priya > web: First\n| Problem: p\n| Done: d\ndana > web: Second\n| Problem: p\n| Done: it ends\n"},
	{"queued", 2, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| Problem: p\n| Done: d\npriya > web: Third\n| Problem: p\n| Done: d\n"},
	{"active", 1, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| Problem: p\n| Done: d\n"},
	{"blocked", 1, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| Problem: p\n| Done: d\ndana > t1: question: which one?\n"},
	{"gate", 1, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| Problem: p\n| Done: d\ndana > t1: done: all of it\n"},
	{"round 2", 1, "priya > web: First\n| Problem: p\n| Done: d\ndana > t1: done: all of it\npriya > t1r1: redirect: not all\n"},
	{"approved", 1, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| Problem: p\n| Done: d\ndana > t1: done: all of it\npriya > t1r1: approve\n"},
	{"dropped", 1, "priya > web: First\n| Problem: p\n| Done: d\npriya > web: Second\n| Problem: p\n| Done: d\npriya > t1: drop: no more\n"},
}

var matrixPeople = []string{"priya", "omar", "dana", "lee", "rosa"}

var matrixLines = []string{
	"approve", "approve, thanks!", "approve?", "not approved", "approve once CI is green", "ok", "yes",
	"redirect: it is blue", "redirect", "done: all", "done", "done?", "queue", "blocked: no access", "blocked",
	"question: which?", "too big: first the list", "now: use the old one", "now", "top", "after #3", "after #9", "to billing", "to nowhere",
	"drop: no longer", "drop", "pause", "resume", "undo", "reopen: it broke", "reopen", "away until 9 March", "away",
	"status", "record", "search: words", "search", "help", "just some words", "(empty)",
}

func TestMatrix(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Who writes what in which state, and what comes of it. web: Priya approves, Dana works;\n" +
		"# Omar is a PM without a vote here, Lee another engineer, Rosa reads. \"–\" is recorded or nothing, no letter.\n")
	for _, setup := range matrixSetups {
		fmt.Fprintf(&b, "\n%s\n", setup.state)
		for _, who := range matrixPeople {
			for _, line := range matrixLines {
				g := newStage(t)
				g.play(setup.story)
				task := g.s.Tasks[setup.task]
				ref := fmt.Sprintf("t%d", task.Number)
				if task.State == AtGate && g.team.approves(task.Stream, who+"@acme.example") {
					ref = fmt.Sprintf("t%dr%d", task.Number, task.Round)
				}
				sent, record, before := len(g.sent), len(g.log), g.freezeTasks()
				g.now = g.now.Add(30 * 60 * 1e9)
				g.mail(fmt.Sprintf("%s > %s: a letter", who, ref), line)
				fmt.Fprintf(&b, "  %-6s %-26s %s\n", who, line, matrixResult(g, before, sent, record, setup.task))
			}
		}
	}
	golden(t, "testdata/matrix.txt", b.String())
}

// matrixResult says what changed, what was recorded, who got what.
func matrixResult(g *stage, before map[int]string, sent, record, task int) string {
	var parts []string
	for _, n := range sortedTasks(g.s) {
		if is := shortTask(g.s, n); is != before[n] {
			parts = append(parts, is)
		}
	}
	for _, e := range g.log[record:] {
		switch e.Kind {
		case Updated, Noted, Commented, PassedOn, PausedE, ResumedE, AwayE:
			parts = append(parts, string(e.Kind))
		}
	}
	for _, l := range g.sent[sent:] {
		name, _, _ := strings.Cut(l.To, "@")
		text := fmt.Sprintf("%s→%s", l.Kind, name)
		if l.Body.Cause != "" {
			text += "(" + l.Body.Cause + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, "  ")
}

func (g *stage) freezeTasks() map[int]string {
	m := map[int]string{}
	for n := range g.s.Tasks {
		m[n] = shortTask(g.s, n)
	}
	return m
}

func shortTask(s *State, n int) string {
	t := s.Tasks[n]
	text := fmt.Sprintf("#%d %s", n, t.State)
	if t.Round > 0 {
		text += fmt.Sprintf(" r%d", t.Round)
	}
	if t.Question != nil {
		text += " " + t.Question.Kind
	}
	if t.State == Queued {
		text += fmt.Sprintf(" %s[%d]", t.Stream, slices.Index(s.Stream(t.Stream).Queue, n)+1)
	}
	return text
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is otherwise; look at the difference, then -update:\n%s", file, firstDifference(string(want), got))
	}
}
