// Package debmail runs Debian's Dovecot (IMAP, LMTP) and Postfix (SMTP,
// submission) for the end-to-end tests: on free ports of 127.0.0.1, with a
// configuration and a spool of their own in a temporary folder, so that neither
// the system's mail nor a second run is touched.
//
//	SMTPAddr ── Postfix ── LMTP ── Dovecot ── Maildir ── IMAPAddr
//	               └── AUTH ──────────┘
//
// Mail for user+tag@domain lands in user's INBOX with the tag kept in
// Delivered-To. Recipients that are not users are refused; nothing is sent on,
// and no name is looked up. Root is needed, as Postfix and Dovecot change to
// users of their own.
package debmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gatepost/internal/loopmail"
)

// Config says whose mailboxes there are.
type Config struct {
	Users map[string]string // address → password; the address is the login name
	// Introspect is where both servers ask whose access token they were shown
	// (RFC 7662, the token as bearer). With it no password is good for
	// anything; "": passwords.
	Introspect string
	// CertEnds is the end of the certificate; zero: in a day.
	CertEnds time.Time
}

// Server is a running pair of Dovecot and Postfix. All addresses are host:port.
type Server struct {
	IMAPAddr  string // plain, with STARTTLS
	IMAPSAddr string // implicit TLS
	SMTPAddr  string // plain, with STARTTLS and AUTH; takes mail for the users also without a login
	SMTPSAddr string // implicit TLS
	CertFile  string // PEM of the self-signed certificate, for 127.0.0.1 and localhost
	Dir       string // configuration, logs and mail, until Close

	mainCf           string // as it was written at first
	dovecot, postfix *daemon
	guard            *guard
	endFlushing      func()
	serial           atomic.Int64
}

// startLimit is how long the servers may take to answer.
const startLimit = 30 * time.Second

var programs = []string{"/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp", "/usr/sbin/postfix", "/usr/lib/postfix/sbin/master"}

// Start runs both servers and returns when they answer. Close must be called;
// should the process die before, a watcher ends the servers.
func Start(cfg Config) (*Server, error) {
	if err := installed(programs); err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("start Dovecot and Postfix: they change to users of their own: run as root")
	}
	var err error
	for range 3 { // a port that was free may be taken before the server has it
		var s *Server
		if s, err = start(cfg); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("start Dovecot and Postfix: %w", err)
}

func installed(programs []string) error {
	for _, p := range programs {
		if _, err := os.Stat(p); err != nil {
			return fmt.Errorf("start Dovecot and Postfix: %s is missing: apt-get install dovecot-imapd dovecot-lmtpd postfix", p)
		}
	}
	return nil
}

func start(cfg Config) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "debmail-") // short: a socket's path has at most 107 bytes
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, CertFile: filepath.Join(dir, "cert.pem"), endFlushing: func() {}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, s.Logs())
			s.Close()
		}
	}()
	if err := s.ports(); err != nil {
		return nil, err
	}
	if err := s.configure(cfg); err != nil {
		return nil, err
	}
	if s.guard, err = newGuard(dir); err != nil {
		return nil, err
	}
	if out, err := exec.Command("/usr/sbin/postfix", "-c", s.path("postfix"), "check").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("postfix check: %w: %s", err, out)
	}
	if err := s.startDovecot(); err != nil {
		return nil, err
	}
	return s, s.startPostfix()
}

func (s *Server) startPostfix() (err error) {
	s.postfix, err = s.guard.start("/usr/lib/postfix/sbin/master", "-c", s.path("postfix"), "-d")
	if err != nil {
		return err
	}
	if err := s.postfix.answers(s.SMTPAddr, "220 "); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.endFlushing()
	s.endFlushing = stop
	go s.flush(ctx)
	return nil
}

// flush asks the queue manager every second to try all it has, as "postqueue -f"
// does. A mail whose file a delivery still holds it puts off by a minute that no
// setting shortens.
func (s *Server) flush(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		conn, err := net.Dial("unix", s.path("spool/public/qmgr"))
		if err != nil {
			continue // it is being started anew
		}
		conn.Write([]byte("DIFA")) // deferred, incoming, also where a destination failed, whatever their times
		conn.Close()
	}
}

// SetUpPostfix starts Postfix anew at the same addresses with these settings of
// main.cf besides, each of which outweighs ours; "" is as at first.
func (s *Server) SetUpPostfix(settings string) error {
	if err := s.postfix.stop(); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("postfix/main.cf"), []byte(s.mainCf+settings), 0o644); err != nil {
		return err
	}
	return s.startPostfix()
}

func (s *Server) startDovecot() (err error) {
	s.dovecot, err = s.guard.start("/usr/sbin/dovecot", "-F", "-c", s.path("dovecot.conf"))
	if err != nil {
		return err
	}
	return s.dovecot.answers(s.IMAPAddr, "* OK ")
}

// ports chooses four free ports.
func (s *Server) ports() error {
	for _, addr := range []*string{&s.IMAPAddr, &s.IMAPSAddr, &s.SMTPAddr, &s.SMTPSAddr} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() // not before all four are chosen
		*addr = l.Addr().String()
	}
	return nil
}

func (s *Server) path(elem ...string) string {
	return filepath.Join(append([]string{s.Dir}, elem...)...)
}

// RestartDovecot ends Dovecot with all its connections and starts it again at
// the same addresses. Postfix keeps what comes meanwhile.
func (s *Server) RestartDovecot() error {
	if err := s.StopDovecot(); err != nil {
		return err
	}
	return s.startDovecot()
}

