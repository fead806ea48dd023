package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatepost/internal/story"
	"gatepost/loop"
	"gatepost/mailout"
	"gatepost/parse"
	"gatepost/store"
)

// A mail is of the team that it names, among those whose mail comes into its mailbox.
func TestTeamOf(t *testing.T) {
	shop, pay := &loop.Team{Name: "Shop", Address: "shop@a.example"}, &loop.Team{Name: "Pay", Address: "pay@a.example"}
	both := map[string]*mailboxConfig{"one": {Teams: []*loop.Team{shop, pay}}}
	apart := map[string]*mailboxConfig{"one": {Teams: []*loop.Team{shop}}, "two": {Teams: []*loop.Team{pay}}}
	for _, c := range []struct {
		name   string
		boxes  map[string]*mailboxConfig
		box    string
		tag    string // team that it names
		answer string // team whose letter it answers
		let    string // in, by whom
		want   *loop.Team
		astray bool
	}{
		{"named", both, "one", pay.Address, "", "", pay, false},
		{"answers", both, "one", "", pay.Address, "", pay, false},
		{"named before answers", both, "one", shop.Address, pay.Address, "", shop, false},
		{"neither, in a mailbox of two", both, "one", "", "", "", nil, false},
		{"answers a team that is no more", both, "one", "", "old@a.example", "", nil, false},
		{"neither, in a mailbox of one", apart, "two", "", "", "", pay, false},
		{"of another mailbox", apart, "one", pay.Address, "", "", nil, true},
		{"of another mailbox, answers", apart, "one", "", pay.Address, "", nil, true},
		{"of another mailbox, let in", apart, "one", pay.Address, "", "operator", pay, false},
		{"in a mailbox that is no more", apart, "three", pay.Address, "", "", nil, true},
		{"neither, in a mailbox that is no more", apart, "three", "", "", "", nil, false},
		{"without mailboxes", nil, "one", pay.Address, "", "", pay, false},
	} {
		s := &stepper{teams: []*loop.Team{shop, pay}, boxes: c.boxes}
		var tags []parse.Tag
		if c.tag != "" {
			tags = []parse.Tag{{Team: c.tag}}
		}
		var answers *loop.Post
		if c.answer != "" {
			answers = &loop.Post{Letter: loop.Letter{Team: c.answer}}
		}
		team, astray := s.teamOf(&store.Inbox{Mailbox: c.box, Vouched: c.let}, tags, answers)
		if team != c.want || astray != "" != c.astray {
			t.Errorf("%s: %v %q, want %v", c.name, team, astray, c.want)
		}
	}
}

// A bounce that nobody can have sent but the server that had the letter: it names the
// letter's Message-ID, or came to the address that only its envelope had.
func TestBounceOfAGuessedLetter(t *testing.T) {
	s := newShelf(t)
	s.put(t, "Slow")
	s.readAll(t)
	letters, err := s.db.Outbox(t.Context(), store.PostFilter{})
	if err != nil || len(letters) == 0 {
		t.Fatal(letters, err)
	}
	p, team := letters[0], s.teams[0]
	ref := fmt.Sprintf("b%d", p.Serial)
	for token, want := range map[string]bool{"aaaaaaaaaaaaaaaa": false, team.Token(ref, p.Letter.To): true} {
		m := parse.Mail{Bounce: &parse.Bounce{}, Tags: []parse.Tag{{Team: team.Address, Ref: ref, Token: token}}}
		if found, err := s.bounced(t.Context(), m); err != nil || (found != nil) != want {
			t.Errorf("with the token %s: %v, %v", token, found, err)
		}
	}
}

// raw hands a mail over as it is, and gives its number.
func (s *shelf) raw(t *testing.T, at time.Time, raw string) int64 {
	t.Helper()
	s.uid++
	_, err := s.db.Receive(t.Context(), "INBOX", 1, s.uid, at, []byte(raw))
	must(t, err)
	id, err := s.db.LastMail(t.Context())
	must(t, err)
	return id
}

func (s *shelf) state(t *testing.T) *loop.State {
	t.Helper()
	state, err := s.db.Load(t.Context(), s.teams[0], store.Want{All: true})
	must(t, err)
	return state
}

