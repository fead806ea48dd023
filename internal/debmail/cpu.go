package debmail

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc, the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// CPU is the processor time of Dovecot's processes that run now, those of open
// sessions among them. It falls when a session ends: measure before.
func (s *Server) CPU() time.Duration {
	group := strconv.Itoa(s.dovecot.cmd.Process.Pid)
	var sum int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		raw, _ := os.ReadFile(name)                                        // it may have ended meanwhile
		f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // state parent group …
		if len(f) < 13 || f[2] != group {
			continue
		}
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		sum += user + system
	}
	return time.Duration(sum) * tick
}
