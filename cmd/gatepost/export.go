package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/store"
)

func newExportCommand(g *globals) *cobra.Command {
	var format, address string
	var task int
	cmd := &cobra.Command{
		Use:     "export --format json|md|html|mbox",
		Short:   "Everything, or one task, to standard output",
		Example: "  gatepost export --format md > record.md\n  gatepost export --format mbox --task 42 > task42.mbox",
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
				out := bufio.NewWriter(cmd.OutOrStdout())
				if err := write(cmd.Context(), out, db, teams, task); err != nil {
					return err
				}
				return out.Flush()
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "json", "json, md, html or mbox")
	cmd.Flags().IntVar(&task, "task", 0, "only this task")
	teamFlag(cmd, &address)
	return cmd
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
		state, err := db.Load(ctx, team, store.Want{All: task == 0, Tasks: []int{task}})
		if err != nil {
			return err
		}
		if task != 0 && state.Tasks[task] == nil {
			return fmt.Errorf("team %s has no task %d", team.Address, task)
		}
		var numbers []int
		for n := range state.Tasks {
			if task == 0 || n == task {
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		for _, n := range numbers {
			record, err := recordOf(ctx, db, team, n)
			if err != nil {
				return err
			}
			if err := f(exported{team, state.Tasks[n], record}); err != nil {
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
		return enc.Encode(struct {
			Team   string       `json:"team"`
			Task   *loop.Task   `json:"task"`
			Record []loop.Entry `json:"record"`
			Events []loop.Event `json:"events"`
		}{x.Team.Address, x.Task, x.Record, events})
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
		_, err := fmt.Fprintln(w)
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
	err := eachTask(ctx, db, teams, task, func(x exported) error { return exportPage.Execute(w, x) })
	if err == nil {
		_, err = fmt.Fprintln(w, "</body></html>")
	}
	return err
}

// exportMbox writes the mails that came and the letters that went out, as they
// were, in order of time, in the mboxrd form.
func exportMbox(ctx context.Context, w io.Writer, db *store.DB, teams []*loop.Team, task int) error {
	type piece struct {
		at     time.Time
		mail   int64
		serial int64
	}
	var pieces []piece
	for _, team := range teams {
		seen := map[int64]bool{}
		err := db.Events(ctx, team.Address, func(e loop.Event) error {
			if e.Mail != 0 && !seen[e.Mail] && (task == 0 || e.Task == task) {
				seen[e.Mail] = true
				pieces = append(pieces, piece{at: e.At, mail: e.Mail})
			}
			return nil
		})
		if err != nil {
			return err
		}
		posts, err := db.Outbox(ctx, store.PostFilter{State: store.PostSent, Team: team.Address, Task: task})
		if err != nil {
			return err
		}
		for _, p := range posts {
			pieces = append(pieces, piece{at: p.Closed, serial: p.Serial})
		}
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return a.at.Compare(b.at) })
	for _, p := range pieces {
		var raw []byte
		if p.mail != 0 {
			var err error
			if raw, err = db.Raw(ctx, p.mail); err != nil {
				return err
			}
		} else {
			post, err := db.PostBySerial(ctx, p.serial)
			if err != nil {
				return err
			}
			raw = post.Raw
		}
		if err := writeMboxrd(w, p.at, raw); err != nil {
			return err
		}
	}
	return nil
}

// writeMboxrd writes one mail: a From_ line, lines that begin with any number
// of ">" and "From " quoted by one more, an empty line (RFC 4155, mboxrd).
func writeMboxrd(w io.Writer, at time.Time, raw []byte) error {
	if _, err := fmt.Fprintf(w, "From gatepost@localhost %s\n", at.UTC().Format(time.ANSIC)); err != nil {
		return err
	}
	for line := range bytes.Lines(raw) {
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			fmt.Fprint(w, ">")
		}
		if _, err := fmt.Fprintf(w, "%s\n", line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}
