package mailin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/publicsuffix"
)

// DKIM verifies the signatures of a mail (RFC 6376, RFC 8301) for one purpose:
// to know whether the domain of its From vouches for it. It is stricter than a
// mail server's check:
//
//   - d= must be aligned with From by the list of public suffixes;
//   - From is signed, and what ties the mail to its place as well: every To and
//     Cc, or the Message-ID and a Date of this week (a large provider signs no
//     To). Else an old mail could be sent again to another address;
//   - keys of 1024 bits or more, no l=, no key in test mode, x= is honoured;
//   - the header must be one that every reader takes apart alike: no bare CR,
//     no NUL, no line that is no field, one From, and no second one of a field
//     that may come once. Of two, the signature covers the lower one and readers
//     take the upper;
//   - at most five signatures are looked at, and what would take the check long
//     is none: who can write our member's name above a mail must not be able to
//     keep others waiting with it.
//
// One DKIM is for one goroutine at a time.
type DKIM struct {
	Keys *Keys
	Now  func() time.Time // for x=
}

// Signature is what the signatures of a mail say of its From.
type Signature struct {
	Result string // "pass", "fail": aligned and not valid, "none": nothing aligned
	Domain string // d= of the one that passed
	Why    string // of a fail, in words
}

// ErrLater is a DNS fault: whether the mail is signed cannot be known now.
var ErrLater = errors.New("the key of the signature cannot be asked for now")

// maxSignatures is how many are looked at, aligned or not.
const maxSignatures = 5

// Verify checks a raw mail for the host of its From. The error is ErrLater, or
// the end of ctx; the result is then worth nothing.
func (d *DKIM) Verify(ctx context.Context, raw []byte, host string) (Signature, error) {
	return d.VerifyFrom(ctx, raw, func() (io.Reader, error) { return bytes.NewReader(raw), nil }, host)
}

// VerifyFrom is Verify for a mail that is not in memory: head holds its header
// block, whole gives all of it, as often as there are signatures to check. An
// error of whole is an error of VerifyFrom.
func (d *DKIM) VerifyFrom(ctx context.Context, head []byte, whole func() (io.Reader, error), host string) (s Signature, err error) {
	defer func() {
		if r := recover(); r != nil { // a library met what it never met before
			s, err = Signature{Result: "fail", Why: fmt.Sprintf("the check broke: %v", r)}, nil
		}
	}()
	fields, at, ok := plainHeader(head)
	if !ok {
		return Signature{Result: "none"}, nil
	}
	s = Signature{Result: "none"}
	later := false
	for i, seen := 0, 0; i < len(fields) && seen < maxSignatures; i++ {
		if !fields[i].is("dkim-signature") {
			continue
		}
		seen++
		if !alignedHosts(fields[i].tag("d"), host) {
			continue
		}
		body, err := bodyAt(whole, at)
		if err != nil {
			return s, err
		}
		v, err := d.one(ctx, fields, i, body)
		switch {
		case ctx.Err() != nil:
			return s, ctx.Err()
		case body.fault != nil:
			return s, body.fault
		case err != nil && (dkim.IsTempFail(err) || errors.Is(err, ErrLater)):
			later = true
			continue
		case err == nil && !alignedHosts(v.Domain, host):
			continue // the library took another d= than we did
		case err == nil:
			err = d.binding(v, fields)
		}
		if err == nil {
			return Signature{Result: "pass", Domain: strings.ToLower(v.Domain)}, nil
		}
		s = Signature{Result: "fail", Why: err.Error()}
	}
	if later {
		return s, ErrLater
	}
	return s, nil
}

// one verifies the signature at index i alone. The others are left out: the
// library would check them side by side, where a panic cannot be caught.
func (d *DKIM) one(ctx context.Context, fields []rawField, i int, body io.Reader) (*dkim.Verification, error) {
	if strings.Count(fields[i].tag("h"), ":") >= maxSigned {
		return nil, errors.New("the signature names too many fields")
	}
	var b bytes.Buffer
	for k := range fields {
		if k == i || !fields[k].is("dkim-signature") {
			b.Write(fields[k].raw)
		}
	}
	b.WriteString("\r\n")
	vs, err := dkim.VerifyWithOptions(io.MultiReader(&b, body), &dkim.VerifyOptions{
		MaxVerifications: 1,
		LookupTXT:        func(name string) ([]string, error) { return d.Keys.lookup(ctx, name) },
	})
	if err != nil {
		return nil, err
	}
	if len(vs) != 1 {
		return nil, errors.New("the signature cannot be read")
	}
	return vs[0], vs[0].Err
}

// binding tells why a valid signature does not bind the mail, nil if it does.
func (d *DKIM) binding(v *dkim.Verification, fields []rawField) error {
	if !v.Expiration.IsZero() && !d.Now().Before(v.Expiration) {
		return errors.New("the signature has expired")
	}
	covered := func(name string) bool {
		signed, there := 0, 0
		for _, k := range v.HeaderKeys {
			if strings.EqualFold(k, name) {
				signed++
			}
		}
		for i := range fields {
			if fields[i].is(name) {
				there++
			}
		}
		return signed >= there
	}
	has := func(name string) bool {
		return slices.ContainsFunc(fields, func(f rawField) bool { return f.is(name) })
	}
	switch {
	case !covered("from"):
		return errors.New("from is not signed")
	case has("to") && covered("to") && covered("cc"):
	case !has("message-id") || !covered("message-id"):
		return errors.New("neither the message id nor the recipients are signed")
	case !covered("date") || !slices.ContainsFunc(fields, d.thisWeek):
		return errors.New("the recipients are not signed, nor a date of this week")
	}
	return nil
}

