package loop

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	isoDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	dayMonth = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?\.? (?:of |de )?([\p{L}]+)\.?(?:(?:,| de| del)? (\d{4}))?$`)
	monthDay = regexp.MustCompile(`^([\p{L}]+)\.? (\d{1,2})(?:st|nd|rd|th)?\.?(?:,? (\d{4}))?$`)
	dotted   = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.?(\d{4})?$`)
)

// monthNames and weekdayNames are in the languages that letters have; two
// letters are enough for a German weekday, three for anything else. "mar" is
// March, and no Spanish Tuesday.
var (
	monthNames = [][]string{
		{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"},
		{"januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"},
		{"jänner", "feber", "maerz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"},
		{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	}
	weekdayNames = [][]string{
		{"sunday", "sun", "sonntag", "so", "domingo", "dom"},
		{"monday", "mon", "montag", "mo", "lunes", "lun"},
		{"tuesday", "tue", "dienstag", "di", "martes"},
		{"wednesday", "wed", "mittwoch", "mi", "miércoles", "miercoles", "mié"},
		{"thursday", "thu", "donnerstag", "do", "jueves", "jue"},
		{"friday", "fri", "freitag", "fr", "viernes", "vie"},
		{"saturday", "sat", "samstag", "sa", "sonnabend", "sábado", "sabado", "sáb"},
	}
	untils = []string{"until ", "till ", "til ", "through ", "to ", "bis zum ", "bis ", "hasta "}
	opens  = []string{"from ", "vom ", "von ", "ab ", "del ", "de ", "desde "}
	thes   = []string{"the ", "den ", "dem ", "el ", "al ", "los "}
)

// ParseUntil reads the day of "away until 3 March". It knows 2026-03-03,
// 3 March (2026), March 3, 3.3.(2026), today, tomorrow, and weekday names,
// which mean the next such day after today. Without a year the next such date
// is meant. 3/4 is two different days in two countries and is not read.
// The day must not lie before today, nor more than a year ahead.
func ParseUntil(text string, today Date) (Date, bool) {
	s := strings.ToLower(strings.Trim(firstLine(text), " .,!;:"))
	s = strings.Join(strings.Fields(s), " ")
	for _, lead := range untils {
		s = strings.TrimPrefix(s, lead)
	}
	s = bareEnd(s)
	d, ok := readDay(s, today)
	if !ok || d.Before(today) || today.Add(366).Before(d) {
		return Date{}, false
	}
	return d, true
}

func readDay(s string, today Date) (Date, bool) {
	switch s {
	case "today", "heute", "hoy":
		return today, true
	case "tomorrow", "morgen", "mañana":
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
	for _, names := range monthNames {
		for i, m := range names {
			if len(s) >= 3 && strings.HasPrefix(m, s) {
				return strconv.Itoa(i + 1)
			}
		}
	}
	return "0"
}

// weekdayNamed is the time.Weekday of "fri" or "Freitag", -1 for anything else.
func weekdayNamed(s string) int {
	return slices.IndexFunc(weekdayNames, func(names []string) bool { return slices.Contains(names, s) })
}

// between are the words and signs that stand between the two ends of a span,
// the longer ones first.
var between = []string{" through ", " thru ", " until ", " till ", " til ", " bis zum ", " bis ", " hasta el ", " hasta ", " to ", " al ", " a ", " – ", " — ", " - ", "–", "—", "-"}

var bareDay = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th|\.)?$`)

// ParseAway reads the days of "away …": "until 3 March" begins today, "24–31
// Dec", "from 24 Dec to 3 Jan", "Mon to Fri", "2026-12-24 to 2026-12-31" have two
// ends, "on Friday" is one day. An end without a month has that of the other.
// The span ends today or later, at most a year ahead.
func ParseAway(text string, today Date) (Span, bool) {
	s := strings.Join(strings.Fields(strings.ToLower(strings.Trim(firstLine(text), " .,!;:"))), " ")
	for _, on := range []string{"on ", "am ", "el "} {
		if one, ok := strings.CutPrefix(s, on); ok {
			if d, ok := ParseUntil(one, today); ok {
				return Span{d, d}, true
			}
		}
	}
	if d, ok := ParseUntil(s, today); ok {
		return Span{today, d}, true
	}
	if untilOpens(s) {
		return Span{}, false
	}
	for _, lead := range slices.Concat(opens, thes) {
		s = strings.TrimPrefix(s, lead)
	}
	for _, sign := range between {
		for at := 0; ; {
			i := strings.Index(s[at:], sign)
			if i < 0 {
				break
			}
			at += i
			if span, ok := spanOf(s[:at], s[at+len(sign):], today); ok {
				return span, true
			}
			at += len(sign)
		}
	}
	return Span{}, false
}

// untilOpens tells whether the text names an end only.
func untilOpens(s string) bool {
	return slices.ContainsFunc(untils, func(lead string) bool { return strings.HasPrefix(s, lead) })
}

// longAway is the longest span with two ends, in days; more is a mistake, as
// "31–24 Dec" is.
const longAway = 183

// spanOf reads the two ends of a span. The end is read first and the start is
// the last such day before it, so that a span under way is not next year's.
func spanOf(a, b string, today Date) (Span, bool) {
	a, b = bareEnd(a), bareEnd(b)
	switch {
	case bareDay.MatchString(a) && bareDay.MatchString(b):
		return Span{}, false // of which month?
	case bareDay.MatchString(a):
		a = withMonthOf(b, a)
	case bareDay.MatchString(b):
		b = withMonthOf(a, b)
	}
	to, ok := readDay(b, today)
	if !ok {
		return Span{}, false
	}
	from, ok := readDay(a, today)
	switch {
	case weekdayNamed(a) >= 0 || slices.Contains([]string{"today", "tomorrow", "heute", "morgen", "hoy", "mañana"}, a):
		if ok && to.Before(from) && weekdayNamed(b) >= 0 {
			to = to.Add(7)
		}
	default:
		from, ok = readDay(a, to.Add(-365))
	}
	if !ok || to.Before(from) || to.Before(today) || today.Add(366).Before(to) || from.Before(to.Add(-longAway)) {
		return Span{}, false
	}
	return Span{from, to}, true
}

// bareEnd is one end of a span without the words around it.
func bareEnd(s string) string {
	s = strings.Trim(s, " ,")
	for _, lead := range thes {
		s = strings.TrimPrefix(s, lead)
	}
	if head, rest, ok := strings.Cut(s, " "); ok && weekdayNamed(strings.Trim(head, ".,")) >= 0 {
		s = strings.TrimPrefix(rest, "den ") // "fri 3 march", "Fr, den 3. März"
	}
	return s
}

// withMonthOf gives a bare day the month, and the year, of the other end.
func withMonthOf(other, dayOfMonth string) string {
	dayOfMonth = bareDay.FindStringSubmatch(dayOfMonth)[1]
	if m := dayMonth.FindStringSubmatch(other); m != nil {
		return strings.TrimSpace(dayOfMonth + " " + m[2] + " " + m[3])
	}
	if m := monthDay.FindStringSubmatch(other); m != nil {
		return strings.TrimSpace(dayOfMonth + " " + m[1] + " " + m[3])
	}
	if m := dotted.FindStringSubmatch(other); m != nil {
		return dayOfMonth + "." + m[2] + "." + m[3]
	}
	return dayOfMonth
}
