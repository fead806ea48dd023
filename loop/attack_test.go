package loop

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatepost/parse"
)

// The attack suite: each file is a scene, played as a story, and below "---"
// mails, each of which meets the scene afresh.
//
//   - name              a mail that must move nothing
//   - name              ("+" for "-") a mail that must move something
//     From: …           in place of the base mail's field; several are several
//     ^From: …          on top of the others
//     -Subject          taken out
//     | approve         the text, in place of the base mail's
//     dkim pass         what our own check of signatures says; or fail, later
//     then              another mail, after the first: the last one counts
//     = …               what came of it; -update writes it
//
// {t1r1 priya} is the address made for priya, {tok t1r1 priya} its token, {id
// t1r1 priya} a Message-ID of ours. \0, \r, \t and \uXXXX are those characters.
func TestAttacks(t *testing.T) {
	files, err := filepath.Glob("testdata/attacks/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no attacks: %v", err)
	}
	names := map[string]bool{}
	good := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playAttacks(t, string(src), func(a attack) {
				if names[a.name] {
					t.Errorf("two mails are named %q", a.name)
				}
				names[a.name] = true
				if a.good {
					good++
				}
			})
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(src) {
				t.Errorf("it goes otherwise; look at the difference, then -update:\n%s", firstDifference(string(src), got))
			}
		})
	}
	if len(names) < 250 || good < 40 {
		t.Errorf("the suite has %d mails, %d of them good", len(names), good)
	}
}

// attack is one entry of a file.
type attack struct {
	name  string
	good  bool
	mails []attackMail
}

// attackMail is a mail before it is made.
type attackMail struct {
	fields  []string // "Name: value"
	top     []string
	without []string
	text    []string
	spoken  bool // text is set, even if empty
	dkim    string
}

var baseMail = attackMail{
	fields: []string{"From: Priya Nair <priya@acme.example>", "To: {t1r1 priya}", "Subject: Re: Cart loses items", "Content-Type: text/plain; charset=utf-8"},
	text:   []string{"approve"},
}

var braces = regexp.MustCompile(`\{(tok |id |)(\w+) (\w+)\}`)

var escapes = strings.NewReplacer(`\0`, "\x00", `\r`, "\r", `\t`, "\t", `\u200b`, "\u200b", `\u200f`, "\u200f", `\u202e`, "\u202e", `\u0430`, "\u0430", `\u00a0`, "\u00a0", `\u2028`, "\u2028")

// fill puts the addresses of this team in.
func (g *stage) fill(s string) string {
	s = braces.ReplaceAllStringFunc(s, func(m string) string {
		f := braces.FindStringSubmatch(m)
		token := g.team.Token(f[2], f[3]+"@acme.example")
		switch f[1] {
		case "tok ":
			return token
		case "id ":
			return f[2] + "." + token + ".7@gate.acme.example"
		}
		return Plus(g.team.Address, f[2]+"."+token)
	})
	return escapes.Replace(s)
}

// raw makes the bytes of a mail; n numbers it.
func (g *stage) raw(m attackMail, n int64) []byte {
	name := func(field string) string {
		k, _, _ := strings.Cut(field, ":")
		return strings.ToLower(strings.TrimSpace(k))
	}
	fields := slices.Clone(m.top)
	replaced := map[string]bool{}
	for _, f := range m.fields {
		replaced[name(f)] = true
	}
	for _, f := range m.without {
		replaced[strings.ToLower(f)] = true
	}
	for _, f := range append(baseMail.fields, fmt.Sprintf("Message-ID: <a%d@client.example>", n)) {
		if !replaced[name(f)] {
			fields = append(fields, f)
		}
	}
	fields = append(fields, m.fields...)
	text := baseMail.text
	if m.spoken {
		text = m.text
	}
	return []byte(g.fill(strings.Join(fields, "\r\n") + "\r\n\r\n" + strings.Join(text, "\r\n") + "\r\n"))
}

