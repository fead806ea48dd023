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

func newPeopleCommand(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "people",
		Short: "Everybody's addresses, and what evidence their mail brought",
		Long: "Lists the members of each team: their addresses with the evidence of their domain that was\n" +
			"seen and when, the aliases they confirmed, whether they are away, and letters that came back.\n" +
			"Under trust = \"seen\" an address that was seen with evidence must keep bringing it for moves.",
		Example: "  gatepost people\n  gatepost people forget priya@acme.example",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reading(func(cfg *Config, db *store.DB) error {
				return people(cmd.Context(), cfg, db, cmd.OutOrStdout(), asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.AddCommand(&cobra.Command{
		Use:     "forget ADDRESS",
		Short:   "Takes back what evidence was seen of an address, as after a change of mail provider",
		Example: "  gatepost people forget priya@acme.example",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.changing(func(cfg *Config, db *store.DB) error {
				return forget(cmd.Context(), cfg, db, args[0], time.Now())
			})
		},
	})
	return cmd
}

// personLine is what is known of one person, as people --json prints it.
type personLine struct {
	Team      string     `json:"team"`
	Name      string     `json:"name"`
	Role      string     `json:"role"`
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

func people(ctx context.Context, cfg *Config, db *store.DB, w io.Writer, asJSON bool) error {
	lines := []personLine{}
	for _, team := range cfg.Teams {
		state, err := db.Load(ctx, team, store.Want{})
		if err != nil {
			return err
		}
		for i := range team.People {
			lines = append(lines, personOf(state, &team.People[i]))
		}
	}
	if asJSON {
		return printJSON(w, lines)
	}
	team := ""
	for _, p := range lines {
		if p.Team != team {
			team = p.Team
			fmt.Fprintln(w, team)
		}
		fmt.Fprintf(w, "  %s, %s\n", p.Name, p.Role)
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
	out := personLine{Team: s.Team.Address, Name: p.Name, Role: string(p.Role), Away: []string{}, Bounced: pr.Bounced}
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
		return fmt.Errorf("no evidence was seen of %q: `gatepost people` lists what was", address)
	}
	return nil
}
