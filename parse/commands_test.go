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
	checkCommands(t, "commands.txt", 300, Options{})
}

// The words of another language obey the same rules.
func TestCommandsOfLanguages(t *testing.T) {
	names := []string{"Dana Kim", "Priya Nair"}
	for code, least := range map[string]int{"de": 120, "es": 90} {
		checkCommands(t, "commands-"+code+".txt", least, Options{Words: WordsOf([]string{code}), Names: names})
		checkCommands(t, "commands-"+code+".txt", least, Options{Words: WordsOf([]string{"de", "es"}), Names: names})
	}
}

func checkCommands(t *testing.T, file string, least int, opt Options) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
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
			t.Errorf("%s:%d: no answer in %q", file, i+1, row)
			continue
		}
		n++
		text = strings.ReplaceAll(text, `\n`, "\n")
		want = strings.ReplaceAll(want, `\n`, "\n")
		m := Read([]byte("From: Priya <priya@acme.example>\nTo: shop@acme.example\nIn-Reply-To: <x@y.example>\nContent-Type: text/plain; charset=utf-8\n\n"+text+"\n"), opt)
		var plain []string
		for k, a := range strings.Split(want, " ; ") {
			head, body, has := strings.Cut(a, " : ")
			plain = append(plain, head)
			if has && k < len(m.Commands) && m.Commands[k].Text != body {
				t.Errorf("%s:%d: %q: text %q, want %q", file, i+1, text, m.Commands[k].Text, body)
			}
		}
		if got := answerOf(m.Commands); got != strings.Join(plain, " ; ") {
			t.Errorf("%s:%d: %q\n got %s\nwant %s", file, i+1, text, got, strings.Join(plain, " ; "))
		}
	}
	if n < least {
		t.Errorf("%s has %d lines, want %d or more", file, n, least)
	}
}

// Whatever turns, limits or asks, before or behind an approval in any language
// and with a capital or not, leaves no decision.
func TestNothingTurnedIsApproved(t *testing.T) {
	n := 0
	for _, code := range []string{"en", "de", "es"} {
		words := append([]string{"approve", "lgtm"}, LanguageWords(code)["approve"]...)
		lx := newLexicon(WordsOf([]string{code}), []string{"Dana Kim"})
		for _, kind := range []string{"negation", "condition", "contrast"} {
			for phrase := range tails[kind].all {
				if phrase == "prima" {
					continue // "before" in Italian, "great" in German
				}
				if tails["friendly"].all[phrase] || tails["filler"].all[phrase] {
					t.Errorf("%q is friendly and a %s", phrase, kind)
				}
				for i, word := range words {
					if i > 1 && n%3 != 0 { // each phrase meets every third word
						n++
						continue
					}
					for _, line := range []string{word + " " + phrase, word + ", " + phrase + " Dana", word + " (" + phrase + ")", upperFirst(word) + ", " + upperFirst(phrase), phrase + " " + word, upperFirst(phrase) + ", " + word, word + ". " + upperFirst(phrase) + " danke"} {
						n++
						if c, _ := lx.line(line); c.Word == "approve" || c.Word == "redirect" {
							t.Errorf("%s: %q is taken as %s", code, line, c.Word)
						}
					}
				}
			}
		}
	}
	t.Logf("%d lines", n)
}

