package templates

import (
	"net/url"
	"strings"

	"gatepost/loop"
)

// choice is a reply that is ready to send. The plain part prints it as
//
//	Reply "approve" if it is done as written.
//
// and HTML makes a button of the first half: it opens the reader's mail
// client and does nothing else. No line of ours begins with the word itself,
// so that a reply which quotes it without any mark is not a decision.
type choice struct {
	Shown string // approve; "redirect: why"
	Why   string // when to send it
	Link  string // mailto:
	First bool   // the button that stands out
}

// hints stand in a sample for the reader's own words, and reasons say when a
// reply fits. Both go by the command word.
var hints = map[string]string{
	"redirect": "why", "drop": "why", "reopen": "why", "done": "what you delivered", "blocked": "why",
	"question": "words", "too big": "how you would cut it", "now": "your words", "search": "words",
}

var reasons = map[string]string{
	"approve":  "if it is done as written. The next task starts.",
	"redirect": "if it is not. It goes back with your reason.",
	"queue":    "to take it.",
	"drop":     "to let it go.",
	"yes":      "if you wrote it. It is carried out.",
	"yes add":  "if you wrote it and that address is yours too.",
	"undo":     "to take that back.",
	"done":     "when it can be looked at.",
	"blocked":  "if you cannot go on.",
	"question": "to ask. It is passed on at once.",
	"too big":  "if it is more than one cycle.",
	"now":      "to have words passed on at once.",
	"reopen":   "to open it again.",
	"status":   "to see what is where.",
	"help":     "for all the words.",
	"record":   "to read all of it.",
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
		v.Choices = append(v.Choices, v.choice(c, decides && i == 0))
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
	shown := number + strings.TrimSpace(rest)
	if colon && strings.TrimSpace(tail) == "" {
		shown = number + word + ": " + or(hints[word], "your words")
	}
	why := reasons[word]
	if at := v.At(v.B.Undo); word == "undo" && at != "" {
		why = "by " + at + " if that is not what you meant."
	}
	if why == "" && c.Label != "" {
		why = "(" + c.Label + ")"
	}
	send := body
	if colon && strings.TrimSpace(tail) == "" {
		send = number + word + ": "
	}
	return choice{Shown: clip(shown, 48), Why: why, Link: v.mailto(send), First: first}
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

// Write is a link to an empty reply, or one that begins with text.
func (v *view) Write(text string) string { return v.mailto(text) }
