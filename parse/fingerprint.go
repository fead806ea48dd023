package parse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"

	"gatepost/parse/internal/mime"
)

// Fingerprint is the identity of a mail's content: a hash over Message-ID,
// From, To, Date, Subject and the body with its line ends made LF. Trace
// fields have no part in it, so one mail that comes by two ways is known
// again; a body that differs in a byte is another mail. So is a copy that a robot
// or a list sent on: it is not read, and must not stand in for the one that the
// person's own server brings.
func Fingerprint(raw []byte) string { return fingerprintBy(raw, automatic) }

func fingerprintBy(raw []byte, automatic func(mime.Header) bool) string {
	raw = mime.OneBreak(raw)
	b := mime.SplitHeader(raw, mime.Defaults, nil)
	d := newDigest(b.Fields, automatic)
	d.write(raw[b.Body:])
	return d.sum()
}

// FingerprintOf is Fingerprint for a mail that is not in memory.
func FingerprintOf(r io.Reader) (string, error) { return fingerprintOf(r, automatic) }

// Fits tells whether a mail can have had this fingerprint when it came: the program that
// took it may have known robots by other marks.
func Fits(fingerprint string, raw []byte) bool {
	return slices.ContainsFunc(automatics, func(automatic func(mime.Header) bool) bool { return fingerprintBy(raw, automatic) == fingerprint })
}

// FitsOf is Fits for a mail that is not in memory; open begins to read it.
func FitsOf(fingerprint string, open func() io.Reader) (bool, error) {
	for _, automatic := range automatics {
		if f, err := fingerprintOf(open(), automatic); err != nil || f == fingerprint {
			return err == nil, err
		}
	}
	return false, nil
}

// automatics are the ways to know a robot.
var automatics = []func(mime.Header) bool{automatic, func(h mime.Header) bool { return !automatic(h) }}

func fingerprintOf(r io.Reader, automatic func(mime.Header) bool) (string, error) {
	w := mime.NewWindow(r)
	if err := w.Fill(); err != nil {
		return "", err
	}
	if w.Odd() {
		raw, err := w.All()
		return fingerprintBy(raw, automatic), err
	}
	b := mime.SplitHeader(w.Rest(), mime.Defaults, nil)
	d := newDigest(b.Fields, automatic)
	w.Skip(b.Body)
	for {
		d.write(w.Rest())
		w.Skip(len(w.Rest()))
		if err := w.Fill(); err != nil {
			return "", err
		}
		if len(w.Rest()) == 0 {
			return d.sum(), nil
		}
	}
}

// digest is a fingerprint in the making.
type digest struct {
	h    hash.Hash
	held []byte // line breaks that may be the last: how many there are is the way's doing
	any  bool   // the body has anything else
}

func newDigest(fields mime.Header, automatic func(mime.Header) bool) *digest {
	d := &digest{h: sha256.New()}
	for _, name := range []string{"message-id", "from", "to", "date", "subject"} {
		for _, v := range fields.All(name) {
			// Folding is the business of the servers on the way.
			io.WriteString(d.h, name+":"+strings.Join(strings.Fields(v), " ")+"\n")
		}
	}
	if automatic(fields) {
		io.WriteString(d.h, "automatic\n")
	}
	io.WriteString(d.h, "\n")
	return d
}

// automatic tells whether the header makes a mail a robot's for every team. A list
// may be the team's own address, delivered as a group: then its mails are people's,
// and all copies bear its mark.
func automatic(h mime.Header) bool {
	switch kind, _ := mime.MediaType(h.Get("content-type")); kind {
	case "multipart/report", "text/calendar", "message/delivery-status", "message/global-delivery-status", "message/disposition-notification":
		return true
	}
	robot, rule := robotOf(h, nil, Address{}, Options{})
	if robot == RobotNone || rule == "list-bulk" || robot != RobotList {
		return robot != RobotNone
	}
	var teams []string
	for k, name := range []string{"to", "cc"} {
		list, _ := mime.Addresses(strings.Join(h.All(name), ", "), 100)
		for i, a := range list {
			if t, ok := tagOf(a.Address, nil); ok {
				teams = append(teams, t.Team)
			} else if k == 0 && i == 0 {
				teams = append(teams, a.Address)
			}
		}
	}
	return !ownList(h, teams)
}

// write takes the next bytes of the body.
func (d *digest) write(b []byte) {
	solid := len(bytes.TrimRight(b, "\r\n"))
	if solid == 0 {
		d.held = append(d.held, b...)
		return
	}
	d.any = true
	if len(d.held) > 0 {
		// A break may have come in two halves.
		n := len(b[:solid]) - len(bytes.TrimLeft(b[:solid], "\r\n"))
		d.lines(append(d.held, b[:n]...))
		d.held, b, solid = d.held[:0], b[n:], solid-n
	}
	d.lines(b[:solid])
	d.held = append(d.held, b[solid:]...)
}

func (d *digest) sum() string {
	if d.any {
		io.WriteString(d.h, "\n")
	}
	return hex.EncodeToString(d.h.Sum(nil))
}

// lines reckons b with its line ends made LF.
func (d *digest) lines(b []byte) {
	for {
		n := bytes.IndexByte(b, '\r')
		if n < 0 {
			d.h.Write(b)
			return
		}
		rest := b[n+1:]
		if len(rest) == 0 || rest[0] != '\n' {
			n++ // a lone CR stays
		}
		d.h.Write(b[:n])
		b = rest
	}
}