func (s *shelf) outbox(t *testing.T) (list []string) {
	t.Helper()
	posts, err := s.db.Outbox(t.Context(), store.PostFilter{})
	must(t, err)
	for _, p := range posts {
		list = append(list, fmt.Sprintf("%s>%s", p.Letter.Kind, p.Letter.To))
	}
	return list
}

// A bounce to the address of a letter's envelope marks its reader, though the report
// names no letter.
func TestBounceByItsAddress(t *testing.T) {
	s := newShelf(t)
	s.put(t, "Slow")
	s.readAll(t)
	posts, err := s.db.Outbox(t.Context(), store.PostFilter{})
	must(t, err)
	p, team := posts[0], s.teams[0]
	ref := fmt.Sprintf("b%d", p.Serial)
	s.raw(t, s.now, "Return-Path: <>\r\nFrom: MAILER-DAEMON@x.example\r\nTo: "+loop.Plus(team.Address, ref+"."+team.Token(ref, p.Letter.To))+"\r\nSubject: Undelivered\r\nMessage-ID: <b@x.example>\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"+
		"Reporting-MTA: dns; x.example\r\n\r\nFinal-Recipient: rfc822; "+p.Letter.To+"\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n")
	s.readAll(t)
	if n := s.state(t).Presence(p.Letter.To).Bounced; n != 1 {
		t.Errorf("%s has bounced %d times", p.Letter.To, n)
	}
}

// A server whose clock is ahead does not make the future.
func TestMailFromTheFuture(t *testing.T) {
	s := newShelf(t)
	s.raw(t, s.now.AddDate(0, 0, 3), fmt.Sprintf("From: <%s>\r\nTo: <shop+web@acme.example>\r\nSubject: Soon\r\nMessage-ID: <f@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n", story.Priya))
	s.readAll(t)
	if k := s.state(t).Tasks[1]; k == nil || !k.Created.Equal(s.now) {
		t.Errorf("the task is %+v", k)
	}
}

// A reply to a mail that never comes waits for it once, and is read then.
func TestReplyToNothingIsRead(t *testing.T) {
	s := newShelf(t)
	id := s.raw(t, s.now, fmt.Sprintf("From: <%s>\r\nTo: <shop+web@acme.example>\r\nSubject: Re: Lost\r\nIn-Reply-To: <nowhere@x.example>\r\nMessage-ID: <r@x.example>\r\n\r\nProblem: p\r\n\r\nDone: d\r\n", story.Priya))
	for _, verdict := range []string{store.Waiting, store.Read} {
		s.readAll(t)
		m, err := s.db.Mail(t.Context(), id)
		if err != nil || m.Verdict != verdict {
			t.Errorf("it is %q, want %q: %v", m.Verdict, verdict, err)
		}
		if at, err := s.wakeAt(t.Context(), s.now); err != nil || verdict == store.Waiting && (at.After(s.now.Add(loop.WaitForTask)) || !at.After(s.now)) {
			t.Errorf("woken %v, %v", at, err)
		}
		s.now = s.now.Add(loop.WaitForTask + time.Minute)
	}
}

// A mail that was looked at before the letter that it answers was kept is looked at
// again: it may have that letter's words in it.
func TestLetterKeptMeanwhile(t *testing.T) {
	s := newShelf(t)
	s.put(t, "Slow")
	s.readAll(t)
	posts, err := s.db.Outbox(t.Context(), store.PostFilter{})
	must(t, err)
	s.raw(t, s.now, fmt.Sprintf("From: <%s>\r\nTo: <shop@acme.example>\r\nSubject: Re: Slow\r\nIn-Reply-To: <t1.x.1@acme.example>\r\nMessage-ID: <a@x.example>\r\n\r\na note\r\n", story.Priya))
	readings, err := s.look(t.Context(), s.now, 0, 9)
	must(t, err)
	if len(readings) != 1 || readings[0].answers != nil {
		t.Fatalf("%d mails", len(readings))
	}
	must(t, s.db.KeepPost(t.Context(), &loop.Post{Serial: posts[0].Serial, MessageID: "t1.x.1@acme.example", Raw: []byte("Message-ID: <t1.x.1@acme.example>\r\n\r\nwords"), Text: "words"}))
	if n, err := s.turn(t.Context(), readings, s.now); n != 0 || err != nil {
		t.Errorf("%d mails were read, %v", n, err)
	}
	if readings, err = s.look(t.Context(), s.now, 0, 9); err != nil || len(readings) != 1 || readings[0].answers == nil {
		t.Fatalf("looked at again: %d mails, %v", len(readings), err)
	}
	if n, err := s.turn(t.Context(), readings, s.now); n != 1 || err != nil {
		t.Errorf("%d mails were read, %v", n, err)
	}
}

