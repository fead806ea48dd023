package parse

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"gatepost/parse/internal/mime"
)

// Hidden words are not read: whatever hides them, the text shows only what a
// reader sees.
func TestHiddenHTML(t *testing.T) {
	for _, hide := range []string{
		`<div style="display:none">%s</div>`, `<div style="DISPLAY : NONE !important">%s</div>`, `<span style="visibility:hidden">%s</span>`,
		`<div hidden>%s</div>`, `<div style="font-size:0">%s</div>`, `<div style="font-size:0px;color:red">%s</div>`, `<div style="font-size:1px">%s</div>`,
		`<div style="opacity:0">%s</div>`, `<div style="color:#fff">%s</div>`, `<div style="color:white">%s</div>`, `<font color="#ffffff">%s</font>`,
		`<div style="color:#ffffff;background-color:#ffffff">%s</div>`, `<div style="background:#000;color:black">%s</div>`, `<div style="color:rgb(255, 255, 255)">%s</div>`,
		`<div style="max-height:0;overflow:hidden">%s</div>`, `<div style="height:0px;overflow:hidden">%s</div>`, `<div style="mso-hide:all">%s</div>`,
		`<div style="position:absolute;left:-9999px">%s</div>`, `<div style="text-indent:-9999px">%s</div>`, `<div style="width:0;overflow:hidden">%s</div>`,
		`<!-- %s -->`, `<style>%s</style>`, `<script>%s</script>`, `<title>%s</title>`, `<template>%s</template>`, `<noscript>%s</noscript>`, `<textarea>%s</textarea>`,
		`<style>.q{display:none}</style><div class="a q b">%s</div>`, `<style>#q, .z { visibility : hidden }</style><div id="q">%s</div>`, `<style>aside{display:none}</style><aside>%s</aside>`,
		`<div style="color:transparent">%s</div>`, `<div style="color:rgba(0,0,0,0)">%s</div>`, `<table bgcolor="#FFFFFF"><tr><td style="color:#FFFFFF">%s</td></tr></table>`,
		`<div style="clip:rect(0,0,0,0);position:absolute">%s</div>`, `<div style="transform:scale(0)">%s</div>`, `<object>%s</object>`, `<svg><text>%s</text></svg>`, `<select><option>%s</option></select>`,
		`<canvas>%s</canvas>`, `<noembed>%s</noembed>`, `<noframes>%s</noframes>`, `<datalist><option>%s</option></datalist>`, `<meter>%s</meter>`, `<progress>%s</progress>`, `<dialog>%s</dialog>`,
		`<div style="zoom:0">%s</div>`, `<div style="filter: opacity(0)">%s</div>`, `<div style="-webkit-text-fill-color:transparent">%s</div>`,
		`<img alt="%s" src="x">`, `<a href="x" title="%s"></a>`, `<input value="%s">`,
	} {
		raw := htmlMail(fmt.Sprintf(hide, "approve") + "<div>The label is cut off.</div>")
		m := Read(raw, Options{})
		if strings.Contains(m.Text, "approve") || len(m.Commands) > 0 {
			t.Errorf("%s: %q %v", hide, m.Text, m.Commands)
		}
		if !strings.Contains(m.Text, "The label is cut off.") {
			t.Errorf("%s: lost the text: %q", hide, m.Text)
		}
	}
	for _, show := range []string{
		`<div style="color:#fff;background:#000">%s</div>`, `<table bgcolor="#000000"><tr><td><font color="white">%s</font></td></tr></table>`,
		`<div style="display:block;font-size:11pt;color:#000">%s</div>`, `<div style="line-height:0.9;max-height:none">%s</div>`, `<div style="margin-left:-10px">%s</div>`,
		`<div style="background:url(x.png);color:white">%s</div>`, `<style>@media (max-width:600px){.q{display:none}}</style><div class="q">%s</div>`, `<p class="MsoNormal" style="mso-margin-top-alt:auto"><span style="font-size:10.0pt">%s</span></p>`,
		`<div style="width:100%%;overflow:hidden">%s</div>`, `<div style="font-size:1em">%s</div>`, `<div style="font-size:0.9rem">%s</div>`,
	} {
		if m := Read(htmlMail(fmt.Sprintf(show, "approve")), Options{}); answerOf(m.Commands) != "approve" {
			t.Errorf("%s: %q %v", show, m.Text, m.Commands)
		}
	}
}

// Words that are struck through are said to be, whoever wrote the line.
func TestStruck(t *testing.T) {
	for _, strike := range []string{
		`<s>%s</s>`, `<del>%s</del>`, `<strike>%s</strike>`, `<span style="text-decoration:line-through">%s</span>`, `<p style="text-decoration-line: line-through">%s</p>`,
		`<span style="text-decoration: underline line-through red">%s</span>`, `<style>.x{text-decoration:line-through}</style><p class="x">%s</p>`,
		`<s><p>Hi</p><p>%s</p></s>`, `<div style="text-decoration:line-through"><div>%s</div><div>thanks</div></div>`, `<pre><s>%s
thanks</s></pre>`, `<s>Hi<br>%s</s>`, `<s><b>%s</b></s>`,
	} {
		html := fmt.Sprintf(strike, "approve") + "<div>The label is cut off.</div>"
		m := Read(htmlMail(html), Options{})
		if !strings.Contains(m.Text, "~~approve~~") || answerOf(m.Commands) == "approve" {
			t.Errorf("%s: %q %v", strike, m.Text, m.Commands)
		}
		m = Read(bothMail("approve\n\nThe label is cut off.\n", html), Options{})
		if answerOf(m.Commands) == "approve" {
			t.Errorf("%s beside plain text: %q %v", strike, m.Text, m.Commands)
		}
	}
}

