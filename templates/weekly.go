package templates

import (
	"fmt"
	"strings"

	"gatepost/loop"
)

// weekView is a review in words and rows.
type weekView struct {
	Until     loop.Date
	Lines     []string // delivered and decided, updates and questions
	Time      []block  // whose time it was
	Cycle     []string // the distribution, then the longest
	Waits     []string // at the gate now
	Redirects []block  // each with its reason
	Columns   []string // head of the trend
	Rows      [][]string
}

// shownOfWeek is how many tasks a review names in one list.
const shownOfWeek = 5

// W is the review of a letter, nil if it has none.
func (v *view) W() *weekView {
	r := v.B.Review
	if r == nil {
		r = &loop.Review{}
	}
	w := &weekView{Columns: []string{"Week", "In", "Out", "1st", "Cycle", "Work", "Block", "Gate"}}
	if !r.To.IsZero() {
		w.Until = loop.DateOf(r.To, v.zone)
	}
	first := ""
	if r.FirstGates > 0 {
		first = fmt.Sprintf(" %d of %d first rounds %s approved.", r.FirstRound, r.FirstGates, were(r.FirstRound))
	}
	w.Lines = []string{
		fmt.Sprintf("%s came to the gate, %s approved, %s sent back.%s", upper(count(r.Delivered, "delivery")), countWere(r.Approved), countWere(r.Redirected), first),
		fmt.Sprintf("%s given, %s asked.", upper(count(r.Updates, "update")), count(r.Questions, "question")),
	}
	w.Time = []block{
		{"Engineers in work", tenth(r.Work)},
		{"Engineers waiting for answers", tenth(r.Blocked)},
		{"Waiting for you at the gate", tenth(r.Gate)},
	}
	w.Cycle = v.cycles(r)
	for _, it := range r.Waits[:min(len(r.Waits), shownOfWeek)] {
		w.Waits = append(w.Waits, fmt.Sprintf("Task #%d %s, %s", it.Task, quote(short(8, it.Title)), waited(it.Days)))
	}
	w.Waits = append(w.Waits, left(len(r.Waits), "task")...)
	for _, it := range r.Redirects[:min(len(r.Redirects), shownOfWeek)] {
		w.Redirects = append(w.Redirects, block{fmt.Sprintf("Task #%d %s, round %d, by %s", it.Task, quote(short(8, it.Title)), it.Round, or(clip(it.Who, 40), "somebody")), clip(oneLine(it.Text), 200)})
	}
	for _, s := range left(len(r.Redirects), "redirect") {
		w.Redirects = append(w.Redirects, block{Head: s})
	}
	for _, week := range r.Trend {
		first := "–"
		if week.FirstGates > 0 {
			first = fmt.Sprintf("%d/%d", week.FirstRound, week.FirstGates)
		}
		cycle := "–"
		if week.Median > 0 {
			cycle = tenth(week.Median)
		}
		day := fmt.Sprintf("%d %.3s", week.Day.Day, week.Day.Month)
		w.Rows = append(w.Rows, []string{day, fmt.Sprint(week.Delivered), fmt.Sprint(week.Approved), first, cycle, tenth(week.Work), tenth(week.Blocked), tenth(week.Gate)})
	}
	return w
}

// Digested is the review as it stands in a digest that goes out with it.
func (v *view) Digested() []string {
	if v.B.Review == nil {
		return nil
	}
	return append([]string{v.WeekSays()}, v.W().Lines...)
}

// cycles is the distribution of the cycle times: how many tasks took how long,
// the median, and the longest by name.
func (v *view) cycles(r *loop.Review) []string {
	if len(r.Cycles) == 0 {
		return nil
	}
	bounds := []struct {
		name string
		most float64
	}{{"up to 1 day", 1}, {"up to 2 days", 2}, {"up to 3 days", 3}, {"up to 5 days", 5}, {"up to 8 days", 8}, {"more", 1 << 20}}
	var out []string
	at := 0
	for _, b := range bounds {
		n := 0
		for at < len(r.Cycles) && r.Cycles[at].Days <= b.most {
			at, n = at+1, n+1
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%s: %s", b.name, count(n, "task")))
		}
	}
	out = []string{strings.Join(out, ", ")}
	last := r.Cycles[len(r.Cycles)-1]
	s := fmt.Sprintf("Median %s days; the longest was task #%d %s with %s", tenth(r.Median), last.Task, quote(short(8, last.Title)), tenth(last.Days))
	if last.Rounds > 1 {
		s += fmt.Sprintf(", in %d rounds", last.Rounds)
	}
	return append(out, s)
}

// Week is the essence of a review, for the subject.
func (v *view) Week() string {
	r := v.B.Review
	if r == nil {
		return "nothing happened"
	}
	parts := []string{fmt.Sprintf("%d approved", r.Approved), fmt.Sprintf("%d delivered", r.Delivered)}
	if r.Redirected > 0 {
		parts = append(parts, fmt.Sprintf("%d sent back", r.Redirected))
	}
	return strings.Join(parts, " · ")
}

// WeekSays is the one thing worth knowing: where the time went.
func (v *view) WeekSays() string {
	r := v.B.Review
	if r == nil {
		return "Nothing happened."
	}
	all := r.Work + r.Blocked + r.Gate
	switch {
	case all < 0.05:
		return "Nothing was in work."
	case r.Gate > r.Work && r.Gate >= r.Blocked:
		return fmt.Sprintf("Tasks waited longer at your gate (%s) than they were worked on (%s).", days(r.Gate), days(r.Work))
	case r.Gate >= r.Blocked && r.Gate >= all/4:
		return fmt.Sprintf("The slowest part besides the work was your own gate: %s of %s.", tenth(r.Gate), days(all))
	case r.Blocked >= all/4:
		return fmt.Sprintf("Engineers waited %s of %s for answers.", tenth(r.Blocked), days(all))
	}
	return fmt.Sprintf("Most of the time was work: %s of %s; %s at the gate.", tenth(r.Work), days(all), tenth(r.Gate))
}

func days(f float64) string {
	if f == 1 {
		return "1 working day"
	}
	return tenth(f) + " working days"
}

// tenth is a number with one decimal, without it where it is none.
func tenth(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func countWere(n int) string {
	if n == 0 {
		return "none was"
	}
	return fmt.Sprintf("%d %s", n, were(n))
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func waited(n int) string {
	if n == 0 {
		return "since today"
	}
	return count(n, "working day")
}

// left says how many of a list are not shown.
func left(n int, what string) []string {
	if n <= shownOfWeek {
		return nil
	}
	return []string{fmt.Sprintf(`and %s: "status" has what is open`, count(n-shownOfWeek, "more "+what))}
}
