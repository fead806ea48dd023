package main

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/parse"
	"gatepost/store"
)

// Bounds of what is read ahead of its turn.
const (
	lookMails = 100
	lookBytes = 4 << 20
	lookDNS   = time.Second // for the keys of signatures: mail behind that is looked at the next time
)

// seen is a mail with all that can be told of it before its turn: bytes in,
// words out, by nothing that the mails before it may change. What they may
// change is asked again in the turn.
type seen struct {
	in      *store.Inbox
	head    parse.Head
	answers *loop.Post // the letter of ours that it answers; nil if the store has none
	team    *loop.Team // that it is for; nil: none
	astray  string     // no team, for it came into the wrong mailbox
	mail    parse.Mail
	proof   *signature // nil: the signatures were not looked at
	broken  *brokenMail
}

// signature is what checking the signatures of a mail came to.
type signature struct {
	mailin.Signature
	later bool // the DNS is down
}

// look takes the next mails behind the one numbered after, at most so many, and
// reads them on all processors. A panic or a hang in reading is the mail's own; an error is
// the store's, or the end of ctx.
func (s *stepper) look(ctx context.Context, now time.Time, after int64, mails int) ([]*seen, error) {
	list, err := s.db.NextMails(ctx, now, after, mails, lookBytes)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if list, err = s.count(ctx, list); err != nil {
		return nil, err
	}
	readings := make([]*seen, len(list))
	for i, in := range list {
		readings[i] = &seen{in: in}
	}
	opt := s.options()
	onAll(readings, func(r *seen) error { return s.open(r, opt) })
	var replies []string
	for _, r := range readings {
		replies = append(replies, r.head.Replies...)
	}
	letters, err := s.db.LettersByID(ctx, replies)
	if err != nil {
		return nil, err
	}
	onAll(readings, func(r *seen) error { return s.peruse(r, letters, opt) })
	begin := time.Now()
	for i, r := range readings {
		if i > 0 && time.Since(begin) > lookDNS {
			return readings[:i], nil
		}
		s.prove(ctx, r)
	}
	return readings, ctx.Err()
}

// onAll lets f have each mail, on all processors. What f fails at is the mail's
// own fault.
func onAll(readings []*seen, f func(*seen) error) {
	next := make(chan *seen)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(readings)) {
		wg.Go(func() {
			for r := range next {
				if err := f(r); err != nil && !errors.As(err, &r.broken) {
					r.broken = &brokenMail{err.Error()}
				}
			}
		})
	}
	for _, r := range readings {
		if r.broken == nil {
			next <- r
		}
	}
	close(next)
	wg.Wait()
}

// open reads the header of a mail.
func (s *stepper) open(r *seen, opt parse.Options) (err error) {
	defer brokenBy(&err)
	if r.in.Damaged != "" {
		return &brokenMail{r.in.Damaged}
	}
	if r.in.Tries >= deadly {
		return deadlyMail(r.in.Tries)
	}
	opt.Gone = r.in.Gone
	r.head, err = within(s.patience, func() parse.Head { return parse.ReadHead(r.in.Raw, opt) })
	return err
}

// peruse reads the rest of it, as an answer to the first of these letters that
// it names.
func (s *stepper) peruse(r *seen, letters map[string]*loop.Post, opt parse.Options) (err error) {
	defer brokenBy(&err)
	if i := slices.IndexFunc(r.head.Replies, func(id string) bool { return letters[id] != nil }); i >= 0 {
		r.answers = letters[r.head.Replies[i]]
		opt.Letter = r.answers.Text
	}
	if r.team, r.astray = s.teamOf(r.in, r.head.Tags, r.answers); r.team != nil {
		opt.Words, opt.Names = r.team.Words, r.team.Names()
		opt.Member = r.team.Person(r.head.From) != nil
	}
	opt.Head, opt.Gone = &r.head, r.in.Gone
	r.mail, err = within(s.patience, func() parse.Mail { return s.read(r.in.Raw, opt) })
	return err
}

// prove checks the signatures of a mail where they may matter: not for a
// stranger, whose key nobody need ask for. A member who writes from a confirmed
// alias is known in the turn only, which then asks for it.
func (s *stepper) prove(ctx context.Context, r *seen) {
	if r.broken == nil && r.mail.Park == "" && r.team != nil && s.unproven(r) && (r.team.Person(r.mail.From.Address) != nil || s.isAliased(r.in.ID)) {
		r.proof = s.verify(ctx, r)
	}
}

// unproven tells whether the signatures of a mail could matter: a person's
// mail, under a policy that asks, and with nothing proven by
// Authentication-Results.
func (s *stepper) unproven(r *seen) bool {
	m := &r.mail
	return s.dkim != nil && r.in.Vouched == "" && r.team.Trust != loop.TrustToken && m.Robot == parse.RobotNone &&
		m.Evidence.DMARC != "pass" && m.Evidence.DKIM != "pass"
}

// verify asks for the key of a signature, if there is one.
func (s *stepper) verify(ctx context.Context, r *seen) *signature {
	_, host, _ := strings.Cut(r.mail.From.Address, "@")
	sig, err := s.signatures(ctx, r.in, host)
	if errors.Is(err, mailin.ErrLater) {
		s.log.Warn("the key of a signature cannot be asked for: is the DNS down? a move waits, at most six hours", "id", r.in.ID, "host", host)
	}
	if err == nil && sig.Result == "fail" {
		s.log.Info("a signature counts for nothing", "id", r.in.ID, "host", host, "why", sig.Why)
	}
	return &signature{sig, err != nil}
}

// signatures reads a mail for them, a large one from the store: what is signed
// is all of it.
func (s *stepper) signatures(ctx context.Context, in *store.Inbox, host string) (mailin.Signature, error) {
	if in.Large {
		return s.dkim.VerifyFrom(ctx, in.Raw, func() (io.Reader, error) { return s.db.RawReader(ctx, in.ID) }, host)
	}
	return s.dkim.Verify(ctx, in.Raw, host)
}

// prove completes the evidence of a mail by what its signatures said. Later
// tells that the DNS is down: then a move waits, and nothing else does.
func (p *signature) prove(in *loop.Incoming) {
	if p.later {
		in.Later = true
		return
	}
	m := &in.Mail
	if p.Result != "none" {
		m.Evidence.DKIM = p.Result
	}
	if p.Result == "pass" {
		m.Evidence.How = "DKIM signature of " + p.Domain
	}
}
