package parse

import (
	"strings"
	"testing"
)

// Marked lines that go on from own words are the writer's if they are not in the
// letter, which is quoted below them; they decide nothing.
func TestPastedLines(t *testing.T) {
	letter := "Gate for the cart. Reply with approve or redirect and why.\nThe total is computed once and shown in both places.\nThe mail shows the same number as the page does.\n"
	quoted := "\n\nOn Mon, 2 Mar 2026 at 09:14, Shop <shop@acme.example> wrote:\n> " + strings.ReplaceAll(strings.TrimSpace(letter), "\n", "\n> ") + "\n"
	for _, c := range []struct{ own, text, want string }{
		{"redirect: it fails, the log says\n> panic: nil map\n> main.go:12\n\nPlease look.", "redirect: it fails, the log says\n> panic: nil map\n> main.go:12\n\nPlease look.", "redirect : it fails, the log says\n> panic: nil map\n> main.go:12\n\nPlease look."},
		{"The log says:\n\n> panic: nil map\n\nPlease look.", "The log says:\n\n> panic: nil map\n\nPlease look.", "-"},
		{"It wrote this:\n> approve\n", "It wrote this:\n> approve", "-"},
		{"Seen.\n\n> The total is computed once and shown in both places.\n\nWhere?", "Seen.\n\nWhere?", "-"},
		{"> approve\n\nThis is what it printed.", "This is what it printed.", "-"},
		{"Seen.\n\nOn Sun, 1 Mar 2026 at 10:00, Omar <omar@acme.example> wrote:\n> approve\n", "Seen.", "-"},
	} {
		m := Read(plainMail(c.own+quoted, 0), Options{Letter: letter})
		got := answerOf(m.Commands)
		if len(m.Commands) == 1 && m.Commands[0].Text != "" {
			got += " : " + m.Commands[0].Text
		}
		if m.Text != c.text || got != c.want {
			t.Errorf("%q:\n text %q\n want %q\n %s, want %s", c.own, m.Text, c.text, got, c.want)
		}
		if alone := Read(plainMail(c.own+quoted, 0), Options{}); strings.Contains(alone.Text, ">") {
			t.Errorf("%q without the letter: %q", c.own, alone.Text)
		}
	}
}

// A mail store puts a mark before a line that begins with "From ".
func TestStoresMark(t *testing.T) {
	for body, want := range map[string]string{
		"The total is right.\n>From now on it is the gross one.\n": "The total is right.\nFrom now on it is the gross one.",
		"It is.\n\n> The total?\n>From now on?\n":                  "It is.",
		"It is.\n\n>From now on?\n> The total?\n":                  "It is.",
	} {
		if m := Read(plainMail(body, 0), Options{}); m.Text != want {
			t.Errorf("%q: text %q", body, m.Text)
		}
	}
}

// A new mail answers nothing: what its writer cites between own words is part of
// it, and decides nothing. Below an intro, in an answer, or at the end without a
// word that announces it, it is history.
func TestCitedInANewMail(t *testing.T) {
	for _, c := range []struct{ head, body, text string }{
		{"Subject: Cart", "Problem: people complain.\n\n> You took my money twice.\n> Done with you!\n\nDone: it is taken once.", "Problem: people complain.\n\n> You took my money twice.\n> Done with you!\n\nDone: it is taken once."},
		{"Subject: Cart", "> The total is off.\n\nOmar says so. Please look.", "> The total is off.\n\nOmar says so. Please look."},
		{"Subject: Cart", "One complaint of many:\n\n> The total is off.", "One complaint of many:\n\n> The total is off."},
		{"Subject: Cart", "The total is off.\n\n> We paid twice.", "The total is off."},
		{"Subject: Re: Cart", "The total is off.\n\n> We paid twice.\n\nSee?", "The total is off.\n\nSee?"},
		{"Subject: Cart\nIn-Reply-To: <a@b>", "The total is off.\n\n> We paid twice.\n\nSee?", "The total is off.\n\nSee?"},
		{"Subject: Cart", "The total is off.\n\nOn Mon, 2 Mar 2026 at 09:14, Omar <omar@acme.example> wrote:\n> We paid twice.\n\nSee?", "The total is off.\n\nSee?"},
		{"Subject: Cart", "A customer writes:\n\n> We paid twice.\n> Done with you!\n\nPlease mend that.", "A customer writes:\n\n> We paid twice.\n> Done with you!\n\nPlease mend that."},
		{"Subject: Cart", "See?\n\nOmar wrote:\n> We paid twice.", "See?"},
		{"Subject: Re: Cart", "Omar wrote:\n> We paid twice.\n\nSee?", "See?"},
		{"Subject: Fwd: Cart", "See below.\n\n> We paid twice.\n\nSee?", "See below.\n\nSee?"},
	} {
		m := Read([]byte("From: Priya <priya@acme.example>\nTo: shop@acme.example\n"+c.head+"\n\n"+c.body+"\n"), Options{})
		if m.Text != c.text {
			t.Errorf("%s\n%s\n got %q", c.head, c.body, m.Text)
		}
	}
	for _, body := range []string{
		"The shop says:\n\n> approve\n\nSo do they.",
		"> approve\n\nThat is what they wrote to us this morning.",
		"Omar wrote:\n> approve\n\nSo do I.",
		"> done: all of it\n> approve\n\nThat is what they wrote.",
	} {
		for _, to := range []string{"shop@acme.example", "shop+t42r1.abcdefghijklmnop@acme.example"} {
			m := Read([]byte("From: Priya <priya@acme.example>\nTo: "+to+"\nSubject: Cart\n\n"+body+"\n"), Options{})
			if len(m.Commands) > 0 && m.Commands[0].Word != "" || m.Sections.Done != "" {
				t.Errorf("%q: commands %v, done %q", body, m.Commands, m.Sections.Done)
			}
		}
	}
	m := Read([]byte("From: Priya <priya@acme.example>\nTo: shop+t42r1.abcdefghijklmnop@acme.example\nSubject: Cart\n\nWell.\n\n> It is taken twice.\n\nSee?\n"), Options{})
	if strings.Contains(m.Text, ">") {
		t.Errorf("with a tag: %q", m.Text)
	}
}

