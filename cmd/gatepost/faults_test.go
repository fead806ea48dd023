package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/internal/fault"
	"gatepost/internal/loopmail"
	"gatepost/internal/soak"
	"gatepost/mailin"
	"gatepost/store"
)

var soakSeeds = flag.Int("soak.seeds", 0, "seeds for each fault of the network; 0: one for every third")

// networkFault is one way in which the network or a server fails.
type networkFault struct {
	name       string
	imap, smtp *fault.Kind
	answer     soak.Answer // of the SMTP server
}

// networkFaults are all of them: connections that go wrong on either leg, and
// every answer of an SMTP server that matters at every verb.
func networkFaults() (list []networkFault) {
	for _, k := range fault.Kinds(true) {
		list = append(list, networkFault{name: "imap " + k.Name, imap: &k})
	}
	for _, k := range fault.Kinds(false) {
		list = append(list, networkFault{name: "smtp " + k.Name, smtp: &k})
	}
	for _, verb := range []string{"connect", "ehlo", "auth", "mail", "rcpt", "data", "end"} {
		for _, reply := range []string{"421 going down", "450 not now", "452 no room", "535 who are you", "550 not wanted", "552 too large", ""} {
			name, hangUp := "smtp "+reply+" at "+verb, false
			if reply == "" {
				name, hangUp = "smtp hangs up at "+verb, true // at the end: the answer is lost
			}
			list = append(list, networkFault{name: name, answer: func(at string) (string, bool) {
				if at != verb {
					return "", false
				}
				return reply, hangUp || strings.HasPrefix(reply, "421")
			}})
		}
	}
	return list
}

// faulty is a service in this process between servers that fail, on a clock
// that is moved on.
type faulty struct {
	*service
	poller   *mailin.Poller // less patient than the service's
	cfg      *Config
	clock    time.Time
	box      *loopmail.Server
	imap     *fault.Bent
	smtp     *fault.Bent
	recorder *soak.Recorder
	traffic  *soak.Traffic
}

