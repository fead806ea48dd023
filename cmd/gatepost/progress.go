package main

import (
	"fmt"
	"io"
	"os"
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

// whileWorking runs f and shows on a terminal that it goes on, for work that
// cannot say how far it is.
func whileWorking(what string, f func() error) error {
	p := newProgress(what+", seconds", 0)
	if p.w == nil {
		return f()
	}
	defer p.done()
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			p.add(1)
		}
	}
}
