package parse

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// readApproval reads a reply in a team of three languages.
func readApproval(text string) []Command {
	opt := Options{Words: WordsOf([]string{"de", "es"}), Names: []string{"Priya Nair", "Dana Kim", "Lee Wong", "Omar Haddad"}}
	return Read([]byte("From: Priya Nair <priya@acme.example>\nTo: shop@acme.example\nIn-Reply-To: <x@y.example>\nContent-Type: text/plain; charset=utf-8\n\n"+text+"\n"), opt).Commands
}

// What people write around an approval: an approval that is taken back moves
// nothing, and kind words leave it one.
func TestWordsAroundAnApproval(t *testing.T) {
	wordsAround(t, "approve", "testdata/approve-kind.txt", "testdata/approve-refused.txt")
}

// What engineers write around a delivery: one that tells what is left opens no gate.
func TestWordsAroundADelivery(t *testing.T) {
	wordsAround(t, "done", "testdata/done-whole.txt", "testdata/done-left.txt")
}

// wordsAround reads the mails of two files: in those of the first the word counts, in
// those of the second it does not.
func wordsAround(t *testing.T, word, yes, no string) {
	for file, counts := range map[string]bool{yes: true, no: false} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			n++
			cs := readApproval(strings.ReplaceAll(line, `\n`, "\n"))
			if got := len(cs) == 1 && cs[0].Word == word; got != counts {
				t.Errorf("%s: %q: %s", file, line, answerOf(cs))
			}
		}
		if n < 70 {
			t.Errorf("%s has %d mails", file, n)
		}
	}
}

// Every phrase that speaks against an approval does so in the middle of a
// sentence, and one that spares it does not.
func TestPhrasesAgainst(t *testing.T) {
	kinds := tableKinds("against.txt")
	for kind, text := range map[string]string{
		"halts": "Dana, the list %s here", "denies": "Dana, the list %s here", "faults": "Dana, the list %s here",
		"revokes": "%s that", "points": "Ignore %s", "hangs": "%s the release", "dates": "%s Friday", "scraps": "%s Dana", "joins": "%s changes", "opens": "%s ignore that",
		"spares": "You see, Dana, %s there", "toils": "Have a great weekend %s the header", "mended": "Dana, the bug is %s", "aside": "The %s: the list fails", "here": "The next task is fine, %s fails",
		"lacks": "Dana, the list has %s bugs", "meets": "I have not %s a bug", "amid": "I saw no %s bug", "woes": "I saw no %s",
		"once-was": "The list %s, now it is good", "by-now": "The list was wrong, %s", "changes": "Please %s the list", "asks-to": "%s remove the list", "records": "Please add it to the %s", "pieces": "%s", "passed": "- no stock: %s", "chats": "%s x?",
		"wishes": "%s space", "work": "%s drivers get strange routes", "kindly": "That driver gets %s routes", "met": "%s brown bread routes", "weak": "I see %s brown routes there", "row": "The next one %s fails", "absent": "From Friday Lee covers for %s", "lists": "Three %s: the icon", "you-did": "Praise %s finding the bug", "mends": "Good that you %s the bug", "compares": "More %s fun", "begs": "blue %s", "deploys": "blue %s please", "parts": "%s the demo", "lets": "%s Lee test it", "looks": "Let Lee %s it", "pieces-spared": "%s",
	} {
		if len(kinds[kind]) == 0 {
			t.Errorf("%s: no phrases", kind)
		}
		counts := slices.Contains(strings.Fields("spares mended aside lacks meets amid woes once-was by-now records passed chats compares deploys kindly absent you-did mends pieces-spared"), kind)
		for _, phrase := range kinds[kind] {
			below := strings.Replace(text, "%s", phrase, 1)
			cs := readApproval("approve\n\n" + below)
			if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
				t.Errorf("%s: %q: %s", kind, below, answerOf(cs))
			}
		}
	}
	if len(kinds) != 65 { // those of TestPhrasesOfTalk among them
		t.Errorf("%d kinds", len(kinds))
	}
}

