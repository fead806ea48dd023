package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

// newStreamCommand is `gatepost stream`: the lanes of the team, in the config.
func newStreamCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stream",
		Short: "List, add, give and retire streams in the config",
		Long: "Lists, adds and retires streams, and gives one to another engineer. The config is edited in place: comments\n" +
			"stay, mistakes are refused before anything is written. A running service notices within seconds.",
		Example: "  gatepost stream list\n" +
			"  gatepost stream add api lee@acme.example\n" +
			"  gatepost stream give web lee@acme.example\n" +
			"  gatepost stream retire api",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("stream needs one of list, add, give, retire")
		},
	}
	cmd.AddCommand(newStreamListCommand(g), newStreamAddCommand(g), newStreamGiveCommand(g), newStreamRetireCommand(g))
	return cmd
}

// streamJSON is a line of `gatepost stream list --json`.
type streamJSON struct {
	Team      string   `json:"team"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
	Engineer  string   `json:"engineer"`
	Approvers []string `json:"approvers"`
}

func newStreamListCommand(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "Every stream in the config", Example: "  gatepost stream list --json", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.read()
			if err != nil {
				return err
			}
			list := []streamJSON{}
			for _, t := range cfg.Teams {
				for _, s := range t.Streams {
					list = append(list, streamJSON{t.Address, s.Name, loop.Plus(t.Address, s.Name), s.Engineer, s.Approvers})
				}
			}
			if asJSON {
				return printIndented(cmd.OutOrStdout(), list)
			}
			for _, s := range list {
				fmt.Fprintf(cmd.OutOrStdout(), "%-14s %-32s engineer %s, approved by %s\n", s.Name, s.Address, s.Engineer, strings.Join(s.Approvers, ", "))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func newStreamAddCommand(g *globals) *cobra.Command {
	var team string
	var approvers []string
	cmd := &cobra.Command{
		Use: "add NAME ENGINEER", Short: "Add a stream to the config", Args: exactArgs(2),
		Long:    "Adds a stream. Its engineer must be on the team; without --approver every PM may open its gates.",
		Example: "  gatepost person add 'Lee Park <lee@acme.example>' --role engineer\n  gatepost stream add api lee@acme.example",
		RunE: func(cmd *cobra.Command, args []string) error {
			keys := []string{"name", strconv.Quote(args[0]), "engineer", strconv.Quote(args[1])}
			if len(approvers) > 0 {
				quoted := make([]string, len(approvers))
				for i, a := range approvers {
					quoted[i] = strconv.Quote(a)
				}
				keys = append(keys, "approvers", "["+strings.Join(quoted, ", ")+"]")
			}
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				return "tasks for it go to " + loop.Plus(c.config.Teams[team].Address, args[0]), c.add(team, "stream", keys...)
			})
		},
	}
	cmd.Flags().StringArrayVar(&approvers, "approver", nil, "who opens its gates; may be repeated (default: every PM)")
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
}

func newStreamGiveCommand(g *globals) *cobra.Command {
	var team string
	cmd := &cobra.Command{
		Use: "give NAME ENGINEER", Short: "Give a stream, with its open task, to another engineer", Args: exactArgs(2),
		Long: "Gives a stream to another engineer. The task in work there goes along: the service writes it to them, and the\n" +
			"record says so.",
		Example: "  gatepost stream give web lee@acme.example",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				path, err := c.stream(team, args[0])
				if err != nil {
					return "", err
				}
				return fmt.Sprintf("%s is the engineer of stream %s", args[1], args[0]), c.set(path, "engineer", args[1])
			})
		},
	}
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
}

func newStreamRetireCommand(g *globals) *cobra.Command {
	var team string
	cmd := &cobra.Command{
		Use: "retire NAME", Short: "Take a stream out of the config", Args: exactArgs(1),
		Long: "Takes a stream out of the config. One with open tasks is refused: the PM drops them, or moves them by mail\n" +
			"with `to <stream>`.",
		Example: "  gatepost stream retire api",
		RunE: func(cmd *cobra.Command, args []string) error {
			open, err := g.openTasks(cmd, team, args[0])
			if err != nil {
				return err
			}
			if len(open) > 0 {
				return fmt.Errorf("stream %q has open tasks (%s): let the PM drop them, or mail `to <stream>` about each that waits", args[0], strings.Join(open, ", "))
			}
			return g.edit(cmd, team, func(c *configText, team int) (string, error) {
				path, err := c.stream(team, args[0])
				if err != nil {
					return "", err
				}
				return "stream " + args[0] + " is retired", c.remove(path)
			})
		},
	}
	cmd.Flags().StringVar(&team, "team", "", "team address, if there are several")
	return cmd
}

// openTasks are the numbers of a stream's open tasks, as #7.
func (g *globals) openTasks(cmd *cobra.Command, address, stream string) (open []string, err error) {
	err = g.reading(func(cfg *Config, db *store.DB) error {
		team, err := cfg.team(address)
		if err != nil {
			return err
		}
		state, err := db.Load(cmd.Context(), team, store.Want{})
		if err != nil {
			return err
		}
		for _, t := range state.Tasks {
			if strings.EqualFold(t.Stream, stream) && t.State.Open() {
				open = append(open, fmt.Sprintf("#%d", t.Number))
			}
		}
		return nil
	})
	slices.Sort(open)
	return open, err
}
