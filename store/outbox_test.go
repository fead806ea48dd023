package store

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

// A letter that waits is as it was but for the time; one that was sent waits no
// more.
func TestWaitPost(t *testing.T) {
	r := newRig(t)
	r.post(due(10, "a@acme.example"))
	before, err := r.PostBySerial(t.Context(), 1)
	must(t, err)
	must(t, r.WaitPost(t.Context(), 1, clock(600)))
	after, err := r.PostBySerial(t.Context(), 1)
	must(t, err)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("was %+v, is %+v", before, after)
	}
	must(t, r.SentPost(t.Context(), clock(700), 1))
	must(t, r.WaitPost(t.Context(), 1, clock(900)))
	if list, err := r.Outbox(t.Context(), PostFilter{State: PostSent}); err != nil || len(list) != 1 || !list[0].Next.Equal(clock(600)) {
		t.Errorf("%v, %v", list, err)
	}
	if err := r.WaitPost(t.Context(), 99, clock(900)); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

// post puts letters into the outbox.
func (r *rig) post(letters ...loop.Letter) {
	r.Helper()
	must(r, r.Commit(r.Context(), Step{Team: shop, At: clock(r.now), Letters: letters}))
}

func due(n int, to string) loop.Letter {
	l := letter(to)
	l.Task, l.Due = 0, clock(n)
	return l
}

func (r *rig) next(now int) int64 {
	r.Helper()
	p, err := r.NextPost(r.Context(), clock(now))
	must(r, err)
	if p == nil {
		return 0
	}
	return p.Serial
}

func TestOutboxOrder(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	if at, ok, err := r.WakePost(ctx); ok || err != nil {
		t.Errorf("an empty outbox wakes at %v, %v", at, err)
	}
	now := due(0, "c@acme.example")
	now.Due = time.Time{}
	r.post(due(10, "a@acme.example"), due(5, "b@acme.example"), now)
	steps := []struct {
		name string
		act  func() error
		now  int
		want int64
		wake int // minutes; -1: at once, -2: never
	}{
		{"without a due date at once", nil, 0, 3, -1},
		{"sent", func() error { return r.SentPost(ctx, clock(1), 3) }, 1, 0, 5},
		{"the earlier first", nil, 10, 2, 5},
		{"put off", func() error { return r.LaterPost(ctx, 2, clock(20), "421 busy") }, 10, 1, 10},
		{"failed", func() error { return r.FailPost(ctx, 1, clock(10), "550 no such user") }, 10, 0, 20},
		{"retried", func() error { return r.RetryPost(ctx, 1) }, 10, 1, -1},
		{"waits", func() error { return r.WaitPost(ctx, 1, clock(18)) }, 17, 0, 18},
		{"its hour", nil, 18, 1, 18},
		{"dropped", func() error { return r.DropPost(ctx, 1, clock(11)) }, 19, 0, 20},
		{"its time again", nil, 20, 2, 20},
		{"too late to take back", func() error {
			for _, serial := range []int64{1, 2, 3, 99} { // dropped, tried, sent, unknown
				if err := r.Commit(ctx, Step{At: clock(0), Withdraw: []int64{serial}}); !errors.Is(err, ErrStale) {
					return fmt.Errorf("letter %d was taken back: %v", serial, err)
				}
			}
			return r.DropPost(ctx, 2, clock(20))
		}, 30, 0, -2},
		{"put off too late", func() error { return r.LaterPost(ctx, 2, clock(25), "x") }, 30, 0, -2},
	}
	for _, c := range steps {
		t.Run(c.name, func(t *testing.T) {
			if c.act != nil {
				must(t, c.act())
			}
			if got := r.next(c.now); got != c.want {
				t.Errorf("next is %d, want %d", got, c.want)
			}
			at, ok, err := r.WakePost(ctx)
			must(t, err)
			if want := c.wake != -2; ok != want {
				t.Errorf("wake: %v", ok)
			}
			if c.wake >= 0 && !at.Equal(clock(c.wake)) || c.wake == -1 && !at.IsZero() {
				t.Errorf("wakes at %v, want minute %d", at, c.wake)
			}
		})
	}
	list, err := r.Outbox(ctx, PostFilter{})
	must(t, err)
	var got string
	for _, p := range list {
		got += fmt.Sprintf("%d %s %d %q; ", p.Serial, p.State, p.Attempts, p.Reason)
	}
	if want := `1 dropped 1 "550 no such user"; 2 dropped 1 "421 busy"; 3 sent 1 ""; `; got != want {
		t.Errorf("outbox is %s, want %s", got, want)
	}
	for i, err := range []error{r.SentPost(ctx, start, 99), r.LaterPost(ctx, 99, start, ""), r.FailPost(ctx, 99, start, ""),
		r.RetryPost(ctx, 3), r.DropPost(ctx, 3, start), r.KeepPost(ctx, &loop.Post{Serial: 99, MessageID: "x", Raw: []byte("x")})} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("act %d on no such letter: %v", i, err)
		}
	}
}

