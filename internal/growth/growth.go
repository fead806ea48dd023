// Package growth makes the mail of an agency over years: teams of streams in
// which tasks are opened, worked on, asked about, delivered, turned back and
// approved. The same Town makes the same mails, and what each of them does is
// known beforehand, so that a run can be checked and not only timed.
package growth

import (
	"container/heap"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

// Secret is what tokens are made with: the content of the secret file.
const Secret = "0123456789abcdef0123456789abcdef"

// Town is an agency and how long it works. Zero fields are not allowed.
type Town struct {
	Seed    uint64
	Teams   int
	Streams int     // of each team
	Tasks   int     // of all teams; each stream gets its share, at least one
	Mails   int     // of all teams; each stream gets its share, at least 8 a task
	Years   float64 // of 260 working days
	PMs     int     // of each team; each stream has one of them as its approver
}

// Begin is when the first mail can come, a Monday morning.
var Begin = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// Team is the address of a team, from 0.
func (t Town) Team(team int) string { return fmt.Sprintf("t%d@agency.example", team) }

// PM is the approver of a stream, Engineer its owner.
func (t Town) PM(team, stream int) string {
	return fmt.Sprintf("pm%d.t%d@acme.example", stream%t.PMs, team)
}

// Engineer is the owner of a stream.
func (t Town) Engineer(team, stream int) string {
	return fmt.Sprintf("dev%d.t%d@acme.example", stream, team)
}

// Config is the gatepost.toml of the town.
func (t Town) Config() []byte {
	var b strings.Builder
	b.WriteString("[secret]\nfile = \"gatepost.secret\"\n")
	for team := range t.Teams {
		fmt.Fprintf(&b, "[[team]]\nname = \"Team %d\"\naddress = %q\ntimezone = \"UTC\"\nweekly = \"fri 15:00\"\n", team, t.Team(team))
		for pm := range t.PMs {
			fmt.Fprintf(&b, "[[team.person]]\nname = \"Pat %d\"\nemail = [%q]\nrole = \"pm\"\n", pm, t.PM(team, pm))
		}
		for s := range t.Streams {
			fmt.Fprintf(&b, "[[team.person]]\nname = \"Dev %d\"\nemail = [%q]\nrole = \"engineer\"\n", s, t.Engineer(team, s))
		}
		for s := range t.Streams {
			fmt.Fprintf(&b, "[[team.stream]]\nname = \"s%d\"\nengineer = %q\napprovers = [%q]\n", s, t.Engineer(team, s), t.PM(team, s))
		}
	}
	return []byte(b.String())
}

// Mail is one mail of the town.
type Mail struct {
	At  time.Time
	Act string // what it does: open, update, ask, answer, chat, done, redirect, approve
	Raw []byte
}

// All makes the mails, in order of arrival.
func (t Town) All() iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		last := make([]int, t.Teams) // highest task number of each team
		var lanes lanes
		for i := range t.Teams * t.Streams {
			l := &lane{town: t, team: i / t.Streams, stream: i % t.Streams, rng: rand.New(rand.NewPCG(t.Seed, uint64(i)))}
			l.words = rand.NewZipf(l.rng, 1.2, 20, 20000)
			l.plan()
			lanes = append(lanes, l)
		}
		heap.Init(&lanes)
		for len(lanes) > 0 {
			l := lanes[0]
			at, act := l.at(l.next), l.acts[l.next]
			if !yield(Mail{At: at, Act: act, Raw: l.write(at, act, &last[l.team])}) {
				return
			}
			if l.next++; l.next == len(l.acts) {
				heap.Pop(&lanes)
			} else {
				heap.Fix(&lanes, 0)
			}
		}
	}
}

// lane is a stream and where its people are in their work.
type lane struct {
	town         Town
	team, stream int
	rng          *rand.Rand
	words        *rand.Zipf
	acts         []string // all that will be written, in order
	next         int

	queue []task // opened and not approved
}

type task struct {
	number, round int
	root          string
}

// plan lays out the years of a stream: one task in work, one that waits.
func (l *lane) plan() {
	lanes := l.town.Teams * l.town.Streams
	tasks := max(1, l.town.Tasks/lanes)
	each := max(8, l.town.Mails/lanes/tasks)
	l.acts = append(l.acts, "open")
	for i := range tasks {
		if i+1 < tasks {
			l.acts = append(l.acts, "open")
		}
		tail := []string{"done", "approve"}
		if l.rng.IntN(10) == 0 {
			tail = []string{"done", "redirect", "update", "done", "approve"}
		}
		for n := each - 1 - len(tail); n > 0; n-- {
			switch k := l.rng.IntN(20); {
			case k < 2 && n > 1:
				l.acts = append(l.acts, "ask", "answer")
				n--
			case k < 4:
				l.acts = append(l.acts, "chat")
			default:
				l.acts = append(l.acts, "update")
			}
		}
		l.acts = append(l.acts, tail...)
	}
}

