package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// What the system says of a file gets a remedy, unless somebody gave a better.
func TestWithRemedy(t *testing.T) {
	of := func(err error) error { return &fs.PathError{Op: "open", Path: "x", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("write config: %w", of(syscall.EACCES)), "write config: open x: permission denied: call gatepost as a user who may, such as the one that runs the service"},
		{of(syscall.EROFS), "open x: read-only file system: mount the disk for writing, or name another folder"},
		{fmt.Errorf("secret: %w: let it be read", of(syscall.EACCES)), "secret: open x: permission denied: let it be read"},
		{of(syscall.EIO), "open x: input/output error"},
		{errors.New("permission denied"), "permission denied"},
	} {
		if got := withRemedy(c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// No command succeeds whose output is lost.
func TestOutputOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	r := newRig(t)
	r.write(t, "one.eml", "From: priya@acme.example\nSubject: one\n\nWords.\n")
	for _, args := range [][]string{{"person", "list"}, {"parse", "one.eml"}, {"help"}} {
		cmd := exec.Command(os.Args[0], append(args, "--config", r.config)...)
		cmd.Dir, cmd.Env, cmd.Stdout = r.dir, append(os.Environ(), "GATEPOST_TEST_MAIN=1"), full
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
			t.Errorf("%s: %v", args[0], err)
		}
	}
}
