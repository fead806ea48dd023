package loop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/parse"
)

// A mail that cannot be read: its member is told once a day, the operator as
// well, a stranger and a robot are not.
func TestPark(t *testing.T) {
	g := newStage(t)
	g.team.Operator = "ops@acme.example"
	park := func(from string, robot parse.Robot) []Kind {
		g.mails++
		o := Park(g.s, Incoming{ID: g.mails, At: g.now, Mail: parse.Mail{From: parse.Address{Address: from}, Robot: robot}}, "600 parts\nmore", g.now)
		g.outcome(o)
		var kinds []Kind
		for _, l := range o.Letters {
			kinds = append(kinds, l.Kind)
			if l.Body.Cause != CauseParked || l.Body.Detail != "600 parts" {
				t.Errorf("%s says %q, %q", l.Kind, l.Body.Cause, l.Body.Detail)
			}
		}
		return kinds
	}
	for _, c := range []struct {
		from  string
		robot parse.Robot
		want  []Kind
	}{
		{"priya@acme.example", "", []Kind{HeldLetter, Alert}},
		{"priya@acme.example", "", []Kind{Alert}}, // the alert's key lets it through once a day
		{"mallory@evil.example", "", []Kind{Alert}},
		{"dana@acme.example", parse.RobotAutoReply, []Kind{Alert}},
		{"", "", []Kind{Alert}},
	} {
		got := park(c.from, c.robot)
		if len(got) != len(c.want) || got[0] != c.want[0] {
			t.Errorf("parked mail of %q (%s): letters %v, want %v", c.from, c.robot, got, c.want)
		}
	}
}

// A bounce marks the address only if it names a letter of ours.
func TestBounce(t *testing.T) {
	g := newStage(t)
	g.team.Operator = "ops@acme.example"
	bounce := func(answers *Letter, permanent bool) Outcome {
		g.mails++
		m := parse.Mail{Robot: parse.RobotBounce, From: parse.Address{Address: "mailer-daemon@x.example"}, Bounce: &parse.Bounce{Status: "5.1.1", Permanent: permanent}}
		o := Apply(g.s, Incoming{ID: g.mails, At: g.now, Mail: m, Answers: answers}, g.now)
		g.outcome(o)
		return o
	}
	ours := &Letter{Kind: TaskLetter, To: "dana@acme.example"}
	bounce(nil, true)
	bounce(ours, false)
	if n := g.s.Presence("dana@acme.example").Bounced; n != 0 {
		t.Errorf("a forged or passing bounce was counted: %d", n)
	}
	if o := bounce(ours, true); g.s.Presence("dana@acme.example").Bounced != 1 || len(o.Letters) != 1 || o.Letters[0].Kind != Alert {
		t.Errorf("after a bounce: %+v, letters %v", g.s.Presence("dana@acme.example"), o.Letters)
	}
	if o := bounce(&Letter{Kind: Alert, To: "ops@acme.example"}, true); len(o.Letters) != 0 {
		t.Errorf("a bounced alert made another: %v", o.Letters)
	}
	for name, p := range map[string]*Post{
		"cannot be put into words": {Letter: *ours},
		"damaged":                  {Letter: *ours, Raw: []byte("x"), Damaged: "it cannot be read"},
	} {
		if o := Undeliverable(g.s, p, name, g.now); o.State.Presence("dana@acme.example").Bounced != 1 || len(o.Letters) != 1 || o.Letters[0].Body.Cause != CauseFailed {
			t.Errorf("%s: %+v, letters %v", name, o.State.Presence("dana@acme.example"), o.Letters)
		}
	}
	o := Undeliverable(g.s, &Post{Letter: *ours, Raw: []byte("x")}, "550 no such user", g.now)
	g.outcome(o)
	if g.s.Presence("dana@acme.example").Bounced != 2 || o.Letters[0].Body.Cause != CauseFailed {
		t.Errorf("after a refused letter: %+v", g.s.Presence("dana@acme.example"))
	}
}

