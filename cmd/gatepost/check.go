package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

// checkStep is how long one look at a server may take.
const checkStep = time.Minute

// clockSlack is how far our clock may be from the mail server's.
const clockSlack = 2 * time.Minute

// newCheckCommand is `gatepost check`: what `run` will need, each thing in one
// line, ok or with the remedy. Exit status 1 if anything is not ok.
func newCheckCommand(g *globals) *cobra.Command {
	wait := checkStep
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try the config, the database and both mail servers",
		Long: "Try everything that run needs: config, secret and passwords, database, names, both logins, and that mail\n" +
			"to an address with a tag arrives, by a mail to itself. Each line is ok or says what to do.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			k := &checkup{out: cmd.OutOrStdout(), wait: wait, now: time.Now, lookup: net.DefaultResolver.LookupHost}
			config, err := g.read(needServers, needSecret)
			if !k.config(config, err) {
				return k.verdict()
			}
			servers := newMailServers(config)
			defer servers.close()
			k.servers = servers
			k.all(cmd.Context(), config)
			return k.verdict()
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long the mail to itself may take")
	return cmd
}

// checkServers are the two mail servers as check uses them.
type checkServers interface {
	// IMAP logs in, opens the mailbox and says what it found.
	IMAP(context.Context) (string, error)
	// SMTP logs in and says what it found.
	SMTP(context.Context) (string, error)
	// Begin remembers where the mailbox ends.
	Begin(context.Context) error
	// Send a mail from a team to its own address with a tag.
	Send(ctx context.Context, from, to string, raw []byte) error
	// Read hands each mail that came after Begin to see, until see returns
	// true or ctx ends.
	Read(ctx context.Context, see func(raw []byte) bool) error
}

// checkup goes through everything and counts what is not ok.
type checkup struct {
	out     io.Writer
	wait    time.Duration
	now     func() time.Time
	lookup  func(ctx context.Context, host string) ([]string, error)
	servers checkServers
	bad     int
}

// errNotOK is the end of a check that found something; it was said already.
var errNotOK = errors.New("not everything is ok")

func (k *checkup) verdict() error {
	if k.bad > 0 {
		return errNotOK
	}
	return nil
}

// line says ok with what was found, or the error, which holds the remedy.
func (k *checkup) line(what, found string, err error) bool {
	mark := "ok  "
	if err != nil {
		k.bad++
		mark, found = "FAIL", strings.ReplaceAll(err.Error(), "\n", "\n               ")
	}
	fmt.Fprintf(k.out, "%s %-9s %s\n", mark, what, found)
	return err == nil
}

// config tells of the config with its secret and passwords, which readConfig
// has looked at; without one there is nothing to go on with.
func (k *checkup) config(c *Config, err error) bool {
	if err != nil {
		return k.line("config", "", err)
	}
	people, streams := 0, 0
	for _, t := range c.Teams {
		people, streams = people+len(t.People), streams+len(t.Streams)
	}
	k.line("config", fmt.Sprintf("%s: teams %d, people %d, streams %d", c.File, len(c.Teams), people, streams), nil)
	return k.line("secrets", fmt.Sprintf("%s and the passwords are there, and nobody else can read them", c.Secret.File), nil)
}

// all goes through what is outside the config.
func (k *checkup) all(ctx context.Context, c *Config) {
	k.line("database", c.Store.Path, checkDatabase(c.Store.Path))
	hosts := []string{c.IMAP.Host}
	if c.SMTP.Host != c.IMAP.Host {
		hosts = append(hosts, c.SMTP.Host)
	}
	for _, host := range hosts {
		found, err := k.name(ctx, host)
		k.line("dns", found, err)
	}
	inOK := k.server(ctx, "imap", k.servers.IMAP)
	outOK := k.server(ctx, "smtp", k.servers.SMTP)
	var served time.Time
	if inOK && outOK {
		served = k.tags(ctx, c)
	} else {
		k.line("tags", "", errors.New("not tried: it needs both servers: see above"))
	}
	found, err := checkClock(k.now(), served)
	k.line("clock", found, err)
}

// checkDatabase opens for reading, so that a running service is not disturbed.
func checkDatabase(file string) error {
	db, err := store.OpenReader(file)
	if err != nil {
		return err
	}
	return db.Close()
}

// name looks a host up.
func (k *checkup) name(ctx context.Context, host string) (string, error) {
	if net.ParseIP(host) != nil {
		return host + " is an address", nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkStep)
	defer cancel()
	found, err := k.lookup(ctx, host)
	if err != nil {
		return "", fmt.Errorf("look up %q: %w: check the name in the config, and this machine's resolver", host, err)
	}
	return host + " is " + strings.Join(found, ", "), nil
}

func (k *checkup) server(ctx context.Context, what string, login func(context.Context) (string, error)) bool {
	ctx, cancel := context.WithTimeout(ctx, checkStep)
	defer cancel()
	found, err := login(ctx)
	return k.line(what, found, err)
}

// tags proves that mail to a tagged address of every team arrives in the
// mailbox. It returns when the mail server says it got the last of them.
func (k *checkup) tags(ctx context.Context, c *Config) (served time.Time) {
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	if err := k.servers.Begin(ctx); err != nil {
		k.line("tags", "", err)
		return served
	}
	waiting := map[string]*loop.Team{} // by tag
	for _, t := range c.Teams {
		tag := "check-" + strings.ToLower(rand.Text()[:10])
		to := loop.Plus(t.Address, tag)
		if err := k.servers.Send(ctx, t.Address, to, checkMail(t.Address, to, tag, c.SMTP.FromHost, k.now())); err != nil {
			k.line("tags", "", fmt.Errorf("mail to %s: %w: let the user of [smtp] send as %s, and switch plus addressing (subaddressing) on", to, err, t.Address))
			continue
		}
		waiting[tag] = t
	}
	if len(waiting) == 0 {
		return served
	}
	err := k.servers.Read(ctx, func(raw []byte) bool {
		for tag, t := range waiting {
			if strings.Contains(string(raw), "\nSubject: Gatepost "+tag) {
				k.line("tags", "mail to "+loop.Plus(t.Address, tag)+" arrived", nil)
				served = receivedAt(raw)
				delete(waiting, tag)
			}
		}
		return len(waiting) == 0
	})
	if err == nil {
		err = fmt.Errorf("it did not arrive within %s", span(k.wait))
	}
	left := make([]string, 0, len(waiting))
	for tag, t := range waiting {
		left = append(left, loop.Plus(t.Address, tag))
	}
	slices.Sort(left)
	for _, to := range left {
		k.line("tags", "", fmt.Errorf("mail to %s: %w: switch plus addressing (subaddressing) on for this mailbox, and look whether the mail was taken for spam or sorted elsewhere; --wait 5m waits longer", to, err))
	}
	return served
}
