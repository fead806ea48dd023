package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
		if s.aside[team.Address] == "" {
			errs = append(errs, s.handOverTeam(ctx, team, now))
		}
	}
	return errors.Join(errs...)
}

func (s *stepper) handOverTeam(ctx context.Context, team *loop.Team, now time.Time) error {
	state, err := s.db.Load(ctx, team, store.Want{})
	if err != nil {
		return fmt.Errorf("hand streams of %s over: %w", team.Address, err)
	}
	var errs []error
	for _, plan := range team.Streams {
		o, err := s.handOverStream(ctx, state, plan, now)
		if err != nil {
			errs = append(errs, fmt.Errorf("hand stream %q of %s over: %w", plan.Name, team.Address, err))
		}
		if o.State == nil && err == nil {
			continue
		}
		if state, err = s.db.Load(ctx, team, store.Want{}); err != nil { // it moved on
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

// handOverStream returns what was committed, nothing if the stream is with whom it
// belongs to.
func (s *stepper) handOverStream(ctx context.Context, state *loop.State, plan loop.StreamPlan, now time.Time) (o loop.Outcome, err error) {
	defer brokenBy(&err) // the other streams and teams go on
	t := state.Tasks[state.Stream(plan.Name).Current]
	said := "stream handed over"
	switch {
	case t != nil && t.State == loop.AtGate:
		said = "gate handed over"
		o, err = s.handGate(ctx, state, plan, t, now)
	case t != nil && t.State == loop.Active && t.Engineer != plan.Engineer:
		o, err = s.handTask(ctx, state, plan, t, now)
	}
	if err != nil || len(o.Events) == 0 && len(o.Letters) == 0 {
		return loop.Outcome{}, err
	}
	team := state.Team.Address
	if err := s.db.Commit(ctx, store.Step{Team: team, At: now, Before: state, After: o.State, Events: o.Events, Letters: o.Letters}); err != nil {
		return loop.Outcome{}, err
	}
	var to []string
	for _, l := range o.Letters {
		to = append(to, l.To)
	}
	s.log.Info(said, "team", team, "stream", plan.Name, "task", t.Number, "letters_to", strings.Join(to, " "))
	s.signal()
	return o, nil
}

// handTask gives the task in work to the engineer of its stream.
func (s *stepper) handTask(ctx context.Context, state *loop.State, plan loop.StreamPlan, t *loop.Task, now time.Time) (loop.Outcome, error) {
	if t.Engineer == "" { // started by a version that did not note whose it was
		letters, err := s.db.Outbox(ctx, store.PostFilter{Team: state.Team.Address, To: plan.Engineer})
		if err != nil {
			return loop.Outcome{}, err
		}
		for _, p := range letters {
			if l := p.Letter; p.State != store.PostCancelled && (l.Task == t.Number || l.Body.Next != nil && l.Body.Next.Number == t.Number) {
				return loop.Outcome{}, nil
			}
		}
	}
	return loop.HandOver(state, plan.Name, now), nil
}

// handGate writes to approvers who never had the letter of the gate that a
// stream stands at.
func (s *stepper) handGate(ctx context.Context, state *loop.State, plan loop.StreamPlan, t *loop.Task, now time.Time) (loop.Outcome, error) {
	letters, err := s.db.Outbox(ctx, store.PostFilter{Team: state.Team.Address, Kind: loop.Gate, Task: t.Number})
	if err != nil {
		return loop.Outcome{}, err
	}
	gate := fmt.Sprintf("t%dr%d", t.Number, t.Round)
	return loop.HandGate(state, plan.Name, func(person string) bool {
		return slices.ContainsFunc(letters, func(p store.Posted) bool {
			return p.Letter.To == person && p.Letter.Ref == gate && p.State != store.PostCancelled
		})
	}, now), nil
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
