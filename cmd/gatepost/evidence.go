package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/parse"
)

// newDKIM is our own check of signatures, by the DNS of this machine. now is
// for x= and for how long keys are remembered.
func newDKIM(now func() time.Time) *mailin.DKIM {
	return &mailin.DKIM{Keys: &mailin.Keys{Resolver: net.DefaultResolver, Now: now}, Now: now}
}

// maxLetIn is how many mails of one stranger are let in at once.
const maxLetIn = 20

// heldOf lists the held mails of a stranger to a team, oldest first.
func (s *stepper) heldOf(ctx context.Context, team *loop.Team, address string) ([]int64, error) {
	held, err := s.db.Held(ctx)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, m := range held {
		if m.Reason == loop.CauseStranger && m.Team == team.Address && strings.EqualFold(m.From, address) && len(ids) < maxLetIn {
			ids = append(ids, m.ID)
		}
	}
	return ids, nil
}

// proof completes the evidence of a mail by checking its signatures, where
// they can matter: a person's mail, of a member, under a policy that asks, and
// with nothing proven by Authentication-Results. later tells that the DNS is
// down: then a move waits, and nothing else does.
func (s *stepper) proof(ctx context.Context, raw []byte, state *loop.State, in *loop.Incoming) {
	m := &in.Mail
	if s.dkim == nil || in.Vouched != "" || state.Team.Trust == loop.TrustToken || m.Robot != parse.RobotNone ||
		m.Evidence.DMARC == "pass" || m.Evidence.DKIM == "pass" || !state.Knows(m.From.Address) {
		return
	}
	_, host, _ := strings.Cut(m.From.Address, "@")
	sig, err := s.dkim.Verify(ctx, raw, host)
	if err != nil {
		in.Later = true
		if errors.Is(err, mailin.ErrLater) {
			s.log.Warn("the key of a signature cannot be asked for: is the DNS down? a move waits, at most six hours", "id", in.ID, "host", host)
		}
		return
	}
	if sig.Result != "none" {
		m.Evidence.DKIM = sig.Result
	}
	switch sig.Result {
	case "pass":
		m.Evidence.How = "DKIM signature of " + sig.Domain
	case "fail":
		s.log.Info("a signature counts for nothing", "id", in.ID, "host", host, "why", sig.Why)
	}
}
