package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// layout has a fixed width, so that text sorts as time does.
const layout = "2006-01-02T15:04:05.000000000Z"

// never sorts behind every time: compared with, it selects nothing.
const never = "~"

// stamp is t as it is kept; no time is "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	// A fifth digit of the year would break the order and the way back.
	if t.Year() > 9999 {
		t = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	if t.Year() < 0 {
		t = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t.Format(layout)
}

// moment reads a time column.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(v any) error {
	*m.to = time.Time{}
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("time column: want text, have %T", v)
	}
	if s == "" {
		return nil
	}
	t, err := time.Parse(layout, s)
	*m.to = t
	return err
}

// perhaps reads a time column of which a damaged one is as good as none: where a
// list is shown, or is asked for again.
type perhaps struct{ to *time.Time }

// Scan implements sql.Scanner.
func (p perhaps) Scan(v any) error {
	if moment(p).Scan(v) != nil {
		*p.to = time.Time{}
	}
	return nil
}

// timeText is what stands in the time column of that name.
type timeText struct {
	of, text string
	to       *time.Time
}

// noTimes reads times of a row, and tells of one that is none, "" if all are some: it
// is that row's damage, and no other's.
func noTimes(list ...timeText) (damage string) {
	for _, t := range list {
		if (moment{t.to}).Scan(t.text) != nil {
			*t.to, damage = time.Time{}, fmt.Sprintf("%s is %.40q, which is no time", t.of, t.text)
		}
	}
	return damage
}

// object is a JSON column read into to.
type object struct{ to any }

// Scan implements sql.Scanner.
func (o object) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("object column: want text, have %T", v)
	}
	return json.Unmarshal([]byte(s), o.to)
}

// null is the value of a column that refers to a row: 0 refers to none.
func null[T int | int64](n T) any {
	if n == 0 {
		return nil
	}
	return n
}
