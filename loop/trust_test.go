package loop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/parse"
)

// gateScene has task 1 of billing at its gate.
const gateScene = `at 2026-03-02 09:30
priya > billing: Cart loses items
| Problem: the cart is empty after login.
| Done: it is not.
lee > t1: done: it keeps them now
at 2026-03-03 10:00
`

func scene(t testing.TB, trust Trust) *stage {
	g := newStage(t)
	g.team.Operator = "ops@acme.example"
	g.play(gateScene)
	g.team.Trust = trust
	return g
}

// send is a mail by its parts, as the attack suite has them.
func (g *stage) send(dkim string, fields ...string) []string {
	m := attackMail{dkim: dkim}
	for _, f := range fields {
		if text, ok := strings.CutPrefix(f, "| "); ok {
			m.text, m.spoken = append(m.text, text), true
		} else {
			m.fields = append(m.fields, f)
		}
	}
	return g.receive(g.raw(m, g.mails), dkim)
}

// What was seen is kept by address with when and how, also of a note, and
// under "seen" is asked for from then on.
func TestSeen(t *testing.T) {
	g := scene(t, TrustSeen)
	g.send("pass", "| a note about it")
	pr := g.s.Presence("priya@acme.example")
	s := pr.sight("PRIYA@acme.example")
	if s == nil || s.How == "" || !s.First.Equal(g.now) || len(pr.Seen) != 1 {
		t.Fatalf("seen: %+v", pr.Seen)
	}
	g.now = g.now.Add(24 * time.Hour)
	g.send("pass", "| another note")
	if s := g.s.Presence("priya@acme.example").sight("priya@acme.example"); !s.Last.Equal(g.now) || s.First.Equal(g.now) {
		t.Errorf("a day later: %+v", s)
	}
	events := len(g.log)
	g.send("pass", "| a third")
	for _, e := range g.log[events:] {
		if e.Kind == SeenE {
			t.Error("seen is told twice a day")
		}
	}
	g.send("", "| approve")
	if s := g.s.Tasks[1].State; s != AtGate {
		t.Errorf("without the evidence that was seen before, the task is %s", s)
	}
	o := Forget(g.s, g.team.Person("priya@acme.example"), "Priya@acme.example", g.now)
	g.outcome(o)
	g.send("", "To: {t1r1 priya}", "| approve, thanks")
	if s := g.s.Tasks[1].State; s != Approve {
		t.Errorf("after the operator had it forgotten, the task is %s", s)
	}
}

// A DNS that is down makes a move wait, longer each time, and in the end a
// question; a note is read at once.
func TestEvidenceLater(t *testing.T) {
	g := scene(t, TrustSigned)
	g.send("later", "| a note")
	if n := g.s.Tasks[1].Notes; n[len(n)-1].Text != "a note" {
		t.Error("a note waits for the DNS")
	}
	m := parse.Read(g.raw(attackMail{}, 99), parse.Options{Teams: []string{g.team.Address}})
	in := Incoming{ID: 99, At: g.now, Mail: m, Later: true}
	now, last := g.now, time.Duration(0)
	for range 100 {
		o := Apply(g.s, in, now)
		if o.Verdict != WaitV {
			if o.Verdict != HeldV || len(o.Letters) != 1 || o.Letters[0].Kind != Confirm || now.Sub(in.At) < EvidenceWait {
				t.Fatalf("after %s: %s, %v", now.Sub(in.At), o.Verdict, o.Letters)
			}
			break
		}
		pause := o.Until.Sub(now)
		if pause < last || pause > 30*time.Minute || pause < time.Minute || len(o.Events) > 0 || len(o.Letters) > 0 || o.State.Tasks[1] != g.s.Tasks[1] {
			t.Fatalf("after %s: waits %s, events %v", now.Sub(in.At), pause, o.Events)
		}
		last, now = pause, o.Until
	}
	if now.Sub(in.At) > EvidenceWait+time.Hour {
		t.Errorf("it still waits after %s", now.Sub(in.At))
	}
	in.Later, in.Mail.Evidence.DKIM = false, "pass"
	if o := Apply(g.s, in, g.now.Add(time.Hour)); o.State.Tasks[1].State != Approve {
		t.Errorf("when the DNS is back: %s %s", o.Verdict, o.Reason)
	}
}

