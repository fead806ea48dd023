package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress shows on a terminal how far long work is, in one line that is
// written over; elsewhere it shows nothing. It goes to standard error, so that
// what a command prints stays what it is.
type progress struct {
	w     io.Writer // nil: no terminal
	what  string    // "reading: %d mails"
	total int       // 0: not known
	n     int
	last  time.Time
}

// progressEvery is how often the line changes.
const progressEvery = 100 * time.Millisecond

func newProgress(what string, total int) *progress {
	p := &progress{what: what, total: total}
	if isTerminal(os.Stderr) {
		p.w = os.Stderr
	}
	return p
}

// isTerminal tells whether a person reads or writes there; /dev/null is nobody.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// add counts n more.
func (p *progress) add(n int) {
	p.n += n
	if now := time.Now(); p.w != nil && now.Sub(p.last) >= progressEvery {
		p.last = now
		p.draw()
	}
}

func (p *progress) draw() {
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf(" of %d, %d %%", p.total, 100*p.n/p.total)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d%s", p.what, p.n, of) // back to the start, and clear the line (ECMA-48)
}

// done takes the line away; to be deferred.
func (p *progress) done() {
	if p.w != nil && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// at says how far a part of the work is.
func (p *progress) at(what string, n, total int) {
	p.what, p.n, p.total = what, n, total
	p.add(0)
}

// growing tells how large a file is that is to become about as large as
// another, until the returned function is called.
func (p *progress) growing(file, like string) (stop func()) {
	if p.w == nil {
		return func() {}
	}
	if info, err := os.Stat(like); err == nil {
		p.total = int(info.Size() >> 20)
	}
	end := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-end:
				p.done()
				return
			case <-tick.C:
				if info, err := os.Stat(file); err == nil {
					p.at(p.what, int(info.Size()>>20), p.total)
				}
			}
		}
	})
	return func() { close(end); ended.Wait() }
}
