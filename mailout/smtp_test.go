package mailout

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/internal/loopmail"
)

const letter = "Subject: test\r\n\r\n.a line with a dot\r\n..two\r\n.\r\nthe end, \xc3\xbc\r\n"

func TestSendIsByteIdentical(t *testing.T) {
	s := start(t, false, nil)
	c := s.sender(t, TLSNone)
	long := "Subject: long\r\n\r\n" + strings.Repeat("x", 990) + "\r\n"
	for _, raw := range []string{letter, letter, long} {
		if err := c.Send(within(t, 10*time.Second), "shop+b1.tok@acme.example", "priya@acme.example", []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
		t.Fatal(err)
	}
	got := s.got()
	for i, raw := range []string{letter, letter, long, letter} {
		if got[i].raw != raw || !got[i].whole || got[i].to != "TO:<priya@acme.example>" {
			t.Errorf("letter %d: %+v", i, got[i])
		}
	}
	if got[0].from != "FROM:<shop+b1.tok@acme.example> BODY=8BITMIME" || got[3].from != "FROM:<> BODY=8BITMIME" {
		t.Errorf("senders %q, %q: the empty one is <>, and SMTPUTF8 is not asked for without need", got[0].from, got[3].from)
	}
	if s.connections() != 1 {
		t.Errorf("%d connections for one batch", s.connections())
	}
}

// Every kind of answer, at every verb.
func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		verb, answer string
		stage        string
		code         int
		permanent    bool
		unreachable  bool
	}{
		{"CONNECT", "554 go away", "connect", 554, false, true},
		{"CONNECT", "421 too busy", "connect", 421, false, true},
		{"CONNECT", "drop", "connect", 0, false, true},
		{"EHLO", "drop", "connect", 0, false, true},
		{"AUTH", "535 wrong password", "auth", 535, false, true},
		{"AUTH", "454 not now", "auth", 454, false, true},
		{"AUTH", "drop", "auth", 0, false, true},
		{"MAIL", "451 later", "mail", 451, false, false},
		{"MAIL", "553 no such sender", "mail", 553, false, false}, // it blames the team's mailbox, and so every letter
		{"MAIL", "550 5.4.5 Daily user sending limit exceeded", "mail", 550, false, false},
		{"MAIL", "552 5.3.4 message too big", "mail", 552, true, false},
		{"MAIL", "530 log in first", "mail", 530, false, true},
		{"MAIL", "534 5.7.9 too weak a login", "mail", 534, false, true},
		{"RCPT", "535 who are you?", "rcpt", 535, false, true},
		{"RCPT", "538 not without encryption", "rcpt", 538, false, true},
		{"MAIL", "421 closing", "mail", 421, false, true},
		{"MAIL", "drop", "mail", 0, false, false},
		{"RCPT", "450 greylisted", "rcpt", 450, false, false},
		{"RCPT", "550 5.1.1 no such user", "rcpt", 550, true, false},
		{"RCPT", "550 5.4.5 Daily user sending limit exceeded", "rcpt", 550, false, false},
		{"RCPT", "550 5.7.1 rejected", "rcpt", 550, true, false},
		{"RCPT", "drop", "rcpt", 0, false, false},
		{"DATA", "451 later", "data", 451, false, false},
		{"DATA", "554 no", "data", 554, true, false},
		{"DATA", "drop", "data", 0, false, false},
		{"END", "452 full", "end", 452, false, false},
		{"END", "552 too large", "end", 552, true, false},
		{"END", "554 5.7.60 not allowed to send as this sender", "end", 554, false, false},
		{"END", "550 5.7.1 spam", "end", 550, true, false},
		{"END", "drop", "end", 0, false, false},
		{"END", "nonsense", "end", 0, false, false},
	} {
		t.Run(tc.verb+" "+tc.answer, func(t *testing.T) {
			s := start(t, false, nil)
			c := s.sender(t, TLSNone)
			s.setOnce(tc.verb, tc.answer)
			if tc.verb == "DATA" && tc.answer != "drop" {
				s.setOnce("DATA?", "refused")
			}
			err := c.Send(within(t, 10*time.Second), "shop@acme.example", "priya@acme.example", []byte(letter))
			var failed *SendError
			if !errors.As(err, &failed) {
				t.Fatalf("error %v", err)
			}
			if failed.Stage != tc.stage || failed.Code != tc.code || failed.Permanent != tc.permanent || failed.Unreachable() != tc.unreachable {
				t.Errorf("stage %s, code %d, permanent %v, unreachable %v: %v", failed.Stage, failed.Code, failed.Permanent, failed.Unreachable(), err)
			}
			// The next letter goes through, whatever happened to this one.
			if err := c.Send(within(t, 10*time.Second), "shop@acme.example", "dana@acme.example", []byte(letter)); err != nil {
				t.Fatalf("the next one: %v", err)
			}
			if got := s.got(); got[len(got)-1].raw != letter || got[len(got)-1].to != "TO:<dana@acme.example>" {
				t.Errorf("the next one arrived as %+v", got[len(got)-1])
			}
		})
	}
}

