package main

import (
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

var updateGoldens = flag.Bool("update", false, "rewrite the goldens of testdata")

const testSecret = "0123456789abcdefghijklmnopqrstuvwxyz"

// configDir is a folder with a config, a secret and two password files, all
// as they should be.
func configDir(t *testing.T, config []byte) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string]string{
		"gatepost.toml": string(config), "gatepost.secret": testSecret + "\n", "imap.pass": "hunter2\n", "smtp.pass": "hunter3",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "gatepost.toml")
}

func goodConfig(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/config/good.toml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestConfigFiles reads every testdata/config/*.toml and compares what is
// wrong with it with the .want beside it: nothing for good.toml.
func TestConfigFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.toml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir, file := configDir(t, data)
			var got string
			if _, err := readConfig(file, needServers, needSecret); err != nil {
				var list *configError
				if !errors.As(err, &list) {
					t.Errorf("%T is not a *configError", err)
				}
				got = strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "") + "\n"
			}
			golden := strings.TrimSuffix(name, ".toml") + ".want"
			if *updateGoldens {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
			for line := range strings.Lines(got) {
				if !strings.HasPrefix(line, "gatepost.toml:") || strings.Count(line, ": ") < 2 {
					t.Errorf("no file, line or remedy: %s", line)
				}
			}
		})
	}
}

func TestConfigMeaning(t *testing.T) {
	dir, file := configDir(t, goodConfig(t))
	c, err := readConfig(file, needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store.Path != filepath.Join(dir, "gatepost.db") || string(c.Secret.Bytes) != testSecret || c.Evidence.AuthservID != "mx.acme.example" || c.Operator != "ops@acme.example" {
		t.Errorf("%+v", c)
	}
	if c.IMAP.Addr() != "imap.acme.example:993" || c.IMAP.Mailbox != "INBOX" || c.IMAP.Poll != 30*time.Second || c.IMAP.FileAway != "Read" {
		t.Errorf("imap %+v", c.IMAP)
	}
	if c.SMTP.Addr() != "127.0.0.1:25" || c.SMTP.TLS != tlsNone || c.SMTP.FromHost != "acme.example" {
		t.Errorf("smtp %+v", c.SMTP)
	}
	for _, p := range []struct {
		source passwordSource
		want   string
	}{{c.IMAP.Password, "hunter2"}, {c.SMTP.Password, "hunter3"}} {
		if got, err := p.source.Read(); err != nil || got != p.want {
			t.Errorf("password %q, %v, want %q", got, err, p.want)
		}
	}
	if len(c.Teams) != 2 {
		t.Fatalf("%d teams", len(c.Teams))
	}
	shop, lab := c.Teams[0], c.Teams[1]
	if shop.Address != "shop@acme.example" || string(shop.Secret) != testSecret || shop.Operator != c.Operator || shop.Zone.String() != "Europe/Berlin" ||
		shop.FirstDelivery != 4 || shop.Cycle != 2 || shop.Undo != 90*time.Minute || shop.Trust != loop.TrustToken || shop.Digest.String() != "08:15" {
		t.Errorf("shop %+v", shop)
	}
	if shop.Holiday(loop.Date{Year: 2026, Month: time.October, Day: 3}) == "" {
		t.Error("3 October is no holiday in de")
	}
	if lab.Holiday != nil || lab.FirstDelivery != 5 || lab.Cycle != 3 || lab.Undo != 2*time.Hour || lab.Trust != loop.TrustSeen ||
		lab.Digest.String() != "08:30" || lab.Prompt.String() != "16:00" || lab.Hours != mustHours(t, "mon-fri 09:00-17:30") {
		t.Errorf("the defaults of lab: %+v", lab)
	}
	if got := strings.Join(shop.Words["approve"], ","); got != "freigegeben,passt so" {
		t.Errorf("words %q", got)
	}
	priya, dana, lee, rita := &shop.People[0], &shop.People[1], &shop.People[2], &shop.People[3]
	if priya.Key() != "priya@acme.example" || priya.Email[1] != "priya.nair@mail.example" || priya.Zone.String() != "Asia/Kolkata" || priya.Digest != shop.Digest {
		t.Errorf("%+v", priya)
	}
	if dana.Hours != mustHours(t, "mon-thu 08:00-14:00") || dana.Zone != shop.Zone || dana.Prompt.String() != "13:00" || dana.Digest != loop.Never {
		t.Errorf("%+v", dana)
	}
	if lee.Digest != loop.Never || lee.Prompt != loop.Never || rita.Digest.String() != "10:00" || rita.Prompt != loop.Never {
		t.Errorf("%+v %+v", lee, rita)
	}
	web, api := shop.Streams[0], shop.Streams[1]
	if web.Name != "web" || web.Engineer != "dana@acme.example" || !slices.Equal(web.Approvers, []string{"priya@acme.example"}) {
		t.Errorf("%+v", web)
	}
	if api.Engineer != "dana@acme.example" || !slices.Equal(api.Approvers, []string{"priya@acme.example", "lee@acme.example"}) {
		t.Errorf("approvers left out are every PM: %+v", api)
	}
}

func mustHours(t *testing.T, s string) loop.Hours {
	t.Helper()
	h, err := loop.ParseHours(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A command that only reads does without servers, passwords and secret; replay
// needs the secret alone.
func TestConfigNeeds(t *testing.T) {
	whole := string(goodConfig(t))
	teams := whole[strings.Index(whole, "[[team]]"):]
	dir, file := configDir(t, []byte(teams))
	c, err := readConfig(file, needSecret)
	if err != nil || c.IMAP != nil || c.SMTP != nil || string(c.Teams[0].Secret) != testSecret {
		t.Errorf("without servers: %+v, %v", c, err)
	}
	if _, err := readConfig(file, needServers); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two mistakes, the missing tables: %v", err)
	}
	for _, name := range []string{"gatepost.secret", "imap.pass", "smtp.pass"} {
		os.Remove(filepath.Join(dir, name))
	}
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := readConfig(file); err != nil || c.IMAP == nil || c.Secret.Bytes != nil {
		t.Errorf("only reading: %+v, %v", c, err)
	}
	if _, err := readConfig(file, needServers, needSecret); err == nil || strings.Count(err.Error(), "does not exist") != 3 {
		t.Errorf("want three missing files: %v", err)
	}
}

func TestConfigNotThere(t *testing.T) {
	_, err := readConfig("nowhere/gatepost.toml")
	if err == nil || !strings.Contains(err.Error(), "nowhere/gatepost.toml") || !strings.Contains(err.Error(), "gatepost init") {
		t.Error(err)
	}
}

// A byte order mark is no part of the file, and a person without a name has
// that of the address: an edit keeps working.
func TestConfigByteOrderMark(t *testing.T) {
	text := strings.Replace(string(goodConfig(t)), "  name = \"Priya Nair\"\n", "", 1)
	_, file := configDir(t, []byte(byteOrderMark+text))
	edit, err := readConfigText(file)
	if err != nil {
		t.Fatal(err)
	}
	if name := edit.config.Teams[0].People[0].Name; name != "Priya" {
		t.Errorf("name is %q", name)
	}
	if err := edit.save(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != text {
		t.Errorf("%q, %v", after, err)
	}
}

// What goes to the log holds neither secret nor password.
func TestConfigLog(t *testing.T) {
	_, file := configDir(t, goodConfig(t))
	c, err := readConfig(file, needServers, needSecret)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("start", "config", c)
	if line := b.String(); strings.Contains(line, testSecret) || strings.Contains(line, "hunter") || !strings.Contains(line, "shop@acme.example") {
		t.Error(line)
	}
}

// FuzzConfig: whatever the file holds, there is an answer with a line for
// every mistake.
func FuzzConfig(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.toml")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig("gatepost.toml", data)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if err == nil {
			return
		}
		for _, m := range err.(*configError).mistakes {
			if m.line < 1 {
				t.Errorf("no line: %+v", m)
			}
		}
	})
}

// The team's digest and prompt move into the working day of somebody with hours of
// their own, and stay where they fall into it.
func TestHoursOfOnesOwn(t *testing.T) {
	for _, c := range []struct{ work, digest, prompt string }{
		{"mon-fri 14:00-22:00", "13:30", "16:00"},
		{"mon-fri 06:00-14:00", "08:30", "12:30"},
		{"mon-thu 09:00-17:30", "08:30", "16:00"},
		{"mon-fri 10:00-18:00", "09:30", "16:00"},
		{"mon-fri 15:30-16:00", "15:00", "15:30"}, // as short as it is
	} {
		person := func(more string) loop.Person {
			file := configWith(t, "work = \"mon-fri 09:00-17:30\"\ndigest = \"08:30\"\nprompt = \"16:00\"\n", "work = \""+c.work+"\"\n"+more)
			cfg, err := readConfig(file)
			must(t, err)
			return cfg.Teams[0].People[0]
		}
		if p := person(""); p.Digest.String() != c.digest || p.Prompt.String() != c.prompt {
			t.Errorf("%s: digest at %s and prompt at %s, want %s and %s", c.work, p.Digest, p.Prompt, c.digest, c.prompt)
		}
		if p := person("digest = \"08:00\"\nprompt = \"23:00\"\n"); p.Digest.String() != "08:00" || p.Prompt.String() != "23:00" {
			t.Errorf("%s: what they chose is changed: digest at %s, prompt at %s", c.work, p.Digest, p.Prompt)
		}
	}
}

// configWith is a config of one team with these keys, whose PM has those.
func configWith(t *testing.T, team, person string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gatepost.toml")
	must(t, os.WriteFile(file, []byte("[[team]]\nname = \"Shop\"\naddress = \"shop@acme.example\"\ntimezone = \"Europe/Berlin\"\n"+team+
		"[[team.person]]\nname = \"Priya\"\nemail = [\"priya@acme.example\"]\nrole = \"pm\"\n"+person+
		"[[team.person]]\nname = \"Dana\"\nemail = [\"dana@acme.example\"]\nrole = \"engineer\"\n"+
		"[[team.stream]]\nname = \"web\"\nengineer = \"dana@acme.example\"\napprovers = [\"priya@acme.example\"]\n"), 0o600))
	return file
}