// Some clients mark the intro too: what a program printed above it stays all the same.
func TestOutputAboveAMarkedIntro(t *testing.T) {
	const own = "The shell says:\n\n>>> sum([1, 2])\n3\n\nAll right."
	if m := Read(plainMail(own+"\n\n> On 2 Mar 2026, at 09:14, Shop <shop@acme.example> wrote:\n> \n> Is it right?\n> approve\n", 0), Options{}); m.Text != own || len(m.Commands) > 0 {
		t.Errorf("text %q", m.Text)
	}
	if m := Read(plainMail("> On 2 Mar 2026, at 09:14, Shop <shop@acme.example> wrote:\n> Is it right?\n\nSeen.\n>>> approve\n", 0), Options{}); m.Text != "Seen." {
		t.Errorf("below it: text %q", m.Text)
	}
}

// In format=flowed a mark behind a space is no mark: what a program printed, or the
// writer's. A client that quotes so all the same is known by the letter, and by
// marks without the space.
func TestStuffedMarks(t *testing.T) {
	const letter = "Gate for the cart. Reply with approve or redirect and why.\nThe total is computed once and shown in both places.\n"
	const intro = "\n\nOn 02/03/2026 09:14, Shop wrote:\n"
	for _, c := range []struct{ body, text string }{
		{"The shell says:\n\n >>> sum([1, 2])\n3\n >>> round(3.5)\n4\n\nAll right." + intro + marked(letter), "The shell says:\n\n>>> sum([1, 2])\n3\n>>> round(3.5)\n4\n\nAll right."},
		{"In R:\n\n > sum(1, 2)\n[1] 3\n\nAll right." + intro + marked(letter), "In R:\n\n> sum(1, 2)\n[1] 3\n\nAll right."},
		{"Seen.\n\n > approve\n > or not\n", "Seen.\n\n> approve\n> or not"},
		{"Seen.\n\n > The total is computed once and shown in both places.\n", "Seen."},
		{"Seen.\n\n > approve\n\n> Which rate?\n\nThe lower one.", "Seen.\n\nThe lower one."},
	} {
		raw := []byte(dangerHead + "Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n" + strings.ReplaceAll(c.body, "\n", "\r\n"))
		m := Read(raw, Options{Letter: letter})
		if m.Text != c.text || len(m.Commands) > 0 {
			t.Errorf("%q:\n text %q\n want %q\n %s", c.body, m.Text, c.text, answerOf(m.Commands))
		}
	}
}

// "Name>" marks a quote on two lines or more, on one if it is the letter's, and never
// where a program asks for what is typed.
func TestNamesBeforeQuotes(t *testing.T) {
	const letter = "Which tax rate do we take for books?\nAnd for toys?\nWho checks the label?\n"
	for _, c := range []struct{ body, letter, text string }{
		{"  Omar> Which tax rate do we take for books?\n\nThe lower one.\n\n  Omar> Who checks the label?\n\nDana.\n", letter, "The lower one.\n\nDana."},
		{"PN> Which tax rate do we take for books?\n\napprove\n", letter, "approve"},
		{"S> Which tax rate do we take for books?\nS> And for toys?\n\nThe lower one.\n", "", "The lower one."},
		{"It says:\n\nmysql> select 1;\nmysql> select 2;\n\nBoth work.\n", letter, "It says:\n\nmysql> select 1;\nmysql> select 2;\n\nBoth work."},
		{"It says:\n\nirb> 1 + 1\nirb> exit\n", "", "It says:\n\nirb> 1 + 1\nirb> exit"},
		{"Omar> is what I would write\n", letter, "Omar> is what I would write"},
	} {
		if m := Read(plainMail(c.body, 0), Options{Letter: c.letter}); m.Text != c.text {
			t.Errorf("%q: text %q", c.body, m.Text)
		}
	}
}
