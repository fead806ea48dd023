package loop

import (
	"testing"
	"time"

	"gatepost/parse"
)

func TestSlot(t *testing.T) {
	hours, _ := ParseHours("mon-fri 09:00-17:30")
	cal := func(name string) Calendar { return Calendar{Zone: zone(name), Hours: hours} }
	for _, c := range []struct{ a, b, from, want string }{
		{"Europe/Berlin", "Europe/Berlin", "2026-03-02 10:20", "2026-03-02 10:30"},
		{"Europe/Berlin", "Europe/Berlin", "2026-03-02 10:30", "2026-03-02 10:30"},
		{"Europe/Berlin", "Europe/Berlin", "2026-03-02 17:20", "2026-03-03 09:00"}, // no whole quarter is left
		{"Europe/Berlin", "Europe/Berlin", "2026-03-06 18:00", "2026-03-09 09:00"},
		{"Europe/Berlin", "America/New_York", "2026-03-02 10:00", "2026-03-02 15:00"},
		{"Asia/Kolkata", "Europe/Berlin", "2026-03-02 13:30", "2026-03-03 09:00"}, // Kolkata ends at 13:00 in Berlin
		{"Asia/Tokyo", "America/New_York", "2026-03-02 10:00", ""},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", c.from, berlin)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if at, ok := slot(cal(c.a), cal(c.b), from); ok {
			got = at.In(berlin).Format("2006-01-02 15:04")
		}
		if got != c.want {
			t.Errorf("%s and %s from %s: %q, want %q", c.a, c.b, c.from, got, c.want)
		}
	}
}

// What wants a call is told so, with the reason and a time; anything else is not.
func TestCall(t *testing.T) {
	for text, want := range map[string]string{
		"The shop is down right now, nobody can pay.":            parse.CallIncident,
		"Omar and I disagree about the price rules.":             parse.CallDispute,
		"Not sure what we want for search, let's explore.":       parse.CallDiscovery,
		"The cart is empty after login.":                         "",
		"The page should say so when the payment provider fails": "",
	} {
		g := newStage(t)
		g.mail("priya > web: Something", "Problem: "+text+"\nReproduce: look\nDone: it is right")
		b := g.sent[0].Body
		if b.Call != want || (b.Slot.IsZero()) != (want == "") || (b.With == "Dana Kim") != (want != "") {
			t.Errorf("%q: call %q with %q at %s, want %q", text, b.Call, b.With, b.Slot, want)
		}
		if want != "" && (!g.s.Calendar("priya@acme.example").Open(b.Slot) || b.Slot.Before(g.now)) {
			t.Errorf("%q: a call at %s", text, b.Slot)
		}
	}
}
