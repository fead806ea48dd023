package main

import (
	"os"
	"regexp"
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
	for _, m := range regexp.MustCompile(`\{\{define "alert\.([^"]+)"\}\}(.*)\{\{end\}\}`).FindAllStringSubmatch(read("../../templates/alert.txt"), -1) {
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
			t.Errorf("%s: alert.txt has no headline", c[1])
		} else if !strings.Contains(page, "\n| "+headline+" | ") {
			t.Errorf("%s: operating.md has no row %q", c[1], headline)
		}
	}
}
