package templates

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"

	"gatepost/loop"
	"gatepost/parse"
)

// stem is a message's name without its plural form. "other" also ends the names
// of groups, which have several members.
func stem(l *language, name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || !isForm(name[i+1:]) {
		return name
	}
	for _, form := range []string{".one", ".zero"} {
		if _, ok := l.messages[name[:i]+form]; ok {
			return name[:i]
		}
	}
	return strings.TrimSuffix(name, ".other")
}

// Every language says everything that English says, no more and no less, with
// the same facts.
func TestEveryLanguageSaysEverything(t *testing.T) {
	en := builtin().langs["en"]
	for _, code := range Languages[1:] {
		l := builtin().langs[code]
		for name := range en.messages {
			if s := stem(en, name); l.of(s) == nil {
				t.Errorf("%s.msg has no %q", code, s)
			}
		}
		for name, m := range l.messages {
			s := stem(l, name)
			known := lower(en.of(s))
			if known == nil {
				t.Errorf("%s.msg: %q is used nowhere", code, name)
				continue
			}
			if of := lower(l.of(s)); !slices.Equal(of, known) {
				t.Errorf("%s.msg: %s has the facts %v, in English %v", code, s, of, known)
			}
			for _, f := range m.facts() {
				if !slices.Contains(known, strings.ToLower(f)) {
					t.Errorf("%s.msg: %s: {%s} is not known there", code, name, f)
				}
			}
		}
		// Each number finds a form of its own language.
		for name := range l.messages {
			for _, n := range []int{0, 1, 2, 5, 21, 100, 1000000} {
				if s := stem(l, name); s != name {
					if _, ok := l.form(s, n); !ok {
						t.Errorf("%s.msg: %s has no form for %d", code, s, n)
					}
				}
			}
		}
		for _, list := range []struct {
			name string
			n    int
		}{{"date.weekdays", 7}, {"date.months", 12}, {"weekly.columns", 8}} {
			v := &view{lang: l}
			if names := strings.Fields(v.says(list.name)); len(names) != list.n {
				t.Errorf("%s.msg: %s has %d names, want %d", code, list.name, len(names), list.n)
			}
		}
	}
}

var (
	literal   = regexp.MustCompile(`"([a-z0-9.+-]+)"`)
	saidName  = regexp.MustCompile(`(?:\.Say|says) ?\(?"([a-z0-9.+-]+)"|\.Count ?\(?[^"\n]*"([a-z0-9.+-]+)"`)
	saidGroup = regexp.MustCompile(`(?:SayOf|Has|group)(?: |\()"([a-z0-9.+-]+)"`)
)

// Every message is said somewhere, and every one that is said is there.
func TestEveryMessageIsUsed(t *testing.T) {
	mentioned, said, groups := map[string]bool{}, map[string]bool{}, map[string]bool{}
	names, err := fs.Glob(os.DirFS("."), "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".txt") && !strings.HasSuffix(name, ".html") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range saidName.FindAllStringSubmatch(string(b), -1) {
			if name := m[1] + m[2]; !strings.HasSuffix(name, ".") {
				said[name] = true
			}
		}
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			mentioned[m[1]] = true
		}
		for _, m := range saidGroup.FindAllStringSubmatch(string(b), -1) {
			groups[m[1]] = true
		}
	}
	for _, line := range strings.Fields("subject what ask footer") { // head looks for them
		for _, k := range loop.Kinds {
			mentioned[string(k)+"."+line] = true
		}
	}
	en := builtin().langs["en"]
	for name := range en.messages {
		group := name[:max(strings.LastIndexByte(name, '.'), 0)]
		if s := stem(en, name); !mentioned[name] && !mentioned[s] && !groups[group] && !mentioned[group+"."] && !mentioned[s[:max(strings.LastIndexByte(s, '.'), 0)]+"."] {
			t.Errorf("en.msg: %q is used nowhere", name)
		}
	}
	for name := range said {
		if en.of(name) == nil {
			t.Errorf("%q is said and stands in no message file", name)
		}
	}
	if len(said) < 120 || len(groups) < 10 {
		t.Errorf("only %d messages and %d groups were found in the source", len(said), len(groups))
	}
}

// Every advice, every word of the help and every state has its sentence.
func TestEveryGroupIsWhole(t *testing.T) {
	for _, code := range Languages {
		v := &view{lang: builtin().langs[code]}
		for _, r := range parse.AdviceRules {
			if !v.Has("advice", r.Name) {
				t.Errorf("%s.msg has no advice.%s", code, r.Name)
			}
		}
		for _, s := range []loop.TaskState{loop.Draft, loop.Queued, loop.Active, loop.AtGate, loop.Approve, loop.DroppedS} {
			if !v.Has("state", string(s)) {
				t.Errorf("%s.msg has no state.%s", code, s)
			}
		}
		for _, w := range parse.CanonicalWords() {
			if w != "yes" && !v.Has("does", w) {
				t.Errorf("%s.msg has no does.%s", code, w)
			}
			if code != "en" && len(parse.LanguageWords(code)[w]) == 0 {
				t.Errorf("%s has no word for %s", code, w)
			}
		}
	}
}

// Dates, numbers and plurals are those of the language.
func TestDatesAndNumbers(t *testing.T) {
	for code, want := range map[string]string{
		"en": "Mon 9 March|Mon 4 January 2027|2.5|1 day|2 days|9 Mar",
		"de": "Mo 9. März|Mo 4. Januar 2027|2,5|1 Tag|2 Tage|9. Mär",
		"es": "lun 9 de marzo|lun 4 de enero de 2027|2,5|1 día|2 días|9 mar",
	} {
		v := &view{lang: builtin().langs[code], year: 2026}
		got := strings.Join([]string{v.Day(on(9)), v.Day(loop.Date{Year: 2027, Month: 1, Day: 4}), v.tenth(2.5), v.Count(1, "days"), v.Count(2, "days"), v.ShortDay(on(9))}, "|")
		if got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
	if plural.Cardinal.MatchPlural(builtin().langs["de"].tag, 2, 0, 0, 0, 0) != plural.Other {
		t.Error("two is no plural in German")
	}
}

// A part in brackets stands only if all its facts are known; parts within parts
// are judged by themselves.
func TestMessageParts(t *testing.T) {
	m, rest, err := readMessage("{a}[, b {b}[ ({c})]]!")
	if err != nil || rest != "" {
		t.Fatal(err, rest)
	}
	for facts, want := range map[string]string{"abc": "a, b b (c)!", "ab": "a, b b!", "ac": "a!", "a": "a!", "": "!"} {
		got, _, err := m.fill(func(name string) (string, error) {
			if strings.Contains(facts, name) {
				return name, nil
			}
			return "", nil
		})
		if err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", facts, got, want, err)
		}
	}
	for _, bad := range []string{"{a", "a}", "{}", "[a]", "[{a}", "{a b}"} {
		if _, rest, err := readMessage(bad); err == nil && rest == "" {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := (&view{lang: builtin().langs["en"]}).fact("unheard-of"); err == nil {
		t.Error("an unknown fact is known")
	}
	if s := fmt.Sprint(m.facts()); s != "[a b c]" {
		t.Error(s)
	}
}
