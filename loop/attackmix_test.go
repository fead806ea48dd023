package loop

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatepost/parse"
)

var (
	mixMails = flag.Int("mix", 4000, "mails of the mixer; a campaign has 50000 or more")
	mixSeed  = flag.Uint64("mixseed", 1, "seed of the mixer")
)

// mixScene has gates of two streams, one in its second round, a task that
// waits, a held mail and an address that was seen with evidence.
const mixScene = `at 2026-03-02 09:30
as Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example
priya > billing: Cart loses items
| Problem: the cart is empty after login.
| Done: it is not.
priya > billing: Next one
| Problem: next.
| Done: it is there.
priya > web: Search is slow
| Problem: ten seconds.
| Done: under one.
lee > t1: done: it keeps them now
as Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example
priya > t1r1: redirect: not for guests
lee > t1: done: for guests as well
dana > t3: done: 300 ms
priya > #3: approve
at 2026-03-03 11:00
`

// mixer splices mails out of the parts of good and bad ones.
type mixer struct {
	r *rand.Rand
	g *stage
}

func (x *mixer) pick(list ...string) string { return list[x.r.IntN(len(list))] }
func (x *mixer) chance(percent int) bool    { return x.r.IntN(100) < percent }

func (x *mixer) person() string {
	return x.pick("priya", "priya", "priya", "omar", "lee", "dana", "rosa")
}

func (x *mixer) from() string {
	p := x.person()
	if x.chance(60) {
		return fmt.Sprintf(x.pick("From: %s@acme.example", "From: Some Body <%s@acme.example>", "From: <%s@ACME.example>", `From: "Body, Some" <%s@acme.example>`), p)
	}
	return strings.ReplaceAll(x.pick("From: P <mallory@evil.example>", "From: P@acme.example <mallory@evil.example>", "From: P@acme.example, mallory@evil.example",
		"From : P@acme.example", "From: P@acme.example.evil", "From: <@evil:P@acme.example>", "From: Team: P@acme.example;", "From: \"P <P@acme.example>\" <m@evil.example>",
		"From: P@elsewhere.example", "From: P.nair@mail.example", "Sender: P@acme.example", "From: shop@acme.example", "From:", "From: =?utf-8?Q?P=40acme.example?=",
		"From: P@acme.example (x)", "From: P\r\n\t<P@acme.example>", "Reply-To: P@acme.example"), "P", p)
}

func (x *mixer) address() string {
	ref := x.pick("t1r2", "t1r2", "t1r2", "t1r1", "t1", "t3r1", "t3r1", "t3", "t2", "me", "me", "c1", "t9")
	a := fmt.Sprintf("{%s %s}", ref, x.person())
	if x.chance(15) {
		a = strings.Replace(x.pick("shop@acme.example", "shop+R@acme.example", "shop+R.aaaaaaaaaaaaaaaa@acme.example", "shop-R.{tok R priya}@acme.example",
			"SHOP+R.{tok R priya}@acme.example", "shop+R.{tok t1 lee}@acme.example", "shop+web@acme.example", "dana@acme.example"), "R", ref, 1)
		a = strings.ReplaceAll(a, "{tok R", "{tok "+ref)
	}
	return a
}

func (x *mixer) id() string {
	return fmt.Sprintf("<{id %s %s}>", x.pick("t1r2", "t1r2", "t1r1", "t1", "t3r1", "me", "c1"), x.person())
}

func (x *mixer) extra() string {
	return x.pick("Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>", "List-Id: <x.lists.example>", "X-Loop: shop@acme.example",
		"Cc: "+x.address(), "Cc: "+x.address(), "Delivered-To: "+x.address(), "X-Original-To: "+x.address(), "In-Reply-To: "+x.id(), "In-Reply-To: "+x.id(),
		"References: "+x.id()+" "+x.id(), "Subject: Re: [#1] Cart", "Subject: Re: [#3] Search", x.from(), x.from(), "Reply-To: x@y.example", "Auto-Submitted: no",
		"Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example", "Authentication-Results: mx.acme.example; dkim=pass header.d=acme.example",
		"Authentication-Results: mx.acme.example; spf=fail smtp.mailfrom=\"x;dmarc=pass header.from=acme.example\"", "Authentication-Results: mx.evil.example; dmarc=pass header.from=acme.example",
		"Authentication-Results: mx.acme.example; spf=fail (;dmarc=pass header.from=acme.example)", "Received: from a by mx.evil.example; x", "Received: from a by mx.acme.example; x", "no field at all")
}