// A yes is good for seven days, whenever what is due was done last.
func TestLateYes(t *testing.T) {
	for late, want := range map[time.Duration]TaskState{HoldFor: Approve, HoldFor + time.Second: AtGate} {
		g := scene(t, TrustToken)
		g.send("", "To: shop@acme.example", "| #1 approve")
		g.now = g.now.Add(late)
		g.send("", "To: {c1 priya}", "| yes")
		if s := g.s.Tasks[1].State; s != want {
			t.Errorf("after %s: the task is %s, want %s", late, s, want)
		}
	}
}

// The digest that somebody else was sent shows its gates to them alone.
func TestAnswerToSomebodyElsesDigest(t *testing.T) {
	for to, want := range map[string]TaskState{"priya@acme.example": Approve, "omar@acme.example": AtGate} {
		g := scene(t, TrustToken)
		l := Letter{Kind: DigestMail, Team: g.team.Address, To: to, Body: Body{Digest: &Digest{Waiting: []Item{{Kind: "gate", Task: 1, Round: 1}}}}}
		m := parse.Read(g.raw(attackMail{fields: []string{"To: {me priya}", "Subject: Re: Shop"}, text: []string{"#1 approve"}, spoken: true}, 99), parse.Options{Teams: []string{g.team.Address}})
		if o := Apply(g.s, Incoming{ID: 99, At: g.now, Mail: m, Answers: &l}, g.now); o.State.Tasks[1].State != want {
			t.Errorf("in answer to the digest of %s: the task is %s: %s", to, o.State.Tasks[1].State, o.Reason)
		}
	}
}

// A task without a subject is named by none: a mail without one, whose recipients no
// signature covers, may be an old one about something else.
func TestNoSubjectBindsNothing(t *testing.T) {
	g := scene(t, TrustSigned)
	g.s.Tasks[1].Subject = ""
	for subject, want := range map[string]TaskState{"Subject: ": AtGate, "Subject: [#1]": Approve} {
		m := parse.Read(g.raw(attackMail{fields: []string{subject, "DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=s1; h=From:Date:Subject:Message-ID; bh=x; b=x"}}, 99), parse.Options{Teams: []string{g.team.Address}})
		m.Evidence.DKIM = "pass"
		if o := Apply(g.s, Incoming{ID: 99, At: g.now, Mail: m}, g.now); o.State.Tasks[1].State != want {
			t.Errorf("%q: the task is %s: %s", subject, o.State.Tasks[1].State, o.Reason)
		}
	}
}

// A gate that was opened under an older secret is open under the new one, and
// closed once the old one is taken out.
func TestSecretRotation(t *testing.T) {
	g := scene(t, TrustToken)
	old := g.team.Secret
	address := g.team.ReplyAddress("t1r1", "priya@acme.example")
	g.team.Secret, g.team.OldSecrets = []byte("another secret of thirty-two byte"), [][]byte{[]byte("a third secret, older than both!!"), old}
	if g.team.ReplyAddress("t1r1", "priya@acme.example") == address {
		t.Error("new addresses are made with the old secret")
	}
	closed := g.clone(t)
	closed.team.OldSecrets = nil
	g.send("", "To: "+address)
	if s := g.s.Tasks[1].State; s != Approve {
		t.Errorf("by the old secret the task is %s", s)
	}
	closed.send("", "To: "+address)
	if s := closed.s.Tasks[1].State; s != AtGate {
		t.Errorf("by a secret that was taken out the task is %s", s)
	}
	if g.team.Owner(g.team.Token("t1", "lee@acme.example"), "t1") == nil || g.team.Owner("", "t1") != nil {
		t.Error("owners")
	}
}