// StopDovecot ends Dovecot; RestartDovecot brings it back.
func (s *Server) StopDovecot() error { return s.dovecot.stop() }

// Close ends every process and removes the folder.
func (s *Server) Close() error {
	s.endFlushing()
	errs := []error{s.postfix.stop(), s.dovecot.stop()}
	if s.guard != nil {
		errs = append(errs, s.guard.close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.Dir))...)
}

// Logs is what the servers wrote, for the evidence of a failed test.
func (s *Server) Logs() string {
	var b strings.Builder
	for _, name := range []string{"dovecot.log", "postfix.log"} {
		raw, _ := os.ReadFile(s.path(name))
		fmt.Fprintf(&b, "--- %s\n%s", name, raw)
	}
	return b.String()
}

// Submit sends raw as the user from, who logs in with password. The mail is in
// Postfix's queue when it returns nil, and soon in the mailbox.
func (s *Server) Submit(from, password string, to []string, raw []byte) error {
	return loopmail.Submit(s.SMTPAddr, from, password, from, to, raw)
}

// Inject sends raw without a login, as a mail from outside arrives. The
// envelope sender may be empty.
func (s *Server) Inject(envelopeFrom string, to []string, raw []byte) error {
	return loopmail.Submit(s.SMTPAddr, "", "", envelopeFrom, to, raw)
}

// Deliver puts raw into the account's INBOX byte for byte, with no field
// added.
func (s *Server) Deliver(rcpt string, raw []byte) error { return s.DeliverAt(rcpt, raw, time.Now()) }

// DeliverAt is Deliver with an INTERNALDATE of its own, to the second.
func (s *Server) DeliverAt(rcpt string, raw []byte, at time.Time) error {
	now := time.Now()
	// Sizes are in the name as Dovecot itself puts them there, so that it need
	// not read a mail to tell them: S as stored, W with CRLF at every line end.
	lines := bytes.Count(raw, []byte{'\n'}) - bytes.Count(raw, []byte("\r\n"))
	name := fmt.Sprintf("%d.M%06dP%dQ%d.debmail,S=%d,W=%d", now.Unix(), now.Nanosecond()/1000, os.Getpid(), s.serial.Add(1), len(raw), len(raw)+lines)
	tmp, to := filepath.Join(s.maildir(rcpt), "tmp", name), filepath.Join(s.maildir(rcpt), "new", name)
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("deliver to %q: %w", rcpt, err)
	}
	err := errors.Join(os.Chtimes(tmp, at, at), os.Chown(tmp, mailUID, mailGID))
	if err == nil {
		err = os.Rename(tmp, to)
	}
	if err != nil {
		return fmt.Errorf("deliver to %q: %w", rcpt, err)
	}
	return nil
}

func (s *Server) maildir(address string) string {
	return s.path("mail", loopmail.Base(address), "Maildir")
}

// Mailbox is every mail in the account's INBOX, in order of arrival; a tag in
// address is ignored.
func (s *Server) Mailbox(address string) [][]byte {
	var files []string
	for _, sub := range []string{"new", "cur"} {
		names, _ := filepath.Glob(filepath.Join(s.maildir(address), sub, "*"))
		files = append(files, names...)
	}
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	var raws [][]byte
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err == nil { // else it was moved or removed meanwhile
			raws = append(raws, raw)
		}
	}
	return raws
}

// Await waits until the account's INBOX holds at least n mails and gives them
// all.
func (s *Server) Await(ctx context.Context, address string, n int) ([][]byte, error) {
	for {
		raws := s.Mailbox(address)
		if len(raws) >= n {
			return raws, nil
		}
		select {
		case <-ctx.Done():
			return raws, fmt.Errorf("%d mails for %q, want %d: %w\n%s", len(raws), address, n, ctx.Err(), s.Logs())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Settle waits until Postfix has delivered all it took.
func (s *Server) Settle(ctx context.Context) error {
	for {
		var left []string
		for _, queue := range []string{"maildrop", "incoming", "active", "deferred"} {
			_ = filepath.WalkDir(s.path("spool", queue), func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					left = append(left, path)
				}
				return nil
			})
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d mails are still in the queue: %w", len(left), ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Renumber gives the account's INBOX a new UIDVALIDITY, as a restore from a
// backup does. Dovecot must be stopped.
func (s *Server) Renumber(address string) error {
	list := filepath.Join(s.maildir(address), "dovecot-uidlist")
	raw, err := os.ReadFile(list)
	if err != nil {
		return fmt.Errorf("renumber %q: %w", address, err)
	}
	var version, validity uint32
	if _, err := fmt.Fscanf(bytes.NewReader(raw), "%d V%d", &version, &validity); err != nil {
		return fmt.Errorf("renumber %q: read dovecot-uidlist: %w", address, err)
	}
	files, _ := filepath.Glob(filepath.Join(s.maildir(address), "dovecot*"))
	for _, f := range files {
		if err := os.RemoveAll(f); err != nil {
			return fmt.Errorf("renumber %q: %w", address, err)
		}
	}
	if err := os.WriteFile(list, fmt.Appendf(nil, "3 V%d N1\n", validity+1), 0o600); err != nil {
		return fmt.Errorf("renumber %q: %w", address, err)
	}
	return os.Chown(list, mailUID, mailGID)
}
