package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatepost/store"
	"gatepost/templates"
)

// newPersonCommand is `gatepost person`: who is on the team, in the config.
func newPersonCommand(g *globals) *cobra.Command {
	list := newPersonListCommand(g)
	cmd := &cobra.Command{
		Use:     "person",
		Aliases: []string{"people"},
		Short:   "List, add and retire people",
		Long: "Lists everybody, and adds and retires people. The config is edited in place: comments stay, mistakes are refused\n" +
			"before anything is written. A running service notices within seconds.",
		Example: "  gatepost person list\n" +
			"  gatepost person add 'Lee Park <lee@acme.example>' --role engineer --timezone Asia/Seoul\n" +
			"  gatepost person retire lee@acme.example",
		Args: usageArgs(cobra.NoArgs),
		RunE: list.RunE,
	}
	cmd.Flags().AddFlagSet(list.Flags())
	cmd.AddCommand(list, newPersonAddCommand(g), newPersonRetireCommand(g), newPersonDistrustCommand(g))
	return cmd
}

func newPersonListCommand(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Everybody: role, streams, addresses and the evidence that their mail brought",
		Long: "Lists the members of each team: what the config says, and what is known besides: the evidence of their domain\n" +
			"that each address was seen with, the aliases they confirmed, days away, letters that came back.",
		Example: "  gatepost person list\n  gatepost person list --json | jq -r '.[].email[0]'",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.read()
			if err != nil {
				return err
			}
			db, err := store.OpenReader(cfg.Store.Path)
			if err != nil { // there is none yet, or it cannot be read: the config is known still
				fmt.Fprintf(cmd.ErrOrStderr(), "the config alone, as what is known besides cannot be read: %v\n", err)
				return people(cmd.Context(), cfg, nil, cmd.OutOrStdout(), asJSON)
			}
			return errors.Join(people(cmd.Context(), cfg, db, cmd.OutOrStdout(), asJSON), db.Close())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func newPersonAddCommand(g *globals) *cobra.Command {
	var team, role, zone, language string
	var more []string
	cmd := &cobra.Command{
		Use: "add 'NAME <EMAIL>'", Short: "Add a person to the config", Args: exactArgs(1),
		Example: "  gatepost person add 'Lee Park <lee@acme.example>' --role engineer\n  gatepost person add kim@acme.example --role reader",
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := readPerson(args[0])
			if err != nil {
				return usageError{err}
			}
			if role == "" {
				return usagef("person add needs --role pm, engineer or reader")
			}
			quoted := []string{strconv.Quote(a.Address)}
			for _, m := range more {
				quoted = append(quoted, strconv.Quote(m))
			}
			keys := []string{"name", strconv.Quote(a.Name), "email", "[" + strings.Join(quoted, ", ") + "]", "role", strconv.Quote(role)}
			if zone != "" {
				keys = append(keys, "timezone", strconv.Quote(zone))
			}
			if language != "" {
				keys = append(keys, "language", strconv.Quote(language))
			}
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				return a.Address + " is on the team", c.add(team, "person", keys...)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "pm, engineer or reader")
	cmd.Flags().StringVar(&zone, "timezone", "", "time zone, if it is not the team's")
	cmd.Flags().StringVar(&language, "language", "", "of their letters, if it is not the team's: "+strings.Join(templates.Languages, ", "))
	cmd.Flags().StringArrayVar(&more, "email", nil, "a further address of theirs; may be repeated")
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
}

func newPersonRetireCommand(g *globals) *cobra.Command {
	var team, instead string
	cmd := &cobra.Command{
		Use: "retire EMAIL", Short: "Take a person out of the config", Args: exactArgs(1),
		Long: "Takes a person out of the config. The record keeps what they wrote; their mail is a stranger's from then on, and\n" +
			"what of theirs waits for a `yes` runs out. Whoever works in a stream, or is named as approver, needs somebody\n" +
			"--instead: that person is written the task in work, or the gate letter of what stands at the gate.\n" +
			"`gatepost forget` takes their words out of the record as well.",
		Example: "  gatepost person retire dana@acme.example --instead lee@acme.example\n  gatepost person retire kim@acme.example",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				path, err := c.person(team, args[0])
				if err != nil {
					return "", err
				}
				t := c.config.Teams[team]
				key := t.Person(args[0]).Key()
				if instead != "" {
					other := t.Person(instead)
					if other == nil || other.Key() == key {
						return "", usagef("--instead %q: want another person of team %q: `gatepost person list` names them", instead, t.Name)
					}
					instead = other.Key()
				}
				said, err := c.replace(team, key, instead)
				if err != nil {
					return "", err
				}
				return strings.Join(append(said, key+" has left the team"), "; "), c.remove(path)
			})
		},
	}
	cmd.Flags().StringVar(&instead, "instead", "", "who takes their streams and gates")
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
}

// replace puts somebody into the streams and gates of a person who leaves;
// instead "" is nobody, which is refused where somebody is needed.
func (c *configText) replace(team int, key, instead string) (said []string, err error) {
	for i, s := range c.config.Teams[team].Streams {
		path := fmt.Sprintf("team.%d.stream.%d", team, i)
		if s.Engineer == key {
			if instead == "" {
				return nil, fmt.Errorf("%s is the engineer of stream %q: say who takes it with --instead EMAIL, or first `gatepost stream give %s EMAIL`, or `gatepost stream retire %[3]s`", key, s.Name, s.Name)
			}
			if err := c.set(path, "engineer", instead); err != nil {
				return nil, err
			}
			said = append(said, fmt.Sprintf("%s is the engineer of stream %s", instead, s.Name))
		}
		if c.at[path+".approvers"] > 0 && slices.Contains(s.Approvers, key) {
			if instead == "" && len(s.Approvers) == 1 {
				return nil, fmt.Errorf("%s is the only approver of stream %q: say who is it then with --instead EMAIL", key, s.Name)
			}
			var left []string
			for _, a := range s.Approvers {
				if a == key {
					a = instead
				}
				if a != "" && !slices.Contains(left, a) {
					left = append(left, a)
				}
			}
			if err := c.setList(path, "approvers", left); err != nil {
				return nil, err
			}
			said = append(said, fmt.Sprintf("stream %s is approved by %s", s.Name, strings.Join(left, ", ")))
		}
	}
	return said, nil
}

// edit changes the config by f and says what f says.
func (g *globals) edit(cmd *cobra.Command, team string, f func(c *configText, team int) (string, error)) error {
	c, err := readConfigText(g.config)
	if err != nil {
		return err
	}
	n, err := c.team(team)
	if err != nil {
		return err
	}
	said, err := f(c, n)
	if err != nil {
		return err
	}
	if err := c.save(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s; %s is changed, a running service takes it within seconds\n", said, g.config)
	return err
}
