package mailout

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatepost/loop"
)

// clock is a Now that moves when told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func due(serial int64, kind loop.Kind) *loop.Post {
	p := post(serial, kind)
	p.Letter.Due = noon.Add(-time.Hour)
	return p
}

func sending(t *testing.T, o *outbox, s Sender) (*Loop, *clock, *[]string) {
	t.Helper()
	c := &clock{at: noon}
	var failed []string
	return &Loop{
		Outbox: o, Teams: map[string]*loop.Team{"shop@acme.example": team()}, Host: "acme.example", Sender: s, Now: c.now,
		Failed: func(_ context.Context, p *loop.Post, reason string) error {
			failed = append(failed, reason)
			return nil
		},
	}, c, &failed
}

func TestOnceSendsWhatIsDue(t *testing.T) {
	later := due(3, loop.DigestMail)
	later.Letter.Due = noon.Add(time.Minute)
	o, s := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt), later), &postman{}
	l, c, failed := sending(t, o, s)
	if n, err := l.Once(t.Context()); n != 2 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if got := o.states(); !maps.Equal(got, map[int64]string{1: "sent", 2: "sent", 3: "waiting"}) || s.closed != 1 || len(*failed) != 0 {
		t.Errorf("%v, closed %d times, failed %v", got, s.closed, *failed)
	}
	c.at = noon.Add(2 * time.Minute)
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
	if n, err := l.Once(t.Context()); n != 0 || err != nil {
		t.Errorf("%d sent again, %v", n, err)
	}
}

// What missed its hour is not sent at night: a server that was out of reach, a
// host that was off, or a retry. What its reader asked for goes at any time.
func TestNothingLateAtNight(t *testing.T) {
	night := time.Date(2026, 3, 2, 22, 0, 0, 0, time.UTC) // a Monday
	at := func(serial int64, kind loop.Kind, before time.Duration) *loop.Post {
		p := post(serial, kind)
		p.Letter.Asked, p.Letter.Due = false, night.Add(-before)
		return p
	}
	asked, operator := at(4, loop.Receipt, 5*time.Hour), at(5, loop.Alert, 5*time.Hour)
	asked.Letter.Asked, operator.Letter.To = true, "ops@acme.example"
	o, s := newOutbox(t, at(1, loop.Gate, 5*time.Hour), at(2, loop.DigestMail, 14*time.Hour), at(3, loop.DigestMail, 20*time.Minute), asked, operator, at(6, loop.Prompt, 6*time.Hour)), &postman{}
	l, c, failed := sending(t, o, s)
	team := team()
	team.People = nil
	for _, address := range []string{"priya@acme.example", "dana@acme.example"} {
		p := loop.Person{Email: []string{address}, Zone: time.UTC, Digest: 8*60 + 30}
		p.Hours, _ = loop.ParseHours("mon-fri 09:00-17:30")
		team.People = append(team.People, p)
	}
	l.Teams[team.Address] = team
	c.at = night
	if n, err := l.Once(t.Context()); n != 3 || err != nil || len(*failed) != 0 {
		t.Fatalf("%d sent, %v, %v", n, err, *failed)
	}
	if got := o.states(); !maps.Equal(got, map[int64]string{1: "waiting", 2: "waiting", 3: "sent", 4: "sent", 5: "sent", 6: "waiting"}) {
		t.Errorf("at night: %v", got)
	}
	morning := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	for i, want := range map[int]time.Time{0: morning, 1: morning.Add(-30 * time.Minute), 5: morning} {
		if r := o.rows[i]; !r.next.Equal(want) || r.post.Attempts != 0 {
			t.Errorf("letter %d waits until %v, tried %d times; want %v", i+1, r.next, r.post.Attempts, want)
		}
	}
	c.at = morning.Add(-30 * time.Minute) // the digest, before today's
	if n, err := l.Once(t.Context()); n != 1 || err != nil || o.states()[2] != "sent" {
		t.Errorf("at the digest's hour %d sent, %v: %v", n, err, o.states())
	}
	c.at = morning
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Errorf("in the morning %d sent, %v: %v", n, err, o.states())
	}
	if got := o.states()[6]; got != "cancelled" { // it asks about yesterday
		t.Errorf("the prompt is %s", got)
	}
}

