// Package bench makes the mail that Gatepost is measured with, and measures
// what no program of its kind can be faster than: a bare FETCH, and a bare
// reading by the standard library.
//
// The mail is that of an agency at work: tasks, updates, decisions and chatter
// over many streams, with tokens that hold, so that the real rules run and
// letters are made. The same seed makes the same mails.
package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Traffic makes mails, see NewTraffic.
type Traffic struct {
	rng     *rand.Rand
	reply   func(ref, person string) string
	lanes   []lane
	full    bool
	serial  int
	numbers int // tasks opened so far
}

// lane is a stream with its engineer and its manager.
type lane struct {
	task    int // in work, 0: none
	round   int
	updates int // still to come
	asked   bool
	done    bool
}

// The team of the traffic; reply addresses are made by whoever has the secret.
const (
	Address = "agency@acme.example"
	Secret  = "0123456789abcdef0123456789abcdef"
)

// managers is how many streams one manager looks after.
const managers = 10

// NewTraffic makes mails for so many streams of one team. reply is the address
// that a letter about ref (t42, t42r1) would have for a person. full adds the
// attachments of real mail: one mail in fifty holds most of the bytes.
func NewTraffic(seed uint64, streams int, full bool, reply func(ref, person string) string) *Traffic {
	return &Traffic{rng: rand.New(rand.NewPCG(seed, 8)), reply: reply, lanes: make([]lane, streams), full: full}
}

func engineer(i int) string { return fmt.Sprintf("dev%d@acme.example", i) }
func manager(i int) string  { return fmt.Sprintf("pm%d@acme.example", i/managers) }

// Config is the team in the words of gatepost.toml.
func Config(streams int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[team]]\nname = \"Agency\"\naddress = %q\ntimezone = \"Europe/Berlin\"\nholidays = \"de\"\ntrust = \"token\"\n", Address)
	person := func(name, address, role string) {
		fmt.Fprintf(&b, "  [[team.person]]\n  name = %q\n  email = [%q]\n  role = %q\n", name, address, role)
	}
	for i := 0; i < streams; i += managers {
		person(fmt.Sprintf("Pia Manager %d", i/managers), manager(i), "pm")
	}
	for i := range streams {
		person(fmt.Sprintf("Dev Engineer %d", i), engineer(i), "engineer")
	}
	for i := range streams {
		fmt.Fprintf(&b, "  [[team.stream]]\n  name = \"s%d\"\n  engineer = %q\n  approvers = [%q]\n", i, engineer(i), manager(i))
	}
	return b.String()
}

// People are the addresses of the team.
func People(streams int) (list []string) {
	for i := 0; i < streams; i += managers {
		list = append(list, manager(i))
	}
	for i := range streams {
		list = append(list, engineer(i))
	}
	return list
}

// Next is the next mail. A task is opened, worked on, asked about, delivered,
// turned back now and then, and approved; between that people comment, robots
// answer and strangers write.
func (t *Traffic) Next() []byte {
	i := t.rng.IntN(len(t.lanes))
	l := &t.lanes[i]
	dev, pm := engineer(i), manager(i)
	t.serial++
	chance := t.rng.IntN(100)
	ref := fmt.Sprintf("t%d", l.task)
	switch {
	case chance < 3:
		return t.robot(dev)
	case chance < 5:
		return t.mail(fmt.Sprintf("kim%d@customer.example", t.serial), Address, "Offer", t.prose(3), false)
	case l.task == 0:
		t.numbers++
		*l = lane{task: t.numbers, round: 1, updates: 2 + t.rng.IntN(6)}
		return t.mail(pm, strings.Replace(Address, "@", fmt.Sprintf("+s%d@", i), 1), fmt.Sprintf("Shelf %d of lane %d", l.task, i),
			"Problem: "+t.prose(2)+"\n\nReproduce: "+t.prose(1)+"\n\nDone: the page shows "+t.prose(1), false)
	case chance < 12:
		return t.mail(pm, t.reply(ref, pm), "Re: work", t.prose(2), true)
	case l.asked:
		l.asked = false
		return t.mail(pm, t.reply(ref, pm), "Re: work", "Please take the second way. "+t.prose(1), true)
	case chance < 16 && l.updates > 0 && !l.done:
		l.asked = true
		return t.mail(dev, t.reply(ref, dev), "Re: work", "question: which of the two ways shall it be for "+t.prose(1), true)
	case l.updates > 0:
		l.updates--
		return t.mail(dev, t.reply(ref, dev), "Re: work", "Moved: "+t.prose(2)+"\n\nNext: "+t.prose(1), true)
	case !l.done:
		l.done = true
		return t.mail(dev, t.reply(ref, dev), "Re: work", "done: "+t.prose(2), true)
	case chance < 30 && l.round == 1:
		gate := fmt.Sprintf("t%dr%d", l.task, l.round)
		l.round, l.done, l.updates = 2, false, 2
		return t.mail(pm, t.reply(gate, pm), "Re: work", "redirect: "+t.prose(1), true)
	default:
		gate := fmt.Sprintf("t%dr%d", l.task, l.round)
		*l = lane{}
		return t.mail(pm, t.reply(gate, pm), "Re: work", "approve\n\nI looked at "+t.of(things, 1), true)
	}
}

// things are words that say nothing against an approval above them.
var things = strings.Fields(`the shelf holds lamp customer cart login page server account invoice address street order button mail letter
number window table session cookie total sum price small large morning report list filter search field form picture right full export import
month year label colour border phone screen`)

var vocabulary = append(strings.Fields(`because after before while when wrong empty slow fast again still never under above`), things...)

// prose is n sentences.
func (t *Traffic) prose(n int) string { return t.of(vocabulary, n) }

func (t *Traffic) of(vocabulary []string, n int) string {
	var b strings.Builder
	for range n {
		for k := 6 + t.rng.IntN(10); k > 0; k-- {
			b.WriteString(vocabulary[t.rng.IntN(len(vocabulary))])
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "x%d. ", t.rng.IntN(1_000_000))
	}
	return strings.TrimSpace(b.String())
}