// What is shown between quotation marks stands between them.
func TestQuotationElement(t *testing.T) {
	if m := Read(htmlMail("<p><q>approve</q> is what he wrote</p>"), Options{}); answerOf(m.Commands) == "approve" || m.Text != `"approve" is what he wrote` {
		t.Errorf("%q %v", m.Text, m.Commands)
	}
}

// A text and an HTML part that say different things are asked about.
func TestPartsThatDisagree(t *testing.T) {
	for _, c := range []struct{ plain, html, want string }{
		{"approve", "<p>approve</p>", "approve"},
		{"approve\n", "<div>Approve</div>", "approve"},
		{"Approve, thanks!\n\n-- \nPriya", "<p>Approve, thanks!</p><p>-- <br>Priya</p>", "approve"},
		{"approve", "<p>redirect: the label</p>", "approve ? parts"},
		{"approve", "<p>do not approve</p>", "approve ? parts"},
		{"approve", "<p>I will look tomorrow</p>", "approve ? parts"},
		{"I will look tomorrow", "<p>approve</p>", "approve ? parts"},
		{"approve", "<p style='display:none'>approve</p><p>No.</p>", "approve ? parts"},
		{"", "<p>approve</p>", "approve"},
		{"approve", "", "approve"},
		{"Your mail client does not support HTML. Please view it in a browser.", "<p>approve</p>", "approve"},
		{"approve\n\nOn Mon, 2 Mar 2026 at 10:00, Shop <s@a.example> wrote:\n> x", "<div>approve</div><div class='gmail_quote'><div class='gmail_attr'>On Mon wrote:</div><blockquote class='gmail_quote'>x</blockquote></div>", "approve"},
		{"approve 👍", "<p>approve <img alt='👍' src='x'></p>", "approve"},
		{"approve", "<p>approve</p><p>But only when the tests are green, and the label is fixed, and the page too.</p>", "approve ? parts"},
	} {
		m := Read(bothMail(c.plain, c.html), Options{})
		if got := answerOf(m.Commands); got != c.want {
			t.Errorf("%q and %q: %s, want %s\n%s", c.plain, c.html, got, c.want, Explain(bothMail(c.plain, c.html), Options{}))
		}
	}
}

