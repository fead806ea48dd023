package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

// statusJSON is the fixed form of `gatepost status --json`.
type statusJSON struct {
	Teams   []teamStatus  `json:"teams"`
	Outbox  outboxStatus  `json:"outbox"`
	Held    int           `json:"held"`
	Parked  int           `json:"parked"`
	Mailbox mailboxStatus `json:"mailbox"` // the first of Mailboxes

	Mailboxes []namedMailbox  `json:"mailboxes"`
	Troubles  []troubleStatus `json:"troubles"`
	Kept      keptStatus      `json:"kept"`
}

// keptStatus is for how long what is kept, and what was taken out since.
type keptStatus struct {
	Keep          string `json:"keep"` // "": for ever
	KeepStrangers string `json:"keep_strangers"`
	store.Expired
}

// troubleStatus is something that does not work now.
type troubleStatus struct {
	Place  string `json:"place"`
	Since  string `json:"since"`
	At     string `json:"at"` // the last time it was tried
	Reason string `json:"reason"`
}

type teamStatus struct {
	Address string         `json:"address"`
	Streams []streamStatus `json:"streams"`
	Tasks   []taskStatus   `json:"tasks"`
}

type streamStatus struct {
	Name     string `json:"name"`
	State    string `json:"state"`
	Engineer string `json:"engineer"`
	Active   *int   `json:"active"`
	Gate     *int   `json:"gate"`
	Queued   []int  `json:"queued"`
}

type taskStatus struct {
	Number    int            `json:"number"`
	Title     string         `json:"title"`
	State     loop.TaskState `json:"state"`
	Stream    string         `json:"stream"`
	Round     int            `json:"round"`
	Blocked   bool           `json:"blocked"`
	Due       string         `json:"due"`
	Created   string         `json:"created"`
	Delivered string         `json:"delivered"`
	Approved  string         `json:"approved"`
}

type outboxStatus struct {
	Waiting int `json:"waiting"`
	Failed  int `json:"failed"`
}

type mailboxStatus struct {
	UIDValidity uint32 `json:"uidvalidity"`
	UID         uint32 `json:"uid"`
	LastPoll    string `json:"last_poll"`
}

// namedMailbox is one of several.
type namedMailbox struct {
	Name  string   `json:"name"`
	Teams []string `json:"teams"` // whose mail comes into it
	mailboxStatus
}

