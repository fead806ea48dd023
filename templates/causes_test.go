package templates

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
	"gatepost/parse"
)

// constants reads the values of the string constants with this prefix out of
// a source file, so that a new cause without words is found.
func constants(t *testing.T, file, prefix string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if strings.HasPrefix(name.Name, prefix) && i < len(spec.Values) {
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok {
					s, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, s)
				}
			}
		}
		return true
	})
	if len(out) < 5 {
		t.Fatalf("%s: only %d constants begin with %s", file, len(out), prefix)
	}
	return out
}

func causes(t *testing.T) []string {
	return append(constants(t, "../loop/letter.go", "Cause"), constants(t, "../parse/mail.go", "Doubt")...)
}

func TestEveryCauseHasItsOwnSentence(t *testing.T) {
	said := map[string]string{}
	for _, cause := range causes(t) {
		for _, code := range Languages {
			l := loop.Letter{Kind: loop.Unclear, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Language: code, Ref: "t12", Due: march(6, 9, 0),
				Body: loop.Body{Task: coupons(loop.AtGate, 2), Cause: cause}}
			w := render(t, l)
			if builtin().langs[code].messages["why."+cause] == nil {
				t.Errorf("%s: %s.msg has no words for it", cause, code)
			}
			if other := said[w.Preheader]; other != "" {
				t.Errorf("%s says the same as %s: %q", cause, other, w.Preheader)
			}
			said[w.Preheader] = cause
			if n := len(strings.Fields(w.Preheader)); n < 5 || n > 45 {
				t.Errorf("%s: %d words: %q", cause, n, w.Preheader)
			}
		}
	}
}

// What is proposed where an undo comes too late works in the state that the
// task is in: only an approved one is reopened.
func TestUndoTooLateProposesWhatWorks(t *testing.T) {
	proposals := []string{"reopen: why", "now: your words", "approve", "redirect: why"}
	for state, want := range map[loop.TaskState][]string{
		loop.Approve: proposals[:1], loop.Active: proposals[1:2], loop.AtGate: proposals[2:], loop.DroppedS: nil,
	} {
		for _, cause := range []string{loop.CauseUndoLate, loop.CauseUndoWork} {
			if cause == loop.CauseUndoWork && state != loop.Approve && state != loop.Active {
				continue // the rules have another cause then
			}
			w := render(t, loop.Letter{Kind: loop.Refused, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12", Due: march(6, 9, 0),
				Body: loop.Body{Task: coupons(state, 2), Cause: cause, Act: "redirect", When: march(6, 8, 0)}})
			for _, p := range proposals {
				if got := strings.Contains(w.Preheader, `"`+p+`"`); got != slices.Contains(want, p) {
					t.Errorf("%s, %s: %q", state, cause, w.Preheader)
				}
			}
		}
	}
}

// A mail that is about no task is found without a number.
func TestSearchOfNoTask(t *testing.T) {
	w := render(t, loop.Letter{Kind: loop.SearchMail, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "me", Due: march(6, 9, 0),
		Body: loop.Body{Query: "lamp", Entries: []loop.Entry{{At: march(6, 8, 0), Who: "Dana Kim", What: "wrote", Text: "The lamp."}, {Task: 7, At: march(5, 8, 0), Who: "Dana Kim", What: "wrote", Text: "A lamp."}}}})
	if strings.Contains(w.Text, "#0") || !strings.Contains(w.Text, "(task #7)") {
		t.Error(w.Text)
	}
}

// Whoever takes a task over with a question open in it is told that it waits.
func TestTaskWithAnOpenQuestion(t *testing.T) {
	task := coupons(loop.Active, 1)
	task.Blocked = "Per line, or at the end?"
	w := render(t, loop.Letter{Kind: loop.TaskLetter, Team: "shop@acme.example", To: dana, Zone: "Europe/Berlin", Ref: "t12", Due: march(4, 9, 0), Body: loop.Body{Task: task}})
	for _, part := range []string{w.Text, w.HTML} {
		if !strings.Contains(part, "Per line, or at the end?") || !strings.Contains(part, "the date stands still") {
			t.Error(part)
		}
	}
}

