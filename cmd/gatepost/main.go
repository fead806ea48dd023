// Command gatepost runs an asynchronous development team out of everybody's
// inbox. This file is the table of contents; each subcommand has a file.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

// Exit statuses, fixed: 0 done, 1 failed, 2 wrong use.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	noHeapProfile()
	os.Exit(run(os.Args[1:]))
}

// run is main with a result.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRootCommand()
	root.SetArgs(args)
	out := &printed{}
	root.SetOut(out)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.err
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "gatepost:", err)
		return exitUsage
	default:
		fmt.Fprintln(os.Stderr, "gatepost:", withRemedy(err))
		return exitFailed
	}
}

// printed is standard output. It remembers that something could not be
// written, so that no command succeeds whose output is on a full disk.
type printed struct{ err error }

func (p *printed) Write(b []byte) (int, error) {
	n, err := os.Stdout.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// globals are the flags that every command takes.
type globals struct {
	config  string
	db      string
	verbose bool
	logAs   string // text or json
}

func newRootCommand() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use:           "gatepost",
		Short:         "An asynchronous development team out of everybody's inbox",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q: `gatepost help` lists them", args[0])
			}
			return cmd.Help()
		},
	}
	root.PersistentFlags().StringVar(&g.config, "config", "gatepost.toml", "config file")
	root.PersistentFlags().StringVar(&g.db, "db", "", "database file, instead of the config's")
	root.PersistentFlags().BoolVarP(&g.verbose, "verbose", "v", false, "log more")
	root.PersistentFlags().StringVar(&g.logAs, "log", "text", "form of the log: text or json, one line an event")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if g.logAs != "text" && g.logAs != "json" {
			return usagef("--log %q: want text or json", g.logAs)
		}
		return nil
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w: `%s --help` shows what can be said", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newDemoCommand(g), newInitCommand(g), newLoginCommand(g), newCheckCommand(g), newRunCommand(g), newOnceCommand(g),
		newParseCommand(g), newReplayCommand(g), newImportCommand(g),
		newDigestCommand(g), newPromptCommand(g), newReviewCommand(g), newLettersCommand(g),
		newStatusCommand(g), newRecordCommand(g), newSearchCommand(g), newExportCommand(g),
		newHeldCommand(g), newParkedCommand(g), newOutboxCommand(g),
		newPersonCommand(g), newStreamCommand(g),
		newHealthCommand(g), newVersionCommand(), newManCommand(),
		newVerifyCommand(g), newBackupCommand(g), newForgetCommand(g),
	)
	refuseUnknownHelp(root)
	return root
}

// refuseUnknownHelp lets `gatepost help WORD` fail where there is no such
// command; cobra's shows the help of the root.
func refuseUnknownHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		panic(err) // it was just made
	}
	help.Run = nil
	help.RunE = func(_ *cobra.Command, args []string) error {
		of, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return usagef("there is no command %q: `gatepost help` lists them", strings.Join(args, " "))
		}
		return of.Help()
	}
}

// exactArgs and minArgs are cobra's checks as a mistake of use (exit 2).
func exactArgs(n int) cobra.PositionalArgs { return usageArgs(cobra.ExactArgs(n)) }
func minArgs(n int) cobra.PositionalArgs   { return usageArgs(cobra.MinimumNArgs(n)) }

func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w: %s", err, cmd.UseLine())
		}
		return nil
	}
}

func (g *globals) log() *slog.Logger {
	level := slog.LevelInfo
	if g.verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	if g.logAs == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// read is the config with the --db flag in effect.
func (g *globals) read(needs ...configNeed) (*Config, error) {
	cfg, err := readConfig(g.config, needs...)
	if err != nil {
		return nil, err
	}
	if g.db != "" {
		cfg.Store.Path = g.db
	}
	cfg.Letters.Use()
	return cfg, nil
}

// reading opens the database to look at it, beside a running service.
func (g *globals) reading(f func(cfg *Config, db *store.DB) error) error {
	return g.with(store.OpenReader, f)
}

// changing opens the database for a small change by the operator, beside a
// running service, which sees it within a minute.
func (g *globals) changing(f func(cfg *Config, db *store.DB) error) error {
	return g.with(store.OpenBeside, f)
}

func (g *globals) with(open func(string) (*store.DB, error), f func(cfg *Config, db *store.DB) error) error {
	cfg, err := g.read()
	if err != nil {
		return err
	}
	db, err := open(cfg.Store.Path)
	if err != nil {
		return err
	}
	return errors.Join(f(cfg, db), db.Close())
}

// team is the one that a flag names, or the only one.
func (c *Config) team(address string) (*loop.Team, error) {
	if address == "" {
		if len(c.Teams) == 1 {
			return c.Teams[0], nil
		}
		return nil, usagef("there are %d teams in %s: name one with --team ADDRESS", len(c.Teams), c.File)
	}
	for _, t := range c.Teams {
		if t.Address == address || t.Name == address {
			return t, nil
		}
	}
	return nil, usagef("no team %q in %s", address, c.File)
}
