package parse

import (
	"os"
	"strings"
	"testing"
)

func TestMobileFooters(t *testing.T) {
	b, err := os.ReadFile("testdata/footers.txt")
	if err != nil {
		t.Fatal(err)
	}
	for foot := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
		for _, text := range []string{
			"The label is cut off.\n\n" + foot,
			"The label is cut off.\n\n" + foot + "\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n> approve",
			"The label is cut off.\n\n" + foot + "\n________________________________\nFrom: Shop <shop@acme.example>\nSent: Monday, March 2, 2026 9:14 AM\nTo: Priya\nSubject: x\n\napprove",
			foot + "\n\nThe label is cut off.",
		} {
			if m := Read(plainMail(text+"\n", 0), Options{}); m.Text != "The label is cut off." {
				t.Errorf("%s: %q", foot, m.Text)
				break
			}
		}
	}
}

func TestSignatures(t *testing.T) {
	const own = "The label is cut off.\n\nCould you look?"
	for _, sig := range []string{
		"-- \nPriya Nair\nPM, Acme", "--\nPriya Nair\nPM, Acme\n+49 30 1234", "Best,\nPriya", "Best regards,\nPriya Nair", "Kind regards\n\nPriya Nair\nProduct, Acme GmbH\nwww.acme.example",
		"Thanks,\nPriya", "Thanks!\nPriya", "Many thanks,\n\nPriya", "Cheers,\nP.", "Cheers\nPriya", "Priya", "Priya Nair", "-Priya", "- Priya", "— Priya", "Regards, Priya", "Best, Priya Nair",
		"Viele Grüße\nPriya", "Mit freundlichen Grüßen\n\nPriya Nair", "LG Priya", "LG\nPriya", "Cordialement,\nPriya Nair", "Saludos,\nPriya", "Um abraço,\nPriya", "Saluti\nPriya",
		"Met vriendelijke groet,\n\nPriya Nair", "Mvh\nPriya", "Med vänlig hälsning\nPriya Nair", "Venlig hilsen\nPriya", "Terveisin\nPriya", "Pozdrawiam\nPriya", "S pozdravem\nPriya Nair",
		"Üdvözlettel,\nPriya", "Cu stimă,\nPriya", "С уважением,\nPriya Nair", "З повагою,\nPriya", "Με εκτίμηση,\nPriya", "Saygılarımla,\nPriya", "مع أطيب التحيات\nPriya", "בברכה,\nPriya", "此致\n敬礼\nPriya", "Priya Nair\nProduct manager\nAcme GmbH, Berlin\n+49 30 1234",
		"Best regards", "Sent with AquaMail for Android\nhttp://www.aqua-mail.com", "Sent from my iPhone\n\nPriya",
		"Mit freundlichen Grüßen\n\ni. A. Priya Nair\nEntwicklung\n\nAcme GmbH\nHauptstraße 1\nD-10115 Berlin\nTel.: 030 / 123 456\nGeschäftsführer: Ada Lovelace\nAmtsgericht Charlottenburg HRB 12345",
		"Kind regards\n\nPriya Nair (she/her)\nProduct\nBook a meeting with me: https://cal.acme.example/priya", "Viele Grüße aus dem sonnigen Berlin\nPriya", "/Priya", "-pn",
		"___________\nPriya Nair\nAcme Inc.\n1 Main St, Springfield", "--\nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.", "Outlook für Android<https://aka.ms/AAb9ysg> herunterladen",
		"Diese E-Mail wurde von Mailbird gesendet", "P Please consider the environment before printing this e-mail.", "Yahoo Mail: Search, Organize, Conquer",
		"Cheers 🙂\nPriya", "---\nPriya Nair | Acme\npriya@acme.example", "priya@acme.example", "Sent from Canary (https://canarymail.io)", "Sent via Shortwave",
		"Ta wiadomość zawiera informacje poufne i jest przeznaczona wyłącznie dla adresata. Jeżeli otrzymali ją Państwo przez pomyłkę, prosimy o powiadomienie nadawcy i jej usunięcie.",
		"Venlig hilsen / Best regards\nPriya Nair", "Mit freundlichen Grüßen / Kind regards\n\ni.V. Priya Nair", "Schöne Grüße und ein schönes Wochenende\nPriya", "Sonnige Grüße\nPriya",
		"Danke vorab und viele Grüße\nPriya", "Thanks a lot!\nPriya", "Hope this helps,\nPriya", "With best wishes,\nPriya Nair\nProduct", "以上、よろしくお願いいたします。\n\n田中",
		"━━━━━━━━━━━━━━━━━━\n株式会社アクメ\n田中\npriya@acme.example\n━━━━━━━━━━━━━━━━━━", "مع تحياتي،\nPriya", "[cid:abc@acme]\nPriya Nair\nProduct\n\n[https://acme.example/logo.png]<https://acme.example>",
		"Regards\nPriya Nair\nAcme GmbH\nHauptstr. 1\n10115 Berlin\nGermany\nPhone +49 30 123456\nFax +49 30 123457\nmailto:priya@acme.example\nhttp://acme.example",
		"Best regards,\n\nPriya Nair | Product\n\nAcme GmbH, Hauptstr. 1, 10115 Berlin, Germany, managing director: Ada Lovelace, registered in Berlin\n\nFacebook | LinkedIn | X",
		"Priya Nair <priya@acme.example>", "Dictated to Siri, please excuse typos.", "Please excuse brevity and typos, sent from my phone.",
		"Warm regards from a rainy Hamburg,\n\nPriya", "xx Priya", "- P", "P", "PN", "Regards, PN", "Priya :)", "Have a nice evening!\nPriya", "Bis morgen\nPriya", "Miłego dnia\nPriya", "Muchas gracias y un saludo\nPriya",
		"Thanks,\nPriya Nair\nProduct\nI work flexibly - please don't feel you need to reply outside your own hours.", "[Acme logo]\n\nPriya Nair\nProduct", "//Priya", "P.", "/P", "/Priya\n\nPriya Nair\nProduct, Acme",
		"Diese Nachricht ist vertraulich. Sollten Sie nicht der vorgesehene Empfänger sein, informieren Sie bitte den Absender und löschen Sie die Nachricht.",
		"Sent from Mailspring (https://getmailspring.com/), the best free email app for work",
	} {
		m := Read(plainMail(own+"\n\n"+sig+"\n", 0), Options{})
		if m.Text != own {
			t.Errorf("%q: text %q", sig, m.Text)
		}
	}
}