func (x *mixer) text() string {
	n := 1 + x.r.IntN(3)
	var lines []string
	for range n {
		lines = append(lines, x.pick("approve", "approve", "approve", "redirect: smaller", "drop: no need", "#1 approve", "#3 approve", "#2 top", "undo", "yes", "yes add", "pause web",
			"away until 2026-12-31", "not approved", "> approve", "-- ", "hello", "done: it is", "question: why?", "On Tue, Shop wrote:", "", "Done: something else"))
	}
	return strings.Join(lines, "\r\n")
}

// mail is one spliced mail.
func (x *mixer) mail(n int) string {
	fields := []string{x.from(), "To: " + x.address(), fmt.Sprintf("Message-ID: <x%d@client.example>", n)}
	if x.chance(60) {
		fields = append(fields, "Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example")
	}
	for x.chance(45) {
		fields = slices.Insert(fields, x.r.IntN(len(fields)+1), x.extra())
	}
	if x.chance(10) {
		fields = slices.Delete(fields, 0, 1)
	}
	if x.chance(10) {
		x.r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	}
	raw := x.g.fill(strings.Join(fields, "\r\n") + "\r\n\r\n" + x.text() + "\r\n")
	if x.chance(10) && len(raw) > 2 {
		b := []byte(raw)
		b[x.r.IntN(len(b))] = x.pick("\x00", " ", "\n", "\r", ":", "<", ",", "\t", "@", "\"", "(")[0]
		raw = string(b)
	}
	return raw
}

// The slow reading of who may: written apart from the program, plainly, and
// stricter than it where that is easier.
var plainFrom = regexp.MustCompile(`(?is)^from:\s*(?:([a-z.]+@[a-z.]+)\s*(?:\([^()<>@\\]*\))?|(?:"[^"\\]*"\s*|[^"<>(),:;@\x00-\x08\x0a-\x1f]*)<([a-z.]+@[a-z.]+)>)\s*$`)

