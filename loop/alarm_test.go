package loop

import (
	"testing"
	"time"
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
