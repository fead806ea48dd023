package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// newPersonCommand is `gatepost person`: who is on the team, in the config.
func newPersonCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "person",
		Short: "List, add and retire people in the config",
		Long: "Lists, adds and retires people. The config is edited in place: comments stay, mistakes are refused before\n" +
			"anything is written. A running service notices within seconds.",
		Example: "  gatepost person list\n" +
			"  gatepost person add 'Lee Park <lee@acme.example>' --role engineer --timezone Asia/Seoul\n" +
			"  gatepost person retire lee@acme.example",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return usagef("person needs one of list, add, retire") },
	}
	cmd.AddCommand(newPersonListCommand(g), newPersonAddCommand(g), newPersonRetireCommand(g))
	return cmd
}

// personJSON is a line of `gatepost person list --json`.
type personJSON struct {
	Team     string   `json:"team"`
	Name     string   `json:"name"`
	Email    []string `json:"email"`
	Role     string   `json:"role"`
	Timezone string   `json:"timezone"`
	Streams  []string `json:"streams"` // whose engineer they are
}

func newPersonListCommand(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "Everybody in the config", Example: "  gatepost person list", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.read()
			if err != nil {
				return err
			}
			list := []personJSON{}
			for _, t := range cfg.Teams {
				for _, p := range t.People {
					j := personJSON{t.Address, p.Name, p.Email, string(p.Role), p.Zone.String(), []string{}}
					for _, s := range t.Streams {
						if s.Engineer == p.Key() {
							j.Streams = append(j.Streams, s.Name)
						}
					}
					list = append(list, j)
				}
			}
			if asJSON {
				return printIndented(cmd.OutOrStdout(), list)
			}
			for _, p := range list {
				fmt.Fprintf(cmd.OutOrStdout(), "%-9s %-24s %-32s %s  %s\n", p.Role, p.Name, strings.Join(p.Email, ", "), p.Timezone, strings.Join(p.Streams, ", "))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func newPersonAddCommand(g *globals) *cobra.Command {
	var team, role, zone string
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
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				return a.Address + " is on the team", c.add(team, "person", keys...)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "pm, engineer or reader")
	cmd.Flags().StringVar(&zone, "timezone", "", "time zone, if it is not the team's")
	cmd.Flags().StringArrayVar(&more, "email", nil, "a further address of theirs; may be repeated")
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
}

func newPersonRetireCommand(g *globals) *cobra.Command {
	var team string
	cmd := &cobra.Command{
		Use: "retire EMAIL", Short: "Take a person out of the config", Args: exactArgs(1),
		Long: "Takes a person out of the config. The record keeps what they wrote. An engineer with a stream is refused:\n" +
			"give the stream to somebody else first.",
		Example: "  gatepost stream give web lee@acme.example\n  gatepost person retire dana@acme.example",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				path, err := c.person(team, args[0])
				if err != nil {
					return "", err
				}
				key := c.config.Teams[team].Person(args[0]).Key()
				for _, s := range c.config.Teams[team].Streams {
					if s.Engineer == key {
						return "", fmt.Errorf("%s is the engineer of stream %q: first `gatepost stream give %s EMAIL`, or `gatepost stream retire %[3]s`", key, s.Name, s.Name)
					}
				}
				return key + " has left the team", c.remove(path)
			})
		},
	}
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
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
