package parse

import (
	"fmt"
	"html"
	"strings"
	"testing"
)

// clientHTML are the ways in which clients lay out a reply: %[1]s the writer's
// words, %[2]s the intro, %[3]s the history.
var clientHTML = map[string]string{
	"gmail":           `<div dir="ltr">%[1]s</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">%[2]s<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">%[3]s</blockquote></div>`,
	"gmail-old":       `<div dir="ltr">%[1]s</div><div class="gmail_extra"><br><div class="gmail_quote">%[2]s<br><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">%[3]s</blockquote></div><br></div>`,
	"gmail-forward":   `<div dir="ltr">%[1]s<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <strong class="gmail_sendername" dir="auto">Shop</strong> <span dir="auto">&lt;shop@acme.example&gt;</span><br>Date: Mon, 2 Mar 2026 at 09:14<br>Subject: Gate<br>To: &lt;priya@acme.example&gt;<br></div><br><br>%[3]s</div></div>`,
	"apple":           `<html><head></head><body style="overflow-wrap: break-word;">%[1]s<br><div><br><blockquote type="cite"><div>%[2]s</div><br class="Apple-interchange-newline"><div>%[3]s</div></blockquote></div><br></body></html>`,
	"ios":             `<html><body dir="auto">%[1]s<div><br></div><div dir="ltr"><br><blockquote type="cite">%[2]s<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">%[3]s</div></blockquote></body></html>`,
	"thunderbird":     `<html><body><p>%[1]s</p><div class="moz-cite-prefix">%[2]s<br></div><blockquote type="cite" cite="mid:abc@acme.example">%[3]s</blockquote><br></body></html>`,
	"tb-forward":      `<html><body><p>%[1]s</p><div class="moz-forward-container"><br><br>-------- Forwarded Message --------<table class="moz-email-headers-table"><tbody><tr><th>Subject: </th><td>Gate</td></tr><tr><th>Date: </th><td>Mon, 2 Mar 2026 09:14:00 +0100</td></tr><tr><th>From: </th><td>Shop &lt;shop@acme.example&gt;</td></tr></tbody></table><br>%[3]s</div></body></html>`,
	"outlook-web":     `<html><body dir="ltr"><div class="elementToProof">%[1]s</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000"><b>From:</b> Shop &lt;shop@acme.example&gt;<br><b>Sent:</b> Monday, March 2, 2026 9:14 AM<br><b>To:</b> Priya &lt;priya@acme.example&gt;<br><b>Subject:</b> Gate</font><div>&nbsp;</div></div><div>%[3]s</div></body></html>`,
	"outlook-hop":     `<html><body dir="ltr"><div>%[1]s</div><div id="x_x_divRplyFwdMsg" dir="ltr"><b>Absender neu:</b> Shop<br></div><div>%[3]s</div></body></html>`,
	"hotmail":         `<html><body dir="ltr"><div>%[1]s</div><hr id="stopSpelling"><div id="divRplyFwdMsg"><b>From:</b> Shop &lt;shop@acme.example&gt;<br><b>Sent:</b> Monday, March 2, 2026 9:14 AM<br><b>To:</b> Priya<br></div><div>%[3]s</div></body></html>`,
	"outlook-mobile":  `<html><body><div>%[1]s</div><div id="ms-outlook-mobile-signature"><div></div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><div id="mail-editor-reference-message-container"><hr><div><b>From:</b> Shop<br></div>%[3]s</div></body></html>`,
	"word":            `<html><body lang="EN-US"><div class="WordSection1"><p class="MsoNormal">%[1]s<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>Kutoka:</b> Shop<br><b>Ilitumwa:</b> Jumatatu<o:p></o:p></p></div></div><p class="MsoNormal">%[3]s</p></div></body></html>`,
	"word-old":        `<html><body><div class="WordSection1"><p class="MsoNormal">%[1]s</p><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Shop [mailto:shop@acme.example]<br><b>Sent:</b> Montag, 2. März 2026 09:14<br></p></div><p class="MsoNormal">%[3]s</p></div></body></html>`,
	"outlook-express": `<html><body><div>%[1]s</div><div><hr align="center" size="2" width="100%%"></div><div>%[3]s</div></body></html>`,
	"outlook-mac":     `<html><body><div>%[1]s</div><span id="OLK_SRC_BODY_SECTION"><div><span>From: </span>Shop</div><div>%[3]s</div></span></body></html>`,
	"yahoo":           `<html><body><div class="yahoo-style-wrap">%[1]s</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>%[2]s</div><div>%[3]s</div></div></body></html>`,
	"yahoo-ydp":       `<html><body><div class="ydp1">%[1]s</div><div id="ydp55yahoo_quoted_4711" class="ydp55yahoo_quoted"><div>%[2]s</div><div>%[3]s</div></div></body></html>`,
	"proton":          `<div style="font-family: Arial;">%[1]s</div><div class="protonmail_signature_block protonmail_signature_block-empty"></div><div class="protonmail_quote">%[2]s<br><blockquote class="protonmail_quote" type="cite">%[3]s</blockquote><br></div>`,
	"zoho":            `<html><body><div>%[1]s</div><div class="zmail_extra_hr" style="border-top: 1px solid"></div><div class="zmail_extra"><div>%[2]s</div><blockquote>%[3]s</blockquote></div></body></html>`,
	"zimbra":          `<html><body><div>%[1]s</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>Shop<br></div><div data-marker="__QUOTED_TEXT__">%[3]s</div></body></html>`,
	"zimbra-old":      `<div>%[1]s</div><br><hr id="zwchr"><blockquote style="border-left:2px solid #1010FF;margin-left:5px;"><b>From: </b>"Shop" &lt;shop@acme.example&gt;<br><b>To: </b>"Priya" &lt;priya@acme.example&gt;<br><b>Sent: </b>Monday, March 2, 2026 9:14:03 AM<br><b>Subject: </b>Gate<br><br>%[3]s</blockquote>`,
	"gmail-signed":    `<div dir="ltr">%[1]s<br clear="all"><br>-- <br><div dir="ltr" class="gmail_signature">Priya Nair<br>Acme</div></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">%[2]s<br></div><blockquote class="gmail_quote">%[3]s</blockquote></div>`,
	"yahoo-phone":     `<div>%[1]s<br><br><p style="font-size: 15px;"><a href="https://mail.onelink.me/107872968?pid=x">Yahoo Mail: Search, Organize, Conquer</a></p><blockquote style="margin: 0 0 20px 0;"><div>%[2]s</div><div>%[3]s</div></blockquote></div>`,
	"gmx":             `<html><body><div>%[1]s</div><div name="quote" style="margin:10px 5px 5px 10px;"><div style="margin:0 0 10px 0;"><b>Gesendet:</b> Montag</div><div name="quoted-content">%[3]s</div></div></body></html>`,
	"qq":              `<div>%[1]s</div><div><includetail><div>&nbsp;</div><div style="font-size: 12px;">------------------&nbsp;原始邮件&nbsp;------------------</div><div>发件人: Shop</div><div>%[3]s</div></includetail></div>`,
	"163":             `<div>%[1]s</div><div id="isReplyContent"><div>%[2]s</div><blockquote id="isReplyContent">%[3]s</blockquote></div>`,
	"139":             `<div>%[1]s</div><div id="reply139content"><hr><div>----邮件原文----</div>%[3]s</div>`,
	"aliyun":          `<div>%[1]s</div><blockquote class="alimail-quote"><div>---</div>%[3]s</blockquote>`,
	"spark":           `<html><body><div name="messageBodySection"><div dir="auto">%[1]s</div></div><div name="messageSignatureSection"><br></div><div name="messageReplySection">%[2]s<br><blockquote type="cite">%[3]s</blockquote></div></body></html>`,
	"tuta":            `<div>%[1]s</div><div>%[2]s</div><blockquote class="tutanota_quote">%[3]s</blockquote>`,
	"front":           `<div>%[1]s</div><div class="front-signature"></div><div class="front-blockquote">%[2]s<blockquote type="cite">%[3]s</blockquote></div>`,
	"freshdesk":       `<div>%[1]s</div><div class="freshdesk_quote"><blockquote class="freshdesk_quote">%[2]s<div>%[3]s</div></blockquote></div>`,
	"history":         `<div>%[1]s</div><div class="history">%[2]s<br>%[3]s</div>`,
	"split":           `<div>%[1]s</div><hr id="replySplit"><div>%[3]s</div>`,
	"hr-from":         `<div>%[1]s</div><hr><div><b>From:</b> Shop &lt;shop@acme.example&gt;<br><b>Date:</b> 2 March 2026 9:14<br><b>To:</b> Priya<br></div><div>%[3]s</div>`,
	"bare-gmail":      `<html><body>%[1]s<div class="gmail_quote">%[2]s<blockquote class="gmail_quote">%[3]s</blockquote></div></body></html>`,
	"bare-cite":       `<html><body>%[1]s<br>%[2]s<blockquote type="cite">%[3]s</blockquote></body></html>`,
	"bare-yahoo":      `<html><body>%[1]s<div class="yahoo_quoted"><div>%[2]s</div>%[3]s</div></body></html>`,
	"bare-signed":     `<html><body>%[1]s<div id="Signature"></div><div id="appendonsend"></div>%[2]s<br>%[3]s</body></html>`,
	"plain-quote":     `<div>%[1]s</div><p>%[2]s</p><blockquote>%[3]s</blockquote>`,
}

