package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatepost/store"
)

// A config without its database says how to go on, and the way leads there.
// The secret changes with it: the addresses in old letters open nothing.
func TestInitDatabase(t *testing.T) {
	if _, _, err := callInit(t, initFlags...); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("gatepost.secret")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove("gatepost.db"); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open("gatepost.db")
	wantSaid(t, err, "restore a backup", "gatepost init --database")
	_, err = initHere(initFlags...)
	wantSaid(t, err, "gatepost.toml", "gatepost init --database")

	_, err = initHere("--database")
	wantSaid(t, err, "gatepost.secret", "restore a backup", "mv gatepost.secret gatepost.secret.before")
	wantFiles(t, "gatepost.secret", "gatepost.toml", "imap.pass")
	if err := os.Rename("gatepost.secret", "gatepost.secret.before"); err != nil {
		t.Fatal(err)
	}
	out, err := initHere("--database")
	if err != nil || !strings.Contains(out, "made gatepost.db") || !strings.Contains(out, "gatepost run") {
		t.Fatalf("%q, %v", out, err)
	}
	after, err := os.ReadFile("gatepost.secret")
	if err != nil || string(after) == string(before) {
		t.Errorf("the secret is %q, was %q (%v)", after, before, err)
	}
	db, err := store.Open("gatepost.db")
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err = initHere("--database")
	wantSaid(t, err, "gatepost.db", "not overwritten")
}

// Where a secret of before could stay in use, or something of the lost database
// is there, nothing is made.
func TestInitDatabaseRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T)
		flags []string
		want  []string
	}{
		{"a credential", func(t *testing.T) {
			editFile(t, "gatepost.toml", `"gatepost.secret"`, `"$CREDENTIALS_DIRECTORY/secret"`)
		}, nil, []string{"CREDENTIALS_DIRECTORY/secret", "name a file"}},
		{"an old secret", func(t *testing.T) {
			editFile(t, "gatepost.toml", `"gatepost.secret"`, `"gatepost.secret"`+"\nold = [\"other.secret\"] #")
		}, nil, []string{"old secrets", "take them out"}},
		{"a log", func(t *testing.T) {
			if err := os.WriteFile("gatepost.db-wal", []byte("commits"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, []string{"gatepost.db-wal", "restore that one"}},
		{"a config with mistakes", func(t *testing.T) { editFile(t, "gatepost.toml", "timezone =", "zone =") }, nil, []string{"gatepost.toml:", "zone"}},
		{"other flags", func(*testing.T) {}, []string{"--address", "shop@acme.example"}, []string{"--database takes everything from the config"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := callInit(t, initFlags...); err != nil {
				t.Fatal(err)
			}
			os.Remove("gatepost.db")
			os.Remove("gatepost.secret")
			c.spoil(t)
			before, _ := filepath.Glob("*")
			_, err := initHere(append([]string{"--database"}, c.flags...)...)
			wantSaid(t, err, c.want...)
			wantFiles(t, before...)
		})
	}
}

func editFile(t *testing.T, name, old, new string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(b), old) {
		t.Fatalf("%s has no %q (%v)", name, old, err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(b), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantSaid wants an error that says all of this.
func wantSaid(t *testing.T, err error, want ...string) {
	t.Helper()
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error is %v, does not say %q", err, w)
		}
	}
}

// wantFiles wants these files in the present folder and no others.
func wantFiles(t *testing.T, want ...string) {
	t.Helper()
	files, err := filepath.Glob("*")
	if err != nil || strings.Join(files, " ") != strings.Join(want, " ") {
		t.Errorf("files are %q, want %q (%v)", files, want, err)
	}
}
