package parse

import (
	"regexp"
	"strings"
	"testing"
)

// The references read as plainly as can be, with patterns where the program
// has a scanner, and are stricter than it or alike. A yes of the program that
// the reference does not share is a mistake.

// FuzzTag: a token is found only where an address of the team, letter for
// letter, carries it behind a ref of one of the known forms.
func FuzzTag(f *testing.F) {
	for _, s := range []string{
		"shop+t1r2.abcdefghijklmnop@acme.example", "SHOP-me-abcdefghijklmnop@ACME.example", "shop+t1.abcdefghijklmno1@acme.example", "shop-eu+t01.abcdefghijklmnop@acme.example",
		"shop+c17.abcdefghijklmnop@acme.example.evil", "shop+web@acme.example", "shop@acme.example", "shop+t1r.abcdefghijklmnop@acme.example", "shop-eu+b9.abcdefghijklmnop@acme.example",
	} {
		f.Add(s)
	}
	teams := []string{"shop@acme.example", "shop-eu@acme.example"}
	tagged := regexp.MustCompile(`(?i)^(shop|shop-eu)[+\-._=](me|[cb][1-9][0-9]{0,8}|t[1-9][0-9]{0,8}(?:r[1-9][0-9]{0,8})?)[.\-_=+]([a-z2-7]{16})@acme\.example$`)
	f.Fuzz(func(t *testing.T, s string) {
		tag, ok := tagOf(s, teams)
		if !ok || tag.Token == "" {
			return
		}
		m := tagged.FindStringSubmatch(s)
		if m == nil || !strings.EqualFold(m[1]+"@acme.example", tag.Team) || !strings.EqualFold(m[2], tag.Ref) || !strings.EqualFold(m[3], tag.Token) {
			t.Fatalf("%+v, the slow reading finds %q in %q", tag, m, s)
		}
	})
}

// FuzzThreadID: a token is found only in a Message-ID of our own form and host.
func FuzzThreadID(f *testing.F) {
	for _, s := range []string{"t1r2.abcdefghijklmnop.7@gate.example", "me.abcdefghijklmnop.99@GATE.example", "t1.abcdefghijklmnop.7@gate.example.evil", "c1.abcdefghijklmnop.@gate.example", "t1.abcdefghijklmnop.7@x@gate.example"} {
		f.Add(s)
	}
	ours := regexp.MustCompile(`(?i)^(me|[cb][1-9][0-9]{0,8}|t[1-9][0-9]{0,8}(?:r[1-9][0-9]{0,8})?)\.([a-z2-7]{16})\.[0-9]{1,18}@gate\.example$`)
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := threadID(s, []string{"gate.example"})
		if !ok {
			return
		}
		m := ours.FindStringSubmatch(s)
		if m == nil || !strings.EqualFold(m[1], id.Ref) || !strings.EqualFold(m[2], id.Token) {
			t.Fatalf("%+v, the slow reading finds %q in %q", id, m, s)
		}
	})
}
