package loop

import (
	"testing"
	"time"
)

// Of the time that work waited at the gate a reader's own is that at tasks which
// they decide on: a PM without a stream sees all of it, and none is theirs.
func TestReviewOwnGate(t *testing.T) {
	g := newStage(t)
	nia := *g.team.Person("omar@acme.example")
	nia.Name, nia.Email = "Nia Okoro", []string{"nia@acme.example"}
	g.team.People = append(g.team.People, nia)
	g.play(`at 2026-03-02 09:00
priya > web: Totals are wrong
| Problem: the total is wrong
| Done: the total is right
at 2026-03-03 09:00
dana > t1: done: the total is right
at 2026-03-05 09:00
priya > t1r1: approve`)
	from := time.Date(2026, 2, 27, 15, 0, 0, 0, berlin)
	for address, own := range map[string]float64{"priya@acme.example": 2, "nia@acme.example": 0} {
		if r := g.s.Review(g.team.Person(address), from, from.AddDate(0, 0, 7)); r.Gate != 2 || r.Own != own {
			t.Errorf("%s: %.1f working days at the gate, %.1f at their own, want 2 and %.1f", address, r.Gate, r.Own, own)
		}
	}
}
