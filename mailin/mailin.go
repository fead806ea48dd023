// Package mailin reads mail and hands the raw bytes to a receiver: from an
// IMAP mailbox (Poller) or from files, folders and mboxes (Files).
//
// The mailbox is only looked at: EXAMINE and BODY.PEEK, so that no flag
// changes, unless mail is to be filed away after it was stored. What was read
// is known by UIDVALIDITY and UID alone; \Seen, keywords and a person who reads
// the same mailbox make no difference. A mail is fetched, stored by the
// receiver, and only then may be moved. IDLE wakes the poller sooner; the pass
// over the mailbox at every poll is what finds mail.
//
// The server is a stranger: every command has a time limit and a limit on the
// bytes that may come back, one command is in flight at a time, and whatever
// goes against that drops the connection.
package mailin

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"strconv"
	"time"
)

// DefaultMaxBytes is the size above which a mail is parked.
const DefaultMaxBytes = 25 << 20

// Receiver keeps what was read. Each method is one transaction; an error means
// that nothing was kept, and the mail is offered again later.
type Receiver interface {
	// Position tells where reading stands: every mail up to uid under this
	// uidvalidity was received, parked or left alone. since is the moment of
	// the first start; mail from before it is left alone. It is zero when
	// the old mail was taken too. known is false before the first Begin.
	Position(ctx context.Context, mailbox string) (uidvalidity, uid uint32, since time.Time, known bool, err error)
	// Begin sets the position, whatever it was.
	Begin(ctx context.Context, mailbox string, uidvalidity, uid uint32, since time.Time) error
	// ReceiveAll keeps mails, in rising order of UID, and moves the position
	// to the last of them: all in one transaction. Of each it tells whether it
	// is fresh: false if the same mail is known already, under this or another
	// number.
	ReceiveAll(ctx context.Context, mailbox string, uidvalidity uint32, mails []Arrived) (fresh []bool, err error)
	// ReceiveLarge is ReceiveAll for one mail that arrives piece by piece: arrive
	// hands all of it to keep, in order, and nothing of it counts before arrive
	// has ended well. The bytes of a piece may change once keep has returned.
	ReceiveLarge(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, arrive func(keep func(piece []byte) error) error) (fresh bool, err error)
	// Park keeps the head of a mail that was not read, with the reason for
	// a person, and moves the position to it. head may be cut or empty.
	Park(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, head []byte, reason string) error
	// Polled notes that the mailbox was read to its end.
	Polled(ctx context.Context, mailbox string, at time.Time) error
}

// Arrived is a mail as the server gave it.
type Arrived = struct {
	UID uint32
	At  time.Time // when the server got it, never later than now
	Raw []byte
}

// Config says which mailbox to read and how. Host, User and either Password or
// Token are needed; zero values elsewhere mean the default named.
type Config struct {
	Host     string
	Port     int                    // 993 for implicit TLS, else 143
	TLS      string                 // implicit (default), starttls or none
	User     string                 // login name
	Password func() (string, error) // asked at every login, so that a new password is found
	// Token gives an access token to log in with instead of a password, and
	// another one than the server has just refused ("": none was).
	Token   func(ctx context.Context, refused string) (string, error)
	Mailbox string        // INBOX
	Poll    time.Duration // between passes, 60 s; never more than 4 minutes
	// Noop asks the server for new mail this often while Busy is true, instead
	// of IDLE, which some servers have not and others are slow at (Dovecot: half
	// a second). 0: never.
	Noop time.Duration
	Busy func() bool // is mail expected now? asked between passes; nil: always
	// FromStart takes the mail that was there before the first start, also
	// when an earlier start left it alone.
	FromStart bool
	MaxBytes  int64          // larger mail is parked, DefaultMaxBytes
	FileAway  string         // folder that stored mail is moved to; "": mail stays where it is
	RootCAs   *x509.CertPool // nil: those of the system
	Insecure  bool           // allow TLS "none" with a host that is not loopback

	Timeout    time.Duration // for one command, 1 minute (bodies: twice that)
	Retry      time.Duration // pause after the first fault, 1 s; doubles up to 300 times that
	RetryLogin time.Duration // pause after a refused login, 10 minutes

	Now  func() time.Time // time.Now
	Log  *slog.Logger     // nil: silent
	Wake func()           // called after something fresh was stored

	// Fault is told of every fault of Run, and nil once mail is read again;
	// it may be left out.
	Fault func(error)
}

// Report counts what one pass over the mailbox did.
type Report struct {
	Fresh     int // received for the first time
	Known     int // received before, under this or another number
	Parked    int // too large, or not to be fetched
	Gone      int // removed by somebody before it could be read
	OldBefore int // left alone: there before the first start
}

// maxWait is how long a connection may rest between two commands, so that a
// dead one is noticed within five minutes.
const maxWait = 4 * time.Minute

// Poller reads one mailbox. It is not for use by several goroutines at once.
type Poller struct {
	cfg   Config
	to    Receiver
	addr  string
	log   *slog.Logger
	fails map[uint32]failing // by UID, see fetchFault
	alone bool               // fetch mails one by one, to find the one that fails

	unfiled   []uint32 // mails that could not be filed away, tried again with each pass
	unfiledOf uint32   // the UIDVALIDITY that they are of

	dial func(ctx context.Context, network, addr string) (net.Conn, error) // net.Dialer's but in virtual time
}

// New prepares a poller; nothing is connected yet and an impossible Config is
// reported by the first use.
func New(cfg Config, to Receiver) *Poller {
	if cfg.TLS == "" {
		cfg.TLS = "implicit"
	}
	if cfg.Port == 0 {
		cfg.Port = 143
		if cfg.TLS == "implicit" {
			cfg.Port = 993
		}
	}
	if cfg.Mailbox == "" {
		cfg.Mailbox = "INBOX"
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&cfg.Poll, time.Minute)
	set(&cfg.Timeout, time.Minute)
	set(&cfg.Retry, time.Second)
	set(&cfg.RetryLogin, 10*time.Minute)
	cfg.Poll = min(cfg.Poll, maxWait)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	addr := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	return &Poller{
		cfg: cfg, to: to, addr: addr, fails: map[uint32]failing{}, dial: new(net.Dialer).DialContext,
		log: cfg.Log.With("imap", addr, "mailbox", cfg.Mailbox),
	}
}