// A host that sleeps in the middle of a pass and wakes at night does not go on
// with the letters that it had looked for before.
func TestAsleepInTheMiddle(t *testing.T) {
	for _, connections := range []int{0, 1} {
		afternoon := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC) // a Monday
		first, second := due(1, loop.Gate), due(2, loop.Prompt)
		first.Letter.Due, second.Letter.Due = afternoon, afternoon
		o := newOutbox(t, first, second)
		l, c, _ := sending(t, o, nil)
		l.Connections, c.at = connections, afternoon
		for i := range l.Teams["shop@acme.example"].People {
			l.Teams["shop@acme.example"].People[i].Hours, _ = loop.ParseHours("mon-fri 09:00-17:30")
		}
		l.Sender = sender(func() error { c.move(7 * time.Hour); return nil })
		if n, err := l.Once(within(t, 20*time.Second)); n != 1 || err != nil {
			t.Errorf("%d connections: %d sent, %v", connections, n, err)
		}
		if r := o.row(2); r.state != "waiting" || !r.next.Equal(afternoon.Add(17*time.Hour)) || r.post.Attempts != 0 {
			t.Errorf("%d connections: the second is %s until %v", connections, r.state, r.next)
		}
	}
}

// What a server has taken is noted even if the pass is told to stop just then.
func TestStoppedWhenTaken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt))
	l, _, _ := sending(t, o, sender(func() error { cancel(); return nil }))
	l.Outbox = heeding{o}
	if _, err := l.Once(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := o.states(); got[1] != "sent" || got[2] != "waiting" {
		t.Errorf("%v: the first goes out once more at the next start", got)
	}
}

// heeding is an outbox that notes nothing once it is told to stop.
type heeding struct{ *outbox }

func (h heeding) SentPost(ctx context.Context, at time.Time, serials ...int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return h.outbox.SentPost(ctx, at, serials...)
}

// A letter that cannot be made to wait is not sent at night for that.
func TestCannotBePutOff(t *testing.T) {
	for _, connections := range []int{0, 1} {
		p := due(1, loop.Gate)
		o, s := newOutbox(t, p), &postman{}
		o.fail["wait"] = "not"
		l, c, _ := sending(t, o, s)
		l.Connections, c.at = connections, noon.Add(11*time.Hour)
		for i := range l.Teams["shop@acme.example"].People {
			l.Teams["shop@acme.example"].People[i].Hours, _ = loop.ParseHours("mon-fri 09:00-17:30")
		}
		if n, err := l.Once(within(t, 20*time.Second)); n != 0 || !errors.Is(err, errFake) || s.count() != 0 {
			t.Errorf("%d connections: %d sent, %v", connections, n, err)
		}
	}
}

// Days off are no hours for a letter that came too late before them.
func TestNothingLateOnDaysOff(t *testing.T) {
	gate := due(1, loop.Gate)
	gate.Letter.Due = time.Date(2026, 3, 5, 17, 0, 0, 0, time.UTC) // a Thursday
	o, s := newOutbox(t, gate), &postman{}
	o.away = map[string][]loop.Span{"priya@acme.example": {{From: loop.Date{Year: 2026, Month: 3, Day: 6}, To: loop.Date{Year: 2026, Month: 3, Day: 10}}}}
	l, c, _ := sending(t, o, s)
	for i := range l.Teams["shop@acme.example"].People {
		l.Teams["shop@acme.example"].People[i].Hours, _ = loop.ParseHours("mon-fri 09:00-17:30")
	}
	o.fail["presence"] = "not"
	c.at = time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC)
	if n, err := l.Once(t.Context()); n != 0 || !errors.Is(err, errFake) {
		t.Errorf("nobody knows whether she is here: %d sent, %v", n, err)
	}
	if n, err := l.Once(t.Context()); n != 0 || err != nil {
		t.Errorf("on a day off: %d sent, %v", n, err)
	}
	if want := time.Date(2026, 3, 11, 9, 0, 0, 0, time.UTC); !o.rows[0].next.Equal(want) {
		t.Errorf("waits until %v, want %v", o.rows[0].next, want)
	}
	c.at = o.rows[0].next
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
}

// A calendar that is broken holds up no letter.
func TestBrokenCalendar(t *testing.T) {
	o, s := newOutbox(t, due(1, loop.Gate)), &postman{}
	l, _, _ := sending(t, o, s)
	for i := range l.Teams["shop@acme.example"].People {
		l.Teams["shop@acme.example"].People[i].Holiday = func(loop.Date) string { panic("no such country") }
	}
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
}

