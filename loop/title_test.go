package loop

import (
	"testing"

	"gatepost/parse"
)

// The text of a mail names the task before its subject does.
func TestTaskTitle(t *testing.T) {
	for _, c := range []struct{ subject, text, title, context string }{
		{"SV: [shop] Filter is lost", "Done: it stays.", "Filter is lost", ""},
		{"", "Title: Filter is lost\n\nDone: it stays.\nNotes: by Friday", "Filter is lost", "by Friday"},
		{"Re: lunch", "Dana, a new one.\n\nTitle: Filter is lost\n\nDone: it stays.", "Filter is lost", ""},
		{"", "The filter is lost.", "The filter is lost.", ""},
		{"", "Done: the filter stays.", "Done: the filter stays.", ""},
	} {
		s, _ := parse.FindSections(c.text)
		if got := taskTitle(parse.Mail{Subject: c.subject, Text: c.text}, &s); got != c.title || s.Context != c.context {
			t.Errorf("%q, %q: %q, context %q", c.subject, c.text, got, s.Context)
		}
	}
}
