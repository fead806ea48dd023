package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatepost/store"
)

// callInit runs `gatepost init` in a new folder, without a terminal.
func callInit(t *testing.T, args ...string) (dir, output string, err error) {
	t.Helper()
	dir = t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("imap.pass", []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err = initHere(args...)
	return dir, output, err
}

func initHere(args ...string) (string, error) {
	cmd := newRootCommand()
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetIn(strings.NewReader(""))
	cmd.SetArgs(append([]string{"init"}, args...))
	err := cmd.Execute()
	return out.String(), err
}

var initFlags = []string{"--team", `Shop "north"`, "--address", "shop@acme.example", "--timezone", "Europe/Berlin",
	"--imap-host", "imap.acme.example", "--smtp-host", "smtp.acme.example", "--password-file", "imap.pass",
	"--pm", "Priya Nair <priya@acme.example>", "--stream", "web=Dana Röy <dana@acme.example>", "--stream", "api=dana@acme.example"}

func TestInit(t *testing.T) {
	_, out, err := callInit(t, initFlags...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readConfig("gatepost.toml", needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	team := c.Teams[0]
	if team.Name != `Shop "north"` || len(team.People) != 2 || team.People[1].Name != "Dana Röy" || len(team.Streams) != 2 || c.IMAP.User != "shop@acme.example" {
		t.Errorf("%+v", team)
	}
	if password, err := c.IMAP.Password.Read(); err != nil || password != "hunter2" {
		t.Errorf("%q, %v", password, err)
	}
	if info, err := os.Stat("gatepost.secret"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	db, err := store.Open(c.Store.Path)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if !strings.Contains(out, "gatepost check") || strings.Contains(out, string(c.Secret.Bytes)) {
		t.Error(out)
	}
}

// Nothing is overwritten, and nothing is made beside what is there.
func TestInitOverwritesNothing(t *testing.T) {
	for _, name := range []string{"gatepost.toml", "gatepost.secret", "gatepost.db"} {
		t.Chdir(t.TempDir())
		if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := initHere(initFlags...)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "not overwritten") {
			t.Errorf("%s: %v", name, err)
		}
		files, _ := filepath.Glob("*")
		content, _ := os.ReadFile(name)
		if len(files) != 1 || string(content) != "mine" {
			t.Errorf("%s: %v, %q", name, files, content)
		}
	}
}

// Without a terminal nothing is asked: what is missing is named, all of it.
func TestInitMissing(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "init needs --address, --timezone, --provider or --imap-host, --password-file or --password-env, --pm, --stream"},
		{append(slices.Clone(initFlags), "--provider", "acme"), `provider "acme" is not known here`},
		{[]string{"--address", "shop@acme.example", "--provider", "microsoft"}, "--client-id (Microsoft 365 or Outlook.com takes no passwords), --pm"},
		{append(slices.Clone(initFlags), "--imap-host", "outlook.office365.com"), "takes no passwords"},
		{append(slices.Clone(initFlags), "--client-id", "1"), "only google and microsoft"},
		{append(slices.Clone(initFlags), "--imap-host", "imap.gmail.com", "--client-id", "1"), "init needs --client-secret-file"},
		{append(slices.Clone(initFlags), "--imap-host", "outlook.office365.com", "--client-id", "1"), "give one of them"},
		{append(slices.Clone(initFlags), "--imap-tls", "none"), "in the clear"},
		{append(slices.Clone(initFlags), "--imap-port", "70000"), "want 1 to 65535"},
		{append(slices.Clone(initFlags), "--smtp-tls", "ssl"), `tls "ssl"`},
		{initFlags[:len(initFlags)-4], "init needs --stream"},
		{append(slices.Clone(initFlags), "--password-env", "PASS"), "give one of them"},
		{append(slices.Clone(initFlags), "--timezone", "Berlin"), `time zone "Berlin" is not known`},
		{append(slices.Clone(initFlags), "--team", "a\nb"), "control characters"},
		{append(slices.Clone(initFlags), "--pm", "Priya"), `person "Priya"`},
		{append(slices.Clone(initFlags), "--stream", "web"), `stream "web"`},
		{append(slices.Clone(initFlags), "--stream", "t42=Dana <dana@acme.example>"), "looks like one of our own tags"},
		{append(slices.Clone(initFlags), "--stream", "ops=Priya <priya@acme.example>"), "nobody can approve"},
	} {
		dir, out, err := callInit(t, c.args...)
		var wrong usageError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "gatepost.toml:") {
			t.Errorf("%q: %v", c.args, err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 || out != "" {
			t.Errorf("%q: %v, %q", c.args, files, out)
		}
	}
}

// A config elsewhere takes its files along; what the command line named from
// here is still found from there.
func TestInitElsewhere(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("imap.pass", []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := initHere(append(slices.Clone(initFlags), "--config", "etc/shop/gatepost.toml", "--db", "var.db")...); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig("etc/shop/gatepost.toml", needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	if here, _ := os.Getwd(); c.Store.Path != filepath.Join(here, "var.db") || c.Secret.File != "etc/shop/gatepost.secret" {
		t.Errorf("%q, %q", c.Store.Path, c.Secret.File)
	}
}

// What cannot be made takes back what was made before it.
func TestInitAllOrNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := makeAll(io.Discard, []initFile{{"gatepost.toml", "# config\n", 0o644}, {passwordFileName, "hunter2\n", 0o600}}, "no/such/folder.db"); err == nil {
		t.Fatal("no error")
	}
	if files, _ := filepath.Glob("*"); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

// Five questions are enough where the address says who keeps the mailbox.
func TestInitAsksFiveQuestions(t *testing.T) {
	t.Chdir(t.TempDir())
	var out strings.Builder
	typed := "shop@acme.example\n\nPriya Nair <priya@acme.example>\nweb=Dana Roy <dana@acme.example>\n"
	a := &initAnswers{}
	k := &asker{in: bufio.NewReader(strings.NewReader(typed)), out: &out, lookup: exchangers("aspmx.l.google.com."), zone: "Europe/Berlin",
		hidden: func() (string, error) { return "hunt er2 ", nil }}
	if err := k.all(t.Context(), a); err != nil {
		t.Fatal(err, out.String())
	}
	if n := strings.Count(out.String(), ": "); !strings.Contains(out.String(), "app password") || n < 5 {
		t.Errorf("%d:\n%s", n, out.String())
	}
	c := written(t, a)
	if c.IMAP.Host != "imap.gmail.com" || c.IMAP.Port != 993 || c.SMTP.Host != "smtp.gmail.com" || c.SMTP.Port != 465 || c.SMTP.User != "shop@acme.example" ||
		c.Evidence.AuthservID != "mx.google.com" || c.Teams[0].Name != "Shop" || c.Teams[0].Zone.String() != "Europe/Berlin" {
		t.Errorf("%s, %s, %+v", c.IMAP, c.SMTP, c.Teams[0])
	}
	if password, err := c.SMTP.Password.Read(); err != nil || password != "hunter2" {
		t.Errorf("%q, %v", password, err)
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Error("the password stands on the screen")
	}
}

// written makes the files and reads the config back.
func written(t *testing.T, a *initAnswers) *Config {
	t.Helper()
	if missing := a.missing(); len(missing) != 0 {
		t.Fatalf("still missing %v", missing)
	}
	plan := &initPlan{dir: ".", config: "gatepost.toml"}
	content, err := a.config(plan)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(content, "hunter2") {
		t.Error("the password stands in the config")
	}
	if err := makeAll(io.Discard, a.files(plan, content), plan.databasePath()); err != nil {
		t.Fatal(err)
	}
	needs := []configNeed{needServers, needSecret}
	if a.client.ClientID != "" { // nobody has logged in yet
		needs = needs[1:]
	}
	c, err := readConfig("gatepost.toml", needs...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Where a provider takes no password, or none is given, the client is asked
// for instead; Google's has a secret, Microsoft's a directory.
func TestInitAsksForAClient(t *testing.T) {
	for _, c := range []struct {
		mx, typed string
		hidden    []string
		check     func(c *Config) bool
	}{
		{"aspmx.l.google.com.", "shop@acme.example\nnot an id\n1.apps.googleusercontent.com\n", []string{"", "", "sword"}, func(c *Config) bool {
			secret, err := c.IMAP.Grant.Client.Secret()
			return err == nil && secret == "sword" && c.IMAP.Grant.Client.ID == "1.apps.googleusercontent.com"
		}},
		{"acme-example.mail.protection.outlook.com.", "shop@acme.example\n11-22\n", nil, func(c *Config) bool {
			return c.SMTP.TLS == tlsStart && strings.Contains(c.IMAP.Grant.Client.TokenURL, "/acme.example/")
		}},
		{"", "shop@outlook.com\n11-22\n", nil, func(c *Config) bool { return strings.Contains(c.IMAP.Grant.Client.TokenURL, "/common/") }},
	} {
		t.Chdir(t.TempDir())
		var out strings.Builder
		typed := c.typed + "Europe/Berlin\nPriya Nair <priya@acme.example>\nweb=Dana Roy <dana@acme.example>\n"
		a := &initAnswers{}
		k := &asker{in: bufio.NewReader(strings.NewReader(typed)), out: &out, lookup: exchangers(c.mx),
			hidden: func() (string, error) { p := c.hidden[0]; c.hidden = c.hidden[1:]; return p, nil }}
		if err := k.all(t.Context(), a); err != nil {
			t.Fatal(err, out.String())
		}
		config := written(t, a)
		if config.IMAP.Grant == nil || config.IMAP.Grant != config.SMTP.Grant || !c.check(config) {
			t.Errorf("%s\n%+v", out.String(), config.IMAP.Grant)
		}
	}
}

// What cannot be used is asked again, with the reason.
func TestInitAsksAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	var out strings.Builder
	typed := "\nshop\nshop@acme.example\nimaps://x\nmail.acme.example\nBerlin\nEurope/Berlin\n" +
		"Priya\nPriya Nair <priya@acme.example>\nweb\nweb=Dana Roy <dana@acme.example>\n"
	passwords := []string{"", "hunter2"}
	a := &initAnswers{}
	k := &asker{in: bufio.NewReader(strings.NewReader(typed)), out: &out, lookup: exchangers(),
		hidden: func() (string, error) { p := passwords[0]; passwords = passwords[1:]; return p, nil }}
	if err := k.all(t.Context(), a); err != nil {
		t.Fatal(err, out.String())
	}
	for _, want := range []string{`"shop" is no mail address`, `time zone "Berlin" is not known`, `host "imaps://x" is not a name`, `person "Priya": want`, `stream "web": want`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was not said:\n%s", want, out.String())
		}
	}
	if c := written(t, a); c.IMAP.Addr() != "mail.acme.example:993" || c.SMTP.Addr() != "mail.acme.example:465" {
		t.Errorf("%s, %s", c.IMAP, c.SMTP)
	}
	short := &asker{in: bufio.NewReader(strings.NewReader("shop@gmail.com\n")), out: &out, lookup: exchangers(), hidden: func() (string, error) { return "x", nil }}
	if err := short.all(t.Context(), &initAnswers{}); err == nil || !strings.Contains(err.Error(), "nothing was made") {
		t.Errorf("end of input: %v", err)
	}
}

// Flags reach servers of every kind, also a test server on this machine.
func TestInitServers(t *testing.T) {
	for _, c := range []struct {
		flags      string
		imap, smtp string
	}{
		{"--provider icloud", "shop@acme.example at imap.mail.me.com:993 (tls implicit)", "shop@acme.example at smtp.mail.me.com:587 (tls starttls)"},
		{"--imap-host mail.acme.example --smtp-tls starttls --user robot", "robot at mail.acme.example:993 (tls implicit)", "robot at mail.acme.example:587 (tls starttls)"},
		{"--imap-host 127.0.0.1 --imap-port 1143 --imap-tls none --smtp-port 1025 --smtp-tls none",
			"shop@acme.example at 127.0.0.1:1143 (tls none)", "shop@acme.example at 127.0.0.1:1025 (tls none)"},
		{"--provider fastmail --smtp-host relay.acme.example --smtp-port 2465", "shop@acme.example at imap.fastmail.com:993 (tls implicit)", "shop@acme.example at relay.acme.example:2465 (tls implicit)"},
	} {
		args := []string{"--address", "shop@acme.example", "--timezone", "UTC", "--password-file", "imap.pass", "--pm", "p@acme.example", "--stream", "web=d@acme.example"}
		if _, _, err := callInit(t, append(args, strings.Fields(c.flags)...)...); err != nil {
			t.Fatal(err)
		}
		got, err := readConfig("gatepost.toml", needServers, needSecret)
		if err != nil {
			t.Fatal(err)
		}
		if got.IMAP.String() != c.imap || got.SMTP.String() != c.smtp {
			t.Errorf("%s: %s, %s", c.flags, got.IMAP, got.SMTP)
		}
		text, err := os.ReadFile("gatepost.toml")
		must(t, err)
		must(t, os.WriteFile("gatepost.toml", []byte(strings.ReplaceAll(string(text), "# port = ", "port = ")), 0o600))
		if got, err = readConfig("gatepost.toml", needServers, needSecret); err != nil || got.IMAP.String() != c.imap || got.SMTP.String() != c.smtp {
			t.Errorf("%s: the ports in the comments are others: %s, %s, %v", c.flags, got.IMAP, got.SMTP, err)
		}
	}
}

// A password file that is not there, or that others can read, is told at once.
func TestInitNamesAPasswordFileThatIsMissing(t *testing.T) {
	args := slices.Clone(initFlags)
	args[slices.Index(args, "imap.pass")] = "later.pass"
	_, out, err := callInit(t, args...)
	if err != nil || strings.Count(out, "Still missing: ") != 1 || !strings.Contains(out, `password file "later.pass" does not exist: write the password into it and chmod 600`) {
		t.Errorf("%v: %s", err, out)
	}
	if _, out, err := callInit(t, initFlags...); err != nil || strings.Contains(out, "Still missing") {
		t.Errorf("%v: %s", err, out)
	}
}