// The sentence fits what was asked for, and where the task stands.
func TestWhyFits(t *testing.T) {
	for _, c := range []struct {
		cause, act string
		state      loop.TaskState
		round      int
		want       string
	}{
		{loop.CauseNoReason, "redirect", loop.AtGate, 1, `To send "Wrong total with two coupons" back, say why`},
		{loop.CauseNoReason, "drop", loop.AtGate, 1, "Please say why in a few words"},
		{loop.CauseNoWords, "now", loop.Active, 1, `After "now:" there was nothing.`},
		{loop.CauseNoWords, "", loop.Active, 1, "There were no words."},
		{loop.CauseOldRound, "approve", loop.AtGate, 1, "came to the gate only after that"},
		{loop.CauseOldRound, "approve", loop.AtGate, 2, "It is in round 2 now: please look"},
		{loop.CauseOldRound, "approve", loop.Active, 2, "a new gate letter comes"},
		{loop.CauseOldRound, "approve", loop.Active, 1, "a new gate letter comes"},
		{loop.CauseDecided, "approve", loop.Approve, 1, "Ada Park approved it"},
		{loop.CauseDecided, "redirect", loop.Active, 2, "Ada Park sent it back"},
		{loop.CauseDecided, "drop", loop.DroppedS, 1, "Ada Park decided"},
		{loop.CauseState, "reopen", loop.Active, 1, `That is not possible now: "Wrong total with two coupons" is active.`},
		{loop.CauseState, "reopen", loop.DroppedS, 1, "was dropped, and that ends it"},
		{loop.CauseUndoNone, "undo", loop.Active, 1, "There is nothing to take back."},
		{loop.CauseUndoNone, "undo", loop.DroppedS, 1, "was dropped, and that ends it"},
	} {
		task := coupons(c.state, c.round)
		w := render(t, loop.Letter{Kind: loop.Refused, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12", Due: march(6, 9, 0),
			Body: loop.Body{Task: task, Cause: c.cause, Act: c.act, Who: "Ada Park"}})
		if !strings.Contains(w.Preheader, c.want) {
			t.Errorf("%s of %q, %s, round %d: %q, want %q", c.cause, c.act, c.state, c.round, w.Preheader, c.want)
		}
	}
}

// The first line is one line, with the marker at its end, whatever it names.
func TestFirstLineIsOne(t *testing.T) {
	streams := strings.Fields(strings.Repeat("a-stream-with-a-long-name ", 20))
	for _, act := range []string{"pause", "resume"} {
		for _, code := range Languages {
			w := render(t, loop.Letter{Kind: loop.Receipt, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Language: code, Ref: "me", Asked: true,
				Due: march(6, 9, 0), Body: loop.Body{Act: act, Streams: streams}})
			first, _, _ := strings.Cut(w.Text, "\n")
			if !strings.HasSuffix(first, "…  "+Marker) || wide(first) > columns {
				t.Errorf("%s in %s: %q", act, code, first)
			}
		}
	}
}

// Advice is three lines at most, the first ones, and nothing that is asked anyway.
func TestAdviceIsShort(t *testing.T) {
	l := to(loop.NeedsDone, priya, "t15", march(2, 10, 0), loop.Body{Task: draft(), Missing: []string{"done"},
		Advice: []string{"no-done", "wants-a-call", "no-reproduce", "recipe", "several", "too-large"}})
	w := render(t, l)
	for want, said := range map[string]bool{"a checkable done": false, "a short call may be quicker": true, "It reads like a fault": true, "how to build it": true, "several outcomes": false, "more than one cycle": false} {
		for part, s := range map[string]string{"text": w.Text, "html": w.HTML} {
			if strings.Contains(strings.Join(strings.Fields(s), " "), want) != said {
				t.Errorf("%q in the %s: %v, want %v", want, part, !said, said)
			}
		}
	}
}

// What only the rules know of a cause stands behind its sentence.
func TestWhySaysTheDetail(t *testing.T) {
	l := loop.Letter{Kind: loop.Refused, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12", Due: march(6, 9, 0),
		Body: loop.Body{Task: coupons(loop.Active, 1), Cause: loop.CauseState, Act: "reopen", Detail: "It was opened at noon."}}
	if w := render(t, l); !strings.HasSuffix(w.Preheader, " is active. It was opened at noon.") {
		t.Error(w.Preheader)
	}
}

// Letters about a stage that a task is not at any more say what can be done.
func TestWhatCanStillBeDone(t *testing.T) {
	dropped := loop.Letter{Kind: loop.Refused, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12", Due: march(6, 9, 0),
		Body: loop.Body{Task: coupons(loop.DroppedS, 1), Cause: loop.CauseState, Act: "reopen"}}
	undo := dropped
	undo.Body.Cause = loop.CauseUndoNone
	place := dropped
	place.Kind, place.Body = loop.Receipt, loop.Body{Task: draft(), Act: "top"}
	paused := dropped
	paused.Kind, paused.Body = loop.Receipt, loop.Body{Task: coupons(loop.Approve, 1), Act: "approve", Paused: true}
	for want, l := range map[string]loop.Letter{"mail it again": dropped, "that ends it": undo, "Once": place, `"resume"`: paused} {
		if w := render(t, l); !strings.Contains(w.Preheader, want) {
			t.Errorf("%q is not in %q", want, w.Preheader)
		}
	}
}

