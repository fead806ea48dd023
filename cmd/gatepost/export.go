package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

func newExportCommand(g *globals) *cobra.Command {
	var format, address, file, folder string
	var task int
	cmd := &cobra.Command{
		Use:   "export --format json|md|html|mbox",
		Short: "Everything, or one task, to standard output or a file",
		Long: "Writes every task with its record, or one task:\n" +
			"  json   one line a task: the task, its record in words, the events, the attachments of its mails\n" +
			"  md     Markdown, people's words as they are\n" +
			"  html   one page, with the attachments in it\n" +
			"  mbox   the mails and letters byte for byte (mboxrd: a line that begins with any number of > and then\n" +
			"         \"From \" has one > more; one line feed ends each mail)\n" +
			"--attachments DIR writes the attachments as TASK/MAIL-NAME below DIR, as json and md name them.\n" +
			"Only its owner can read what is written to a file. Nothing that exists is written over.",
		Example: "  gatepost export --format md > record.md\n  gatepost export --format mbox --task 42 --out task42.mbox\n  gatepost export --format md --attachments files --out record.md",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			write := exporters[format]
			if write == nil {
				return usagef("--format %q: want json, md, html or mbox", format)
			}
			return g.reading(func(cfg *Config, db *store.DB) error {
				teams := cfg.Teams
				if address != "" || task != 0 {
					team, err := cfg.team(address)
					if err != nil {
						return err
					}
					teams = []*loop.Team{team}
				}
				if folder != "" {
					if err := writeAttachments(cmd.Context(), db, teams, task, folder); err != nil {
						return err
					}
				}
				return writeOut(cmd.OutOrStdout(), file, func(w io.Writer) error { return write(cmd.Context(), w, db, teams, task) })
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "json", "json, md, html or mbox")
	cmd.Flags().IntVar(&task, "task", 0, "only this task")
	cmd.Flags().StringVar(&file, "out", "", "write to this new file")
	cmd.Flags().StringVar(&folder, "attachments", "", "write the attachments into this folder")
	teamFlag(cmd, &address)
	return cmd
}

// writeOut hands w to write, or a new file that has its name only once it is
// whole.
func writeOut(w io.Writer, file string, write func(io.Writer) error) (err error) {
	if file != "" {
		if _, err := os.Lstat(file); err == nil {
			return fmt.Errorf("write %q: it exists already: name a new file", file)
		}
		part, err := os.OpenFile(file+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("write %q: %w", file, err)
		}
		defer os.Remove(part.Name())
		defer part.Close()
		w = part
	}
	out := bufio.NewWriter(w)
	if err := write(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if part, ok := w.(*os.File); ok && file != "" {
		if err := part.Sync(); err != nil {
			return fmt.Errorf("write %q: %w", file, err)
		}
		return os.Rename(part.Name(), file)
	}
	return nil
}

// exporters write the tasks of teams (or the one task) in a format.
var exporters = map[string]func(ctx context.Context, w io.Writer, db *store.DB, teams []*loop.Team, task int) error{
	"json": exportJSON, "md": exportMarkdown, "html": exportHTML, "mbox": exportMbox,
}

// exported is one task with its record in words.
type exported struct {
	Team   *loop.Team
	Task   *loop.Task
	Record []loop.Entry
}

// eachTask hands over every task with its record, in order of number.
func eachTask(ctx context.Context, db *store.DB, teams []*loop.Team, task int, f func(exported) error) error {
	for _, team := range teams {
		numbers := []int{task}
		if task == 0 {
			state, err := db.Load(ctx, team, store.Want{Brief: true, All: true})
			if err != nil {
				return err
			}
			numbers = slices.Sorted(maps.Keys(state.Tasks))
		}
		shown := newProgress("exporting tasks of "+team.Address, len(numbers))
		defer shown.done()
		for _, n := range numbers { // one at a time: all that was ever said would be much
			shown.add(1)
			task, err := db.Task(ctx, team.Address, n)
			if err != nil {
				return err
			}
			if task == nil {
				return fmt.Errorf("team %s has no task %d", team.Address, n)
			}
			record, err := recordOf(ctx, db, team, n)
			if err != nil {
				return err
			}
			if err := f(exported{team, task, record}); err != nil {
				return err
			}
		}
	}
	return nil
}

func exportJSON(ctx context.Context, w io.Writer, db *store.DB, teams []*loop.Team, task int) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return eachTask(ctx, db, teams, task, func(x exported) error {
		events, err := db.Record(ctx, x.Team.Address, x.Task.Number)
		if err != nil {
			return err
		}
		files := []exportedFile{}
		err = eachAttachment(ctx, db, x.Team, x.Task.Number, func(f exportedFile, _ []byte) error {
			files = append(files, f)
			return nil
		})
		if err != nil {
			return err
		}
		return enc.Encode(struct {
			Team   string         `json:"team"`
			Task   *loop.Task     `json:"task"`
			Record []loop.Entry   `json:"record"`
			Events []loop.Event   `json:"events"`
			Files  []exportedFile `json:"attachments"`
		}{x.Team.Address, x.Task, x.Record, events, files})
	})
}

func exportMarkdown(ctx context.Context, w io.Writer, db *store.DB, teams []*loop.Team, task int) error {
	return eachTask(ctx, db, teams, task, func(x exported) error {
		fmt.Fprintf(w, "## #%d %s\n\n%s, %s, round %d\n\n", x.Task.Number, x.Task.Title, x.Task.Stream, x.Task.State, x.Task.Round)
		for _, e := range x.Record {
			fmt.Fprintf(w, "- **%s** %s %s\n", e.At.In(x.Team.Zone).Format("2006-01-02 15:04"), e.Who, e.What)
			if e.Text != "" {
				fmt.Fprintf(w, "\n%s\n\n", fence(e.Text))
			}
		}
		err := eachAttachment(ctx, db, x.Team, x.Task.Number, func(f exportedFile, _ []byte) error {
			_, err := fmt.Fprintf(w, "- attachment [%s](<%s>), %d bytes\n", markdownName(f.Name), f.File, f.Size)
			return err
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w)
		return err
	})
}

// fence sets people's words off as they are; the fence is longer than any in
// the text.
func fence(text string) string {
	mark := "```"
	for strings.Contains(text, mark) {
		mark += "`"
	}
	return "  " + mark + "text\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n  " + mark
}

var exportPage = template.Must(template.New("export").Funcs(template.FuncMap{
	"at": func(t time.Time, team *loop.Team) string { return t.In(team.Zone).Format("2006-01-02 15:04") },
}).Parse(`<section><h2>#{{.Task.Number}} {{.Task.Title}}</h2><p>{{.Task.Stream}}, {{.Task.State}}, round {{.Task.Round}}</p>
{{$team := .Team}}{{range .Record}}<p><b>{{at .At $team}}</b> {{.Who}} {{.What}}</p>{{if .Text}}<pre>{{.Text}}</pre>{{end}}
{{end}}</section>
`))

func exportHTML(ctx context.Context, w io.Writer, db *store.DB, teams []*loop.Team, task int) error {
	fmt.Fprint(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>Gatepost record</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;padding-left:1rem;border-left:3px solid #999}</style></head><body>
`)
	err := eachTask(ctx, db, teams, task, func(x exported) error {
		if err := exportPage.Execute(w, x); err != nil {
			return err
		}
		return eachAttachment(ctx, db, x.Team, x.Task.Number, func(f exportedFile, content []byte) error { return embed(w, f, content) })
	})
	if err == nil {
		_, err = fmt.Fprintln(w, "</body></html>")
	}
	return err
}

// exportMbox writes the mails that came and the letters that went out, as they
// were, in order of time, in the mboxrd form.
func exportMbox(ctx context.Context, w io.Writer, db *store.DB, teams []*loop.Team, task int) error {
	var addresses []string
	for _, t := range teams {
		addresses = append(addresses, t.Address)
	}
	shown := newProgress("exporting mails", 0)
	defer shown.done()
	return db.Mailbag(ctx, addresses, task, func(p store.Piece) error {
		shown.add(1)
		if p.Mail != 0 {
			raw, err := db.Raw(ctx, p.Mail)
			if err != nil {
				return err
			}
			return writePiece(w, p.At, raw)
		}
		post, err := db.PostBySerial(ctx, p.Serial)
		if err != nil {
			return err
		}
		if post.Damaged != "" && len(post.Raw) == 0 {
			return fmt.Errorf("letter %d: %s", p.Serial, post.Damaged)
		}
		return writePiece(w, p.At, post.Raw)
	})
}

// writePiece leaves out what is kept no longer.
func writePiece(w io.Writer, at time.Time, raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	return writeMboxrd(w, at, raw)
}

// writeMboxrd writes one mail: a From_ line, the mail as it is but that lines
// which begin with any number of ">" and "From " have one ">" more, and an empty
// line (RFC 4155, mboxrd). Line ends stay what they are, so that the mail can be
// had back byte for byte; one without a line end behind its last line gets it.
func writeMboxrd(w io.Writer, at time.Time, raw []byte) error {
	if _, err := fmt.Fprintf(w, "From gatepost@localhost %s\n", at.UTC().Format(time.ANSIC)); err != nil {
		return err
	}
	for line := range bytes.Lines(raw) {
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			fmt.Fprint(w, ">")
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	end := "\n"
	if !bytes.HasSuffix(raw, []byte("\n")) {
		end = "\n\n"
	}
	_, err := io.WriteString(w, end)
	return err
}
