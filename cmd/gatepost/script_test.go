package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"gatepost/loop"
)

// The scripts in testdata/script run the command line as its user does.
func TestMain(m *testing.M) {
	if os.Getenv("GATEPOST_TEST_MAIN") == "1" { // this binary is the program, see process_test.go
		os.Exit(run(os.Args[1:]))
	}
	os.Setenv("GORACE", swiftEnd)
	testscript.Main(m, map[string]func(){
		"gatepost": func() { os.Exit(run(os.Args[1:])) },
	})
}

// swiftEnd keeps the race detector from holding each process that ends for a second.
// What it found by then it has told.
const swiftEnd = "atexit_sleep_ms=0"

const scriptSecret = "0123456789abcdef0123456789abcdef"

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		UpdateScripts:       *updateGoldens,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", swiftEnd)
			return os.WriteFile(filepath.Join(e.WorkDir, "gatepost.secret"), []byte(scriptSecret+"\n"), 0o600)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// fill FILE…: "@@t1r1 priya@@" becomes the address with her token.
			"fill": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, pattern := range args {
					files, err := filepath.Glob(ts.MkAbs(pattern))
					ts.Check(err)
					for _, f := range files {
						b, err := os.ReadFile(f)
						ts.Check(err)
						ts.Check(os.WriteFile(f, fillTokens(b), 0o600))
					}
				}
			},
			// folder DIR: the name and the hash of each file in it.
			"folder": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, dir := range args {
					entries, err := os.ReadDir(ts.MkAbs(dir))
					ts.Check(err)
					for _, e := range entries {
						b, err := os.ReadFile(filepath.Join(ts.MkAbs(dir), e.Name()))
						ts.Check(err)
						sum := sha256.Sum256(b)
						fmt.Fprintf(ts.Stdout(), "%s %s\n", hex.EncodeToString(sum[:8]), e.Name())
					}
				}
			},
			// same DIR DIR: the two folders hold the same files, byte for byte.
			"same": func(ts *testscript.TestScript, neg bool, args []string) {
				a, b := folderBytes(ts, args[0]), folderBytes(ts, args[1])
				for name, content := range a {
					if !bytes.Equal(content, b[name]) {
						ts.Fatalf("%s is not the same in %s and %s", name, args[0], args[1])
					}
				}
				if len(a) != len(b) || len(a) == 0 {
					ts.Fatalf("%d files in %s, %d in %s", len(a), args[0], len(b), args[1])
				}
			},
			// large FILE MIB: a mail of that size.
			"large": func(ts *testscript.TestScript, _ bool, args []string) {
				head := "From: Priya <priya@acme.example>\r\nTo: shop+web@acme.example\r\nSubject: large\r\nMessage-ID: <large@x.example>\r\n\r\n"
				line := strings.Repeat("x", 76) + "\r\n"
				n := 30 << 20 / len(line)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(head+strings.Repeat(line, n)), 0o600))
			},
		},
	})
}

var tokenMark = regexp.MustCompile(`@@(\S+) (\S+)@@`)

func fillTokens(b []byte) []byte {
	return tokenMark.ReplaceAllFunc(b, func(m []byte) []byte {
		part := tokenMark.FindSubmatch(m)
		ref, person := string(part[1]), string(part[2])+"@acme.example"
		return []byte(loop.Plus("shop@acme.example", ref+"."+loop.Token([]byte(scriptSecret), "shop@acme.example", ref, person)))
	})
}

func folderBytes(ts *testscript.TestScript, dir string) map[string][]byte {
	m := map[string][]byte{}
	entries, err := os.ReadDir(ts.MkAbs(dir))
	ts.Check(err)
	for _, e := range entries {
		m[e.Name()], err = os.ReadFile(filepath.Join(ts.MkAbs(dir), e.Name()))
		ts.Check(err)
	}
	return m
}
