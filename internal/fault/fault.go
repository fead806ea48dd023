// Package fault holds servers on loopback that misbehave on purpose: one that
// plays a script, and a proxy before a real server whose connections can be
// cut or fall silent. Tests of lost connections use them.
package fault

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// Server takes connections on a free port of 127.0.0.1 and plays the same
// script on each.
type Server struct {
	Addr string // host:port

	l     net.Listener
	wg    sync.WaitGroup
	mu    sync.Mutex
	open  map[net.Conn]struct{}
	count int
	done  bool
}

// Script starts a server that calls play for every connection and closes it
// when play returns.
func Script(play func(net.Conn)) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	s := &Server{Addr: l.Addr().String(), l: l, open: map[net.Conn]struct{}{}}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !s.keep(c) {
				c.Close()
				return
			}
			s.wg.Go(func() {
				defer s.drop(c)
				play(c)
			})
		}
	})
	return s, nil
}

// Mute starts a server that writes greeting, if there is any, reads whatever
// comes and never says a word more.
func Mute(greeting string) (*Server, error) {
	return Script(func(c net.Conn) {
		io.WriteString(c, greeting)
		io.Copy(io.Discard, c)
	})
}

// HangUp starts a server that writes greeting, if there is any, and closes.
func HangUp(greeting string) (*Server, error) {
	return Script(func(c net.Conn) { io.WriteString(c, greeting) })
}

func (s *Server) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return false
	}
	s.open[c] = struct{}{}
	s.count++
	return true
}

func (s *Server) drop(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// Count is how many connections were taken so far.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Cut closes every open connection; new ones are taken as before.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.Close()
	}
}

// Close ends the server and waits for its scripts. A script must end when its
// connection is closed.
func (s *Server) Close() error {
	s.mu.Lock()
	s.done = true
	s.mu.Unlock()
	err := s.l.Close()
	s.Cut()
	s.wg.Wait()
	return err
}

// Dead is an address of loopback where nobody listens.
func Dead() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen on loopback: %w", err)
	}
	return l.Addr().String(), l.Close()
}
