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
	"gatepost/mailin"
	"gatepost/mailout"
)

// checkStep is how long one look at a server may take: some greet half a minute
// late, to tell robots.
const checkStep = 40 * time.Second

// clockSlack is how far our clock may be from the mail server's.
const clockSlack = 2 * time.Minute

// newCheckCommand is `gatepost check`: what `run` will need, each thing in one
// line, ok or with the remedy. Exit status 1 if anything is not ok.
func newCheckCommand(g *globals) *cobra.Command {
	wait := checkStep
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try the config, the database and both mail servers",
		Long: "Try everything that run needs, one line each:\n" +
			"  config, secrets   what is written, and that nobody else can read what is secret\n" +
			"  calendar          time zone and next holiday of each team\n" +
			"  files, database   modes, room on the disk, schema\n" +
			"  oauth             a new access token can be got; until when, and for what\n" +
			"  dns, tcp, tls     names, ports and certificates of both servers\n" +
			"  imap, smtp        the logins; what the mailbox can do, how much may be sent\n" +
			"  tags              a mail to an address with a tag arrives: a mail to itself, for each team\n" +
			"  evidence          whose Authentication-Results that mail carries, and that a forged one does not come through\n" +
			"  dkim              that our letters are signed by our domain, and that the signature holds\n" +
			"  clock             this machine's against the mail server's\n" +
			"ok is well, note is worth knowing, FAIL says what to do, skip was not tried because of a FAIL above.",
		Example: "  gatepost check\n  gatepost check --json | jq '.[] | select(.mark == \"FAIL\")'",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			k := &checkup{out: cmd.OutOrStdout(), wait: wait, now: time.Now, lookup: net.DefaultResolver.LookupHost, verify: newDKIM(time.Now).Verify}
			if asJSON {
				k.out = io.Discard
			}
			config, err := g.read(needServers, needSecret)
			if k.config(config, err) {
				k.here(cmd.Context(), config)
				for _, part := range config.parts() {
					servers := newMailServers(part)
					k.servers = servers
					k.there(cmd.Context(), part)
					servers.close()
				}
			}
			if asJSON {
				if err := printIndented(cmd.OutOrStdout(), k.lines); err != nil {
					return err
				}
			}
			return k.verdict()
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long the mail to itself may take")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON: mark, what, text of each line")
	return cmd
}

// checkServers are the two mail servers as check uses them; table is imap or
// smtp.
type checkServers interface {
	// Connect reaches the port.
	Connect(ctx context.Context, table string) error
	// Secure reaches TLS and says what it found; "" where none is configured.
	Secure(ctx context.Context, table string) (string, error)
	// IMAP logs in and opens the mailbox.
	IMAP(context.Context) (mailin.Health, error)
	// SMTP logs in.
	SMTP(context.Context) (mailout.Offer, error)
	// Begin remembers where the mailbox ends.
	Begin(context.Context) error
	// Send a mail from a team to its own address with a tag.
	Send(ctx context.Context, from, to string, raw []byte) error
	// Read hands each mail that came after Begin to see, until see returns
	// true or ctx ends.
	Read(ctx context.Context, see func(raw []byte) bool) error
}

// The marks of a line.
const (
	markOK   = "ok"   // as it should be
	markNote = "note" // works; worth knowing
	markFail = "FAIL" // run would not work; the line says what to do
	markSkip = "skip" // could not be tried because of a FAIL
)

// checkLine is one line of a checkup.
type checkLine struct {
	Mark string `json:"mark"`
	What string `json:"what"`
	Text string `json:"text"`
}

// checkup goes through everything and keeps what it found.
type checkup struct {
	out     io.Writer
	wait    time.Duration
	now     func() time.Time
	lookup  func(ctx context.Context, host string) ([]string, error)
	servers checkServers
	verify  func(ctx context.Context, raw []byte, host string) (mailin.Signature, error) // of DKIM
	lines   []checkLine
}

// errNotOK is the end of a check that found something; it was said already.
var errNotOK = errors.New("not everything is ok: see above")

func (k *checkup) verdict() error {
	if slices.ContainsFunc(k.lines, func(l checkLine) bool { return l.Mark == markFail }) {
		return errNotOK
	}
	return nil
}

// say writes a line; the further lines of text are put below it.
func (k *checkup) say(mark, what, text string) {
	k.lines = append(k.lines, checkLine{mark, what, text})
	fmt.Fprintf(k.out, "%-4s %-9s %s\n", mark, what, strings.ReplaceAll(text, "\n", "\n               "))
}

