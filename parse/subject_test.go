package parse

import "testing"

func TestBareSubject(t *testing.T) {
	for subject, want := range map[string]string{
		"Cart total":                    "Cart total",
		"Re: Fwd: Cart total":           "Cart total",
		"RV: Total":                     "Total",
		"TR : Total":                    "Total",
		"I: R: Totale":                  "Totale",
		"PD: Odp: Suma":                 "Suma",
		"SV: [shop] VS: Summa":          "Summa",
		"Re[3]: RE(2): Cart total":      "Cart total",
		"回复：转发：总额":                      "总额",
		"[#42] Re: [ext] Cart total":    "Cart total",
		"Invoice: total is off":         "Invoice: total is off",
		"Is it done? Re: is no mark":    "Is it done? Re: is no mark",
		"Task: Cart total":              "Cart total",
		"[shop] New task: Cart total":   "Cart total",
		"Neue Aufgabe: Summe":           "Summe",
		"Task: ":                        "Task:",
		"Task list: sorting":            "Task list: sorting",
		"Re:":                           "",
		"[tag]":                         "",
		"[open bracket":                 "[open bracket",
		":":                             ":",
		"Retail: a":                     "Retail: a",
		"Re: I: the letter that is one": "the letter that is one",
	} {
		if got := BareSubject(subject); got != want {
			t.Errorf("%q: %q, want %q", subject, got, want)
		}
	}
}

func TestTitleIn(t *testing.T) {
	for text, want := range map[string]string{
		"Title: Cart total\n\nProblem: a":                  "Cart total",
		"Hi Dana,\n\n**Titel:** Summe\n\na":                "Summe",
		"タイトル：合計\na":                                       "合計",
		"Problem: a\nThe page has no title: it should":     "",
		"a\nb\nc\nd\nTitle: of the fifth line":             "",
		"The title: of a book is no label here, I suppose": "",
	} {
		if got, _ := TitleIn(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	s, _ := FindSections("Title: t\n\na\n\nDone: b\nConstraints: c")
	if want := (Sections{Problem: "a", Done: "b", Context: "Title: t\n\nc"}); s != want {
		t.Errorf("got %+v", s)
	}
}