// A letter is taken back only while no sender can have it in its hands.
func TestWithdraw(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	gate := due(60, "a@acme.example")
	gate.Key = "gate|a@acme.example|t1r1"
	r.post(gate, due(30, "b@acme.example"))
	if err := r.Commit(ctx, Step{At: clock(20), Withdraw: []int64{1, 2}}); !errors.Is(err, ErrStale) {
		t.Errorf("a letter that is due in ten minutes was taken back: %v", err)
	}
	if got := r.next(60); got != 2 {
		t.Fatalf("next is %d: the step that failed took something back", got)
	}
	must(t, r.Commit(ctx, Step{At: clock(20), Withdraw: []int64{1}}))
	must(t, r.SentPost(ctx, clock(25), 2))
	if got := r.next(100); got != 0 {
		t.Errorf("letter %d is sent all the same", got)
	}
	if err := r.Commit(ctx, Step{At: clock(20), Withdraw: []int64{1}}); !errors.Is(err, ErrStale) {
		t.Errorf("a letter was taken back twice: %v", err)
	}
	r.post(gate) // its key is free
	if got := r.next(100); got != 3 {
		t.Errorf("next is %d, want another like the one that was taken back", got)
	}
}

func TestKeepPost(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.post(due(1, "a@acme.example"), due(2, "b@acme.example"))
	p, err := r.NextPost(ctx, clock(1))
	must(t, err)
	if p.Raw != nil || p.Letter.To != "a@acme.example" || !p.Letter.Due.Equal(clock(1)) {
		t.Fatalf("letter is %+v", p)
	}
	p.MessageID, p.Sender, p.Raw, p.Text = "t1.tok.1@acme.example", "shop+b1.tok@acme.example", []byte("Subject: x\r\n\r\n\x00x"), "x"
	must(t, r.KeepPost(ctx, p))
	r.reopen() // killed before it could be sent
	q, err := r.NextPost(ctx, clock(1))
	must(t, err)
	if string(q.Raw) != string(p.Raw) || q.MessageID != p.MessageID || q.Sender != p.Sender || q.Text != "x" {
		t.Errorf("kept letter is %+v, want %+v", q, p)
	}
	must(t, r.KeepPost(ctx, p))
	p.Raw = []byte("other bytes")
	if err := r.KeepPost(ctx, p); !errors.Is(err, ErrStale) {
		t.Errorf("other bytes for a kept letter: %v", err)
	}
	wantErr(t, r.KeepPost(ctx, &loop.Post{Serial: 2, MessageID: p.MessageID, Raw: []byte("x")}), "another letter's")
	wantErr(t, r.KeepPost(ctx, &loop.Post{Serial: 2, MessageID: "t1.tok.2@acme.example"}), "no bytes")
	wantErr(t, r.KeepPost(ctx, &loop.Post{Serial: 2, Raw: []byte("x")}), "no bytes or no Message-ID")

	for _, ids := range [][]string{nil, {"", "x@y"}, {"x@y", p.MessageID}} {
		found, err := r.LettersByID(ctx, ids)
		must(t, err)
		ours := slices.Contains(ids, p.MessageID)
		if q := found[p.MessageID]; ours != (q != nil) || len(found) > 1 || q != nil && (q.Serial != 1 || q.Text != "x" || q.Raw != nil) {
			t.Errorf("letters by %q are %+v", ids, found)
		}
		must(t, r.Turn(ctx, func(turn *Turn) error {
			if is, err := turn.IsLetter(ids); is != ours || err != nil {
				t.Errorf("%q are a letter: %v, %v", ids, is, err)
			}
			return nil
		}))
	}
	if q, err := r.PostBySerial(ctx, 1); err != nil || string(q.Raw) != "Subject: x\r\n\r\n\x00x" {
		t.Errorf("letter 1 is %+v, %v", q, err)
	}
	if _, err := r.PostBySerial(ctx, 99); !errors.Is(err, ErrUnknown) {
		t.Errorf("letter 99: %v", err)
	}
}

