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
	year := ""
	if v.year != 0 && d.Year != v.year {
		year = fmt.Sprint(d.Year)
	}
	return v.says("date.day", "weekday", v.nth("date.weekdays", int(d.Weekday())), "d", d.Day, "month", v.nth("date.months", int(d.Month)-1), "year", year)
}

// ShortDay is a date for a column: "2 Mar".
func (v *view) ShortDay(d loop.Date) string {
	month := []rune(v.nth("date.months", int(d.Month)-1))
	return v.says("date.short", "d", d.Day, "mon", string(month[:min(len(month), 3)]))
}

// nth is one name of a message that lists names.
func (v *view) nth(list string, i int) string {
	names := strings.Fields(v.says(list))
	if i < 0 || i >= len(names) {
		return ""
	}
	return names[i]
}

// At is an instant in the reader's zone: "Mon 2 March, 14:05". "" for none.
func (v *view) At(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	zone := ""
	if v.strange { // the reader's zone could not be loaded; do not let them guess
		zone = "UTC"
	}
	return v.says("date.at", "day", v.Day(loop.DateOf(t, v.zone)), "time", t.In(v.zone).Format("15:04"), "zone", zone)
}

// Today is the day the letter is due on, so that letters of two days have
// two subjects: some clients make one conversation of equal ones.
func (v *view) Today() string {
	if v.L.Due.IsZero() {
		return ""
	}
	return v.Day(loop.DateOf(v.L.Due, v.zone))
}

// DueIs tells whether the task of the letter is due today, or was before: "today",
// "late", else "".
func (v *view) DueIs() string {
	switch today := loop.DateOf(v.L.Due, v.zone); {
	case v.L.Due.IsZero() || today.Before(v.T.Due):
		return ""
	case today == v.T.Due:
		return "today"
	}
	return "late"
}

// tenth is a number with one decimal, without it where it is none.
func (v *view) tenth(f float64) string {
	return strings.Replace(strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0"), ".", v.says("number.decimal"), 1)
}
