package mailin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/fault"
)

func TestIdleWakes(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		woken := make(chan struct{}, 10)
		running(t, h.poller(m, func(c *Config) {
			c.Poll = 10 * time.Minute
			c.Wake = func() { woken <- struct{}{} }
		}))
		until(t, "the first pass is over", func() bool { return m.pollCount() == 1 })
		for i := range 3 {
			h.deliver(mail(fmt.Sprint("mail ", i)), time.Now())
			select {
			case <-woken:
			case <-time.After(10 * time.Second):
				t.Fatal("IDLE did not wake")
			}
		}
		m.expect(t, mail("mail 0"), mail("mail 1"), mail("mail 2"))
	})
}

func TestServerWithoutIdleIsPolled(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		p := h.proxy(t)
		p.Replace("IDLE", "XDLE")
		m := newMemory(t)
		running(t, h.poller(m, at(p.Addr)))
		until(t, "the first pass is over", func() bool { return m.pollCount() > 0 })
		h.deliver(mail("one"), time.Now())
		until(t, "the mail is there", func() bool { return len(m.bodies()) == 1 })
		if n := p.Count(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestRestartOfTheServer(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		running(t, h.poller(m, func(c *Config) { c.Poll = time.Minute }))
		until(t, "the first pass is over", func() bool { return m.pollCount() > 0 })
		for i := range 3 {
			h.restart()
			h.deliver(mail(fmt.Sprint("mail ", i)), time.Now())
			until(t, "the mail is there", func() bool { return len(m.bodies()) == i+1 })
		}
	})
}

func TestRenumberedWhileRunning(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		running(t, h.poller(m, func(c *Config) { c.Poll = time.Minute }))
		until(t, "the first pass is over", func() bool { return m.pollCount() > 0 })
		h.deliver(mail("one"), time.Now().Add(time.Minute))
		until(t, "one is there", func() bool { return len(m.bodies()) == 1 })
		h.renumber()
		h.deliver(mail("two"), time.Now().Add(time.Minute))
		until(t, "two is there", func() bool { return len(m.bodies()) == 2 })
		m.expect(t, mail("one"), mail("two"))
	})
}

// TestConnectionCutAnywhere cuts the connection after ever more bytes, in
// greeting, login, list and literals: every mail arrives once, in order. What
// comes behind a mail that the receiver does not want is not lost either.
func TestConnectionCutAnywhere(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		want := []string{mail("one"), large("two", 1100<<10), mail("three"), large("four", 100<<10)}
		unwanted := newMemory(t)
		once(t, h.poller(unwanted))
		unwanted.unwanted = true
		for _, raw := range want {
			h.deliver(raw, time.Now())
		}
		cutAnywhere(t, h, m)
		m.expect(t, want...)
		cutAnywhere(t, h, unwanted)
		unwanted.expect(t, want[0], want[2], want[3])
	})
}

func cutAnywhere(t *testing.T, h *house, m *memory) {
	t.Helper()
	p := h.proxy(t)
	for i := 0; ; i++ {
		cut := int64(1+i*97) << min(i/4, 20) // all over the talk, then ever wider apart
		p.CutAfter(cut)
		_, err := h.poller(m, at(p.Addr)).Once(t.Context())
		if err == nil {
			if i < 10 {
				t.Errorf("nothing was cut at %d", cut)
			}
			return
		}
		if !Temporary(err) {
			t.Errorf("cut after %d: %v", cut, err)
		}
	}
}

// TestMuteServer lets the server fall silent at every stage; the poller gives
// up within its limit and gets the mail when the server speaks again.
func TestMuteServer(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		p := h.proxy(t)
		running(t, h.poller(m, at(p.Addr), func(c *Config) { c.Timeout = 500 * time.Millisecond }))
		until(t, "the first pass is over", func() bool { return m.pollCount() > 0 })
		for i := range 3 {
			was := p.Count()
			p.Mute(true) // in IDLE, in a pass, then at the greeting
			h.deliver(large(fmt.Sprint("mail ", i), 300<<10), time.Now())
			until(t, "it has connected anew twice", func() bool { return p.Count() >= was+2 })
			p.Mute(false)
			until(t, "the mail is there", func() bool { return len(m.bodies()) == i+1 })
		}
	})
}

