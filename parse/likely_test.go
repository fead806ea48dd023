package parse

import "testing"

// The sentence that is offered as the done is one that says what must be so, as it
// stands in the task; faults, burdens, guesses and questions are not offered.
func TestLikelyDone(t *testing.T) {
	for text, want := range map[string]string{
		"At the till nobody sees who gets a discount. After this, one click prints all labels.": "After this, one click prints all labels.",
		"The list is long.\n\n- Ideally the newest order\n  comes first.":                       "Ideally the newest order comes first.",
		"The newsletter should be sent to everybody who asked for it":                           "The newsletter should be sent to everybody who asked for it",
		"I'd love to see at one glance: orders since midnight, open returns.":                   "I'd love to see at one glance: orders since midnight, open returns.",
		"Man wartet 20 Sekunden. Höchstens zwei wären ok.":                                      "Höchstens zwei wären ok.",
		"Llegan dos correos. Hay que conseguir que reciban uno solo.":                           "Hay que conseguir que reciban uno solo.",

		"One card a person. At the end a customer can enter three gift cards and the rest is paid by card.":                                       "At the end a customer can enter three gift cards and the rest is paid by card.",
		"The form takes too many.\n\nAfter this, the form takes no more than 16 people per date.":                                                 "After this, the form takes no more than 16 people per date.",
		"Nobody can delete an account.\n\nA customer can delete the account from their profile page, and can no longer log in afterwards.":        "A customer can delete the account from their profile page, and can no longer log in afterwards.",
		"People search again.\n\nFrom the order history a customer can put an old order into the cart with one click; prices are today's prices.": "From the order history a customer can put an old order into the cart with one click",
		"Man muss anrufen.\n\nKunden können die Retoure im Konto anmelden.":                                                                       "Kunden können die Retoure im Konto anmelden.",
		"Accounting copies orders by hand.\n\nMust not include the customers' numbers.":                                                           "Must not include the customers' numbers.",

		"Search is slow.\n\nIt would be great if it could be fast again.":                          "",
		"Search is slow.\n\nI need four things:\n1. sales of today\n2. orders open":                "",
		"The chart is hidden. I'd like people to find it more easily.":                             "",
		"Man sucht lange. Künftig findet man alles schneller.":                                     "",
		"The export is slow. Ideally it is faster than the old one.":                               "Ideally it is faster than the old one.",
		"Search is slow.\n\nWe can talk on Monday.":                                                "",
		"Search is slow.\n\nLee can help with the index.":                                          "",
		"Search is slow.\n\nSupport can only see the first page.":                                  "",
		"Search is slow.\n\nSupport can no longer see the first page.":                             "",
		"Search is slow.\n\nA customer can order twice, which is wrong.":                           "",
		"Search is slow. A customer can wait for a minute.":                                        "", // not below the problem
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