func TestOneLetterPerKey(t *testing.T) {
	r := newRig(t)
	l := due(1, "priya@acme.example")
	l.Key = "digest|priya@acme.example|2026-03-02"
	r.post(l, l)
	r.post(l)
	other := l
	other.Team = "other@acme.example"
	r.post(other, due(3, "x@acme.example"), due(3, "x@acme.example"))
	must(t, r.KeepPost(t.Context(), &loop.Post{Serial: 1, MessageID: "me.x.1@acme.example", Raw: []byte("Message-ID: <me.x.1@acme.example>\r\n\r\nx")}))
	must(t, r.SentPost(t.Context(), clock(2), 1))
	r.post(l) // sent is sent
	list, err := r.Outbox(t.Context(), PostFilter{})
	must(t, err)
	if len(list) != 4 || list[3].Serial != 4 {
		t.Errorf("outbox is %+v", list)
	}
	r.verifyClean()
}

func TestOutboxFilter(t *testing.T) {
	r := newRig(t)
	r.does("1", opened(1, "web", "One"))
	gate := letter("priya@acme.example")
	gate.Kind = loop.Gate
	r.post(letter("dana@acme.example"), gate, due(1, "dana@acme.example"))
	must(t, r.FailPost(t.Context(), 1, clock(2), "550"))
	must(t, r.LaterPost(t.Context(), 3, clock(9), "451"))
	for _, c := range []struct {
		f    PostFilter
		want string
	}{
		{PostFilter{}, "[1 2 3]"},
		{PostFilter{Limit: 2}, "[2 3]"},
		{PostFilter{State: PostFailed}, "[1]"},
		{PostFilter{State: PostWaiting}, "[2 3]"},
		{PostFilter{State: PostWaiting, Task: 1}, "[2]"},
		{PostFilter{State: PostWaiting, Tried: true}, "[3]"},
		{PostFilter{Kind: loop.Gate}, "[2]"},
		{PostFilter{Kind: loop.Gate, Team: shop, Task: 1}, "[2]"},
		{PostFilter{Kind: loop.Gate, Team: "other@acme.example"}, "[]"},
		{PostFilter{Kind: loop.Alert}, "[]"},
		{PostFilter{To: "dana@acme.example", Team: shop}, "[1 3]"},
		{PostFilter{Team: "other@acme.example"}, "[]"},
	} {
		list, err := r.Outbox(t.Context(), c.f)
		must(t, err)
		got := []int64{}
		for _, p := range list {
			got = append(got, p.Serial)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%+v selects %v, want %s", c.f, got, c.want)
		}
	}
	for want, share := range map[int]Share{2: {Teams: []string{shop}}, 0: {Teams: []string{"other@acme.example"}}} {
		if n, err := r.WaitingOf(t.Context(), share); n != want || err != nil {
			t.Errorf("%d letters of %v wait, want %d, %v", n, share, want, err)
		}
	}
	c, err := r.Counts(t.Context())
	if err != nil || c.Waiting != 2 || c.Failed != 1 {
		t.Errorf("counts are %+v, %v", c, err)
	}
}

