// Package gatepost_test holds what is true of the whole tree: which package
// may use which.
package gatepost_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "gatepost"

// layers is who may use whom, by folder; "internal" stands for every folder in
// it, and so does "parse/internal". What a folder may use it may not pass on: an arrow that is not written
// here is a mistake even if it makes no cycle. Only cmd knows all.
var layers = map[string][]string{
	"parse/internal": {"parse/internal"},
	"parse":          {"parse/internal"},
	"loop":           {"parse"},
	"store":          {"loop", "parse"},
	"templates":      {"loop", "parse"},
	"mailout":        {"templates", "loop", "parse", "oauth"},
	"mailin":         {"oauth"},
	"oauth":          {},
	"internal":       {"internal"},
	"cmd/gatepost":   {"parse", "loop", "store", "templates", "mailout", "mailin", "oauth", "internal"},
}

// homes says where a library of other people is used, so that it can be
// replaced in one place; an empty row is for tests alone. What is not named
// here may be used anywhere.
var homes = map[string][]string{
	"github.com/emersion/go-imap/":     {"mailin", "internal"},
	"github.com/emersion/go-smtp":      {"internal"},
	"github.com/jhillyerd/enmime/":     {"parse/internal", "internal", "cmd/gatepost"}, // the last two to show letters
	"github.com/mattn/go-sqlite3":      {"store"},
	"github.com/wneessen/go-mail":      {"mailout"},
	"golang.org/x/oauth2":              {"oauth"},
	"github.com/rickar/cal/":           {"loop"},
	"github.com/emersion/go-ical":      {"loop"},
	"github.com/teambition/rrule-go":   {"loop"},
	"golang.org/x/image/":              {"templates"},
	"github.com/pelletier/go-toml/":    {"cmd/gatepost"},
	"github.com/spf13/cobra":           {"cmd/gatepost"},
	"github.com/prometheus/":           {"cmd/gatepost"},
	"database/sql":                     {"store"},
	"testing":                          {},
	"github.com/rogpeppe/go-internal/": {},
	"github.com/google/go-cmp/":        {},
	"go.uber.org/goleak":               {},
	"pgregory.net/rapid":               {},
}

// offline are the folders that never open a connection.
var offline = []string{"parse/internal", "parse", "loop", "store", "templates"}

// networks are the packages that do.
var networks = []string{"net", "net/http", "net/rpc", "net/smtp", "crypto/tls", "golang.org/x/net/"}

// offlineToo are parts of networks that only read and write text.
var offlineToo = []string{"golang.org/x/net/html", "golang.org/x/net/idna", "golang.org/x/net/publicsuffix"}