// A letter whose bytes are lost is given up and told, and nothing is sent in its place.
func TestDamaged(t *testing.T) {
	p := due(1, loop.Gate)
	p.Damaged = "checksum of the kept bytes"
	o, s := newOutbox(t, p), &postman{}
	l, _, failed := sending(t, o, s)
	if n, err := l.Once(t.Context()); n != 0 || err != nil || s.count() != 0 {
		t.Errorf("%d sent, %d tried, %v", n, s.count(), err)
	}
	if o.states()[1] != "failed" || len(*failed) != 1 || !strings.Contains((*failed)[0], "checksum of the kept bytes") {
		t.Errorf("%v, %q", o.states(), *failed)
	}
}

// Who gets no digest still gets the review, and that at no hour of a digest.
func TestReviewWithoutDigest(t *testing.T) {
	l, _, _ := sending(t, newOutbox(t), nil)
	for i := range l.Teams["shop@acme.example"].People {
		p := &l.Teams["shop@acme.example"].People[i]
		p.Digest = loop.Never
		p.Hours, _ = loop.ParseHours("mon-fri 09:00-17:30")
	}
	review := due(1, loop.WeeklyMail)
	night := time.Date(2026, 3, 3, 0, 10, 0, 0, time.UTC)
	for now := night; now.Before(night.Add(8 * time.Hour)); now = now.Add(time.Hour) {
		if next, err := l.hour(t.Context(), &review.Letter, now); err != nil || !next.Equal(time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)) {
			t.Errorf("at %v: until %v, %v", now, next, err)
		}
	}
}

func TestLaterAndThenTheSameBytes(t *testing.T) {
	o := newOutbox(t, due(1, loop.Gate))
	s := &postman{answers: []error{
		&SendError{Stage: "rcpt", Code: 450, Err: errors.New("greylisted")},
		&SendError{Stage: "end", Err: errors.New("EOF")}, // the answer after the final dot was lost: it may have been taken
		errors.New("something unheard of"),
	}}
	l, c, failed := sending(t, o, s)
	for range 3 {
		if n, err := l.Once(t.Context()); n != 0 || err != nil {
			t.Fatalf("%d sent, %v", n, err)
		}
		if n, err := l.Once(t.Context()); n != 0 || err != nil { // not yet
			t.Fatalf("%d sent, %v", n, err)
		}
		c.at = c.at.Add(10 * time.Minute)
	}
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if len(s.sent) != 4 || len(*failed) != 0 {
		t.Fatalf("%d times sent, failed %v", len(s.sent), *failed)
	}
	for _, raw := range s.sent[1:] {
		if !bytes.Equal(raw, s.sent[0]) {
			t.Error("a later attempt has other bytes")
		}
	}
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute} {
		if got := o.rows[0].waits[i]; got < want || got > want+want/10 {
			t.Errorf("wait %d is %v, want about %v", i+1, got, want)
		}
	}
}

// The answer after the final dot is lost on a real connection: the letter goes
// again with the same Message-ID, and the reader's client shows one.
func TestLostAnswer(t *testing.T) {
	srv := start(t, false, nil)
	srv.setOnce("END", "drop")
	o := newOutbox(t, due(1, loop.Gate))
	l, c, _ := sending(t, o, srv.sender(t, TLSNone))
	if n, err := l.Once(within(t, 10*time.Second)); n != 0 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	c.at = noon.Add(time.Hour)
	if n, err := l.Once(within(t, 10*time.Second)); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	got := srv.got()
	if len(got) != 2 || got[0].raw != got[1].raw || !got[0].whole || !strings.Contains(got[0].raw, "Message-ID: <t12r1.") {
		t.Errorf("%d copies", len(got))
	}
}

func TestRefusedForGood(t *testing.T) {
	o := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt))
	s := &postman{answers: []error{&SendError{Stage: "rcpt", Code: 550, Permanent: true, Err: errors.New("550 no such user")}}}
	l, _, failed := sending(t, o, s)
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if got := o.states(); got[1] != "failed" || got[2] != "sent" || len(*failed) != 1 || !strings.Contains((*failed)[0], "no such user") {
		t.Errorf("%v, %v", got, *failed)
	}
}

