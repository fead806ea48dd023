package loop

import (
	"strings"
	"time"

	"gatepost/parse"
)

// ActImported marks the opening of a task that was made of old mail.
const ActImported = "import"

// OldMail is a mail of an old thread. Ref is put into the Mail of the events
// that come of it.
type OldMail struct {
	Ref  int64
	At   time.Time // when it arrived
	Mail parse.Mail
}

// OldThread is a conversation from before Gatepost, oldest mail first.
type OldThread struct {
	Task   int // an imported task that it belongs to; 0: a new one
	Mails  []OldMail
	Stream string // "": none
	Draft  bool   // as a proposal to the PMs; else closed
}

// Import makes a task of an old thread, or adds to one that was made before.
// What people wrote stands in the record under their names and dates. The task
// is closed, without a decision, for nobody decided it here; or it is a
// proposal, which moves nothing until a PM queues it. No letter is written,
// nothing starts, and the times of scheduled letters are as before.
func Import(s *State, th OldThread, now time.Time) Outcome {
	c := &turn{s: s.fork(), now: now.UTC(), out: Outcome{Verdict: Read, Task: th.Task}}
	for _, m := range th.Mails {
		c.in = Incoming{At: m.At.UTC(), ID: m.Ref, Mail: m.Mail}
		by := strings.ToLower(m.Mail.From.Address)
		if p := c.member(by); p != nil {
			by = p.Key()
		}
		text := strings.TrimSpace(m.Mail.Text)
		if c.out.Task == 0 {
			sections := m.Mail.Sections
			if sections == (parse.Sections{}) {
				sections.Problem = text
			}
			c.out.Task = c.s.LastTask + 1
			e := Event{
				Kind: Opened, Act: ActImported, Task: c.out.Task, By: by, Stream: th.Stream, Title: taskTitle(m.Mail, &sections), Subject: m.Mail.Subject,
				Root: m.Mail.MessageID, Sections: &sections, Proposed: th.Draft,
			}
			c.emit(e)
		} else if text != "" {
			c.emit(Event{Kind: Noted, Task: c.out.Task, By: by, Text: text})
		}
	}
	if th.Task == 0 && c.out.Task != 0 {
		c.in = Incoming{At: c.now}
		act := "closed"
		if th.Draft {
			act = "proposal"
		}
		c.emit(Event{Kind: ImportedE, Task: c.out.Task, By: "operator", Act: act})
	}
	c.out.State = c.s
	return c.out
}

// Title is the subject of a mail as the title of a task: without Re: and list
// names.
func Title(m parse.Mail) string { return title(m) }
