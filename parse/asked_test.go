package parse

import "testing"

// A label that no table holds is known by its words: each of them is one of a label,
// and they tell its part.
func TestLabelsByTheirWords(t *testing.T) {
	for part, labels := range map[string][]string{
		"problem": {
			"What happens right now", "How it is today", "What does not work", "What doesn't work today", "Right now", "What goes wrong at the moment", "So ist es heute", "Was nicht geht", "Was heute passiert", "Qué no funciona", "Lo que pasa ahora", "Ce qui ne marche pas", "Cosa non funziona", "Wat niet werkt", "What bugs me", "What doesn't print", "What happens at the till", "Problem for the clerks",
		},
		"reproduce": {
			"How you can see it", "How to trigger", "How to recreate it", "Try", "Para probarlo", "Where I see it", "How I reproduced it", "To trigger it", "Test account", "Test order", "So kann man es nachstellen", "Wie ich es sehe", "Cómo se reproduce", "Dónde se ve", "Comment on le voit", "Come si vede", "Hoe je het kunt zien",
		},
		"done": {
			"What should happen instead", "What must be true afterwards", "What I'd call good", "How it should look", "How it ought to be", "Wished for", "Wie die Liste aussehen soll", "Qué debe decir el correo", "Better", "Besser", "What the auditor wants", "Rules we need", "Der Text, den wir brauchen", "Requirement from her side", "Anforderung vom Anwalt", "Expectation of the shop", "How it should be", "What would be enough for now", "Good enough", "Acceptable", "What I would accept", "When it is finished", "How I know it works", "How we will know that it is fixed", "How will I see that it is done", "Was passieren sollte", "Wie es sein soll", "So soll es sein", "Was reichen würde", "Woran ich sehe, dass es fertig ist", "Qué debería pasar", "Cómo debería ser", "Cuando esté listo", "Ce qui devrait se passer", "Ce qui suffirait", "Come dovrebbe essere", "Hoe het zou moeten zijn",
		},
		"context": {
			"What we don't need", "Not needed", "What the driver should not see", "What may stay", "Who knows the numbers", "Wer es weiß", "Please avoid", "Bitte nicht", "Deadline from legal", "Exception", "Ausnahme", "Boundary", "What would be too much", "What you should not touch", "Not now", "Don't", "What must not happen", "What to leave alone", "What to keep in mind", "By when", "Until when", "Limits", "Was nicht sein darf", "Was wir nicht brauchen", "Nicht nötig", "Lo que no hace falta", "Lo que no debe pasar", "Ce qu'il ne faut pas", "Cosa non serve", "Wat niet hoeft",
		},
	} {
		for _, l := range labels {
			for _, line := range []string{l + ": x", "**" + l + ":** x", "## " + l} {
				if got, _, _ := labelAt(line); got != part {
					t.Errorf("%q: %q, want %q", line, got, part)
				}
			}
		}
	}
	for _, line := range []string{
		"If you must: approve", "When you want: call", "I don't know", "We need to talk", "It should", "How it works", "How it works: you press it", "I think: no", "I see: nothing",
		"What Karin says: x", "What the page says: not found", "Done by Karin: x", "Fertig von mir: x", "The page says: not now", "Should we do it now? Anna says yes", "Look: it does not work", "Customers say: it should be blue", "Now", "Today", "You can see it", "It works", "Please: not now",
	} {
		if part, label, _ := labelAt(line); part != "" && label != sentence {
			t.Errorf("%q is a label of %q", line, part)
		}
	}
}

func ofSomebody(label string) bool { part, _ := ofWhom(tokens(label)); return part != "" }

// The words of a label say what section.txt says of it, where they say anything; a
// check and what somebody wants hang on the other labels.
func TestWordsOfLabelsAgreeWithTheTable(t *testing.T) {
	read := 0
	for label, part := range sectionLabels {
		got, kind := madeOfLabelWords(label)
		if got != "" {
			read++
		}
		if got != "" && !ofSomebody(label) && got != part && kind == "" && !checks[label] && label != "check it today" && label != "how to check it today" {
			t.Errorf("%q: %q, want %q", label, got, part)
		}
	}
	if read < 200 {
		t.Errorf("%d labels read", read)
	}
}

// What, beside a reason, is what is wanted; a check below the problem is the done.
func TestLabelsThatHangOnOthers(t *testing.T) {
	for text, want := range map[string]Sections{
		"Why: people are blinded.\nWhat: the app follows the phone's setting.\nHow do I check: switch the phone.": {Problem: "people are blinded.", Done: "the app follows the phone's setting.\n\nswitch the phone."},
		"Receipts are typed by hand.\nGoal for this year: donors download theirs.":                                {Problem: "Receipts are typed by hand.", Done: "donors download theirs."},
		"What: the list is empty.\nWhy: the import fails at night.":                                               {Problem: "the list is empty.\n\nthe import fails at night."},
		"Books are sold with 25% VAT.\nCheck: the invoice shows 6%.":                                              {Problem: "Books are sold with 25% VAT.", Done: "the invoice shows 6%."},
		"Shoes come back. I'm happy when each shows its size. Deadline: 6 January.":                               {Problem: "Shoes come back.", Done: "I'm happy when each shows its size.", Context: "Deadline: 6 January."},
		"Hoy: gratis a partir de 20 euros.\nQué debería pasar: solo a partir de 50 euros.":                        {Problem: "gratis a partir de 20 euros.", Done: "solo a partir de 50 euros."},
	} {
		if s, _ := FindSections(text); s != want {
			t.Errorf("%q: got %+v", text, s)
		}
	}
}