func newStatusCommand(g *globals) *cobra.Command {
	var asJSON, watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Streams, tasks, gates, outbox, held mail, mailbox",
		Long: "Streams, tasks, gates, outbox, held mail, mailbox, in one screen; what is wrong stands first, with what to do.\n" +
			"--watch shows it anew every two seconds until Ctrl-C.",
		Example: "  gatepost status\n  gatepost status --watch\n  gatepost status --json | jq .teams[0].streams",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reading(func(cfg *Config, db *store.DB) error {
				if watch && asJSON {
					return usagef("--watch and --json: give one of them")
				}
				if watch {
					return watchStatus(cmd.Context(), cmd.OutOrStdout(), cfg, db)
				}
				s, err := gatherStatus(cmd.Context(), cfg, db, asJSON)
				if err != nil {
					return err
				}
				if asJSON {
					return printIndented(cmd.OutOrStdout(), s)
				}
				if err := printTroubles(cmd.Context(), cmd.OutOrStdout(), cfg, db, s, time.Now()); err != nil {
					return err
				}
				return printStatus(cmd.OutOrStdout(), s)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it anew every two seconds")
	return cmd
}

// gatherStatus has the open tasks, or all that ever were.
func gatherStatus(ctx context.Context, cfg *Config, db *store.DB, all bool) (*statusJSON, error) {
	s := &statusJSON{Teams: []teamStatus{}, Troubles: []troubleStatus{}}
	for _, team := range cfg.Teams {
		state, err := db.Load(ctx, team, store.Want{Brief: true, All: all})
		if err != nil {
			return nil, err
		}
		s.Teams = append(s.Teams, statusOf(state))
	}
	counts, err := db.Counts(ctx)
	if err != nil {
		return nil, err
	}
	s.Outbox = outboxStatus{counts.Waiting, counts.Failed}
	s.Held, s.Parked = counts.Held, counts.Parked
	boxes := cfg.Mailboxes
	keys, _ := mailboxKeys(counts.Mailboxes, boxes)
	if len(boxes) == 0 { // a config without servers, as for a replay
		boxes, keys = []*mailboxConfig{{Teams: cfg.Teams}}, []string{""}
		if len(counts.Mailboxes) > 0 {
			keys[0] = counts.Mailboxes[0].Name
		}
	}
	for i, box := range boxes {
		out := namedMailbox{Name: keys[i]}
		for _, t := range box.Teams {
			out.Teams = append(out.Teams, t.Address)
		}
		for _, m := range counts.Mailboxes {
			if m.Name == keys[i] || len(boxes) == 1 && len(counts.Mailboxes) == 1 {
				out.UIDValidity, out.UID, out.LastPoll = m.UIDValidity, m.UID, stampOf(m.Polled)
			}
		}
		s.Mailboxes = append(s.Mailboxes, out)
	}
	s.Mailbox = s.Mailboxes[0].mailboxStatus
	s.Kept = keptStatus{Keep: cfg.Store.Keep.String(), KeepStrangers: cfg.Store.KeepStrangers.String()}
	if s.Kept.Expired, err = db.Expired(ctx); err != nil {
		return nil, err
	}
	found, err := db.Troubles(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range found {
		s.Troubles = append(s.Troubles, troubleStatus{t.Place, stampOf(t.Since), stampOf(t.At), t.Reason})
	}
	return s, nil
}

func statusOf(s *loop.State) teamStatus {
	t := teamStatus{Address: s.Team.Address, Streams: []streamStatus{}, Tasks: []taskStatus{}}
	for _, plan := range s.Team.Streams {
		st := s.Stream(plan.Name)
		out := streamStatus{Name: plan.Name, State: "running", Engineer: plan.Engineer, Queued: append([]int{}, st.Queue...)}
		if st.Paused {
			out.State = "paused"
		}
		if cur := s.Tasks[st.Current]; cur != nil {
			n := cur.Number
			if cur.State == loop.AtGate {
				out.Gate = &n
			} else {
				out.Active = &n
			}
		}
		t.Streams = append(t.Streams, out)
	}
	var numbers []int
	for n := range s.Tasks {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		k := s.Tasks[n]
		t.Tasks = append(t.Tasks, taskStatus{
			Number: n, Title: k.Title, State: k.State, Stream: k.Stream, Round: k.Round, Blocked: k.Question != nil,
			Due: k.Due.String(), Created: stampOf(k.Created), Delivered: stampOf(k.Delivered), Approved: stampOf(k.Decided),
		})
	}
	return t
}

// stampOf is RFC 3339 in UTC, "" for no time.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func printStatus(w io.Writer, s *statusJSON) error {
	for _, t := range s.Teams {
		fmt.Fprintln(w, t.Address)
		for _, st := range t.Streams {
			fmt.Fprintf(w, "  %-14s %-8s %s\n", st.Name, st.State, st.Engineer)
			for _, k := range t.Tasks {
				if k.Stream == st.Name && k.State.Open() {
					printTask(w, k)
				}
			}
		}
		for _, k := range t.Tasks {
			if k.Stream == "" && k.State.Open() {
				printTask(w, k)
			}
		}
	}
	fmt.Fprintf(w, "outbox: %d waiting, %d failed   held: %d   parked: %d\n", s.Outbox.Waiting, s.Outbox.Failed, s.Held, s.Parked)
	for _, m := range s.Mailboxes {
		of := ""
		if len(s.Mailboxes) > 1 {
			of = " of " + strings.Join(m.Teams, ", ")
		}
		if _, err := fmt.Fprintf(w, "mailbox%s: read up to uid %d (uidvalidity %d), last poll %s\n", of, m.UID, m.UIDValidity, or(m.LastPoll, "never")); err != nil {
			return err
		}
	}
	if k := s.Kept; k.Keep+k.KeepStrangers != "" {
		last := "never"
		if !k.Last.IsZero() {
			last = stampOf(k.Last)
		}
		if _, err := fmt.Fprintf(w, "kept: closed tasks' mail %s, strangers' %s; taken out so far: %d mails, %d letters, %d bytes; last round %s\n",
			or(k.Keep, "for ever"), or(k.KeepStrangers, "for ever"), k.Mails, k.Letters, k.Bytes, last); err != nil {
			return err
		}
	}
	return nil
}

func printTask(w io.Writer, k taskStatus) {
	state := string(k.State)
	if k.Blocked {
		state += ", blocked"
	}
	if k.Round > 1 {
		state += fmt.Sprintf(", round %d", k.Round)
	}
	if k.Due != "" {
		state += ", due " + k.Due
	}
	fmt.Fprintf(w, "    #%-4d %s (%s)\n", k.Number, k.Title, state)
}
