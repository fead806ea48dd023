package main

import (
	"strings"
	"testing"
)

// What the provider allows stands in [smtp]; numbers that cannot be meant are
// refused with what to do.
func TestConfigLimits(t *testing.T) {
	with := func(lines string) (*Config, error) { return edited(t, nil, "[smtp]\n", "[smtp]\n"+lines+"\n") }
	cfg, err := with("")
	must(t, err)
	if s := cfg.SMTP; s.Connections != 1 || s.PerConnection+s.PerMinute+s.PerDay != 0 {
		t.Errorf("standards: %+v", s)
	}
	cfg, err = with("connections = 5\nper_connection = 100\nper_minute = 30\nper_day = 2000")
	must(t, err)
	if s := cfg.SMTP; s.Connections != 5 || s.PerConnection != 100 || s.PerMinute != 30 || s.PerDay != 2000 {
		t.Errorf("as written: %+v", s)
	}
	for lines, want := range map[string]string{
		"connections = 0": "want 1 to 50", "connections = 51": "want 1 to 50", "per_minute = -1": "per_minute -1", "per_day = 0": "or leave it out",
		"per_minute = 30\nper_day = 20": "more than per_day",
	} {
		if _, err := with(lines); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", lines, err)
		}
	}
	_, err = edited(t, nil, "[operator]\n", "[operator]\npprof = true\n")
	if err == nil || !strings.Contains(err.Error(), "add listen") {
		t.Errorf("pprof without a port: %v", err)
	}
}
