package main

import (
	"strings"
	"testing"
	"time"
)

// The running service takes out what the config says, two years later and not
// before, and status tells.
func TestKeeper(t *testing.T) {
	two := newTwoTeams(t)
	two.edit(t, "[operator]", "[store]\nkeep = \"2y\"\nkeep_strangers = \"30d\"\n[operator]")
	two.start(t, two.db)
	two.task(t, "one", "shop+web@acme.example", "shop")
	raw := "From: Kim <kim@client.example>\r\nTo: shop@acme.example\r\nDate: Mon, 2 Mar 2026 08:00:00 +0000\r\nSubject: hello\r\nMessage-ID: <k@x>\r\n\r\nlet me in\r\n"
	if err := two.house.DeliverAt("shop@acme.example", []byte(raw), two.clock()); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	round := func() string {
		t.Helper()
		for last := false; !last; {
			var err error
			if last, err = two.keeper.piece(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s, err := gatherStatus(t.Context(), two.cfg, two.db, true)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := printStatus(&out, s); err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(out.String(), "kept: ")
		return line
	}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "closed tasks' mail 2y, strangers' 30d; taken out so far: 0 mails, 0 letters"},
		{29 * 24 * time.Hour, "so far: 0 mails"},
		{2 * 24 * time.Hour, "so far: 1 mails"},
		{3 * 365 * 24 * time.Hour, "so far: 1 mails, 0 letters"}, // the task is open still
	} {
		two.pass(c.after)
		if got := round(); !strings.Contains(got, c.want) {
			t.Errorf("after %v: %q, want %q", c.after, got, c.want)
		}
	}
	two.clean(t)
}
