package main

import (
	"context"
	"database/sql"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
	"gatepost/store"
)

// watched is a lookout over an empty database, on a clock that is handed in.
type watched struct {
	*lookout
	db    *store.DB
	clock time.Time
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &watched{db: db, clock: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	w.start(t)
	if err := db.Begin(t.Context(), "INBOX", 1, 0, w.clock); err != nil {
		t.Fatal(err)
	}
	return w
}

// start is a new process on the same database.
func (w *watched) start(t *testing.T) {
	server := serverConfig{Host: "mail.acme.example", Port: 993}
	teams := []*loop.Team{{Name: "Shop", Address: "shop@acme.example", Zone: time.UTC, Operator: "ops@acme.example"}}
	w.lookout = newLookout(&Config{
		Mailboxes: []*mailboxConfig{{&imapConfig{serverConfig: server, Mailbox: "INBOX"}, teams}},
		Senders:   []*senderConfig{{&smtpConfig{serverConfig: server}, teams}}, AlertAfter: time.Hour, Teams: teams,
	}, w.db, silent(), func() time.Time { return w.clock })
	w.recall(t.Context())
}

// pass lets the time pass, with a look as often as in service; each is what
// happens before a look.
func (w *watched) pass(t *testing.T, d time.Duration, each func()) {
	t.Helper()
	for end := w.clock.Add(d); w.clock.Before(end); {
		w.clock = w.clock.Add(lookEvery)
		if each != nil {
			each()
		}
		w.look(t.Context())
	}
}

func (w *watched) polled(t *testing.T) func() {
	return func() {
		if err := w.db.Polled(t.Context(), "INBOX", w.clock); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *watched) alerts(t *testing.T) string {
	t.Helper()
	letters, err := w.db.Outbox(t.Context(), store.PostFilter{Kind: loop.Alert})
	if err != nil {
		t.Fatal(err)
	}
	var causes []string
	for _, p := range letters {
		if p.Letter.To != "ops@acme.example" {
			t.Errorf("an alert to %s", p.Letter.To)
		}
		causes = append(causes, p.Letter.Body.Cause)
	}
	return strings.Join(causes, " ")
}

// lock lets no letter be kept, until unlock.
func lock(t *testing.T, db *store.DB) {
	execOn(t, db, `CREATE TRIGGER full BEFORE INSERT ON post BEGIN SELECT raise(ABORT, 'no room'); END`)
}

func unlock(t *testing.T, db *store.DB) { execOn(t, db, `DROP TRIGGER full`) }

// execOn changes a database behind the back of who has it open.
func execOn(t *testing.T, db *store.DB, script string) {
	t.Helper()
	other, err := sql.Open("sqlite3", "file:"+db.Path())
	must(t, err)
	defer other.Close()
	_, err = other.Exec(script)
	must(t, err)
}

// An hour without mail is told once, its end once, also to a new process; two
// outages of one day are two.
func TestLookoutReading(t *testing.T) {
	w := newWatched(t)
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"a working day", func() { w.pass(t, 8*time.Hour, w.polled(t)) }, ""},
		{"59 minutes without", func() { w.pass(t, 59*time.Minute, nil) }, ""},
		{"read again in time", func() { w.pass(t, time.Minute, w.polled(t)) }, ""},
		{"half an hour without, which does not add up", func() { w.pass(t, 30*time.Minute, nil); w.pass(t, time.Minute, w.polled(t)) }, ""},
		{"an hour without", func() { w.pass(t, 61*time.Minute, nil) }, "unreadable"},
		{"more of it", func() { w.pass(t, 3*time.Hour, nil) }, "unreadable"},
		{"a restart, and more of it", func() { w.start(t); w.pass(t, 3*time.Hour, nil) }, "unreadable"},
		{"read again", func() { w.pass(t, time.Hour, w.polled(t)) }, "unreadable readable"},
		{"half an hour without, after it", func() { w.pass(t, 30*time.Minute, nil); w.pass(t, time.Minute, w.polled(t)) }, "unreadable readable"},
		{"a restart when all is well", func() { w.start(t); w.pass(t, 30*time.Minute, nil); w.pass(t, time.Minute, w.polled(t)) }, "unreadable readable"},
		{"the machine sleeps", func() { w.clock = w.clock.Add(20 * time.Hour); w.pass(t, time.Minute, nil) }, "unreadable readable"},
		{"and wakes", func() { w.pass(t, time.Hour, w.polled(t)) }, "unreadable readable"},
		{"the clock is set back", func() { w.clock = w.clock.Add(-5 * time.Hour); w.pass(t, 10*time.Minute, nil) }, "unreadable readable"},
		{"and forth", func() { w.clock = w.clock.Add(5 * time.Hour); w.pass(t, time.Hour, w.polled(t)) }, "unreadable readable"},
		{"a second outage", func() { w.pass(t, 2*time.Hour, nil); w.pass(t, time.Minute, w.polled(t)) }, "unreadable readable unreadable readable"},
		{"a third one of that day, of which nothing can be written at first", func() {
			lock(t, w.db)
			w.pass(t, 2*time.Hour, nil)
			unlock(t, w.db)
			w.pass(t, time.Minute, nil)
		}, "unreadable readable unreadable readable unreadable"},
		{"and its end, with a pause before the next poll", func() { w.pass(t, lookEvery, w.polled(t)); w.pass(t, 5*time.Minute, nil) }, "unreadable readable unreadable readable unreadable readable"},
	} {
		step.do()
		if got := w.alerts(t); got != step.want {
			t.Fatalf("%s: %q, want %q", step.what, got, step.want)
		}
	}
}