// week is how long a mail whose recipients are not signed may have been on its way.
const week = 7 * 24 * time.Hour

// thisWeek tells whether a field is a Date near to now.
func (d *DKIM) thisWeek(f rawField) bool {
	_, value, _ := strings.Cut(string(f.raw), ":")
	at, err := netmail.ParseDate(strings.TrimSpace(value))
	return f.is("date") && err == nil && d.Now().Sub(at).Abs() < week
}

// rawField is a header field with its name in lower case, its folding and its
// line ends made CRLF.
type rawField struct {
	name string
	raw  []byte
}

func (f *rawField) is(name string) bool { return f.name == name }

// tag is the value of a tag of a signature, "" if it is not there or there
// twice.
func (f *rawField) tag(key string) string {
	found := ""
	_, value, _ := strings.Cut(string(f.raw), ":")
	for part := range strings.SplitSeq(value, ";") {
		k, v, ok := strings.Cut(part, "=")
		if !ok || strings.TrimSpace(k) != key {
			continue
		}
		if found != "" {
			return ""
		}
		found = strings.Join(strings.Fields(v), "")
	}
	return found
}

// What more of would be a check of minutes: the library looks for each signed
// field among all, puts long fields together line by line, and of empty lines
// copies all that came so far, again and again.
const (
	headerLimit = 256 << 10 // bytes of a header block
	headerLines = 3000      // lines of it
	maxSigned   = 500       // fields that a signature names
	maxEmpty    = 10_000    // empty lines in a row in a body
)

// errEmpty is a body with more empty lines than that.
var errEmpty = errors.New("the body has too many empty lines in a row")

// plainHeader takes the header block apart, if there is only one way to do so,
// and tells where the body begins.
func plainHeader(raw []byte) (fields []rawField, body int, ok bool) {
	for pos, lines := 0, 0; pos < min(len(raw), headerLimit) && lines < headerLines; lines++ {
		end := bytes.IndexByte(raw[pos:], '\n')
		if end < 0 {
			return nil, 0, false
		}
		line := bytes.TrimSuffix(raw[pos:pos+end], []byte("\r"))
		pos += end + 1
		if len(line) == 0 {
			return fields, pos, single(fields)
		}
		if bytes.ContainsAny(line, "\r\x00") {
			return nil, 0, false
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 || len(bytes.TrimSpace(line)) == 0 {
				return nil, 0, false
			}
			f := &fields[len(fields)-1]
			f.raw = append(append(f.raw, line...), '\r', '\n')
			continue
		}
		name, _, colon := bytes.Cut(line, []byte(":"))
		if !colon || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, 0, false
		}
		fields = append(fields, rawField{strings.ToLower(string(name)), append(bytes.Clone(line), '\r', '\n')})
	}
	return nil, 0, false
}

// atMostOnce are the fields that say who wrote a mail, to whom, in which thread, and how
// its body is to be read: there may be one of each (RFC 5322 §3.6, RFC 2045 §3).
// parse has the same list for the other kind of evidence; neither may import the other.
var atMostOnce = []string{
	"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
	"content-type", "content-transfer-encoding",
}

// single tells whether there is one From, and none of the others twice.
func single(fields []rawField) bool {
	n := map[string]int{}
	for i := range fields {
		n[fields[i].name]++
	}
	return n["from"] == 1 && !slices.ContainsFunc(atMostOnce, func(name string) bool { return n[name] > 1 })
}

// bodyAt is the body of a mail, from its offset, with every line end made CRLF:
// mail from a folder may have lost them.
func bodyAt(whole func() (io.Reader, error), at int) (*crlf, error) {
	r, err := whole()
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, r, int64(at)); err != nil {
		return nil, err
	}
	return &crlf{from: bufio.NewReaderSize(r, 32<<10)}, nil
}

// crlf reads with each bare LF made CRLF.
type crlf struct {
	from  *bufio.Reader
	last  byte
	due   bool  // an LF
	ends  int   // of lines, in a row
	fault error // why it could not be read to its end
}

// Read implements io.Reader.
func (c *crlf) Read(b []byte) (n int, err error) {
	for n < len(b) {
		v := byte('\n')
		if !c.due {
			if v, err = c.from.ReadByte(); err != nil {
				if !errors.Is(err, io.EOF) {
					c.fault = err
				}
				return n, err
			}
		}
		if v == '\n' {
			if c.ends++; c.ends > maxEmpty {
				return n, errEmpty
			}
		} else if v != '\r' {
			c.ends = 0
		}
		if v == '\n' && !c.due && c.last != '\r' {
			v, c.due = '\r', true
		} else {
			c.due = false
		}
		c.last = v
		b[n] = v
		n++
	}
	return n, nil
}

// alignedHosts compares two names by their organisational domains (RFC 7489
// §3.1, relaxed). A public suffix is aligned with nothing but itself.
func alignedHosts(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == "" || strings.Trim(a+b, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return false
	}
	x, errA := publicsuffix.EffectiveTLDPlusOne(a)
	y, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return a == b || errA == nil && errB == nil && x == y
}
