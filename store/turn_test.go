package store

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

// opens is a turn that opens task n by a mail.
func (r *rig) opens(n int, mail int64) error {
	return r.Turn(r.Context(), func(t *Turn) error { return r.openIn(t, n, mail) })
}

func (r *rig) openIn(t *Turn, n int, mail int64) error {
	before, err := t.Load(team, nil)
	if err != nil {
		return err
	}
	after, e := fork(before), opened(n, "web", "A shelf")
	e.At, e.Mail = clock(r.now), mail
	after.Fold(e)
	return t.Commit(Step{Team: shop, At: clock(r.now), Mail: mail, Verdict: Read, Before: before, After: after, Events: []loop.Event{e}})
}

// What a turn leads to is what its steps would have led to one by one, row by
// row, though the state is written once: tasks that close and open again, that
// one Message-ID opened, that one mail starts when another stops.
func TestTurnIsItsSteps(t *testing.T) {
	twin := opened(4, "web", "The same Message-ID")
	twin.Root = "root3@acme.example"
	undo := loop.Event{Kind: loop.Undone, Task: 1, By: "priya@acme.example", Act: "approve", Number: 3}
	steps := [][]loop.Event{
		{opened(3, "web", "Later"), queued(3)},
		{twin, queued(4)},
		{said(loop.DeliveredE, 1, "Works now.")},
		{{Kind: loop.ApprovedE, Task: 1, By: "priya@acme.example", Round: 1, Line: "approve", Number: 3}, started(3)},
		{said(loop.Noted, 1, "A word to what is closed.")},
		{undo},
		{said(loop.DeliveredE, 2, "Done too.")},
		{{Kind: loop.ApprovedE, Task: 1, By: "priya@acme.example", Round: 1, Line: "approve", Number: 3}, started(3)},
	}
	var want string
	for _, together := range []int{1, 3, len(steps)} {
		r := newRig(t)
		r.does("one", opened(1, "web", "Login loops"), queued(1), started(1))
		r.does("two", opened(2, "app", "Zürich is missing"), queued(2), started(2))
		var mails []int64
		for i := range steps {
			mails = append(mails, r.receive(fmt.Sprintf("mail %d", i)))
		}
		for i := 0; i < len(steps); i += together {
			must(t, r.Turn(t.Context(), func(turn *Turn) error {
				for k := i; k < min(i+together, len(steps)); k++ {
					if err := r.stepIn(turn, mails[k], clock(100+k), steps[k]); err != nil {
						return err
					}
					if n, err := turn.TaskByMessage(team, []string{"none@x", "root3@acme.example", "root1@acme.example"}); n != 3 || err != nil {
						t.Errorf("%d together, after step %d: task %d by its Message-ID, %v", together, k, n, err)
					}
				}
				return nil
			}))
			r.verifyClean()
		}
		if got := r.dump(); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%d together:\n%s\none by one:\n%s", together, got, want)
		}
	}
}

// stepIn folds events into the state of a turn.
func (r *rig) stepIn(t *Turn, mail int64, at time.Time, events []loop.Event) error {
	before, err := t.Load(team, []int{1})
	if err != nil {
		return err
	}
	after := fork(before)
	for i := range events {
		events[i].At, events[i].Mail = at, mail
		after.Fold(events[i])
	}
	return t.Commit(Step{Team: shop, At: at, Mail: mail, Verdict: Read, Before: before, After: after, Events: slices.Clone(events)})
}

// dump is the rows of the state and of the record.
func (r *rig) dump() string {
	var b strings.Builder
	for _, table := range []string{"team", "task", "stream", "person", "hold", "event"} {
		rows, err := r.reader.Query(`SELECT rowid, * FROM ` + table + ` ORDER BY rowid`)
		must(r, err)
		names, err := rows.Columns()
		must(r, err)
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			must(r, rows.Scan(values...))
			b.WriteString(table)
			for _, v := range values {
				fmt.Fprintf(&b, " %v", *v.(*any))
			}
			b.WriteByte('\n')
		}
		must(r, errors.Join(rows.Err(), rows.Close()))
	}
	return b.String()
}

// A turn begins with the state of the database, whoever wrote it: a step
// outside turns, an import, another process, or whoever took a person out.
func TestTurnSeesWhatOthersWrote(t *testing.T) {
	r := newRig(t)
	must(t, r.opens(1, r.receive("one")))
	r.does("two", opened(2, "web", "By a step of its own")) // outside a turn
	must(t, r.opens(3, r.receive("three")))
	other, err := Open(r.file)
	must(t, err)
	mine := r.DB
	r.DB = other
	r.does("four", opened(4, "web", "By another process"))
	r.DB = mine
	must(t, other.Close())
	must(t, r.opens(5, r.receive("five")))
	old := r.plan(0, opened(6, "web", "Of old mail"))
	must(t, r.Import(t.Context(), old, nil))
	must(t, r.opens(7, r.receive("seven")))
	r.forget("priya@acme.example") // who opened them
	eight := r.receive("eight")
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		return r.stepIn(turn, eight, clock(r.now), []loop.Event{said(loop.Noted, 7, "A word.")})
	}))
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		s, err := turn.Load(team, nil)
		if err == nil && (len(s.Tasks) != 7 || s.LastTask != 7) {
			t.Errorf("%d tasks, the last is %d", len(s.Tasks), s.LastTask)
		}
		return err
	}))
	r.verifyClean()
}

