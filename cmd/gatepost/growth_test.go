package main

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"gatepost/internal/growth"
	"gatepost/loop"
	"gatepost/store"
)

// The long form: make growth.
var (
	growthMails   = flag.Int("growth.mails", 100, "mails over all the years")
	growthTasks   = flag.Int("growth.tasks", 8, "tasks of all streams")
	growthTeams   = flag.Int("growth.teams", 1, "teams")
	growthStreams = flag.Int("growth.streams", 2, "streams of each team")
	growthYears   = flag.Float64("growth.years", 0.25, "simulated years, 1 with 52 weeks of work")
	growthSeed    = flag.Uint64("growth.seed", 1, "seed of the mails")
	growthDir     = flag.String("growth.dir", "", "folder that keeps the database; a new one each time if empty")
	growthStop    = flag.Float64("growth.stop", 0, "with growth.report: measure after this part of the mails, and end")
	growthReport  = flag.Bool("growth.report", false, "measure and print; without it only what must hold is looked at")
)

// discard takes letters and keeps none.
type discard struct{}

func (discard) Send(context.Context, string, string, []byte) error { return nil }

func growthTown() growth.Town {
	return growth.Town{Seed: *growthSeed, Teams: *growthTeams, Streams: *growthStreams, Tasks: *growthTasks, Mails: *growthMails, Years: *growthYears, PMs: max(1, *growthStreams/10)}
}

func growthConfig(t *testing.T, town growth.Town) *Config {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "gatepost.secret"), []byte(growth.Secret+"\n"), 0o600))
	file := filepath.Join(dir, "gatepost.toml")
	must(t, os.WriteFile(file, town.Config(), 0o600))
	cfg, err := readConfig(file, needSecret)
	must(t, err)
	return cfg
}

// A town's years end as they were planned: every task approved, nothing held,
// parked or unread, and the record folds to the state.
func TestGrowth(t *testing.T) {
	if !*growthReport {
		t.Parallel()
	}
	town := growthTown()
	cfg := growthConfig(t, town)
	dir := *growthDir
	if dir == "" {
		dir = t.TempDir()
	}
	db, err := store.Create(filepath.Join(dir, "gatepost.db"))
	must(t, err)
	defer func() { must(t, db.Close()) }()

	acts, total := map[string]int{}, 0
	for m := range town.All() {
		acts[m.Act]++
		total++
	}
	r := newReplayer(db, cfg, discard{})
	pace := newPace(total)
	measureAt := total - total/30
	if *growthStop > 0 {
		measureAt = int(float64(total) * *growthStop)
	}
	feed := func(yield func(arrival, error) bool) {
		n := 0
		for m := range town.All() {
			if n++; *growthReport && n == measureAt { // work is going on everywhere
				pace.pause(func() {
					waits(t, r, town, dir)
					syscall.Sync() // what measuring wrote, and the copy that it removed
				})
				if *growthStop > 0 {
					return
				}
			}
			begin := time.Now()
			if !yield(arrival{m.At, m.Raw}, nil) {
				return
			}
			if pace.done(m.Act, time.Since(begin)); *growthReport {
				pace.report(r)
			}
		}
	}
	must(t, r.play(t.Context(), iter.Seq2[arrival, error](feed), time.Time{}))
	if *growthStop > 0 {
		return
	}
	if r.mails != total {
		t.Errorf("%d mails were read, want %d", r.mails, total)
	}
	approved := 0
	for _, team := range cfg.Teams {
		state, err := db.Load(t.Context(), team, store.Want{All: true})
		must(t, err)
		for _, task := range state.Tasks {
			if task.State == loop.Approve {
				approved++
			}
		}
	}
	if approved != acts["open"] || acts["approve"] != acts["open"] {
		t.Errorf("%d tasks approved, want %d", approved, acts["open"])
	}
	counts, err := db.Counts(t.Context())
	must(t, err)
	if counts.Held+counts.Parked+counts.Unread+counts.Failed+counts.Waiting != 0 {
		t.Errorf("left over: %+v", counts)
	}
	if !*growthReport {
		bad, err := db.Verify(t.Context(), cfg.Teams)
		must(t, err)
		for _, b := range bad {
			t.Error(b)
		}
	}
}

// pace is what mails cost, by tenths of all.
type pace struct {
	total, n int
	tenths   []time.Duration
	cpu      []time.Duration // of this process, as of the end of each tenth
	told     int
	gates    []time.Duration // the last tenth: a delivery, with what fell due before it and its gate letter
	begin    time.Time
}

func newPace(total int) *pace {
	return &pace{total: total, tenths: make([]time.Duration, 10), cpu: []time.Duration{cpuTime()}, begin: time.Now()}
}

// pause does something that is no cost of a mail.
func (p *pace) pause(f func()) {
	begin, cpu := time.Now(), cpuTime()
	f()
	p.begin = p.begin.Add(time.Since(begin))
	p.cpu[len(p.cpu)-1] += cpuTime() - cpu
}

func (p *pace) done(act string, took time.Duration) {
	i := p.n * 10 / p.total
	p.tenths[i] += time.Since(p.begin)
	p.begin = time.Now()
	p.n++
	if i == 9 && act == "done" {
		p.gates = append(p.gates, took)
	}
}

func (p *pace) report(r *replayer) {
	i := p.n * 10 / p.total
	if i == p.told {
		return
	}
	p.told = i
	p.cpu = append(p.cpu, cpuTime())
	work := p.cpu[i] - p.cpu[i-1]
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	each := float64(p.total / 10)
	tell("tenth %2d: %7.3f ms a mail (%.2f x the first), %7.3f ms of CPU (%.2f x); %d letters so far, heap %d MiB", i,
		p.tenths[i-1].Seconds()*1000/each, p.tenths[i-1].Seconds()/p.tenths[0].Seconds(),
		work.Seconds()*1000/each, work.Seconds()/(p.cpu[1]-p.cpu[0]).Seconds(), r.letters, m.HeapAlloc>>20)
	if i == 10 {
		quantiles("gate letter", slices.Clone(p.gates))
		tell("the slowest gate letter was number %d of %d", 1+slices.Index(p.gates, slices.Max(p.gates)), len(p.gates))
	}
}

func tell(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cpuTime is what this process has used so far: on a machine with others the
// steadier measure.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
