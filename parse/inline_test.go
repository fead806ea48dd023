package parse

import (
	"strings"
	"testing"
)

// Answers between quotes are kept, in order, in every client that lets one
// write there; a command among them is asked about.
func TestInlineHTML(t *testing.T) {
	const q = ` class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex"`
	for client, h := range map[string]string{
		"gmail":       `<div dir="ltr"><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, 2 Mar 2026 at 09:14, Shop &lt;s@a.example&gt; wrote:<br></div><blockquote` + q + `>Which rate?<br></blockquote><div><br></div><div>The reduced one.</div><div><br></div><blockquote` + q + `>And the label?</blockquote><div><br></div><div>Keep it.</div></div></div>`,
		"apple":       `<html><body><div><blockquote type="cite"><div>On 2 Mar 2026, at 09:14, Shop &lt;s@a.example&gt; wrote:</div><br><div>Which rate?</div></blockquote><div><br></div>The reduced one.<br><br><blockquote type="cite"><div>And the label?</div></blockquote><br>Keep it.</div></body></html>`,
		"thunderbird": `<html><body><div class="moz-cite-prefix">On 02/03/2026 09:14, Shop wrote:<br></div><blockquote type="cite" cite="mid:x"><p>Which rate?</p></blockquote><p>The reduced one.</p><blockquote type="cite" cite="mid:x"><p>And the label?</p></blockquote><p>Keep it.</p></body></html>`,
		"proton":      `<div>The reduced one.</div><div><br></div><div>Keep it.</div><div class="protonmail_quote">On Monday, Shop wrote:<blockquote class="protonmail_quote" type="cite">Which rate?<br>And the label?</blockquote></div>`,
	} {
		raw := htmlMail(h)
		m := Read(raw, Options{})
		if m.Text != "The reduced one.\n\nKeep it." || !m.Quoted {
			t.Errorf("%s: %q\n%s", client, m.Text, Explain(raw, Options{}))
		}
	}
	raw := htmlMail(`<div class="gmail_quote"><div class="gmail_attr">On Mon Shop wrote:</div><blockquote` + q + `>Is it fine?</blockquote><div>approve</div><blockquote` + q + `>Or not?</blockquote></div>`)
	if m := Read(raw, Options{}); answerOf(m.Commands) != "approve ? place" {
		t.Errorf("between quotes: %s", answerOf(m.Commands))
	}
	// A forward without a blockquote is history to its end.
	raw = htmlMail(`<div>FYI</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: <b>Shop</b></div><div>#12 approve</div></div>`)
	if m := Read(raw, Options{}); m.Text != "FYI" || answerOf(m.Commands) != "-" {
		t.Errorf("forward: %q %s", m.Text, answerOf(m.Commands))
	}
}

// A plain part that only says to look at the HTML says nothing else.
func TestStub(t *testing.T) {
	for plain, want := range map[string]string{
		"This mail is in HTML. Your mail program must be HTML capable to read it.": "approve",
		"Ihr Mailprogramm zeigt kein HTML.":                                        "approve",
		"The HTML mail of the shop goes to spam.":                                  "approve ? parts",
	} {
		if m := Read(bothMail(plain, "<p>approve, thanks Dana</p>"), Options{}); answerOf(m.Commands) != want {
			t.Errorf("%q: %s %v", plain, answerOf(m.Commands), m.Problems)
		}
	}
}

