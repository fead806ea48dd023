package main

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatepost/internal/bench"
	"gatepost/store"
)

var (
	latencyMails = flag.Int("bench.latency", 3, "mails that come one by one, for each way to hear of them")
	latencyRows  = flag.Int("bench.rows", 1000, "mails in the store before")
)

// arrivalLog passes on the moment at which each mail was committed.
type arrivalLog struct {
	slog.Handler
	at chan time.Time
}

func (a arrivalLog) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (a arrivalLog) WithAttrs([]slog.Attr) slog.Handler           { return a }
func (a arrivalLog) WithGroup(string) slog.Handler                { return a }

func (a arrivalLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "mail" {
		a.at <- time.Now()
	}
	return nil
}

// ear stands before an IMAP server and hears when it tells of new mail. The
// connection is one and bare.
type ear struct {
	net.Listener
	told atomic.Pointer[time.Time] // the last EXISTS
}

func listenTo(t *testing.T, server string) *ear {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	e := &ear{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			conn, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go func() { _, _ = io.Copy(conn, client); conn.Close() }()
			go func() { _, _ = io.Copy(hearing{e, client}, conn); client.Close() }()
		}
	}()
	return e
}

// hearing passes on what the server says.
type hearing struct {
	e  *ear
	to io.Writer
}

func (h hearing) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(" EXISTS\r\n")) {
		now := time.Now()
		h.e.told.Store(&now)
	}
	return h.to.Write(b)
}

// TestLatency tells how long after its delivery, and after the server's EXISTS,
// a lone mail is committed, with many in the store: by IDLE, and asked for
// every 100 and every 2 ms.
func TestLatency(t *testing.T) {
	*benchFull = false
	mails := *benchMails
	*benchMails = 1
	y := newYard(t)
	*benchMails = mails
	traffic := bench.NewTraffic(2, *benchStreams, false, y.cfg.Teams[0].ReplyAddress)
	path := filepath.Join(t.TempDir(), "gatepost.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	crowd(t, path, *latencyRows)
	server := listenTo(t, y.server.IMAPAddr)
	_, y.cfg.IMAP.Port, _ = splitAddr(server.Addr().String())
	for _, noop := range []time.Duration{0, 100 * time.Millisecond, 2 * time.Millisecond} {
		y.cfg.IMAP.Noop, y.cfg.IMAP.Poll = noop, 4*time.Minute
		log := arrivalLog{at: make(chan time.Time, 100)}
		s := newService(y.cfg, db, slog.New(log), time.Now, true)
		if noop > 0 {
			s = y.busyService(db, log)
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.pollers[0].Run(ctx) })
		wg.Go(func() { _ = s.steps.run(ctx, s.now, s.mailCame) })
		if noop == 0 {
			<-log.at // the first mail; the way is paved
		}
		var took, told []time.Duration
		for n := range *latencyMails + 1 {
			begin := time.Now()
			if err := y.server.Deliver(bench.Address, traffic.Next()); err != nil {
				t.Fatal(err)
			}
			select {
			case at := <-log.at:
				if n > 0 { // the first waits for the connection
					took, told = append(took, at.Sub(begin)), append(told, at.Sub(*server.told.Load()))
				}
			case <-ctx.Done():
				t.Fatal("a mail was delivered and not read")
			}
			pause := time.NewTimer(time.Duration(n*37%100) * time.Millisecond) // not in step with the asking
			<-pause.C
		}
		stop()
		wg.Wait()
		slices.Sort(took)
		slices.Sort(told)
		ms := func(list []time.Duration, of int) float64 { return list[len(list)*of/100].Seconds() * 1000 }
		way := "IDLE"
		if noop > 0 {
			way = fmt.Sprintf("NOOP every %v", noop)
		}
		t.Logf("%d mails in the store, %s: delivery → committed p50 %.1f ms, p99 %.1f ms; EXISTS → committed p50 %.1f ms, p99 %.1f ms; of %d", *latencyRows, way,
			ms(took, 50), ms(took, 99), ms(told, 50), ms(told, 99), len(took))
	}
}

// busyService is at work at any hour.
func (y *yard) busyService(db *store.DB, log slog.Handler) *service {
	cfg := *y.cfg
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, cfg.Teams[0].Zone)
	begin := time.Now()
	return newService(&cfg, db, slog.New(log), func() time.Time { return noon.Add(time.Since(begin)) }, true)
}

// crowd fills the store with mails that were read.
func crowd(t *testing.T, path string, rows int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
		INSERT INTO inbox (mailbox, uidvalidity, uid, fingerprint, at, size, whole, verdict, text)
		SELECT 'old', 1, i, hex(randomblob(32)), '2026-01-05T10:00:00.000000000Z', 3000, 1, 'read', hex(randomblob(200)) FROM n`, rows); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO raw (mail, bytes) SELECT id, randomblob(3000) FROM inbox`); err != nil {
		t.Fatal(err)
	}
}
