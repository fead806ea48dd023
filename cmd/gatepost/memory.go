package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// How the garbage collector of the service trades memory for the processor: in
// percent of what is in use, while there is much to do and when there is not;
// and from how many bytes on it works harder, whatever the percentage. It may be
// less than a mail of the largest size takes for a moment: the collector never
// takes more than half of the processor. GOGC and GOMEMLIMIT set others.
const (
	collectBusy = 400
	collectCalm = 25
	memoryLimit = 96 << 20
)

// calmAfter is how long after the work the letters that came of it may still
// be on their way.
const calmAfter = 10 * time.Second

func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectCalm)
	}
}

// collector is told how much there is to do. A nil one leaves all as it is.
type collector struct {
	release func() // what others keep for their work
	mu      sync.Mutex
	busy    bool
	calm    *time.Timer // while it waits
}

// newCollector is one that has the garbage of the start to collect, nil if GOGC
// says how.
func newCollector(release func()) *collector {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	return &collector{release: release, busy: true}
}

// work says that there is much to do.
func (c *collector) work() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calm != nil {
		c.calm.Stop()
		c.calm = nil
	}
	c.busy = true
	debug.SetGCPercent(collectBusy)
}

// rest says that nothing is left to do: a while later what the work took is
// given back.
func (c *collector) rest() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy || c.calm != nil {
		return
	}
	c.calm = time.AfterFunc(calmAfter, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.calm != nil { // else there is work again
			c.busy, c.calm = false, nil
			c.release()
			debug.SetGCPercent(collectCalm)
			runtime.GC() // what a sync.Pool holds goes with the second one
			debug.FreeOSMemory()
		}
	})
}