// What the parser parks does nothing, whatever it says; its writer and the operator are
// told, and the next mail is read. So is a mail whose bytes are damaged.
func TestParkedDoesNothing(t *testing.T) {
	s := newShelf(t)
	s.teams[0].Operator = "ops@acme.example"
	s.read = func(raw []byte, opt parse.Options) parse.Mail {
		m := parse.Read(raw, opt)
		if m.Subject == "Odd" {
			m.Park = "too many parts"
		}
		return m
	}
	s.put(t, "Odd")
	s.put(t, "Broken")
	s.put(t, "Good")
	execOn(t, s.db, `UPDATE raw SET bytes = x'00', form = 'zstd' WHERE mail = 2`)
	s.readAll(t)
	if got := s.outbox(t); len(got) < 2 || got[0] != "held>"+story.Priya || got[1] != "alert>ops@acme.example" {
		t.Errorf("letters: %q", got)
	}
	parked, err := s.db.Parked(t.Context())
	if err != nil || len(parked) != 2 || parked[0].Reason != "too many parts" || !strings.Contains(parked[1].Reason, "unpack") {
		t.Errorf("parked: %+v, %v", parked, err)
	}
	if k := s.state(t).Tasks; len(k) != 1 || k[1].Title != "Good" {
		t.Errorf("%d tasks", len(k))
	}
	must(t, printReason(t.Context(), s.db, 1, io.Discard))
	if err := printReason(t.Context(), s.db, 3, io.Discard); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("why a mail is parked that is not: %v", err)
	}
}

