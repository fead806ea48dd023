package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

func newHeldCommand(g *globals) *cobra.Command {
	cmd := listCommand(g, "held", "Mail that is held: of strangers, and moves without authority",
		func(ctx context.Context, db *store.DB, w io.Writer, asJSON bool) error {
			list, err := db.Held(ctx)
			return printMails(w, list, err, asJSON)
		})
	cmd.AddCommand(
		oneCommand(g, "held", "show ID", "Prints the raw mail", showMail),
		eachCommand(g, "held", "release ID…", "Reads it again as if its sender had confirmed it", mailAgain,
			func(ctx context.Context, db *store.DB, id int64) error { return db.ReleaseHeld(ctx, id) }),
		eachCommand(g, "held", "drop ID…", "Takes it off the list; the raw mail is kept", "mail %d is off the list",
			func(ctx context.Context, db *store.DB, id int64) error { return db.DropHeld(ctx, id) }),
	)
	return cmd
}

func newParkedCommand(g *globals) *cobra.Command {
	cmd := listCommand(g, "parked", "Mail that could not be read",
		func(ctx context.Context, db *store.DB, w io.Writer, asJSON bool) error {
			list, err := db.Parked(ctx)
			if err == nil {
				err = readHeaders(ctx, db, list)
			}
			return printMails(w, list, err, asJSON)
		})
	cmd.AddCommand(
		oneCommand(g, "parked", "show ID", "Prints the raw mail", showMail),
		oneCommand(g, "parked", "why ID", "Prints the whole reason, with the stack if the program failed at it", printReason),
		eachCommand(g, "parked", "retry ID…", "Reads it again, as after an upgrade", mailAgain,
			func(ctx context.Context, db *store.DB, id int64) error { return db.RetryParked(ctx, id) }),
		eachCommand(g, "parked", "drop ID…", "Takes it off the list; the raw mail is kept", "mail %d is off the list",
			func(ctx context.Context, db *store.DB, id int64) error { return db.DropParked(ctx, id) }),
	)
	return cmd
}

// readHeaders says whose the mails are of which the header alone was fetched: no
// step has read them.
func readHeaders(ctx context.Context, db *store.DB, list []store.Mail) error {
	for i := range list {
		m := &list[i]
		if m.Whole || m.Size == 0 {
			continue
		}
		raw, err := db.Raw(ctx, m.ID)
		if err != nil {
			return err
		}
		if head, err := within(patience, func() parse.Mail { return parse.Read(raw, parse.Options{}) }); err == nil {
			m.From, m.Subject = head.From.Address, head.Subject
		}
	}
	return nil
}

func newOutboxCommand(g *globals) *cobra.Command {
	var state string
	cmd := listCommand(g, "outbox", "Letters: waiting, failed or sent",
		func(ctx context.Context, db *store.DB, w io.Writer, asJSON bool) error {
			filter := store.PostFilter{State: state}
			switch state {
			case "all":
				filter.State = ""
			case store.PostWaiting, store.PostFailed, store.PostSent, store.PostCancelled, store.PostDropped:
			default:
				return usagef("--state %q: want waiting, failed, sent, cancelled, dropped or all", state)
			}
			list, err := db.Outbox(ctx, filter)
			if err != nil {
				return err
			}
			if asJSON {
				return printPosts(w, list)
			}
			for _, p := range list {
				when := p.Next
				if when.IsZero() {
					when = p.Letter.Due
				}
				if when.IsZero() { // it cannot be read
					when = p.Created
				}
				if !p.Closed.IsZero() {
					when = p.Closed
				}
				fmt.Fprintf(w, "%6d  %-9s %s  %-11s %s%s\n", p.Serial, p.State, when.UTC().Format(time.RFC3339), p.Letter.Kind, p.Letter.To, tail(or(p.Reason, p.Damaged)))
			}
			return nil
		})
	cmd.Flags().StringVar(&state, "state", store.PostWaiting, "waiting, failed, sent, cancelled, dropped or all")
	cmd.AddCommand(
		oneCommand(g, "outbox", "show SERIAL", "Prints the letter as it was or will be sent", showPost),
		eachCommand(g, "outbox", "retry SERIAL…", "Tries a failed letter again, at once or in its reader's working hours", "letter %d waits to be sent, as `gatepost outbox` shows",
			func(ctx context.Context, db *store.DB, id int64) error { return db.RetryPost(ctx, id) }),
		eachCommand(g, "outbox", "drop SERIAL…", "Never sends it", "letter %d is not sent",
			func(ctx context.Context, db *store.DB, id int64) error {
				return db.DropPost(ctx, id, time.Now())
			}),
	)
	return cmd
}

// listCommand prints a list of the store.
func listCommand(g *globals, use, short string, list func(ctx context.Context, db *store.DB, w io.Writer, asJSON bool) error) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: exactArgs(0),
		Example: "  gatepost " + use + "\n  gatepost " + use + " --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.reading(func(_ *Config, db *store.DB) error { return list(cmd.Context(), db, cmd.OutOrStdout(), asJSON) })
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// inLists says for each list what it means that a number is not in it.
var inLists = map[string]string{
	"held":   "no mail %d is held: `gatepost held` lists those that are",
	"parked": "no mail %d is parked: `gatepost parked` lists those that are",
	"outbox": "no letter %d waits or has failed: `gatepost outbox --state all` lists every one",
}

