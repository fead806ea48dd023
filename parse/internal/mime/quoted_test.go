package mime

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Whatever plainQuoted takes it decodes as the parser does, and what a client
// writes it takes.
func TestPlainQuoted(t *testing.T) {
	parser := func(b []byte) []byte {
		leaf, err := leafParser.ReadParts(bytes.NewReader(append([]byte("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"), b...)))
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		return leaf.Content
	}
	taken := 0
	check := func(b []byte) {
		got, ok := plainQuoted(b)
		if !ok {
			return
		}
		taken++
		if want := parser(b); !bytes.Equal(got, want) {
			t.Errorf("%q: %q, the parser says %q", b, got, want)
		}
	}
	for _, s := range []string{"", "a", "a ", "a=20 \r\n b", "Gr=C3=BC=c3=9fe=\r\n, und=\n\n", "=\r\n", "x=\r\n \t\r\n  ", "a\r\nb\n", " \r\n", "= \r\n", "=4", "=4g", "a\rb", "\x00", "ü"} {
		check([]byte(s))
	}
	if _, ok := plainQuoted([]byte("Gr=C3=BC=C3=9Fe=\r\n und so weiter \r\n")); !ok {
		t.Error("what every client writes is not taken")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", " ", "\t", "=", "=\r\n", "=\n", "\r\n", "\n", "\r", "=41", "=20", "=0A", "=zz", "ü", "3D", "."}
	for range 20_000 {
		var b []byte
		for range rng.IntN(12) {
			b = append(b, pieces[rng.IntN(len(pieces))]...)
		}
		check(b)
	}
	if taken < 2000 {
		t.Errorf("only %d were taken", taken)
	}
}
