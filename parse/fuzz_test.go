package parse

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"gatepost/parse/internal/mime"
)

// sound checks what must hold of every mail that was read, whatever it was.
func sound(t *testing.T, m Mail) {
	t.Helper()
	if strings.HasPrefix(m.Park, "reading failed") {
		t.Fatalf("panic: %s", m.Park)
	}
	if (m.Robot != RobotNone || m.Park != "") && len(m.Commands) > 0 {
		t.Fatalf("robot %q, park %q, commands %v", m.Robot, m.Park, m.Commands)
	}
	words := CanonicalWords()
	for _, c := range m.Commands {
		if c.Word != "" && (c.Doubt != "" || !slices.Contains(words, c.Word)) {
			t.Fatalf("command %+v", c)
		}
	}
	if m.From.Address != "" {
		if a, err := mime.AddrSpec(m.From.Address); err != nil || a != m.From.Address {
			t.Fatalf("from %q", m.From.Address)
		}
	} else if m.Robot == RobotNone && len(m.Problems) == 0 {
		t.Fatal("nobody wrote it and no problem says why")
	}
	for _, s := range []string{m.Subject, m.From.Name, m.MessageID, m.InReplyTo} {
		if strings.IndexFunc(s, unicode.IsControl) >= 0 || !utf8.ValidString(s) {
			t.Fatalf("not fit to be shown: %q", s)
		}
	}
	if strings.IndexFunc(m.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) >= 0 || !utf8.ValidString(m.Text) {
		t.Fatalf("text %q", m.Text)
	}
	if lost := missing(m.Text, m.Sections); m.Robot == RobotNone && m.Park == "" && lost != "" && len(m.Text) < 2000 {
		t.Fatalf("the sections lost %q of %q: %+v", lost, m.Text, m.Sections)
	}
	for _, a := range m.Attachment {
		if strings.ContainsAny(a.Name, "/\\\n") || strings.HasPrefix(a.Name, ".") || strings.HasPrefix(a.Name, "-") || utf8.RuneCountInString(a.Name) > 120 || len(a.Name) > 200 {
			t.Fatalf("attachment name %q", a.Name)
		}
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, "")
	}
	f.Add(plainMail("approve\n\nunknown\n\n"+gateLetter, 1), gateLetter)
	f.Fuzz(func(t *testing.T, raw []byte, letter string) {
		opt := Options{Letter: letter}
		m := Read(raw, opt)
		sound(t, m)
		_ = Explain(raw, opt)
		h := ReadHead(raw, opt)
		if m.Park == "" && (h.From != m.From.Address || h.MessageID != m.MessageID) {
			t.Fatalf("head %+v, mail %+v", h, m.From)
		}
		// Of CR CR LF there remains a CRLF, which is another mail's line end.
		if !strings.Contains(string(raw), "\r\r\n") && Fingerprint(raw) != Fingerprint([]byte(strings.ReplaceAll(string(raw), "\r\n", "\n"))) {
			t.Fatal("the fingerprint depends on line ends")
		}
	})
}

// FuzzHistory puts any text below a marked intro: nothing of it may act.
func FuzzHistory(f *testing.F) {
	for _, s := range dangerBodies {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 10_000 {
			return
		}
		quoted := marked(strings.NewReplacer("\r", "\n", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\n", "\n> ").Replace(s))
		raw := plainMail("I will look tomorrow.\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n"+quoted+"\n", 0)
		for _, c := range Read(raw, Options{}).Commands {
			if c.Word != "" {
				t.Fatalf("took %q from %q\n%s", c.Word, c.Line, Explain(raw, Options{}))
			}
		}
	})
}

func FuzzCommands(f *testing.F) {
	b, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if text, _, ok := strings.Cut(line, " => "); ok {
			f.Add(strings.ReplaceAll(text, `\n`, "\n"))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := Read(plainMail(text, 0), Options{})
		sound(t, m)
		for _, c := range m.Commands {
			lead := c.Line[:max(0, strings.IndexFunc(c.Line, unicode.IsLetter))] // a wave behind the word is kind: "approve, thanks~"
			if c.Word == "approve" && (strings.ContainsAny(c.Line, "?？¿¬≠") || strings.Contains(lead, "~") || strings.HasPrefix(c.Line, "!") ||
				tails["negation"].has(c.Tail) || tails["contrast"].has(c.Tail) || tails["condition"].has(c.Tail)) {
				t.Fatalf("approve from %q", c.Line)
			}
		}
		IsSoft(text)
	})
}

func FuzzSections(f *testing.F) {
	for _, file := range []string{"testdata/tasks-good.txt", "testdata/whole.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for s := range strings.SplitSeq(string(b), "\n%%\n") {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 || !utf8.ValidString(text) {
			return
		}
		s, _ := FindSections(text)
		if lost := missing(text, s); lost != "" {
			t.Fatalf("lost %q of %q: %+v", lost, text, s)
		}
		Advise(Mail{Text: text, Sections: s})
	})
}

func FuzzHTML(f *testing.F) {
	for _, h := range clientHTML {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sound(t, Read(htmlMail(s), Options{}))
	})
}
