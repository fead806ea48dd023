package main

import (
	"context"
	"net"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
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
