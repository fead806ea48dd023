package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"gatepost/loop"
	"gatepost/templates"
)

// Config is gatepost.toml as it was understood, every default filled in. A
// table that is missing is a nil pointer; that happens only where readConfig
// was not told that it is needed.
type Config struct {
	File       string      // as it was named
	IMAP       *imapConfig // of the teams that have none of their own
	SMTP       *smtpConfig
	Mailboxes  []*mailboxConfig // every mailbox that is read, once
	Senders    []*senderConfig  // every way that letters go out, once
	Store      storeConfig
	Secret     secretConfig
	Evidence   evidenceConfig
	Operator   string // address for alerts; "": none
	Listen     string // loopback host:port for /healthz, /readyz and /metrics; "": none
	Pprof      bool   // /debug/pprof/ on Listen as well
	AlertAfter time.Duration
	Letters    templates.Checked // the wording of letters; Use puts it into use
	Aside      map[string]string // needGoing: address of a team → why nothing can be done for it now
	Unworded   string            // needGoing: why the wording of [letters] is not in use
	Teams      []*loop.Team
}

type storeConfig struct {
	Path          string // of the database
	Keep          keep   // bytes of mails and letters about closed tasks
	KeepStrangers keep   // held mail that nobody lets in
}

type secretConfig struct {
	File     string
	Bytes    []byte // the content without the final newline; nil unless it was needed
	OldFiles []string
	Old      [][]byte // as Bytes
}

type evidenceConfig struct {
	AuthservID string // "": no Authentication-Results counts
}

// configNeed is what a command cannot do without.
type configNeed int

const (
	needServers configNeed = iota // both mail servers and their passwords
	needSecret                    // the secret that tokens are made with
	needGoing                     // whatever works: what one team's files lack stops that team alone
)

// readConfig reads and checks the config. What the command does not need may
// be missing; what is written is checked in any case. The error is a
// *configError with every mistake, or says why the file cannot be read.
func readConfig(path string, needs ...configNeed) (*Config, error) {
	data, err := readConfigFile(path)
	if err != nil {
		return nil, err
	}
	return parseConfig(path, data, needs...)
}

// byteOrderMark is what some editors put before UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// readConfigFile is the content of a config, without a byte order mark.
func readConfigFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("config %q does not exist: make one with `gatepost init`, or name another with --config", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), nil
}

// parseConfig is readConfig on the file's content.
func parseConfig(path string, data []byte, needs ...configNeed) (*Config, error) {
	lines := readConfigLines(data)
	r := &configReader{configLines: lines, dir: filepath.Dir(path)}
	var file configFile
	if r.decode(data, &file) {
		r.config = &Config{File: path}
		r.read(&file, needs)
	}
	if len(r.bad) > 0 {
		return nil, newConfigError(path, r.bad)
	}
	return r.config, nil
}

// configReader turns what is written into what is meant, and gathers mistakes.
type configReader struct {
	*configLines
	dir    string // relative paths start here
	config *Config
	going  bool           // needGoing, and there is another team to go on with
	aside  map[int]string // place of a team → why it is set aside
	shared *serverConfig  // [imap] while the [smtp] beside it is read: it lends its login; else nil
}

// markFile notes what is wrong with a file beside the config: a mistake, or the
// reason to set the team of this path aside.
func (r *configReader) markFile(path, format string, args ...any) {
	var team int
	if n, _ := fmt.Sscanf(path, "team.%d.", &team); n == 1 && r.going {
		r.aside[team] = fmt.Sprintf(format, args...)
		return
	}
	r.mark(path, format, args...)
}

// decode reports whether the file could be read at all.
func (r *configReader) decode(data []byte, file *configFile) bool {
	if line, other := otherEncoding(data); other {
		r.say(line, "not UTF-8: save the file as UTF-8, as your editor offers it, or: iconv -f UTF-16 -t UTF-8 (or -f WINDOWS-1252)")
		return false
	}
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(file)
	var unknown *toml.StrictMissingError
	var broken *toml.DecodeError
	switch {
	case err == nil, errors.As(err, &unknown) && len(r.bad) > 0: // named already, with a proposal
		return true
	case len(r.bad) > 0 && r.parser.Error() == nil: // a value of the wrong kind: named already, in plainer words
	case errors.As(err, &broken):
		line, _ := broken.Position()
		r.say(line, "not TOML: %s", tomlRemedy(data, line, strings.TrimPrefix(broken.Error(), "toml: ")))
	default:
		r.say(1, "not TOML: %v", err)
	}
	return false
}

