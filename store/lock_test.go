package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// lockHolder is how the test binary, run again, becomes a second process: it
// locks the database of this name and holds it until its input ends.
const lockHolder = "GATEPOST_TEST_HOLD"

func TestMain(m *testing.M) {
	if file := os.Getenv(lockHolder); file != "" {
		d, err := Open(file)
		if err == nil {
			err = d.Lock()
		}
		fmt.Println(err)
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // without Close, as if it was killed
	}
	os.Exit(m.Run())
}

// hold starts a second process and returns what its Lock said.
func hold(t *testing.T, file string) (said string, cmd *exec.Cmd, end func()) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), lockHolder+"="+file)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	end = func() { in.Close(); cmd.Wait() }
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return line, cmd, end
}

func TestSecondProcessIsRefused(t *testing.T) {
	r := newRig(t)
	said, other, end := hold(t, r.file)
	if said != "<nil>\n" {
		t.Fatalf("second process: %s", said)
	}
	err := r.Lock()
	wantErr(t, err, fmt.Sprintf("process %d serves it", other.Process.Pid), "stop that one")
	if !errors.Is(err, ErrLocked) {
		t.Errorf("error is %v", err)
	}
	r.story() // but to write is not forbidden: an operator's command may
	end()
	must(t, r.Lock()) // the lock of a killed process is nobody's
	said, _, _ = hold(t, r.file)
	wantErr(t, errors.New(said), fmt.Sprintf("process %d serves it", os.Getpid()))
	must(t, r.Unlock())
	must(t, r.Unlock())
	if said, _, _ = hold(t, r.file); said != "<nil>\n" {
		t.Errorf("after unlock: %s", said)
	}
}

func TestLockThroughLink(t *testing.T) {
	r := newRig(t)
	must(t, r.Lock())
	wantErr(t, r.Lock(), "this very service")
	link := r.file + ".link"
	must(t, os.Symlink(r.file, link))
	d, err := Open(link)
	must(t, err)
	defer d.Close()
	if err := d.Lock(); !errors.Is(err, ErrLocked) {
		t.Errorf("the same file by another name: %v", err)
	}
}
