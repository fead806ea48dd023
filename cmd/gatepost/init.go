package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gatepost/store"
)

// passwordFileName is what init calls the file that it writes a password to.
const passwordFileName = "mail.pass"

// clientFileName is the same for the secret of an OAuth 2 client.
const clientFileName = "client.secret"

// initAnswers is what init asks for; each is a flag too.
type initAnswers struct {
	team, address, timezone, holidays string
	provider                          string // a name of the table of providers, instead of the servers
	imap, smtp                        endpoint
	user                              string
	passwordFile, passwordEnv         string
	client                            oauthFile // client_id, client_secret_file and tenant, instead of a password
	pm                                string    // Name <address>
	streams                           []string  // name=Engineer <address>

	password string    // typed, to be written to passwordFileName
	secret   string    // of the client, typed, to be written to clientFileName
	known    *provider // whose servers these are, nil if nobody's known
}

// newInitCommand is `gatepost init`: a config, a secret, a password file and
// an empty database, none of which may exist yet.
func newInitCommand() *cobra.Command {
	var a initAnswers
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a config, its secret and an empty database",
		Long: "Make a config, its secret and an empty database. What no flag says is asked on a terminal: the team's\n" +
			"address, its password, the time zone, the PM, and the first stream; and the servers, where the address\n" +
			"does not say whose they are. Nothing that exists is overwritten. Without a terminal nothing is asked.\n" +
			"The known providers are " + strings.Join(providerNames(), ", ") + ".",
		Example: "  gatepost init\n" +
			"  gatepost init --address shop@acme.example --provider fastmail --timezone Europe/Berlin --password-file imap.pass \\\n" +
			"    --pm 'Priya Nair <priya@acme.example>' --stream 'web=Dana Roy <dana@acme.example>'\n" +
			"  gatepost init --address shop@acme.example --provider microsoft --client-id 00000000-0000-0000-0000-000000000000 --timezone UTC \\\n" +
			"    --pm priya@acme.example --stream web=dana@acme.example\n" +
			"  gatepost init --address shop@acme.example --imap-host mail.acme.example --timezone UTC --password-env SHOP_PASS \\\n" +
			"    --pm priya@acme.example --stream web=dana@acme.example",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd, &a) },
	}
	f := cmd.Flags()
	f.StringVar(&a.team, "team", "", "name of the team (default: from its address)")
	f.StringVar(&a.address, "address", "", "the team's mail address")
	f.StringVar(&a.timezone, "timezone", "", "the team's time zone, a name of the IANA database")
	f.StringVar(&a.holidays, "holidays", "", "country of the public holidays, as de (default: none)")
	f.StringVar(&a.provider, "provider", "", "where the mailbox is, instead of the servers: "+strings.Join(providerNames(), ", "))
	f.StringVar(&a.imap.host, "imap-host", "", "IMAP server")
	f.IntVar(&a.imap.port, "imap-port", 0, "its port (default: 993, without implicit TLS 143)")
	f.StringVar(&a.imap.tls, "imap-tls", "", "implicit, starttls, or none for a server on this machine (default: implicit)")
	f.StringVar(&a.smtp.host, "smtp-host", "", "SMTP server (default: the IMAP server)")
	f.IntVar(&a.smtp.port, "smtp-port", 0, "its port (default: 465, with starttls 587)")
	f.StringVar(&a.smtp.tls, "smtp-tls", "", "as --imap-tls (default: implicit)")
	f.StringVar(&a.user, "user", "", "login name at both servers (default: the team's address)")
	f.StringVar(&a.passwordFile, "password-file", "", "file that holds the password, mode 0600")
	f.StringVar(&a.passwordEnv, "password-env", "", "environment variable that will hold the password, instead")
	f.StringVar(&a.client.ClientID, "client-id", "", "OAuth 2 instead of a password: the id of the application, with google or microsoft")
	f.StringVar(&a.client.ClientSecretFile, "client-secret-file", "", "file that holds the application's secret, mode 0600; Google has one")
	f.StringVar(&a.client.Tenant, "tenant", "", "the Microsoft directory (default: the address's domain)")
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
		ask := &asker{in: bufio.NewReader(in), out: cmd.OutOrStdout(), lookup: net.DefaultResolver.LookupMX, zone: hostZone(), hidden: func() (string, error) {
			b, err := term.ReadPassword(int(in.Fd()))
			return string(b), err
		}}
		if err := ask.all(cmd.Context(), a); err != nil {
			return err
		}
	}
	if err := a.fill(); err != nil {
		return usageError{err}
	}
	if missing := a.missing(); len(missing) > 0 {
		return usagef("init needs %s: there is no terminal to ask on", strings.Join(missing, ", "))
	}
	content, err := a.config(plan)
	if err != nil {
		return usageError{err}
	}
	if err := plan.write(content, map[string]string{passwordFileName: a.password, clientFileName: a.secret}); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, name := range plan.made {
		fmt.Fprintf(out, "made %s\n", name)
	}
	if a.known != nil && a.password+a.secret == "" { // who typed it has read them
		for _, note := range a.known.notes {
			fmt.Fprintf(out, "%s: %s\n", a.known.title, note)
		}
	}
	login := ""
	if a.client.ClientID != "" {
		login = "gatepost login --config " + file + ", then "
	}
	_, err = fmt.Fprintf(out, "Next: %sgatepost check --config %s, then gatepost run --config %[2]s\n", login, file)
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

// write makes every file, or removes what it made. secrets are by file name;
// empty ones are not needed.
func (p *initPlan) write(config string, secrets map[string]string) (err error) {
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
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if secrets[name] == "" {
			continue
		}
		if err := p.file(p.path(name), secrets[name]+"\n", 0o600); err != nil {
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
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil { // a secret that is lost makes every token void
		return fmt.Errorf("init: %w", err)
	}
	return nil
}