// Who waits for a letter goes before those that the clock makes, and no more
// are handed out than may go.
func TestNextPosts(t *testing.T) {
	r := newRig(t)
	step := Step{Team: shop, At: clock(0)}
	for n, kind := range []loop.Kind{loop.DigestMail, loop.WeeklyMail, loop.Gate, loop.Prompt, loop.Receipt, loop.TaskLetter} {
		step.Letters = append(step.Letters, loop.Letter{Kind: kind, Team: shop, To: "dana@acme.example", Key: string(kind), Due: clock(n)})
	}
	must(t, r.Commit(t.Context(), step))
	for _, c := range []struct {
		most, scheduled int
		underway        []int64
		want            string
	}{
		{9, 9, nil, "gate receipt task digest weekly prompt"}, {4, 9, nil, "gate receipt task digest"}, {9, 1, nil, "gate receipt task digest"},
		{9, 0, nil, "gate receipt task"}, {2, 9, nil, "gate receipt"}, {0, 9, nil, ""}, {-1, -1, nil, ""},
		{9, 9, []int64{3, 1}, "receipt task weekly prompt"}, {2, 1, []int64{3, 5}, "task digest"}, {9, 9, []int64{1, 2, 3, 4, 5, 6}, ""},
	} {
		posts, err := r.NextPosts(t.Context(), clock(20), c.most, c.scheduled, c.underway...)
		must(t, err)
		var kinds []string
		for _, p := range posts {
			kinds = append(kinds, string(p.Letter.Kind))
		}
		if got := strings.Join(kinds, " "); got != c.want {
			t.Errorf("at most %d and %d besides %v: %q, want %q", c.most, c.scheduled, c.underway, got, c.want)
		}
	}
	must(t, r.SentPost(t.Context(), clock(30), 3, 5))
	for at, want := range map[int]int{29: 2, 30: 0, 31: 0} {
		if n, err := r.SentSince(t.Context(), clock(at)); n != want || err != nil {
			t.Errorf("sent since %d: %d, %v", at, n, err)
		}
	}
}

