package loop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/parse"
)

// Ten thousand strangers in a day: no letter, no task, one count.
func TestTenThousandStrangers(t *testing.T) {
	g := scene(t, TrustSeen)
	s, standing := g.s, g.standing()
	for n := range 10_000 {
		to := []string{"shop@acme.example", "shop+web@acme.example", "shop+t1r1@acme.example"}[n%3]
		text := []string{"approve", "status", "Problem: p\r\nDone: d", "help", "yes", "I am out of office until Monday."}[n%6]
		raw := fmt.Sprintf("From: s%d@stranger%d.example\r\nTo: %s\r\nCc: priya@acme.example\r\nSubject: Hello\r\nMessage-ID: <s%d@x.example>\r\n\r\n%s\r\n", n, n%97, to, n, text)
		o := Apply(s, Incoming{ID: int64(n), At: g.now.Add(time.Duration(n) * 8 * time.Second), Mail: parse.Read([]byte(raw), parse.Options{Teams: []string{g.team.Address}})}, g.now.Add(time.Duration(n)*8*time.Second))
		if len(o.Letters) != 0 {
			t.Fatalf("mail %d: %v", n, o.Letters)
		}
		s = o.State
	}
	g.s = s
	if g.standing() != standing || s.Strange+0 == 0 || len(s.Holds) != 0 {
		t.Errorf("strangers moved something, or were not counted: %d", s.Strange)
	}
}

// A member's mail that moves nothing brings ten letters a day to one address.
func TestLettersADay(t *testing.T) {
	g := scene(t, TrustToken)
	sent := len(g.sent)
	for n := range 60 {
		g.now = g.now.Add(15 * time.Minute)
		g.send("", "From: lee@acme.example", "To: {t1 lee}", "| word "+strings.Repeat("so ", n)+"much")
	}
	got := map[string]int{}
	for _, l := range g.sent[sent:] {
		got[l.To]++
	}
	if got["priya@acme.example"] != lettersADay || got["omar@acme.example"] != lettersADay {
		t.Errorf("letters: %v", got)
	}
	if n := len(g.s.Tasks[1].Notes); n != 61 {
		t.Errorf("%d notes: what is not sent is in the record all the same", n)
	}
	g.now = g.now.Add(25 * time.Hour)
	sent = len(g.sent)
	g.send("", "From: lee@acme.example", "To: {t1 lee}", "| and another thing")
	if len(g.sent) != sent+2 {
		t.Errorf("a day later: %d letters", len(g.sent)-sent)
	}
}

// In one thread ten letters in ten minutes; the next mail waits, and is read
// when there is room.
func TestLettersAThread(t *testing.T) {
	g := scene(t, TrustToken)
	var until time.Time
	read := 0
	m := func(n int) Incoming {
		g.mails++
		mail := parse.Read(g.raw(attackMail{fields: []string{"From: lee@acme.example", "To: {t1 lee}"}, text: []string{"word " + strings.Repeat("so ", n) + "much"}, spoken: true}, g.mails), parse.Options{Teams: []string{g.team.Address}})
		return Incoming{ID: g.mails, At: g.now, Mail: mail}
	}
	for n := range 8 {
		g.now = g.now.Add(time.Second)
		in := m(n)
		o := Apply(g.s, in, g.now)
		if o.Verdict == WaitV {
			until = o.Until
			if len(o.Events)+len(o.Letters) > 0 || read != lettersAThread/2 {
				t.Fatalf("mail %d waits: %v, %v", n, o.Events, o.Letters)
			}
			if o := Apply(g.s, in, until); o.Verdict != Read {
				t.Errorf("when there is room: %s %s", o.Verdict, o.Reason)
			}
			break
		}
		read++
		g.outcome(o)
	}
	if until.Sub(g.now) > threadSpan || until.IsZero() {
		t.Errorf("it waits until %s", until)
	}
	if o := Apply(g.s, Incoming{ID: 999, At: g.now, Mail: parse.Read(g.raw(attackMail{}, 999), parse.Options{Teams: []string{g.team.Address}})}, g.now); o.State.Tasks[1].State != Approve {
		t.Errorf("a decision waits behind chatter: %s", o.Verdict)
	}
}

// A hundred letters in an hour that move nothing: the next such mail is parked
// and the operator alerted; a decision goes through.
func TestLettersAnHour(t *testing.T) {
	g := newStage(t)
	g.team.Operator = "ops@acme.example"
	for n := range 40 {
		p := g.team.People[4]
		p.Name, p.Email = fmt.Sprintf("Reader %d", n), []string{fmt.Sprintf("reader%d@acme.example", n)}
		g.team.People = append(g.team.People, p)
	}
	g.play(gateScene)
	parked, alerts := 0, 0
	for n := range 40 {
		for _, word := range []string{"status", "help", "record #1", "search: cart"} {
			g.now = g.now.Add(10 * time.Second)
			out := g.send("", fmt.Sprintf("From: reader%d@acme.example", n), "To: shop@acme.example", "| "+word)
			for _, line := range out {
				if strings.HasPrefix(line, "= parked") {
					parked++
				}
				if strings.HasPrefix(line, "= alert") {
					alerts++
				}
			}
		}
	}
	if parked == 0 || alerts != parked {
		t.Errorf("%d parked, %d alerts", parked, alerts)
	}
	if n := len(g.s.Presence(Everybody).Sent); n > lettersAnHour+10 {
		t.Errorf("%d letters", n)
	}
	g.send("")
	if s := g.s.Tasks[1].State; s != Approve {
		t.Errorf("the task is %s", s)
	}
}

