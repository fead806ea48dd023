package parse

import (
	"strings"
	"testing"
)

// Marked lines that go on from own words are the writer's if they are not in the
// letter, which is quoted below them; they decide nothing.
func TestPastedLines(t *testing.T) {
	letter := "Gate for the cart. Reply with approve or redirect and why.\nThe total is computed once and shown in both places.\nThe mail shows the same number as the page does.\n"
	quoted := "\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n> " + strings.ReplaceAll(strings.TrimSpace(letter), "\n", "\n> ") + "\n"
	for _, c := range []struct{ own, text, want string }{
		{"redirect: it fails, the log says\n> panic: nil map\n> main.go:12\n\nPlease look.", "redirect: it fails, the log says\n> panic: nil map\n> main.go:12\n\nPlease look.", "redirect : it fails, the log says\n> panic: nil map\n> main.go:12\n\nPlease look."},
		{"The log says:\n\n> panic: nil map\n\nPlease look.", "The log says:\n\n> panic: nil map\n\nPlease look.", "-"},
		{"It wrote this:\n> approve\n", "It wrote this:\n> approve", "-"},
		{"Seen.\n\n> The total is computed once and shown in both places.\n\nWhere?", "Seen.\n\nWhere?", "-"},
		{"> approve\n\nThis is what it printed.", "This is what it printed.", "-"},
		{"Seen.\n\nOn Sun, 1 Mar 2026 at 10:00, Omar <omar@acme.example> wrote:\n> approve\n", "Seen.", "-"},
	} {
		m := Read(plainMail(c.own+quoted, 0), Options{Letter: letter})
		got := answerOf(m.Commands)
		if len(m.Commands) == 1 && m.Commands[0].Text != "" {
			got += " : " + m.Commands[0].Text
		}
		if m.Text != c.text || got != c.want {
			t.Errorf("%q:\n text %q\n want %q\n %s, want %s", c.own, m.Text, c.text, got, c.want)
		}
		if alone := Read(plainMail(c.own+quoted, 0), Options{}); strings.Contains(alone.Text, ">") {
			t.Errorf("%q without the letter: %q", c.own, alone.Text)
		}
	}
}

// A mail store puts a mark before a line that begins with "From ".
func TestStoresMark(t *testing.T) {
	for body, want := range map[string]string{
		"The total is right.\n>From now on it is the gross one.\n": "The total is right.\nFrom now on it is the gross one.",
		"It is.\n\n> The total?\n>From now on?\n":                  "It is.",
		"It is.\n\n>From now on?\n> The total?\n":                  "It is.",
	} {
		if m := Read(plainMail(body, 0), Options{}); m.Text != want {
			t.Errorf("%q: text %q", body, m.Text)
		}
	}
}
