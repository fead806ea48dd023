package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatepost/internal/growth"
	"gatepost/internal/loopmail"
	"gatepost/store"
)

var idleBinary = flag.String("idle.binary", "", "the program to run; the one of the tests if empty, which is larger")

// TestIdle runs the service on the database of TestGrowth, or on an empty one,
// and tells how soon it is ready and reads, and how much memory it has when nothing
// happens. It asserts a bound that leaves room.
func TestIdle(t *testing.T) {
	town := growthTown()
	dir := t.TempDir()
	path := filepath.Join(*growthDir, "gatepost.db")
	if *growthDir == "" {
		path = filepath.Join(dir, "gatepost.db")
		db, err := store.Create(path)
		must(t, err)
		must(t, db.Close())
	}
	const user, password = "town@acme.example", "hunter2"
	house, err := loopmail.Start(loopmail.Config{Users: map[string]string{user: password}})
	must(t, err)
	t.Cleanup(func() { house.Close() })
	imapHost, imapPort, _ := splitAddr(house.IMAPAddr)
	smtpHost, smtpPort, _ := splitAddr(house.SMTPAddr)
	text := fmt.Sprintf("[imap]\nhost = %q\nport = %d\ntls = \"none\"\nuser = %q\npassword_file = \"pass\"\n[smtp]\nhost = %q\nport = %d\ntls = \"none\"\nuser = %[3]q\npassword_file = \"pass\"\nfrom_host = \"acme.example\"\n[store]\npath = %[6]q\n",
		imapHost, imapPort, user, smtpHost, smtpPort, path) + string(town.Config())
	for name, content := range map[string]string{"pass": password, "gatepost.secret": growth.Secret, "gatepost.toml": text} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	begin := time.Now()
	// From the start of the mailbox: at a first start, what is there would be left alone.
	p := startBinary(t, *idleBinary, "run", "--from-start", "--config", filepath.Join(dir, "gatepost.toml"))
	p.says(t, "gatepost runs")
	ready := time.Since(begin)
	first := fmt.Sprintf("%d@acme.example", begin.UnixNano()) // new to a database that was tried before
	must(t, house.Deliver(user, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: help\r\nMessage-ID: <%s>\r\nDate: %s\r\n\r\nhelp\r\n",
		town.PM(0, 0), town.Team(0), first, begin.Format(time.RFC1123Z))))
	p.says(t, "msg=mail ") // it has been read, and what came of it is committed
	read := time.Since(begin)
	after := []time.Duration{2 * time.Second}
	if *growthReport {
		after = []time.Duration{calmAfter + 5*time.Second, time.Minute}
	}
	for _, d := range after {
		pause := time.NewTimer(time.Until(begin.Add(d)))
		<-pause.C
		now, peak, file := resident(t, p.Process.Pid)
		tell("idle for %v: %.1f MiB resident, %.1f of them the program's own file; at most %.1f MiB so far", d, now, file, peak)
		if now > 130 { // the tests' own program, with the race detector in it, has 100
			t.Errorf("%.1f MiB resident when nothing happens", now)
		}
	}
	tell("runs %.0f ms after its start, the database open; a mail that came then was read after %.0f ms", ready.Seconds()*1000, read.Seconds()*1000)
}
