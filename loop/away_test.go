package loop

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseAway(t *testing.T) {
	today := date("2026-12-02") // a Wednesday
	for text, want := range map[string]string{
		"until 4 December": "2026-12-02 2026-12-04", "24–31 Dec": "2026-12-24 2026-12-31", "24-31 Dec": "2026-12-24 2026-12-31",
		"24 - 31 December": "2026-12-24 2026-12-31", "Dec 24–31": "2026-12-24 2026-12-31", "24 Dec – 3 Jan": "2026-12-24 2027-01-03",
		"from 24 Dec to 3 Jan": "2026-12-24 2027-01-03", "from 24 December until 3 January 2027": "2026-12-24 2027-01-03",
		"2026-12-24 to 2026-12-31": "2026-12-24 2026-12-31", "2026-12-24–2026-12-31": "2026-12-24 2026-12-31", "24.12.-31.12.": "2026-12-24 2026-12-31",
		"24.-31.12.": "2026-12-24 2026-12-31", "from Monday to Friday": "2026-12-07 2026-12-11", "Thu to Mon": "2026-12-03 2026-12-07",
		"from tomorrow until 9 Dec": "2026-12-03 2026-12-09", "from Mon 7 Dec to Fri 11 Dec": "2026-12-07 2026-12-11",
		"1–10 December": "2026-12-01 2026-12-10", // under way
		"on Friday":     "2026-12-04 2026-12-04", "Friday": "2026-12-02 2026-12-04", "from the 24th to the 31st of December": "2026-12-24 2026-12-31",
		"28 Dec – 1 Feb": "2026-12-28 2027-02-01", "1–3 March": "2027-03-01 2027-03-03",
		"bis 4. Dezember": "2026-12-02 2026-12-04", "bis Fr, den 4. Dez.": "2026-12-02 2026-12-04", "24.–31. Dez": "2026-12-24 2026-12-31",
		"vom 24. bis 31. Dezember": "2026-12-24 2026-12-31", "von Montag bis Freitag": "2026-12-07 2026-12-11", "am Freitag": "2026-12-04 2026-12-04",
		"vom 24. Dezember bis zum 3. Januar": "2026-12-24 2027-01-03", "bis 3. März": "2026-12-02 2027-03-03", "morgen": "2026-12-02 2026-12-03",
		"hasta el 4 de diciembre": "2026-12-02 2026-12-04", "del 24 al 31 de diciembre": "2026-12-24 2026-12-31", "el viernes": "2026-12-04 2026-12-04",
		"del 24 de diciembre al 3 de enero de 2027": "2026-12-24 2027-01-03", "de lunes a viernes": "2026-12-07 2026-12-11", "desde mañana hasta el 9 de diciembre": "2026-12-03 2026-12-09",
		"bis auf weiteres": "", "hasta nuevo aviso": "", "del 31 al 24 de diciembre": "", "bis 31. Juni": "",
		"24–31": "", "31–24 Dec": "", "from 24 Dec": "", "": "", "for a while": "", "until the 5th": "", "1–2 Foo": "",
		"24 Dec 2026 – 3 Jan 2029": "", "1–30 February": "", "until 24–31 Dec": "",
	} {
		got, ok := ParseAway(text, today)
		is := ""
		if ok {
			is = got.From.String() + " " + got.To.String()
		}
		if is != want {
			t.Errorf("away %q is %q, want %q", text, is, want)
		}
	}
}

func TestLeaveAndArrive(t *testing.T) {
	span := func(s string) Span {
		a, b, _ := strings.Cut(s, "/")
		return Span{date("2026-12-" + a), date("2026-12-" + b)}
	}
	spans := func(list string) []Span {
		var out []Span
		for _, s := range strings.Fields(list) {
			out = append(out, span(s))
		}
		return out
	}
	for _, c := range []struct{ had, says, want string }{
		{"", "24/31", "24/31"},
		{"24/31", "02/04", "02/04 24/31"},         // another span
		{"02/04", "02/03", "02/03"},               // said anew, shorter
		{"01/04", "03/09", "01/02 03/09"},         // longer, while away: the days gone by stay
		{"02/04 24/31", "03/28", "02/02 03/28"},   // over both
		{"24/31", "back 02", ""},                  // not going after all
		{"01/04 24/31", "back 03", "01/02 24/31"}, // earlier than planned
		{"02/04", "back 02", ""},                  // on the first day
		{"01/01 24/31", "back 02", "01/01"},       // those gone by stay
	} {
		var got []Span
		if day, ok := strings.CutPrefix(c.says, "back "); ok {
			got = arrive(spans(c.had), date("2026-12-"+day))
		} else {
			got = leave(spans(c.had), span(c.says))
		}
		if fmt.Sprint(got) != fmt.Sprint(spans(c.want)) {
			t.Errorf("%s and %s make %v, want %s", c.had, c.says, got, c.want)
		}
	}
}
