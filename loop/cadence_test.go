package loop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/parse"
)

// The cadence is checked against a second, smaller telling of docs/cadence.md:
// almanac says which scheduled letter a person gets at a moment, from the wall
// clock, the week and the mails alone. It shares no code with Tick: its dates
// are strings, and its moments are looked for on a grid, not asked of Next.
// What it takes from the state is only which task of a stream is in work, at
// the gate or asked about.
//
// The letters of a year are few kinds of work: it leaves out paused streams,
// tasks that change their stream, drafts and holds, times that a change of the
// clock skips (TestTenYears has them), days off that are taken back, and the
// alarm to the operator (TestSilenced). A clock jumps by three days at most.
type almanac struct {
	team    *Team
	off     map[string]map[string]bool // person → holidays
	away    map[string][][2]string     // person → first and last days of their absences
	last    map[string]string          // kind and person → the latest date of a letter
	wrote   map[string]bool            // person, task and date
	bounces map[string][]time.Time
	busy    map[string][]time.Time // stream → quarters of hours in work or at the gate
	review  map[string]time.Time   // person → their last review
	begun   time.Time              // when the first task was opened
	round   map[string]time.Time   // task and round → when it went into work
	waits   map[int]time.Time      // task → since when it waits for a decision or an answer
}

const ymd = "2006-01-02"

func (a *almanac) works(p *Person, local time.Time) bool {
	day := local.Format(ymd)
	away := slices.ContainsFunc(a.away[p.Key()], func(s [2]string) bool { return s[0] <= day && day <= s[1] })
	return p.Hours.Days[local.Weekday()] && !away && !a.off[p.Key()][day]
}

// leave adds an absence. One that overlaps an earlier one says it anew, from
// its first day on.
func (a *almanac) leave(key, first, last string) {
	was := a.away[key]
	a.away[key] = [][2]string{{first, last}}
	for _, s := range was {
		switch before, _ := time.Parse(ymd, first); {
		case s[1] < first || last < s[0]:
			a.away[key] = append(a.away[key], s)
		case s[0] < first:
			a.away[key] = append(a.away[key], [2]string{s[0], before.AddDate(0, 0, -1).Format(ymd)})
		}
	}
}

func minuteOf(local time.Time) Minute { return Minute(local.Hour()*60 + local.Minute()) }

// happened tells whether more was done in a stream since then than half an hour
// of work: a review rounds to a tenth of a day.
func (a *almanac) happened(stream string, since time.Time) bool {
	quarters := 0
	for i := len(a.busy[stream]) - 1; i >= 0 && quarters < 3; i-- {
		if a.busy[stream][i].After(since) {
			quarters++
		}
	}
	return quarters >= 3
}

// reviewDay is the day of the review in the ISO week of this day, "" if none.
func (a *almanac) reviewDay(p *Person, local time.Time) string {
	noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	year, week := noon.ISOWeek()
	for noon.Weekday() != time.Sunday { // to the end of the week, and back to the day
		noon = noon.AddDate(0, 0, 1)
	}
	for noon.Weekday() != a.team.Weekly.Day {
		noon = noon.AddDate(0, 0, -1)
	}
	for ; ; noon = noon.AddDate(0, 0, -1) {
		if y, w := noon.ISOWeek(); y != year || w != week {
			return ""
		}
		if a.works(p, noon) {
			return noon.Format(ymd)
		}
	}
}

func (a *almanac) silenced(p *Person, now time.Time) bool {
	b := a.bounces[p.Key()]
	return len(b) >= 3 && b[len(b)-1].Sub(b[len(b)-3]) <= 7*24*time.Hour && now.Sub(b[len(b)-1]) < 7*24*time.Hour
}