// A letter that is cancelled leaves its key to another like it; one that was put
// into words is not cancelled any more.
func TestCancelPost(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	gate := due(1, "a@acme.example")
	gate.Key = "gate|a@acme.example|t1r1"
	r.post(gate, due(2, "b@acme.example"))
	must(t, r.CancelPost(ctx, clock(3), map[int64]string{1: "#1 is decided"}))
	must(t, r.CancelPost(ctx, clock(4), map[int64]string{1: "again"})) // its fate is sealed
	r.post(gate)
	r.post(gate)
	p, err := r.PostBySerial(ctx, 2)
	must(t, err)
	p.MessageID, p.Raw = "x@acme.example", []byte("Message-ID: <x@acme.example>\r\n\r\nx")
	must(t, r.KeepPost(ctx, p))
	must(t, r.CancelPost(ctx, clock(5), map[int64]string{2: "too late"}))
	if err := r.CancelPost(ctx, clock(5), map[int64]string{99: ""}); !errors.Is(err, ErrUnknown) {
		t.Errorf("no such letter: %v", err)
	}
	list, err := r.Outbox(ctx, PostFilter{})
	must(t, err)
	var got []string
	for _, p := range list {
		got = append(got, fmt.Sprint(p.Serial, p.State, p.Reason))
	}
	if want := []string{"1cancelled#1 is decided", "2waiting", "3waiting"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := r.Forget(ctx, []string{"a@acme.example"}, nil, false); err != nil { // takes both names out, and the keys stay apart
		t.Error(err)
	}
	r.verifyClean()
}

// What a server took is sent, whatever became of the letter meanwhile and
// whatever is said of it after: else it could go out once more.
func TestSentIsSent(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.post(due(1, "a@acme.example"), due(60, "b@acme.example"), due(1, "c@acme.example"))
	must(t, r.DropPost(ctx, 1, clock(2)))
	must(t, r.Commit(ctx, Step{At: clock(2), Withdraw: []int64{2}}))
	must(t, r.FailPost(ctx, 3, clock(2), "550 no such user"))
	must(t, r.RetryPost(ctx, 3))
	if p, err := r.Outbox(ctx, PostFilter{State: PostWaiting}); err != nil || len(p) != 1 || !p[0].Closed.IsZero() || p[0].Attempts != 1 {
		t.Errorf("retried: %+v, %v", p, err)
	}
	must(t, r.SentPost(ctx, clock(3), 1, 2, 3))
	must(t, r.SentPost(ctx, clock(9), 1, 2, 3))
	for serial := range int64(3) {
		must(t, r.FailPost(ctx, serial+1, clock(9), "too late"))
		must(t, r.LaterPost(ctx, serial+1, clock(9), "too late"))
	}
	list, err := r.Outbox(ctx, PostFilter{})
	must(t, err)
	for i, p := range list {
		if attempts := []int{1, 1, 2}[i]; p.State != PostSent || !p.Closed.Equal(clock(3)) || p.Reason != "" || p.Attempts != attempts {
			t.Errorf("letter %d is %+v", p.Serial, p)
		}
	}
}

// A letter gets another time only while no sender can have it in its hands, and a
// retry does not send what still waits for its hour.
func TestRedate(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.post(due(60, "a@acme.example"), due(25, "b@acme.example"))
	if err := r.Commit(ctx, Step{At: clock(20), Redate: []loop.Redate{{Serial: 1, Next: clock(20)}, {Serial: 2, Next: clock(90)}}}); !errors.Is(err, ErrStale) {
		t.Errorf("a letter that is due in five minutes was put off: %v", err)
	}
	if got := r.next(20); got != 0 {
		t.Fatalf("next is %d: the step that failed changed something", got)
	}
	must(t, r.RetryPost(ctx, 1))
	if got := r.next(20); got != 0 {
		t.Errorf("letter %d is retried before its hour", got)
	}
	must(t, r.Commit(ctx, Step{At: clock(20), Redate: []loop.Redate{{Serial: 1, Next: clock(20)}}}))
	if got := r.next(20); got != 1 {
		t.Errorf("next is %d", got)
	}
}

// A letter whose row cannot be read says so wherever it is met, is known by what
// else its row says, and stops no other.
func TestDamagedLetter(t *testing.T) {
	const dana = "dana@acme.example"
	for _, c := range []struct{ name, set, says string }{
		{"cut short", `letter = '{"kind":'`, "cannot be read"},
		{"empty", `letter = ''`, "cannot be read"},
		{"a list", `letter = '[]'`, "cannot be read"},
		{"nothing", `letter = 'null'`, "another letter"},
		{"of another's", `letter = '{"kind":"digest","team":"shop@acme.example","to":"eve@evil.example"}'`, "another letter"},
		{"a date that is none", `letter = json_set(letter, '$.due', 'noon')`, "cannot be read"},
		{"no day to try it", `next = '2026-13-45T99:00:00.000000000Z', attempts = 1`, "no time"},
		{"to be tried after all time", `next = 'soon', attempts = 1`, "no time"},
		{"made at no time", `created = '1'`, "no time"},
		{"sent at no time", `closed = '1'`, "no time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			ctx := t.Context()
			r.post(due(1, dana), due(2, "kim@acme.example"))
			p, err := r.PostBySerial(ctx, 1)
			must(t, err)
			p.MessageID, p.Raw, p.Text = "t1.x.1@acme.example", []byte("Message-ID: <t1.x.1@acme.example>\r\n\r\nhello\r\n"), "hello"
			must(t, r.KeepPost(ctx, p))
			_, err = r.writer.Exec(`UPDATE post SET ` + c.set + ` WHERE serial = 1`)
			must(t, err)

			posts, err := r.NextPosts(ctx, clock(60*24*400), 9, 9)
			must(t, err)
			seen := map[int64]*loop.Post{}
			for _, p := range posts {
				seen[p.Serial] = p
			}
			if seen[1] == nil || !strings.Contains(seen[1].Damaged, c.says) || seen[2] == nil || seen[2].Damaged != "" {
				t.Fatalf("next letters: %+v and %+v", seen[1], seen[2])
			}
			if l := seen[1].Letter; l.To != dana || l.Team != shop || l.Kind != loop.TaskLetter {
				t.Errorf("it is known as %+v", l)
			}
			if list, err := r.Outbox(ctx, PostFilter{}); err != nil || len(list) != 2 || list[0].Damaged == "" || list[0].Letter.To != dana {
				t.Errorf("the list: %+v, %v", list, err)
			}
			if p, err := r.PostBySerial(ctx, 1); err != nil || p.Damaged == "" || string(p.Raw) != "Message-ID: <t1.x.1@acme.example>\r\n\r\nhello\r\n" {
				t.Errorf("by its number: %+v, %v", p, err)
			}
			if m, err := r.LettersByID(ctx, []string{"t1.x.1@acme.example"}); err != nil || m["t1.x.1@acme.example"] == nil || m["t1.x.1@acme.example"].Text != "hello" {
				t.Errorf("by its Message-ID: %+v, %v", m, err)
			}
			if bad, err := r.Verify(ctx, []*loop.Team{team}); err != nil || !strings.Contains(strings.Join(bad, "\n"), "letter 1: ") {
				t.Errorf("verify: %q, %v", bad, err)
			}
			must(t, r.FailPost(ctx, 1, clock(3), seen[1].Damaged))
			if n := r.next(60 * 24 * 400); n != 2 {
				t.Errorf("the next letter is %d", n)
			}
			must(t, r.RetryPost(ctx, 1))
			if n := r.next(60 * 24 * 400); n != 1 {
				t.Errorf("after a retry the next letter is %d", n)
			}
			must(t, r.DropPost(ctx, 1, clock(4)))
			if bad, err := r.Verify(ctx, []*loop.Team{team}); err != nil || len(bad) > 0 {
				t.Errorf("once it is dropped verify says %q, %v", bad, err)
			}
		})
	}
}

