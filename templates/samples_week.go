package templates

import (
	"gatepost/loop"
)

// sampleReview is a week of the sample team, with the seven before it.
func sampleReview() *loop.Review {
	trend := []loop.Week{
		{Day: loop.Date{Year: 2026, Month: 1, Day: 23}, Totals: loop.Totals{Delivered: 1, Approved: 1, FirstRound: 1, FirstGates: 1, Updates: 6, Work: 7.5, Blocked: 0.5, Gate: 3.5, Median: 8.2}},
		{Day: loop.Date{Year: 2026, Month: 1, Day: 30}, Totals: loop.Totals{Delivered: 2, Approved: 1, FirstGates: 1, Redirected: 1, Updates: 7, Questions: 2, Work: 6.8, Blocked: 1.9, Gate: 4.1, Median: 9.5}},
		{Day: loop.Date{Year: 2026, Month: 2, Day: 6}, Totals: loop.Totals{Delivered: 2, Approved: 2, FirstRound: 1, FirstGates: 1, Updates: 8, Work: 8.1, Gate: 2.6, Median: 6.9}},
		{Day: loop.Date{Year: 2026, Month: 2, Day: 13}, Totals: loop.Totals{Delivered: 1, Updates: 7, Questions: 1, Work: 8.4, Blocked: 0.8, Gate: 1.2}},
		{Day: loop.Date{Year: 2026, Month: 2, Day: 20}, Totals: loop.Totals{Delivered: 2, Approved: 2, FirstRound: 2, FirstGates: 2, Updates: 9, Work: 7.9, Blocked: 0.3, Gate: 1.6, Median: 5.1}},
		{Day: loop.Date{Year: 2026, Month: 2, Day: 27}, Totals: loop.Totals{Delivered: 2, Approved: 1, FirstRound: 1, FirstGates: 1, Updates: 8, Questions: 2, Work: 8.2, Blocked: 1, Gate: 0.8, Median: 5.8}},
		{Day: on(6), Totals: loop.Totals{Delivered: 2, Approved: 2, FirstRound: 1, FirstGates: 2, Redirected: 1, Updates: 8, Questions: 1, Work: 7.1, Blocked: 0.4, Gate: 2.5, Median: 5.2}},
	}
	// the week shown: 13 to 20 March, three in the afternoon
	now := loop.Totals{Delivered: 3, Approved: 2, FirstRound: 2, FirstGates: 3, Redirected: 1, Updates: 9, Questions: 2, Work: 6.4, Blocked: 1.2, Gate: 3.4, Median: 4.3}
	return &loop.Review{
		From: march(13, 15, 0), To: march(20, 15, 0), Totals: now, Own: 2.9, Trend: append(trend, loop.Week{Day: on(13), Totals: now}),
		Redirects: []loop.Item{{Kind: "redirected", Task: 18, Title: "Address check for Austria", Stream: "web", Who: "Priya Nair", Round: 1, Since: march(18, 11, 40), Text: "Four-digit postcodes are refused on the phone."}},
		Cycles: []loop.Cycle{
			{Task: 16, Title: "Retry failed ledger exports", Stream: "billing", Rounds: 1, Days: 2.8},
			{Task: 14, Title: "Invoice as PDF in the order mail", Stream: "web", Rounds: 2, Days: 5.8},
		},
		Waits: []loop.Item{{Kind: "gate", Task: 19, Title: "Ledger export as CSV", Stream: "billing", Who: "Lee Osei", Round: 1, Days: 2, Since: march(18, 16, 5)}},
	}
}

// sampleWeeks are the weekly review, one that takes a digest and
// a prompt in, and the answers to days away.
func sampleWeeks() []loop.Letter {
	weekly := to(loop.WeeklyMail, priya, "me", march(20, 15, 0), loop.Body{Review: sampleReview()})
	all := SampleDigest(1)
	all.Kind, all.Due, all.Body.Digest.Day = loop.WeeklyMail, march(20, 15, 0), on(20)
	all.Body.Digest.Dates[0].Date, all.Body.Digest.Away[0].Date = on(23), on(27)
	all.Body.Tasks = []loop.TaskView{*invoices(loop.Active)}
	all.Body.Review = sampleReview()
	away := to(loop.Receipt, dana, "me", march(9, 11, 10), loop.Body{
		Act: "away", Line: "away 24–31 March", When: march(9, 11, 9), From: on(24), Detail: "2026-03-31", Tasks: []loop.TaskView{*invoices(loop.Active)},
	})
	back := to(loop.Receipt, dana, "me", march(9, 11, 15), loop.Body{Act: "back", Line: "back", When: march(9, 11, 14), Tasks: []loop.TaskView{*invoices(loop.Active)}})
	away.Asked, back.Asked = true, true
	return []loop.Letter{weekly, all, away, back}
}
