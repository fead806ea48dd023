package loop

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gatepost/parse"
)

// The zones of the years: daylight saving in both halves of the year, by half
// an hour, at midnight, a day that never was, and none at all. Ten years from
// 2006 hold all of it.
var yearZones = []string{
	"Europe/Berlin",       // DST at 2 and 3 in the night
	"Australia/Lord_Howe", // DST of half an hour, in the southern summer
	"America/Sao_Paulo",   // DST at midnight: days that begin at one
	"Pacific/Apia",        // had no 2011-12-30
	"Asia/Kolkata",        // no DST, and half an hour off the hour
}

// years is a team with a PM and an engineer in each zone, each pair with a
// stream and an active task.
type years struct {
	t      *testing.T
	s      *State
	now    time.Time
	keys   map[string]time.Time // of every scheduled letter → when
	dates  map[string]int       // person → letters
	told   map[string]time.Time // person → their last digest
	most   time.Time            // the latest moment so far
	letter int
}

func newYears(t *testing.T, first int, hours, digest, prompt string) *years {
	t.Helper()
	team := &Team{Name: "Shop", Address: "shop@acme.example", Secret: []byte("0123456789abcdef0123456789abcdef"), Zone: time.UTC, FirstDelivery: 5, Cycle: 3, Trust: TrustToken}
	h, err := ParseHours(hours)
	if err != nil {
		t.Fatal(err)
	}
	at, err := ParseMinute(digest)
	if err != nil {
		t.Fatal(err)
	}
	ask, err := ParseMinute(prompt)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC)
	y := &years{t: t, now: begin, keys: map[string]time.Time{}, dates: map[string]int{}, told: map[string]time.Time{}}
	for i, name := range yearZones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		pm, eng := fmt.Sprintf("pm%d@acme.example", i), fmt.Sprintf("eng%d@acme.example", i)
		team.People = append(team.People,
			Person{Name: pm, Email: []string{pm}, Role: PM, Zone: zone, Hours: h, Digest: at, Prompt: Never},
			Person{Name: eng, Email: []string{eng}, Role: Engineer, Zone: zone, Hours: h, Digest: Never, Prompt: ask})
		team.Streams = append(team.Streams, StreamPlan{Name: fmt.Sprint("s", i), Engineer: eng, Approvers: []string{pm}})
	}
	team.Hours = h
	y.s = NewState(team)
	for i, plan := range team.Streams {
		for _, e := range []Event{
			{Kind: Opened, Task: i + 1, Stream: plan.Name, By: plan.Approvers[0], Title: "A long task", Sections: &parse.Sections{Done: "done"}},
			{Kind: QueuedE, Task: i + 1},
			{Kind: Started, Task: i + 1, Round: 1, Due: DateOf(begin, time.UTC).Add(5)},
		} {
			e.At = begin
			y.s.Fold(e)
		}
	}
	return y
}

// tick does what is due at the present moment and holds every letter against
// the promises.
func (y *years) tick() {
	y.t.Helper()
	o := Tick(y.s, y.now)
	y.s = o.State
	for _, l := range o.Letters {
		p := y.s.Team.Person(l.To)
		day := DateOf(y.now, p.Zone)
		if was, twice := y.keys[l.Key]; twice {
			y.t.Fatalf("%s was written at %v and at %v", l.Key, was, y.now)
		}
		y.keys[l.Key] = y.now
		if key := fmt.Sprintf("%s|%s|%s", l.Kind, l.To, day); l.Key != key {
			y.t.Fatalf("key %q at %v, want %q", l.Key, y.now.In(p.Zone), key)
		}
		if !y.s.Calendar(l.To).Works(day) || !p.Hours.Days[day.Weekday()] {
			y.t.Fatalf("%s on a day off", l.Key)
		}
		at := p.Digest
		if l.Kind == Prompt {
			at = p.Prompt
		}
		if start, end := day.At(at, p.Zone), day.At(p.Hours.To, p.Zone); y.now.Before(start) || y.now.After(end) {
			y.t.Fatalf("%s at %v, not between %v and %v", l.Key, y.now.In(p.Zone), start, end)
		}
		if l.Kind == DigestMail {
			if l.Body.Digest.Since != y.told[l.To] {
				y.t.Fatalf("%s tells from %v on, the last one was of %v", l.Key, l.Body.Digest.Since, y.told[l.To])
			}
			y.told[l.To] = y.now
		}
		y.dates[l.To]++
		y.letter++
	}
	if y.now.After(y.most) {
		y.most = y.now
	}
}

