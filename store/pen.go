package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"sync"

	"gatepost/loop"
)

// pen writes the steps of a turn, in order, while others are decided. After the
// first error it writes nothing more.
type pen struct {
	ctx   context.Context
	tx    *sql.Tx
	steps chan Step
	ended chan struct{}
	all   sync.WaitGroup // steps that are not written yet
	seqs  []func()
	err   error // the pen's own until all are written
}

// ahead is how many decided steps may wait for the pen.
const ahead = 16

func newPen(ctx context.Context, tx *sql.Tx) *pen {
	p := &pen{ctx: ctx, tx: tx, steps: make(chan Step, ahead), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		for s := range p.steps {
			if p.err == nil {
				p.err = p.step(s)
			}
			p.all.Done()
		}
	}()
	return p
}

func (p *pen) step(s Step) (err error) {
	op := fmt.Sprintf("commit mail %d", s.Mail)
	defer func() {
		if r := recover(); r != nil { // this turn's misfortune, as if it had happened in it
			err = fmt.Errorf("%s: panic: %v\n%s", op, r, debug.Stack())
		}
	}()
	known := s.Before != nil && !s.Before.Begun.IsZero() // a task was opened before, so the team has its row
	seqs, err := s.write(p.ctx, p.tx, known, func(context.Context, *sql.Tx, string, *loop.State, *loop.State) error { return nil })
	if err == nil {
		p.seqs = append(p.seqs, func() { s.number(seqs) })
	}
	return explain(op, err)
}

// write hands a step over. What becomes of it wait and end tell.
func (p *pen) write(s Step) {
	p.all.Add(1)
	p.steps <- s
}

// wait waits until all is written: whoever reads sees it, and no statement is
// between two of a step.
func (p *pen) wait() error {
	p.all.Wait()
	return p.err
}

// end waits for all and puts the pen down.
func (p *pen) end() error {
	close(p.steps)
	<-p.ended
	return p.err
}

// number sets the places of the events in the record, once they are there.
func (p *pen) number() {
	for _, number := range p.seqs {
		number()
	}
}
