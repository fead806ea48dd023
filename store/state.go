package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"gatepost/loop"
)

// Want says which tasks a load brings besides the open ones. Streams, people,
// holds and counters are always whole.
type Want struct {
	All   bool      // every task
	Tasks []int     // these, if they exist
	Since time.Time // those changed then or later; zero: none for that reason
	Brief bool      // of the tasks only what status shows, and of the rest only the streams
}

// Load reads the state of a team, or the part of it that is wanted, as of one
// moment. A team that nothing is known of has an empty state.
func (d *DB) Load(ctx context.Context, team *loop.Team, want Want) (s *loop.State, err error) {
	err = d.read(ctx, fmt.Sprintf("load state of %s", team.Address), func(tx *sql.Tx) error {
		s, err = load(ctx, tx, team, want)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// openTasks takes the team, a time and a list of numbers.
const openTasks = `
	SELECT body
	  FROM task
	 WHERE team = ?1
	   AND (state IN ('draft', 'queued', 'active', 'gate')
	        OR changed >= ?2
	        OR number IN (SELECT value FROM json_each(?3)))`

// loadCounters is a state with its counters and nothing else.
func loadCounters(ctx context.Context, tx *sql.Tx, team *loop.Team) (*loop.State, error) {
	s := loop.NewState(team)
	err := tx.QueryRowContext(ctx, `
		SELECT last_task,
		       last_hold,
		       strange,
		       begun
		  FROM team
		 WHERE address = ?`, team.Address).Scan(&s.LastTask, &s.LastHold, &s.Strange, moment{&s.Begun})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return s, nil
}

// Task is a task of a team with this number, nil if there is none.
func (d *DB) Task(ctx context.Context, team string, number int) (t *loop.Task, err error) {
	err = d.read(ctx, fmt.Sprintf("load task %d of %s", number, team), func(tx *sql.Tx) error {
		return each(ctx, tx, func(found *loop.Task) { t = found }, `SELECT body FROM task WHERE team = ? AND number = ?`, team, number)
	})
	return t, err
}

// standings takes the team and a list of numbers. SQLite takes the few words out of
// the tasks many times faster than they are read whole.
const standings = `
	SELECT json_object('number', number,
	                   'state', state,
	                   'stream', stream,
	                   'round', body -> '$.round',
	                   'engineer', body -> '$.engineer',
	                   'proposed', body -> '$.proposed',
	                   'question', body -> '$.question')
	  FROM task
	 WHERE team = ?1
	   AND number IN (SELECT value FROM json_each(?2))`

// Standings is how these tasks of a team stand, by number; those that do not exist
// are not in it.
func (d *DB) Standings(ctx context.Context, team string, numbers ...int) (map[int]*loop.Standing, error) {
	found := map[int]*loop.Standing{}
	list, err := json.Marshal(numbers)
	if len(numbers) == 0 || err != nil {
		return found, err
	}
	if ctx, err = short(ctx); err != nil {
		return nil, err
	}
	err = d.read(ctx, fmt.Sprintf("how tasks %s of %s stand", list, team), func(tx *sql.Tx) error {
		return each(ctx, tx, func(t *loop.Standing) { found[t.Number] = t }, standings, team, string(list))
	})
	return found, err
}

const presence = `SELECT body FROM person WHERE team = ? AND name = ?`

// Presence is what is known of a person besides the config, by their first address.
func (d *DB) Presence(ctx context.Context, team, key string) (p *loop.Presence, err error) {
	if ctx, err = short(ctx); err != nil {
		return nil, err
	}
	p = &loop.Presence{Key: key}
	err = d.read(ctx, fmt.Sprintf("days off of %s of %s", key, team), func(tx *sql.Tx) error {
		return each(ctx, tx, func(found *loop.Presence) { p = found }, presence, team, key)
	})
	return p, err
}

func load(ctx context.Context, tx *sql.Tx, team *loop.Team, want Want) (*loop.State, error) {
	s, err := loadCounters(ctx, tx, team)
	if err != nil {
		return nil, err
	}
	if want.Brief {
		return s, loadBrief(ctx, tx, s, want.All)
	}
	since := never
	if !want.Since.IsZero() {
		since = stamp(want.Since)
	}
	named, err := json.Marshal(append([]int{}, want.Tasks...))
	if err != nil {
		return nil, err
	}
	tasks, args := `SELECT body FROM task WHERE team = ?`, []any{team.Address}
	if !want.All {
		tasks, args = openTasks, append(args, since, string(named))
	}
	return s, errors.Join(
		each(ctx, tx, func(t *loop.Task) { s.Tasks[t.Number] = t }, tasks, args...),
		each(ctx, tx, func(v *loop.Stream) { s.Streams[v.Name] = v }, `SELECT body FROM stream WHERE team = ?`, team.Address),
		each(ctx, tx, func(p *loop.Presence) { s.People[p.Key] = p }, `SELECT body FROM person WHERE team = ?`, team.Address),
		each(ctx, tx, func(h *loop.Hold) { s.Holds[h.Number] = h }, `SELECT body FROM hold WHERE team = ?`, team.Address),
	)
}

const (
	briefAll  = `SELECT brief FROM task INDEXED BY task_brief WHERE team = ?1`
	briefOpen = briefAll + ` AND state IN ('draft', 'queued', 'active', 'gate')`
)

// brief is the part of a task that status shows, under the names of loop.Task.
type brief struct {
	Number    int            `json:"number"`
	Title     string         `json:"title"`
	Stream    string         `json:"stream"`
	State     loop.TaskState `json:"state"`
	Round     int            `json:"round"`
	Question  *loop.Ask      `json:"question,omitempty"`
	Created   time.Time      `json:"created"`
	Delivered time.Time      `json:"delivered,omitzero"`
	Decided   time.Time      `json:"decided,omitzero"`
	Due       loop.Date      `json:"due,omitzero"`
}

func briefOf(t *loop.Task) (string, error) {
	b, err := json.Marshal(brief{t.Number, t.Title, t.Stream, t.State, t.Round, t.Question, t.Created, t.Delivered, t.Decided, t.Due})
	return string(b), err
}

func loadBrief(ctx context.Context, tx *sql.Tx, s *loop.State, all bool) error {
	tasks := briefOpen
	if all {
		tasks = briefAll
	}
	return errors.Join(
		each(ctx, tx, func(t *loop.Task) { s.Tasks[t.Number] = t }, tasks, s.Team.Address),
		each(ctx, tx, func(v *loop.Stream) { s.Streams[v.Name] = v }, `SELECT body FROM stream WHERE team = ?`, s.Team.Address),
	)
}

// each reads rows of one JSON column.
func each[T any](ctx context.Context, tx *sql.Tx, add func(*T), query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v := new(T)
		if err := rows.Scan(object{v}); err != nil {
			return err
		}
		add(v)
	}
	return rows.Err()
}

// saveState writes what after has changed of before: the objects whose
// pointers differ. It fails with ErrStale if the database no longer holds them
// as before has them, so that two writers cannot undo each other's work.
func saveState(ctx context.Context, tx *sql.Tx, team string, before, after *loop.State) error {
	return writeState(ctx, tx, team, before, after, false)
}

// writeState is saveState; sure says that before is what this very transaction
// holds, so that nobody can have changed it and nothing need be compared.
func writeState(ctx context.Context, tx *sql.Tx, team string, before, after *loop.State, sure bool) error {
	if counters(before) != counters(after) {
		if err := saveTeam(ctx, tx, team, before, after); err != nil {
			return err
		}
	}
	for n := range before.Tasks {
		if after.Tasks[n] == nil {
			return fmt.Errorf("task %d is gone from the state: tasks are never deleted", n)
		}
	}
	// Those that leave work go first: a stream never has two at once, not even
	// between two statements. The others follow by number: of two that one
	// Message-ID opened the first row counts, see taskRoots.
	tasks := changed(before.Tasks, after.Tasks)
	stays := func(n int) int { return 1 - max(0, busy(before.Tasks[n])-busy(after.Tasks[n])) }
	slices.SortStableFunc(tasks, func(a, b int) int { return cmp.Compare(stays(a), stays(b)) })
	for _, n := range tasks {
		if err := saveTask(ctx, tx, team, before.Tasks[n], after.Tasks[n], sure); err != nil {
			return err
		}
	}
	// The first error ends it: after some errors SQLite has ended the
	// transaction already, and the next statement would commit by itself.
	if err := saveAll(ctx, tx, "stream", "name", team, before.Streams, after.Streams, sure); err != nil {
		return err
	}
	if err := saveAll(ctx, tx, "person", "name", team, before.People, after.People, sure); err != nil {
		return err
	}
	return saveAll(ctx, tx, "hold", "number", team, before.Holds, after.Holds, sure)
}

// counters are what a state holds besides its objects.
func counters(s *loop.State) [4]string {
	return [4]string{strconv.Itoa(s.LastTask), strconv.Itoa(s.LastHold), strconv.Itoa(s.Strange), stamp(s.Begun)}
}

func saveTeam(ctx context.Context, tx *sql.Tx, team string, before, after *loop.State) error {
	r, err := tx.ExecContext(ctx, `
		UPDATE team
		   SET last_task = ?,
		       last_hold = ?,
		       strange = ?,
		       begun = ?
		 WHERE address = ?
		   AND last_task = ?
		   AND last_hold = ?
		   AND strange = ?
		   AND begun = ?`,
		after.LastTask, after.LastHold, after.Strange, stamp(after.Begun),
		team, before.LastTask, before.LastHold, before.Strange, stamp(before.Begun))
	if err = one(r, err); errors.Is(err, ErrUnknown) {
		return fmt.Errorf("numbers of %s: %w", team, ErrStale)
	}
	return err
}

func saveTask(ctx context.Context, tx *sql.Tx, team string, before, after *loop.Task, sure bool) error {
	body, err := replaces(ctx, tx, "task", "number", team, after.Number, before, after, sure)
	if err != nil {
		return err
	}
	short, err := briefOf(after)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO task (team, number, stream, state, changed, root, body, brief)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (team, number) DO UPDATE
		   SET stream = ?3,
		       state = ?4,
		       changed = ?5,
		       root = ?6,
		       body = ?7,
		       brief = ?8`,
		team, after.Number, after.Stream, string(after.State), stamp(after.Changed), after.Root, body, short)
	if violates(err) {
		return fmt.Errorf("task %d: stream %q has a task in work already: %w", after.Number, after.Stream, err)
	}
	return err
}

// saveAll writes the changed objects of a table and deletes those that are gone.
func saveAll[K cmp.Ordered, T any](ctx context.Context, tx *sql.Tx, table, column, team string, before, after map[K]*T, sure bool) error {
	for _, k := range changed(before, after) {
		body, err := replaces(ctx, tx, table, column, team, k, before[k], after[k], sure)
		if err != nil {
			return err
		}
		if after[k] == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE team = ? AND `+column+` = ?`, team, k)
		} else {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO `+table+` (team, `+column+`, body)
				VALUES (?1, ?2, ?3)
				ON CONFLICT (team, `+column+`) DO UPDATE
				   SET body = ?3`, team, k, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changed lists, sorted, the keys whose objects differ. Fold makes a fresh copy
// of whatever it touches, so the pointers tell.
func changed[K cmp.Ordered, T any](before, after map[K]*T) []K {
	keys := map[K]bool{}
	for k, v := range after {
		if v != before[k] {
			keys[k] = true
		}
	}
	for k := range before {
		if after[k] == nil {
			keys[k] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func busy(t *loop.Task) int {
	if t != nil && (t.State == loop.Active || t.State == loop.AtGate) {
		return 1
	}
	return 0
}

// replaces returns the JSON of after, once it is certain that the row still
// holds before (nil: that there is none), which is sure if the caller knows.
func replaces[K any, T any](ctx context.Context, tx *sql.Tx, table, column, team string, key K, before, after *T, sure bool) (string, error) {
	if sure {
		return encode(after)
	}
	var row string
	err := tx.QueryRowContext(ctx, `SELECT body FROM `+table+` WHERE team = ? AND `+column+` = ?`, team, key).Scan(&row)
	there := !errors.Is(err, sql.ErrNoRows)
	if there && err != nil {
		return "", err
	}
	same := there == (before != nil)
	if same && there {
		if same, err = holds(row, before); err != nil {
			return "", err
		}
	}
	if !same {
		return "", fmt.Errorf("%s %v of %s: %w", table, key, team, ErrStale)
	}
	return encode(after)
}

func encode[T any](v *T) (string, error) {
	if v == nil {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// holds tells whether a row is what before would be in the database. As a rule
// its JSON is the very same, for it was read from there.
func holds[T any](row string, before *T) (bool, error) {
	b, err := json.Marshal(before)
	if err != nil {
		return false, err
	}
	if row == string(b) {
		return true, nil
	}
	stored := new(T)
	if err := (object{stored}).Scan(row); err != nil {
		return false, err
	}
	x, errX := canonical(stored)
	y, errY := canonical(before)
	return bytes.Equal(x, y), errors.Join(errX, errY)
}

// canonical is the JSON of v as it would be after a way through the database:
// no difference between nil and empty, no monotonic clock, no broken UTF-8.
func canonical[T any](v *T) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	w := new(T)
	if err := json.Unmarshal(b, w); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}
