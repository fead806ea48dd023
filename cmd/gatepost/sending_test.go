package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"gatepost/internal/bench"
	"gatepost/internal/debmail"
	"gatepost/mailout"
	"gatepost/store"
)

// The long form: make bench.
var (
	benchLetters     = flag.Int("bench.letters", 40, "letters to send")
	benchConnections = flag.Int("bench.connections", 4, "connections to send them on")
)

// TestSending sends an outbox through Postfix, over STARTTLS on kept connections,
// and the same bytes again by a bare client with as many connections, in turn.
// It asserts that every letter was taken and noted; the figures are for a
// person, see docs/performance.md.
func TestSending(t *testing.T) {
	const streams = 20
	users := map[string]string{bench.Address: benchPassword}
	for _, person := range bench.People(streams) {
		users[person] = benchPassword
	}
	server, err := debmail.Start(debmail.Config{Users: users})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	raw, err := os.ReadFile(server.CertFile)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	s, _ := newOffice(t, streams, lookMails)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	traffic, letters := bench.NewTraffic(1, streams, false, s.teams[0].ReplyAddress), 0
	for uid := uint32(1); letters < *benchLetters; {
		var mails []store.Arrived
		for range lookMails {
			mails = append(mails, store.Arrived{UID: uid, At: now, Raw: traffic.Next()})
			uid++
		}
		_, err := s.db.ReceiveAll(t.Context(), "INBOX", 1, mails)
		must(t, err)
		_, err = s.all(t.Context(), func() time.Time { return now })
		must(t, err)
		due, err := s.db.NextPosts(t.Context(), now, 1_000_000, 0)
		must(t, err)
		letters = len(due)
		lapsed := map[int64]string{} // by a mail that was read after theirs: in life it had been sent by then
		for _, p := range due {
			tasks, err := s.db.Standings(t.Context(), p.Letter.Team, p.Letter.Task)
			must(t, err)
			if why := p.Letter.Lapsed(s.teams[0], tasks[p.Letter.Task], now); why != "" {
				lapsed[p.Serial] = why
			}
		}
		must(t, s.db.CancelPost(t.Context(), now, lapsed))
		letters -= len(lapsed)
	}
	host, port, _ := splitAddr(server.SMTPAddr)
	var ours, bare []spent
	for round := range *benchRounds {
		copied := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", round))
		must(t, s.db.Backup(copied))
		db, err := store.Open(copied)
		must(t, err)
		out := mailout.Loop{
			Outbox: db, Teams: teamsByAddress(s.teams), Host: "acme.example", Now: func() time.Time { return now },
			Log: silent(), Connections: *benchConnections,
			Sender: &mailout.Pool{Connections: *benchConnections, New: func() *mailout.SMTP {
				return &mailout.SMTP{Host: host, Port: port, TLS: mailout.TLSStart, User: bench.Address, Password: func() (string, error) { return benchPassword, nil }, Roots: &tls.Config{RootCAs: roots}}
			}},
		}
		debug.SetGCPercent(collectBusy)
		begin, cpu := time.Now(), selfCPU()
		sent, err := out.Once(t.Context())
		ours = append(ours, spent{time.Since(begin), selfCPU() - cpu})
		debug.SetGCPercent(100)
		if err != nil || sent != letters {
			t.Fatalf("%d of %d letters sent, %v", sent, letters, err)
		}
		posts, err := db.Outbox(t.Context(), store.PostFilter{State: store.PostSent})
		must(t, err)
		var same []bench.Letter
		for _, p := range posts {
			post, err := db.PostBySerial(t.Context(), p.Serial)
			must(t, err)
			same = append(same, bench.Letter{From: post.Sender, To: post.Letter.To, Raw: post.Raw})
		}
		if len(same) != letters {
			t.Errorf("%d of %d letters noted", len(same), letters)
		}
		must(t, db.Close())
		must(t, server.Settle(t.Context())) // what it delivers meanwhile is of neither
		begin, cpu = time.Now(), selfCPU()
		must(t, bench.Send(server.SMTPAddr, bench.Address, benchPassword, &tls.Config{RootCAs: roots, ServerName: host}, *benchConnections, same))
		bare = append(bare, spent{time.Since(begin), selfCPU() - cpu})
		must(t, server.Settle(t.Context()))
	}
	a, b, n := middle(ours), middle(bare), float64(letters)
	t.Logf("sending %d letters, %d connections, STARTTLS, medians of %d: Gatepost %.2f s (%.0f /s, cpu %.2f s), a bare client %.2f s (%.0f /s, cpu %.2f s): %.2f × the bare client\n",
		letters, *benchConnections, *benchRounds, a.wall.Seconds(), n/a.wall.Seconds(), a.cpu.Seconds(), b.wall.Seconds(), n/b.wall.Seconds(), b.cpu.Seconds(), b.wall.Seconds()/a.wall.Seconds())
}
