package loop

import (
	"math"
	"slices"
	"time"
)

// round is one round of a task: begun, perhaps delivered, perhaps decided.
type round struct {
	n         int
	begun     time.Time
	delivered time.Time // zero: not
	ended     time.Time // decided, or taken from work; zero: not
	act       string    // approve, redirect, reopen (an approval that was reopened), "" otherwise
	reason    Note      // redirect
}

// history is a task's past as its notes tell it.
type history struct {
	t       *Task
	rounds  []round
	asked   [][2]time.Time // open questions, from and to
	now     time.Time
	worker  Calendar // the engineer's
	decider Calendar // the first approver's
}

// history reads a task's past. A decision that was undone is not in it: the
// round it was for went on.
func (s *State) history(t *Task, now time.Time) *history {
	h := &history{t: t, now: now, worker: s.engineerCalendar(t), decider: s.Calendar("")}
	if plan := s.Team.Plan(t.Stream); plan != nil && len(plan.Approvers) > 0 {
		h.decider = s.Calendar(plan.Approvers[0])
	}
	begun := t.Started
	for n := 1; n <= t.Round; n++ {
		r := round{n: n, begun: begun}
		if n == t.Round {
			r.begun = t.RoundAt
		}
		for _, note := range t.Notes {
			if note.Round != n {
				continue
			}
			switch note.Kind {
			case NoteDone:
				r.delivered = note.At
			case NoteRedirect, NoteReopen:
				if n < t.Round || note.Kind == NoteReopen { // else it was undone
					r.act, r.ended, r.reason = string(note.Kind), note.At, note
				}
			}
		}
		if n == t.Round && t.State == Approve {
			r.act, r.ended = "approve", t.Decided
		}
		if n == t.Round && t.State == DroppedS {
			r.ended = t.Changed
		}
		if begun = r.ended; !r.begun.IsZero() {
			h.rounds = append(h.rounds, r)
		}
	}
	h.questions()
	return h
}

// questions finds the spans in which a question was open.
func (h *history) questions() {
	var open time.Time
	shut := func(at time.Time) {
		if !open.IsZero() {
			h.asked = append(h.asked, [2]time.Time{open, at})
			open = time.Time{}
		}
	}
	for _, n := range h.t.Notes {
		switch n.Kind {
		case NoteQuestion:
			if open.IsZero() {
				open = n.At
			}
		case NoteAnswer, NoteDone, NoteRedirect, NoteReopen:
			shut(n.At)
		}
	}
	switch {
	case h.t.State == DroppedS:
		shut(h.t.Changed)
	case h.t.Question == nil:
		open = time.Time{} // it was taken back with an undo: nobody waited
	default:
		shut(h.now)
	}
}

func within(at, from, to time.Time) bool { return !at.IsZero() && at.After(from) && !at.After(to) }

// count adds what happened after from up to to.
func (h *history) count(sum *Totals, from, to time.Time) {
	for _, r := range h.rounds {
		if within(r.delivered, from, to) {
			sum.Delivered++
		}
		if within(r.ended, from, to) {
			switch r.act {
			case "approve":
				sum.Approved++
			case string(NoteRedirect):
				sum.Redirected++
			}
			if r.n == 1 && (r.act == "approve" || r.act == string(NoteRedirect)) {
				sum.FirstGates++
				if r.act == "approve" {
					sum.FirstRound++
				}
			}
		}
		work := r.delivered
		if work.IsZero() {
			work = orElse(r.ended, h.now)
		}
		days, blocked := h.span(h.worker, r.begun, work, from, to), 0.0
		for _, q := range h.asked {
			blocked += h.span(h.worker, later(q[0], r.begun), sooner(q[1], work), from, to)
		}
		sum.Blocked += blocked
		sum.Work += math.Max(0, days-blocked)
		if !r.delivered.IsZero() && r.act != string(NoteReopen) {
			sum.Gate += h.span(h.decider, r.delivered, orElse(r.ended, h.now), from, to)
		}
	}
	for _, n := range h.t.Notes {
		if within(n.At, from, to) {
			switch n.Kind {
			case NoteUpdate:
				sum.Updates++
			case NoteQuestion:
				sum.Questions++
			}
		}
	}
}

// span is the working days between a and b that lie between from and to.
func (h *history) span(cal Calendar, a, b, from, to time.Time) float64 {
	a, b = later(a, from), sooner(b, to)
	if !a.Before(b) {
		return 0
	}
	return cal.Days(a, b)
}

// cycle is the time the task took, if it was approved in this time.
func (h *history) cycle(from, to time.Time) []Cycle {
	t := h.t
	if t.State != Approve || !within(t.Decided, from, to) {
		return nil
	}
	days := math.Round(h.worker.Days(t.Started, t.Decided)*10) / 10
	return []Cycle{{Task: t.Number, Title: t.Title, Stream: t.Stream, Rounds: t.Round, Days: days}}
}

// redirects are those of this time, with their reasons.
func (h *history) redirects(g *digester, from, to time.Time) []Item {
	var out []Item
	for _, r := range h.rounds {
		if r.act == string(NoteRedirect) && within(r.ended, from, to) {
			i := g.item("redirected", h.t, time.Time{})
			i.Round, i.Text, i.Since = r.n, r.reason.Text, r.ended
			i.Who = g.s.Team.PersonName(r.reason.By)
			out = append(out, i)
		}
	}
	return slices.Clip(out)
}

func orElse(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
