package mailin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatepost/internal/fault"
)

// script is a server that follows no rules but these: for a command that
// begins with the key it says the text, T standing for the tag. The longest
// key counts.
type script map[string]string

var tagged = regexp.MustCompile(`(?m)^T (OK|NO|BAD)`)

const hostileMail = "Subject: x\r\n\r\nbody\r\n"

// plain is how a server answers that has one mail, number 7.
func plain(change script) script {
	s := script{
		"":                      "* OK [CAPABILITY IMAP4rev1] ready\r\n", // the greeting
		"CAPABILITY":            "* CAPABILITY IMAP4rev1 IDLE\r\nT OK done\r\n",
		"LOGIN":                 "T OK [CAPABILITY IMAP4rev1 IDLE] in\r\n",
		"EXAMINE":               "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\n* OK [UIDNEXT 8] n\r\nT OK [READ-ONLY] done\r\n",
		"UID SEARCH":            "* SEARCH 7\r\nT OK done\r\n",
		"UID FETCH":             "* 1 FETCH (UID 7 RFC822.SIZE 20 INTERNALDATE \"02-Mar-2026 10:00:00 +0000\")\r\nT OK done\r\n",
		"UID FETCH 7 (UID BODY": fmt.Sprintf("* 1 FETCH (UID 7 BODY[] {%d}\r\n%s)\r\nT OK done\r\n", len(hostileMail), hostileMail),
		"IDLE":                  "+ idling\r\n",
		"DONE":                  "T OK done\r\n",
		"LOGOUT":                "* BYE\r\nT OK done\r\n",
	}
	for k, v := range change {
		s[k] = v
	}
	return s
}

func (s script) start(t *testing.T) *house {
	t.Helper()
	f, err := fault.Script(s.serve)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return &house{user: "u", password: "p", imap: f.Addr}
}

func (s script) serve(c net.Conn) {
	io.WriteString(c, s[""])
	r := bufio.NewReader(c)
	last, used := "", map[string]int{}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if tag == "DONE" {
			tag, command = last, "DONE"
		}
		last = tag
		key := ""
		for k := range s {
			if strings.HasPrefix(command, k) && len(k) > len(key) {
				key = k
			}
		}
		if key == "" {
			io.WriteString(c, tag+" BAD what?\r\n")
			continue
		}
		turns := strings.Split(s[key], "|||")                                     // the first time, the second, and from then on
		say, flood := strings.CutSuffix(turns[min(used[key], len(turns)-1)], "…") // over and over
		used[key]++
		say = tagged.ReplaceAllString(say, tag+" $1")
		for {
			if _, err := io.WriteString(c, say); err != nil {
				return
			}
			if !flood {
				break
			}
		}
	}
}

func known(t *testing.T) *memory {
	m := newMemory(t)
	m.known, m.uidval, m.uid = true, 3, 6
	return m
}

func TestScriptItself(t *testing.T) {
	m := known(t)
	if rep := once(t, plain(nil).start(t).poller(m)); rep != (Report{Fresh: 1}) {
		t.Errorf("%+v", rep)
	}
	m.expect(t, hostileMail)
}