// Letters that wait for working hours are no outage; letters that nobody takes
// are, unless others are taken meanwhile.
func TestLookoutSending(t *testing.T) {
	w := newWatched(t)
	letter := func(due time.Time) int64 {
		t.Helper()
		l := loop.AlertLetter(w.team, loop.CauseParked, due.String(), w.clock)
		l.Kind, l.Due = loop.Prompt, due
		if err := w.db.Commit(t.Context(), store.Step{Team: w.team.Address, At: w.clock, Letters: []loop.Letter{l}}); err != nil {
			t.Fatal(err)
		}
		all, err := w.db.Outbox(t.Context(), store.PostFilter{})
		if err != nil {
			t.Fatal(err)
		}
		return all[len(all)-1].Serial
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	letter(w.clock.Add(6 * time.Hour))
	w.pass(t, 5*time.Hour, w.polled(t))
	if got := w.alerts(t); got != "" {
		t.Fatalf("a letter for later: %q", got)
	}
	stuck := letter(w.clock)
	must(w.db.LaterPost(ctx, stuck, w.clock.Add(time.Minute), "421 not now"))
	w.pass(t, time.Minute, w.polled(t))
	other := letter(w.clock)
	must(w.db.KeepPost(ctx, &loop.Post{Serial: other, MessageID: "other@x", Raw: []byte("x")}))
	must(w.db.SentPost(ctx, w.clock, other))
	w.pass(t, 2*time.Hour, w.polled(t))
	if got := w.alerts(t); got != "" {
		t.Fatalf("one letter that waits while another was taken: %q", got)
	}
	must(w.db.DropPost(ctx, stuck, w.clock))
	stuck = letter(w.clock)
	must(w.db.LaterPost(ctx, stuck, w.clock.Add(time.Minute), "connection refused"))
	w.pass(t, 61*time.Minute, w.polled(t))
	if got := w.alerts(t); got != "unsent" {
		t.Fatalf("an hour in which nothing is taken: %q", got)
	}
	told, err := w.db.Outbox(ctx, store.PostFilter{Kind: loop.Alert})
	must(err)
	if said := told[0].Letter.Body.Detail; !strings.HasPrefix(said, "2 letters wait for mail.acme.example") {
		t.Errorf("the operator is told %q", said)
	}
	if why := w.unready(); !strings.Contains(why, "no letter was taken") {
		t.Errorf("ready: %q", why)
	}
	must(w.db.KeepPost(ctx, &loop.Post{Serial: stuck, MessageID: "stuck@x", Raw: []byte("x")}))
	must(w.db.SentPost(ctx, w.clock, stuck))
	w.pass(t, time.Minute, w.polled(t))
	if got := w.alerts(t); got != "unsent sendable" {
		t.Fatalf("taken again: %q", got)
	}
}

func TestOperation(t *testing.T) {
	w := newWatched(t)
	server := httptest.NewServer(w.handler(false))
	defer server.Close()
	get := func(path string) (int, string) {
		t.Helper()
		r, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	want := func(path string, status int, texts ...string) {
		t.Helper()
		code, body := get(path)
		if code != status {
			t.Errorf("%s: %d, want %d: %s", path, code, status, body)
		}
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%s: %q is not in:\n%.2000s", path, text, body)
			}
		}
	}
	want("/readyz", 503, "was not read yet")
	want("/healthz", 200, "ok")
	w.pass(t, time.Hour, w.polled(t))
	want("/readyz", 200, "ok")
	want("/metrics", 200, "gatepost_mails_unread 0", "gatepost_letters_waiting 0", `gatepost_mailbox_read_timestamp_seconds{mailbox="INBOX"} 1.77`, `gatepost_alarm{what="reading"} 0`, "go_goroutines", "gatepost_build_info{version=")
	w.pass(t, 2*time.Hour, nil)
	want("/readyz", 503, "the mailbox was not read for 2h")
	want("/metrics", 200, `gatepost_alarm{what="reading"} 1`, "gatepost_letters_waiting 1")
	want("/healthz", 200)
	want("/", 404)
	want("/debug/pprof/", 404) // unless it is asked for
	profiled := httptest.NewRecorder()
	w.handler(true).ServeHTTP(profiled, httptest.NewRequest("GET", "/debug/pprof/heap?debug=1", nil))
	if profiled.Code != 200 || !strings.Contains(profiled.Body.String(), "heap profile") {
		t.Errorf("/debug/pprof/heap: %d", profiled.Code)
	}
	w.db.Close()
	want("/healthz", 503)
	want("/readyz", 503, "closed")
	want("/metrics", 500)
}

// The service tells systemd that it is ready and lives.
func TestNotify(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", name)
	w := newWatched(t)
	must(t, w.db.Commit(t.Context(), store.Step{Team: w.team.Address, At: w.clock, Letters: []loop.Letter{loop.AlertLetter(w.team, loop.CauseUnreadable, "nothing was read from mail.acme.example:993", w.clock)}}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- w.run(ctx) }()
	buffer := make([]byte, 4096)
	for _, want := range []string{"READY=1", "WATCHDOG=1\nSTATUS=mailbox read never; 1 letters wait"} {
		if err := socket.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := socket.Read(buffer)
		if got := string(buffer[:n]); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !w.watches[0].alarm {
		t.Error("the alarm of the process before is not known")
	}
}