// Every phrase of what people say behind the word does its part there.
func TestPhrasesOfTalk(t *testing.T) {
	kinds := tableKinds("against.txt")
	for _, c := range []struct {
		kind, line, want string
	}{
		{"praise", "Approved, %s wording of the mail", "approve"},
		{"stress", "Approved, %s nice wording", "approve"},
		{"unsaid", "Approved, nice wording %s", ""},
		{"bounds", "Approved, nice %s the phone", ""},
		{"tells", "Approved. %s the board", "approve"},
		{"unheard", "Approved. I'll show the board %s", ""},
		{"vouch", "Approved, %s correct in the shop", "approve"},
		{"excuses", "Approved. %s answer of mine", "approve"},
		{"ahead", "Approved. %s the calendar next", "approve"},
		{"numbers", "Approved. %s #14", "approve"},
		{"tried", "Approved. %s a wrong code: it is refused as it should be", "approve"},
		{"as-should", "Approved. Tried a wrong code: it is refused, %s", "approve"},
		{"subject", "Redirect %s orders again and again", "redirect"},
		{"article", "Redirect %s list is broken in the shop", "redirect"},
		{"verb", "Redirect the list %s orders again and again", "redirect"},
		{"stops", "Redirect the list is slow and %s", "redirect"},
	} {
		if len(kinds[c.kind]) == 0 {
			t.Errorf("%s: no phrases", c.kind)
		}
		for _, phrase := range kinds[c.kind] {
			line := strings.Replace(c.line, "%s", phrase, 1)
			if strings.HasPrefix(c.line, "Approved. ") {
				line = "Approved. " + upperFirst(line[len("Approved. "):])
			}
			cs := readApproval(line)
			if len(cs) != 1 || cs[0].Word != c.want {
				t.Errorf("%s: %q: %s", c.kind, line, answerOf(cs))
			}
		}
	}
}

// Whatever does not begin as people talk is about the work.
func TestTalkIsNoFaultFinding(t *testing.T) {
	for _, phrase := range tableKinds("against.txt")["talk"] {
		if said := phrase + " brown bread is on the routes"; faultFinding(said, tokens(said)) {
			t.Errorf("%q", said)
		}
	}
	if said := "Omar brown bread is on the routes"; !faultFinding(said, tokens(said)) {
		t.Errorf("%q", said)
	}
}

// What is said of another task is that task's.
func TestOtherNumbersAreNotAgainst(t *testing.T) {
	cs := readApproval("approve\n\n#2 the export fails")
	if len(cs) != 2 || cs[0].Word != "approve" || cs[1].Task != 2 {
		t.Errorf("%+v", cs)
	}
}

// Thanks may say what for; what is only good for something limits.
func TestThanksForWhat(t *testing.T) {
	for line, counts := range map[string]bool{
		"approve, thanks for the tests":                           true,
		"approve. Many thanks for the fast work, Dana":            true,
		"approve, thanks for the first half":                      false,
		"approve, thanks for everything but the footer":           false,
		"approve, thanks for waiting":                             false,
		"approve, thanks for nothing":                             false,
		"approve, thanks for the redirect":                        false,
		"approve, thanks for trying":                              false,
		"approve, merci pour la première moitié":                  false,
		"approve, good for the web part":                          false,
		"approve, great for staging":                              false,
		"approve, thanks for the web part, fix the app":           false,
		"approve as discussed":                                    false,
		"approve, thanks for the work and redirect the rest":      false,
		"approve, thanks for a start on what we need next Monday": false,
	} {
		cs := readApproval(line)
		if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
			t.Errorf("%q: %s", line, answerOf(cs))
		}
	}
}