// TestHostileServer: whatever it says, a pass ends soon, with an error that is
// to be tried again, and nothing is received.
func TestHostileServer(t *testing.T) {
	many := strings.Repeat("UID 7 ", 40)
	for name, s := range map[string]script{
		"greeting without end":    {"": strings.Repeat("x", 1000) + "…"},
		"BYE for a greeting":      {"": "* BYE not today\r\n"},
		"another protocol":        {"": "220 mail ESMTP\r\n"},
		"login that floods":       {"LOGIN": "* 1 EXISTS\r\n…"},
		"BYE for an answer":       {"EXAMINE": "* BYE shutting down\r\n"},
		"unknown untagged":        {"EXAMINE": "* VANISHED 1:9\r\n"},
		"line without end":        {"EXAMINE": strings.Repeat("* OK x", 100) + "…"},
		"unavailable":             {"EXAMINE": "T NO [UNAVAILABLE] later\r\n"},
		"a fault of its own":      {"EXAMINE": "T NO [SERVERBUG] later\r\n"},
		"in use":                  {"EXAMINE": "T NO [INUSE] later\r\n"},
		"search for star":         {"UID SEARCH": "* SEARCH 0\r\nT OK done\r\n"},
		"search too wide":         {"UID SEARCH": "* ESEARCH UID ALL 1:4294967295\r\nT OK done\r\n"},
		"search without end":      {"UID SEARCH": "* SEARCH 7 9 11 13 15\r\n…"},
		"list refused":            {"UID FETCH": "T NO cannot\r\n"},
		"date that is none":       {"UID FETCH": "* 1 FETCH (UID 7 RFC822.SIZE 20 INTERNALDATE \"yesterday\")\r\nT OK done\r\n"},
		"never the date":          {"UID FETCH": "* 1 FETCH (UID 7 FLAGS ())\r\nT OK done\r\n"},
		"forty items":             {"UID FETCH": "* 1 FETCH (" + many + ")\r\nT OK done\r\n"},
		"lists in lists":          {"UID FETCH": "* 1 FETCH (UID 7 BODYSTRUCTURE " + strings.Repeat("(", 1000) + "…"},
		"never the body":          {"UID FETCH 7 (UID BODY": "* 1 FETCH (UID 7 FLAGS (\\Seen))\r\nT OK done\r\n"},
		"huge literal":            {"UID FETCH 7 (UID BODY": "* 1 FETCH (UID 7 BODY[] {99999999999}\r\n" + strings.Repeat("x", 1000) + "…"},
		"literal cut off":         {"UID FETCH 7 (UID BODY": "* 1 FETCH (UID 7 BODY[] {50}\r\nshort)\r\nT OK done\r\n"},
		"tag of nobody":           {"UID FETCH 7 (UID BODY": "X9 OK done\r\n"},
		"somebody else's literal": {"UID FETCH 7 (UID BODY": "* 9 FETCH (UID 9 BODY[] {5000000}\r\n" + strings.Repeat("y", 1000) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			m := known(t)
			begin := time.Now()
			rep, err := plain(s).start(t).poller(m, func(c *Config) { c.Timeout = 300 * time.Millisecond }).Once(t.Context())
			if err == nil || !Temporary(err) {
				t.Errorf("%+v, %v", rep, err)
			}
			if name == "BYE for a greeting" && !strings.Contains(err.Error(), "the server turns us away: imap: BYE not today") {
				t.Errorf("a reason that the server gave is told as %v", err)
			}
			if d := time.Since(begin); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
			m.expect(t)
		})
	}
}

