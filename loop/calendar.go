package loop

import (
	"fmt"
	"strings"
	"time"
)

// Hours is a working week: on which days, from when to when letters may
// arrive. From and To are local times, To is not included.
type Hours struct {
	Days     [7]bool // index time.Weekday
	From, To Minute
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// ParseWeekday reads "fri", any case.
func ParseWeekday(s string) (time.Weekday, error) {
	d, ok := weekdays[strings.ToLower(s)]
	if !ok {
		return 0, fmt.Errorf("day %q: want one of mon tue wed thu fri sat sun", s)
	}
	return d, nil
}

// ParseHours reads "mon-fri 09:00-17:30" or "sun-thu 08:00-16:00" or
// "mon,tue,thu 09:00-13:00".
func ParseHours(s string) (Hours, error) {
	var h Hours
	days, span, ok := strings.Cut(strings.TrimSpace(s), " ")
	from, to, ok2 := strings.Cut(strings.TrimSpace(span), "-")
	if !ok || !ok2 {
		return h, fmt.Errorf("working hours %q: want days and times, as \"mon-fri 09:00-17:30\"", s)
	}
	for _, part := range strings.Split(days, ",") {
		a, b, isRange := strings.Cut(part, "-")
		first, err := ParseWeekday(a)
		if err != nil {
			return h, err
		}
		last := first
		if isRange {
			if last, err = ParseWeekday(b); err != nil {
				return h, err
			}
		}
		for d := first; ; d = (d + 1) % 7 {
			h.Days[d] = true
			if d == last {
				break
			}
		}
	}
	var err error
	if h.From, err = ParseMinute(strings.TrimSpace(from)); err != nil {
		return h, err
	}
	if h.To, err = ParseMinute(strings.TrimSpace(to)); err != nil {
		return h, err
	}
	if h.To <= h.From {
		return h, fmt.Errorf("working hours %q: the end is not after the start", s)
	}
	return h, nil
}

// Calendar says which days a person works. All business dates of a person
// are reckoned in it.
type Calendar struct {
	Zone    *time.Location
	Hours   Hours
	Holiday func(Date) string // name of the public holiday, "" on other days; nil: none
	Away    []Span            // days off that the person announced
}

// Span is some days in a row, both ends included. A zero From means that it
// began before anybody counted.
type Span struct {
	From Date `json:"from,omitzero"`
	To   Date `json:"to"`
}

// Holds tells whether d is one of the days.
func (s Span) Holds(d Date) bool { return !d.Before(s.From) && !s.To.Before(d) }

// AwayOn is the span of days off that d lies in.
func (c Calendar) AwayOn(d Date) (Span, bool) {
	for _, s := range c.Away {
		if s.Holds(d) {
			return s, true
		}
	}
	return Span{}, false
}

// Works tells whether d is a working day.
func (c Calendar) Works(d Date) bool {
	if !c.Hours.Days[d.Weekday()] {
		return false
	}
	if c.Holiday != nil && c.Holiday(d) != "" {
		return false
	}
	_, away := c.AwayOn(d)
	return !away
}

// horizon bounds every search for a working day, in calendar days: a calendar
// without any working day must not hang the service.
const horizon = 3 * 366

// Add returns the n-th working day after d (n ≥ 1); for n = 0 d itself, or the
// next working day if d is none.
func (c Calendar) Add(d Date, n int) Date {
	if n <= 0 {
		for i := 0; i < horizon && !c.Works(d); i++ {
			d = d.Add(1)
		}
		return d
	}
	for i := 0; n > 0 && i < horizon; i++ {
		d = d.Add(1)
		if c.Works(d) {
			n--
		}
	}
	return d
}

// Between counts the working days after a up to and including b: 0 if b is a
// or before it.
func (c Calendar) Between(a, b Date) int {
	n := 0
	for i := 0; i < 20*366 && a.Before(b); i++ {
		a = a.Add(1)
		if c.Works(a) {
			n++
		}
	}
	return n
}

// Open tells whether t lies in working hours.
func (c Calendar) Open(t time.Time) bool {
	d := DateOf(t, c.Zone)
	return c.Works(d) && !t.Before(d.At(c.Hours.From, c.Zone)) && t.Before(d.At(c.Hours.To, c.Zone))
}

// NextOpen returns t itself if it lies in working hours, else the start of the
// next ones.
func (c Calendar) NextOpen(t time.Time) time.Time {
	if c.Open(t) {
		return t
	}
	d := DateOf(t, c.Zone)
	for i := 0; i < horizon; i++ {
		if start := d.At(c.Hours.From, c.Zone); c.Works(d) && start.After(t) {
			return start
		}
		d = d.Add(1)
	}
	return t
}

// Worked is the time between two instants that lies in working hours.
func (c Calendar) Worked(from, to time.Time) time.Duration {
	var sum time.Duration
	d, last := DateOf(from, c.Zone), DateOf(to, c.Zone)
	for i := 0; i < horizon && !last.Before(d); i++ {
		if c.Works(d) {
			a, b := d.At(c.Hours.From, c.Zone), d.At(c.Hours.To, c.Zone)
			if a.Before(from) {
				a = from
			}
			if b.After(to) {
				b = to
			}
			if b.After(a) {
				sum += b.Sub(a)
			}
		}
		d = d.Add(1)
	}
	return sum
}

// Days is Worked in working days of this calendar.
func (c Calendar) Days(from, to time.Time) float64 {
	day := time.Duration(c.Hours.To-c.Hours.From) * time.Minute
	if day <= 0 {
		return 0
	}
	return float64(c.Worked(from, to)) / float64(day)
}
