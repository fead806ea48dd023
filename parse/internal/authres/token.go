package authres

import (
	"strings"

	"gatepost/parse/internal/mime"
)

// tokens reads the tokens of an Authentication-Results value from left to
// right, once.
type tokens struct {
	s  string
	at int
}

func (t *tokens) end() bool { return t.at >= len(t.s) }

// peek is the next byte, 0 at the end (a NUL is no part of any token).
func (t *tokens) peek() byte {
	if t.end() {
		return 0
	}
	return t.s[t.at]
}

func (t *tokens) take(c byte) bool {
	if t.peek() != c || t.end() {
		return false
	}
	t.at++
	return true
}

// maxCommentDepth bounds comments in comments.
const maxCommentDepth = 20

// cfws skips white space and comments (RFC 5322 §3.2.2). The value is unfolded
// already.
func (t *tokens) cfws() error {
	depth := 0
	for ; !t.end(); t.at++ {
		switch c := t.s[t.at]; {
		case c == '(':
			if depth++; depth > maxCommentDepth {
				return errAuthRes
			}
		case depth == 0 && c != ' ' && c != '\t':
			return nil
		case c == ')':
			depth--
		case c == '\\' && depth > 0:
			if t.at++; t.end() {
				return errAuthRes
			}
		}
	}
	if depth > 0 {
		return errAuthRes
	}
	return nil
}

// run takes the longest stretch of bytes that fit.
func (t *tokens) run(fits func(byte) bool) (string, error) {
	start := t.at
	for !t.end() && fits(t.s[t.at]) {
		t.at++
	}
	if t.at == start {
		return "", errAuthRes
	}
	return t.s[start:t.at], nil
}

// keyword is letters, digits and hyphens (RFC 5321 Ldh-str), QUIRK: and the
// underscore, in lower case.
func (t *tokens) keyword() (string, error) {
	w, err := t.run(func(c byte) bool { return mime.IsAlnum(c) || c == '-' || c == '_' })
	return strings.ToLower(w), err
}

// value is a token (RFC 2045 §5.1) or a quoted string.
func (t *tokens) value() (string, error) {
	if t.peek() == '"' {
		return t.quoted()
	}
	return t.run(func(c byte) bool { return c > ' ' && c < 127 && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0 })
}

// pvalue is a value, or [local-part]"@"domain. QUIRK: unquoted, servers write
// base64 and URIs as well, so everything visible goes that cannot end or begin
// anything else.
func (t *tokens) pvalue() (string, error) {
	v := ""
	if t.peek() == '"' {
		q, err := t.quoted()
		if err != nil || t.peek() != '@' {
			return q, err
		}
		v = q
	}
	w, err := t.run(func(c byte) bool { return c > ' ' && c < 127 && strings.IndexByte(`()<>,;\"`, c) < 0 })
	return v + w, err
}

// quoted reads a quoted string (RFC 5322 §3.2.4) and returns what it says.
func (t *tokens) quoted() (string, error) {
	var b strings.Builder
	for t.at++; !t.end(); t.at++ {
		switch c := t.s[t.at]; c {
		case '"':
			t.at++
			return b.String(), nil
		case '\\':
			if t.at++; t.end() {
				return "", errAuthRes
			}
			b.WriteByte(t.s[t.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", errAuthRes
}

// equals reads "=" with white space and comments around it.
func (t *tokens) equals() error {
	if err := t.cfws(); err != nil {
		return err
	}
	if !t.take('=') {
		return errAuthRes
	}
	return t.cfws()
}
