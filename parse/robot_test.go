package parse

import (
	"os"
	"strings"
	"testing"
)

const boundaryHead = "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"r\"\n\n"

func TestRobots(t *testing.T) {
	teams := []string{"shop@acme.example"}
	for _, c := range []struct {
		what, head, body string
		want             Robot
	}{
		// People.
		{"a person", "Subject: Re: Cart", "approve", RobotNone},
		{"auto-submitted no", "Auto-Submitted: no\nSubject: Re: Cart", "approve", RobotNone},
		{"auto-submitted no with a comment", "Auto-Submitted: No (a person)\nSubject: Re: Cart", "approve", RobotNone},
		{"precedence list alone", "Precedence: list\nSubject: Re: Cart", "approve", RobotNone},
		{"talks about absence", "Subject: Re: Out of office banner", "I think the banner is fine.", RobotNone},
		{"a task about absence", "Subject: Out of office banner", "Problem: when a shop is on vacation its page does not say so.\n\nDone: the page shows \"on vacation until 3 March\".", RobotNone},
		{"a task about bounces", "Subject: Delivery failed mails are in English", "Problem: a mail that could not be delivered (550 5.1.1) is told in English.\nDone: it is told in German.", RobotNone},
		{"an engineer going away", "Subject: Re: Your task", "I am on vacation until 9 March, I will be back on the 10th. Dana covers for me in urgent cases.", RobotNone},
		{"away as a command", "Subject: Re: Your task", "away until 3 March", RobotNone},
		{"a receipt in words", "Subject: Read: the new spec", "Read this and tell me what you think about page 3.", RobotNone},
		{"return path", "Return-Path: <priya@acme.example>\nSubject: Re: x", "approve", RobotNone},
		{"feedback header off", "X-Auto-Response-Suppress: All\nSubject: Re: x", "approve", RobotNone},
		{"team address as a group", "List-Id: <shop.acme.example>\nList-Post: <mailto:shop@acme.example>\nPrecedence: list\nSubject: Re: x", "approve", RobotNone},
		{"read receipt asked for", "Disposition-Notification-To: priya@acme.example\nSubject: Re: x", "approve", RobotNone},
		{"ics attached", "Subject: Dates\nContent-Type: multipart/mixed; boundary=r", "--r\nContent-Type: text/plain\n\nsee the dates\n--r\nContent-Type: text/calendar; method=PUBLISH; name=a.ics\nContent-Disposition: attachment; filename=a.ics\n\nBEGIN:VCALENDAR\n--r--\n", RobotNone},
		{"a bounce passed on with its parts", "Subject: Fwd: failure notice\nContent-Type: multipart/mixed; boundary=r", "--r\nContent-Type: text/plain\n\nDana's old address is dead, please use the new one.\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; dana@old.example\nAction: failed\nStatus: 5.1.1\n--r--\n", RobotNone},
		{"a task about automatic replies", "Subject: Automatic reply is sent twice", "Problem: customers get the automatic reply twice.\n\nDone: they get it once.", RobotNone},
		{"the same without labels", "Subject: Automatic reply is sent twice", "I am away on vacation and my customers get two of them.", RobotNone},
		{"a task with a colon and a done", "Subject: Automatic response: it takes too long", "The automatic response to a form takes 40 s.\n\nDone: it takes less than 5 s.", RobotNone},
		{"a task with a colon", "Subject: Out of office: dates are wrong", "Problem: on vacation and on leave I see 3 dates.\n\nDone: I see one.", RobotNone},
		{"a task about receipts", "Subject: Read: mark is wrong", "Problem: a mail that has been read shows as new.\nDone: it does not.", RobotNone},
		{"says it is no robot", "Auto-Submitted: no\nSubject: Automatic reply: Cart", "I am away until 9 March.", RobotNone},
		{"works on holiday", "In-Reply-To: <a@b>\nSubject: Re: Cart", "Thanks for your message! I am on holiday with limited access to email, but I tried it: the coupon is lost.", RobotNone},
		{"a word after the holiday", "In-Reply-To: <a@b>\nSubject: Re: Cart", "Hi Dana,\n\nThank you for your message. I am on holiday until 9 March, and if urgent I am on the phone.\n\napprove", RobotNone},
		{"the cart reacted", "In-Reply-To: <a@b>\nSubject: Re: Cart", "The cart reacted to the second click now, but the coupon is still lost.", RobotNone},
		{"liked, said a person", "In-Reply-To: <a@b>\nSubject: Re: Cart", "I liked your message", RobotNone},
		{"the team's list, as a campaign", "List-Id: <shop.acme.example>\nList-Post: <mailto:shop@acme.example>\nList-Unsubscribe: <mailto:u@acme.example>\nFeedback-ID: 1\nSubject: Re: x", "approve", RobotNone},
		{"reacted, said a person", "Subject: Re: x", "She reacted to your message by email yesterday, and I agree with what she said about the cart. We should change it.\n\nMore below.\n\nAnd more.\n\nAnd more.\n", RobotNone},

		// Auto-replies.
		{"auto-replied", "Auto-Submitted: auto-replied\nSubject: Out", "I am away", RobotAutoReply},
		{"auto-generated", "auto-submitted: AUTO-GENERATED\nSubject: x", "approve", RobotAutoReply},
		{"commented", "Auto-Submitted: (vacation) auto-replied (rfc 3834)\nSubject: x", "approve", RobotAutoReply},
		{"with parameters", "Auto-Submitted: auto-replied; owner-email=\"a@b\"\nSubject: x", "approve", RobotAutoReply},
		{"unknown kind", "Auto-Submitted: auto-foo\nSubject: x", "approve", RobotAutoReply},
		{"two fields", "Auto-Submitted: no\nAuto-Submitted: auto-replied\nSubject: x", "approve", RobotAutoReply},
		{"x-autoreply", "X-Autoreply: yes\nSubject: x", "approve", RobotAutoReply},
		{"x-autorespond", "X-Autorespond: x\nSubject: x", "approve", RobotAutoReply},
		{"precedence auto_reply", "Precedence: auto_reply\nSubject: x", "approve", RobotAutoReply},
		{"precedence bulk", "Precedence: bulk\nSubject: x", "approve", RobotAutoReply},
		{"precedence junk", "Precedence: JUNK\nSubject: x", "approve", RobotAutoReply},
		{"null path", "Return-Path: <>\nSubject: x", "approve", RobotAutoReply},
		{"no header en", "Subject: Automatic reply: Cart total", "I am out of the office until 9 March.", RobotAutoReply},
		{"no header en 2", "Subject: Out of office: back on Monday", "Thank you for your message. I am out of the office until 9 March with limited access to email.", RobotAutoReply},
		{"no header de", "Subject: Automatische Antwort: Cart", "Ich bin bis 9. März nicht im Büro.", RobotAutoReply},
		{"no header de 2", "Subject: Abwesenheitsnotiz", "Ich bin bis zum 9. März abwesend. In dringenden Fällen wenden Sie sich an Dana.", RobotAutoReply},
		{"no header de 3", "Subject: Abwesend bis 9.3.", "Ich bin derzeit nicht im Büro und ab dem 10. März wieder erreichbar.", RobotAutoReply},
		{"no header fr", "Subject: Réponse automatique : Cart", "Je suis absent jusqu'au 9 mars.", RobotAutoReply},
		{"no header fr 2", "Subject: Absence du bureau", "Je suis absente du bureau, de retour le 9 mars. En cas d'urgence, contactez Dana.", RobotAutoReply},
		{"no header es", "Subject: Respuesta automática: Cart", "Estoy fuera de la oficina.", RobotAutoReply},
		{"no header pt", "Subject: Resposta automática: Cart", "Estou de férias.", RobotAutoReply},
		{"no header it", "Subject: Risposta automatica: Cart", "Sono in ferie fino al 9 marzo.", RobotAutoReply},
		{"no header nl", "Subject: Automatisch antwoord: Cart", "Ik ben afwezig tot 9 maart.", RobotAutoReply},
		{"no header sv", "Subject: Automatiskt svar: Cart", "Jag är på semester.", RobotAutoReply},
		{"no header pl", "Subject: Odpowiedź automatyczna: Cart", "Jestem na urlopie.", RobotAutoReply},
		{"no header ru", "Subject: Автоответ: Cart", "Я в отпуске.", RobotAutoReply},
		{"no header zh", "Subject: 自动回复: Cart", "我正在休假。", RobotAutoReply},
		{"no header ja", "Subject: 自動返信: Cart", "休暇をいただいております。", RobotAutoReply},
		{"no header ko", "Subject: 자동 회신: Cart", "부재중입니다.", RobotAutoReply},

		{"null path with a space", "Return-Path: < >\nSubject: x", "approve", RobotAutoReply},
		{"x-autoresponse", "X-Autoresponse: yes\nSubject: x", "approve", RobotAutoReply},
		{"behind a gateway's tag", "Subject: [External] Automatic reply: Cart", "Back on Monday.", RobotAutoReply},
		{"no header he", "Subject: תשובה אוטומטית: Cart", "אני לא במשרד", RobotAutoReply},
		{"no header hr", "Subject: Automatski odgovor: Cart", "Na odmoru sam.", RobotAutoReply},
		{"notes", "In-Reply-To: <a@b>\nSubject: AUTO: Dana Cole is out of the office (returning 09-03-2026)", "I will respond when I return.", RobotAutoReply},
		{"exchange 2003", "Subject: Out of Office AutoReply: Cart", "Back on 9 March.", RobotAutoReply},
		{"groupwise", "In-Reply-To: <a@b>\nSubject: Out of Office: Cart", "I am out of the office until Monday.", RobotAutoReply},
		{"no header, a reply", "In-Reply-To: <a@b>\nSubject: Re: Cart", "Thank you for your message. I am out of the office until 9 March and will return on the 10th.", RobotAutoReply},
		{"no header, a reply de", "In-Reply-To: <a@b>\nSubject: AW: Cart", "Vielen Dank für Ihre Nachricht. Ich bin bis 9. März nicht im Büro und ab dem 10. März wieder erreichbar.", RobotAutoReply},
		{"no header pt 2", "Subject: Ausência", "Estou de férias até 9 de março. Em caso de urgência fale com Dana.", RobotAutoReply},
		{"no header it 2", "Subject: Fuori ufficio", "Sono in ferie fino al 9 marzo, al mio rientro risponderò.", RobotAutoReply},

		// Bounces.
		{"report", "Subject: Undelivered Mail\n" + strings.TrimSuffix(boundaryHead, "\n\n"), "--r\nContent-Type: text/plain\n\napprove\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; dana@acme.example\nAction: failed\nStatus: 5.1.1\n--r\nContent-Type: message/rfc822\n\nMessage-ID: <t42.abcdefghijklmnop.7@acme.example>\n\nx\n--r--\n", RobotBounce},
		{"qmail", "Return-Path: <>\nSubject: failure notice", "Hi. This is the qmail-send program.\n<dana@acme.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n", RobotBounce},
		{"failed recipients", "X-Failed-Recipients: dana@acme.example\nSubject: Mail delivery failed", "x", RobotBounce},
		{"auto-submitted failure", "Auto-Submitted: auto-replied\nSubject: Undeliverable: Cart", "x", RobotBounce},

		// The rest.
		{"mdn", "Subject: Read: x\nContent-Type: multipart/report; report-type=\"disposition-notification\"; boundary=r", "--r\n\nYour message was read\n--r\nContent-Type: message/disposition-notification\n\nDisposition: manual-action\n--r--\n", RobotReceipt},
		{"receipt in words", "Subject: Gelesen: Cart", "Ihre Nachricht wurde am 2. März gelesen.", RobotReceipt},
		{"receipt with a head de", "Subject: Gelesen: [#42] Cart", "Ihre Nachricht\n\n   An: Priya Nair\n   Betreff: [#42] Cart\n   Gesendet: Montag, 2. März 2026 09:14:05 (UTC+01:00)\n\nwurde am Montag, 2. März 2026 09:20:11 (UTC+01:00) gelesen.", RobotReceipt},
		{"receipt with a head fr", "Subject: Lu : [#42] Cart", "Votre message\n\n   À : Priya Nair\n   Objet : [#42] Cart\n   Envoyé : lundi 2 mars 2026 09:14:05\n\na été lu le lundi 2 mars 2026 09:20:11.", RobotReceipt},
		{"receipt with a head en", "Subject: Not read: [#42] Cart", "Your message\n\n   To: Priya Nair\n   Subject: [#42] Cart\n   Sent: Monday, March 2, 2026 9:14 AM\n\nwas deleted without being read on Monday, March 2, 2026 9:20 AM.", RobotReceipt},
		{"words above such a head", "Subject: Read: the totals", "Your message is not what I see.\n\nFrom: Shop <shop@acme.example>\nSent: Monday, March 2, 2026 9:14 AM\nTo: Priya\nSubject: totals\n\nIt was read on Monday.", RobotNone},
		{"gmail reaction", "Subject: Re: x\nContent-Type: multipart/alternative; boundary=r", "--r\nContent-Type: text/plain\n\n👍\n--r\nContent-Type: text/vnd.google.email-reaction+json\n\n{}\n--r--\n", RobotReaction},
		{"outlook reaction", "In-Reply-To: <a@b>\nSubject: Re: x", "Priya reacted to your message:\n👍", RobotReaction},
		{"outlook reaction in words", "In-Reply-To: <a@b>\nSubject: Re: x", "Priya Nair reacted with 👍 to your message", RobotReaction},
		{"gmail reaction in words", "In-Reply-To: <a@b>\nSubject: Re: x", "👍\n\nPriya Nair reacted via Gmail <https://mail.example>", RobotReaction},
		{"reaction de", "In-Reply-To: <a@b>\nSubject: Re: x", "Priya Nair hat auf Ihre Nachricht reagiert:\n👍", RobotReaction},
		{"invitation", "Subject: Call\nContent-Type: multipart/alternative; boundary=r", "--r\nContent-Type: text/plain\n\napprove\n--r\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--r--\n", RobotInvitation},
		{"calendar answer", "Subject: Accepted: Call\nContent-Type: text/calendar; method=REPLY", "BEGIN:VCALENDAR", RobotInvitation},
		{"list", "List-Id: <dev.lists.example>\nList-Unsubscribe: <mailto:u@lists.example>\nSubject: [dev] x", "approve", RobotList},
		{"newsletter", "Precedence: bulk\nList-Unsubscribe: <https://x.example>\nSubject: News", "approve", RobotList},
		{"our letter", "X-Gatepost-Letter: gate\nSubject: Gate", "approve", RobotOwn},
		{"our loop", "X-Loop: shop@acme.example\nSubject: Gate", "approve", RobotOwn},
	} {
		raw := "From: Priya <priya@acme.example>\nTo: shop@acme.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n" + c.head + "\n\n" + c.body + "\n"
		m := Read([]byte(raw), Options{Teams: teams})
		if m.Robot != c.want {
			t.Errorf("%s: robot %q, want %q", c.what, m.Robot, c.want)
		}
		if m.Robot != RobotNone && len(m.Commands) > 0 {
			t.Errorf("%s: a robot has commands: %v", c.what, m.Commands)
		}
	}
	m := Read([]byte("From: Dana <dana@acme.example>\nIn-Reply-To: <a@b>\nSubject: Automatic reply: Cart\n\nReady to help again on 9 March.\n"), Options{Teams: teams})
	if len(m.Commands) != 1 || m.Commands[0].Word != "" {
		t.Errorf("an absence notice that begins like a command: %+v", m.Commands)
	}
	for _, from := range []string{"shop@acme.example", "shop+t42.abcdefghijklmnop@acme.example", "SHOP+x@acme.example"} {
		if m := Read([]byte("From: "+from+"\n\napprove\n"), Options{Teams: teams}); m.Robot != RobotOwn {
			t.Errorf("own mail from %s: %q", from, m.Robot)
		}
	}
	for _, from := range []string{"MAILER-DAEMON@mx.example", "Mail Delivery System <mailer-daemon@acme.example>", "MAILER-DAEMON"} {
		if m := Read([]byte("From: "+from+"\nSubject: x\n\napprove\n"), Options{Teams: teams}); m.Robot != RobotBounce {
			t.Errorf("bounce from %s: %q", from, m.Robot)
		}
	}
}