// receive reads a raw mail as the program does and lets the rules have it.
func (g *stage) receive(raw []byte, dkim string) []string {
	g.mails++
	m := parse.Read(raw, parse.Options{Teams: []string{g.team.Address, "lab@acme.example"}, Hosts: []string{"gate.acme.example"}, AuthservID: "mx.acme.example"})
	in := Incoming{ID: g.mails, At: g.now, Mail: m, Later: dkim == "later"}
	if (dkim == "pass" || dkim == "fail") && m.Evidence.DKIM == "none" {
		in.Mail.Evidence.DKIM = dkim
	}
	g.raws[g.mails] = m
	if m.Park != "" {
		return []string{"= parked: " + m.Park}
	}
	return g.apply(in)
}

// clone is a stage that goes on from here by itself.
func (g *stage) clone(t testing.TB) *stage {
	c := *g
	c.t, c.log, c.sent, c.raws = t, slices.Clone(g.log), slices.Clone(g.sent), maps.Clone(g.raws)
	team := *g.team
	s := *g.s
	s.Team = &team
	c.team, c.s = &team, &s
	return &c
}

// standing is all that a move can change: tasks, streams, aliases, who is away.
func (g *stage) standing() string {
	var b strings.Builder
	for _, n := range sortedTasks(g.s) {
		t := g.s.Tasks[n]
		fmt.Fprintf(&b, "#%d %s r%d due %s %+v %v %q %v\n", n, t.State, t.Round, t.Due, t.Sections, t.Question, t.Stream, t.Decision)
	}
	for _, plan := range g.team.Streams {
		fmt.Fprintln(&b, showStream(g.s.Stream(plan.Name)))
	}
	for _, p := range g.team.People {
		pr := g.s.Presence(p.Key())
		fmt.Fprintln(&b, p.Key(), pr.Away, pr.Aliases)
	}
	return b.String()
}

func playAttacks(t *testing.T, src string, count func(attack)) string {
	scene, rest, ok := strings.Cut(src, "---\n")
	if !ok {
		t.Fatal("no line --- below the scene")
	}
	start := newStage(t)
	out := []string{start.play(scene) + "---"}
	var a *attack
	var lines []string
	flush := func() {
		if a == nil {
			return
		}
		count(*a)
		g := start.clone(t)
		out = append(out, lines...)
		var before string
		var sent int
		for _, m := range a.mails {
			before, sent = g.standing(), len(g.sent)
			out = append(out, g.receive(g.raw(m, g.mails), m.dkim)...)
		}
		if moved := before != g.standing(); moved != a.good {
			t.Errorf("%s: moved %v, want %v:\n%s\n%s", a.name, moved, a.good, before, g.standing())
		}
		for _, l := range g.sent[sent:] {
			if g.team.Person(l.To) == nil && l.To != g.team.Operator {
				t.Errorf("%s: a letter to %s", a.name, l.To)
			}
		}
		a, lines = nil, nil
	}
	blank := 0
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		if name, bad := strings.CutPrefix(line, "- "); bad || strings.HasPrefix(line, "+ ") {
			flush()
			if !bad {
				name = line[2:]
			}
			a = &attack{name: name, good: !bad, mails: make([]attackMail, 1)}
			out, blank = append(out, make([]string, blank)...), 0
			lines = append(lines, line)
			continue
		}
		if a == nil || strings.HasPrefix(line, "=") {
			if a == nil {
				out = append(out, line)
			}
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			flush()
			out = append(out, line)
			continue
		}
		lines = append(lines, line)
		m := &a.mails[len(a.mails)-1]
		switch {
		case line == "then":
			a.mails = append(a.mails, attackMail{})
		case strings.HasPrefix(line, "|"):
			m.text, m.spoken = append(m.text, strings.TrimPrefix(strings.TrimPrefix(line, "|"), " ")), true
		case strings.HasPrefix(line, "dkim "):
			m.dkim = line[5:]
		case strings.HasPrefix(line, "^"):
			m.top = append(m.top, line[1:])
		case strings.HasPrefix(line, "-"):
			m.without = append(m.without, line[1:])
		case strings.HasPrefix(line, "  ") && len(m.fields) > 0:
			m.fields[len(m.fields)-1] += "\r\n" + strings.TrimPrefix(line, " ")
		default:
			m.fields = append(m.fields, line)
		}
	}
	flush()
	return strings.Join(out, "\n") + "\n"
}
