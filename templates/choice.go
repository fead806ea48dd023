package templates

import (
	"net/url"
	"strings"

	"gatepost/loop"
	"gatepost/parse"
)

// choice is a reply that is ready to send. The plain part prints it as
//
//	Reply "approve" if it is done as written.
//
// and HTML makes a button of the first half: it opens the reader's mail
// client and does nothing else. No line of ours begins with the word itself,
// so that a reply which quotes it without any mark is not a decision.
type choice struct {
	Reply string // Reply "redirect: why"
	Why   string // when to send it
	Link  string // mailto:
	First bool   // the button that stands out
}

// hints are what stands in a sample for the reader's own words, by the command
// word; the messages of "when" say when a reply fits.
var hints = map[string]string{
	"redirect": "hint.why", "drop": "hint.why", "reopen": "hint.why", "done": "hint.delivered", "blocked": "hint.why",
	"question": "hint.words", "too big": "hint.cut", "now": "your-words", "search": "hint.words",
}

// defaults are the answers a letter offers when the rules gave none.
var defaults = map[loop.Kind][]loop.Choice{
	loop.Gate:       {{Label: "Approve", Body: "approve"}, {Label: "Redirect", Body: "redirect: "}},
	loop.Proposal:   {{Label: "Queue", Body: "queue"}, {Label: "Drop", Body: "drop: "}},
	loop.Confirm:    {{Label: "Yes", Body: "yes"}},
	loop.TaskLetter: {{Label: "Done", Body: "done: "}, {Label: "Question", Body: "question: "}, {Label: "Blocked", Body: "blocked: "}},
}

func (v *view) setChoices() {
	given := v.B.Choices
	if len(given) == 0 {
		given = defaults[v.L.Kind]
	}
	decides := defaults[v.L.Kind] != nil && v.L.Kind != loop.TaskLetter || v.L.Kind == loop.Unclear
	for i, c := range given[:min(len(given), 5)] {
		v.Choices = append(v.Choices, v.choice(c, decides && i == 0 && !strings.HasPrefix(c.Body, "drop")))
	}
}

func (v *view) choice(c loop.Choice, first bool) choice {
	body := oneLine(c.Body)
	number, rest := "", body
	if strings.HasPrefix(body, "#") {
		number, rest, _ = strings.Cut(body, " ")
		number += " "
	}
	word, tail, colon := strings.Cut(rest, ":")
	word = strings.ToLower(strings.TrimSpace(word))
	open := colon && strings.TrimSpace(tail) == "" // for the reader to go on
	send := number + v.word(word)
	shown := send
	switch {
	case open:
		send += ": "
		shown += ": " + v.says(or(hints[word], "your-words"))
	case colon:
		send += ":" + tail
		shown = send
	}
	why := ""
	switch {
	case v.L.Kind == loop.NeedsDone && word == "done":
		why = v.says("when.told")
	case word == "undo" && v.At(v.B.Undo) != "":
		why = v.says("when.undo-by")
	case v.Has("when", word):
		why = v.group("when", word)
	case c.Label != "":
		why = "(" + c.Label + ")"
	}
	shown = clip(strings.ReplaceAll(shown, `"`, "'"), 180) // a sentence of the reader's at most
	return choice{Reply: v.says("reply", "answer", shown), Why: why, Link: v.mailto(send), First: first}
}

// word is a command word in the reader's language: the one that their buttons
// send and that parse reads back.
func (v *view) word(canonical string) string {
	if words := parse.LanguageWords(v.lang.code)[canonical]; len(words) > 0 {
		return words[0]
	}
	return canonical
}

// mailto is a link that opens a reply with this text in it (RFC 6068). It is
// percent-encoded whole but for the address's own plus and at signs.
func (v *view) mailto(body string) string {
	to := v.reply
	if to == "" {
		to = v.L.Team
	}
	subject := v.Subject
	if subject == "" {
		subject = v.L.Thread.Subject
	}
	if subject != "" && !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	keep := strings.NewReplacer("%2B", "+", "%40", "@")
	for n := 120; len(percent(subject)) > 360; n -= 10 { // a digest has many links
		subject = clip(subject, n)
	}
	link := "mailto:" + keep.Replace(percent(oneLine(to))) + "?subject=" + percent(subject)
	if body != "" {
		link += "&body=" + percent(body)
	}
	return link
}

// percent encodes everything but unreserved characters; a space is %20, for
// mail clients show a plus as a plus.
func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