// A letter that the sender may have in its hands cannot be taken back.
func TestUnsentLetters(t *testing.T) {
	s := newShelf(t)
	team := s.teams[0]
	post := func(due time.Time) {
		must(t, s.db.Commit(t.Context(), store.Step{Team: team.Address, At: s.now, Letters: []loop.Letter{{Kind: loop.Comment, Team: team.Address, To: story.Priya, Due: due}}}))
	}
	post(s.now.Add(time.Hour))
	post(s.now.Add(store.WithdrawLead))
	post(s.now.Add(2 * time.Hour))
	must(t, s.db.LaterPost(t.Context(), 3, s.now.Add(2*time.Hour), "not now"))
	list, err := s.unsent(t.Context(), team, s.now)
	if err != nil || len(list) != 1 || list[0].Serial != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A mail under suspicion is read alone, so that no other is counted with it.
func TestSuspectsAreReadAlone(t *testing.T) {
	for _, c := range []struct {
		tries []int
		want  int
	}{
		{[]int{0, 0, 0}, 3},
		{[]int{2, 0, 0}, 1},
		{[]int{0, 2, 0}, 1},
		{[]int{2, 2}, 1},
	} {
		s := newShelf(t)
		var list []*store.Inbox
		for i, n := range c.tries {
			s.put(t, fmt.Sprint("mail ", i))
			list = append(list, &store.Inbox{ID: int64(i + 1), Tries: n})
		}
		got, err := s.count(t.Context(), list)
		if err != nil || len(got) != c.want {
			t.Errorf("%v: %d are read, %v", c.tries, len(got), err)
		}
		mails, err := s.db.NextMails(t.Context(), s.now, 0, 9, 1<<20)
		must(t, err)
		for i, m := range mails {
			if want := min(1, max(0, c.want-i)); m.Tries != want {
				t.Errorf("%v: mail %d was counted %d times, want %d", c.tries, i, m.Tries, want)
			}
		}
	}
}

// What the config says reaches those who send; and only a letter that was taken says
// that a server takes letters.
func TestServiceWiring(t *testing.T) {
	r := newRig(t)
	r.edit(t, "gatepost.toml", "[smtp]\n", "[smtp]\nconnections = 3\nper_minute = 20\nper_day = 500\n")
	cfg, err := readConfig(r.config, needServers, needSecret)
	must(t, err)
	db, err := store.Open(cfg.Store.Path)
	must(t, err)
	defer db.Close()
	s := newService(cfg, db, silent(), time.Now, false)
	out := s.letters[0]
	if out.Limits.PerMinute != 20 || out.Limits.PerDay != 500 || out.Connections != 3 || out.Host != cfg.Senders[0].FromHost || len(out.Teams) != len(cfg.Teams) {
		t.Errorf("sends with %+v", out)
	}
	troubles := func() int {
		list, err := db.Troubles(t.Context())
		must(t, err)
		return len(list)
	}
	out.Passed(0, errors.New("no route"))
	if troubles() != 1 {
		t.Error("a pass that failed is not noted")
	}
	if out.Passed(0, nil); troubles() != 1 {
		t.Error("a pass without a letter says that the server works")
	}
	if out.Passed(1, nil); troubles() != 0 {
		t.Error("a letter that was taken does not say that the server works")
	}

	// Whatever fails in a pass is told at its end.
	s.letters[0].Sender, cfg.Teams[0].Operator = refusing{}, "ops@acme.example"
	must(t, db.Commit(t.Context(), store.Step{Team: cfg.Teams[0].Address, At: time.Now(), Letters: []loop.Letter{loop.AlertLetter(cfg.Teams[0], loop.CauseParked, "x", time.Now())}}))
	if _, err := s.Once(t.Context()); err == nil || !strings.Contains(err.Error(), "no sailing") {
		t.Errorf("letters that nobody takes: %v", err)
	}
	holiday := cfg.Teams[0].Holiday
	cfg.Teams[0].Holiday = func(loop.Date) string { panic("no calendar") }
	if atWork(cfg.Teams, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)) {
		t.Error("somebody without a calendar is at work")
	}
	s.steps.next = map[string]time.Time{}
	if _, err := s.Once(t.Context()); err == nil || !strings.Contains(err.Error(), "no calendar") {
		t.Errorf("what cannot be done for a team: %v", err)
	}
	cfg.Teams[0].Holiday = holiday
	s.broken = errors.New("no mailboxes")
	if _, err := s.Once(t.Context()); !errors.Is(err, s.broken) {
		t.Errorf("once without mailboxes: %v", err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, s.broken) {
		t.Errorf("run without mailboxes: %v", err)
	}
}

// refusing is a mail server that cannot be reached.
type refusing struct{}

func (refusing) Send(context.Context, string, string, []byte) error {
	return &mailout.SendError{Stage: "connect", Err: errors.New("no sailing today")}
}

// Each letter is one sender's: also those of teams that the config has no more.
func TestOutboxOf(t *testing.T) {
	shop, pay := &loop.Team{Address: "shop@a.example"}, &loop.Team{Address: "pay@a.example"}
	all := []*senderConfig{{Teams: []*loop.Team{shop}}, {Teams: []*loop.Team{pay}}}
	for i, want := range []store.Share{{Teams: []string{pay.Address}, Not: true}, {Teams: []string{pay.Address}}} {
		if got := outboxOf(nil, all, i).(outboxShare).share; !reflect.DeepEqual(got, want) {
			t.Errorf("sender %d has %+v, want %+v", i, got, want)
		}
	}
}

// The steps go on while something is told beside them.
func TestBesideSteps(t *testing.T) {
	n, failed := 0, errors.New("failed")
	if err := besideSteps(func() error {
		if n++; n < 5 {
			return fmt.Errorf("commit: %w", store.ErrStale)
		}
		return nil
	}); err != nil || n != 5 {
		t.Errorf("%d tries, %v", n, err)
	}
	if err := besideSteps(func() error { n++; return failed }); err != failed || n != 6 {
		t.Errorf("%d tries, %v", n, err)
	}
}

// What is no place of the config any more is no trouble, a database that fails is not
// the team's, and an alert goes out by a server that takes letters.
func TestFaultsOfTeams(t *testing.T) {
	s := newShelf(t)
	now := func() time.Time { return s.now }
	shop := s.teams[0]
	pay := &loop.Team{Name: "Pay", Address: "pay@acme.example", Operator: "ops@acme.example", Zone: time.UTC}
	senders := []*senderConfig{{&smtpConfig{serverConfig: serverConfig{Host: "one.example", Port: 25}}, []*loop.Team{shop}}, {&smtpConfig{serverConfig: serverConfig{Host: "two.example", Port: 25}}, []*loop.Team{pay}}}
	f := newFaults(s.db, &Config{Teams: []*loop.Team{shop, pay}, Senders: senders}, silent(), now)
	places := func() (list []string) {
		troubles, err := s.db.Troubles(t.Context())
		must(t, err)
		for _, p := range troubles {
			list = append(list, p.Place)
		}
		return list
	}
	must(t, s.db.NoteTrouble(t.Context(), "a mailbox of before", "no route", s.now))
	if f.recall(t.Context()); len(places()) != 0 {
		t.Errorf("troubles %q", places())
	}
	f.rules(t.Context(), pay, &store.Error{Op: "read", Err: errors.New("disk full")})
	if len(places()) != 0 || len(s.outbox(t)) != 0 {
		t.Errorf("the database's trouble is the team's: %q", places())
	}
	f.tell(senders[1].place(), errors.New("refused"))
	for range 3 { // each minute anew, and one letter a day
		f.rules(t.Context(), pay, errors.New("no calendar"))
		s.now = s.now.Add(20 * time.Second)
	}
	posts, err := s.db.Outbox(t.Context(), store.PostFilter{})
	if err != nil || len(posts) != 1 || posts[0].Letter.Team != shop.Address {
		t.Errorf("the operator is told %+v, %v", posts, err)
	}
	if got := places(); len(got) != 2 {
		t.Errorf("troubles %q", got)
	}
	troubles, err := s.db.Troubles(t.Context())
	if err != nil || !troubles[1].At.Equal(troubles[1].Since) {
		t.Errorf("noted again within the minute: %+v, %v", troubles, err)
	}
	if f.rules(t.Context(), pay, nil); len(places()) != 1 {
		t.Errorf("when it works again: %q", places())
	}
}

// A digest tells of the tasks that were closed since the one before.
func TestDigestOfTheClosed(t *testing.T) {
	for name, ago := range map[string]time.Duration{"read at once": 0, "read late, over a digest": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) { testDigestOfTheClosed(t, ago) })
	}
}

