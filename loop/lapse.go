package loop

import (
	"fmt"
	"time"
)

// Standing is how a task stands: what of it decides whether a letter about it is
// still true.
type Standing struct {
	Number   int       `json:"number"`
	State    TaskState `json:"state"`
	Stream   string    `json:"stream"`
	Round    int       `json:"round"`
	Engineer string    `json:"engineer"` // as in Task
	Proposed bool      `json:"proposed"`
	Question *Ask      `json:"question"` // the open one; nil: none
}

// Standing is how the task stands now.
func (t *Task) Standing() *Standing {
	return &Standing{Number: t.Number, State: t.State, Stream: t.Stream, Round: t.Round, Engineer: t.Engineer, Proposed: t.Proposed, Question: t.Question}
}

// Lapsed says why a letter is not to be sent any more, "" if it is. It is asked
// when the letter's time has come, before it is put into words; t is how its task
// stands then, nil if there is none.
//
// Many a letter waits for its reader's morning, and meanwhile somebody in another
// zone decides, answers or drops: it would ask for what is done. A prompt that a
// mail server kept from going out asks for a day that is over. Letters that bring
// somebody's words, or tell what was decided, are sent whatever came after, but
// nothing to somebody who left the team.
func (l *Letter) Lapsed(team *Team, t *Standing, now time.Time) string {
	switch p := team.Person(l.To); {
	case p == nil && l.Kind != Alert:
		return l.To + " is not on the team any more"
	case l.Kind == Prompt && DateOf(l.Due, p.Zone) != DateOf(now, p.Zone):
		return "the day it asks about is over"
	}
	if t == nil || l.Asked || l.Body.Task == nil {
		return ""
	}
	round := l.Body.Task.Round
	switch l.Kind {
	case Gate, Question:
		if !team.approves(t.Stream, l.To) {
			return fmt.Sprintf("#%d is not theirs to decide any more", t.Number)
		}
	}
	switch l.Kind {
	case Gate:
		if t.State != AtGate || t.Round != round {
			return fmt.Sprintf("round %d of #%d is not at the gate any more", round, t.Number)
		}
	case Question:
		if t.Question == nil || t.Question.Since.After(l.Body.When) {
			return fmt.Sprintf("the question on #%d is not open any more", t.Number)
		}
	case Proposal:
		if !t.Proposed || t.State != Draft {
			return fmt.Sprintf("#%d is not a proposal any more", t.Number)
		}
	case TaskLetter:
		plan := team.Plan(t.Stream)
		if t.State != Active || t.Round != round || plan == nil || plan.Engineer != l.To {
			return fmt.Sprintf("round %d of #%d is not theirs to work on any more", round, t.Number)
		}
	case Comment:
		if l.Body.Act == "handed" && t.Engineer == l.To {
			return fmt.Sprintf("#%d is theirs again", t.Number)
		}
	case Redirected:
		if !t.State.Open() || t.Round != round {
			return fmt.Sprintf("round %d of #%d is over", round, t.Number)
		}
	}
	return ""
}
