package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
				found := sight(cmd.Context(), cfg, db, now)
				if found.err != nil {
					return found.err
				}
				bad = append(bad, found.unsent(now)...)
				if len(bad) > 0 {
					return errors.New(strings.Join(bad, "; "))
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "ok: "+found.line())
				return err
			})
		},
	}
}

// sight is one look of the lookout, for a command beside the service.
func sight(ctx context.Context, cfg *Config, db *store.DB, now time.Time) sighting {
	return newLookout(cfg, db, slog.New(slog.DiscardHandler), time.Now).find(ctx, now)
}

// unsent are the mail servers that have taken no letter for long although some
// were tried.
func (s sighting) unsent(now time.Time) (list []string) {
	for _, p := range s.places {
		if !p.overdue.IsZero() && now.Sub(p.overdue) > unreadyAfter && !p.flows {
			list = append(list, "no letter is taken by the mail server "+since(p.overdue)+": `gatepost outbox` has its words, `gatepost check` says what is wrong")
		}
	}
	return list
}