// A letter that cannot be read keeps nobody from being forgotten, nor what is old
// from going: it is wiped as others are.
func TestDamagedLetterIsWiped(t *testing.T) {
	for name, wipe := range map[string]func(*rig){
		"forgotten": func(r *rig) { r.forget(dana) },
		"expired":   func(r *rig) { r.expire(Expiry{Closed: clock(9)}, clock(9)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.danasMail("From: <dana@acme.example>\r\n\r\nhello")
			r.post(due(1, dana), due(2, "kim@acme.example"))
			for serial := range int64(2) {
				must(t, r.KeepPost(t.Context(), &loop.Post{Serial: serial + 1, MessageID: fmt.Sprint(serial, "@x"), Raw: fmt.Appendf(nil, "bytes of letter %d <%d@x>", serial+1, serial)}))
				must(t, r.SentPost(t.Context(), clock(3), serial+1))
			}
			_, err := r.writer.Exec(`UPDATE post SET letter = '{"to":"dana@acme.example", words of the letter' WHERE serial = 1`)
			must(t, err)
			wipe(r)
			if p, err := r.PostBySerial(t.Context(), 1); err != nil || strings.Contains(string(p.Raw), "bytes") {
				t.Errorf("%q, %v", p.Raw, err)
			}
			must(t, r.Close())
			if b := read(t, r.file); bytes.Contains(b, []byte("words of the letter")) {
				t.Error("what it was to say is in the file still")
			}
			d, err := Open(r.file)
			must(t, err)
			r.DB = d
			r.verifyClean()
		})
	}
}

// Who says "retry" means it: the letter has its tries before it again. It was tried,
// so it cannot be taken back as one that nobody can have.
func TestRetriedLetterHasItsTriesAgain(t *testing.T) {
	r := newRig(t)
	r.post(letter("dana@acme.example"), letter("lee@acme.example"))
	for n := range 20 {
		must(t, r.LaterPost(t.Context(), 1, clock(n), "451"))
	}
	must(t, r.FailPost(t.Context(), 1, clock(21), "given up"))
	must(t, r.RetryPost(t.Context(), 1))
	must(t, r.RetryPost(t.Context(), 2))
	list, err := r.Outbox(t.Context(), PostFilter{})
	must(t, err)
	if list[0].Attempts != 1 || list[0].State != PostWaiting || list[1].Attempts != 0 {
		t.Errorf("after a retry: %+v", list)
	}
}