// picky refuses the sender of some letters.
type picky struct {
	of   func(from string) bool
	took int
}

func (s *picky) Send(_ context.Context, from, _ string, _ []byte) error {
	if s.of(from) {
		return &SendError{Stage: "mail", Code: 550, Err: errors.New("550 this sender is not yours")}
	}
	s.took++
	return nil
}

// A sender that the server refuses costs no letter as long as it refuses all;
// one that it refuses while it takes others is told within the hour.
func TestRefusedSender(t *testing.T) {
	for name, c := range map[string]struct {
		of    func(from string) bool
		state string
	}{
		"every one":     {func(string) bool { return true }, "waiting"},
		"the empty one": {func(from string) bool { return from == "" }, "failed"},
	} {
		posts := []*loop.Post{due(1, loop.Receipt)}
		for i := range int64(10) {
			later := due(2+i, loop.Gate)
			later.Letter.Due = noon.Add(time.Duration(i) * 7 * time.Minute)
			posts = append(posts, later)
		}
		o := newOutbox(t, posts...)
		s := &picky{of: c.of}
		l, clock, failed := sending(t, o, s)
		for range 70 {
			if _, err := l.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			clock.at = clock.at.Add(time.Minute)
		}
		if got := o.states()[1]; got != c.state || (len(*failed) > 0) != (c.state == "failed") {
			t.Errorf("%s: %s, failed %v, %d taken", name, got, *failed, s.took)
		}
	}
}

// A login that is refused while others get in is not the letter's fault,
// however often it meets it.
func TestRefusedLoginCostsNoLetter(t *testing.T) {
	o := newOutbox(t, due(1, loop.Gate))
	l, clock, failed := sending(t, o, senderFunc(func() error {
		return &SendError{Stage: "mail", Code: 530, Err: errors.New("530 log in first")}
	}))
	for range 9 {
		l.tookAt.Store(clock.now().Unix())
		if _, err := l.Once(t.Context()); err == nil {
			t.Fatal("the pass went on")
		}
		clock.move(5 * time.Hour)
	}
	if r := o.row(1); r.state != "waiting" || r.post.Attempts != 9 || len(*failed) != 0 {
		t.Errorf("%s after %d tries, failed %v", r.state, r.post.Attempts, *failed)
	}
}

// A letter that cannot be put into bytes is failed with its reason and stops
// nothing else.
func TestCannotBeComposed(t *testing.T) {
	postcard, stranger, nobody := due(1, loop.Gate), due(2, loop.Gate), due(3, loop.Gate)
	postcard.Letter.Kind = "postcard"
	stranger.Letter.Team = "other@acme.example"
	nobody.Letter.To = "nobody"
	o, s := newOutbox(t, postcard, stranger, nobody, due(4, loop.Gate)), &postman{}
	l, _, failed := sending(t, o, s)
	team := l.Teams["shop@acme.example"]
	team.People = append(team.People, loop.Person{Email: []string{"nobody"}, Zone: time.UTC})
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if got := o.states(); got[1]+got[2]+got[3]+got[4] != "failedfailedfailedsent" || len(*failed) != 3 {
		t.Errorf("%v, %q", got, *failed)
	}
	for i, want := range []string{`"postcard"`, `"other@acme.example"`, `"nobody"`} {
		if !strings.Contains((*failed)[i], want) {
			t.Errorf("reason %q does not name %s", (*failed)[i], want)
		}
	}
}

// A letter that the store cannot read again is given up, whatever of it is left,
// and holds up no other.
func TestDamagedLetter(t *testing.T) {
	unread, unsaid := due(1, loop.Gate), due(2, loop.Gate)
	unread.Damaged, unsaid.Damaged = "what it is to say cannot be read", "its bytes cannot be had again"
	unread.Raw, unread.MessageID = []byte("Subject: x\r\n\r\nx\r\n"), "1@acme.example"
	o, s := newOutbox(t, unread, unsaid, due(3, loop.Gate)), &postman{}
	l, _, failed := sending(t, o, s)
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if got := o.states(); got[1]+got[2]+got[3] != "failedfailedsent" || !slices.Equal(*failed, []string{unread.Damaged, unsaid.Damaged}) {
		t.Errorf("%v, %q", got, *failed)
	}
}