func newFaulty(t *testing.T, seed uint64) *faulty {
	t.Helper()
	f := &faulty{clock: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), traffic: soak.NewTraffic(seed)}
	var err error
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f.box, err = loopmail.Start(loopmail.Config{Users: map[string]string{soak.Team: demoPassword}})
	fatal(err)
	t.Cleanup(func() { f.box.Close() })
	f.recorder, err = soak.NewRecorder()
	fatal(err)
	t.Cleanup(func() { f.recorder.Close() })
	f.recorder.LifeEach()
	f.imap, err = fault.NewBent(f.box.IMAPAddr, seed)
	fatal(err)
	t.Cleanup(func() { f.imap.Close() })
	f.smtp, err = fault.NewBent(f.recorder.Addr, seed)
	fatal(err)
	t.Cleanup(func() { f.smtp.Close() })

	dir := t.TempDir()
	imapHost, imapPort, _ := splitAddr(f.imap.Addr)
	smtpHost, smtpPort, _ := splitAddr(f.smtp.Addr)
	config := soak.Config(imapHost, fmt.Sprint(imapPort), smtpHost, fmt.Sprint(smtpPort), soak.Team, "gatepost.db", "")
	for name, content := range map[string]string{"gatepost.toml": config, "robot.pass": demoPassword, "gatepost.secret": soak.Secret} {
		fatal(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	db, err := store.Create(filepath.Join(dir, "gatepost.db"))
	fatal(err)
	t.Cleanup(func() { db.Close() })
	f.cfg, err = readConfig(filepath.Join(dir, "gatepost.toml"), needServers, needSecret)
	fatal(err)
	f.service = newService(f.cfg, db, silent(), func() time.Time { return f.clock }, true)
	f.poller = mailin.New(mailin.Config{ // as newService has it, and less patient
		Host: imapHost, Port: imapPort, TLS: "none", User: soak.Team, Password: f.cfg.IMAP.Password.Read,
		FromStart: true, Timeout: time.Second, Now: f.now,
	}, boxReceiver{db, f.cfg.Mailboxes[0].source(), nil})
	return f
}

func (f *faulty) put(t *testing.T, n int) {
	t.Helper()
	for range n {
		m := f.traffic.Next(false)
		if err := f.box.DeliverAt(soak.Team, m.Raw, f.clock); err != nil {
			t.Fatal(err)
		}
	}
}

// round is one pass of the three loops, as far as each comes.
func (f *faulty) round(t *testing.T) {
	t.Helper()
	_, _ = f.poller.Once(t.Context())
	if _, err := f.steps.all(t.Context(), f.now); err != nil {
		t.Errorf("step: %v", err) // the network is none of its business
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _ = f.letters.Once(ctx)
	f.clock = f.clock.Add(6 * time.Minute)
}

// Whatever the network does: nothing is lost, nothing happens twice, and a
// second copy of a letter goes out only where the answer to the first was lost.
func TestFaultyNetwork(t *testing.T) {
	all := networkFaults()
	if len(all) < 60 {
		t.Fatalf("%d kinds of fault", len(all))
	}
	cases, extra, hits := 0, 0, int64(0)
	for i, kind := range all {
		if *soakSeeds == 0 && i%3 != 0 {
			continue
		}
		for s := range max(1, *soakSeeds) {
			seed := *soakSeed + uint64(s)
			t.Run(fmt.Sprintf("%s seed %d", kind.name, seed), func(t *testing.T) {
				e, h := faultCase(t, kind, seed)
				cases, extra, hits = cases+1, extra+e, hits+h
			})
		}
	}
	t.Logf("%d kinds, %d cases, seeds from %d, %d faults met, %d extra copies", len(all), cases, *soakSeed, hits, extra)
}

func faultCase(t *testing.T, kind networkFault, seed uint64) (extra int, hits int64) {
	f := newFaulty(t, seed)
	f.imap.Bend(kind.imap)
	f.smtp.Bend(kind.smtp)
	said := 0
	f.recorder.SetAnswer(func(verb string) (string, bool) {
		if kind.answer == nil {
			return "", false
		}
		reply, hangUp := kind.answer(verb)
		if reply != "" || hangUp {
			said++
		}
		return reply, hangUp
	})
	for range 2 {
		f.put(t, 4)
		f.round(t)
	}
	f.imap.Bend(nil)
	f.smtp.Bend(nil)
	f.recorder.SetAnswer(nil)
	f.imap.Cut()
	f.smtp.Cut()
	for m := f.traffic.Next(true); m != nil; m = f.traffic.Next(true) {
		if err := f.box.DeliverAt(soak.Team, m.Raw, f.clock); err != nil {
			t.Fatal(err)
		}
	}
	// The first round after the fault may still meet the connection that was
	// cut; after that each must come through whole.
	f.round(t)
	f.recall(t)
	for range 3 {
		f.round(t)
	}
	if _, err := f.poller.Once(t.Context()); err != nil {
		t.Errorf("the mailbox is not read after the fault: %v", err)
	}
	extra = f.holds(t)
	return extra, f.imap.Hits() + f.smtp.Hits() + int64(said)
}

// recall has the operator try again what was refused for good.
func (f *faulty) recall(t *testing.T) {
	t.Helper()
	failed, err := f.db.Outbox(t.Context(), store.PostFilter{State: store.PostFailed})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range failed {
		if p.Reason == "" {
			t.Errorf("letter %d failed without a reason", p.Serial)
		}
		if err := f.db.RetryPost(t.Context(), p.Serial); err != nil {
			t.Fatal(err)
		}
	}
}

// holds checks everything against the ledger.
func (f *faulty) holds(t *testing.T) (extra int) {
	t.Helper()
	var export bytes.Buffer
	if err := exportJSON(t.Context(), &export, f.db, f.cfg.Teams, 0); err != nil {
		t.Fatal(err)
	}
	all, err := f.db.Outbox(t.Context(), store.PostFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var outbox strings.Builder
	for _, p := range all {
		fmt.Fprintf(&outbox, "%d %s %s %s %s%s\n", p.Serial, p.State, p.Closed.Format(time.RFC3339), p.Letter.Kind, p.Letter.To, tail(p.Reason))
	}
	bad := soak.CheckRecord(export.Bytes(), f.traffic.Ledger)
	more, extra := soak.CheckLetters(outbox.String(), f.recorder.Taken(), f.traffic.Ledger)
	found, err := f.db.Verify(t.Context(), f.cfg.Teams)
	if err = errors.Join(err); err != nil {
		t.Error(err)
	}
	for _, b := range append(append(bad, more...), found...) {
		t.Error(b)
	}
	return extra
}
