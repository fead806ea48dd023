package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
//   - From is signed, and what ties the mail to its place as well: the
//     Message-ID, or every To and Cc. Else an old mail could be sent again to
//     another address;
//   - keys of 1024 bits or more, no l=, no key in test mode, x= is honoured;
//   - the header must be one that every reader takes apart alike: no bare CR,
//     no NUL, no line that is no field, one From;
//   - at most five signatures are looked at.
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
func (d *DKIM) Verify(ctx context.Context, raw []byte, host string) (s Signature, err error) {
	defer func() {
		if r := recover(); r != nil { // a library met what it never met before
			s, err = Signature{Result: "fail", Why: fmt.Sprintf("the check broke: %v", r)}, nil
		}
	}()
	fields, body, ok := plainHeader(raw)
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
		v, err := d.one(ctx, fields, i, body)
		switch {
		case ctx.Err() != nil:
			return s, ctx.Err()
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
func (d *DKIM) one(ctx context.Context, fields []rawField, i int, body []byte) (*dkim.Verification, error) {
	var b bytes.Buffer
	for k := range fields {
		if k == i || !fields[k].is("dkim-signature") {
			b.Write(fields[k].raw)
		}
	}
	b.WriteString("\r\n")
	b.Write(body)
	vs, err := dkim.VerifyWithOptions(&b, &dkim.VerifyOptions{
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
	case !has("from") || !covered("from"):
		return errors.New("from is not signed")
	case has("message-id") && covered("message-id"):
	case has("to") && covered("to") && covered("cc"):
	default:
		return errors.New("neither the message id nor the recipients are signed")
	}
	return nil
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

// headerLimit bounds a header block in bytes.
const headerLimit = 256 << 10

// plainHeader takes the header block apart, if there is only one way to do so.
// The body is handed back with its line ends made CRLF.
func plainHeader(raw []byte) (fields []rawField, body []byte, ok bool) {
	for pos := 0; pos < min(len(raw), headerLimit); {
		end := bytes.IndexByte(raw[pos:], '\n')
		if end < 0 {
			return nil, nil, false
		}
		line := bytes.TrimSuffix(raw[pos:pos+end], []byte("\r"))
		pos += end + 1
		if len(line) == 0 {
			return fields, crlf(raw[pos:]), oneFrom(fields)
		}
		if bytes.ContainsAny(line, "\r\x00") {
			return nil, nil, false
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 || len(bytes.TrimSpace(line)) == 0 {
				return nil, nil, false
			}
			f := &fields[len(fields)-1]
			f.raw = append(append(f.raw, line...), '\r', '\n')
			continue
		}
		name, _, colon := bytes.Cut(line, []byte(":"))
		if !colon || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, nil, false
		}
		fields = append(fields, rawField{strings.ToLower(string(name)), append(bytes.Clone(line), '\r', '\n')})
	}
	return nil, nil, false
}

func oneFrom(fields []rawField) bool {
	n := 0
	for i := range fields {
		if fields[i].is("from") {
			n++
		}
	}
	return n == 1
}

// crlf makes every line end CRLF; mail from a folder may have lost them.
func crlf(b []byte) []byte {
	if !bytes.Contains(b, []byte("\n")) || bytes.Count(b, []byte("\n")) == bytes.Count(b, []byte("\r\n")) {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
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