// What begins like the line of a client, a list or a firm and tells of the work is text,
// and limits the approval above it.
func TestFooterThatTellsOfTheWork(t *testing.T) {
	for _, said := range []string{
		"Get Outlook working first.", "Sent from iPad crashes", "Sent via Outlook shows no total", "Sent with Gmail looks broken", "Sent from Outlook it has no image",
		"Sent from the iPad app it arrives twice", "Sent from iPhone 12 only", "Enviado desde mi iPhone falla", "Von meinem iPhone gesendet fehlt das Bild",
		"Unsubscribe from the test list still fails.", "Click here to unsubscribe still shows a 404.", "To unsubscribe, I had to click twice.", "To unsubscribe, people need a login.",
		"To unsubscribe from this group takes three clicks.", "Manage your notification settings page is white.", "You are receiving this because it is not done.",
		"You received this message because the tests are red.", "Scanned by the gun, the code shows nothing.", "Checked by AVG, the file is refused.", "This message has been scanned twice and fails.",
		"To view this discussion on the web people need a login.", "No virus found in this message is shown twice.", "Reply to this email directly gives an error.",
		"Think before you print: the total is wrong.", "Antes de imprimir, corrige el total.", "Pensez à l'environnement avant de lancer ça, il manque un test.",
	} {
		m := Read(plainMail("approve\n\n"+said+"\n", 0), Options{})
		if m.Text != "approve\n\n"+said || answerOf(m.Commands) == "approve" {
			t.Errorf("%q: text %q, %s", said, m.Text, answerOf(m.Commands))
		}
	}
	for _, foot := range []string{
		"You received this message because you are subscribed to the group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to a@b.example.", "To unsubscribe, click here",
		"Unsubscribe from this list: https://lists.acme.example/u", "Unsubscribe from this newsletter", "Click here to unsubscribe", "Manage your notification settings", "Scanned by MailScanner", "No virus found in this message.\nChecked by AVG - www.avg.com",
		"Reply to this email directly or view it on the web", "Think before you print.", "Antes de imprimir este correo, piense en el medio ambiente.", "Pensez à l'environnement avant d'imprimer ce message.", "Get Outlook for iOS", "Sent from my work iPhone",
	} {
		if m := Read(plainMail("approve\n\n"+foot+"\n", 0), Options{}); m.Text != "approve" || answerOf(m.Commands) != "approve" {
			t.Errorf("%q: text %q, %s", foot, m.Text, answerOf(m.Commands))
		}
	}
}

