package loop

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Weekly is when the weekly review is due. The zero value is never.
type Weekly struct {
	On  bool
	Day time.Weekday
	At  Minute
}

// ParseWeekly reads "fri 15:00".
func ParseWeekly(s string) (Weekly, error) {
	day, at, _ := strings.Cut(s, " ")
	d, err := ParseWeekday(day)
	if err != nil {
		return Weekly{}, err
	}
	m, err := ParseMinute(at)
	return Weekly{On: err == nil, Day: d, At: m}, err
}

// monday is the first day of d's ISO week.
func (d Date) monday() Date { return d.Add(-(int(d.Weekday()) + 6) % 7) }

// Week is d's ISO week, "2026-W10".
func (d Date) Week() string {
	y, w := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).ISOWeek()
	return fmt.Sprintf("%04d-W%02d", y, w)
}

// reviewDay is the day of the review in d's ISO week: the team's day, or the
// last working day before it in the week. false: there is none.
func (w Weekly) reviewDay(cal Calendar, d Date) (Date, bool) {
	if !w.On {
		return Date{}, false
	}
	first := d.monday()
	for day := first.Add((int(w.Day) + 6) % 7); !day.Before(first); day = day.Add(-1) {
		if cal.Works(day) {
			return day, true
		}
	}
	return Date{}, false
}

// reviewDue tells whether p's weekly review should go out now. There is one
// per person and ISO week; it waits for nothing: a week that was missed is
// part of the next review.
func (s *State) reviewDue(p *Person, now time.Time) (Date, bool) {
	cal, today := s.Calendar(p.Key()), DateOf(now, p.Zone)
	day, ok := s.Team.Weekly.reviewDay(cal, today)
	if !ok || day != today || !s.wantsReview(p) || !s.Presence(p.Key()).ReviewDay.Before(today.monday()) {
		return today, false
	}
	return s.due(p, s.Team.Weekly.At, Date{}, now)
}

// waitsForReview tells whether p's digest of this day can wait for the review
// that is still to come today: nobody waited for a decision or an answer when it
// was due. What came up since has had a letter of its own.
func (s *State) waitsForReview(p *Person, today Date, now time.Time) bool {
	day, ok := s.Team.Weekly.reviewDay(s.Calendar(p.Key()), today)
	if !ok || day != today || !s.wantsReview(p) || !s.Presence(p.Key()).ReviewDay.Before(today.monday()) {
		return false
	}
	at := s.Team.Weekly.At
	if at >= s.Calendar(p.Key()).Hours.To || !now.Before(day.At(at, p.Zone)) {
		return false
	}
	due := day.At(p.Digest, p.Zone)
	return !slices.ContainsFunc(s.Digest(p, today, now).Waiting, func(i Item) bool { return !i.Since.After(due) })
}

// wantsReview: PMs and approvers get one, unless they switched the digest off.
func (s *State) wantsReview(p *Person) bool {
	return p.Role != Reader && p.Digest != Never && s.wantsDigest(p)
}

// review tells one PM what the time since their last one brought. A time in
// which nothing happened needs no letter.
func (c *turn) review(p *Person, day Date) *Review {
	from := c.s.Presence(p.Key()).ReviewAt
	if from.IsZero() || c.now.Sub(from) > reviewSpan {
		from = day.Add(-7).At(c.s.Team.Weekly.At, p.Zone)
	}
	r := c.s.Review(p, from, c.now)
	if r.Empty() {
		return nil
	}
	return r
}