func TestServerHangsUpBetweenLetters(t *testing.T) {
	s := start(t, false, nil)
	c := s.sender(t, TLSNone)
	if err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
		t.Fatal(err)
	}
	s.setOnce("MAIL", "drop")
	if err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
		t.Fatal(err)
	}
	if n := len(s.got()); n != 2 || s.connections() != 2 {
		t.Errorf("%d letters over %d connections", n, s.connections())
	}
}

// On a connection that is kept, only a letter of which nothing went out is given to
// the server again at once: it may have taken what it did not answer.
func TestNothingTwiceOnAKeptConnection(t *testing.T) {
	for _, c := range []struct {
		verb, answer string
		mails, taken int // MAIL commands, and letters that came whole
	}{
		{"END", "drop", 2, 2}, {"DATA", "drop", 2, 1}, {"RCPT", "drop", 2, 1}, {"RCPT", "421 closing", 2, 1}, {"MAIL", "451 later", 2, 1}, {"MAIL", "553 no such sender", 2, 1},
		{"MAIL", "421 closing", 3, 2},
	} {
		s := start(t, false, nil)
		out := s.sender(t, TLSNone)
		if err := out.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
			t.Fatal(err)
		}
		s.setOnce(c.verb, c.answer)
		err := out.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter))
		if (err == nil) != (c.mails == 3) || len(s.seen("MAIL")) != c.mails || len(s.got()) != c.taken {
			t.Errorf("%s, %s: %v after %d MAIL, %d letters there", c.verb, c.answer, err, len(s.seen("MAIL")), len(s.got()))
		}
	}
}

// deadlines notes how long a connection is given.
type deadlines struct {
	net.Conn
	given []time.Duration
}

func (d *deadlines) SetDeadline(t time.Time) error {
	d.given = append(d.given, time.Until(t).Round(time.Minute))
	return d.Conn.SetDeadline(t)
}

// A server may take five minutes for a command and ten for what follows the final
// dot (RFC 5321 §4.5.3.2): whoever hangs up earlier sends a letter twice.
func TestPatience(t *testing.T) {
	s := start(t, false, nil)
	c := s.sender(t, TLSNone)
	noted := &deadlines{}
	for range 2 {
		if err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
			t.Fatal(err)
		}
		if noted.Conn == nil {
			noted.Conn, c.conn = c.conn, noted
		}
	}
	g := noted.given
	if len(g) != 4 || slices.Min(g[:3]) < 5*time.Minute || g[3] < 10*time.Minute {
		t.Errorf("MAIL, RCPT, DATA and the dot are given %v", g)
	}
}

// It hangs up between letters, and does not let us in again: the letter was not sent.
func TestServerHangsUpForGood(t *testing.T) {
	s := start(t, false, nil)
	c := s.sender(t, TLSNone)
	if err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
		t.Fatal(err)
	}
	s.set("MAIL", "drop")
	s.setOnce("AUTH", "454 not now")
	err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter))
	var failed *SendError
	if !errors.As(err, &failed) || failed.Stage != "auth" || failed.Permanent || len(s.got()) != 1 {
		t.Errorf("%v, %d letters", err, len(s.got()))
	}
}

// A mute server costs what the context says, at every verb, and is not taken
// for a failure of the letter.
func TestMuteServer(t *testing.T) {
	for _, verb := range []string{"CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END"} {
		t.Run(verb, func(t *testing.T) {
			s := start(t, false, nil)
			s.set(verb, "mute")
			c := s.sender(t, TLSNone)
			ctx := within(t, 100*time.Millisecond)
			begun := time.Now()
			err := c.Send(ctx, "", "priya@acme.example", []byte(letter))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if d := time.Since(begun); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
			if c.client != nil || c.conn != nil {
				t.Error("the connection is kept")
			}
		})
	}
}

// A letter that could not be sent whole is never ended by a dot: the server
// must not take half of it.
func TestHalfALetterIsNotDelivered(t *testing.T) {
	s := start(t, false, nil)
	s.set("DATA", "354 go on")
	c := s.sender(t, TLSNone)
	ctx, cancel := context.WithCancel(within(t, 20*time.Second))
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 400_000)) // more than any socket buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.wait(func() bool { return len(s.commands) > 0 && s.commands[len(s.commands)-1] == "DATA" })
		cancel()
	}()
	if err := c.Send(ctx, "", "priya@acme.example", big); err == nil {
		t.Fatal("the letter was sent after all")
	}
	<-read
	s.wait(func() bool { return len(s.mails) > 0 }) // the server has read what was on its way
	for _, m := range s.got() {
		if m.whole {
			t.Errorf("%d bytes of %d were ended by a dot", len(m.raw), len(big))
		}
	}
}

func (s *server) seen(verb string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.commands {
		if strings.HasPrefix(c, verb) {
			out = append(out, c)
		}
	}
	return out
}