func TestGivenUpAfterThreeDays(t *testing.T) {
	p := due(1, loop.Gate)
	o, s := newOutbox(t, p), &postman{}
	for range 100 {
		s.answers = append(s.answers, &SendError{Stage: "rcpt", Code: 451, Err: errors.New("451 later")})
	}
	l, c, failed := sending(t, o, s)
	for o.states()[1] == "waiting" {
		if _, err := l.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if at, ok, _ := o.WakePost(t.Context()); ok {
			c.at = at
		}
	}
	if days := c.at.Sub(noon).Hours() / 24; days < 2.5 || days > 3.5 || len(*failed) != 1 || !strings.Contains((*failed)[0], "three days") {
		t.Errorf("given up after %.1f days: %v", days, *failed)
	}
}

// A server that is out of reach, or lets nobody in, for longer than three days costs
// no letter; one that says "not now" to a single letter while it takes others does.
func TestLongOutage(t *testing.T) {
	for _, trouble := range []*SendError{
		{Stage: "connect", Err: errors.New("connection refused")},
		{Stage: "auth", Code: 535, Err: errors.New("535 wrong password")},
		{Stage: "mail", Code: 421, Err: errors.New("421 closing for today")},
		{Stage: "mail", Code: 550, Err: errors.New("550 5.4.5 Daily user sending limit exceeded")},
		{Stage: "mail", Code: 452, Err: errors.New("452 4.3.1 out of space")},
		{Stage: "end", Code: 554, Err: errors.New("554 5.7.60 not allowed to send as this sender")},
	} {
		o := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt), due(3, loop.TaskLetter))
		out, grey := true, 0
		l, c, failed := sending(t, o, sender(func() error {
			if out {
				return trouble
			}
			if grey++; grey <= 3 {
				return &SendError{Stage: "rcpt", Code: 450, Err: errors.New("450 greylisted")}
			}
			return nil
		}))
		for range 5 * 24 * 6 {
			_, _ = l.Once(t.Context())
			c.move(10 * time.Minute)
		}
		out = false
		c.move(5 * time.Hour)
		if n, err := l.Once(t.Context()); n != 0 || err != nil || grey != 3 {
			t.Errorf("%v: then %d sent, %v, %d were tried", trouble, n, err, grey)
		}
		c.move(5 * time.Hour)
		if n, err := l.Once(t.Context()); n != 3 || err != nil || len(*failed) != 0 {
			t.Errorf("%v: then %d sent, %v, failed %q", trouble, n, err, *failed)
		}
	}
	o := newOutbox(t, due(1, loop.Gate))
	for i := range int64(100) {
		p := due(2+i, loop.TaskLetter)
		p.Letter.Due = noon.Add(time.Duration(i) * time.Hour)
		o.rows = append(o.rows, newOutbox(t, p).rows...)
	}
	l, c, failed := sending(t, o, picker(func(to string) error {
		if to == "priya@acme.example" {
			return &SendError{Stage: "rcpt", Code: 421, Err: errors.New("421 4.7.0 not now")}
		}
		return nil
	}))
	for range 4 * 24 * 6 {
		_, _ = l.Once(t.Context())
		c.move(10 * time.Minute)
	}
	if got := o.states()[1]; got != "failed" || len(*failed) != 1 {
		t.Errorf("the one that is told to wait while others go is %s, failed %q", got, *failed)
	}
}

type picker func(to string) error

func (f picker) Send(_ context.Context, _, to string, _ []byte) error { return f(to) }

// Nights and days off put tries off, and still nobody waits much longer than three
// days to hear of it; a letter that is old when it is first tried has its tries
// all the same.
func TestGivenUpByWorkingHours(t *testing.T) {
	monday := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		due, begin  time.Time
		least, most time.Duration // from begin
	}{
		"of a Monday":          {monday, monday, 3 * 24 * time.Hour, 4 * 24 * time.Hour},
		"of a Friday":          {monday.Add(104 * time.Hour), monday.Add(104 * time.Hour), 3 * 24 * time.Hour, 6 * 24 * time.Hour},
		"older, of a vacation": {monday.Add(-20 * 24 * time.Hour), monday, 36 * time.Hour, 4 * 24 * time.Hour},
	} {
		p := due(1, loop.Gate)
		p.Letter.Due = c.due
		o := newOutbox(t, p)
		l, clock, failed := sending(t, o, sender(func() error {
			return &SendError{Stage: "rcpt", Code: 452, Err: errors.New("452 4.2.2 mailbox full")}
		}))
		for i := range l.Teams["shop@acme.example"].People {
			l.Teams["shop@acme.example"].People[i].Hours, _ = loop.ParseHours("mon-fri 09:00-17:30")
		}
		for clock.at = c.begin; o.states()[1] == "waiting"; {
			if _, err := l.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			if at, ok, _ := o.WakePost(t.Context()); ok {
				clock.at = at
			}
		}
		if took := clock.at.Sub(c.begin); took < c.least || took > c.most || len(*failed) != 1 {
			t.Errorf("a letter %s was given up after %v, want %v to %v", name, took, c.least, c.most)
		}
	}
}

