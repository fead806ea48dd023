package mailout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatepost/loop"
)

// Outbox is where letters wait. Each method is one transaction; recording the
// same thing twice is no error.
type Outbox interface {
	// NextPosts are letters that are to be tried now, at most so many and none
	// of those under way: first those that somebody waits for, then digests,
	// prompts and weekly reviews, of these at most scheduled; each oldest due
	// first.
	NextPosts(ctx context.Context, now time.Time, most, scheduled int, underway ...int64) ([]*loop.Post, error)
	// KeepPost keeps what Compose made, of all of them or of none. Bytes that
	// are kept are never replaced.
	KeepPost(ctx context.Context, posts ...*loop.Post) error
	SentPost(ctx context.Context, at time.Time, serials ...int64) error
	// Waits tells whether a letter is still to be sent: a later step may have
	// taken it back since NextPosts.
	Waits(ctx context.Context, serial int64) (bool, error)
	// Standings is how these tasks of a team stand now, by number, without those
	// that do not exist.
	Standings(ctx context.Context, team string, numbers ...int) (map[int]*loop.Standing, error)
	// Presence is what is known of a person of a team, by their first address:
	// their days off.
	Presence(ctx context.Context, team, key string) (*loop.Presence, error)
	// CancelPost takes letters back that KeepPost never had, each for its reason.
	CancelPost(ctx context.Context, at time.Time, reasons map[int64]string) error
	// SentSince is how many letters were sent after that moment.
	SentSince(ctx context.Context, at time.Time) (int, error)
	// LaterPost counts an attempt and puts the letter back until next.
	LaterPost(ctx context.Context, serial int64, next time.Time, reason string) error
	// WaitPost puts the letter back until next without an attempt.
	WaitPost(ctx context.Context, serial int64, next time.Time) error
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

	// Connections is how many letters are under way at once. With 0 they go
	// one after the other and each is noted before the next, so that two runs
	// do the same in the same order.
	Connections int
	Limits      Limits

	telling sync.Mutex   // one failure is told at a time
	taken   sync.Map     // serials that a server took, as long as that could not be noted
	tookAt  atomic.Int64 // when a server last took a letter, as Unix seconds; 0: not since the start
}

// batch is how many letters are looked for at once, few, so that one that
// somebody waits for is soon among them; chunk is how many are put into words
// and kept in one transaction.
const (
	batch = 2 * chunk
	chunk = 16
)

// Once sends everything that is due and that the limits let pass, and says how
// many letters a server has taken. An error means that the pass was cut short:
// by the outbox, by ctx, or by a server that cannot be reached at all. The
// letters of a pass that was cut short stay due.
func (l *Loop) Once(ctx context.Context) (sent int, err error) {
	defer l.hangUp() // for good: nobody says that there will be another pass
	return l.pass(ctx, nil)
}

func (l *Loop) hangUp() {
	if c, ok := l.Sender.(interface{ Close() error }); ok {
		_ = c.Close()
	}
}

// pass is Once on connections that stay. wake says that more may be due.
func (l *Loop) pass(ctx context.Context, wake <-chan struct{}) (sent int, err error) {
	if l.Connections > 0 {
		return l.sendTogether(ctx, wake)
	}
	seen := map[int64]int{}
	for {
		posts, err := l.next(ctx, seen, nil)
		if err != nil || len(posts) == 0 {
			return sent, err
		}
		n, err := l.sendInTurn(ctx, posts)
		if sent += n; err != nil {
			return sent, err
		}
	}
}

