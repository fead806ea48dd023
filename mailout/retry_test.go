package mailout

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
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
	c := &clock{at: time.Date(2026, 3, 2, 9, 30, 0, 0, time.FixedZone("CET", 3600))}
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

// A server is not hammered: pauses grow to a cap, a refused login waits at
// once, and whoever wakes the loop changes nothing about that.
func TestRest(t *testing.T) {
	gone := &SendError{Stage: "connect", Err: errors.New("connection refused")}
	locked := &SendError{Stage: "auth", Code: 535, Err: errors.New("535 wrong password")}
	if a, b, c := rest(gone, 1), rest(gone, 2), rest(gone, 99); a != restFirst || b != 2*restFirst || c != restMost {
		t.Errorf("unreachable: %v, %v, %v", a, b, c)
	}
	if a := rest(locked, 1); a != restLogin {
		t.Errorf("login refused: %v", a)
	}
	if a := rest(&SendError{Stage: "auth", Code: 454, Err: errors.New("454 not now")}, 1); a != restFirst {
		t.Errorf("no login just now: %v", a)
	}
	if a := rest(errors.New("disk full"), 99); a > time.Minute {
		t.Errorf("outbox that fails: %v", a)
	}
	synctest.Test(t, func(t *testing.T) {
		posts := []*loop.Post{}
		for i := range 50 {
			p := due(int64(i+1), loop.Gate)
			p.Letter.Due = time.Now()
			posts = append(posts, p)
		}
		tries := 0
		s := sender(func() error { tries++; return locked })
		l, _, _ := sending(t, newOutbox(t, posts...), nil)
		l.Sender, l.Now = s, time.Now
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		wake := make(chan struct{}, 1)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				select {
				case wake <- struct{}{}:
				default:
				}
			}
		}()
		l.Run(ctx, wake)
		if tries < 5 || tries > 7 {
			t.Errorf("%d logins in an hour", tries)
		}
	})
}

// Faults that are over make the pauses after later ones no longer.
func TestRestBeginsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var posts []*loop.Post
		for i := range 80 {
			p := due(int64(i+1), loop.Gate)
			p.Letter.Due = begun.Add(time.Duration(i/40) * time.Hour)
			posts = append(posts, p)
		}
		var tries []time.Duration // of the second hour
		l, _, _ := sending(t, newOutbox(t, posts...), sender(func() error {
			at := time.Since(begun)
			if at >= time.Hour {
				tries = append(tries, at)
			}
			if at%time.Hour < 5*time.Minute {
				return &SendError{Stage: "connect", Err: errors.New("connection refused")}
			}
			return nil
		}))
		l.Now = time.Now
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		l.Run(ctx, nil)
		if len(tries) < 2 || tries[1]-tries[0] != restFirst {
			t.Errorf("tries at %v", tries)
		}
	})
}

type sender func() error

// Send implements Sender.
func (s sender) Send(context.Context, string, string, []byte) error { return s() }
