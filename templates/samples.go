package templates

import (
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/parse"
)

// The sample team: a PM, two engineers, two streams, one week of March 2026.
const (
	sampleTeam = "shop@acme.example"
	priya      = "priya@acme.example"
	dana       = "dana@acme.example"
	lee        = "lee@acme.example"
)

// SampleContext is the context that the samples are shown in.
func SampleContext(l loop.Letter) Context {
	c := Context{TeamName: "Shop"}
	if l.Ref != "" {
		t := loop.Team{Address: sampleTeam, Secret: []byte("a secret of the samples, of thirty-two bytes")}
		c.Reply = t.ReplyAddress(l.Ref, l.To)
	}
	return c
}

// Samples is a letter of every kind, some of them more than once, out of one
// small story. The demo and the pictures of the docs show them, and the
// goldens hold their words.
func Samples() []loop.Letter {
	return append(append(sampleLoop(), sampleAnswers()...), sampleWeeks()...)
}

// march is a time of the sample week, in Berlin.
func march(day, hour, minute int) time.Time {
	return time.Date(2026, time.March, day, hour-1, minute, 0, 0, time.UTC)
}

func on(day int) loop.Date { return loop.Date{Year: 2026, Month: time.March, Day: day} }

func to(kind loop.Kind, person, ref string, due time.Time, b loop.Body) loop.Letter {
	names := map[string]string{priya: "Priya Nair", dana: "Dana Kim", lee: "Lee Osei"}
	l := loop.Letter{Kind: kind, Team: sampleTeam, To: person, Name: names[person], Zone: "Europe/Berlin", Ref: ref, Due: due, Body: b}
	if b.Task != nil {
		l.Task = b.Task.Number
	}
	return l
}

func gateChoices() []loop.Choice {
	return []loop.Choice{{Label: "Approve", Body: "approve"}, {Label: "Redirect", Body: "redirect: "}}
}

func workChoices() []loop.Choice {
	return []loop.Choice{{Label: "Done", Body: "done: "}, {Label: "Question", Body: "question: "}, {Label: "Blocked", Body: "blocked: "}}
}

// coupons is the task of the story.
func coupons(state loop.TaskState, round int) *loop.TaskView {
	return &loop.TaskView{
		Number: 12, Title: "Wrong total with two coupons", Stream: "web", State: state, Round: round,
		Engineer: "Dana Kim", By: "Priya Nair", Due: on(9), Started: march(2, 9, 12),
		Sections: parse.Sections{
			Problem:   "With two coupons in the basket the total at checkout is too low by the second one, counted twice. We lose about 40 orders' margin a week.",
			Reproduce: "1. Put the red mug (item 2041) in the basket.\n2. Add SPRING10, then WELCOME5.\n3. Checkout shows 14.20 EUR. It should be 15.70.",
			Done:      "- The total is right for any two coupons, in the basket and at checkout.\n- The order mail shows the same total.\n- The three orders listed in the ticket of 26 February come out at 15.70, 48.00 and 9.95.",
			Context:   "Do not touch the price rules of the wholesale shop. The spring sale starts on 16 March.",
		},
	}
}

// invoices is the one after it.
func invoices(state loop.TaskState) *loop.TaskView {
	return &loop.TaskView{
		Number: 14, Title: "Invoice as PDF in the order mail", Stream: "web", State: state, Round: 1,
		Engineer: "Dana Kim", By: "Priya Nair", Due: on(12), Started: march(9, 10, 20),
		Sections: parse.Sections{
			Problem: "Business customers write to support for an invoice, about 25 a week.",
			Done:    "- The order mail of a business customer has the invoice attached, as PDF.\n- It opens on a phone, and shows VAT and the order number.\n- Private customers get the mail as it was.",
			Context: "Numbers come from billing (stream billing, #13).",
		},
	}
}

func refunds(state loop.TaskState) *loop.TaskView {
	return &loop.TaskView{
		Number: 13, Title: "Refunds reach the ledger the same day", Stream: "billing", State: state, Round: 1,
		Engineer: "Lee Osei", By: "Priya Nair", Due: on(6), Started: march(2, 10, 30),
		Sections: parse.Sections{
			Problem: "Refunds show up in the ledger a day late, so the daily close is off.",
			Done:    "A refund made at any hour is in the ledger export of the same day.",
		},
	}
}

func draft() *loop.TaskView {
	return &loop.TaskView{
		Number: 15, Title: "Search is slow", Stream: "web", State: loop.Draft, Engineer: "Dana Kim", By: "Priya Nair",
		Sections: parse.Sections{Problem: "Several people said that search in the shop feels slow, most of all in the morning."},
	}
}