// line says ok with what was found, or the error, which holds the remedy.
func (k *checkup) line(what, found string, err error) bool {
	if err != nil {
		k.say(markFail, what, err.Error())
	} else {
		k.say(markOK, what, found)
	}
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
	if own := c.Letters.Files; len(own) > 0 {
		k.line("letters", "every sample keeps what a letter must with your "+strings.Join(own, ", "), nil)
	}
	return k.line("secrets", fmt.Sprintf("%s and the passwords are there, and nobody else can read them", c.Secret.File), nil)
}

// here goes through what is on this machine.
func (k *checkup) here(ctx context.Context, c *Config) {
	for _, t := range c.Teams {
		k.say(markOK, "calendar", checkCalendar(t, k.now()))
	}
	found, err := checkFiles(c)
	k.line("files", found, err)
	strange, err := checkDatabase(ctx, c)
	k.line("database", c.Store.Path, err)
	if strange != "" {
		k.say(markNote, "secrets", strange)
	}
	for _, l := range c.logins() {
		k.say(checkLogin(ctx, l, k.now()))
	}
}

// there goes through the mail servers of the config's teams.
func (k *checkup) there(ctx context.Context, c *Config) {
	hosts := []string{c.IMAP.Host}
	if c.SMTP.Host != c.IMAP.Host {
		hosts = append(hosts, c.SMTP.Host)
	}
	for _, host := range hosts {
		found, err := k.name(ctx, host)
		k.line("dns", found, err)
	}
	in := k.reach(ctx, "imap", &c.IMAP.serverConfig) && k.mailbox(ctx, c)
	out := k.reach(ctx, "smtp", &c.SMTP.serverConfig) && k.submission(ctx, c)
	var served time.Time
	if in && out {
		served = k.tags(ctx, c)
	} else {
		k.say(markSkip, "tags", "it needs both servers: see above")
	}
	found, err := checkClock(k.now(), served)
	k.line("clock", found, err)
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

// reach is TCP and TLS to one server.
func (k *checkup) reach(ctx context.Context, table string, s *serverConfig) bool {
	ctx, cancel := context.WithTimeout(ctx, checkStep)
	defer cancel()
	if err := k.servers.Connect(ctx, table); err != nil {
		err = fmt.Errorf("connect to %s: %w: check host and port of [%s], and that nothing between blocks the port", s.Addr(), err, table)
		k.line("tcp", "", err)
		k.say(markSkip, table, "not reached: see above")
		return false
	}
	k.line("tcp", s.Addr()+" takes connections", nil)
	found, err := k.servers.Secure(ctx, table)
	if err != nil {
		k.line("tls", "", err)
		k.say(markSkip, table, "not secured: see above")
		return false
	}
	if found != "" {
		k.line("tls", s.Addr()+": "+found, nil)
	}
	return true
}

// mailbox logs in to [imap] and tells what the mailbox can do.
func (k *checkup) mailbox(ctx context.Context, c *Config) bool {
	ctx, cancel := context.WithTimeout(ctx, checkStep)
	defer cancel()
	h, err := k.servers.IMAP(ctx)
	if !k.line("imap", fmt.Sprintf("%s as %s, mails in %s: %d", h.Addr, c.IMAP.User, c.IMAP.Mailbox, h.Mails), err) {
		return false
	}
	k.say(abilities(h, c.IMAP.FileAway))
	return true
}

// submission logs in to [smtp] and tells how much may be sent.
func (k *checkup) submission(ctx context.Context, c *Config) bool {
	ctx, cancel := context.WithTimeout(ctx, checkStep)
	defer cancel()
	offer, err := k.servers.SMTP(ctx)
	if !k.line("smtp", fmt.Sprintf("%s as %s", c.SMTP.Addr(), c.SMTP.User), err) {
		return false
	}
	k.say(limits(c.SMTP.Host, offer))
	return true
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
	came := map[*loop.Team][]byte{}
	for _, t := range c.Teams {
		tag := "check-" + strings.ToLower(rand.Text()[:10])
		to := loop.Plus(t.Address, tag)
		if err := k.servers.Send(ctx, t.Address, to, checkMail(t.Address, to, tag, c, k.now())); err != nil {
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
				served, came[t] = receivedAt(raw), raw
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
	for _, t := range c.Teams {
		if raw := came[t]; raw != nil {
			k.say(evidenceIn(raw, c.Evidence.AuthservID))
			k.say(k.signature(ctx, raw, t.Address))
		}
	}
	return served
}
