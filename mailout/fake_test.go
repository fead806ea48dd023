package mailout

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"gatepost/loop"
)

var errFake = errors.New("disk full")

// outbox is an Outbox in memory that checks what it is told. fail makes the
// next call of a method fail, after doing nothing ("not") or after doing its
// work ("done").
type outbox struct {
	t     *testing.T
	mu    sync.Mutex
	rows  []*row
	tasks map[int]*loop.Task
	away  map[string][]loop.Span
	fail  map[string]string
	asked int // how often NextPosts was
}

type row struct {
	post   loop.Post
	next   time.Time
	state  string // waiting, sent, failed
	reason string
	waits  []time.Duration
	now    time.Time // of the last NextPosts that gave it out
	sent   time.Time
}

func newOutbox(t *testing.T, posts ...*loop.Post) *outbox {
	o := &outbox{t: t, fail: map[string]string{}}
	for _, p := range posts {
		o.rows = append(o.rows, &row{post: *p, next: p.Letter.Due, state: "waiting"})
	}
	return o
}

// call does a method's work under the failure that was ordered for it.
func (o *outbox) call(name string, work func()) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	how := o.fail[name]
	delete(o.fail, name)
	if how == "not" {
		return errFake
	}
	work()
	if how == "done" {
		return errFake
	}
	return nil
}

func (o *outbox) row(serial int64) *row {
	for _, r := range o.rows {
		if r.post.Serial == serial {
			return r
		}
	}
	o.t.Errorf("letter %d is not in the outbox", serial)
	return &row{}
}

func (o *outbox) NextPosts(_ context.Context, now time.Time, most, scheduled int, underway ...int64) (posts []*loop.Post, err error) {
	err = o.call("next", func() {
		o.asked++
		left := map[bool]int{false: most}
		for _, later := range []bool{false, true} {
			if later {
				left[later] = min(scheduled, left[false])
			}
			for _, r := range o.rows {
				k := r.post.Letter.Kind
				if is := k == loop.DigestMail || k == loop.Prompt || k == loop.WeeklyMail; is == later && r.state == "waiting" && !r.next.After(now) && left[later] > 0 && !slices.Contains(underway, r.post.Serial) {
					left[later]--
					r.now = now
					c := r.post
					posts = append(posts, &c)
				}
			}
		}
	})
	return posts, err
}

func (o *outbox) Waits(_ context.Context, serial int64) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.row(serial).state == "waiting", nil
}

func (o *outbox) Standings(_ context.Context, _ string, numbers ...int) (map[int]*loop.Standing, error) {
	found := map[int]*loop.Standing{}
	err := o.call("tasks", func() {
		for _, n := range numbers {
			if t := o.tasks[n]; t != nil {
				found[n] = t.Standing()
			}
		}
	})
	return found, err
}

func (o *outbox) Presence(_ context.Context, _, key string) (p *loop.Presence, err error) {
	err = o.call("presence", func() { p = &loop.Presence{Key: key, Away: o.away[key]} })
	return p, err
}

func (o *outbox) CancelPost(_ context.Context, _ time.Time, reasons map[int64]string) error {
	return o.call("cancel", func() {
		for serial, reason := range reasons {
			if o.row(serial).post.Raw != nil {
				o.t.Errorf("letter %d was taken back when it was kept", serial)
			}
			o.end(serial, "cancelled", reason)
		}
	})
}

func (o *outbox) SentSince(_ context.Context, at time.Time) (n int, err error) {
	err = o.call("count", func() {
		for _, r := range o.rows {
			if r.state == "sent" && r.sent.After(at) {
				n++
			}
		}
	})
	return n, err
}

func (o *outbox) KeepPost(_ context.Context, posts ...*loop.Post) error {
	return o.call("keep", func() {
		for _, p := range posts {
			r := o.row(p.Serial)
			if r.post.Raw != nil && !bytes.Equal(r.post.Raw, p.Raw) {
				o.t.Errorf("letter %d: kept bytes are replaced", p.Serial)
			}
			if len(p.Raw) == 0 || p.MessageID == "" || p.Text == "" {
				o.t.Errorf("letter %d: kept without bytes, Message-ID or text", p.Serial)
			}
			r.post.Raw, r.post.MessageID, r.post.Sender, r.post.Text = bytes.Clone(p.Raw), p.MessageID, p.Sender, p.Text
		}
	})
}

func (o *outbox) SentPost(_ context.Context, at time.Time, serials ...int64) error {
	return o.call("sent", func() {
		for _, n := range serials {
			o.end(n, "sent", "")
			o.row(n).sent = at
		}
	})
}

func (o *outbox) FailPost(_ context.Context, serial int64, at time.Time, reason string) error {
	return o.call("fail", func() { o.end(serial, "failed", reason) })
}

func (o *outbox) end(serial int64, state, reason string) {
	r := o.row(serial)
	if r.state != "waiting" {
		o.t.Errorf("letter %d: %s after it was %s", serial, state, r.state)
	}
	if state == "sent" && r.post.Raw == nil {
		o.t.Errorf("letter %d was sent without being kept", serial)
	}
	r.state, r.reason = state, reason
}

func (o *outbox) LaterPost(_ context.Context, serial int64, next time.Time, reason string) error {
	return o.call("later", func() {
		r := o.row(serial)
		if r.state != "waiting" || reason == "" || !next.After(r.now) {
			o.t.Errorf("letter %d (%s): later at %v, reason %q", serial, r.state, next, reason)
		}
		r.waits = append(r.waits, next.Sub(r.now))
		r.next, r.reason = next, reason
		r.post.Attempts++
	})
}

func (o *outbox) WaitPost(_ context.Context, serial int64, next time.Time) error {
	return o.call("wait", func() {
		r := o.row(serial)
		if r.state != "waiting" || !next.After(r.now) {
			o.t.Errorf("letter %d (%s) waits until %v", serial, r.state, next)
		}
		r.next = next
	})
}

func (o *outbox) WakePost(context.Context) (at time.Time, ok bool, err error) {
	err = o.call("wake", func() {
		for _, r := range o.rows {
			if r.state == "waiting" && (!ok || r.next.Before(at)) {
				at, ok = r.next, true
			}
		}
	})
	return at, ok, err
}

func (o *outbox) states() map[int64]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[int64]string{}
	for _, r := range o.rows {
		out[r.post.Serial] = r.state
	}
	return out
}

// postman is a Sender that says what it is told to, in order, and then takes
// everything.
type postman struct {
	mu      sync.Mutex
	answers []error
	sent    [][]byte
	closed  int
}

func (p *postman) Send(_ context.Context, from, to string, raw []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, bytes.Clone(raw))
	if len(p.answers) > 0 {
		err := p.answers[0]
		p.answers = p.answers[1:]
		return err
	}
	return nil
}

func (p *postman) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed++
	return nil
}

func (p *postman) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}
