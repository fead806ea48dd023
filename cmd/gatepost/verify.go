package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gatepost/store"
)

func newVerifyCommand(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Every invariant, and that the record folds to the present state",
		Example: "  gatepost verify\n  gatepost verify --json | jq .clean",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reading(func(cfg *Config, db *store.DB) error {
				bar := newProgress("", 0)
				bad, err := db.VerifyTelling(cmd.Context(), cfg.Teams, func(what string, done, total int64) { bar.at("verifying "+what, int(done), int(total)) })
				bar.done()
				if err != nil {
					return err
				}
				if asJSON {
					if err := printIndented(cmd.OutOrStdout(), verdict{len(bad) == 0, append([]string{}, bad...)}); err != nil {
						return err
					}
					if len(bad) > 0 {
						return fmt.Errorf("%d things are wrong with %s", len(bad), cfg.Store.Path)
					}
					return nil
				}
				for _, b := range bad {
					fmt.Fprintln(cmd.OutOrStdout(), b)
				}
				if len(bad) > 0 {
					return fmt.Errorf("%d things are wrong with %s", len(bad), cfg.Store.Path)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "clean: the database is whole, every invariant holds, the record folds to the present state")
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// verdict is what verify --json prints.
type verdict struct {
	Clean    bool     `json:"clean"`
	Problems []string `json:"problems"`
}

func newBackupCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "backup FILE",
		Short:   "A consistent copy of the database, also while the service runs",
		Example: "  gatepost backup /var/backups/gatepost-$(date +%F).db",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.with(store.OpenToCopy, func(cfg *Config, db *store.DB) error {
				bar := newProgress("backup, MiB", 0)
				stop := bar.growing(args[0]+".part", cfg.Store.Path)
				err := db.Backup(args[0])
				stop()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "written:", args[0])
				return err
			})
		},
	}
}
