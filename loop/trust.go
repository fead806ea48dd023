package loop

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatepost/parse"
)

// Sight is evidence that was seen of an address: its mail carried the proof
// of its domain. Under "seen" it must keep doing so.
type Sight struct {
	Address string    `json:"address"` // lower-case
	How     string    `json:"how"`     // the last proof, in words
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"` // the first one of the last day on which it came
}

// sight finds what was seen of an address.
func (p *Presence) sight(address string) *Sight {
	for i := range p.Seen {
		if p.Seen[i].Address == strings.ToLower(address) {
			return &p.Seen[i]
		}
	}
	return nil
}

// look keeps that an address brought evidence; lists are fresh copies.
func (p *Presence) look(address, how string, at time.Time) {
	address = strings.ToLower(address)
	seen := slices.Clone(p.Seen)
	i := slices.IndexFunc(seen, func(s Sight) bool { return s.Address == address })
	if i < 0 {
		i = len(seen)
		seen = append(seen, Sight{Address: address, First: at})
	}
	seen[i].How, seen[i].Last = how, at
	p.Seen = seen
}

// forget takes back what was seen of an address.
func (p *Presence) forget(address string) {
	p.Seen = slices.DeleteFunc(slices.Clone(p.Seen), func(s Sight) bool { return s.Address == strings.ToLower(address) })
}

// Forget is the operator's word that an address need not bring evidence any
// more, as after a change of mail provider: what was seen of it is taken back.
func Forget(s *State, p *Person, address string, now time.Time) Outcome {
	c := &turn{s: s.fork(), in: Incoming{At: now.UTC()}, now: now.UTC(), out: Outcome{Verdict: Read}}
	c.emit(Event{Kind: ForgotE, By: "operator", Person: p.Key(), Text: strings.ToLower(address)})
	c.out.State = c.s
	return c.out
}

// maxActs is how many Message-IDs are remembered of a person.
const maxActs = 64

// act keeps the identity of a mail that moved something.
func (p *Presence) act(id string) {
	mark := actMark(id)
	if slices.Contains(p.Acts, mark) {
		return
	}
	acts := append(slices.Clone(p.Acts), mark)
	p.Acts = acts[max(0, len(acts)-maxActs):]
}

// actMark is a short name for a Message-ID; ids can be long, and are chosen by
// whoever wrote the mail.
func actMark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// evident tells whether the mail brings evidence of its sender's domain.
func evident(e parse.Evidence) bool {
	return e.DMARC == "pass" || e.DKIM == "pass" && e.DMARC != "fail"
}

// sawEvidence records the evidence of a member's mail: the first time, when
// the way changes, and once a day.
func (c *turn) sawEvidence() {
	e, from := c.in.Mail.Evidence, c.in.Mail.From.Address
	if !evident(e) {
		return
	}
	how := e.How
	if how == "" {
		how = "evidence"
	}
	s := c.s.Presence(c.p.Key()).sight(from)
	if s != nil && s.How == how && DateOf(s.Last, time.UTC) == DateOf(c.in.At, time.UTC) {
		return
	}
	c.emit(Event{Kind: SeenE, Person: c.p.Key(), Text: strings.ToLower(from), Cause: how})
}

// proven tells whether a move of this mail has the evidence that the team's
// policy asks for. Besides the domain's word, the team's address must stand in
// To or Cc: a signed mail to somebody else, sent on to us, is not a mail to us.
func (c *turn) proven() bool {
	switch c.s.Team.Trust {
	case TrustToken:
		return true
	case TrustSeen:
		if c.s.Presence(c.p.Key()).sight(c.in.Mail.From.Address) == nil {
			return true
		}
	}
	return evident(c.in.Mail.Evidence) && c.toTeam() && c.bound()
}

// bound tells whether the mail is tied to the task whose token it bears. A large
// provider signs no To, so that whoever has an old mail with "approved" at its head
// could send it to a gate whose token leaked. The subject is signed: it has to name
// the task, by its number or by the words of whoever opened it, as an answer does.
func (c *turn) bound() bool {
	m, t := c.in.Mail, c.s.Tasks[taskOf(c.ref)]
	switch {
	case t == nil || !m.Evidence.FreeTo:
		return true
	case m.Evidence.FreeSubject:
		return false
	case m.Number == t.Number:
		return true
	}
	words := func(m parse.Mail) string { return strings.Join(strings.Fields(title(m)), " ") } // folding may add spaces
	said, own := words(m), words(parse.Mail{Subject: t.Subject})
	if cut, ok := strings.CutSuffix(said, "…"); ok && len(cut) > 20 && len(cut) < len(own) { // a prefilled answer's
		own = own[:len(cut)]
		said = cut
	}
	return t.By == c.p.Key() && own != "" && strings.EqualFold(said, own)
}

// odd tells whether the mail lacks the sender's token and the evidence that mails
// of this address bring: they may not have written it, and are not to be woken by
// an answer.
func (c *turn) odd() bool { return c.in.Vouched == "" && !c.auth && !c.proven() }

// toTeam tells whether To or Cc holds the team's address, whatever its tag. Behind
// another separator than ours the tag must be the one of the mail, or a stream:
// shop.lead@ is a colleague.
func (c *turn) toTeam() bool {
	local, host, _ := strings.Cut(c.s.Team.Address, "@")
	token := c.in.Mail.Address.Token
	ours := func(a parse.Address) bool {
		l, h, _ := strings.Cut(strings.ToLower(a.Address), "@")
		rest, ok := strings.CutPrefix(l, local)
		if !ok || h != host || rest == "" || rest[0] == '+' {
			return ok && h == host
		}
		return strings.ContainsAny(rest[:1], "-._=") && (token != "" && strings.HasSuffix(rest, token) || c.s.Team.Plan(rest[1:]) != nil)
	}
	return slices.ContainsFunc(c.in.Mail.To, ours) || slices.ContainsFunc(c.in.Mail.Cc, ours)
}

// repeated tells whether a mail with this Message-ID moved something before. A
// mail moves once; a second one is an old mail sent again with something
// changed around it, since an unchanged one is known by its content.
func (c *turn) repeated() bool {
	id := c.in.Mail.MessageID
	return id != "" && slices.Contains(c.s.Presence(c.p.Key()).Acts, actMark(id))
}

// EvidenceWait is how long a move waits for a DNS that is down. Then its
// sender is asked instead.
const EvidenceWait = 6 * time.Hour

// wait puts the mail back: nothing of it has happened. The pause grows with
// the time that has passed, from one minute to thirty.
func (c *turn) wait(s *State) {
	pause := min(max(c.now.Sub(c.in.At), time.Minute), 30*time.Minute)
	c.s = s.fork()
	c.out = Outcome{Verdict: WaitV, Reason: "the evidence of its domain cannot be had now", Until: c.now.Add(pause)}
}

// wrongTokens is how many mails with a token that is not the sender's alert
// the operator, within an hour.
const wrongTokens = 20

// wrongToken counts a mail whose token is nobody's, or somebody else's.
func (c *turn) wrongToken() {
	c.emit(Event{Kind: WrongTokenE, Text: c.in.Mail.From.Address})
	if n := len(c.s.Presence(Everybody).Wrong); n >= wrongTokens && c.s.Team.Operator != "" {
		c.out.Letters = append(c.out.Letters, AlertLetter(c.s.Team, CauseTokens, fmt.Sprintf("%d or more within an hour", wrongTokens), c.now))
	}
}
