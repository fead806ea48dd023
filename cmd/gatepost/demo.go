package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"gatepost/internal/loopmail"
	"gatepost/internal/story"
	"gatepost/store"
)

// demoPassword is the password of every mailbox of the demo; its servers
// listen on loopback only and hold nothing but the story.
const demoPassword = "gatepost"

func newDemoCommand(g *globals) *cobra.Command {
	var once, plain bool
	var dir, imapAddr, smtpAddr string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole loop played through real IMAP and SMTP on this machine",
		Long: "Starts a mail server on loopback with a PM, two engineers and the team's address, plays the\n" +
			"loop through it with the real poller and sender, and shows each mail as it travels. Then it\n" +
			"stays up for a mail client. --once ends after the story, with status 0 only if every step happened.",
		Example: "  gatepost demo\n  gatepost demo --once",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &demo{out: cmd.OutOrStdout(), colour: !plain && isTerminal(os.Stdout), log: silent()}
			if g.verbose {
				d.log = g.log()
			}
			return d.run(cmd.Context(), dir, imapAddr, smtpAddr, once)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "end after the story")
	cmd.Flags().BoolVar(&plain, "plain", false, "no colour")
	cmd.Flags().StringVar(&dir, "dir", "", "folder for config, database and letters (default: a new one in the temporary folder)")
	cmd.Flags().StringVar(&imapAddr, "imap", "127.0.0.1:0", "host:port for IMAP; port 0 is any free one")
	cmd.Flags().StringVar(&smtpAddr, "smtp", "127.0.0.1:0", "host:port for SMTP")
	return cmd
}

// demoClock stands where the story puts it, and runs on from there afterwards.
type demoClock struct {
	mu     sync.Mutex
	at     time.Time
	since  time.Time // real time at which it was let go; zero: it stands
	onMove func()
}

func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.at
	}
	return c.at.Add(time.Since(c.since))
}

func (c *demoClock) set(t time.Time) {
	c.mu.Lock()
	c.at = t
	c.mu.Unlock()
	c.onMove()
}

func (c *demoClock) letGo() {
	c.mu.Lock()
	c.since = time.Now()
	c.mu.Unlock()
}

// demo shows the story on a terminal or in a pipe.
type demo struct {
	out    io.Writer
	colour bool
	log    logger
	mu     sync.Mutex
}

func (d *demo) run(ctx context.Context, dir, imapAddr, smtpAddr string, once bool) error {
	start := time.Now()
	dir, err := demoDir(dir)
	if err != nil {
		return err
	}
	clock := &demoClock{at: story.Begin, onMove: func() {}}
	users := map[string]string{}
	for _, u := range []string{story.Team, story.Priya, story.Dana, story.Lee, story.Stranger} {
		users[u] = demoPassword
	}
	house, err := loopmail.Start(loopmail.Config{Users: users, IMAPAddr: imapAddr, SMTPAddr: smtpAddr, Now: clock.now, OnMail: d.show})
	if err != nil {
		return err
	}
	defer house.Close()
	running, err := startStory(ctx, dir, house.IMAPAddr, house.SMTPAddr, demoPassword, clock, d.log)
	if err != nil {
		return err
	}
	stage := &story.Stage{
		Submit:  func(from string, to []string, raw []byte) error { return house.Submit(from, demoPassword, to, raw) },
		Mailbox: func(a string) ([][]byte, error) { return house.Mailbox(a), nil },
		State:   running.state, SetClock: clock.set, Tell: d.tell,
		Patience: 20 * time.Second, Pause: func() { time.Sleep(5 * time.Millisecond) },
	}
	played := stage.Play()
	index, err := writeLetters(filepath.Join(dir, "letters"), stage.Letters())
	if err != nil {
		return errors.Join(played, err, running.stop())
	}
	if played != nil {
		return errors.Join(fmt.Errorf("the story stopped: %w", played), running.stop())
	}
	if once {
		if err := running.stop(); err != nil {
			return err
		}
		if err := verifyAt(ctx, filepath.Join(dir, "gatepost.toml")); err != nil {
			return err
		}
		d.line("", fmt.Sprintf("Every step happened, %d letters, the record is clean (%.1f s).", len(stage.Letters()), time.Since(start).Seconds()))
		d.line("", "The letters as they render: "+index)
		return nil
	}
	clock.letGo()
	d.farewell(house, dir, index)
	select {
	case <-ctx.Done():
	case <-running.ended:
	}
	return running.stop()
}

// demoDir is the folder of the demo, with nothing of an earlier one in it.
func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "gatepost-demo-")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder for the demo: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "gatepost.db")); err == nil {
		return "", fmt.Errorf("folder %q holds a database already: name another with --dir", dir)
	}
	return filepath.Abs(dir)
}

