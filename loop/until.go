package loop

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	isoDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	dayMonth = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?([\p{L}]+)\.?(?:,? (\d{4}))?$`)
	monthDay = regexp.MustCompile(`^([\p{L}]+)\.? (\d{1,2})(?:st|nd|rd|th)?\.?(?:,? (\d{4}))?$`)
	dotted   = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.?(\d{4})?$`)
)

var monthNames = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// ParseUntil reads the day of "away until 3 March". It knows 2026-03-03,
// 3 March (2026), March 3, 3.3.(2026), today, tomorrow, and weekday names,
// which mean the next such day after today. Without a year the next such date
// is meant. 3/4 is two different days in two countries and is not read.
// The day must not lie before today, nor more than a year ahead.
func ParseUntil(text string, today Date) (Date, bool) {
	s := strings.ToLower(strings.Trim(firstLine(text), " .,!;:"))
	for _, lead := range []string{"until ", "till ", "til ", "through ", "to ", "the "} {
		s = strings.TrimSpace(strings.TrimPrefix(s, lead))
	}
	s = strings.Join(strings.Fields(s), " ")
	if head, rest, ok := strings.Cut(s, " "); ok && weekdayNamed(strings.Trim(head, ",")) >= 0 {
		s = rest // "fri 3 march"
	}
	d, ok := readDay(s, today)
	if !ok || d.Before(today) || today.Add(366).Before(d) {
		return Date{}, false
	}
	return d, true
}

func readDay(s string, today Date) (Date, bool) {
	switch s {
	case "today":
		return today, true
	case "tomorrow":
		return today.Add(1), true
	}
	if wd := weekdayNamed(s); wd >= 0 {
		d := today.Add(1)
		for int(d.Weekday()) != wd {
			d = d.Add(1)
		}
		return d, true
	}
	if m := isoDay.FindStringSubmatch(s); m != nil {
		return day(m[1], m[2], m[3], today)
	}
	if m := dayMonth.FindStringSubmatch(s); m != nil {
		return day(m[3], monthNamed(m[2]), m[1], today)
	}
	if m := monthDay.FindStringSubmatch(s); m != nil {
		return day(m[3], monthNamed(m[1]), m[2], today)
	}
	if m := dotted.FindStringSubmatch(s); m != nil {
		return day(m[3], m[2], m[1], today)
	}
	return Date{}, false
}

// day checks that the date exists; without a year it is the next one.
func day(year, month, dayOfMonth string, today Date) (Date, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(dayOfMonth)
	years := []int{y}
	if year == "" {
		years = []int{today.Year, today.Year + 1}
	}
	for _, y := range years {
		got := DateOf(time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC), time.UTC)
		if got != (Date{y, time.Month(m), d}) {
			continue
		}
		if year != "" || !got.Before(today) {
			return got, true
		}
	}
	return Date{}, false
}

func monthNamed(s string) string {
	for i, m := range monthNames {
		if len(s) >= 3 && strings.HasPrefix(m, s) {
			return strconv.Itoa(i + 1)
		}
	}
	return "0"
}

// weekdayNamed is the time.Weekday of "fri" or "friday", -1 for anything else.
func weekdayNamed(s string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if full := strings.ToLower(d.String()); s == full || s == full[:3] {
			return int(d)
		}
	}
	return -1
}
