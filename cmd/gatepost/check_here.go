package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/mailout"
	"gatepost/store"
)

// roomNeeded is how much room there must be for the database to grow, in bytes.
const roomNeeded = 100 << 20

// checkCalendar is the time of a team and its next holiday.
func checkCalendar(t *loop.Team, now time.Time) string {
	text := fmt.Sprintf("%s: %s in %s", t.Name, now.In(t.Zone).Format("Mon 2006-01-02 15:04"), t.Zone)
	if t.Holiday == nil {
		return text + ", no public holidays"
	}
	for day, n := loop.DateOf(now, t.Zone), 0; n < 400; day, n = day.Add(1), n+1 {
		if name := t.Holiday(day); name != "" {
			return fmt.Sprintf("%s, next holiday %s (%s)", text, day, name)
		}
	}
	return text + ", no public holiday within a year"
}

// checkFiles looks at what others could change, and at the room for more.
func checkFiles(c *Config) (string, error) {
	dir := filepath.Dir(c.Store.Path)
	for _, file := range []struct {
		name string
		bad  os.FileMode
		what string
	}{
		{c.File, 0o022, "changed"}, {filepath.Dir(c.File), 0o002, "changed"}, {dir, 0o002, "changed"}, {c.Store.Path, 0o077, "read or changed"},
	} {
		info, err := os.Stat(file.name)
		if err != nil {
			continue // of the database: the next line says it
		}
		if bad := info.Mode().Perm() & file.bad; bad != 0 && info.Mode()&os.ModeSticky == 0 {
			return "", fmt.Errorf("%s can be %s by others (mode %04o): chmod %04o %s", file.name, file.what, info.Mode().Perm(), info.Mode().Perm()&^file.bad, file.name)
		}
	}
	// SQLite makes its journal beside the database.
	probe, err := os.CreateTemp(dir, ".gatepost-check-*")
	if err != nil {
		return "", fmt.Errorf("no file can be made in %s, where the database has its journal: %w: let the user that runs gatepost write there", dir, err)
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return "", fmt.Errorf("take the probe away again: %w", err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return "", fmt.Errorf("room in %s: %w", dir, err)
	}
	room := int64(disk.Bavail) * disk.Bsize
	if room < roomNeeded {
		return "", fmt.Errorf("%s has room for %s: make some, mail is stored there", dir, bytesOf(room))
	}
	return fmt.Sprintf("modes are right, %s has room for %s", dir, bytesOf(room)), nil
}

// checkDatabase opens for reading, so that a running service is not disturbed.
// strange is what is odd about the secret beside it, "" if nothing is.
func checkDatabase(ctx context.Context, c *Config) (strange string, err error) {
	db, err := store.OpenReader(c.Store.Path)
	if err != nil {
		return "", err
	}
	return strangeSecret(ctx, c, db), db.Close()
}

// bytesOf is a size in the unit that reads best.
func bytesOf(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// abilities tells what this mailbox can do and what follows from that.
func abilities(h mailin.Health, fileAway string) (mark, what, text string) {
	mark, what = markOK, "mailbox"
	var parts []string
	if h.Idle {
		parts = append(parts, "IDLE: mail is read at once")
	} else {
		mark = markNote
		parts = append(parts, "no IDLE: mail is read at the next poll")
	}
	has := func(c string) bool { return slices.Contains(h.Caps, c) }
	switch {
	case has("MOVE"):
		parts = append(parts, "MOVE")
	case has("UIDPLUS"):
		parts = append(parts, "UIDPLUS, without MOVE")
	default:
		if mark = markNote; fileAway != "" {
			mark = markFail
		}
		parts = append(parts, "neither MOVE nor UIDPLUS: file_away is not possible, leave it out")
	}
	if h.Keywords {
		parts = append(parts, "keywords (not used)")
	} else {
		parts = append(parts, "no keywords (not needed)")
	}
	return mark, what, strings.Join(parts, "; ")
}

// limits tells how much the server takes, as far as that is known.
func limits(host string, o mailout.Offer) (mark, what, text string) {
	size := "it does not say how large a letter may be"
	if o.Size > 0 {
		size = "letters up to " + bytesOf(o.Size)
	}
	if p := providerAt(host); p != nil && p.limit != "" {
		return markOK, "limits", fmt.Sprintf("%s; %s takes %s", size, p.title, p.limit)
	}
	return markOK, "limits", size + "; how many a day, a server does not say: ask whoever runs it"
}