func TestBounceReports(t *testing.T) {
	report := func(status, rest string) string {
		return "From: MAILER-DAEMON@mx.example\nTo: shop+b9.abcdefghijklmnop@acme.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n" + boundaryHead +
			"--r\nContent-Type: text/plain\n\nThis is the mail system.\n\n--r\nContent-Type: message/delivery-status\n\n" + status + "\n--r\nContent-Type: " + rest + "\n--r--\n"
	}
	system := func(subject, kind, text string) string {
		return "From: postmaster@x.example\nTo: shop+b9.abcdefghijklmnop@acme.example\nReturn-Path: <>\nSubject: " + subject + "\nContent-Type: " + kind + "; charset=utf-8\n\n" + text + "\n"
	}
	inner := "message/rfc822\n\nReceived: x\nMessage-ID: <t42.abcdefghijklmnop.7@acme.example>\nTo: dana@acme.example\nSubject: x\n\napprove\n"
	for _, c := range []struct {
		raw  string
		want Bounce
	}{
		{report("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; dana@acme.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no", inner), Bounce{"t42.abcdefghijklmnop.7@acme.example", "dana@acme.example", "5.1.1", true}},
		{report("Reporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;dana@acme.example\nAction: delayed\nStatus: 4.4.1", "text/rfc822-headers\n\nMessage-Id: <t42.abcdefghijklmnop.7@acme.example>\n"), Bounce{"t42.abcdefghijklmnop.7@acme.example", "dana@acme.example", "4.4.1", false}},
		{"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: failure notice\n\nHi. This is the qmail-send program at x.example.\n\n<dana@acme.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <shop@acme.example>\nMessage-ID: <t42.abcdefghijklmnop.7@acme.example>\n", Bounce{"t42.abcdefghijklmnop.7@acme.example", "dana@acme.example", "5.1.1", true}},
		{strings.ReplaceAll(report("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: utf-8; дана@почта.example\nAction: failed\nStatus: 5.1.1", "message/global-headers\n\nMessage-ID: <t42.abcdefghijklmnop.7@acme.example>\n"), "delivery-status", "global-delivery-status"), Bounce{"t42.abcdefghijklmnop.7@acme.example", "дана@почта.example", "5.1.1", true}},
		{system("No se puede entregar: x", "text/html", "<p>No se encontró la dirección <b>dana@acme.example</b>, pregunte a postmaster@x.example.</p>"), Bounce{"", "dana@acme.example", "", true}},
		{system("DELIVERY FAILURE: User dana not listed", "text/plain", "Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  dana@acme.example\n"), Bounce{"", "dana@acme.example", "", true}},
		{system("Delivery Status Notification (Delay)", "text/plain", "To dana@acme.example: it has not yet been delivered."), Bounce{"", "dana@acme.example", "", false}},
		{system("Delivery Status Notification", "text/plain", "Successfully delivered to dana@acme.example."), Bounce{"", "dana@acme.example", "", false}},
		{system("failure notice", "text/plain", "<dana@acme.example>:\nI'm not going to try again; this message has been in the queue too long. (#4.4.1)"), Bounce{"", "dana@acme.example", "4.4.1", true}},
		{report("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; dana@acme.example\nAction: failed\nStatus: 4.4.7", inner), Bounce{"t42.abcdefghijklmnop.7@acme.example", "dana@acme.example", "4.4.7", true}},
		{system("Re: numbers", "text/plain", "Nobody reads this, ask dana@acme.example."), Bounce{"", "dana@acme.example", "", false}},
	} {
		m := Read([]byte(c.raw), Options{Teams: []string{"shop@acme.example"}})
		if m.Bounce == nil || *m.Bounce != c.want {
			t.Errorf("%+v, want %+v", m.Bounce, c.want)
		}
	}
}

