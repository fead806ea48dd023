package templates

import (
	"html"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"gatepost/loop"
)

// An operator's file stands in for the program's own, and only for that one.
func TestOverride(t *testing.T) {
	c, err := Override(fstest.MapFS{
		"en.msg":    {Data: []byte("# ours\ngate.ask = Dear {name}, is {title}\n  done?\n")},
		"README.md": {Data: []byte("ours")},
		"old":       {Mode: 0o755 | 1<<31},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Files) != 1 || c.Files[0] != "en.msg" {
		t.Errorf("files %v", c.Files)
	}
	for _, l := range Samples() {
		w, err := c.set.render(l, SampleContext(l))
		if err != nil {
			t.Fatal(err)
		}
		same := w.Text == render(t, l).Text
		if said := strings.Contains(w.Preheader, "Dear Priya, is \"Wrong total with two coupons\" done?"); said != (l.Kind == loop.Gate) || same == said {
			t.Errorf("%s: in the operator's words: %v, unchanged: %v", l.Kind, said, same)
		}
	}
	c.Use()
	defer Own().Use()
	l := loop.Letter{Kind: loop.Gate, Team: sampleTeam, To: priya, Name: "Priya Nair", Zone: "Europe/Berlin", Ref: "t12r1", Body: sampleGate()}
	if w := render(t, l); !strings.Contains(html.UnescapeString(w.HTML), "Dear Priya, is \"Wrong total with two coupons\" done?") {
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
		"no such letter":                   {"gates.txt": {Data: []byte("x")}},
		`unexpected "{"`:                   change("gate.txt", `{{define "body"}}`, `{{define "body"}}{{`),
		"must end in {{.Marker}}":          change("layout.txt", "{{.Marker}}", ""),
		"must hold {{.Marker}} once":       change("layout.html", "{{.Marker}}", ""),
		"second line":                      change("layout.txt", "{{fill .Ask}}", ""),
		"remote":                           change("layout.html", "</table>\n</body>", "</table><img src=\"https://acme.example/pixel.gif\"></body>"),
		"active in it (\"<script\")":       change("gate.html", `{{define "body"}}`, `{{define "body"}}<script>alert(1)</script>`),
		"is not offered in both":           change("layout.txt", `{{template "choices" .}}`, ""),
		`would be read as "approve"`:       change("gate.txt", `{{define "body"}}`, "{{define \"body\"}}\n#12 approve\n"),
		"can't evaluate field Sender":      change("gate.txt", `{{define "body"}}`, `{{define "body"}}{{.Sender}}`),
		"html of":                          change("gate.html", `{{define "body"}}`, `{{define "body"}}`+strings.Repeat("<p>very long</p>", 4000)),
		"no subject, first line or ask":    {"de.msg": {Data: []byte("gate.ask =\n")}},
		"function \"shout\" not defined":   change("prompt.txt", `{{define "due"}}`, `{{define "due"}}{{shout .T.Title}}`),
		"the sample of \"weekly\" in \"en": change("weekly.txt", `{{define "numbers"}}`, `{{define "numbers"}}{{index .W.Lines 9}}`),
		`en.msg has no message "gate.hm"`:  change("gate.txt", `"gate.else"`, `"gate.hm"`),
		`there is no message "gate.aks"`:   {"en.msg": {Data: []byte("gate.aks = Is it done?\n")}},
		"{sender} is not known there":      {"es.msg": {Data: []byte("gate.ask = {sender}: {title}?\n")}},
		"de.msg:3: gate.ask: a [ with no":  {"de.msg": {Data: []byte("# ours\n\ngate.ask = Is {title} done[ as written?\n")}},
		"has no {fact} in it that could":   {"de.msg": {Data: []byte("gate.ask = Is {title} done[ as written]?\n")}},
		"en.msg:1: \"gate.ask\": want":     {"en.msg": {Data: []byte("gate.ask\n")}},
		"en.msg:2: gate.ask is there twi":  {"en.msg": {Data: []byte("gate.ask = {title}?\ngate.ask = {title}?\n")}},
		"closed and without spaces":        {"en.msg": {Data: []byte("gate.ask = {the title}?\n")}},
		`would be read as "redirect"`:      {"de.msg": {Data: []byte("gate.else = #12 nachbessern: das hier.\n")}},
	} {
		_, err := Override(folder)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// TestRelease lets the program's wording go while letters are put into words: they
// stay the same.
func TestRelease(t *testing.T) {
	l := Samples()[0]
	want, err := Render(l, SampleContext(l))
	if err != nil {
		t.Fatal(err)
	}
	before := builtin()
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			for range 5 {
				if got, err := Render(l, SampleContext(l)); err != nil || got.Text != want.Text || got.HTML != want.HTML {
					t.Errorf("another letter behind Release: %v", err)
				}
				Release()
			}
		})
	}
	g.Wait()
	if builtin() == before {
		t.Error("nothing was let go")
	}
}
