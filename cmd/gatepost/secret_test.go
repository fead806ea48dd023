package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want, err     string
	}{
		{"good", testSecret + "\n", 0o600, testSecret, ""},
		{"no newline", testSecret, 0o400, testSecret, ""},
		{"only the final newline goes", testSecret + "\n\n", 0o600, testSecret + "\n", ""},
		{"readable by the group", testSecret, 0o640, "", "(mode 0640): chmod 600 "},
		{"readable by all", testSecret, 0o604, "", "(mode 0604): chmod 600 "},
		{"writable by the group", testSecret, 0o620, "", "chmod 600 "},
		{"short", "0123456789012345678901234567890\n", 0o600, "", "has 31 bytes, want 32"},
		{"empty", "", 0o600, "", "has 0 bytes"},
	} {
		file := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-"))
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := readSecret(file)
		if string(got) != c.want || (err == nil) != (c.err == "") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "0123")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := readSecret(filepath.Join(dir, "absent")); err == nil || !strings.Contains(err.Error(), "gatepost init") {
		t.Error(err)
	}
	if _, err := readSecret(dir); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Error(err)
	}
}

func TestNewSecret(t *testing.T) {
	a, b := newSecret(), newSecret()
	if a == b || len(a) < secretLength || strings.ContainsAny(a, " \n") {
		t.Errorf("%d bytes, %d bytes, same %v", len(a), len(b), a == b)
	}
}

// systemd hands a service what only it may see, in a folder that it names and
// with modes that show its access list as a group's.
func TestCredential(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for name, content := range map[string]string{"imap.pass": "hunter2\n", "gatepost.secret": testSecret + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o440); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := (passwordSource{file: "$CREDENTIALS_DIRECTORY/imap.pass"}).Read(); err != nil || got != "hunter2" {
		t.Errorf("%q, %v", got, err)
	}
	_, file := configDir(t, []byte(strings.ReplaceAll(string(goodConfig(t)), `"imap.pass"`, `"$CREDENTIALS_DIRECTORY/imap.pass"`)+
		"[secret]\nfile = \"$CREDENTIALS_DIRECTORY/gatepost.secret\"\n"))
	if c, err := readConfig(file, needServers, needSecret); err != nil || string(c.Secret.Bytes) != testSecret {
		t.Errorf("%v", err)
	}
	for name, want := range map[string]string{
		"$CREDENTIALS_DIRECTORY/other":     "does not exist",
		"$CREDENTIALS_DIRECTORY/../other":  "want the name of a credential",
		"$CREDENTIALS_DIRECTORY//imap.tok": "want the name of a credential",
	} {
		if _, err := (passwordSource{file: name}).Read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := (passwordSource{file: "$CREDENTIALS_DIRECTORY/imap.pass"}).Read(); err == nil || !strings.Contains(err.Error(), "LoadCredential=imap.pass:") {
		t.Error(err)
	}
	if _, err := readConfig(file); err != nil {
		t.Errorf("what needs no password: %v", err)
	}
}

func TestPassword(t *testing.T) {
	dir := t.TempDir()
	file := func(content string, mode os.FileMode) passwordSource {
		t.Helper()
		f, err := os.CreateTemp(dir, "pass")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		if err := f.Chmod(mode); err != nil {
			t.Fatal(err)
		}
		return passwordSource{file: f.Name()}
	}
	t.Setenv("GATEPOST_TEST_PASSWORD", "pass word ")
	for _, c := range []struct {
		name      string
		source    passwordSource
		want, err string
	}{
		{"file", file("hunter2\n", 0o600), "hunter2", ""},
		{"file of a Windows editor", file("hunter2\r\n", 0o600), "hunter2", ""},
		{"spaces stay", file(" hunter2 ", 0o600), " hunter2 ", ""},
		{"variable", passwordSource{env: "GATEPOST_TEST_PASSWORD"}, "pass word ", ""},
		{"no variable", passwordSource{env: "GATEPOST_TEST_NOTHING"}, "", "variable GATEPOST_TEST_NOTHING is empty"},
		{"empty", file("\n", 0o600), "", "is empty"},
		{"two lines", file("hunter2\nhunter3\n", 0o600), "", "more than one line"},
		{"open to others", file("hunter2", 0o644), "", "chmod 600 "},
		{"absent", passwordSource{file: filepath.Join(dir, "absent")}, "", "does not exist"},
	} {
		got, err := c.source.Read()
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: the password stands in the error: %v", c.name, err)
		}
	}
}