// A turn that was committed keeps its states for the next one, unless somebody
// wrote before it came to that.
func TestTurnKeepsItsStates(t *testing.T) {
	r := newRig(t)
	for _, between := range []bool{false, true} {
		var keep func()
		must(t, r.write(t.Context(), "a turn", func(tx *sql.Tx) (err error) {
			_, keep, err = r.memory.take(t.Context(), tx)
			return err
		}))
		if between {
			r.does("one", opened(1, "web", "By a step of its own"))
		}
		if keep(); (r.memory.states == nil) != between {
			t.Errorf("somebody wrote: %v, and the states are %v", between, r.memory.states)
		}
	}
}

// The state that a turn keeps is the one that a load would bring, whatever the
// database makes of bytes and zones; the state of the step stays as it was.
func TestTurnHoldsWhatALoadBrings(t *testing.T) {
	r := newRig(t)
	mail, at := r.receive("one"), clock(1).In(time.FixedZone("IST", 19800))
	var after *loop.State
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		before, err := turn.Load(team, nil)
		if err != nil {
			return err
		}
		after = fork(before)
		e := opened(1, "web", "broken \xff")
		e.At, e.Mail, e.Watchers = at, mail, []string{}
		after.Fold(e)
		return turn.Commit(Step{Team: shop, At: at, Mail: mail, Verdict: Read, Before: before, After: after, Events: []loop.Event{e}})
	}))
	if len(r.memory.states) != 1 {
		t.Fatal("no state is kept")
	}
	loaded, err := r.Load(t.Context(), team, Want{})
	must(t, err)
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		kept, err := turn.Load(team, nil)
		if err == nil && (!reflect.DeepEqual(kept.Tasks, loaded.Tasks) || kept.Begun != loaded.Begun || kept.LastTask != 1) {
			t.Errorf("kept %+v %v, want %+v %v", kept.Tasks[1], kept.Begun, loaded.Tasks[1], loaded.Begun)
		}
		return err
	}))
	if after.Tasks[1].Title != "broken \xff" {
		t.Errorf("the state of the step says %q", after.Tasks[1].Title)
	}
}

// What is kept of a team is one state, also when the config was read again.
func TestTurnKeepsOneStateOfATeam(t *testing.T) {
	r := newRig(t)
	must(t, r.opens(1, r.receive("one")))
	again := *team
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		s, err := turn.Load(&again, nil)
		if err == nil && (s.Tasks[1] == nil || s.Team != &again) {
			t.Errorf("%+v", s)
		}
		return err
	}))
	if n := len(r.memory.states); n != 1 {
		t.Errorf("%d states are kept", n)
	}
}

// A turn that fails has done nothing, and the next one does not know of it.
func TestTurnFails(t *testing.T) {
	r := newRig(t)
	must(t, r.opens(1, r.receive("one")))
	two := r.receive("two")
	no := errors.New("no")
	if err := r.Turn(t.Context(), func(turn *Turn) error { return errors.Join(r.openIn(turn, 2, two), no) }); !errors.Is(err, no) {
		t.Fatal(err)
	}
	if m, err := r.NextMail(t.Context(), clock(9)); err != nil || m == nil || m.ID != two {
		t.Errorf("next mail %+v, %v", m, err)
	}
	must(t, r.opens(2, two))
	r.verifyClean()
}

// What the database refuses of a step, while the next ones are decided already,
// is the end of the whole turn; nothing is written or read after it.
func TestTurnRefused(t *testing.T) {
	for name, then := range map[string]func(r *rig, turn *Turn, two int64) error{
		"nothing more": func(*rig, *Turn, int64) error { return nil },
		"more steps": func(r *rig, turn *Turn, two int64) error {
			_ = r.openIn(turn, 2, two) // may not know yet
			return nil
		},
		"a question": func(_ *rig, turn *Turn, _ int64) error {
			_, err := turn.IsLetter([]string{"x@y"})
			return err
		},
		"another team": func(_ *rig, turn *Turn, _ int64) error {
			if _, err := turn.Load(&loop.Team{Address: "other@acme.example"}, nil); err != nil {
				return err
			}
			return errors.New("it was read beside the pen")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			one, two := r.receive("one"), r.receive("two")
			err := r.Turn(t.Context(), func(turn *Turn) error {
				if err := r.openIn(turn, 1, one); err != nil {
					return err
				}
				if err := turn.Commit(Step{Team: shop, At: clock(1), Mail: 999, Verdict: Ignored}); err != nil {
					return err
				}
				return then(r, turn, two)
			})
			if !errors.Is(err, ErrStale) {
				t.Fatal(err)
			}
			if m, err := r.NextMail(t.Context(), clock(9)); err != nil || m == nil || m.ID != one {
				t.Errorf("next mail %+v, %v", m, err)
			}
			must(t, r.opens(1, one))
			must(t, r.opens(2, two))
			r.verifyClean()
		})
	}
}

// Within a turn the state is the one that a load would bring: what was closed
// is there only when it is named.
func TestTurnNamesClosedTasks(t *testing.T) {
	r := newRig(t)
	r.story() // task 1 is approved
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		for _, c := range []struct {
			named []int
			want  bool
		}{{nil, false}, {[]int{1, 99}, true}, {nil, false}} {
			s, err := turn.Load(team, c.named)
			if err != nil {
				return err
			}
			if got := s.Tasks[1] != nil; got != c.want || s.Tasks[2] == nil || s.Tasks[99] != nil {
				t.Errorf("named %v: tasks %v", c.named, s.Tasks)
			}
		}
		return nil
	}))
}