// A line of testdata/robots.txt is a mail, most without a header to be known by.
func TestRobotsByWords(t *testing.T) {
	kinds := map[string]int{}
	b, err := os.ReadFile("testdata/robots.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.SplitN(strings.TrimSuffix(line, "\n"), " | ", 5)
		want := Robot(strings.Trim(row[0], "-"))
		head := strings.ReplaceAll(row[3], `\n`, "\n")
		if head != "" {
			head += "\n"
		}
		raw := "From: " + row[1] + "\nTo: shop@acme.example\nContent-Type: text/plain; charset=utf-8\n" + head + "Subject: " + row[2] + "\n\n" + strings.ReplaceAll(row[4], `\n`, "\n") + "\n"
		m := Read([]byte(raw), Options{Teams: []string{"shop@acme.example"}})
		if m.Robot != want {
			t.Errorf("%q, want %q: %s | %s | %s", m.Robot, want, row[2], row[3], row[4])
		}
		kinds[row[0]]++
	}
	if kinds["-"] < 100 || kinds["auto-reply"] < 80 {
		t.Errorf("samples: %v", kinds)
	}
}

// Somebody of the team pastes a bounce into a mail; a server does not write
// from their address.
func TestMemberPastesABounce(t *testing.T) {
	for _, text := range []string{
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered: omar@acme.example\n\nThis is what customers get. Can we say it in their language?",
		"Your message to customers (info@acme.example) says 550 EUR, it must be 505. Undeliverable goods are not included.",
	} {
		raw := []byte("From: Priya <priya@acme.example>\nTo: shop@acme.example\nSubject: Order mails\n\n" + text + "\n")
		if m := Read(raw, Options{Member: true}); m.Robot != RobotNone {
			t.Errorf("%s: %q", text, m.Robot)
		}
		if m := Read(raw, Options{}); m.Robot != RobotBounce {
			t.Errorf("of a stranger: %s: %q", text, m.Robot)
		}
	}
}

