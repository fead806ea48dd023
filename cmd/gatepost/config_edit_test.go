package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gatepost/internal/story"
	"gatepost/store"
)

const editConfig = `# the team
[[team]] # shop
name = "Shop"
address = "shop@acme.example"
timezone = "Europe/Berlin"

  # the PM
  [[team.person]]
  name = "Priya Nair"   # P.
  email = ["priya@acme.example"]
  role = "pm"

  # she knows the cart
  [[team.person]]
  name = "Dana Kim"
  email = ["dana@acme.example", "dana@home.example"]
  role = "engineer"

  # the web
  [[team.stream]]
  name = "web"
  engineer = "dana@acme.example"  # since March
`

func editDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "gatepost.toml")
	if err := os.WriteFile(file, []byte(editConfig), 0o640); err != nil {
		t.Fatal(err)
	}
	db, err := store.Create(filepath.Join(dir, "gatepost.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// Each edit changes its own lines and no other: comments stay.
func TestConfigEdits(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"person add 'Lee Park <lee@acme.example>' --role engineer --email lee@home.example --timezone Asia/Seoul", "+  [[team.person]]\n+  name = \"Lee Park\"\n+  email = [\"lee@acme.example\", \"lee@home.example\"]\n+  role = \"engineer\"\n+  timezone = \"Asia/Seoul\"\n"},
		{"person add kim@acme.example --role reader", "+  [[team.person]]\n+  name = \"kim\"\n+  email = [\"kim@acme.example\"]\n+  role = \"reader\"\n"},
		{"stream add api dana@acme.example", "+  [[team.stream]]\n+  name = \"api\"\n+  engineer = \"dana@acme.example\"\n"},
	} {
		file := editDir(t)
		commandOutput(t, append([]string{"--config", file}, shellWords(c.args)...)...)
		after, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := added(editConfig, string(after)); got != c.want {
			t.Errorf("%s adds\n%s\nwant\n%s", c.args, got, c.want)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v, %v", c.args, info.Mode(), err)
		}
	}
	file := editDir(t)
	for _, args := range []string{
		"person add 'Lee Park <lee@acme.example>' --role engineer",
		"stream give web lee@acme.example", "person retire dana@home.example",
	} {
		commandOutput(t, append([]string{"--config", file}, shellWords(args)...)...)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# the team\n", "# shop\n", "# P.\n", "# she knows the cart\n", "# the web\n", "engineer = \"lee@acme.example\"  # since March\n"} {
		if !strings.Contains(string(after), want) {
			t.Errorf("%q is gone:\n%s", want, after)
		}
	}
	if strings.Contains(string(after), "Dana") {
		t.Errorf("Dana is still there:\n%s", after)
	}
}

// What would be wrong is refused, and the file stays as it was.
func TestConfigEditsRefused(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
		code int
	}{
		{"person add lee@acme.example", "needs --role", exitUsage},
		{"person add lee@acme.example --role boss", `role "boss"`, exitFailed},
		{"person add 'Dana <dana@home.example>' --role reader", "Dana Kim's already", exitFailed},
		{"person add shop@acme.example --role reader", "address of team", exitFailed},
		{"person retire dana@acme.example", "gatepost stream give web EMAIL", exitFailed},
		{"person retire priya@acme.example", "PM", exitFailed},
		{"person retire nobody@acme.example", "no person", exitUsage},
		{"stream add web dana@acme.example", "two streams of that name", exitFailed},
		{"stream add me dana@acme.example", "own tags", exitFailed},
		{"stream add api lee@acme.example", "is no person", exitFailed},
		{"stream give web priya@acme.example", "nobody can approve it", exitFailed},
		{"stream give api dana@acme.example", "no stream", exitUsage},
		{"stream retire web", "no stream", exitFailed},
		{"person retire dana@acme.example --instead dana@home.example", "want another person", exitUsage},
		{"person retire dana@acme.example --instead lee@acme.example", "want another person", exitUsage},
		{"stream", "list, add, give, retire", exitUsage},
	} {
		file := editDir(t)
		p := startProcess(t, append([]string{"--config", file}, shellWords(c.args)...)...)
		err := p.Wait()
		if err == nil || p.ProcessState.ExitCode() != c.code || !strings.Contains(p.output(), c.want) {
			t.Errorf("%s: exit %d, want %d; %q is not in %s", c.args, p.ProcessState.ExitCode(), c.code, c.want, p.output())
		}
		after, _ := os.ReadFile(file)
		if string(after) != editConfig {
			t.Errorf("%s changed the file", c.args)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".gatepost-*")); len(left) > 0 {
			t.Errorf("%s left %v", c.args, left)
		}
	}
	spelled := strings.Replace(editConfig, `engineer = "dana@acme.example"  #`, `"engineer" = 'dana@acme.example'  #`, 1)
	file := editDir(t)
	if err := os.WriteFile(file, []byte(spelled), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readConfigText(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.set("team.0.stream.0", "engineer", "x"); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("a spelling that is not understood: %v", err)
	}
}

