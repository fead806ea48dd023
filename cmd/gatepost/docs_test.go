package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
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

// examples are the commands that help shows.
func examples(c *cobra.Command) (list []docCommand) {
	text := strings.ReplaceAll(c.Example, "\\\n", " ")
	for _, m := range regexp.MustCompile(`(?m)^ +(?:sudo -u gatepost )?(gatepost(?: .*)?)$`).FindAllStringSubmatch(text, -1) {
		list = append(list, docCommand{"help " + c.CommandPath(), m[1], true})
	}
	for _, sub := range c.Commands() {
		list = append(list, examples(sub)...)
	}
	return list
}

// Every command in the documentation and in help exists, with its flags.
func TestDocsNameCommandsThatExist(t *testing.T) {
	commands := append(docCommands(t), examples(newRootCommand())...)
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
