package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
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
	states map[*loop.Team]*loop.State // the open tasks of a team and all else, after the steps so far
	drafts map[*loop.Team]*draft      // what of that is not in the database yet
	twins  map[int64]bool             // mails that are there more than once; nil: not known
	named  named                      // what was asked about Message-IDs
	pen    *pen
	wrote  bool
}

// draft is a state that several steps changed, to be written once.
type draft struct {
	stored *loop.State        // the state as the database has it
	closed map[int]*loop.Task // that are in no state of a turn any more, and changed in this one
}

// Turn runs f in one transaction. If f fails nothing has happened. ctx is
// looked at before it begins and not in the middle, as a turn is short.
func (d *DB) Turn(ctx context.Context, f func(*Turn) error) error {
	ctx, err := short(ctx)
	if err != nil {
		return err
	}
	t := &Turn{ctx: ctx, drafts: map[*loop.Team]*draft{},
		named: named{map[*loop.Team]map[string]int{}, map[string]bool{}}}
	// A crash before this commit: all its mails are unread and are read again,
	// from the same state, to the same end. After it: all of it has happened.
	var keep func()
	err = d.write(ctx, "read mail", func(tx *sql.Tx) (err error) {
		t.tx = tx
		if t.states, keep, err = d.memory.take(t.ctx, tx); err != nil {
			return err
		}
		t.pen = newPen(t.ctx, tx)
		err = f(t)
		if ended := t.pen.end(); err == nil {
			err = ended
		}
		if err != nil {
			return err
		}
		return t.flush()
	})
	if err != nil {
		return err
	}
	keep()
	t.pen.number()
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
func (t *Turn) Next(now time.Time, mails int) (ids []int64, err error) {
	t.twins = map[int64]bool{}
	rows, err := t.tx.QueryContext(t.ctx, `
		SELECT id,
		       EXISTS (SELECT 1 FROM inbox other WHERE `+sameMail+`)
		  FROM inbox
		 WHERE verdict IN ('', 'waiting')
		   AND until <= ?
		 ORDER BY id
		 LIMIT ?`, stamp(now), mails)
	if err != nil {
		return nil, explain("next mail", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var twin bool
		if err := rows.Scan(&id, &twin); err != nil {
			return nil, explain("next mail", err)
		}
		ids = append(ids, id)
		if twin {
			t.twins[id] = true
		}
	}
	return ids, explain("next mail", rows.Err())
}

// sameMail finds what has the fingerprint of a mail in inbox, wherever it came.
const sameMail = `
		       other.fingerprint >= substr(inbox.fingerprint, 1, instr(inbox.fingerprint || ' ', ' ') - 1)
		   AND other.fingerprint < substr(inbox.fingerprint, 1, instr(inbox.fingerprint || ' ', ' ') - 1) || '!'
		   AND other.id <> inbox.id`

// Elsewhere is a mail of the same fingerprint that came into another mailbox
// and had its verdict for this team, in this turn or before; 0 if there is none.
// A team that changed its mailbox is not moved twice by one mail. One that was
// held or parked and is read again is the first of its kind: what came after its
// verdict was ignored because of it, and does not count.
func (t *Turn) Elsewhere(id int64, team string) (mail int64, err error) {
	if t.twins != nil && !t.twins[id] {
		return 0, nil
	}
	if err := t.pen.wait(); err != nil {
		return 0, err
	}
	err = t.tx.QueryRowContext(t.ctx, `
		SELECT other.id
		  FROM inbox
		  JOIN inbox other
		    ON `+sameMail+`
		 WHERE inbox.id = ?1
		   AND other.team = ?2
		   AND other.verdict NOT IN ('', 'waiting')
		   AND NOT (other.verdict = 'ignored' AND inbox.verdict = '' AND inbox.decided <> '' AND other.decided >= inbox.decided)
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
		// Nothing is read while the pen writes: SQLite ends the transaction at
		// some errors of a question as well, and the next statement of a step
		// would commit by itself.
		err := t.pen.wait()
		if err != nil {
			return nil, err
		}
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
	with := copied(s)
	if d := t.drafts[team]; d != nil {
		named = slices.DeleteFunc(named, func(n int) bool {
			if d.closed[n] != nil {
				with.Tasks[n] = d.closed[n]
			}
			return d.closed[n] != nil
		})
	}
	list, err := json.Marshal(named)
	if err == nil {
		err = t.pen.wait()
	}
	if err != nil {
		return nil, err
	}
	err = each(t.ctx, t.tx, func(v *loop.Task) { with.Tasks[v.Number] = v }, `
		SELECT body
		  FROM task
		 WHERE team = ?
		   AND number IN (SELECT value FROM json_each(?))`, team.Address, string(list))
	return with, explain("load tasks", err)
}

// Commit is DB.Commit within the turn. Before is what Load gave. The step is
// written while the next mail is decided, and the state at the end of the turn:
// what the database refuses is an error of the turn.
func (t *Turn) Commit(s Step) error {
	op := fmt.Sprintf("commit mail %d", s.Mail)
	if err := s.check(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	t.wrote = true
	t.pen.write(s)
	if s.After == nil {
		return nil
	}
	return explain(op, t.settle(s.Before, s.After))
}

// settle takes the state after a step, as a Load would bring it: without the
// tasks that are closed, and with what changed as it would come back from the
// database.
func (t *Turn) settle(before, after *loop.State) error {
	team := after.Team
	was, d := t.states[team], t.drafts[team]
	if d == nil {
		d = &draft{stored: was, closed: map[int]*loop.Task{}}
		t.drafts[team] = d
	}
	s := *after
	var tasks []int // that changed
	if err := errors.Join(
		moment{&s.Begun}.Scan(stamp(s.Begun)),
		comeBack(before.Tasks, &s.Tasks, func(n int) { tasks = append(tasks, n) }),
		comeBack(before.Streams, &s.Streams, nil),
		comeBack(before.People, &s.People, nil),
		comeBack(before.Holds, &s.Holds, nil),
	); err != nil {
		return err
	}
	t.states[team] = &s
	var gone []int
	for _, n := range tasks {
		if v := s.Tasks[n]; v.State.Open() {
			delete(d.closed, n)
		} else {
			d.closed[n] = v
			gone = append(gone, n)
		}
	}
	if !oneMap(before.Tasks, was.Tasks) { // closed ones were asked for
		for n := range before.Tasks {
			if was.Tasks[n] == nil && !s.Tasks[n].State.Open() {
				gone = append(gone, n)
			}
		}
	}
	if len(gone) > 0 {
		s.Tasks = maps.Clone(s.Tasks)
		for _, n := range gone {
			delete(s.Tasks, n)
		}
	}
	return nil
}

// flush writes the states that the steps of this turn led to.
func (t *Turn) flush() error {
	byAddress := func(a, b *loop.Team) int { return cmp.Compare(a.Address, b.Address) }
	for _, team := range slices.SortedFunc(maps.Keys(t.drafts), byAddress) { // the same mails make the same file
		d, after := t.drafts[team], copied(t.states[team])
		maps.Copy(after.Tasks, d.closed)
		if err := writeState(t.ctx, t.tx, team.Address, d.stored, after, true); err != nil {
			return err
		}
	}
	return nil
}

// copied is s with maps of its own.
func copied(s *loop.State) *loop.State {
	n := *s
	n.Tasks, n.Streams, n.People, n.Holds = maps.Clone(s.Tasks), maps.Clone(s.Streams), maps.Clone(s.People), maps.Clone(s.Holds)
	return &n
}

// comeBack puts the objects that differ through their JSON, if that makes a
// difference, and tells, if told is not nil, their keys. Other states may have the
// map too: it is copied before.
func comeBack[K comparable, T any](before map[K]*T, after *map[K]*T, told func(K)) error {
	if oneMap(before, *after) {
		return nil
	}
	own := false
	for k, v := range *after {
		if v == before[k] {
			continue
		}
		if told != nil {
			told(k)
		}
		if same(v) {
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
		if !own {
			own, *after = true, maps.Clone(*after)
		}
		(*after)[k] = w
	}
	return nil
}

// oneMap tells whether two maps are one and the same.
func oneMap[K comparable, V any](a, b map[K]V) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}
