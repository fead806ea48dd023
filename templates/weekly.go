package templates

import (
	"fmt"
	"math"
	"strings"

	"gatepost/loop"
)

// weekView is a review in words and rows.
type weekView struct {
	Until     loop.Date
	Since     string   // the day it begins, if it is not of about a week
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
	w := &weekView{Columns: strings.Fields(v.says("weekly.columns"))}
	if !r.To.IsZero() {
		w.Until = loop.DateOf(r.To, v.zone)
	}
	if n := len(r.Trend); n > 0 && r.Trend[n-1].Day != loop.DateOf(r.From, v.zone) {
		w.Since = v.Day(loop.DateOf(r.From, v.zone))
	}
	first := ""
	if r.FirstGates > 0 {
		first = " " + v.says("weekly.first", "n", r.FirstRound, "all", r.FirstGates)
	}
	w.Lines = []string{
		fmt.Sprintf("%s, %s, %s.%s", v.Count(r.Delivered, "weekly.delivered"), v.Count(r.Approved, "weekly.approved"), v.Count(r.Redirected, "weekly.redirected"), first),
		fmt.Sprintf("%s, %s.", v.Count(r.Updates, "weekly.updates"), v.Count(r.Questions, "weekly.questions")),
	}
	w.Time = []block{
		{v.says("weekly.time.work"), v.tenth(r.Work)},
		{v.says("weekly.time.blocked"), v.tenth(r.Blocked)},
		{v.says("weekly.time.gate"), v.tenth(r.Gate)},
	}
	w.Cycle = v.cycles(r)
	for _, it := range r.Waits[:min(len(r.Waits), shownOfWeek)] {
		waited := v.says("weekly.waits.today")
		if it.Days > 0 {
			waited = v.Count(it.Days, "working-days")
		}
		w.Waits = append(w.Waits, v.says("weekly.waits.item", "n", it.Task, "title", quote(short(8, it.Title)), "waited", waited))
	}
	if left := len(r.Waits) - shownOfWeek; left > 0 {
		w.Waits = append(w.Waits, v.says("weekly.waits.more", "n", left))
	}
	for _, it := range r.Redirects[:min(len(r.Redirects), shownOfWeek)] {
		head := v.says("weekly.redirects.item", "n", it.Task, "title", quote(short(8, it.Title)), "round", it.Round, "by", or(clip(it.Who, 40), v.says("somebody")))
		w.Redirects = append(w.Redirects, block{head, clip(oneLine(it.Text), 200)})
	}
	if left := len(r.Redirects) - shownOfWeek; left > 0 {
		w.Redirects = append(w.Redirects, block{Head: v.says("weekly.redirects.more", "n", left)})
	}
	for _, week := range r.Trend {
		first, cycle := "–", "–"
		if week.FirstGates > 0 {
			first = fmt.Sprintf("%d/%d", week.FirstRound, week.FirstGates)
		}
		if week.Median > 0 {
			cycle = v.tenth(week.Median)
		}
		w.Rows = append(w.Rows, []string{v.ShortDay(week.Day), fmt.Sprint(week.Delivered), fmt.Sprint(week.Approved), first, cycle, v.tenth(week.Work), v.tenth(week.Blocked), v.tenth(week.Gate)})
	}
	return w
}

// cycleBounds are the classes of the distribution, in working days.
var cycleBounds = []int{1, 2, 3, 5, 8}

// cycles is the distribution of the cycle times: how many tasks took how long,
// the median, and the longest by name.
func (v *view) cycles(r *loop.Review) []string {
	if len(r.Cycles) == 0 {
		return nil
	}
	var out []string
	at := 0
	class := func(name string, most float64) {
		n := 0
		for at < len(r.Cycles) && r.Cycles[at].Days <= most {
			at, n = at+1, n+1
		}
		if n > 0 {
			out = append(out, name+": "+v.Count(n, "tasks"))
		}
	}
	for _, days := range cycleBounds {
		class(v.Count(days, "weekly.cycle.up-to"), float64(days))
	}
	class(v.says("weekly.cycle.over"), math.Inf(1))
	last := r.Cycles[len(r.Cycles)-1]
	return []string{strings.Join(out, ", "), v.says("weekly.cycle.median", "median", v.tenth(r.Median), "n", last.Task,
		"title", quote(short(8, last.Title)), "days", v.tenth(last.Days), "rounds", later(last.Rounds))}
}

// Week is the essence of a review, for the subject.
func (v *view) Week() string {
	r := v.B.Review
	if r == nil {
		return v.says("weekly.nothing")
	}
	parts := []string{v.Count(r.Approved, "weekly.count.approved"), v.Count(r.Delivered, "weekly.count.delivered")}
	if r.Redirected > 0 {
		parts = append(parts, v.Count(r.Redirected, "weekly.count.redirected"))
	}
	return strings.Join(parts, " · ")
}

// WeekSays is the one thing worth knowing: where the time went.
func (v *view) WeekSays() string {
	r := v.B.Review
	if r == nil {
		return upper(v.says("weekly.nothing")) + "."
	}
	all := r.Work + r.Blocked + r.Gate
	over, gate := "weekly.says.over", "weekly.says.gate"
	if r.Own < r.Gate/2 { // who decides little of it has no gate of their own
		over, gate = "weekly.says.over.others", "weekly.says.gate.others"
	}
	switch {
	case all < 0.05:
		return v.says("weekly.says.nothing")
	case r.Gate > r.Work && r.Gate >= r.Blocked:
		return v.says(over, "gate", v.tenth(r.Gate), "work", v.tenth(r.Work))
	case r.Gate >= r.Blocked && r.Gate >= all/4:
		return v.says(gate, "gate", v.tenth(r.Gate), "all", v.tenth(all))
	case r.Blocked >= all/4:
		return v.says("weekly.says.blocked", "blocked", v.tenth(r.Blocked), "all", v.tenth(all))
	}
	return v.says("weekly.says.work", "work", v.tenth(r.Work), "all", v.tenth(all), "gate", v.tenth(r.Gate))
}
