package mailout

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"gatepost/loop"
)

// sendInTurn brings letters on their way: each is put into words, sent and noted
// before the next. It ends when every one of them has had its try, or at the
// first error.
func (l *Loop) sendInTurn(ctx context.Context, posts []*loop.Post) (sent int, err error) {
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
				err = l.note(context.WithoutCancel(ctx), []*loop.Post{p})
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
	under   map[int64]bool  // serials of those that wait, and of those that a worker has
	busy    map[string]bool // threads of which a worker has a letter
	closed  bool            // no more will come
	woken   bool            // more may be due
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

// add hands letters to the workers.
func (c *crew) add(posts []*loop.Post) {
	c.change(func() {
		c.waiting = append(c.waiting, posts...)
		for _, p := range posts {
			c.under[p.Serial] = true
		}
	})
}

// done says that a letter has had its try, and what came of it is noted.
func (c *crew) done(p *loop.Post) {
	c.change(func() {
		delete(c.under, p.Serial)
		delete(c.busy, threadOf(p))
	})
}

// underway is the serials of the letters that had no try yet, as soon as at most
// so many wait for a worker. It is false once something failed.
func (c *crew) underway(most int) (serials []int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.waiting) > most {
		c.news.Wait()
	}
	return slices.Sorted(maps.Keys(c.under)), c.err == nil
}

// rest waits until fewer letters are under way, or more may be due.
func (c *crew) rest(underway int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.under) >= underway && !c.woken {
		c.news.Wait()
	}
	c.woken = false
}

// listen tells the crew when wake says so, until ctx ends.
func (c *crew) listen(ctx context.Context, wake <-chan struct{}) {
	for {
		select {
		case <-wake:
			c.change(func() { c.woken = true })
		case <-ctx.Done():
			return
		}
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

// sendTogether is a pass with Connections workers, each on a connection of its
// own. While they send, the next letters are put into words, and what was taken
// is noted, as much as has come together in one transaction. A worker waits for
// that before it goes on: a crash can send again only the one letter of each
// connection that was taken last. At the first error no further letter is begun.
func (l *Loop) sendTogether(ctx context.Context, wake <-chan struct{}) (sent int, err error) {
	c := &crew{under: map[int64]bool{}, busy: map[string]bool{}, taken: make(chan note)}
	c.news = sync.NewCond(&c.mu)
	stop := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
	defer stop()
	var workers, noter, listener sync.WaitGroup
	awake, sleep := context.WithCancel(ctx)
	listener.Go(func() { c.listen(awake, wake) })
	for i := range l.Connections {
		workers.Go(func() { l.work(ctx, c, l.line(i)) })
	}
	noter.Go(func() { sent = l.noteAll(ctx, c) })
	if err := l.feed(ctx, c); err != nil {
		c.fail(err)
	}
	sleep()
	listener.Wait()
	c.change(func() { c.closed = true })
	workers.Wait()
	close(c.taken)
	noter.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return sent, c.err
}

// feed sees to it that the workers have letters, until nothing is to be sent any
// more.
func (l *Loop) feed(ctx context.Context, c *crew) error {
	seen := map[int64]int{}
	for {
		underway, ok := c.underway(chunk)
		if !ok {
			return nil
		}
		posts, err := l.next(ctx, seen, underway)
		if err != nil {
			return err
		}
		if len(posts) == 0 && len(underway) == 0 {
			return nil
		}
		if len(posts) == 0 {
			c.rest(len(underway))
		}
		for len(posts) > 0 {
			underway, ok := c.underway(chunk)
			if !ok {
				return nil
			}
			n := chunk
			if len(underway) == 0 { // no worker is to wait for so many
				n = l.Connections
			}
			n = min(n, len(posts))
			ready, err := l.prepare(ctx, posts[:n])
			if c.add(ready); err != nil {
				return err
			}
			posts = posts[n:]
		}
	}
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
		if err != nil {
			c.fail(err)
		}
		c.done(p)
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