// A confirmed mail does not carry what it was not asked for: it counts for the
// round in which it came.
func TestConfirmedTooLate(t *testing.T) {
	g := newStage(t)
	g.play(`priya > web: Cart
| Problem: p
| Done: d
dana > t1: done: d
priya > #1: approve
priya > t1r1: redirect: smaller
dana > t1: done: d again
priya > c1: yes
`)
	if s := g.s.Tasks[1].State; s != AtGate {
		t.Errorf("a yes to round 1 made it %s in round 2", s)
	}
	g.now = g.now.Add(HoldFor * 2)
	g.play("priya > #1: approve\n")
	g.now = g.now.Add(HoldFor + 1e9)
	g.tick()
	g.play("priya > c2: yes\n")
	if s := g.s.Tasks[1].State; s != AtGate {
		t.Errorf("an expired hold made it %s", s)
	}
}

// A confirm letter shows each line that its yes would carry out, however far down
// the mail it stands; too many to be read are not asked about.
func TestConfirmShowsWhatItAsks(t *testing.T) {
	log := strings.Repeat("a line of a log\r\n", 400)
	for _, c := range []struct {
		name, text, line, top string
		letters               int
	}{
		{"first words that move nothing", "#1 how is it going?\r\n" + log + "#1 approve", "#1 approve", "#1 approve\n\n", 1},
		{"the same line twice", log + "#1 approve\r\n" + log + "#1 approve", "#1 approve", "#1 approve\n\n…", 1},
		{"a short mail", "#1 approve", "#1 approve", "#1 approve", 1},
		{"no end of commands", func() (s string) {
			for n := range 30 {
				s += fmt.Sprintf("#1 drop: reason %d\r\n", n)
			}
			return s
		}(), "", "", 0},
	} {
		g := scene(t, TrustToken)
		sent := len(g.sent)
		g.send("", "To: shop@acme.example", "Subject: Re: a digest", "| "+c.text)
		got := g.sent[sent:]
		if len(got) != c.letters {
			t.Errorf("%s: %d letters, want %d", c.name, len(got), c.letters)
			continue
		}
		for _, l := range got {
			if l.Kind != Confirm || l.Body.Line != c.line || !strings.HasPrefix(l.Body.Text, c.top) {
				t.Errorf("%s: %s, line %q, text %.60q", c.name, l.Kind, l.Body.Line, l.Body.Text)
			}
		}
		if len(g.s.Holds) != c.letters {
			t.Errorf("%s: %d holds", c.name, len(g.s.Holds))
		}
	}
}

// A decision that was held is made when the yes comes, however long ago its mail
// did: it can be undone from then on.
func TestUndoAfterYes(t *testing.T) {
	g := scene(t, TrustToken)
	mail := func(fields ...string) Incoming {
		m := attackMail{}
		for _, f := range fields {
			if text, ok := strings.CutPrefix(f, "| "); ok {
				m.text, m.spoken = []string{text}, true
			} else {
				m.fields = append(m.fields, f)
			}
		}
		g.mails++
		return Incoming{ID: g.mails, At: g.now, Mail: parse.Read(g.raw(m, g.mails), parse.Options{Teams: []string{g.team.Address}})}
	}
	read := func(in Incoming) Outcome {
		o := Apply(g.s, in, g.now)
		g.outcome(o)
		return o
	}
	held := mail("To: shop@acme.example", "Subject: Re: [#1] Cart", "| approve")
	read(held)
	g.now = g.now.Add(5 * time.Hour)
	if o := read(mail("To: {c1 priya}", "| yes")); !slices.Equal(o.Release, []int64{held.ID}) {
		t.Fatalf("the yes: %+v", o)
	}
	held.Vouched = "confirm"
	read(held)
	if d := g.s.Tasks[1].Decision; d == nil || !d.At.Equal(g.now) {
		t.Fatalf("decided %+v, now it is %s", d, g.now)
	}
	g.now = g.now.Add(time.Hour)
	read(mail("To: {t1 priya}", "| undo"))
	if s := g.s.Tasks[1].State; s != AtGate {
		t.Errorf("after undo the task is %s", s)
	}
}
