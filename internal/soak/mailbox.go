package soak

import (
	"bytes"
	"fmt"

	"github.com/emersion/go-imap/v2/imapclient"
)

// Mailbox is where the campaign puts mail for the service: an account on an
// IMAP server that keeps what it took, in order.
type Mailbox struct {
	Addr, User, Password string

	c *imapclient.Client
}

// Put appends a mail to INBOX. When it returns nil the server has it.
func (m *Mailbox) Put(raw []byte) error {
	if err := m.open(); err != nil {
		return fmt.Errorf("put a mail into %s: %w", m.Addr, err)
	}
	cmd := m.c.Append("INBOX", int64(len(raw)), nil)
	if _, err := bytes.NewReader(raw).WriteTo(cmd); err != nil {
		return fmt.Errorf("put a mail into %s: %w", m.Addr, err)
	}
	if err := cmd.Close(); err != nil {
		return fmt.Errorf("put a mail into %s: %w", m.Addr, err)
	}
	if _, err := cmd.Wait(); err != nil {
		return fmt.Errorf("put a mail into %s: %w", m.Addr, err)
	}
	return nil
}

func (m *Mailbox) open() (err error) {
	if m.c != nil {
		return nil
	}
	if m.c, err = imapclient.DialInsecure(m.Addr, nil); err != nil {
		return err
	}
	return m.c.Login(m.User, m.Password).Wait()
}

// Close ends the connection.
func (m *Mailbox) Close() error {
	if m.c == nil {
		return nil
	}
	return m.c.Close()
}
