package mailout

import (
	"context"
	"strconv"
)

// Offer is what a server says about itself after the login.
type Offer struct {
	Addr string // host:port
	Size int64  // largest mail it takes, in bytes; 0: it does not say (RFC 1870)
}

// Look is Check with what the server offers.
func (s *SMTP) Look(ctx context.Context) (Offer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(ctx); err != nil {
		return Offer{}, err
	}
	stop := context.AfterFunc(ctx, closer(s.conn))
	defer stop()
	defer s.drop()
	if err := s.patient(dialWait, s.client.Noop); err != nil {
		return Offer{}, classify("connect", err)
	}
	o := Offer{Addr: s.conn.RemoteAddr().String()}
	if ok, size := s.client.Extension("SIZE"); ok {
		o.Size, _ = strconv.ParseInt(size, 10, 64) // SIZE alone says nothing
	}
	return o, s.patient(dialWait, s.client.Quit)
}
