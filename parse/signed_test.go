package parse

import (
	"fmt"
	"strings"
	"testing"
)

// Apple Mail says where a signature begins by the line break above it: what stands
// before that break is the writer's.
func TestBreakAboveASignature(t *testing.T) {
	const br = `<br id="lineBreakAtBeginningOfSignature">`
	const cite = `<blockquote type="cite"><div>Gate: it is ready</div><div>redirect</div></blockquote>`
	for h, want := range map[string]string{
		"Approve" + br + "<div>Sent from my iPhone</div><div><br>" + cite + "</div>":                       "Approve",
		"Approve" + br + "<div>Priya, on the road<div>Acme</div></div><br>" + cite:                         "Approve",
		"<div>The label is cut off.</div><div><br></div>" + br + "<div><br>" + cite + "</div>Is it known?": "The label is cut off.\n\nIs it known?",
		"The label is cut off." + br + "Is it known?<br>" + cite:                                           "The label is cut off.\nIs it known?",
	} {
		if m := Read(htmlMail(h), Options{}); m.Text != want {
			t.Errorf("%s: %q\n%s", h, m.Text, Explain(htmlMail(h), Options{}))
		}
	}
	raw := bothMail("Approve\n\nSent from my iPhone\n\n> Gate: it is ready\n> redirect\n", "<body>Approve"+br+"<div>Sent from my iPhone</div><div><br>"+cite+"</div></body>")
	if m := Read(raw, Options{}); answerOf(m.Commands) != "approve" {
		t.Errorf("in both forms: %s %v", answerOf(m.Commands), m.Problems)
	}
}

// A signature that only the HTML marks is one in the plain form as well, if it is
// nothing else: what was written into it stays, and is asked about.
func TestSignatureOfTheHTML(t *testing.T) {
	for _, c := range []struct{ own, sig, text, want string }{
		{"The label is cut off.", "Priya Nair (typed with thumbs)", "The label is cut off.", "-"},
		{"Approve", "Priya Nair, Acme\nThe shop of the north", "Approve", "approve"},
		{"Approve", "Liebe Grüße aus dem Büro\nPriya\nSchreibtisch ohne Adresse", "Approve", "approve"},
		{"Approve", "Priya Nair\nbut only after the test", "Approve\n\nPriya Nair\nbut only after the test", "approve ? contradiction"},
		{"Approve", "Not before Monday\nPriya Nair", "Approve\n\nNot before Monday\nPriya Nair", "approve ? condition"},
		{"Hi Dana,", "Priya Nair\napprove", "Hi Dana,\n\nPriya Nair\napprove", "approve ? parts"},
		{"Seen.", "Priya Nair\nredirect: the label is cut off", "Seen.\n\nPriya Nair\nredirect: the label is cut off", "redirect ? place"},
	} {
		raw := bothMail(c.own+"\n\n"+c.sig+"\n", fmt.Sprintf(`<div>%s</div><div><br></div><div id="Signature"><div>%s</div></div>`, c.own, strings.ReplaceAll(c.sig, "\n", "</div><div>")))
		m := Read(raw, Options{})
		if got := answerOf(m.Commands); m.Text != c.text || got != c.want && got != strings.Replace(c.want, "? contradiction", "? parts", 1) {
			t.Errorf("%q: text %q, %s, want %s", c.sig, m.Text, got, c.want)
		}
	}
}

// Words that stand right before a container are not in it.
func TestWordsBeforeAContainer(t *testing.T) {
	for _, c := range []string{
		`<div class="gmail_quote">On Mon Shop wrote:<blockquote class="gmail_quote">redirect</blockquote></div>`, `<blockquote type="cite">redirect</blockquote>`, `<div class="yahoo_quoted">redirect</div>`,
		`<div name="quote">redirect</div>`, `<div id="Signature">Priya Nair</div>`, `<div class="gmail_signature">Priya Nair</div>`, `<div class="protonmail_quote">On Mon Shop wrote:<blockquote>redirect</blockquote></div>`,
	} {
		for _, own := range []string{"Approve", "Approve, thanks!<br><br>The label is fine", "<div>Approve</div>It is fine"} {
			raw := htmlMail(own + c)
			if m := Read(raw, Options{}); answerOf(m.Commands) != "approve" || strings.Contains(m.Text, "redirect") {
				t.Errorf("%s%s: %q %s", own, c, m.Text, answerOf(m.Commands))
			}
		}
	}
	if m := Read(htmlMail(`<blockquote type="cite">Is it right?</blockquote>Nearly.<div class="gmail_quote">x</div>`), Options{}); m.Text != "Nearly." {
		t.Errorf("between two: %q", m.Text)
	}
}