func TestTLS(t *testing.T) {
	serverSide, clientSide := certificate(t)
	for _, kind := range []string{TLSImplicit, TLSStart} {
		t.Run(kind, func(t *testing.T) {
			s := start(t, kind == TLSImplicit, serverSide)
			c := s.sender(t, kind)
			c.Roots = clientSide
			if err := c.Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter)); err != nil {
				t.Fatal(err)
			}
			if got := s.got(); len(got) != 1 || got[0].raw != letter {
				t.Errorf("arrived: %+v", got)
			}
			stranger := s.sender(t, kind)
			if err := stranger.Check(within(t, 10*time.Second)); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("a certificate of nobody's was trusted: %v", err)
			}
		})
	}
	t.Run("starttls is not offered", func(t *testing.T) {
		s := start(t, false, nil)
		err := s.sender(t, TLSStart).Send(within(t, 10*time.Second), "", "priya@acme.example", []byte(letter))
		var failed *SendError
		if !errors.As(err, &failed) || failed.Stage != "connect" || failed.Permanent || len(s.seen("AUTH")) != 0 {
			t.Errorf("%v, after %q", err, s.commands)
		}
	})
}

func TestTLSVersion(t *testing.T) {
	for _, roots := range []*tls.Config{nil, {MinVersion: tls.VersionTLS10}, {MinVersion: tls.VersionTLS13}} {
		want, s := uint16(tls.VersionTLS12), &SMTP{Host: "smtp.acme.example", Roots: roots}
		if roots != nil {
			want = max(want, roots.MinVersion)
		}
		if c := s.config(); c.MinVersion != want || c.ServerName != s.Host || c.InsecureSkipVerify {
			t.Errorf("from version %x, of %q", c.MinVersion, c.ServerName)
		}
	}
}

func TestLogin(t *testing.T) {
	for mechanisms, want := range map[string]string{"PLAIN LOGIN": "AUTH PLAIN AHJvYm90AHNlY3JldA==", "LOGIN": "AUTH LOGIN"} {
		s := start(t, false, nil)
		s.set("MECHANISMS", mechanisms)
		if err := s.sender(t, TLSNone).Check(within(t, 10*time.Second)); err != nil {
			t.Error(err)
		}
		if got := s.seen("AUTH"); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", mechanisms, got)
		}
	}
	s := start(t, false, nil)
	s.set("MECHANISMS", "GSSAPI")
	if err := s.sender(t, TLSNone).Check(within(t, 10*time.Second)); err == nil || !strings.Contains(err.Error(), "neither PLAIN nor LOGIN (GSSAPI)") {
		t.Error(err)
	}
	c := s.sender(t, TLSNone)
	c.User = ""
	if err := c.Check(within(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
	c = s.sender(t, TLSNone)
	c.Password = func() (string, error) { return "", errors.New("no such file") }
	if err := c.Check(within(t, 10*time.Second)); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	if c.Port = 1; c.Check(within(t, 10*time.Second)) == nil {
		t.Error("nobody listens there")
	}
}

func TestHostileEnvelope(t *testing.T) {
	s := start(t, false, nil)
	c := s.sender(t, TLSNone)
	for _, to := range []string{"", "a@b\r\nRCPT TO:<evil@evil.example>", "a@b> NOTIFY=NEVER", "<a@b>", "a b@c", "Priya <a@b>", "a@b,c@d", "a@b\x00"} {
		var failed *SendError
		if err := c.Send(within(t, 10*time.Second), "", to, []byte(letter)); !errors.As(err, &failed) || !failed.Permanent {
			t.Errorf("%q: %v", to, err)
		}
	}
	if s.connections() != 0 {
		t.Error("the server heard of it")
	}
}

// The same letter through a server that was written by somebody else.
func TestRealServer(t *testing.T) {
	s, err := loopmail.Start(loopmail.Config{Users: map[string]string{"priya@acme.example": "secret", "shop@acme.example": "robot"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	host, port, err := splitPort(s.SMTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	c := &SMTP{Host: host, Port: port, TLS: TLSNone, User: "shop@acme.example", Password: func() (string, error) { return "robot", nil }}
	defer c.Close()
	if err := c.Check(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	p := post(7, "gate")
	if err := Compose(p, team(), "acme.example", noon); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(within(t, 10*time.Second), p.Sender, "priya@acme.example", p.Raw); err != nil {
		t.Fatal(err)
	}
	box := s.Mailbox("priya@acme.example")
	if len(box) != 1 || !strings.HasSuffix(string(box[0]), string(p.Raw)) {
		t.Errorf("%d letters; the bytes are not those that were sent", len(box))
	}
	err = c.Send(within(t, 10*time.Second), "", "nobody@acme.example", p.Raw)
	var failed *SendError
	if !errors.As(err, &failed) || failed.Stage != "rcpt" || failed.Code != 550 || !failed.Permanent {
		t.Errorf("an unknown recipient: %v", err)
	}
}