// The same words again are not passed on again; other words are.
func TestSameWordsAgain(t *testing.T) {
	g := scene(t, TrustToken)
	letters := func(text string) int {
		g.now = g.now.Add(time.Hour)
		sent := len(g.sent)
		g.send("", "From: lee@acme.example", "To: {t1 lee}", "| "+text)
		return len(g.sent) - sent
	}
	for i, c := range []struct {
		text string
		want int
	}{{"Your mail 17 of 3 March was received.", 2}, {"Your mail 18 of 4 March was received!", 0}, {"The test is in as well.", 2}} {
		if got := letters(c.text); got != c.want {
			t.Errorf("%d: %d letters, want %d", i, got, c.want)
		}
	}
}

// Forged mails without a token or evidence use up their own ten letters of the
// day, and nothing of what the person whose address they bear is told.
func TestForgedMailsSilenceNobody(t *testing.T) {
	g := scene(t, TrustSeen)
	forged := func(from, to string) {
		for n := range 60 {
			g.now = g.now.Add(time.Minute)
			g.send("", "From: "+from, "To: shop@acme.example", "Subject: "+to, fmt.Sprintf("| #1 approve if %s holds|own", strings.Repeat("it ", n+1)))
			g.send("", "From: "+from, "To: shop@acme.example", "Subject: "+to, "| "+[]string{"status", "help", "search: cart", "record #1"}[n%4])
		}
	}
	letters := func(dkim string, fields ...string) string {
		g.now = g.now.Add(time.Minute)
		sent := len(g.sent)
		g.send(dkim, fields...)
		out := ""
		for _, l := range g.sent[sent:] {
			out += string(l.Kind) + " "
		}
		return strings.TrimSpace(out)
	}
	before := len(g.sent)
	forged("priya@acme.example", "Re: [#1] Cart")
	forged("lee@acme.example", "Re: Cart")
	brought := map[string]int{}
	for _, l := range g.sent[before:] {
		brought[l.To]++
	}
	for to, n := range brought {
		if n > lettersADay {
			t.Errorf("%d letters to %s for forged mails", n, to)
		}
	}
	for _, c := range []struct {
		want, dkim string
		fields     []string
	}{
		{"", "", []string{"To: shop@acme.example", "| status"}},
		{"unclear", "", []string{"| approve if the tests pass"}},
		{"status", "", []string{"To: {me priya}", "| status"}},
		{"help", "pass", []string{"To: shop@acme.example", "| help"}},
		{"confirm", "pass", []string{"To: shop@acme.example", "Subject: Re: [#1] Cart", "| approve"}},
		{"refused", "", []string{"From: lee@acme.example", "To: {t1 lee}", "| approve"}},
	} {
		if got := letters(c.dkim, c.fields...); got != c.want {
			t.Errorf("%v: %q, want %q", c.fields, got, c.want)
		}
	}
	own := 0
	for n := range 40 {
		if letters("", "| approve if "+strings.Repeat("so ", n)+"it is", "Subject: Re: a", "To: {me priya}") != "" {
			own++
		}
	}
	if own > lettersADay {
		t.Errorf("%d answers to one person in a day", own)
	}
}

// Forged mails that would move something leave no more behind than what its
// person can still say yes to.
func TestForgedMovesPileUpNothing(t *testing.T) {
	g := scene(t, TrustToken)
	for n := range 300 {
		g.now = g.now.Add(time.Second)
		g.send("", "To: shop@acme.example", "Subject: Re: [#1] Cart", fmt.Sprintf("| drop: no reason number %d", n))
	}
	if n := len(g.s.Holds); n == 0 || n > toldADay {
		t.Errorf("%d mails wait for a yes", n)
	}
	for _, h := range g.s.Holds {
		if !slices.ContainsFunc(g.sent, func(l Letter) bool { return l.Ref == fmt.Sprintf("c%d", h.Number) }) {
			t.Errorf("hold %d waits for an answer to no letter", h.Number)
		}
	}
}

