package store

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"gatepost/loop"
)

// Each failure is made with the real driver: what is compared with a code must
// be what the driver returns.
func TestRemedies(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(r *rig) (mend func())
		want  string
		temp  bool
	}{
		{"locked by another program", func(r *rig) func() {
			other, err := Open(r.file)
			must(r, err)
			tx, err := other.writer.Begin()
			must(r, err)
			_, err = r.writer.Exec(`PRAGMA busy_timeout = 1`)
			must(r, err)
			return func() { tx.Rollback(); other.Close() }
		}, "another program holds the database", true},
		{"read-only", func(r *rig) func() {
			_, err := r.writer.Exec(`PRAGMA query_only = 1`)
			must(r, err)
			return func() { r.writer.Exec(`PRAGMA query_only = 0`) }
		}, "may not be written", true},
		{"broken rule", func(r *rig) func() {
			_, err := r.writer.Exec(`CREATE TRIGGER t BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'no'); END`)
			must(r, err)
			return func() { r.writer.Exec(`DROP TRIGGER t`) }
		}, "commit mail 10: no", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.story()
			s := r.plan(r.receive("one more"), said(loop.Updated, 2, "More."))
			mend := c.spoil(r)
			err := r.Commit(t.Context(), s)
			wantErr(t, err, c.want)
			var e *Error
			if !errors.As(err, &e) || e.Temporary() != c.temp {
				t.Errorf("error is %#v, temporary should be %v", err, c.temp)
			}
			mend()
			must(t, r.Commit(t.Context(), s)) // recovers by itself
			r.verifyClean()
		})
	}
}

func TestFirstCommitWins(t *testing.T) {
	r := newRig(t)
	r.story()
	s := r.plan(r.receive("one more"), said(loop.Updated, 2, "More."))
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			mine := s
			mine.Events = slices.Clone(s.Events)
			errs[i] = r.Commit(t.Context(), mine)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrStale) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d commits of one mail", won)
	}
	r.verifyClean()
}

func TestStamp(t *testing.T) {
	times := []time.Time{
		{}, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Unix(0, 0),
		start.Add(-time.Nanosecond), start, start.Add(time.Nanosecond).In(time.FixedZone("", -12*3600)), start.Add(time.Second).In(time.FixedZone("", 14*3600)),
		time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC),
	}
	var stamps []string
	for _, at := range times {
		s := stamp(at)
		stamps = append(stamps, s)
		var back time.Time
		must(t, moment{&back}.Scan(s))
		if !back.Equal(at) || back.IsZero() != at.IsZero() {
			t.Errorf("%v comes back as %v", at, back)
		}
		if s >= never {
			t.Errorf("%q is not before never", s)
		}
	}
	if !slices.IsSorted(stamps) {
		t.Errorf("text does not sort as time: %q", stamps)
	}
	for _, at := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if s := stamp(at); len(s) != len(layout) {
			t.Errorf("%v is kept as %q", at, s)
		}
	}
	if (moment{new(time.Time)}).Scan("yesterday") == nil || (moment{new(time.Time)}).Scan(int64(1)) == nil {
		t.Error("a time that is none is read")
	}
}
