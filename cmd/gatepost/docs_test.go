package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"gatepost/internal/story"
)

// docCommand is a `gatepost …` that the documentation shows: a line of an
// indented block, or what stands between back-quotes.
type docCommand struct {
	file, text string
	block      bool
}

var (
	indentedCommand = regexp.MustCompile(`(?m)^ {4,}(?:sudo (?:-u gatepost )?|\./)?(gatepost(?: .*)?)$`)
	quotedCommand   = regexp.MustCompile("`(gatepost [^`]+)`")
)

func docCommands(t *testing.T) (list []docCommand) {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range append(files, "../../README.md") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range indentedCommand.FindAllStringSubmatch(string(b), -1) {
			list = append(list, docCommand{filepath.Base(f), m[1], true})
		}
		for _, m := range quotedCommand.FindAllStringSubmatch(string(b), -1) {
			list = append(list, docCommand{filepath.Base(f), strings.ReplaceAll(m[1], "\n", " "), false})
		}
	}
	return list
}

// words are the arguments of a command line, without the comment behind it.
func (c docCommand) words() []string {
	line, _, _ := strings.Cut(c.text, " #")
	line, _, _ = strings.Cut(line, "   ") // a table of commands in a block
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words[1:]
}

// Every command in the documentation exists, with its flags.
func TestDocsNameCommandsThatExist(t *testing.T) {
	commands := docCommands(t)
	if len(commands) < 40 {
		t.Fatalf("only %d commands were found", len(commands))
	}
	for _, c := range commands {
		words := c.words()
		if i := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w, "|>") && !strings.Contains(w, "@") }); i >= 0 {
			words = words[:i]
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "…") {
			continue
		}
		root := newRootCommand()
		cmd, rest, err := root.Find(words)
		if err != nil || cmd == root {
			t.Errorf("%s: `%s`: no such command", c.file, c.text)
			continue
		}
		for _, w := range rest {
			name, long := strings.CutPrefix(w, "--")
			name, _, _ = strings.Cut(name, "=")
			if long && cmd.Flag(name) == nil {
				t.Errorf("%s: `%s`: %s has no flag --%s", c.file, c.text, cmd.Name(), name)
			}
		}
	}
}

// Every command has an example, and its help can be printed.
func TestEveryCommandHasAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			if sub.Example == "" && !sub.HasSubCommands() {
				t.Errorf("%s has no example", sub.CommandPath())
			}
			if sub.Short == "" {
				t.Errorf("%s does not say what it does", sub.CommandPath())
			}
			walk(sub)
		}
	}
	walk(newRootCommand())
}

// The commands of operating.md are run, in their order, on a team with a task
// in work. Those that wait for a person, or that need a number which only the
// reader has, are not.
func TestDocsOperatingRuns(t *testing.T) {
	commands := docCommands(t)
	r := newRig(t)
	t.Chdir(r.dir)
	r.task(t, "cart")
	commandOutput(t, "once", "--from-start")
	if err := os.Symlink(testBinary(t), filepath.Join(r.dir, "gatepost")); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range commands {
		if c.file != "operating.md" || !c.block {
			continue
		}
		line, _, _ := strings.Cut(c.text, " #")
		line = strings.ReplaceAll(line, "dana@acme.example", story.Dana)
		if strings.Contains(line, "check") { // its mail to itself takes a second; --wait keeps a failure short
			line += " --wait 20s"
		}
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir, cmd.Env = r.dir, append(os.Environ(), "GATEPOST_TEST_MAIN=1", "PATH="+r.dir+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		ran++
	}
	if ran < 15 {
		t.Errorf("only %d commands were run", ran)
	}
}

// The init of every set-up page makes a config that can be read.
func TestDocsSetupInit(t *testing.T) {
	pages := map[string]bool{}
	for _, c := range docCommands(t) {
		if !c.block || !strings.HasPrefix(c.text, "gatepost init --address") {
			continue
		}
		pages[c.file] = true
		args, needs := c.words()[1:], []configNeed{needSecret}
		if !slices.Contains(args, "--client-id") { // else the login comes first
			args, needs = append(args, "--password-file", "imap.pass"), append(needs, needServers)
		}
		if _, out, err := callInit(t, args...); err != nil {
			t.Errorf("%s: %v: %s", c.file, err, out)
			continue
		}
		if _, err := readConfig("gatepost.toml", needs...); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
	}
	if len(pages) != 4 {
		t.Errorf("pages with an init: %v, want 4", pages)
	}
}

func testBinary(t *testing.T) string {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	return self
}
