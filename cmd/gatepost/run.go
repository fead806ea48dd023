package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gatepost/store"
)

func newRunCommand(g *globals) *cobra.Command {
	var fromStart bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "The service: reads mail, moves tasks, sends letters",
		Long: "Runs until SIGTERM or Ctrl-C. SIGHUP reads the config again; a config with mistakes is\n" +
			"named in the log and to the operator, and the old one stays. A changed file is noticed without it. A second one on the same database is refused.",
		Example: "  gatepost run --config /etc/gatepost/gatepost.toml",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.serve(cmd.Context(), fromStart)
		},
	}
	fromStartFlag(cmd, &fromStart)
	profileFlag(cmd)
	return cmd
}

func fromStartFlag(cmd *cobra.Command, fromStart *bool) {
	cmd.Flags().BoolVar(fromStart, "from-start", false, "take the mail that was there before the first start as well")
}

// owning opens the database as the one service on it.
func (g *globals) owning(f func(cfg *Config, db *store.DB) error) error {
	cfg, err := g.read(needServers, needSecret, needGoing)
	if err != nil {
		return err
	}
	db, err := store.OpenOwned(cfg.Store.Path)
	if err != nil {
		return err
	}
	defer db.Close()
	defer db.Unlock()
	return f(cfg, db)
}

// serve runs the service, anew with the new config after each SIGHUP. The
// database and its lock stay as they are.
func (g *globals) serve(ctx context.Context, fromStart bool) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	log := g.log()
	limitMemory()
	crash, err := crashFromEnv()
	if err != nil {
		return err
	}
	return g.owning(func(cfg *Config, db *store.DB) error {
		go watchConfig(ctx, g.config, watchEvery, hangup)
		defer context.AfterFunc(ctx, func() { notify("STOPPING=1") })()
		log.Info("gatepost runs", "version", version(), "config", cfg)
		for {
			again, err := g.generation(ctx, cfg, db, hangup, fromStart, crash)
			if err == nil && again == nil {
				log.Info("gatepost ends, as it was told to")
			}
			if err != nil || again == nil {
				return err
			}
			cfg = again
			log.Info("gatepost runs on, with the config as it is now", "version", version(), "config", cfg)
		}
	})
}

// generation runs the service with one config. It returns the next config
// after a SIGHUP, nil when ctx ended.
func (g *globals) generation(ctx context.Context, cfg *Config, db *store.DB, hangup <-chan os.Signal, fromStart bool, crash *crash) (*Config, error) {
	log := g.log()
	if strange := strangeSecret(ctx, cfg, db); strange != "" {
		log.Warn(strange)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- newServiceThat(cfg, db, log, time.Now, fromStart, crash).Run(ctx) }()
	var mended <-chan time.Time // a file that one team lacked may be there again
	if len(cfg.Aside) > 0 || cfg.Unworded != "" {
		log.Error("part of the config cannot be used; the rest is", "teams", cfg.Aside, "letters", cfg.Unworded)
		tick := time.NewTicker(mendEvery)
		defer tick.Stop()
		mended = tick.C
	}
	for {
		select {
		case err := <-ended:
			return nil, err
		case <-mended:
			if next, err := g.read(needServers, needSecret); err == nil && next.Store.Path == cfg.Store.Path {
				cancel()
				return next, <-ended
			}
		case <-hangup:
			next, err := g.read(needServers, needSecret)
			if err != nil {
				log.Error("the new config has mistakes; the old one stays", "err", err)
				if err := configRefused(ctx, cfg, db, err, time.Now()); err != nil {
					log.Error("write to the operator", "err", err)
				}
				continue
			}
			if next.Store.Path != cfg.Store.Path {
				log.Error("the new config names another database; restart for that; the old one stays", "path", next.Store.Path)
				continue
			}
			cancel()
			return next, <-ended
		}
	}
}

// mendEvery is how often a config is read again of which a part cannot be used.
const mendEvery = time.Minute

func newOnceCommand(g *globals) *cobra.Command {
	var fromStart bool
	cmd := &cobra.Command{
		Use:     "once",
		Short:   "One pass of all three loops and out",
		Example: "  gatepost once",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.owning(func(cfg *Config, db *store.DB) error {
				r, err := newService(cfg, db, g.log(), time.Now, fromStart).Once(cmd.Context())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), r)
				return err
			})
		},
	}
	fromStartFlag(cmd, &fromStart)
	profileFlag(cmd)
	return cmd
}
