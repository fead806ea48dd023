// Package story plays the whole loop as its people live it: a PM and two
// engineers who only write and read mail. It sends through a real SMTP server,
// reads real mailboxes, and knows of the service nothing but its letters.
//
// The demo plays it on embedded servers, the end-to-end test on Dovecot and
// Postfix; either ends with an error at the first step that did not happen.
package story

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

// The people, each with a mailbox at the mail house, and the team's address.
const (
	Team     = "shop@acme.example"
	Priya    = "priya@acme.example" // PM, approver of both streams
	Dana     = "dana@acme.example"  // engineer of web
	Lee      = "lee@acme.example"   // engineer of billing
	Stranger = "mallory@elsewhere.example"
)

// Stage is where the story is played. All fields are needed.
type Stage struct {
	Submit   func(from string, to []string, raw []byte) error // hands a mail to the SMTP server as this person
	Mailbox  func(address string) ([][]byte, error)           // everything in a person's INBOX, oldest first
	SetClock func(time.Time)                                  // the service's clock; time stands between calls
	State    func(task int) (string, error)                   // "gate, round 1" as the service would say it
	Tell     func(line string)                                // what happens next, for a reader
	Patience time.Duration                                    // how long a letter may take
	Pause    func()                                           // between two looks into a mailbox

	clock  time.Time
	serial int
	seen   map[string][]*Letter // mailbox → mails looked at
}

// Letter is a mail of the service as its reader finds it.
type Letter struct {
	Kind, Task, To              string
	Subject, Text, HTML         string
	MessageID, ReplyTo          string
	References, From, AutoReply string
	Raw                         []byte
	expected                    bool
}

// ReadLetter reads a mail as a mail client does.
func ReadLetter(raw []byte) (*Letter, error) {
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read a letter: %w", err)
	}
	return &Letter{
		Kind: e.GetHeader("X-Gatepost-Letter"), Task: e.GetHeader("X-Gatepost-Task"), To: e.GetHeader("To"), From: e.GetHeader("From"),
		Subject: e.GetHeader("Subject"), Text: e.Text, HTML: e.HTML, MessageID: e.GetHeader("Message-ID"),
		ReplyTo: bare(e.GetHeader("Reply-To")), References: e.GetHeader("References"), AutoReply: e.GetHeader("Auto-Submitted"), Raw: raw,
	}, nil
}

// bare is the address alone: "Shop <shop@acme.example>" → shop@acme.example.
func bare(s string) string {
	if i, j := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>'); i >= 0 && j > i {
		return s[i+1 : j]
	}
	return strings.TrimSpace(s)
}

// note is a step of the story failing.
type failure struct{ error }

func (s *Stage) fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

func (s *Stage) at(when time.Time, what string) {
	s.clock = when
	s.SetClock(when)
	s.Tell(fmt.Sprintf("%s: %s", when.Format("Mon 15:04"), what))
}

// mail sends a new mail, and waits until it lies in the team's mailbox, so
// that mails arrive in the order in which they are told.
func (s *Stage) mail(from, to, subject, text string, fields ...string) {
	s.serial++
	id := fmt.Sprintf("story-%d@client.acme.example", s.serial)
	raw := fmt.Sprintf("From: %s\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		display(from), to, mime.QEncoding.Encode("utf-8", subject), s.clock.Format(time.RFC1123Z), id, lines(fields), strings.ReplaceAll(text, "\n", "\r\n"))
	if err := s.Submit(from, []string{to}, []byte(raw)); err != nil {
		s.fail("%s sends to %s: %w", from, to, err)
	}
	s.wait(fmt.Sprintf("the mail %q of %s arrives", subject, from), func() bool {
		box, err := s.Mailbox(Team)
		if err != nil {
			s.fail("look into %s: %w", Team, err)
		}
		for _, m := range box {
			if bytes.Contains(m, []byte(id)) {
				return true
			}
		}
		return false
	})
}

func lines(fields []string) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String()
}