// oneCommand shows one row of a list of the store.
func oneCommand(g *globals, list, use, short string, act func(context.Context, *store.DB, int64, io.Writer) error) *cobra.Command {
	cmd := rowsCommand(g.reading, list, use, short, act)
	cmd.Args = exactArgs(1)
	return cmd
}

// eachCommand does something with rows of a list of the store, which may be
// many after a night in which everything was refused for one cause.
// done is said of each.
func eachCommand(g *globals, list, use, short, done string, act func(context.Context, *store.DB, int64) error) *cobra.Command {
	return rowsCommand(g.changing, list, use, short, func(ctx context.Context, db *store.DB, id int64, w io.Writer) error {
		if err := act(ctx, db, id); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, done+"\n", id)
		return err
	})
}

const mailAgain = "mail %d is read again: within a minute while the service runs, else when it starts"

// rowsCommand does something with each row of a list that is named; one that
// fails stops none behind it.
func rowsCommand(open func(func(*Config, *store.DB) error) error, list, use, short string, act func(context.Context, *store.DB, int64, io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: minArgs(1),
		Example: "  gatepost " + list + " " + strings.Fields(use)[0] + " 17",
		RunE: func(cmd *cobra.Command, args []string) error {
			var ids []int64
			for _, arg := range args {
				id, err := strconv.ParseInt(arg, 10, 64)
				if err != nil {
					return usagef("%q is no number: the first column of `gatepost %s` is", arg, list)
				}
				ids = append(ids, id)
			}
			return open(func(_ *Config, db *store.DB) error {
				var errs []error
				for _, id := range ids {
					err := act(cmd.Context(), db, id, cmd.OutOrStdout())
					if errors.Is(err, store.ErrUnknown) {
						err = fmt.Errorf(inLists[list], id)
					}
					errs = append(errs, err)
				}
				return errors.Join(errs...)
			})
		},
	}
}

func showMail(ctx context.Context, db *store.DB, id int64, w io.Writer) error {
	raw, err := db.Raw(ctx, id)
	if err == nil && len(raw) == 0 {
		err = fmt.Errorf("no bytes of mail %d are kept: it was never fetched, as `gatepost parked` says, or went by [store] keep", id)
	}
	if err == nil {
		_, err = w.Write(raw)
	}
	return err
}

func showPost(ctx context.Context, db *store.DB, id int64, w io.Writer) error {
	p, err := db.PostBySerial(ctx, id)
	if err != nil {
		return err
	}
	if len(p.Raw) == 0 && p.Damaged != "" {
		return fmt.Errorf("letter %d, %s to %s: %s. Its reader does not get it: tell them what they wait for, then `gatepost outbox drop %d`", id, p.Letter.Kind, p.Letter.To, p.Damaged, id)
	}
	if len(p.Raw) == 0 {
		return printJSON(w, p.Letter) // not put into words yet
	}
	_, err = w.Write(p.Raw)
	return err
}

// mailLine is a mail of a list, as --json prints it.
type mailLine struct {
	ID      int64  `json:"id"`
	At      string `json:"at"` // when it was received
	From    string `json:"from"`
	Subject string `json:"subject"`
	Team    string `json:"team"` // "": of none
	Task    int    `json:"task"`
	Size    int64  `json:"size"`
	Reason  string `json:"reason"`
}

func printMails(w io.Writer, list []store.Mail, err error, asJSON bool) error {
	if err != nil {
		return err
	}
	lines := []mailLine{}
	for _, m := range list {
		lines = append(lines, mailLine{m.ID, stampOf(m.At), m.From, m.Subject, m.Team, m.Task, m.Size, m.Reason})
	}
	if asJSON {
		return printIndented(w, lines)
	}
	for _, m := range lines {
		fmt.Fprintf(w, "%6d  %s  %s  %q%s\n", m.ID, m.At, or(m.From, "(no sender)"), m.Subject, tail(m.Reason))
	}
	return nil
}

// postLine is a letter of the outbox, as --json prints it.
type postLine struct {
	Serial    int64     `json:"serial"`
	State     string    `json:"state"`
	Kind      loop.Kind `json:"kind"`
	Team      string    `json:"team"`
	To        string    `json:"to"`
	Task      int       `json:"task"`
	Created   string    `json:"created"`
	Due       string    `json:"due"`
	Next      string    `json:"next"`   // when it is tried
	Closed    string    `json:"closed"` // when it was sent or given up
	Attempts  int       `json:"attempts"`
	Reason    string    `json:"reason"` // what the last attempt failed of
	MessageID string    `json:"message_id"`
}

func printPosts(w io.Writer, list []store.Posted) error {
	lines := []postLine{}
	for _, p := range list {
		l := p.Letter
		lines = append(lines, postLine{p.Serial, p.State, l.Kind, l.Team, l.To, l.Task, stampOf(p.Created), stampOf(l.Due), stampOf(p.Next), stampOf(p.Closed), p.Attempts, or(p.Reason, p.Damaged), p.MessageID})
	}
	return printIndented(w, lines)
}

// tail is the first line of a reason behind a dash.
func tail(reason string) string {
	reason, _, _ = strings.Cut(reason, "\n")
	if reason == "" {
		return ""
	}
	return " — " + reason
}