func asHTML(text string) string {
	var b strings.Builder
	for i, l := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("<br>")
		}
		b.WriteString(html.EscapeString(l))
	}
	return b.String()
}

func asDivs(text string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(text, "\n") {
		if l == "" {
			l = "<br>"
		} else {
			l = html.EscapeString(l)
		}
		b.WriteString("<div>" + l + "</div>")
	}
	return b.String()
}

func htmlMail(h string) []byte {
	return []byte(dangerHead + "Content-Type: text/html; charset=utf-8\r\n\r\n" + h)
}

func bothMail(plain, h string) []byte {
	return []byte(dangerHead + "Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + plain + "\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + h + "\r\n--=_b--\r\n")
}

func TestDangerHTML(t *testing.T) {
	t.Parallel()
	n := 0
	for client, layout := range clientHTML {
		for k, intro := range dangerIntros {
			if strings.Contains(intro, "%s") {
				intro = fmt.Sprintf(intro, "shop+t42r1.abcdefghijklmnop@acme.example")
			}
			for j := range 2 {
				bi := (k + 3*j) % len(dangerBodies)
				body := dangerBodies[bi]
				own := dangerOwn[(k/2+bi)%len(dangerOwn)]
				hist, words := asHTML(body), asHTML(own)
				if k%2 == 1 {
					hist, words = asDivs(body), asDivs(own)
				}
				h := fmt.Sprintf(layout, words, html.EscapeString(intro), hist)
				n += 2
				noWord(t, htmlMail(h), Options{}, client+": "+intro)
				// The plain part that such a client writes beside it, without marks.
				noWord(t, bothMail(own+"\r\n\r\n"+intro+"\r\n\r\n"+body, h), Options{}, client+" both: "+intro)
				if t.Failed() {
					return
				}
			}
		}
	}
	t.Logf("%d mails", n)
}

