package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

// edited is the good config with changes, and files beside it.
func edited(t *testing.T, files map[string]string, changes ...string) (*Config, error) {
	t.Helper()
	config := string(goodConfig(t))
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(config, changes[i]) {
			t.Fatalf("no %q in the good config", changes[i])
		}
		config = strings.Replace(config, changes[i], changes[i+1], 1)
	}
	dir, file := configDir(t, []byte(config))
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return readConfig(file, needServers, needSecret)
}

const movingDay = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//EN\r\nBEGIN:VEVENT\r\nUID:1@acme.example\r\nDTSTAMP:20260101T000000Z\r\n" +
	"DTSTART;VALUE=DATE:20260312\r\nSUMMARY:Moving day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestConfigCalendars(t *testing.T) {
	moved := loop.Date{Year: 2026, Month: time.March, Day: 12}
	christmas := loop.Date{Year: 2026, Month: time.December, Day: 25}
	for value, want := range map[string][2]string{
		"de":                           {"", "1. Weihnachtstag"},
		"acme.ics":                     {"Moving day", ""},
		"calendars/":                   {"Moving day", ""},
		"de, acme.ics":                 {"Moving day", "1. Weihnachtstag"},
		"calendars/../acme.ics, gb,de": {"Moving day", "Christmas Day"},
	} {
		cfg, err := edited(t, map[string]string{"acme.ics": movingDay, "calendars/a.ics": movingDay, "calendars/note.txt": "not read"}, `holidays = "de"`, `holidays = "`+value+`"`)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		for i, day := range []loop.Date{moved, christmas} {
			if got := cfg.Teams[0].Holiday(day); (got != "") != (want[i] != "") {
				t.Errorf("%s: %s is %q, want %q", value, day, got, want[i])
			}
		}
	}
	for value, want := range map[string]string{
		"nowhere.ics": "name an .ics file", "empty/": "no .ics file in it", "bad.ics": "bad.ics: read calendar", "atlantis": "or an .ics file",
	} {
		_, err := edited(t, map[string]string{"empty/x.txt": "", "bad.ics": "hello"}, `holidays = "de"`, `holidays = "`+value+`"`)
		var list *configError
		if !errors.As(err, &list) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// A person can work under another country's holidays than the team.
func TestConfigPersonHolidays(t *testing.T) {
	cfg, err := edited(t, nil, `role = "pm"`, "role = \"pm\"\nholidays = \"gb\"")
	if err != nil {
		t.Fatal(err)
	}
	team := cfg.Teams[0]
	state := loop.NewState(team)
	boxing, unity := loop.Date{Year: 2028, Month: time.December, Day: 26}, loop.Date{Year: 2028, Month: time.October, Day: 3}
	british := 0
	for i := range team.People {
		p := &team.People[i]
		cal := state.Calendar(p.Key())
		if cal.Works(unity) {
			british++
		}
		if cal.Works(boxing) || cal.Works(unity) != (p.Holiday != nil) {
			t.Errorf("%s works on %s: %v, on %s: %v", p.Name, unity, cal.Works(unity), boxing, cal.Works(boxing))
		}
	}
	if british != 1 {
		t.Errorf("%d people work on the German holiday", british)
	}
}

func TestConfigWeekly(t *testing.T) {
	for value, want := range map[string]loop.Weekly{
		"fri 15:00": {On: true, Day: time.Friday, At: 15 * 60}, "thu 08:05": {On: true, Day: time.Thursday, At: 8*60 + 5}, "off": {},
	} {
		cfg, err := edited(t, nil, `weekly = "thu 14:00"`, `weekly = "`+value+`"`)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Teams[0].Weekly; got != want {
			t.Errorf("%q is %+v", value, got)
		}
	}
}

func TestConfigTemplates(t *testing.T) {
	team := "[[team]]"
	with := "[letters]\ntemplates = \"letters\"\n" + team
	cfg, err := edited(t, map[string]string{"letters/help.txt": helpWords("You can reply with these")}, team, with)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Letters.Files; len(got) != 1 || got[0] != "help.txt" {
		t.Errorf("files %v", got)
	}
	for want, files := range map[string]map[string]string{
		"no such letter": {"letters/halp.txt": "x"},
		"help.txt":       {"letters/help.txt": "{{define"},
		"no such folder": {"other/help.txt": "x"},
	} {
		_, err := edited(t, files, team, with)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "[letters] templates") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func helpWords(what string) string {
	return `{{define "subject"}}Words{{end}}{{define "what"}}` + what + `{{end}}{{define "ask"}}Put one of them on the first line.{{end}}` +
		`{{define "body"}}{{range .Help}}` + "\n  {{.Head}}: {{.Text}}{{end}}{{end}}"
}
