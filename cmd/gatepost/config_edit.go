package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// configText is a config file as text, to be changed by a few lines with every
// comment kept. Its tables must be written as [[team.person]] and
// [[team.stream]] with one key a line, as init writes them; another spelling is
// refused, and a person edits the file.
type configText struct {
	path   string
	read   []byte // the file as it was
	lines  []string
	config *Config        // as it was before
	at     map[string]int // path of a table or key → its line, from 1
}

// tableHead is a line that opens a table.
var tableHead = regexp.MustCompile(`^\s*\[\[?[A-Za-z0-9_. -]+\]\]?\s*(#.*)?$`)

func readConfigText(path string) (*configText, error) {
	data, err := readConfigFile(path)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(path, data)
	if err != nil {
		return nil, err
	}
	return &configText{path, data, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), config, readConfigLines(data).line}, nil
}

var errByHand = errors.New("edit the file by hand, and run `gatepost check`")

// block is where the table of this path stands: lines[from:to], without the
// empty lines and comments before the next table.
func (c *configText) block(path string) (from, to int, err error) {
	from = c.at[path] - 1
	if from < 0 || !tableHead.MatchString(c.lines[from]) {
		return 0, 0, fmt.Errorf("%s has no [[%s]] heading for it: %w", c.path, dotted(path), errByHand)
	}
	to = from + 1
	for to < len(c.lines) && !tableHead.MatchString(c.lines[to]) {
		to++
	}
	for to > from+1 && (strings.TrimSpace(c.lines[to-1]) == "" || strings.HasPrefix(strings.TrimSpace(c.lines[to-1]), "#")) {
		to--
	}
	return from, to, nil
}

// lineOf is the line of a key in the block of its table.
func (c *configText) lineOf(path, key string) (int, error) {
	from, to, err := c.block(path)
	if err != nil {
		return 0, err
	}
	line := c.at[path+"."+key] - 1
	if line <= from || line >= to {
		return 0, fmt.Errorf("%s: %s stands in no line of its own: %w", c.path, key, errByHand)
	}
	return line, nil
}

// set gives the key of a table another value; the comment behind it stays.
func (c *configText) set(path, key, value string) error {
	line, err := c.lineOf(path, key)
	if err != nil {
		return err
	}
	old := regexp.MustCompile(`^(\s*` + regexp.QuoteMeta(key) + `\s*=\s*)"[^"\\]*"(.*)$`).FindStringSubmatch(c.lines[line])
	if old == nil {
		return fmt.Errorf("%s:%d: %s is written in a way that is not understood here: %w", c.path, line+1, key, errByHand)
	}
	c.lines[line] = old[1] + strconv.Quote(value) + old[2]
	return nil
}

// setList is set for a list that stands in one line.
func (c *configText) setList(path, key string, values []string) error {
	line, err := c.lineOf(path, key)
	if err != nil {
		return err
	}
	old := regexp.MustCompile(`^(\s*` + regexp.QuoteMeta(key) + `\s*=\s*)\[[^\]#]*\](.*)$`).FindStringSubmatch(c.lines[line])
	if old == nil {
		return fmt.Errorf("%s:%d: %s is written in a way that is not understood here: %w", c.path, line+1, key, errByHand)
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	c.lines[line] = old[1] + "[" + strings.Join(quoted, ", ") + "]" + old[2]
	return nil
}

// remove takes a table out, with the empty line before it.
func (c *configText) remove(path string) error {
	from, to, err := c.block(path)
	if err != nil {
		return err
	}
	if from > 0 && strings.TrimSpace(c.lines[from-1]) == "" {
		from--
	}
	c.lines = slices.Delete(c.lines, from, to)
	return nil
}

// add puts a table behind the last of its kind in the team, indented as that.
func (c *configText) add(team int, kind string, keys ...string) error {
	last := -1
	for n := 0; c.at[fmt.Sprintf("team.%d.%s.%d", team, kind, n)] > 0; n++ {
		last = n
	}
	if last < 0 {
		return fmt.Errorf("%s has no [[team.%s]] that a further one could follow: %w", c.path, kind, errByHand)
	}
	from, to, err := c.block(fmt.Sprintf("team.%d.%s.%d", team, kind, last))
	if err != nil {
		return err
	}
	head := c.lines[from]
	indent := head[:len(head)-len(strings.TrimLeft(head, " \t"))]
	table := []string{indent + "[[team." + kind + "]]"}
	for i := 0; i+1 < len(keys); i += 2 {
		table = append(table, indent+keys[i]+" = "+keys[i+1])
	}
	c.lines = slices.Insert(c.lines, to, table...)
	return nil
}

// save checks the new text as the service would, and puts it in the place of
// the file in one step, with the owner and mode that it had.
func (c *configText) save() error {
	data := []byte(strings.Join(c.lines, "\n") + "\n")
	if _, err := parseConfig(c.path, data); err != nil {
		return fmt.Errorf("nothing was changed, as this would be wrong then:\n%w", err)
	}
	path, err := filepath.EvalSymlinks(c.path)
	if err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".gatepost-*.toml")
	if err != nil {
		return fmt.Errorf("write config: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()))
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && (int(owner.Uid) != os.Geteuid() || int(owner.Gid) != os.Getegid()) {
		if e := f.Chown(int(owner.Uid), int(owner.Gid)); int(owner.Uid) != os.Geteuid() { // a group that one is not in cannot be kept
			err = errors.Join(err, e)
		}
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if now, e := readConfigFile(c.path); err == nil && (e != nil || !bytes.Equal(now, c.read)) {
		err = errors.New("it was changed meanwhile by somebody else, and nothing was written: call it again")
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if e := os.Remove(f.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
		return fmt.Errorf("write config: %w", err)
	}
	return nil
}

// team is the number of the team that a flag names, or of the only one.
func (c *configText) team(address string) (int, error) {
	t, err := c.config.team(address)
	if err != nil {
		return 0, err
	}
	return slices.Index(c.config.Teams, t), nil
}

// person is the path of the person with this address.
func (c *configText) person(team int, address string) (string, error) {
	t := c.config.Teams[team]
	p := t.Person(address)
	if p == nil {
		return "", usagef("no person %q in team %q: `gatepost person list` names them", address, t.Name)
	}
	for i := range t.People {
		if &t.People[i] == p {
			return fmt.Sprintf("team.%d.person.%d", team, i), nil
		}
	}
	return "", nil
}

// stream is the path of the stream with this name.
func (c *configText) stream(team int, name string) (string, error) {
	t := c.config.Teams[team]
	for i := range t.Streams {
		if strings.EqualFold(t.Streams[i].Name, name) {
			return fmt.Sprintf("team.%d.stream.%d", team, i), nil
		}
	}
	return "", usagef("no stream %q in team %q: `gatepost stream list` names them", name, t.Name)
}
