package loop

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"
)

// slowToken is the token by its definition, written apart from the program.
func slowToken(secret, team, ref, person string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(strings.ToLower(team) + "|" + strings.ToLower(ref) + "|" + strings.ToLower(person)))
	out, bits, n := "", 0, 0
	for _, b := range h.Sum(nil) {
		bits, n = bits<<8|int(b), n+8
		for n >= 5 && len(out) < 16 {
			n -= 5
			out += string(letters[bits>>n&31])
		}
		bits &= 1<<n - 1
	}
	return out
}

// FuzzToken: a token is somebody's only if the slow reading says so, by one of
// the secrets.
func FuzzToken(f *testing.F) {
	f.Add("x", "t1r2", "priya@acme.example", byte(0))
	f.Add(slowToken("0123456789abcdef0123456789abcdef", "shop@acme.example", "t1", "lee@acme.example"), "t1", "lee@acme.example", byte(1))
	f.Add("", "me", "rosa@acme.example", byte(2))
	team := shop()
	team.OldSecrets = [][]byte{[]byte("an old secret of thirty-two bytes")}
	f.Fuzz(func(t *testing.T, token, ref, person string, flip byte) {
		secrets := []string{string(team.Secret), string(team.OldSecrets[0])}
		good := slowToken(secrets[flip&1], team.Address, ref, person)
		if !team.Holds(good, ref, person) || !team.Holds(strings.ToUpper(good), ref, person) {
			t.Fatalf("the right token of %q for %q is refused", person, ref)
		}
		bent := []byte(good)
		bent[flip%16] ^= 1 + flip/16
		for _, guess := range []string{token, string(bent), good + "a", good[1:]} {
			same := false
			for _, s := range secrets {
				same = same || strings.EqualFold(guess, slowToken(s, team.Address, ref, person))
			}
			if team.Holds(guess, ref, person) && !same {
				t.Fatalf("%q opens %q of %q", guess, ref, person)
			}
			if p := team.Owner(guess, ref); p != nil && !same && p.Key() == person {
				t.Fatalf("%q is said to be %q's", guess, person)
			}
		}
	})
}
