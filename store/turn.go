package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"gatepost/loop"
)

// Turn is one transaction in which several mails are read, one after the other:
// each sees what the ones before it did, and all of it is committed at once.
// Nobody else can write meanwhile, so the states that it holds in memory are
// those of the database.
type Turn struct {
	ctx    context.Context
	tx     *sql.Tx
	states map[*loop.Team]*loop.State // the open tasks of a team and all else, as committed so far
	seqs   []func()
	wrote  bool
}

// Turn runs f in one transaction. If f fails nothing has happened. ctx is
// looked at before it begins and not in the middle, as a turn is short.
func (d *DB) Turn(ctx context.Context, f func(*Turn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &Turn{ctx: context.WithoutCancel(ctx)}
	// A crash before this commit: all its mails are unread and are read again,
	// from the same state, to the same end. After it: all of it has happened.
	var keep func()
	err := d.write(t.ctx, "read mail", func(tx *sql.Tx) (err error) {
		t.tx = tx
		if t.states, keep, err = d.memory.take(t.ctx, tx); err != nil {
			return err
		}
		return f(t)
	})
	if err != nil {
		return err
	}
	keep()
	for _, number := range t.seqs {
		number()
	}
	return nil
}

// memory is the states of the last turn, for the next one. They are used only
// if nothing was committed since: SQLite counts the commits of other
// connections, and whatever else writes a state here forgets them. They are
// gone with the process.
type memory struct {
	mu      sync.Mutex
	states  map[*loop.Team]*loop.State
	version int64 // of the database as its one writing connection counts it
	turns   int   // counts who took or forgot them
}

// take gives the states away to the turn of tx, empty if they do not hold. keep
// is to be called once that was committed.
func (m *memory) take(ctx context.Context, tx *sql.Tx) (states map[*loop.Team]*loop.State, keep func(), err error) {
	var version int64
	if err := tx.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	states, m.states = m.states, nil
	if states == nil || version != m.version {
		states = map[*loop.Team]*loop.State{}
	}
	m.turns++
	turn := m.turns
	return states, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.turns == turn {
			m.states, m.version = states, version
		}
	}, nil
}

// forget is for whoever changes a state outside a turn, and after any failure.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.states = nil
	m.turns++
}

// Wrote tells whether a step was committed in this turn: what is read beside it
// does not know of that.
func (t *Turn) Wrote() bool { return t.wrote }

// Next are the numbers of the mails that are to be read now, in order; at most
// so many.
func (t *Turn) Next(now time.Time, mails int) ([]int64, error) {
	return column[int64](t.ctx, t.tx, `
		SELECT id
		  FROM inbox
		 WHERE verdict IN ('', 'waiting')
		   AND until <= ?
		 ORDER BY id
		 LIMIT ?`, stamp(now), mails)
}

// TaskByMessage is DB.TaskByMessage, with the tasks of this turn.
func (t *Turn) TaskByMessage(team string, messageIDs []string) (int, error) {
	return taskByMessage(t.ctx, t.tx, team, messageIDs)
}

// Elsewhere is a mail of the same fingerprint that came into another mailbox
// and had its verdict for this team, in this turn or before; 0 if there is none.
// A team that changed its mailbox is not moved twice by one mail.
func (t *Turn) Elsewhere(id int64, team string) (mail int64, err error) {
	err = t.tx.QueryRowContext(t.ctx, `
		SELECT other.id
		  FROM inbox
		  JOIN inbox other
		    ON other.fingerprint >= substr(inbox.fingerprint, 1, instr(inbox.fingerprint || ' ', ' ') - 1)
		   AND other.fingerprint < substr(inbox.fingerprint, 1, instr(inbox.fingerprint || ' ', ' ') - 1) || '!'
		 WHERE inbox.id = ?1
		   AND other.id <> ?1
		   AND other.team = ?2
		   AND other.verdict NOT IN ('', 'waiting')
		 ORDER BY other.id
		 LIMIT 1`, id, team).Scan(&mail)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return mail, explain(fmt.Sprintf("mail %d elsewhere", id), err)
}

// Load is DB.Load with the open tasks and those that are named. The state is
// not to be changed.
func (t *Turn) Load(team *loop.Team, named []int) (*loop.State, error) {
	s := t.states[team]
	if s == nil {
		var err error
		if s, err = load(t.ctx, t.tx, team, Want{}); err != nil {
			return nil, explain(fmt.Sprintf("load state of %s", team.Address), err)
		}
		maps.DeleteFunc(t.states, func(old *loop.Team, _ *loop.State) bool { return old.Address == team.Address }) // of the config before
		t.states[team] = s
	}
	named = slices.DeleteFunc(slices.Clone(named), func(n int) bool { return s.Tasks[n] != nil })
	if len(named) == 0 {
		return s, nil
	}
	list, err := json.Marshal(named)
	if err != nil {
		return nil, err
	}
	with := copied(s)
	err = each(t.ctx, t.tx, func(v *loop.Task) { with.Tasks[v.Number] = v }, `
		SELECT body
		  FROM task
		 WHERE team = ?
		   AND number IN (SELECT value FROM json_each(?))`, team.Address, string(list))
	return with, explain("load tasks", err)
}

// Commit is DB.Commit within the turn. Before is what Load gave.
func (t *Turn) Commit(s Step) error {
	op := fmt.Sprintf("commit mail %d", s.Mail)
	if err := s.check(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	t.wrote = true
	known := s.Before != nil && !s.Before.Begun.IsZero() // a task was opened before
	seqs, err := s.write(t.ctx, t.tx, known, func(ctx context.Context, tx *sql.Tx, team string, before, after *loop.State) error {
		return writeState(ctx, tx, team, before, after, true)
	})
	if err != nil {
		return explain(op, err)
	}
	t.seqs = append(t.seqs, func() { s.number(seqs) })
	if s.After != nil {
		team := s.After.Team
		t.states[team], err = settled(t.states[team], s.Before, s.After)
	}
	return err
}

// settled is the state after a step as a Load would bring it: without the tasks
// that are closed, and with what changed as it comes back from the database.
func settled(held, before, after *loop.State) (*loop.State, error) {
	s := copied(after)
	for n, v := range after.Tasks {
		if held.Tasks[n] != v && !v.State.Open() {
			delete(s.Tasks, n)
		}
	}
	return s, errors.Join(
		moment{&s.Begun}.Scan(stamp(s.Begun)),
		comeBack(before.Tasks, s.Tasks),
		comeBack(before.Streams, s.Streams),
		comeBack(before.People, s.People),
		comeBack(before.Holds, s.Holds),
	)
}

// copied is s with maps of its own.
func copied(s *loop.State) *loop.State {
	n := *s
	n.Tasks, n.Streams, n.People, n.Holds = maps.Clone(s.Tasks), maps.Clone(s.Streams), maps.Clone(s.People), maps.Clone(s.Holds)
	return &n
}

// comeBack puts the objects that differ through their JSON.
func comeBack[K comparable, T any](before, after map[K]*T) error {
	for k, v := range after {
		if v == before[k] {
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		w := new(T)
		if err := json.Unmarshal(b, w); err != nil {
			return err
		}
		after[k] = w
	}
	return nil
}
