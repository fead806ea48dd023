package parse

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// answerOf writes commands in the notation of testdata/commands.txt.
func answerOf(cs []Command) string {
	if len(cs) == 0 {
		return "-"
	}
	var out []string
	for _, c := range cs {
		s := ""
		if c.Task != 0 {
			s = fmt.Sprintf("#%d ", c.Task)
		}
		switch {
		case c.Word != "":
			s += c.Word
		case c.Doubt != "":
			s += c.Hint + " ? " + c.Doubt
		default:
			s += "-"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ; ")
}

func TestCommands(t *testing.T) {
	b, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, row := range strings.Split(string(b), "\n") {
		if row == "" || strings.HasPrefix(row, "# ") && !strings.Contains(row, " => ") || row == "#" || strings.HasPrefix(row, "## ") && !strings.Contains(row, " => ") || strings.HasPrefix(row, "#   ") {
			continue
		}
		text, want, ok := strings.Cut(row, " => ")
		if !ok {
			t.Errorf("line %d: no answer in %q", i+1, row)
			continue
		}
		n++
		text = strings.ReplaceAll(text, `\n`, "\n")
		want = strings.ReplaceAll(want, `\n`, "\n")
		m := Read([]byte("From: Priya <priya@acme.example>\nTo: shop@acme.example\nIn-Reply-To: <x@y.example>\nContent-Type: text/plain; charset=utf-8\n\n"+text+"\n"), Options{})
		var plain []string
		for k, a := range strings.Split(want, " ; ") {
			head, body, has := strings.Cut(a, " : ")
			plain = append(plain, head)
			if has && k < len(m.Commands) && m.Commands[k].Text != body {
				t.Errorf("line %d: %q: text %q, want %q", i+1, text, m.Commands[k].Text, body)
			}
		}
		if got := answerOf(m.Commands); got != strings.Join(plain, " ; ") {
			t.Errorf("line %d: %q\n got %s\nwant %s", i+1, text, got, strings.Join(plain, " ; "))
		}
	}
	if n < 300 {
		t.Errorf("the specification has %d lines, want 300 or more", n)
	}
}
