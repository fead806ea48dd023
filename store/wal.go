package store

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// A backup is one file without a log. Put in the place of a database whose log
// was left behind (a service that was killed, then restored), it would be given
// the pages of the other one by SQLite, which knows no better: a database that
// is neither. Such a pair is told by the header: in a backup it says "no log".
// https://www.sqlite.org/walformat.html, https://www.sqlite.org/fileformat.html#file_format_version_numbers

// files counts the open databases of this process by path: while one is open
// its file must not be opened in any other way, for the close would drop the
// locks that SQLite holds on it (POSIX locks are the process's).
var files = struct {
	sync.Mutex
	paths map[string]int
}{paths: map[string]int{}}

func countOpen(path string, n int) {
	files.Lock()
	defer files.Unlock()
	if files.paths[path] += n; files.paths[path] <= 0 {
		delete(files.paths, path)
	}
}

// strangeLog refuses a database beside which lies the log of another one.
func strangeLog(path string) error {
	files.Lock()
	defer files.Unlock()
	log := path + "-wal"
	info, err := os.Stat(log)
	if err != nil || info.Size() == 0 || files.paths[path] > 0 {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer f.Close()
	var header [20]byte
	if _, err := io.ReadFull(f, header[:]); err != nil || string(header[:15]) != "SQLite format 3" {
		return nil // SQLite says better what it is
	}
	if header[18] == 1 && header[19] == 1 {
		return fmt.Errorf("open database %q: it is a backup, and beside it lies the log of another database, which would spoil it: remove %q and %q", path, log, path+"-shm")
	}
	return nil
}
