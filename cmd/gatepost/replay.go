package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/mailout"
	"gatepost/parse"
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
	mails, err := arrivals(args)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for replay: %w", err)
	}
	db, err := store.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	host := "replay.invalid"
	if hosts := cfg.hosts(); len(hosts) > 0 {
		host = hosts[0]
	}
	r = &replayer{db: db}
	now := func() time.Time { return r.clock }
	r.steps = newStepper(db, cfg, silent(), nil)
	r.steps.hosts = []string{host}
	r.out = &mailout.Loop{
		Outbox: db, Teams: teamsByAddress(cfg.Teams), Host: host, Now: now, Log: silent(),
		Sender: &mailout.Dir{Path: dir, Now: now},
		Failed: func(ctx context.Context, p *loop.Post, reason string) error {
			return r.steps.undeliverable(ctx, p, reason, r.clock)
		},
	}
	if len(mails) > 0 {
		r.clock = mails[0].at
	} else {
		r.clock = until
	}
	r.began = r.clock
	if err := db.Begin(ctx, replayBox, 1, 0, time.Time{}); err != nil {
		return r, err
	}
	shown := newProgress("replaying mails", len(mails))
	defer shown.done()
	for i, m := range mails {
		shown.add(1)
		if !until.IsZero() && m.at.After(until) {
			break
		}
		if err := r.advance(ctx, m.at); err != nil {
			return r, err
		}
		if _, err := db.Receive(ctx, replayBox, 1, uint32(i+1), m.at, m.raw); err != nil {
			return r, err
		}
		r.mails++
		if err := r.settle(ctx); err != nil {
			return r, err
		}
	}
	if until.IsZero() {
		return r, r.drain(ctx)
	}
	return r, r.advance(ctx, until)
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

// arrival is a mail and when it arrived.
type arrival struct {
	name string
	at   time.Time
	raw  []byte
}

// arrivals reads every mail and sorts them by arrival; mails of one moment
// keep the order in which they were given. A mail without any date arrives
// with the one before it.
func arrivals(args []string) ([]arrival, error) {
	var list []arrival
	var last time.Time
	err := mailin.Files(args, func(name string, raw []byte) error {
		at := parse.ReadHead(raw, parse.Options{}).Received.UTC()
		if at.IsZero() {
			at = last
		}
		last = at
		list = append(list, arrival{name, at, raw})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range list { // before the first date
		if list[i].at.IsZero() {
			list[i].at = firstDate(list)
		}
	}
	slices.SortStableFunc(list, func(a, b arrival) int { return a.at.Compare(b.at) })
	return list, nil
}

func firstDate(list []arrival) time.Time {
	for _, a := range list {
		if !a.at.IsZero() {
			return a.at
		}
	}
	return time.Unix(0, 0).UTC()
}
