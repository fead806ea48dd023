package mailout

import (
	"context"
	"time"
)

// Limits are what the provider lets through, counted by the letters that it
// took; 0 is no limit.
type Limits struct {
	PerMinute int
	PerDay    int // in any 24 hours
}

// reserve is the share of a day that digests, prompts and reviews leave to the
// letters that somebody waits for: a fifth.
const reserve = 5

// left is how many letters may go now besides those under way, and how many of
// them scheduled ones.
func (m Limits) left(ctx context.Context, o Outbox, now time.Time, underway int) (most, scheduled int, err error) {
	most, scheduled = batch, batch
	if m.PerMinute > 0 {
		n, err := o.SentSince(ctx, now.Add(-time.Minute))
		if err != nil {
			return 0, 0, err
		}
		n += underway
		most, scheduled = min(most, m.PerMinute-n), min(scheduled, m.PerMinute-n)
	}
	if m.PerDay > 0 {
		n, err := o.SentSince(ctx, now.Add(-24*time.Hour))
		if err != nil {
			return 0, 0, err
		}
		n += underway
		most, scheduled = min(most, m.PerDay-n), min(scheduled, m.PerDay-m.PerDay/reserve-n)
	}
	return max(most, 0), max(scheduled, 0), nil
}

// pause is how soon to look again at letters that are due and were left.
func (m Limits) pause() time.Duration {
	if m.PerMinute > 0 || m.PerDay > 0 {
		return 5 * time.Second
	}
	return 10 * time.Millisecond
}
