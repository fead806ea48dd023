package mailout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatepost/loop"
)

// watcher is a Sender that counts who is under way at once, and keeps the
// order of what was tried. Each letter waits until as many others are there as
// can be, or a moment is over.
type watcher struct {
	t      *testing.T
	mu     sync.Mutex
	now    int
	most   int
	tried  map[string]int
	order  []string        // recipient and task, as they began
	under  map[string]bool // threads under way
	answer func(raw string) error
	full   chan struct{} // closed when meet letters were under way at once
	once   sync.Once
	meet   int
}

func newWatcher(t *testing.T, meet int) *watcher {
	return &watcher{t: t, tried: map[string]int{}, under: map[string]bool{}, full: make(chan struct{}), meet: meet}
}

func (w *watcher) Send(ctx context.Context, _, to string, raw []byte) error {
	_, rest, _ := strings.Cut(string(raw), "Message-ID: ")
	id, _, _ := strings.Cut(rest, "\r\n")
	_, rest, _ = strings.Cut(string(raw), "X-Gatepost-Task: ")
	task, _, _ := strings.Cut(rest, "\r\n")
	thread := to + " " + task
	w.mu.Lock()
	if w.tried[id]++; w.tried[id] > 1 {
		w.t.Errorf("%s was sent twice", id)
	}
	if w.under[thread] {
		w.t.Errorf("two letters of %s are under way at once", thread)
	}
	w.under[thread] = true
	w.order = append(w.order, thread+" "+id)
	w.now++
	w.most = max(w.most, w.now)
	if w.now == w.meet {
		w.once.Do(func() { close(w.full) })
	}
	w.mu.Unlock()
	select {
	case <-w.full:
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now--
	delete(w.under, thread)
	if w.answer != nil {
		return w.answer(id)
	}
	return nil
}

func many(n, people int) []*loop.Post {
	var list []*loop.Post
	for i := range n {
		p := due(int64(i+1), loop.Gate)
		p.Letter.To = fmt.Sprintf("p%d@acme.example", i%people)
		list = append(list, p)
	}
	return list
}

// Several workers: each letter goes once, those of one thread in order, never
// more than the connections there are, and all of them are used.
func TestTogether(t *testing.T) {
	o, w := newOutbox(t, many(120, 7)...), newWatcher(t, 4)
	l, _, failed := sending(t, o, w)
	l.Connections = 4
	if n, err := l.Once(within(t, 20*time.Second)); n != 120 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if w.most != 4 || len(*failed) != 0 {
		t.Errorf("%d at once, failed %v", w.most, *failed)
	}
	last := map[string]int{}
	for _, line := range w.order {
		f := strings.Fields(line)
		var serial int
		id := strings.Split(strings.Trim(f[len(f)-1], "<>"), ".")
		if _, err := fmt.Sscan(strings.Split(id[2], "@")[0], &serial); err != nil {
			t.Fatal(err)
		}
		if serial < last[f[0]] {
			t.Errorf("%s got letter %d after %d", f[0], serial, last[f[0]])
		}
		last[f[0]] = serial
	}
}

// More connections than threads: the letters of one thread still go one after the
// other.
func TestTogetherInThreads(t *testing.T) {
	o, w := newOutbox(t, many(40, 2)...), newWatcher(t, 2)
	l, _, _ := sending(t, o, w)
	l.Connections = 4
	if n, err := l.Once(within(t, 20*time.Second)); n != 40 || err != nil || w.most != 2 {
		t.Errorf("%d sent, %d at once, %v", n, w.most, err)
	}
}

// A server that cannot be reached ends the pass for all workers, and costs at
// most one try for each of them.
func TestTogetherUnreachable(t *testing.T) {
	o, w := newOutbox(t, many(60, 60)...), newWatcher(t, 3)
	w.answer = func(string) error { return &SendError{Stage: "connect", Err: errors.New("refused")} }
	l, _, _ := sending(t, o, w)
	l.Connections = 3
	if n, err := l.Once(within(t, 20*time.Second)); n != 0 || err == nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if len(w.tried) > 3 {
		t.Errorf("%d letters were tried", len(w.tried))
	}
	for _, r := range o.rows {
		if r.state != "waiting" {
			t.Errorf("letter %d is %s", r.post.Serial, r.state)
		}
	}
}

// What a server has taken is noted even when the pass is told to stop, and
// what was not begun stays due.
func TestTogetherStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t, 20*time.Second))
	o, w := newOutbox(t, many(60, 60)...), newWatcher(t, 3)
	w.answer = func(string) error { cancel(); return nil }
	l, _, _ := sending(t, o, w)
	l.Connections = 3
	n, err := l.Once(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	noted := 0
	for _, state := range o.states() {
		if state == "sent" {
			noted++
		}
	}
	if noted != len(w.tried) || n != noted {
		t.Errorf("%d taken, %d noted, %d told", len(w.tried), noted, n)
	}
}

