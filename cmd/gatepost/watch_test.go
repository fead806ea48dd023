package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/story"
)

// A running service notices a changed file by itself: with mistakes it writes
// to the operator and goes on with the old one, without it takes it. Its log
// is JSON if asked.
func TestRunNoticesTheConfig(t *testing.T) {
	t.Parallel() // it waits more than it works
	r := newRig(t)
	r.edit(t, "gatepost.toml", "[[team]]", "[operator]\nemail = \""+story.Stranger+"\"\n\n[[team]]")
	commandOutput(t, "--config", r.config, "once")
	p := startProcess(t, "run", "--config", r.config, "--log", "json")
	p.says(t, "gatepost runs")
	r.edit(t, "gatepost.toml", `timezone = "Europe/Berlin"`, `timezone = "Europe/Berln"`)
	p.says(t, "the old one stays")
	await(t, "the operator has the alert", func() bool {
		return strings.Contains(commandOutput(t, "--db", filepath.Join(r.dir, "gatepost.db"), "--config", healthy(t, r), "outbox", "--state", "all"), "alert")
	}, p.output)
	r.edit(t, "gatepost.toml", `timezone = "Europe/Berln"`, `timezone = "Europe/Lisbon"`)
	p.says(t, "Europe/Lisbon")
	for line := range strings.Lines(p.output()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// healthy is a config for the commands while the service's is broken.
func healthy(t *testing.T, r *rig) string {
	t.Helper()
	b, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, "healthy.toml", strings.ReplaceAll(string(b), "Europe/Berln", "Europe/Berlin"))
	return filepath.Join(r.dir, "healthy.toml")
}

// A file that is being written is left alone until it has come to rest.
func TestWatchConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gatepost.toml")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hangup := make(chan os.Signal, 1)
	ended := make(chan struct{})
	ready := make(chan struct{})
	go func() {
		close(ready)
		watchConfig(ctx, file, 5*time.Millisecond, hangup)
		close(ended)
	}()
	<-ready
	for _, content := range []string{"two", "", "three"} {
		// Written again until it is noticed: the first look may come late.
		for noticed := false; !noticed; {
			write(content)
			select {
			case <-hangup:
				noticed = true
			case <-time.After(time.Second):
				content += " "
			}
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	select {
	case <-hangup:
	case <-time.After(30 * time.Second):
		t.Error("a removed file is not noticed")
	}
	cancel()
	<-ended
}

// What is wrong stands first, with the command that helps.
func TestTroubles(t *testing.T) {
	now := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	cfg := &Config{Mailboxes: []*mailboxConfig{{imapConfig: &imapConfig{Poll: time.Minute}}}}
	polled := func(at string) []namedMailbox { return []namedMailbox{{mailboxStatus: mailboxStatus{LastPoll: at}}} }
	for _, c := range []struct {
		status statusJSON
		want   string
	}{
		{statusJSON{Mailboxes: polled("2026-03-02T01:55:00Z"), Outbox: outboxStatus{Waiting: 9}}, ""},
		{statusJSON{Mailboxes: polled("2026-03-01T23:30:00Z")}, "was not read for 2h30m"},
		{statusJSON{Mailboxes: polled("2026-02-20T23:30:00Z")}, "was not read for 9 days"},
		{statusJSON{Mailboxes: polled("")}, "was never read"},
		{statusJSON{Troubles: []troubleStatus{{Place: "sending letters of team Pay", Since: "x", Reason: "refused"}}}, "sending letters of team Pay fails since x: refused"},
		{statusJSON{Mailboxes: polled("2026-03-02T01:55:00Z"), Outbox: outboxStatus{Failed: 1}}, "refused for good: 1: `gatepost outbox --state failed`"},
		{statusJSON{Mailboxes: polled("2026-03-02T01:55:00Z"), Parked: 2}, "could not be read: 2: `gatepost parked`"},
		{statusJSON{Mailboxes: polled("2026-03-02T01:55:00Z"), Held: 3}, "held for a look: 3: `gatepost held`"},
	} {
		got := strings.Join(troubles(cfg, &c.status, now), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.status, got, c.want)
		}
	}
}

func TestStatusWatchAndHealth(t *testing.T) {
	r := newRig(t)
	if p := startProcess(t, "health", "--config", r.config); p.Wait() == nil || !strings.Contains(p.output(), "was never read") {
		t.Errorf("health before the first start: %s", p.output())
	}
	commandOutput(t, "--config", r.config, "once")
	r.task(t, "one")
	commandOutput(t, "--config", r.config, "once")
	if out := commandOutput(t, "--config", r.config, "health"); !strings.HasPrefix(out, "ok: mailbox read") {
		t.Errorf("health: %s", out)
	}
	p := startProcess(t, "status", "--watch", "--config", r.config)
	await(t, "the status is shown twice", func() bool { return strings.Count(p.output(), "#1 ") >= 2 }, p.output)
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v: %s", err, p.output())
	}
}

// Letters that were tried in vain are no trouble while others are taken.
func TestUnsent(t *testing.T) {
	now := time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC)
	long := now.Add(-11 * time.Minute)
	for _, c := range []struct {
		place place
		want  int
	}{
		{place{}, 0},
		{place{overdue: now.Add(-9 * time.Minute)}, 0},
		{place{overdue: long}, 1},
		{place{overdue: long, flows: true}, 0},
	} {
		if got := (sighting{places: []place{c.place}}).unsent(now); len(got) != c.want {
			t.Errorf("%+v: %q", c.place, got)
		}
	}
}
