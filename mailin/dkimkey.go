package mailin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Resolver asks the DNS; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Keys asks the DNS for the keys of signatures and remembers the answers for a
// while, faults as well, so that a DNS that is down is not waited for once a
// mail. It may be used by several goroutines.
type Keys struct {
	Resolver Resolver
	Now      func() time.Time

	mu    sync.Mutex
	known map[string]keyAnswer
}

type keyAnswer struct {
	txt   []string
	err   error
	until time.Time
}

// How long answers are remembered. The resolver does not hand on the DNS's own
// times; an hour is what most keys are published with, and a key that is
// changed keeps the old one beside it for longer.
const (
	keepKey   = time.Hour
	keepNone  = 10 * time.Minute
	keepFault = 30 * time.Second
	maxKnown  = 1000            // names
	maxKey    = 4096            // bytes of a record: RSA of 16,384 bits takes 2,800, and one of 400,000 would take a quarter of a minute
	askFor    = 5 * time.Second // one question, its repetitions included
)

// keyFault is a DNS fault as the library wants it: a net.Error that is
// temporary, and ErrLater for everybody else.
type keyFault struct{ err error }

func (f keyFault) Error() string   { return f.err.Error() }
func (f keyFault) Unwrap() error   { return ErrLater }
func (f keyFault) Timeout() bool   { return true }
func (f keyFault) Temporary() bool { return true }

// lookup is the TXT records at a name. "There is none" is a permanent error;
// everything else that goes wrong is a keyFault.
func (k *Keys) lookup(ctx context.Context, name string) ([]string, error) {
	name = strings.ToLower(name)
	if len(name) > 253 || strings.ContainsAny(name, " \t\r\n\x00") {
		return nil, errors.New("the selector is no name")
	}
	now := k.Now()
	k.mu.Lock()
	a, ok := k.known[name]
	k.mu.Unlock()
	if ok && now.Before(a.until) {
		return a.txt, a.err
	}
	ask, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	txt, err := k.Resolver.LookupTXT(ask, name+".") // the dot: no search list
	a = keyAnswer{txt: txt, until: now.Add(keepKey)}
	var dns *net.DNSError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil && len(strings.Join(txt, "")) > maxKey:
		a.txt, a.err = nil, errors.New("the key is too large")
	case err == nil && inTestMode(txt):
		a.txt, a.err = nil, errors.New("the key is in test mode") // RFC 6376 §3.6.1: as if unsigned
	case err == nil:
	case errors.As(err, &dns) && dns.IsNotFound:
		a.err, a.until = fmt.Errorf("no key at %s", name), now.Add(keepNone)
	default:
		a.err, a.until = keyFault{err}, now.Add(keepFault)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxKnown {
		k.known = map[string]keyAnswer{}
	}
	k.known[name] = a
	return a.txt, a.err
}

// inTestMode tells whether a key record carries the flag t=y.
func inTestMode(records []string) bool {
	for _, r := range records {
		for tag := range strings.SplitSeq(r, ";") {
			key, value, _ := strings.Cut(tag, "=")
			if strings.TrimSpace(key) != "t" {
				continue
			}
			for flag := range strings.SplitSeq(value, ":") {
				if strings.TrimSpace(flag) == "y" {
					return true
				}
			}
		}
	}
	return false
}