// sampleLoop is the loop itself: a task taken, worked on, decided.
func sampleLoop() []loop.Letter {
	taken := to(loop.Taken, priya, "t12", march(2, 9, 12), loop.Body{Task: coupons(loop.Active, 1), Place: 0})
	queued := to(loop.Taken, priya, "t14", march(3, 11, 2), loop.Body{Task: invoices(loop.Queued), Place: 2, Advice: []string{"recipe", "several"}})
	queued.Body.Task.Files, queued.Body.Task.Below = []loop.File{{Name: "invoice-2025.pdf", Size: 88000}, {Name: "layout.png", Size: 412000}}, true
	paused := to(loop.Taken, priya, "t13", march(3, 11, 5), loop.Body{Task: refunds(loop.Queued), Place: 1, Act: "pause"})
	needs := to(loop.NeedsDone, priya, "t15", march(3, 11, 20), loop.Body{Task: draft(), Missing: []string{"done"}, Advice: []string{"no-done", "no-reproduce"}})
	told := draft()
	told.Sections.Problem = "Several people said that search in the shop feels slow, most of all in the morning. The newsletter says so, too. Ideally a search for a colour brings only what is in stock."
	needsTold := to(loop.NeedsDone, priya, "t15", march(3, 11, 20), loop.Body{Task: told, Missing: []string{"done"}, Choices: []loop.Choice{{Label: "Done", Body: "done: Ideally a search for a colour brings only what is in stock."}}})
	stream := draft()
	stream.Stream = ""
	needsBoth := to(loop.NeedsDone, priya, "t15", march(3, 11, 20), loop.Body{Task: stream, Missing: []string{"done", "stream"}, Streams: []string{"web", "billing"}})
	call := to(loop.NeedsDone, priya, "t15", march(3, 11, 20), loop.Body{
		Task: draft(), Missing: []string{"done"}, Advice: []string{"wants-a-call"}, Call: parse.CallDiscovery, Slot: march(3, 12, 0), With: "Dana Kim",
	})
	proposal := to(loop.Proposal, priya, "t16", march(4, 9, 0), loop.Body{
		Task: &loop.TaskView{Number: 16, Title: "Retry failed ledger exports", Stream: "billing", State: loop.Draft, Engineer: "Lee Osei", By: "Lee Osei",
			Sections: parse.Sections{Problem: "An export that fails at night is only noticed by the accountant.", Done: "A failed export is tried again within the hour, and a third failure mails the team."}},
		Who: "Lee Osei", When: march(3, 17, 5), Choices: []loop.Choice{{Label: "Queue it", Body: "queue"}, {Label: "Drop it", Body: "drop"}},
	})
	bare := to(loop.Proposal, priya, "t16", march(4, 9, 0), loop.Body{
		Task: &loop.TaskView{Number: 16, Title: "Retry failed ledger exports", State: loop.Draft, By: "Lee Osei",
			Sections: parse.Sections{Problem: "An export that fails at night is only noticed by the accountant."}},
		Who: "Lee Osei", When: march(3, 17, 5), Missing: []string{"done", "stream"}, Streams: []string{"web", "billing"}, Choices: []loop.Choice{{Label: "Drop it", Body: "drop"}},
	})
	task := to(loop.TaskLetter, dana, "t12", march(2, 9, 12), loop.Body{Task: coupons(loop.Active, 1), Choices: workChoices()})
	prompt := to(loop.Prompt, dana, "me", march(4, 16, 0), loop.Body{
		Task: coupons(loop.Active, 1), Tasks: []loop.TaskView{*coupons(loop.Active, 1)}, Choices: workChoices(),
		Answers: []loop.Note{{Kind: loop.NoteAnswer, By: "Priya Nair", At: march(4, 10, 41), Text: "Round each line, then add. The tax office wants it that way."}},
		Kept:    []loop.Note{{Kind: loop.NoteComment, By: "Priya Nair", At: march(4, 11, 0), Text: "Would be nice if the basket said which coupon took off how much."}},
	})
	prompt.Task = 12
	stuck := refunds(loop.Active)
	stuck.Blocked = "I have no access to the ledger's test system. Anna in finance can give it."
	prompts := to(loop.Prompt, lee, "me", march(4, 16, 0), loop.Body{
		Tasks: []loop.TaskView{*stuck, *coupons(loop.Active, 1)},
		Kept:  []loop.Note{{Kind: loop.NoteComment, By: "Priya Nair", At: march(4, 11, 0), Text: "Would be nice if the basket said which coupon took off how much.", Task: 12}},
	})
	question := to(loop.Question, priya, "t12", march(3, 15, 10), loop.Body{
		Task: coupons(loop.Active, 1), Who: "Dana Kim", When: march(3, 15, 9), Act: "question",
		Text: "With two percentages the cents can be rounded per line or once at the end. The old code does both, in different places.\n\nWhich of them do you want?",
	})
	blocked := to(loop.Question, priya, "t13", march(4, 10, 5), loop.Body{
		Task: refunds(loop.Active), Who: "Lee Osei", When: march(4, 10, 4), Act: "blocked", Text: "I have no access to the ledger's test system. Anna in finance can give it.",
	})
	blocked.Body.Files = []loop.File{{Name: "ledger-login.png", Size: 143200}}
	answer := to(loop.Answer, dana, "t12", march(4, 10, 42), loop.Body{
		Task: coupons(loop.Active, 1), Who: "Priya Nair", When: march(4, 10, 41), Text: "Round each line, then add. The tax office wants it that way.",
		Asked: "With two percentages the cents can be rounded per line or once at the end. Which of them do you want?",
	})
	now := to(loop.Comment, dana, "t12", march(5, 9, 31), loop.Body{Task: coupons(loop.Active, 1), Who: "Priya Nair", When: march(5, 9, 30), Act: "now",
		Text: "Marketing moved the spring sale to the 13th. Nothing else changes."})
	gate := to(loop.Gate, priya, "t12r1", march(6, 14, 6), sampleGate())
	gate.Thread = loop.Thread{Subject: "Re: Wrong total with two coupons"}
	second := sampleGate()
	second.Task, second.When, second.Updates, second.Kept = coupons(loop.AtGate, 2), march(9, 9, 40), nil, nil
	second.Text, second.Days = "The order mail takes its total from the basket now, whichever coupon came last.", loop.DaysUsed{Work: 1, Allowed: 3}
	second.Asked = "The basket is right, but the order mail still shows the old total when the second coupon is added last."
	second.Files = []loop.File{{Name: "order mail.png", Size: 96400}, {Name: "cases.csv", Size: 1712000}}
	second.Updates = []loop.Note{{Kind: loop.NoteUpdate, By: "Dana Kim", At: march(6, 17, 2), Text: "Moved: it is the order in which coupons are read.", Files: []loop.File{{Name: "trace.log", Size: 4100}}}}
	gate2 := to(loop.Gate, priya, "t12r2", march(9, 9, 41), second)
	approved := to(loop.Approved, dana, "t14", march(9, 10, 20), loop.Body{
		Task: coupons(loop.Approve, 1), Next: invoices(loop.Active), Who: "Priya Nair", When: march(9, 10, 20), Text: "thanks Dana, the order mail is a joy now!", Choices: workChoices(),
	})
	approved.Body.Next.Files, approved.Body.Next.Below = queued.Body.Task.Files, true
	last := to(loop.Approved, lee, "t13", march(9, 10, 25), loop.Body{Task: refunds(loop.Approve), Who: "Priya Nair", When: march(9, 10, 25)})
	again := coupons(loop.Active, 2)
	again.Due = on(11)
	redirected := to(loop.Redirected, dana, "t12", march(6, 15, 2), loop.Body{
		Task: again, Who: "Priya Nair", When: march(6, 15, 1), Text: "The basket is right, but the order mail still shows the old total when the second coupon is added last.", Choices: workChoices(),
	})
	receipt := to(loop.Receipt, priya, "t12", march(9, 10, 20), loop.Body{
		Task: coupons(loop.Approve, 1), Next: invoices(loop.Active), Act: "approve", Line: "approve, thanks Dana, the order mail is a joy now!",
		When: march(9, 10, 20), Undo: march(9, 12, 20), Choices: []loop.Choice{{Label: "Undo", Body: "undo"}},
	})
	receipt.Asked = true
	handed := to(loop.TaskLetter, lee, "t12", march(4, 9, 0), loop.Body{
		Task: coupons(loop.Active, 1), Updates: sampleGate().Updates[:1], Kept: sampleGate().Kept, Choices: workChoices(),
	})
	handed.Body.Task.Engineer = "Lee Osei"
	given := to(loop.Comment, dana, "t12", march(4, 9, 0), loop.Body{Task: handed.Body.Task, Who: "Lee Osei", When: march(4, 9, 0), Act: "handed"})
	return []loop.Letter{taken, queued, paused, needs, needsBoth, call, needsTold, proposal, bare, task, prompt, prompts, question, blocked, answer, now, gate, gate2, approved, last, redirected, receipt, handed, given}
}

