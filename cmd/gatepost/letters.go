package main

import (
	"bytes"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"gatepost/internal/story"
)

type logger = *slog.Logger

func silent() logger { return slog.New(slog.DiscardHandler) }

func splitAddr(addr string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("address %q: want host:port: %w", addr, err)
	}
	if port, err = strconv.Atoi(p); err != nil {
		return "", 0, fmt.Errorf("port of %q: %w", addr, err)
	}
	return host, port, nil
}

var indexPage = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>The letters of the story</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}
li{margin:.4rem 0}small{opacity:.7}</style></head><body>
<h1>The letters of the story</h1><p>Each as its reader gets it, in HTML and as text.</p><ol>
{{range .}}<li><a href="{{.File}}.html">{{.Subject}}</a> <small>{{.Kind}} to {{.To}}, <a href="{{.File}}.txt">text</a></small></li>
{{end}}</ol></body></html>
`))

// writeLetters writes each letter as HTML and text into dir, with an index
// page, and returns the page's path.
func writeLetters(dir string, letters []*story.Letter) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder for the letters: %w", err)
	}
	type row struct{ File, Subject, Kind, To string }
	var rows []row
	for i, l := range letters {
		name := fmt.Sprintf("%03d-%s", i+1, l.Kind)
		rows = append(rows, row{name, l.Subject, l.Kind, l.To})
		for suffix, body := range map[string]string{".html": l.HTML, ".txt": l.Text} {
			if err := os.WriteFile(filepath.Join(dir, name+suffix), []byte(body), 0o600); err != nil {
				return "", fmt.Errorf("write letter: %w", err)
			}
		}
	}
	var page bytes.Buffer
	if err := indexPage.Execute(&page, rows); err != nil {
		return "", fmt.Errorf("write index of letters: %w", err)
	}
	index := filepath.Join(dir, "index.html")
	if err := os.WriteFile(index, page.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write index of letters: %w", err)
	}
	return index, nil
}
