package loop

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"
)

// Token is the secret part of a reply address made for one person: the first
// 16 characters of lower-case base32 (RFC 4648, no padding) of
// HMAC-SHA256(secret, team address + "|" + ref + "|" + person's first
// address), all lower-case. ref is t42, t42r1, me, c17 or b99.
func Token(secret []byte, team, ref, person string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.ToLower(team + "|" + ref + "|" + person)))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)))[:16]
}

// Token of this team for ref and person key, made with the present secret.
func (t *Team) Token(ref, person string) string { return Token(t.Secret, t.Address, ref, person) }

// Holds tells, in constant time, whether token is the one for ref and person,
// by the present secret or one before it: gates that were opened under an old
// secret stay open until it is taken out of the config.
func (t *Team) Holds(token, ref, person string) bool {
	if token == "" {
		return false
	}
	got := []byte(strings.ToLower(token))
	same := subtle.ConstantTimeCompare(got, []byte(t.Token(ref, person)))
	for _, old := range t.OldSecrets { // all are tried, whichever it is
		same |= subtle.ConstantTimeCompare(got, []byte(Token(old, t.Address, ref, person)))
	}
	return same == 1
}

// Owner is the member whose token for ref this is, nil if nobody's.
func (t *Team) Owner(token, ref string) *Person {
	var owner *Person
	for i := range t.People { // all are tried, whoever it is
		if t.Holds(token, ref, t.People[i].Key()) {
			owner = &t.People[i]
		}
	}
	return owner
}

// ReplyAddress is the address made for one person and ref:
// shop+t42.<token>@acme.example.
func (t *Team) ReplyAddress(ref, person string) string {
	return Plus(t.Address, ref+"."+t.Token(ref, person))
}

// Plus puts a tag into an address: shop@acme.example, web → shop+web@acme.example.
func Plus(address, tag string) string {
	local, host, _ := strings.Cut(address, "@")
	return local + "+" + tag + "@" + host
}