// added are the lines of b that a has not, if nothing of a is missing in b.
func added(a, b string) string {
	rest := strings.SplitAfter(a, "\n")
	var out strings.Builder
	for line := range strings.Lines(b) {
		if len(rest) > 0 && line == rest[0] {
			rest = rest[1:]
		} else {
			out.WriteString("+" + line)
		}
	}
	if len(rest) > 0 && rest[0] != "" {
		out.WriteString("-" + rest[0])
	}
	return out.String()
}

// shellWords splits at spaces outside single quotes.
func shellWords(s string) (words []string) {
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// A stream goes to another engineer with its open task, the one before leaves,
// and a running service takes it by itself; the record stays sound.
func TestStreamChangesHands(t *testing.T) {
	t.Parallel() // it waits more than it works
	r := newRig(t)
	commandOutput(t, "--config", r.config, "once")
	p := startProcess(t, "run", "--config", r.config)
	r.task(t, "one")
	await(t, "Dana has the task", func() bool { return len(r.Mailbox(story.Dana)) > 0 || strings.Contains(p.output(), "task>"+story.Dana) }, p.output)
	before := len(r.Mailbox(story.Lee))
	commandOutput(t, "--config", r.config, "stream", "give", "web", story.Lee)
	p.says(t, "stream handed over")
	if out := commandOutput(t, "--config", r.config, "outbox"); !strings.Contains(out, story.Lee) && len(r.Mailbox(story.Lee)) == before {
		t.Errorf("Lee was not written to:\n%s", out)
	}
	commandOutput(t, "--config", r.config, "person", "retire", story.Dana)
	commandOutput(t, "--config", r.config, "person", "list")
	await(t, "the service has the config without Dana", func() bool { return strings.Count(p.output(), "gatepost runs") >= 3 }, p.output)
	r.task(t, "two")
	await(t, "Priya's second task is taken", func() bool {
		return strings.Contains(commandOutput(t, "--config", r.config, "status"), "#2 ")
	}, p.output)
	if out := commandOutput(t, "--config", r.config, "record", "1"); !strings.Contains(out, "handed to Lee") {
		t.Errorf("the record does not say it:\n%s", out)
	}
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Errorf("verify: %s", out)
	}
	if n := strings.Count(p.output(), "stream handed over"); n != 1 {
		t.Errorf("handed over %d times", n)
	}
}

// A person who leaves takes nothing along: what they opened, asked and decided
// stays readable, and the rules go on.
func TestPersonLeaves(t *testing.T) {
	r := newRig(t)
	commandOutput(t, "--config", r.config, "once")
	r.task(t, "one")
	r.task(t, "two")
	commandOutput(t, "--config", r.config, "once")
	commandOutput(t, "--config", r.config, "person", "add", "Nia <nia@acme.example>", "--role", "pm")
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, "gatepost.toml", strings.ReplaceAll(string(config), `approvers = ["`+story.Priya+`"]`, `approvers = ["nia@acme.example"]`))
	commandOutput(t, "--config", r.config, "person", "retire", story.Priya)
	raw := "From: Dana <" + story.Dana + ">\r\nTo: " + story.Team + "\r\nSubject: Re: [#1] one\r\nIn-Reply-To: <one@x.example>\r\nMessage-ID: <u@x.example>\r\n\r\nmoved: half of it\r\n"
	if err := r.Inject(story.Dana, []string{story.Team}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	r.task(t, "three") // from Priya, who is a stranger now
	commandOutput(t, "--config", r.config, "once")
	for args, want := range map[string]string{"verify": "clean", "held": story.Priya, "status": "#1 ", "record 1": "half of it"} {
		if out := commandOutput(t, append([]string{"--config", r.config}, strings.Fields(args)...)...); !strings.Contains(out, want) {
			t.Errorf("%s: no %q in %s", args, want, out)
		}
	}
}

