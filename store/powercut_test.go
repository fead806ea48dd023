package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gatepost/internal/powercut"
	"gatepost/loop"
)

// cutEvery is the step between cuts; a campaign cuts at each operation.
var cutEvery = flag.Int("cut.every", 25, "cut the power in every n-th operation")

// powerDir tells the child of TestPowerCutAnywhere where to play the story.
const powerDir = "GATEPOST_TEST_POWER"

// A loss of power in any operation of the disk: whatever was acknowledged
// before is there after the next start, and what is there is whole. The disk
// keeps what was synced and forgets or spoils the rest.
func TestPowerCutAnywhere(t *testing.T) {
	if dir := os.Getenv(powerDir); dir != "" {
		playPowerStory(dir)
		return
	}
	whole, acts := cutPower(t, 0)
	if acts != len(powerStory()) {
		t.Fatalf("without a cut: %d acts of %d were done", acts, len(powerStory()))
	}
	every := *cutEvery
	cuts := 0
	for n := 1 + every/2; n < whole; n += every {
		cutPower(t, n)
		cuts++
	}
	if cuts < 20 {
		t.Errorf("%d cuts in a story of %d operations", cuts, whole)
	}
	t.Logf("%d cuts in a story of %d operations", cuts, whole)
}

// cutPower plays the story on a disk whose power goes in its n-th operation,
// and holds what is left against what was acknowledged. It gives how many
// operations and acts there were. n = 0 never cuts.
func cutPower(t *testing.T, n int) (ops, acts int) {
	t.Helper()
	m, err := powercut.NewMount(t.TempDir())
	must(t, err)
	defer m.Close()
	if n > 0 {
		m.Disk.OffAfter(n)
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestPowerCutAnywhere$")
	child.Env = append(os.Environ(), powerDir+"="+m.Dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	story := powerStory()
	for in := bufio.NewScanner(out); in.Scan() && acts < len(story) && in.Text() == story[acts].name; {
		acts++
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	must(t, m.Close())
	ops = m.Disk.Ops()
	m.Disk.On(rand.New(rand.NewPCG(uint64(n), 11)))
	dir := t.TempDir()
	for name, b := range m.Disk.Files() {
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	last := "nothing"
	if acts > 0 {
		last = story[acts-1].name
	}
	for _, bad := range lostPower(t, dir, story[:acts]) {
		t.Errorf("cut in operation %d, after %q: %s", n, last, bad)
	}
	return ops, acts
}

// lostPower is what is not as it was promised, after the next start.
func lostPower(t *testing.T, dir string, done []powerAct) (bad []string) {
	file := filepath.Join(dir, "gatepost.db")
	if len(done) == 0 { // nobody was told that there is a database: it may be made once more
		os.Remove(file)
		d, err := Create(file)
		if err != nil {
			return []string{err.Error()}
		}
		must(t, d.Close())
		return nil
	}
	d, err := Open(file)
	if err != nil {
		return []string{err.Error()}
	}
	defer d.Close()
	for _, a := range done {
		if a.promise == nil {
			continue
		}
		if err := a.promise(t.Context(), d); err != nil {
			bad = append(bad, fmt.Sprintf("%s: %v", a.name, err))
		}
	}
	wrong, err := d.Verify(t.Context(), []*loop.Team{team})
	if err != nil {
		bad = append(bad, err.Error())
	}
	return append(bad, wrong...)
}

// powerAct is something that a service does with its database, and what must be
// true of it ever after, once it was done.
type powerAct struct {
	name    string
	do      func(ctx context.Context, d *DB) error
	promise func(ctx context.Context, d *DB) error
}

// powerStory is the acts between making the database and closing it.
func powerStory() (acts []powerAct) {
	act := func(name string, do, promise func(ctx context.Context, d *DB) error) {
		acts = append(acts, powerAct{name, do, promise})
	}
	act("create", nil, nil)
	act("begin", func(ctx context.Context, d *DB) error {
		d.checkpoints.every = 1 // one beside each commit that brings a mail
		return d.Begin(ctx, "INBOX", 7, 0, start)
	}, nil)
	for i := 1; i <= 6; i++ {
		raw := fmt.Appendf(nil, "From: <priya@acme.example>\r\nMessage-ID: <%d@x>\r\n\r\n%s\r\n", i, bytes.Repeat([]byte("words "), 700*i))
		act(fmt.Sprint("receive ", i), func(ctx context.Context, d *DB) error {
			if i == 5 { // in pieces
				_, err := d.ReceiveLarge(ctx, "INBOX", 7, uint32(i), clock(i), func(keep func([]byte) error) error {
					return errors.Join(keep(raw[:1000]), keep(raw[1000:]))
				})
				return err
			}
			_, err := d.Receive(ctx, "INBOX", 7, uint32(i), clock(i), raw)
			return err
		}, func(ctx context.Context, d *DB) error {
			got, err := d.Raw(ctx, int64(i))
			if err == nil && !bytes.Equal(got, raw) {
				err = fmt.Errorf("the mail has %d bytes of %d", len(got), len(raw))
			}
			_, uid, _, _, perr := d.Position(ctx, "INBOX")
			if perr == nil && uid < uint32(i) {
				perr = fmt.Errorf("the position is %d", uid)
			}
			return errors.Join(err, perr)
		})
		plan := func(before *loop.State) Step {
			after, events := fork(before), []loop.Event{opened(i, "web", "A shelf"), queued(i)}
			if i == 1 {
				events = append(events, started(1))
			}
			for k := range events {
				events[k].At, events[k].Mail = clock(i), int64(i)
				after.Fold(events[k])
			}
			return Step{Team: shop, At: clock(i), Mail: int64(i), Verdict: Read, Before: before, After: after, Events: events,
				Letters: []loop.Letter{letter("dana@acme.example")}}
		}
		act(fmt.Sprint("commit ", i), func(ctx context.Context, d *DB) error {
			if i%2 == 0 { // in a turn
				return d.Turn(ctx, func(t *Turn) error {
					before, err := t.Load(team, nil)
					if err != nil {
						return err
					}
					return t.Commit(plan(before))
				})
			}
			before, err := d.Load(ctx, team, Want{})
			if err != nil {
				return err
			}
			return d.Commit(ctx, plan(before))
		}, func(ctx context.Context, d *DB) error {
			m, err := d.Mail(ctx, int64(i))
			if err == nil && m.Verdict != Read {
				err = fmt.Errorf("the mail is %q", m.Verdict)
			}
			state, lerr := d.Load(ctx, team, Want{All: true})
			if lerr == nil && state.Tasks[i] == nil {
				lerr = errors.New("the task is gone")
			}
			return errors.Join(err, lerr)
		})
		act(fmt.Sprint("keep ", i), func(ctx context.Context, d *DB) error {
			return d.KeepPost(ctx, &loop.Post{Serial: int64(i), MessageID: fmt.Sprintf("%d@x", i), Text: "text", Raw: raw, Letter: letter("dana@acme.example")})
		}, func(ctx context.Context, d *DB) error {
			got, err := d.PostBySerial(ctx, int64(i))
			if err == nil && (got == nil || !bytes.Equal(got.Raw, raw)) {
				err = errors.New("the bytes of the letter are others")
			}
			return err
		})
		act(fmt.Sprint("sent ", i), func(ctx context.Context, d *DB) error { return d.SentPost(ctx, clock(i), int64(i)) },
			func(ctx context.Context, d *DB) error {
				waiting, err := d.Outbox(ctx, PostFilter{State: "waiting"})
				for _, p := range waiting {
					if p.Serial == int64(i) {
						return errors.New("it would go out once more")
					}
				}
				return err
			})
		if i == 3 {
			act("checkpoint", func(_ context.Context, d *DB) error {
				_, err := d.writer.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
				return err
			}, nil)
		}
	}
	act("backup", func(_ context.Context, d *DB) error {
		return d.Backup(filepath.Join(filepath.Dir(d.Path()), "copy.db"))
	},
		func(ctx context.Context, d *DB) error {
			c, err := OpenReader(filepath.Join(filepath.Dir(d.Path()), "copy.db"))
			if err != nil {
				return err
			}
			defer c.Close()
			bad, err := c.Verify(ctx, []*loop.Team{team})
			if len(bad) > 0 {
				err = fmt.Errorf("%q", bad)
			}
			return err
		})
	return acts
}

// playPowerStory does the acts and says of each, once it was acknowledged, that
// it is done.
func playPowerStory(dir string) {
	ctx := context.Background()
	d, err := Create(filepath.Join(dir, "gatepost.db"))
	for _, a := range powerStory() {
		if err == nil && a.do != nil {
			err = a.do(ctx, d)
		}
		if err != nil {
			break
		}
		fmt.Println(a.name)
	}
	if d != nil {
		d.Close()
	}
}
