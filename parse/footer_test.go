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
		"Viele Grüße\nPriya", "Mit freundlichen Grüßen\n\nPriya Nair", "LG Priya", "LG\nPriya", "Grüßle\nPriya", "Cordialement,\nPriya Nair", "Saludos,\nPriya", "Um abraço,\nPriya", "Saluti\nPriya",
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
		"Sent from my iPhone - hold on until Monday", "Sent from my phone after QA please", "Sent from my iPhone (minus the PDF)", "Von meinem iPhone gesendet, erst nach QA", "Gesendet mit dem Handy, Titel falsch", "Sent from my phone, pending legal",
		"____________________\nThe mailing list export is missing", "--------------------\nPlease add an unsubscribe link", "____________________________\nNot before the mailing list is cleaned", "______________________________\n\nUnsubscribe must work first",
		"Scanned by Avast only, the virus test fails.", "Please consider the environment before printing is missing.", "You received this message because you are subscribed: that text is wrong in the mail.",
		"Think before you print: the total is wrong.", "Antes de imprimir, corrige el total.", "Pensez à l'environnement avant de lancer ça, il manque un test.",
	} {
		m := Read(plainMail("approve\n\n"+said+"\n", 0), Options{})
		if m.Text != "approve\n\n"+said || answerOf(m.Commands) == "approve" {
			t.Errorf("%q: text %q, %s", said, m.Text, answerOf(m.Commands))
		}
	}
	for _, foot := range []string{
		"You received this message because you are subscribed to the group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to a@b.example.", "To unsubscribe, click here",
		"Unsubscribe from this list: https://lists.acme.example/u", "_______________________________________________\nTeam mailing list\nTeam@lists.acme.example\nhttps://lists.acme.example/mailman/listinfo/team", "_______________________________________________\nTeam mailing list -- team@lists.acme.example\nTo unsubscribe send an email to team-leave@lists.acme.example",
		"Unsubscribe from this newsletter", "Click here to unsubscribe", "Manage your notification settings", "Scanned by MailScanner", "No virus found in this message.\nChecked by AVG - www.avg.com",
		"Reply to this email directly or view it on the web", "Think before you print.", "Think before you print 🌱", "Informationen zum Datenschutz finden Sie unter https://acme.example/datenschutz", "Antes de imprimir este correo, piense en el medio ambiente.", "Pensez à l'environnement avant d'imprimer ce message.", "Get Outlook for iOS", "Sent from my work iPhone",
		"Securely sent with Tutanota. Get your own encrypted, ad-free mailbox: https://tutanota.com",
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
		"before Monday", "web only", "only web", "(only web)", "Only web", "Nur Web.", "After QA.", "From Monday.", "Ohne PDF", "Needs legal", "Bigger button", "Mit Vorbehalt", "The totals are wrong.", "PDF is missing.", "Summen stimmen nicht.", "I did not test it on Safari.", "after QA", "erst Montag", "nur Web", "please add the footer", "what about Safari"} {
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

// What stands on a card limits nothing.
func TestCardsLimitNothing(t *testing.T) {
	for _, card := range []string{
		"Viele Grüße\nPriya Nair\nGeschäftsführerin\nPart of Acme Group\nTorstraße 1, 10119 Berlin", "Best,\nPriya Nair\nProduct\nIn the office Tue-Thu", "Priya Nair\nCTO\nAcme Group – Berlin\nWorking days: Mon, Tue",
		"Best regards\n\nPriya Nair\nJefa de producto\nAcme GmbH & Co. KG\nHaus 3, 2. OG", "Priya Nair\nProkuristin\nMember of the Fair Tea Alliance",
	} {
		if m := Read(plainMail("approve\n\n"+card+"\n", 0), Options{}); m.Text != "approve" || answerOf(m.Commands) != "approve" {
			t.Errorf("%q: text %q, %s", card, m.Text, answerOf(m.Commands))
		}
	}
}

// A fault told in a paragraph of its own is none of a signature, below its delimiter
// either; a slogan is.
func TestFaultBelowTheDelimiter(t *testing.T) {
	for _, sig := range []string{"-- \nPriya\nProduct", "--\nPriya Nair", "-- \nPriya\n+49 30 1234567"} {
		for _, fault := range []string{"The totals are wrong.", "PDF is missing.", "Summen stimmen nicht.", "I did not test it on Safari.", "Bitte warten."} {
			if m := Read(plainMail("approve\n\n"+sig+"\n\n"+fault+"\n", 0), Options{}); !strings.Contains(m.Text, fault) || answerOf(m.Commands) == "approve" {
				t.Errorf("%q, %q: text %q, %s", sig, fault, m.Text, answerOf(m.Commands))
			}
		}
		for _, slogan := range []string{"We are hiring!", "Award-winning tea since 1874.", "I work Monday to Thursday.", "Besuchen Sie uns auf der Messe in Köln."} {
			if m := Read(plainMail("approve\n\n"+sig+"\n\n"+slogan+"\n", 0), Options{}); m.Text != "approve" || answerOf(m.Commands) != "approve" {
				t.Errorf("%q, %q: text %q, %s", sig, slogan, m.Text, answerOf(m.Commands))
			}
		}
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

// What lawyers, firms and their mail servers write below a mail is none of the
// writer's, and limits nothing above it.
func TestDisclaimers(t *testing.T) {
	for _, foot := range []string{
		"This email and any attachments are confidential and may be privileged. If you are not the intended recipient, please notify the sender immediately and delete it from your system.",
		"CONFIDENTIALITY NOTICE: The contents of this email message and any attachments are intended solely for the addressee(s) and may contain confidential and/or privileged information and may be legally protected from disclosure.",
		"DISCLAIMER\n\nThe information in this e-mail is confidential and intended only for the person named above. If you have received it in error, please delete it.",
		"This e-mail is sent by Acme Ltd. It is confidential.\nIf you are not the intended recipient you must not copy, disclose or use it.\n\nAny views expressed are those of the author and not of Acme Ltd. No liability is accepted for damage by viruses.\n\nRegistered in England No. 01234567. Registered office: 1 High Street, London EC1A 1AA.",
		"The information transmitted, including attachments, is intended only for the person(s) or entity to which it is addressed and may contain confidential and/or privileged material. Any review, retransmission, dissemination or other use of, or taking of any action in reliance upon this information by persons or entities other than the intended recipient is prohibited.",
		"E-mail transmission cannot be guaranteed to be secure or error-free as information could be intercepted, corrupted, lost, destroyed, arrive late or incomplete, or contain viruses. The sender therefore does not accept liability for any errors or omissions.",
		"Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind oder diese E-Mail irrtümlich erhalten haben, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail. Das unerlaubte Kopieren sowie die unbefugte Weitergabe dieser Mail ist nicht gestattet.",
		"Der Inhalt dieser E-Mail ist vertraulich und ausschließlich für den bezeichneten Adressaten bestimmt. Jede Veröffentlichung oder Vervielfältigung ist nicht gestattet.",
		"Acme GmbH\nTorstraße 1, 10119 Berlin\nGeschäftsführerin: Dr. Eva Klein\nRegistergericht: Amtsgericht Charlottenburg, HRB 12345 B\nUSt-IdNr.: DE123456789",
		"Acme AG, Sitz: München, Registergericht: Amtsgericht München, HRB 98765, Vorstand: Eva Klein (Vorsitzende), Jonas Weber, Aufsichtsratsvorsitzender: Dr. Max Huber",
		"Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de ses destinataires. Si vous recevez ce message par erreur, merci de le détruire et d'en avertir immédiatement l'expéditeur.",
		"Ce courriel est confidentiel et protégé. L'expéditeur ne renonce pas aux droits et obligations qui s'y rapportent. Toute diffusion, utilisation ou copie de ce message par une personne autre que le destinataire désigné est interdite.",
		"Acme SAS au capital de 10 000 euros, RCS Paris 123 456 789, siège social : 1 rue de la Paix, 75002 Paris",
		"Este mensaje y los ficheros anexos son confidenciales. Los mismos contienen información reservada de la empresa que no puede ser difundida. Si usted ha recibido este correo por error, tenga la amabilidad de eliminarlo de su sistema y avisar al remitente.",
		"Esta mensagem, incluindo os seus anexos, pode conter informação confidencial e/ou privilegiada. Se não for o destinatário, não deve usar, copiar ou divulgar as informações. Se a recebeu por engano, por favor avise o remetente e apague-a.",
		"Esta mensagem pode conter informação confidencial. Se não for o destinatário, por favor avise o remetente e apague-a.",
		"Le informazioni contenute nella presente comunicazione e i relativi allegati possono essere riservate e sono destinate esclusivamente alle persone sopraindicate. Se avete ricevuto questa email per errore vi preghiamo di informare il mittente e distruggere il messaggio.",
		"Acme S.r.l. - Sede legale: Via Roma 1, 20121 Milano - P.IVA 01234567890",
		"De informatie in dit e-mailbericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Indien u dit bericht ten onrechte ontvangt, wordt u verzocht de inhoud niet te gebruiken en de afzender direct te informeren.",
		"Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata. Jeśli otrzymali ją Państwo omyłkowo, prosimy o jej usunięcie.",
		"Treść niniejszej wiadomości jest poufna i przeznaczona wyłącznie dla adresata. Jeżeli nie są Państwo jej adresatem, prosimy o powiadomienie nadawcy i usunięcie wiadomości.",
		"Detta meddelande är konfidentiellt och avsett endast för mottagaren. Om du har fått meddelandet av misstag ber vi dig meddela avsändaren och radera det.",
		"Denne e-mail er fortrolig og kun beregnet for den angivne modtager. Har du modtaget e-mailen ved en fejl, bedes du slette den og underrette afsenderen.",
		"Tämä viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle. Jos olet saanut viestin vahingossa, ilmoita siitä lähettäjälle ja poista viesti.",
		"Tato zpráva je důvěrná a je určena pouze adresátovi. Pokud jste ji obdrželi omylem, informujte prosím odesílatele a zprávu smažte.",
		"Это сообщение конфиденциально и предназначено только для адресата. Если вы получили его по ошибке, пожалуйста, сообщите отправителю и удалите его.",
		"本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。如果您误收了本邮件，请立即通知发件人并删除。机密内容禁止任何人使用。",
		"***** Confidentiality *****\nThe information contained in this e-mail is confidential and for the use of the addressee only.",
		"Acme Ltd is registered in England and Wales. Registered number 01234567. Registered office: 1 High Street, London.",
		"Priya Nair\nProduct, Acme\nThis e-mail and any files transmitted with it are confidential and intended solely for the use of the individual to whom they are addressed. If you have received this email in error please notify the sender.",
		"This message contains confidential information and is intended only for the individual named. If you are not the named addressee you should not disseminate, distribute or copy this e-mail. Please notify the sender immediately by e-mail if you have received this e-mail by mistake and delete this e-mail from your system.",
		"WARNING: Computer viruses can be transmitted via email. The recipient should check this email and any attachments for the presence of viruses. The company accepts no liability for any damage caused by any virus transmitted by this email.",
		"Acme Ltd. Company number 7654321. VAT No. GB 123 4567 89.",
		"Acme B.V., KvK 12345678, BTW NL123456789B01",
		"Firmensitz: Torstraße 1, 10119 Berlin | Handelsregister: Amtsgericht Charlottenburg HRB 12345 | Geschäftsführer: Eva Klein, Jonas Weber",
		"Please note that this e-mail may be monitored. It is confidential and only for the addressee; if it reached you by mistake, delete it and tell the sender.",
	} {
		if m := Read(plainMail("The label is cut off.\n\n"+foot+"\n", 0), Options{}); m.Text != "The label is cut off." {
			t.Errorf("%q: text %q", foot, m.Text)
		}
		if m := Read(plainMail("approve\n\nBest,\nPriya\n\n"+foot+"\n", 0), Options{}); m.Text != "approve" || answerOf(m.Commands) != "approve" {
			t.Errorf("%q: text %q, %s", foot, m.Text, answerOf(m.Commands))
		}
	}
}

// The same words, said of the work, are the writer's: below an approval, its
// signature, and above a real disclaimer.
func TestWordsOfLawyersAboutTheWork(t *testing.T) {
	const real = "This email and any attachments are confidential and may be privileged. If you are not the intended recipient, please notify the sender immediately and delete it from your system."
	for _, said := range []string{
		"Please delete it before we go live, destroy the confidential test data and look at the unauthorized accesses.",
		"The confidential invoices must not be copied: copying them is still possible, and the disclosure to the wrong addressee happens.",
		"Bitte löschen Sie die vertraulichen Testdaten vorher, vernichten Sie die Kopien und informieren Sie den Datenschutz.",
		"The managing director wants the registered office and the VAT no on the invoice first, and the company number is wrong.",
		"Geschäftsführer, Handelsregister und Amtsgericht fehlen noch im Impressum, ohne die dürfen wir nicht live gehen.",
		"The e-mail to the intended recipient is received in error by others, please notify the sender before anything ships. It is confidential data we are talking about here.",
		"If the recipient is wrong, notify the sender and delete it: that is what the confidential footer must say, and it does not say so on staging yet, so hold it.",
		"Wenn der Empfänger falsch ist: löschen Sie die vertraulichen Daten. Das steht irrtümlich noch nicht im Footer, bitte erst ergänzen.",
		"Confidentiality: wait for legal.",
		"Disclaimer: only for the web part.",
		"Disclaimer: I have not tested it on Safari.",
		"Legal notice: is missing in the footer.",
		"Confidentiality notice is missing.",
		"Disclaimer - totals not checked.",
		"Disclaimer: untested on Firefox.",
		"Disclaimer: this is only for the CSV.",
		"Disclaimer, I only looked at October.",
		"Legal notice still says 2025.",
		"Confidentiality clause is not in yet.",
		"Confidential data shows up for guests.",
		"Delete it from the cache first, the unauthorized copies too, and the confidential ones.",
		"HRB 12345 und die Ust-Id fehlen.",
		"Geschäftsführer: Eva Klein muss noch rein, HRB 12345 auch.",
		"Managing director: should be Eva Klein, company number 7654321 too.",
		"Registered office: Berlin, company number is 7654321, please change both.",
		"Company number: 7654321 not 7654322. VAT no: DE1 not DE2.",
		"Registered office moved: 2 High Street. Company number as before: 7654321, but the page has the old one.",
		"Siège social et SIRET 123 456 789 00012 à ajouter.",
		"Sede legale e P.IVA 01234567890 da aggiungere al piè di pagina.",
		"Falta el domicilio social y el registro mercantil, tomo 1234.",
		"This email must go out to the addressee, not to the intended recipient's boss, and the confidential flag has to be on; that is the part I do not see in the delivery, so please look at it again.",
		"The mail says \"this email is confidential\" to the wrong addressee. That is not what we agreed on.",
		"This message to customers: delete it, it is confidential, and its disclosure would cost us the contract we want to sign with them.",
		"Diese E-Mail an Kunden ist vertraulich, der Adressat stimmt nicht und irrtümlich steht unser Amtsgericht drin. Das geht so nicht raus.",
		"Diese Nachricht nur intern: vertraulich. Bitte löschen Sie den alten Export und informieren Sie Jonas, dann gilt es.",
		"If this email reaches the wrong addressee it is a disclosure, and I want to see how you prevent it; confidential data is in it.",
		"But only web.\nThis e-mail and any attachments are confidential and intended solely for the addressee. If you received it in error, notify the sender.",
		"Not before the audit.\nDiese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie diese Mail.",
		"After legal has seen it.\nAcme GmbH, Amtsgericht Charlottenburg HRB 12345, Geschäftsführer: Eva Klein",
		"Nur Web.\nAcme GmbH, Amtsgericht Charlottenburg HRB 12345, Geschäftsführer: Eva Klein",
		"What about Safari?\nThis e-mail is confidential. If you are not the intended recipient, delete it.",
		"What about Safari? This e-mail is confidential. If you are not the intended recipient, delete it.",
		"Safari is broken. This e-mail is confidential and intended for the addressee only; delete it if you are not the intended recipient.",
		"Please hide the total. This e-mail is confidential and intended for the addressee only; delete it if you are not the intended recipient.",
		"Only the CSV. This e-mail is confidential and intended for the addressee only; delete it if you are not the intended recipient.",
		"____________________\nThe mailing list export is missing", "--------------------\nPlease add an unsubscribe link", "____________________________\nNot before the mailing list is cleaned", "______________________________\n\nUnsubscribe must work first",
		"Scanned by Avast only, the virus test fails.",
		"This email has been checked for viruses by nobody, please add that first.",
		"Please consider the environment before printing is missing.",
		"You received this message because you are subscribed: that text is wrong in the mail.",
	} {
		for _, body := range []string{said, "Best,\nPriya\n\n" + said, "Priya Nair\nAcme GmbH\n\n" + said, said + "\n\n" + real, "Best,\nPriya\n\n" + said + "\n\n" + real} {
			if m := Read(plainMail("approve\n\n"+body+"\n", 0), Options{}); answerOf(m.Commands) == "approve" {
				t.Errorf("%q: text %q, cut %+v", body, m.Text, m.Cut)
			}
		}
	}
}
