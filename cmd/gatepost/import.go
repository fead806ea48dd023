package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/parse"
	"gatepost/store"
)

func newImportCommand(g *globals) *cobra.Command {
	var team string
	var carryOut, asJSON bool
	im := &importer{now: time.Now}
	cmd := &cobra.Command{
		Use:   "import FILE|DIR…",
		Short: "Old threads as tasks: from an mbox, a Maildir or a folder of .eml files",
		Long: "Makes a task of each old thread in which somebody of the team wrote, with everything that was said under its\n" +
			"writer and date. Nothing is done without --go: what would be made, and what would not and why, is shown.\n" +
			"The tasks are closed: nothing starts, nobody is written to. With --proposals they wait for a PM's `queue` or\n" +
			"`drop`, and the digest counts them. What was imported is known: a second time takes only what is new.",
		Example: "  gatepost import old.mbox\n  gatepost import ~/Maildir/.Shop --stream web --go\n  gatepost import old.mbox --json | jq .not_taken",
		Args:    minArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(args, "-") {
				return usagef("import reads its mails twice, so it cannot read standard input: put them into a file")
			}
			return g.changing(func(cfg *Config, db *store.DB) error {
				t, err := cfg.team(team)
				if err != nil {
					return err
				}
				if im.stream != "" && t.Plan(im.stream) == nil {
					return usagef("no stream %q in team %q: `gatepost stream list` names them", im.stream, t.Name)
				}
				im.db, im.team, im.opt = db, t, parse.Options{Hosts: cfg.hosts(), Words: t.Words}
				for _, team := range cfg.Teams {
					im.opt.Teams = append(im.opt.Teams, team.Address)
				}
				report, err := im.run(cmd.Context(), args, carryOut)
				if err != nil {
					return err
				}
				if asJSON {
					return printIndented(cmd.OutOrStdout(), report)
				}
				return report.print(cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().BoolVar(&carryOut, "go", false, "carry it out")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().StringVar(&im.stream, "stream", "", "stream of the tasks (default: the one they were written to, if any)")
	cmd.Flags().BoolVar(&im.proposals, "proposals", false, "let them wait for a PM's word, instead of closed")
	cmd.Flags().BoolVar(&im.strangers, "strangers", false, "also threads in which nobody of the team wrote")
	teamFlag(cmd, &team)
	return cmd
}

// importer makes tasks of old threads. It reads each mail twice: once to see
// what belongs together, which keeps some hundred bytes of it, and once when
// its thread's turn comes.
type importer struct {
	db        *store.DB
	team      *loop.Team
	opt       parse.Options
	now       func() time.Time
	stream    string
	proposals bool
	strangers bool

	report importReport
}

// importReport is what an import has made, or would make.
type importReport struct {
	CarriedOut bool            `json:"carried_out"`
	Threads    []importThread  `json:"threads"`
	Mails      int             `json:"mails"` // in Threads
	NotTaken   []importLeftOut `json:"not_taken"`
}

type importThread struct {
	Task   int      `json:"task"`  // 0: not made yet
	Added  bool     `json:"added"` // to a task of an earlier import
	Title  string   `json:"title"`
	Stream string   `json:"stream"`
	From   string   `json:"from"` // first mail
	To     string   `json:"to"`   // last mail
	Mails  int      `json:"mails"`
	People []string `json:"people"`
}

// importLeftOut is why mails were not taken; Example is one of them.
type importLeftOut struct {
	Reason  string `json:"reason"`
	Mails   int    `json:"mails"`
	Example string `json:"example"`
}

func (im *importer) leave(reason string, mails int, example string) {
	for i := range im.report.NotTaken {
		if l := &im.report.NotTaken[i]; l.Reason == reason {
			l.Mails += mails
			return
		}
	}
	im.report.NotTaken = append(im.report.NotTaken, importLeftOut{reason, mails, example})
}

func (im *importer) run(ctx context.Context, paths []string, carryOut bool) (importReport, error) {
	im.report = importReport{CarriedOut: carryOut, Threads: []importThread{}, NotTaken: []importLeftOut{}}
	threads, err := im.gather(ctx, paths)
	if err != nil {
		return im.report, err
	}
	shown := newProgress("importing threads", len(threads))
	defer shown.done()
	for _, mails := range threads {
		shown.add(1)
		t, left := im.plan(mails)
		if len(left) == 0 {
			continue
		}
		if own, err := im.live(ctx, t.Task); err != nil {
			return im.report, err
		} else if own {
			im.leave("the thread is that of a task already", len(left), left[0].place.Name)
			continue
		}
		if carryOut {
			if err := im.take(ctx, &t, left); err != nil {
				return im.report, fmt.Errorf("import %q: %w: what came before it is imported; the same command goes on from there", t.Title, err)
			}
		}
		im.report.Threads = append(im.report.Threads, t)
		im.report.Mails += len(left)
	}
	slices.SortStableFunc(im.report.NotTaken, func(a, b importLeftOut) int { return b.Mails - a.Mails })
	return im.report, nil
}

// gather reads everything once.
func (im *importer) gather(ctx context.Context, paths []string) ([][]oldMail, error) {
	shown := newProgress("reading mails", 0)
	defer shown.done()
	all, last := newOldThreads(), time.Time{}
	err := mailin.Places(paths, func(p mailin.Place, raw []byte) error {
		shown.add(1)
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := within(patience, func() parse.Mail { return parse.Read(raw, im.opt) })
		if err != nil {
			m.Park = err.Error()
		}
		at := m.Received.UTC()
		if at.IsZero() {
			at = last
		}
		if reason := im.unfit(m, at); reason != "" {
			im.leave(reason, 1, p.Name)
			return nil
		}
		if last = at; at.After(im.now()) {
			at = im.now().UTC()
		}
		old := oldMail{place: p, at: at, from: strings.ToLower(m.From.Address), title: loop.Title(m), fingerprint: parse.Fingerprint(raw)}
		if person := im.team.Person(old.from); person != nil {
			old.from, old.member = person.Key(), true
		}
		if plan := im.team.Plan(m.Address.Stream); plan != nil && m.Address.Team == im.team.Address {
			old.stream = plan.Name
		}
		if !all.add(old, m) {
			im.leave("there twice", 1, p.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	threads := all.threads()
	return threads, im.known(ctx, threads)
}

// unfit says why a mail can be no part of a task, "" if it can.
func (im *importer) unfit(m parse.Mail, at time.Time) string {
	switch {
	case m.Park != "":
		return "cannot be read: " + firstWord(m.Park)
	case m.Robot == parse.RobotOwn:
		return "a letter of Gatepost itself"
	case m.Robot != parse.RobotNone && m.Robot != parse.RobotList:
		return "written by a robot (" + string(m.Robot) + ")"
	case m.From.Address == "":
		return "no sender who could be told"
	case at.IsZero():
		return "no date"
	case m.Encrypted:
		return "encrypted"
	}
	return ""
}

func firstWord(reason string) string {
	reason, _, _ = strings.Cut(reason, "\n")
	return reason
}

// known looks the mails up in the store, some hundred at a time.
func (im *importer) known(ctx context.Context, threads [][]oldMail) error {
	all := map[string]*oldMail{}
	look := func() error {
		tasks, err := im.db.Known(ctx, im.team.Address, slices.Collect(maps.Keys(all)))
		for fingerprint, task := range tasks {
			if all[fingerprint].task = task; task == 0 {
				all[fingerprint].task = -1
			}
		}
		clear(all)
		return err
	}
	for _, t := range threads {
		for i := range t {
			if all[t[i].fingerprint] = &t[i]; len(all) == 500 {
				if err := look(); err != nil {
					return err
				}
			}
		}
	}
	return look()
}

// plan says what would become of a thread, and which of its mails are taken.
func (im *importer) plan(mails []oldMail) (t importThread, left []oldMail) {
	t = importThread{Title: mails[0].title, Stream: im.stream, People: []string{}}
	member := im.strangers
	for _, m := range mails {
		member = member || m.member
		t.Stream = or(t.Stream, m.stream)
		switch {
		case m.task != 0:
			im.leave("known already", 1, m.place.Name)
			t.Task = max(t.Task, m.task)
		default:
			left = append(left, m)
		}
	}
	if !member && len(left) > 0 {
		im.leave("nobody of the team wrote in the thread (--strangers takes it)", len(left), left[0].place.Name)
		return t, nil
	}
	if len(left) == 0 {
		return t, nil
	}
	t.Added, t.Mails = t.Task != 0, len(left)
	t.From, t.To = left[0].at.Format(time.DateOnly), left[len(left)-1].at.Format(time.DateOnly)
	for _, m := range left {
		if !slices.Contains(t.People, m.from) {
			t.People = append(t.People, m.from)
		}
	}
	return t, left
}

// live tells whether a task is one that was opened by mail: old mail has no say
// in it.
func (im *importer) live(ctx context.Context, task int) (bool, error) {
	if task <= 0 {
		return false, nil
	}
	s, err := im.db.Load(ctx, im.team, store.Want{Tasks: []int{task}})
	return err == nil && (s.Tasks[task] == nil || s.Tasks[task].Imported.IsZero()), err
}

// What one transaction takes of a thread at most.
const (
	importMails = 200
	importBytes = 32 << 20
)

// take imports a thread, a long one in several steps.
func (im *importer) take(ctx context.Context, t *importThread, left []oldMail) error {
	for len(left) > 0 {
		th := loop.OldThread{Task: t.Task, Stream: t.Stream, Draft: im.proposals}
		var kept []store.OldMail
		for size := 0; len(left) > 0 && len(kept) < importMails && size < importBytes; left = left[1:] {
			raw, err := mailin.ReadAt(left[0].place)
			if err != nil {
				return err
			}
			if parse.Fingerprint(raw) != left[0].fingerprint {
				return fmt.Errorf("%s changed while it was read: run it again", left[0].place.Name)
			}
			m, err := within(patience, func() parse.Mail { return parse.Read(raw, im.opt) })
			if err != nil {
				return err
			}
			size += len(raw)
			th.Mails = append(th.Mails, loop.OldMail{Ref: -int64(len(kept)) - 1, At: left[0].at, Mail: m})
			kept = append(kept, store.OldMail{At: left[0].at, Raw: raw, From: left[0].from, Subject: m.Subject, Text: m.Text})
		}
		if err := im.commit(ctx, t, th, kept); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) commit(ctx context.Context, t *importThread, th loop.OldThread, kept []store.OldMail) error {
	err := store.ErrStale
	for try := 0; errors.Is(err, store.ErrStale) && try < 10; try++ { // a service may run beside us
		var before *loop.State
		if before, err = im.db.Load(ctx, im.team, store.Want{Tasks: []int{th.Task}}); err != nil {
			return err
		}
		now := im.now()
		o := loop.Import(before, th, now)
		t.Task = o.Task
		err = im.db.Import(ctx, store.Step{Team: im.team.Address, At: now, Before: before, After: o.State, Events: o.Events, Task: o.Task}, kept)
	}
	return err
}

func (r importReport) print(w io.Writer) error {
	for _, t := range r.Threads {
		what := "new "
		switch {
		case t.Task > 0 && t.Added:
			what = fmt.Sprintf("to #%d", t.Task)
		case t.Task > 0:
			what = fmt.Sprintf("#%d", t.Task)
		}
		fmt.Fprintf(w, "%-6s %s to %s, %d mails  %s (%s)\n", what, t.From, t.To, t.Mails, t.Title, strings.Join(t.People, ", "))
	}
	verb := "would be imported"
	if r.CarriedOut {
		verb = "are imported"
	}
	fmt.Fprintf(w, "%d threads with %d mails %s\n", len(r.Threads), r.Mails, verb)
	for _, l := range r.NotTaken {
		fmt.Fprintf(w, "not taken: %d mails: %s, as %s\n", l.Mails, l.Reason, l.Example)
	}
	if !r.CarriedOut {
		_, err := fmt.Fprintln(w, "nothing was changed: --go carries it out")
		return err
	}
	return nil
}
