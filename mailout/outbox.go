package mailout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gatepost/loop"
)

// Outbox is where letters wait. Each method is one transaction; recording the
// same thing twice is no error.
type Outbox interface {
	// NextPost is the letter that is to be tried now, oldest due first; nil
	// if none is due. It does not hand a letter to two callers at once.
	NextPost(ctx context.Context, now time.Time) (*loop.Post, error)
	// KeepPost keeps what Compose made. Bytes that are kept are never replaced.
	KeepPost(ctx context.Context, p *loop.Post) error
	SentPost(ctx context.Context, serial int64, at time.Time) error
	// LaterPost counts an attempt and puts the letter back until next.
	LaterPost(ctx context.Context, serial int64, next time.Time, reason string) error
	FailPost(ctx context.Context, serial int64, at time.Time, reason string) error
	// WakePost is when the next letter that waits is due; false if none waits.
	WakePost(ctx context.Context) (time.Time, bool, error)
}

// Sender gives bytes to a server. A *SendError tells whether it is for good;
// any other error is not.
type Sender interface {
	Send(ctx context.Context, from, to string, raw []byte) error
}

// Loop sends what is due. Teams goes by team address. Failed is told of each
// letter before it is given up, and an error keeps it waiting; it may be nil.
// Passed is told of each pass of Run as Once ends it; it may be nil.
type Loop struct {
	Outbox Outbox
	Teams  map[string]*loop.Team
	Host   string // of our Message-IDs
	Sender Sender
	Now    func() time.Time
	Log    *slog.Logger
	Failed func(ctx context.Context, p *loop.Post, reason string) error
	Passed func(sent int, err error)

	taken sync.Map // serials that a server took, as long as that could not be noted
}

// Once sends everything that is due, one after the other, and says how many
// letters a server has taken. An error means that the pass was cut short: by
// the outbox, by ctx, or by a server that cannot be reached at all. The
// letters of a pass that was cut short stay due.
func (l *Loop) Once(ctx context.Context) (sent int, err error) {
	if c, ok := l.Sender.(interface{ Close() error }); ok {
		defer func() { _ = c.Close() }() // a connection is kept for one pass
	}
	seen := map[int64]bool{}
	for {
		if err := ctx.Err(); err != nil {
			return sent, err
		}
		p, err := l.Outbox.NextPost(ctx, l.Now())
		if err != nil {
			return sent, fmt.Errorf("next letter: %w", err)
		}
		if p == nil {
			return sent, nil
		}
		if seen[p.Serial] { // never the same letter twice in a row, whatever the outbox says
			return sent, fmt.Errorf("next letter: %d came twice in one pass", p.Serial)
		}
		seen[p.Serial] = true
		ok, err := l.deliver(ctx, p)
		if ok {
			sent++
		}
		if err != nil {
			return sent, err
		}
	}
}

// deliver takes one letter one step on.
func (l *Loop) deliver(ctx context.Context, p *loop.Post) (sent bool, err error) {
	if len(p.Raw) == 0 {
		if err := l.compose(p); err != nil {
			return false, l.fail(ctx, p, err)
		}
		if err := l.Outbox.KeepPost(ctx, p); err != nil {
			return false, fmt.Errorf("keep letter %d: %w", p.Serial, err)
		}
	}
	if _, taken := l.taken.Load(p.Serial); !taken {
		err = l.send(ctx, p)
	}
	var answer *SendError
	errors.As(err, &answer)
	switch {
	case err == nil:
		// A crash before this line sends the same bytes once more. A disk that
		// fails does not: what the server took is remembered until it is noted.
		l.taken.Store(p.Serial, true)
		if err := l.Outbox.SentPost(ctx, p.Serial, l.Now()); err != nil {
			return true, fmt.Errorf("letter %d was sent, but: %w", p.Serial, err)
		}
		l.taken.Delete(p.Serial)
		l.log().Info("letter sent", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "task", p.Letter.Task, "attempt", p.Attempts+1)
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err() // not the letter's fault: it stays as it is
	case answer != nil && answer.Permanent:
		return false, l.fail(ctx, p, err)
	}
	wait, again := Retry(p.Attempts+1, p.Serial)
	if !again {
		return false, l.fail(ctx, p, fmt.Errorf("given up after three days: %w", err))
	}
	if err := l.Outbox.LaterPost(ctx, p.Serial, l.Now().Add(wait), err.Error()); err != nil {
		return false, fmt.Errorf("put letter %d back: %w", p.Serial, err)
	}
	l.log().Warn("letter later", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "wait", wait, "reason", err)
	if answer != nil && answer.Unreachable() {
		return false, err // the others would fare no better
	}
	return false, nil
}

// send gives the letter to the sender. A panic there is a failure like others:
// the letter would end the program again at each start.
func (l *Loop) send(ctx context.Context, p *loop.Post) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("send letter %d: panic: %v", p.Serial, r)
		}
	}()
	return l.Sender.Send(ctx, p.Sender, p.Letter.To, p.Raw)
}

func (l *Loop) compose(p *loop.Post) (err error) {
	team := l.Teams[p.Letter.Team]
	if team == nil {
		return fmt.Errorf("letter %d: team %q is not in the config", p.Serial, p.Letter.Team)
	}
	defer func() { // a letter that cannot be rendered stops nothing else
		if r := recover(); r != nil {
			err = fmt.Errorf("compose letter %d: %v", p.Serial, r)
		}
	}()
	return Compose(p, team, l.Host, l.Now())
}

// fail gives a letter up. Whoever must know is told first: a crash between the
// two tries the letter once more and tells it again, and a failure is never
// noted without being told.
func (l *Loop) fail(ctx context.Context, p *loop.Post, reason error) error {
	if l.Failed != nil {
		if err := l.Failed(ctx, p, reason.Error()); err != nil {
			return fmt.Errorf("tell that letter %d cannot be delivered: %w", p.Serial, err)
		}
	}
	if err := l.Outbox.FailPost(ctx, p.Serial, l.Now(), reason.Error()); err != nil {
		return fmt.Errorf("give letter %d up: %w", p.Serial, err)
	}
	l.log().Error("letter failed", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "reason", reason)
	return nil
}

func (l *Loop) log() *slog.Logger {
	if l.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.Log
}

// idle bounds a pause of Run: the outbox is looked at that often even if
// nobody wakes it, so that a clock that jumps delays nothing for long.
const idle = time.Minute

// Run sends what is due until ctx ends: at once when wake says so, else when
// the next letter is due. A server that cannot be reached is asked again slower
// and slower, and one that refuses the login very slowly, whoever wakes us: it
// would lock us out. It returns ctx's error.
func (l *Loop) Run(ctx context.Context, wake <-chan struct{}) error {
	faults := 0
	for {
		sent, err := l.Once(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if l.Passed != nil {
			l.Passed(sent, err)
		}
		pause, heed := idle, wake
		if err != nil {
			faults++
			if pause = rest(err, faults); refused(err) {
				heed = nil
			}
			l.log().Error("sending was cut short", "error", err, "faults", faults, "next_try", pause)
		} else {
			faults = 0
			if next, waits, err := l.Outbox.WakePost(ctx); err == nil && waits {
				pause = min(pause, max(next.Sub(l.Now()), 10*time.Millisecond))
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-heed:
			timer.Stop()
		case <-timer.C:
		}
	}
}
