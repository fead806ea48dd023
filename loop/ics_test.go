package loop

import (
	"fmt"
	"strings"
	"testing"
)

func calendarFile(events ...string) string {
	s := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//Days off//EN\r\n"
	for i, e := range events {
		s += fmt.Sprintf("BEGIN:VEVENT\r\nUID:%d@acme.example\r\nDTSTAMP:20260101T000000Z\r\n%s\r\nEND:VEVENT\r\n", i, strings.ReplaceAll(e, "|", "\r\n"))
	}
	return s + "END:VCALENDAR\r\n"
}

func TestICSHolidays(t *testing.T) {
	holiday, err := ICSHolidays([]byte(calendarFile(
		"DTSTART;VALUE=DATE:20260312|SUMMARY:Moving day",
		"DTSTART;VALUE=DATE:20261224|DTEND;VALUE=DATE:20270102|SUMMARY:Between the years",
		"DTSTART;VALUE=DATE:20200504|RRULE:FREQ=YEARLY|EXDATE;VALUE=DATE:20270504,20280504|SUMMARY:Founders' day\\, every year",
		"DTSTART;VALUE=DATE:20260101|RRULE:FREQ=MONTHLY;BYDAY=1FR;UNTIL=20260430|SUMMARY:First Friday",
		"DTSTART;VALUE=DATE:20260601|RDATE;VALUE=DATE:20260615|SUMMARY:Bridge",
		"DTSTART;VALUE=DATE:20260320|STATUS:CANCELLED|SUMMARY:Trip",
		"DTSTART;VALUE=DATE:20260321|TRANSP:TRANSPARENT|SUMMARY:Birthday",
		"DTSTART;TZID=Europe/Berlin:20260322T090000|DTEND;TZID=Europe/Berlin:20260322T100000|SUMMARY:Meeting",
	)))
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[string]string{
		"2026-03-12": "Moving day", "2026-03-13": "", "2026-12-23": "", "2026-12-24": "Between the years", "2026-12-31": "Between the years",
		"2027-01-01": "Between the years", "2027-01-02": "", "2026-05-04": "Founders' day, every year", "2027-05-04": "", "2028-05-04": "",
		"2029-05-04": "Founders' day, every year", "2019-05-04": "", "2026-02-06": "First Friday", "2026-04-03": "First Friday", "2026-05-01": "",
		"2026-06-01": "Bridge", "2026-06-15": "Bridge", "2026-06-02": "", "2026-03-20": "", "2026-03-21": "", "2026-03-22": "",
	} {
		if got := holiday(date(d)); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestICSRefused(t *testing.T) {
	for name, src := range map[string]string{
		"empty":        "",
		"not ics":      "hello",
		"cut":          strings.TrimSuffix(calendarFile("DTSTART;VALUE=DATE:20260312"), "END:VCALENDAR\r\n"),
		"every second": calendarFile("DTSTART;VALUE=DATE:20260312|RRULE:FREQ=SECONDLY"),
		"every hour":   calendarFile("DTSTART;VALUE=DATE:20260312|RRULE:FREQ=DAILY;BYHOUR=1,2,3"),
		"a project":    calendarFile("DTSTART;VALUE=DATE:20260312|DTEND;VALUE=DATE:20270312|SUMMARY:Sabbatical"),
		"no date":      calendarFile("DTSTART;VALUE=DATE:2026ABCD"),
		"bad list":     calendarFile("DTSTART;VALUE=DATE:20260312|EXDATE:soon"),
		"huge":         strings.Repeat(" ", maxICS+1),
	} {
		if _, err := ICSHolidays([]byte(src)); err == nil {
			t.Errorf("%s: is read", name)
		}
	}
}

func TestAnyHoliday(t *testing.T) {
	de, _ := Holidays("de")
	own, err := ICSHolidays([]byte(calendarFile("DTSTART;VALUE=DATE:20260312|SUMMARY:Moving day")))
	if err != nil {
		t.Fatal(err)
	}
	both := AnyHoliday(de, nil, own)
	if both(date("2026-03-12")) != "Moving day" || both(date("2026-12-25")) == "" || both(date("2026-03-13")) != "" || AnyHoliday(nil) != nil {
		t.Error("two calendars are not both looked at")
	}
}
