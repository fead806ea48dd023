package mime

import (
	"regexp"
	"strings"
	"testing"
)

// The reference reads as plainly as can be, with a pattern where the program has
// a scanner, and is stricter than it or alike. A yes of the program that the
// reference does not share is a mistake.

// FuzzIdentity: nobody is identified whom a plain reading does not find as the
// one mailbox of the one From field.
func FuzzIdentity(f *testing.F) {
	for _, s := range []string{
		"From: a@b.example\n", "From: Dana <a@b.example>\nFrom: x@y\n", "From : a@b\n", "From: \"a\\\"b\" <a@b>\n", "From: =?utf-8?Q?a?= <a@b>\n",
		"From: <@x:a@b>\n", "From: a: b@c, d@e;\n", "From: (x) a@b (y)\n", "From: a\n <a@b>\n", "From: a\n \n <a@b>\n", "Fr\x00om: a@b\n", "X: y\nFROM: a@b (c)\n",
	} {
		f.Add(s)
	}
	mailboxes := regexp.MustCompile(`^(?:([^\s@<>()"\\,:;\[\]]+@[A-Za-z0-9.-]+)[ \t]*(?:\([^()<>@\\]*\))?|(?:[^@<>()\\,:;\[\]"]|"(?:[^"\\]|\\["\\])*"|\\)*<([^\s@<>()"\\,:;\[\]]+@[A-Za-z0-9.-]+)>)$`)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 5000 || strings.Contains(s, "\r") {
			return
		}
		b := SplitHeader([]byte(s), Defaults, nil)
		a, err := Identity(b.Fields)
		if err != nil {
			if a.Address != "" {
				t.Fatalf("an error and %+v", a)
			}
			return
		}
		var froms []string
		in := false
		for i, line := range strings.Split(s, "\n") {
			if line == "" {
				break
			}
			if line[0] == ' ' || line[0] == '\t' {
				if in {
					froms[len(froms)-1] += " " + strings.Trim(line, " \t")
				}
				continue
			}
			if i == 0 && !strings.HasPrefix(strings.ToLower(line), "from:") && (strings.HasPrefix(line, "From ") || strings.HasPrefix(line, ">From ")) {
				continue // mbox
			}
			name, value, ok := strings.Cut(line, ":")
			if !ok || strings.ContainsAny(strings.TrimRight(name, " \t"), " \t") {
				break
			}
			if in = strings.EqualFold(name, "from"); in {
				froms = append(froms, strings.Trim(value, " \t"))
			}
		}
		if len(froms) != 1 {
			t.Fatalf("%d From fields and %+v: %q", len(froms), a, s)
		}
		m := mailboxes.FindStringSubmatch(strings.Trim(froms[0], " \t"))
		if m == nil || !strings.EqualFold(m[1]+m[2], a.Address) {
			t.Fatalf("%+v, the slow reading finds %q in %q", a, m, froms[0])
		}
	})
}
