package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gatepost/store"
)

// passwordFileName is what init calls the file that it writes a password to.
const passwordFileName = "mail.pass"

// initAnswers is what init asks for; each is a flag too.
type initAnswers struct {
	team, address, timezone, holidays string
	imapHost, smtpHost, user          string
	passwordFile, passwordEnv         string
	pm                                string   // Name <address>
	streams                           []string // name=Engineer <address>

	password string // typed, to be written to passwordFileName
}

// newInitCommand is `gatepost init`: a config, a secret, a password file and
// an empty database, none of which may exist yet.
func newInitCommand() *cobra.Command {
	var a initAnswers
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a config, its secret and an empty database",
		Long: "Make a config, its secret and an empty database. What no flag says is asked on a terminal.\n" +
			"Nothing that exists is overwritten. Further teams, people and settings go into the config by hand.",
		Example: "  gatepost init\n" +
			"  gatepost init --team Shop --address shop@acme.example --timezone Europe/Berlin \\\n" +
			"    --imap-host imap.acme.example --smtp-host smtp.acme.example --password-file imap.pass \\\n" +
			"    --pm 'Priya Nair <priya@acme.example>' --stream 'web=Dana Roy <dana@acme.example>'",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd, &a) },
	}
	f := cmd.Flags()
	f.StringVar(&a.team, "team", "", "name of the team")
	f.StringVar(&a.address, "address", "", "the team's mail address")
	f.StringVar(&a.timezone, "timezone", "", "the team's time zone, a name of the IANA database")
	f.StringVar(&a.holidays, "holidays", "", "country of the public holidays, as de (default: none)")
	f.StringVar(&a.imapHost, "imap-host", "", "IMAP server, port 993 with TLS")
	f.StringVar(&a.smtpHost, "smtp-host", "", "SMTP server, port 465 with TLS")
	f.StringVar(&a.user, "user", "", "login name at both servers (default: the team's address)")
	f.StringVar(&a.passwordFile, "password-file", "", "file that holds the password, mode 0600")
	f.StringVar(&a.passwordEnv, "password-env", "", "environment variable that will hold the password, instead")
	f.StringVar(&a.pm, "pm", "", "the PM, as 'Priya Nair <priya@acme.example>'")
	f.StringArrayVar(&a.streams, "stream", nil, "a stream and its engineer, as 'web=Dana Roy <dana@acme.example>'; may be repeated")
	return cmd
}

// runInit asks what is missing, then writes all or nothing.
func runInit(cmd *cobra.Command, a *initAnswers) error {
	file := flagOr(cmd, "config", "gatepost.toml")
	plan := &initPlan{dir: filepath.Dir(file), config: file, database: flagOr(cmd, "db", "")}
	if err := plan.free(); err != nil {
		return err
	}
	if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		ask := &asker{in: bufio.NewReader(in), out: cmd.OutOrStdout(), hidden: func() (string, error) {
			b, err := term.ReadPassword(int(in.Fd()))
			return string(b), err
		}}
		if err := ask.all(a); err != nil {
			return err
		}
	}
	if missing := a.missing(); len(missing) > 0 {
		return usagef("init needs %s: there is no terminal to ask on", strings.Join(missing, ", "))
	}
	content, err := a.config(plan)
	if err != nil {
		return usageError{err}
	}
	if err := plan.write(content, a.password); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, name := range plan.made {
		fmt.Fprintf(out, "made %s\n", name)
	}
	_, err = fmt.Fprintf(out, "Next: gatepost check --config %s, then gatepost run --config %[1]s\n", file)
	return err
}

// flagOr is the value of a flag of this command or of the root, standard where
// it is not given or not there.
func flagOr(cmd *cobra.Command, name, standard string) string {
	if f := cmd.Flag(name); f != nil && f.Value.String() != "" {
		return f.Value.String()
	}
	return standard
}

// initPlan is the files that init makes, all beside the config.
type initPlan struct {
	dir      string
	config   string
	database string   // as --db names it; "": gatepost.db beside the config
	made     []string // so far
}

func (p *initPlan) path(name string) string { return filepath.Join(p.dir, name) }

func (p *initPlan) databasePath() string { return or(p.database, p.path("gatepost.db")) }

// free refuses to begin where something is in the way.
func (p *initPlan) free() error {
	for _, name := range []string{p.config, p.path("gatepost.secret"), p.databasePath()} {
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("init: %q exists already and is not overwritten: name another --config in another folder, or move it away", name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("init: %w", err)
		}
	}
	return nil
}

// write makes every file, or removes what it made.
func (p *initPlan) write(config, password string) (err error) {
	defer func() {
		if err != nil {
			for _, name := range p.made {
				os.Remove(name)
			}
		}
	}()
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := p.file(p.config, config, 0o644); err != nil {
		return err
	}
	if err := p.file(p.path("gatepost.secret"), newSecret()+"\n", 0o600); err != nil {
		return err
	}
	if password != "" {
		if err := p.file(p.path(passwordFileName), password+"\n", 0o600); err != nil {
			return err
		}
	}
	db, err := store.Create(p.databasePath())
	if err != nil {
		return err
	}
	p.made = append(p.made, p.databasePath())
	return db.Close()
}

// file makes a file that does not exist.
func (p *initPlan) file(name, content string, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	p.made = append(p.made, name)
	if _, err := f.WriteString(content); err != nil {
		f.Close()
		return fmt.Errorf("init: %w", err)
	}
	return f.Close()
}
