package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
	"gatepost/templates"
)

// newDigestCommand is `gatepost digest`, newPromptCommand `gatepost prompt`:
// what a person would get, without sending or recording anything.
func newDigestCommand(g *globals) *cobra.Command {
	return previewCommand(g, loop.DigestMail, "digest", "The digest a person would get now, or at another time",
		"  gatepost digest --person priya@acme.example\n  gatepost digest --person \"Priya Nair\" --at 2026-03-09T08:30")
}

func newPromptCommand(g *globals) *cobra.Command {
	return previewCommand(g, loop.Prompt, "prompt", "The prompt an engineer would get now, or at another time",
		"  gatepost prompt --person dana@acme.example --at 2026-03-09T16:00")
}

func previewCommand(g *globals, kind loop.Kind, name, short, example string) *cobra.Command {
	var team, person, at string
	var asHTML bool
	cmd := &cobra.Command{
		Use:     name + " --person P",
		Short:   short,
		Long:    short + ". Nothing is sent or recorded; what is known now is\nshown as it would read at that time.",
		Example: example,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reading(func(cfg *Config, db *store.DB) error {
				t, p, err := cfg.member(team, person)
				if err != nil {
					return err
				}
				when, err := localMoment("at", at, p.Zone, time.Now())
				if err != nil {
					return err
				}
				l, why, err := previewLetter(cmd.Context(), db, t, p, kind, when)
				if err != nil {
					return err
				}
				return showLetter(cmd.OutOrStdout(), cmd.ErrOrStderr(), t, p, l, why, asHTML)
			})
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "whose: an address or a name of the config")
	cmd.Flags().StringVar(&team, "team", "", "address or name of the team, if there are several")
	cmd.Flags().StringVar(&at, "at", "", "when: 2026-03-09T08:30 in the person's zone, or RFC 3339; default now")
	cmd.Flags().BoolVar(&asHTML, "html", false, "the HTML part instead of the text")
	return cmd
}

// previewLetter loads what such a letter needs and makes it.
func previewLetter(ctx context.Context, db *store.DB, t *loop.Team, p *loop.Person, kind loop.Kind, at time.Time) (loop.Letter, string, error) {
	state, err := db.Load(ctx, t, store.Want{})
	if err != nil {
		return loop.Letter{}, "", err
	}
	if kind != loop.Prompt {
		since := state.Presence(p.Key()).DigestAt
		if kind == loop.WeeklyMail {
			since = loop.ReviewSince(at)
		}
		if state, err = db.Load(ctx, t, store.Want{Since: since, All: since.IsZero()}); err != nil {
			return loop.Letter{}, "", err
		}
	}
	l, why := loop.Preview(state, p, kind, at)
	return l, why, nil
}

// showLetter prints a letter, and on the side why it would not be sent.
func showLetter(out, side io.Writer, t *loop.Team, p *loop.Person, l loop.Letter, why string, asHTML bool) error {
	if why != "" {
		fmt.Fprintf(side, "would not be sent then: %s: %s\n", p.Name, why)
	}
	if l.Kind == "" {
		return nil
	}
	words, err := templates.Render(l, templates.Context{TeamName: t.Name})
	if err != nil {
		return err
	}
	if asHTML {
		_, err = io.WriteString(out, words.HTML)
		return err
	}
	_, err = fmt.Fprintf(out, "To: %s\nSubject: %s\n\n%s", p.Key(), words.Subject, words.Text)
	return err
}

// member is the person that --person names, and their team.
func (c *Config) member(team, person string) (*loop.Team, *loop.Person, error) {
	if person == "" {
		return nil, nil, usagef("whose? --person takes an address or a name of %s", c.File)
	}
	teams := c.Teams
	if team != "" {
		t, err := c.team(team)
		if err != nil {
			return nil, nil, err
		}
		teams = []*loop.Team{t}
	}
	for _, t := range teams {
		if p := t.Person(person); p != nil {
			return t, p, nil
		}
		for i := range t.People {
			if strings.EqualFold(t.People[i].Name, person) {
				return t, &t.People[i], nil
			}
		}
	}
	return nil, nil, usagef("nobody in %s is %q: name an address or a name from [[team.person]]", c.File, person)
}

// localMoment reads a flag's time in a zone; the standard if it is empty.
func localMoment(flag, s string, zone *time.Location, standard time.Time) (time.Time, error) {
	if s == "" {
		return standard.UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("--%s %q: want a local time as 2026-03-09T08:30, RFC 3339, or a date", flag, s)
}
