package mailin

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// falls is an IMAP server with an empty mailbox that falls silent, without
// closing the connection, once it was asked for what mute names: the connection
// is dead, as after a firewall forgot it.
func falls(c net.Conn, mute string) {
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
		if verb == mute {
			for in.Scan() {
			}
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
					go falls(theirs, "IDLE")
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
