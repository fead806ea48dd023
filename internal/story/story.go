package story

import (
	"fmt"
	"strings"
	"time"
)

// Zone is the team's; the story begins on a Monday at half past nine.
var (
	Zone  = mustZone("Europe/Berlin")
	Begin = time.Date(2025, 3, 3, 9, 30, 0, 0, Zone)
)

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// Play plays the story. The service must be running on the stage's clock and
// servers, with the team of Config. The error names the step that did not
// happen.
func (s *Stage) Play() (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			err = f.error
		}
	}()
	s.seen = map[string][]*Letter{}
	s.taskAndDraft()
	s.work()
	s.gate()
	s.decision()
	s.others()
	s.digest()
	s.noOther()
	return nil
}

func day(n, hour, minute int) time.Time {
	return time.Date(Begin.Year(), Begin.Month(), Begin.Day()+n, hour, minute, 0, 0, Zone)
}

// taskAndDraft: a whole task starts at once; an engineer's proposal is
// dropped; a task without a done is a draft until its done comes.
func (s *Stage) taskAndDraft() {
	s.at(day(0, 9, 30), "Priya mails a task with all four parts")
	s.mail(Priya, "shop+web@acme.example", "Cart loses items after login", `Problem: a visitor fills the cart, logs in, and the cart is empty.

Reproduce: put a lamp into the cart, log in as kim@example.org.

Done: the lamp is still in the cart after login, on web and phone.

Context: do not touch the session store; it is shared with billing.`)
	received := s.letter(Priya, "received", "1")
	s.says(received, "Cart loses items after login")
	task := s.letter(Dana, "task", "1")
	s.says(task, "the lamp is still in the cart after login, on web and phone", "do not touch the session store")
	s.state(1, "active, round 1")

	s.at(day(0, 9, 45), "Lee proposes a task; Priya drops it")
	s.mail(Lee, "shop+billing@acme.example", "Rename the invoice table", "The table is called inv2 and I would like to call it invoice.")
	s.letter(Lee, "received", "2")
	s.reply(Priya, s.letter(Priya, "proposal", "2"), "drop: not worth the risk now")
	s.letter(Priya, "receipt", "2")
	s.says(s.letter(Lee, "comment", "2"), "not worth the risk now")
	s.state(2, "dropped, round 0")

	s.at(day(0, 10, 0), "Priya mails a task for Lee, and one for Dana without a done")
	s.mail(Priya, "shop+billing@acme.example", "VAT id on company invoices", `Problem: invoices of companies lack the VAT id.
Reproduce: order as "Blau GmbH", open the PDF.
Done: the VAT id stands under the buyer's address on each company invoice.`)
	s.letter(Priya, "received", "3")
	s.letter(Lee, "task", "3")
	s.mail(Priya, "shop+web@acme.example", "Search finds nothing with umlauts", `Searching for "Möbel" shows no result, "Mobel" shows twelve.`)
	needs := s.letter(Priya, "needs-done", "4")
	s.says(needs, "Search finds nothing with umlauts")
	s.state(4, "draft, round 0")
	s.reply(Priya, needs, `Searching for "Möbel" and for "Mobel" shows the same twelve results.`)
	s.letter(Priya, "received", "4")
	s.state(4, "queued, round 0")
}