// expect says what the person gets now: "weekly+digest+prompt" is a review
// that takes in both, "" nothing.
func (a *almanac) expect(s *State, p *Person, now time.Time) string {
	local := now.In(p.Zone)
	if at := minuteOf(local); at < 8*60 || at >= p.Hours.To {
		return ""
	}
	day, at, key := local.Format(ymd), minuteOf(local), p.Key()
	if !a.works(p, local) || a.silenced(p, now) {
		return ""
	}
	// A letter of an earlier day than the last one is never written: a clock that
	// went ahead has told of these days already.
	last := a.review[key] // what the review has to tell of
	if last.IsZero() {
		last = now.Add(-7 * 24 * time.Hour) // the first tells of a week
	}
	// The first is that of the hour after the first task.
	hour := func(m Minute) time.Time { // of today
		return now.Add(time.Duration(m-at) * time.Minute)
	}
	open := func(kind string, m Minute) bool {
		return m != Never && at >= m && a.last[kind+key] < day && !a.begun.IsZero() && a.begun.Before(hour(m))
	}
	approves, waiting, happened, tasks := false, false, false, false
	for _, plan := range a.team.Streams {
		approves = approves || slices.Contains(plan.Approvers, key)
	}
	for _, plan := range a.team.Streams {
		mine := slices.Contains(plan.Approvers, key)
		sees := mine || p.Role == PM && !approves // a PM without a stream sees all
		if sees && a.happened(plan.Name, last) {
			happened = true
		}
		for n, t := range s.Tasks {
			if t.Stream != plan.Name {
				continue
			}
			if since, ok := a.waits[n]; mine && ok && !since.After(hour(p.Digest)) {
				waiting = true
			}
			if t.State == Active && a.round[fmt.Sprint(n, t.Round)].Before(hour(p.Prompt)) && plan.Engineer == key && !a.wrote[fmt.Sprint(key, n, day)] {
				tasks = true
			}
		}
	}
	wants := p.Role == PM || approves || p.Role == Reader
	digest := wants && open("digest", p.Digest)
	prompt := tasks && open("prompt", p.Prompt)
	reviews := (p.Role == PM || approves) && p.Digest != Never && a.team.Weekly.On && a.reviewDay(p, local) == day && a.last["weekly"+key] < day
	review := reviews && happened && open("weekly", a.team.Weekly.At)
	if digest && reviews && at < a.team.Weekly.At && !waiting && a.team.Weekly.At < p.Hours.To {
		digest = false
	}
	if review && a.last["digest"+key] < day {
		digest = true // one that is still to come today, too
	}
	var parts []string
	for _, k := range []struct {
		name string
		on   bool
	}{{"weekly", review}, {"digest", digest}, {"prompt", prompt}} {
		if k.on {
			parts = append(parts, k.name)
			a.last[k.name+key] = day
		}
	}
	if review {
		a.review[key] = now
	}
	return strings.Join(parts, "+")
}

var cadenceZones = []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "Pacific/Tongatapu", "Pacific/Auckland", "America/St_Johns", "Pacific/Honolulu", "Africa/Casablanca"}

var cadenceHours = []string{"mon-fri 09:00-17:30", "sun-thu 08:00-16:30", "tue-sat 09:00-20:00", "mon-fri 10:00-18:00"}

// cadence is one team's year.
type cadence struct {
	*stage
	a      *almanac
	rng    *rand.Rand
	untold map[string]int // person and task → updates that no digest has told of
	counts map[string]int
	trace  []string
	jumped time.Time // till then the clock may tell a second time of what came by another
}

// differs ends the test with what came last.
func (c *cadence) differs(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf(format+"\n%s", append(args, strings.Join(c.trace[max(0, len(c.trace)-16):], "\n"))...)
}

func (c *cadence) note(format string, args ...any) {
	c.trace = append(c.trace, c.now.Format("2006-01-02 15:04 ")+fmt.Sprintf(format, args...))
}

