package loop

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRandomLives drives random mails and moments through the rules and holds
// after every step, besides the invariants of stage.check: no task is lost, a
// gate is decided once, no letter comes without a reason, a robot and a
// stranger move nothing, a mail without a token moves nothing.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := newStage(t)
		highest := 0
		decided := map[string]int{}
		steps := rapid.IntRange(5, 60).Draw(rt, "steps")
		for range steps {
			g.now = g.now.Add(time.Duration(rapid.IntRange(1, 26*60).Draw(rt, "minutes")) * time.Minute)
			if rapid.IntRange(0, 9).Draw(rt, "tick?") == 0 {
				before := g.now
				g.tick()
				g.now = before
				continue
			}
			who := rapid.SampledFrom([]string{"priya", "omar", "dana", "lee", "rosa", "priya!", "dana!"}).Draw(rt, "who")
			to := drawAddress(rt, g)
			line := rapid.SampledFrom(matrixLines).Draw(rt, "line")
			robot := rapid.IntRange(0, 14).Draw(rt, "robot?") == 0
			if robot {
				g.extra = "Auto-Submitted: auto-replied\r\n"
			}
			before, log, sent := g.freezeTasks(), len(g.log), len(g.sent)
			if to == "web" || to == "billing" || to == "team" {
				g.mail(who+" > "+to+": A task of some kind", "Problem: "+line+"\nDone: it is done")
			} else {
				g.mail(who+" > "+to+": a letter", line)
			}
			events := g.log[log:]
			if robot || who[len(who)-1] == '!' {
				for n, was := range before {
					if is := shortTask(g.s, n); is != was {
						rt.Fatalf("%s > %s: %q (robot %v) moved %s to %s", who, to, line, robot, was, is)
					}
				}
				if robot && len(g.sent) > sent {
					rt.Fatalf("a robot was answered: %v", g.sent[sent].Kind)
				}
			}
			for _, e := range events {
				switch e.Kind {
				case Opened:
					highest++
				case ApprovedE, RedirectedE:
					decided[fmt.Sprintf("%d r%d", e.Task, e.Round)]++
				case Undone:
					decided[fmt.Sprintf("%d r%d", e.Task, g.s.Tasks[e.Task].Round)]--
				case Reopened:
					// the decided round stays decided; the next gate has the next round
				}
			}
			for gate, n := range decided {
				if n > 1 {
					rt.Fatalf("gate %s was decided %d times", gate, n)
				}
			}
			if len(g.s.Tasks) != highest {
				rt.Fatalf("%d tasks were opened, %d are there", highest, len(g.s.Tasks))
			}
			if len(g.sent) > sent && len(events) == 0 {
				rt.Fatalf("a letter without a reason in the record: %+v", g.sent[sent])
			}
			for _, l := range g.sent[sent:] {
				if p := g.team.Person(l.To); p == nil {
					rt.Fatalf("a letter to nobody's address: %q", l.To)
				} else if !l.Asked && !g.s.Calendar(p.Key()).Open(l.Due) {
					rt.Fatalf("%s to %s is due at %s, outside working hours", l.Kind, l.To, l.Due.In(p.Zone))
				}
			}
		}
	})
}

// drawAddress picks where a mail goes: a stream, a thread with the right tag,
// a thread with somebody else's or an old tag, the digest's address, no tag.
func drawAddress(rt *rapid.T, g *stage) string {
	kind := rapid.SampledFrom([]string{"new", "thread", "thread", "thread", "gate", "gate", "wrong", "me", "bare"}).Draw(rt, "address")
	numbers := sortedTasks(g.s)
	if kind == "new" || len(numbers) == 0 {
		return rapid.SampledFrom([]string{"web", "billing", "team"}).Draw(rt, "stream")
	}
	n := rapid.SampledFrom(numbers).Draw(rt, "task")
	switch kind {
	case "gate":
		return fmt.Sprintf("t%dr%d", n, max(1, g.s.Tasks[n].Round-rapid.IntRange(0, 1).Draw(rt, "old")))
	case "wrong":
		return fmt.Sprintf("t%d token t%d of %s", n, n, rapid.SampledFrom([]string{"priya", "dana", "nobody"}).Draw(rt, "owner"))
	case "me":
		return "me"
	case "bare":
		return fmt.Sprintf("#%d", n)
	}
	return fmt.Sprintf("t%d", n)
}

// TestApplyIsDeterministic: the same mail in the same state makes the same
// events and letters.
func TestApplyIsDeterministic(t *testing.T) {
	for _, setup := range matrixSetups {
		var first []string
		for range 3 {
			g := newStage(t)
			g.play(setup.story)
			var shown []string
			for _, l := range g.sent {
				shown = append(shown, g.show(l))
			}
			if first == nil {
				first = shown
			}
			if !slices.Equal(first, shown) {
				t.Errorf("%s: %v, then %v", setup.state, first, shown)
			}
		}
	}
}
