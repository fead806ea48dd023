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

// newPersonDistrustCommand is `gatepost person distrust`.
func newPersonDistrustCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "distrust ADDRESS",
		Aliases: []string{"forget"}, // its first name
		Short:   "Take back what evidence was seen of an address, as after a change of mail provider",
		Long: "Under trust = \"seen\" an address that was seen with evidence of its domain must keep bringing it for moves. This\n" +
			"takes back what was seen, so that mail without it moves again. `gatepost forget` is something else.",
		Example: "  gatepost person distrust priya@acme.example",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.changing(func(cfg *Config, db *store.DB) error {
				return forget(cmd.Context(), cfg, db, args[0], time.Now())
			})
		},
	}
}

// personLine is what is known of one person, as person list --json prints it.
type personLine struct {
	Team      string     `json:"team"`
	Name      string     `json:"name"`
	Email     []string   `json:"email"` // in the config
	Role      string     `json:"role"`
	Timezone  string     `json:"timezone"`
	Language  string     `json:"language"`
	Streams   []string   `json:"streams"`  // whose engineer they are
	Approves  []string   `json:"approves"` // streams whose gates they open
	Addresses []addrLine `json:"addresses"`
	Away      []string   `json:"away"`    // "2026-03-02 to 2026-03-06"
	Bounced   int        `json:"bounced"` // letters that came back for good
	BouncedAt string     `json:"bounced_at"`
}

type addrLine struct {
	Address string `json:"address"`
	Alias   bool   `json:"alias"` // added by a confirm letter, not in the config
	How     string `json:"how"`   // the last evidence; "" if none was ever seen
	First   string `json:"first"`
	Last    string `json:"last"` // the first mail of the last day with evidence
}

// people lists everybody. Without a database it is what the config says.
func people(ctx context.Context, cfg *Config, db *store.DB, w io.Writer, asJSON bool) error {
	lines := []personLine{}
	for _, team := range cfg.Teams {
		state := loop.NewState(team)
		if db != nil {
			var err error
			if state, err = db.Load(ctx, team, store.Want{}); err != nil {
				return err
			}
		}
		for i := range team.People {
			lines = append(lines, personOf(state, &team.People[i]))
		}
	}
	if asJSON {
		return printIndented(w, lines)
	}
	team := ""
	for _, p := range lines {
		if p.Team != team {
			team = p.Team
			fmt.Fprintln(w, team)
		}
		line := []string{p.Name, p.Role, p.Timezone}
		if len(p.Streams) > 0 {
			line = append(line, "works in "+strings.Join(p.Streams, " and "))
		}
		if len(p.Approves) > 0 {
			line = append(line, "approves "+strings.Join(p.Approves, " and "))
		}
		fmt.Fprintf(w, "  %s\n", strings.Join(line, ", "))
		for _, a := range p.Addresses {
			seen := "no evidence seen"
			if a.How != "" {
				seen = fmt.Sprintf("%s, first %s, last %s", a.How, a.First[:10], a.Last[:10])
			}
			alias := ""
			if a.Alias {
				alias = " (alias)"
			}
			fmt.Fprintf(w, "    %s%s: %s\n", a.Address, alias, seen)
		}
		if len(p.Away) > 0 {
			fmt.Fprintf(w, "    away %s\n", strings.Join(p.Away, ", "))
		}
		if p.Bounced > 0 {
			fmt.Fprintf(w, "    %d letters came back for good, the last %s\n", p.Bounced, p.BouncedAt[:10])
		}
	}
	return nil
}

func personOf(s *loop.State, p *loop.Person) personLine {
	pr := s.Presence(p.Key())
	out := personLine{
		Team: s.Team.Address, Name: p.Name, Email: p.Email, Role: string(p.Role), Timezone: p.Zone.String(), Language: p.Language,
		Streams: []string{}, Approves: []string{}, Away: []string{}, Bounced: pr.Bounced,
	}
	for _, plan := range s.Team.Streams {
		if plan.Engineer == p.Key() {
			out.Streams = append(out.Streams, plan.Name)
		}
		if slices.Contains(plan.Approvers, p.Key()) {
			out.Approves = append(out.Approves, plan.Name)
		}
	}
	if pr.Bounced > 0 {
		out.BouncedAt = pr.BouncedAt.UTC().Format(time.RFC3339)
	}
	for i, address := range append(slices.Clone(p.Email), pr.Aliases...) {
		a := addrLine{Address: address, Alias: i >= len(p.Email)}
		for _, seen := range pr.Seen {
			if seen.Address == address {
				a.How, a.First, a.Last = seen.How, seen.First.UTC().Format(time.RFC3339), seen.Last.UTC().Format(time.RFC3339)
			}
		}
		out.Addresses = append(out.Addresses, a)
	}
	for _, span := range pr.Away {
		out.Away = append(out.Away, fmt.Sprintf("%s to %s", span.From, span.To))
	}
	return out
}

// forget commits the operator's word, in every team that knows the address.
func forget(ctx context.Context, cfg *Config, db *store.DB, address string, now time.Time) error {
	address = strings.ToLower(address)
	found := false
	for _, team := range cfg.Teams {
		before, err := db.Load(ctx, team, store.Want{})
		if err != nil {
			return err
		}
		for i := range team.People {
			p := &team.People[i]
			if !slices.ContainsFunc(before.Presence(p.Key()).Seen, func(s loop.Sight) bool { return s.Address == address }) {
				continue
			}
			found = true
			o := loop.Forget(before, p, address, now)
			if err := db.Commit(ctx, store.Step{Team: team.Address, At: now, Before: before, After: o.State, Events: o.Events}); err != nil {
				return err
			}
			before = o.State
		}
	}
	if !found {
		return fmt.Errorf("no evidence was seen of %q: `gatepost person list` says what was", address)
	}
	return nil
}
