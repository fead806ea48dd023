package templates

import (
	"fmt"
	"strings"
	"time"

	"gatepost/loop"
)

// Day is a date as people say it: "Mon 2 March", with the year if it is not
// that of the letter. "" for no date.
func (v *view) Day(d loop.Date) string {
	if d.IsZero() {
		return ""
	}
	s := fmt.Sprintf("%.3s %d %s", d.Weekday(), d.Day, d.Month)
	if v.year != 0 && d.Year != v.year {
		s += fmt.Sprintf(" %d", d.Year)
	}
	return s
}

// At is an instant in the reader's zone: "Mon 2 March, 14:05". "" for none.
func (v *view) At(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	s := v.Day(loop.DateOf(t, v.zone)) + t.In(v.zone).Format(", 15:04")
	if v.strange { // the reader's zone could not be loaded; do not let them guess
		s += " UTC"
	}
	return s
}

// Today is the day the letter is due on, so that letters of two days have
// two subjects: some clients make one conversation of equal ones.
func (v *view) Today() string {
	if v.L.Due.IsZero() {
		return ""
	}
	return v.Day(loop.DateOf(v.L.Due, v.zone))
}

// count is "1 day", "2 days", "no days".
func count(n int, one string) string {
	many := one + "s"
	if strings.HasSuffix(one, "y") && !strings.HasSuffix(one, "ay") {
		many = strings.TrimSuffix(one, "y") + "ies"
	}
	switch n {
	case 0:
		return "no " + many
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func paused(yes bool) string {
	if yes {
		return " (paused)"
	}
	return ""
}