// An outbox that fails to note ends the pass; the next one sends no other
// bytes.
func TestTogetherOutboxFails(t *testing.T) {
	for _, method := range []string{"next", "keep", "sent", "later"} {
		o := newOutbox(t, many(40, 40)...)
		o.fail[method] = "not"
		w := newWatcher(t, 2)
		if method == "later" {
			w.answer = func(string) error { return &SendError{Stage: "rcpt", Code: 450, Err: errors.New("later")} }
		}
		l, _, _ := sending(t, o, w)
		l.Connections = 2
		if _, err := l.Once(within(t, 20*time.Second)); !errors.Is(err, errFake) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// carrier is a Sender as a function.
type carrier func(ctx context.Context, to string) error

func (f carrier) Send(ctx context.Context, _, to string, _ []byte) error { return f(ctx, to) }

// A letter that takes its time holds up none but its own connection.
func TestTogetherSlow(t *testing.T) {
	const letters = 250
	o := newOutbox(t, many(letters, letters)...)
	var others atomic.Int32
	all := make(chan struct{})
	l, _, _ := sending(t, o, carrier(func(ctx context.Context, to string) error {
		if to != "p0@acme.example" {
			if others.Add(1) == letters-1 {
				close(all)
			}
			return nil
		}
		select {
		case <-all:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	l.Connections = 2
	if n, err := l.Once(within(t, 20*time.Second)); n != letters || err != nil {
		t.Errorf("%d sent, %v; %d others", n, err, others.Load())
	}
	if o.asked > letters {
		t.Errorf("the outbox was asked %d times what is next", o.asked)
	}
}

// A letter that comes while a server is slow to take another is sent beside it.
func TestTogetherWoken(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t, 20*time.Second))
	defer cancel()
	o := newOutbox(t, many(1, 1)...)
	wake, second := make(chan struct{}, 1), make(chan struct{})
	l, _, _ := sending(t, o, carrier(func(ctx context.Context, to string) error {
		if to == "boss@acme.example" {
			close(second)
			return nil
		}
		gate := due(2, loop.Gate)
		gate.Letter.To = "boss@acme.example"
		o.mu.Lock()
		o.rows = append(o.rows, newOutbox(t, gate).rows...)
		o.mu.Unlock()
		wake <- struct{}{}
		select {
		case <-second:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	l.Connections = 2
	l.Passed = func(sent int, err error) {
		if sent != 2 || err != nil {
			t.Errorf("%d sent, %v", sent, err)
		}
		cancel()
	}
	if err := l.Run(ctx, wake); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A letter that somebody waits for and that comes while digests are being sent
// goes before most of them.
func TestTogetherOvertakes(t *testing.T) {
	posts := many(200, 200)
	for _, p := range posts {
		p.Letter.Kind = loop.DigestMail
	}
	o := newOutbox(t, posts...)
	var mu sync.Mutex
	n, at := 0, 0
	l, _, _ := sending(t, o, carrier(func(_ context.Context, to string) error {
		mu.Lock()
		defer mu.Unlock()
		if n++; to == "boss@acme.example" {
			at = n
		}
		if n == 20 {
			gate := due(201, loop.Gate)
			gate.Letter.To = "boss@acme.example"
			o.mu.Lock()
			defer o.mu.Unlock()
			o.rows = append(o.rows, newOutbox(t, gate).rows...)
		}
		return nil
	}))
	l.Connections = 2
	if sent, err := l.Once(within(t, 20*time.Second)); sent != 201 || err != nil {
		t.Fatalf("%d sent, %v", sent, err)
	}
	if most := 20 + batch + chunk + l.Connections; at > most {
		t.Errorf("it was letter %d, want at most %d", at, most)
	}
}

// What is under way counts for the limits before it is noted.
func TestTogetherLimits(t *testing.T) {
	posts := many(60, 60)
	for _, p := range posts[30:] {
		p.Letter.Kind = loop.DigestMail
	}
	o, w := newOutbox(t, posts...), newWatcher(t, 4)
	l, _, _ := sending(t, o, w)
	l.Connections, l.Limits = 4, Limits{PerDay: 50}
	if n, err := l.Once(within(t, 20*time.Second)); n != 40 || err != nil { // a fifth is left for what somebody waits for
		t.Errorf("%d sent, %v", n, err)
	}
	o.mu.Lock()
	o.rows = append(o.rows, newOutbox(t, many(80, 80)[60:]...).rows...)
	o.mu.Unlock()
	if n, err := l.Once(within(t, 20*time.Second)); n != 10 || err != nil {
		t.Errorf("then %d sent, %v", n, err)
	}
}

// A letter that is taken back while it waits behind others is not sent.
func TestTakenBack(t *testing.T) {
	for _, connections := range []int{0, 1} {
		o, w := newOutbox(t, many(3, 3)...), newWatcher(t, 1)
		w.answer = func(string) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.row(3).state = "cancelled"
			return nil
		}
		l, _, _ := sending(t, o, w)
		l.Connections = connections
		if n, err := l.Once(within(t, 20*time.Second)); n != 2 || err != nil {
			t.Errorf("%d sent, %v", n, err)
		}
	}
}

// When a limit binds, what somebody waits for goes first, and of a day's a
// fifth is left for it.
func TestLimits(t *testing.T) {
	var posts []*loop.Post
	for i := range 30 {
		p := due(int64(i+1), loop.DigestMail)
		p.Letter.Due = noon.Add(-2 * time.Hour) // they have been due longest
		posts = append(posts, p)
	}
	posts = append(posts, due(31, loop.Gate), due(32, loop.Receipt))
	o, s := newOutbox(t, posts...), &postman{}
	l, c, _ := sending(t, o, s)
	l.Limits = Limits{PerMinute: 10, PerDay: 20}
	pass := func(want int) {
		t.Helper()
		if n, err := l.Once(t.Context()); n != want || err != nil {
			t.Errorf("%d sent, want %d: %v", n, want, err)
		}
	}
	pass(10)
	if got := o.states(); got[31] != "sent" || got[32] != "sent" {
		t.Error("the gate letter waits behind digests")
	}
	pass(0)
	c.at = c.at.Add(61 * time.Second)
	pass(6) // 16 of 20: the rest of the day is for others
	c.at = c.at.Add(61 * time.Second)
	pass(0)
	o.rows = append(o.rows, newOutbox(t, due(33, loop.Gate), due(34, loop.Gate), due(35, loop.Gate), due(36, loop.Gate), due(37, loop.Gate)).rows...)
	pass(4)
	c.at = c.at.Add(61 * time.Second)
	pass(0)
	c.at = c.at.Add(24 * time.Hour)
	pass(10)
	if got := o.states(); got[37] != "sent" {
		t.Error("the last gate letter did not go first on the next day")
	}
}

// What was sent cannot be counted: nothing is sent beyond what may be, and the
// pass says why.
func TestLimitsUnknown(t *testing.T) {
	for _, limits := range []Limits{{PerMinute: 1}, {PerDay: 1}} {
		for _, connections := range []int{0, 1} {
			o, s := newOutbox(t, due(1, loop.Gate)), &postman{}
			o.fail["count"] = "not"
			l, _, _ := sending(t, o, s)
			l.Limits, l.Connections = limits, connections
			if n, err := l.Once(within(t, 20*time.Second)); n != 0 || !errors.Is(err, errFake) || s.count() != 0 {
				t.Errorf("%+v: %d sent, %v", limits, n, err)
			}
		}
	}
}

// Letters that a limit holds back are not looked for without pause.
func TestPauseAtALimit(t *testing.T) {
	for _, m := range []Limits{{PerMinute: 10}, {PerDay: 10}, {10, 10}} {
		if m.pause() < time.Second {
			t.Errorf("%+v: looks again after %v", m, m.pause())
		}
	}
}

// The pool keeps its connections, bounds them, and ends one when the provider
// wants it.
func TestPool(t *testing.T) {
	srv := start(t, false, nil)
	pool := &Pool{Connections: 3, New: func() *SMTP {
		s := srv.sender(t, TLSNone)
		s.Letters = 5
		return s
	}}
	ctx := within(t, 20*time.Second)
	errs := make([]error, 30)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = pool.Line(i).Send(ctx, "", fmt.Sprintf("p%d@acme.example", i), []byte("Subject: x\r\n\r\nx\r\n"))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil || len(srv.got()) != 30 {
		t.Fatalf("%d taken, %v", len(srv.got()), err)
	}
	if n := srv.connections(); n != 6 || len(pool.lines) != 3 { // 30 letters, five for each connection
		t.Errorf("%d connections, %d at once", n, len(pool.lines))
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	if err := pool.Send(ctx, "", "p@acme.example", []byte("Subject: x\r\n\r\nx\r\n")); err != nil || srv.connections() != 7 {
		t.Errorf("after Close: %v, %d connections", err, srv.connections())
	}
	_ = pool.Close()
}

// What its reader was to be asked has been settled while the letter waited. It is
// taken back, once; a letter that was put into words before is not.
func TestLapsed(t *testing.T) {
	for _, connections := range []int{0, 2} {
		kept := due(2, loop.Gate)
		if err := Compose(kept, team(), "acme.example", noon); err != nil {
			t.Fatal(err)
		}
		o, s := newOutbox(t, due(1, loop.Gate), kept, due(3, loop.Approved)), &postman{}
		task := func(state loop.TaskState) *loop.Task {
			return &loop.Task{Number: 12, Stream: "web", State: state, Round: 1}
		}
		o.tasks = map[int]*loop.Task{12: task(loop.Approve)}
		l, _, failed := sending(t, o, s)
		l.Connections = connections
		for _, trouble := range []string{"tasks", "cancel"} {
			o.fail[trouble] = "not"
			if n, err := l.Once(within(t, 20*time.Second)); n != 0 || !errors.Is(err, errFake) || o.states()[1] != "waiting" {
				t.Errorf("the outbox fails at %s: %d sent, %v, %v", trouble, n, err, o.states())
			}
		}
		if n, err := l.Once(within(t, 20*time.Second)); n != 2 || err != nil || len(*failed) != 0 {
			t.Errorf("%d sent, %v, failed %v", n, err, *failed)
		}
		if got := o.states(); got[1] != "cancelled" || got[2] != "sent" || got[3] != "sent" || !strings.Contains(o.row(1).reason, "#12") {
			t.Errorf("%v, reason %q", got, o.row(1).reason)
		}
		l.Outbox = newOutbox(t, due(1, loop.Gate))
		l.Teams["shop@acme.example"].People = nil // whoever left is not written to
		if n, err := l.Once(within(t, 20*time.Second)); n != 0 || err != nil {
			t.Errorf("to somebody who left: %d sent, %v", n, err)
		}
		l.Teams["shop@acme.example"] = team()
		o = newOutbox(t, due(1, loop.Gate))
		o.tasks = map[int]*loop.Task{12: task(loop.AtGate)}
		l.Outbox = o
		if n, err := l.Once(within(t, 20*time.Second)); n != 1 || err != nil {
			t.Errorf("still at the gate: %d sent, %v", n, err)
		}
	}
}

// A failure among letters that are being put into words lets none of them be
// sent: the ones before it are in words and not kept.
func TestNothingUnkeptIsSent(t *testing.T) {
	for _, trouble := range []string{"fail", "cancel"} {
		bad := due(2, loop.Gate)
		if trouble == "fail" {
			bad.Letter.Team = "gone@acme.example" // it cannot be put into words, and that cannot be noted
		}
		posts := []*loop.Post{due(1, loop.Alert), bad}
		o := newOutbox(t, posts...)
		o.tasks = map[int]*loop.Task{12: {Number: 12, Stream: "web", State: loop.Approve, Round: 1}} // it has lapsed
		l, _, _ := sending(t, o, &postman{})
		o.fail[trouble] = "not"
		ready, err := l.prepare(t.Context(), posts)
		if len(posts[0].Raw) == 0 || len(ready) != 0 || !errors.Is(err, errFake) {
			t.Errorf("%s: %d bytes in words, %d letters to send, %v", trouble, len(posts[0].Raw), len(ready), err)
		}
	}
}