// A team's own words count, in any script, as its config has them.
func TestTeamWords(t *testing.T) {
	opt := Options{Words: map[string][]string{
		"approve": {"freigegeben", "批准", "одобрено", "موافق", "passt so", "承認"}, "redirect": {"zurück", "打回", "approve"}, "done": {"fertig"}, "nonsense": {"x"},
	}}
	for text, want := range map[string]string{
		"freigegeben": "approve", "Freigegeben, danke Dana!": "approve", "批准": "approve", "批准，谢谢": "approve", "Одобрено!": "approve", "موافق": "approve", "Passt so.": "approve", "承認": "approve",
		"zurück: Summe falsch": "redirect", "打回：总数不对": "redirect", "fertig: auf Staging": "done", "#12 freigegeben": "#12 approve",
		"nicht freigegeben": "approve ? negation", "freigegeben?": "approve ? question", "freigegeben, sobald CI grün ist": "approve ? condition", "批准，但是": "approve ? contradiction",
		"approve": "approve", "x": "-", "freigegebene Summe": "-",
	} {
		if got := answerOf(Read(plainMail(text, 0), opt).Commands); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := answerOf(Read(plainMail("freigegeben", 0), Options{}).Commands); got != "approve ? soft" { // as any kind word
		t.Errorf("without the config: %s", got)
	}
}

// "yes" is a word for a confirm letter, and for nothing else.
func TestYes(t *testing.T) {
	for _, c := range []struct{ to, text, want string }{
		{"shop+c17.abcdefghijklmnop@acme.example", "yes", "yes"},
		{"shop+c17.abcdefghijklmnop@acme.example", "Yes, please!", "yes"},
		{"shop+c17.abcdefghijklmnop@acme.example", "Yes, thanks", "yes"},
		{"shop+c17.abcdefghijklmnop@acme.example", "yes?", "yes ? question"},
		{"shop+c17.abcdefghijklmnop@acme.example", "yes, but only for #12", "yes ? contradiction"},
		{"shop+c17.abcdefghijklmnop@acme.example", "no", "-"},
		{"shop+c17.abcdefghijklmnop@acme.example", "ok", "yes ? soft"},
		{"shop+t42r1.abcdefghijklmnop@acme.example", "yes", "approve ? soft"},
	} {
		raw := []byte("From: p@acme.example\nTo: " + c.to + "\n\n" + c.text + "\n")
		if got := answerOf(Read(raw, Options{}).Commands); got != c.want {
			t.Errorf("%s: %q: %s, want %s", c.to, c.text, got, c.want)
		}
	}
}

func BenchmarkReadReply(b *testing.B) {
	raw := plainMail("Approve, thanks Dana!\n\nBest,\nPriya\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n"+marked(gateLetter), 1)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		Read(raw, Options{Letter: gateLetter})
	}
}

func BenchmarkReadHTML(b *testing.B) {
	raw := bothMail("Approve\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n"+marked(gateLetter), "<div>Approve</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">On Mon wrote:</div><blockquote>"+asDivs(gateLetter)+"</blockquote></div>")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		Read(raw, Options{Letter: gateLetter})
	}
}

// A word of the writer's that has the shape of a label does not become the head
// of the history below it.
func TestOwnLabelAboveHistory(t *testing.T) {
	block := "From: Dana Kim <dana@acme.example>\nSent: Monday, 2 March 2026 10:00\nTo: Priya <priya@acme.example>\nSubject: Gate\n\nOld words. approve\n"
	for _, c := range []struct{ body, word, text string }{
		{"redirect: the order mail is wrong\n" + block, "redirect", "redirect: the order mail is wrong"},
		{"#12 redirect: no\n" + block, "redirect", "#12 redirect: no"},
		{"question: gross or net?\n" + block, "question", "question: gross or net?"},
		{"redirect: wrong total\n\nExpected total:\n\nAt 2026-03-02 10:00:00, \"Dana Kim\" <dana@acme.example> wrote:\n> approve\n", "redirect", "redirect: wrong total\n\nExpected total:"},
		{"blocked: no access\n\nAsked: Anna\n\nAm 02.03.2026 10:00:00 schrieb Dana Kim <dana@acme.example>:\n\nold words\n", "blocked", "blocked: no access\n\nAsked: Anna"},
		{"redirect: no\n" + strings.ReplaceAll(block, "\n", "\n\n"), "redirect", "redirect: no"},
		{"redirect: slow\n\nFrom the log: 71 s, 70 s, 74 s\n" + block, "redirect", "redirect: slow\n\nFrom the log: 71 s, 70 s, 74 s"},
		{"redirect: twice\n\n- first restart: 0 of 12\n- second one: 3 of 12\n" + block, "redirect", "redirect: twice\n\n- first restart: 0 of 12\n- second one: 3 of 12"},
		{"redirect: no\nWritten at: 2 March 2026 10:00\n" + block, "redirect", "redirect: no"},
	} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\n"+c.body), Options{})
		if m.Text != c.text || len(m.Commands) != 1 || m.Commands[0].Word != c.word {
			t.Errorf("%q\nread as %q, %+v", c.body, m.Text, m.Commands)
		}
	}
	for _, head := range []string{"---- Replied Message ----\n| From | Dana Kim<dana@acme.example> |", "-------- 원본 이메일 --------", "##- Please type your reply above this line -##"} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\nI will look tomorrow.\n\n"+head+"\n#12 approve\n"), Options{})
		if m.Text != "I will look tomorrow." || len(m.Commands) != 0 {
			t.Errorf("below %q: %q, %+v", head, m.Text, m.Commands)
		}
	}
}

