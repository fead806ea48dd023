package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/store"
)

// newHealthCommand is `gatepost health`: for a container's health check or a
// cron job, which want an exit status and no table.
func newHealthCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "health",
		Short: "Exit status 0 if mail is read and sent, 1 with the reason if not",
		Long: "Looks into the database of the running service: mail must have been read lately, and no letter may wait that\n" +
			"the mail server would not take. One line, and exit status 0 or 1.",
		Example: "  gatepost health || gatepost check",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reading(func(cfg *Config, db *store.DB) error {
				now := time.Now()
				s, err := gatherStatus(cmd.Context(), cfg, db, false)
				if err != nil {
					return err
				}
				var bad []string
				bad = append(bad, unread(cfg, s, now)...)
				for _, l := range cfg.logins() {
					if why := l.stale(); why != "" {
						bad = append(bad, why)
					}
				}
				found := newLookout(cfg, db, g.log(), time.Now).find(cmd.Context(), now)
				if found.err != nil {
					return found.err
				}
				for _, p := range found.places {
					if !p.overdue.IsZero() && now.Sub(p.overdue) > unreadyAfter && !p.sent.After(p.overdue) {
						bad = append(bad, "no letter is taken by the mail server "+since(p.overdue)+": `gatepost check` says what is wrong")
					}
				}
				if len(bad) > 0 {
					return errors.New(strings.Join(bad, "; "))
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "ok: "+found.line())
				return err
			})
		},
	}
}
