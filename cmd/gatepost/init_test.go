package main

import (
	"bufio"
	"errors"
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
	cmd := newInitCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetIn(strings.NewReader(""))
	cmd.SetArgs(args)
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
		{nil, "init needs --team, --address, --timezone, --imap-host, --smtp-host, --password-file or --password-env, --pm, --stream"},
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
	plan := &initPlan{dir: "etc/shop", config: "etc/shop/gatepost.toml", database: "var.db"}
	a := &initAnswers{team: "Shop", address: "shop@acme.example", timezone: "UTC", imapHost: "i.example", smtpHost: "s.example",
		passwordFile: "imap.pass", pm: "p@acme.example", streams: []string{"web=d@acme.example"}}
	content, err := a.config(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.write(content, ""); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig(plan.config, needServers, needSecret)
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
	plan := &initPlan{dir: ".", config: "gatepost.toml", database: "no/such/folder.db"}
	if err := plan.write("# config\n", "hunter2"); err == nil {
		t.Fatal("no error")
	}
	if files, _ := filepath.Glob("*"); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestInitAsks(t *testing.T) {
	t.Chdir(t.TempDir())
	var out strings.Builder
	typed := "\nShop\nshop\nshop@acme.example\nBerlin\nEurope/Berlin\nimaps://x\nimap.acme.example\nsmtp.acme.example\n\n" +
		"Priya Nair <priya@acme.example>\nweb\nweb=Dana Roy <dana@acme.example>\n\n"
	a := &initAnswers{}
	k := &asker{in: bufio.NewReader(strings.NewReader(typed)), out: &out, hidden: func() (string, error) { return "hunter2", nil }}
	if err := k.all(a); err != nil {
		t.Fatal(err, out.String())
	}
	if missing := a.missing(); len(missing) != 0 {
		t.Fatalf("still missing %v", missing)
	}
	for _, want := range []string{"cannot be empty", `"shop" is no mail address`, `time zone "Berlin" is not known`, `host "imaps://x" is not a name`, `stream "web": want`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was not said:\n%s", want, out.String())
		}
	}
	plan := &initPlan{dir: ".", config: "gatepost.toml"}
	content, err := a.config(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.write(content, a.password); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig("gatepost.toml", needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	if password, err := c.SMTP.Password.Read(); err != nil || password != "hunter2" {
		t.Errorf("%q, %v", password, err)
	}
	if strings.Contains(content+out.String(), "hunter2") {
		t.Error("the password stands in the config or on the screen")
	}
	short := &asker{in: bufio.NewReader(strings.NewReader("Shop\n")), out: &out}
	if err := short.all(&initAnswers{}); err == nil || !strings.Contains(err.Error(), "nothing was made") {
		t.Errorf("end of input: %v", err)
	}
}
