package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

func newRecordCommand(g *globals) *cobra.Command {
	var address string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "record N",
		Short:   "The written record of a task, in order",
		Example: "  gatepost record 42\n  gatepost record 42 --json | jq '.[].what'",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(strings.TrimPrefix(args[0], "#"))
			if err != nil || n < 1 {
				return usagef("%q is no task number", args[0])
			}
			return g.reading(func(cfg *Config, db *store.DB) error {
				team, err := cfg.team(address)
				if err != nil {
					return err
				}
				entries, err := recordOf(cmd.Context(), db, team, n)
				if err != nil {
					return err
				}
				if len(entries) == 0 {
					return fmt.Errorf("team %s has no task %d", team.Address, n)
				}
				return printEntries(cmd.OutOrStdout(), entries, team.Zone, asJSON)
			})
		},
	}
	teamFlag(cmd, &address)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func newSearchCommand(g *globals) *cobra.Command {
	var address string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "search WORDS…",
		Short:   "Where all these words stand in the record, newest first",
		Example: "  gatepost search vat invoice",
		Args:    minArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.ContainsFunc(strings.Join(args, ""), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
				return usagef("there is nothing to look for in %q: give words or numbers", strings.Join(args, " "))
			}
			if limit < 1 {
				return usagef("--limit %d: want 1 or more", limit)
			}
			return g.reading(func(cfg *Config, db *store.DB) error {
				team, err := cfg.team(address)
				if err != nil {
					return err
				}
				hits, err := db.Search(cmd.Context(), team.Address, strings.Join(args, " "), limit)
				if err != nil {
					return err
				}
				entries := []loop.Entry{}
				for _, h := range hits {
					entries = append(entries, hitEntry(team, h))
				}
				if len(entries) == 0 && !asJSON {
					_, err := fmt.Fprintln(cmd.ErrOrStderr(), "nowhere in the record do all these words stand")
					return err
				}
				return printEntries(cmd.OutOrStdout(), entries, team.Zone, asJSON)
			})
		},
	}
	teamFlag(cmd, &address)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().IntVar(&limit, "limit", searchHits, "how many places")
	return cmd
}

func teamFlag(cmd *cobra.Command, address *string) {
	cmd.Flags().StringVar(address, "team", "", "address of the team, if there are several")
}

// recordOf is a task's record in words.
func recordOf(ctx context.Context, db *store.DB, team *loop.Team, n int) ([]loop.Entry, error) {
	events, err := db.Record(ctx, team.Address, n)
	if err != nil {
		return nil, err
	}
	var entries []loop.Entry
	for _, e := range events {
		entries = append(entries, team.Describe(e))
	}
	return entries, nil
}

// hitEntry shows a search hit as a line of the record.
func hitEntry(team *loop.Team, h store.Hit) loop.Entry {
	what := "wrote"
	if h.Kind != "" {
		what = h.Kind.String()
	}
	return loop.Entry{Task: h.Task, At: h.At, Who: team.PersonName(h.By), What: what, Text: h.Text, Event: h.Kind}
}

// printEntries writes the record as text: who, when, what; the words below,
// set in; or as JSON.
func printEntries(w io.Writer, entries []loop.Entry, zone *time.Location, asJSON bool) error {
	if asJSON {
		return printIndented(w, entries)
	}
	for _, e := range entries {
		number := ""
		if e.Task != 0 {
			number = fmt.Sprintf("#%d ", e.Task)
		}
		if _, err := fmt.Fprintf(w, "%s  %s%s %s\n", e.At.In(zone).Format("2006-01-02 15:04"), number, e.Who, e.What); err != nil {
			return err
		}
		for line := range strings.Lines(e.Text) {
			fmt.Fprintf(w, "    %s\n", strings.TrimRight(line, "\n"))
		}
	}
	return nil
}
