package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"gatepost/mailin"
	"gatepost/store"
)

// A mailbox of the config is known in the store by a key, under which its mails
// and its position stand. For a new one that is its source; one that was first
// read by a version without sources keeps its plain name. When the server or
// the account of a mailbox is renamed, the key goes along: what was read stays
// known, and what came meanwhile is read.

// mailboxKeys finds the key of each mailbox among the positions of the store;
// a mailbox that has none yet gets its source. moved are the keys whose source
// has changed. The first rule that fits counts:
//
//	the source is the same
//	a position without a source has the mailbox's name, as all once had
//	one position is left, and it alone, of the same account or the same server
//	    with the same name, or of a config with one mailbox
func mailboxKeys(known []store.Mailbox, boxes []*mailboxConfig) (keys []string, moved map[string]string) {
	keys, moved = make([]string, len(boxes)), map[string]string{}
	free := map[string]store.Mailbox{}
	for _, k := range known {
		free[k.Name] = k
	}
	take := func(i int, fits func(k store.Mailbox, was *url.URL) bool) {
		var found []string
		for name, k := range free {
			if was, err := url.Parse(or(k.Source, k.Name)); err == nil && fits(k, was) {
				found = append(found, name)
			}
		}
		if keys[i] == "" && len(found) == 1 {
			keys[i] = found[0]
			if k := free[found[0]]; or(k.Source, k.Name) != boxes[i].source() {
				moved[found[0]] = boxes[i].source()
			}
			delete(free, found[0])
		}
	}
	each := func(fits func(b *mailboxConfig, k store.Mailbox, was *url.URL) bool) {
		for i, b := range boxes {
			take(i, func(k store.Mailbox, was *url.URL) bool { return fits(b, k, was) })
		}
	}
	each(func(b *mailboxConfig, k store.Mailbox, _ *url.URL) bool { return or(k.Source, k.Name) == b.source() })
	each(func(b *mailboxConfig, k store.Mailbox, _ *url.URL) bool { return k.Source == "" && k.Name == b.Mailbox })
	sameName := func(b *mailboxConfig, was *url.URL) bool {
		return was.Scheme == "imap" && strings.TrimPrefix(was.Path, "/") == b.Mailbox
	}
	each(func(b *mailboxConfig, _ store.Mailbox, was *url.URL) bool {
		return sameName(b, was) && was.User.Username() == b.User
	})
	each(func(b *mailboxConfig, _ store.Mailbox, was *url.URL) bool {
		return sameName(b, was) && was.Hostname() == b.Host
	})
	if len(boxes) == 1 {
		each(func(_ *mailboxConfig, _ store.Mailbox, was *url.URL) bool { return was.Scheme == "imap" })
	}
	for i, b := range boxes {
		keys[i] = or(keys[i], b.source())
	}
	return keys, moved
}

// claimMailboxes is mailboxKeys, noted in the store.
func claimMailboxes(ctx context.Context, db *store.DB, boxes []*mailboxConfig) (keys []string, err error) {
	counts, err := db.Counts(ctx)
	if err != nil {
		return nil, err
	}
	keys, moved := mailboxKeys(counts.Mailboxes, boxes)
	for key, source := range moved {
		if err := db.SetSource(ctx, key, source); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// boxReceiver keeps the mail of one mailbox under its key.
type boxReceiver struct {
	to     mailin.Receiver
	key    string
	parked func(ctx context.Context, mailbox string, at time.Time, head []byte, reason string) // before it is; may be nil
}

func (r boxReceiver) Position(ctx context.Context, _ string) (uidvalidity, uid uint32, since time.Time, known bool, err error) {
	return r.to.Position(ctx, r.key)
}

func (r boxReceiver) Begin(ctx context.Context, _ string, uidvalidity, uid uint32, since time.Time) error {
	return r.to.Begin(ctx, r.key, uidvalidity, uid, since)
}

func (r boxReceiver) ReceiveAll(ctx context.Context, _ string, uidvalidity uint32, mails []mailin.Arrived) ([]bool, error) {
	return r.to.ReceiveAll(ctx, r.key, uidvalidity, mails)
}

func (r boxReceiver) ReceiveLarge(ctx context.Context, _ string, uidvalidity, uid uint32, at time.Time, arrive func(keep func([]byte) error) error) (bool, error) {
	return r.to.ReceiveLarge(ctx, r.key, uidvalidity, uid, at, arrive)
}

func (r boxReceiver) Park(ctx context.Context, _ string, uidvalidity, uid uint32, at time.Time, head []byte, reason string) error {
	if r.parked != nil {
		r.parked(ctx, r.key, at, head, reason)
	}
	return r.to.Park(ctx, r.key, uidvalidity, uid, at, head, reason)
}

func (r boxReceiver) Polled(ctx context.Context, _ string, at time.Time) error {
	return r.to.Polled(ctx, r.key, at)
}
