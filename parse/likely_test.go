package parse

import "testing"

// The sentence that is offered as the done is one that says what must be so, as it
// stands in the task; faults, burdens, guesses and questions are not offered.
func TestLikelyDone(t *testing.T) {
	for text, want := range map[string]string{
		"At the till nobody sees who gets a discount. After this, one click prints all labels.":            "After this, one click prints all labels.",
		"The list is long.\n\n- Ideally the newest order\n  comes first.":                                  "Ideally the newest order comes first.",
		"The newsletter should be sent to everybody who asked for it":                                      "The newsletter should be sent to everybody who asked for it",
		"Die Fahrer sehen alle Routen. Künftig bekommt jeder Fahrer nur seine eigene.":                     "Künftig bekommt jeder Fahrer nur seine eigene.",
		"Two wishes. Ideally it is sorted by name. From now on every list has a date, which I miss a lot.": "From now on every list has a date, which I miss a lot.",
		"Our offers are 18 MB. Under 2 MB would be great, photos still sharp.":                             "Under 2 MB would be great, photos still sharp.",
		"Old projects clutter the list. I'd like to be able to archive them.":                              "I'd like to be able to archive them.",
		"I'd love to see at one glance: orders since midnight, open returns.":                              "I'd love to see at one glance: orders since midnight, open returns.",
		"Man wartet 20 Sekunden. Höchstens zwei wären ok.":                                                 "Höchstens zwei wären ok.",
		"Llegan dos correos. Hay que conseguir que reciban uno solo.":                                      "Hay que conseguir que reciban uno solo.",
		"My filters are gone when I go back. They should survive going back.":                              "They should survive going back.",

		"Search is slow. We need to talk about it.":                                                "",
		"Search is slow. I need this by Friday.":                                                   "",
		"Search is slow. I'd like to understand why.":                                              "",
		"Search is slow. Some feedback would be nice.":                                             "",
		"Search is slow. We want to relaunch in May.":                                              "",
		"Search is slow. I want to see orders but it crashes.":                                     "",
		"Search is slow. Es wäre gut.":                                                             "",
		"Search is slow. Ich brauche deine Hilfe.":                                                 "",
		"Search is slow. Several people complained.":                                               "",
		"Ideally one click prints all labels.":                                                     "", // all there is of a problem
		"The till is old. In the end it crashes.":                                                  "",
		"The till is old. At the end, nobody knows the total.":                                     "",
		"The parcel comes late. Each order has to be copied by hand every day.":                    "",
		"The page hangs. It should be easy to fix I think.":                                        "",
		"The page hangs. Should we call the hoster?":                                               "",
		"The page hangs. Ken should send me the list.":                                             "",
		"The page hangs.\n> The newsletter should be sent to everybody who asked for it\nI agree.": "",
		"The page hangs.\n\nMust not: be slower on phones than it is.":                             "",
		"": "",
	} {
		s, _ := FindSections(text)
		if got := LikelyDone(s); s.Done != "" || got != want {
			t.Errorf("%q: %q, want %q (done %q)", text, got, want, s.Done)
		}
	}
	long := "The list is long. Ideally " + "the newest order that came in comes first, and then "
	for range 3 {
		long += "the one that came before it, "
	}
	if got := LikelyDone(Sections{Problem: long + "the rest is as it was."}); got != "" {
		t.Errorf("%d bytes are offered on a button", len(got))
	}
}
