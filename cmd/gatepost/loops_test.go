package main

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
	"gatepost/mailout"
	"gatepost/store"
)

// town is a few instances and robots on one virtual clock. Letters are
// delivered by address: to an instance, to a robot, or to nobody.
type town struct {
	t      *testing.T
	clock  time.Time
	houses []*instance
	robots map[string]func(letter []byte, m *mail.Message, sender string) []byte // address → its answer, nil: none
	sent   map[string]int                                                        // kind and recipient → letters
	n      int
}

// instance is one instance.
type instance struct {
	town  *town
	team  *loop.Team
	db    *store.DB
	steps *stepper
	out   *mailout.Loop
	uid   uint32
}

func newTown(t *testing.T) *town {
	return &town{t: t, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), robots: map[string]func([]byte, *mail.Message, string) []byte{}, sent: map[string]int{}}
}

// settle makes an instance for a team with one PM and one engineer.
func (w *town) settle(address, pm, engineer string) *instance {
	w.t.Helper()
	dir := w.t.TempDir()
	cfg, err := parseConfig("town.toml", []byte(fmt.Sprintf(`[[team]]
name = "T"
address = %q
timezone = "UTC"
  [[team.person]]
  name = "Pat Manager"
  email = [%q]
  role = "pm"
  [[team.person]]
  name = "Eve Engineer"
  email = [%q]
  role = "engineer"
  [[team.stream]]
  name = "web"
  engineer = %q
  approvers = [%q]
`, address, pm, engineer, engineer, pm)))
	if err != nil {
		w.t.Fatal(err)
	}
	db, err := store.Create(filepath.Join(dir, "gatepost.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	now := func() time.Time { return w.clock }
	h := &instance{town: w, team: cfg.Teams[0], db: db}
	h.team.Secret = []byte("0123456789abcdef0123456789abcdef" + address)
	_, host, _ := strings.Cut(address, "@")
	h.steps = newStepper(db, cfg, silent(), nil)
	h.steps.hosts = []string{host}
	h.out = &mailout.Loop{Outbox: db, Teams: teamsByAddress(cfg.Teams), Host: host, Now: now, Log: silent(), Sender: h}
	if err := db.Begin(context.Background(), replayBox, 1, 0, time.Time{}); err != nil {
		w.t.Fatal(err)
	}
	w.houses = append(w.houses, h)
	return h
}

// Send delivers a letter of this instance.
func (h *instance) Send(_ context.Context, sender, to string, raw []byte) error {
	w := h.town
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	w.sent[m.Header.Get("X-Gatepost-Letter")+" "+to]++
	for _, other := range w.houses {
		if other.team.Address == to {
			other.receive(append([]byte("Return-Path: <"+sender+">\r\n"), raw...))
		}
	}
	if robot := w.robots[to]; robot != nil {
		if answer := robot(raw, m, sender); answer != nil {
			h.receive(answer)
		}
	}
	return nil
}

func (h *instance) receive(raw []byte) {
	h.uid++
	if _, err := h.db.Receive(context.Background(), replayBox, 1, h.uid, h.town.clock, raw); err != nil {
		h.town.t.Fatal(err)
	}
}

// write is a person's mail to the instance; ref "" is the stream's address.
func (h *instance) write(from, ref, text string) {
	h.town.n++
	to := loop.Plus(h.team.Address, "web")
	if ref != "" {
		to = h.team.ReplyAddress(ref, from)
	}
	h.receive([]byte(fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Work\r\nMessage-ID: <p%d@people.example>\r\n\r\n%s\r\n", from, to, h.town.n, text)))
}

// live lets time pass, ten minutes at a time.
func (w *town) live(d time.Duration) {
	w.t.Helper()
	for end := w.clock.Add(d); w.clock.Before(end); w.clock = w.clock.Add(10 * time.Minute) {
		for _, h := range w.houses {
			if _, err := h.steps.all(context.Background(), func() time.Time { return w.clock }); err != nil {
				w.t.Fatal(err)
			}
			if _, err := h.out.Once(context.Background()); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// letters is how many went out that nobody scheduled, and to these addresses
// how many of any kind.
func (w *town) letters(to ...string) (n int) {
	for k, c := range w.sent {
		kind, address, _ := strings.Cut(k, " ")
		if len(to) == 0 && kind != "digest" && kind != "prompt" && kind != "weekly" {
			n += c
		}
		for _, a := range to {
			if a == address {
				n += c
			}
		}
	}
	return n
}

const week = 7 * 24 * time.Hour

// Two instances are each other's engineer: neither answers the other.
func TestTwoInstancesFaceEachOther(t *testing.T) {
	w := newTown(t)
	a := w.settle("shop@a.example", "pat@a.example", "desk@b.example")
	b := w.settle("desk@b.example", "pat@b.example", "shop@a.example")
	a.write("pat@a.example", "", "Problem: p\r\nDone: d")
	b.write("pat@b.example", "", "Problem: p\r\nDone: d")
	w.live(week)
	if n := w.letters("shop@a.example", "desk@b.example"); n > 20 || n < 2 {
		t.Errorf("%d letters between two instances: %v", n, w.sent)
	}
	if n := w.letters(); n > 20 {
		t.Errorf("%d letters that nobody scheduled: %v", n, w.sent)
	}
}

// responder answers every letter, from an address, without any mark of a
// robot, counting and dating.
func (w *town) responder(address string, n *int) func([]byte, *mail.Message, string) []byte {
	return func(_ []byte, m *mail.Message, _ string) []byte {
		*n++
		to := m.Header.Get("Reply-To")
		if to == "" {
			to = m.Header.Get("From")
		}
		return []byte(fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Re: %s\r\nIn-Reply-To: %s\r\nMessage-ID: <r%d.%s>\r\n\r\nWe have received your mail, number %d of %s. Somebody will look into it.\r\n",
			address, to, m.Header.Get("Subject"), m.Header.Get("Message-ID"), *n, address, *n, w.clock.Format(time.RFC1123)))
	}
}

// Everybody's mailbox answers everything, and a task stands at its gate, where
// words are passed on.
func TestAutoResponders(t *testing.T) {
	for _, who := range [][]string{{"eve@a.example"}, {"pat@a.example"}, {"eve@a.example", "pat@a.example"}} {
		w := newTown(t)
		h := w.settle("shop@a.example", "pat@a.example", "eve@a.example")
		h.write("pat@a.example", "", "Problem: p\r\nDone: d")
		h.write("eve@a.example", "t1", "done: it is")
		w.live(2 * time.Hour)
		n := 0
		for _, a := range who {
			w.robots[a] = w.responder(a, &n)
		}
		w.sent = map[string]int{}
		h.write("pat@a.example", "t1", "now: have you seen this?")
		h.write("eve@a.example", "t1", "one more thing")
		w.live(week)
		t.Logf("%v: %d letters, %d answers", who, w.letters(), n)
		if got := w.letters(); got > 20 || n == 0 {
			t.Errorf("%v answer everything: %d letters nobody scheduled, %d answers: %v", who, got, n, w.sent)
		}
	}
}

// A mailbox that bounces everything, and whose bounces bounce.
func TestBounceOfABounce(t *testing.T) {
	w := newTown(t)
	h := w.settle("shop@a.example", "pat@a.example", "eve@a.example")
	h.write("pat@a.example", "", "Problem: p\r\nDone: d")
	n := 0
	w.robots["eve@a.example"] = func(raw []byte, m *mail.Message, sender string) []byte {
		n++
		to := sender
		if to == "" {
			to = "shop@a.example" // a server that has not heard of <>
		}
		bounce := fmt.Sprintf("Return-Path: <>\r\nFrom: MAILER-DAEMON@a.example\r\nTo: %s\r\nSubject: Undelivered Mail\r\nMessage-ID: <b%d@a.example>\r\n"+
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"+
			"Reporting-MTA: dns; a.example\r\n\r\nFinal-Recipient: rfc822; eve@a.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: %s\r\n--b--\r\n", to, n, m.Header.Get("Message-ID"))
		h.receive([]byte(bounce))
		return []byte(strings.Replace(bounce, "<b", "<bb", 1)) // and once more
	}
	w.live(week)
	if got := w.letters() + w.letters("eve@a.example"); got > 20 || n == 0 {
		t.Errorf("%d letters, %d bounces: %v", got, n, w.sent)
	}
}

// Strangers get nothing and make nothing; the rules are tested with ten
// thousand.
func TestStrangersGetNothing(t *testing.T) {
	w := newTown(t)
	h := w.settle("shop@a.example", "pat@a.example", "eve@a.example")
	const strangers = 500
	for n := range strangers {
		text := []string{"approve", "status", "Problem: p\r\nDone: d", "help", "yes"}[n%5]
		to := []string{"shop@a.example", "shop+web@a.example", "shop+t1@a.example"}[n%3]
		h.receive([]byte(fmt.Sprintf("From: s%d@stranger%d.example\r\nTo: %s\r\nSubject: Hello %d\r\nMessage-ID: <s%d@x.example>\r\n\r\n%s\r\n", n, n%97, to, n, n, text)))
	}
	w.live(time.Hour)
	if n := w.letters(); n != 0 || len(w.sent) != 0 {
		t.Errorf("%d letters: %v", n, w.sent)
	}
	state, err := h.db.Load(t.Context(), h.team, store.Want{All: true})
	if err != nil || state.Strange != strangers || len(state.Tasks) != 0 {
		t.Errorf("%d strange, %d tasks, %v", state.Strange, len(state.Tasks), err)
	}
}

// A PM's reply lets a stranger in: their mail becomes a proposal.
func TestStrangerIsLetIn(t *testing.T) {
	w := newTown(t)
	h := w.settle("shop@a.example", "pat@a.example", "eve@a.example")
	for _, who := range []string{"kim@customer.example", "mallory@evil.example"} {
		h.receive([]byte("From: " + who + "\r\nTo: shop+web@a.example\r\nSubject: It is slow\r\nMessage-ID: <" + who + ">\r\n\r\napprove, it is slow\r\n"))
	}
	w.live(time.Hour)
	h.write("pat@a.example", "me", "let in Kim@customer.example")
	w.live(2 * time.Hour)
	state, err := h.db.Load(t.Context(), h.team, store.Want{All: true})
	if err != nil || len(state.Tasks) != 1 || state.Tasks[1].By != "kim@customer.example" || !state.Tasks[1].Proposed {
		t.Errorf("tasks %+v, %v", state.Tasks, err)
	}
	held, err := h.db.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].From != "mallory@evil.example" || w.sent["proposal pat@a.example"] != 1 {
		t.Errorf("held %+v, sent %v, %v", held, w.sent, err)
	}
}

// A letter that waits for the morning is not sent when what it asks was settled in
// the night.
func TestSettledAtNight(t *testing.T) {
	w := newTown(t)
	h := w.settle("shop@a.example", "pat@a.example", "eve@a.example")
	h.write("pat@a.example", "", "Problem: p\r\nDone: d")
	w.live(time.Hour)
	for w.clock.Hour() != 23 {
		w.live(time.Hour)
	}
	w.sent = map[string]int{}
	h.write("eve@a.example", "t1", "question: which one?")
	h.write("pat@a.example", "t1", "That one.")
	h.write("eve@a.example", "t1", "done: it is")
	h.write("pat@a.example", "t1r1", "redirect: the other one")
	w.live(24 * time.Hour)
	want := map[string]int{"receipt pat@a.example": 1, "answer eve@a.example": 1, "redirected eve@a.example": 1}
	for kind, n := range w.sent {
		if !strings.HasPrefix(kind, "digest ") && !strings.HasPrefix(kind, "prompt ") && want[kind] != n {
			t.Errorf("%d letters %s", n, kind)
		}
	}
	for kind, n := range want {
		if w.sent[kind] != n {
			t.Errorf("%d letters %s, want %d", w.sent[kind], kind, n)
		}
	}
}
