package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/debmail"
	"gatepost/internal/loopmail"
	"gatepost/internal/story"
	"gatepost/store"
)

// house is a mail house that the story can be played in.
type house interface {
	Submit(from, password string, to []string, raw []byte) error
	Mailbox(address string) [][]byte
	Close() error
}

func storyUsers() map[string]string {
	users := map[string]string{}
	for _, u := range []string{story.Team, story.Priya, story.Dana, story.Lee, story.Stranger} {
		users[u] = demoPassword
	}
	return users
}

// playStory plays the whole loop on a house and checks what the operator's
// commands say afterwards.
func playStory(t *testing.T, h house, imapAddr, smtpAddr string, trouble func()) {
	dir := t.TempDir()
	clock := &demoClock{at: story.Begin, onMove: func() {}}
	running, err := startStory(t.Context(), dir, imapAddr, smtpAddr, demoPassword, clock, silent())
	if err != nil {
		t.Fatal(err)
	}
	stage := &story.Stage{
		Submit:  func(from string, to []string, raw []byte) error { return h.Submit(from, demoPassword, to, raw) },
		Mailbox: func(a string) ([][]byte, error) { return h.Mailbox(a), nil },
		State:   running.state, SetClock: clock.set,
		Tell: func(line string) {
			t.Log(line)
			if trouble != nil {
				trouble()
			}
		},
		Patience: time.Minute, Pause: func() { time.Sleep(20 * time.Millisecond) },
	}
	played := stage.Play()
	if err := running.stop(); err != nil {
		t.Error(err)
	}
	if played != nil {
		if logs, ok := h.(interface{ Logs() string }); ok {
			t.Log(logs.Logs())
		}
		t.Fatal(played)
	}
	config := filepath.Join(dir, "gatepost.toml")
	for _, c := range []struct {
		args string
		want []string // in this order
	}{
		{"verify", []string{"clean"}},
		{"record 1", []string{
			`Priya Nair opened the task "Cart loses items after login" in web`, "Dana Kim update", "Dana Kim asked (question)", "Priya Nair answered",
			"Priya Nair commented, kept for the gate", "Dana Kim delivered", "was told that nothing moved: condition", "was told that nothing moved: no-reason",
			"Priya Nair redirected round 1", "Dana Kim delivered", "was told that nothing moved: old-round", "Priya Nair approved round 2",
			"was told that nothing moved: decided", "Priya Nair took the approve back", "Priya Nair approved round 2",
		}},
		{"held", []string{story.Stranger, story.Stranger}},
		{"parked", nil},
	} {
		out := commandOutput(t, append([]string{"--config", config}, strings.Fields(c.args)...)...)
		rest := out
		for _, w := range c.want {
			_, after, found := strings.Cut(rest, w)
			if !found {
				t.Errorf("gatepost %s: no %q (in this place) in:\n%s", c.args, w, out)
				break
			}
			rest = after
		}
	}
}

// commandOutput runs a command in this process.
func commandOutput(t *testing.T, args ...string) string {
	t.Helper()
	root := newRootCommand()
	var out strings.Builder
	root.SetOut(&out)
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Errorf("gatepost %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

func TestStoryOnDovecotAndPostfix(t *testing.T) {
	t.Parallel() // it waits more than it works
	h, err := debmail.Start(debmail.Config{Users: storyUsers()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	playStory(t, h, h.IMAPAddr, h.SMTPAddr, nil)
}

// The same with every connection cut, or Dovecot restarted, before each scene.
func TestStoryWithTrouble(t *testing.T) {
	t.Parallel() // it waits more than it works
	h, err := debmail.Start(debmail.Config{Users: storyUsers()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	scene := 0
	playStory(t, h, h.IMAPAddr, h.SMTPAddr, func() {
		if scene++; scene%4 == 2 {
			if err := h.RestartDovecot(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestStoryOnEmbeddedServers(t *testing.T) {
	t.Parallel() // it waits more than it works
	h, err := loopmail.Start(loopmail.Config{Users: storyUsers()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	playStory(t, h, h.IMAPAddr, h.SMTPAddr, h.Cut)
}

// A mailbox that held mail before the first start: none of it is answered, and
// once says so; --from-start takes it.
func TestFirstStart(t *testing.T) {
	h, err := loopmail.Start(loopmail.Config{Users: storyUsers()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, id := range []string{"old1", "old2"} {
		raw := "From: Priya <" + story.Priya + ">\r\nTo: shop+web@acme.example\r\nSubject: " + id + "\r\nMessage-ID: <" + id + "@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n"
		if err := h.Inject(story.Priya, []string{"shop+web@acme.example"}, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "gatepost.toml")
	clock := &demoClock{at: time.Now(), onMove: func() {}}
	running, err := startStory(t.Context(), dir, h.IMAPAddr, h.SMTPAddr, demoPassword, clock, silent())
	if err != nil {
		t.Fatal(err)
	}
	if err := running.stop(); err != nil { // it only made the files
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "gatepost.db")); err != nil {
		t.Fatal(err)
	}
	db, err := store.Create(filepath.Join(dir, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if out := commandOutput(t, "--config", config, "once"); !strings.Contains(out, "2 mails that were there before are left alone") {
		t.Errorf("once on a mailbox with old mail says: %s", out)
	}
	if n := len(h.Mailbox(story.Priya)); n != 0 {
		t.Errorf("%d letters were written to old mail", n)
	}
	if out := commandOutput(t, "--config", config, "once", "--from-start"); !strings.Contains(out, "2 new, 2 read") {
		t.Errorf("once --from-start says: %s", out)
	}
	if n := len(h.Mailbox(story.Priya)); n != 2 {
		t.Errorf("%d letters to Priya, want 2", n)
	}
}
