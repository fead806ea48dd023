package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	runtimepprof "runtime/pprof"

	"github.com/spf13/cobra"
)

// profileFlag adds --cpuprofile to a command: the file gets a profile of all
// that it does, for go tool pprof. A file that exists is not overwritten.
func profileFlag(cmd *cobra.Command) {
	var name string
	cmd.Flags().StringVar(&name, "cpuprofile", "", "write a CPU profile into this new file, for go tool pprof")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if name == "" {
			return run(cmd, args)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("--cpuprofile: %w: name a new file", err)
		}
		if err := runtimepprof.StartCPUProfile(f); err != nil {
			return errors.Join(fmt.Errorf("--cpuprofile: %w", err), f.Close())
		}
		err = run(cmd, args)
		runtimepprof.StopCPUProfile()
		return errors.Join(err, f.Close())
	}
}

// heapProfileRate is Go's own: it notes one allocation in so many bytes.
var heapProfileRate = runtime.MemProfileRate

// noHeapProfile spares the megabyte and more of notes about who allocated what, until
// servePprof is there to be asked for them.
func noHeapProfile() { runtime.MemProfileRate = 0 }

// servePprof answers /debug/pprof/: where time and memory go, and no mail. A heap
// profile holds what was allocated from now on.
func servePprof(mux *http.ServeMux) {
	runtime.MemProfileRate = heapProfileRate
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}
