package loop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// bigTeam is two PMs and eight engineers in three zones, a stream each.
func bigTeam() *Team {
	team := shop()
	team.People, team.Streams = team.People[:2], nil
	team.Weekly = Weekly{On: true, Day: time.Friday, At: 15 * 60}
	team.Holiday, _ = Holidays("de")
	for i, name := range strings.Fields("dana lee kim ravi mina jon eva tom") {
		p := Person{Name: name, Email: []string{name + "@acme.example"}, Role: Engineer, Hours: team.Hours, Digest: Never, Prompt: 16 * 60, Zone: berlin}
		p.Zone = zone([]string{"Europe/Berlin", "Asia/Kolkata", "America/New_York"}[i%3])
		team.People = append(team.People, p)
		team.Streams = append(team.Streams, StreamPlan{Name: "s" + fmt.Sprint(i+1), Engineer: p.Key(), Approvers: []string{team.People[i%2].Key()}})
	}
	return team
}

// A month of a team of ten: who gets how many letters on a day. Every engineer
// reports by the prompt on most days, asks and delivers; the PMs answer,
// decide and open new tasks.
func TestQuietMonth(t *testing.T) {
	g := newStage(t)
	g.team = bigTeam()
	g.s, g.seldom = NewState(g.team), true
	type day struct {
		person string
		date   Date
	}
	got := map[day][]Letter{}
	counted := 0
	count := func() {
		for _, l := range g.sent[counted:] {
			p := g.team.Person(l.To)
			d := DateOf(l.Due, p.Zone)
			got[day{l.To, d}] = append(got[day{l.To, d}], l)
			cal := g.s.Calendar(p.Key())
			if !l.Asked && (!cal.Works(d) || !cal.Open(l.Due) && l.Kind != DigestMail) {
				t.Errorf("%s to %s at %s", l.Kind, l.To, l.Due.In(p.Zone))
			}
		}
		counted = len(g.sent)
	}
	say := func(who, to, text string) {
		before := g.now
		g.mail(who+" > "+to+": a letter", text)
		g.now = before
		count()
	}
	name := func(key string) string { first, _, _ := strings.Cut(key, "@"); return first }
	open := func(stream StreamPlan, n int) {
		m := g.compose(name(stream.Approvers[0]), "team", fmt.Sprintf("Task %d of %s", n, stream.Name), "Problem: it is wrong\nReproduce: look\nDone: it is right")
		g.mails++
		m.MessageID = fmt.Sprintf("open%d.%s@client.example", n, stream.Name)
		m.Address.Stream = stream.Name
		g.apply(Incoming{ID: g.mails, At: g.now, Mail: m})
		count()
	}
	for _, s := range g.team.Streams {
		for n := range 4 {
			open(s, n)
		}
	}
	end := g.now.AddDate(0, 1, 0)
	for step := 0; g.now.Before(end); step++ {
		// the next scheduled moment, or the next full hour in which people write
		hour := g.now.Truncate(time.Hour).Add(time.Hour)
		if at := Next(g.s, g.now); !at.IsZero() && at.Before(hour) {
			g.now = at
			g.tick()
			count()
			continue
		}
		g.now = hour
		g.tick()
		count()
		for i, plan := range g.team.Streams {
			st := g.s.Stream(plan.Name)
			task := g.s.Tasks[st.Current]
			if task == nil {
				continue
			}
			ref, engineer, pm := fmt.Sprintf("t%d", task.Number), g.team.Person(plan.Engineer), g.team.Person(plan.Approvers[0])
			local, boss := g.now.In(engineer.Zone), g.now.In(pm.Zone)
			dayOf := local.YearDay() + i
			switch works := g.s.Calendar(engineer.Key()).Works(DateOf(g.now, engineer.Zone)); {
			case task.State == Active && works && local.Hour() == 10 && dayOf%7 == 3 && task.Question == nil:
				say(name(engineer.Key()), ref, "question: which of the two?")
			case task.State == Active && works && local.Hour() == 15 && dayOf%4 == 1 && task.Question == nil:
				say(name(engineer.Key()), ref, "done: it is right now")
			case task.State == Active && works && local.Hour() == 17 && dayOf%5 != 0:
				say(name(engineer.Key()), "me", "found a part of it")
			case task.Question != nil && g.s.Calendar(pm.Key()).Open(g.now) && boss.Hour() == 11:
				say(name(pm.Key()), ref, "the first one")
			case task.State == AtGate && g.s.Calendar(pm.Key()).Open(g.now) && boss.Hour() == 14:
				word := "approve"
				if task.Number%3 == 0 && task.Round == 1 {
					word = "redirect: not on the phone"
				}
				say(name(pm.Key()), fmt.Sprintf("t%dr%d", task.Number, task.Round), word)
			}
		}
	}
	g.check()
	rows := map[Role]*quietRow{PM: {}, Engineer: {}}
	kinds := map[Kind]int{}
	for d, letters := range got {
		p := g.team.Person(d.person)
		if d.date == date("2026-03-02") { // the morning on which all tasks were opened
			continue
		}
		row, n := rows[p.Role], 0
		for _, l := range letters {
			kinds[l.Kind]++
			switch {
			case l.Asked:
				row.answers++
			case l.Kind == Gate, l.Kind == Question, l.Kind == Answer, p.Role == PM && l.Kind == DigestMail && len(l.Body.Digest.Waiting) > 0 && reviewed(letters):
				row.decisions++
			default:
				n++
			}
		}
		row.days++
		row.others += n
		row.most = max(row.most, n)
		if limit := map[Role]int{Engineer: 2, PM: 1}[p.Role]; n > limit {
			var list []string
			for _, l := range letters {
				list = append(list, string(l.Kind))
			}
			t.Errorf("%s on %s: %d letters: %v", d.person, d.date, n, list)
		}
	}
	for _, k := range []Kind{Prompt, DigestMail, WeeklyMail, Gate, Question, Answer, Approved, Redirected, Receipt} {
		if kinds[k] == 0 {
			t.Errorf("the month brings no %s", k)
		}
	}
	docs, err := os.ReadFile("../docs/cadence.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{rows[PM].line("a PM"), rows[Engineer].line("an engineer")} {
		if !strings.Contains(string(docs), line) {
			t.Errorf("docs/cadence.md does not have the line\n%s", line)
		}
	}
}

// reviewed tells whether the day brings the weekly review.
func reviewed(letters []Letter) bool {
	return slices.ContainsFunc(letters, func(l Letter) bool { return l.Kind == WeeklyMail })
}

// quietRow counts the letters of everybody of a role.
type quietRow struct{ days, others, most, decisions, answers int }

// line is the row as docs/cadence.md has it.
func (r *quietRow) line(who string) string {
	mean := func(n int) string { return fmt.Sprintf("%.2f", float64(n)/float64(r.days)) }
	return fmt.Sprintf("| %s | %s | %d | %s | %s |", who, mean(r.others), r.most, mean(r.decisions), mean(r.answers))
}