// What the writer wrote in each client is the text, to the letter.
func TestHTMLCutsExactly(t *testing.T) {
	const own = "The label is cut off on my phone.\n\nCould you look at the cart?"
	for client, layout := range clientHTML {
		for _, words := range []string{asHTML(own), asDivs(own)} {
			h := fmt.Sprintf(layout, words, html.EscapeString("On Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:"), asDivs("Gate: the cart total is ready\n\nReply with approve or redirect."))
			m := Read(htmlMail(h), Options{})
			if m.Text != own || !m.Quoted {
				t.Errorf("%s: quoted %v, cut %v\n%s\n%s", client, m.Quoted, m.Cut, m.Text, Explain(htmlMail(h), Options{}))
			}
		}
		// So it is with a plain part beside it that marks history, or does not.
		for _, plain := range []string{own + "\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n\n" + marked("Gate: the cart total is ready\n\nReply with approve or redirect."), "approve\n\nUnknown words\n\nGate: the cart total is ready\n\nReply with approve or redirect, as you see fit today."} {
			words, want := "approve", "approve"
			if plain[0] != 'a' {
				words, want = own, "-"
			}
			h := fmt.Sprintf(layout, asDivs(words), "On Mon, 2 Mar 2026 at 09:14, Shop wrote:", asDivs("Gate: the cart total is ready\n\nReply with approve or redirect, as you see fit today."))
			if m := Read(bothMail(plain, h), Options{}); m.Text != words || answerOf(m.Commands) != want || !m.Quoted {
				t.Errorf("%s both: %q %s\n%s", client, m.Text, answerOf(m.Commands), Explain(bothMail(plain, h), Options{}))
			}
		}
		// A command above the history is one, in every client.
		h := fmt.Sprintf(layout, "Approve, thanks!", "On Mon, 2 Mar 2026 at 09:14, Shop wrote:", asDivs("Reply with\n\napprove\n\nor redirect"))
		m := Read(htmlMail(h), Options{})
		if answerOf(m.Commands) != "approve" {
			t.Errorf("%s: approve was not taken: %s\n%s", client, answerOf(m.Commands), Explain(htmlMail(h), Options{}))
		}
	}
}

