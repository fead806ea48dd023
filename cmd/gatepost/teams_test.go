package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatepost/internal/loopmail"
	"gatepost/loop"
	"gatepost/store"
)

// twoTeams is a shop and a pay team with an account each, on one mail house;
// pay can be given a server of its own for either way.
type twoTeams struct {
	*service
	house *loopmail.Server
	cfg   *Config
	dir   string
	began time.Time
	later atomic.Int64 // nanoseconds since then: servers look at the clock, too
}

func (two *twoTeams) clock() time.Time { return two.began.Add(time.Duration(two.later.Load())) }

func (two *twoTeams) pass(d time.Duration) { two.later.Add(int64(d)) }

func newTwoTeams(t *testing.T) *twoTeams {
	t.Helper()
	two := &twoTeams{dir: t.TempDir(), began: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	users := map[string]string{}
	for _, u := range []string{"shop@acme.example", "pay@acme.example", "pm@acme.example", "dana@acme.example", "ops@acme.example"} {
		users[u] = demoPassword
	}
	var err error
	if two.house, err = loopmail.Start(loopmail.Config{Users: users, Now: two.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { two.house.Close() })
	two.write(t, "shop.pass", demoPassword)
	two.write(t, "pay.pass", demoPassword)
	two.write(t, "gatepost.secret", scriptSecret)
	_, in, _ := splitAddr(two.house.IMAPAddr)
	_, out, _ := splitAddr(two.house.SMTPAddr)
	server := func(table, name string, port any) string {
		return fmt.Sprintf("[%s]\nhost = \"127.0.0.1\"\nport = %v\ntls = \"none\"\nuser = \"%s@acme.example\"\npassword_file = \"%s.pass\"\n", table, port, name, name)
	}
	team := func(name, own string) string {
		return fmt.Sprintf("[[team]]\nname = %q\naddress = \"%s@acme.example\"\ntimezone = \"UTC\"\ntrust = \"token\"\n%s"+
			"[[team.person]]\nname = \"Priya\"\nemail = [\"pm@acme.example\"]\nrole = \"pm\"\n"+
			"[[team.person]]\nname = \"Dana\"\nemail = [\"dana@acme.example\"]\nrole = \"engineer\"\n"+
			"[[team.stream]]\nname = \"web\"\nengineer = \"dana@acme.example\"\n", strings.ToUpper(name[:1])+name[1:], name, own)
	}
	two.write(t, "gatepost.toml", server("imap", "shop", in)+server("smtp", "shop", out)+"[operator]\nemail = \"ops@acme.example\"\n"+
		team("shop", "")+team("pay", server("team.imap", "pay", in)+server("team.smtp", "pay", out)))
	db, err := store.Create(filepath.Join(two.dir, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	two.start(t, db)
	if _, err := two.Once(t.Context()); err != nil { // the first start
		t.Fatal(err)
	}
	return two
}

// start is a new process on the database.
func (two *twoTeams) start(t *testing.T, db *store.DB) {
	t.Helper()
	var err error
	if two.cfg, err = readConfig(filepath.Join(two.dir, "gatepost.toml"), needServers, needSecret, needGoing); err != nil {
		t.Fatal(err)
	}
	two.service = newService(two.cfg, db, silent(), two.clock, false)
}

func (two *twoTeams) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(two.dir, name), []byte(content+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// task mails one task to addresses; it comes into the mailboxes named.
func (two *twoTeams) task(t *testing.T, id, to string, into ...string) {
	t.Helper()
	raw := "From: Priya <pm@acme.example>\r\nTo: " + to + "\r\nDate: Mon, 2 Mar 2026 08:00:00 +0000\r\nSubject: " + id + "\r\nMessage-ID: <" + id + "@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n"
	for _, box := range into {
		if err := two.house.DeliverAt(box+"@acme.example", []byte(raw), two.clock()); err != nil {
			t.Fatal(err)
		}
	}
}

// tasks are the titles of each team, "shop: a b; pay: c".
func (two *twoTeams) tasks(t *testing.T) string {
	t.Helper()
	s, err := gatherStatus(t.Context(), two.cfg, two.db, true)
	if err != nil {
		t.Fatal(err)
	}
	var teams []string
	for _, team := range s.Teams {
		name, _, _ := strings.Cut(team.Address, "@")
		titles := []string{name + ":"}
		for _, k := range team.Tasks {
			titles = append(titles, k.Title)
		}
		teams = append(teams, strings.Join(titles, " "))
	}
	return strings.Join(teams, "; ")
}

func (two *twoTeams) clean(t *testing.T) {
	t.Helper()
	if bad, err := two.db.Verify(t.Context(), two.cfg.Teams); err != nil || len(bad) > 0 {
		t.Errorf("verify: %v, %v", bad, err)
	}
}

// A mailbox moves its own teams alone, and each team once, whatever comes in
// how many copies.
func TestTeamsWithMailboxesOfTheirOwn(t *testing.T) {
	two := newTwoTeams(t)
	two.task(t, "one", "shop+web@acme.example", "shop")
	two.task(t, "two", "pay+web@acme.example", "pay")
	two.task(t, "both", "shop+web@acme.example, pay+web@acme.example", "shop", "pay")
	two.task(t, "astray", "pay+web@acme.example", "shop")
	two.task(t, "again", "shop+web@acme.example", "shop", "shop")
	r, err := two.Once(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := two.tasks(t); got != "shop: one both again; pay: two both" {
		t.Errorf("tasks are %s", got)
	}
	held, err := two.db.Held(t.Context())
	if err != nil || len(held) != 1 || !strings.Contains(held[0].Reason, "for team Pay") {
		t.Fatalf("held are %+v, %v", held, err)
	}
	if err := two.db.ReleaseHeld(t.Context(), held[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := two.steps.all(t.Context(), two.now); err != nil {
		t.Fatal(err)
	}
	if got := two.tasks(t); got != "shop: one both again; pay: two both astray" {
		t.Errorf("tasks after the operator's word are %s (%s)", got, r)
	}
	s, err := gatherStatus(t.Context(), two.cfg, two.db, true)
	if err != nil || len(s.Mailboxes) != 2 || s.Mailboxes[1].Teams[0] != "pay@acme.example" || s.Mailboxes[1].UID != 2 || s.Mailbox != s.Mailboxes[0].mailboxStatus {
		t.Errorf("status has mailboxes %+v, %v", s.Mailboxes, err)
	}
	two.clean(t)
}

// One team's mailbox, sender or rules fail; the other's mail is read and its
// letters go out, the failure is in the status, and the operator reads of it.
func TestOneTeamFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, two *twoTeams)
		place string
	}{
		{"password refused", func(t *testing.T, two *twoTeams) { two.write(t, "pay.pass", "wrong") }, "reading mail of team Pay"},
		{"mailbox missing", func(t *testing.T, two *twoTeams) {
			two.edit(t, "[team.imap]\n", "[team.imap]\nmailbox = \"Gone\"\n")
		}, "reading mail of team Pay"},
		{"server of letters gone", func(t *testing.T, two *twoTeams) {
			two.edit(t, "[team.smtp]\nhost = \"127.0.0.1\"\nport = ", "[team.smtp]\nhost = \"127.0.0.1\"\nport = 1 # ")
		}, "sending letters of team Pay"},
		{"calendar broken", func(t *testing.T, two *twoTeams) {
			two.edit(t, "address = \"pay@acme.example\"\n", "address = \"pay@acme.example\"\nholidays = \"pay.ics\"\n")
			two.write(t, "pay.ics", "no calendar")
		}, "what is due for team Pay"},
		{"password file gone", func(t *testing.T, two *twoTeams) {
			if err := os.Remove(filepath.Join(two.dir, "pay.pass")); err != nil {
				t.Fatal(err)
			}
		}, "reading mail of team Pay"},
		{"rules panic", func(t *testing.T, two *twoTeams) {
			two.cfg.Teams[1].Holiday = func(loop.Date) string { panic("the calendar of Pay") }
		}, "what is due for team Pay"},
	} {
		t.Run(c.name, func(t *testing.T) {
			two := newTwoTeams(t)
			two.task(t, "zero", "pay+web@acme.example", "pay")
			if _, err := two.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, two)
			if c.name != "rules panic" {
				two.start(t, two.db)
			}
			two.pass(24 * time.Hour) // digests are due
			two.steps.next = map[string]time.Time{}
			two.task(t, "one", "shop+web@acme.example", "shop")
			before := len(two.house.Mailbox("pm@acme.example"))
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- two.Run(ctx) }()
			failures := 1
			if strings.HasPrefix(c.name, "password") {
				failures = 2 // reading and sending: whose letter tells of one depends on the other
			}
			await(t, "shop goes on and the failure is seen", func() bool {
				troubles, err := two.db.Troubles(t.Context())
				return err == nil && len(two.house.Mailbox("pm@acme.example")) > before && len(troubles) >= failures && strings.HasPrefix(two.tasks(t), "shop: one; pay: zero")
			}, func() string { return two.tasks(t) })
			two.lookout.mu.Lock()
			for _, w := range two.lookout.watches { // an hour goes by
				if w.teams[0].Name == "Pay" && strings.HasPrefix(c.place, [...]string{"reading", "sending"}[w.what]) {
					w.dark = 2 * time.Hour
				}
			}
			two.lookout.mu.Unlock()
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the service ends with %v", err)
			}
			s, err := gatherStatus(t.Context(), two.cfg, two.db, true)
			if err != nil {
				t.Fatal(err)
			}
			if list := strings.Join(troubles(two.cfg, s, two.clock()), "\n"); !strings.Contains(list, c.place) {
				t.Errorf("status says %q", list)
			}
			if got := two.tasks(t); !strings.HasPrefix(got, "shop: one; pay: zero") {
				t.Errorf("tasks are %s", got)
			}
			if !strings.HasPrefix(c.place, "what is due") {
				two.pass(time.Minute)
				two.lookout.look(t.Context())
			}
			if _, err := two.letters.Once(t.Context()); err != nil && strings.HasPrefix(c.place, "what is due") {
				t.Error(err)
			}
			mails := two.house.Mailbox("ops@acme.example")
			seen := map[string]bool{} // cut off before it was noted, a letter goes out again with the same Message-ID
			mails = slices.DeleteFunc(mails, func(raw []byte) bool {
				_, id, _ := strings.Cut(string(raw), "Message-ID: ")
				id, _, _ = strings.Cut(id, "\r\n")
				known := seen[id]
				seen[id] = true
				return known
			})
			if len(mails) != 1 || !strings.Contains(string(mails[0]), "Pay") {
				t.Errorf("the operator has %d letters: %s", len(mails), mails)
			}
			two.clean(t)
		})
	}
}

func (two *twoTeams) edit(t *testing.T, old, with string) {
	t.Helper()
	file := filepath.Join(two.dir, "gatepost.toml")
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), old) {
		t.Fatalf("no %q in the config (%v)", old, err)
	}
	two.write(t, "gatepost.toml", strings.Replace(string(b), old, with, 1))
}

