package loop

import (
	"testing"
	"time"
)

// One person at one hour gets one letter: whoever directs one stream and works
// in another has the prompt in the digest, and on Friday the week too. A second
// tick sends nothing.
func TestCoincidingLettersAreOne(t *testing.T) {
	g := newStage(t)
	g.team.Weekly = Weekly{On: true, Day: time.Friday, At: 16 * 60}
	priya := g.team.Person("priya@acme.example")
	g.team.Streams[0].Engineer = priya.Key()
	for i := range g.team.Streams {
		g.team.Streams[i].Approvers = []string{"omar@acme.example"}
	}
	g.mail("omar > web: Totals are wrong", "Problem: wrong\nReproduce: add two coupons\nDone: the total is right")
	friday := time.Date(2026, 3, 6, 16, 0, 0, 0, berlin)
	for _, c := range []struct {
		digest, prompt, weekly Minute
		want                   Kind
		tasks, review          bool
	}{
		{16 * 60, 16 * 60, 16 * 60, WeeklyMail, true, true},
		{16 * 60, 16 * 60, 15*60 + 1, WeeklyMail, true, true}, // a host that was off at the hour
		{16 * 60, Never, 16 * 60, WeeklyMail, false, true},
		{17*60 + 1, 16 * 60, 16 * 60, WeeklyMail, true, true},
		{17*60 + 1, 16 * 60, 17 * 60, Prompt, true, false},
	} {
		priya.Digest, priya.Prompt, g.team.Weekly.At = c.digest, c.prompt, c.weekly
		o := Tick(g.s, friday)
		var got []Letter
		for _, l := range o.Letters {
			if l.To == priya.Key() {
				got = append(got, l)
			}
		}
		if len(got) != 1 {
			t.Errorf("%+v: %d letters", c, len(got))
			continue
		}
		l := got[0]
		if l.Kind != c.want || (len(l.Body.Tasks) == 1) != c.tasks || (l.Body.Review != nil) != c.review {
			t.Errorf("%+v: %s with %d tasks, review %v", c, l.Kind, len(l.Body.Tasks), l.Body.Review != nil)
		}
		if again := Tick(o.State, friday.Add(time.Minute)); len(again.Letters) > 1 { // Omar's own may come
			t.Errorf("%+v: a second tick sends %d letters", c, len(again.Letters))
		}
	}
}

// The moments that Next names are those at which Tick does something, over a
// year with both changes of the clock.
func TestNextFindsEveryReview(t *testing.T) {
	g := newStage(t)
	g.team.Weekly = Weekly{On: true, Day: time.Friday, At: 15 * 60}
	g.mail("priya > web: Totals are wrong", "Problem: wrong\nReproduce: add two coupons\nDone: the total is right")
	now, weeks := g.now, map[string]int{}
	for range 3000 {
		now = Next(g.s, now)
		if now.IsZero() || now.Year() > 2026 {
			break
		}
		g.now = now
		o := Tick(g.s, now)
		g.s = o.State
		for _, l := range o.Letters {
			p := g.team.Person(l.To)
			if !g.s.Calendar(p.Key()).Works(DateOf(now, p.Zone)) {
				t.Errorf("%s to %s on %s", l.Kind, l.To, now.In(p.Zone))
			}
			if l.Kind == WeeklyMail {
				weeks[l.Key]++
				if local := now.In(p.Zone); local.Hour() != 15 || local.Minute() != 0 {
					t.Errorf("review at %s", local)
				}
			}
		}
	}
	if len(weeks) != 43 { // Priya alone, weeks 10 to 52: something was in work in each; Omar has no task
		t.Errorf("%d reviews", len(weeks))
	}
}

// A prompt about two tasks says of each word which it is about, and which task
// waits for an answer.
func TestPromptOfTwoTasks(t *testing.T) {
	g := newStage(t)
	g.team.Streams[1].Engineer = "dana@acme.example"
	g.play("at 2026-03-02 09:00\npriya > web: One\n| Done: d\npriya > billing: Two\n| Done: d\nat 2026-03-03 10:00\n" +
		"dana > t2: question: which one?\npriya > t2: the first\npriya > t1: mind the app\ndana > t1: blocked: no access\nat 2026-03-04 16:00\ntick")
	l := g.sent[len(g.sent)-1]
	if l.Kind != Prompt || len(l.Body.Tasks) != 2 {
		t.Fatalf("the last letter is %s about %d tasks", l.Kind, len(l.Body.Tasks))
	}
	if one := l.Body.Tasks[0]; one.Number != 1 || one.Blocked != "no access" {
		t.Errorf("task 1: %+v", one)
	}
	if k := l.Body.Kept; len(k) != 1 || k[0].Task != 1 {
		t.Errorf("kept: %+v", k)
	}
	if a := l.Body.Answers; len(a) != 1 || a[0].Task != 2 {
		t.Errorf("answers: %+v", a)
	}
}