func TestOddButHarmlessServer(t *testing.T) {
	const body = "UID FETCH 7 (UID BODY"
	for name, s := range map[string]script{
		"a flag told before the mail":   {body: "* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n" + plain(nil)[body] + "|||" + plain(nil)[body]},
		"no UIDNEXT":                    {"EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\nT OK done\r\n"},
		"UIDNEXT that is late":          {"EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\n* OK [UIDNEXT 7] n\r\nT OK done\r\n"},
		"the UID behind the mail":       {body: fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s UID 7)\r\nT OK done\r\n", len(hostileMail), hostileMail)},
		"flags of others, without UID":  {body: "* 1 FETCH (FLAGS (\\Seen))\r\n" + plain(nil)[body]},
		"search twice and out of order": {"UID SEARCH": "* SEARCH 7 3\r\n* SEARCH 7\r\nT OK done\r\n"},
		"mail as a quoted string":       {"UID FETCH 7 (UID BODY": "* 1 FETCH (UID 7 BODY[] \"Subject: x\")\r\nT OK done\r\n"},
		"no text behind OK":             {"EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 3]\r\n* OK [UIDNEXT 8]\r\nT OK\r\n"},
		"no mail left":                  {"UID FETCH": "T OK done\r\n"},
		"IDLE refused":                  {"IDLE": "T NO no idle today\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := known(t)
			rep := once(t, plain(s).start(t).poller(m))
			want := Report{Fresh: 1}
			if name == "no mail left" {
				want = Report{Gone: 1}
			}
			if rep != want || m.uid != 7 {
				t.Errorf("%+v, position %d", rep, m.uid)
			}
			if got := strings.Join(m.bodies(), ""); rep.Fresh == 1 && got != hostileMail && got != "Subject: x" {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestMailboxThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		script script
		want   string
	}{
		"no UIDVALIDITY":  {script{"EXAMINE": "* 1 EXISTS\r\nT OK done\r\n"}, "UIDVALIDITY"},
		"UIDs that fall":  {script{"EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\n* OK [UIDNEXT 5] n\r\nT OK done\r\n"}, "replaced by an older one"},
		"UIDs one behind": {script{"EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\n* OK [UIDNEXT 6] n\r\nT OK done\r\n"}, "replaced by an older one"},
		"no such mailbox": {script{"EXAMINE": "T NO [NONEXISTENT] none\r\n"}, "check mailbox"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plain(c.script).start(t).poller(known(t)).Once(t.Context())
			if !errors.Is(err, ErrMailbox) || Temporary(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestOneBadMailStopsNothing: the server breaks off whenever this mail is
// asked for. It is parked, the others are read.
func TestOneBadMailStopsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := newMemory(t)
		once(t, h.poller(m))
		now := time.Now()
		h.deliver(mail("one"), now)
		h.deliver(mail("two"), time.Date(2031, 12, 25, 1, 2, 3, 0, time.UTC))
		h.deliver(mail("three"), now)
		p := h.proxy(t)
		p.Replace("25-Dec-2031", "25-Foo-2031")
		running(t, h.poller(m, at(p.Addr), func(c *Config) { c.Retry = time.Millisecond }))
		until(t, "both good mails are there", func() bool { return len(m.bodies()) == 2 })
		m.expect(t, mail("one"), mail("three"))
		if len(m.parked) != 1 || !strings.Contains(m.parked[0].reason, "could not be fetched") {
			t.Errorf("parked %+v", m.parked)
		}
	})
}

// TestServerThatCriesWolf says at every chance that there is new mail: it is
// not asked more often than polled.
func TestServerThatCriesWolf(t *testing.T) {
	const poll = 200 * time.Millisecond
	m := known(t)
	h := plain(script{"IDLE": "+ idling\r\n* 2 EXISTS\r\n"}).start(t)
	begin := time.Now()
	running(t, h.poller(m, func(c *Config) { c.Poll = poll }))
	until(t, "it was believed three times, and again after a poll", func() bool { return m.pollCount() >= 9 })
	if d := time.Since(begin); d < 2*poll {
		t.Errorf("9 passes in %v", d)
	}
}

// What failed under an old UIDVALIDITY says nothing of the mail that has the
// number now.
func TestRenumberedAfterFaults(t *testing.T) {
	m := known(t)
	p := plain(script{"EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 4] v\r\n* OK [UIDNEXT 8] n\r\nT OK done\r\n"}).start(t).poller(m)
	p.fails[7] = failing{tries: tries, first: long, last: time.Now()}
	if rep := once(t, p); rep != (Report{Fresh: 1}) {
		t.Errorf("%+v", rep)
	}
}

// A mail that somebody removes while it is fetched may come as nothing; nothing
// is no mail.
func TestMailThatComesAsNothing(t *testing.T) {
	const nothing = "* 1 FETCH (UID 7 BODY[] {0}\r\n)\r\nT OK done\r\n"
	m := known(t)
	gone := plain(script{"UID FETCH 7 (UID BODY": nothing + "|||T OK done\r\n"})
	if rep := once(t, gone.start(t).poller(m)); rep != (Report{Gone: 1}) {
		t.Errorf("removed: %+v", rep)
	}
	m.expect(t)
	m = known(t)
	now := time.Now()
	p := plain(script{"UID FETCH 7 (UID BODY": nothing}).start(t).poller(m, func(c *Config) {
		c.Retry, c.Now = time.Second, func() time.Time { return now }
	})
	for range tries {
		if rep, err := p.Once(t.Context()); err == nil || !Temporary(err) || rep != (Report{}) {
			t.Errorf("still there: %+v, %v", rep, err)
		}
	}
	for range 2 {
		now = now.Add(5*time.Minute - 1)
		if rep, err := p.Once(t.Context()); err == nil || rep != (Report{}) {
			t.Errorf("after all tries, but too soon: %+v, %v", rep, err)
		}
	}
	if rep := once(t, p); rep != (Report{Parked: 1}) {
		t.Errorf("after all tries: %+v", rep)
	}
	m.expect(t)
}

// A large mail that somebody removes between two pieces is gone, not received
// without its end. One that is shorter than the server told is whole, and so is
// one that comes in smaller pieces than were asked for.
func TestMailThatEndsEarly(t *testing.T) {
	raw := large("many pieces", piece+100<<10)
	give := func(from, to int) string {
		return fmt.Sprintf("* 1 FETCH (UID 7 BODY[]<%d> {%d}\r\n%s)\r\nT OK done\r\n", from, to-from, raw[from:to])
	}
	for name, c := range map[string]struct {
		pieces []string
		want   Report
		mail   string
	}{
		"removed behind the first piece":  {[]string{give(0, piece), give(piece, piece), "T OK done\r\n"}, Report{Gone: 1}, ""},
		"removed behind a short piece":    {[]string{give(0, 1000), "T OK done\r\n"}, Report{Gone: 1}, ""},
		"shorter than it was told":        {[]string{give(0, 1000), give(0, 0)}, Report{Fresh: 1}, raw[:1000]},
		"shorter by all behind one piece": {[]string{give(0, piece), give(0, 0)}, Report{Fresh: 1}, raw[:piece]},
		"in pieces of its own size": {[]string{
			give(0, 300<<10), give(300<<10, 500<<10), give(500<<10, 610<<10), give(610<<10, len(raw)), give(0, 0),
		}, Report{Fresh: 1}, raw},
	} {
		t.Run(name, func(t *testing.T) {
			m := known(t)
			s := plain(script{
				"UID FETCH":             fmt.Sprintf("* 1 FETCH (UID 7 RFC822.SIZE %d INTERNALDATE \"02-Mar-2026 10:00:00 +0000\")\r\nT OK done\r\n", len(raw)+7),
				"UID FETCH 7 (UID BODY": strings.Join(c.pieces, "|||"),
			})
			if rep := once(t, s.start(t).poller(m)); rep != c.want {
				t.Errorf("%+v", rep)
			}
			if got := strings.Join(m.bodies(), ""); got != c.mail {
				t.Errorf("%d bytes, want %d", len(got), len(c.mail))
			}
		})
	}
}

// A mail that the server cannot give holds up those behind it for a minute or two
// and no longer; one that comes after a while is read in its place. Where the next
// does not come either, the server is ill.
func TestMailThatHoldsUpOthers(t *testing.T) {
	one := func(uid int) string {
		return fmt.Sprintf("* 1 FETCH (UID %d RFC822.SIZE 20 INTERNALDATE \"02-Mar-2026 10:00:00 +0000\")\r\n", uid)
	}
	body := func(uid int, section string) string {
		raw := strings.Replace(hostileMail, "x", fmt.Sprint(uid), 1)
		return fmt.Sprintf("* 1 FETCH (UID %d BODY[]%s {%d}\r\n%s)\r\nT OK done\r\n", uid, section, len(raw), raw)
	}
	for name, c := range map[string]struct {
		ill, nextIll time.Duration // how long the first mail, and the second, does not come
		within       time.Duration
		want         Report
	}{
		"one bad mail":   {time.Hour, 0, 5 * time.Minute, Report{Fresh: 1, Parked: 1}},
		"for a moment":   {30 * time.Second, 0, 5 * time.Minute, Report{Fresh: 2}},
		"an ill server":  {4 * time.Minute, 4 * time.Minute, 10 * time.Minute, Report{Fresh: 2}},
		"two bad mails":  {time.Hour, time.Hour, 20 * time.Minute, Report{Parked: 2}},
		"the second one": {0, time.Hour, 20 * time.Minute, Report{Fresh: 1, Parked: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got := readFor(t, c.within, func(since time.Duration) script {
				s := plain(script{
					"EXAMINE":                       "* 2 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\n* OK [UIDNEXT 9] n\r\nT OK [READ-ONLY] done\r\n",
					"UID SEARCH":                    "* SEARCH 7 8\r\nT OK done\r\n",
					"UID SEARCH UID 8":              "* SEARCH 8\r\nT OK done\r\n",
					"UID FETCH":                     one(7) + one(8) + "T OK done\r\n",
					"UID FETCH 7 ":                  one(7) + "T OK done\r\n",
					"UID FETCH 8 ":                  one(8) + "T OK done\r\n",
					"UID FETCH 7:8 (UID BODY":       strings.TrimSuffix(body(7, ""), "T OK done\r\n") + body(8, ""),
					"UID FETCH 8 (UID BODY":         body(8, ""),
					"UID FETCH 8 (UID BODY.PEEK[]<": body(8, "<0>"),
				})
				const no = "T NO [SERVERBUG] Internal error\r\n"
				if since < c.ill {
					s["UID FETCH 7 (UID BODY"], s["UID FETCH 7:8 (UID BODY"] = no, no
				}
				if since < c.nextIll {
					s["UID FETCH 7:8 (UID BODY"], s["UID FETCH 8 (UID BODY"], s["UID FETCH 8 (UID BODY.PEEK[]<"] = no, no, no
				}
				return s
			})
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// readFor runs a poller for so long, in no time, at a server that follows the script
// for the time since the start, and counts what came.
func readFor(t *testing.T, within time.Duration, says func(since time.Duration) script) (rep Report) {
	synctest.Test(t, func(t *testing.T) {
		m, begin := known(t), time.Now()
		ctx, stop := context.WithTimeout(t.Context(), within)
		defer stop()
		p := New(Config{Host: "127.0.0.1", TLS: "none", User: "u", Password: func() (string, error) { return "p", nil }}, m)
		p.dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			s := says(time.Since(begin))
			go func() {
				defer theirs.Close()
				s.serve(theirs)
			}()
			return ours, nil
		}
		must(t, p.Run(ctx))
		rep = Report{Fresh: len(m.mails), Parked: len(m.parked)}
	})
	return rep
}

// A server that gives no mail for some minutes, as one that is started anew, or
// whose disk is away, costs none: only a mail that cannot be had for longer is
// parked, and then the next is read.
func TestServerThatIsIllForAWhile(t *testing.T) {
	for ill, want := range map[time.Duration]Report{5 * time.Minute: {Fresh: 1}, 20 * time.Minute: {Parked: 1}} {
		t.Run(ill.String(), func(t *testing.T) {
			got := readFor(t, time.Hour, func(since time.Duration) script {
				s := plain(nil)
				if since < ill {
					s["UID FETCH 7 (UID BODY"] = "T NO [SERVERBUG] Internal error\r\n"
				}
				return s
			})
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

// The number tells new mail from old, and not the clock of a server that is some
// hours late; what is older than that was put there by somebody.
func TestServerWhoseClockIsLate(t *testing.T) {
	arrived := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // as the server says
	for late, want := range map[time.Duration]Report{skew: {Fresh: 1}, skew + time.Second: {OldBefore: 1}} {
		m := known(t)
		m.since = arrived.Add(late)
		if rep := once(t, plain(nil).start(t).poller(m)); rep != want || m.uid != 7 || !m.since.Equal(arrived.Add(late)) {
			t.Errorf("%v before the first start: %+v, position %d, since %v", late, rep, m.uid, m.since)
		}
	}
}

// A mail that turns out larger than the server told is parked like any other.
func TestLargerThanTold(t *testing.T) {
	raw := large("one piece and more", piece+100)
	give := func(section, part string) string {
		return fmt.Sprintf("* 1 FETCH (UID 7 BODY[%s]<0> {%d}\r\n%s)\r\nT OK done\r\n", section, len(part), part)
	}
	m := known(t)
	s := plain(script{
		"UID FETCH":                          fmt.Sprintf("* 1 FETCH (UID 7 RFC822.SIZE %d INTERNALDATE \"02-Mar-2026 10:00:00 +0000\")\r\nT OK done\r\n", piece+1),
		"UID FETCH 7 (UID BODY":              give("", raw[:piece]) + "|||" + give("", raw[piece:]),
		"UID FETCH 7 (UID BODY.PEEK[HEADER]": give("HEADER", "Subject: x\r\n\r\n"),
	})
	if rep := once(t, s.start(t).poller(m, func(c *Config) { c.MaxBytes = piece + 50 })); rep != (Report{Parked: 1}) {
		t.Errorf("%+v", rep)
	}
	if len(m.parked) != 1 || string(m.parked[0].raw) != "Subject: x\r\n\r\n" || !strings.Contains(m.parked[0].reason, "larger than the limit") {
		t.Errorf("%+v", m.parked)
	}
}
