package main

import (
	"sync"
	"testing"
	"time"

	"gatepost/loop"
)

// The holidays that a config can name: days that are known to be free, and
// days that are not.
func TestHolidays(t *testing.T) {
	countries := 0
	for _, code := range loop.HolidayCountries() {
		if len(code) == 2 {
			countries++
		}
		holiday, ok := loop.Holidays(code)
		if !ok {
			t.Fatalf("%s is listed and not known", code)
		}
		for year := 2026; year <= 2036; year++ {
			free := 0
			for d := (loop.Date{Year: year, Month: time.January, Day: 1}); d.Year == year; d = d.Add(1) {
				if holiday(d) != "" {
					free++
				}
			}
			if free < 4 || free > 25 {
				t.Errorf("%s: %d holidays in %d", code, free, year)
			}
		}
	}
	if countries < 30 {
		t.Errorf("%d countries", countries)
	}
	for _, c := range []struct {
		country, date string
		free          bool
	}{
		{"de", "2026-10-03", true},
		{"DE", "2026-04-06", true}, // Easter Monday
		{"de", "2026-06-04", false},
		{"de-by", "2026-06-04", true}, // Corpus Christi
		{"us", "2026-11-26", true},
		{"us", "2026-07-03", true},  // the 4th is a Saturday
		{"us", "2027-12-31", true},  // of 1 January 2028
		{"us", "2026-12-31", false}, // 1 January 2027 is a Friday
		{"gb", "2026-12-28", true},  // Boxing Day is a Saturday
		{"fr", "2026-07-14", true},
		{"fr", "2026-07-15", false},
		{"se", "2026-06-19", true}, // Midsummer's Eve
		{"au", "2026-01-26", true},
		{"nl", "2026-04-27", true},
		{"pl", "2026-11-11", true},
	} {
		holiday, ok := loop.Holidays(c.country)
		d, err := loop.ParseDate(c.date)
		if !ok || err != nil {
			t.Fatal(c, ok, err)
		}
		if name := holiday(d); (name != "") != c.free {
			t.Errorf("%s %s: %q", c.country, c.date, name)
		}
	}
	for _, code := range []string{"", "uk", "xx", "de-xx", "germany"} {
		if _, ok := loop.Holidays(code); ok {
			t.Errorf("%q is known", code)
		}
	}
}

// One calendar is used by every loop of the service.
func TestHolidaysTogether(t *testing.T) {
	holiday, _ := loop.Holidays("de")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for year := 2020 + i; year < 2040; year++ {
				if holiday(loop.Date{Year: year, Month: time.December, Day: 25}) == "" {
					t.Error("Christmas Day is none")
				}
			}
		})
	}
	wg.Wait()
}
