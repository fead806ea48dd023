package parse

import (
	"fmt"
	"strings"
	"testing"
)

const gateLetter = `Gate: "Cart total" is ready for you. Please approve or redirect.
Task #42, round 1, delivered by Dana on Monday 2 March 2026.

What done was to look like
- the cart shows the total with tax
- the receipt shows the same number

What was delivered
The total is computed once and shown in both places.

To decide, reply with one of these words on the first line:

approve

redirect: what is missing

Anything else is kept as a comment.

-- 
Gatepost for Shop
`

// In languages that stand in no list, with intros of no known shape, history
// is found by the letter itself.
func TestHistoryIsFoundByTheLetter(t *testing.T) {
	opt := Options{Letter: gateLetter}
	intros := []string{
		"", "Kwa: Shop", "Shop ngokubhala izolo:", "Na te Toa i tuhi mai", "vaH ghItlhpu' Shop:", "*Shop* ~~", "……………", "Shop said the other day",
		"Foo: Shop\nBar: Monday\nBaz: Gate", "<shop@acme.example>", "[Shop] 14:02",
	}
	wrap := func(s string, n int) string {
		var out []string
		for l := range strings.SplitSeq(s, "\n") {
			cur := ""
			for w := range strings.FieldsSeq(l) {
				if cur != "" && len(cur)+len(w) > n {
					out = append(out, cur)
					cur = w
				} else {
					cur = strings.TrimSpace(cur + " " + w)
				}
			}
			out = append(out, cur)
		}
		return strings.Join(out, "\n")
	}
	for _, intro := range intros {
		for _, hist := range []string{gateLetter, wrap(gateLetter, 40), wrap(gateLetter, 200), strings.ReplaceAll(gateLetter, "\n\n", "\n"), strings.ReplaceAll(gateLetter, "\n", "\n\n"), strings.TrimPrefix(gateLetter, "Gate: ")} {
			for _, own := range []string{"", "I will look tomorrow.", "Hi,", "The label is cut off.\n\nIs that known?"} {
				raw := plainMail(own+"\n\n"+intro+"\n\n"+hist, 0)
				noWord(t, raw, opt, intro)
				m := Read(raw, opt)
				if !m.Quoted || own != "" && !strings.HasPrefix(m.Text, own) || len(m.Text) > len(own)+len(intro)+3 {
					t.Errorf("intro %q own %q: %s", intro, own, Explain(raw, opt))
					return
				}
			}
			raw := plainMail("approve\n\n"+intro+"\n\n"+hist, 0)
			if got := answerOf(Read(raw, opt).Commands); got != "approve" {
				t.Errorf("intro %q: approve above the letter: %s\n%s", intro, got, Explain(raw, opt))
			}
		}
	}
}

// Below our letter, proven by comparison, the writer may answer; below
// anything that is not proven they are asked.
func TestBelowHistory(t *testing.T) {
	block := "From: Shop <shop@acme.example>\nSent: Monday, March 2, 2026 9:14 AM\nTo: Priya\nSubject: Gate\n\n"
	for _, c := range []struct{ what, text, letter, want string }{
		{"below our letter under a header block", block + gateLetter + "\n\napprove\n", gateLetter, "approve"},
		{"the same without knowing the letter", block + gateLetter + "\n\napprove\n", "", "approve ? place"},
		{"below a letter that is cut short", block + gateLetter[:300] + "\n\napprove\n", gateLetter, "approve ? place"},
		{"below a marked quote", "On Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n" + marked(gateLetter) + "\n\napprove\n", "", "approve"},
		{"below a marked quote without an intro", marked(gateLetter) + "\n\napprove, thanks\n", "", "approve"},
		{"directly below a marked quote", "On Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n" + marked(strings.TrimSpace(gateLetter)) + "\napprove\n", "", "approve ? place"},
		{"between two quotes", "> Reply with\n\napprove\n\n> or redirect\n", "", "approve ? place"},
		{"below a first answer", "> Is it fine?\n\nYes it is.\n\n> And the label?\n\napprove\n", "", "approve ? place"},
		{"a limit below the quote", "approve\n\n> Is the label right?\n\nBut not before Monday.\n", "", "approve ? contradiction"},
		{"an answer below the quote", "approve\n\n> Is the label right?\n\nIt is.\n", "", "approve"},
		{"own words above and below", "See below.\n\n> Reply with approve\n\napprove\n", "", "approve ? place"},
		{"a gate letter copied into the text by hand", "I do not get this:\n\nTo decide, reply with one of these words on the first line:\n\napprove\n", gateLetter, "-"},
		{"a marked quote and below it an unmarked one", marked("x") + "\n\nOn 2 March 2026 10:00 Shop <a@b.example> wrote:\n\napprove\n", "", "-"},
	} {
		raw := plainMail(c.text, 0)
		m := Read(raw, Options{Letter: c.letter})
		if got := answerOf(m.Commands); got != c.want {
			t.Errorf("%s: %s, want %s\n%s", c.what, got, c.want, Explain(raw, Options{Letter: c.letter}))
		}
	}
}