// What a client writes in one form only (where a link goes, that a picture
// stood there, a signature's addresses) makes no second opinion.
func TestFormsDifferInLinks(t *testing.T) {
	for _, c := range []struct {
		plain, html string
		approves    bool
	}{
		{"approve\n\n@Dana Kim <dana@acme.example> thanks", "<p>approve</p><p><a href=\"mailto:dana@acme.example\">@Dana Kim</a> thanks</p>", true},
		{"approve\n\nSee acme.example <http://acme.example> please", "<p>approve</p><p>See <a href=\"http://acme.example\">acme.example</a> please</p>", true},
		{"approve\n\n[image: image.png]\n\nthank you", "<p>approve</p><p><img src=\"cid:1\"></p><p>thank you</p>", true},
		{"approve\n\n[cid:image001.png@01DAB0.12345670]", "<p>approve</p><img src=\"cid:1\">", true},
		{"approve\n\nonly the <header> part", "<p>approve</p>", false},
		{"approve", "<p>redirect: no</p>", false},
	} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"+c.plain+"\n--b\nContent-Type: text/html\n\n"+c.html+"\n--b--\n"), Options{})
		if got := len(m.Commands) > 0 && m.Commands[0].Word == "approve"; got != c.approves {
			t.Errorf("%q / %q: approves %v (%+v)", c.plain, c.html, got, m.Commands)
		}
	}
}

// Plain text that a client put into HTML keeps what its quote marks mean.
func TestMarksInHTML(t *testing.T) {
	for body, want := range map[string]string{
		"<pre>It is nearly there.\n\nOn Mon, 2 Mar 2026 at 16:00, Shop &lt;shop@acme.example&gt; wrote:\n&gt; Gate\n&gt; approve\n\nAnd the label.\n</pre>": "It is nearly there.\n\nAnd the label.",
		"<div>It is nearly there.</div><div>&gt; approve</div><div>&gt; now</div>":                                                                          "It is nearly there.",
		"<p>The page &lt;https://shop.example/long<br>&gt; is broken.</p>":                                                                                  "The page <https://shop.example/long\n> is broken.",
	} {
		m := Read([]byte(dangerHead+"Content-Type: text/html; charset=utf-8\r\n\r\n"+body), Options{})
		if m.Text != want {
			t.Errorf("%q: text %q", body, m.Text)
		}
	}
}

