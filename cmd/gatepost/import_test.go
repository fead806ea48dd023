package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
	"gatepost/store"
)

// oldBox is an mbox of old mail, as files of it hold it.
type oldBox struct {
	bytes.Buffer
	at time.Time
}

func (b *oldBox) mail(from, id, reply, subject, text string, more ...string) {
	if b.at.IsZero() {
		b.at = time.Date(2019, 3, 4, 9, 0, 0, 0, time.UTC)
	}
	b.at = b.at.Add(time.Hour)
	raw := fmt.Sprintf("From: %s\r\nTo: shop+web@acme.example\r\nDate: %s\r\nSubject: %s\r\n", from, b.at.Format(time.RFC1123Z), subject)
	if id != "" {
		raw += "Message-ID: <" + id + ">\r\n"
	}
	if reply != "" {
		raw += "In-Reply-To: <" + reply + ">\r\n"
	}
	raw += strings.Join(append(more, "", text, ""), "\r\n")
	if err := writeMboxrd(&b.Buffer, b.at, []byte(raw)); err != nil {
		panic(err)
	}
}

const priya, dana, kim = "Priya <priya@acme.example>", "Dana <dana@acme.example>", "Kim <kim@client.example>"

func oldMailbox() *oldBox {
	b := &oldBox{}
	b.mail(priya, "a1", "", "Cart loses items", "Problem: the cart is empty after login.\r\n\r\nDone: it is not.")
	b.mail(kim, "n1", "", "Buy our shoes", "They are good.")
	b.mail(dana, "a2", "a1", "Re: Cart loses items", "approve\r\n\r\n> the cart is empty")
	b.mail(priya, "b1", "", "Umlauts", "M\xc3\xb6bel finds nothing.\r\n\r\nFrom here on nothing works.", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
	b.mail(dana, "a3", "missing-and-a2", "Re: Cart loses items", "Out until Monday.", "References: <a1> <missing-and-a2>", "Auto-Submitted: auto-replied")
	b.mail(kim, "a4", "a2", "AW: Cart loses items", "It works now, thank you.")
	b.mail(dana, "b2", "", "RE: Umlauts", "Found it.") // a client that names nothing
	b.mail(dana, "b2", "", "RE: Umlauts", "Found it, really.")
	return b
}

// importDir is a config, a database and old mail.
func importDir(t *testing.T) (config, box string) {
	t.Helper()
	config = editDir(t)
	box = filepath.Join(filepath.Dir(config), "old.mbox")
	if err := os.WriteFile(box, oldMailbox().Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return config, box
}

func reportOf(t *testing.T, args ...string) (r importReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(commandOutput(t, append(args, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// An old mailbox becomes closed tasks: shown first, made once, without a letter,
// a running stream, or anything to tell in a digest; the record is sound.
func TestImport(t *testing.T) {
	config, box := importDir(t)
	dry := commandOutput(t, "--config", config, "import", box)
	for _, want := range []string{
		"new    2019-03-04 to 2019-03-04, 3 mails  Cart loses items (priya@acme.example, dana@acme.example, kim@client.example)",
		"3 mails  Umlauts (priya@acme.example, dana@acme.example)", "2 threads with 6 mails would be imported",
		"not taken: 1 mails: written by a robot (auto-reply), as " + box + "#5", "nobody of the team wrote in the thread", "nothing was changed: --go",
	} {
		if !strings.Contains(dry, want) {
			t.Errorf("%q is not in:\n%s", want, dry)
		}
	}
	db, err := store.Open(filepath.Join(filepath.Dir(config), "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cfg, err := readConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	load := func() *loop.State {
		t.Helper()
		s, err := db.Load(t.Context(), cfg.Teams[0], store.Want{All: true})
		if err != nil {
			t.Fatal(err)
		}
		if bad, err := db.Verify(t.Context(), cfg.Teams); err != nil || len(bad) > 0 {
			t.Fatalf("verify: %v, %v", bad, err)
		}
		return s
	}
	if n := len(load().Tasks); n != 0 {
		t.Fatalf("the dry run made %d tasks", n)
	}
	if r := reportOf(t, "--config", config, "import", box, "--go"); len(r.Threads) != 2 || r.Threads[1].Task != 2 || !r.CarriedOut {
		t.Errorf("%+v", r)
	}
	s := load()
	cart := s.Tasks[1]
	if len(s.Tasks) != 2 || cart.State != loop.DroppedS || cart.Decision != nil || cart.Stream != "web" || cart.By != "priya@acme.example" || cart.Sections.Done != "it is not." ||
		cart.Created.Format(time.DateOnly) != "2019-03-04" || len(cart.Notes) != 2 || cart.Notes[0].By != "dana@acme.example" || cart.Notes[1].By != "kim@client.example" {
		t.Errorf("the task is %+v", cart)
	}
	if !s.Begun.IsZero() || s.Stream("web").Current != 0 || len(s.Stream("web").Queue) != 0 {
		t.Errorf("begun %v, stream %+v", s.Begun, s.Stream("web"))
	}
	for _, now := range []time.Time{time.Now(), time.Now().AddDate(0, 0, 7)} {
		if o := loop.Tick(s, now); len(o.Letters)+len(o.Events) != 0 {
			t.Errorf("a tick makes %+v", o)
		}
	}
	if d := s.Digest(&cfg.Teams[0].People[0], loop.DateOf(time.Now(), time.UTC), time.Now()); len(d.Waiting)+len(d.Moved)+len(d.Blocked) != 0 {
		t.Errorf("the digest has %+v", d)
	}
	if posts, err := db.Outbox(t.Context(), store.PostFilter{}); err != nil || len(posts) != 0 {
		t.Errorf("%d letters, %v", len(posts), err)
	}
	for words, want := range map[string]string{"thank you": "#1 kim@client.example", "really": "#2 Dana Kim"} {
		if out := commandOutput(t, "--config", config, "search", words); !strings.Contains(out, want) {
			t.Errorf("search %q: %s", words, out)
		}
	}
	if out := commandOutput(t, "--config", config, "record", "1"); !strings.Contains(out, "2019-03-04") || !strings.Contains(out, "imported from old mail, as a closed task") {
		t.Errorf("record: %s", out)
	}

	// Again is nothing; with more mail, what is new.
	if r := reportOf(t, "--config", config, "import", box, "--go"); len(r.Threads) != 0 {
		t.Errorf("a second time: %+v", r)
	}
	more := oldMailbox()
	more.mail(priya, "a5", "a4", "Re: Cart loses items", "Closed then.")
	if err := os.WriteFile(box, more.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := reportOf(t, "--config", config, "import", box, "--go"); len(r.Threads) != 1 || r.Threads[0].Task != 1 || !r.Threads[0].Added || r.Mails != 1 {
		t.Errorf("with more mail: %+v", r)
	}
	if n := load().Tasks[1].Notes; len(n) != 3 || n[2].Text != "Closed then." {
		t.Errorf("notes are %+v", n)
	}
}

// As proposals, old threads wait for a PM and occupy nothing; a Maildir with
// many mails in a thread is taken in several steps.
func TestImportProposalsFromMaildir(t *testing.T) {
	config := editDir(t)
	dir := filepath.Join(filepath.Dir(config), "Maildir", "cur")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range importMails + 20 {
		reply := ""
		if i > 0 {
			reply = fmt.Sprintf("In-Reply-To: <m%d>\r\n", i-1)
		}
		raw := fmt.Sprintf("From: %s\r\nTo: shop@acme.example\r\nDate: %s\r\nSubject: Long\r\nMessage-ID: <m%d>\r\n%s\r\nword %d\r\n", priya, time.Date(2020, 1, 1, 0, i, 0, 0, time.UTC).Format(time.RFC1123Z), i, reply, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d:2,S", (i*37)%(importMails+20))), []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := reportOf(t, "--config", config, "import", filepath.Dir(dir), "--go", "--proposals", "--stream", "web")
	if len(r.Threads) != 1 || r.Mails != importMails+20 {
		t.Fatalf("%+v", r)
	}
	out := commandOutput(t, "--config", config, "status")
	if !strings.Contains(out, "#1    Long (draft)") {
		t.Errorf("status: %s", out)
	}
	if out := commandOutput(t, "--config", config, "record", "1"); !strings.Contains(out, "word 219") || !strings.Contains(out, "as a proposal") {
		t.Errorf("record: %.300s", out)
	}
	if out := commandOutput(t, "--config", config, "verify"); !strings.Contains(out, "clean") {
		t.Error(out)
	}
}

func TestImportRefused(t *testing.T) {
	config, box := importDir(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"import"}, exitUsage, "import"},
		{[]string{"import", "-"}, exitUsage, "reads its mails twice"},
		{[]string{"import", box, "--stream", "nope"}, exitUsage, "no stream"},
		{[]string{"import", box + ".not"}, exitFailed, "old.mbox.not"},
	} {
		p := startProcess(t, append([]string{"--config", config}, c.args...)...)
		if err := p.Wait(); err == nil || p.ProcessState.ExitCode() != c.code || !strings.Contains(p.output(), c.want) {
			t.Errorf("%v: exit %d: %s", c.args, p.ProcessState.ExitCode(), p.output())
		}
	}
}

// A mail that was imported and lies in the mailbox as well makes no second task.
func TestImportedMailArrives(t *testing.T) {
	two := newTwoTeams(t)
	two.task(t, "one", "shop+web@acme.example", "shop")
	raw := two.house.Mailbox("shop@acme.example")[0]
	two.write(t, "one.eml", strings.TrimSuffix(string(raw), "\n"))
	im := &importer{db: two.db, team: two.cfg.Teams[0], now: two.now}
	if r, err := im.run(t.Context(), []string{filepath.Join(two.dir, "one.eml")}, true); err != nil || len(r.Threads) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := two.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := two.tasks(t); got != "shop: one; pay:" {
		t.Errorf("tasks are %s", got)
	}
	if out, err := two.db.Outbox(t.Context(), store.PostFilter{}); err != nil || len(out) != 0 {
		t.Errorf("%d letters, %v", len(out), err)
	}
	two.clean(t)
}
