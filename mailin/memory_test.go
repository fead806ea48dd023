package mailin

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// memory is a Receiver that holds the contract: mail is known by number and by
// content, the position moves with each mail, an error keeps nothing.
type memory struct {
	unwanted bool // large mails are passed by
	t        *testing.T

	mu      sync.Mutex
	known   bool
	uidval  uint32
	uid     uint32
	since   time.Time
	hashes  map[[32]byte]bool
	numbers map[[2]uint32]bool
	mails   []kept
	parked  []kept
	linked  int
	polls   int
	fail    error       // of Receive and Park
	before  func(n int) // called ahead of the n-th Receive, without the lock
	begins  int
	offered int
}

type kept struct {
	uid    uint32
	at     time.Time
	raw    []byte
	reason string
}

func newMemory(t *testing.T) *memory {
	return &memory{t: t, hashes: map[[32]byte]bool{}, numbers: map[[2]uint32]bool{}}
}

func (m *memory) Position(context.Context, string) (uint32, uint32, time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.uidval, m.uid, m.since, m.known, nil
}

func (m *memory) Begin(_ context.Context, _ string, uidvalidity, uid uint32, since time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known, m.uidval, m.uid, m.since = true, uidvalidity, uid, since
	m.begins++
	return nil
}

// ReceiveAll keeps all of the mails or, at any error, none.
func (m *memory) ReceiveAll(ctx context.Context, _ string, uidvalidity uint32, mails []Arrived) (fresh []bool, err error) {
	m.mu.Lock()
	before := memory{uid: m.uid, hashes: maps.Clone(m.hashes), numbers: maps.Clone(m.numbers), mails: slices.Clone(m.mails), linked: m.linked}
	m.mu.Unlock()
	fresh = make([]bool, len(mails))
	for i := 0; i < len(mails) && err == nil; i++ {
		fresh[i], err = m.receive(uidvalidity, mails[i].UID, mails[i].At, mails[i].Raw)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.uid, m.hashes, m.numbers, m.mails, m.linked = before.uid, before.hashes, before.numbers, before.mails, before.linked
	}
	return fresh, err
}

// ReceiveLarge puts the pieces together.
func (m *memory) ReceiveLarge(_ context.Context, _ string, uidvalidity, uid uint32, at time.Time, arrive func(keep func([]byte) error) error) (bool, error) {
	if m.unwanted {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.move(uidvalidity, uid)
		return false, nil
	}
	var raw []byte
	if err := arrive(func(piece []byte) error {
		raw = append(raw, piece...)
		return nil
	}); err != nil {
		return false, err
	}
	return m.receive(uidvalidity, uid, at, raw)
}

func (m *memory) receive(uidvalidity, uid uint32, at time.Time, raw []byte) (bool, error) {
	m.mu.Lock()
	m.offered++
	before, n := m.before, m.offered
	m.mu.Unlock()
	if before != nil {
		before(n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return false, m.fail
	}
	m.move(uidvalidity, uid)
	number, hash := [2]uint32{uidvalidity, uid}, sha256.Sum256(raw)
	if m.numbers[number] || m.hashes[hash] {
		m.linked++
		m.numbers[number] = true
		return false, nil
	}
	m.numbers[number], m.hashes[hash] = true, true
	m.mails = append(m.mails, kept{uid: uid, at: at, raw: raw})
	return true, nil
}

func (m *memory) Park(_ context.Context, _ string, uidvalidity, uid uint32, at time.Time, head []byte, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.move(uidvalidity, uid)
	m.parked = append(m.parked, kept{uid: uid, at: at, raw: head, reason: reason})
	return nil
}

func (m *memory) move(uidvalidity, uid uint32) {
	if !m.known || uidvalidity != m.uidval || uid <= m.uid {
		m.t.Errorf("mail %d/%d received at position %d/%d (known %v)", uidvalidity, uid, m.uidval, m.uid, m.known)
	}
	m.uid = uid
}

func (m *memory) Polled(context.Context, string, time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known {
		m.t.Error("polled before a position was known")
	}
	m.polls++
	return nil
}

var errDisk = errors.New("disk full")

// bodies is what was received, in order.
func (m *memory) bodies() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s []string
	for _, k := range m.mails {
		s = append(s, string(k.raw))
	}
	return s
}

func (m *memory) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *memory) pollCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.polls
}

// until waits for a condition that other goroutines bring about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (m *memory) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := m.bodies(); !slices.Equal(got, want) {
		t.Errorf("received %d mails %.300q, want %d %.300q", len(got), got, len(want), want)
	}
}
