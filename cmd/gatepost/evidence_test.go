package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/store"
)

// keyServer is a DNS of one key that can be down.
type keyServer struct {
	record string
	down   bool
	asked  int
}

func (k *keyServer) LookupTXT(_ context.Context, name string) ([]string, error) {
	k.asked++
	if k.down {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	return []string{k.record}, nil
}

// A signed decision while the DNS is down waits, and happens once it is back;
// a note does not wait; an unsigned decision is asked about; after six hours
// a signed one is as well.
func TestDecisionWaitsForTheDNS(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	keys := &keyServer{record: "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))}
	w := newTown(t)
	h := w.settle("shop@a.example", "pat@a.example", "eve@a.example")
	h.team.Trust = loop.TrustSigned
	now := func() time.Time { return w.clock }
	h.steps.dkim = &mailin.DKIM{Keys: &mailin.Keys{Resolver: keys, Now: now}, Now: now}
	signed := func(from, ref, text string) {
		w.n++
		mail := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Work\r\nMessage-ID: <s%d@people.example>\r\n\r\n%s\r\n", from, h.team.ReplyAddress(ref, from), w.n, text)
		var b bytes.Buffer
		if err := dkim.Sign(&b, strings.NewReader(mail), &dkim.SignOptions{Domain: "a.example", Selector: "s", Signer: key}); err != nil {
			t.Fatal(err)
		}
		h.receive(b.Bytes())
	}
	state := func() *loop.Task {
		t.Helper()
		s, err := h.db.Load(t.Context(), h.team, store.Want{All: true})
		if err != nil {
			t.Fatal(err)
		}
		return s.Tasks[1]
	}
	h.write("pat@a.example", "", "Problem: p\r\nDone: d")
	w.live(10 * time.Minute)
	signed("eve@a.example", "t1", "done: it is")
	w.live(10 * time.Minute)
	if s := state().State; s != loop.AtGate {
		t.Fatalf("signed done: %s", s)
	}
	w.clock = w.clock.Add(2 * time.Hour) // what is remembered of the key is gone
	keys.down = true
	h.write("pat@a.example", "t1r1", "redirect: unsigned")
	signed("pat@a.example", "t1r1", "approve")
	h.write("eve@a.example", "t1", "a note meanwhile")
	w.live(time.Hour)
	task := state()
	if task.State != loop.AtGate || task.Notes[len(task.Notes)-1].Text != "a note meanwhile" || w.sent["confirm pat@a.example"] != 1 {
		t.Fatalf("while the DNS is down: %s, %+v, %v", task.State, task.Notes, w.sent)
	}
	keys.down = false
	w.live(time.Hour)
	if s := state().State; s != loop.Approve {
		t.Errorf("when the DNS is back: %s", s)
	}

	keys.down = true
	w.clock = w.clock.Add(2 * time.Hour)
	asked, confirms := keys.asked, w.sent["confirm pat@a.example"]
	signed("pat@a.example", "t1r1", "reopen: once more")
	w.live(7 * time.Hour)
	if w.sent["confirm pat@a.example"] != confirms+1 || keys.asked-asked > 40 {
		t.Errorf("after six hours: %v, %d questions", w.sent, keys.asked-asked)
	}
	if s := state().State; s != loop.Approve {
		t.Errorf("a move without evidence made it %s", s)
	}
}
