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
		c.tell(c.p, nil, StatusMail, "status", Body{Status: c.s.Lanes(c.now)})
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

// help is what this reader can write.
func (c *turn) help() []WordHelp {
	var out []WordHelp
	for _, w := range wordTable {
		if w.boss && !c.bossAnywhere() || w.owner && !c.ownsAny() {
			continue
		}
		out = append(out, WordHelp{w.usage, w.does})
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

// wordTable is the words of DESIGN section 4 with what they do, in the order
// of the help letter.
var wordTable = []struct {
	usage, does string
	boss, owner bool
}{
	{"approve", "at the gate: the task is approved and the next one starts", true, false},
	{"redirect: why", "at the gate: another round, with your reason", true, false},
	{"undo", "takes your last decision back", true, false},
	{"reopen: why", "an approved task gets another round", true, false},
	{"now: words", "passes your words to the engineer at once instead of keeping them for the gate", true, false},
	{"queue", "accepts a proposal or a draft", true, false},
	{"top", "puts a waiting task at the head of the queue", true, false},
	{"after #7", "puts a waiting task behind #7", true, false},
	{"to web", "gives a waiting task to another stream", true, false},
	{"drop: why", "ends a task", true, false},
	{"pause", "stops the stream from starting anything new", true, false},
	{"resume", "lets it go on", true, false},
	{"let in kim@client.example", "reads the held mail of somebody who is not on the team, as proposals", true, false},
	{"done: what you delivered", "brings your task to the gate", false, true},
	{"question: words", "asks the PM at once; your due date stops", false, true},
	{"blocked: words", "the same, when you cannot go on", false, true},
	{"too big: your cut", "asks the PM to cut the task", false, true},
	{"away until 3 March", "no prompts, and your dates move; also \"away 24-31 Dec\"", false, false},
	{"back", "you are here again, or not going after all", false, false},
	{"status", "the streams and what is in them", false, false},
	{"record", "every word about a task, in order", false, false},
	{"search: words", "the record, searched", false, false},
	{"help", "this list", false, false},
}
