// Package authres reads Authentication-Results (RFC 8601) of the one server that the
// config names. Everything in it fails closed: what is not wholly understood is no
// evidence, and of two answers neither is taken.
package authres

import (
	"errors"
	"strings"

	"golang.org/x/net/publicsuffix"

	"gatepost/parse/internal/mime"
)

// Evidence is what is known of the sender's domain: "pass", "fail" or "none".
// A signature counts only if its domain is aligned with From; SPF is told and
// proves nothing.
type Evidence struct {
	DKIM  string `json:"dkim"`
	DMARC string `json:"dmarc"`
	SPF   string `json:"spf"`
	How   string `json:"-"` // where a pass comes from, in words; "" without one

	FreeTo      bool `json:"-"` // a signature of the domain leaves out whom the mail is to
	FreeSubject bool `json:"-"` // and one leaves out the subject
}

// The grammar, with what real servers write besides it:
//
//	payload  = id [version] ( ";" "none" / 1*( ";" result ) ) [";"]
//	result   = method ["/" version] "=" keyword *( reason / property )
//	reason   = keyword "=" value            QUIRK: also action=none, as Microsoft writes it
//	property = ptype "." name "=" pvalue
//
// with comments and white space (CFWS, RFC 5322 §3.2.2) between any two of
// them, and quoted strings as values. A ";" or "=" in a comment or a quoted
// string is text.

// Read reads the evidence for the domain of From. Position decides what
// counts (RFC 8601 §5): fields are added on top, so only those above the first
// Received of a foreign host can be our server's. Several that could be are
// no evidence, since one of them came with the mail.
func Read(h mime.Header, id, from string) Evidence {
	if id == "" || from == "" {
		return Evidence{}
	}
	var mine *mime.Field
	for i := range h {
		f := &h[i]
		if f.Name == "received" && foreignHop(f.Value, id) {
			break
		}
		if f.Name != "authentication-results" || !namesServer(f.Value, id) {
			continue
		}
		if mine != nil {
			return Evidence{}
		}
		mine = f
	}
	if mine == nil || mine.Odd || mine.Control || mine.Blank {
		return Evidence{}
	}
	results, err := readResults(mine.Value)
	if err != nil {
		return Evidence{}
	}
	_, host, _ := strings.Cut(from, "@")
	e := weigh(results, host)
	if e.DKIM == "pass" || e.DMARC == "pass" {
		e.How = "Authentication-Results of " + strings.ToLower(id)
	}
	return e
}

// foreignHop tells whether a Received field was written by a host that is not
// the server's own. Its own are those of its organisational domain, the
// content filters on "localhost", and QUIRK: Gmail's inner hops, which have an
// IP address and no "from".
func foreignHop(value, id string) bool {
	words := strings.Fields(mime.Uncomment(value))
	by := ""
	from := false
	for i, w := range words {
		if strings.EqualFold(w, "from") && i == 0 {
			from = true
		}
		if strings.EqualFold(w, "by") && i+1 < len(words) && by == "" {
			by = strings.ToLower(strings.Trim(words[i+1], ";,"))
		}
	}
	switch {
	case by == "localhost" || by == strings.ToLower(id):
		return false
	case !from && by != "" && !mime.HostName(by):
		return false
	}
	return !aligned(by, strings.ToLower(id))
}

// namesServer tells whether the field is of this server, or claims to be.
func namesServer(value, id string) bool {
	t := &tokens{s: value}
	if t.cfws() != nil {
		return false
	}
	got, err := t.value()
	return err == nil && strings.EqualFold(got, id)
}

// aligned compares two host names by their organisational domains (RFC 7489
// §3.1, relaxed), by the list of public suffixes. A public suffix itself is
// aligned with nothing but its own name.
func aligned(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if !mime.HostName(a) || !mime.HostName(b) {
		return false
	}
	if a == b {
		return true
	}
	x, errA := publicsuffix.EffectiveTLDPlusOne(a)
	y, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && x == y
}