func sampleGate() loop.Body {
	return loop.Body{
		Task: coupons(loop.AtGate, 1), Who: "Dana Kim", When: march(6, 14, 5), Choices: gateChoices(),
		Text: "Totals are right with any number of coupons, in the basket, at checkout and in the order mail. The cause was a price that was read after the first coupon had been taken off.\n\n" +
			"- Your three orders come out at 15.70, 48.00 and 9.95 on staging.\n- 40 new cases with two and three coupons are in the tests.\n- The wholesale shop's rules are as they were.",
		Days: loop.DaysUsed{Work: 4, Blocked: 1, Allowed: 5},
		Updates: []loop.Note{
			{Kind: loop.NoteUpdate, By: "Dana Kim", At: march(2, 16, 40), Text: "Moved: I can see it with your three orders. Next: find where the second coupon is counted."},
			{Kind: loop.NoteUpdate, By: "Dana Kim", At: march(5, 16, 12), Text: "Moved: basket and checkout are right. Next: the order mail."},
		},
		Kept: []loop.Note{{Kind: loop.NoteComment, By: "Priya Nair", At: march(4, 11, 0), Text: "Would be nice if the basket said which coupon took off how much."}},
	}
}

// SampleDigest is a digest with n streams, all of them with something to tell.
func SampleDigest(n int) loop.Letter {
	d := &loop.Digest{Day: on(9), Since: march(6, 8, 30), Held: n / 2}
	for i := range n {
		k := i * 10
		who := []string{"Dana Kim", "Lee Osei"}[i%2]
		stream := []string{"web", "billing", "search", "mail", "stock", "returns"}[i%6]
		d.Waiting = append(d.Waiting, loop.Item{Kind: "gate", Task: 12 + k, Round: 1, Title: "Wrong total with two coupons", Stream: stream, Who: who, Days: 1 + n - i, Text: "Totals are right with any number of coupons, in the basket, at checkout and in the order mail."})
		d.Moved = append(d.Moved, loop.Item{Kind: "update", Task: 16 + k, Title: "Retry failed ledger exports", Stream: stream, Who: who, Count: 2, Text: "Moved: a failed export is tried again after ten minutes. Next: the mail after the third."})
		d.Next = append(d.Next, loop.Item{Kind: "next", Task: 14 + k, Title: "Invoice as PDF in the order mail", Stream: stream})
	}
	if n > 0 {
		d.Waiting = append(d.Waiting,
			loop.Item{Kind: "question", Task: 13, Title: "Refunds reach the ledger the same day", Stream: "billing", Who: "Lee Osei", Days: 1, Text: "I have no access to the ledger's test system. Anna in finance can give it."},
			loop.Item{Kind: "draft", Task: 15, Title: "Search is slow", Stream: "web", Days: 4, Missing: []string{"done"}})
		d.Silent = []loop.Item{{Kind: "silent", Task: 17, Title: "Faster basket on old phones", Who: "Dana Kim", Days: 2}}
		d.Dates = []loop.Item{{Kind: "due", Task: 16, Title: "Retry failed ledger exports", Date: on(10)}}
		d.Low = []loop.Item{{Kind: "low", Stream: "billing", Count: 1}}
		d.Away = []loop.Item{{Kind: "away", Who: "Lee Osei", Date: on(13)}}
	}
	return to(loop.DigestMail, priya, "me", march(9, 8, 30), loop.Body{Digest: d})
}