func newCadence(t *testing.T, seed uint64) *cadence {
	rng := rand.New(rand.NewPCG(seed, 12))
	g := newStage(t)
	g.seldom = true
	c := &cadence{stage: g, rng: rng, untold: map[string]int{}, counts: map[string]int{}}
	c.a = &almanac{
		team: g.team, off: map[string]map[string]bool{}, away: map[string][][2]string{}, last: map[string]string{}, wrote: map[string]bool{},
		bounces: map[string][]time.Time{}, busy: map[string][]time.Time{}, review: map[string]time.Time{}, round: map[string]time.Time{}, waits: map[int]time.Time{},
	}
	pick := func(of ...string) Minute {
		m, err := ParseMinute(of[rng.IntN(len(of))])
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for i := range g.team.People {
		p := &g.team.People[i]
		p.Zone = zone(cadenceZones[rng.IntN(len(cadenceZones))])
		h, err := ParseHours(cadenceHours[rng.IntN(len(cadenceHours))])
		if err != nil {
			t.Fatal(err)
		}
		p.Hours = h
		p.Digest, p.Prompt = pick("08:30", "10:00", "15:00", "16:00"), pick("10:00", "15:00", "16:00", "16:15")
		if rng.IntN(8) == 0 {
			p.Digest = Never
		}
		off := map[string]bool{}
		for range rng.IntN(15) {
			off[time.Date(2026, 1, 1+rng.IntN(430), 12, 0, 0, 0, time.UTC).Format(ymd)] = true
		}
		for d := range 5 { // a week in a row
			off[time.Date(2026, 1, 281+d+i*9, 12, 0, 0, 0, time.UTC).Format(ymd)] = true
		}
		c.a.off[p.Key()] = off
		holidays := map[string]bool{}
		for d := range off {
			holidays[d] = true
		}
		p.Holiday = func(d Date) string {
			if holidays[d.String()] {
				return "a holiday"
			}
			return ""
		}
	}
	g.team.Weekly = Weekly{On: rng.IntN(6) > 0, Day: time.Weekday(rng.IntN(7)), At: pick("09:00", "15:00", "16:00", "16:15")}
	g.team.Streams[1].Approvers = []string{[]string{"omar", "dana", "priya"}[rng.IntN(3)] + "@acme.example"}
	g.team.Streams[1].Engineer = []string{"lee", "dana", "priya"}[rng.IntN(3)] + "@acme.example"
	if g.team.Streams[1].Approvers[0] == g.team.Streams[1].Engineer {
		g.team.Streams[1].Approvers[0] = "omar@acme.example"
	}
	g.team.Zone = g.team.People[0].Zone
	return c
}

// write lets a mail that came at this moment be read now.
func (c *cadence) write(who, to, subject, body string, came time.Time) Outcome {
	c.mails++
	o := Apply(c.s, Incoming{ID: c.mails, At: came, Mail: c.compose(who, to, subject, body)}, c.now)
	p := c.team.Person(who + "@acme.example")
	delete(c.a.bounces, p.Key())
	kinds := ""
	for _, e := range o.Events {
		kinds += " " + string(e.Kind)
	}
	c.note("%s > %s: %s; came %s:%s", who, to, body, came.Format("02 15:04"), kinds)
	for _, e := range o.Events {
		if slices.Contains([]EventKind{Updated, DeliveredE, ApprovedE, RedirectedE, AskedE}, e.Kind) {
			stream := c.s.Tasks[e.Task].Stream
			if e.Kind == ApprovedE { // it was at the gate no longer than that
				c.a.busy[stream] = slices.DeleteFunc(c.a.busy[stream], came.Before)
			}
			c.a.busy[stream] = append(c.a.busy[stream], came, came, came)
		}
		if e.Kind == Updated {
			for _, who := range c.team.Plan(c.s.Tasks[e.Task].Stream).Approvers {
				c.untold[fmt.Sprint(who, e.Task)]++
			}
		}
	}
	for _, l := range o.Letters {
		if q := c.team.Person(l.To); q != nil && !l.Asked {
			if local := l.Due.In(q.Zone); !c.a.works(q, local) || minuteOf(local) < q.Hours.From || minuteOf(local) >= q.Hours.To {
				c.differs("%s to %s at night: %s", l.Kind, l.To, local)
			}
		}
	}
	c.s = o.State
	for n, t := range c.s.Tasks {
		key := fmt.Sprint(n, t.Round)
		if c.a.begun.IsZero() {
			c.a.begun = came
		}
		if t.State == Active && c.a.round[key].IsZero() {
			c.a.round[key] = came
		}
		if t.State != AtGate && t.Question == nil {
			delete(c.a.waits, n)
		} else if c.a.waits[n].IsZero() {
			c.a.waits[n] = came
		}
	}
	c.watch()
	return o
}

// watch sees which streams are at work now: in the hours of the engineer, or
// at the gate in those of the approver.
func (c *cadence) watch() {
	for _, t := range c.s.Tasks {
		if t.State != Active && t.State != AtGate {
			continue
		}
		plan := c.team.Plan(t.Stream)
		p := c.team.Person(plan.Engineer)
		if t.State == AtGate {
			p = c.team.Person(plan.Approvers[0])
		}
		local := c.now.In(p.Zone)
		if c.a.works(p, local) && minuteOf(local) > p.Hours.From && minuteOf(local) <= p.Hours.To {
			if b := c.a.busy[t.Stream]; len(b) == 0 || !b[len(b)-1].Equal(c.now) {
				c.a.busy[t.Stream] = append(b, c.now)
			}
		}
	}
}

// mailAbout makes a random mail of the work, of days off, or one that comes back.
func (c *cadence) mailAbout(came time.Time) {
	plan := c.team.Streams[c.rng.IntN(2)]
	eng, pm := strings.TrimSuffix(plan.Engineer, "@acme.example"), strings.TrimSuffix(plan.Approvers[0], "@acme.example")
	var now *Task
	for _, t := range c.s.Tasks {
		if t.Stream == plan.Name && (t.State == Active || t.State == AtGate) {
			now = t
		}
	}
	wrote := func(n int) {
		c.a.wrote[fmt.Sprint(plan.Engineer, n, came.In(c.team.Person(plan.Engineer).Zone).Format(ymd))] = true
	}
	switch r := c.rng.IntN(20); {
	case r == 0: // some days off, told before they begin
		p := c.team.Person(plan.Engineer)
		day := came.In(p.Zone)
		first := time.Date(day.Year(), day.Month(), day.Day()+1+c.rng.IntN(5), 12, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 0, c.rng.IntN(12))
		if came.Equal(c.now) {
			c.write(eng, "me", "Days off", fmt.Sprintf("away from %s to %s", first.Format(ymd), last.Format(ymd)), came)
			c.a.leave(p.Key(), first.Format(ymd), last.Format(ymd))
		}
	case r == 1: // three letters come back
		for range 1 + c.rng.IntN(3) {
			who := c.team.People[c.rng.IntN(2)].Key()
			c.mails++
			m := parse.Mail{Robot: parse.RobotBounce, From: parse.Address{Address: "mailer-daemon@x.example"}, Bounce: &parse.Bounce{Status: "5.1.1", Permanent: true}}
			c.s = Apply(c.s, Incoming{ID: c.mails, At: c.now, Mail: m, Answers: &Letter{Kind: DigestMail, To: who}}, c.now).State
			c.a.bounces[who] = append(c.a.bounces[who], c.now)
		}
	case now == nil:
		if r < 8 {
			c.write(pm, plan.Name, "A task of some kind", "Problem: it is wrong\nDone: it is right", came)
		}
	case now.State == AtGate:
		if r < 10 {
			c.write(pm, fmt.Sprintf("t%dr%d", now.Number, now.Round), "Re: a letter", []string{"approve", "redirect: it is not right yet"}[r%2], came)
		}
	case now.Question != nil:
		if r < 12 {
			c.write(pm, fmt.Sprint("t", now.Number), "Re: a letter", "Take the second one.", came)
		}
	case r == 2:
		c.write(eng, fmt.Sprint("t", now.Number), "Re: a letter", "done: it is right", came)
		wrote(now.Number)
	case r < 5:
		c.write(eng, fmt.Sprint("t", now.Number), "Re: a letter", "question: which of the two?", came)
		wrote(now.Number)
	default:
		c.write(eng, fmt.Sprint("t", now.Number), "Re: a letter", fmt.Sprintf("Step %d is made.", c.mails), came)
		wrote(now.Number)
	}
}

// look is one moment: what the rules write and what the almanac expects.
func (c *cadence) look() {
	c.watch()
	want := map[string]string{}
	for i := range c.team.People {
		p := &c.team.People[i]
		if w := c.a.expect(c.s, p, c.now); w != "" {
			want[p.Key()] = w
		}
	}
	o := Tick(c.s, c.now)
	got := map[string]string{}
	for _, l := range o.Letters {
		p, b := c.team.Person(l.To), l.Body
		var parts []string
		if b.Review != nil {
			parts = append(parts, "weekly")
		}
		if b.Digest != nil {
			parts = append(parts, "digest")
			c.tells(p, b.Digest)
		}
		if len(b.Tasks) > 0 {
			parts = append(parts, "prompt")
		}
		if got[l.To] != "" || !strings.HasPrefix(strings.Join(parts, "+"), string(l.Kind)) || !l.Due.Equal(c.now) {
			c.differs("%s: a second letter, or one of another kind or time: %s %v", c.now.In(p.Zone), l.Key, parts)
		}
		got[l.To] = strings.Join(parts, "+")
		c.note("%s to %s", got[l.To], l.To)
	}
	for i := range c.team.People {
		p := &c.team.People[i]
		if k := p.Key(); got[k] != want[k] {
			c.differs("%s, %s: got %q, the almanac says %q (digest %s prompt %s weekly %v %s %s, %+v)", c.now.In(p.Zone).Format("Mon 2006-01-02 15:04 MST"), k, got[k], want[k],
				p.Digest, p.Prompt, c.team.Weekly.On, c.team.Weekly.Day, c.team.Weekly.At, p.Hours)
		}
		if w := want[p.Key()]; w != "" {
			c.counts[w]++
		}
	}
	c.s = o.State
}

// blurred tells whether a mail about the task was read late since then: what came
// before it is rather told twice than never.
func (c *cadence) blurred(n int, since time.Time) bool {
	return slices.ContainsFunc(c.s.Tasks[n].Late, func(l Late) bool { return l.Heard.After(since) })
}

// tells holds that a digest tells every update since the last one, and no
// other. Those of a task that is at the gate stand in its gate letter.
func (c *cadence) tells(p *Person, d *Digest) {
	said := map[int]int{}
	for _, it := range d.Moved {
		said[it.Task] += it.Count
	}
	for n := range c.s.Tasks {
		key := fmt.Sprint(p.Key(), n)
		if !slices.Contains(c.team.Plan(c.s.Tasks[n].Stream).Approvers, p.Key()) {
			continue
		}
		gate := slices.ContainsFunc(d.Waiting, func(i Item) bool { return i.Task == n && i.Kind == "gate" })
		if again := said[n] - c.untold[key]; again > 0 && (c.blurred(n, d.Since) || c.now.Before(c.jumped)) {
			c.counts["updates told again after a gap or a jump"] += again
		} else if again != 0 && !(gate && said[n] == 0) {
			c.differs("%s, %s: the digest tells %d updates of task %d, %d are new", c.now.In(p.Zone), p.Key(), said[n], n, c.untold[key])
		}
		c.counts["updates told"] += said[n]
		delete(c.untold, key)
	}
}

// A year of random teams on a host that is off at times and whose clock jumps:
// every letter is the one that the almanac has, at its moment.
func TestCadenceByTheAlmanac(t *testing.T) {
	days, letters := 0, map[string]int{}
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newCadence(t, seed)
			begin, most := c.now, c.now
			end, calm := begin.AddDate(1, 0, 0), begin.AddDate(0, 11, 0)
			for c.now.Before(end) {
				c.now = c.now.Add(15 * time.Minute)
				var late []time.Time // mails that came while the host was off
				back := c.now
				if c.now.Before(calm) {
					switch r := c.rng.IntN(96 * 60); {
					case r < 4: // off
						c.counts["outages"]++
						for off := []time.Duration{5 * time.Hour, 5 * time.Hour, 3 * 24 * time.Hour, 3 * 7 * 24 * time.Hour}[r]; off > 0; off -= 15 * time.Minute {
							if c.now = c.now.Add(15 * time.Minute); c.rng.IntN(40) == 0 {
								late = append(late, c.now)
							}
							c.watch()
						}
						back = c.now
					case r == 4: // the clock goes back
						c.counts["jumps"]++
						c.jumped = c.now.Add(8 * 24 * time.Hour)
						c.now = c.now.Add(-time.Duration(c.rng.IntN(96*3)) * 15 * time.Minute)
						back = c.now
					case r == 5: // it goes ahead for a moment
						c.counts["jumps"]++
						c.jumped = c.now.Add(8 * 24 * time.Hour)
						c.now = c.now.Add(time.Duration(c.rng.IntN(96*3)) * 15 * time.Minute)
					}
					if len(late) > 0 && c.rng.IntN(2) == 0 { // the letters come before the mails are read
						c.look()
					}
					for _, came := range late {
						c.mailAbout(came)
					}
					if c.rng.IntN(40) == 0 {
						c.mailAbout(c.now)
					}
				}
				c.look()
				c.now = back
				if c.now.After(most) {
					most = c.now
				}
			}
			days += int(most.Sub(begin) / (24 * time.Hour))
			for key := range c.untold {
				if who, _, _ := strings.Cut(key, ".example"); c.team.Person(who+".example").Digest != Never {
					t.Errorf("never told in a digest: %s", key)
				}
			}
			for k, n := range c.counts {
				letters[k] += n
			}
		})
	}
	t.Logf("%d days of teams: %v", days, letters)
}