// A firm's line about paper stands right below the card as well.
func TestPaperBelowTheCard(t *testing.T) {
	for sig, want := range map[string]string{
		"Thanks,\nPriya\n\nPriya Nair | Product | ACME GmbH\nPlease consider the environment before printing this e-mail.": "The label is cut off.",
		"Thanks,\nPriya\n+49 30 1234567\nThink before you print.":                                                          "The label is cut off.",
		"It has to say:\nPlease consider the environment before printing this e-mail.":                                     "The label is cut off.\n\nIt has to say:\nPlease consider the environment before printing this e-mail.",
		"thx\np.": "The label is cut off.",
	} {
		if m := Read(plainMail("The label is cut off.\n\n"+sig+"\n", 0), Options{}); m.Text != want {
			t.Errorf("%q: text %q", sig, m.Text)
		}
	}
}

// The sender's name alone, right below a sentence.
func TestNameBelowASentence(t *testing.T) {
	if m := Read(plainMail("The label is cut off.\nPlease have a look!\nPriya\n", 0), Options{}); m.Text != "The label is cut off.\nPlease have a look!" {
		t.Errorf("text %q", m.Text)
	}
	for _, own := range []string{"The reviewers are:\nOmar\nPriya", "Whoever is here, that is\nPriya"} {
		if m := Read(plainMail(own+"\n", 0), Options{}); m.Text != own {
			t.Errorf("%q: text %q", own, m.Text)
		}
	}
}

// What limits an answer may stand below the name: it is text, not a signature.
func TestLimitBelowTheName(t *testing.T) {
	for _, limit := range []string{"but only after Monday", "Not before Monday", "If the tests pass, that is", "erst nach dem Test, und\nnicht am Montag",
		"before Monday", "web only", "only web", "(only web)", "after QA", "erst Montag", "nur Web", "please add the footer", "what about Safari"} {
		for _, sig := range []string{"Best,\nPriya", "Priya", "Kind regards\n\nPriya Nair\nProduct"} {
			m := Read(plainMail("approve\n\n"+sig+"\n\n"+limit+"\n", 0), Options{})
			if !strings.Contains(m.Text, limit) || answerOf(m.Commands) == "approve" {
				t.Errorf("%q, %q: text %q, %s", sig, limit, m.Text, answerOf(m.Commands))
			}
		}
	}
	if m := Read(plainMail("Seen.\n\nBut the label is wrong.\n\nBest,\nPriya\n", 0), Options{}); m.Text != "Seen.\n\nBut the label is wrong." {
		t.Errorf("text %q", m.Text)
	}
}

// A postscript is text, above the signature as below it.
func TestPostscript(t *testing.T) {
	const own = "The label is cut off.\n\nPS: in Firefox alone."
	for _, body := range []string{
		own + "\n\n-- \nPriya Nair\nProduct", own + "\n\nBest,\nPriya", own + "\n\nPriya Nair | Product", "The label is cut off.\n\nBest,\nPriya\n\nPS: in Firefox alone.",
		"The label is cut off.\n\nBest,\nPriya\n\nPS: in Firefox alone.\n\n-- \nPriya Nair\nProduct, Acme",
	} {
		if m := Read(plainMail(body+"\n", 0), Options{}); m.Text != own {
			t.Errorf("%q: text %q", body, m.Text)
		}
	}
}

