package parse

import "testing"

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
	if got := answerOf(Read(plainMail("freigegeben", 0), Options{}).Commands); got != "-" {
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
