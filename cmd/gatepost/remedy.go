package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// remedies of what the system says of a file, for the messages that say no
// better.
var remedies = []struct {
	err    error
	remedy string
}{
	{syscall.EROFS, "mount the disk for writing, or name another folder"},
	{syscall.ENOSPC, "make room on the disk"},
	{syscall.EISDIR, "it is a folder: name a file"},
	{syscall.ENOTDIR, "a file stands where a folder is wanted: name another"},
	{fs.ErrPermission, "call gatepost as a user who may, such as the one that runs the service"},
	{fs.ErrNotExist, "look at the name, and whether its folder is there"},
	{fs.ErrExist, "name another, or move it away"},
}

// withRemedy adds what to do to an error that ends with the system's own words
// about a file: whoever knew better has said so behind them.
func withRemedy(err error) string {
	said := err.Error()
	var of *fs.PathError
	if !errors.As(err, &of) || !strings.HasSuffix(said, of.Error()) {
		return said
	}
	for _, r := range remedies {
		if errors.Is(of, r.err) {
			return said + ": " + r.remedy
		}
	}
	return said
}
