package mime

import (
	"strings"
	"testing"
)

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@b.example", "Dana <a@b.example>", "\"a\\\"b\" <a@b>", "=?utf-8?Q?a?= <a@b>", "<@x:a@b>", "a: b@c, d@e;", "(x) a@b (y)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mailbox(s)
		if err == nil {
			if b, err := AddrSpec(a.Address); err != nil || b != a.Address || !strings.Contains(strings.ToLower(s), strings.ToLower(a.Address)) {
				t.Fatalf("%q is %+v", s, a)
			}
			if strings.Count(s, "@") == 1 && !strings.HasPrefix(s[strings.IndexByte(s, '@')+1:], a.Address[strings.IndexByte(a.Address, '@')+1:]) && !strings.EqualFold(s[strings.IndexByte(s, '@')+1:][:len(a.Address)-strings.IndexByte(a.Address, '@')-1], a.Address[strings.IndexByte(a.Address, '@')+1:]) {
				t.Fatalf("%q is %+v", s, a)
			}
		}
		if list, _ := Addresses(s, 10); len(list) > 10 {
			t.Fatalf("%d addresses", len(list))
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From: a@b\r\nSubject: x\r\n y\r\n\r\nbody"))
	f.Add([]byte("From x\nFrom : a@b\n \nX"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := SplitHeader(raw, Defaults, nil)
		if b.Body < 0 || b.Body > len(raw) {
			t.Fatalf("body at %d of %d", b.Body, len(raw))
		}
		for _, x := range b.Fields {
			if x.Name == "" && !x.Odd || strings.ContainsAny(x.Value, "\n") {
				t.Fatalf("field %+v", x)
			}
		}
		_, _ = Identity(b.Fields)
		_, _ = MediaType(b.Fields.Get("content-type"))
	})
}
