package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatepost/internal/debmail"
	"gatepost/internal/loopmail"
	"gatepost/internal/powercut"
	"gatepost/internal/soak"
	"gatepost/store"
)

// The long form: make soak.
var (
	soakKills   = flag.Int("soak.kills", 50, "kills in the campaign")
	soakMails   = flag.Int("soak.mails", 300, "mails in the campaign")
	soakCuts    = flag.Int("soak.cuts", 12, "losses of power in their campaign, of eight mails each")
	soakSeed    = flag.Uint64("soak.seed", 1, "seed of the campaign; the same seed makes the same plan")
	soakBinary  = flag.String("soak.binary", "", "program to kill; this test itself if empty")
	soakStream  = flag.String("soak.litestream", "", "litestream program for the replica; gatepost backup if empty")
	soakDovecot = flag.Bool("soak.dovecot", false, "mailbox on Dovecot instead of the embedded server")
)

// newCampaign is a campaign on a mailbox of its own.
func newCampaign(t *testing.T) *soak.Campaign {
	t.Helper()
	mailbox := &soak.Mailbox{User: soak.Team, Password: demoPassword}
	users := map[string]string{soak.Team: demoPassword}
	if *soakDovecot {
		h, err := debmail.Start(debmail.Config{Users: users})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		mailbox.Addr = h.IMAPAddr
	} else {
		h, err := loopmail.Start(loopmail.Config{Users: users})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		mailbox.Addr = h.IMAPAddr
	}
	t.Cleanup(func() { mailbox.Close() })
	c := &soak.Campaign{
		Binary: []string{os.Args[0]}, Env: []string{"GATEPOST_TEST_MAIN=1"}, Dir: evidence(t),
		Mailbox: mailbox, Mails: *soakMails, Kills: *soakKills, Seed: *soakSeed, Points: crashPoints, Log: t.Logf,
		Create: func(path string) error {
			db, err := store.Create(path)
			if err != nil {
				return err
			}
			return db.Close()
		},
	}
	if *soakBinary != "" {
		c.Binary, c.Env = []string{*soakBinary}, nil
	}
	return c
}

// Nothing lost and nothing twice, whenever the program is killed.
func TestKillCampaign(t *testing.T) {
	t.Parallel() // it waits more than it works
	hold(t, newCampaign(t))
}

// Nothing that was acknowledged is lost when the power goes: the disk of the
// database forgets what was not synced, and mail that was stored is gone from
// the mailbox.
func TestPowerCampaign(t *testing.T) {
	t.Parallel() // it waits more than it works
	c := newCampaign(t)
	disk, err := powercut.NewMount(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	c.Power, c.Kills, c.Mails = disk, *soakCuts, 8**soakCuts
	hold(t, c)
}

// hold runs a campaign to its end.
func hold(t *testing.T, c *soak.Campaign) {
	t.Helper()
	t.Logf("seed %d", c.Seed)
	begin := time.Now()
	res, err := c.Run(t.Context())
	t.Logf("%v (%v in all)", res, time.Since(begin).Round(time.Second))
	if err != nil {
		t.Error(err)
	}
	for i, b := range res.Bad {
		if i == 50 {
			t.Errorf("and %d more", len(res.Bad)-i)
			break
		}
		t.Error(b)
	}
}

// evidence is a folder that stays if the test fails.
func evidence(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gatepost-soak-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the evidence is in %s", filepath.Clean(dir))
			return
		}
		os.RemoveAll(dir)
	})
	return dir
}

// The database is lost while the service runs; a copy that was made meanwhile,
// by backup or by Litestream, takes its place.
func TestReplicaAfterKill(t *testing.T) {
	t.Parallel() // it waits more than it works
	c := newCampaign(t)
	c.Mails = 60
	n := 0
	bad, err := c.RunReplica(t.Context(), func(path string) (soak.Replica, error) {
		n++
		if *soakStream != "" {
			return litestream(path, filepath.Join(c.Dir, fmt.Sprint("replica", n)))
		}
		copied := filepath.Join(c.Dir, fmt.Sprint("backup", n))
		db, err := store.OpenReader(path)
		if err != nil {
			return soak.Replica{}, err
		}
		err = errors.Join(db.Backup(copied), db.Close())
		return soak.Replica{
			Stop:    func() error { return nil },
			Restore: func(to string) error { return os.Rename(copied, to) },
		}, err
	})
	if err != nil {
		t.Error(err)
	}
	for _, b := range bad {
		t.Error(b)
	}
}

// litestream replicates the database into a folder until it is killed as well.
func litestream(path, folder string) (soak.Replica, error) {
	cmd := exec.Command(*soakStream, "replicate", path, "file://"+folder)
	if err := cmd.Start(); err != nil {
		return soak.Replica{}, err
	}
	for end := time.Now().Add(time.Minute); !holdsFiles(folder); time.Sleep(100 * time.Millisecond) { // its first copy of the whole
		if time.Now().After(end) {
			return soak.Replica{}, errors.Join(errors.New("litestream copied nothing within a minute"), cmd.Process.Kill(), cmd.Wait())
		}
	}
	return soak.Replica{
		Stop: func() error {
			err := cmd.Process.Kill()
			_ = cmd.Wait()
			return err
		},
		Restore: func(to string) error {
			out, err := exec.Command(*soakStream, "restore", "-o", to, "file://"+folder).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return os.Chmod(to, 0o600)
		},
	}, nil
}

// holdsFiles tells whether there is a whole file somewhere in the folder.
func holdsFiles(folder string) (found bool) {
	_ = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		found = found || err == nil && entry.Type().IsRegular() && filepath.Ext(name) != ".tmp"
		return nil
	})
	return found
}