// next is what may go now besides the letters under way, none if there is
// nothing. seen is all that this pass had, each with the tries it had then.
func (l *Loop) next(ctx context.Context, seen map[int64]int, underway []int64) ([]*loop.Post, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	most, scheduled, err := l.Limits.left(ctx, l.Outbox, l.Now(), len(underway))
	if err != nil {
		return nil, fmt.Errorf("letters sent so far: %w", err)
	}
	for {
		posts, err := l.Outbox.NextPosts(ctx, l.Now(), most, scheduled, underway...)
		if err != nil {
			return nil, fmt.Errorf("next letter: %w", err)
		}
		open, err := l.putOff(ctx, posts)
		if err != nil {
			return nil, err
		}
		for _, p := range open {
			// Never the same letter twice in a row, whatever the outbox says; but a
			// pass can last longer than the wait after a try.
			if tries, had := seen[p.Serial]; had && p.Attempts <= tries {
				return nil, fmt.Errorf("next letter: %d came twice in one pass", p.Serial)
			}
			seen[p.Serial] = p.Attempts
		}
		if len(open) > 0 || len(posts) == 0 {
			return open, nil
		}
	}
}

// prepare puts letters into words and keeps them; those that cannot be are
// given up, those that are not true any more are taken back. What comes back can
// be sent; with an error nothing does, as what is in words is not kept yet.
func (l *Loop) prepare(ctx context.Context, posts []*loop.Post) (ready []*loop.Post, err error) {
	lapsed, err := l.lapsed(ctx, posts)
	if err != nil {
		return nil, err
	}
	var fresh []*loop.Post
	for _, p := range posts {
		var err error
		switch why := lapsed[p.Serial]; {
		case why != "":
			l.log().Info("letter lapsed", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "task", p.Letter.Task, "reason", why)
			continue
		case p.Damaged != "":
			err = errors.New(p.Damaged)
		case len(p.Raw) == 0:
			if err = l.compose(p); err == nil {
				fresh = append(fresh, p)
			}
		}
		if err != nil {
			if err = l.fail(ctx, p, err); err != nil {
				return nil, err
			}
			continue
		}
		ready = append(ready, p)
	}
	if len(lapsed) > 0 {
		if err := l.Outbox.CancelPost(ctx, l.Now(), lapsed); err != nil {
			return nil, fmt.Errorf("take %d letters back: %w", len(lapsed), err)
		}
	}
	if len(fresh) == 0 {
		return ready, nil
	}
	if err := l.Outbox.KeepPost(ctx, fresh...); err != nil {
		return nil, fmt.Errorf("keep letter %d and %d more: %w", fresh[0].Serial, len(fresh)-1, err)
	}
	return ready, nil
}