// override is how letters are worded with the files of a folder.
func override(folder string) (templates.Checked, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return templates.Checked{}, errors.New("there is no such folder: make it beside the config, or take templates out")
	}
	return templates.Override(os.DirFS(folder))
}

// tomlRemedy adds what to do to the parser's words about a line.
func tomlRemedy(data []byte, line int, said string) string {
	lines := bytes.Split(data, []byte("\n"))
	switch {
	case strings.HasSuffix(said, "already defined"), strings.HasSuffix(said, "already exists"):
		return said + ": it stands there twice, keep one of the two"
	case line > 0 && line <= len(lines) && bytes.ContainsAny(lines[line-1], "“”„‘’«»"):
		return "text stands in typographic quotes: write plain ones, as key = \"value\""
	}
	return said + ": want key = \"value\" lines under [table] headings, text in quotes"
}

// otherEncoding tells whether a file is not UTF-8, and the line that shows it.
// UTF-16 has a NUL in each plain letter.
func otherEncoding(data []byte) (line int, other bool) {
	line = 1
	for text := range bytes.Lines(data) {
		if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			return line, true
		}
		line++
	}
	return 0, false
}

// mark notes a mistake at the line of a key or table.
func (r *configReader) mark(path, format string, args ...any) {
	r.say(r.of(path), format, args...)
}

// read fills the Config from the file.
func (r *configReader) read(file *configFile, needs []configNeed) {
	c := r.config
	servers := slices.Contains(needs, needServers)
	r.going, r.aside = slices.Contains(needs, needGoing) && len(file.Team) > 1, map[int]string{}
	c.Store.Path = r.path(or(file.Store.Path, "gatepost.db"))
	c.Store.Keep = r.keep("store.keep", file.Store.Keep, 30)
	c.Store.KeepStrangers = r.keep("store.keep_strangers", file.Store.KeepStrangers, 7)
	c.Secret.File, c.Secret.OldFiles = r.private(or(file.Secret.File, "gatepost.secret")), file.Secret.Old
	if slices.Contains(needs, needSecret) {
		secret, err := readSecret(c.Secret.File)
		if err != nil {
			r.mark("secret.file", "%v", err)
		}
		c.Secret.Bytes = secret
		for i, name := range file.Secret.Old {
			old, err := readSecret(r.private(name))
			if err == nil && bytes.Equal(old, secret) {
				err = fmt.Errorf("secret %q is the present one as well: make a new one for file, or take it out of old", name)
			}
			if err != nil {
				r.mark(fmt.Sprintf("secret.old.%d", i), "%v", err)
			}
			c.Secret.Old = append(c.Secret.Old, old)
		}
	}
	c.Evidence.AuthservID = strings.ToLower(file.Evidence.AuthservID)
	if strings.ContainsAny(c.Evidence.AuthservID, " ;\"\t\r\n") {
		r.mark("evidence.authserv_id", "authserv_id %q: want the one word at the start of the server's Authentication-Results, as \"mx.acme.example\"", file.Evidence.AuthservID)
	}
	if len(file.Team) == 0 {
		r.mark("team", "no [[team]]: add one with name, address, timezone, persons and streams")
	}
	for i := range file.Team {
		c.Teams = append(c.Teams, r.team(fmt.Sprintf("team.%d", i), &file.Team[i]))
	}
	c.Aside = map[string]string{}
	for i, why := range r.aside {
		c.Aside[c.Teams[i].Address] = why
	}
	c.Letters = templates.Own()
	if folder := file.Letters.Templates; folder != "" {
		letters, err := override(r.path(folder))
		switch {
		case err != nil && slices.Contains(needs, needGoing):
			c.Unworded = fmt.Sprintf("[letters] templates %q: %v", folder, err)
		case err != nil:
			r.mark("letters.templates", "[letters] templates %q: %v", folder, err)
		default:
			c.Letters = letters
		}
	}
	r.servers(file, servers)
	if r.has("operator.email") {
		c.Operator = r.address("operator.email", "operator", file.Operator.Email)
	}
	c.AlertAfter = r.duration("operator.alert_after", "[operator] ", file.Operator.AlertAfter, "1h", time.Minute, 7*24*time.Hour)
	c.Listen = r.listen("operator.listen", file.Operator.Listen)
	if c.Pprof = file.Operator.Pprof; c.Pprof && c.Listen == "" {
		r.mark("operator.pprof", "[operator] pprof = true needs a port: add listen = \"127.0.0.1:9847\"")
	}
	r.ownAddresses()
	for _, t := range c.Teams {
		t.Secret, t.OldSecrets, t.Operator = c.Secret.Bytes, c.Secret.Old, c.Operator
		t.Index()
	}
}

