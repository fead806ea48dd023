package mailout

import (
	"context"
	"fmt"
	"sync"

	"gatepost/loop"
)

// sendAll brings letters on their way: each is put into words, sent and noted.
// It ends when every one of them has had its try, or at the first error, when
// no further one is begun.
func (l *Loop) sendAll(ctx context.Context, posts []*loop.Post) (sent int, err error) {
	if l.Connections > 0 {
		return l.sendTogether(ctx, posts)
	}
	for len(posts) > 0 {
		n := min(chunk, len(posts))
		ready, err := l.prepare(ctx, posts[:n])
		if err != nil {
			return sent, err
		}
		for _, p := range ready {
			if err := ctx.Err(); err != nil {
				return sent, err
			}
			taken, err := l.deliver(ctx, p, l.Sender, nil)
			if err == nil && taken {
				sent++
				err = l.note(ctx, []*loop.Post{p})
			}
			if err != nil {
				return sent, err
			}
		}
		posts = posts[n:]
	}
	return sent, nil
}

// crew is several letters under way at once. A letter is claimed by one
// worker, once; letters of one thread to one person go one after the other, each
// after the one before it was noted.
type crew struct {
	mu      sync.Mutex
	news    *sync.Cond
	waiting []*loop.Post
	busy    map[string]bool // threads with a letter under way
	closed  bool            // no more will come
	err     error           // the first; nothing is claimed after it
	taken   []*note         // what is to be noted
	ask     chan struct{}   // holds one token when somebody waits for that
}

// note is a letter that a server took; done is closed when that is noted, or
// cannot be, and err says why.
type note struct {
	post *loop.Post
	done chan struct{}
	err  error
}

func threadOf(p *loop.Post) string { return fmt.Sprintf("%s %d", p.Letter.To, p.Letter.Task) }

// claim is the first letter whose thread is free, nil when there is nothing
// more to do, or nothing now and wait is false.
func (c *crew) claim(wait bool) *loop.Post {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if c.err != nil || c.closed && len(c.waiting) == 0 {
			return nil
		}
		for i, p := range c.waiting {
			if !c.busy[threadOf(p)] {
				c.busy[threadOf(p)] = true
				c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
				return p
			}
		}
		if !wait {
			return nil
		}
		c.news.Wait()
	}
}

// free lets the next letter of the thread go.
func (c *crew) free(p *loop.Post) { c.change(func() { delete(c.busy, threadOf(p)) }) }

// change does something under the lock and tells the workers.
func (c *crew) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.news.Broadcast()
}

func (c *crew) fail(err error) {
	c.change(func() {
		if c.err == nil {
			c.err = err
		}
	})
}

// sendTogether keeps Connections workers busy, each on a connection of its own.
// While they send, the next letters are put into words. What was taken is noted
// before the same connection ends another letter, and all that came together by
// then in one transaction: a crash can send again only the one letter of each
// connection that was taken last.
func (l *Loop) sendTogether(ctx context.Context, posts []*loop.Post) (sent int, err error) {
	c := &crew{busy: map[string]bool{}, ask: make(chan struct{}, 1)}
	c.news = sync.NewCond(&c.mu)
	stop := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
	defer stop()
	var workers, noter sync.WaitGroup
	for i := range min(l.Connections, len(posts)) {
		workers.Go(func() { l.work(ctx, c, l.line(i)) })
	}
	noter.Go(func() { sent = l.noteAll(ctx, c) })
	for len(posts) > 0 {
		n := min(chunk, len(posts))
		ready, err := l.prepare(ctx, posts[:n])
		c.change(func() { c.waiting = append(c.waiting, ready...) })
		if err != nil {
			c.fail(err)
		}
		c.mu.Lock()
		ended := c.err != nil
		c.mu.Unlock()
		if ended {
			break
		}
		posts = posts[n:]
	}
	c.change(func() { c.closed = true })
	workers.Wait()
	close(c.ask)
	noter.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return sent, c.err
}

// line is the sender of the i-th worker, its own where there is one.
func (l *Loop) line(i int) Sender {
	if lines, ok := l.Sender.(interface{ Line(int) LateSender }); ok {
		return lines.Line(i)
	}
	return l.Sender
}

func (l *Loop) work(ctx context.Context, c *crew, by Sender) {
	var last *note // taken, and not noted yet
	settle := func() error {
		if last == nil {
			return nil
		}
		n := last
		last = nil
		defer c.free(n.post)
		return c.settle(n)
	}
	for {
		p := c.claim(last == nil)
		if p == nil && last == nil {
			return
		}
		if p == nil { // there may be no other for long
			_ = settle() // the pass ends with its error
			continue
		}
		taken, err := l.deliver(ctx, p, by, settle)
		if taken {
			_ = settle() // if it was taken in a pass before, nothing has asked for that
			last = &note{post: p, done: make(chan struct{})}
			c.change(func() { c.taken = append(c.taken, last) })
		} else {
			c.free(p)
		}
		if err != nil {
			c.fail(err)
		}
	}
}

// settle waits until a letter is noted.
func (c *crew) settle(n *note) error {
	select {
	case c.ask <- struct{}{}:
	default: // it is asked for already
	}
	<-n.done
	return n.err
}

// noteAll notes what was taken whenever it is asked for. What a server has taken
// is noted even if the pass was told to stop meanwhile.
func (l *Loop) noteAll(ctx context.Context, c *crew) (sent int) {
	for range c.ask {
		var list []*note
		c.change(func() { list, c.taken = c.taken, nil })
		if len(list) == 0 {
			continue
		}
		posts := make([]*loop.Post, len(list))
		for i, n := range list {
			posts[i] = n.post
		}
		sent += len(list)
		err := l.note(context.WithoutCancel(ctx), posts)
		if err != nil {
			c.fail(err)
		}
		for _, n := range list {
			n.err = err
			close(n.done)
		}
	}
	return sent
}