// work: updates wait for the digest, a question and its answer travel at once,
// a comment waits for the gate.
func (s *Stage) work() {
	task := s.last(Dana, "task")
	s.at(day(0, 11, 0), "Dana writes two updates")
	s.reply(Dana, task, "Found it: the cart is keyed by the visitor, not by the customer.\nNext: merge both at login.")
	s.reply(Dana, task, "Merge works on web. The phone app is next.")

	s.at(day(0, 13, 0), "Dana asks, Priya answers")
	s.reply(Dana, task, "question: if both carts hold the lamp, one lamp or two?")
	question := s.letter(Priya, "question", "1")
	s.says(question, "if both carts hold the lamp, one lamp or two?")
	s.state(1, "active, round 1, blocked")
	s.at(day(0, 13, 30), "Priya answers from her phone")
	s.reply(Priya, question, "One. Nobody wants a second lamp by surprise.\n\nSent from my iPhone")
	answer := s.letter(Dana, "answer", "1")
	s.says(answer, "One. Nobody wants a second lamp by surprise.")
	s.state(1, "active, round 1")

	s.at(day(0, 14, 0), "Priya has a thought; it is kept for the gate")
	s.reply(Priya, question, "I wonder whether the badge should show the number of items.")

	s.at(day(0, 16, 0), "Lee has not written today and is asked")
	s.letter(Lee, "prompt", "3")
}

// gate: only a plain decision for this gate counts.
func (s *Stage) gate() {
	s.at(day(1, 8, 30), "the first digest")
	s.digestOf(Priya)
	s.at(day(1, 10, 0), "Dana delivers")
	s.reply(Dana, s.last(Dana, "answer"), "done: the cart is merged at login, on web and phone. Staging has it; log in as kim@example.org.")
	gate := s.letter(Priya, "gate", "1")
	s.says(gate, "the lamp is still in the cart after login, on web and phone",
		"the cart is merged at login, on web and phone", "I wonder whether the badge should show the number of items", "Merge works on web")
	s.state(1, "gate, round 1")

	s.at(day(1, 10, 30), "words that are no decision move nothing")
	s.reply(Priya, gate, "looks good, approve once CI is green")
	s.says(s.letter(Priya, "unclear", "1"), "looks good, approve once CI is green")
	s.state(1, "gate, round 1")
	s.reply(Priya, gate, "redirect")
	s.letter(Priya, "unclear", "1")
	s.state(1, "gate, round 1")

	s.at(day(1, 11, 0), "a redirect with a reason starts round 2")
	s.reply(Priya, gate, "redirect: on the phone the lamp is there twice after login")
	s.letter(Priya, "receipt", "1")
	s.says(s.letter(Dana, "redirected", "1"), "on the phone the lamp is there twice after login")
	s.state(1, "active, round 2")

	s.at(day(1, 15, 0), "Dana delivers again; the old letter does not open the new gate")
	s.reply(Dana, s.last(Dana, "redirected"), "done: the phone merges by product now; a test covers it")
	s.letter(Priya, "gate", "1")
	s.reply(Priya, gate, "approve")
	s.letter(Priya, "unclear", "1")
	s.state(1, "gate, round 2")
}

// decision: approve, approve again, undo, and approve for good.
func (s *Stage) decision() {
	s.at(day(1, 15, 30), "Priya approves; the next task starts, both in one letter")
	gate := s.last(Priya, "gate")
	s.reply(Priya, gate, "approve, thanks Dana!")
	receipt := s.letter(Priya, "receipt", "1")
	s.says(receipt, "approve, thanks Dana!", "undo")
	s.says(s.letter(Dana, "approved", "1"), "Cart loses items after login", "Search finds nothing with umlauts", "the same twelve results")
	s.state(1, "approved, round 2")
	s.state(4, "active, round 1")

	s.reply(Priya, gate, "approve")
	s.letter(Priya, "refused", "1")

	s.at(day(1, 15, 45), "undo, and the final approval")
	s.reply(Priya, receipt, "undo")
	undone := s.letter(Priya, "receipt", "1")
	s.letter(Dana, "comment", "1")
	s.state(1, "gate, round 2")
	s.state(4, "queued, round 0")
	s.reply(Priya, undone, "approve")
	s.letter(Priya, "receipt", "1")
	s.letter(Dana, "approved", "1")
	s.state(1, "approved, round 2")
}

