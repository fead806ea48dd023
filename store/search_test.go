package store

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"gatepost/loop"
)

func TestSearch(t *testing.T) {
	r := newRig(t)
	r.story()
	update := r.plan(r.receive("mail with a text"), said(loop.Updated, 2, "The cookie is back, naïve as it was."))
	update.Subject, update.Text, update.From, update.Task = "Re: Zürich is missing", "The cookie is back, naïve as it was.\nAnd greetings from Kraków.", "dana@acme.example", 2
	must(t, r.Commit(t.Context(), update))
	stranger := Step{Team: shop, At: clock(50), Mail: r.receive("a stranger's"), Verdict: Held, Text: "cookie recipe and a verification code"}
	must(t, r.Commit(t.Context(), stranger))
	mail := update.Mail
	held := r.plan(r.receive("held"), loop.Event{Kind: loop.HeldE, Task: 1, Cause: "token", Text: "zanzibar"}) // not said by them, as far as anybody knows
	held.Verdict, held.Text = Held, "zanzibar"
	must(t, r.Commit(t.Context(), held))
	for _, c := range []struct{ ask, want string }{
		{"cookie", fmt.Sprintf("updated 2 mail %d, updated 1 mail 4", mail)},
		{"COOKIE expires", "updated 1 mail 4"},
		{"expires cookie", "updated 1 mail 4"},
		{"naive", fmt.Sprintf("updated 2 mail %d", mail)},
		{"krakow", fmt.Sprintf(" 2 mail %d", mail)},
		{"greet", fmt.Sprintf(" 2 mail %d", mail)},
		{"zurich", fmt.Sprintf(" 2 mail %d, opened 2 mail 2", mail)},
		{"verification", ""},
		{"zanzibar", ""},
		{"cookie nowhere", ""},
		{"br", ""},
		{"it breaks", "opened 3 mail 3, opened 2 mail 2, opened 1 mail 1"},
	} {
		t.Run(c.ask, func(t *testing.T) {
			hits, err := r.Search(t.Context(), shop, c.ask, 10)
			must(t, err)
			var got []string
			for _, h := range hits {
				got = append(got, fmt.Sprintf("%s %d mail %d", string(h.Kind), h.Task, h.Mail))
			}
			if g := strings.Join(got, ", "); g != c.want {
				t.Errorf("found %q, want %q", g, c.want)
			}
		})
	}
	hits, err := r.Search(t.Context(), shop, "cookie", 1)
	must(t, err)
	if len(hits) != 1 || hits[0].By != "dana@acme.example" || !strings.HasPrefix(hits[0].Text, "The cookie is back") || hits[0].At.IsZero() || hits[0].Seq == 0 {
		t.Errorf("hit is %+v", hits)
	}
	if hits, err := r.Search(t.Context(), "other@acme.example", "cookie", 10); len(hits) != 0 || err != nil {
		t.Errorf("another team finds %v, %v", hits, err)
	}
}

var hostile = []string{
	"", " ", `"`, `""`, `"""`, `'`, `cookie"`, `"cookie`, `cookie" OR "x`, `AND`, `OR`, `NOT`, `NEAR`, `NEAR/2`, `cookie NEAR/999999999999 x`,
	`a AND`, `NOT a`, `(`, `)`, `((((((((((`, `cookie)`, `*`, `**`, `cookie*`, `^cookie`, `-cookie`, `text:cookie`, `words:x`, `docid:1`,
	`'; DROP TABLE event; --`, "\x00", "cookie\x00x", "\xff\xfe", "\xc3(", "a\u200db", "e\u0301", "\u0301", "登录", "😀", "🇩🇪 x", "ſ", "İ", "ǅ", "Ⅷ", "²",
	strings.Repeat("a", 100_000), strings.Repeat("a ", 100_000), strings.Repeat(`"`, 10_000), strings.Repeat("(", 10_000), strings.Repeat("é", 500),
}

func TestSearchHostile(t *testing.T) {
	r := newRig(t)
	r.story()
	for _, ask := range hostile {
		if _, err := r.Search(t.Context(), shop, ask, 10); err != nil {
			t.Errorf("search %.40q: %v", ask, err)
		}
	}
	for _, ask := range []string{`"cookie`, `cookie*`, `(cookie`, `-cookie`, `^cookie)`, "cookie\x00"} {
		if hits, err := r.Search(t.Context(), shop, ask, 10); len(hits) != 1 || err != nil {
			t.Errorf("search %q finds %d, %v", ask, len(hits), err)
		}
	}
}

// Text of strangers is indexed as it is; none of it may break the index.
func TestIndexHostile(t *testing.T) {
	r := newRig(t)
	r.story()
	for i, text := range hostile {
		r.does(fmt.Sprintf("hostile %d %s", i, text), said(loop.Updated, 2, text))
	}
	r.verifyClean()
	if hits, err := r.Search(t.Context(), shop, "登录", 10); len(hits) != 1 || err != nil {
		t.Errorf("found %d, %v", len(hits), err)
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range hostile {
		f.Add(s[:min(len(s), 200)])
	}
	r := newRig(f)
	r.story()
	f.Fuzz(func(t *testing.T, ask string) {
		if _, err := r.Search(t.Context(), shop, ask, 10); err != nil {
			t.Errorf("search %q: %v", ask, err)
		}
		if m := matchAll("", wordsOf(ask)); !utf8.ValidString(m) {
			t.Errorf("query %q", m)
		}
	})
}

// Drawers of all ages are looked through, the newest first, and no mail is
// told twice because it was said at their border.
func TestSearchDrawers(t *testing.T) {
	r := newRig(t)
	r.story()
	for n, id := range []int64{1<<drawerBits - 2, 3 << drawerBits, 5<<drawerBits - 2} {
		_, err := r.writer.Exec(`INSERT INTO said (id, team) VALUES (?, 'nobody')`, id)
		must(t, err)
		step := r.plan(r.receive(fmt.Sprint("mail ", n)), said(loop.Updated, 2, fmt.Sprintf("The lantern of drawer %d.", n)))
		step.Text = fmt.Sprintf("The lantern of drawer %d.", n)
		must(t, r.Commit(t.Context(), step))
	}
	for ask, want := range map[string]string{"lantern": "2 1 0", "lant": "2 1 0", "lantern drawer 1": "1", "cookie": "", "expires": "expires"} {
		hits, err := r.Search(t.Context(), shop, ask, 10)
		must(t, err)
		var got []string
		for _, h := range hits {
			if f := strings.Fields(strings.Trim(h.Text, ".")); strings.HasPrefix(h.Text, "The lantern") {
				got = append(got, f[len(f)-1])
			} else if strings.Contains(h.Text, "expires") && ask == "expires" {
				got = append(got, "expires")
			}
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: found %q, want %q", ask, g, want)
		}
	}
	if hits, err := r.Search(t.Context(), shop, "lantern", 2); err != nil || len(hits) != 2 || !strings.Contains(hits[0].Text, "drawer 2") {
		t.Errorf("the two newest: %v %v", hits, err)
	}
}
