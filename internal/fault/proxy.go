package fault

import (
	"bytes"
	"net"
	"sync"
)

// Proxy passes bytes between its clients and a real server, until told to
// misbehave.
type Proxy struct {
	*Server

	mu     sync.Mutex
	target string
	wake   *sync.Cond
	mute   bool
	refuse bool
	limit  int64 // bytes from the server that are still passed on; -1: all
	swaps  [][2][]byte
	closed bool
}

// NewProxy starts a proxy before the server at target, host:port.
func NewProxy(target string) (*Proxy, error) {
	p := &Proxy{target: target, limit: -1}
	p.wake = sync.NewCond(&p.mu)
	s, err := Script(p.pass)
	if err != nil {
		return nil, err
	}
	p.Server = s
	return p, nil
}

// Retarget sends new connections to another address.
func (p *Proxy) Retarget(addr string) { p.set(func() { p.target = addr }) }

// Mute holds back, or lets go again, every byte in both directions. Open
// connections stay open and new ones are taken.
func (p *Proxy) Mute(on bool) { p.set(func() { p.mute = on }) }

// Refuse closes, or no longer closes, new connections at once.
func (p *Proxy) Refuse(on bool) { p.set(func() { p.refuse = on }) }

// CutAfter lets n more bytes come from the server, over all connections, and
// then cuts whichever connection carries the next one, once.
func (p *Proxy) CutAfter(n int64) { p.set(func() { p.limit = n }) }

// Replace puts new in the place of old in what the server says, to hide a
// capability or spoil an answer. Both have the same length. An old that is cut
// in two by the network passes.
// Further calls add to it.
func (p *Proxy) Replace(old, new string) {
	p.set(func() { p.swaps = append(p.swaps, [2][]byte{[]byte(old), []byte(new)}) })
}

// Close ends the proxy and all its connections.
func (p *Proxy) Close() error {
	p.set(func() { p.closed = true })
	return p.Server.Close()
}

func (p *Proxy) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.wake.Broadcast()
}

func (p *Proxy) pass(client net.Conn) {
	p.mu.Lock()
	target, refuse := p.target, p.refuse
	p.mu.Unlock()
	if refuse {
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.forward(server, client, false) })
	both.Go(func() { p.forward(client, server, true) })
	both.Wait()
}

// forward passes bytes on and closes both ends when either is gone. A muted
// direction still notices that its own source is gone.
func (p *Proxy) forward(to, from net.Conn, fromServer bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		cut := false
		p.mu.Lock()
		for p.mute && !p.closed && n > 0 {
			p.wake.Wait()
		}
		if fromServer && p.limit >= 0 && n > 0 {
			if int64(n) > p.limit {
				n, cut = int(p.limit), true
				p.limit = -1
			} else {
				p.limit -= int64(n)
			}
		}
		if fromServer && n > 0 {
			for _, s := range p.swaps {
				copy(buf, bytes.ReplaceAll(buf[:n], s[0], s[1]))
			}
		}
		p.mu.Unlock()
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil || cut {
			return
		}
	}
}