// others: Lee asks, Dana delivers; a stranger and an absence notice move
// nothing.
func (s *Stage) others() {
	s.at(day(1, 15, 55), "Lee asks, Dana delivers")
	s.reply(Lee, s.last(Lee, "prompt"), "question: do sole traders count as companies?")
	s.letter(Priya, "question", "3")
	s.reply(Dana, s.last(Dana, "approved"), "done: both spellings find the same twelve")
	gate := s.letter(Priya, "gate", "4")

	s.at(day(1, 16, 10), "a stranger, and an absence notice")
	s.mail(Stranger, "shop@acme.example", "approve #4", "#4 approve")
	s.mail(Stranger, "shop+web@acme.example", "Work for me", "Problem: none\nDone: mine is done first")
	s.mail(Dana, gate.ReplyTo, "Automatic reply: [#4] Search finds nothing with umlauts", "approve\n\nI am away until Thursday.", "Auto-Submitted: auto-replied")
	s.mail(Priya, "shop@acme.example", "status", "status") // read after all of them
	s.letter(Priya, "status", "")
	s.state(4, "gate, round 1")
	s.state(3, "active, round 1, blocked")
}

// digest: the morning after tells it all, and a reply to it acts.
func (s *Stage) digest() {
	s.at(day(2, 8, 30), "the digest at its hour")
	d := s.digestOf(Priya)
	s.says(d, "#4", "#3", "do sole traders count as companies?", "Dana")
	s.at(day(2, 9, 5), "one reply to it answers Lee and opens the gate")
	s.reply(Priya, d, "#3 answer: yes, they do\n#4 approve")
	s.says(s.letter(Lee, "answer", "3"), "yes, they do")
	s.letter(Priya, "receipt", "4")
	s.letter(Dana, "approved", "4")
	s.state(3, "active, round 1")
	s.state(4, "approved, round 1")
	s.mail(Priya, "shop@acme.example", "what happened", "record #1")
	s.says(s.letter(Priya, "record", "1"), "delivered", "approved round 2", "One. Nobody wants a second lamp by surprise.")
}

// digestOf is the next digest of a person; it must keep to 300 words.
func (s *Stage) digestOf(who string) *Letter {
	d := s.letter(who, "digest", "")
	if n := len(strings.Fields(d.Text)); n > 300 {
		s.fail("the digest has %d words, more than 300:\n%s", n, d.Text)
	}
	return d
}

// last is the newest letter of that kind that the story has looked at.
func (s *Stage) last(who, kind string) *Letter {
	for i := len(s.seen[who]) - 1; i >= 0; i-- {
		if l := s.seen[who][i]; l.Kind == kind && l.expected {
			return l
		}
	}
	s.fail("%s never got the letter %q", who, kind)
	return nil
}

// Config is the gatepost.toml of the story's team. The files that it names lie
// beside it: robot.pass and gatepost.secret.
func Config(imapHost string, imapPort int, smtpHost string, smtpPort int) string {
	return fmt.Sprintf(`[imap]
host = %q
port = %d
tls = "none"
user = %q
password_file = "robot.pass"
poll = "2s"

[smtp]
host = %q
port = %d
tls = "none"
user = %q
password_file = "robot.pass"
from_host = "acme.example"

[store]
path = "gatepost.db"

[secret]
file = "gatepost.secret"

[[team]]
name = "Shop"
address = %q
timezone = "Europe/Berlin"
work = "mon-fri 09:00-17:30"
digest = "08:30"
prompt = "16:00"
trust = "token"

  [[team.person]]
  name = "Priya Nair"
  email = [%q]
  role = "pm"

  [[team.person]]
  name = "Dana Kim"
  email = [%q]
  role = "engineer"

  [[team.person]]
  name = "Lee Osei"
  email = [%q]
  role = "engineer"

  [[team.stream]]
  name = "web"
  engineer = %q
  approvers = [%q]

  [[team.stream]]
  name = "billing"
  engineer = %q
  approvers = [%q]
`, imapHost, imapPort, Team, smtpHost, smtpPort, Team, Team, Priya, Dana, Lee, Dana, Priya, Lee, Priya)
}
