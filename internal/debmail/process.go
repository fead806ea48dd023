package debmail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// daemon is a master process in a process group of its own, with its children.
type daemon struct {
	cmd  *exec.Cmd
	out  *os.File // what it wrote to its terminal; a file, as children keep it open
	done chan struct{}
	err  error
	once sync.Once
}

// stop ends the group: gently, then for good. It returns when the master is
// gone and no process of the group is left.
func (d *daemon) stop() error {
	if d == nil {
		return nil
	}
	var err error
	d.once.Do(func() {
		group := d.cmd.Process.Pid
		syscall.Kill(group, syscall.SIGTERM) // the master alone: it knows how to end the rest
		select {
		case <-d.done:
		case <-time.After(5 * time.Second):
		}
		for deadline := time.Now().Add(10 * time.Second); alive(group); {
			syscall.Kill(-group, syscall.SIGKILL)
			if time.Now().After(deadline) {
				err = fmt.Errorf("end %s: processes of group %d are left", d.cmd.Path, group)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		<-d.done
	})
	return err
}

// alive tells whether a process of the group runs. One that ended counts as
// gone even while whoever adopted it has not noticed yet.
func alive(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		raw, _ := os.ReadFile(f)
		// pid (name) state parent group …; the name may hold anything
		_, rest, ok := strings.Cut(string(raw[bytes.LastIndexByte(raw, ')')+1:]), " ")
		if f := strings.Fields(rest); ok && len(f) > 2 && f[2] == strconv.Itoa(group) && f[0] != "Z" && f[0] != "X" {
			return true
		}
	}
	return false
}

// answers waits until addr greets with prefix.
func (d *daemon) answers(addr, prefix string) error {
	var last error
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); {
		select {
		case <-d.done:
			said, _ := os.ReadFile(d.out.Name())
			return fmt.Errorf("%s ended at once (%v): %s", d.cmd.Path, d.err, said)
		default:
		}
		if last = greets(addr, prefix); last == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%s does not answer on %s within %v: %w", d.cmd.Path, addr, startLimit, last)
}

func greets(addr, prefix string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	got := make([]byte, len(prefix))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != prefix {
		return fmt.Errorf("greeting %q", got)
	}
	return nil
}

// guard is a small process that outlives us: when our end of its pipe closes,
// also because we were killed, it ends the groups it was told of and removes
// the folder.
type guard struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
	dir  string
}

const guardScript = `
groups=
while read -r g; do groups="$groups -$g"; done
for g in $groups; do kill -s TERM -- "$g"; done 2>/dev/null
[ -n "$groups" ] && sleep 1
for g in $groups; do kill -s KILL -- "$g"; done 2>/dev/null
rm -rf -- "$1"
`

func newGuard(dir string) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "guard", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	return &guard{cmd: cmd, pipe: pipe, dir: dir}, nil
}

// start runs a master process and tells the guard of it.
func (g *guard) start(name string, args ...string) (*daemon, error) {
	d := &daemon{cmd: exec.Command(name, args...), done: make(chan struct{})}
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	d.cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}
	var err error
	if d.out, err = os.CreateTemp(g.dir, "terminal-"); err != nil {
		return nil, err
	}
	defer d.out.Close()
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	if _, err := fmt.Fprintln(g.pipe, d.cmd.Process.Pid); err != nil {
		return nil, errors.Join(fmt.Errorf("tell the watcher: %w", err), d.stop())
	}
	return d, nil
}

// close ends the guard; the groups must be gone already.
func (g *guard) close() error {
	g.cmd.Process.Kill()
	g.pipe.Close()
	if err := g.cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
		return fmt.Errorf("end the watcher: %w", err)
	}
	return nil
}