// Whole sentences behind the word are read as those below it, and more strictly.
func TestSentencesOnTheLine(t *testing.T) {
	for line, counts := range map[string]bool{
		"LGTM. Checked with the three accounts from the ticket, all good.":                    true,
		"Approved! I also checked the time zones, Kolkata shows the right hour.":              true,
		"Approved. I counted the rows: 356 before, 356 after.":                                true,
		"approve, thank you Dana! You saved us.":                                              true,
		"Approved. No crash any more, thanks. See you Monday!":                                true,
		"freigegeben. Auch die Rechtsabteilung ist einverstanden.":                            true,
		"Approved. Testé sur mon téléphone, tout marche.":                                     true,
		"Approved. I would like to see it live":                                               false,
		"Approved. if the tests pass":                                                         false,
		"Approved. Points 1 and 2":                                                            false,
		"Approved. Monday.":                                                                   false,
		"Approved. Should be merged after the audit.":                                         false,
		"Approved. Works, but slowly.":                                                        false,
		"Approved. It crashed twice.":                                                         false,
		"Approved. Did Omar see it?":                                                          false,
		"Approved. That is for #13":                                                           false,
		"Approved. I redirect the rest.":                                                      false,
		"Approved. Please remove the banner.":                                                 false,
		"Approved, Monday. I checked it with care.":                                           false,
		"Approved: I checked it with care. Fine.":                                             false,
		"Approved. Deploy on Monday, I told the customer\nonce Omar has signed.":              false,
		"Approved. I went through all of the pages with the big account today\nand they load": false,
		"Approved. It is red on my phone.":                                                    false,
		"Approved. Try again.":                                                                false,
		"Approved. I checked half of it.":                                                     false,
	} {
		cs := readApproval(line)
		if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
			t.Errorf("%q: %s", line, answerOf(cs))
		}
	}
	for _, word := range tableKinds("against.txt")["timed"] {
		if cs := readApproval("Approved. It goes live " + word + " the demo"); len(cs) != 1 || cs[0].Word != "" {
			t.Errorf("%q: %s", word, answerOf(cs))
		}
	}
	for _, word := range tableKinds("against.txt")["homographs"] {
		if cs := readApproval("Approved. It works " + word + " out"); len(cs) != 1 || cs[0].Word != "approve" {
			t.Errorf("%q: %s", word, answerOf(cs))
		}
	}
}

// A line that a mail client broke is read as a whole, where the next begins small.
func TestBrokenLines(t *testing.T) {
	for text, counts := range map[string]bool{
		"Approve. We went through all of the orders of last week and the numbers are\nright in each.":            true,
		"Approve. We went through all of the orders of last week and they are\nmissing their dates.":             false,
		"Approve. We went through all of the orders of last week and the numbers are\nright if you round.":       false,
		"Approve. We went through all of the orders of last week and the numbers are\nright\nbut late.":          false,
		"Approve. We went through all of the orders of last week and the numbers are\n\nright.":                  false,
		"Approve. We went through all of the orders of last week and the numbers are\n- right":                   false,
		"Approve. We went through all of the orders of last week and the numbers are\nRight in each.":            false,
		"approve\n\nThe bug that kept the customers in Graz from their invoices since the spring is\nfixed.":     true,
		"approve\n\nThe bug that kept the customers in Graz from their invoices since the spring is\nback.":      false,
		"approve\n\nThe customers in Graz told me on the phone today that Lee in their shop still\nhas to agree": false,
	} {
		cs := readApproval(text)
		if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
			t.Errorf("%q: %s", text, answerOf(cs))
		}
	}
}

// A sentence without an end is read in time.
func TestLongSentences(t *testing.T) {
	for _, words := range []string{"no bugs ", "it was wrong ", "that you fixed the bug ", "let ask let ask ", "remarks ", "please add ", "next up ", "so sorry it took ", "nice and "} {
		if took := busyFor(t, func() { readApproval("approve\n\nWell, " + strings.Repeat(words, 40000)) }); took > 5*time.Second {
			t.Errorf("%q: %s", words, took)
		}
	}
}

// Whoever is called by a short form of the name in the config signs with it. A word
// that is nobody's name is no signature.
func TestShortNames(t *testing.T) {
	for text, counts := range map[string]bool{
		"approve\n\nLiz": true, "approve\nLiz": true, "approve. Liz": true, "approve - Liz": true, "approve\n\nliz": true, "approve\n\nThe dates are a nice touch.\nLiz": true,
		"approve, thanks Bob!": true, "approve\n\nThanks Bob": true, "approve\n\nBeth W.": true,
		"approve\n\nStaging": false, "approve. Staging": false, "approve\n\nMax": false, "approve - Max": false,
	} {
		raw := "From: Elizabeth Warner <ew@acme.example>\nTo: shop@acme.example\nIn-Reply-To: <x@y.example>\nContent-Type: text/plain\n\n" + text + "\n"
		cs := Read([]byte(raw), Options{Names: []string{"Elizabeth Warner", "Robert Smith"}}).Commands
		if got := len(cs) == 1 && cs[0].Word == "approve"; got != counts {
			t.Errorf("%q: %s", text, answerOf(cs))
		}
	}
}