// working counts the working days on which a letter at this minute was to be
// written, as the calendar on the wall has them.
func working(p *Person, from, to time.Time, at Minute) (n int) {
	for day := DateOf(from, p.Zone); !DateOf(to, p.Zone).Before(day); day = day.Add(1) {
		noon := time.Date(day.Year, day.Month, day.Day, 12, 0, 0, 0, p.Zone)
		if DateOf(noon, p.Zone) != day || !p.Hours.Days[noon.Weekday()] {
			continue // there was no such day, or it is one off
		}
		if when := day.At(at, p.Zone); when.After(from) && when.Before(to) {
			n++
		}
	}
	return n
}

// Ten years of a host that is always on: each letter once on each working day,
// at times of the day that exist twice or not at all as well.
func TestTenYears(t *testing.T) {
	for _, c := range []struct {
		first, last           int
		hours, digest, prompt string
	}{
		{2006, 2016, "mon-fri 09:00-17:30", "09:30", "16:00"},
		{2010, 2013, "mon-sun 00:00-23:59", "00:15", "02:30"}, // in the hour that DST takes or gives
	} {
		t.Run(c.digest, func(t *testing.T) {
			y := newYears(t, c.first, c.hours, c.digest, c.prompt)
			begin, end := y.now, y.now.AddDate(c.last-c.first, 0, 0)
			for steps := 0; ; steps++ {
				next := Next(y.s, y.now)
				if next.IsZero() || !next.After(y.now) || steps > 100_000 {
					t.Fatalf("after %v comes %v, step %d", y.now, next, steps)
				}
				if y.now = next; !y.now.Before(end) {
					break
				}
				y.tick()
			}
			for i := range y.s.Team.People {
				p := &y.s.Team.People[i]
				at := p.Digest
				if p.Role == Engineer {
					at = p.Prompt
				}
				if want := working(p, begin, end, at); y.dates[p.Key()] != want {
					t.Errorf("%s in %s had %d letters on %d working days", p.Key(), p.Zone, y.dates[p.Key()], want)
				}
			}
			for key := range y.keys {
				if key == "digest|pm3@acme.example|2011-12-30" {
					t.Error("a letter of a day that never was")
				}
			}
			t.Logf("%d letters", y.letter)
		})
	}
}

// A host that is off for hours and weeks, and a clock that jumps both ways:
// never two letters of a date, never one at night, and the next digest tells
// of the whole gap.
func TestYearsWithGapsAndJumps(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 6))
			y := newYears(t, 2006, "mon-fri 09:00-17:30", "09:30", "16:00")
			end := y.now.AddDate(10, 0, 0)
			gaps, jumps := 0, 0
			for steps := 0; y.now.Before(end) && steps < 60_000; steps++ {
				next := Next(y.s, y.now)
				switch r := rng.IntN(100); {
				case r < 3: // off
					gaps++
					next = next.Add(time.Duration(rng.Int64N(int64(21 * 24 * time.Hour))))
				case r < 6: // a few hours
					gaps++
					next = next.Add(time.Duration(rng.Int64N(int64(10 * time.Hour))))
				case r == 6: // the clock is put back
					jumps++
					next = y.now.Add(-time.Duration(rng.Int64N(int64(5 * 24 * time.Hour))))
				case r == 7: // it goes ahead for a moment, and back
					jumps++
					y.now = y.now.Add(time.Duration(rng.Int64N(int64(30 * 24 * time.Hour))))
					y.tick()
					next = y.now.Add(-time.Duration(rng.Int64N(int64(10 * 24 * time.Hour))))
				}
				y.now = next
				y.tick()
				y.tick() // and again at the same moment
			}
			if y.now.Before(end) {
				t.Fatalf("did not come further than %v", y.now)
			}
			t.Logf("%d letters, %d gaps, %d jumps", y.letter, gaps, jumps)
		})
	}
}
