package templates

import (
	"embed"
	"errors"
	"fmt"
	"html"
	htmpl "html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	ttmpl "text/template"

	"gatepost/loop"
	"gatepost/parse"
)

//go:embed *.txt *.html *.msg
var files embed.FS

// wording is the parsed files of every letter.
type wording struct {
	langs map[string]*language
	texts map[loop.Kind]*ttmpl.Template
	htmls map[loop.Kind]*htmpl.Template
}

// inUse is an operator's wording; nil is the program's own.
var inUse atomic.Pointer[wording]

// own is the program's own wording, nil while no letter needs it.
var own struct {
	sync.Mutex
	set *wording
}

// builtin is the program's own wording. Its files are part of the program: one that
// does not parse is a defect that every test finds, so it may panic.
func builtin() *wording {
	own.Lock()
	defer own.Unlock()
	if own.set == nil {
		set, err := parseFiles(files)
		if err != nil {
			panic(err)
		}
		own.set = set
	}
	return own.set
}

// Release gives back the memory of the program's own wording. The next letter
// takes some 10 ms longer. An operator's stays: their files may have changed since
// they were tried.
func Release() {
	own.Lock()
	defer own.Unlock()
	own.set = nil
}

func parseFiles(from fs.FS) (*wording, error) {
	w := &wording{map[string]*language{}, map[loop.Kind]*ttmpl.Template{}, map[loop.Kind]*htmpl.Template{}}
	frame, err := ttmpl.New("").Funcs(ttmpl.FuncMap(funcs)).ParseFS(from, "layout.txt", "partials.txt")
	if err != nil {
		return nil, err
	}
	for _, k := range loop.Kinds {
		name := string(k)
		if w.texts[k], err = frame.Clone(); err != nil {
			return nil, err
		}
		if w.texts[k], err = w.texts[k].ParseFS(from, name+".txt"); err != nil {
			return nil, err
		}
		if w.htmls[k], err = htmpl.New(name).Funcs(funcs).ParseFS(from, "layout.html", "partials.html", name+".html"); err != nil {
			return nil, err
		}
	}
	for _, code := range Languages {
		own, err := readLanguage(files, code+".msg")
		if err != nil {
			return nil, err
		}
		w.langs[code] = own
	}
	if o, ok := from.(overlay); ok {
		if err := w.reword(o); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// reword puts an operator's messages above the program's own. A file needs
// only those that are changed.
func (w *wording) reword(o overlay) error {
	en := w.langs["en"]
	for _, file := range o.names {
		code, ok := strings.CutSuffix(file, ".msg")
		if !ok {
			continue
		}
		own, err := readLanguage(o.folder, file)
		if err != nil {
			return err
		}
		if w.langs[code], err = w.langs[code].under(own, file, en); err != nil {
			return err
		}
	}
	return nil
}

// language is the one with this code, English if there is none.
func (w *wording) language(code string) *language {
	if l := w.langs[code]; l != nil {
		return l
	}
	return w.langs["en"]
}

// Checked is a wording that was tried on every sample letter.
type Checked struct {
	set   *wording // nil is the program's own
	Files []string // that stand in for the program's own
}

// Use makes it the wording of all letters from now on.
func (c Checked) Use() { inUse.Store(c.set) }

// Own is the program's own wording.
func Own() Checked { return Checked{} }

// Override reads an operator's folder: each file in it stands in for the
// program's own of that name. Every sample letter that they can change is rendered
// with them and held against what a letter must keep; the error names the file and
// what to do.
func Override(folder fs.FS) (Checked, error) {
	c := Checked{}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return c, err
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !slices.Contains([]string{".txt", ".html", ".msg"}, path.Ext(name)) {
			continue
		}
		if _, err := fs.Stat(files, name); err != nil {
			return c, fmt.Errorf("%s: there is no such letter: want %s", name, strings.Join(fileNames(), ", "))
		}
		c.Files = append(c.Files, name)
	}
	if c.set, err = parseFiles(overlay{folder, c.Files}); err != nil {
		return c, err
	}
	touched := Languages
	if !slices.ContainsFunc(c.Files, func(name string) bool { return path.Ext(name) != ".msg" }) {
		touched = nil
		for _, name := range c.Files {
			touched = append(touched, strings.TrimSuffix(name, ".msg"))
		}
	}
	for _, code := range touched {
		for _, l := range Samples() {
			l.Language = code
			w, err := c.set.render(l, SampleContext(l))
			if err == nil {
				err = c.set.keeps(l, w)
			}
			if err != nil {
				return c, fmt.Errorf("the sample of %q in %q (%s.msg, %s.txt, %s.html, or layout and partials): %w", l.Kind, code, code, l.Kind, l.Kind, err)
			}
		}
	}
	return c, nil
}

func fileNames() []string {
	names, _ := fs.Glob(files, "*")
	return names
}

// overlay shows some files of a folder above those of the program.
type overlay struct {
	folder fs.FS
	names  []string
}

// Open is fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	if slices.Contains(o.names, name) {
		return o.folder.Open(name)
	}
	return files.Open(name)
}

