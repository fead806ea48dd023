package store

import (
	"errors"
	"testing"

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

// A turn begins with the state of the database, whoever wrote it: a step
// outside turns, or another process.
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
	must(t, r.Turn(t.Context(), func(turn *Turn) error {
		s, err := turn.Load(team, nil)
		if err == nil && (len(s.Tasks) != 5 || s.LastTask != 5) {
			t.Errorf("%d tasks, the last is %d", len(s.Tasks), s.LastTask)
		}
		return err
	}))
	r.verifyClean()
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
