package mailout

import (
	"context"
	"errors"
	"sync"
)

// Pool is a bounded number of connections to one server, each kept for as many
// letters as the provider allows. It is safe for concurrent use.
type Pool struct {
	New         func() *SMTP // a connection that is not made yet
	Connections int          // at most so many; 0 is one

	mu    sync.Mutex
	lines []*SMTP
}

// Line is the i-th connection, from 0; beyond the last it is one of them again.
func (p *Pool) Line(i int) Sender {
	p.mu.Lock()
	defer p.mu.Unlock()
	i %= max(p.Connections, 1)
	for len(p.lines) <= i {
		p.lines = append(p.lines, p.New())
	}
	return p.lines[i]
}

// Send gives one letter to the server on the first connection, see SMTP.Send.
func (p *Pool) Send(ctx context.Context, from, to string, raw []byte) error {
	return p.Line(0).Send(ctx, from, to, raw)
}

// Close says goodbye on every connection. The next Send connects again.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, s := range p.lines {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
