// Package loopmail is a small mail house on loopback: a real IMAP server and a
// real SMTP server over mailboxes kept in memory. The demo and the tests send
// and read through it as through any other provider.
//
// It does what an ordinary mail system does and the loop relies on: mail for
// user+tag@domain lands in user's INBOX, Return-Path, Delivered-To and Received
// are written above the mail, unknown recipients are refused with 550, an empty
// envelope sender is taken, IDLE tells of new mail. It takes mail without a
// login for its own users, as the MX of a domain does, and never sends anything
// on. Nothing is kept after Close; it is no store for a product.
package loopmail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// Config says what to start. Only Users is needed.
type Config struct {
	Users    map[string]string // address → password; the address is the login name
	IMAPAddr string            // host:port to listen on; "": a free port of 127.0.0.1
	SMTPAddr string            // likewise
	Now      func() time.Time  // for Received and INTERNALDATE; nil: time.Now
	Epoch    uint32            // first UIDVALIDITY; 0: one that no earlier start used
	MaxBytes int64             // largest mail SMTP takes; 0: 64 MiB

	// Mechanisms are the SASL mechanisms that both servers offer and take;
	// nil: PLAIN. Without PLAIN no password is good for anything.
	Mechanisms []string
	// Bearer tells whose access token this is, "" if it is good for nothing.
	Bearer func(token string) (user string)

	// OnMail is told of each mail that SMTP took, before it lies in a
	// mailbox, one at a time and in order. rcpt holds the recipients as
	// given, tags included. It must neither send mail nor call the Server.
	OnMail func(envelopeFrom string, rcpt []string, raw []byte)
}

// Server is a running mail house.
type Server struct {
	IMAPAddr string // host:port
	SMTPAddr string // host:port

	cfg    Config
	imap   *imapserver.Server
	smtp   *smtp.Server
	lines  [2]*listener
	serve  sync.WaitGroup
	serial atomic.Int64
	epoch  uint32

	mu    sync.Mutex // deliveries, so that all mailboxes agree on the order
	boxes map[string]*box
}

// box is one user's account and everything that was delivered to it.
type box struct {
	password string
	user     *imapmemserver.User
	mails    []delivered
	odd      map[imap.UID]delivered // in INBOX, not to be had from the library byte for byte, see odd.go
}

type delivered struct {
	raw []byte
	at  time.Time
}

var starts atomic.Uint32 // in this process, so that no two share an epoch

// Start opens both servers and returns when they answer. The error names the
// address that could not be listened on.
func Start(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 64 << 20
	}
	s := &Server{cfg: cfg, epoch: cfg.Epoch, boxes: map[string]*box{}}
	if s.epoch == 0 {
		s.epoch = uint32(cfg.Now().Unix()) + starts.Add(1)
	}
	for address, password := range cfg.Users {
		address = strings.ToLower(address)
		u := imapmemserver.NewUser(address, password)
		for _, name := range []string{"INBOX", "Sent", "Drafts", "Trash"} {
			if err := u.Create(name, nil); err != nil {
				return nil, fmt.Errorf("create mailbox %q of %q: %w", name, address, err)
			}
		}
		s.boxes[address] = &box{password: password, user: u, odd: map[imap.UID]delivered{}}
	}
	for i, addr := range []string{cfg.IMAPAddr, cfg.SMTPAddr} {
		if addr == "" {
			addr = "127.0.0.1:0"
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("listen on %q: %w (is another program using this port?)", addr, err)
		}
		s.lines[i] = &listener{Listener: l, open: map[net.Conn]struct{}{}}
	}
	s.IMAPAddr, s.SMTPAddr = s.lines[0].Addr().String(), s.lines[1].Addr().String()

	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{server: s}, nil, nil
		},
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {},
			imap.CapMove: {}, imap.CapLiteralPlus: {}, imap.CapChildren: {},
		},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &inbound{server: s, conn: c}, nil
	}))
	s.smtp.Domain = "localhost"
	s.smtp.AllowInsecureAuth = true
	s.smtp.MaxMessageBytes = cfg.MaxBytes
	s.smtp.MaxRecipients = 100
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = 5*time.Minute, 5*time.Minute // RFC 5321 §4.5.3.2
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)

	s.serve.Go(func() { s.imap.Serve(s.lines[0]) })
	s.serve.Go(func() { s.smtp.Serve(s.lines[1]) })
	return s, nil
}

// Close ends both servers and every connection.
func (s *Server) Close() error {
	for _, l := range s.lines {
		if l != nil {
			l.Close()
		}
	}
	s.Cut()
	if s.imap == nil {
		return nil
	}
	s.serve.Wait()
	err := s.smtp.Close()
	if e := s.imap.Close(); err == nil {
		err = e
	}
	s.Cut()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// Cut drops every open connection; new ones are taken as before.
func (s *Server) Cut() {
	for _, l := range s.lines {
		if l != nil {
			l.cut()
		}
	}
}

// Base is the account that mail for address goes to: the address in lower case
// without its +tag.
func Base(address string) string {
	address = strings.ToLower(address)
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local, _, _ := strings.Cut(address[:at], "+")
	return local + address[at:]
}

// Mailbox is every mail that was ever delivered to the account, in order, as
// it lay in INBOX; nil for an unknown account. A tag in address is ignored.
func (s *Server) Mailbox(address string) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[Base(address)]
	if b == nil {
		return nil
	}
	raws := make([][]byte, len(b.mails))
	for i, m := range b.mails {
		raws[i] = m.raw
	}
	return raws
}

// Deliver puts raw into the account's INBOX byte for byte, with no field
// added, as APPEND would.
func (s *Server) Deliver(rcpt string, raw []byte) error {
	return s.DeliverAt(rcpt, raw, s.cfg.Now())
}

// DeliverAt is Deliver with an INTERNALDATE of its own.
func (s *Server) DeliverAt(rcpt string, raw []byte, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[Base(rcpt)]
	if b == nil {
		return fmt.Errorf("deliver to %q: no such user", rcpt)
	}
	return b.add(delivered{raw: bytes.Clone(raw), at: at})
}

func (b *box) add(m delivered) error {
	data, err := b.user.Append("INBOX", literal{bytes.NewReader(m.raw)}, &imap.AppendOptions{Time: m.at})
	if err != nil {
		return fmt.Errorf("append to INBOX: %w", err)
	}
	if odd(m.raw) {
		b.odd[data.UID] = m
	}
	b.mails = append(b.mails, m)
	return nil
}

// literal is bytes as the IMAP library wants them; Size is of what is unread.
type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

// Renumber recreates the account's INBOX with every mail ever delivered to it
// under a new UIDVALIDITY, as a restore from a backup does, and drops all
// connections.
func (s *Server) Renumber(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[Base(address)]
	if b == nil {
		return fmt.Errorf("renumber %q: no such user", address)
	}
	if err := b.user.Delete("INBOX"); err != nil {
		return fmt.Errorf("renumber %q: %w", address, err)
	}
	if err := b.user.Create("INBOX", nil); err != nil {
		return fmt.Errorf("renumber %q: %w", address, err)
	}
	mails := b.mails
	b.mails, b.odd = nil, map[imap.UID]delivered{}
	for _, m := range mails {
		if err := b.add(m); err != nil {
			return fmt.Errorf("renumber %q: %w", address, err)
		}
	}
	s.Cut()
	return nil
}