// deliver tries one letter. taken is that a server has it, and is still to be
// noted; everything else that may come of it is noted here.
func (l *Loop) deliver(ctx context.Context, p *loop.Post, by Sender) (taken bool, err error) {
	if _, taken := l.taken.Load(p.Serial); !taken {
		if waits, err := l.Outbox.Waits(ctx, p.Serial); err != nil || !waits {
			return false, err
		}
		// The host may have slept since the letter was looked for.
		if open, err := l.putOff(ctx, []*loop.Post{p}); err != nil || len(open) == 0 {
			return false, err
		}
		err = l.send(ctx, p, by)
	}
	var answer *SendError
	errors.As(err, &answer)
	switch {
	case err == nil:
		// A crash before it is noted sends the same bytes once more. A disk that
		// fails does not: what the server took is remembered until it is noted.
		l.taken.Store(p.Serial, true)
		l.tookAt.Store(l.Now().Unix())
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err() // not the letter's fault: it stays as it is
	case answer != nil && answer.Permanent:
		return false, l.fail(ctx, p, err)
	}
	wait, again := Retry(p.Attempts+1, p.Serial)
	if p.Attempts >= len(steps) && answer != nil && answer.namesNobody() && !l.othersWent(p) {
		return false, l.outage(ctx, p, answer, wait)
	}
	if !again || overdue(p, l.Now()) {
		return false, l.fail(ctx, p, fmt.Errorf("given up after three days: %w", err))
	}
	if answer != nil && answer.Code >= 500 && !answer.Unreachable() && l.othersWent(p) {
		return false, l.fail(ctx, p, fmt.Errorf("others are taken: %w", err))
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

// outage puts a letter back that has had enough tries to tell that no letter gets
// through. That is not its fault, however long it lasts, and counts as no further
// try: once letters get through it has most of its tries yet.
func (l *Loop) outage(ctx context.Context, p *loop.Post, answer *SendError, wait time.Duration) error {
	if err := l.Outbox.WaitPost(ctx, p.Serial, l.Now().Add(wait)); err != nil {
		return fmt.Errorf("put letter %d back: %w", p.Serial, err)
	}
	l.log().Warn("letter waits for the server", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "wait", wait, "reason", answer)
	if answer.Unreachable() {
		return answer
	}
	return nil
}

// overdue tells that a letter was tried often enough in three days, though not as
// often as Retry says: its reader's nights and days off put tries off.
func overdue(p *loop.Post, now time.Time) bool {
	return p.Attempts+1 >= enough && !p.Letter.Due.IsZero() && now.Sub(p.Letter.Due) > giveUp
}

// othersWent tells that a letter whose sender was refused several times is alone
// with that: since the try before this one a server took another. What it says
// is about this letter then (one with an empty sender, most likely), and somebody
// is to hear of it.
func (l *Loop) othersWent(p *loop.Post) bool {
	if p.Attempts < 4 { // the limit of a minute passes sooner
		return false
	}
	wait, _ := Retry(p.Attempts, p.Serial)
	return l.tookAt.Load() > l.Now().Add(-wait).Unix()
}

// note says of letters that a server has taken them. A crash before this sends
// the same bytes once more.
func (l *Loop) note(ctx context.Context, posts []*loop.Post) error {
	var serials []int64
	for _, p := range posts {
		serials = append(serials, p.Serial)
	}
	if err := l.Outbox.SentPost(ctx, l.Now(), serials...); err != nil {
		return fmt.Errorf("letters %v were sent, but: %w", serials, err)
	}
	for _, p := range posts {
		l.taken.Delete(p.Serial)
		l.log().Info("letter sent", "serial", p.Serial, "kind", p.Letter.Kind, "to", p.Letter.To, "task", p.Letter.Task, "attempt", p.Attempts+1)
	}
	return nil
}

// send gives the letter to the sender. A panic there is a failure like others:
// the letter would end the program again at each start.
func (l *Loop) send(ctx context.Context, p *loop.Post, by Sender) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("send letter %d: panic: %v", p.Serial, r)
		}
	}()
	return by.Send(ctx, p.Sender, p.Letter.To, p.Raw)
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
	l.telling.Lock()
	defer l.telling.Unlock()
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

// linger is how long connections are kept when nothing is due: the next letter
// needs no new one if it comes soon (RFC 5321 §4.5.3.2.7 asks servers for five
// minutes).
const linger = 20 * time.Second

// Run sends what is due until ctx ends: at once when wake says so, else when
// the next letter is due. A server that cannot be reached is asked again slower
// and slower, and one that refuses the login very slowly, whoever wakes us: it
// would lock us out. It returns ctx's error.
func (l *Loop) Run(ctx context.Context, wake <-chan struct{}) error {
	defer l.hangUp()
	faults := 0
	for {
		sent, err := l.pass(ctx, wake)
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
			l.hangUp()
			l.log().Error("sending was cut short", "error", err, "faults", faults, "next_try", pause)
		} else {
			faults = 0
			if next, waits, err := l.Outbox.WakePost(ctx); err == nil && waits {
				pause = min(pause, max(next.Sub(l.Now()), l.Limits.pause()))
			}
		}
		woken := false
		if err == nil && pause > linger {
			if woken, err = l.rest(ctx, heed, linger); err != nil {
				return err
			}
			if pause -= linger; !woken {
				l.hangUp()
			}
		}
		if !woken {
			if _, err := l.rest(ctx, heed, pause); err != nil {
				return err
			}
		}
	}
}

// rest waits for a while, or until somebody wakes it.
func (l *Loop) rest(ctx context.Context, wake <-chan struct{}, pause time.Duration) (woken bool, err error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-wake:
		return true, nil
	case <-timer.C:
		return false, nil
	}
}
