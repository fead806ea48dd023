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
			taken, err := l.deliver(ctx, p, l.Sender)
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
// worker, once; letters of one thread to one person go one after the other.
type crew struct {
	mu      sync.Mutex
	news    *sync.Cond
	waiting []*loop.Post
	busy    map[string]bool // threads with a letter under way
	closed  bool            // no more will come
	err     error           // the first; nothing is claimed after it
	taken   chan note       // what is to be noted
}

// note is a letter that a server took; done is closed when that is noted, or
// cannot be.
type note struct {
	post *loop.Post
	done chan struct{}
}

func threadOf(p *loop.Post) string { return fmt.Sprintf("%s %d", p.Letter.To, p.Letter.Task) }

// claim is the first letter whose thread is free, nil when there is nothing
// more to do.
func (c *crew) claim() *loop.Post {
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
		c.news.Wait()
	}
}

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
// While they send, the next letters are put into words, and what was taken is
// noted, as much as has come together in one transaction. A worker waits for
// that before it goes on: a crash can send again only the one letter of each
// connection that was taken last.
func (l *Loop) sendTogether(ctx context.Context, posts []*loop.Post) (sent int, err error) {
	c := &crew{busy: map[string]bool{}, taken: make(chan note)}
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
	close(c.taken)
	noter.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return sent, c.err
}

// line is the sender of the i-th worker, its own where there is one.
func (l *Loop) line(i int) Sender {
	if lines, ok := l.Sender.(interface{ Line(int) Sender }); ok {
		return lines.Line(i)
	}
	return l.Sender
}

func (l *Loop) work(ctx context.Context, c *crew, by Sender) {
	for p := c.claim(); p != nil; p = c.claim() {
		taken, err := l.deliver(ctx, p, by)
		if taken {
			n := note{p, make(chan struct{})}
			c.taken <- n
			<-n.done
		}
		c.change(func() { delete(c.busy, threadOf(p)) })
		if err != nil {
			c.fail(err)
		}
	}
}

// noteAll notes what was taken until no more comes. What a server has taken is
// noted even if the pass was told to stop meanwhile.
func (l *Loop) noteAll(ctx context.Context, c *crew) (sent int) {
	for n := range c.taken {
		list, waiting := []*loop.Post{n.post}, []chan struct{}{n.done}
		for more := true; more; {
			select {
			case n, ok := <-c.taken:
				if more = ok; ok {
					list, waiting = append(list, n.post), append(waiting, n.done)
				}
			default:
				more = false
			}
		}
		sent += len(list)
		if err := l.note(context.WithoutCancel(ctx), list); err != nil {
			c.fail(err)
		}
		for _, done := range waiting {
			close(done)
		}
	}
	return sent
}
