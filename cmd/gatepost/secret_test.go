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
