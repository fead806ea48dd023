package loop

import (
	"fmt"
	"strconv"
	"strings"

	"gatepost/parse"
)

// says is the record's word for each kind of event.
var says = map[EventKind]string{
	Opened: "opened the task", Amended: "amended the task", QueuedE: "queued", Started: "started",
	Updated: "update", AskedE: "asked", AskedMore: "asked as well", Answered: "answered", Commented: "commented, kept for the gate",
	PassedOn: "commented, passed on at once", Noted: "noted", DeliveredE: "delivered", ApprovedE: "approved",
	RedirectedE: "redirected", Undone: "took back", Reopened: "reopened", Placed: "moved in the queue",
	MovedTo: "moved to stream", Dropped: "dropped", PausedE: "paused", ResumedE: "resumed", AwayE: "away", BackE: "back",
	MaybeAwayE: "absence notice", Moved: "due date moved to", HeldE: "held, not carried out", Confirmed: "confirmed",
	Released: "hold ended:", AliasAdded: "added the address", Told: "was told that nothing moved:", Digested: "digest",
	Prompted: "prompt", Reviewed: "weekly review", BouncedE: "letter came back", Ignored: "ignored:",
	HandedE: "handed to", LetInE: "let in", SeenE: "evidence seen for", ForgotE: "evidence forgotten for", WrongTokenE: "a wrong token from",
	ImportedE: "imported from old mail,",
}

// String is the kind in the record's words.
func (k EventKind) String() string {
	if words, ok := says[k]; ok {
		return words
	}
	return string(k)
}

// Describe puts an event into the words of the written record.
func (t *Team) Describe(e Event) Entry {
	who := "Gatepost"
	if e.By != "" {
		who = t.PersonName(e.By)
	}
	what, text := e.Kind.String(), e.Text
	out := Entry{Task: e.Task, At: e.At, Event: e.Kind, Act: e.Act, Name: e.Stream, Number: e.Number, Round: e.Round, Day: e.Due, Until: e.Until}
	switch e.Kind {
	case Opened:
		out.Name = e.Title
		what = fmt.Sprintf("opened the task %q", e.Title)
		if e.Stream != "" {
			what += " in " + e.Stream
		}
		text = Write(*e.Sections)
	case Amended:
		if text == "" {
			text = Write(*e.Sections)
		}
	case QueuedE:
		who = "Gatepost"
	case Started:
		who = "Gatepost"
		what = fmt.Sprintf("started round %d, due %s", e.Round, e.Due)
	case AskedE, AskedMore:
		what += " (" + e.Act + ")"
	case ApprovedE:
		what = fmt.Sprintf("approved round %d", e.Round)
		text = joinParagraphs(quoteLine(e.Line), after(e.Line, e.Text))
	case RedirectedE:
		what = fmt.Sprintf("redirected round %d, due %s", e.Round, e.Due)
	case Undone:
		what, text = "took the "+e.Act+" back", quoteLine(e.Line)
	case Placed:
		what += ": " + e.Act
		if e.Number != 0 {
			what += fmt.Sprintf(" #%d", e.Number)
		}
	case MovedTo, PausedE, ResumedE:
		what += " " + e.Stream
	case AwayE:
		out.Day = e.Day
		if !e.Day.IsZero() {
			what += " from " + e.Day.String()
		}
		what += " until " + e.Until.String()
	case HandedE:
		out.Name = t.PersonName(e.Person)
		what += " " + out.Name
	case Moved:
		who = "Gatepost"
		what += " " + e.Due.String()
	case Released:
		who = "Gatepost"
		what += " " + e.Act
	case Told:
		cause, _, _ := strings.Cut(e.Cause, "#")
		cause, _, _ = strings.Cut(cause, "|")
		who, what, text = t.PersonName(e.Person), what+" "+cause, quoteLine(e.Line)
		if e.Act == string(RecordMail) || e.Act == string(StatusMail) || e.Act == string(HelpMail) || e.Act == string(SearchMail) {
			what, out.Event = "was sent the "+e.Act, "sent"
		}
	case Ignored:
		what += " " + e.Cause
	case ImportedE:
		what += " as " + map[string]string{"closed": "a closed task", "proposal": "a proposal"}[e.Act]
	}
	if out.Files = e.Files; len(e.Files) > 0 {
		var names []string
		for _, f := range e.Files {
			names = append(names, strconv.Quote(f.Name))
		}
		what += ", with " + strings.Join(names, ", ")
	}
	out.Who, out.What, out.Text = who, what, strings.TrimSpace(text)
	return out
}

func quoteLine(line string) string {
	if line == "" {
		return ""
	}
	return "“" + line + "”"
}

// after is the text without the words that the line has already.
func after(line, text string) string {
	if strings.Contains(line, text) {
		return ""
	}
	return text
}

// Write is the four parts as text, each under its name.
func Write(s parse.Sections) string {
	var b strings.Builder
	for _, part := range []struct{ name, text string }{{"Problem", s.Problem}, {"Reproduce", s.Reproduce}, {"Done", s.Done}, {"Context", s.Context}} {
		if text := strings.TrimSpace(part.text); text != "" {
			if b.Len() > 0 {
				b.WriteString("\n\n")
			}
			b.WriteString(part.name + ":\n" + text)
		}
	}
	return b.String()
}
