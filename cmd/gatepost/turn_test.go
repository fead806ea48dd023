package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/bench"
	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

// office is a team of the bench with a store of its own, on a clock that stands.
func newOffice(t *testing.T, streams, atOnce int) (*stepper, string) {
	t.Helper()
	cfg, err := parseConfig("bench.toml", []byte(bench.Config(streams)))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Teams[0].Secret = []byte(bench.Secret)
	path := filepath.Join(t.TempDir(), "gatepost.db")
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Begin(t.Context(), "INBOX", 1, 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	s := newStepper(db, cfg, silent(), nil)
	s.hosts, s.atOnce = []string{"acme.example"}, atOnce
	return s, path
}

// days are the mails of a few streams, with what asks the past among them: a
// record, a search, a stranger who is let in, poison, a mail twice.
func days(s *stepper) [][]byte {
	team := s.teams[0]
	traffic := bench.NewTraffic(3, 4, false, team.ReplyAddress)
	var mails [][]byte
	for n := range 150 {
		mails = append(mails, traffic.Next())
		pm := "pm0@acme.example"
		odd := ""
		switch n % 25 {
		case 5:
			odd = fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: record\r\nMessage-ID: <odd%d@x>\r\n\r\nrecord 1\r\n", pm, team.ReplyAddress("me", pm), n)
		case 8:
			odd = fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: search\r\nMessage-ID: <odd%d@x>\r\n\r\nsearch: shelf\r\n", pm, team.ReplyAddress("me", pm), n)
		case 11:
			odd = fmt.Sprintf("From: <kim@customer.example>\r\nTo: <%s>\r\nSubject: Slow\r\nMessage-ID: <odd%d@x>\r\n\r\nit is slow, number %d\r\n", bench.Address, n, n)
		case 12:
			odd = fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: Let in\r\nMessage-ID: <odd%d@x>\r\n\r\nlet in kim@customer.example\r\n", pm, team.ReplyAddress("me", pm), n)
		case 15:
			odd = fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: panic-poison\r\nMessage-ID: <odd%d@x>\r\n\r\nhello\r\n", pm, bench.Address, n)
		case 18: // a move without its token, and the yes to the letter that asks
			odd = fmt.Sprintf("From: <dev1@acme.example>\r\nTo: <%s>\r\nSubject: [#2] done\r\nMessage-ID: <odd%d@x>\r\n\r\n#2 done: here it is\r\n", bench.Address, n)
		case 19:
			ref := fmt.Sprintf("c%d", n/25+1)
			odd = fmt.Sprintf("From: <dev1@acme.example>\r\nTo: <%s>\r\nSubject: Re: done\r\nMessage-ID: <odd%d@x>\r\n\r\nyes\r\n", team.ReplyAddress(ref, "dev1@acme.example"), n)
		case 21: // a reply to a mail that is still to come, which waits
			odd = fmt.Sprintf("From: <dev2@acme.example>\r\nTo: <%s>\r\nSubject: Re: early\r\nIn-Reply-To: <nowhere%d@x>\r\nMessage-ID: <odd%d@x>\r\n\r\nI look at it\r\n", team.ReplyAddress(fmt.Sprintf("t%d", 900+n), "dev2@acme.example"), n, n)
		}
		if odd != "" {
			mails = append(mails, []byte(odd))
		}
	}
	return mails
}

// Many mails in one turn do what they do one by one, to the last byte of
// every row.
func TestTurnsOfAnySize(t *testing.T) {
	var want string
	for _, atOnce := range []int{1, 7, 100} {
		s, path := newOffice(t, 4, atOnce)
		s.read = poisonedQuietly
		clock := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		now := func() time.Time { return clock }
		uid := uint32(0)
		for heap := range slices.Chunk(days(s), 60) { // and then time for what waits and what is due
			var mails []store.Arrived
			for _, raw := range heap {
				uid++
				mails = append(mails, store.Arrived{UID: uid, At: clock, Raw: raw})
			}
			if _, err := s.db.ReceiveAll(t.Context(), "INBOX", 1, mails); err != nil {
				t.Fatal(err)
			}
			if _, err := s.all(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(20 * time.Minute)
		}
		for range 3 {
			if _, err := s.all(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(24 * time.Hour)
		}
		if bad, err := s.db.Verify(t.Context(), s.teams); err != nil || len(bad) > 0 {
			t.Errorf("%d at once: verify: %v %v", atOnce, bad, err)
		}
		got := dump(t, path)
		if atOnce == 1 {
			want = got
			for _, kind := range []string{"'opened'", "approved", "redirected", "|record|", "|search|", "|confirm|", "parked", "waiting", "|proposal|"} {
				if !strings.Contains(got, strings.Trim(kind, "'")) {
					t.Errorf("the mails of the test make no %s", kind)
				}
			}
		} else if got != want {
			t.Errorf("%d at once differ from one by one: %s", atOnce, firstDifference(want, got))
		}
	}
}

// poisonedQuietly is poisoned with a panic that says the same each time.
func poisonedQuietly(raw []byte, opt parse.Options) parse.Mail {
	if strings.Contains(string(raw), "panic-poison") {
		return parse.Mail{Park: "poison"}
	}
	return parse.Read(raw, opt)
}

// dump is every row of every table.
func dump(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the one that has the temporary table: what is in the index, however it is laid out
	if _, err := db.Exec(`CREATE VIRTUAL TABLE temp.terms USING fts4aux(main, words)`); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, table := range []string{"position", "inbox", "raw", "copy", "team", "task", "stream", "person", "hold", "event", "post", "said", "terms"} {
		rows, err := db.Query("SELECT * FROM " + table + " ORDER BY 1, 2")
		if err != nil {
			t.Fatal(err)
		}
		names, _ := rows.Columns()
		values, to := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			to[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
			b.WriteString(table)
			for i, v := range values {
				if table == "inbox" && names[i] == "tries" {
					continue
				}
				fmt.Fprintf(&b, "|%v", v)
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return b.String()
}

func firstDifference(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range la {
		if i >= len(lb) || la[i] != lb[i] {
			return fmt.Sprintf("line %d: %.1500q, want %.1500q", i, append(lb, "")[min(i, len(lb))], la[i])
		}
	}
	return "it is longer"
}

// A mail whose consequences the store refuses parks alone, and those around it
// are read.
func TestRefusedInATurn(t *testing.T) {
	s, path := newOffice(t, 4, 100)
	clock := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for i := range 5 {
		raw := fmt.Sprintf("From: <pm0@acme.example>\r\nTo: <%s>\r\nSubject: Number %d\r\nMessage-ID: <%d@x.example>\r\n\r\nProblem: p%d\r\n\r\nDone: d\r\n", loop.Plus(bench.Address, fmt.Sprint("s", i%4)), i, i, i)
		if _, err := s.db.Receive(t.Context(), "INBOX", 1, uint32(i+1), clock, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER no BEFORE INSERT ON event WHEN new.mail = 3 BEGIN SELECT raise(ABORT, 'not this one'); END`); err != nil {
		t.Fatal(err)
	}
	n, err := s.all(t.Context(), func() time.Time { return clock })
	if err != nil || n != 5 {
		t.Fatalf("%d read, %v", n, err)
	}
	parked, err := s.db.Parked(t.Context())
	if err != nil || len(parked) != 1 || parked[0].ID != 3 || !strings.Contains(parked[0].Reason, "not this one") {
		t.Errorf("parked %+v, %v", parked, err)
	}
	state, err := s.db.Load(t.Context(), s.teams[0], store.Want{All: true})
	if err != nil || len(state.Tasks) != 4 {
		t.Errorf("%d tasks, %v", len(state.Tasks), err)
	}
}

// Of a mail that stays in the mailbox, too large or not to be had, its writer and
// the operator hear as of any other that is parked; once a day of one cause.
func TestParkedInTheMailbox(t *testing.T) {
	s, _ := newOffice(t, 4, lookMails)
	team := s.teams[0]
	team.Operator = "ops@acme.example"
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	head := func(from, more string) []byte {
		return fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: Photos\r\n%s\r\n", from, bench.Address, more)
	}
	box, uid := boxReceiver{s.db, "INBOX", func(ctx context.Context, mailbox string, at time.Time, head []byte, reason string) {
		s.parkedUnread(ctx, mailbox, at, head, reason, now)
	}}, uint32(0)
	for _, c := range []struct {
		name, reason string
		head         []byte
		told         string
	}{
		{"a member's", "too large\nby far", head("pm0@acme.example", ""), "held>pm0@acme.example alert>ops@acme.example"},
		{"another of theirs", "too large\nand more", head("pm0@acme.example", "X: y\r\n"), ""},
		{"a robot's", "too large", head("pm1@acme.example", "Auto-Submitted: auto-replied\r\n"), ""},
		{"a stranger's", "far too large", head("kim@client.example", ""), "alert>ops@acme.example"},
		{"nobody knows whose", "could not be fetched", nil, "alert>ops@acme.example"},
		{"no mail at all", "no mail", []byte("\x00\xff"), "alert>ops@acme.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, err := s.db.Outbox(t.Context(), store.PostFilter{})
			must(t, err)
			uid++
			must(t, box.Park(t.Context(), "", 1, uid, now.Add(-72*time.Hour), c.head, c.reason))
			list, err := s.db.Outbox(t.Context(), store.PostFilter{})
			must(t, err)
			var told []string
			for _, p := range list[len(before):] {
				told = append(told, fmt.Sprintf("%s>%s", p.Letter.Kind, p.Letter.To))
				if p.Letter.Kind == loop.Alert && (p.Letter.Body.Cause != loop.CauseParked || strings.Contains(p.Letter.Body.Detail, "\n")) {
					t.Errorf("the alert says %+v", p.Letter.Body)
				}
				if p.Letter.Due.Before(now) {
					t.Errorf("the letter was due %v", p.Letter.Due)
				}
			}
			if got := strings.Join(told, " "); got != c.told {
				t.Errorf("told %q, want %q", got, c.told)
			}
			if mails, err := s.db.Parked(t.Context()); err != nil || len(mails) != int(uid) {
				t.Errorf("%d mails are parked, %v", len(mails), err)
			}
		})
	}
	bad, err := s.db.Verify(t.Context(), s.teams)
	if err != nil || len(bad) > 0 {
		t.Errorf("verify: %q, %v", bad, err)
	}
	list, err := s.db.Parked(t.Context())
	must(t, err)
	must(t, readHeaders(t.Context(), s.db, list))
	if list[0].From != "pm0@acme.example" || list[0].Subject != "Photos" || list[4].From != "" {
		t.Errorf("the list shows %+v", list)
	}
}
