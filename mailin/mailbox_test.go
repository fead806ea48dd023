package mailin

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

var long = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC) // long before any first start

func TestFirstStartLeavesOldMail(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		for i := range 3 {
			h.deliver(mail(fmt.Sprint("old ", i)), long)
		}
		m := newMemory(t)
		if rep := once(t, h.poller(m)); rep != (Report{OldBefore: 3}) {
			t.Errorf("first pass: %+v", rep)
		}
		h.deliver(mail("new"), time.Now())
		if rep := once(t, h.poller(m)); rep != (Report{Fresh: 1}) {
			t.Errorf("second pass: %+v", rep)
		}
		if rep := once(t, h.poller(m)); rep != (Report{}) {
			t.Errorf("third pass: %+v", rep)
		}
		m.expect(t, mail("new"))
		if m.polls != 3 {
			t.Errorf("%d polls noted", m.polls)
		}
		// told to take the old mail after all, once
		start := func(c *Config) { c.FromStart = true }
		if rep := once(t, h.poller(m, start)); rep != (Report{Fresh: 3, Known: 1}) {
			t.Errorf("from the start: %+v", rep)
		}
		if rep := once(t, h.poller(m, start)); rep != (Report{}) {
			t.Errorf("from the start again: %+v", rep)
		}
	})
}

func TestEmptyMailboxThenFromStart(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		if rep := once(t, h.poller(m)); rep != (Report{}) {
			t.Errorf("empty: %+v", rep)
		}
		m = newMemory(t)
		h.deliver(mail("a"), long)
		if rep := once(t, h.poller(m, func(c *Config) { c.FromStart = true })); rep != (Report{Fresh: 1}) {
			t.Errorf("from the start: %+v", rep)
		}
	})
}

func TestBytesOrderAndDates(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		now := time.Now()
		ahead := now.Add(time.Hour)
		want := []string{
			"",                             // no bytes at all
			"no header, no colon\r\n",      //
			mail("short"),                  //
			large("two pieces", 700<<10),   //
			large("one piece", piece-1000), //
			"Subject: nul\r\n\r\na\x00b \xff\r\n",
			large("seven pieces", 3<<20),
			mail("last"),
		}
		if h.user != "shop@acme.example" { // Dovecot turns NUL into 0x80
			want[5] = "Subject: bits\r\n\r\na \xff\r\n"
		}
		for i, raw := range want {
			at := now
			if i == 2 {
				at = ahead // the server's clock is wrong
			}
			h.deliver(raw, at)
		}
		var woken int
		rep := once(t, h.poller(m, func(c *Config) {
			c.Now = func() time.Time { return now }
			c.Wake = func() { woken++ }
		}))
		if rep != (Report{Fresh: len(want)}) {
			t.Errorf("%+v", rep)
		}
		m.expect(t, want...)
		for i, k := range m.mails {
			if k.at.After(now) || k.at.Before(now.Add(-2*time.Second)) {
				t.Errorf("mail %d arrived at %v, delivered %v", i, k.at, now)
			}
		}
		if woken != 1 {
			t.Errorf("woken %d times", woken)
		}
		if f := h.flags(t); f != "" {
			t.Errorf("flags were set: %s", f)
		}
	})
}

func TestManyMails(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		var want []string
		for i := range 2*batch + 7 {
			want = append(want, mail(fmt.Sprint("number ", i)))
			h.deliver(want[i], time.Now())
		}
		if rep := once(t, h.poller(m)); rep.Fresh != len(want) {
			t.Errorf("%+v", rep)
		}
		m.expect(t, want...)
	})
}

func TestPersonReadsTheSameMailbox(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		h.deliver(mail("one"), time.Now())
		h.deliver(mail("two"), time.Now())
		c := h.person(t)
		read := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen, imap.FlagAnswered}}
		must(t, c.Store(imap.SeqSet{{Start: 1}}, read, nil).Close())
		// and goes on changing flags while the poller is at it
		m.before = func(n int) {
			read.Op = imap.StoreFlagsDel
			must(t, c.Store(imap.SeqSet{{Start: 1}}, read, nil).Close())
		}
		if rep := once(t, h.poller(m)); rep != (Report{Fresh: 2}) {
			t.Errorf("%+v", rep)
		}
		m.expect(t, mail("one"), mail("two"))
	})
}