func display(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return strings.ToUpper(local[:1]) + local[1:] + " <" + address + ">"
}

// reply answers a letter as a mail client does: to its Reply-To, in its
// thread, with the letter quoted below.
func (s *Stage) reply(from string, l *Letter, text string) {
	intro := fmt.Sprintf("On %s, Shop <%s> wrote:", s.clock.Add(-time.Minute).Format("Mon, 2 Jan 2006 at 15:04"), Team)
	subject := l.Subject
	if !strings.HasPrefix(subject, "Re:") {
		subject = "Re: " + subject
	}
	s.mail(from, l.ReplyTo, subject, text+"\n\n"+intro+"\n\n"+quote(l.Text),
		"In-Reply-To: "+l.MessageID, "References: "+strings.TrimSpace(l.References+" "+l.MessageID))
}

func quote(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("> " + strings.TrimRight(line, "\r\n") + "\n")
	}
	return b.String()
}

// letter waits for a letter that nobody has looked at yet. task is "" for
// letters that are about no one task.
func (s *Stage) letter(to, kind, task string) *Letter {
	var found *Letter
	s.wait(fmt.Sprintf("%s gets the letter %q about %q", to, kind, task), func() bool {
		s.look(to)
		for _, l := range s.seen[to] {
			if !l.expected && l.Kind == kind && l.Task == task {
				l.expected, found = true, l
				return true
			}
		}
		return false
	})
	return found
}

func (s *Stage) look(address string) {
	box, err := s.Mailbox(address)
	if err != nil {
		s.fail("look into the mailbox of %s: %w", address, err)
	}
	for _, raw := range box { // a new mail need not be the last one
		if slices.ContainsFunc(s.seen[address], func(l *Letter) bool { return bytes.Equal(l.Raw, raw) }) {
			continue
		}
		l, err := ReadLetter(raw)
		if err != nil {
			s.fail("%s: %w", address, err)
		}
		s.seen[address] = append(s.seen[address], l)
	}
}

// noOther fails if anybody got a letter that the story did not ask for.
func (s *Stage) noOther() {
	for _, who := range []string{Priya, Dana, Lee, Stranger} {
		s.look(who)
		for _, l := range s.seen[who] {
			if !l.expected {
				s.fail("%s got a letter that nobody asked for: %s about %q: %s", who, l.Kind, l.Task, l.Subject)
			}
		}
	}
}

func (s *Stage) wait(what string, done func() bool) {
	for end := time.Now().Add(s.Patience); !done(); s.Pause() {
		if time.Now().After(end) {
			s.fail("%s: not within %s", what, s.Patience)
		}
	}
}

// state fails unless the task stands there.
func (s *Stage) state(task int, want string) {
	got, err := s.State(task)
	if err != nil {
		s.fail("ask for task %d: %w", task, err)
	}
	if got != want {
		s.fail("task %d is %q, not %q", task, got, want)
	}
}

// says fails unless the letter holds all of these, in its text and its HTML.
func (s *Stage) says(l *Letter, parts ...string) {
	for _, p := range parts {
		for name, body := range map[string]string{"text": l.Text, "HTML": l.HTML} {
			if !strings.Contains(flat(body), flat(p)) {
				s.fail("the %s of %s (%s) does not say %q:\n%s", name, l.Kind, l.Subject, p, body)
			}
		}
	}
}

// flat is text without line breaks and escapes.
func flat(s string) string {
	s = strings.NewReplacer("&#39;", "'", "&amp;", "&", "&#34;", `"`, "&#43;", "+").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}

// Letters is everything that the story's people got, in the order in which it
// was looked at.
func (s *Stage) Letters() []*Letter {
	var all []*Letter
	for _, who := range []string{Priya, Dana, Lee, Stranger} {
		all = append(all, s.seen[who]...)
	}
	return all
}