// The operator's word: the owner of a token acts from an unknown address; a
// stranger's mail becomes a proposal or a note, and moves nothing.
func TestOperatorLetsIn(t *testing.T) {
	g := scene(t, TrustSigned)
	read := func(fields ...string) Outcome {
		g.mails++
		m := attackMail{}
		for _, f := range fields {
			if text, ok := strings.CutPrefix(f, "| "); ok {
				m.text, m.spoken = append(m.text, text), true
			} else {
				m.fields = append(m.fields, f)
			}
		}
		mail := parse.Read(g.raw(m, g.mails), parse.Options{Teams: []string{g.team.Address}})
		o := Apply(g.s, Incoming{ID: g.mails, At: g.now, Mail: mail, Vouched: "operator"}, g.now)
		return o
	}
	gate := *g.s.Tasks[1]
	later := gate
	later.Delivered = g.now.Add(time.Minute)
	g.s.setTask(&later)
	if o := read("From: priya@phone.example", "To: {t1 priya}"); o.State.Tasks[1].State != AtGate {
		t.Error("a mail approved what was delivered after it came")
	}
	later.Delivered, later.Round = gate.Delivered, 2
	if o := read("From: priya@phone.example"); o.State.Tasks[1].State != AtGate {
		t.Error("an approval of round 1 approved round 2")
	}
	g.s.setTask(&gate)
	if o := read("From: priya@phone.example"); o.State.Tasks[1].State != Approve {
		t.Errorf("the owner of the token: %s %s", o.Verdict, o.Reason)
	}
	o := read("From: client@customer.example", "To: shop+web@acme.example", "Subject: Slow", "| approve it is slow")
	if task := o.State.Tasks[2]; task == nil || task.State != Draft || !task.Proposed || task.By != "client@customer.example" || task.Stream != "web" ||
		len(o.Letters) != 1 || o.Letters[0].Kind != Proposal || o.Letters[0].To != "priya@acme.example" {
		t.Errorf("a stranger let in: %+v, %v", task, o.Letters)
	}
	g.outcome(o)
	o = read("From: client@customer.example", "To: shop@acme.example", "Subject: Re: [#1] Cart", "| #1 approve")
	if task := o.State.Tasks[1]; task.State != AtGate || len(o.Letters) != 0 || task.Notes[len(task.Notes)-1].Kind != NoteOther {
		t.Errorf("a stranger in a thread: %+v", task)
	}
	if o = read("From: client@customer.example, x@y.example", "To: shop@acme.example", "| hello"); o.Verdict != HeldV {
		t.Errorf("nobody, let in: %s", o.Verdict)
	}
}

// Each different thing is asked about; the same one once a day.
func TestConfirmOnceForEach(t *testing.T) {
	g := scene(t, TrustToken)
	confirms := func() (n int) {
		for _, l := range g.sent {
			if l.Kind == Confirm {
				n++
			}
		}
		return n
	}
	for i, line := range []string{"| #1 approve", "| #1 approve", "| #1 redirect: smaller", "| #1 approve"} {
		g.send("", "To: shop@acme.example", line)
		if want := []int{1, 1, 2, 2}[i]; confirms() != want {
			t.Errorf("after %q: %d confirm letters, want %d", line, confirms(), want)
		}
	}
	for n := range 30 {
		g.send("", "To: shop@acme.example", fmt.Sprintf("| #1 redirect: for reason %d", n))
	}
	if confirms() > 10 {
		t.Errorf("%d confirm letters a day", confirms())
	}
}

// An address that two people claimed belongs to the first.
func TestAliasOfTwo(t *testing.T) {
	g := scene(t, TrustToken)
	g.send("", "From: Shared@home.example")
	g.send("", "From: Shared@home.example", "To: {t1r1 omar}")
	g.send("", "To: {c1 priya}", "| yes add")
	g.send("", "From: omar@acme.example", "To: {c2 omar}", "| yes add")
	if p := g.s.aliasOf("shared@home.example"); p == nil || p.Key() != "priya@acme.example" || len(g.s.Presence("omar@acme.example").Aliases) != 0 {
		t.Errorf("the alias is %v's", p)
	}
}

// Wrong tokens are counted; many in an hour alert the operator, once a day.
func TestWrongTokens(t *testing.T) {
	g := scene(t, TrustToken)
	alerts := map[string]bool{}
	for n := range 100 {
		g.now = g.now.Add(time.Minute)
		g.send("", fmt.Sprintf("From: m%d@evil.example", n), fmt.Sprintf("To: shop+t1r1.%s@acme.example", Token([]byte("x"), "y", fmt.Sprint(n), "z")))
	}
	for _, l := range g.sent {
		switch {
		case l.Kind == Alert:
			alerts[l.Key] = true
		case strings.Contains(l.To, "evil"):
			t.Errorf("a letter to %s", l.To)
		}
	}
	if len(alerts) != 1 || len(g.s.Presence(Everybody).Wrong) > 2*wrongTokens {
		t.Errorf("alerts %v, %d kept", alerts, len(g.s.Presence(Everybody).Wrong))
	}
	// In a member's name, and in nobody's.
	for _, from := range []string{"From: priya@acme.example", "From: priya@acme.example, m@evil.example"} {
		g = scene(t, TrustToken)
		for n := range wrongTokens {
			g.now = g.now.Add(time.Minute)
			g.send("", from, fmt.Sprintf("To: shop+t1r1.%s@acme.example", Token([]byte("x"), "y", fmt.Sprint(n), "z")))
		}
		if !slices.ContainsFunc(g.sent, func(l Letter) bool { return l.Kind == Alert }) {
			t.Errorf("%s: %d wrong tokens, and no alert", from, wrongTokens)
		}
	}
	g = scene(t, TrustToken)
	for n := range 100 {
		g.now = g.now.Add(5 * time.Minute)
		g.send("", fmt.Sprintf("From: m%d@evil.example", n), "To: shop+t1r1.aaaaaaaaaaaaaaaa@acme.example")
	}
	for _, l := range g.sent {
		if l.Kind == Alert {
			t.Error("twelve an hour alert")
			break
		}
	}
}

