package loop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// Bounds of a calendar file: it is an operator's own, and still a mistake in
// it must not hang the service.
const (
	maxICS       = 4 << 20 // bytes
	maxICSEvents = 5000
	maxICSDays   = 60 // of one event: a longer one is somebody's project, not a holiday
)

// icsEvent is one event of a calendar file: on which days it is.
type icsEvent struct {
	name string
	days int // how long, from its first day
	at   func(from, to time.Time) []time.Time
}

// ICSHolidays reads the all-day events of an iCalendar file (RFC 5545) as
// days off: single days, spans (DTEND is the day after the last), and
// repeating ones (RRULE, RDATE, EXDATE). Events at a time of day, cancelled
// ones and those marked TRANSPARENT are no days off. The function names the
// event of a date, "" on other days, and may be called from several
// goroutines.
func ICSHolidays(data []byte) (func(Date) string, error) {
	if len(data) > maxICS {
		return nil, fmt.Errorf("calendar file of %d bytes: want at most %d", len(data), maxICS)
	}
	var events []icsEvent
	dec := ical.NewDecoder(bytes.NewReader(data))
	for calendars := 0; ; calendars++ {
		cal, err := dec.Decode()
		if errors.Is(err, io.EOF) {
			if calendars == 0 {
				return nil, fmt.Errorf("no VCALENDAR in it: want an iCalendar file, as calendar programs export it")
			}
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read calendar: %w", err)
		}
		for _, e := range cal.Events() {
			ev, ok, err := icsDays(&e)
			if err != nil {
				return nil, err
			}
			if ok {
				events = append(events, ev)
			}
		}
		if len(events) > maxICSEvents {
			return nil, fmt.Errorf("more than %d events: a calendar of holidays has a few dozen a year", maxICSEvents)
		}
	}
	var mu sync.Mutex
	years := map[int]map[Date]string{}
	return func(d Date) string {
		mu.Lock()
		defer mu.Unlock()
		days := years[d.Year]
		if days == nil {
			days = icsYear(events, d.Year)
			years[d.Year] = days
		}
		return days[d]
	}, nil
}

// icsDays reads one event; ok is false if it is no day off.
func icsDays(e *ical.Event) (ev icsEvent, ok bool, err error) {
	start := e.Props.Get(ical.PropDateTimeStart)
	if start == nil || len(start.Value) != len("20261225") {
		return ev, false, nil // at a time of day
	}
	if status, _ := e.Status(); status == ical.EventCancelled {
		return ev, false, nil
	}
	if p := e.Props.Get("TRANSP"); p != nil && strings.EqualFold(p.Value, "TRANSPARENT") {
		return ev, false, nil
	}
	ev.name, _ = e.Props.Text(ical.PropSummary)
	if ev.name = strings.TrimSpace(ev.name); ev.name == "" {
		ev.name = "day off"
	}
	first, err := e.DateTimeStart(time.UTC)
	if err != nil {
		return ev, false, fmt.Errorf("event %q: %w", ev.name, err)
	}
	end, err := e.DateTimeEnd(time.UTC)
	if err != nil {
		return ev, false, fmt.Errorf("event %q: %w", ev.name, err)
	}
	ev.days = max(1, int(end.Sub(first).Hours()/24))
	if ev.days > maxICSDays {
		return ev, false, fmt.Errorf("event %q of %s lasts %d days: want at most %d; take it out of this calendar", ev.name, DateOf(first, time.UTC), ev.days, maxICSDays)
	}
	rule, err := icsRule(e, first)
	if err != nil {
		return ev, false, fmt.Errorf("event %q: %w", ev.name, err)
	}
	more, err := icsDates(e, ical.PropRecurrenceDates)
	if err != nil {
		return ev, false, fmt.Errorf("event %q: %w", ev.name, err)
	}
	less, err := icsDates(e, ical.PropExceptionDates)
	if err != nil {
		return ev, false, fmt.Errorf("event %q: %w", ev.name, err)
	}
	more = append(more, first)
	ev.at = func(from, to time.Time) []time.Time {
		all := slices.Clone(more)
		if rule != nil {
			all = append(all, rule.Between(from, to, true)...)
		}
		return slices.DeleteFunc(all, func(at time.Time) bool {
			return at.Before(from) || !at.Before(to) || slices.Contains(less, at)
		})
	}
	return ev, true, nil
}

// icsRule is the repetition of an event, nil if it has none.
func icsRule(e *ical.Event, first time.Time) (*rrule.RRule, error) {
	opt, err := e.Props.RecurrenceRule()
	if err != nil || opt == nil {
		return nil, err
	}
	if opt.Freq > rrule.DAILY || len(opt.Byhour)+len(opt.Byminute)+len(opt.Bysecond) > 0 {
		return nil, fmt.Errorf("it repeats within a day: a day off repeats daily at most")
	}
	opt.Dtstart = first
	return rrule.NewRRule(*opt)
}

// icsDates reads RDATE or EXDATE; the library knows neither lists of dates
// (RFC 5545 §3.8.5.1) nor an RDATE at all.
func icsDates(e *ical.Event, name string) ([]time.Time, error) {
	var out []time.Time
	for _, p := range e.Props.Values(name) {
		for value := range strings.SplitSeq(p.Value, ",") {
			at, err := time.Parse("20060102", value[:min(len(value), 8)])
			if err != nil {
				return nil, fmt.Errorf("%s %q: want dates, as 20261224", name, value)
			}
			out = append(out, at)
		}
	}
	return out, nil
}

// icsYear lays out one year; what began in the days before it counts too.
func icsYear(events []icsEvent, year int) map[Date]string {
	days := map[Date]string{}
	from := time.Date(year, 1, 1-maxICSDays, 0, 0, 0, 0, time.UTC)
	to := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, e := range events {
		for _, at := range e.at(from, to) {
			for i := range e.days {
				if d := DateOf(at, time.UTC).Add(i); d.Year == year {
					days[d] = e.name
				}
			}
		}
	}
	return days
}

// AnyHoliday names the holiday of the first function that knows one.
func AnyHoliday(list ...func(Date) string) func(Date) string {
	list = slices.DeleteFunc(list, func(f func(Date) string) bool { return f == nil })
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return func(d Date) string {
		for _, f := range list {
			if name := f(d); name != "" {
				return name
			}
		}
		return ""
	}
}
