package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/growth"
	"gatepost/loop"
	"gatepost/store"
)

// waits measures what a person waits for, on a copy of the database.
func waits(t *testing.T, r *replayer, town growth.Town, dir string) {
	ctx := t.Context()
	copied := filepath.Join(dir, "copy.db")
	defer os.Remove(copied)
	timed("backup", func() { must(t, r.db.Backup(copied)) })
	if info, err := os.Stat(copied); err == nil {
		tell("the database holds %d MiB", info.Size()>>20)
	}
	var db *store.DB
	timed("open", func() {
		var err error
		db, err = store.Open(copied)
		must(t, err)
		_, err = db.Counts(ctx)
		must(t, err)
	})
	defer func() { must(t, db.Close()) }()
	cfg := growthConfig(t, town)
	rng := rand.New(rand.NewPCG(town.Seed, 99))
	states := map[string]*loop.State{}
	for _, team := range cfg.Teams {
		s, err := db.Load(ctx, team, store.Want{})
		must(t, err)
		states[team.Address] = s
	}
	pick := func() (*loop.Team, int) {
		team := cfg.Teams[rng.IntN(len(cfg.Teams))]
		return team, 1 + rng.IntN(states[team.Address].LastTask)
	}
	repeat(t, "status", 100, func() error {
		s, err := gatherStatus(ctx, cfg, db, false)
		if err == nil {
			err = printStatus(io.Discard, s)
		}
		return err
	})
	repeat(t, "status --json", 20, func() error {
		s, err := gatherStatus(ctx, cfg, db, true)
		if err == nil {
			err = printIndented(io.Discard, s)
		}
		return err
	})
	repeat(t, "digest", 200, func() error {
		team, _ := pick()
		p := &team.People[rng.IntN(town.PMs)]
		l, _, err := previewLetter(ctx, db, team, p, loop.DigestMail, r.clock)
		if err == nil {
			err = showLetter(io.Discard, io.Discard, team, p, l, "", false)
		}
		return err
	})
	repeat(t, "record", 500, func() error {
		team, n := pick()
		entries, err := recordOf(ctx, db, team, n)
		if err == nil {
			err = printEntries(io.Discard, entries, team.Zone, false)
		}
		return err
	})
	searches(t, db, cfg, rng)
	repeat(t, "verify", 1, func() error {
		bad, err := db.Verify(ctx, cfg.Teams)
		if len(bad) > 0 {
			err = fmt.Errorf("%s", strings.Join(bad, "\n"))
		}
		return err
	})
	digests(t, db, town, r.clock)
}

// searches asks for words as people do, for two words of one mail, and for the
// commonest and the rarest.
func searches(t *testing.T, db *store.DB, cfg *Config, rng *rand.Rand) {
	ctx := t.Context()
	last, err := db.LastMail(ctx)
	must(t, err)
	words := map[string][]string{}
	for range 300 {
		m, err := db.Mail(ctx, 1+rng.Int64N(last))
		must(t, err)
		if f := strings.Fields(strings.ToLower(m.Text)); len(f) > 6 {
			i := 3 + rng.IntN(len(f)-5)
			words["one word"] = append(words["one word"], m.Team+" "+f[i])
			words["two words"] = append(words["two words"], m.Team+" "+f[i]+" "+f[i+1])
			words["commonest"] = append(words["commonest"], m.Team+" moved")
			words["nowhere"] = append(words["nowhere"], m.Team+" zzznowhere")
			words["elsewhere"] = append(words["elsewhere"], cfg.Teams[rng.IntN(len(cfg.Teams))].Address+" "+f[i]+" "+f[i+1])
		}
	}
	for _, what := range slices.Sorted(maps.Keys(words)) {
		i := 0
		repeat(t, "search, "+what, len(words[what]), func() error {
			team, ask, _ := strings.Cut(words[what][i], " ")
			i++
			_, err := db.Search(ctx, team, ask, searchHits)
			return err
		})
	}
}

// digests are those of a PM for each stream, all due at one minute.
func digests(t *testing.T, db *store.DB, town growth.Town, now time.Time) {
	ctx := t.Context()
	town.PMs = town.Streams
	r := newReplayer(db, growthConfig(t, town), discard{})
	r.clock = now
	must(t, r.settle(ctx)) // what is due already
	for {
		at, err := r.wake(ctx)
		must(t, err)
		if at.Hour() == 8 && at.Minute() == 30 && at.After(now.Add(36*time.Hour)) {
			r.clock = at
			break
		}
		must(t, r.advance(ctx, at))
	}
	before, stop, reads := r.letters, make(chan struct{}), make(chan []time.Duration)
	go func() { // what a reader waits meanwhile
		var took []time.Duration
		for {
			select {
			case <-stop:
				reads <- took
				return
			default:
			}
			begin := time.Now()
			_, _ = db.NextMail(context.Background(), now)
			_ = db.Polled(context.Background(), replayBox, now) // a write, as Receive is
			took = append(took, time.Since(begin))
		}
	}()
	begin := time.Now()
	_, err := r.steps.all(ctx, func() time.Time { return r.clock })
	must(t, err)
	made := time.Since(begin)
	must(t, r.settle(ctx))
	sent := time.Since(begin)
	close(stop)
	quantiles("reading and one write meanwhile", <-reads)
	tell("%d letters due at one minute: made in %.2f s, put into words and sent in %.2f s", r.letters-before, made.Seconds(), sent.Seconds())
}

func timed(what string, f func()) {
	begin := time.Now()
	f()
	tell("%-32s %8.1f ms", what, time.Since(begin).Seconds()*1000)
}

func repeat(t *testing.T, what string, n int, f func() error) {
	t.Helper()
	var took []time.Duration
	for range n {
		begin := time.Now()
		must(t, f())
		took = append(took, time.Since(begin))
	}
	quantiles(what, took)
}

func quantiles(what string, took []time.Duration) {
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	at := func(q float64) float64 { return took[min(len(took)-1, int(q*float64(len(took))))].Seconds() * 1000 }
	tell("%-32s p50 %8.2f ms   p99 %8.2f ms   most %8.2f ms   of %d", what, at(0.5), at(0.99), at(1), len(took))
}
