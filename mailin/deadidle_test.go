package mailin

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// falls is an IMAP server with an empty mailbox that ends, as then says, once it
// was asked for what last names.
func falls(c net.Conn, last string, then func()) {
	defer c.Close()
	const able = "CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN SASL-IR"
	fmt.Fprintf(c, "* OK [%s] ready\r\n", able)
	in := bufio.NewScanner(c)
	for in.Scan() {
		f := strings.Fields(strings.ToUpper(in.Text()))
		if len(f) < 2 { // DONE
			fmt.Fprintf(c, "i OK done\r\n")
			continue
		}
		tag, verb := strings.Fields(in.Text())[0], f[1]
		switch verb {
		case "SELECT", "EXAMINE":
			fmt.Fprintf(c, "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n* FLAGS ()\r\n%s OK done\r\n", tag)
		case "IDLE":
			fmt.Fprintf(c, "+ idling\r\n")
		case "AUTHENTICATE", "LOGIN":
			fmt.Fprintf(c, "%s OK [%s] welcome\r\n", tag, able)
		case "CAPABILITY":
			fmt.Fprintf(c, "* %s\r\n%s OK done\r\n", able, tag)
		default:
			fmt.Fprintf(c, "%s OK done\r\n", tag)
		}
		if verb == last {
			then()
			return
		}
	}
}

// A dead connection is noticed within five minutes, whatever the poll, and a
// new one is made: in virtual time.
func TestDeadIdleIsNoticed(t *testing.T) {
	for _, poll := range []time.Duration{time.Minute, time.Hour} {
		t.Run(poll.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				p := New(Config{Host: "127.0.0.1", TLS: "none", User: "u", Password: func() (string, error) { return "p", nil }, Poll: poll}, newMemory(t))
				dials := make(chan time.Time, 100)
				p.dial = func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go falls(theirs, "IDLE", func() { io.Copy(io.Discard, theirs) }) // dead, as after a firewall forgot it
					dials <- time.Now()
					return ours, nil
				}
				ended := make(chan error, 1)
				go func() { ended <- p.Run(ctx) }()
				first := <-dials
				if again := <-dials; again.Sub(first) > 5*time.Minute+p.cfg.Retry*2 {
					t.Errorf("a new connection after %v", again.Sub(first))
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A server that lets us in and hangs up when the mailbox was read is not called
// again every second: it would lock us out.
func TestServerThatHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		p := New(Config{Host: "127.0.0.1", TLS: "none", User: "u", Password: func() (string, error) { return "p", nil }}, newMemory(t))
		dials := 0
		p.dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go falls(theirs, "IDLE", func() {})
			dials++
			return ours, nil
		}
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		if dials < 55 || dials > 75 { // but mail is polled for
			t.Errorf("%d connections in an hour", dials)
		}
	})
}
