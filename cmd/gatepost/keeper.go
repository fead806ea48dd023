package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gatepost/store"
)

// keep is a span of the calendar; the zero one is for ever.
type keep struct{ years, days int }

// String is as the config has it, "" for ever.
func (k keep) String() string {
	switch {
	case k.years > 0:
		return fmt.Sprintf("%dy", k.years)
	case k.days > 0:
		return fmt.Sprintf("%dd", k.days)
	}
	return ""
}

// before is the moment up to which nothing is kept at this one; zero for ever.
func (k keep) before(now time.Time) time.Time {
	if k == (keep{}) {
		return time.Time{}
	}
	return now.AddDate(-k.years, 0, -k.days)
}

// keep reads "2y", "26w" or "400d"; least is in days, so that nothing goes that
// an undo, a question or a late answer may still need.
func (r *configReader) keep(path, value string, least int) (k keep) {
	if value == "" {
		return k
	}
	var n int
	var unit, more string
	fmt.Sscanf(value, "%d%1s%s", &n, &unit, &more)
	switch unit {
	case "y":
		k.years = n
	case "w":
		k.days = 7 * n
	case "d":
		k.days = n
	}
	if days := 365*k.years + k.days; more != "" || days < least || days > 100*366 {
		r.mark(path, "[store] %s %q: want years, weeks or days, at least %dd and at most 100y, as \"2y\" or \"90d\"; leave it out to keep for ever", lastKey(path), value, least)
		return keep{}
	}
	return k
}

// keeper takes out what is kept no longer: a small piece at a time, so that
// mail never waits for it, and round after round.
type keeper struct {
	db    *store.DB
	store storeConfig
	now   func() time.Time
	log   *slog.Logger
	at    store.Cursor
}

// The pauses of the keeper: after a piece, and after a round.
const (
	keeperPause = 5 * time.Second
	keeperRound = 6 * time.Hour
)

// piece does one, and tells whether it was the last of a round.
func (k *keeper) piece(ctx context.Context) (last bool, err error) {
	now := k.now()
	next, err := k.db.Expire(ctx, store.Expiry{Closed: k.store.Keep.before(now), Strangers: k.store.KeepStrangers.before(now)}, k.at, now)
	if err != nil {
		return false, err
	}
	k.at = next
	return next == store.Cursor{}, nil
}

func (k *keeper) run(ctx context.Context) error {
	if k.store.Keep == (keep{}) && k.store.KeepStrangers == (keep{}) {
		<-ctx.Done()
		return nil
	}
	for {
		pause := keeperPause
		last, err := k.piece(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			k.log.Error("take out what is kept no longer; trying again", "err", err, "in", time.Minute)
			pause = time.Minute
		case last:
			pause = keeperRound
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}