func upperFirst(s string) string {
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// Every phrase that takes an approval back does so below it, below the name as
// well where it may stand there, and a harmless one does not.
func TestWordsBelowAnApproval(t *testing.T) {
	says := func(below string) string {
		return answerOf(Read([]byte("From: Priya Nair <priya@acme.example>\r\nSubject: Re: x\r\n\r\napprove\r\n\r\n"+below+"\r\n"), Options{}).Commands)
	}
	kinds := tableKinds("tail.txt")
	for kind, below := range map[string]string{
		"takes-back": "%s the button is off", "makes-wait": "%s the button is mended", "regret": "%s the button", "wait-open": "%s the button is mended",
		"limits": "Dana says %s today", "alone": "%s.", "asks": "%s?", "wait-last": "Show it to Omar %s.", "refusal": "%s, the button is off",
		"label": "%s: wait", "interjection": "%s, no.", "postscript": "Priya\r\n\r\n%s not before Monday", "afterthought": "Priya\r\n\r\n%s Monday",
	} {
		if len(kinds[kind]) == 0 {
			t.Errorf("%s: no phrases", kind)
		}
		for _, phrase := range kinds[kind] {
			if got := says(fmt.Sprintf(below, phrase)); got == "approve" {
				t.Errorf("%s: %q is an approval", kind, fmt.Sprintf(below, phrase))
			}
		}
	}
	if got := says("   no, the button is off"); got == "approve" {
		t.Error("an indented refusal is an approval")
	}
	for _, phrase := range kinds["harmless"] {
		if got := says(phrase + " the button"); got != "approve" {
			t.Errorf("harmless: %q: %s", phrase, got)
		}
	}
}

// A mail of thousands of commands is no decision, and takes no longer for it.
func TestThousandsOfCommands(t *testing.T) {
	m := Read([]byte("From: Priya Nair <priya@acme.example>\r\nSubject: Re: x\r\n\r\n"+strings.Repeat("#1 approve\r\n", 2*mostCommands)), Options{})
	for _, c := range m.Commands {
		if c.Word != "" {
			t.Fatalf("%+v", c)
		}
	}
}

// Where the team is known, a word that was not thanked is a name only if it is
// somebody's.
func TestNamesOfTheTeam(t *testing.T) {
	opt := Options{Names: []string{"Lee Osei", "Dana Kim"}}
	for line, approves := range map[string]bool{
		"Approved, Lee":                  true,
		"Approve - Dana, Lee":            true,
		"Approved, thanks Jonas":         true, // a name it is, whosoever's
		"Approved - Safari Excluded":     false,
		"Approved, Legal":                false,
		"Approved - Partial":             false,
		"Approved, Omar":                 false,
		"Approved - Quarantine Required": false,
	} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\n"+line+"\n"), opt)
		if got := len(m.Commands) == 1 && m.Commands[0].Word == "approve"; got != approves {
			t.Errorf("%q: approve %v, want %v (%+v)", line, got, approves, m.Commands)
		}
	}
}

// Whoever undoes a decision says why, and is sorry.
func TestUndoIsSorry(t *testing.T) {
	for _, body := range []string{"Undo, sorry!", "undo - my mistake", "undo, wrong task", "undo\n\nSorry, that was too early. Wrong task."} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\n"+body+"\n"), Options{})
		if len(m.Commands) != 1 || m.Commands[0].Word != "undo" {
			t.Errorf("%q: %+v", body, m.Commands)
		}
	}
}

// A yes to "was this you?" is taken at its word only if nothing below it says
// otherwise.
func TestYesIsLimited(t *testing.T) {
	for body, yes := range map[string]bool{
		"yes":                                 true,
		"Yes.\n\nThanks for asking!":          true,
		"yes\n\nPriya":                        true,
		"yes\nno":                             false,
		"yes\n\nNo, that was not me.":         false,
		"yes\n\nWho is Mallory?":              false,
		"Yes, thanks!\n\nPlease do nothing.":  false,
		"yes\n\nThis is spam.":                false,
		"yes\n\nOnly if Omar agrees.":         false,
		"yes\n\nI do not know this address.":  false,
		"Yes.\nBut do not carry it out.":      false,
		"yes\n\nScratch that.":                false,
		"yes\n\nPlease block it, is a fraud?": false,
	} {
		m := Read([]byte("From: priya@acme.example\nTo: shop+c1.abcdefghijklmnop@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Was this you?\n\n"+body+"\n"), Options{Teams: []string{"shop@acme.example"}})
		if got := len(m.Commands) == 1 && m.Commands[0].Word == "yes"; got != yes {
			t.Errorf("%q: yes %v, want %v (%+v)", body, got, yes, m.Commands)
		}
	}
}

// What is broken is a reason to open a task again, and no doubt about it.
func TestReasons(t *testing.T) {
	for line, word := range map[string]string{
		"reopen: safari is broken again":            "reopen",
		"reopen: once more":                         "reopen",
		"reopen: fix the header first":              "reopen",
		"reopen: it still fails if I log in twice":  "reopen",
		"drop: no longer needed":                    "drop",
		"drop: the shop is closed, before we ship":  "drop",
		"drop: wrong task, I meant the other shop":  "drop",
		"drop: no, keep it":                         "",
		"drop: never":                               "",
		"drop: don't":                               "",
		"drop: just kidding":                        "",
		"drop: only if Omar agrees":                 "",
		"reopen: no":                                "",
		"reopen: unless Omar objects":               "",
		"redirect: no, the header is still too big": "redirect",
	} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\n"+line+"\n"), Options{})
		if len(m.Commands) != 1 || m.Commands[0].Word != word {
			t.Errorf("%q: %+v", line, m.Commands)
		}
	}
}