// pure are the folders that touch nothing outside: no clock, no files, no
// chance. Time and numbers are handed in.
var pure = map[string][]string{
	"parse/internal": {"os", "os/exec", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog"},
	"parse":          {"os", "os/exec", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog"},
	"loop":           {"os", "os/exec", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog"},
}

// clocks are the functions of package time that read a clock or wait for one.
var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}

// TestImports reads every Go file of the program, tests apart, and holds it
// against the tables above. It reads the files itself: the answer of
// `go list` would be cached when they change.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); base == "testdata" || base == "vendor" || len(base) > 1 && base[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		folder := layer(path.Dir(filepath.ToSlash(name)))
		seen[folder] = true
		for _, mistake := range check(folder, file) {
			t.Errorf("%s: %s", name, mistake)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder := range layers {
		if !seen[folder] {
			t.Errorf("%s: is in the table and has no Go file", folder)
		}
	}
}

// layer is the row of the table for a folder.
func layer(folder string) string {
	for _, many := range []string{"internal", "parse/internal"} {
		if strings.HasPrefix(folder, many+"/") {
			return many
		}
	}
	return folder
}

// check lists what a file of this folder may not do.
func check(folder string, file *ast.File) []string {
	var bad []string
	allowed, known := layers[folder]
	if !known {
		return []string{"folder " + strconv.Quote(folder) + " is not in the table of imports"}
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return append(bad, err.Error())
		}
		if ours, ok := strings.CutPrefix(name, module+"/"); ok {
			if !slices.Contains(allowed, layer(ours)) {
				bad = append(bad, folder+" may not use "+name)
			}
			continue
		}
		for library, where := range homes {
			if within(name, library) && !slices.Contains(where, folder) {
				bad = append(bad, name+" is for "+cmp.Or(strings.Join(where, ", "), "tests")+" alone")
			}
		}
		if slices.Contains(offline, folder) && slices.ContainsFunc(networks, func(n string) bool { return within(name, n) }) &&
			!slices.ContainsFunc(offlineToo, func(n string) bool { return name == n || strings.HasPrefix(name, n+"/") }) {
			bad = append(bad, folder+" has nothing to do with the network, and uses "+name)
		}
		if slices.Contains(pure[folder], name) {
			bad = append(bad, folder+" is pure, and uses "+name)
		}
	}
	if pure[folder] != nil {
		for _, call := range clockReads(file) {
			bad = append(bad, folder+" is handed the time, and calls "+call)
		}
	}
	return bad
}

// within tells whether an import is the package, or for a name that ends in a
// slash one of the packages below it.
func within(name, library string) bool {
	return name == library || strings.HasSuffix(library, "/") && strings.HasPrefix(name, library)
}

// clockReads lists the uses of clocks in a file, whatever it calls the package.
func clockReads(file *ast.File) []string {
	local := ""
	for _, spec := range file.Imports {
		if spec.Path.Value == `"time"` {
			local = "time"
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	if local == "." {
		return []string{`import . "time"`}
	}
	var calls []string
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(clocks, sel.Sel.Name) {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
				calls = append(calls, "time."+sel.Sel.Name)
			}
		}
		return true
	})
	return calls
}

// TestImportsCheck holds the check itself: a table that never says no proves
// nothing.
func TestImportsCheck(t *testing.T) {
	for _, c := range []struct{ folder, source, want string }{
		{"parse", `import "net/mail"`, ""},
		{"parse", `import "golang.org/x/net/html/charset"`, ""},
		{"parse", `import "gatepost/loop"`, "parse may not use gatepost/loop"},
		{"parse", `import "net"`, "parse has nothing to do with the network, and uses net"},
		{"parse", `import "golang.org/x/net/proxy"`, "parse has nothing to do with the network, and uses golang.org/x/net/proxy"},
		{"loop", `import "gatepost/parse"`, ""},
		{"loop", `import "time"; var d = time.Hour`, ""},
		{"loop", `import "time"; var d = time.Now`, "loop is handed the time, and calls time.Now"},
		{"loop", `import clock "time"; var d = clock.Since`, "loop is handed the time, and calls time.Since"},
		{"loop", `import . "time"; var d = Now()`, `loop is handed the time, and calls import . "time"`},
		{"loop", `import "os"`, "loop is pure, and uses os"},
		{"store", `import "gatepost/templates"`, "store may not use gatepost/templates"},
		{"store", `import "net/http"`, "store has nothing to do with the network, and uses net/http"},
		{"mailout", `import "gatepost/mailin"`, "mailout may not use gatepost/mailin"},
		{"mailin", `import "gatepost/store"`, "mailin may not use gatepost/store"},
		{"mailin", `import "github.com/emersion/go-imap/v2/imapclient"`, ""},
		{"mailout", `import "github.com/emersion/go-imap/v2/imapclient"`, "github.com/emersion/go-imap/v2/imapclient is for mailin, internal alone"},
		{"store", `import "testing"`, "testing is for tests alone"},
		{"internal", `import "gatepost/parse"`, "internal may not use gatepost/parse"},
		{"cmd/gatepost", `import "gatepost/internal/loopmail"`, ""},
		{"helpers", `import "fmt"`, `folder "helpers" is not in the table of imports`},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+c.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(check(c.folder, file), "; "); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.folder, c.source, got, c.want)
		}
	}
}