// farewell says how to go on by hand.
func (d *demo) farewell(house *loopmail.Server, dir, index string) {
	d.line("", fmt.Sprintf(`Every step happened. The letters as they render: %s

The servers stay up until Ctrl-C. To take part, point a mail client at them
(no TLS, normal password):

  IMAP  %s      SMTP  %s
  user  %s, %s or %s
  password  %s

Mail a task to %s as Priya, or reply to any letter.
Look inside with: gatepost status --config %s`,
		index, house.IMAPAddr, house.SMTPAddr, story.Priya, story.Dana, story.Lee, demoPassword,
		"shop+web@acme.example", filepath.Join(dir, "gatepost.toml")))
}

func (d *demo) tell(line string) { d.line("\x1b[1m", "\n── "+line) }

func (d *demo) line(colour, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write(colour, text)
}

func (d *demo) write(colour, text string) {
	if d.colour && colour != "" {
		text = colour + text + "\x1b[0m"
	}
	fmt.Fprintln(d.out, text)
}

// show prints a mail as it travels: who → whom, the subject, the first lines.
func (d *demo) show(from string, rcpt []string, raw []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	mail, err := story.ReadLetter(raw)
	if err != nil {
		d.write("", err.Error())
		return
	}
	who, colour := from, "\x1b[36m" // a person
	if mail.Kind != "" {
		who, colour = "Gatepost ("+mail.Kind+")", "\x1b[33m"
	}
	d.write(colour, fmt.Sprintf("  %s → %s", who, strings.Join(rcpt, ", ")))
	d.write("\x1b[1m", "    "+mail.Subject)
	for _, l := range firstWords(mail.Text, 4) {
		d.write("\x1b[2m", "    │ "+l)
	}
}

// storyService is the real service on the story's config.
type storyService struct {
	service *service
	cfg     *Config
	db      *store.DB
	cancel  context.CancelFunc
	ended   chan struct{}
	err     error
}

// startStory writes config, secret and password into dir, makes the database
// and runs the service on the clock.
func startStory(ctx context.Context, dir, imapAddr, smtpAddr, password string, clock *demoClock, log logger) (*storyService, error) {
	imapHost, imapPort, err := splitAddr(imapAddr)
	if err != nil {
		return nil, err
	}
	smtpHost, smtpPort, err := splitAddr(smtpAddr)
	if err != nil {
		return nil, err
	}
	for name, content := range map[string]string{
		"gatepost.toml": story.Config(imapHost, imapPort, smtpHost, smtpPort), "robot.pass": password + "\n", "gatepost.secret": newSecret() + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("set up the story: %w", err)
		}
	}
	cfg, err := readConfig(filepath.Join(dir, "gatepost.toml"), needServers, needSecret)
	if err != nil {
		return nil, err
	}
	db, err := store.Create(cfg.Store.Path)
	if err != nil {
		return nil, err
	}
	if err := db.Lock(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r := &storyService{cfg: cfg, db: db, ended: make(chan struct{})}
	r.service = newService(cfg, db, log, clock.now, true)
	clock.onMove = func() { poke(r.service.mailCame); r.service.lettersDue() }
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		defer close(r.ended)
		r.err = r.service.Run(ctx)
	}()
	return r, nil
}

// stop ends the service and closes the database.
func (r *storyService) stop() error {
	r.cancel()
	<-r.ended
	return errors.Join(r.err, r.db.Unlock(), r.db.Close())
}

// state is "gate, round 1" or "active, round 1, blocked".
func (r *storyService) state(n int) (string, error) {
	s, err := r.db.Load(context.Background(), r.cfg.Teams[0], store.Want{All: true})
	if err != nil {
		return "", err
	}
	t := s.Tasks[n]
	if t == nil {
		return "not there", nil
	}
	text := fmt.Sprintf("%s, round %d", t.State, t.Round)
	if t.Question != nil {
		text += ", blocked"
	}
	return text, nil
}

// verifyAt is `gatepost verify` on a config.
func verifyAt(ctx context.Context, config string) error {
	return (&globals{config: config}).reading(func(cfg *Config, db *store.DB) error {
		bad, err := db.Verify(ctx, cfg.Teams)
		if err == nil && len(bad) > 0 {
			err = fmt.Errorf("verify: %s", strings.Join(bad, "; "))
		}
		return err
	})
}

// firstWords is the first n lines of a text that are not empty.
func firstWords(text string, n int) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && len(lines) < n {
			lines = append(lines, line)
		}
	}
	return lines
}