func TestExpungedMeanwhile(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		var raws []string
		for i := range 16 { // five in a FETCH, and one FETCH ahead
			raws = append(raws, large(fmt.Sprint("mail ", i), 400<<10))
			h.deliver(raws[i], time.Now())
		}
		c := h.person(t)
		m.before = func(n int) {
			if n != 1 {
				return
			}
			gone := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
			must(t, c.Store(imap.SeqSetNum(15), gone, nil).Close())
			must(t, c.Expunge().Close())
		}
		rep := once(t, h.poller(m))
		if h.user != "shop@acme.example" && rep.Gone == 0 {
			// Dovecot may still have the file open for this session
			if rep != (Report{Fresh: 16}) {
				t.Errorf("%+v", rep)
			}
			m.expect(t, raws...)
			return
		}
		if rep != (Report{Fresh: 15, Gone: 1}) {
			t.Errorf("%+v", rep)
		}
		m.expect(t, slices.Delete(raws, 14, 15)...)
	})
}

func TestRenumbered(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.deliver(mail("old"), long)
		m := newMemory(t)
		once(t, h.poller(m))
		h.deliver(mail("known"), time.Now().Add(time.Minute)) // after the first start, beyond doubt
		once(t, h.poller(m))
		was := m.uidval
		h.renumber()
		h.deliver(mail("fresh"), time.Now().Add(time.Minute))
		if rep := once(t, h.poller(m)); rep != (Report{Fresh: 1, Known: 1, OldBefore: 1}) {
			t.Errorf("%+v", rep)
		}
		if m.uidval == was {
			t.Error("UIDVALIDITY did not change")
		}
		m.expect(t, mail("known"), mail("fresh"))
		if rep := once(t, h.poller(m)); rep != (Report{}) {
			t.Errorf("again: %+v", rep)
		}
	})
}

func TestRenumberedAfterFromStart(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		start := func(c *Config) { c.FromStart = true }
		h.deliver(mail("old"), long)
		m := newMemory(t)
		once(t, h.poller(m, start))
		h.renumber()
		h.deliver(mail("older"), long.Add(-time.Hour))
		if rep := once(t, h.poller(m, start)); rep != (Report{Fresh: 1, Known: 1}) {
			t.Errorf("%+v", rep)
		}
	})
}

func TestTooLarge(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		huge := large("huge", 30<<20)
		h.deliver(huge, time.Now())
		h.deliver(mail("next"), time.Now())
		if rep := once(t, h.poller(m)); rep != (Report{Fresh: 1, Parked: 1}) {
			t.Errorf("%+v", rep)
		}
		m.expect(t, mail("next"))
		if len(m.parked) != 1 {
			t.Fatal("nothing parked")
		}
		k := m.parked[0]
		if head, _, _ := strings.Cut(huge, "\r\n\r\n"); string(k.raw) != head+"\r\n\r\n" {
			t.Errorf("head %q", k.raw)
		}
		if !strings.Contains(k.reason, "larger than the limit") || !strings.Contains(k.reason, fmt.Sprint(len(huge))) {
			t.Errorf("reason %q", k.reason)
		}
		// a limit below one piece
		h.deliver(large("small limit", 5000), time.Now())
		if rep := once(t, h.poller(m, func(c *Config) { c.MaxBytes = 1000 })); rep != (Report{Parked: 1}) {
			t.Errorf("%+v", rep)
		}
	})
}

func TestReceiverFails(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		h.deliver(mail("one"), time.Now())
		m.fail = errDisk
		if rep, err := h.poller(m).Once(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") || rep != (Report{}) || !Temporary(err) {
			t.Errorf("%+v, %v", rep, err)
		}
		m.fail = nil
		if rep := once(t, h.poller(m)); rep != (Report{Fresh: 1}) {
			t.Errorf("%+v", rep)
		}
	})
}