// A sentence of the letter that the writer repeats is the writer's.
func TestOwnWordsThatStandInTheLetter(t *testing.T) {
	text := "redirect: the cart shows the total with tax, but not for guests"
	m := Read(plainMail(text+"\n", 0), Options{Letter: gateLetter})
	if m.Text != text || answerOf(m.Commands) != "redirect" {
		t.Errorf("%q %s", m.Text, answerOf(m.Commands))
	}
	m = Read(plainMail("approve\n", 0), Options{Letter: gateLetter})
	if answerOf(m.Commands) != "approve" {
		t.Errorf("approve alone: %s", answerOf(m.Commands))
	}
}

// Lines of a letter that the writer copied to the top decide if the letter is there
// once more below, and only then.
func TestCopiedToTheTop(t *testing.T) {
	letter := "Two tasks wait for you today.\nThe cart total and the label.\n\nAnswer with lines like these:\n#12 approve\n#14 redirect: what is missing\n"
	intro := "\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n\n"
	for _, c := range []struct{ body, want string }{
		{"#12 approve\n#14 redirect: the label is cut off" + intro + marked(letter), "#12 approve ; #14 redirect"},
		{"Hi,\n\n#12 approve\n#14 redirect: the label is cut off" + intro + letter, "#12 approve ; #14 redirect"},
		{"#12 approve\n#14 redirect: the label is cut off", "#12 approve ? place ; #14 redirect ? place"},
		{"#12 approve\n#14 redirect: what is missing\n\nKwa: Shop\n\n" + marked("Two tasks wait for you today."), "-"},
		{"Answer with lines like these:\n#12 approve\n#14 redirect: what is missing" + intro + marked(letter), "-"},
	} {
		if got := answerOf(Read(plainMail(c.body, 0), Options{Letter: letter}).Commands); got != c.want {
			t.Errorf("%q: %s, want %s", c.body, got, c.want)
		}
	}
}

// The marker line wins over every other rule, and our sample commands below it
// never count.
func TestMarker(t *testing.T) {
	for _, mark := range []string{Marker, "Task #42 is at the gate, round 1  " + Marker, "— write above this line —", "Digest of Monday – write above this line –", "*" + Marker + "*", "##" + Marker + "##", strings.ToUpper(Marker)} {
		raw := plainMail(fmt.Sprintf("Fine so far.\n\n%s\n\nUnknown intro\n\n#12 approve\n", mark), 0)
		noWord(t, raw, Options{}, mark)
		if m := Read(raw, Options{}); m.Text != "Fine so far." || m.Cut.Rule != "marker" {
			t.Errorf("%s: %q %v", mark, m.Text, m.Cut)
		}
	}
}

// An answer that is written onto a copied line is the writer's, and the line
// with it.
func TestAnswersOnCopiedLines(t *testing.T) {
	letter := "Done:\n- the cart shows the total with tax\n- the receipt shows the same number\n- guests keep their cart after login\n\n1. Which tax rate do we take for books?\n2. Which tax rate do we take for toys?\n"
	for _, own := range []string{
		"- the cart shows the total with tax: no\n- the receipt shows the same number: no\n- guests keep their cart after login: yes",
		"1. Which tax rate do we take for books? 7 %\n2. Which tax rate do we take for toys? 19 %",
		"Done:\n- the cart shows the total with VAT\n- the receipt shows the same number\n- guests keep their cart after logout",
	} {
		m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\nHi Dana,\n\n"+own+"\n"), Options{Letter: letter})
		for line := range strings.SplitSeq(own, "\n") {
			if !strings.Contains(letter, line) && !strings.Contains(m.Text, line) {
				t.Errorf("%q is lost of\n%s\nread as %q", line, own, m.Text)
			}
		}
	}
	m := Read([]byte("From: priya@acme.example\nIn-Reply-To: <a@b>\nSubject: Re: Gate\n\napprove\n\n"+letter), Options{Letter: letter})
	if m.Text != "approve" {
		t.Errorf("the letter as it was is history: %q", m.Text)
	}
}