// A limit told behind the done is no part of it, and a wish told above the problem is
// the done.
func TestLimitsBehindTheDone(t *testing.T) {
	for text, want := range map[string]Sections{
		"Clerks scan and get nothing. It should find the article. Must not slow down the search. Needed before 12 January.": {Problem: "Clerks scan and get nothing.", Done: "It should find the article.", Context: "Must not slow down the search. Needed before 12 January."},
		"- the basket loses items\n- it should keep them for 30 days\n- don't store names":                                  {Problem: "- the basket loses items", Done: "- it should keep them for 30 days", Context: "- don't store names"},
		"Orders are lost. Orders must be kept. No order is lost at night.":                                                  {Problem: "Orders are lost.", Done: "Orders must be kept. No order is lost at night."},
		"Problem: a\nDone: the list shows b. Please don't touch c.":                                                         {Problem: "a", Done: "the list shows b.", Context: "Please don't touch c."},
		"Problem: a\nDone: b\n- don't show c":                                                                               {Problem: "a", Done: "b\n- don't show c"},
		"No encuentran su factura. El cliente debe poder descargarla. Antes del 20 de diciembre, por favor.":                {Problem: "No encuentran su factura.", Done: "El cliente debe poder descargarla.", Context: "Antes del 20 de diciembre, por favor."},
		"Der Bon ist falsch. Er soll das Datum zeigen. Nicht vor Weihnachten.":                                              {Problem: "Der Bon ist falsch.", Done: "Er soll das Datum zeigen.", Context: "Nicht vor Weihnachten."},
		"By law the price must be shown. We don't show it.":                                                                 {Problem: "By law the price must be shown. We don't show it."},
		"Customers must be able to leave with one click. Today they have to log in.":                                        {Problem: "Today they have to log in.", Done: "Customers must be able to leave with one click."},
		"Once this is fixed, the mail lists every article. Today half of them are missing.":                                 {Problem: "Today half of them are missing.", Done: "Once this is fixed, the mail lists every article."},
		"Problem: a\nSolved means: all three read it.\nLeave the layout alone.":                                             {Problem: "a", Done: "all three read it.", Context: "Leave the layout alone."},
		"Problema: a\nLo que necesitamos: b\n\nNo cambiar el tamaño de la etiqueta.":                                        {Problem: "a", Done: "b", Context: "No cambiar el tamaño de la etiqueta."},
		"The badge is wrong after removing an item.\n1. add two items\n2. open the cart\n3. remove one\nIt should say 1.":   {Problem: "The badge is wrong after removing an item.", Reproduce: "1. add two items\n2. open the cart\n3. remove one", Done: "It should say 1."},
		"What bugs me: a\nWhat I'm after: b":                                                                                {Problem: "a", Done: "b"},
		"The header should be blue.":                                                                                        {Problem: "The header should be blue."},
		"The header should be blue. Thanks!":                                                                                {Problem: "The header should be blue. Thanks!"},
	} {
		if s, _ := FindSections(text); s != want {
			t.Errorf("%q: got %+v", text, s)
		}
	}
}

// A program's notice may be set out with words that are as good as labels; it is a
// robot's all the same.
func TestNoticesWithWordsOfLabels(t *testing.T) {
	for subject, text := range map[string]string{
		"Automatic reply: Cart": "I am out of the office.\n\nUntil when: 7 December\nWhat you should do instead: write to jonas@acme.example",
		"Abwesend: Cart":        "Ich bin bis 7. Dezember nicht im Büro.\n\nBis wann: 7. Dezember\nWas stattdessen geht: Ihre E-Mail wird nicht weitergeleitet, wenden Sie sich an Jonas.\n\nIch werde Ihre Nachricht nach meiner Rückkehr lesen.",
	} {
		raw := "From: Priya <priya@acme.example>\nTo: shop+t42r1.abcdefghijklmnop@acme.example\nIn-Reply-To: <t42r1.abcdefghijklmnop.1@acme.example>\nSubject: " + subject + "\nContent-Type: text/plain; charset=utf-8\n\n" + text + "\n"
		if m := Read([]byte(raw), Options{}); m.Robot != RobotAutoReply {
			t.Errorf("%s: %q, sections %+v", subject, m.Robot, m.Sections)
		}
	}
}
