package loop

import (
	"math"
	"slices"
	"time"
)

// reviewWeeks is how far the trend of a review goes back, reviewSpan the same
// as a time, and a review that covers between reviewLeast and reviewMost is one
// of a week. What happened before all of that is not needed for one.
const (
	reviewWeeks = 8
	reviewSpan  = reviewWeeks * 7 * 24 * time.Hour
	reviewLeast = 4 * 24 * time.Hour
	reviewMost  = 10 * 24 * time.Hour
)

// Review is what a time brought, as one reader may see it: numbers of the
// work, and whose time it was.
type Review struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Totals              // of this time
	Own       float64   `json:"own,omitempty"`       // of Gate: at tasks that the reader decides on
	Redirects []Item    `json:"redirects,omitempty"` // each with its reason in Text
	Cycles    []Cycle   `json:"cycles,omitempty"`    // of the tasks approved in it, shortest first
	Waits     []Item    `json:"waits,omitempty"`     // at the gate at its end, longest first; Days as in a digest
	Trend     []Week    `json:"trend,omitempty"`     // eight weeks, the oldest first; the last one ends with it, and is its time if that is about a week
}

// Totals are the numbers of a time.
type Totals struct {
	Delivered  int     `json:"delivered"`   // times that something came to a gate
	Approved   int     `json:"approved"`    // approvals that stand
	FirstRound int     `json:"first_round"` // approved in the first round …
	FirstGates int     `json:"first_gates"` // … of so many first rounds that were decided
	Redirected int     `json:"redirected"`
	Updates    int     `json:"updates"`   // that engineers wrote
	Questions  int     `json:"questions"` // that they asked
	Work       float64 `json:"work"`      // working days: of engineers in work, …
	Blocked    float64 `json:"blocked"`   // … of engineers waiting for an answer, …
	Gate       float64 `json:"gate"`      // … of approvers while something waited for their decision
	Median     float64 `json:"median"`    // of the cycle times; 0: none
}

// Week is one column of the trend.
type Week struct {
	Day Date `json:"day"` // its first day, in the reader's zone: it begins at the hour at which the review ends
	Totals
}

// Cycle is how long one task took, from its start to its approval, in working
// days of its engineer.
type Cycle struct {
	Task   int     `json:"task"`
	Title  string  `json:"title"`
	Stream string  `json:"stream"`
	Rounds int     `json:"rounds"`
	Days   float64 `json:"days"`
}

// Empty tells whether there is nothing to tell of the time itself.
func (r *Review) Empty() bool {
	t := r.Totals
	return t.Delivered+t.Approved+t.Redirected+t.Updates+t.Questions == 0 && t.Work+t.Blocked+t.Gate < 0.05
}

// Review is what happened from from up to to, for this reader. It needs every
// task that changed in the eight weeks before to.
func (s *State) Review(p *Person, from, to time.Time) *Review {
	from, to = from.UTC(), to.UTC()
	g := &digester{s: s, p: p, now: to, d: &Digest{Day: DateOf(to.Add(-1), p.Zone)}} // midnight ends the day before
	r := &Review{From: from, To: to}
	edges := weeks(from, to, p.Zone)
	for _, edge := range edges[:reviewWeeks] {
		r.Trend = append(r.Trend, Week{Day: DateOf(edge, p.Zone)})
	}
	var cycles []Cycle
	trend := make([][]Cycle, len(r.Trend))
	for _, n := range sortedTasks(s) {
		t := s.Tasks[n]
		if !g.sees(t) {
			continue
		}
		h := s.history(t, to)
		gate := r.Gate
		h.count(&r.Totals, from, to)
		if g.directs(t) {
			r.Own += r.Gate - gate
		}
		cycles = append(cycles, h.cycle(from, to)...)
		r.Redirects = append(r.Redirects, h.redirects(g, from, to)...)
		for k := range r.Trend {
			h.count(&r.Trend[k].Totals, edges[k], edges[k+1])
			trend[k] = append(trend[k], h.cycle(edges[k], edges[k+1])...)
		}
		if t.State == AtGate && (g.directs(t) || p.Role == Reader) {
			i := g.item("gate", t, t.Delivered)
			i.Round = t.Round
			r.Waits = append(r.Waits, i)
		}
	}
	r.Cycles, r.Median = cycles, median(cycles)
	for k := range r.Trend {
		r.Trend[k].Median = median(trend[k])
	}
	slices.SortStableFunc(r.Waits, func(a, b Item) int { return a.Since.Compare(b.Since) })
	r.Totals.round()
	r.Own = math.Round(r.Own*10) / 10
	for k := range r.Trend {
		r.Trend[k].round()
	}
	return r
}

// weeks is where the weeks of the trend begin, the oldest first, and where the
// last one ends: at to, each at the same hour in this zone. If the review is of
// about a week (a day off before or behind it makes it shorter or longer), that
// is the last of them, so that its numbers are the review's.
func weeks(from, to time.Time, zone *time.Location) [reviewWeeks + 1]time.Time {
	var edges [reviewWeeks + 1]time.Time
	edges[reviewWeeks] = to
	first := to.In(zone).AddDate(0, 0, -7)
	if span := to.Sub(from); span >= reviewLeast && span <= reviewMost {
		first = from.In(zone)
	}
	for k := range reviewWeeks {
		edges[k] = first.AddDate(0, 0, -7*(reviewWeeks-1-k)).UTC()
	}
	return edges
}

// round keeps one decimal: a quarter of an hour is no number to compare.
func (t *Totals) round() {
	for _, f := range []*float64{&t.Work, &t.Blocked, &t.Gate, &t.Median} {
		*f = math.Round(*f*10) / 10
	}
}

// median also sorts.
func median(c []Cycle) float64 {
	slices.SortStableFunc(c, func(a, b Cycle) int {
		switch {
		case a.Days < b.Days:
			return -1
		case a.Days > b.Days:
			return 1
		}
		return 0
	})
	n := len(c)
	if n == 0 {
		return 0
	}
	return (c[(n-1)/2].Days + c[n/2].Days) / 2
}
