package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gatepost/oauth"
)

// loginWait is how long a person has to say yes.
const loginWait = 10 * time.Minute

// newLoginCommand is `gatepost login`: a person says yes once, and the service
// has access from then on.
func newLoginCommand(g *globals) *cobra.Command {
	var device bool
	port, wait := 0, loginWait
	cmd := &cobra.Command{
		Use:   "login [imap|smtp|TEAM]",
		Short: "Get access to a mailbox that wants OAuth 2 instead of a password",
		Long: "Shows a page of the provider, to be opened in a browser by somebody who can say yes for the mailbox: log in there\n" +
			"as the user of [imap], and allow everything that is asked for. The browser then comes back to a port of this machine.\n" +
			"Without a name this is done for every login of the config, one after another; a team with servers of its own is one.\n" +
			"If it runs on another machine, its last page cannot be found: paste that page's address here, or forward --port\n" +
			"(ssh -L 8765:127.0.0.1:8765 …). --device shows a code instead, to be typed on any device; Microsoft has that for\n" +
			"mail, Google does not. The tokens are kept in token_file, mode 0600, and are renewed by the service. A running service\n" +
			"takes a new login at its next try, within ten minutes, or at once after SIGHUP. Run it as the user of the service.",
		Example: "  gatepost login\n  sudo -u gatepost gatepost login --config /etc/gatepost/gatepost.toml --device\n  gatepost login --port 8765",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.read()
			if err != nil {
				return err
			}
			logins := cfg.logins()
			if len(args) == 1 {
				logins = slices.DeleteFunc(logins, func(l login) bool { return !l.is(args[0]) })
			}
			if len(logins) == 0 {
				return usagef("%s has no oauth table that this could be for: with a password there is nothing to log in to; see docs/setup-google.md and docs/setup-microsoft.md", cfg.File)
			}
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), wait, fmt.Errorf("%s are over", span(wait)))
			defer cancel()
			out := cmd.OutOrStdout()
			for _, l := range logins {
				if err := loginTo(ctx, l, cmd.InOrStdin(), out, port, device); err != nil {
					return fmt.Errorf("log in for %s: %w", l.Title(), err)
				}
			}
			_, err = fmt.Fprintf(out, "Next: gatepost check --config %s\n", cfg.File)
			return err
		},
	}
	cmd.Flags().BoolVar(&device, "device", false, "by a code to be typed on any device, where the provider has that")
	cmd.Flags().IntVar(&port, "port", 0, "where the browser comes back to on this machine (default: any that is free)")
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long the person may take")
	return cmd
}

// is tells whether the login is the one named: imap, smtp, or a team that has
// servers of its own.
func (l login) is(name string) bool {
	return slices.ContainsFunc(l.Tables, func(table string) bool {
		_, team, _ := strings.Cut(table, " of ")
		return strings.EqualFold(table, name) || team != "" && strings.EqualFold(team, name)
	})
}

// loginTo gets one grant and says what came of it.
func loginTo(ctx context.Context, l login, in io.Reader, out io.Writer, port int, device bool) error {
	user := strings.Join(slices.Compact(slices.Clone(l.Users)), " and ")
	var err error
	if device {
		err = l.Device(ctx, func(p oauth.Page) {
			fmt.Fprintf(out, "For %s: open\n\n  %s\n\non any device, type %s, and log in as %s.\n", l.Title(), p.URL, p.Code, user)
			if !p.End.IsZero() {
				fmt.Fprintf(out, "The code is good until %s.\n", p.End.Local().Format("15:04"))
			}
		})
	} else {
		pasted := pasting(in)
		err = l.Browser(ctx, port, func(p oauth.Page) {
			fmt.Fprintf(out, "For %s: open\n\n  %s\n\nin a browser and log in as %s. It comes back to port %d of this machine.\n", l.Title(), p.URL, user, p.Port)
			if pasted != nil {
				fmt.Fprintln(out, "If the browser is on another machine: paste the address of the page that it cannot find here.")
			}
		}, pasted)
	}
	if err != nil {
		return err
	}
	state, err := l.State()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "kept in %s: %s\n", l.File, describe(state, "15:04"))
	if len(state.Lacks) > 0 {
		fmt.Fprintf(out, "not allowed: %s: mail will be refused; log in again and allow everything\n", strings.Join(state.Lacks, " "))
	}
	return nil
}

// pasting reads lines from a terminal; nil where there is none.
func pasting(in io.Reader) <-chan string {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	lines := make(chan string)
	go func() { // ends with the process: a read from a terminal cannot be called off
		for s := bufio.NewScanner(f); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// grantSoon is when a login that ends is near enough to be told.
const grantSoon = 14 * 24 * time.Hour

// stale says why a login is no good any more, with the remedy; "" if it is, or
// if that is not known.
func (l login) stale() string {
	state, err := l.State()
	switch {
	case errors.Is(err, oauth.ErrGrant):
		return l.Title() + ": " + err.Error()
	case err == nil && !state.Refused.IsZero():
		return fmt.Sprintf("%s: no access %s: %s", l.Title(), since(state.Refused), state.Why)
	}
	return ""
}

// ends says that a login will have to be given again soon.
func (l login) ends(now time.Time) string {
	state, err := l.State()
	if err != nil || state.RefreshEnd.IsZero() || state.RefreshEnd.Sub(now) > grantSoon {
		return ""
	}
	return fmt.Sprintf("the login of %s ends on %s: `gatepost login` before that", l.Title(), state.RefreshEnd.Local().Format("2006-01-02"))
}

// checkLogin gets a new access token, which proves what the service will need.
func checkLogin(ctx context.Context, l login, now time.Time) (mark, what, text string) {
	what = "oauth"
	if err := l.Renew(ctx); err != nil {
		return markFail, what, l.Title() + ": " + err.Error()
	}
	state, err := l.State()
	if err != nil {
		return markFail, what, l.Title() + ": " + err.Error()
	}
	text = l.Title() + ": a new access token was got; " + describe(state, "15:04")
	if len(state.Lacks) > 0 {
		return markNote, what, text + "; not allowed: " + strings.Join(state.Lacks, " ") + ": if a login fails below, `gatepost login` again and allow everything"
	}
	if end := l.ends(now); end != "" {
		return markNote, what, text + "; " + end
	}
	return markOK, what, text
}
