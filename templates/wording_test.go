package templates

import (
	"strings"
	"testing"
	"testing/fstest"

	"gatepost/loop"
)

// An operator's file stands in for the program's own, and only for that one.
func TestOverride(t *testing.T) {
	own, err := files.ReadFile("gate.txt")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Override(fstest.MapFS{
		"gate.txt":  {Data: []byte(strings.Replace(string(own), "Is it done as written?", "Dear {{.Name}}, is it done?", 1))},
		"README.md": {Data: []byte("ours")},
		"old":       {Mode: 0o755 | 1<<31},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Files) != 1 || c.Files[0] != "gate.txt" {
		t.Errorf("files %v", c.Files)
	}
	for _, l := range Samples() {
		w, err := c.set.render(l, SampleContext(l))
		if err != nil {
			t.Fatal(err)
		}
		same := w.Text == render(t, l).Text
		if said := strings.Contains(w.Preheader, "Dear Priya, is it done?"); said != (l.Kind == loop.Gate) || same == said {
			t.Errorf("%s: in the operator's words: %v, unchanged: %v", l.Kind, said, same)
		}
	}
	c.Use()
	defer Own().Use()
	l := loop.Letter{Kind: loop.Gate, Team: sampleTeam, To: priya, Name: "Priya Nair", Zone: "Europe/Berlin", Ref: "t12r1", Body: sampleGate()}
	if w := render(t, l); !strings.Contains(w.HTML, "Dear Priya, is it done?") {
		t.Error("Use changed nothing")
	}
}

func TestOverrideRefuses(t *testing.T) {
	change := func(name, old, other string) fstest.MapFS {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), old) {
			t.Fatalf("%s has no %q", name, old)
		}
		return fstest.MapFS{name: {Data: []byte(strings.ReplaceAll(string(b), old, other))}}
	}
	for want, folder := range map[string]fstest.MapFS{
		"no such letter":                  {"gates.txt": {Data: []byte("x")}},
		`unexpected "{"`:                  change("gate.txt", `{{define "ask"}}`, `{{define "ask"}}{{`),
		"must end in {{.Marker}}":         change("layout.txt", "{{.Marker}}", ""),
		"must hold {{.Marker}} once":      change("layout.html", "{{.Marker}}", ""),
		"second line":                     change("layout.txt", "{{fill .Ask}}", ""),
		"remote":                          change("layout.html", "</table>\n</body>", "</table><img src=\"https://acme.example/pixel.gif\"></body>"),
		"active in it (\"<script\")":      change("gate.html", `{{define "body"}}`, `{{define "body"}}<script>alert(1)</script>`),
		"is not offered in both":          change("layout.txt", `{{template "choices" .}}`, ""),
		`would be read as "approve"`:      change("gate.txt", `{{define "body"}}`, "{{define \"body\"}}\n#12 approve\n"),
		"can't evaluate field Sender":     change("gate.txt", `{{define "body"}}`, `{{define "body"}}{{.Sender}}`),
		"html of":                         change("gate.html", `{{define "body"}}`, `{{define "body"}}`+strings.Repeat("<p>very long</p>", 4000)),
		"no subject, first line or ask":   change("gate.txt", "delivered {{.Title}}. Is it done as written?", ""),
		"no template \"subject\" assoc":   change("prompt.txt", `{{define "subject"}}`, `{{define "subjekt"}}`),
		"function \"shout\" not defined":  change("prompt.txt", `{{define "due"}}`, `{{define "due"}}{{shout .T.Title}}`),
		"the sample of \"weekly\" (weekl": change("weekly.txt", `{{define "numbers"}}`, `{{define "numbers"}}{{index .W.Lines 9}}`),
	} {
		_, err := Override(folder)
		if want == "no subject, first line or ask" {
			folder = change("gate.txt", `{{define "ask"}}`, `{{define "ask"}}{{end}}{{define "nothing"}}`)
			_, err = Override(folder)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
