package loop

import (
	"slices"
	"testing"
	"time"

	"gatepost/parse"
)

// Somebody who can act hears of it, by an address that works.
func TestWhoHearsThatLettersComeBack(t *testing.T) {
	noon := time.Date(2026, 3, 3, 12, 0, 0, 0, berlin)
	person := func(name string, role Role) Person {
		hours, err := ParseHours("mon-fri 09:00-17:30")
		if err != nil {
			t.Fatal(err)
		}
		return Person{Name: name, Email: []string{name + "@acme.example"}, Role: role, Zone: berlin, Hours: hours, Digest: Never, Prompt: Never}
	}
	for _, c := range []struct {
		name, operator string
		people         []Person
		gone           []string // whose letters came back before
		to, heard      string   // of whom, and by whom
	}{
		{"the operator", "ops@acme.example", []Person{person("priya", PM), person("dana", Engineer)}, nil, "priya", "ops@acme.example"},
		{"no operator: another PM", "", []Person{person("priya", PM), person("dana", Engineer), person("omar", PM)}, nil, "priya", "omar@acme.example"},
		{"an engineer's: the PM", "", []Person{person("dana", Engineer), person("priya", PM)}, nil, "dana", "priya@acme.example"},
		{"the only PM: an engineer", "", []Person{person("priya", PM), person("dana", Engineer)}, nil, "priya", "dana@acme.example"},
		{"the other PM's come back too", "", []Person{person("priya", PM), person("omar", PM), person("dana", Engineer)}, []string{"omar"}, "priya", "dana@acme.example"},
		{"the operator's own", "priya@acme.example", []Person{person("priya", PM), person("dana", Engineer)}, nil, "priya", "dana@acme.example"},
		{"nobody else", "", []Person{person("priya", PM)}, nil, "priya", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewState(&Team{Name: "Shop", Address: "shop@acme.example", Zone: berlin, Operator: c.operator, People: c.people})
			for _, g := range c.gone {
				s.Fold(Event{Kind: BouncedE, At: noon.Add(-24 * time.Hour), Person: g + "@acme.example", Cause: "permanent"})
			}
			o := Undeliverable(s, &Post{Letter: Letter{Kind: Gate, Team: "shop@acme.example", To: c.to + "@acme.example"}, Raw: []byte("x")}, "550 no such user", noon)
			heard := ""
			if len(o.Letters) > 0 {
				heard = o.Letters[0].To
			}
			if heard != c.heard || len(o.Letters) > 1 {
				t.Errorf("%q heard of it, want %q (%d letters)", heard, c.heard, len(o.Letters))
			}
			if pr := o.State.Presence(c.to + "@acme.example"); pr.Bounced != 1 {
				t.Errorf("the address is marked %d times", pr.Bounced)
			}
			if again := Undeliverable(o.State, &Post{Letter: Letter{Kind: Alert, Team: "shop@acme.example", To: c.heard}, Raw: []byte("x")}, "550 no such user", noon); len(again.Letters) > 0 {
				t.Error("an alert that cannot be delivered makes another")
			}
		})
	}
}

// The digest says it every day until letters have arrived for a week.
func TestDigestSaysItUntilMended(t *testing.T) {
	g := newStage(t)
	g.s.Fold(Event{Kind: BouncedE, At: g.now, Person: "dana@acme.example", Cause: "permanent"})
	reader := g.team.Person("priya@acme.example")
	for day := range 10 {
		now := g.now.AddDate(0, 0, day)
		g.s.person(reader.Key(), func(p *Presence) { p.DigestAt = now.Add(-time.Hour) })
		said := len(g.s.Digest(reader, DateOf(now, berlin), now).Bounced) > 0
		if want := day < bouncedFor; said != want {
			t.Errorf("%d days after the last one came back: said %v", day, said)
		}
	}
}

// Three letters that come back for good within a week silence what the clock sends, and
// nothing else, for a week or until a mail comes from there.
func TestSilenced(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 8, 30, 0, 0, berlin) } // the 2nd is a Monday
	start := func(t *testing.T, bounces ...int) *stage {
		g := newStage(t)
		g.team.Operator = "ops@acme.example"
		g.now = time.Date(2026, 3, 2, 9, 30, 0, 0, berlin)
		g.play("priya > web: One\n| Problem: p\n| Done: d\n")
		for i, d := range bounces {
			g.now = day(d).Add(time.Hour)
			g.mails++
			m := parse.Mail{Robot: parse.RobotBounce, From: parse.Address{Address: "mailer-daemon@x.example"}, Bounce: &parse.Bounce{Status: "5.1.1", Permanent: true}}
			o := Apply(g.s, Incoming{ID: g.mails, At: g.now, Mail: m, Answers: &Letter{Kind: DigestMail, To: "priya@acme.example"}}, g.now)
			g.outcome(o)
			third := i+1 == mostBounced && d-bounces[0] <= bouncedFor
			if got := len(o.Letters) == 1 && o.Letters[0].Body.Act == ActSilenced; got != third {
				t.Errorf("bounce %d: letters %+v", i+1, o.Letters)
			}
		}
		return g
	}
	digest := func(g *stage, d int) bool {
		g.now = day(d)
		sent := len(g.sent)
		g.tick()
		return slices.ContainsFunc(g.sent[sent:], func(l Letter) bool { return l.To == "priya@acme.example" })
	}
	if g := start(t, 3, 4); !digest(g, 5) {
		t.Error("silenced after two")
	}
	if g := start(t, 3, 9, 11); !digest(g, 12) {
		t.Error("silenced after three in more than a week")
	}
	g := start(t, 3, 4, 5)
	if digest(g, 6) || digest(g, 12) {
		t.Error("a digest to an address that is silenced")
	}
	sent := len(g.sent)
	g.play("dana > t1: done: d is so\n")
	if len(g.sent) != sent+1 || g.sent[sent].Kind != Gate {
		t.Errorf("the gate letter is kept back: %v", g.sent[sent:])
	}
	if !digest(g, 13) {
		t.Error("no digest after a week")
	}
	g = start(t, 3, 4, 5)
	g.play("priya > t1: How is it going?\n")
	if !digest(g, 6) {
		t.Error("no digest after a mail came from there")
	}
}
