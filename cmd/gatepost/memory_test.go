package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/internal/bench"
	"gatepost/store"
)

// resident is the memory of a process in MiB: now, at most since forgetPeak, and of
// now what are pages of its file.
func resident(t *testing.T, pid int) (now, peak, file float64) {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		key, value, _ := strings.Cut(line, ":")
		kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch key {
		case "VmRSS":
			now = kb / 1024
		case "VmHWM":
			peak = kb / 1024
		case "RssFile":
			file = kb / 1024
		}
	}
	return now, peak, file
}

func forgetPeak(t *testing.T, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// TestLargeMail runs the service as a process, tells how much memory the whole
// mailbox of the bench takes and how much a mail of the largest size adds, and
// demands that the mail is read, its attachment named, and every byte kept.
func TestLargeMail(t *testing.T) {
	y := newYard(t)
	path := y.cfg.Store.Path
	db, err := store.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := startProcess(t, "run", "--from-start", "--config", filepath.Join(filepath.Dir(path), "gatepost.toml"))
	verdict := func(id int) string {
		m, err := db.Mail(t.Context(), int64(id))
		if errors.Is(err, store.ErrUnknown) {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		return m.Verdict
	}
	reads := func(id int) {
		for end := time.Now().Add(10 * time.Minute); verdict(id) == ""; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("mail %d is not read\n%s", id, p.output())
			}
		}
	}
	reads(y.mails)
	idle, peak, _ := resident(t, p.Process.Pid)
	t.Logf("reading %d mails, %.1f MB: at most %.1f MiB resident, then %.1f MiB", y.mails, float64(y.bytes)/1e6, peak, idle)

	var raw bytes.Buffer
	fmt.Fprintf(&raw, "From: <dev1@acme.example>\r\nTo: <%s>\r\nSubject: [#1] a film\r\nMessage-ID: <film@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nLook at this.\r\n--b\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n", bench.Address)
	noise := make([]byte, 57)
	for n := range 25<<20/78 - 20 {
		for i := range noise {
			noise[i] = byte(n*31 + i*n>>3)
		}
		raw.Write(base64.StdEncoding.AppendEncode(raw.AvailableBuffer(), noise))
		raw.WriteString("\r\n")
	}
	raw.WriteString("--b--\r\n")
	if y.mails > 300 { // the long form: of a service that rests
		pause := time.NewTimer(calmAfter + 2*time.Second)
		<-pause.C
	}
	idle, _, _ = resident(t, p.Process.Pid)
	forgetPeak(t, p.Process.Pid)
	if err := y.server.Deliver(bench.Address, raw.Bytes()); err != nil {
		t.Fatal(err)
	}
	reads(y.mails + 1)
	_, peak, _ = resident(t, p.Process.Pid)
	t.Logf("a mail of %.1f MiB: %.1f MiB resident before, at most %.1f MiB, %.1f MiB more", float64(raw.Len())/(1<<20), idle, peak, peak-idle)
	kept, err := db.Raw(t.Context(), int64(y.mails+1))
	if err != nil || !bytes.Equal(kept, raw.Bytes()) {
		t.Errorf("%d bytes kept of %d, %v", len(kept), raw.Len(), err)
	}
	m, err := db.Mail(t.Context(), int64(y.mails+1))
	if err != nil || m.Text != "Look at this." || m.Verdict == store.Parked {
		t.Errorf("read as %q, %q, %v", m.Text, m.Verdict, err)
	}
}
