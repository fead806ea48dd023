package loop

import (
	"slices"
	"time"

	"gatepost/parse"
)

// slotAfter is how soon a call is proposed at the earliest, slotLong how long
// it is.
const (
	slotAfter = 30 * time.Minute
	slotLong  = 15 * time.Minute
	slotAhead = 14 * 24 * time.Hour
)

// call adds to a letter about a task that wants a call why that is, and when
// the reader and the engineer (or who opened it) both have fifteen minutes.
func (c *turn) call(b *Body, to *Person, t *Task) {
	if !slices.Contains(b.Advice, "wants-a-call") {
		return
	}
	b.Call = parse.CallReason(t.Subject + "\n" + Write(t.Sections))
	other := c.engineer(t)
	if other == nil || other.Key() == to.Key() {
		other = c.s.Team.Person(t.By)
	}
	if other == nil || other.Key() == to.Key() {
		return
	}
	if at, ok := slot(c.s.Calendar(to.Key()), c.s.Calendar(other.Key()), c.now.Add(slotAfter)); ok {
		b.Slot, b.With = at, other.Name
	}
}

// slot is the first quarter of an hour from t on in which both work; false if
// their hours do not meet.
func slot(a, b Calendar, t time.Time) (time.Time, bool) {
	if start := t.Truncate(slotLong); start.Before(t) {
		t = start.Add(slotLong)
	}
	end := t.Add(slotAhead)
	for t.Before(end) {
		both := true
		for _, c := range []Calendar{a, b} {
			if !c.Open(t) || !c.Open(t.Add(slotLong-time.Minute)) {
				both = false
			}
		}
		if both {
			return t.UTC(), true
		}
		t = t.Add(slotLong)
	}
	return time.Time{}, false
}
