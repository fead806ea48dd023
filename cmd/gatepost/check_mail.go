package main

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// forgedMark stands in the Authentication-Results that check forges.
const forgedMark = "forged-by-gatepost-check.invalid"

// checkMail is the mail that check sends to itself. The service takes it for
// its own letter, which it is, and does nothing. It claims to have been
// authenticated already, in the name of the server whose word counts: a mail
// server must take that out (RFC 8601 §5).
func checkMail(from, to, tag string, c *Config, now time.Time) []byte {
	lines := []string{
		"From: Gatepost <" + from + ">",
		"To: <" + to + ">",
		"Subject: Gatepost " + tag,
		"Date: " + now.Format(time.RFC1123Z),
		"Message-ID: <" + tag + "@" + c.SMTP.FromHost + ">",
		"Auto-Submitted: auto-generated",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=us-ascii",
	}
	if id := c.Evidence.AuthservID; id != "" {
		lines = append(lines, "Authentication-Results: "+id+"; dkim=pass header.d="+forgedMark)
	}
	return []byte(strings.Join(append(lines, "", "This is a mail of `gatepost check` to itself. It can be deleted.", ""), "\r\n"))
}

// evidenceIn reads from the mail to itself whose Authentication-Results it
// carries, and whether the forged one came through.
func evidenceIn(raw []byte, configured string) (mark, what, text string) {
	what = "evidence"
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return markNote, what, fmt.Sprintf("the mail to itself cannot be read: %v", err)
	}
	var seen []string
	forged := false
	for _, field := range m.Header["Authentication-Results"] {
		if strings.Contains(field, forgedMark) {
			forged = true
			continue
		}
		id, _, _ := strings.Cut(field, ";")
		if words := strings.Fields(strings.ToLower(id)); len(words) > 0 && !slices.Contains(seen, words[0]) {
			seen = append(seen, words[0])
		}
	}
	switch {
	case forged:
		return markFail, what, fmt.Sprintf("a forged Authentication-Results of %s came through: let the mail server take out those that come with a mail "+
			"(RFC 8601 section 5), or take authserv_id out of [evidence]", configured)
	case configured != "" && slices.Contains(seen, configured):
		return markOK, what, fmt.Sprintf("Authentication-Results are written by %s, and a forged one was taken out", configured)
	case configured != "" && len(seen) > 0:
		return markFail, what, fmt.Sprintf("Authentication-Results are written by %s, not by %s: put the right name into authserv_id", strings.Join(seen, ", "), configured)
	case configured != "":
		return markNote, what, fmt.Sprintf("a forged Authentication-Results of %s was taken out; none was written, as many servers do with mail of their own users", configured)
	case len(seen) > 0:
		return markNote, what, fmt.Sprintf("Authentication-Results are written by %s; to let them count, put authserv_id = %q under [evidence] and check again", strings.Join(seen, ", "), seen[0])
	}
	return markNote, what, "no Authentication-Results in the mail to itself, and no authserv_id"
}

// signature tells who signed the mail to itself, and whether the signature
// holds by the key in the DNS, as those who get our letters will find.
func (k *checkup) signature(ctx context.Context, raw []byte, address string) (mark, what, text string) {
	mark, what, text = signatureIn(raw, address)
	if mark != markOK {
		return mark, what, text
	}
	_, host, _ := strings.Cut(address, "@")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkStep) // the wait for the mail may be over
	defer cancel()
	s, err := k.verify(ctx, raw, host)
	switch {
	case err != nil:
		return markNote, what, text + "; whether the signature holds cannot be known now, as the DNS does not answer"
	case s.Result != "pass":
		return markNote, what, fmt.Sprintf("%s, but the signature does not hold (%s): see that the DNS has the key of its selector, and that nothing changes a mail after it was signed", text, or(s.Why, s.Result))
	}
	return markOK, what, text + ", and the signature holds"
}

// signatureIn tells who signed the mail to itself (RFC 6376 §3.5, tag d).
func signatureIn(raw []byte, address string) (mark, what, text string) {
	what = "dkim"
	_, host, _ := strings.Cut(address, "@")
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return markNote, what, fmt.Sprintf("the mail to itself cannot be read: %v", err)
	}
	var signers []string
	for _, field := range m.Header["Dkim-Signature"] {
		for tag := range strings.SplitSeq(field, ";") {
			if d, ok := strings.CutPrefix(strings.Join(strings.Fields(tag), ""), "d="); ok {
				signers = append(signers, strings.ToLower(d))
			}
		}
	}
	for _, d := range signers {
		if d == host || strings.HasSuffix(host, "."+d) {
			return markOK, what, "our letters are signed by " + d
		}
	}
	by := "nobody"
	if len(signers) > 0 {
		by = strings.Join(signers, ", ")
	}
	return markNote, what, fmt.Sprintf("the mail to itself is signed by %s: if letters are taken for spam, switch DKIM on for %s where its mail goes out", by, host)
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
