package parse

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// A copy that bears a robot's or a list's mark is another mail than the one
// without: it comes first, is ignored, and the person's own must still be read.
func TestFingerprintOfCopies(t *testing.T) {
	const mail = "From: Priya <priya@acme.example>\r\nTo: shop+t1r1.aaaaaaaaaaaaaaaa@acme.example\r\nCc: web-team@lists.example\r\nSubject: Re: Cart\r\nMessage-ID: <1@acme.example>\r\n\r\napprove\r\n"
	opt := Options{Teams: []string{"shop@acme.example"}}
	for _, c := range []struct {
		name, top string
		same      bool
	}{
		{"the way", "Received: from a by b; Tue, 3 Mar 2026 10:00:00 +0100\r\nReturn-Path: <priya@acme.example>\r\nDelivered-To: robot@acme.example\r\n", true},
		{"a virus scanner", "X-Virus-Scanned: by x\r\nX-Auto-Response-Suppress: OOF\r\n", true},
		{"a person says so", "Auto-Submitted: no\r\n", true},
		{"precedence of a list alone", "Precedence: list\r\n", true},
		{"the team's own group", "List-Id: Shop <shop.acme.example>\r\nList-Post: <mailto:shop@acme.example>\r\n", true},
		{"the list in Cc", "List-Id: <web-team.lists.example>\r\nPrecedence: list\r\n", false},
		{"a list in bulk", "Precedence: bulk\r\nList-Id: <web-team.lists.example>\r\n", false},
		{"sent again as automatic", "Auto-Submitted: auto-generated\r\n", false},
		{"sent again without a sender", "Return-Path: <>\r\n", false},
		{"sent again as vacation", "X-Vacation: yes\r\n", false},
		{"sent again as a report", "Content-Type: multipart/report; boundary=x\r\n", false},
		{"sent again as an invitation", "Content-Type: text/calendar; method=REPLY\r\n", false},
		{"sent again as ours", "X-Gatepost-Letter: gate\r\n", false},
	} {
		raw := []byte(c.top + mail)
		if same := Fingerprint(raw) == Fingerprint([]byte(mail)); same != c.same {
			t.Errorf("%s: the same mail %v, want %v", c.name, same, c.same)
		}
		if of, err := FingerprintOf(strings.NewReader(c.top + mail)); err != nil || of != Fingerprint(raw) {
			t.Errorf("%s: %s in one go, %s, %v in pieces", c.name, Fingerprint(raw), of, err)
		}
		if robot := Read(raw, opt).Robot; (robot == RobotNone) != c.same {
			t.Errorf("%s: read as %q", c.name, robot)
		}
	}
}

// What stands in databases is found again by every later program: a fingerprint never
// changes. Who is a robot may; a mail that was taken for none by the program that took it
// is still that mail.
func TestFingerprintStays(t *testing.T) {
	const mail = "From: Priya <priya@acme.example>\r\nMessage-ID: <1@acme.example>\r\n\r\napprove\r\n"
	const of, ofRobots = "099e438768593b85f6287d2e45df37d242cf130785c3a2ef8ee71d68e9181ac3", "5f193ab753f86bf1550bd78283d14ccc450eea4fdf206ff90317242a03dfdc3c"
	for fingerprint, raw := range map[string]string{of: mail, ofRobots: "Auto-Submitted: auto-replied\r\n" + mail} {
		got := Fingerprint([]byte(raw))
		if got != fingerprint {
			t.Errorf("the fingerprint of %q is %s, was %s", raw, got, fingerprint)
		}
		for of, want := range map[string]bool{of: true, ofRobots: true, strings.Repeat("0", 64): false} {
			if fits, err := FitsOf(of, func() io.Reader { return strings.NewReader(raw) }); fits != want || err != nil || Fits(of, []byte(raw)) != want {
				t.Errorf("%q has the fingerprint %s: %v, %v", raw, of, fits, err)
			}
		}
	}
	if fits, err := FitsOf(of, func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) }); fits || err == nil {
		t.Errorf("what cannot be read fits: %v, %v", fits, err)
	}
}
