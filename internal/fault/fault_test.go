package fault

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func echo(t *testing.T) *Server {
	t.Helper()
	s, err := Script(func(c net.Conn) { io.Copy(c, c) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, bufio.NewReader(c)
}

func TestProxyPassesMutesAndCuts(t *testing.T) {
	p, err := NewProxy(echo(t).Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, r := dial(t, p.Addr)
	say := func(s string) {
		if _, err := io.WriteString(c, s+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		if got, err := r.ReadString('\n'); err != nil || got != want+"\n" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	say("one")
	hear("one")
	p.Mute(true)
	say("two")
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := r.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a mute proxy spoke: %v", err)
	}
	c.SetReadDeadline(time.Time{})
	p.Mute(false)
	hear("two")
	p.Replace("now", "NOW")
	say("now and now")
	hear("NOW and NOW")
	p.CutAfter(3)
	say("three")
	if got, err := io.ReadAll(r); string(got) != "thr" {
		t.Fatalf("got %q, %v", got, err)
	}
	c, r = dial(t, p.Addr)
	say("four")
	hear("four")
	p.Cut()
	if _, err := r.ReadByte(); err == nil {
		t.Fatal("connection survived")
	}
	p.Refuse(true)
	_, r = dial(t, p.Addr)
	if _, err := r.ReadByte(); err == nil {
		t.Fatal("refused connection spoke")
	}
	if p.Count() != 3 {
		t.Errorf("%d connections", p.Count())
	}
}

func TestCloseWhileMute(t *testing.T) {
	p, err := NewProxy(echo(t).Addr)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := dial(t, p.Addr)
	p.Mute(true)
	io.WriteString(c, strings.Repeat("x", 10000))
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestMuteHangUpDead(t *testing.T) {
	m, err := Mute("* OK hello\r\n")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	_, r := dial(t, m.Addr)
	if got, _ := r.ReadString('\n'); got != "* OK hello\r\n" {
		t.Errorf("got %q", got)
	}
	h, err := HangUp("* BYE\r\n")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	_, r = dial(t, h.Addr)
	if got, err := io.ReadAll(r); err != nil || string(got) != "* BYE\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
	addr, err := Dead()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("somebody listens")
	}
}
