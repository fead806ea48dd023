package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// service is one life of the program.
type service struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// Config is the config of a campaign's team with its database at a path; the
// password of both servers is in robot.pass. more are further lines of [imap].
func Config(imapHost, imapPort, smtpHost, smtpPort, user, database, more string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[imap]\nhost = %q\nport = %s\ntls = \"none\"\nuser = %q\npassword_file = \"robot.pass\"\npoll = \"1s\"\n%s", imapHost, imapPort, user, more)
	fmt.Fprintf(&b, "[smtp]\nhost = %q\nport = %s\ntls = \"none\"\nuser = \"robot\"\npassword_file = \"robot.pass\"\nfrom_host = \"acme.example\"\n", smtpHost, smtpPort)
	fmt.Fprintf(&b, "[store]\npath = %q\n[secret]\nfile = \"gatepost.secret\"\n", database)
	fmt.Fprintf(&b, "[[team]]\nname = \"Shop\"\naddress = %q\ntimezone = \"UTC\"\nwork = \"mon-sun 00:00-23:59\"\ntrust = \"token\"\n", Team)
	fmt.Fprintf(&b, "  [[team.person]]\n  name = \"Priya\"\n  email = [%q]\n  role = \"pm\"\n", PM)
	for _, l := range lanes {
		fmt.Fprintf(&b, "  [[team.person]]\n  name = %q\n  email = [%q]\n  role = \"engineer\"\n", l.stream, l.engineer)
		fmt.Fprintf(&b, "  [[team.stream]]\n  name = %q\n  engineer = %q\n  approvers = [%q]\n", l.stream, l.engineer, PM)
	}
	return b.String()
}

// prepare writes config and secrets and makes the database.
func (c *Campaign) prepare() error {
	imapHost, imapPort, err := net.SplitHostPort(c.Mailbox.Addr)
	if err != nil {
		return err
	}
	smtpHost, smtpPort, err := net.SplitHostPort(c.recorder.Addr)
	if err != nil {
		return err
	}
	more := ""
	if c.Power != nil { // what the database forgets once it is filed away is lost for good
		more = "file_away = \"Read\"\n"
	}
	config := Config(imapHost, imapPort, smtpHost, smtpPort, c.Mailbox.User, c.database(), more)
	for name, content := range map[string]string{"gatepost.toml": config, "robot.pass": c.Mailbox.Password + "\n", "gatepost.secret": Secret + "\n"} {
		if err := os.WriteFile(c.path(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	if c.Power == nil {
		return c.Create(c.database())
	}
	// Made elsewhere: the disk is served by this process, see powercut.Mount.
	made := c.path("made.db")
	if err := c.Create(made); err != nil {
		return err
	}
	b, err := os.ReadFile(made)
	if err != nil {
		return err
	}
	return c.Power.Put("gatepost.db", b)
}

func (c *Campaign) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append(append(append([]string{}, c.Binary[1:]...), args...), "--config", c.path("gatepost.toml"))
	cmd := exec.CommandContext(ctx, c.Binary[0], args...)
	cmd.Env = append(os.Environ(), c.Env...)
	return cmd
}

// start begins a life, which crashes where crash says, as POINT:TIMES.
func (c *Campaign) start(ctx context.Context, crash string) (*service, error) {
	log, err := os.OpenFile(c.path("service.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.lives++
	c.recorder.Life(c.lives)
	fmt.Fprintf(log, "== life %d %s\n", c.lives, crash)
	cmd := c.command(ctx, "run", "--from-start")
	cmd.Stdout, cmd.Stderr = log, log
	if crash != "" {
		cmd.Env = append(cmd.Env, "GATEPOST_CRASH="+crash)
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &service{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// kill ends the life as kill -9 does. It is false if it was over before.
func (s *service) kill() bool {
	select {
	case <-s.ended:
		return false
	default:
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	return true
}

// end tells the service to end, as systemd does.
func (s *service) end() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.kill()
	}
}

// killed tells whether a life that is over ended by a kill.
func (s *service) killed() bool {
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// ask runs a command beside or without the service and gives what it prints.
func (c *Campaign) ask(ctx context.Context, args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd := c.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("gatepost %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.Bytes(), nil
}

// status is `gatepost status --json`, as far as it is looked at.
type status struct {
	Teams []struct {
		Tasks []struct {
			Number int    `json:"number"`
			State  string `json:"state"`
		} `json:"tasks"`
	} `json:"teams"`
	Outbox struct {
		Waiting int `json:"waiting"`
		Failed  int `json:"failed"`
	} `json:"outbox"`
	Held   int `json:"held"`
	Parked int `json:"parked"`
}

func (c *Campaign) status(ctx context.Context) (st status, err error) {
	out, err := c.ask(ctx, "status", "--json")
	if err != nil {
		return st, err
	}
	return st, json.Unmarshal(out, &st)
}

// approved is how many tasks are approved.
func (s status) approved() (n int) {
	for _, t := range s.Teams {
		for _, k := range t.Tasks {
			if k.State == "approved" {
				n++
			}
		}
	}
	return n
}

// until waits until all is done, or nothing has moved for a while.
func (c *Campaign) until(ctx context.Context, s *service) (done bool, err error) {
	last, since := "", time.Now()
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return false, ctx.Err()
		case <-s.ended:
			tick.Stop()
			return false, errEnded
		case <-tick.C:
		}
		st, err := c.status(ctx)
		if err != nil {
			return false, err
		}
		if st.approved() == c.traffic.Tasks && st.Outbox.Waiting == 0 {
			return true, nil
		}
		now := fmt.Sprint(st.approved(), st.Outbox, len(c.recorder.Taken()))
		if now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > 2*time.Second {
			return false, nil
		}
	}
}

// checkState: every task approved, nothing held, parked, waiting or failed.
func (c *Campaign) checkState(ctx context.Context) (bad []string) {
	st, err := c.status(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	if n := st.approved(); n != c.traffic.Tasks {
		bad = append(bad, fmt.Sprintf("%d tasks of %d are approved", n, c.traffic.Tasks))
	}
	if st.Held+st.Parked+st.Outbox.Waiting+st.Outbox.Failed > 0 {
		bad = append(bad, fmt.Sprintf("left over: %d held, %d parked, %d letters waiting, %d failed", st.Held, st.Parked, st.Outbox.Waiting, st.Outbox.Failed))
	}
	return bad
}