// Whoever leaves hands over streams and gates: the new engineer gets the task,
// the new approver the gate letter, once, and can open it; comments stay.
func TestRetireInstead(t *testing.T) {
	r := newRig(t)
	commandOutput(t, "--config", r.config, "once")
	r.task(t, "one")
	commandOutput(t, "--config", r.config, "once")
	done := "From: Dana <" + story.Dana + ">\r\nTo: shop+web@acme.example\r\nSubject: [#1] one\r\nMessage-ID: <d@x.example>\r\nIn-Reply-To: <one@x.example>\r\n\r\ndone: it works\r\n"
	if err := r.Inject(story.Dana, []string{"shop+web@acme.example"}, []byte(done)); err != nil {
		t.Fatal(err)
	}
	commandOutput(t, "--config", r.config, "once")
	held := strings.Fields(commandOutput(t, "--config", r.config, "held")) // she had no token: the operator's word
	commandOutput(t, "--config", r.config, "held", "release", held[0])
	commandOutput(t, "--config", r.config, "once")
	if out := commandOutput(t, "--config", r.config, "status"); !strings.Contains(out, "#1    one (gate") {
		t.Fatal(out)
	}
	r.edit(t, "gatepost.toml", `approvers = ["priya@acme.example"]`, `approvers = ["priya@acme.example"] # she`)
	commandOutput(t, "--config", r.config, "person", "add", "Omar <omar@acme.example>", "--role", "pm")
	if out := commandOutput(t, "--config", r.config, "person", "retire", story.Priya, "--instead", "omar@acme.example"); !strings.Contains(out, "stream web is approved by omar@acme.example") {
		t.Error(out)
	}
	if out := commandOutput(t, "--config", r.config, "person", "retire", story.Dana, "--instead", story.Lee); !strings.Contains(out, story.Lee+" is the engineer of stream web") {
		t.Error(out)
	}
	if b, err := os.ReadFile(r.config); err != nil || !strings.Contains(string(b), `approvers = ["omar@acme.example"] # she`) || strings.Contains(string(b), "priya") {
		t.Errorf("the config is\n%s (%v)", b, err)
	}
	for range 2 {
		startProcess(t, "--config", r.config, "once").Wait() // omar has no mailbox: a letter fails, which is said
	}
	if out := commandOutput(t, "--config", r.config, "outbox", "--state", "all"); strings.Count(out, "gate        omar@acme.example") != 1 {
		t.Errorf("gate letters:\n%s", out)
	}
	if out := commandOutput(t, "--config", r.config, "record", "1"); !strings.Contains(out, "handed to Omar") {
		t.Errorf("record: %s", out)
	}
	if out := commandOutput(t, "--config", r.config, "verify"); !strings.Contains(out, "clean") {
		t.Error(out)
	}
}

// What somebody else wrote into the file meanwhile is not written over, and the
// file keeps its group: that of the service, most likely.
func TestConfigEditKeepsWhatIsOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gatepost.toml")
	if err := os.WriteFile(file, []byte(editConfig), 0o640); err != nil {
		t.Fatal(err)
	}
	edit := func() *configText {
		t.Helper()
		c, err := readConfigText(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.add(0, "person", "name", `"Kim"`, "email", `["kim@acme.example"]`, "role", `"reader"`); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(file, 0, 65534); err != nil {
			t.Fatal(err)
		}
	}
	first, second := edit(), edit()
	if err := first.save(); err != nil {
		t.Fatal(err)
	}
	if err := second.save(); err == nil || !strings.Contains(err.Error(), "changed meanwhile") {
		t.Errorf("the second one: %v", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && owner.Gid != 65534 {
		t.Errorf("the group is %d", owner.Gid)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".gatepost-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
