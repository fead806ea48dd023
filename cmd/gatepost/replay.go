package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/mailout"
	"gatepost/store"
)

func newReplayCommand(g *globals) *cobra.Command {
	var out, until string
	cmd := &cobra.Command{
		Use:   "replay --out DIR FILE…",
		Short: "Mails through everything but the network, on a simulated clock",
		Long: "Reads .eml files, mboxes or folders in order of arrival (date of the topmost Received field,\n" +
			"else Date), fires digests and prompts as their time comes, and writes the letters into DIR as\n" +
			".eml files with the simulated time of sending, and the database as DIR/gatepost.db. Two runs\n" +
			"make the same bytes. Without --until the clock stops when every letter of the mails has gone out.",
		Example: "  gatepost replay --config shop.toml --out /tmp/shop --until 2026-04-01 mails/",
		Args:    minArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("replay needs --out DIR for the letters and the database")
			}
			end, err := parseMoment(until)
			if err != nil {
				return err
			}
			cfg, err := g.read(needSecret)
			if err != nil {
				return err
			}
			path := filepath.Join(out, "gatepost.db")
			if g.db != "" {
				path = g.db
			}
			start := time.Now()
			r, err := replay(cmd.Context(), cfg, out, path, args, end)
			if err != nil {
				return err
			}
			took := time.Since(start)
			fmt.Fprintf(cmd.OutOrStdout(), "%d mails, %d letters, %s simulated, in %.2f s: %.0f mails a second\n",
				r.mails, r.letters, r.clock.Sub(r.began).Round(time.Minute), took.Seconds(), float64(r.mails)/took.Seconds())
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder for the letters and the database")
	cmd.Flags().StringVar(&until, "until", "", "simulated end: RFC 3339, or a date (midnight UTC)")
	profileFlag(cmd)
	return cmd
}

func parseMoment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("--until %q: want RFC 3339, as 2026-04-01T08:30:00Z, or a date", s)
}

// replayer is a service without a network on a clock of its own.
type replayer struct {
	db      *store.DB
	steps   *stepper
	out     *mailout.Loop
	clock   time.Time
	began   time.Time
	mails   int
	letters int
}

// replayBox names the mailbox of replayed mails in the store.
const replayBox = "replay"

func replay(ctx context.Context, cfg *Config, dir, path string, args []string, until time.Time) (r *replayer, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for replay: %w", err)
	}
	mails, err := spool(dir, args)
	if err != nil {
		return nil, err
	}
	defer mails.close()
	db, err := store.Create(path)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("replay: the database %q exists already: name a new folder with --out", path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r = newReplayer(db, cfg, &mailout.Dir{Path: dir})
	return r, r.play(ctx, mails.all(), until)
}

// newReplayer sends through out; a *mailout.Dir gets the simulated clock.
func newReplayer(db *store.DB, cfg *Config, out mailout.Sender) *replayer {
	host := "replay.invalid"
	if hosts := cfg.hosts(); len(hosts) > 0 {
		host = hosts[0]
	}
	r := &replayer{db: db}
	now := func() time.Time { return r.clock }
	if dir, ok := out.(*mailout.Dir); ok {
		dir.Now = now
	}
	r.steps = newStepper(db, cfg, silent(), nil)
	r.steps.hosts = []string{host}
	r.out = &mailout.Loop{
		Outbox: db, Teams: teamsByAddress(cfg.Teams), Host: host, Now: now, Log: silent(), Sender: out,
		Failed: func(ctx context.Context, p *loop.Post, reason string) error {
			return r.steps.undeliverable(ctx, p, reason, r.clock)
		},
	}
	return r
}

// play takes the mails in, in order of arrival, and lets the clock run on to
// the given moment, or until everything of the mails has gone out.
func (r *replayer) play(ctx context.Context, mails iter.Seq2[arrival, error], until time.Time) error {
	if err := r.db.Begin(ctx, replayBox, 1, 0, time.Time{}); err != nil {
		return err
	}
	shown := newProgress("replaying mails", 0)
	defer shown.done()
	for m, err := range mails {
		if err != nil {
			return err
		}
		if r.mails == 0 {
			r.clock, r.began = m.at, m.at
		}
		shown.add(1)
		if !until.IsZero() && m.at.After(until) {
			break
		}
		if err := r.advance(ctx, m.at); err != nil {
			return err
		}
		r.mails++
		if _, err := r.db.Receive(ctx, replayBox, 1, uint32(r.mails), m.at, m.raw); err != nil {
			return err
		}
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	if r.mails == 0 && r.clock.IsZero() {
		r.clock, r.began = until, until
	}
	if until.IsZero() {
		return r.drain(ctx)
	}
	return r.advance(ctx, until)
}

// settle does everything that is due at the present moment.
func (r *replayer) settle(ctx context.Context) error {
	if _, err := r.steps.all(ctx, func() time.Time { return r.clock }); err != nil {
		return err
	}
	n, err := r.out.Once(ctx)
	r.letters += n
	return err
}

// wake is the next moment at which something is due; letters only or all.
func (r *replayer) wake(ctx context.Context) (at time.Time, err error) {
	if at, err = r.steps.wakeAt(ctx, r.clock); err != nil {
		return at, err
	}
	letter, ok, err := r.db.WakePost(ctx)
	if ok && (at.IsZero() || letter.Before(at)) {
		at = letter
	}
	return at, err
}

// advance lets the clock run to the given moment and stops at everything that
// falls due on the way.
func (r *replayer) advance(ctx context.Context, to time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, err := r.wake(ctx)
		if err != nil {
			return err
		}
		if at.IsZero() || at.After(to) {
			break
		}
		if at.After(r.clock) {
			r.clock = at
		}
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	if to.After(r.clock) {
		r.clock = to
	}
	return nil
}

// drain lets the clock run until every letter and every mail that waits has
// had its turn.
func (r *replayer) drain(ctx context.Context) error {
	for {
		at, ok, err := r.db.WakePost(ctx)
		if err != nil {
			return err
		}
		mail, waits, err := r.db.WakeMail(ctx)
		if err != nil {
			return err
		}
		if waits && (!ok || mail.Before(at)) {
			at, ok = mail, true
		}
		if !ok {
			return nil
		}
		if at.Before(r.clock) {
			at = r.clock
		}
		if err := r.advance(ctx, at); err != nil {
			return err
		}
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
}
