package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatepost/loop"
	"gatepost/store"
)

// handOver gives the task in work of each stream to the engineer whom the
// config names, where it was given to another before: the stream changed hands.
// It is done at every start and after every change of the config, and a second
// time it does nothing.
func (s *stepper) handOver(ctx context.Context, now time.Time) error {
	var errs []error
	for _, team := range s.teams {
		if s.aside[team.Address] != "" {
			continue
		}
		for _, plan := range team.Streams {
			if err := s.handOverStream(ctx, team, plan, now); err != nil {
				errs = append(errs, fmt.Errorf("hand stream %q of %s over: %w", plan.Name, team.Address, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (s *stepper) handOverStream(ctx context.Context, team *loop.Team, plan loop.StreamPlan, now time.Time) (err error) {
	defer brokenBy(&err) // the other streams and teams go on
	state, err := s.db.Load(ctx, team, store.Want{})
	if err != nil {
		return err
	}
	t := state.Tasks[state.Stream(plan.Name).Current]
	if t != nil && t.State == loop.AtGate {
		return s.handGate(ctx, state, plan, t, now)
	}
	if t == nil || t.State != loop.Active {
		return nil
	}
	if t.Engineer == plan.Engineer {
		return nil
	}
	if t.Engineer == "" { // started by a version that did not note whose it was
		letters, err := s.db.Outbox(ctx, store.PostFilter{Team: team.Address, To: plan.Engineer})
		if err != nil {
			return err
		}
		for _, p := range letters {
			if l := p.Letter; p.State != store.PostCancelled && (l.Task == t.Number || l.Body.Next != nil && l.Body.Next.Number == t.Number) {
				return nil
			}
		}
	}
	o := loop.HandOver(state, plan.Name, now)
	if err := s.db.Commit(ctx, store.Step{Team: team.Address, At: now, Before: state, After: o.State, Events: o.Events, Letters: o.Letters}); err != nil {
		return err
	}
	s.log.Info("stream handed over", "team", team.Address, "stream", plan.Name, "task", t.Number, "to", plan.Engineer)
	s.signal()
	return nil
}

// handGate writes to approvers who never had the letter of the gate that a
// stream stands at.
func (s *stepper) handGate(ctx context.Context, state *loop.State, plan loop.StreamPlan, t *loop.Task, now time.Time) error {
	letters, err := s.db.Outbox(ctx, store.PostFilter{Team: state.Team.Address, Kind: loop.Gate, Task: t.Number})
	if err != nil {
		return err
	}
	gate := fmt.Sprintf("t%dr%d", t.Number, t.Round)
	o := loop.HandGate(state, plan.Name, func(person string) bool {
		return slices.ContainsFunc(letters, func(p store.Posted) bool {
			return p.Letter.To == person && p.Letter.Ref == gate && p.State != store.PostCancelled
		})
	}, now)
	if len(o.Letters) == 0 {
		return nil
	}
	if err := s.db.Commit(ctx, store.Step{Team: state.Team.Address, At: now, Before: state, After: o.State, Events: o.Events, Letters: o.Letters}); err != nil {
		return err
	}
	for _, l := range o.Letters {
		s.log.Info("gate handed over", "team", state.Team.Address, "stream", plan.Name, "task", t.Number, "to", l.To)
	}
	s.signal()
	return nil
}

// configRefused tells the operator that a changed config has mistakes.
func configRefused(ctx context.Context, cfg *Config, db *store.DB, refused error, now time.Time) error {
	if cfg.Operator == "" {
		return nil
	}
	voice := cfg.voice(ctx, db, cfg.Teams, nil)
	letter := loop.AlertLetter(voice, loop.CauseConfig, refused.Error(), now)
	return db.Commit(ctx, store.Step{Team: voice.Address, At: now, Letters: []loop.Letter{letter}})
}