// Where the head of the earlier mail is marked, all of it is, and what is not marked
// is an answer; a command there is asked about. Where the head is not, neither is.
func TestMarkedHead(t *testing.T) {
	head := "From: Shop <shop@acme.example>\nSent: Monday, March 2, 2026 9:14 AM\nTo: Nair, Priya\nSubject: Gate\n\n"
	german := "Von: Shop <shop@acme.example>\nGesendet: Montag, 2. März 2026 09:14\nAn: Nair, Priya\nBetreff: Gate\n\n"
	for _, c := range []struct{ body, text, want string }{
		{"-----Original Message-----\n" + marked(head+"Which rate?") + "\n\n[Nair, Priya] the lower one\n\n> And the label?\n\n[Nair, Priya] keep it\n", "[Nair, Priya] the lower one\n\n[Nair, Priya] keep it", "-"},
		{"Antworten unten.\n\n-----Ursprüngliche Nachricht-----\n" + marked(german+"Welcher Satz?") + "\n\nDer kleine.\n", "Antworten unten.\n\nDer kleine.", "-"},
		{"-----Original Message-----\n" + marked(head+"Is it right?") + "\n\napprove\n", "approve", "approve ? place"},
		{"Seen.\n\n-----Original Message-----\n" + head + "> Is it right?\n\napprove\n", "Seen.", "-"},
		{"Seen.\n\n-----Original Message-----\n> Is it right?\n\napprove\n", "Seen.", "-"},
	} {
		m := Read(plainMail(c.body, 0), Options{})
		if got := answerOf(m.Commands); m.Text != c.text || got != c.want {
			t.Errorf("%q: text %q, %s", c.body, m.Text, got)
		}
	}
}

// A client that puts the letter between quotation marks leaves one below it.
func TestQuotationMarkBelow(t *testing.T) {
	for _, end := range []string{"\n\"", "\n“\n", "\n\n\"\n\n"} {
		m := Read(plainMail("It is nearly there.\n\n---------- Původní e-mail ----------\nOd: Shop <shop@acme.example>\nKomu: Priya\nDatum: 2. 3. 2026 9:14:00\nPředmět: Gate\n\""+strings.TrimSpace(gateLetter)+end, 0), Options{Letter: gateLetter})
		if m.Text != "It is nearly there." {
			t.Errorf("%q: text %q", end, m.Text)
		}
	}
}

// An indented head below a line that announces it is the writer's sample.
func TestSampleHeads(t *testing.T) {
	const head = "From: \"Shop\" <no-reply@shop.example>\nTo: hooks@acme.example\nDate: Mon, 2 Mar 2026 02:10:44 +0000\nSubject: =?utf-8?B?Q2FydA==?="
	for _, pad := range []string{"  ", "    ", "\t"} {
		own := "This is what comes in:\n\n" + pad + strings.ReplaceAll(head, "\n", "\n"+pad) + "\n\nWe take the subject before it is decoded."
		if m := Read(plainMail(own+"\n\napprove\n", 0), Options{}); m.Text != own+"\n\napprove" || answerOf(m.Commands) == "approve" {
			t.Errorf("%q: %s", m.Text, answerOf(m.Commands))
		}
	}
	// So is one without a date, or with a program's small labels.
	for _, own := range []string{
		"The order mail goes out like this:\n\nFrom: orders@acme.example\nTo: you@mail.example\nSubject: Your order\nX-Template: v3\n\nVersion 3 has the old total.",
		"The config is now\n\n---\nfrom: orders@acme.example\nto: all\ndate: 2026-03-09\n---\n\nIt goes live tonight.",
	} {
		if m := Read(plainMail(own+"\n\napprove\n", 0), Options{}); m.Text != own+"\n\napprove" || answerOf(m.Commands) == "approve" {
			t.Errorf("%q: %s", m.Text, answerOf(m.Commands))
		}
	}
	for _, body := range []string{
		"Seen.\n\n  " + strings.ReplaceAll(head, "\n", "\n  ") + "\n\napprove\n",                                    // nothing announces it
		"Seen:\n\n " + strings.ReplaceAll(head, "\n", "\n ") + "\n\napprove\n",                                      // as some clients write it
		"Seen:\n\n  " + strings.ReplaceAll(head, "\n", "\n  ") + "\n\n  approve\n",                                  // the mail below it is indented, too
		"Seen.\n\nOn Mon, 2 Mar 2026, Omar wrote:\n\n  " + strings.ReplaceAll(head, "\n", "\n  ") + "\n\napprove\n", // an intro
	} {
		if m := Read(plainMail(body, 0), Options{}); strings.Contains(m.Text, "approve") {
			t.Errorf("%q: text %q", body, m.Text)
		}
	}
}