// A database of a version that knew mailboxes by their name goes on where it
// was, and so does one whose server or account was renamed; a mailbox that
// cannot be known begins anew.
func TestMailboxKeys(t *testing.T) {
	box := func(source string) *mailboxConfig {
		var c imapConfig
		if n, err := fmt.Sscanf(strings.NewReplacer("/", " ", "@", " ").Replace(source), "%s %s %s", &c.User, &c.Host, &c.Mailbox); n != 3 {
			t.Fatal(err)
		}
		c.Port = 993
		return &mailboxConfig{imapConfig: &c}
	}
	at := func(source string) string { return box(source).source() }
	for _, c := range []struct {
		name  string
		known []store.Mailbox
		boxes []string
		want  string
	}{
		{"fresh", nil, []string{"shop@a/INBOX"}, "imap://shop@a/INBOX"},
		{"as it was", []store.Mailbox{{Name: at("shop@a/INBOX")}}, []string{"shop@a/INBOX"}, "imap://shop@a/INBOX"},
		{"older version", []store.Mailbox{{Name: "INBOX"}}, []string{"shop@a/INBOX"}, "INBOX!"},
		{"older version, second mailbox", []store.Mailbox{{Name: "INBOX"}}, []string{"shop@a/INBOX", "pay@a/INBOX"}, "INBOX! imap://pay@a/INBOX"},
		{"older version, later", []store.Mailbox{{Name: "INBOX", Source: at("shop@a/INBOX")}}, []string{"pay@a/INBOX", "shop@a/INBOX"}, "imap://pay@a/INBOX INBOX"},
		{"a replay is no mailbox", []store.Mailbox{{Name: "replay"}}, []string{"shop@a/INBOX"}, "imap://shop@a/INBOX"},
		{"server renamed", []store.Mailbox{{Name: at("shop@a/INBOX")}, {Name: at("pay@a/INBOX")}}, []string{"shop@b/INBOX", "pay@b/INBOX"}, "imap://shop@a/INBOX! imap://pay@a/INBOX!"},
		{"account renamed", []store.Mailbox{{Name: at("shop@a/INBOX")}, {Name: at("pay@c/INBOX")}}, []string{"robot@a/INBOX", "pay@c/INBOX"}, "imap://shop@a/INBOX! imap://pay@c/INBOX"},
		{"all renamed, one mailbox", []store.Mailbox{{Name: at("shop@a/INBOX")}}, []string{"robot@b/Gatepost"}, "imap://shop@a/INBOX!"},
		{"two new ones, and one is no more", []store.Mailbox{{Name: at("shop@a/INBOX")}}, []string{"x@b/Other", "y@c/Another"}, "imap://x@b/Other imap://y@c/Another"},
		{"ambiguous", []store.Mailbox{{Name: at("shop@a/INBOX")}, {Name: at("pay@a/INBOX")}}, []string{"x@a/INBOX"}, "imap://x@a/INBOX"},
	} {
		var boxes []*mailboxConfig
		for _, b := range c.boxes {
			boxes = append(boxes, box(b))
		}
		keys, moved := mailboxKeys(c.known, boxes)
		for i, k := range keys {
			if moved[k] != "" {
				keys[i] += "!"
				if moved[k] != boxes[i].source() {
					t.Errorf("%s: %s moved to %s", c.name, k, moved[k])
				}
			}
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// One mail that a team had from its former mailbox does not move it again from
// the new one.
func TestMailKnownFromFormerMailbox(t *testing.T) {
	two := newTwoTeams(t)
	two.task(t, "one", "pay+web@acme.example", "pay")
	if _, err := two.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	two.edit(t, "user = \"pay@acme.example\"", "user = \"dana@acme.example\"") // a third account on the server
	two.start(t, two.db)
	two.task(t, "one", "pay+web@acme.example", "dana")
	two.task(t, "two", "pay+web@acme.example", "dana")
	_, err := two.Once(t.Context())
	if err = errors.Join(err); err != nil {
		t.Fatal(err)
	}
	if got := two.tasks(t); got != "shop:; pay: one two" {
		t.Errorf("tasks are %s", got)
	}
	two.clean(t)
}

// Own templates that are broken at the start: letters go out in the program's
// words, and the operator reads why.
func TestBrokenWordingAtStart(t *testing.T) {
	two := newTwoTeams(t)
	two.edit(t, "[operator]", "[letters]\ntemplates = \"words\"\n[operator]")
	if err := os.Mkdir(filepath.Join(two.dir, "words"), 0o700); err != nil {
		t.Fatal(err)
	}
	two.write(t, "words/received.txt", "{{define \"subject\"}}{{.No.Such}}{{end}}")
	if _, err := readConfig(filepath.Join(two.dir, "gatepost.toml"), needServers, needSecret); err == nil {
		t.Fatal("the templates are not broken")
	}
	two.start(t, two.db)
	two.steps.faults.unworded(t.Context())
	two.task(t, "one", "shop+web@acme.example", "shop")
	if _, err := two.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if mails := two.house.Mailbox("ops@acme.example"); len(mails) != 1 || !strings.Contains(string(mails[0]), "wording of letters") {
		t.Errorf("the operator has %d letters: %s", len(mails), mails)
	}
	if n := len(two.house.Mailbox("pm@acme.example")); n != 1 {
		t.Errorf("the PM has %d letters", n)
	}
}

// The mail of a team that is set aside waits, and is read once it is not.
func TestMailWaitsForTeamSetAside(t *testing.T) {
	two := newTwoTeams(t)
	two.edit(t, "address = \"pay@acme.example\"\n", "address = \"pay@acme.example\"\nholidays = \"pay.ics\"\n")
	two.write(t, "pay.ics", "no calendar")
	two.start(t, two.db)
	two.task(t, "one", "pay+web@acme.example", "pay")
	_, _ = two.Once(t.Context()) // says that Pay is set aside
	if c, err := two.db.Counts(t.Context()); err != nil || c.Unread != 1 || c.Held+c.Parked != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	two.write(t, "pay.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r")
	two.start(t, two.db)
	two.pass(asideWait)
	if _, err := two.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := two.tasks(t); got != "shop:; pay: one" {
		t.Errorf("tasks are %s", got)
	}
	two.clean(t)
}