func testDigestOfTheClosed(t *testing.T, ago time.Duration) {
	s := newShelf(t)
	team := s.teams[0]
	s.put(t, "Wanted")
	s.put(t, "Unwanted")
	s.readAll(t)
	digest := func(day int) string {
		t.Helper()
		s.now = time.Date(2026, 3, day, 9, 0, 0, 0, team.Zone)
		s.readAll(t)
		posts, err := s.db.Outbox(t.Context(), store.PostFilter{Kind: loop.DigestMail, To: story.Priya})
		must(t, err)
		if len(posts) != day-2 {
			t.Fatalf("%d digests", len(posts))
		}
		return fmt.Sprintf("%+v", *posts[len(posts)-1].Letter.Body.Digest)
	}
	digest(3)
	s.now = s.now.Add(time.Hour)
	s.raw(t, s.now.Add(-ago), fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: Re: Unwanted\r\nMessage-ID: <drop@x.example>\r\n\r\ndrop: nobody wants it\r\n", story.Priya, team.ReplyAddress("t2", story.Priya)))
	s.readAll(t)
	if k := s.state(t).Tasks[2]; k.State != loop.DroppedS {
		t.Fatalf("the task is %s", k.State)
	}
	if body := digest(4); !strings.Contains(body, "Unwanted") {
		t.Errorf("the digest says %s", body)
	}
	if body := digest(5); strings.Contains(body, "Unwanted") {
		t.Errorf("and once more: %s", body)
	}
}

// Words of the letter that a mail answers are that letter's, however the client marks
// them.
func TestReplyIsReadBesideItsLetter(t *testing.T) {
	s := newShelf(t)
	s.put(t, "Slow")
	s.readAll(t)
	const words = "The lamp in the hall of the shop is green since Monday.\r\nThe door beside it opens inwards only.\r\napprove\r\n"
	must(t, s.db.KeepPost(t.Context(), &loop.Post{Serial: 1, MessageID: "t1.x.1@acme.example", Raw: []byte("Message-ID: <t1.x.1@acme.example>\r\n\r\n" + words), Text: words}))
	s.raw(t, s.now, fmt.Sprintf("From: <%s>\r\nTo: <shop@acme.example>\r\nSubject: Re: Slow\r\nIn-Reply-To: <t1.x.1@acme.example>\r\nMessage-ID: <a@x.example>\r\n\r\nNoted.\r\n\r\n%s", story.Priya, words))
	readings, err := s.look(t.Context(), s.now, 0, 9)
	must(t, err)
	if m := readings[0].mail; strings.TrimSpace(m.Text) != "Noted." || !m.Quoted {
		t.Errorf("it says %q", m.Text)
	}
}

// A replay ends where it is told to, and not before the mails that wait were read.
func TestReplayEnds(t *testing.T) {
	r := newRig(t)
	cfg, err := readConfig(r.config, needSecret)
	must(t, err)
	mail := func(name, subject, more string, hour int) {
		r.write(t, name, fmt.Sprintf("From: <%s>\r\nTo: shop+web@acme.example\r\nDate: Mon, 2 Mar 2026 %02d:00:00 +0000\r\nSubject: %s\r\nMessage-ID: <%s@x.example>\r\n%s\r\nProblem: p\r\n\r\nDone: d\r\n", story.Priya, hour, subject, name, more))
	}
	mail("1.eml", "One", "", 9)
	mail("2.eml", "Re: Lost", "In-Reply-To: <nowhere@x.example>\r\n", 10)
	files := []string{filepath.Join(r.dir, "1.eml"), filepath.Join(r.dir, "2.eml")}
	for _, c := range []struct {
		until       time.Time
		mails, task int
	}{{time.Time{}, 2, 2}, {time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), 1, 1}, {time.Date(2026, 3, 2, 10, 5, 0, 0, time.UTC), 2, 1}} {
		dir := t.TempDir()
		p, err := replay(t.Context(), cfg, dir, filepath.Join(dir, "gatepost.db"), files, c.until)
		must(t, err)
		db, err := store.OpenReader(filepath.Join(dir, "gatepost.db"))
		must(t, err)
		state, err := db.Load(t.Context(), cfg.Teams[0], store.Want{All: true})
		must(t, err)
		must(t, db.Close())
		if p.mails != c.mails || len(state.Tasks) != c.task || !c.until.IsZero() && !p.clock.Equal(c.until) {
			t.Errorf("until %v: %d mails, %d tasks, at %v", c.until, p.mails, len(state.Tasks), p.clock)
		}
	}
}

// A task that a member opens may be about what robots write.
func TestTaskAboutRobots(t *testing.T) {
	s := newShelf(t)
	for _, from := range []string{story.Priya, "kim@client.example"} {
		s.raw(t, s.now, "From: <"+from+">\r\nTo: shop+web@acme.example\r\nSubject: Automatic reply: it is sent twice\r\nMessage-ID: <"+from+">\r\n\r\nOne is enough, for each customer.\r\n")
	}
	readings, err := s.look(t.Context(), s.now, 0, 9)
	must(t, err)
	if readings[0].mail.Robot != parse.RobotNone || readings[1].mail.Robot == parse.RobotNone {
		t.Errorf("a member's is %q, a stranger's %q", readings[0].mail.Robot, readings[1].mail.Robot)
	}
}