// listen wants a port of this machine: the numbers are for nobody else.
func (r *configReader) listen(path, value string) string {
	if value == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(value)
	if n, e := strconv.Atoi(port); err != nil || e != nil || n < 1 || n > 65535 || !loopback(host) {
		r.mark(path, "[operator] listen %q: want a port of this machine, as \"127.0.0.1:9847\"; let a proxy on it serve others", value)
	}
	return value
}

// ownAddresses refuses a person or operator who is a team: the service would
// write to itself.
func (r *configReader) ownAddresses() {
	for i, t := range r.config.Teams {
		for j, other := range r.config.Teams[:i] {
			if t.Address != "" && t.Address == other.Address {
				r.mark(fmt.Sprintf("team.%d.address", i), "team %q: address %q is team %q's already (line %d): every team needs its own",
					t.Name, t.Address, other.Name, r.of(fmt.Sprintf("team.%d.address", j)))
			}
		}
		if r.config.Operator != "" && withoutTag(r.config.Operator) == t.Address {
			r.mark("operator.email", "operator %q is the address of team %q: alerts need a person's own address", r.config.Operator, t.Name)
		}
		for j, p := range t.People {
			for k, address := range p.Email {
				own := withoutTag(address)
				for _, team := range r.config.Teams {
					if address != "" && own == team.Address {
						r.mark(fmt.Sprintf("team.%d.person.%d.email.%d", i, j, k), "team %q: person %q has the address of team %q, %q: give their own", t.Name, p.Name, team.Name, address)
					}
				}
			}
		}
	}
}

// path is a file named in the config: beside it unless absolute.
func (r *configReader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, name)
}

// private is a file with a secret in it: as path, or one of the credentials
// that systemd hands to the service, which are found when they are read.
func (r *configReader) private(name string) string {
	if strings.HasPrefix(name, credentials) {
		return name
	}
	return r.path(name)
}

// duration reads "60s" or "2h" within bounds.
func (r *configReader) duration(path, what, value, standard string, least, most time.Duration) time.Duration {
	value = or(value, standard)
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > most {
		r.mark(path, "%s%s %q: want a time span from %s to %s, as %q", what, lastKey(path), value, span(least), span(most), standard)
	}
	return d
}

// span is a duration without its zero parts: 24h, not 24h0m0s.
func span(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// or is s, or standard where s was left out.
func or(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}

// LogValue is the config in effect, for the log at start: no secret in it.
func (c *Config) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("file", c.File), slog.String("store", c.Store.Path), slog.String("authserv_id", c.Evidence.AuthservID)}
	for _, m := range c.Mailboxes {
		attrs = append(attrs, slog.String("imap", m.String()), slog.String("mailbox", m.Mailbox), slog.Duration("poll", m.Poll))
	}
	for _, s := range c.Senders {
		attrs = append(attrs, slog.String("smtp", s.String()), slog.String("from_host", s.FromHost))
	}
	for _, t := range c.Teams {
		attrs = append(attrs, slog.Group("team", slog.String("address", t.Address), slog.String("zone", t.Zone.String()),
			slog.Int("people", len(t.People)), slog.Int("streams", len(t.Streams)), slog.String("trust", string(t.Trust))))
	}
	return slog.GroupValue(attrs...)
}
