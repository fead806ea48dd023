package parse

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func task(subject, text string) Mail {
	return Read([]byte("From: Priya <priya@acme.example>\nTo: shop+web@acme.example\nSubject: "+subject+"\nContent-Type: text/plain; charset=utf-8\n\n"+text+"\n"), Options{})
}

// Good tasks, of real kinds of work, are left alone.
func TestGoodTasksAreLeftAlone(t *testing.T) {
	b, err := os.ReadFile("testdata/tasks-good.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(strings.TrimSpace(string(b)), "\n%%\n")
	wrong := 0
	for _, c := range cases {
		subject, text, _ := strings.Cut(strings.TrimPrefix(c, "Subject: "), "\n")
		m := task(subject, text)
		if len(m.Advice) > 0 {
			wrong++
			t.Logf("%s: %v", subject, m.Advice)
		}
		if m.Sections.Done == "" || m.Sections.Problem == "" || len(m.Commands) > 0 {
			t.Errorf("%s: sections %+v, commands %v", subject, m.Sections, m.Commands)
		}
		if lost := missing(m.Text, m.Sections); lost != "" {
			t.Errorf("%s: lost %q in %+v", subject, lost, m.Sections)
		}
	}
	if len(cases) < 60 || wrong*20 >= len(cases) {
		t.Errorf("%d of %d good tasks advised", wrong, len(cases))
	}
}

// missing is the first word of a text, labels aside, that is in none of its
// sections.
func missing(text string, s Sections) string {
	all := squash(s.Problem + " " + s.Reproduce + " " + s.Done + " " + s.Context)
	for _, end := range []string{". ", "! ", "? ", "; "} { // a done may begin behind a sentence
		text = strings.ReplaceAll(text, end, end[:1]+"\n")
	}
	for line := range strings.SplitSeq(text, "\n") {
		if _, label, rest := labelAt(line); label != "" {
			line = rest
		}
		line = unlabelled(passage{"done", line})
		if salutes(line) || saluteLike(line) || nothingSaid[join(tokens(line))] || unsaid[join(tokens(line))] {
			continue
		}
		for _, w := range tokens(line) {
			if !strings.Contains(all, squash(w.text)) {
				return w.text
			}
		}
	}
	return ""
}

func TestAdvice(t *testing.T) {
	b, err := os.ReadFile("testdata/tasks-advice.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(strings.TrimSpace(line), " | ", 3)
		rule, not := strings.CutPrefix(f[0], "-")
		m := task(f[1], strings.ReplaceAll(f[2], `\n`, "\n"))
		if slices.Contains(m.Advice, rule) == not {
			t.Errorf("%s: advice %v, sections %+v", strings.TrimSpace(line), m.Advice, m.Sections)
		}
	}
	for _, r := range AdviceRules {
		if r.Says == "" || strings.Count(string(b), "\n"+r.Name+" |") < 3 || strings.Count(string(b), "\n-"+r.Name+" |") < 1 {
			t.Errorf("rule %s lacks a sentence or samples", r.Name)
		}
	}
}

func TestSections(t *testing.T) {
	for _, c := range []struct {
		text string
		want Sections
	}{
		{"Problem: a\nDone: b", Sections{Problem: "a", Done: "b"}},
		{"**Problem:** a\n\n**Done:** b", Sections{Problem: "a", Done: "b"}},
		{"**Problem**: a\n**Done**: b", Sections{Problem: "a", Done: "b"}},
		{"**Problem** a\n**Done** b", Sections{Problem: "a", Done: "b"}},
		{"*Problem*\na\n*Done*\nb", Sections{Problem: "a", Done: "b"}},
		{"# Problem\na\n\n## Done\n- b\n- c", Sections{Problem: "a", Done: "- b\n- c"}},
		{"Problem\n-------\na\n\nDone\n----\nb", Sections{Problem: "a", Done: "b"}},
		{"PROBLEM\na\n\nDONE\nb", Sections{Problem: "a", Done: "b"}},
		{"- Problem: a\n- Done: b", Sections{Problem: "a", Done: "b"}},
		{"1. Problem: a\n2. Done: b", Sections{Problem: "a", Done: "b"}},
		{"| Problem | a |\n| Done | b |", Sections{Problem: "a", Done: "b"}},
		{"| Part | Text |\n|---|---|\n| Problem | a |\n| Done | b |", Sections{Problem: "a", Done: "b", Context: "| Part | Text |"}},
		{"Problem – a\nDefinition of done – b", Sections{Problem: "a", Done: "b"}},
		{"what is a problem – a\nDone: b", Sections{Problem: "what is a problem – a", Done: "b"}},
		{"2) Done - b", Sections{Done: "b"}},
		{"problem = a\ndone = b", Sections{Problem: "a", Done: "b"}},
		{"== Problem ==\na\nh2. Done\nb\nc) Context\nd", Sections{Problem: "a", Done: "b", Context: "d"}},
		{"Context / constraints: c\nDone: b", Sections{Done: "b", Context: "Context / constraints: c"}},
		{"a. We'd be happy when b.", Sections{Problem: "a.", Done: "We'd be happy when b."}},
		{"a. Right would be b.", Sections{Problem: "a.", Done: "Right would be b."}},
		{"a. Gewünscht ist b auf c.", Sections{Problem: "a.", Done: "Gewünscht ist b auf c."}},
		{"a. We're good when the b.", Sections{Problem: "a.", Done: "We're good when the b."}},
		{"a. We are satisfied if less than 5% of b.", Sections{Problem: "a.", Done: "We are satisfied if less than 5% of b."}},
		{"a. I'd consider it fixed if the b.", Sections{Problem: "a.", Done: "I'd consider it fixed if the b."}},
		{"a. Fertig bin ich, wenn b.", Sections{Problem: "a.", Done: "Fertig bin ich, wenn b."}},
		{"a. It's fine if the old list stays.", Sections{Problem: "a. It's fine if the old list stays."}},
		{"a\nI'd call it done once b.", Sections{Problem: "a", Done: "I'd call it done once b."}},
		{"a. It would be done if b.\nc", Sections{Problem: "a.", Done: "It would be done if b.\nc"}},
		{"a. Done: b\nc", Sections{Problem: "a.", Done: "b\nc"}},
		{"For me it's done when b", Sections{Done: "For me it's done when b"}},
		{"Done when b", Sections{Done: "b"}},
		{"We'll call it done when:\n- b\n- c", Sections{Done: "- b\n- c"}},
		{"We can call this finished as soon as b", Sections{Done: "We can call this finished as soon as b"}},
		{"Für uns ist das erledigt, sobald b", Sections{Done: "Für uns ist das erledigt, sobald b"}},
		{"The order is done when the customer pays.", Sections{Problem: "The order is done when the customer pays."}},
		{"I'd be happy if somebody looked.", Sections{Problem: "I'd be happy if somebody looked."}},
		{"It is not done when I look.", Sections{Problem: "It is not done when I look."}},
		{"Soll-Verhalten: b\nIst-Verhalten: a", Sections{Problem: "a", Done: "b"}},
		{"(1) Problem\na\nII. Done\nb", Sections{Problem: "a", Done: "b"}},
		{"Problem -> a\nDone -> b", Sections{Problem: "a", Done: "b"}},
		{"Hi Dana, hope you're well.\n\na\n\nDone: b", Sections{Problem: "a", Done: "b", Context: "Hi Dana, hope you're well."}},
		{"a. We're done when b.", Sections{Problem: "a.", Done: "We're done when b."}},
		{"a. Done = b", Sections{Problem: "a.", Done: "b"}},
		{"a. done = true is shown", Sections{Problem: "a. done = true is shown"}},
		{"a. We are done once b.", Sections{Problem: "a.", Done: "We are done once b."}},
		{"We are done with the old one.", Sections{Problem: "We are done with the old one."}},
		{"a. Goal: b", Sections{Problem: "a.", Done: "b"}},
		{"a\nGiven a card\nWhen b is\nThen c is so", Sections{Problem: "a", Done: "Given a card\nWhen b is\nThen c is so"}},
		{"What's the issue? a\nWhat should be the result? b", Sections{Problem: "a", Done: "b"}},
		{"Who is it? a", Sections{Problem: "Who is it? a"}},
		{"a\n\nOpen any order and press Print.\n\nI call it fixed when b.", Sections{Problem: "a", Reproduce: "Open any order and press Print.", Done: "I call it fixed when b."}},
		{"Open orders are not shown.", Sections{Problem: "Open orders are not shown."}},
		{"An order is finished when it is scanned. It is not so.", Sections{Problem: "An order is finished when it is scanned. It is not so."}},
		{"The import is done when I come, but half is missing.", Sections{Problem: "The import is done when I come, but half is missing."}},
		{"It works when I use a phone.", Sections{Problem: "It works when I use a phone."}},
		{"Goal: a", Sections{Problem: "a"}},
		{"Goal: a\nDone: b", Sections{Problem: "a", Done: "b"}},
		{"Problem: a\nGoal: b", Sections{Problem: "a", Done: "b"}},
		{"Given a card\nWhen b is\nThen c is so", Sections{Done: "Given a card\nWhen b is\nThen c is so"}},
		{"The problem: a\nWhat done looks like: b", Sections{Problem: "a", Done: "b"}},
		{"Problem：a\n完成：b", Sections{Problem: "a", Done: "b"}},
		{"a\n\nDone:\nb\n\nc", Sections{Problem: "a", Done: "b\n\nc"}},
		{"a\n\nIt is done when b.\n\nc", Sections{Problem: "a", Done: "It is done when b.", Context: "c"}},
		{"a\n\n1. Open x\n2. Click y\n\nDone: b", Sections{Problem: "a", Reproduce: "1. Open x\n2. Click y", Done: "b"}},
		{"Problem: a\nDone: b\nDeadline: 3 March", Sections{Problem: "a", Done: "b", Context: "Deadline: 3 March"}},
		{"Problem: a\nOut of scope: the cart\nDone: b\nOut of scope: the rest", Sections{Problem: "a", Done: "b", Context: "Out of scope: the cart\n\nOut of scope: the rest"}},
		{"Problem: a\nDone: b\nDone: c", Sections{Problem: "a", Done: "b\n\nc"}},
		{"Problem: see\n```\nDone: x\n```\nDone: b", Sections{Problem: "see\n```\nDone: x\n```", Done: "b"}},
		{"Hi,\n\na\n\nDone: b", Sections{Problem: "a", Done: "b"}},
		{"a", Sections{Problem: "a"}},
		{"", Sections{}},
		{"I am done with this: a", Sections{Problem: "I am done with this: a"}},
		{"Done, see /cart", Sections{Problem: "Done, see /cart"}},
		{"Steps to reproduce (as guest):\nx", Sections{Reproduce: "(as guest)\nx"}},
		{"Done (Omar checks it, I look): b", Sections{Done: "(Omar checks it, I look): b"}},
		{"✅ Done: b", Sections{Done: "b"}},
		{"User story: a\nAC:\n- b", Sections{Problem: "a", Done: "- b"}},
		// Labels as people write them.
		{"Probelm: a\nAceptance criteria: b", Sections{Problem: "a", Done: "b"}},
		{"Fertig, sobald: b", Sections{Done: "b"}},
		{"Gotowe, jeśli:\n- b", Sections{Done: "- b"}},
		{"I'd say it is finished when:\n- b\n- c", Sections{Done: "- b\n- c"}},
		{"Done means: b", Sections{Done: "b"}},
		{"**The trouble.** a\n**What I'd accept.** b", Sections{Problem: "a", Done: "b"}},
		{"problem – a\ndone – b", Sections{Problem: "a", Done: "b"}},
		{"done – b is what I hear", Sections{Problem: "done – b is what I hear"}},
		{"◆問題点\na\n◆完了の条件\nb", Sections{Problem: "a", Done: "b"}},
		{"🚧 *Off limits:* c\nDone: b", Sections{Done: "b", Context: "Off limits: c"}},
		{"How to test: r\nDone: b", Sections{Reproduce: "r", Done: "b"}},
		{"Done: b\nHow to test: r", Sections{Done: "b\n\nr"}},
		{"How to test: b", Sections{Done: "b"}},
		{"|---|---|\n| Problem | a |\n| Done | b |", Sections{Problem: "a", Done: "b"}},
		{"Problem: a\nSuggested fix: c\nDone: b", Sections{Problem: "a", Done: "b", Context: "Suggested fix: c"}},
		// A label that says no more than "context" stays beside others.
		{"Done: b\nConstraints: c", Sections{Done: "b", Context: "c"}},
		{"Done: b\nConstraints: c\nDeadline: d", Sections{Done: "b", Context: "Constraints: c\n\nDeadline: d"}},
		{"Done: b\nImportant: c", Sections{Done: "b", Context: "Important: c"}},
		{"Done: b\nHands off: c", Sections{Done: "b", Context: "Hands off: c"}},
		// Nothing to say.
		{"Problem: a\nSteps: n/a\nDone: b\nNotes: none", Sections{Problem: "a", Done: "b"}},
		{"Problem: a\nDone: tbd", Sections{Problem: "a"}},
		{"What happens: nothing\nDone:\n?", Sections{Problem: "nothing"}},
		{"Expected: nothing", Sections{Done: "nothing"}},
		// No labels: what a program printed, what belongs to a step.
		{"Steps:\n$ ratectl pull\ndone: 3 rows\n\nDone: b", Sections{Reproduce: "$ ratectl pull\ndone: 3 rows", Done: "b"}},
		{"Problem: a\n\nHTTP/1.1 500 Oops\nLink: x\nResult: y\n\nDone: b", Sections{Problem: "a\n\nHTTP/1.1 500 Oops\nLink: x\nResult: y", Done: "b"}},
		{"Problem: a\n{\n  result: 1\n}\n\nDone: b", Sections{Problem: "a\n{\n  result: 1\n}", Done: "b"}},
		{"Steps:\n1. r\n   Expected: x\n   Actual: y\n\nDone: b", Sections{Reproduce: "1. r\n   Expected: x\n   Actual: y", Done: "b"}},
		{"Steps:\n1. r\n   Expected: b\n   Actual: a", Sections{Problem: "a", Reproduce: "1. r", Done: "b"}},
		// Labels in the middle of a line behind another.
		{"Problem: a. Done when: b is on top. Steps: r", Sections{Problem: "a.", Reproduce: "r", Done: "b is on top."}},
		{"Problem: it says: Failed. Done: 0 rows. Result: none at all.", Sections{Problem: "it says: Failed. Done: 0 rows. Result: none at all."}},
		{"Problem: it says \"Failed. Done: no rows are left.\"", Sections{Problem: "it says \"Failed. Done: no rows are left.\""}},
		// A result is what is seen behind the steps, and beside "Expected".
		{"Problem: a\nResult: b", Sections{Problem: "a", Done: "b"}},
		{"Steps: r\nResult: a", Sections{Problem: "a", Reproduce: "r"}},
		{"Steps: r\nResult: a\nExpected: b", Sections{Problem: "a", Reproduce: "r", Done: "b"}},
		// What came then is no done.
		{"I press Save.\n\nAfter that, the page is white.", Sections{Problem: "I press Save.", Context: "After that, the page is white."}},
		{"Ich speichere.\n\nDanach ist die Seite weiß.", Sections{Problem: "Ich speichere.", Context: "Danach ist die Seite weiß."}},
		// Sentences that say which part they are.
		{"a. You'll see it if r. We're finished when b. Leave the old orders as they are.", Sections{Problem: "a.", Reproduce: "You'll see it if r.", Done: "We're finished when b.", Context: "Leave the old orders as they are."}},
		{"a. Man sieht es an Kasse 3. Fertig ist es für mich, wenn b. Bitte die Waage nicht anfassen.", Sections{Problem: "a.", Reproduce: "Man sieht es an Kasse 3.", Done: "Fertig ist es für mich, wenn b.", Context: "Bitte die Waage nicht anfassen."}},
		{"a. On le voit en caisse. C'est réglé quand b. Merci de laisser la balance telle quelle.", Sections{Problem: "a.", Reproduce: "On le voit en caisse.", Done: "C'est réglé quand b.", Context: "Merci de laisser la balance telle quelle."}},
		{"a。再現するには、bを押します。cになれば完了とします。dは変えないでください。", Sections{Problem: "a。", Reproduce: "再現するには、bを押します。", Done: "cになれば完了とします。", Context: "dは変えないでください。"}},
		{"Jag räknar det som färdigt när b.", Sections{Done: "Jag räknar det som färdigt när b."}},
		{"Problem: a\n\nTo reproduce, open x.\n\nDone: b\n\nPlease don't touch y.", Sections{Problem: "a", Reproduce: "To reproduce, open x.", Done: "b", Context: "Please don't touch y."}},
		{"Please don't change the price when a card is declined.", Sections{Problem: "Please don't change the price when a card is declined."}},
		{"Leave the page and come back: a.", Sections{Problem: "Leave the page and come back: a."}},
		{"a. Bitte die Summe zeigen.", Sections{Problem: "a. Bitte die Summe zeigen."}},
		// Whom it is for.
		{"Dana,\n\na", Sections{Problem: "a"}},
		{"Hey Omar 👋\n\na", Sections{Problem: "a"}},
		{"Buna ziua Omar,\n\na", Sections{Problem: "a"}},
		{"田中様\n\na", Sections{Problem: "a"}},
		{"When I open Safari,\na", Sections{Problem: "When I open Safari,\na"}},
		{"Thanks,\na", Sections{Problem: "Thanks,\na"}},
		// A table with the parts side by side.
		{"| Problem | Steps | Done |\n|---|---|---|\n| a | r | b |", Sections{Problem: "a", Reproduce: "r", Done: "b"}},
		{"Problem | Done\na | b\naa | c\nd", Sections{Problem: "a\naa", Done: "b\nc\nd"}},
		{"Problem | Done\n\na", Sections{Problem: "Done\n\na"}},
		{"Problem | a\nDone | b", Sections{Problem: "a", Done: "b"}},
		{"http://done: x", Sections{Problem: "http://done: x"}},
	} {
		if got, _ := FindSections(c.text); got != c.want {
			t.Errorf("%q:\n got %+v\nwant %+v", c.text, got, c.want)
		}
	}
	if _, l := FindSections("Done: b\nProblem: a\nDeadline: x"); !slices.Equal(l, []string{"problem", "done", "context"}) {
		t.Errorf("labelled %v", l)
	}
}

// In a task the words of section 4 are about the work.
func TestTasksAboutOurWords(t *testing.T) {
	for _, text := range []string{
		"Problem: customers cannot approve an offer on their phone.\nDone: they can.",
		"Redirect loop on the login page\n\nDone: people can log in.",
		"The redirect after the login goes to the wrong page when the cart is full, please have a look.",
		"Approve button is missing on the offer page since yesterday, nobody can send an offer to a customer.",
		"Problem: the status page is not done when an order is blocked.\nDone: it shows the order.",
		"Done button does nothing\n\nDone: it saves the order.",
		"Approve link leads nowhere if the customer is new.\n\nDone: it shows the offer.",
	} {
		if m := task("x", text); len(m.Commands) > 0 {
			t.Errorf("%q: %s", text, answerOf(m.Commands))
		}
	}
	for text, want := range map[string]string{"Done button does nothing": "done ? negation", "Not approved, the total is off": "approve ? negation", "Done: all but the label, that is not done": "done ? condition", "I approve": "approve ? tail", "approve the offer": "approve ? tail", "approve if it is green, and tell Dana to go on with the next one in the list, which is the label": "approve ? condition"} {
		if m := task("x", text); answerOf(m.Commands) != want {
			t.Errorf("%q: %s, want %s", text, answerOf(m.Commands), want)
		}
	}
}

// testdata/tasks-parts.txt holds tasks as people write them, with the part that
// a reader gives each line to.
func TestTasksAsWritten(t *testing.T) {
	b, err := os.ReadFile("testdata/tasks-parts.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range strings.Split("\n"+string(b), "\n@ ")[1:] {
		head, body, _ := strings.Cut(c, "\n")
		subject, advice, _ := strings.Cut(head, " | ")
		var text []string
		for line := range strings.SplitSeq(strings.Trim(body, "\n"), "\n") {
			text = append(text, line[min(2, len(line)):])
		}
		m := task(subject, strings.Join(text, "\n"))
		if m.Robot != RobotNone {
			t.Errorf("%s: a robot's", subject)
		}
		parts := map[byte]string{'p': squash(m.Sections.Problem), 'r': squash(m.Sections.Reproduce), 'd': squash(m.Sections.Done), 'c': squash(m.Sections.Context)}
		done := false
		for line := range strings.SplitSeq(body, "\n") {
			if len(line) < 3 || line[0] == 'l' || line[0] == 's' {
				continue
			}
			done = done || line[0] == 'd'
			said := line[2:]
			if _, after, ok := strings.Cut(said, ":"); ok && strings.TrimSpace(after) != "" {
				said = after
			}
			words := strings.Fields(said)
			if last := squash(strings.Join(words[max(0, len(words)-4):], " ")); !strings.Contains(parts[line[0]], strings.Trim(last, "|")) {
				t.Errorf("%s: %q is in another part: %+v", subject, line, m.Sections)
			}
		}
		if done != (m.Sections.Done != "") {
			t.Errorf("%s: done %q", subject, m.Sections.Done)
		}
		if got := strings.Join(m.Advice, ","); got != advice {
			t.Errorf("%s: advice %s, want %s", subject, got, advice)
		}
		n++
	}
	if n < 100 {
		t.Errorf("%d tasks", n)
	}
}

// What is to come when a task is done is no done of it: "Once this is done, let me know".
func TestWhatComesNext(t *testing.T) {
	const problem = "The newsletter list is wrong, half of the people get it twice."
	for said, done := range map[string]string{
		"Once it's done, a hard bounce marks the address.":          "Once it's done, a hard bounce marks the address.",
		"When this is done I can see who changed which price when.": "When this is done I can see who changed which price when.",
		"Once this is live we can look up any order by its number.": "Once this is live we can look up any order by its number.",
		"Once this is done please ping me.":                         "",
		"Once it's done, let me know.":                              "",
		"When this is done please close the ticket at the hoster.":  "",
		"Once it ships I'll tell the customer.":                     "",
		"Once this is done we can start on the app.":                "",
		"When this is done I can finally sleep.":                    "",
		"Once it's done we'll tell the customers.":                  "",
		"When this is done everybody will be happy.":                "",
		"Once it is done we can finally launch in Austria.":         "",
		"When this is done, marketing can send the newsletter.":     "",
		"When this is done we can send a list to one half alone.":   "When this is done we can send a list to one half alone.",
		"When it's done, can you look at the other one too?":        "",
		"I'm happy when I can tap every store without zooming in.":  "I'm happy when I can tap every store without zooming in.",
		"How we'll know: no admin can log in without a code.":       "no admin can log in without a code.",
	} {
		s, _ := FindSections(problem + "\n\n" + said)
		if s.Problem != problem || s.Done != done || done == "" && s.Context != said {
			t.Errorf("%q: %+v", said, s)
		}
	}
	for _, label := range []string{"Must not", "Not allowed", "Nicht erlaubt", "Randbedingung", "Beachten", "Tabu"} {
		s, _ := FindSections("Done: one mail for each order\n" + label + ": new tables")
		if want := strings.TrimPrefix(label+": ", map[bool]string{true: label + ": "}[label == "Randbedingung" || label == "Beachten"]) + "new tables"; s.Done != "one mail for each order" || s.Context != want {
			t.Errorf("%s: %+v", label, s)
		}
	}
}

// Paragraphs below the problem that are easily taken for another part than they are.
func TestParagraphsBelowTheProblem(t *testing.T) {
	for text, want := range map[string]Sections{
		"Some are logged out right after the login.\n\n1. Firefox, private window\n2. go to /login, enter any account\n3. the login page is shown again\n\nI have a video of it.": {
			Problem: "Some are logged out right after the login.", Reproduce: "1. Firefox, private window\n2. go to /login, enter any account\n3. the login page is shown again", Context: "I have a video of it."},
		"Nobody uses the start page.\n\nI need three things:\n1. sales of today\n2. orders to be packed, to open with one click\n3. returns of the week": {
			Problem: "Nobody uses the start page.", Context: "I need three things:\n1. sales of today\n2. orders to be packed, to open with one click\n3. returns of the week"},
		"We get 50 reviews a day that are spam.\n\nReviews without a link must keep appearing at once.": {
			Problem: "We get 50 reviews a day that are spam.", Context: "Reviews without a link must keep appearing at once."},
		"Guests can't see the state of an order.\n\nMust not show the address.":                                    {Problem: "Guests can't see the state of an order.", Context: "Must not show the address."},
		"The list of orders takes 20 seconds.\n\nIt would be great if it could be fast again.":                     {Problem: "The list of orders takes 20 seconds.", Context: "It would be great if it could be fast again."},
		"Nothing is found.\nTo check: count the entries.\nI want to see every product in the sitemap.":             {Problem: "Nothing is found.", Reproduce: "count the entries.", Done: "I want to see every product in the sitemap."},
		"The page is slow.\n\nLoad any product page on a phone.\n\nDone: the first picture is there in 2 seconds.": {Problem: "The page is slow.", Reproduce: "Load any product page on a phone.", Done: "the first picture is there in 2 seconds."},
	} {
		if s, _ := FindSections(text); s != want {
			t.Errorf("%q: got %+v", text, s)
		}
	}
}

// Word sets the marks of its lists as text, with spaces that do not break behind them.
func TestWordLists(t *testing.T) {
	raw := "From: Priya <priya@acme.example>\nTo: shop@acme.example\nSubject: Reports\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" +
		"<p class=MsoListParagraph><span style='mso-list:Ignore'>·<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; </span></span>Problem: reports take a minute<o:p></o:p></p>" +
		"<p class=MsoListParagraph><span style='mso-list:Ignore'>·<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; </span></span>Done:<o:p></o:p></p>" +
		"<p class=MsoListParagraph><span style='mso-list:Ignore'>1.<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp;&nbsp; </span></span>they open in three seconds<o:p></o:p></p>" +
		"<p class=MsoListParagraph><span style='mso-list:Ignore'>o<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp; </span></span>for ten customers<o:p></o:p></p>"
	m := Read([]byte(raw), Options{})
	if m.Sections.Problem != "reports take a minute" || m.Sections.Done != "1. they open in three seconds\n- for ten customers" {
		t.Errorf("%+v from %q", m.Sections, m.Text)
	}
	if got := listItem("Total:   12"); got != "Total:   12" {
		t.Errorf("%q", got)
	}
}
