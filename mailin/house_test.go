package mailin

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"go.uber.org/goleak"

	"gatepost/internal/debmail"
	"gatepost/internal/fault"
	"gatepost/internal/loopmail"
)

// house is a mailbox on a real IMAP server. The tests run on each: the one
// that the demo uses, and Debian's Dovecot.
type house struct {
	user, password string
	imap           string // host:port
	deliver        func(raw string, at time.Time)
	restart        func() // every connection is lost
	renumber       func() // a new UIDVALIDITY, the same mail
}

const accounts = 400 // in Dovecot; each test takes a fresh one

var debian struct {
	once sync.Once
	s    *debmail.Server
	err  error
	next int
}

func TestMain(m *testing.M) {
	code := m.Run()
	if debian.s != nil {
		if err := debian.s.Close(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

func dovecot(t *testing.T) *debmail.Server {
	t.Helper()
	debian.once.Do(func() {
		users := map[string]string{}
		for i := range accounts {
			users[fmt.Sprintf("u%d@acme.example", i)] = "secret"
		}
		debian.s, debian.err = debmail.Start(debmail.Config{Users: users})
	})
	if debian.err != nil {
		t.Fatal(debian.err)
	}
	return debian.s
}

// onEach runs f with a fresh mailbox on each server.
func onEach(t *testing.T, f func(t *testing.T, h *house)) {
	t.Run("memory", func(t *testing.T) {
		s, err := loopmail.Start(loopmail.Config{Users: map[string]string{"shop@acme.example": "secret"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		f(t, &house{
			user: "shop@acme.example", password: "secret", imap: s.IMAPAddr,
			deliver:  func(raw string, at time.Time) { must(t, s.DeliverAt("shop@acme.example", []byte(raw), at)) },
			restart:  s.Cut,
			renumber: func() { must(t, s.Renumber("shop@acme.example")) },
		})
	})
	t.Run("dovecot", func(t *testing.T) {
		s := dovecot(t)
		user := fmt.Sprintf("u%d@acme.example", debian.next)
		debian.next++
		f(t, &house{
			user: user, password: "secret", imap: s.IMAPAddr,
			deliver: func(raw string, at time.Time) { must(t, s.DeliverAt(user, []byte(raw), at)) },
			restart: func() { must(t, s.RestartDovecot()) },
			renumber: func() {
				must(t, s.StopDovecot())
				must(t, s.Renumber(user))
				must(t, s.RestartDovecot())
			},
		})
		if t.Failed() {
			logs := s.Logs()
			t.Log(logs[max(0, len(logs)-3000):])
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// config is for the mailbox as it is reached at addr, with times that suit a
// test: nothing here waits for a minute.
func (h *house) config(addr string) Config {
	host, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return Config{
		Host: host, Port: n, TLS: "none", User: h.user,
		Password: func() (string, error) { return h.password, nil },
		Poll:     20 * time.Millisecond, Timeout: 5 * time.Second,
		Retry: 5 * time.Millisecond, RetryLogin: time.Hour,
	}
}

func (h *house) poller(m *memory, change ...func(*Config)) *Poller {
	cfg := h.config(h.imap)
	for _, c := range change {
		c(&cfg)
	}
	return New(cfg, m)
}

// proxy stands before the server.
func (h *house) proxy(t *testing.T) *fault.Proxy {
	t.Helper()
	p, err := fault.NewProxy(h.imap)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// at makes a config go to another address.
func at(addr string) func(*Config) {
	return func(c *Config) {
		host, port, _ := net.SplitHostPort(addr)
		c.Host = host
		c.Port, _ = strconv.Atoi(port)
	}
}

// person is somebody who reads the same mailbox with a client of their own.
func (h *house) person(t *testing.T) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(h.imap, nil)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.Login(h.user, h.password).Wait())
	_, err = c.Select("INBOX", nil).Wait()
	must(t, err)
	return c
}

// flags are those of every mail in INBOX, without \Recent.
func (h *house) flags(t *testing.T) string {
	t.Helper()
	msgs, err := h.person(t).Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Flags: true}).Collect()
	must(t, err)
	var all []string
	for _, m := range msgs {
		for _, f := range m.Flags {
			if !strings.EqualFold(string(f), `\Recent`) {
				all = append(all, fmt.Sprintf("%d %s", m.SeqNum, strings.ToLower(string(f))))
			}
		}
	}
	return strings.Join(all, ", ")
}

func mail(subject string) string {
	return "From: <priya@acme.example>\r\nSubject: " + subject + "\r\n\r\nGrüße\r\n"
}

// large is a mail of about n bytes, all different.
func large(subject string, n int) string {
	var b strings.Builder
	b.WriteString("From: <priya@acme.example>\r\nSubject: " + subject + "\r\n\r\n")
	for b.Len() < n {
		fmt.Fprintf(&b, "%s line %d of a mail that does not want to end\r\n", subject, b.Len())
	}
	return b.String()
}

// once runs one pass that must succeed.
func once(t *testing.T, p *Poller) Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	rep, err := p.Once(ctx)
	must(t, err)
	return rep
}

// running runs the poller until the test is over; the error of Run fails it.
func running(t *testing.T, p *Poller) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
}

func pool(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(raw) {
		t.Fatalf("no certificate in %q", file)
	}
	return p
}
