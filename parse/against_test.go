package parse

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// readApproval reads a reply in a team of three languages.
func readApproval(text string) []Command {
	opt := Options{Words: WordsOf([]string{"de", "es"}), Names: []string{"Priya Nair", "Dana Kim", "Lee Wong", "Omar Haddad"}}
	return Read([]byte("From: Priya Nair <priya@acme.example>\nTo: shop@acme.example\nIn-Reply-To: <x@y.example>\nContent-Type: text/plain; charset=utf-8\n\n"+text+"\n"), opt).Commands
}

// What people write around an approval: an approval that is taken back moves
// nothing, and kind words leave it one.
func TestWordsAroundAnApproval(t *testing.T) {
	for file, counts := range map[string]bool{"testdata/approve-refused.txt": false, "testdata/approve-kind.txt": true} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			n++
			cs := readApproval(strings.ReplaceAll(line, `\n`, "\n"))
			if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
				t.Errorf("%s: %q: %s", file, line, answerOf(cs))
			}
		}
		if n < 250 {
			t.Errorf("%s has %d mails", file, n)
		}
	}
}

// Every phrase that speaks against an approval does so in the middle of a
// sentence, and one that spares it does not.
func TestPhrasesAgainst(t *testing.T) {
	kinds := tableKinds("against.txt")
	for kind, text := range map[string]string{
		"halts": "Dana, the list %s here", "denies": "Dana, the list %s here", "faults": "Dana, the list %s here",
		"revokes": "%s that", "points": "Ignore %s", "hangs": "%s the release", "dates": "%s Friday", "scraps": "%s Dana", "joins": "%s changes", "checks": "%s it done?", "opens": "%s ignore that",
		"spares": "Dana, the list %s there", "mended": "Dana, the bug is %s", "aside": "The %s: the list fails", "here": "The next task is fine, %s fails",
		"lacks": "Dana, the list has %s bugs", "meets": "I have not %s a bug", "amid": "I saw no %s bug", "woes": "I saw no %s",
		"once-was": "The list %s, now it is good", "by-now": "The list was wrong, %s", "changes": "Please %s the list", "asks-to": "%s remove the list", "records": "Please add it to the %s", "pieces": "%s", "pieces-spared": "%s",
	} {
		if len(kinds[kind]) == 0 {
			t.Errorf("%s: no phrases", kind)
		}
		counts := slices.Contains(strings.Fields("spares mended aside lacks meets amid woes once-was by-now records pieces-spared"), kind)
		for _, phrase := range kinds[kind] {
			below := strings.Replace(text, "%s", phrase, 1)
			cs := readApproval("approve\n\n" + below)
			if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
				t.Errorf("%s: %q: %s", kind, below, answerOf(cs))
			}
		}
	}
	if len(kinds) != 26 {
		t.Errorf("%d kinds", len(kinds))
	}
}

// What is said of another task is that task's.
func TestOtherNumbersAreNotAgainst(t *testing.T) {
	cs := readApproval("approve\n\n#2 the export fails")
	if len(cs) != 2 || cs[0].Word != "approve" || cs[1].Task != 2 {
		t.Errorf("%+v", cs)
	}
}

// Thanks may say what for; what is only good for something limits.
func TestThanksForWhat(t *testing.T) {
	for line, counts := range map[string]bool{
		"approve, thanks for the tests":                           true,
		"approve. Many thanks for the fast work, Dana":            true,
		"approve, thanks for the first half":                      false,
		"approve, thanks for everything but the footer":           false,
		"approve, thanks for waiting":                             false,
		"approve, thanks for nothing":                             false,
		"approve, thanks for the redirect":                        false,
		"approve, thanks for trying":                              false,
		"approve, merci pour la première moitié":                  false,
		"approve, good for the web part":                          false,
		"approve, great for staging":                              false,
		"approve, thanks for the web part, fix the app":           false,
		"approve as discussed":                                    false,
		"approve, thanks for the work and redirect the rest":      false,
		"approve, thanks for a start on what we need next Monday": false,
	} {
		cs := readApproval(line)
		if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
			t.Errorf("%q: %s", line, answerOf(cs))
		}
	}
}