func TestMuteFromTheStart(t *testing.T) {
	for _, greeting := range []string{"", "* OK ready\r\n", "* OK [CAPABILITY IMAP4rev1] ready\r\n", "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n"} {
		s, err := fault.Mute(greeting)
		must(t, err)
		defer s.Close()
		h := &house{user: "u", password: "p", imap: s.Addr}
		begin := time.Now()
		_, err = h.poller(newMemory(t), func(c *Config) { c.Timeout = 100 * time.Millisecond }).Once(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) || !Temporary(err) || !strings.Contains(err.Error(), s.Addr) {
			t.Errorf("greeting %q: %v", greeting, err)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("greeting %q: took %v", greeting, d)
		}
	}
}

func TestEndsWhenToldTo(t *testing.T) {
	s, err := fault.Mute("")
	must(t, err)
	defer s.Close()
	h := &house{user: "u", password: "p", imap: s.Addr}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.poller(newMemory(t), func(c *Config) { c.Timeout = time.Hour }).Run(ctx) }()
	until(t, "it is connected", func() bool { return s.Count() == 1 })
	cancel()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not end")
	}
}

func TestWrongPassword(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		for _, hide := range []string{"AUTH=PLAIN", ""} { // LOGIN, and AUTHENTICATE
			p := h.proxy(t)
			if hide != "" {
				p.Replace(hide, "XUTH=PLAIN")
			}
			wrong := func(c *Config) { c.Password = func() (string, error) { return "wrong", nil } }
			_, err := h.poller(newMemory(t), at(p.Addr), wrong).Once(t.Context())
			if !errors.Is(err, ErrAuth) || Temporary(err) || !strings.Contains(err.Error(), p.Addr) ||
				!strings.Contains(err.Error(), h.user) || !strings.Contains(err.Error(), "password_file") || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%v", err)
			}
		}
	})
}

// TestRefusedLoginIsNotHammered: the second try is an hour away; with the
// password put right the next try succeeds without a restart.
func TestRefusedLoginIsNotHammered(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		p := New(Config{Retry: time.Second, RetryLogin: 10 * time.Minute}, nil)
		for faults := 1; faults < 5; faults++ {
			if d := p.pause(ErrAuth, faults); d < 8*time.Minute {
				t.Errorf("pause after %d refusals: %v", faults, d)
			}
		}
		m := newMemory(t)
		asked := 0
		running(t, h.poller(m, func(c *Config) {
			c.RetryLogin = 10 * time.Millisecond
			c.Password = func() (string, error) {
				if asked++; asked < 3 {
					return "wrong", nil
				}
				return h.password, nil
			}
		}))
		until(t, "the right password was read", func() bool { return m.pollCount() > 0 })
	})
}

func TestPause(t *testing.T) {
	p := New(Config{}, nil)
	var last time.Duration
	for faults := 1; faults < 80; faults++ {
		d := p.pause(errors.New("x"), faults)
		if d < 800*time.Millisecond || d > 6*time.Minute {
			t.Errorf("pause after %d faults: %v", faults, d)
		}
		last = d
	}
	if last < 4*time.Minute {
		t.Errorf("after many faults: %v", last)
	}
	full := fmt.Errorf("store mail: %w: %w", ErrKeep, errDisk)
	if d := p.pause(full, 80); d > 40*time.Second || !Temporary(full) {
		t.Errorf("after a disk that was full for long: %v", d)
	}
}

func TestUnreachable(t *testing.T) {
	addr, err := fault.Dead()
	must(t, err)
	h := &house{user: "u", password: "p", imap: addr}
	_, err = h.poller(newMemory(t)).Once(t.Context())
	if err == nil || !Temporary(err) || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "check host and port") {
		t.Errorf("%v", err)
	}
}

func TestServerComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		p := h.proxy(t)
		p.Refuse(true)
		m := newMemory(t)
		running(t, h.poller(m, at(p.Addr)))
		until(t, "it has tried three times", func() bool { return p.Count() >= 3 })
		p.Refuse(false)
		until(t, "the mailbox is read", func() bool { return m.pollCount() > 0 })
	})
}

func TestReceiverComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		h.deliver(mail("one"), time.Now())
		m.fail = errDisk
		running(t, h.poller(m))
		until(t, "it was offered three times", func() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.offered >= 3 })
		m.set(func() { m.fail = nil })
		until(t, "the mail is there", func() bool { return len(m.bodies()) == 1 })
	})
}

func TestImpossibleConfig(t *testing.T) {
	for _, c := range []Config{
		{Host: "imap.acme.example", TLS: "none"},
		{Host: "127.0.0.1", TLS: "ssl"},
	} {
		p := New(c, newMemory(t))
		_, once := p.Once(t.Context())
		_, check := p.Check(t.Context())
		for _, err := range []error{once, check, p.Run(t.Context())} {
			if !errors.Is(err, ErrConfig) || Temporary(err) || !strings.Contains(err.Error(), "use implicit") {
				t.Errorf("%v", err)
			}
		}
	}
	unreadable := errors.New("open imap.pass: no such file")
	onEach(t, func(t *testing.T, h *house) {
		_, err := h.poller(newMemory(t), func(c *Config) { c.Password = func() (string, error) { return "", unreadable } }).Once(t.Context())
		if !errors.Is(err, unreadable) || Temporary(err) {
			t.Errorf("%v", err)
		}
		_, err = h.poller(newMemory(t), func(c *Config) { c.Mailbox = "Nowhere" }).Once(t.Context())
		if !errors.Is(err, ErrMailbox) || !strings.Contains(err.Error(), `"Nowhere"`) {
			t.Errorf("%v", err)
		}
	})
}

func TestCheck(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.deliver(mail("one"), time.Now())
		m := newMemory(t)
		got, err := h.poller(m).Check(t.Context())
		must(t, err)
		if got.Addr != h.imap || got.Mails != 1 || got.UIDNext != 2 || got.UIDValidity == 0 || !got.Idle || !got.Move || !slices.Contains(got.Caps, "IDLE") {
			t.Errorf("%+v", got)
		}
		if m.known || len(m.mails) > 0 {
			t.Error("check read mail")
		}
	})
}

func TestTLS(t *testing.T) {
	s := dovecot(t)
	roots := pool(t, s.CertFile)
	h := &house{user: "u0@acme.example", password: "secret"}
	for _, c := range []struct {
		name, tls, addr string
		change          func(*Config)
		want            string
	}{
		{"implicit", "implicit", s.IMAPSAddr, nil, ""},
		{"starttls", "starttls", s.IMAPAddr, nil, ""},
		{"unknown authority", "implicit", s.IMAPSAddr, func(c *Config) { c.RootCAs = nil }, "signed by nobody this machine trusts"},
		{"unknown authority, starttls", "starttls", s.IMAPAddr, func(c *Config) { c.RootCAs = nil }, "signed by nobody this machine trusts"},
		{"another name", "implicit", s.IMAPSAddr, func(c *Config) { c.Host = "127.0.0.2" }, "check host and port"},
		{"TLS to a plain port", "implicit", s.IMAPAddr, nil, "does not speak TLS on this port"},
		{"plain to a TLS port", "none", s.IMAPSAddr, nil, "check port and tls"},
		{"starttls on a TLS port", "starttls", s.IMAPSAddr, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := h.config(c.addr)
			cfg.TLS, cfg.RootCAs, cfg.Timeout = c.tls, roots, time.Second
			if c.change != nil {
				c.change(&cfg)
			}
			_, err := New(cfg, newMemory(t)).Check(t.Context())
			switch {
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case c.want == "" && c.name != "starttls on a TLS port" && err != nil:
				t.Error(err)
			case c.name == "starttls on a TLS port" && err == nil:
				t.Error("worked")
			}
		})
	}
}
