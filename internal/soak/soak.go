// Package soak runs the real program against a mailbox and a recording SMTP
// server, kills it again and again, and holds what came of it against a ledger
// of what was put in.
//
//	traffic    mails whose one effect can be foretold; each goes into the ledger
//	service    the program as a process, ended by kill -9: at named points
//	           (GATEPOST_CRASH) and at any moment
//	Recorder   the SMTP server: what was taken, byte for byte, in which life
//	check      the record, the outbox and the recorder against the ledger
//
// The checker knows the program by its commands and its letters alone, and
// reckons the tokens itself.
package soak

import (
	"context"
	"errors"
	"fmt"

	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatepost/internal/powercut"
)

// Campaign is one run. All but Points, Power and Log are needed.
type Campaign struct {
	Binary  []string                // the program and its first arguments
	Env     []string                // besides the present environment
	Dir     string                  // for config, database and logs; the evidence if it fails
	Create  func(path string) error // makes an empty database
	Mailbox *Mailbox
	Mails   int
	Kills   int
	Seed    uint64
	Points  []string        // where to crash, besides any moment; empty: any moment only
	Power   *powercut.Mount // the disk of the database, whose power goes with each kill; nil: the disk is Dir's and forgets nothing
	Log     func(format string, args ...any)

	rng      *rand.Rand
	traffic  *Traffic
	recorder *Recorder
	lives    int
}

// Result is what a campaign came to.
type Result struct {
	Mails, Tasks, Letters int
	Kills                 map[string]int // by point; "any" is any moment
	Extra                 int            // copies of letters whose answer was lost
	LostAnswers           int            // answers that the recorder kept back
	Took, Drain           time.Duration
	Bad                   []string // what is wrong; none is the only good answer
}

func (r Result) String() string {
	n := 0
	for _, k := range r.Kills {
		n += k
	}
	return fmt.Sprintf("%d mails, %d tasks, %d letters, %d kills %v, %d answers kept back, %d extra copies, in %v (the last %v without a kill): %d things wrong",
		r.Mails, r.Tasks, r.Letters, n, r.Kills, r.LostAnswers, r.Extra, r.Took.Round(time.Millisecond), r.Drain.Round(time.Millisecond), len(r.Bad))
}

// Run runs the campaign. The error is of the campaign itself, or of a program
// that would not start or come to an end; what it did wrong is in the result.
func (c *Campaign) Run(ctx context.Context) (res Result, err error) {
	begin := time.Now()
	c.rng = rand.New(rand.NewPCG(c.Seed, 1))
	c.traffic = NewTraffic(c.Seed)
	if c.recorder, err = NewRecorder(); err != nil {
		return res, err
	}
	defer c.recorder.Close()
	if err := c.prepare(); err != nil {
		return res, err
	}
	lost := 0
	answers := rand.New(rand.NewPCG(c.Seed, 3))
	c.recorder.SetAnswer(func(verb string) (string, bool) {
		if verb == "end" && answers.IntN(200) == 0 {
			lost++
			return "", true
		}
		return "", false
	})
	res.Kills = map[string]int{}
	for k := range c.Kills {
		point, err := c.live(ctx, c.Mails*(k+1)/c.Kills)
		if err != nil {
			return res, fmt.Errorf("life %d: %w", c.lives, err)
		}
		res.Kills[point]++
		if c.Log != nil && (k+1)%100 == 0 {
			c.Log("%d kills, %d mails, %d letters, %v", k+1, len(c.traffic.Ledger), len(c.recorder.Taken()), time.Since(begin).Round(time.Second))
		}
	}
	calm := time.Now()
	c.recorder.SetAnswer(nil)
	if err := c.drain(ctx); err != nil {
		res.Bad = append(res.Bad, err.Error()) // and what follows tells what is missing
	}
	res.Drain, res.Took, res.LostAnswers = time.Since(calm), time.Since(begin), lost
	ledger, taken := c.traffic.Ledger, c.recorder.Taken()
	res.Mails, res.Tasks = len(ledger), c.traffic.Tasks
	export, err := c.ask(ctx, "export", "--format", "json")
	if err != nil {
		return res, err
	}
	outbox, err := c.ask(ctx, "outbox", "--state", "all")
	if err != nil {
		return res, err
	}
	verify, err := c.ask(ctx, "verify")
	if err != nil || !strings.Contains(string(verify), "clean") {
		res.Bad = append(res.Bad, fmt.Sprintf("verify: %v: %s", err, verify))
	}
	res.Bad = append(res.Bad, CheckRecord(export, ledger)...)
	bad, extra := CheckLetters(string(outbox), taken, ledger)
	res.Bad = append(res.Bad, bad...)
	res.Extra, res.Letters = extra, len(taken)-extra
	res.Bad = append(res.Bad, c.checkState(ctx)...)
	if len(res.Bad) > 0 {
		c.keep(ledger, taken)
	}
	return res, nil
}