// Whatever fields the rules set or leave out: every kind with every cause
// renders, with no hole in it.
func TestEveryKindWithEveryCause(t *testing.T) {
	bodies := map[string]loop.Body{
		"bare": {},
		"full": {Task: coupons(loop.AtGate, 2), Next: invoices(loop.Active), Who: "Dana Kim", When: march(6, 9, 0), Act: "approve", Text: "Some words.", Asked: "A question?",
			Line: "approve if green", Detail: "One more thing.", Missing: []string{"done", "stream"}, Advice: []string{"recipe"}, Place: 3, Undo: march(6, 11, 0),
			Updates: sampleGate().Updates, Kept: sampleGate().Kept, Answers: sampleGate().Kept, Days: loop.DaysUsed{Work: 1}, Others: []string{"Ada Park"},
			Choices: gateChoices(), Streams: []string{"web", "billing"}, Tasks: []loop.TaskView{*refunds(loop.Active), *draft()}, Query: "words",
			Digest: SampleDigest(2).Body.Digest, Review: sampleReview(), Status: []loop.Lane{{Stream: "web"}}, Entries: []loop.Entry{{Task: 1, What: "opened"}}, Words: []loop.WordHelp{{Word: "help"}}},
	}
	acts := []string{"", "approve", "redirect", "undo", "drop", "queue", "top", "after", "to", "pause", "resume", "reopen", "away", "back", "now", "comment", "blocked", "question", "too big", "propose", "done", "unheard-of"}
	for _, kind := range loop.Kinds {
		for name, b := range bodies {
			for i, cause := range append(causes(t), "", "unheard-of") {
				b.Cause = cause
				holes(t, Languages[i%len(Languages)], kind, name+" "+cause, b)
			}
			for i, act := range acts {
				b.Cause, b.Act = "", act
				holes(t, Languages[i%len(Languages)], kind, name+" "+act, b)
			}
		}
	}
}

func holes(t *testing.T, code string, kind loop.Kind, name string, b loop.Body) {
	t.Helper()
	l := loop.Letter{Kind: kind, Team: "shop@acme.example", To: priya, Name: "Priya Nair", Zone: "Europe/Berlin", Language: code, Ref: "me", Body: b}
	name = code + " " + name
	w, err := Render(l, Context{})
	if err != nil {
		t.Errorf("%s %s: %v", kind, name, err)
		return
	}
	for part, s := range map[string]string{"subject": w.Subject, "preview": w.Preheader, "text": w.Text, "html": w.HTML} {
		for _, hole := range []string{"<no value>", "&lt;no value&gt;", "%!", "<nil>", "{{", "ZgotmplZ", " .", " ,", "..  ", "0001", `""`} {
			if part == "html" && strings.ContainsAny(hole, `" `) {
				continue
			}
			if strings.Contains(s, hole) {
				t.Errorf("%s %s: %s has %q in it:\n%s", kind, name, part, hole, s)
				return
			}
		}
	}
	if w.Subject == "" || w.Preheader == "" || w.Text == "" || w.HTML == "" {
		t.Errorf("%s %s: something is empty: %+v", kind, name, w)
	}
}

func TestUnknownKindAndZone(t *testing.T) {
	if _, err := Render(loop.Letter{Kind: "postcard"}, Context{}); err == nil {
		t.Error("a postcard was rendered")
	}
	l := Samples()[0]
	l.Zone = "Atlantis/Capital"
	l.Kind, l.Body.Digest = loop.DigestMail, &loop.Digest{Day: on(2), Since: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	if w := render(t, l); !strings.Contains(w.Text, "Sun 1 March, 08:00 UTC") {
		t.Errorf("an unknown zone does not show UTC:\n%s", w.Text)
	}
}

// What stands beside a decision is said to be the reason, and not its own line; a
// delivery is no decision.
func TestWhatStandsBesideIsTheReason(t *testing.T) {
	for _, code := range Languages {
		say := func(cause, act, beside string) string {
			return render(t, loop.Letter{Kind: loop.Unclear, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Language: code, Ref: "t12r1", Due: march(6, 9, 0),
				Body: loop.Body{Task: coupons(loop.AtGate, 1), Cause: cause, Act: act, Line: act, Beside: beside}}).Preheader
		}
		for _, cause := range []string{parse.DoubtCondition, parse.DoubtNegation, parse.DoubtQuestion, parse.DoubtTail} {
			if own, other := say(cause, "approve", ""), say(cause, "approve", "web only"); own == other {
				t.Errorf("%s: %s: %q either way", code, cause, own)
			}
		}
		if own, other := say(parse.DoubtCondition, "approve", "web only"), say(parse.DoubtCondition, "done", "Not deployed yet."); own == other {
			t.Errorf("%s: a delivery is told %q", code, other)
		}
	}
}

// Whoever is told that letters come back is told when no more are sent.
func TestSilencedIsTold(t *testing.T) {
	for _, code := range Languages {
		say := func(act string) string {
			l := loop.Letter{Kind: loop.Alert, Team: "shop@acme.example", To: "ops@acme.example", Zone: "Europe/Berlin", Language: code, Due: march(6, 9, 0),
				Body: loop.Body{Cause: loop.CauseBounced, Act: act, Who: "Priya Nair", Detail: "priya@acme.example 5.1.1", When: march(6, 9, 0)}}
			return render(t, l).Text
		}
		if one, three := say(""), say(loop.ActSilenced); len(three) <= len(one) {
			t.Errorf("%s: %s", code, three)
		}
	}
}
