package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

// exportedFile is an attachment of a mail about a task.
type exportedFile struct {
	Mail int64  `json:"mail"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"` // bytes
	File string `json:"file"` // below the folder of --attachments
}

// eachAttachment hands over the attachments of a task's mails, a mail at a time.
func eachAttachment(ctx context.Context, db *store.DB, team *loop.Team, task int, f func(exportedFile, []byte) error) error {
	events, err := db.Record(ctx, team.Address, task)
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, e := range events {
		if e.Mail == 0 || seen[e.Mail] {
			continue
		}
		seen[e.Mail] = true
		raw, err := db.Raw(ctx, e.Mail)
		if errors.Is(err, store.ErrUnknown) { // its time of keeping is over
			continue
		}
		if err != nil {
			return err
		}
		n := 0
		err = parse.Attachments(raw, parse.Options{}, func(a parse.Attached, content []byte) error {
			n++
			name := or(a.Name, fmt.Sprintf("part-%d", n))
			file := path.Join(fmt.Sprint(task), fmt.Sprintf("%d-%d-%s", e.Mail, n, strings.ReplaceAll(name, "/", "_")))
			return f(exportedFile{e.Mail, name, a.Type, len(content), file}, content)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeAttachments writes them into a folder, that of a team first if there are
// several. What is there already stays.
func writeAttachments(ctx context.Context, db *store.DB, teams []*loop.Team, task int, folder string) error {
	for _, team := range teams {
		within := folder
		if len(teams) > 1 {
			within = filepath.Join(folder, strings.ReplaceAll(team.Address, "/", "_"))
		}
		one := []*loop.Team{team}
		err := eachTask(ctx, db, one, task, func(x exported) error {
			return eachAttachment(ctx, db, team, x.Task.Number, func(f exportedFile, content []byte) error {
				name := filepath.Join(within, filepath.FromSlash(f.File))
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					return fmt.Errorf("write attachment: %w", err)
				}
				if _, err := os.Lstat(name); err == nil {
					return nil
				}
				return writeOut(nil, name, func(w io.Writer) error {
					_, err := w.Write(content)
					return err
				})
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// embed puts an attachment into a page as a link that saves it. Its type is
// never that which a mail gave it: a page or picture with a script in it would
// run in the reader's browser.
func embed(w io.Writer, f exportedFile, content []byte) error {
	if _, err := fmt.Fprintf(w, "<p><a download=\"%s\" href=\"data:application/octet-stream;base64,", html.EscapeString(f.Name)); err != nil {
		return err
	}
	enc := base64.NewEncoder(base64.StdEncoding, w)
	if _, err := enc.Write(content); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\">%s</a>, %d bytes</p>\n", html.EscapeString(f.Name), f.Size)
	return err
}

// markdownName is a name that ends no link.
func markdownName(name string) string {
	return strings.NewReplacer("[", "(", "]", ")", "\\", "_").Replace(name)
}
