package main

import (
	"fmt"
	"testing"
	"time"

	"gatepost/internal/soak"
)

// A mailbox that gets new numbers while mail comes: what is known is not read
// again, what is new is.
func TestRenumberedMailbox(t *testing.T) {
	known, fresh := 300, 100
	if *soakSeeds > 0 {
		known = 5000
	}
	f := newFaulty(t, 1)
	begin := f.clock
	f.put(t, known)
	if rep, err := f.poller.Once(t.Context()); err != nil || rep.Fresh != known {
		t.Fatalf("%+v, %v", rep, err)
	}
	if n, err := f.steps.all(t.Context(), f.now); err != nil || n != known {
		t.Fatalf("%d read, %v", n, err)
	}
	if err := f.box.Renumber(soak.Team); err != nil {
		t.Fatal(err)
	}
	f.put(t, fresh)
	rep, err := f.poller.Once(t.Context())
	if err != nil || rep.Fresh != fresh || rep.Known != known {
		t.Errorf("after the renumbering: %+v, %v", rep, err)
	}
	if n, err := f.steps.all(t.Context(), f.now); err != nil || n != fresh {
		t.Errorf("%d read, %v", n, err)
	}
	for m := f.traffic.Next(true); m != nil; m = f.traffic.Next(true) {
		if err := f.box.DeliverAt(soak.Team, m.Raw, begin); err != nil {
			t.Fatal(err)
		}
	}
	f.round(t)
	for range 40 { // each sends for a second at most
		f.round(t)
		if _, waits, err := f.db.WakePost(t.Context()); err != nil || !waits {
			break
		}
	}
	f.holds(t)
}

// The same mail by two ways is one; two mails with one Message-ID are two.
func TestMailByTwoWays(t *testing.T) {
	f := newFaulty(t, 1)
	mail := func(id, title string) string {
		if id != "" {
			id = "Message-ID: <" + id + "@x.example>\r\n"
		}
		return fmt.Sprintf("From: <%s>\r\nTo: <shop+web@acme.example>\r\nSubject: %s\r\n%s\r\nProblem: p\r\n\r\nDone: d\r\n", soak.PM, title, id)
	}
	for _, raw := range []string{
		mail("a", "by two ways"), mail("b", "one of two"), mail("", "no id"),
		"Received: from a.example by b.example; Mon, 2 Mar 2026 09:00:00 +0000\r\n" + mail("a", "by two ways"),
		mail("b", "the other of two"), mail("", "no id"), mail("", "no id either"),
	} {
		if err := f.box.DeliverAt(soak.Team, []byte(raw), f.clock); err != nil {
			t.Fatal(err)
		}
		f.round(t)
	}
	st, err := gatherStatus(t.Context(), f.cfg, f.db, true)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, k := range st.Teams[0].Tasks {
		titles = append(titles, k.Title)
	}
	if got := fmt.Sprint(titles); got != "[by two ways one of two no id the other of two no id either]" {
		t.Errorf("tasks %s", got)
	}
}

// A mailbox full of old mail costs the first start nothing, and the mail that
// comes then is read.
func TestMailboxFullOfOldMail(t *testing.T) {
	const old = 100_000
	f := newFaulty(t, 1)
	raw := []byte("From: <a@b.example>\r\nSubject: old\r\n\r\nold\r\n")
	for range old {
		if err := f.box.DeliverAt(soak.Team, raw, f.clock.AddDate(-1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	f.service = newService(f.cfg, f.db, silent(), f.now, false)
	f.poller = f.service.pollers[0]
	begin := time.Now()
	rep, err := f.poller.Once(t.Context())
	if err != nil || rep.OldBefore != old || rep.Fresh != 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	f.put(t, 3)
	if rep, err = f.poller.Once(t.Context()); err != nil || rep.Fresh != 3 {
		t.Errorf("%+v, %v", rep, err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("two passes took %v", took)
	}
}
