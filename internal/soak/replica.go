package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// Replica is a copy of the database that is kept elsewhere while the service
// writes. Stop is called after the kill, Restore makes a database of it at the
// path, where nothing is.
type Replica struct {
	Stop    func() error
	Restore func(to string) error
}

// RunReplica has the service work and its database copied, kills it, throws the
// database away, restores the copy and lets the service go on from there. What
// the copy lacks is in the mailbox still, so nothing may be missing in the
// record and nothing be there twice; letters may go out a second time.
func (c *Campaign) RunReplica(ctx context.Context, begin func(db string) (Replica, error)) (bad []string, err error) {
	c.rng = rand.New(rand.NewPCG(c.Seed, 1))
	c.traffic = NewTraffic(c.Seed)
	if c.recorder, err = NewRecorder(); err != nil {
		return nil, err
	}
	defer c.recorder.Close()
	if err := c.prepare(); err != nil {
		return nil, err
	}
	db := c.database()
	for part := range 3 {
		s, err := c.start(ctx, "")
		if err != nil {
			return nil, err
		}
		if err := c.put(c.Mails * (2*part + 1) / 6); err != nil {
			s.kill()
			return nil, err
		}
		if err := c.reach(ctx, s, part+1); err != nil {
			s.kill()
			return nil, err
		}
		r, err := begin(db)
		if err != nil {
			s.kill()
			return nil, err
		}
		if err := c.put(c.Mails * (2*part + 2) / 6); err != nil {
			s.kill()
			return nil, err
		}
		after := time.NewTimer(time.Duration(500+c.rng.IntN(2000)) * time.Millisecond)
		select {
		case <-after.C:
		case <-s.ended:
			return nil, errEnded
		}
		s.kill()
		if err := r.Stop(); err != nil {
			return nil, fmt.Errorf("stop the replication: %w", err)
		}
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(db + end)
		}
		if err := r.Restore(db); err != nil {
			return nil, fmt.Errorf("restore the replica: %w", err)
		}
		if out, err := c.ask(ctx, "verify"); err != nil {
			bad = append(bad, fmt.Sprintf("verify after restore %d: %v: %s", part+1, err, out))
		}
	}
	if err := c.drain(ctx); err != nil {
		bad = append(bad, err.Error())
	}
	export, err := c.ask(ctx, "export", "--format", "json")
	if err != nil {
		return bad, err
	}
	bad = append(bad, CheckRecord(export, c.traffic.Ledger)...)
	if out, err := c.ask(ctx, "verify"); err != nil || !strings.Contains(string(out), "clean") {
		bad = append(bad, fmt.Sprintf("verify: %v: %s", err, out))
	}
	return append(bad, c.checkState(ctx)...), nil
}

// reach waits until there is something to copy: a task or more.
func (c *Campaign) reach(ctx context.Context, s *service, tasks int) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return errEnded
		case <-tick.C:
		}
		st, err := c.status(ctx)
		if err != nil {
			return err
		}
		n := 0
		for _, t := range st.Teams {
			n += len(t.Tasks)
		}
		if n >= tasks {
			return nil
		}
	}
}
