package store

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"gatepost/parse"
)

// skimmed is what is read of a large mail, see parse.Skim.
type skimmed struct {
	raw  []byte
	gone []parse.Gone
}

// errUnread is a fault of ours at a mail: it must not end the program before
// anybody has counted that the mail's reading began.
var errUnread = errors.New("the mail cannot be skimmed")

func skim(r io.Reader) (s skimmed, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v", errUnread, p)
		}
	}()
	s.raw, s.gone, err = parse.Skim(r)
	return s, err
}

// skims are large mails that arrived in this process and were not read yet, by
// stack, skimmed while their pieces passed by. A mail that is not among them is
// skimmed when it is read, from its pieces, with the same result.
type skims struct {
	mu sync.Mutex
	of map[int64]skimmed
}

const (
	skimsHeld  = 8
	skimsBytes = 256 << 10 // of each
)

// keep keeps one, if there is room.
func (k *skims) keep(stack int64, s skimmed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.of) == skimsHeld || len(s.raw) > skimsBytes {
		return
	}
	if k.of == nil {
		k.of = map[int64]skimmed{}
	}
	k.of[stack] = s
}

// take gives one away.
func (k *skims) take(stack int64) (s skimmed, found bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, found = k.of[stack]
	delete(k.of, stack)
	return s, found
}
