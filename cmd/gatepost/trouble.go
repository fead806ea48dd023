package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"gatepost/loop"
	"gatepost/store"
)

// faults keeps what does not work now where `status` finds it, each thing by
// its place: a mailbox, a mail server, the rules of a team. The nil faults
// keeps nothing.
type faults struct {
	cfg    *Config
	db     *store.DB
	log    *slog.Logger
	now    func() time.Time
	places []string // all that the config has

	mu    sync.Mutex
	noted map[string]string    // place → reason, as the store has it
	told  map[string]time.Time // place → when that was
}

func newFaults(db *store.DB, cfg *Config, log *slog.Logger, now func() time.Time) *faults {
	f := &faults{cfg: cfg, db: db, log: log, now: now, noted: map[string]string{}, told: map[string]time.Time{}}
	for _, m := range cfg.Mailboxes {
		f.places = append(f.places, m.place())
	}
	for _, s := range cfg.Senders {
		f.places = append(f.places, s.place())
	}
	for _, t := range cfg.Teams {
		f.places = append(f.places, rulesOf(t))
	}
	if cfg.Unworded != "" {
		f.places = append(f.places, wording)
	}
	return f
}

// wording is the place of [letters].
const wording = "the wording of letters"

// unworded tells the operator that letters go out in the program's own words.
func (f *faults) unworded(ctx context.Context) {
	if why := f.cfg.Unworded; why != "" && f.tell(wording, errors.New(why)) {
		f.alert(ctx, f.cfg.Teams[0], loop.CauseWording, why)
	}
}

// place is what is being done there, in words.
func (m *mailboxConfig) place() string {
	return fmt.Sprintf("reading mail of team %s (%s of %s at %s)", teamNames(m.Teams), m.Mailbox, m.User, m.Addr())
}

func (s *senderConfig) place() string {
	return fmt.Sprintf("sending letters of team %s (%s at %s)", teamNames(s.Teams), s.User, s.Addr())
}

func rulesOf(t *loop.Team) string { return fmt.Sprintf("what is due for team %s", t.Name) }

// teamNames lists teams for a sentence: Shop, Pay.
func teamNames(teams []*loop.Team) string {
	var names []string
	for _, t := range teams {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// recall takes over what the service before has noted, and ends what the
// config has no more.
func (f *faults) recall(ctx context.Context) {
	list, err := f.db.Troubles(ctx)
	if err != nil {
		f.log.Error("look for earlier troubles", "err", err)
		return
	}
	here := map[string]bool{}
	for _, p := range f.places {
		here[p] = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range list {
		if f.noted[t.Place] = t.Reason; !here[t.Place] {
			f.end(ctx, t.Place)
		}
	}
}

// tell notes that a place failed of err, or for nil that it works. What goes on
// failing is noted once a minute; anew says whether it was.
func (f *faults) tell(place string, err error) (anew bool) {
	if f == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.end(ctx, place)
		return false
	}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	if f.noted[place] == reason && f.now().Sub(f.told[place]).Abs() < time.Minute {
		return false
	}
	if e := f.db.NoteTrouble(ctx, place, reason, f.now()); e != nil {
		f.log.Error("note what fails", "place", place, "err", e)
		return false
	}
	f.noted[place], f.told[place] = reason, f.now()
	return true
}

func (f *faults) end(ctx context.Context, place string) {
	if _, noted := f.noted[place]; !noted {
		return
	}
	if err := f.db.EndTrouble(ctx, place); err != nil {
		f.log.Error("note what works again", "place", place, "err", err)
		return
	}
	delete(f.noted, place)
}

// voice is the team whose letter tells the operator of something: the first of
// those it is about whose letters go out, else any other's, for an alert that
// cannot be sent tells nobody. silent may know more than the store; nil does not.
func (c *Config) voice(ctx context.Context, db *store.DB, about []*loop.Team, silent func(*loop.Team) bool) *loop.Team {
	troubles, err := db.Troubles(ctx)
	if err != nil {
		return about[0]
	}
	for _, team := range append(slices.Clone(about), c.Teams...) {
		out := c.senderOf(team)
		fails := slices.ContainsFunc(troubles, func(t store.Trouble) bool { return out != nil && t.Place == out.place() })
		if !fails && (silent == nil || !silent(team)) {
			return team
		}
	}
	return about[0]
}

// alert writes to the operator about a team, once a day for a cause. It is
// written even if the service was told to end meanwhile: the fault is noted.
func (f *faults) alert(ctx context.Context, team *loop.Team, cause, detail string) {
	if team.Operator == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	voice := f.cfg.voice(ctx, f.db, []*loop.Team{team}, nil)
	letter := loop.AlertLetter(voice, cause, detail, f.now())
	if err := f.db.Commit(ctx, store.Step{Team: voice.Address, At: f.now(), Letters: []loop.Letter{letter}}); err != nil {
		f.log.Error("write to the operator", "err", err)
	}
}

// rules notes whether what is due for a team could be done, and writes to the
// operator once a day if it could not: the letters of that team do not come,
// and those of the others do. A fault of the database is everybody's, and is
// seen elsewhere.
func (f *faults) rules(ctx context.Context, team *loop.Team, err error) {
	var database *store.Error
	if f == nil || ctx.Err() != nil || errors.As(err, &database) {
		return
	}
	if f.tell(rulesOf(team), err) {
		reason, _, _ := strings.Cut(err.Error(), "\n")
		f.alert(ctx, team, loop.CauseTeam, fmt.Sprintf("team %s (%s): %s", team.Name, team.Address, reason))
	}
}
