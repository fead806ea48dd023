package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every alert that the rules can write has a headline of its own, and a row
// with what to do in operating.md.
func TestDocsEveryAlarm(t *testing.T) {
	read := func(file string) string {
		t.Helper()
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	headlines := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^alert\.(\S+) = (.*)$`).FindAllStringSubmatch(read("../../templates/en.msg"), -1) {
		headlines[m[1]] = m[2]
	}
	page := read("../../docs/operating.md")
	causes := regexp.MustCompile(`Cause\w+ += "([^"]+)" +// alert:`).FindAllStringSubmatch(read("../../loop/letter.go"), -1)
	if len(causes) < 10 {
		t.Fatalf("only %d causes of alerts", len(causes))
	}
	for _, c := range causes {
		headline := headlines[c[1]]
		if headline == "" {
			t.Errorf("%s: en.msg has no headline", c[1])
		} else if !strings.Contains(page, "\n| "+headline+" | ") {
			t.Errorf("%s: operating.md has no row %q", c[1], headline)
		}
	}
}

var (
	docsLink    = regexp.MustCompile(`\]\(([^):#]*)(#[^)]*)?\)`)
	docsHeading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchor = regexp.MustCompile(`[^\pL\pN _-]`)
)

// Every link from page to page leads to a page, and to a heading there.
func TestDocsLinks(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := func(file string) (list []string) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		for _, m := range docsHeading.FindAllStringSubmatch(string(b), -1) {
			list = append(list, "#"+strings.ReplaceAll(strings.ToLower(notInAnchor.ReplaceAllString(m[1], "")), " ", "-"))
		}
		return list
	}
	links := 0
	for _, f := range append(files, "../../README.md") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docsLink.FindAllStringSubmatch(string(b), -1) {
			links++
			target := f
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(f), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", f, err)
			} else if m[2] != "" && !slices.Contains(anchors(target), m[2]) {
				t.Errorf("%s: %s has no heading %s", f, target, m[2])
			}
		}
	}
	if links < 30 {
		t.Errorf("only %d links", links)
	}
}
