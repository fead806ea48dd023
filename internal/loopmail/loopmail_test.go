package loopmail

import (
	"bytes"
	"errors"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const priya, dana, shop = "priya@acme.example", "dana@acme.example", "shop@acme.example"

func start(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	cfg := Config{Users: map[string]string{priya: "p", dana: "d", shop: "s"}}
	if change != nil {
		change(&cfg)
	}
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func login(t *testing.T, s *Server, user, password string, exists chan uint32) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.IMAPAddr, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil && exists != nil {
				exists <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(user, password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func mail(subject string) []byte {
	return []byte("From: <priya@acme.example>\r\nSubject: " + subject + "\r\n\r\n.hidden dot\r\nGrüße\r\n")
}

func TestPlusAddressAndTrace(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 3600))
	var seen []string
	s := start(t, func(c *Config) {
		c.Now = func() time.Time { return at }
		c.OnMail = func(from string, rcpt []string, raw []byte) {
			seen = append(seen, from+" → "+strings.Join(rcpt, ","))
		}
	})
	if err := s.Submit(priya, "p", []string{"shop+t42.AbC@acme.example", dana}, mail("one")); err != nil {
		t.Fatal(err)
	}
	if err := s.Inject("", []string{"shop+b9.x@acme.example"}, mail("bounce")); err != nil {
		t.Fatal(err)
	}
	got := s.Mailbox("SHOP+any@acme.example")
	if len(got) != 2 || len(s.Mailbox(dana)) != 1 || len(s.Mailbox(priya)) != 0 {
		t.Fatalf("mails: shop %d, dana %d, priya %d", len(got), len(s.Mailbox(dana)), len(s.Mailbox(priya)))
	}
	want := "Return-Path: <priya@acme.example>\r\nDelivered-To: shop+t42.AbC@acme.example\r\n" +
		"Received: from localhost (127.0.0.1)\r\n\tby localhost with ESMTPA id L000001\r\n\tfor <shop+t42.AbC@acme.example>; Mon, 02 Mar 2026 09:00:00 +0100\r\n" +
		string(mail("one"))
	if string(got[0]) != want {
		t.Errorf("got\n%s\nwant\n%s", got[0], want)
	}
	if !bytes.HasPrefix(got[1], []byte("Return-Path: <>\r\n")) || !bytes.Contains(got[1], []byte("with ESMTP id")) {
		t.Errorf("got %s", got[1])
	}
	if want := []string{priya + " → shop+t42.AbC@acme.example," + dana, " → shop+b9.x@acme.example"}; !slices.Equal(seen, want) {
		t.Errorf("hook saw %q", seen)
	}
}

func TestRefusals(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		name string
		err  error
		code int
	}{
		{"unknown recipient", s.Submit(priya, "p", []string{"nobody@acme.example"}, mail("x")), 550},
		{"foreign recipient", s.Submit(priya, "p", []string{"shop@else.example"}, mail("x")), 550},
		{"wrong password", s.Submit(priya, "q", []string{shop}, mail("x")), 535},
		{"unknown user", s.Submit("nobody@acme.example", "q", []string{shop}, mail("x")), 535},
	} {
		var answer *textproto.Error
		if !errors.As(c.err, &answer) || answer.Code != c.code {
			t.Errorf("%s: got %v, want %d", c.name, c.err, c.code)
		}
	}
	if n := len(s.Mailbox(shop)); n != 0 {
		t.Errorf("%d mails delivered", n)
	}
	if _, err := Start(Config{IMAPAddr: s.IMAPAddr}); err == nil || !strings.Contains(err.Error(), s.IMAPAddr) {
		t.Errorf("port in use: %v", err)
	}
	if err := s.Deliver("nobody@acme.example", nil); err == nil {
		t.Error("delivered to nobody")
	}
}

func TestIdleTellsOfMailBeforeAndDuring(t *testing.T) {
	s := start(t, nil)
	exists := make(chan uint32, 16)
	c := login(t, s, shop, "s", exists)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	wait := func(n uint32) {
		t.Helper()
		for got := range exists {
			if got == n {
				return
			}
		}
	}
	if err := s.Deliver(shop, mail("before")); err != nil { // selected, not idling yet
		t.Fatal(err)
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	wait(1)
	if err := s.Deliver(shop, mail("during")); err != nil {
		t.Fatal(err)
	}
	wait(2)
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestExamineIsReadOnly(t *testing.T) {
	s := start(t, nil)
	if err := s.Deliver(shop, mail("one")); err != nil {
		t.Fatal(err)
	}
	c := login(t, s, "Shop@Acme.example", "s", nil)
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	body := &imap.FetchItemBodySection{}
	msgs, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil || len(msgs) != 1 || !bytes.Equal(msgs[0].FindBodySection(body), mail("one")) {
		t.Fatalf("%v %+v", err, msgs)
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(imap.SeqSetNum(1), deleted, nil).Close(); err == nil {
		t.Error("stored a flag after EXAMINE")
	}
	msgs, err = c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{Flags: true}).Collect()
	if err != nil || len(msgs[0].Flags) != 0 {
		t.Errorf("%v flags %v", err, msgs[0].Flags)
	}
}

func TestMoveAndNumbers(t *testing.T) {
	s := start(t, func(c *Config) { c.Epoch = 1000 })
	for _, m := range []string{"one", "two", "three"} {
		if err := s.Deliver(shop, mail(m)); err != nil {
			t.Fatal(err)
		}
	}
	c := login(t, s, shop, "s", nil)
	sel, err := c.Select("INBOX", nil).Wait()
	if err != nil || sel.UIDValidity != 1001 || sel.UIDNext != 4 {
		t.Fatalf("%v %+v", err, sel)
	}
	moved, err := c.Move(imap.SeqSetNum(2), "Trash").Wait()
	if err != nil || moved.UIDValidity != 1004 {
		t.Fatalf("%v %+v", err, moved)
	}
	msgs, err := c.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true}).Collect()
	if err != nil || len(msgs) != 2 || msgs[0].UID != 1 || msgs[1].UID != 3 || msgs[1].SeqNum != 2 {
		t.Fatalf("%v %+v", err, msgs)
	}
	if err := s.Renumber(shop); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("connection survived a new UIDVALIDITY")
	}
	sel, err = login(t, s, shop, "s", nil).Select("INBOX", nil).Wait()
	if err != nil || sel.UIDValidity <= 1001 || sel.NumMessages != 3 {
		t.Fatalf("%v %+v", err, sel)
	}
	if a, b := start(t, nil), start(t, nil); a.epoch == b.epoch {
		t.Error("two starts share their UIDVALIDITY")
	}
}

func TestCutLeavesListening(t *testing.T) {
	s := start(t, nil)
	nc, err := net.Dial("tcp", s.SMTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	tc := textproto.NewConn(nc)
	if _, _, err := tc.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	s.Cut()
	if _, err := tc.ReadLine(); err == nil {
		t.Error("connection survived")
	}
	if err := s.Submit(priya, "p", []string{shop}, mail("after")); err != nil {
		t.Error(err)
	}
}