// A PM who knows that a stranger wrote has the mail let in, with a token of
// their own; nobody else has.
func TestLetIn(t *testing.T) {
	for _, c := range []struct {
		name string
		mail []string
		want []int64
		kind Kind
	}{
		{"the PM", []string{"To: {me priya}", "| Let in kim@customer.example."}, []int64{7, 8}, ""},
		{"the PM, in brackets", []string{"To: {t1 priya}", "| let in <Kim@customer.example>"}, []int64{7, 8}, ""},
		{"the PM without a token", []string{"To: shop@acme.example", "| let in kim@customer.example"}, nil, Confirm},
		{"the PM with another's token", []string{"To: {me omar}", "| let in kim@customer.example"}, nil, Confirm},
		{"an engineer", []string{"From: lee@acme.example", "To: {t1 lee}", "| let in kim@customer.example"}, nil, Comment},
		{"a stranger", []string{"From: kim@customer.example", "To: shop@acme.example", "| let in kim@customer.example"}, nil, ""},
		{"words about it", []string{"To: {t1 priya}", "| let in kim@customer.example when you see her"}, nil, Comment},
	} {
		g := scene(t, TrustToken)
		m := attackMail{}
		for _, f := range c.mail {
			if text, ok := strings.CutPrefix(f, "| "); ok {
				m.text, m.spoken = []string{text}, true
			} else {
				m.fields = append(m.fields, f)
			}
		}
		mail := parse.Read(g.raw(m, 50), parse.Options{Teams: []string{g.team.Address}})
		in := Incoming{ID: 50, At: g.now, Mail: mail}
		if a, asked := LetIn(mail); asked && a == "kim@customer.example" {
			in.Strange = []int64{7, 8}
		}
		o := Apply(g.s, in, g.now)
		if !slices.Equal(o.Release, c.want) {
			t.Errorf("%s: lets %v in", c.name, o.Release)
		}
		if c.kind != "" && (len(o.Letters) == 0 || o.Letters[0].Kind != c.kind) {
			t.Errorf("%s: letters %v, want %s", c.name, o.Letters, c.kind)
		}
	}
	g := scene(t, TrustToken)
	if out := g.send("", "To: {me priya}", "| let in nobody@customer.example"); len(out) != 1 || !strings.Contains(out[0], CauseNobody) {
		t.Errorf("nobody: %v", out)
	}
}

// A mail that waits for its task is read again: nothing of it has happened before, not
// even that it brought evidence.
func TestWaitingLeavesNothing(t *testing.T) {
	g := scene(t, TrustSeen)
	m := parse.Read([]byte("From: Priya <priya@acme.example>\r\nTo: "+g.team.Address+"\r\nSubject: Re: Carts\r\n"+
		"In-Reply-To: <other@acme.example>\r\nMessage-ID: <w@acme.example>\r\n\r\nSome words about it.\r\n"), parse.Options{Teams: []string{g.team.Address}})
	m.Evidence.DKIM = "pass"
	in := Incoming{ID: 99, At: g.now, Mail: m}
	o := Apply(g.s, in, g.now)
	if o.Verdict != WaitV || len(o.Events) > 0 || len(o.Letters) > 0 {
		t.Errorf("%s, events %v, letters %v", o.Verdict, o.Events, o.Letters)
	}
	for name, p := range o.State.People {
		if p != g.s.People[name] {
			t.Errorf("%s is noted as %+v", name, p)
		}
	}
	in.Waited = true
	o = Apply(g.s, in, o.Until)
	var kinds []EventKind
	for _, e := range o.Events {
		kinds = append(kinds, e.Kind)
	}
	if o.Verdict != Read || !slices.Contains(kinds, SeenE) {
		t.Errorf("then %s, %v", o.Verdict, kinds)
	}
}