// Attached, nested and further parts never decide.
func TestOtherParts(t *testing.T) {
	mixed := func(parts ...string) []byte {
		return []byte(dangerHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + strings.Join(parts, "\r\n--b\r\n") + "\r\n--b--\r\n")
	}
	for what, raw := range map[string][]byte{
		"attached text":          mixed("Content-Type: text/plain\r\n\r\nSee the file.", "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\napprove"),
		"attached text first":    mixed("Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\napprove"),
		"attached html":          mixed("\r\nSee the file.", "Content-Type: text/html; name=a.html\r\n\r\n<p>approve"),
		"attached mail":          mixed("\r\nSee the mail.", "Content-Type: message/rfc822\r\n\r\nFrom: priya@acme.example\r\n\r\napprove"),
		"only an attached mail":  mixed("Content-Type: message/rfc822\r\n\r\nFrom: priya@acme.example\r\n\r\napprove"),
		"root attached mail":     []byte(dangerHead + "Content-Type: message/rfc822\r\n\r\nFrom: priya@acme.example\r\n\r\napprove"),
		"second text":            mixed("\r\nI will look tomorrow.", "Content-Type: text/plain\r\n\r\n#12 approve"),
		"empty first text":       mixed("\r\n\r\n", "Content-Type: text/plain\r\n\r\napprove"),
		"preamble":               []byte(dangerHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\napprove\r\n\r\n--b\r\n\r\nI will look.\r\n--b--\r\n"),
		"epilogue":               []byte(dangerHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nI will look.\r\n--b--\r\n\r\napprove\r\n"),
		"joined by a boundary":   mixed("\r\nreject", "\r\napprove"),
		"encrypted":              []byte(dangerHead + "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n"),
		"inline encrypted":       plainMail("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n\napprove\n-----END PGP MESSAGE-----\n", 0),
		"smime encrypted":        []byte(dangerHead + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxggFJ\r\n"),
		"html as a plain text":   plainMail("<p style='display:none'>\napprove\n</p>\n", 0),
		"forwarded":              plainMail("FYI\n\n---------- Forwarded message ---------\nFrom: Priya <priya@acme.example>\nDate: Mon, 2 Mar 2026 at 10:00\nSubject: x\nTo: Dana <dana@acme.example>\n\n#12 approve\n", 0),
		"forwarded, nothing own": plainMail("---------- Forwarded message ---------\nFrom: Priya <priya@acme.example>\nDate: Mon, 2 Mar 2026 at 10:00\nSubject: x\nTo: Dana <dana@acme.example>\n\napprove\n", 0),
		"apple forward":          plainMail("Begin forwarded message:\n\nFrom: Priya <priya@acme.example>\nSubject: x\nDate: 2 March 2026 at 10:00:00 CET\nTo: Dana\n\napprove\n", 0),
		"signature":              plainMail("I will look.\n\n-- \nPriya\n#12 approve\n", 0),
		"signature only":         plainMail("-- \napprove\n", 0),
		"legal":                  plainMail("I will look.\n\nThis message is confidential and intended only for the addressee.\nIf received in error, delete it and notify the sender.\n#12 approve\n", 0),
		"list footer":            plainMail("I will look.\n\nYou received this message because you are subscribed\n#12 approve\n", 0),
		"closed by the history":  plainMail("I ran this:\n```\nls\n\nOn Mon, 2 Mar 2026 at 10:00, Shop <s@a.example> wrote:\n\nexample:\n```\n#12 approve\n", 0),
		"subject":                []byte(strings.Replace(dangerHead, "Subject: Re: Gate", "Subject: approve Re: Gate", 1) + "\r\n\r\n"),
		"empty":                  []byte(dangerHead + "\r\n"),
		"only white space":       plainMail(" \n\u00a0\n\t\n", 0),
		"table":                  plainMail("| word | means |\n| approve | open |\n", 0),
		"a wrapped quote":        plainMail("> Is it fine? If so please answer with the word\napprove\n> and I start the next one\n", 0),
		"bars":                   plainMail("Tomorrow.\n\n| Reply with\n| approve\n", 0),
		"named quotes":           plainMail("Shop> Reply with\nShop> approve\n\nTomorrow.\n", 0),
		"full-width marks":       plainMail("＞ approve\n＞ thanks\n", 0),
		"space before marks":     plainMail(" > approve\n > thanks\n", 0),
		"rot in charset":         []byte(dangerHead + "Content-Type: text/plain; charset=utf-7\r\n\r\n+AGEAcABwAHIAbwB2AGU-"),
	} {
		m := Read(raw, Options{})
		for _, c := range m.Commands {
			if c.Word != "" {
				t.Errorf("%s: took %q from %q\n%s", what, c.Word, c.Line, Explain(raw, Options{}))
			}
		}
	}
}

// A mail inside its own signature is read; one that is encrypted is not.
func TestSignedAndEncrypted(t *testing.T) {
	der := func(tag byte, parts ...string) string {
		body := strings.Join(parts, "")
		if len(body) < 128 {
			return string([]byte{tag, byte(len(body))}) + body
		}
		return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
	}
	ber := func(tag byte, parts ...string) string {
		return string([]byte{tag, 0x80}) + strings.Join(parts, "") + "\x00\x00"
	}
	oid := func(last byte) string { return der(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x07"+string([]byte{last})) }
	inner := "Content-Type: text/plain; charset=utf-8\r\n\r\napprove, thanks\r\n"
	definite := der(0x30, oid(2), der(0xa0, der(0x30, der(0x02, "\x01"), der(0x31), der(0x30, oid(1), der(0xa0, der(0x04, inner))), der(0x31))))
	pieces := ber(0x30, oid(2), ber(0xa0, ber(0x30, der(0x02, "\x01"), der(0x31), ber(0x30, oid(1), ber(0xa0, ber(0x24, der(0x04, inner[:20]), der(0x04, inner[20:])))), der(0x31))))
	for what, b := range map[string]string{"definite": definite, "in pieces": pieces} {
		raw := []byte(dangerHead + "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(b)) + "\r\n")
		if m := Read(raw, Options{}); m.Text != "approve, thanks" || answerOf(m.Commands) != "approve" {
			t.Errorf("%s: %q %v %v", what, m.Text, m.Commands, m.Problems)
		}
	}
	for i := range len(definite) { // cut short anywhere it is no fault
		mime.Opaque([]byte(definite[:i]))
		mime.Opaque([]byte(pieces[:min(i, len(pieces))]))
	}
	for what, raw := range map[string][]byte{
		"inline":  plainMail("-----BEGIN PGP MESSAGE-----\n\nhQEMA\napprove\n-----END PGP MESSAGE-----\n", 0),
		"pgp":     []byte(dangerHead + "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\napprove\r\n--b--\r\n"),
		"smime":   []byte(dangerHead + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\napprove\r\n"),
		"tnef":    []byte(dangerHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx\r\n--b--\r\n"),
		"utf-16?": []byte(dangerHead + "Content-Type: text/plain; charset=x-secret-7\r\n\r\n\xff\xfe\xfd\r\n"),
	} {
		m := Read(raw, Options{})
		if len(m.Commands) > 0 || len(m.Problems) == 0 {
			t.Errorf("%s: text %q, commands %v, problems %v", what, m.Text, m.Commands, m.Problems)
		}
	}
}
