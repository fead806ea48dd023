package mailout

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatepost/loop"
)

func TestRetry(t *testing.T) {
	var total time.Duration
	for n := 1; ; n++ {
		wait, again := Retry(n, 0)
		if !again {
			if n < 20 || n > 30 {
				t.Errorf("%d attempts", n)
			}
			break
		}
		if want := steps[min(n, len(steps))-1]; wait != want {
			t.Errorf("attempt %d waits %v, want %v", n, wait, want)
		}
		total += wait
	}
	if total > giveUp || total < giveUp-6*time.Hour {
		t.Errorf("tried for %v", total)
	}
	spread := map[time.Duration]bool{}
	for serial := range int64(50) {
		wait, _ := Retry(5, serial)
		if again, _ := Retry(5, serial); again != wait || wait < time.Hour || wait > time.Hour+6*time.Minute {
			t.Errorf("letter %d waits %v, then %v", serial, wait, again)
		}
		spread[wait] = true
	}
	if len(spread) < 40 {
		t.Errorf("50 letters wait only %d different times", len(spread))
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 3, 2, 9, 30, 0, 0, time.FixedZone("CET", 3600))}
	d := &Dir{Path: dir, Now: c.now}
	p, q := due(1, loop.DigestMail), due(2, loop.TaskLetter)
	for _, p := range []*loop.Post{p, q} {
		if err := Compose(p, team(), "acme.example", noon); err != nil {
			t.Fatal(err)
		}
		if err := d.Send(context.Background(), p.Sender, p.Letter.To, p.Raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Send(context.Background(), "", "../../etc/PASSWD x@acme.example", []byte("no mail at all")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"0001-20260302T083000Z-digest-priya.eml":            string(p.Raw),
		"0002-20260302T083000Z-task-dana.eml":               string(q.Raw),
		"0003-20260302T083000Z-letter-_.._etc_passwd_x.eml": "no mail at all",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if err := (&Dir{Path: dir, Now: c.now}).Send(context.Background(), "", p.Letter.To, p.Raw); err == nil {
		t.Error("a letter of an earlier run was overwritten")
	}
}