var remote = regexp.MustCompile(`(?i)<(script|link|iframe|object|embed|form|base)\b|@import|url\(|\b(src|background|srcset|action)\s*=\s*["']?(https?:|//|data:)|href\s*=\s*["']?(https?:|//|javascript:)`)

// remoteIn is what of HTML is remote or active, "" if nothing is. No match goes over
// the beginning of a tag, and short pieces are searched far faster.
func remoteIn(html string) string {
	for i, piece := range strings.Split(html, "<") {
		if i > 0 {
			piece = "<" + piece
		}
		if found := remote.FindString(piece); found != "" {
			return found
		}
	}
	return ""
}

// keeps says what a letter has lost that it must keep: the marker by which
// replies are read, its first two lines, the answers it offers, nothing
// remote, and no line that could be taken for the reader's answer.
func (set *wording) keeps(l loop.Letter, w Words) error {
	lines := strings.Split(w.Text, "\n")
	switch {
	case !strings.HasSuffix(lines[0], "  "+Marker) || strings.Count(w.Text, Marker) != 1:
		return fmt.Errorf("the first line of the text must end in {{.Marker}}, and nothing else may hold it")
	case w.HTML != "" && strings.Count(w.HTML, Marker) != 1:
		return fmt.Errorf("the HTML must hold {{.Marker}} once")
	case len(lines) < 2 || lines[1] == "" || lines[1][0] == ' ':
		return fmt.Errorf("the second line must say what is asked")
	case remoteIn(w.HTML) != "":
		return fmt.Errorf("the HTML has something remote or active in it (%q): letters carry everything with them", remoteIn(w.HTML))
	}
	for _, c := range l.Body.Choices {
		v := &view{lang: set.language(l.Language)}
		word, _, _ := strings.Cut(c.Body, ":")
		word = `"` + v.word(word)
		if !strings.Contains(w.Text, word) || w.HTML != "" && !strings.Contains(html.UnescapeString(w.HTML), word) {
			return fmt.Errorf("the answer %s\" is not offered in both parts: keep {{template \"choices\" .}} and the buttons", word)
		}
	}
	raw := "From: a@b.example\r\nTo: c@d.example\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThank you.\r\n\r\n" + strings.NewReplacer(Marker, "", "\n", "\r\n").Replace(w.Text) // a client may have changed the marker
	for _, c := range parse.Read([]byte(raw), parse.Options{Words: parse.WordsOf(Languages)}).Commands {
		word := c.Word
		if c.Beside != "" { // in this letter another line takes it back, in the next one none may
			word = c.Hint
		}
		if word != "" {
			return fmt.Errorf("the line %q would be read as %q in a reply that quotes it: begin it with another word", c.Line, word)
		}
	}
	if w.Subject == "" || strings.Contains(w.Text+w.HTML, "<no value>") {
		return errors.New("a value is missing in it")
	}
	return nil
}
