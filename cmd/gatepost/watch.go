package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"gatepost/store"
)

// watchEvery is how often status --watch looks, and how often a running
// service looks whether its config was changed.
const watchEvery = 2 * time.Second

// watchStatus shows the status anew until ctx ends. On a terminal each takes
// the place of the one before; elsewhere they follow each other.
func watchStatus(ctx context.Context, w io.Writer, cfg *Config, db *store.DB) error {
	before, after := "", "\n"
	if _, ok := w.(*printed); ok && isTerminal(os.Stdout) {
		before, after = "\x1b[H\x1b[2J", "" // home, and clear the screen (ECMA-48)
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		s, err := gatherStatus(ctx, cfg, db, false)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s%s  %s\n", before, time.Now().Format("15:04:05"), cfg.File)
		if err := printTroubles(ctx, w, cfg, db, s, time.Now()); err != nil {
			return err
		}
		if err := printStatus(w, s); err != nil {
			return err
		}
		if _, err := io.WriteString(w, after); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// printTroubles says first what needs somebody, and what to do.
func printTroubles(ctx context.Context, w io.Writer, cfg *Config, db *store.DB, s *statusJSON, now time.Time) error {
	found := sight(ctx, cfg, db, now)
	if found.err != nil {
		return found.err
	}
	for _, t := range append(troubles(cfg, s, now), found.unsent(now)...) {
		fmt.Fprintf(w, "! %s\n", t)
	}
	return nil
}

func troubles(cfg *Config, s *statusJSON, now time.Time) (list []string) {
	list = unread(cfg, s, now)
	for _, t := range s.Troubles {
		list = append(list, fmt.Sprintf("%s fails since %s: %s", t.Place, t.Since, t.Reason))
	}
	for _, l := range cfg.logins() {
		if why := or(l.stale(), l.ends(now)); why != "" {
			list = append(list, why)
		}
	}
	if s.Outbox.Failed > 0 {
		list = append(list, fmt.Sprintf("letters refused for good: %d: `gatepost outbox --state failed`", s.Outbox.Failed))
	}
	if s.Parked > 0 {
		list = append(list, fmt.Sprintf("mails that could not be read: %d: `gatepost parked`", s.Parked))
	}
	if s.Held > 0 {
		list = append(list, fmt.Sprintf("mails held for a look: %d: `gatepost held`", s.Held))
	}
	return list
}

// unread are the mailboxes that were not read for long.
func unread(cfg *Config, s *statusJSON, now time.Time) (list []string) {
	for i, m := range s.Mailboxes {
		patience, which := unreadyAfter, "the mailbox"
		if i < len(cfg.Mailboxes) {
			patience = max(patience, 3*cfg.Mailboxes[i].Poll)
		}
		if len(s.Mailboxes) > 1 {
			which = fmt.Sprintf("the mailbox of %s (%s)", strings.Join(m.Teams, ", "), m.Name)
		}
		polled, err := time.Parse(time.RFC3339, m.LastPoll)
		switch {
		case m.LastPoll == "":
			list = append(list, which+" was never read: start `gatepost run`; `gatepost check` says what is wrong")
		case err == nil && now.Sub(polled) > patience:
			list = append(list, fmt.Sprintf("%s was not read for %s: is `gatepost run` up? `gatepost check` says what is wrong", which, age(now.Sub(polled))))
		}
	}
	return list
}

// age is how long ago something was: from two days on in days.
func age(d time.Duration) string {
	if days := int(d.Hours() / 24); days >= 2 {
		return fmt.Sprintf("%d days", days)
	}
	return span(d.Round(time.Minute))
}

// watchConfig sends a hang-up, as SIGHUP does, each time the file has changed
// and has then been left alone from one look to the next, so that no half
// written one is read.
func watchConfig(ctx context.Context, file string, every time.Duration, hangup chan<- os.Signal) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	known := digestOf(file)
	before := known
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := digestOf(file)
		if now != known && now == before {
			known = now
			select {
			case hangup <- syscall.SIGHUP:
			default: // one waits already
			}
		}
		before = now
	}
}

// digestOf the content of a file; a file that cannot be read has one as well.
func digestOf(file string) [sha256.Size]byte {
	content, err := os.ReadFile(file)
	if err != nil {
		content = []byte("\x00" + err.Error())
	}
	return sha256.Sum256(content)
}
