package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatepost/mailin"
	"gatepost/mailout"
)

// mailServers are the servers of the config, spoken to by the code that the
// service runs.
type mailServers struct {
	config map[string]*serverConfig // by table
	imap   mailin.Config
	smtp   *mailout.SMTP
	box    *checkBox
}

func newMailServers(c *Config) *mailServers {
	return &mailServers{
		config: map[string]*serverConfig{"imap": &c.IMAP.serverConfig, "smtp": &c.SMTP.serverConfig},
		imap: mailin.Config{
			Host: c.IMAP.Host, Port: c.IMAP.Port, TLS: c.IMAP.TLS, Insecure: c.IMAP.Insecure,
			User: c.IMAP.User, Password: c.IMAP.Password.Read, Token: c.IMAP.Token(), Mailbox: c.IMAP.Mailbox, Poll: 2 * time.Second,
		},
		smtp: &mailout.SMTP{
			Host: c.SMTP.Host, Port: c.SMTP.Port, TLS: c.SMTP.TLS,
			User: c.SMTP.User, Password: c.SMTP.Password.Read, Token: c.SMTP.Token(), Hello: c.SMTP.FromHost,
		},
		box: &checkBox{},
	}
}

// IMAP is without file_away: check moves nobody's mail.
func (m *mailServers) IMAP(ctx context.Context) (mailin.Health, error) {
	return mailin.New(m.imap, m.box).Check(ctx)
}

func (m *mailServers) SMTP(ctx context.Context) (mailout.Offer, error) {
	addr := fmt.Sprintf("%s:%d", m.smtp.Host, m.smtp.Port)
	offer, err := m.smtp.Look(ctx)
	var failed *mailout.SendError
	switch {
	case errors.As(err, &failed) && failed.Stage == "auth" && m.smtp.Token != nil: // says what to do
		err = fmt.Errorf("%s: log in as %q: %w", addr, m.smtp.User, err)
	case errors.As(err, &failed) && failed.Stage == "auth":
		err = fmt.Errorf("%s: log in as %q: %w: check user and password_file of [smtp]", addr, m.smtp.User, err)
	case err != nil:
		err = fmt.Errorf("%s: %w: check host, port and tls of [smtp]", addr, err)
	}
	return offer, err
}

func (m *mailServers) Begin(ctx context.Context) error {
	_, err := mailin.New(m.imap, m.box).Once(ctx)
	return err
}

func (m *mailServers) Send(ctx context.Context, from, to string, raw []byte) error {
	return m.smtp.Send(ctx, from, to, raw)
}

// Read ends without an error when the time is over; what is missing then says
// enough.
func (m *mailServers) Read(ctx context.Context, see func(raw []byte) bool) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	m.box.see = func(raw []byte) {
		if see(raw) {
			stop()
		}
	}
	return mailin.New(m.imap, m.box).Run(ctx)
}

func (m *mailServers) close() { _ = m.smtp.Close() } // the answer to QUIT changes nothing

// checkBox is a mailin.Receiver that keeps the position and no mail.
type checkBox struct {
	mu            sync.Mutex
	validity, uid uint32
	known         bool
	see           func(raw []byte)
}

// Position has no date: the numbers alone tell what came after Begin.
func (b *checkBox) Position(context.Context, string) (uidvalidity, uid uint32, since time.Time, known bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.validity, b.uid, time.Time{}, b.known, nil
}

func (b *checkBox) Begin(_ context.Context, _ string, uidvalidity, uid uint32, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.validity, b.uid, b.known = uidvalidity, uid, true
	return nil
}

func (b *checkBox) ReceiveAll(_ context.Context, _ string, _ uint32, mails []mailin.Arrived) (fresh []bool, err error) {
	for _, m := range mails {
		b.mu.Lock()
		b.uid = m.UID
		b.mu.Unlock()
		if b.see != nil {
			b.see(m.Raw)
		}
		fresh = append(fresh, true)
	}
	return fresh, nil
}

// ReceiveLarge passes a mail by: the one that check sends is small.
func (b *checkBox) ReceiveLarge(_ context.Context, _ string, _, uid uint32, _ time.Time, _ func(keep func([]byte) error) error) (fresh bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uid = uid
	return true, nil
}

func (b *checkBox) Park(_ context.Context, _ string, _, uid uint32, _ time.Time, _ []byte, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uid = uid
	return nil
}

func (b *checkBox) Polled(context.Context, string, time.Time) error { return nil }