// No letter of ours comes from a stream's address: what somebody of the team
// writes there is a task, whatever it is about.
func TestTaskAboutAutomaticReplies(t *testing.T) {
	for to, want := range map[string]Robot{"shop+web@acme.example": RobotNone, "shop@acme.example": RobotAutoReply} {
		raw := []byte("From: Priya <priya@acme.example>\nTo: " + to + "\nSubject: Automatic reply: twice at weekends\n\nCustomers get it twice since Saturday.\n")
		if m := Read(raw, Options{Teams: []string{"shop@acme.example"}, Member: true}); m.Robot != want {
			t.Errorf("to %s: %q, want %q", to, m.Robot, want)
		}
	}
}

// An address from which programs write may be a person's, who is in the team.
func TestMemberAtAMachinesAddress(t *testing.T) {
	for _, from := range []string{"jenkins@acme.example", "monitoring@acme.example", "backup@acme.example"} {
		raw := []byte("From: Pete <" + from + ">\nTo: shop@acme.example\nSubject: Cart\n\nThe total is off by a cent on the phone.\n")
		if m := Read(raw, Options{}); m.Robot != RobotAutoReply {
			t.Errorf("%s, a stranger: %q", from, m.Robot)
		}
		if m := Read(raw, Options{Member: true}); m.Robot != RobotNone {
			t.Errorf("%s, of the team: %q", from, m.Robot)
		}
	}
	away := []byte("From: Pete <jenkins@acme.example>\nTo: shop@acme.example\nSubject: Automatic reply: Cart\n\nI am away until Monday.\n")
	if m := Read(away, Options{Member: true}); m.Robot != RobotAutoReply {
		t.Errorf("an absence notice: %q", m.Robot)
	}
}

// An address that begins as the team's is a colleague's, or ours with a tag: only
// behind a plus is any word one, behind another separator it must be a ref.
func TestColleagueNamedLikeTheTeam(t *testing.T) {
	for from, want := range map[string]Robot{
		"shop.lead@acme.example":                  RobotNone,
		"shop-eu@acme.example":                    RobotNone,
		"shop_all@acme.example":                   RobotNone,
		"shop.lead+x@acme.example":                RobotNone,
		"shop@acme.example":                       RobotOwn,
		"Shop+Anything@acme.example":              RobotOwn,
		"shop-t1r1.aaaaaaaaaaaaaaaa@acme.example": RobotOwn,
		"shop_t1@acme.example":                    RobotOwn,
	} {
		raw := []byte("From: " + from + "\nTo: shop+web@acme.example\nSubject: Cart\n\nDone: it keeps them.\n")
		if m := Read(raw, Options{Teams: []string{"shop@acme.example"}}); m.Robot != want {
			t.Errorf("%s: %q, want %q", from, m.Robot, want)
		}
	}
}
