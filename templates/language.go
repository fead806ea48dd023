package templates

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
	xlanguage "golang.org/x/text/language"
)

// Languages are those that letters are written in, English first. A language is
// a file <code>.msg here and a table of command words in parse.
var Languages = []string{"en", "de", "es"}

// language is the messages of one file by name.
type language struct {
	code     string
	tag      xlanguage.Tag
	messages map[string]message // "days.one" is a message of its own
}

// message is a text with facts to be put in.
type message []piece

// piece is words, a fact, or a part that stands only if all its facts are there.
type piece struct {
	text string
	fact string
	part message
}

// forms are the plural forms that a message can end in (Unicode CLDR), and
// "zero", which is none at all in every language.
var forms = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}

// readLanguage reads name = text lines. A line that begins with a space goes on
// with the text before it; # begins a comment.
func readLanguage(from fs.FS, file string) (*language, error) {
	b, err := fs.ReadFile(from, file)
	if err != nil {
		return nil, err
	}
	code := strings.TrimSuffix(path.Base(file), ".msg")
	tag, err := xlanguage.Parse(code)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	l := &language{code, tag, map[string]message{}}
	name, text, at := "", "", 0
	flush := func() error {
		if name == "" {
			return nil
		}
		m, rest, err := readMessage(text)
		if err == nil && rest != "" {
			err = fmt.Errorf("a ] with no [ before it")
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %s: %w", file, at, name, err)
		}
		l.messages[name], name = m, ""
		return nil
	}
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == ' ' || line[0] == '\t':
			text += " " + strings.TrimSpace(line)
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		var ok bool
		if name, text, ok = strings.Cut(line, "="); !ok {
			return nil, fmt.Errorf("%s:%d: %q: want name = text; a line that goes on begins with a space", file, i+1, clip(line, 40))
		}
		name, text, at = strings.TrimSpace(name), strings.TrimSpace(text), i+1
		if _, twice := l.messages[name]; twice {
			return nil, fmt.Errorf("%s:%d: %s is there twice: take one out", file, at, name)
		}
	}
	return l, flush()
}

// readMessage reads text up to its end, or to the ] that ends a part.
func readMessage(s string) (m message, rest string, err error) {
	for s != "" {
		i := strings.IndexAny(s, "{}[]")
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			m = append(m, piece{text: s[:i]})
		}
		if s = s[i:]; s == "" {
			break
		}
		switch s[0] {
		case '{':
			end := strings.IndexByte(s, '}')
			if end < 2 || strings.ContainsAny(s[1:end], "{[] ") {
				return nil, "", fmt.Errorf("%q: want {name} of a fact, closed and without spaces", clip(s, 20))
			}
			m = append(m, piece{fact: s[1:end]})
			s = s[end+1:]
		case '[':
			part, after, err := readMessage(s[1:])
			if err != nil {
				return nil, "", err
			}
			if !strings.HasPrefix(after, "]") {
				return nil, "", fmt.Errorf("a [ with no ] behind it")
			}
			if len(part.facts()) == 0 {
				return nil, "", fmt.Errorf("[…] has no {fact} in it that could be missing")
			}
			m, s = append(m, piece{part: part}), after[1:]
		case ']':
			return m, s, nil
		default:
			return nil, "", fmt.Errorf("a } with no { before it")
		}
	}
	return m, "", nil
}

// facts names what a message wants to know, sorted, each once.
func (m message) facts() []string {
	var out []string
	for _, p := range m {
		if p.fact != "" {
			out = append(out, p.fact)
		}
		out = append(out, p.part.facts()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fill puts facts in. whole is false if one of the message's own was empty.
func (m message) fill(fact func(string) (string, error)) (s string, whole bool, err error) {
	var b strings.Builder
	whole = true
	for _, p := range m {
		switch {
		case p.part != nil:
			part, there, err := p.part.fill(fact)
			if err != nil {
				return "", false, err
			}
			if there {
				b.WriteString(part)
			}
		case p.fact != "":
			value, err := fact(p.fact)
			if err != nil {
				return "", false, err
			}
			whole = whole && value != ""
			b.WriteString(value)
		default:
			b.WriteString(p.text)
		}
	}
	return b.String(), whole, nil
}

// form is the message for a number: its plural form, else the plain one.
func (l *language) form(name string, n int) (message, bool) {
	form := forms[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]
	if n == 0 {
		form = "zero"
	}
	for _, f := range []string{"." + form, ".other", ""} {
		if m, ok := l.messages[name+f]; ok {
			return m, true
		}
	}
	return nil, false
}

// everywhere are facts that an operator's message can use in any letter.
var everywhere = []string{"name", "team", "number", "task", "title", "engineer", "stream", "who", "when", "due"}

// under is l with the messages of an operator's file above its own. They know
// what the program's English knows there, and what is known everywhere.
func (l *language) under(own *language, file string, en *language) (*language, error) {
	out := &language{l.code, l.tag, map[string]message{}}
	for name, m := range l.messages {
		out.messages[name] = m
	}
	for name, m := range own.messages {
		known := lower(en.of(name))
		if known == nil {
			return nil, fmt.Errorf("%s: there is no message %q: see en.msg", file, name)
		}
		for _, f := range m.facts() {
			if f := strings.ToLower(f); !slices.Contains(known, f) && !slices.Contains(everywhere, f) && !strings.HasPrefix(f, "word.") {
				return nil, fmt.Errorf("%s: %s: {%s} is not known there: want %s", file, name, f, strings.Join(known, ", "))
			}
		}
		out.messages[name] = m
	}
	return out, nil
}

// of is the facts of a message in any of its plural forms; nil if there is none.
func (l *language) of(name string) []string {
	stem := name
	if i := strings.LastIndexByte(name, '.'); i > 0 && isForm(name[i+1:]) {
		stem = name[:i]
	}
	known := []string(nil)
	for _, f := range append([]string{"", ".zero", ".other"}, ".one", ".two", ".few", ".many") {
		if m, ok := l.messages[stem+f]; ok {
			known = append(append([]string{}, known...), m.facts()...)
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// lower is the facts without the capitals that begin a sentence.
func lower(facts []string) []string {
	if facts == nil {
		return nil
	}
	out := []string{}
	for _, f := range facts {
		out = append(out, strings.ToLower(f))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func isForm(s string) bool {
	return slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, s)
}

// upper begins a sentence.
func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