// Long texts in a member's name that do not show it are bounded; with the token
// they are not, and the next day there is room again.
func TestLongTextsWithoutToken(t *testing.T) {
	g := scene(t, TrustToken)
	note := func(to string, n int) string {
		g.now = g.now.Add(12 * time.Minute)
		return strings.Join(g.send("", "From: lee@acme.example", "To: "+to, "Subject: Re: [#1] Cart", fmt.Sprintf("| note %d %s", n, strings.Repeat("so it goes ", 6000))), " ")
	}
	held := 0
	for n := range 40 {
		if strings.Contains(note("shop@acme.example", n), "= held: token") {
			held++
		}
	}
	size := 0
	for _, n := range g.s.Tasks[1].Notes {
		size += len(n.Text)
	}
	if held < 30 || size > longADay+70_000 {
		t.Errorf("%d of 40 were held, the task has %d bytes of notes", held, size)
	}
	if out := note("{t1 lee}", 100); strings.Contains(out, "held") {
		t.Errorf("with the token: %s", out)
	}
	if out := strings.Join(g.send("", "From: lee@acme.example", "To: shop@acme.example", "Subject: Re: [#1] Cart", "| a short one"), " "); strings.Contains(out, "held") {
		t.Errorf("a short one: %s", out)
	}
	g.now = g.now.Add(24 * time.Hour)
	if out := note("shop@acme.example", 101); strings.Contains(out, "held") {
		t.Errorf("a day later: %s", out)
	}
	folded := NewState(g.team)
	for _, e := range g.log {
		folded.Fold(e)
	}
	if a, b := folded.Presence("lee@acme.example"), g.s.Presence("lee@acme.example"); a.Long != b.Long || a.LongDay != b.LongDay || a.Long == 0 {
		t.Errorf("the record folds to %d bytes, the state has %d", a.Long, b.Long)
	}
}

// Small forged tasks and notes are bounded as well, where the address brings
// evidence as a rule; mail that brings it is taken all the same.
func TestSmallForgedTasks(t *testing.T) {
	g := scene(t, TrustSeen)
	g.send("pass", "To: shop@acme.example", "| status")
	task := func(dkim string, n int) string {
		g.now = g.now.Add(2 * time.Minute)
		return strings.Join(g.send(dkim, "To: shop+web@acme.example", fmt.Sprintf("Subject: T%d", n), fmt.Sprintf("| Problem: p%d|Done: d%d", n, n)), " ")
	}
	held, opened, letters := 0, g.s.LastTask, len(g.sent)
	for n := range 60 {
		if strings.Contains(task("", n), "= held: token") {
			held++
		}
	}
	if opened = g.s.LastTask - opened; opened > 21 || held != 60-opened {
		t.Errorf("%d forged tasks were opened, %d held", opened, held)
	}
	if n := len(g.sent) - letters; n > opened+toldADay {
		t.Errorf("%d letters for them", n)
	}
	if out := task("pass", 100); strings.Contains(out, "held") {
		t.Errorf("with evidence: %s", out)
	}
	g.now = g.now.Add(24 * time.Hour)
	if out := task("", 101); strings.Contains(out, "held") {
		t.Errorf("a day later: %s", out)
	}
}

// What an approver's address says at the gate in the same words again is not
// passed on again either: a ticket system answers each letter.
func TestSameWordsAtTheGate(t *testing.T) {
	g := scene(t, TrustToken)
	letters := func(text string) (to []string) {
		g.now = g.now.Add(time.Hour)
		sent := len(g.sent)
		g.send("", "| "+text)
		for _, l := range g.sent[sent:] {
			to = append(to, l.To)
		}
		return to
	}
	for _, c := range []struct {
		text string
		want bool
	}{{"I have got your mail 17 and look into it soon.", true}, {"I have got your mail 18 and look into it soon.", false}, {"The lamp is red.", true}} {
		if got := letters(c.text); slices.Contains(got, "lee@acme.example") != c.want {
			t.Errorf("%q: letters to %v, to lee: want %v", c.text, got, c.want)
		}
	}
}

// An answer that comes by a list moves nothing and is not answered; the operator
// is told whose it was, once a day, if it has its writer's own token.
func TestAnswerByList(t *testing.T) {
	g := scene(t, TrustSeen)
	g.team.Operator = "ops@acme.example"
	told := func(fields ...string) string {
		g.now = g.now.Add(time.Minute)
		sent, standing := len(g.sent), g.standing()
		g.send("pass", append(fields, "List-Id: <all.lists.example>", "| approve")...)
		if g.standing() != standing {
			t.Errorf("%v: something moved", fields)
		}
		out := ""
		for _, l := range g.sent[sent:] {
			out += fmt.Sprintf("%s to %s: %s %s", l.Kind, l.To, l.Body.Cause, l.Body.Detail)
		}
		return out
	}
	if got := told(); got != "alert to ops@acme.example: list Priya Nair" {
		t.Errorf("with her token: %q", got)
	}
	for _, fields := range [][]string{{"To: shop@acme.example"}, {"To: {t1r1 omar}"}, {"From: eve@evil.example"}} {
		if got := told(fields...); got != "" {
			t.Errorf("%v: %q", fields, got)
		}
	}
}
