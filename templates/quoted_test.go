package templates

import (
	"strings"
	"testing"

	"gatepost/parse"
)

// Our own sample answers never decide: a reply that carries the letter without
// any mark of quotation, in either part's words, above or below its own text,
// holds no command.
func TestQuotedLettersDecideNothing(t *testing.T) {
	letters := inEveryLanguage(Samples())
	for i, name := range sampleNames(letters) {
		w := render(t, letters[i])
		for part, quoted := range map[string]string{"text": w.Text, "html": strings.Join(visible(t, w.HTML), "\n")} {
			for how, body := range map[string]string{
				"empty":      quoted,
				"own words":  "Thank you, I will look at it tomorrow.\n\n" + quoted,
				"below":      quoted + "\n\nThank you, I will look at it tomorrow.\n",
				"header":     "\n-----Original Message-----\nFrom: Shop <shop@acme.example>\nSent: Monday, 9 March 2026 10:20\nTo: Priya Nair\nSubject: " + w.Subject + "\n\n" + quoted,
				"no indents": strings.ReplaceAll("\n"+quoted, "\n  ", "\n"),
			} {
				raw := "From: Priya Nair <priya@acme.example>\r\nTo: shop@acme.example\r\nSubject: Re: x\r\nDate: Mon, 9 Mar 2026 11:00:00 +0100\r\n" +
					"Message-ID: <a@b.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n")
				for known, letter := range map[string]string{"known": w.Text, "unknown": ""} {
					m := parse.Read([]byte(raw), parse.Options{Letter: letter, Words: parse.WordsOf(Languages)})
					for _, c := range m.Commands {
						if c.Word != "" {
							t.Errorf("%s (%s, letter %s, %s): %q is taken for %s", name, part, known, how, c.Line, c.Word)
						}
					}
					if part == "text" && known == "known" && how == "own words" && strings.TrimSpace(m.Text) != "Thank you, I will look at it tomorrow." {
						t.Errorf("%s (%s): the reply is read as %.200q", name, part, m.Text)
					}
				}
			}
		}
	}
}
