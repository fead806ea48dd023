package main

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
	"gatepost/templates"
)

// reviewFormats are what --format takes.
var reviewFormats = []string{"text", "html", "json", "csv"}

// newReviewCommand is `gatepost review`: the numbers of the weekly review for
// any span of days.
func newReviewCommand(g *globals) *cobra.Command {
	var team, person, from, to, format string
	cmd := &cobra.Command{
		Use:   "review",
		Short: "What a time brought: deliveries, approvals, whose time it was",
		Long: "The weekly review for any days: what came to the gate and got through it, cycle times, working days in\n" +
			"work, blocked and at the gate, redirects with their reasons, and a trend of eight weeks. csv has a line\n" +
			"for each week from the first day on. Without --person all streams are in it, in the team's zone.",
		Example: "  gatepost review\n  gatepost review --from 2026-03-02 --to 2026-03-31 --format csv",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(reviewFormats, format) {
				return usagef("--format %q: want one of %s", format, strings.Join(reviewFormats, ", "))
			}
			return g.reading(func(cfg *Config, db *store.DB) error {
				t, p, err := cfg.reviewer(team, person)
				if err != nil {
					return err
				}
				a, b, err := reviewSpan(from, to, p.Zone, time.Now())
				if err != nil {
					return err
				}
				return writeReview(cmd.Context(), cmd.OutOrStdout(), db, t, p, a, b, format)
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day, as 2026-03-02; default a week before the last")
	cmd.Flags().StringVar(&to, "to", "", "last day; default today")
	cmd.Flags().StringVar(&format, "format", "text", strings.Join(reviewFormats, ", "))
	cmd.Flags().StringVar(&person, "person", "", "as this person sees it; default all streams")
	cmd.Flags().StringVar(&team, "team", "", "address or name of the team, if there are several")
	return cmd
}

// reviewer is whose view is asked for: a person's, or one of all streams.
func (c *Config) reviewer(team, person string) (*loop.Team, *loop.Person, error) {
	if person != "" {
		return c.member(team, person)
	}
	t, err := c.team(team)
	if err != nil {
		return nil, nil, err
	}
	return t, &loop.Person{Name: t.Name, Email: []string{t.Address}, Role: loop.Reader, Zone: t.Zone, Language: t.Language, Hours: t.Hours}, nil
}

// reviewSpan is from the beginning of the first day to the end of the last, or
// to now.
func reviewSpan(from, to string, zone *time.Location, now time.Time) (a, b time.Time, err error) {
	b = now.UTC()
	if to != "" {
		day, err := loop.ParseDate(to)
		if err != nil {
			return a, b, usagef("--to: %w", err)
		}
		if end := day.Add(1).At(0, zone).UTC(); end.Before(b) {
			b = end
		}
	}
	day := loop.DateOf(b.Add(-time.Second), zone).Add(-6)
	if from != "" {
		if day, err = loop.ParseDate(from); err != nil {
			return a, b, usagef("--from: %w", err)
		}
	}
	if a = day.At(0, zone).UTC(); !a.Before(b) {
		return a, b, usagef("--from %s is not before the end, %s", day, loop.DateOf(b, zone))
	}
	return a, b, nil
}

func writeReview(ctx context.Context, out io.Writer, db *store.DB, t *loop.Team, p *loop.Person, from, to time.Time, format string) error {
	state, err := db.Load(ctx, t, store.Want{All: true})
	if err != nil {
		return err
	}
	r := state.Review(p, from, to)
	switch format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	case "csv":
		return reviewCSV(out, state, p, from, to)
	}
	l := loop.Letter{Kind: loop.WeeklyMail, Team: t.Address, To: p.Key(), Name: p.Name, Zone: p.Zone.String(), Language: p.Language, Due: to, Body: loop.Body{Review: r}}
	words, err := templates.Render(l, templates.Context{TeamName: t.Name})
	if err != nil {
		return err
	}
	if format == "html" { // a file of its own: the picture goes into it
		_, err = io.WriteString(out, strings.ReplaceAll(words.HTML, "cid:"+templates.PictureID, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(words.Picture)))
		return err
	}
	_, body, _ := strings.Cut(words.Text, "\n")
	_, err = fmt.Fprintf(out, "%s, %s to %s\n%s", t.Name, loop.DateOf(from, p.Zone), loop.DateOf(to.Add(-time.Second), p.Zone), body)
	return err
}

// reviewCSV is a line for each week from the first day on; the last may be
// short.
func reviewCSV(out io.Writer, state *loop.State, p *loop.Person, from, to time.Time) error {
	w := csv.NewWriter(out)
	w.Write([]string{"from", "to", "delivered", "approved", "first_round", "first_gates", "redirected", "updates", "questions", "work_days", "blocked_days", "gate_days", "median_cycle_days"})
	for first := loop.DateOf(from, p.Zone); ; first = first.Add(7) {
		a, b := first.At(0, p.Zone), first.Add(7).At(0, p.Zone)
		if !a.Before(to) {
			break
		}
		if b.After(to) {
			b = to
		}
		n := state.Review(p, a, b).Totals
		w.Write([]string{first.String(), loop.DateOf(b.Add(-time.Second), p.Zone).String(), fmt.Sprint(n.Delivered), fmt.Sprint(n.Approved), fmt.Sprint(n.FirstRound), fmt.Sprint(n.FirstGates),
			fmt.Sprint(n.Redirected), fmt.Sprint(n.Updates), fmt.Sprint(n.Questions), fmt.Sprint(n.Work), fmt.Sprint(n.Blocked), fmt.Sprint(n.Gate), fmt.Sprint(n.Median)})
	}
	w.Flush()
	return w.Error()
}
