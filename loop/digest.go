package loop

import (
	"cmp"
	"slices"
	"time"
)

// lowBacklog is the number of waiting tasks under which a stream is said to
// run low.
const lowBacklog = 3

// digest tells one reader what they should know since their last one.
func (c *turn) digest(p *Person, day Date) *Digest {
	d := c.s.Digest(p, day, c.now)
	c.emit(Event{Kind: Digested, Person: p.Key(), Day: day, Number: c.s.Strange})
	return d
}

// digester gathers the items of one reader's digest.
type digester struct {
	s   *State
	p   *Person
	d   *Digest
	now time.Time
}

// Digest is what p should know on this day. It needs the open tasks and those
// changed since p's last digest.
func (s *State) Digest(p *Person, day Date, now time.Time) *Digest {
	pr := s.Presence(p.Key())
	g := &digester{s: s, p: p, now: now, d: &Digest{Day: day, Since: pr.DigestAt}}
	if p.Role == PM {
		g.d.Held = s.Strange - pr.HeldSeen
	}
	for _, n := range sortedTasks(s) {
		if t := s.Tasks[n]; g.sees(t) {
			g.task(t)
		}
	}
	for _, plan := range s.Team.Streams {
		if g.sees(&Task{Stream: plan.Name}) {
			g.lane(plan)
		}
	}
	for i := range s.Team.People {
		g.person(&s.Team.People[i])
	}
	if slices.ContainsFunc(g.d.Waiting, func(i Item) bool { return slices.Contains(i.Missing, "stream") }) {
		g.d.Streams = s.streamNames()
	}
	slices.SortStableFunc(g.d.Waiting, func(a, b Item) int {
		return cmp.Or(cmp.Compare(rankOf(a.Kind), rankOf(b.Kind)), a.Since.Compare(b.Since))
	})
	return g.d
}

// rankOf orders what waits: decisions first.
func rankOf(kind string) int {
	return slices.Index([]string{"gate", "question", "proposal", "draft"}, kind)
}

// sees tells whether the reader is told about a task: readers and PMs without
// a stream of their own see all, approvers their streams.
func (g *digester) sees(t *Task) bool {
	if g.directs(t) || g.p.Role == Reader || slices.Contains(t.Watchers, g.p.Key()) {
		return true
	}
	if g.p.Role != PM {
		return false
	}
	if t.Stream == "" {
		return true
	}
	for _, plan := range g.s.Team.Streams {
		if g.s.Team.approves(plan.Name, g.p.Key()) {
			return false
		}
	}
	return true
}

func (g *digester) directs(t *Task) bool { return g.s.Team.approves(t.Stream, g.p.Key()) }

func (g *digester) item(kind string, t *Task, since time.Time) Item {
	i := Item{Kind: kind, Task: t.Number, Title: t.Title, Stream: t.Stream, Since: since}
	if plan := g.s.Team.Plan(t.Stream); plan != nil {
		i.Who = g.s.Team.PersonName(plan.Engineer)
	}
	if !since.IsZero() {
		cal := g.s.Calendar(g.p.Key())
		i.Days = cal.Between(DateOf(since, cal.Zone), g.d.Day)
	}
	return i
}

func (g *digester) task(t *Task) {
	mine := g.directs(t) || t.Stream == "" && g.p.Role == PM
	switch {
	case t.State == AtGate && mine:
		i := g.item("gate", t, t.Delivered)
		i.Round = t.Round
		i.quote(lastNote(t, NoteDone))
		g.d.Waiting = append(g.d.Waiting, i)
	case t.State == Active && t.Question != nil && mine:
		i := g.item("question", t, t.Question.Since)
		i.Text, i.Files = t.Question.Text, len(lastNote(t, NoteQuestion).Files)
		g.d.Waiting = append(g.d.Waiting, i)
	case t.State == Active && t.Question != nil:
		i := g.item("blocked", t, t.Question.Since)
		i.Text = t.Question.Text
		g.d.Blocked = append(g.d.Blocked, i)
	case t.State == Draft && t.Proposed && mine:
		i := g.item("proposal", t, t.Created)
		i.Who, i.Missing = g.s.Team.PersonName(t.By), missing(t)
		g.d.Waiting = append(g.d.Waiting, i)
	case t.State == Draft && !t.Proposed && (t.By == g.p.Key() || mine):
		i := g.item("draft", t, t.Created)
		i.Missing = missing(t)
		g.d.Waiting = append(g.d.Waiting, i)
	}
	g.moved(t)
	if t.State == Active {
		g.pace(t)
	}
}

// lastNote is the last note of a kind, a zero one if there is none.
func lastNote(t *Task, kind NoteKind) Note {
	for i := len(t.Notes) - 1; i >= 0; i-- {
		if t.Notes[i].Kind == kind {
			return t.Notes[i]
		}
	}
	return Note{}
}

// quote puts somebody's words under an item.
func (i *Item) quote(n Note) { i.Text, i.Files = n.Text, len(n.Files) }

