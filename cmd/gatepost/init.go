package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
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
func newInitCommand(g *globals) *cobra.Command {
	var a initAnswers
	var database bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a config, its secret and an empty database",
		Long: "Make a config, its secret and an empty database. What no flag says is asked on a terminal: the team's\n" +
			"address, its password, the time zone, the PM, and the first stream; and the servers, where the address\n" +
			"does not say whose they are. Nothing that exists is overwritten. Without a terminal nothing is asked.\n" +
			"With --database it makes an empty database and a new secret for a config that exists, and asks nothing;\n" +
			"a database that was lost is restored from a backup instead.\n" +
			"The known providers are " + strings.Join(providerNames(), ", ") + ".",
		Example: "  gatepost init\n" +
			"  gatepost init --address shop@acme.example --provider fastmail --timezone Europe/Berlin --password-file imap.pass \\\n" +
			"    --pm 'Priya Nair <priya@acme.example>' --stream 'web=Dana Roy <dana@acme.example>'\n" +
			"  gatepost init --address shop@acme.example --provider microsoft --client-id 00000000-0000-0000-0000-000000000000 --timezone UTC \\\n" +
			"    --pm priya@acme.example --stream web=dana@acme.example\n" +
			"  gatepost init --address shop@acme.example --imap-host mail.acme.example --timezone UTC --password-env SHOP_PASS \\\n" +
			"    --pm priya@acme.example --stream web=dana@acme.example\n" +
			"  gatepost init --database",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if database {
				return initDatabase(cmd, g, &a)
			}
			return runInit(cmd, g, &a)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&database, "database", false, "only an empty database, with a new secret, for a config that exists")
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
func runInit(cmd *cobra.Command, g *globals, a *initAnswers) error {
	plan := &initPlan{dir: filepath.Dir(g.config), config: g.config, database: g.db}
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
	if err := os.MkdirAll(plan.dir, 0o755); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	out := cmd.OutOrStdout()
	if err := makeAll(out, a.files(plan, content), plan.databasePath()); err != nil {
		return err
	}
	if a.known != nil && a.password+a.secret == "" { // who typed it has read them
		for _, note := range a.known.notes {
			fmt.Fprintf(out, "%s: %s\n", a.known.title, note)
		}
	}
	if a.passwordFile != "" { // it may be written later, but is to be there then, and private
		if _, err := readConfig(g.config, needServers); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Fprintf(out, "Still missing: %s\n", first)
		}
	}
	login := ""
	if a.client.ClientID != "" {
		login = "gatepost login --config " + g.config + ", then "
	}
	_, err = fmt.Fprintf(out, "Next: %sgatepost check --config %s, then gatepost run --config %[2]s\n", login, g.config)
	return err
}

// initPlan is the files that init makes, all beside the config.
type initPlan struct {
	dir      string
	config   string
	database string // as --db names it; "": gatepost.db beside the config
}

func (p *initPlan) path(name string) string { return filepath.Join(p.dir, name) }

func (p *initPlan) databasePath() string { return or(p.database, p.path("gatepost.db")) }

// free refuses to begin where something is in the way.
func (p *initPlan) free() error {
	for _, name := range []string{p.config, p.path("gatepost.secret"), p.databasePath()} {
		if there, err := exists(name); err != nil {
			return err
		} else if there {
			return fmt.Errorf("init: %q exists already and is not overwritten: name another --config in another folder, or move it away; for an empty database beside a config that exists: gatepost init --database", name)
		}
	}
	return nil
}

// exists tells whether there is anything of this name.
func exists(name string) (bool, error) {
	_, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("init: %w", err)
	}
	return true, nil
}

// initFile is a file that init makes.
type initFile struct {
	name, content string
	mode          os.FileMode
}

// files is what init makes besides the database: the config with this content,
// a secret, and what was typed.
func (a *initAnswers) files(p *initPlan, config string) []initFile {
	files := []initFile{{p.config, config, 0o644}, {p.path("gatepost.secret"), newSecret() + "\n", 0o600}}
	if a.password != "" {
		files = append(files, initFile{p.path(passwordFileName), a.password + "\n", 0o600})
	}
	if a.secret != "" {
		files = append(files, initFile{p.path(clientFileName), a.secret + "\n", 0o600})
	}
	return files
}

// makeAll makes every file and an empty database, and says so; or it removes
// what it made.
func makeAll(out io.Writer, files []initFile, database string) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, name := range made {
				os.Remove(name)
			}
		}
	}()
	for _, f := range files {
		file, err := os.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		made = append(made, f.name)
		_, err = file.WriteString(f.content)
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil { // a secret that is lost makes every token void
			return fmt.Errorf("init: %w", err)
		}
	}
	db, err := store.Create(database)
	if err != nil {
		return err
	}
	made = append(made, database)
	if err := db.Close(); err != nil {
		return err
	}
	for _, name := range made {
		fmt.Fprintf(out, "made %s\n", name)
	}
	return nil
}