// A server that cannot be reached is tried once a pass, not once a letter.
func TestUnreachableServerEndsThePass(t *testing.T) {
	o := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt))
	s := &postman{answers: []error{&SendError{Stage: "auth", Code: 535, Err: errors.New("535 wrong password")}}}
	l, _, failed := sending(t, o, s)
	if n, err := l.Once(t.Context()); n != 0 || err == nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if s.count() != 1 || o.rows[0].post.Attempts != 1 || o.rows[1].post.Attempts != 0 || len(*failed) != 0 {
		t.Errorf("%d tries, failed %v: a wrong password must cost no letter", s.count(), *failed)
	}
	if n, err := l.Once(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
}

func TestCancelledSendingCountsNothing(t *testing.T) {
	o := newOutbox(t, due(1, loop.Gate))
	ctx, cancel := context.WithCancel(t.Context())
	l, _, failed := sending(t, o, senderFunc(func() error { cancel(); return errors.New("closed") }))
	if _, err := l.Once(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if r := o.rows[0]; r.state != "waiting" || r.post.Attempts != 0 || r.post.Raw == nil || len(*failed) != 0 {
		t.Errorf("%s after %d attempts", r.state, r.post.Attempts)
	}
}

type senderFunc func() error

func (f senderFunc) Send(context.Context, string, string, []byte) error { return f() }

// The outbox fails at each of its methods, before or after its work: the pass
// ends with the error, and the next one leads to the same end, with the same
// bytes each time.
func TestOutboxFails(t *testing.T) {
	for _, method := range []string{"next", "keep", "sent", "later", "fail"} {
		for _, how := range []string{"not", "done"} {
			t.Run(method+" "+how, func(t *testing.T) {
				o, s := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt)), &postman{}
				want := map[int64]string{1: "sent", 2: "sent"}
				switch method {
				case "later":
					s.answers = []error{&SendError{Stage: "mail", Code: 451, Err: errors.New("later")}}
				case "fail":
					s.answers = []error{&SendError{Stage: "mail", Code: 550, Permanent: true, Err: errors.New("no")}}
					if want[1] = "failed"; how == "not" {
						s.answers = append(s.answers, s.answers[0])
					}
				}
				o.fail[method] = how
				l, c, _ := sending(t, o, s)
				if _, err := l.Once(t.Context()); !errors.Is(err, errFake) {
					t.Fatalf("error %v", err)
				}
				c.at = noon.Add(time.Hour)
				if _, err := l.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := o.states(); !maps.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
				l.taken.Range(func(serial, _ any) bool {
					if method != "sent" || how != "done" {
						t.Errorf("letter %d is still remembered as taken", serial)
					}
					return true
				})
				if method == "sent" && len(s.sent) != 2 {
					t.Errorf("%d letters went out: what the server took must not go out again because it could not be noted", len(s.sent))
				}
				first := map[string][]byte{}
				for _, raw := range s.sent {
					id, _, _ := strings.Cut(string(raw[bytes.Index(raw, []byte("Message-ID:")):]), "\r\n")
					if old, ok := first[id]; ok && !bytes.Equal(old, raw) {
						t.Errorf("%s went out with other bytes", id)
					}
					first[id] = raw
				}
				if len(first) != 2 {
					t.Errorf("%d Message-IDs for two letters", len(first))
				}
			})
		}
	}
}

// An outbox that gives the same letter out for ever must not become a flood.
func TestNeverTwiceInAPass(t *testing.T) {
	o, s := newOutbox(t, due(1, loop.Gate)), &postman{}
	l, _, _ := sending(t, o, s)
	l.Outbox = forgetful{o}
	if n, err := l.Once(t.Context()); n != 1 || err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("%d sent, %v", n, err)
	}
}

