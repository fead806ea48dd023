package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

func newForgetCommand(g *globals) *cobra.Command {
	var names, also []string
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "forget EMAIL",
		Short: "Take the name, addresses and words of a person out of everything that is kept",
		Long: "Takes a person who has left out of the record, the mails, the letters and the search, for good. The record keeps\n" +
			"its shape: numbers, dates, who decided what as an alias. Their mails are wiped; those of others about the same\n" +
			"tasks, or with the name in them, are cut down to what their writer said, without the name. The file is written\n" +
			"anew, so that nothing of them is left in it. The service must be stopped, and the person out of the config.\n" +
			"Without --yes it shows what would be taken out. Backups, exports and the mailbox itself are not touched.",
		Example: "  gatepost person retire lee@acme.example\n  gatepost forget lee@acme.example --also lee@home.example --name 'Lee Park'\n  gatepost forget lee@acme.example --yes",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(store.Open, func(cfg *Config, db *store.DB) error {
				if err := db.Lock(); err != nil {
					return err
				}
				defer db.Unlock()
				addresses, err := addressesOf(cmd, cfg, db, append(args, also...))
				if err != nil {
					return err
				}
				if bad, err := db.Verify(cmd.Context(), cfg.Teams); err != nil || len(bad) > 0 {
					return errors.Join(err, fmt.Errorf("the database is not sound, so nothing was changed: `gatepost verify` says why: %s", strings.Join(bad, "; ")))
				}
				f, err := db.Forget(cmd.Context(), addresses, names, !yes)
				if err != nil {
					return err
				}
				if asJSON {
					err = printIndented(cmd.OutOrStdout(), f)
				} else {
					err = printForgotten(cmd.OutOrStdout(), f, yes)
				}
				if err == nil && len(f.Problems) > 0 {
					err = errors.New("nothing was changed: see above")
				}
				if err == nil && f.Nothing() {
					err = fmt.Errorf("nothing of %s is kept here: look at the address, or give more with --also and --name", strings.Join(addresses, ", "))
				}
				if err != nil || !yes {
					return err
				}
				bad, err := db.Verify(cmd.Context(), cfg.Teams)
				if len(bad) > 0 {
					err = errors.Join(err, fmt.Errorf("the record does not hold any more: %s", strings.Join(bad, "; ")))
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "carry it out; it cannot be taken back")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().StringArrayVar(&also, "also", nil, "a further address of theirs; may be repeated")
	cmd.Flags().StringArrayVar(&names, "name", nil, "a name of theirs besides those in their mails; may be repeated")
	return cmd
}

// addressesOf are the addresses given and those that the person confirmed or
// was seen with. Whoever is in the config is refused.
func addressesOf(cmd *cobra.Command, cfg *Config, db *store.DB, given []string) (list []string, err error) {
	add := func(a string) {
		if a = strings.ToLower(a); a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	for _, a := range given {
		if !strings.Contains(a, "@") {
			return nil, usagef("%q is no mail address", a)
		}
		add(a)
	}
	teams, err := db.Teams(cmd.Context())
	if err != nil {
		return nil, err
	}
	for _, address := range teams {
		state, err := db.Load(cmd.Context(), &loop.Team{Address: address}, store.Want{})
		if err != nil {
			return nil, err
		}
		for _, p := range state.People {
			if !slices.Contains(list, p.Key) {
				continue
			}
			for _, a := range p.Aliases {
				add(a)
			}
			for _, s := range p.Seen {
				add(s.Address)
			}
		}
	}
	for _, t := range cfg.Teams {
		for _, a := range list {
			if p := t.Person(a); p != nil {
				return nil, fmt.Errorf("%s is in the config, as %s of team %s: first `gatepost person retire %s`", a, p.Name, t.Name, p.Key())
			}
			if a == t.Address {
				return nil, usagef("%s is a team", a)
			}
		}
	}
	return list, nil
}

func printForgotten(w io.Writer, f store.Forgotten, done bool) error {
	for _, p := range f.Problems {
		fmt.Fprintln(w, p)
	}
	if len(f.Problems) > 0 || f.Nothing() {
		return nil
	}
	fmt.Fprintf(w, "addresses: %s\nnames: %s\n", strings.Join(f.Addresses, ", "), or(strings.Join(f.Names, ", "), "none found; --name gives one"))
	fmt.Fprintf(w, "events of the record changed: %d\nmails of theirs wiped: %d\nmails of others cut down: %d\nletters wiped: %d, of these not to be sent any more: %d\n",
		f.Events, f.Mails, f.Quoting, f.Letters, f.Dropped)
	last := "nothing was changed: --yes carries it out, for good; take a backup only if they may stay in it"
	if done {
		last = "forgotten; the record knows them as " + f.Alias
	}
	_, err := fmt.Fprintln(w, last)
	return err
}
