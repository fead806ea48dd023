package loop

import (
	"fmt"
	"slices"
	"strings"
)

func (g *stage) show(l Letter) string {
	var b strings.Builder
	name, _, _ := strings.Cut(l.To, "@")
	fmt.Fprintf(&b, "%s to %s", l.Kind, name)
	if l.Task != 0 {
		fmt.Fprintf(&b, " #%d", l.Task)
	}
	fmt.Fprintf(&b, " (%s", l.Ref)
	if l.Due.After(g.now) {
		p := g.team.Person(l.To)
		fmt.Fprintf(&b, ", %s", l.Due.In(p.Zone).Format("Mon 15:04"))
	}
	b.WriteString(")")
	y := l.Body
	for _, f := range []struct{ name, value string }{
		{"act", y.Act}, {"cause", y.Cause}, {"line", y.Line}, {"beside", y.Beside}, {"text", y.Text}, {"missing", strings.Join(y.Missing, "+")},
		{"advice", strings.Join(y.Advice, "+")}, {"detail", y.Detail}, {"who", y.Who}, {"asked", y.Asked}, {"query", y.Query},
	} {
		if f.value != "" {
			fmt.Fprintf(&b, " %s=%q", f.name, f.value)
		}
	}
	if y.Task != nil && y.Task.Below {
		b.WriteString(" below")
	}
	if y.Task != nil && len(y.Task.Files) > 0 {
		fmt.Fprintf(&b, " of-task=%s", showFiles(y.Task.Files))
	}
	if len(y.Files) > 0 {
		fmt.Fprintf(&b, " files=%s", showFiles(y.Files))
	}
	for _, n := range slices.Concat(y.Updates, y.Kept, y.Answers) {
		if len(n.Files) > 0 {
			fmt.Fprintf(&b, " of-%s=%s", n.Kind, showFiles(n.Files))
		}
	}
	if (l.Kind == Unclear || l.Kind == Refused || l.Kind == NeedsDone) && len(y.Choices) == 1 {
		fmt.Fprintf(&b, " offers=%q", y.Choices[0].Body)
	}
	if !y.Gone.IsZero() {
		fmt.Fprintf(&b, " gone=%s", y.Gone)
	}
	if y.Paused {
		b.WriteString(" paused")
	}
	if y.Place != 0 {
		fmt.Fprintf(&b, " place=%d", y.Place)
	}
	if y.Next != nil {
		fmt.Fprintf(&b, " next=#%d", y.Next.Number)
	}
	if len(y.Kept) > 0 {
		fmt.Fprintf(&b, " kept=%d", len(y.Kept))
	}
	if len(y.Updates) > 0 {
		fmt.Fprintf(&b, " updates=%d", len(y.Updates))
	}
	if y.Days != (DaysUsed{}) {
		fmt.Fprintf(&b, " days=%d/%d", y.Days.Work, y.Days.Allowed)
		if y.Days.Blocked > 0 {
			fmt.Fprintf(&b, " blocked=%d", y.Days.Blocked)
		}
		if y.Days.Away > 0 {
			fmt.Fprintf(&b, " away=%d", y.Days.Away)
		}
	}
	if y.Digest != nil {
		b.WriteString(showDigest(y.Digest))
	}
	if l.Kind == StatusMail {
		for _, t := range y.Tasks {
			fmt.Fprintf(&b, "\n=   without a stream: #%d", t.Number)
		}
	}
	if y.Digest != nil || y.Review != nil {
		for _, t := range y.Tasks {
			fmt.Fprintf(&b, "\n=   your own: #%d", t.Number)
		}
	}
	if y.Review != nil {
		b.WriteString(showReview(y.Review))
	}
	return b.String()
}