// A pass that lasts longer than a letter's wait tries that letter again, and
// goes on: it is no outbox that forgets.
func TestRetryWithinAPass(t *testing.T) {
	for _, connections := range []int{0, 1} {
		o := newOutbox(t, due(1, loop.Gate))
		for i := range int64(3 * batch) {
			o.rows = append(o.rows, newOutbox(t, due(2+i, loop.DigestMail)).rows...)
		}
		l, c, failed := sending(t, o, nil)
		tries := 0
		l.Sender = sender(func() error {
			c.move(10 * time.Second) // a server that takes its time
			if tries++; tries == 1 {
				return &SendError{Stage: "rcpt", Code: 450, Err: errors.New("450 greylisted")}
			}
			return nil
		})
		l.Connections = connections
		if n, err := l.Once(within(t, 20*time.Second)); n != 3*batch+1 || err != nil || len(*failed) != 0 || o.states()[1] != "sent" {
			t.Errorf("%d connections: %d sent, %v, failed %v, the first is %s", connections, n, err, *failed, o.states()[1])
		}
	}
}

type forgetful struct{ *outbox }

func (forgetful) SentPost(context.Context, time.Time, ...int64) error { return nil }

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		soon, far := due(1, loop.Gate), due(2, loop.Receipt)
		soon.Letter.Due, far.Letter.Due = begun.Add(20*time.Second), begun.Add(24*time.Hour)
		o, s := newOutbox(t, soon, far), &postman{}
		l, _, _ := sending(t, o, s)
		l.Now = time.Now
		ctx, cancel := context.WithCancel(t.Context())
		wake, end := make(chan struct{}), make(chan error, 1)
		go func() { end <- l.Run(ctx, wake) }()
		time.Sleep(21 * time.Second) // of the bubble's clock
		synctest.Wait()
		if s.count() != 1 {
			t.Errorf("%d letters after 21 seconds", s.count())
		}
		third := due(3, loop.Gate)
		third.Letter.Due = time.Now()
		o.mu.Lock()
		o.rows = append(o.rows, &row{post: *third, next: time.Now(), state: "waiting"})
		o.mu.Unlock()
		wake <- struct{}{}
		synctest.Wait()
		if s.count() != 2 {
			t.Errorf("%d letters after the wake", s.count())
		}
		o.mu.Lock()
		o.fail["next"] = "not" // an outbox that fails once stops nothing
		o.mu.Unlock()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if s.count() != 3 {
			t.Errorf("%d letters after a day", s.count())
		}
		cancel()
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// A failure that could not be told is not noted: the letter waits, and is
// refused and told again.
func TestFailureIsToldFirst(t *testing.T) {
	refused := &SendError{Stage: "rcpt", Code: 550, Permanent: true, Err: errors.New("550 no such user")}
	o := newOutbox(t, due(1, loop.Gate))
	l, _, _ := sending(t, o, &postman{answers: []error{refused, refused}})
	deaf := true
	l.Failed = func(context.Context, *loop.Post, string) error {
		if o.states()[1] != "waiting" {
			t.Error("told after it was noted")
		}
		if deaf {
			return errFake
		}
		return nil
	}
	if _, err := l.Once(t.Context()); !errors.Is(err, errFake) || o.states()[1] != "waiting" {
		t.Errorf("%v, %v", err, o.states())
	}
	deaf = false
	if _, err := l.Once(t.Context()); err != nil || o.states()[1] != "failed" {
		t.Errorf("%v, %v", err, o.states())
	}
}

// A sender that panics at one letter sends the others.
func TestPanicWhileSending(t *testing.T) {
	o := newOutbox(t, due(1, loop.Gate), due(2, loop.Receipt))
	n := 0
	l, _, _ := sending(t, o, sender(func() error {
		if n++; n == 1 {
			panic("no such header")
		}
		return nil
	}))
	if sent, err := l.Once(t.Context()); sent != 1 || err != nil {
		t.Fatalf("%d sent, %v", sent, err)
	}
	if got := o.states(); got[1] != "waiting" || got[2] != "sent" || !strings.Contains(o.row(1).reason, "no such header") {
		t.Errorf("%v, reason %q", got, o.row(1).reason)
	}
}