// at spreads the mails of a stream over the working minutes of the years.
func (l *lane) at(i int) time.Time {
	const day = 7 * 60 // 9:00 to 16:00
	minutes := int(l.town.Years*260) * day
	// A fixed place of each mail in its slot, the same whenever it is asked for.
	slot := float64(minutes) / float64(len(l.acts))
	shift := float64((l.stream*7919+l.team*104729+i*31)%97) / 100
	seconds := int((float64(i) + shift) * slot * 60)
	days, rest := seconds/(day*60), seconds%(day*60)
	return Begin.AddDate(0, 0, days/5*7+days%5).Add(time.Duration(rest) * time.Second)
}

func (l *lane) write(at time.Time, act string, last *int) []byte {
	pm, engineer := l.town.PM(l.team, l.stream), l.town.Engineer(l.team, l.stream)
	id := fmt.Sprintf("m%d.s%d.t%d@clients.example", l.next, l.stream, l.team)
	if act == "open" {
		*last++
		l.queue = append(l.queue, task{number: *last, round: 1, root: id})
		return l.mail(at, id, pm, l.tag(fmt.Sprintf("s%d", l.stream)), "Task "+l.say(4), "",
			"Problem: "+l.say(25)+".\r\n\r\nReproduce: "+l.say(12)+".\r\n\r\nDone: "+l.say(15)+".\r\n")
	}
	t := &l.queue[0]
	ref := fmt.Sprintf("t%d", t.number)
	from, text := engineer, ""
	switch act {
	case "update":
		text = "Moved on with " + l.say(30) + ".\r\n"
	case "ask":
		text = "question: " + l.say(12) + "?\r\n"
	case "answer":
		from, text = pm, "Take "+l.say(12)+".\r\n"
	case "chat":
		from, text = pm, "For the gate: "+l.say(10)+".\r\n"
	case "done":
		text = "done: " + l.say(20) + "\r\n"
	case "redirect":
		from, text = pm, "redirect: "+l.say(12)+"\r\n"
		ref = fmt.Sprintf("t%dr%d", t.number, t.round)
		t.round++
	case "approve":
		from, text = pm, "approve\r\n"
		ref = fmt.Sprintf("t%dr%d", t.number, t.round)
	}
	raw := l.mail(at, id, from, l.tag(ref+"."+token(l.town.Team(l.team), ref, from)), "Re: task", t.root, text)
	if act == "approve" {
		l.queue = l.queue[1:]
	}
	return raw
}

func (l *lane) tag(tag string) string {
	return strings.Replace(l.town.Team(l.team), "@", "+"+tag+"@", 1)
}

func (l *lane) mail(at time.Time, id, from, to, subject, answers, text string) []byte {
	b := fmt.Appendf(nil, "Received: from mail.acme.example by mx.agency.example; %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n",
		at.Format(time.RFC1123Z), from, to, subject, id, at.Format(time.RFC1123Z))
	if answers != "" {
		b = fmt.Appendf(b, "In-Reply-To: <%s>\r\nReferences: <%[1]s>\r\n", answers)
	}
	return fmt.Appendf(b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s", text)
}

var syllables = strings.Fields("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu")

// say is so many words, few of them often and many of them seldom.
func (l *lane) say(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		for w := l.words.Uint64() + 400; w > 0; w /= 20 {
			b.WriteString(syllables[w%20])
		}
	}
	return b.String()
}

// token is reckoned from the documented rule, so that the service is not held
// to its own word.
func token(team, ref, person string) string {
	h := hmac.New(sha256.New, []byte(Secret))
	h.Write([]byte(strings.ToLower(team + "|" + ref + "|" + person)))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)))[:16]
}

// lanes is a heap by the time of the next mail; streams of one moment keep
// their order.
type lanes []*lane

func (h lanes) Len() int { return len(h) }
func (h lanes) Less(a, b int) bool {
	x, y := h[a].at(h[a].next), h[b].at(h[b].next)
	if !x.Equal(y) {
		return x.Before(y)
	}
	if h[a].team != h[b].team {
		return h[a].team < h[b].team
	}
	return h[a].stream < h[b].stream
}
func (h lanes) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h *lanes) Push(x any)   { *h = append(*h, x.(*lane)) }
func (h *lanes) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