func TestFileAway(t *testing.T) {
	for _, c := range []struct {
		name string
		hide []string // capabilities
		away bool
	}{
		{"MOVE", nil, true},
		{"UIDPLUS", []string{"MOVE"}, true},
		{"neither", []string{"MOVE", "UIDPLUS"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, h *house) {
				m := newMemory(t)
				p := h.proxy(t)
				for _, cap := range c.hide {
					p.Replace(" "+cap, " X"+cap[1:])
				}
				away := func(c *Config) { c.FileAway = "Done" }
				h.deliver(mail("old"), long)
				once(t, h.poller(m, at(p.Addr), away))
				h.deliver(mail("one"), time.Now())
				h.deliver(mail("two"), time.Now())
				person := h.person(t)
				marked := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
				must(t, person.Store(imap.SeqSetNum(1), marked, nil).Close())
				if rep := once(t, h.poller(m, at(p.Addr), away)); rep != (Report{Fresh: 2}) {
					t.Errorf("%+v", rep)
				}
				inbox, err := h.person(t).Select("INBOX", nil).Wait()
				must(t, err)
				done, err := h.person(t).Select("Done", nil).Wait()
				if c.away {
					must(t, err)
					if inbox.NumMessages != 1 || done.NumMessages != 2 { // what a person marked is theirs
						t.Errorf("INBOX has %d, Done %d", inbox.NumMessages, done.NumMessages)
					}
				} else if inbox.NumMessages != 3 || err == nil && done.NumMessages != 0 {
					t.Errorf("INBOX has %d", inbox.NumMessages)
				}
				if rep := once(t, h.poller(m, at(p.Addr), away)); rep != (Report{}) {
					t.Errorf("again: %+v", rep)
				}
			})
		})
	}
}

// What could not be filed away is tried again with the next pass; what was there
// before, and what a person took meanwhile, is not touched.
func TestFileAwayLater(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		proxy := h.proxy(t)
		proxy.Replace(" MOVE", " XOVE")
		proxy.Replace(" UIDPLUS", " XIDPLUS")
		p := h.poller(m, at(proxy.Addr), func(c *Config) { c.FileAway = "Done" })
		h.deliver(mail("old"), long)
		once(t, p)
		for _, body := range []string{"one", "two", "three"} {
			h.deliver(mail(body), time.Now())
		}
		if rep := once(t, p); rep != (Report{Fresh: 3}) {
			t.Errorf("%+v", rep)
		}
		person := h.person(t)
		_, err := person.Select("INBOX", nil).Wait()
		must(t, err)
		gone := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
		must(t, person.Store(imap.SeqSetNum(3), gone, nil).Close())
		must(t, person.Expunge().Close())
		p.addr = h.imap // the same, without what is between
		for range 2 {
			if rep := once(t, p); rep != (Report{}) {
				t.Errorf("%+v", rep)
			}
			inbox, err := h.person(t).Select("INBOX", nil).Wait()
			must(t, err)
			done, err := h.person(t).Select("Done", nil).Wait()
			must(t, err)
			if inbox.NumMessages != 1 || done.NumMessages != 2 {
				t.Errorf("INBOX has %d, Done %d", inbox.NumMessages, done.NumMessages)
			}
		}
		if len(p.unfiled) != 0 {
			t.Errorf("%v are to be filed away still", p.unfiled)
		}
	})
}

// Numbers of a mailbox that was renumbered are not those of the mails that could
// not be filed away.
func TestFileAwayRenumbered(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		p := h.poller(m, func(c *Config) { c.FileAway = "Done" })
		h.deliver(mail("old"), long)
		once(t, p)
		p.unfiled, p.unfiledOf = []uint32{1}, m.uidval+1
		if rep := once(t, p); rep != (Report{}) {
			t.Errorf("%+v", rep)
		}
		inbox, err := h.person(t).Select("INBOX", nil).Wait()
		must(t, err)
		if inbox.NumMessages != 1 || len(p.unfiled) != 0 {
			t.Errorf("INBOX has %d, to be filed away %v", inbox.NumMessages, p.unfiled)
		}
	})
}

// Where IDLE is slow or missing, asking brings mail at once, without a whole
// pass: the mailbox is not opened anew.
func TestNoop(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		var busy atomic.Bool
		busy.Store(true)
		running(t, h.poller(m, func(c *Config) {
			c.Poll, c.Noop, c.Busy = time.Minute, 20*time.Millisecond, busy.Load
			c.Wake = func() { busy.Store(false) } // from the next mail on, IDLE
		}))
		until(t, "the mailbox was read", func() bool { return m.pollCount() == 1 })
		h.deliver(mail("asked for"), time.Now())
		until(t, "it came", func() bool { return len(m.bodies()) == 1 })
		h.deliver(mail("told of"), time.Now())
		until(t, "it came by IDLE", func() bool { return len(m.bodies()) == 2 })
		m.expect(t, mail("asked for"), mail("told of"))
		if n := m.pollCount(); n != 1 {
			t.Errorf("%d passes over the whole mailbox", n)
		}
	})
}
