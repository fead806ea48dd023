package mime

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Address is a mailbox as shown: Name is decoded and tamed (no controls, no
// bidi marks), Address is lower-case in its domain and never decoded.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Who wrote a mail is read from the raw bytes by the code in this file, which
// fails closed: a From that is not exactly one well-formed mailbox (RFC 5322
// §3.4, RFC 7489 §5) identifies nobody. The accepted forms are
//
//	local@host
//	local@host (Name)
//	<local@host>
//	Name "Na me" =?utf-8?Q?Name?= <local@host>
//
// with local a dot-atom and host letters, digits and hyphens. No routes,
// groups, literals, quoted local parts, encoded words inside the address,
// comments elsewhere, controls, or text after the address.

// Identity reads the one From field.
func Identity(h Header) (Address, error) {
	var from *Field
	for i := range h {
		f := &h[i]
		if f.Blank && from == nil {
			return Address{}, errors.New("a header line before From is blank but for white space")
		}
		if f.Name != "from" {
			continue
		}
		if f.Odd {
			return Address{}, errors.New("a From field has a malformed name")
		}
		if from != nil {
			return Address{}, errors.New("there are two From fields")
		}
		from = f
	}
	switch {
	case from == nil:
		return Address{}, errors.New("there is no From field")
	case from.Blank:
		return Address{}, errors.New("the From field is folded over a blank line")
	case from.Control:
		return Address{}, errors.New("the From field holds a control character")
	}
	return mailbox(from.Value)
}

var errMailbox = errors.New("the From field is not one well-formed mailbox")

// mailbox reads the forms above and nothing else.
func mailbox(s string) (Address, error) {
	s = strings.Trim(s, " \t")
	var name strings.Builder
	word := func(w string) {
		if name.Len() > 0 {
			name.WriteByte(' ')
		}
		name.WriteString(w)
	}
	i, words := 0, 0
	for i < len(s) {
		switch c := s[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '<':
			spec, ok := strings.CutSuffix(s[i+1:], ">")
			if !ok {
				return Address{}, errMailbox
			}
			a, err := AddrSpec(spec)
			return Address{Name: Tame(DecodeWords(name.String())), Address: a}, err
		case c == '"':
			w, n, ok := quotedString(s[i:])
			if !ok {
				return Address{}, errMailbox
			}
			word(w)
			i += n
			words++
		case strings.IndexByte(`>()[],;:\`, c) >= 0:
			return Address{}, errMailbox
		default:
			n := strings.IndexAny(s[i:], " \t\"<>()[],;:\\")
			if n < 0 {
				n = len(s) - i
			}
			w := s[i : i+n]
			if strings.Contains(w, "@") {
				if words > 0 {
					return Address{}, errMailbox
				}
				a, err := AddrSpec(w)
				if err != nil {
					return Address{}, err
				}
				note, ok := comment(strings.Trim(s[i+n:], " \t"))
				if !ok {
					return Address{}, errMailbox
				}
				return Address{Name: Tame(DecodeWords(note)), Address: a}, nil
			}
			word(w)
			i += n
			words++
		}
	}
	return Address{}, errMailbox
}

// quotedString reads a quoted string at the start of s. A quoted pair may only
// hide a quote or a backslash, and not in a string that could be taken for an
// address by a reader who does not know of pairs.
func quotedString(s string) (text string, n int, ok bool) {
	var b strings.Builder
	pairs := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			if pairs && strings.ContainsAny(b.String(), "<>@") {
				return "", 0, false
			}
			return b.String(), i + 1, true
		case '\\':
			if i+1 >= len(s) || (s[i+1] != '"' && s[i+1] != '\\') {
				return "", 0, false
			}
			pairs = true
			i++
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}

// comment accepts nothing, or one plain comment, and returns its content.
func comment(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	if len(s) < 2 || s[0] != '(' || s[len(s)-1] != ')' || strings.ContainsAny(s[1:len(s)-1], `()\<>@`) {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// AddrSpec checks local@host and lower-cases the host (RFC 5321 §2.3.11,
// §4.5.3.1: 64 and 255 octets).
func AddrSpec(s string) (string, error) {
	local, host, ok := strings.Cut(s, "@")
	if !ok || !dotAtom(local) || strings.Contains(local, "=?") || !HostName(host) {
		return "", errMailbox
	}
	return local + "@" + strings.ToLower(host), nil
}

func dotAtom(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !IsAlnum(c) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) < 0 {
			return false
		}
	}
	return true
}

// HostName tells whether s has the form of a host name (RFC 1123 §2.1): letters,
// digits and hyphens, at most 255 octets.
func HostName(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			if !IsAlnum(label[i]) && label[i] != '-' {
				return false
			}
		}
	}
	return true
}

// IsAlnum tells whether c is an ASCII letter or digit.
func IsAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// Addresses reads a list leniently, for showing and for finding our own
// address in it; it never identifies anybody. At most limit are returned; more
// tells whether there were others.
func Addresses(s string, limit int) (out []Address, more bool) {
	start, depth := 0, 0
	quoted, angle := false, false
	emit := func(item string) {
		if a, ok := looseAddress(item); ok {
			if len(out) >= limit {
				more = true
				return
			}
			out = append(out, a)
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case quoted:
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case angle:
		case c == ',' || c == ';':
			emit(s[start:i])
			start = i + 1
		case c == ':':
			start = i + 1 // the name of a group
		}
	}
	emit(s[min(start, len(s)):])
	return out, more
}

func looseAddress(item string) (Address, bool) {
	item = strings.Trim(item, " \t")
	if a, err := mailbox(item); err == nil {
		return a, true
	}
	open := strings.LastIndexByte(item, '<')
	name, spec := "", item
	if open >= 0 {
		name = item[:open]
		spec, _, _ = strings.Cut(item[open+1:], ">")
	}
	spec = strings.Trim(spec, " \t")
	if !strings.Contains(spec, "@") || len(spec) > 320 || strings.ContainsAny(spec, " \t<>\"(),;") || HasControl([]byte(spec)) || !utf8.ValidString(spec) {
		return Address{}, false
	}
	local, host, _ := strings.Cut(spec, "@")
	return Address{Name: Tame(DecodeWords(strings.Trim(name, "\" \t"))), Address: local + "@" + strings.ToLower(host)}, true
}
