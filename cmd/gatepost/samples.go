package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/templates"
)

// newLettersCommand is `gatepost letters`: a sample of every letter on one
// page, in the operator's wording if there is one.
func newLettersCommand(g *globals) *cobra.Command {
	var out, browser, language string
	cmd := &cobra.Command{
		Use:   "letters --out DIR",
		Short: "A sample of every letter on one page, as your templates word it",
		Long: "Writes a page with a sample of every letter, as HTML and text, in the wording of [letters] templates if\n" +
			"there is a config, else in the program's own. With --browser, pictures instead: each letter at 320 and\n" +
			"720 pixels, light and dark. Without --language all are in English, and a gate letter and a digest in each of the others.",
		Example: "  gatepost letters --out /tmp/letters\n  gatepost letters --out /tmp/letters --language de\n  gatepost letters --out docs/letters --browser chromium",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usagef("letters needs --out DIR")
			}
			if language != "" && !slices.Contains(templates.Languages, language) {
				return usagef("--language %q: want one of %s", language, strings.Join(templates.Languages, ", "))
			}
			if _, err := os.Stat(g.config); err == nil {
				if _, err := g.read(); err != nil {
					return err
				}
			}
			samples, err := renderSamples(language)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fmt.Errorf("make folder for the letters: %w", err)
			}
			if browser == "" {
				return writeSamples(out, samples)
			}
			return takePictures(cmd.Context(), out, browser, samples)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder for the page")
	cmd.Flags().StringVar(&language, "language", "", "all letters in this language: "+strings.Join(templates.Languages, ", "))
	cmd.Flags().StringVar(&browser, "browser", "", "a Chromium to take pictures with")
	return cmd
}

// sampleLetter is one letter of the page.
type sampleLetter struct {
	Name, To string
	Kind     loop.Kind
	Words    templates.Words
}

// renderSamples renders all in one language, or in English and those of few in
// the others.
func renderSamples(language string) ([]sampleLetter, error) {
	if language != "" {
		return renderIn(language, func(string) bool { return true })
	}
	list, err := renderIn("en", func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	for _, code := range templates.Languages[1:] {
		few, err := renderIn(code, func(name string) bool { return name == "gate" || name == "digest" })
		if err != nil {
			return nil, err
		}
		for i := range few {
			few[i].Name += "-" + code
		}
		list = append(list, few...)
	}
	return list, nil
}

func renderIn(language string, wanted func(name string) bool) ([]sampleLetter, error) {
	var list []sampleLetter
	seen := map[loop.Kind]int{}
	for _, l := range templates.Samples() {
		l.Language = language
		name := string(l.Kind)
		if seen[l.Kind]++; seen[l.Kind] > 1 {
			name += fmt.Sprint("-", seen[l.Kind])
		}
		if !wanted(name) {
			continue
		}
		words, err := templates.Render(l, templates.SampleContext(l))
		if err != nil {
			return nil, err
		}
		words.HTML = strings.ReplaceAll(words.HTML, "cid:"+templates.PictureID, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(words.Picture))
		list = append(list, sampleLetter{name, l.To, l.Kind, words})
	}
	return list, nil
}

var samplePage = template.Must(template.New("samples").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>The letters of Gatepost</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
img{max-width:100%;height:auto;border:1px solid #8888}iframe{width:100%;height:40rem;border:1px solid #8888}
pre{white-space:pre-wrap;border:1px solid #8888;padding:1rem}h2{margin-top:3rem}small{opacity:.7}</style></head><body>
<h1>The letters of Gatepost</h1>
<p>A sample of each letter{{if .Pictures}}, at 320 and 720 pixels, light and dark{{end}}. Subject and sender's line stand above it.</p>
<p>{{range .Letters}}<a href="#{{.Name}}">{{.Name}}</a> {{end}}</p>
{{range .Letters}}<h2 id="{{.Name}}">{{.Name}}</h2><p>{{.Words.Subject}}<br><small>to {{.To}}: {{.Words.Preheader}}</small></p>
{{if $.Pictures}}<p><img loading="lazy" src="{{.Name}}-light.png" alt="The letter {{.Name}} at two widths, light"></p>
<p><img loading="lazy" src="{{.Name}}-dark.png" alt="The letter {{.Name}} at two widths, dark"></p>
{{else}}<iframe src="{{.Name}}.html" title="{{.Name}}"></iframe>{{end}}<details><summary>As text</summary><pre>{{.Words.Text}}</pre></details>
{{end}}</body></html>
`))

func samplesIndex(dir string, samples []sampleLetter, pictures bool) error {
	var page bytes.Buffer
	if err := samplePage.Execute(&page, map[string]any{"Letters": samples, "Pictures": pictures}); err != nil {
		return fmt.Errorf("write page of letters: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "index.html"), page.Bytes(), 0o644)
}

func writeSamples(dir string, samples []sampleLetter) error {
	for _, s := range samples {
		for suffix, body := range map[string]string{".html": s.Words.HTML, ".txt": s.Words.Text} {
			if err := os.WriteFile(filepath.Join(dir, s.Name+suffix), []byte(body), 0o644); err != nil {
				return fmt.Errorf("write letter: %w", err)
			}
		}
	}
	return samplesIndex(dir, samples, false)
}

// A sheet is what the browser takes a picture of: a few letters under each
// other, each at both widths beside each other.
const (
	narrow, wide = 320, 720
	rowHeight    = 2700 // of one letter; what is empty below it is cut off
	rowsInSheet  = 6    // browsers draw no higher than 16,384 pixels
	pictureTime  = 2 * time.Minute
)

// takePictures has the browser draw every letter in both schemes.
func takePictures(ctx context.Context, out, browser string, samples []sampleLetter) error {
	dir, err := os.MkdirTemp("", "gatepost-letters-")
	if err != nil {
		return fmt.Errorf("make folder for the sheets: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := writeSamples(dir, samples); err != nil {
		return err
	}
	for first := 0; first < len(samples); first += rowsInSheet {
		rows := samples[first:min(first+rowsInSheet, len(samples))]
		var sheet strings.Builder
		sheet.WriteString(`<!doctype html><meta name="color-scheme" content="light dark"><style>body{margin:0}div{height:` + fmt.Sprint(rowHeight) + `px;overflow:hidden;display:flex}iframe{border:0;height:100%}</style>`)
		for _, s := range rows {
			fmt.Fprintf(&sheet, `<div><iframe src="%s.html" width="%d"></iframe><iframe src="%s.html" width="%d"></iframe></div>`, s.Name, narrow, s.Name, wide)
		}
		page := filepath.Join(dir, "sheet.html")
		if err := os.WriteFile(page, []byte(sheet.String()), 0o644); err != nil {
			return fmt.Errorf("write sheet: %w", err)
		}
		for scheme, flag := range map[string]string{"light": "--disable-gpu", "dark": "--force-dark-mode"} {
			shot := filepath.Join(dir, "sheet.png")
			if err := screenshot(ctx, browser, flag, page, shot, len(rows)*rowHeight); err != nil {
				return err
			}
			if err := cutSheet(shot, out, scheme, rows); err != nil {
				return err
			}
		}
	}
	return samplesIndex(out, samples, true)
}

func screenshot(ctx context.Context, browser, flag, page, shot string, height int) error {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	c := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", flag,
		fmt.Sprintf("--window-size=%d,%d", narrow+wide, height), "--screenshot="+shot, "file://"+page)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("take a picture with %q: %w: %.300s", browser, err, said)
	}
	return nil
}
