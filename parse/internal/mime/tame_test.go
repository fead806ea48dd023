package mime

import (
	"strings"
	"testing"
)

func TestFileName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{`C:\Users\x\plan.pdf`, "plan.pdf"},
		{"../../.ssh", "ssh"},
		{"-rf plan", "rf plan"},
		{strings.Repeat("a", 300) + ".pdf", strings.Repeat("a", 116) + ".pdf"},
		{strings.Repeat("計", 120) + ".pdf", strings.Repeat("計", 65) + ".pdf"}, // 3 bytes each: no file system takes 364
		{"a." + strings.Repeat("b", 300), "a." + strings.Repeat("b", 118)},
	} {
		if got := fileName(c.name); got != c.want {
			t.Errorf("%.40q is named %q, want %q", c.name, got, c.want)
		}
	}
}
