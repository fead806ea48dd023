package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

func TestCommitAndLoad(t *testing.T) {
	r := newRig(t)
	r.story()
	folded := loop.NewState(team)
	var seqs []int64
	must(t, r.Events(t.Context(), shop, func(e loop.Event) error {
		folded.Fold(e)
		seqs = append(seqs, e.Seq)
		return nil
	}))
	for i, s := range seqs {
		if s != int64(i+1) {
			t.Errorf("event %d has number %d", i+1, s)
		}
	}
	r.reopen()
	loaded, err := r.Load(t.Context(), team, Want{All: true})
	must(t, err)
	a, err := json.Marshal(loaded)
	must(t, err)
	b, err := json.Marshal(folded)
	must(t, err)
	if string(a) != string(b) {
		t.Errorf("loaded and folded differ:\n%s\n%s", a, b)
	}
	if got := loaded.Tasks[1].Created; !got.Equal(clock(1)) || got.Location() != time.UTC {
		t.Errorf("created at %v, want %v", got, clock(1))
	}
	r.verifyClean()

	record, err := r.Record(t.Context(), shop, 1)
	must(t, err)
	var kinds []string
	for _, e := range record {
		kinds = append(kinds, string(e.Kind))
	}
	if got, want := strings.Join(kinds, " "), "opened queued started updated asked answered delivered approved"; got != want {
		t.Errorf("record of task 1 is %q, want %q", got, want)
	}
	if teams, err := r.Teams(t.Context()); len(teams) != 1 || teams[0] != shop || err != nil {
		t.Errorf("teams are %v, %v", teams, err)
	}
}

func TestLoadWants(t *testing.T) {
	r := newRig(t)
	r.story() // task 1 is approved in minute 8, 2 is active, 3 a draft
	for _, c := range []struct {
		name string
		want Want
		has  bool // task 1
	}{
		{"open ones", Want{}, false},
		{"all", Want{All: true}, true},
		{"named", Want{Tasks: []int{1, 77}}, true},
		{"other named", Want{Tasks: []int{2}}, false},
		{"changed then", Want{Since: clock(8)}, true},
		{"changed before", Want{Since: clock(8).Add(time.Nanosecond)}, false},
		{"then, in another zone", Want{Since: clock(8).In(time.FixedZone("", 3600))}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := r.Load(t.Context(), team, c.want)
			must(t, err)
			if s.Team != team || s.Tasks[2] == nil || s.Tasks[3] == nil || (s.Tasks[1] != nil) != c.has {
				t.Errorf("tasks are %v", s.Tasks)
			}
			if s.LastTask != 3 || s.LastHold != 1 || s.Streams["web"] == nil || s.People["priya@acme.example"] == nil || s.Holds[1] == nil {
				t.Errorf("the rest is not whole: %+v", s)
			}
		})
	}
	s, err := r.Load(t.Context(), &loop.Team{Address: "new@acme.example"}, Want{All: true})
	if err != nil || len(s.Tasks) != 0 || s.LastTask != 0 {
		t.Errorf("state of a new team: %+v, %v", s, err)
	}
}

// snapshot is everything in the tables, to see that nothing was written.
func snapshot(r *rig) string {
	r.Helper()
	var b strings.Builder
	for _, table := range []string{"position", "inbox", "raw", "copy", "team", "task", "stream", "person", "hold", "event", "post", "said", "term_segments"} {
		rows, err := r.reader.Query(`SELECT * FROM ` + table)
		must(r, err)
		names, _ := rows.Columns()
		for rows.Next() {
			row := make([]any, len(names))
			for i := range row {
				row[i] = new(any)
			}
			must(r, rows.Scan(row...))
			j, _ := json.Marshal(row)
			b.WriteString(table + string(j) + "\n")
		}
		must(r, rows.Close())
	}
	return b.String()
}

func TestCommitWritesAllOrNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(r *rig, s *Step)
		is    error
		want  string
	}{
		{"read by somebody else", func(r *rig, s *Step) {
			must(r, r.Commit(r.Context(), Step{At: clock(30), Mail: s.Mail, Verdict: Ignored}))
		}, ErrStale, ""},
		{"no such mail", func(r *rig, s *Step) { s.Mail = 99 }, ErrStale, ""},
		{"task changed meanwhile", func(r *rig, s *Step) { r.does("", said(loop.Noted, 2, "Wait.")) }, ErrStale, "task 2"},
		{"stream changed meanwhile", func(r *rig, s *Step) {
			s.After.Fold(loop.Event{Kind: loop.PausedE, Stream: "web"})
			r.does("", loop.Event{Kind: loop.PausedE, Stream: "web"})
		}, ErrStale, "stream web"},
		{"person is new in both", func(r *rig, s *Step) {
			s.After.Fold(loop.Event{Kind: loop.AwayE, Person: "new@acme.example", Until: day(9)})
			r.does("", loop.Event{Kind: loop.AwayE, Person: "new@acme.example", Until: day(8)})
		}, ErrStale, "person new@acme.example"},
		{"hold is gone meanwhile", func(r *rig, s *Step) {
			s.After.Fold(loop.Event{Kind: loop.Released, Number: 1})
			r.does("", loop.Event{Kind: loop.Released, Number: 1})
		}, ErrStale, "hold 1"},
		{"number given twice", func(r *rig, s *Step) {
			s.After.Fold(opened(4, "web", "Mine"))
			r.does("", opened(4, "web", "Yours"))
		}, ErrStale, "numbers"},
		{"two in work", func(r *rig, s *Step) {
			n := *s.After.Tasks[3]
			n.State, n.Stream = loop.Active, "web"
			s.After.Tasks[3] = &n
		}, nil, `stream "web" has a task in work already`},
		{"task gone", func(r *rig, s *Step) { delete(s.After.Tasks, 3) }, nil, "never deleted"},
		{"event of no mail", func(r *rig, s *Step) { s.Events[0].Mail = 99 }, nil, "FOREIGN KEY"},
		{"no verdict", func(r *rig, s *Step) { s.Verdict = "" }, nil, "no such verdict"},
		{"no state after", func(r *rig, s *Step) { s.After = nil }, nil, "without one after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.story()
			s := r.plan(r.receive("one more"), said(loop.Updated, 2, "More."))
			s.Text, s.Letters, s.Release = "More.", []loop.Letter{letter("x@acme.example")}, []int64{9}
			c.spoil(r, &s)
			before := snapshot(r)
			err := r.Commit(t.Context(), s)
			wantErr(t, err, c.want)
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error is %v, want %v", err, c.is)
			}
			if snapshot(r) != before {
				t.Error("something was written")
			}
			if s.Events[0].Seq != 0 {
				t.Error("an event that was not written has a number")
			}
			r.verifyClean()
		})
	}
}

// The index itself, without the rules and the check that a commit makes.
func TestOneInWorkPerStream(t *testing.T) {
	r := newRig(t)
	r.does("1", opened(1, "web", "One"), queued(1), started(1))
	r.does("2", opened(2, "api", "Two"), queued(2), started(2))
	for _, state := range []string{"active", "gate"} {
		_, err := r.writer.Exec(`INSERT INTO task VALUES (?, 9, 'web', ?, '', '', '{}', '')`, shop, state)
		if !violates(err) {
			t.Errorf("a second task %s: %v", state, err)
		}
	}
	_, err := r.writer.Exec(`INSERT INTO task VALUES ('other@acme.example', 9, 'web', 'active', '', '', '{}', '')`)
	must(t, err)
}

// What Fold makes in memory and what comes back from JSON are not the same Go
// value, but they are the same state: no step may take one for a change.
func TestCommitFromUnloadedState(t *testing.T) {
	r := newRig(t)
	state := loop.NewState(team)
	for i, e := range []loop.Event{
		opened(1, "web", "broken \xff letters \ufffd <b>"), queued(1), started(1),
		said(loop.Updated, 1, "\xc3\x28 and \\ufffd"), said(loop.DeliveredE, 1, ""),
		{Kind: loop.RedirectedE, Task: 1, By: "priya@acme.example", Text: "why", Due: day(12)},
	} {
		e.At = clock(i).In(time.FixedZone("IST", 19800))
		after := fork(state)
		after.Fold(e)
		must(t, r.Commit(t.Context(), Step{Team: shop, At: e.At, Before: state, After: after, Events: []loop.Event{e}}))
		state = after
	}
	r.verifyClean()
	r.does("", said(loop.Updated, 1, "from what was loaded"))
	r.verifyClean()
}

func TestCancelledContextWritesNothing(t *testing.T) {
	r := newRig(t)
	r.story()
	s := r.plan(r.receive("late"), said(loop.Updated, 2, "More."))
	before := snapshot(r)
	ctx, cancel := context.WithCancel(t.Context())
	err := r.write(ctx, "commit", func(tx *sql.Tx) error {
		if err := s.markMail(ctx, tx); err != nil {
			return err
		}
		cancel()
		return saveState(ctx, tx, shop, s.Before, s.After)
	})
	if !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("error is %v", err)
	}
	if snapshot(r) != before {
		t.Error("something was written")
	}
	must(t, r.Commit(t.Context(), s))
}
