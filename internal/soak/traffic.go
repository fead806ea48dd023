package soak

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"strings"
)

// The team of a campaign. Its tokens are reckoned here once more, from the
// documented rule, so that the service is not held to its own word.
const (
	Team   = "shop@acme.example"
	PM     = "priya@acme.example"
	Secret = "0123456789abcdef0123456789abcdef"
)

var lanes = []struct{ stream, engineer string }{
	{"web", "dana@acme.example"},
	{"billing", "lee@acme.example"},
}

func tagged(ref, person string) string {
	h := hmac.New(sha256.New, []byte(Secret))
	h.Write([]byte(strings.ToLower(Team + "|" + ref + "|" + person)))
	token := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)))[:16]
	return strings.Replace(Team, "@", "+"+ref+"."+token+"@", 1)
}

// Mail is one mail of the ledger and the one effect that it must have.
type Mail struct {
	Mark string // a word that stands in it and nowhere else
	Task int    // the number of the task that it opens or is about
	Want string // kind of the event: opened, updated, delivered, approved
	Raw  []byte
}

// Traffic makes mails whose effect can be foretold: tasks that are opened,
// worked on, delivered and approved, in two streams side by side. Mail is read
// in the order in which it comes, so the number of each task is known before
// the service gives it.
type Traffic struct {
	rng    *rand.Rand
	lanes  [2]lane
	serial int
	Tasks  int    // opened so far
	Ledger []Mail // all that were made
}

// NewTraffic makes the same mails for the same seed.
func NewTraffic(seed uint64) *Traffic { return &Traffic{rng: rand.New(rand.NewPCG(seed, 2))} }

type lane struct {
	task    int // in work, 0: none
	updates int // still to come
	done    bool
}

// Next is the next mail. finish opens no task any more; it is nil when all are
// approved.
func (t *Traffic) Next(finish bool) *Mail {
	i := t.rng.IntN(len(t.lanes))
	if finish && t.lanes[i].task == 0 {
		if i = 1 - i; t.lanes[i].task == 0 {
			return nil
		}
	}
	l, who := &t.lanes[i], lanes[i]
	t.serial++
	mark := fmt.Sprintf("mark%07dx", t.serial)
	m := Mail{Mark: mark}
	switch {
	case l.task == 0:
		t.Tasks++
		*l = lane{task: t.Tasks, updates: 2 + t.rng.IntN(6)}
		m.Task, m.Want = l.task, "opened"
		m.Raw = t.mail(PM, strings.Replace(Team, "@", "+"+who.stream+"@", 1), "Shelf "+mark, mark,
			"Problem: the shelf is empty.\r\n\r\nReproduce: look at it.\r\n\r\nDone: the shelf holds a lamp.\r\n")
	case l.updates > 0:
		l.updates--
		m.Task, m.Want = l.task, "updated"
		m.Raw = t.mail(who.engineer, tagged(fmt.Sprintf("t%d", l.task), who.engineer), "Re: shelf", mark, "Got on with "+mark+" today.\r\n")
	case !l.done:
		l.done = true
		m.Task, m.Want = l.task, "delivered"
		m.Raw = t.mail(who.engineer, tagged(fmt.Sprintf("t%d", l.task), who.engineer), "Re: shelf", mark, "done: the lamp stands there, see "+mark+"\r\n")
	default:
		m.Task, m.Want = l.task, "approved"
		m.Raw = t.mail(PM, tagged(fmt.Sprintf("t%dr1", l.task), PM), "Re: shelf", mark, "approve\r\n")
		*l = lane{}
	}
	t.Ledger = append(t.Ledger, m)
	return &t.Ledger[len(t.Ledger)-1]
}

func (t *Traffic) mail(from, to, subject, mark, text string) []byte {
	return fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s@clients.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s",
		from, to, subject, mark, text)
}
