package loop

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestDates holds the calendars against a table that was checked by hand.
func TestDates(t *testing.T) {
	src, err := os.ReadFile("testdata/dates.txt")
	if err != nil {
		t.Fatal(err)
	}
	hours, err := ParseHours("mon-fri 09:00-17:30")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for i, line := range strings.Split(string(src), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		rows++
		holiday, ok := Holidays(f[0])
		if !ok || len(f) < 3 {
			t.Fatalf("line %d: %q", i+1, line)
		}
		cal := Calendar{Zone: berlin, Hours: hours, Holiday: holiday}
		switch {
		case f[2] == "+":
			n, err := strconv.Atoi(f[3])
			if err != nil {
				t.Fatal(err)
			}
			if got := cal.Add(date(f[1]), n); got != date(f[5]) {
				t.Errorf("line %d: %s: it is %s", i+1, line, got)
			}
		case f[2] == "..":
			if got := cal.Between(date(f[1]), date(f[3])); strconv.Itoa(got) != f[5] {
				t.Errorf("line %d: %s: it is %d", i+1, line, got)
			}
		default:
			if got := holiday(date(f[1])); (got != "") != (f[2] != "-") {
				t.Errorf("line %d: %s: it is %q", i+1, line, got)
			}
		}
	}
	if rows < 200 {
		t.Errorf("%d rows", rows)
	}
	t.Logf("%d rows", rows)
}