// live starts the service, gives it mail up to upTo in all, and has it killed.
func (c *Campaign) live(ctx context.Context, upTo int) (point string, err error) {
	point, crash := "any", ""
	if i := c.rng.IntN(len(c.Points) + 1); i < len(c.Points) {
		// From the second time on: the mail and the letter that an earlier life
		// left half done have their turn, as in life one crash has another cause.
		point = c.Points[i]
		crash = fmt.Sprintf("%s:%d", point, 2+c.rng.IntN(6))
	}
	before := c.rng.IntN(2) == 0
	if before {
		if err := c.put(upTo); err != nil {
			return point, err
		}
	}
	s, err := c.start(ctx, crash)
	if err != nil {
		return point, err
	}
	defer func() { err = errors.Join(err, c.cut(s)) }()
	if c.Power != nil && c.rng.IntN(2) == 0 { // in the midst of an operation of the disk
		c.Power.Disk.OffAfter(1 + c.rng.IntN(2000))
	}
	if !before {
		if err := c.put(upTo); err != nil {
			return point, err
		}
	}
	after := time.Duration(c.rng.IntN(600)) * time.Millisecond
	if crash != "" {
		after = 2 * time.Second // there was not enough to do for it to come there
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return point, ctx.Err()
	case <-timer.C:
		if c.Power != nil {
			c.Power.Cut() // and the program goes on for a moment without it
		}
		if !s.kill() {
			return point, nil // it came there at the last moment
		}
		return "any", nil
	case <-s.ended:
		if c.Power != nil && c.Power.Disk.IsOff() {
			return "any", nil // it said that the disk fails, and ended before it was killed
		}
		if !s.killed() {
			return point, fmt.Errorf("the service ended by itself: %v, see %s", s.cmd.ProcessState, c.path("service.log"))
		}
		return point, nil
	}
}

// cut ends a life, if it has not ended, and the power of its disk with it.
func (c *Campaign) cut(s *service) error {
	if c.Power == nil {
		s.kill()
		return nil
	}
	c.Power.Cut()
	s.kill()
	return c.Power.On(c.rng)
}

func (c *Campaign) put(upTo int) error {
	for len(c.traffic.Ledger) < upTo {
		if err := c.Mailbox.Put(c.traffic.Next(false).Raw); err != nil {
			return err
		}
	}
	return nil
}

// drain lets the service work in peace until everything is done. Letters that
// are put off for a minute or more are asked for by the operator's command.
func (c *Campaign) drain(ctx context.Context) error {
	for m := c.traffic.Next(true); m != nil; m = c.traffic.Next(true) {
		if err := c.Mailbox.Put(m.Raw); err != nil {
			return err
		}
	}
	quiet := 0
	for range 20 {
		waiting, err := c.ask(ctx, "outbox")
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(waiting), "\n") {
			f := strings.Fields(line)
			if len(f) < 3 {
				continue
			}
			if next, err := time.Parse(time.RFC3339, f[2]); err != nil || next.After(time.Now()) {
				if _, err := c.ask(ctx, "outbox", "retry", f[0]); err != nil {
					return err
				}
			}
		}
		s, err := c.start(ctx, "")
		if err != nil {
			return err
		}
		done, err := c.until(ctx, s)
		s.end()
		if err != nil {
			return err
		}
		if done {
			return nil
		}
		quiet++
	}
	st, _ := c.ask(ctx, "status")
	return fmt.Errorf("after %d rounds without a kill there is still something to do:\n%s", quiet, st)
}

// keep leaves the evidence of a failed run.
func (c *Campaign) keep(ledger []Mail, taken []Copy) {
	f, err := os.Create(c.path("ledger.txt"))
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "seed %d\n", c.Seed)
	for i, m := range ledger {
		fmt.Fprintf(f, "mail %d %s task %d %s\n", i+1, m.Mark, m.Task, m.Want)
	}
	for i, t := range taken {
		fmt.Fprintf(f, "letter %d life %d lost %v %s %s task %d to %s\n", i+1, t.Life, t.Lost, t.MessageID, t.Kind, t.Task, t.To)
	}
}

func (c *Campaign) path(name string) string { return filepath.Join(c.Dir, name) }

// database is its path.
func (c *Campaign) database() string {
	if c.Power != nil {
		return filepath.Join(c.Power.Dir, "gatepost.db")
	}
	return c.path("gatepost.db")
}

var errEnded = errors.New("the service ended by itself")