func showFiles(files []File) string {
	var names []string
	for _, f := range files {
		names = append(names, fmt.Sprintf("%s %d", f.Name, f.Size))
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func showDigest(d *Digest) string {
	var b strings.Builder
	for _, part := range []struct {
		name  string
		items []Item
	}{{"waiting", d.Waiting}, {"moved", d.Moved}, {"blocked", d.Blocked}, {"silent", d.Silent}, {"dates", d.Dates}, {"next", d.Next}, {"low", d.Low}, {"away", d.Away}, {"bounced", d.Bounced}} {
		for _, i := range part.items {
			fmt.Fprintf(&b, "\n=   %s: %s", part.name, i.Kind)
			if i.Task != 0 {
				fmt.Fprintf(&b, " #%d", i.Task)
			}
			if i.Round != 0 {
				fmt.Fprintf(&b, "r%d", i.Round)
			}
			if i.Count != 0 {
				fmt.Fprintf(&b, " ×%d", i.Count)
			}
			if i.Days != 0 {
				fmt.Fprintf(&b, " %dd", i.Days)
			}
			if i.Task == 0 {
				fmt.Fprintf(&b, " %s", strings.TrimSpace(i.Stream+" "+i.Who))
			}
			if i.Text != "" {
				fmt.Fprintf(&b, " %q", i.Text)
			}
			if i.Files > 0 {
				fmt.Fprintf(&b, " files=%d", i.Files)
			}
			if len(i.Missing) > 0 {
				fmt.Fprintf(&b, " missing=%q", strings.Join(i.Missing, "+"))
			}
			if !i.Date.IsZero() {
				fmt.Fprintf(&b, " %s", i.Date)
			}
		}
	}
	if d.Held > 0 {
		fmt.Fprintf(&b, "\n=   held: %d", d.Held)
	}
	return b.String()
}

func showReview(r *Review) string {
	var b strings.Builder
	total := func(t Totals) string {
		s := fmt.Sprintf("delivered %d, approved %d, first rounds %d/%d, redirected %d, updates %d, questions %d, days in work %.1f blocked %.1f gate %.1f",
			t.Delivered, t.Approved, t.FirstRound, t.FirstGates, t.Redirected, t.Updates, t.Questions, t.Work, t.Blocked, t.Gate)
		if t.Median > 0 {
			s += fmt.Sprintf(", median %.1f", t.Median)
		}
		return s
	}
	fmt.Fprintf(&b, "\n=   %s to %s: %s", r.From.In(berlin).Format("2006-01-02 15:04"), r.To.In(berlin).Format("2006-01-02 15:04"), total(r.Totals))
	if r.Own != r.Gate {
		fmt.Fprintf(&b, "\n=   own gate %.1f", r.Own)
	}
	for _, i := range r.Redirects {
		fmt.Fprintf(&b, "\n=   redirect #%dr%d by %s: %q", i.Task, i.Round, i.Who, i.Text)
	}
	for _, c := range r.Cycles {
		fmt.Fprintf(&b, "\n=   cycle #%d %.1f days, rounds %d", c.Task, c.Days, c.Rounds)
	}
	for _, i := range r.Waits {
		fmt.Fprintf(&b, "\n=   at the gate: #%d %dd", i.Task, i.Days)
	}
	for _, w := range r.Trend {
		if w.Totals != (Totals{}) {
			fmt.Fprintf(&b, "\n=   week from %s: %s", w.Day, total(w.Totals))
		}
	}
	return b.String()
}

func showTask(t *Task) string {
	s := fmt.Sprintf("#%d %s", t.Number, t.State)
	if t.Round > 0 {
		s += fmt.Sprintf(" round %d", t.Round)
	}
	if t.State == Active {
		s += fmt.Sprintf(" due %s", t.Due)
	}
	if t.Question != nil {
		s += fmt.Sprintf(" %s %q", t.Question.Kind, t.Question.Text)
	}
	if t.Proposed {
		s += " proposed"
	}
	if n := len(t.Notes); n > 0 {
		s += fmt.Sprintf(" · %s %q", t.Notes[n-1].Kind, t.Notes[n-1].Text)
	}
	return s
}

func showStream(s *Stream) string {
	line := s.Name + ":"
	if s.Paused {
		line += " paused"
	}
	if s.Current != 0 {
		line += fmt.Sprintf(" works on #%d", s.Current)
	}
	if len(s.Queue) > 0 {
		line += fmt.Sprintf(" queue %v", s.Queue)
	}
	return line
}
