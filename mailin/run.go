package mailin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Run reads the mailbox until ctx ends, then returns nil. It stays connected,
// is woken by IDLE, polls, and reconnects after faults: at once slower and
// slower, and very slowly when the login is refused. It returns an error only
// if the configuration is impossible.
func (p *Poller) Run(ctx context.Context) error {
	if err := p.possible(); err != nil {
		return err
	}
	faults := 0
	for ctx.Err() == nil {
		read := 0 // how often, on this connection
		err := p.stay(ctx, func() {
			if read++; read == 1 && faults > 0 {
				p.log.Info("mail is read again", "faults", faults)
			}
			p.fault(nil)
			if read > 1 { // a server that hangs up after each first reading is called ever slower too
				faults = 0
			}
		})
		if ctx.Err() != nil {
			break
		}
		faults++
		pause := p.pause(err, faults)
		if read > 0 || errors.Is(err, errOneMail) {
			pause = min(pause, p.cfg.Poll)
		}
		log := p.log.Warn
		if faults >= 3 || !Temporary(err) {
			log = p.log.Error
		}
		p.fault(err)
		log("mail is not read", "error", err, "faults", faults, "next_try", pause.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

func (p *Poller) fault(err error) {
	if p.cfg.Fault != nil {
		p.cfg.Fault(err)
	}
}

// pause is how long to wait after that many faults in a row: doubling from
// Retry up to 300 times that, with a fifth of jitter so that many do not come
// back at one moment; after a refused login at least RetryLogin, as a server
// locks out who hammers.
func (p *Poller) pause(err error, faults int) time.Duration {
	d := min(p.cfg.Retry<<min(faults-1, 20), 300*p.cfg.Retry)
	switch {
	case errors.Is(err, ErrAuth):
		d = max(d, p.cfg.RetryLogin)
	case errors.Is(err, ErrKeep): // a full disk, most likely: nobody is hammered, and work is to go on soon after there is room
		d = min(d, 30*p.cfg.Retry)
	}
	return d + time.Duration((rand.Float64()*2-1)*float64(d)/5)
}

// stay keeps one connection: pass, wait, pass, until something fails. When the
// server says that mail came, only that is read, without a whole pass. good is
// called after each of them.
func (p *Poller) stay(ctx context.Context, good func()) error {
	s, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	empty := 0 // wakes in a row that brought nothing: a server that cries wolf is polled only
	due, read := time.Time{}, p.pass
	for {
		if !time.Now().Before(due) {
			due, read = time.Now().Add(p.cfg.Poll), p.pass
		}
		rep, err := read(ctx, s)
		if err != nil {
			return err
		}
		good()
		if rep != (Report{}) {
			empty = 0
			p.log.Debug("mailbox read", "fresh", rep.Fresh, "known", rep.Known, "parked", rep.Parked, "gone", rep.Gone, "old", rep.OldBefore)
		}
		woken, err := p.wait(ctx, s, time.Until(due), empty < 3)
		if err != nil {
			return err
		}
		if woken {
			read = p.glance
			empty++
		} else {
			empty = 0
		}
	}
}

// wait rests for so long, until the next pass is due, or, if listen, until the
// server speaks of new mail: by itself, or asked.
func (p *Poller) wait(ctx context.Context, s *session, rest time.Duration, listen bool) (woken bool, err error) {
	due := time.NewTimer(rest)
	defer due.Stop()
	news := s.news
	if !listen {
		news = nil
	}
	if listen && p.cfg.Noop > 0 && (p.cfg.Busy == nil || p.cfg.Busy()) {
		return p.ask(ctx, s, due.C)
	}
	var idle *imapclient.IdleCommand
	if listen && !s.deaf && s.caps.Has(imap.CapIdle) {
		idle, err = do(ctx, s, s.limit, 0, s.c.Idle)
		var no *imap.Error
		if errors.As(err, &no) {
			p.log.Info("the server refuses IDLE: mail is polled for", "error", err)
			s.deaf, err = true, nil
		}
		if err != nil {
			return false, fmt.Errorf("%s: idle: %w", p.addr, err)
		}
	}
	select {
	case <-ctx.Done():
		return false, stopped(ctx)
	case <-s.c.Closed():
		return false, fmt.Errorf("%s: the server closed the connection: %w", p.addr, io.ErrUnexpectedEOF)
	case <-news:
		woken = true
	case <-due.C:
	}
	if idle != nil {
		if err := s.run(ctx, func() error { return errors.Join(idle.Close(), idle.Wait()) }); err != nil {
			return false, fmt.Errorf("%s: end of idle: %w", p.addr, err)
		}
	}
	return woken, nil
}

// ask asks the server for news again and again, until there are some or due.
func (p *Poller) ask(ctx context.Context, s *session, due <-chan time.Time) (woken bool, err error) {
	again := time.NewTicker(p.cfg.Noop)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, stopped(ctx)
		case <-s.c.Closed():
			return false, fmt.Errorf("%s: the server closed the connection: %w", p.addr, io.ErrUnexpectedEOF)
		case <-s.news:
			return true, nil
		case <-due:
			return false, nil
		case <-again.C:
		}
		if err := s.run(ctx, func() error { return s.c.Noop().Wait() }); err != nil {
			return false, fmt.Errorf("%s: noop: %w", p.addr, err)
		}
	}
}

// Once connects, reads the mailbox to its end and goes.
func (p *Poller) Once(ctx context.Context) (Report, error) {
	s, err := p.connect(ctx)
	if err != nil {
		return Report{}, err
	}
	rep, err := p.pass(ctx, s)
	if err != nil {
		s.close()
		return rep, err
	}
	s.logout(ctx)
	return rep, nil
}

// Health is what Check found.
type Health struct {
	Addr        string   // host:port
	TLS         string   // implicit, starttls, none
	Caps        []string // capabilities after login, sorted
	Idle        bool     // IDLE wakes the poller; else it only polls
	Move        bool     // mail can be filed away
	Keywords    bool     // words of one's own can be put on mail; not needed here
	Mails       uint32   // in the mailbox
	UIDValidity uint32
	UIDNext     uint32 // 0: the server does not tell
}

// Check logs in and opens the mailbox without reading it or asking the
// receiver. The error names what is wrong and the remedy.
func (p *Poller) Check(ctx context.Context) (Health, error) {
	s, err := p.connect(ctx)
	if err != nil {
		return Health{}, err
	}
	defer s.close()
	h := Health{Addr: p.addr, TLS: p.cfg.TLS, Idle: s.caps.Has(imap.CapIdle), Move: s.caps.Has(imap.CapMove) || s.caps.Has(imap.CapUIDPlus)}
	for c := range s.caps {
		h.Caps = append(h.Caps, string(c))
	}
	slices.Sort(h.Caps)
	box, err := p.open(ctx, s)
	if err != nil {
		return h, err
	}
	h.Mails, h.UIDValidity, h.UIDNext = box.NumMessages, box.UIDValidity, uint32(box.UIDNext)
	if p.cfg.FileAway != "" && !h.Move {
		return h, fmt.Errorf("%s: the server has neither MOVE nor UIDPLUS: mail cannot be filed away: remove file_away: %w", p.addr, ErrConfig)
	}
	// Only a SELECT tells of keywords; it changes nothing but \Recent.
	if box, err := do(ctx, s, s.limit, 0, func() (*imap.SelectData, error) { return s.c.Select(p.cfg.Mailbox, nil).Wait() }); err == nil {
		h.Keywords = slices.Contains(box.PermanentFlags, imap.FlagWildcard)
	}
	s.logout(ctx)
	return h, nil
}
