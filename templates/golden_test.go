package templates

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatepost/loop"
)

var update = flag.Bool("update", false, "write the goldens anew")

// sampleNames gives each sample a name: its kind, and a number from the second on.
func sampleNames(letters []loop.Letter) []string {
	var out []string
	seen, language := map[loop.Kind]int{}, ""
	for _, l := range letters {
		if l.Language != language {
			seen, language = map[loop.Kind]int{}, l.Language
		}
		seen[l.Kind]++
		name := string(l.Kind)
		if seen[l.Kind] > 1 {
			name = fmt.Sprintf("%s-%d", name, seen[l.Kind])
		}
		if l.Language != "" {
			name = l.Language + "-" + name
		}
		out = append(out, name)
	}
	return out
}

// inEveryLanguage is the letters, once for each language; English is "".
func inEveryLanguage(letters []loop.Letter) []loop.Letter {
	out := slices.Clone(letters)
	for _, code := range Languages[1:] {
		for _, l := range letters {
			l.Language = code
			out = append(out, l)
		}
	}
	return out
}

func render(t *testing.T, l loop.Letter) Words {
	t.Helper()
	w, err := Render(l, SampleContext(l))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestGoldens(t *testing.T) {
	letters := inEveryLanguage(Samples())
	known := map[string]bool{}
	for i, name := range sampleNames(letters) {
		w := render(t, letters[i])
		golden(t, known, name+".txt", fmt.Sprintf("Subject: %s\nPreview: %s\n\n%s", w.Subject, w.Preheader, w.Text))
		if l := letters[i]; l.Language == "" || strings.HasSuffix(name, "-gate") || strings.HasSuffix(name, "-digest-3") {
			golden(t, known, name+".html", w.HTML)
		}
	}
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[filepath.Base(f)] {
			t.Errorf("%s belongs to no sample", f)
		}
	}
}

func golden(t *testing.T, known map[string]bool, name, got string) {
	t.Helper()
	known[name] = true
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

func TestSamplesCoverEveryKind(t *testing.T) {
	seen := map[loop.Kind]bool{}
	for _, l := range Samples() {
		seen[l.Kind] = true
	}
	for _, k := range loop.Kinds {
		if !seen[k] {
			t.Errorf("no sample of %q", k)
		}
	}
}

// Every letter says in its first two lines what it is and what is asked, and
// the answers it offers follow at once.
func TestFirstLines(t *testing.T) {
	letters := inEveryLanguage(Samples())
	for i, name := range sampleNames(letters) {
		w := render(t, letters[i])
		lines := strings.Split(w.Text, "\n")
		if !strings.HasSuffix(lines[0], "  "+Marker) || len([]rune(lines[0])) > columns+2 {
			t.Errorf("%s: first line %q", name, lines[0])
		}
		if lines[1] == "" || strings.HasPrefix(lines[1], " ") {
			t.Errorf("%s: second line %q", name, lines[1])
		}
		if strings.Count(w.Text, Marker) != 1 || strings.Count(w.HTML, Marker) != 1 {
			t.Errorf("%s: the marker does not stand exactly once in each part", name)
		}
		if len(strings.Fields(w.Preheader)) > 40 || w.Preheader == "" {
			t.Errorf("%s: preview %q", name, w.Preheader)
		}
	}
}