// slowHeader is the fields of a mail, unfolded, up to the first line that is none.
func slowHeader(raw string) (fields []string) {
	raw = strings.ReplaceAll(raw, "\r\n", "\n")
	for line := range strings.SplitSeq(raw, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 {
			fields[len(fields)-1] += line
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(strings.TrimRight(name, " \t"), " \t") {
			break
		}
		fields = append(fields, line)
	}
	return fields
}

func slowSender(fields []string) string {
	found := ""
	n := 0
	for _, f := range fields {
		name, _, _ := strings.Cut(f, ":")
		name = strings.Map(func(r rune) rune {
			if r <= ' ' || r > '~' {
				return -1
			}
			return r
		}, name)
		if !strings.EqualFold(name, "from") {
			continue
		}
		n++
		if m := plainFrom.FindStringSubmatch(f); m != nil {
			found = strings.ToLower(m[1] + m[2])
		}
	}
	if n != 1 {
		return ""
	}
	return found
}

// slowToken tells whether one of the person's own tokens stands in the header
// where a reply may carry it.
func (g *stage) slowToken(fields []string, person string, refs ...string) bool {
	for _, f := range fields {
		name, value, _ := strings.Cut(strings.ToLower(f), ":")
		if !slices.Contains([]string{"to", "cc", "delivered-to", "x-original-to", "envelope-to", "in-reply-to", "references"}, strings.TrimSpace(name)) {
			continue
		}
		for _, ref := range refs {
			if strings.Contains(value, ref+"."+g.team.Token(ref, person)) || strings.Contains(value, ref+"-"+g.team.Token(ref, person)) {
				return true
			}
		}
	}
	return false
}

func slowEvidence(fields []string) bool {
	n, good := 0, false
	for _, f := range fields {
		low := strings.Join(strings.Fields(strings.ToLower(f)), " ") // one blank or tab is as good as another
		if strings.HasPrefix(low, "received:") && strings.Contains(low, "evil") {
			break
		}
		if strings.HasPrefix(low, "authentication-results: mx.acme.example") {
			n++
			good = low == "authentication-results: mx.acme.example; dmarc=pass header.from=acme.example" || low == "authentication-results: mx.acme.example; dkim=pass header.d=acme.example"
		}
	}
	return n == 1 && good
}

// unauthorised says why an event that moved something had no right to, "" if
// it had.
func (g *stage) unauthorised(e Event, fields []string, before *State) string {
	sender := slowSender(fields)
	p := g.team.Person(sender)
	if p == nil || p.Key() != e.By {
		return fmt.Sprintf("the sender is %q", sender)
	}
	refs := []string{"me"}
	if t := before.Tasks[e.Task]; t != nil {
		refs = append(refs, fmt.Sprintf("t%d", t.Number), fmt.Sprintf("t%dr%d", t.Number, t.Round))
		if e.Kind == ApprovedE || e.Kind == RedirectedE {
			refs = refs[2:]
			if t.Round == 1 {
				refs = append(refs, "me")
			}
			if !g.team.approves(t.Stream, p.Key()) {
				return "no approver"
			}
		}
		for r := 1; r < t.Round && e.Kind != ApprovedE && e.Kind != RedirectedE; r++ {
			refs = append(refs, fmt.Sprintf("t%dr%d", t.Number, r)) // what is no decision belongs to no round
		}
	} else {
		refs = append(refs, "t1", "t2", "t3", "t1r1", "t1r2", "t3r1")
	}
	if !g.slowToken(fields, p.Key(), refs...) {
		return fmt.Sprintf("no token of %s for %v", p.Key(), refs)
	}
	asks := g.team.Trust == TrustSigned || g.team.Trust == TrustSeen && sender == "priya@acme.example"
	if asks && !slowEvidence(fields) {
		return "no evidence"
	}
	return ""
}

// TestMixer: no spliced mail moves what it has no right to, and no good one is
// refused.
func TestMixer(t *testing.T) {
	for _, trust := range []Trust{TrustToken, TrustSeen, TrustSigned} {
		t.Run(string(trust), func(t *testing.T) {
			g := newStage(t)
			g.play(mixScene)
			g.team.Trust = trust
			x := &mixer{rand.New(rand.NewPCG(*mixSeed, 7)), g}
			before, moved := g.s, 0
			for n := range *mixMails / 3 {
				raw := x.mail(n)
				m := parse.Read([]byte(raw), parse.Options{Teams: []string{g.team.Address, "lab@acme.example"}, Hosts: []string{"gate.acme.example"}, AuthservID: "mx.acme.example"})
				if m.Park != "" {
					continue
				}
				o := Apply(before, Incoming{ID: int64(1000 + n), At: g.now, Mail: m}, g.now)
				opened := map[int]bool{}
				fields := slowHeader(raw)
				for _, e := range o.Events {
					if e.Kind == Opened {
						opened[e.Task] = true
					}
					if !moves[e.Kind] || opened[e.Task] {
						continue
					}
					moved++
					if why := g.unauthorised(e, fields, before); why != "" {
						t.Fatalf("seed %d, mail %d: %s by %s on #%d: %s\n%q", *mixSeed, n, e.Kind, e.By, e.Task, why, raw)
					}
				}
				for _, l := range o.Letters {
					if g.team.Person(l.To) == nil {
						t.Fatalf("mail %d: a letter to %s", n, l.To)
					}
				}
				if n%10 == 0 {
					x.good(t, n)
				}
			}
			if moved < *mixMails/600 {
				t.Errorf("%d of %d mails moved something: the mixer mixes nothing good", moved, *mixMails/3)
			}
		})
	}
}

// good sends an approval that must be accepted, in one of its harmless forms.
func (x *mixer) good(t *testing.T, n int) {
	t.Helper()
	g := x.g
	fields := []string{x.pick("From: priya@acme.example", "From: Priya Nair <priya@acme.example>", `From: "Nair, Priya" <priya@Acme.Example>`),
		x.pick("To: {t1r2 priya}", "To: shop@acme.example\r\nIn-Reply-To: <{id t1r2 priya}>", "To: {t1 priya}\r\nIn-Reply-To: <{id t1r2 priya}>", "Cc: {t1r2 priya}"),
		fmt.Sprintf("Message-ID: <g%d@client.example>", n), "Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example",
		x.pick("Subject: Re: Cart", "Subject: Re: [#1] Cart", "X-Nothing: 1", "Auto-Submitted: no", "Reply-To: priya@phone.example")}
	raw := g.fill(strings.Join(fields, "\r\n") + "\r\n\r\n" + x.pick("approve", "Approve!", "hi\r\n\r\napprove", "approve, thanks Lee", "approve\r\n\r\nOn Tue, Shop wrote:\r\n> approve or redirect?") + "\r\n")
	m := parse.Read([]byte(raw), parse.Options{Teams: []string{g.team.Address, "lab@acme.example"}, Hosts: []string{"gate.acme.example"}, AuthservID: "mx.acme.example"})
	o := Apply(g.s, Incoming{ID: int64(9000 + n), At: g.now, Mail: m}, g.now)
	if o.State.Tasks[1].State != Approve {
		t.Fatalf("a good approval was not accepted: %s %s\n%s", o.Verdict, o.Reason, raw)
	}
}
