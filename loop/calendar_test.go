package loop

import (
	"testing"
	"time"
)

func date(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func calendarDE(away string) Calendar {
	hours, _ := ParseHours("mon-fri 09:00-17:30")
	holiday, _ := Holidays("de")
	c := Calendar{Zone: berlin, Hours: hours, Holiday: holiday}
	if away != "" {
		c.Away = []Span{{To: date(away)}}
	}
	return c
}

func TestBusinessDays(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		away string
		want string
	}{
		{"2026-03-02", 5, "", "2026-03-09"},
		{"2026-03-02", 3, "", "2026-03-05"},
		{"2026-03-06", 1, "", "2026-03-09"},           // over a weekend
		{"2026-03-07", 5, "", "2026-03-13"},           // from a Saturday
		{"2026-04-02", 1, "", "2026-04-07"},           // Good Friday and Easter Monday
		{"2026-12-23", 3, "", "2026-12-29"},           // Christmas
		{"2028-02-28", 1, "", "2028-02-29"},           // leap day
		{"2026-03-02", 3, "2026-03-06", "2026-03-11"}, // away that week
		{"2026-03-07", 0, "", "2026-03-09"},
		{"2026-03-09", 0, "", "2026-03-09"},
	} {
		if got := calendarDE(c.away).Add(date(c.from), c.n); got != date(c.want) {
			t.Errorf("%s + %d (away until %q) = %s, want %s", c.from, c.n, c.away, got, c.want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"2026-03-02", "2026-03-02", 0}, {"2026-03-02", "2026-03-03", 1}, {"2026-03-06", "2026-03-09", 1},
		{"2026-03-09", "2026-03-02", 0}, {"2026-04-01", "2026-04-08", 3}, {"2026-03-07", "2026-03-08", 0},
	} {
		if got := calendarDE("").Between(date(c.a), date(c.b)); got != c.want {
			t.Errorf("working days after %s up to %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
	never := Calendar{Zone: berlin}
	if got := never.Add(date("2026-03-02"), 3); got.IsZero() {
		t.Error("a calendar without working days has no answer at all")
	}
}

func TestWorkingHours(t *testing.T) {
	for _, c := range []struct{ at, want string }{
		{"2026-03-02 09:00", "2026-03-02 09:00"},
		{"2026-03-02 17:29", "2026-03-02 17:29"},
		{"2026-03-02 17:30", "2026-03-03 09:00"},
		{"2026-03-02 03:00", "2026-03-02 09:00"},
		{"2026-03-06 20:00", "2026-03-09 09:00"},
		{"2026-04-03 10:00", "2026-04-07 09:00"}, // Easter
		{"2026-03-29 10:00", "2026-03-30 09:00"}, // the Sunday of the change to summer time
		{"2026-10-25 02:30", "2026-10-26 09:00"}, // … and back
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendarDE("").NextOpen(at).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("first working moment from %s: %s, want %s", c.at, got, c.want)
		}
	}
}

func TestParseHours(t *testing.T) {
	for _, s := range []string{"mon-fri 09:00-17:30", "sun-thu 08:00-16:00", "mon,tue,thu 09:00-13:00", "fri-mon 10:00-11:00"} {
		if _, err := ParseHours(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "mon-fri", "mon-fri 17:00-09:00", "mo-fr 09:00-17:00", "mon-fri 9-17", "mon-fri 09:00-25:00"} {
		if h, err := ParseHours(s); err == nil {
			t.Errorf("%q is read as %+v", s, h)
		}
	}
	h, _ := ParseHours("fri-mon 10:00-11:00")
	if h.Days != [7]bool{true, true, false, false, false, true, true} {
		t.Errorf("fri-mon: %v", h.Days)
	}
}

func TestParseUntil(t *testing.T) {
	today := date("2026-12-24") // a Thursday
	for text, want := range map[string]string{
		"until 3 March": "2027-03-03", "until March 3": "2027-03-03", "until 3rd of March": "2027-03-03", "2026-12-31": "2026-12-31",
		"until 31.12.": "2026-12-31", "until 1.1.2027": "2027-01-01", "tomorrow": "2026-12-25", "until today": "2026-12-24",
		"until thursday": "2026-12-31", "Fri": "2026-12-25", "until Fri, 1 Jan": "2027-01-01", "till 24 Dec.": "2026-12-24", "until 29 Feb": "",
		"until 3/4": "", "": "", "until further notice": "", "until 31 June": "", "until 2026-12-23": "", "until 2029-01-01": "", "until the march bug": "",
		"2026-12-01": "", "the 5th": "",
	} {
		got, ok := ParseUntil(text, today)
		if got.String() != want || ok != (want != "") {
			t.Errorf("away %q is %q (%v), want %q", text, got, ok, want)
		}
	}
}

func TestToken(t *testing.T) {
	// Computed with: printf 'shop@acme.example|t42r1|priya@acme.example' |
	// openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -binary | base32 | tr A-Z a-z | cut -c1-16
	team := shop()
	got := team.Token("t42r1", "priya@acme.example")
	if got != "k2v66f74xbkaip4n" {
		t.Errorf("token is %s", got)
	}
	if team.Token("T42R1", "Priya@Acme.Example") != got {
		t.Error("letter case makes another token")
	}
	if !team.Holds(got, "t42r1", "priya@acme.example") || team.Holds("", "t42r1", "priya@acme.example") || team.Holds(got, "t42r2", "priya@acme.example") {
		t.Error("Holds takes what it should not, or the other way round")
	}
	if o := team.Owner(got, "t42r1"); o == nil || o.Name != "Priya Nair" || team.Owner(got, "t42") != nil {
		t.Errorf("owner is %v", o)
	}
	if a := team.ReplyAddress("t42r1", "priya@acme.example"); a != "shop+t42r1."+got+"@acme.example" {
		t.Error(a)
	}
}
