package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// SQLite's log is brought into the database file by whoever commits, once there
// is enough of it, and the next commit waits for that. While much is written
// another connection does it, beside the writer; SQLite's own way stays for a
// log that grows all the same (https://sqlite.org/wal.html#ckpt).
const (
	checkpointBytes = 1 << 20 // written, as far as logged is told
	checkpointPages = 4000    // in the log: 16 MiB
)

// checkpoints are those that are made beside the writer, one at a time.
type checkpoints struct {
	every   int64 // bytes
	written atomic.Int64
	running atomic.Bool
	wg      sync.WaitGroup
}

// logged tells that a commit wrote so many bytes more than a few.
func (d *DB) logged(bytes int) {
	c := &d.checkpoints
	if c.written.Add(int64(bytes)) < c.every || !c.running.CompareAndSwap(false, true) {
		return
	}
	c.written.Store(0)
	c.wg.Go(func() {
		defer c.running.Store(false)
		// It changes nothing that anybody reads, and the log is as good: what
		// fails here is tried again at the next, and told by the commit that fails.
		_, _ = d.reader.ExecContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`)
	})
}