// What the writer put between the lines of our letter, or behind one, is text in
// whatever way the letter came back; no command in it counts.
func TestAnswersInsideTheLetter(t *testing.T) {
	letter := strings.TrimSpace(gateLetter)
	head := "From: Shop <shop@acme.example>\nSent: Monday, March 2, 2026 4:00 PM\nTo: Priya Nair\nSubject: Gate: Cart total\n\n"
	intro := "On Mon, 2 Mar 2026 at 16:00, Shop <shop@acme.example> wrote:\n\n"
	marks := func(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }
	put := func(after, own string) string { return strings.Replace(letter, after, after+own, 1) }
	const both = "the total is computed once and shown in both places."
	at := "The total is computed once and shown in both places."
	older := "\n\nFrom: Priya Nair <priya@acme.example>\nSent: Sunday, March 1, 2026 4:00 PM\nTo: Shop\nSubject: Cart\n\nThe receipt is old, see #12.\n\n" + letter
	for _, c := range []struct{ name, body, want string }{
		{"unmarked", "See below.\n\n" + head + put(at, "\n\nNot on the invoice, I think.\n"), "See below.\n\nNot on the invoice, I think."},
		{"right below", "See below.\n\n" + head + put("- the receipt shows the same number", "\n  [PN] which receipt?"), "See below.\n\n  [PN] which receipt?"},
		{"behind a line", "See below.\n\n" + head + put("- the receipt shows the same number", " -- no, it's the old number"), "See below.\n\n- the receipt shows the same number -- no, it's the old number"},
		{"in words of the letter", "See below.\n\n" + head + put("- the receipt shows the same number", "\n  delivered in both\n"), "See below.\n\n  delivered in both"},
		{"the same behind a line", "See below.\n\n" + head + put("- the cart shows the total with tax", " total is computed"), "See below.\n\n- the cart shows the total with tax total is computed"},
		{"a copied option", "See below.\n\n" + head + put("- the receipt shows the same number", "\nreply with one of these\n"), "See below.\n\nreply with one of these"},
		{"marked with it", intro + marks(put(at, "\nNot on the invoice, I think.")), "Not on the invoice, I think."},
		{"a decision", head + put(at, "\n\napprove, thanks everybody\n"), "approve, thanks everybody"},
		{"the words of the letter", "Seen.\n\n" + head + put(at, "\n\nApprove<mailto:shop@acme.example?body=approve>\nredirect\n"), "Seen."},
		{"a label", "Seen.\n\n" + head + "Gate: \"Cart total\" is ready for you. Please approve or redirect.\nImportance: High\n" + letter, "Seen."},
		{"an older mail", "Seen.\n\n" + head + letter + older, "Seen."},
		{"an older mail, the end cut off", "Seen.\n\n" + head + strings.TrimSuffix(letter, "-- \nGatepost for Shop") + older, "Seen."},
		{"deeper", "Seen.\n\n" + intro + marks(put(at, "\n> Not on the invoice, says Omar.")), "Seen."},
		{"lines that a client broke", "Seen.\n\n" + intro + strings.ReplaceAll(marks(letter), " and ", " and\n"), "Seen."},
		{"somebody else's", "Seen.\n\nFrom: Omar <omar@acme.example>\nSent: Tuesday, March 3, 2026 4:00 PM\nTo: Priya Nair\nSubject: Gate: Cart total\n\nSee below.\n\n" + head + put(at, "\n\nNot on the invoice, I think.\n"), "Seen."},
		{"somebody else's, marked", "Seen.\n\nOn Tue, 3 Mar 2026 at 16:00, Omar <omar@acme.example> wrote:\n\n> " + intro + "> " + marks(put(at, "\nNot on the invoice, I think.")), "Seen."},
		{"own copy", strings.ToUpper(both[:1]) + both[1:] + " Not on the invoice.\n\n" + head + letter, "The total is computed once and shown in both places. Not on the invoice."},
	} {
		m := Read(plainMail(c.body+"\n", 0), Options{Letter: gateLetter})
		if squash(m.Text) != squash(c.want) {
			t.Errorf("%s: text %q, want %q", c.name, m.Text, c.want)
		}
		for _, c := range m.Commands {
			if c.Word != "" {
				t.Errorf("took %q from %q", c.Word, c.Line)
			}
		}
	}
	// What is said there limits an approval above it.
	m := Read(plainMail("approve\n\n"+head+put(at, "\n\nBut not before the invoice is right.\n"), 0), Options{Letter: gateLetter})
	if got := answerOf(m.Commands); got != "approve ? contradiction" {
		t.Errorf("took %q with %q inside the letter", got, m.Text)
	}
}
