package parse

import (
	"html"
	"strings"
	"testing"
)

var banners = []string{
	"[EXT]", "[EXTERNAL]", "[EXTERN]", "*EXTERNAL*", "EXTERNAL EMAIL", "External Sender", "⚠ External email", "[EXTERNAL EMAIL]", "***EXTERNAL***",
	"EXTERNAL EMAIL: Do not click links or open attachments unless you recognize the sender.",
	"EXTERNAL: Do not click links or open attachments if you do not recognize the sender.",
	"[EXTERNAL EMAIL] Do not click links or open attachments unless you know the content is safe.",
	"CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender and know the content is safe.",
	"CAUTION: This email originated from outside of the organization. Do not click\nlinks or open attachments unless you recognize the sender.",
	"CAUTION: This email originated from outside your organization. Exercise caution when opening attachments or clicking links, especially from unknown senders.",
	"CAUTION - EXTERNAL EMAIL: Do not click any links or open any attachments unless you trust the sender and know the content is safe.",
	"WARNING: This message is from an external sender. Be careful with links and attachments.",
	"This email originated from outside the company.",
	"This Message Is From an External Sender\nThis message came from outside your organization.",
	"You don't often get email from priya@acme.example. Learn why this is important",
	"Some people who received this message don't often get email from priya@acme.example. Learn why this is important",
	"CAUTION: This email originated from outside of the organization.\n\nDo not click links or open attachments unless you recognize the sender.",
	"**CAUTION: EXTERNAL EMAIL**\n____________________",
	"ACHTUNG: Diese E-Mail stammt von einem externen Absender. Bitte klicken Sie nicht auf Links und öffnen Sie keine Anhänge, wenn Sie den Absender nicht kennen.",
	"Externe E-Mail: Öffnen Sie Links und Anhänge nur, wenn Sie dem Absender vertrauen.",
	"VORSICHT: Diese E-Mail kommt von außerhalb des Unternehmens. Öffnen Sie keine Anhänge von unbekannten Absendern.",
	"ATTENTION : Ce courriel provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens et n'ouvrez pas les pièces jointes si vous ne connaissez pas l'expéditeur.",
	"[Courriel externe]", "COURRIEL EXTERNE : Ne cliquez sur aucun lien et n'ouvrez pas de pièce jointe.",
	"PRECAUCIÓN: Este correo electrónico se originó fuera de la organización. No haga clic en los enlaces ni abra los archivos adjuntos a menos que reconozca al remitente.",
	"CORREO EXTERNO: No abra enlaces ni adjuntos si no conoce al remitente.",
	"ATTENZIONE: Questa email proviene dall'esterno dell'organizzazione. Non cliccare sui link e non aprire gli allegati se non si conosce il mittente.",
	"LET OP: Deze e-mail komt van buiten de organisatie. Klik niet op koppelingen en open geen bijlagen als u de afzender niet kent.",
	"ATENÇÃO: Este e-mail foi enviado de fora da organização. Não clique em links nem abra anexos se não conhecer o remetente.",
	"【外部メール】", "注意：このメールは社外から送信されています。リンクや添付ファイルを開く際はご注意ください。",
}

// A banner is no word of the writer: the word below it counts, in plain text and
// in HTML, with a line between them or none.
func TestBanners(t *testing.T) {
	for _, b := range banners {
		for _, gap := range []string{"\n\n", "\n"} {
			text := b + gap + "approve"
			m := Read(plainMail(text+"\n", 0), Options{})
			if answerOf(m.Commands) != "approve" || m.Text != "approve" {
				t.Errorf("%q: %s, text %q", text, answerOf(m.Commands), m.Text)
			}
		}
		shown := strings.ReplaceAll(html.EscapeString(b), "\n", "<br>")
		raw := "From: priya@acme.example\nIn-Reply-To: <x@y.example>\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n" + b + "\n\napprove\n\n--b\nContent-Type: text/html; charset=utf-8\n\n<table><tr><td>" + shown + "</td></tr></table><div>approve</div>\n--b--\n"
		for _, raw := range []string{raw, strings.Replace(raw, b+"\n\n", "", 1)} {
			if m := Read([]byte(raw), Options{}); answerOf(m.Commands) != "approve" {
				t.Errorf("%q in both forms: %s %q", b, answerOf(m.Commands), m.Problems)
			}
		}
	}
}

// What a writer begins with stays, however much it looks like a banner, and so
// does what stands in a banner's paragraph.
func TestNoBanners(t *testing.T) {
	for _, text := range []string{
		"WARNING: External links on the page are broken.",
		"CAUTION: the total is wrong when a link is clicked.",
		"External email addresses are refused at login.",
		"External email: addresses are refused at login.",
		"Externe Mails kommen nicht an.",
		"This email was sent from outside and never arrived, can you check?",
		"This email from the external shop has a wrong total.",
		"Attention: the export is empty.",
		"Caution with the links in the footer, some are dead.",
		"Do not click the link before the page has loaded, it fails.",
		"Achtung: Der Absender der Rechnung ist falsch.",
		"Extern is spelled wrong on the page.",
		"Sender and attachments are not shown.",
		"External.", "EXTERNAL", "Extern\n\nDanke!",
		"[EXT] is shown twice in the subject.",
	} {
		if m := Read(plainMail(text+"\n", 0), Options{}); m.Text != text {
			t.Errorf("%q: text %q", text, m.Text)
		}
	}
	for _, own := range []string{"redirect: the links are dead and the attachments are empty", "The total is wrong.", "No, do not open it.", "not yet approved", "Links are dead."} {
		for _, b := range banners {
			if strings.HasSuffix(b, "_") {
				continue
			}
			text := b + "\n" + own
			if m := Read(plainMail(text+"\n", 0), Options{}); !strings.HasSuffix(m.Text, own) {
				t.Errorf("%q: text %q", text, m.Text)
			}
			if m := Read(plainMail(b+" "+own+"\n", 0), Options{}); !strings.HasSuffix(m.Text, own) {
				t.Errorf("%q: text %q", b+" "+own, m.Text)
			}
		}
	}
}
