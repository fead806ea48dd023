package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/jhillyerd/enmime/v2"

	"gatepost/internal/bench"
	"gatepost/internal/debmail"
	"gatepost/loop"
	"gatepost/store"
)

// The long form: make bench.
var (
	benchMails   = flag.Int("bench.mails", 300, "mails to read")
	benchRounds  = flag.Int("bench.rounds", 1, "rounds of everything that is measured; the medians are told")
	benchStreams = flag.Int("bench.streams", 200, "streams of the team")
	benchFull    = flag.Bool("bench.full", false, "with attachments: one mail in fifty holds most of the bytes")
	benchNaive   = flag.Bool("bench.naive", false, "measure the obvious program as well")
	benchProfile = flag.String("bench.profile", "", "file for the CPU profile of the last run of the product")
)

// batchOfFloor is how many mails the floors take at once.
const batchOfFloor = 100

// spent is what a stage took.
type spent struct{ wall, cpu time.Duration }

// yard is a mailbox full of mail, and the team that it is for.
type yard struct {
	t      *testing.T
	server *debmail.Server
	cfg    *Config
	mails  int
	bytes  int64
}

const benchPassword = "secret"

func newYard(t *testing.T) *yard {
	t.Helper()
	s, err := debmail.Start(debmail.Config{Users: map[string]string{bench.Address: benchPassword}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	dir := t.TempDir()
	host, port, _ := splitAddr(s.IMAPAddr)
	text := fmt.Sprintf("[imap]\nhost = %q\nport = %d\ntls = \"none\"\nuser = %q\npassword_file = \"pass\"\n[smtp]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nuser = %q\npassword_file = \"pass\"\nfrom_host = \"acme.example\"\n[store]\npath = \"unused.db\"\n[secret]\nfile = \"secret\"\n",
		host, port, bench.Address, bench.Address) + bench.Config(*benchStreams)
	for name, content := range map[string]string{"pass": benchPassword, "secret": bench.Secret, "gatepost.toml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := readConfig(filepath.Join(dir, "gatepost.toml"), needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{t: t, server: s, cfg: cfg, mails: *benchMails}
	traffic := bench.NewTraffic(1, *benchStreams, *benchFull, cfg.Teams[0].ReplyAddress)
	at := time.Now().Add(-time.Hour)
	for range y.mails {
		raw := traffic.Next()
		y.bytes += int64(len(raw))
		if err := s.DeliverAt(bench.Address, raw, at); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := bench.Fetch(s.IMAPAddr, bench.Address, benchPassword, batchOfFloor, nil); err != nil || n != y.mails { // Dovecot makes its index
		t.Fatalf("%d mails in the mailbox, %v", n, err)
	}
	return y
}

// clocked measures f: its time, and the processor time of this process and of
// Dovecot. f is told how to look at the latter before its session ends.
func (y *yard) clocked(f func(look func()) error) (s spent) {
	y.t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	var dovecot time.Duration
	before, self, begin := y.server.CPU(), selfCPU(), time.Now()
	err := f(func() { dovecot = max(y.server.CPU()-before, 0) })
	s = spent{time.Since(begin), selfCPU() - self + dovecot}
	if err != nil {
		y.t.Fatal(err)
	}
	return s
}

func selfCPU() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // it has no way to fail for oneself
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// fetch is the floor of fetching.
func (y *yard) fetch() spent {
	n := 0
	return y.clocked(func(look func()) error {
		_, err := bench.Fetch(y.server.IMAPAddr, bench.Address, benchPassword, batchOfFloor, func([]byte) error {
			if n++; n == y.mails {
				look()
			}
			return nil
		})
		return err
	})
}

// parse is the floor of reading, on one core.
func (y *yard) parse() spent {
	raws := y.server.Mailbox(bench.Address)
	return y.clocked(func(func()) error {
		for _, raw := range raws {
			if _, err := bench.Parse(raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// counting is a log that counts the mails that were read and committed.
type counting struct {
	slog.Handler
	t    *testing.T
	mu   sync.Mutex
	left int
	all  chan struct{}
}

func (c *counting) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

func (c *counting) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn { // a fault costs a pause: the figure would be of that
		r.Attrs(func(a slog.Attr) bool { c.t.Errorf("%s: %s", r.Message, a); return true })
	}
	if r.Message == "mail" {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.left--; c.left == 0 {
			close(c.all)
		}
	}
	return nil
}

func (c *counting) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c *counting) WithGroup(string) slog.Handler      { return c }

// product is the real thing: mailbox, store, rules, letters made. Sending is
// measured elsewhere.
func (y *yard) product(path string) spent {
	y.t.Helper()
	limitMemory()
	defer debug.SetMemoryLimit(math.MaxInt64) // all else is measured as Go comes
	defer debug.SetGCPercent(100)
	db, err := store.Create(path)
	if err != nil {
		y.t.Fatal(err)
	}
	defer db.Close()
	log := &counting{t: y.t, left: y.mails, all: make(chan struct{})}
	s := newService(y.cfg, db, slog.New(log), time.Now, true)
	ctx, stop := context.WithTimeout(y.t.Context(), 20*time.Minute)
	defer stop()
	var wg sync.WaitGroup
	took := y.clocked(func(look func()) error {
		wg.Go(func() { _ = s.pollers[0].Run(ctx) })
		wg.Go(func() { _ = s.steps.run(ctx, s.now, s.mailCame) })
		select {
		case <-log.all:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), fmt.Errorf("%d mails were not read", log.left))
		}
		look()
		return nil
	})
	stop()
	wg.Wait()
	return took
}

// naive is the obvious program: fetch one, parse with the defaults, commit one.
// It has no rules and makes no letters; the rows are those of the floor.
func (y *yard) naive(rows *ledger, path string) spent {
	y.t.Helper()
	db := rows.open(y.t, path)
	defer db.Close()
	n := 0
	return y.clocked(func(look func()) error {
		_, err := bench.Fetch(y.server.IMAPAddr, bench.Address, benchPassword, 1, func(raw []byte) error {
			if _, err := enmime.ReadEnvelope(bytes.NewReader(raw)); err != nil {
				return err
			}
			n++
			if n == y.mails {
				look()
			}
			return rows.commit(db, n, n, true)
		})
		return err
	})
}

// commit is the floor of committing: the rows that the product wrote, in
// batches.
func (y *yard) commit(rows *ledger, path string) spent {
	y.t.Helper()
	db := rows.open(y.t, path)
	defer db.Close()
	return y.clocked(func(func()) error {
		for from := 1; from <= y.mails; from += batchOfFloor {
			if err := rows.commit(db, from, min(from+batchOfFloor-1, y.mails), false); err != nil {
				return err
			}
		}
		return nil
	})
}

// ledger is all rows that the product wrote, by mail.
type ledger struct {
	arrive, decide map[int][]row
}

type row struct {
	table string
	args  []any
}

var statements = map[string]string{
	"arrive": `INSERT INTO inbox (id, mailbox, uidvalidity, uid, fingerprint, at, size, whole) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
	"raw":    `INSERT INTO raw (mail, bytes) VALUES (?, ?)`,
	"piece":  `INSERT INTO piece (stack, n, bytes) VALUES (?, ?, ?)`,
	"decide": `UPDATE inbox SET verdict = ?, reason = ?, decided = ?, team = ?, sender = ?, subject = ?, robot = ?, task = ?, text = ? WHERE id = ?`,
	"event":  `INSERT INTO event (team, task, kind, at, mail, body) VALUES (?, ?, ?, ?, ?, ?)`,
	"post":   `INSERT INTO post (team, kind, recipient, task, key, mail, created, next, letter) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	"said":   `INSERT INTO said (id, team, seq, mail) VALUES (?, ?, ?, ?)`,
	"words":  `INSERT INTO term (docid, text) VALUES (?, ?)`,
	"task":   `INSERT INTO task (team, number, stream, state, changed, root, body, brief) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (team, number) DO UPDATE SET stream = ?3, state = ?4, changed = ?5, root = ?6, body = ?7, brief = ?8`,
}

// columns are the statements by which a ledger reads what was written, with the
// mail first.
var columns = map[string]string{
	"arrive": `SELECT id, id, mailbox, uidvalidity, uid, fingerprint, at, size, whole FROM inbox`,
	"raw":    `SELECT mail, mail, bytes FROM raw`,
	"piece":  `SELECT raw.mail, piece.stack, n, piece.bytes FROM piece JOIN raw ON raw.stack = piece.stack`,
	"decide": `SELECT id, verdict, reason, decided, team, sender, subject, robot, task, text, id FROM inbox`,
	"event":  `SELECT mail, team, task, kind, at, mail, body FROM event WHERE mail IS NOT NULL`,
	"post":   `SELECT mail, team, kind, recipient, task, key, mail, created, next, letter FROM post WHERE mail IS NOT NULL`,
	"said":   `SELECT coalesce(said.mail, event.mail), said.id, said.team, NULL, said.mail FROM said LEFT JOIN event ON event.seq = said.seq`,
	"words": `SELECT coalesce(said.mail, event.mail), said.id, coalesce(inbox.subject || char(10) || inbox.text, event.body)
	            FROM said LEFT JOIN event ON event.seq = said.seq LEFT JOIN inbox ON inbox.id = said.mail`,
	"task": `SELECT DISTINCT event.mail, task.team, number, '', CASE WHEN state IN ('active', 'gate') THEN 'queued' ELSE state END, changed, root, task.body, brief
	           FROM event JOIN task ON task.team = event.team AND task.number = event.task WHERE mail IS NOT NULL`,
}

// newLedger reads a database that the product wrote.
func newLedger(t *testing.T, path string) *ledger {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l := &ledger{arrive: map[int][]row{}, decide: map[int][]row{}}
	for _, table := range []string{"arrive", "raw", "piece", "decide", "event", "post", "said", "words", "task"} {
		rows, err := db.Query(columns[table])
		if err != nil {
			t.Fatal(err)
		}
		names, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(names))
			to := make([]any, len(names))
			for i := range values {
				to[i] = &values[i]
			}
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
			mail := int(values[0].(int64))
			r := row{table, values[1:]}
			if table == "words" {
				r.args[1] = spoken(r.args[1].(string))
			}
			if table == "arrive" || table == "raw" || table == "piece" {
				l.arrive[mail] = append(l.arrive[mail], r)
			} else {
				l.decide[mail] = append(l.decide[mail], r)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// spoken are the words of an event, if s is one, else of s, as the index has
// them: each behind nine letters that tell team and age.
func spoken(s string) string {
	var e loop.Event
	if strings.HasPrefix(s, "{") && json.Unmarshal([]byte(s), &e) == nil {
		parts := []string{e.Title, e.Subject, e.Text}
		if p := e.Sections; p != nil {
			parts = append(parts, p.Problem, p.Reproduce, p.Done, p.Context)
		}
		s = strings.Join(parts, "\n")
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) })
	for i, w := range words {
		words[i] = "abcde0000" + w
	}
	return strings.Join(words, " ")
}

// open makes an empty database of the same schema and the same durability.
func (l *ledger) open(t *testing.T, path string) *sql.DB {
	t.Helper()
	d, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_stmt_cache_size=64")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// commit writes the rows of the mails from … to: their arrival in one
// transaction, what came of them in a second; all in one if together.
func (l *ledger) commit(db *sql.DB, from, to int, together bool) error {
	parts := []map[int][]row{l.arrive, l.decide}
	var tx *sql.Tx
	for i, part := range parts {
		var err error
		if tx == nil {
			if tx, err = db.Begin(); err != nil {
				return err
			}
		}
		for mail := from; mail <= to; mail++ {
			for _, r := range part[mail] {
				if _, err := tx.Exec(statements[r.table], r.args...); err != nil {
					return errors.Join(fmt.Errorf("%s: %w", r.table, err), tx.Rollback())
				}
			}
		}
		if !together || i == len(parts)-1 {
			if err := tx.Commit(); err != nil {
				return err
			}
			tx = nil
		}
	}
	return nil
}

// TestThroughput reads a mailbox through the whole product, beside the floors
// of its stages and, if asked for, the obvious program, all of them in turn. It
// asserts that every mail was read and that the record holds, and no time: the
// table is for a person, see docs/performance.md.
func TestThroughput(t *testing.T) {
	y := newYard(t)
	dir := t.TempDir()
	var fetch, parse, commit, product, naive []spent
	for round := range *benchRounds {
		at := func(name string) string { return filepath.Join(dir, fmt.Sprintf("%s%d.db", name, round)) }
		if *benchProfile != "" && round == *benchRounds-1 {
			f, err := os.Create(*benchProfile)
			if err != nil {
				t.Fatal(err)
			}
			if err := pprof.StartCPUProfile(f); err != nil {
				t.Fatal(err)
			}
		}
		product = append(product, y.product(at("product")))
		pprof.StopCPUProfile()
		y.holds(at("product"))
		rows := newLedger(t, at("product"))
		fetch, parse, commit = append(fetch, y.fetch()), append(parse, y.parse()), append(commit, y.commit(rows, at("commit")))
		if *benchNaive {
			naive = append(naive, y.naive(rows, at("naive")))
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, f := range files {
			os.Remove(f)
		}
	}
	y.table(fetch, parse, commit, product, naive)
}

// holds demands that every mail was read and nothing is parked, and that every
// invariant holds.
func (y *yard) holds(path string) {
	y.t.Helper()
	db, err := store.OpenReader(path)
	if err != nil {
		y.t.Fatal(err)
	}
	defer db.Close()
	if next, err := db.NextMail(y.t.Context(), time.Now()); next != nil || err != nil {
		y.t.Errorf("mail %v is unread, %v", next, err)
	}
	if last, err := db.LastMail(y.t.Context()); last != int64(y.mails) || err != nil {
		y.t.Errorf("%d mails in the store, want %d, %v", last, y.mails, err)
	}
	if parked, err := db.Parked(y.t.Context()); len(parked) > 0 || err != nil {
		y.t.Errorf("%d mails parked, %v: %+v", len(parked), err, parked[0])
	}
	if bad, err := db.Verify(y.t.Context(), y.cfg.Teams); len(bad) > 0 || err != nil {
		y.t.Errorf("verify: %v %v", bad, err)
	}
	state, err := db.Load(y.t.Context(), y.cfg.Teams[0], store.Want{All: true})
	if err != nil || state.LastTask == 0 {
		y.t.Fatalf("no task was opened, %v", err)
	}
	approved := 0
	for _, task := range state.Tasks {
		if task.State == loop.Approve {
			approved++
		}
	}
	letters, err := db.Outbox(y.t.Context(), store.PostFilter{})
	if err != nil || len(letters) < y.mails/10 {
		y.t.Errorf("%d letters of %d mails, %v", len(letters), y.mails, err)
	}
	y.t.Logf("%d tasks, %d approved, %d letters", state.LastTask, approved, len(letters))
}

// table prints the medians and their ratios.
func (y *yard) table(fetch, parse, commit, product, naive []spent) {
	cores := time.Duration(runtime.NumCPU())
	f, p, c, whole := middle(fetch), middle(parse), middle(commit), middle(product)
	total := (f.cpu + p.cpu + c.cpu) / cores
	star := max(f.wall, p.wall/cores, c.wall, total)
	set := "text"
	if *benchFull {
		set = "full"
	}
	var b strings.Builder
	line := func(name string, s time.Duration, cpu time.Duration) {
		fmt.Fprintf(&b, "%-42s %8.2f s %8.2f s %8.0f /s %8.2f\n", name, s.Seconds(), cpu.Seconds(), float64(y.mails)/s.Seconds(), float64(s)/float64(star))
	}
	fmt.Fprintf(&b, "%s set: %d mails, %.1f MB, %d streams, %d cores, medians of %d\n", set, y.mails, float64(y.bytes)/1e6, *benchStreams, cores, len(product))
	fmt.Fprintf(&b, "%-42s %10s %10s %11s %8s\n", "", "wall", "cpu", "mails", "of F*")
	line("fetch alone, batches of 100", f.wall, f.cpu)
	line("parse alone, standard library, one core", p.wall, p.cpu)
	line("commit alone, the same rows", c.wall, c.cpu)
	line("cpu of the three, on all cores", total, total*cores)
	line("F*", star, 0)
	line("Gatepost: fetch, rules, letters, committed", whole.wall, whole.cpu)
	if len(naive) > 0 {
		n := middle(naive)
		line("one by one, with the parser's defaults", n.wall, n.cpu)
		fmt.Fprintf(&b, "Gatepost is %.1f × the one-by-one program\n", float64(n.wall)/float64(whole.wall))
	}
	y.t.Log("\n" + b.String())
}

// middle is the median by wall time.
func middle(list []spent) spent {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b spent) int { return int(a.wall - b.wall) })
	return list[len(list)/2]
}