// sampleAnswers is what is sent when something was asked, or did not work.
func sampleAnswers() []loop.Letter {
	unclear := to(loop.Unclear, priya, "t12r1", march(6, 14, 30), loop.Body{
		Task: coupons(loop.AtGate, 1), Act: "approve", Line: "Approved, thanks!", Beside: "But wait until CI is green.", Cause: parse.DoubtContradiction, Choices: gateChoices(),
	})
	which := to(loop.Unclear, priya, "me", march(6, 14, 30), loop.Body{
		Act: "drop", Line: "drop: not needed any more", Cause: loop.CauseWhichTask, Tasks: []loop.TaskView{*coupons(loop.AtGate, 1), *refunds(loop.Active), *invoices(loop.Queued)},
	})
	comment := to(loop.Unclear, priya, "t12r1", march(6, 14, 40), loop.Body{
		Task: coupons(loop.AtGate, 1), Cause: loop.CauseComment, Line: "Does the app show it too?", Choices: gateChoices(),
	})
	confirm := to(loop.Confirm, priya, "c17", march(6, 18, 1), loop.Body{
		Task: coupons(loop.AtGate, 1), Cause: loop.CauseAlias, Line: "approve", Text: "approve\n\nSent from the train", When: march(6, 18, 0), Who: "priya.nair@mail.example",
		Choices: []loop.Choice{{Label: "Yes, carry it out", Body: "yes"}, {Label: "Yes, and this address is mine too", Body: "yes add"}},
	})
	refused := to(loop.Refused, priya, "t12", march(9, 11, 0), loop.Body{
		Task: coupons(loop.Approve, 1), Cause: loop.CauseDecided, Act: "approve", Line: "approve", Who: "Priya Nair", When: march(9, 10, 20),
	})
	held := to(loop.HeldLetter, priya, "me", march(9, 9, 0), loop.Body{
		Cause: loop.CauseParked, Detail: "there are too many header fields", Line: "Two coupons, screenshots", When: march(9, 8, 58),
	})
	status := to(loop.StatusMail, priya, "me", march(9, 11, 5), loop.Body{Status: []loop.Lane{
		{Stream: "web", Engineer: "Dana Kim", Current: coupons(loop.AtGate, 1), Queue: []loop.TaskView{*invoices(loop.Queued)}, Drafts: []loop.TaskView{*draft()}},
		{Stream: "billing", Engineer: "Lee Osei", Paused: true, Current: refunds(loop.Active)},
	}, Tasks: []loop.TaskView{{Number: 20, Title: "Gift cards", State: loop.Draft}}})
	record := to(loop.RecordMail, priya, "t12", march(9, 11, 6), loop.Body{Task: coupons(loop.Approve, 1), Entries: []loop.Entry{
		{Task: 12, At: march(2, 9, 12), Who: "Priya Nair", What: "opened the task", Event: loop.Opened, Name: "Wrong total with two coupons"},
		{Task: 12, At: march(2, 9, 12), Who: "Gatepost", What: "started round 1, due 2026-03-09", Event: loop.Started, Round: 1, Day: on(9)},
		{Task: 12, At: march(3, 15, 9), Who: "Dana Kim", What: "asked (question)", Event: loop.AskedE, Act: "question", Text: "With two percentages the cents can be rounded per line or once at the end. Which of them do you want?"},
		{Task: 12, At: march(4, 10, 41), Who: "Priya Nair", What: "answered", Event: loop.Answered, Text: "Round each line, then add. The tax office wants it that way."},
		{Task: 12, At: march(6, 14, 5), Who: "Dana Kim", What: "delivered", Event: loop.DeliveredE, Text: sampleGate().Text},
		{Task: 12, At: march(9, 10, 20), Who: "Priya Nair", What: "approved round 1", Event: loop.ApprovedE, Round: 1, Text: "approve, thanks Dana, the order mail is a joy now!"},
	}})
	search := to(loop.SearchMail, priya, "me", march(9, 11, 7), loop.Body{Query: "rounding", Entries: []loop.Entry{
		{Task: 12, At: march(4, 10, 41), Who: "Priya Nair", What: "answered", Event: loop.Answered, Text: "Round each line, then add. The tax office wants it that way."},
	}})
	help := to(loop.HelpMail, dana, "me", march(9, 11, 8), loop.Body{Words: []loop.WordHelp{
		{Word: "done"}, {Word: "question"}, {Word: "blocked"}, {Word: "too big"}, {Word: "away"}, {Word: "back"},
		{Word: "status"}, {Word: "record"}, {Word: "search"}, {Word: "help"},
	}})
	alert := loop.Letter{Kind: loop.Alert, Team: sampleTeam, To: "ops@acme.example", Zone: "Europe/Berlin", Due: march(9, 3, 12),
		Body: loop.Body{Cause: loop.CauseUnreadable, Detail: "imap.acme.example: connection refused, 12 times in an hour", When: march(9, 3, 12)}}
	for _, l := range []*loop.Letter{&unclear, &which, &comment, &confirm, &refused, &status, &record, &search, &help} {
		l.Asked = !strings.HasPrefix(l.Ref, "c")
	}
	return []loop.Letter{unclear, which, comment, confirm, refused, held, SampleDigest(1), SampleDigest(0), status, record, search, help, alert}
}