// moved tells a task's news in one item: the furthest it came, and the last
// update.
func (g *digester) moved(t *Task) {
	since := g.d.Since
	fresh := func(at time.Time) bool { return !at.IsZero() && t.heard(at).After(since) }
	i := g.item("", t, time.Time{})
	for _, n := range t.Notes {
		if n.Kind == NoteUpdate && fresh(n.At) {
			i.Count, i.Text, i.Files = i.Count+1, n.Text, i.Files+len(n.Files)
		}
	}
	updates := i.Count
	switch {
	case t.State == Approve && fresh(t.Decided):
		i.Kind, i.Who = "approved", g.s.Team.PersonName(t.Decision.By)
	case t.State == DroppedS && fresh(t.Changed) && t.Changed.After(t.Imported):
		i.Kind = "dropped"
	case t.State == Queued && fresh(lastNote(t, NoteReopen).At):
		i.Kind = "reopened"
		i.quote(lastNote(t, NoteReopen))
	case t.State == AtGate && fresh(t.Delivered):
		i.Kind = "delivered"
		i.quote(lastNote(t, NoteDone))
	case t.Decision != nil && t.Decision.Act == "redirect" && fresh(t.Decision.At):
		i.Kind = "redirected"
		if updates == 0 {
			i.quote(lastNote(t, NoteRedirect))
		}
	case updates > 0:
		i.Kind = "update"
	case t.State == Active && fresh(lastNote(t, NoteAnswer).At):
		answer := lastNote(t, NoteAnswer)
		i.Kind, i.Who = "answered", g.s.Team.PersonName(answer.By)
		i.quote(answer)
	case t.State == Active && fresh(t.RoundAt):
		i.Kind = "started"
	case t.State == Queued && fresh(t.Created):
		i.Kind = "opened"
	case t.State == Queued && fresh(t.QueuedAt):
		i.Kind = "queued"
	default:
		return
	}
	if i.Kind == "delivered" && g.directs(t) {
		return // it stands first, under what waits
	}
	g.d.Moved = append(g.d.Moved, i)
}

// pace tells of an active task that nobody wrote about for a working day, and
// of dates that are near or gone.
func (g *digester) pace(t *Task) {
	cal := g.s.engineerCalendar(t)
	last := t.RoundAt
	for _, n := range t.Notes {
		if (n.Kind == NoteUpdate || n.Kind == NoteQuestion || n.Kind == NoteAnswer) && n.At.After(last) {
			last = n.At
		}
	}
	quiet := cal.Between(DateOf(last, cal.Zone), g.d.Day) - 1
	_, away := cal.AwayOn(g.d.Day)
	if quiet > 0 && t.Question == nil && !away {
		i := g.item("silent", t, last)
		i.Days = quiet
		g.d.Silent = append(g.d.Silent, i)
	}
	if t.Question != nil {
		return // the date does not count now
	}
	i := g.item("due", t, time.Time{})
	i.Date = t.Due
	switch {
	case t.Due.Before(g.d.Day):
		i.Kind, i.Days = "late", cal.Between(t.Due, g.d.Day)
		g.d.Dates = append(g.d.Dates, i)
	case cal.Between(g.d.Day, t.Due) <= 1:
		g.d.Dates = append(g.d.Dates, i)
	}
}

// lane tells what comes next in a stream and how much waits.
func (g *digester) lane(plan StreamPlan) {
	st := g.s.Stream(plan.Name)
	if len(st.Queue) > 0 {
		if t := g.s.Tasks[st.Queue[0]]; t != nil {
			i := g.item("next", t, time.Time{})
			if st.Paused {
				i.Kind = "paused"
			}
			g.d.Next = append(g.d.Next, i)
		}
	}
	if len(st.Queue) < lowBacklog {
		g.d.Low = append(g.d.Low, Item{Kind: "low", Stream: plan.Name, Count: len(st.Queue), Who: g.s.Team.PersonName(plan.Engineer)})
	}
}

// awaySoon is how many calendar days ahead coming days away are told.
const awaySoon = 8

// nextAway is the span that day lies in, or the next one after it.
func nextAway(spans []Span, day Date) (Span, bool) {
	for _, s := range spans {
		if !s.To.Before(day) {
			return s, true
		}
	}
	return Span{}, false
}

func (g *digester) person(p *Person) {
	pr := g.s.Presence(p.Key())
	span, away := nextAway(pr.Away, g.d.Day)
	switch {
	case away && span.Holds(g.d.Day):
		g.d.Away = append(g.d.Away, Item{Kind: "away", Who: p.Name, Date: span.To})
	case away && span.From.Before(g.d.Day.Add(awaySoon)):
		g.d.Away = append(g.d.Away, Item{Kind: "away-soon", Who: p.Name, Date: span.From})
	case !pr.MaybeAway.IsZero() && g.d.Day.Before(pr.MaybeAway.Add(3)):
		g.d.Away = append(g.d.Away, Item{Kind: "maybe-away", Who: p.Name, Date: pr.MaybeAway})
	}
	if pr.comesBack(g.d.Day, p.Zone) {
		g.d.Bounced = append(g.d.Bounced, Item{Kind: "bounced", Who: p.Name, Text: p.Key(), Since: pr.BouncedAt})
	}
}