// So is what was left out above the name.
func TestForgotten(t *testing.T) {
	for _, below := range []string{"Forgot to say: it is in Firefox alone.", "One more thing, the label, the mail and the page have the old total.", "PD: solo en Firefox"} {
		for _, sig := range []string{"-- \nPriya Nair\nProduct", "Best regards,\nPriya"} {
			if m := Read(plainMail("The label is cut off.\n\n"+sig+"\n\n"+below+"\n", 0), Options{}); m.Text != "The label is cut off.\n\n"+below {
				t.Errorf("%q below %q: text %q", below, sig, m.Text)
			}
		}
	}
}

// A signature that the writer shows is text.
func TestShownSignature(t *testing.T) {
	for _, own := range []string{
		"The mail now ends as agreed:\n\n-- \nYour Acme team\nshop.acme.example\n\nand the old line is gone.",
		"The mail still says\n\n    Your total is 14.20.\n    Best regards\n    Your Acme team\n\nwhich is wrong.",
		"The text of the mail is now:\n\nThank you for your order!\nBest regards,\nYour Acme team",
	} {
		if m := Read(plainMail(own+"\n", 0), Options{}); m.Text != own && m.Text != strings.ReplaceAll(own, "-- \n", "--\n") {
			t.Errorf("%q: text %q", own, m.Text)
		}
		if m := Read(plainMail("Two points:\n\n"+"the label and the mail.\n\n-- \nPriya Nair\nProduct, Acme\n\nAcme GmbH, Berlin\n", 0), Options{}); m.Text != "Two points:\n\nthe label and the mail." {
			t.Errorf("the writer's own: text %q", m.Text)
		}
	}
}

// A sign-off is one only if who writes stands below it; else its words are the
// beginning of what does.
func TestWordsBelowASignoff(t *testing.T) {
	for _, own := range []string{
		"The plan:\n\nBest\ncase is 15.70 if we wait", "Seen.\n\nThanks\nThe total is still wrong", "Seen.\n\nLater\nthe totals were wrong again",
		"Two things.\n\nLove\nthe new layout, less so the footer", "Seen.\n\nThanks\nfor the report, it has no totals", "So:\n\nBest\nguess is Monday", "Seen.\n\nDanke\nDie Summe ist noch falsch",
		"Seen.\n\nSaludos\nno veo el total", "Seen.\n\nMerci\nle total est faux", "Cheers\nwere heard when it worked, then it crashed",
		"Seen.\n\nBest\nLee (if the tests pass)", "The paths are\n\n/cart",
		"Seen.\n\nBest regards and please check the label\nPriya", "Seen.\n\nMany thanks and see the label\nPriya", "Seen.\n\nThanks for the quick fix\nPriya", "Grüße aus Berlin stand auf dem Banner\nund das soll weg", "Seen.\n\nThanks\nPriya\n\n(Dana: it is in Firefox alone.)",
	} {
		if m := Read(plainMail(own+"\n", 0), Options{}); m.Text != own {
			t.Errorf("%q: text %q", own, m.Text)
		}
	}
	for _, sig := range []string{"Best,\npri", "Best\nP. Nair", "Mit freundlichen Grüßen\ni. A. Priya Nair", "Viele Grüße\nEuer Acme Team", "Thanks\nthe Acme team", "Regards\nOn behalf of Acme", "Best\nPriya & Omar", "Cheers\nPriya 🚀", "Best\n+49 30 123456", "Best\npriya@acme.example", "Best regards\nJosé María de la Cruz", "Best,\n\nPRIYA NAIR | Product", "敬具\n田中"} {
		if m := Read(plainMail("The label is cut off.\n\n"+sig+"\n", 0), Options{}); m.Text != "The label is cut off." {
			t.Errorf("%q: text %q", sig, m.Text)
		}
	}
}
