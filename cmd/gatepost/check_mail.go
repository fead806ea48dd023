package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// checkMail is the mail that check sends to itself. The service takes it for
// its own letter, which it is, and does nothing.
func checkMail(from, to, tag, host string, now time.Time) []byte {
	return []byte(strings.Join([]string{
		"From: Gatepost <" + from + ">",
		"To: <" + to + ">",
		"Subject: Gatepost " + tag,
		"Date: " + now.Format(time.RFC1123Z),
		"Message-ID: <" + tag + "@" + host + ">",
		"Auto-Submitted: auto-generated",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=us-ascii",
		"",
		"This is a mail of `gatepost check` to itself. It can be deleted.",
		"",
	}, "\r\n"))
}

// receivedAt is when the last mail server says it got this mail (the topmost
// Received field, RFC 5321 §4.4), zero if it does not say.
func receivedAt(raw []byte) time.Time {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return time.Time{}
	}
	received := m.Header.Get("Received")
	at, err := mail.ParseDate(strings.TrimSpace(received[strings.LastIndexByte(received, ';')+1:]))
	if err != nil {
		return time.Time{}
	}
	return at
}

// checkClock holds our clock against the mail server's, if that is known, and
// against reason.
func checkClock(now, served time.Time) (string, error) {
	shown := now.Format("2006-01-02 15:04:05 -0700")
	if now.Year() < 2026 || now.Year() > 2100 {
		return "", fmt.Errorf("it is %s by this machine's clock: set it, by NTP", shown)
	}
	if served.IsZero() {
		return shown + ", which was not compared with the mail server's", nil
	}
	off := now.Sub(served)
	if off.Abs() > clockSlack {
		return "", fmt.Errorf("this machine's clock is %s from the mail server's (%s here, %s there): set it, by NTP", off.Abs().Round(time.Second), shown, served.Format("15:04:05 -0700"))
	}
	return shown + ", as the mail server's", nil
}
