package loop

import (
	"strings"
	"time"

	"gatepost/parse"
)

// global is a command that is about the team, a stream or the sender.
func (c *turn) global(cmd parse.Command) {
	if n := taskOf(c.ref); n != 0 && c.out.Task == 0 {
		c.out.Task = c.known(n)
	}
	switch cmd.Word {
	case "away":
		c.away(cmd)
	case "back":
		c.back(cmd)
	case "pause", "resume":
		c.pause(c.whichLane(cmd), cmd)
	case "status":
		c.tell(c.p, nil, StatusMail, "status", Body{Status: c.s.Lanes(c.now), Tasks: c.strayDrafts()})
	case "record":
		c.record(cmd)
	case "search":
		words := strings.TrimSpace(firstLine(cmd.Text))
		if words == "" {
			c.unclear(nil, cmd, CauseNoWords)
			return
		}
		c.tell(c.p, nil, SearchMail, "search|"+words, Body{Query: words})
	case "help":
		c.tell(c.p, nil, HelpMail, "help", Body{Words: c.help(), Streams: c.streamNames()})
	}
}

// record answers with the written record of a task; its lines are filled in
// by whoever stores the letter.
func (c *turn) record(cmd parse.Command) {
	n := cmd.Task
	if n == 0 {
		n = numberIn(cmd.Text)
	}
	if n == 0 {
		n = c.about()
	}
	t := c.task(n)
	switch {
	case n == 0:
		c.unclear(nil, cmd, CauseWhichTask)
	case t == nil:
		c.unclear(nil, parse.Command{Task: n, Line: cmd.Line}, CauseNoTask)
	default:
		c.tell(c.p, t, RecordMail, "record", Body{})
	}
}

// Lanes is every stream with what is in work and what waits.
func (s *State) Lanes(now time.Time) []Lane {
	var lanes []Lane
	for _, plan := range s.Team.Streams {
		st := s.Stream(plan.Name)
		lane := Lane{Stream: plan.Name, Paused: st.Paused, Engineer: s.Team.PersonName(plan.Engineer)}
		if t := s.Tasks[st.Current]; t != nil {
			lane.Current = s.View(t, now)
		}
		for _, n := range st.Queue {
			if t := s.Tasks[n]; t != nil {
				lane.Queue = append(lane.Queue, *s.View(t, now))
			}
		}
		for _, n := range sortedTasks(s) {
			if t := s.Tasks[n]; t.State == Draft && t.Stream == plan.Name {
				lane.Drafts = append(lane.Drafts, *s.View(t, now))
			}
		}
		lanes = append(lanes, lane)
	}
	return lanes
}

// strayDrafts are the tasks that no stream has: nobody named one yet.
func (c *turn) strayDrafts() []TaskView {
	var out []TaskView
	for _, n := range sortedTasks(c.s) {
		if t := c.s.Tasks[n]; t.State == Draft && t.Stream == "" {
			out = append(out, *c.view(t))
		}
	}
	return out
}

// help is what this reader can write.
func (c *turn) help() []WordHelp {
	var out []WordHelp
	for _, w := range wordTable {
		if w.boss && !c.bossAnywhere() || w.owner && !c.ownsAny() {
			continue
		}
		out = append(out, WordHelp{w.word})
	}
	return out
}

func (c *turn) ownsAny() bool {
	for _, plan := range c.s.Team.Streams {
		if plan.Engineer == c.p.Key() {
			return true
		}
	}
	return false
}

// wordTable is the words of DESIGN section 4 in the order of the help letter,
// with who can use them.
var wordTable = []struct {
	word        string
	boss, owner bool
}{
	{"approve", true, false}, {"redirect", true, false}, {"undo", true, false}, {"reopen", true, false}, {"now", true, false},
	{"queue", true, false}, {"top", true, false}, {"after", true, false}, {"to", true, false}, {"drop", true, false},
	{"pause", true, false}, {"resume", true, false}, {"let in", true, false},
	{"done", false, true}, {"question", false, true}, {"blocked", false, true}, {"too big", false, true},
	{"away", false, false}, {"back", false, false}, {"status", false, false}, {"record", false, false}, {"search", false, false}, {"help", false, false},
}