// Header blocks in HTML without any container that is known.
func TestDangerHTMLBlocks(t *testing.T) {
	t.Parallel()
	wraps := []string{
		"<div>%s</div><br><div>%s</div><div>%s</div>",
		"<p>%s</p><hr><p>%s</p><p>%s</p>",
		"<p class=MsoNormal>%s</p><p class=MsoNormal>%s</p><p class=MsoNormal>%s</p>",
		"<table><tr><td>%s</td></tr><tr><td>%s</td></tr><tr><td>%s</td></tr></table>",
		"<span>%s</span><div style='border-top:1px solid #ccc'>%s</div><span>%s</span>",
	}
	n := 0
	for bi, labels := range dangerBlocks {
		for wi, wrap := range wraps {
			for _, body := range dangerBodies {
				for _, bold := range []bool{false, true} {
					n++
					block := asHTML(strings.TrimSpace(blockOf(labels, dangerDates[(bi+wi)%len(dangerDates)], 0)))
					if bold {
						for l := range strings.SplitSeq(labels, "|") {
							block = strings.Replace(block, l+":", "<b>"+l+":</b>", 1)
						}
					}
					own := dangerOwn[n%len(dangerOwn)]
					h := fmt.Sprintf(wrap, asHTML(own), block, asDivs(body))
					noWord(t, htmlMail(h), Options{}, labels)
					noWord(t, bothMail(own+"\n\n"+blockOf(labels, dangerDates[0], n%5)+"\n"+body, h), Options{}, labels)
					if t.Failed() {
						return
					}
				}
			}
		}
	}
	t.Logf("%d mails", n*2)
}

// Signatures stand in elements of their own in many clients.
func TestHTMLSignatures(t *testing.T) {
	for _, sig := range []string{
		`<div class="gmail_signature" data-smartmail="gmail_signature">%s</div>`, `<span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">%s</div>`,
		`<div class="moz-signature">-- <br>%s</div>`, `<pre class="moz-signature" cols="72">-- 
%s</pre>`, `<div id="AppleMailSignature">%s</div>`, `<div id="Signature">%s</div>`, `<div id="x_Signature">%s</div>`,
		`<div class="protonmail_signature_block"><div class="protonmail_signature_block-user">%s</div></div>`, `<div id="Zm-_Id_-Sgn">%s</div>`, `<div name="messageSignatureSection">%s</div>`,
		`<div id="ms-outlook-mobile-signature">%s</div>`, `<div data-marker="__SIG_POST__">%s</div>`, `<div>-- </div><div>%s</div>`, `<p>--<br>%s</p>`, `<p>Best regards,</p><p>Priya Nair</p><p>%s</p>`,
	} {
		h := "<div>The label is cut off.</div><br>" + fmt.Sprintf(sig, "Acme Tea<br>Berlin")
		m := Read(htmlMail(h), Options{})
		if m.Text != "The label is cut off." || m.Signature == "" {
			t.Errorf("%s: %q signature %q", sig, m.Text, m.Signature)
		}
	}
}