// weigh turns what was reported into evidence for the host of From.
func weigh(results []result, host string) Evidence {
	var e Evidence
	dkim := map[string]string{} // domain → what was said of it
	for _, r := range results {
		verdict := "none"
		switch r.result {
		case "pass":
			verdict = "pass"
		case "fail", "hardfail", "softfail":
			verdict = "fail"
		}
		switch r.method {
		case "dkim":
			d := r.props["header.d"]
			if d == "" {
				_, d, _ = strings.Cut(r.props["header.i"], "@")
			}
			if verdict == "none" || !aligned(d, host) {
				continue
			}
			d = strings.ToLower(d)
			if was := dkim[d]; was != "" && was != verdict {
				verdict = "both"
			}
			dkim[d] = verdict
		case "dmarc":
			if e.DMARC != "" {
				return Evidence{} // two of them contradict the method itself
			}
			if !strings.EqualFold(r.props["header.from"], host) {
				verdict = "none"
			}
			e.DMARC = verdict
		case "spf":
			if e.SPF != "" && e.SPF != verdict {
				verdict = "none"
			}
			e.SPF = verdict
		}
	}
	for _, said := range dkim {
		switch {
		case said == "both":
			e.DKIM = "none"
			return e
		case said == "pass" || e.DKIM == "":
			e.DKIM = said
		}
	}
	return e
}

// result is one resinfo; everything is lower-case but the values.
type result struct {
	method, result string
	props          map[string]string
}

// maxAuthResults bounds a field; real ones have under ten.
const maxAuthResults = 50

var errAuthRes = errors.New("Authentication-Results is malformed")

// readResults reads a whole field value.
func readResults(s string) ([]result, error) {
	t := &tokens{s: s}
	if err := t.cfws(); err != nil {
		return nil, err
	}
	if _, err := t.value(); err != nil {
		return nil, err
	}
	if err := t.cfws(); err != nil {
		return nil, err
	}
	if c := t.peek(); c >= '0' && c <= '9' {
		if v, _ := t.keyword(); v != "1" {
			return nil, errAuthRes // a version nobody knows
		}
		if err := t.cfws(); err != nil {
			return nil, err
		}
	}
	var out []result
	for !t.end() {
		if !t.take(';') || len(out) >= maxAuthResults {
			return nil, errAuthRes
		}
		if err := t.cfws(); err != nil {
			return nil, err
		}
		if t.end() && len(out) > 0 {
			return out, nil // QUIRK: a semicolon at the end
		}
		r, none, err := t.result()
		if err != nil {
			return nil, err
		}
		if none {
			if len(out) > 0 || !t.end() {
				return nil, errAuthRes
			}
			return nil, nil
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, errAuthRes
	}
	return out, nil
}

// result reads a resinfo up to the next ";" or the end; none is "none".
func (t *tokens) result() (r result, none bool, err error) {
	r.props = map[string]string{}
	if r.method, err = t.keyword(); err != nil {
		return r, false, err
	}
	if err = t.cfws(); err != nil {
		return r, false, err
	}
	if t.end() {
		return r, r.method == "none", orMalformed(r.method == "none")
	}
	if t.take('/') {
		if err = t.cfws(); err != nil {
			return r, false, err
		}
		if v, err := t.keyword(); err != nil || v != "1" {
			return r, false, errAuthRes
		}
	}
	if err = t.equals(); err != nil {
		return r, false, err
	}
	if r.result, err = t.keyword(); err != nil {
		return r, false, err
	}
	for {
		before := t.at
		if err = t.cfws(); err != nil || t.end() || t.peek() == ';' {
			return r, false, err
		}
		if before == t.at {
			return r, false, errAuthRes // nothing stands between two of them
		}
		if err = t.property(r.props); err != nil {
			return r, false, err
		}
	}
}

func orMalformed(ok bool) error {
	if ok {
		return nil
	}
	return errAuthRes
}

// property reads ptype.name=value or key=value. A key that comes twice could
// mean either: malformed.
func (t *tokens) property(props map[string]string) error {
	key, err := t.keyword()
	if err != nil {
		return err
	}
	if err = t.cfws(); err != nil {
		return err
	}
	if t.take('.') {
		if err = t.cfws(); err != nil {
			return err
		}
		name, err := t.keyword()
		if err != nil {
			return err
		}
		key += "." + name
	}
	if err = t.equals(); err != nil {
		return err
	}
	v, err := t.pvalue()
	if err != nil {
		return err
	}
	if _, twice := props[key]; twice {
		return errAuthRes
	}
	props[key] = v
	return nil
}
