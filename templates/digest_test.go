package templates

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatepost/loop"
)

var (
	itemLine = regexp.MustCompile(`(?m)^  (Task #|Aufgabe #|Tarea #|In |En |Stream |Lee Osei (until|bis|hasta))`)
	moreLine = regexp.MustCompile(`(?m)^  (?:and |und |y )?(\d+) (?:more|weitere|más): "(status|estado|(record|verlauf|historial) \d+)" (?:has|hat|tiene|las tiene|lo tiene)`)
)

// However much happened: at most 300 words, nothing left out uncounted, and
// an item is at most two lines.
func TestDigestIsShort(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 5, 8, 12, 20, 60, 400} {
		for _, code := range Languages {
			checkDigest(t, n, code)
		}
	}
}

func checkDigest(t *testing.T, n int, code string) {
	t.Helper()
	l := SampleDigest(n)
	l.Language = code
	w := render(t, l)
	if words := len(strings.Fields(w.Text)); words > DigestWords {
		t.Errorf("%d streams in %s: %d words", n, code, words)
	} else if seconds := words * 60 / 240; seconds > 90 { // at 240 words a minute
		t.Errorf("%d streams in %s take %d seconds to read", n, code, seconds)
	}
	d := l.Body.Digest
	all := len(d.Waiting) + len(d.Moved) + len(d.Blocked) + len(d.Silent) + len(d.Dates) + len(d.Next) + len(d.Low) + len(d.Away) + len(d.Bounced)
	shown := len(itemLine.FindAllString(w.Text, -1))
	hidden := 0
	for _, m := range moreLine.FindAllStringSubmatch(w.Text, -1) {
		k, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		hidden += k
	}
	if shown+hidden != all {
		t.Errorf("%d streams in %s: %d items shown and %d counted, of %d\n%s", n, code, shown, hidden, all, w.Text)
	}
	if n == 60 && shown < 12 {
		t.Errorf("%s: only %d items are shown:\n%s", code, shown, w.Text)
	}
	lines := 0
	for line := range strings.SplitSeq(w.Text, "\n") {
		if !strings.HasPrefix(line, "  ") || itemLine.MatchString(line) || moreLine.MatchString(line) {
			lines = 0
		}
		if lines++; lines > 2 && line != "" {
			t.Errorf("%d streams: an item has more than two lines, at %q", n, line)
		}
	}
}

func TestDigestOfHostileTexts(t *testing.T) {
	for name, s := range hostile {
		l := SampleDigest(20)
		d := l.Body.Digest
		for _, items := range [][]loop.Item{d.Waiting, d.Moved, d.Silent, d.Dates, d.Next, d.Low, d.Away} {
			for i := range items {
				items[i].Title, items[i].Text, items[i].Stream = s, s, s
			}
		}
		w := render(t, l)
		if words := len(strings.Fields(w.Text)); words > DigestWords {
			t.Errorf("%s: %d words", name, words)
		}
	}
}

func TestDigestOrder(t *testing.T) {
	l := SampleDigest(2)
	d := l.Body.Digest
	d.Blocked = []loop.Item{{Kind: "blocked", Task: 13, Title: "Refunds", Who: "Lee Osei", Days: 2}}
	d.Bounced = []loop.Item{{Kind: "bounced", Who: "Lee Osei", Text: "lee@acme.example"}}
	w := render(t, l)
	at := 0
	for _, head := range []string{"Reply, a line for each: \"#12 approve\" or \"#12 redirect: why\"", "Waiting for you:", "Task #12", "Moved:", "What is blocked:", "Silent:", "Dates:", "Next up:", "Running low:", "Who is away:", "Letters that came back:", "1 mail from a stranger was held"} {
		i := strings.Index(w.Text[at:], head)
		if i < 0 {
			t.Fatalf("%q does not follow:\n%s", head, w.Text)
		}
		at += i
	}
	if w.Subject != "4 wait for you · 2 moved · 1 blocked · 1 silent (Mon 9 March)" {
		t.Errorf("subject %q", w.Subject)
	}
}

func TestQuietDigest(t *testing.T) {
	w := render(t, SampleDigest(0))
	if !strings.Contains(w.Text, "\nNothing happened since Fri 6 March, 08:30, and nothing waits for you.\n") || w.Subject != "Nothing happened (Mon 9 March)" {
		t.Errorf("%q\n%s", w.Subject, w.Text)
	}
	busy := SampleDigest(0)
	busy.Body.Digest.Moved = []loop.Item{{Kind: "approved", Task: 12, Title: "Wrong total", Who: "Ada Park"}}
	if w = render(t, busy); w.Subject != "1 moved (Mon 9 March)" || !strings.Contains(w.Text, `Task #12 "Wrong total" approved by Ada Park`) {
		t.Errorf("%q\n%s", w.Subject, w.Text)
	}
}

// Each sort of item has words of its own.
func TestDigestItems(t *testing.T) {
	for _, kind := range strings.Fields("gate question draft proposal update delivered approved redirected started opened dropped blocked silent late due next low paused away away-soon maybe-away bounced") {
		if builtin().langs["en"].messages["item."+kind] == nil {
			t.Errorf("en.msg has no words for an item of kind %q", kind)
		}
		for _, days := range []int{0, 1, 3} {
			l := SampleDigest(0)
			l.Body.Digest.Waiting = []loop.Item{{Kind: kind, Task: 7, Title: "A title", Who: "Lee Osei", Stream: "web", Days: days, Date: on(9), Count: days}}
			if w := render(t, l); strings.Contains(w.Text, "@") || strings.Contains(w.Text, "  ,") || strings.Contains(w.Text, "0 ") {
				t.Errorf("%s:\n%s", kind, w.Text)
			}
		}
	}
}

func TestShare(t *testing.T) {
	item := make([]loop.Item, 10)
	sections := []rawSection{{items: item}, {items: item}, {items: item[:1]}}
	for n, want := range map[int][]int{0: {0, 0, 0}, 1: {1, 0, 0}, 4: {2, 1, 1}, 7: {4, 2, 1}, 21: {10, 10, 1}, 99: {10, 10, 1}} {
		if got := share(n, sections); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("share(%d) = %v, want %v", n, got, want)
		}
	}
}

// A digest offers for what waits only what would be carried out.
func TestDigestOffersWhatIsPossible(t *testing.T) {
	for _, c := range []struct {
		kind    string
		missing []string
		want    string
	}{
		{"proposal", nil, `"#5 queue"`},
		{"proposal", []string{"done"}, `"#5 your words"`},
		{"proposal", []string{"stream"}, `"#5 to web"`},
		{"proposal", []string{"done", "stream"}, `"#5 your words"`},
		{"draft", []string{"done"}, `"#5 your words"`},
		{"draft", []string{"stream"}, `"#5 to web"`},
	} {
		l := SampleDigest(0)
		l.Body.Digest = &loop.Digest{Waiting: []loop.Item{{Kind: c.kind, Task: 5, Title: "Retry", Who: "Lee Osei", Missing: c.missing}}, Streams: []string{"web", "billing"}}
		if w := render(t, l); !strings.Contains(w.Text, "Reply, a line for each: "+c.want+".") {
			t.Errorf("a %s that lacks %q:\n%s\nshould offer %s", c.kind, c.missing, w.Text, c.want)
		}
	}
}

// Whose gate it was is said to those whose it was.
func TestWeekSaysWhoseGate(t *testing.T) {
	for own, want := range map[float64]string{3.4: "your own gate", 0.4: "was the gate"} {
		l := sampleWeeks()[0]
		l.Body.Review.Own = own
		words, err := Render(l, Context{Reply: "shop@acme.example", TeamName: "Shop"})
		if err != nil || !strings.Contains(words.Text, want) {
			t.Errorf("own %.1f: %v, want %q in\n%s", own, err, want, words.Text)
		}
	}
}

// What an item says, and what it leaves out when it does not know.
func TestItemsSayWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		item loop.Item
		want string
	}{
		{loop.Item{Kind: "late", Task: 16, Title: "Retry", Date: on(5), Days: 2}, `Task #16 "Retry" was due Thu 5 March, 2 days late`},
		{loop.Item{Kind: "late", Task: 16, Title: "Retry", Date: on(5)}, `Task #16 "Retry" was due Thu 5 March`},
		{loop.Item{Kind: "blocked", Task: 16, Title: "Retry", Who: "Dana Kim", Days: 1}, `Task #16 "Retry", Dana Kim, 1 day`},
		{loop.Item{Kind: "silent", Task: 16, Title: "Retry", Who: "Dana Kim"}, `Task #16 "Retry": no word from Dana Kim`},
		{loop.Item{Kind: "paused", Stream: "web"}, `Stream web is paused`},
		{loop.Item{Kind: "paused", Stream: "web", Task: 16, Title: "Retry"}, `Stream web is paused: task #16 "Retry" waits`},
		{loop.Item{Kind: "next", Task: 16, Title: "Retry"}, `Task #16 "Retry"`},
		{loop.Item{Kind: "low", Stream: "web"}, `Stream web: nothing left to start`},
		{loop.Item{Kind: "gate", Task: 16, Title: "Retry", Round: 2, Days: 1, Files: 1}, `Task #16 "Retry" at the gate, round 2, waiting 1 day, 1 attachment`},
		{loop.Item{Kind: "gate", Task: 16, Title: "Retry", Round: 1}, `Task #16 "Retry" at the gate, waiting since today`},
		{loop.Item{Kind: "of-tomorrow", Task: 16, Title: "Retry"}, `Task #16 "Retry"`},
		{loop.Item{Kind: "of-tomorrow", Who: "Dana Kim"}, `Dana Kim`},
	} {
		l := SampleDigest(0)
		l.Body.Digest.Blocked = []loop.Item{c.item}
		if w := render(t, l); !strings.Contains(w.Text, "What is blocked:\n  "+c.want+"\n") {
			t.Errorf("%+v: want %q in\n%s", c.item, c.want, w.Text)
		}
	}
}

// What is counted instead of shown names a task whose record has it, and does not
// say that one has all of them.
func TestWhatIsCounted(t *testing.T) {
	l := SampleDigest(60)
	l.Body.Digest.Moved = []loop.Item{{Kind: "approved", Task: 7, Title: "First", Who: "Ada Park"}, {Kind: "of-tomorrow", Who: "Dana Kim"}, {Kind: "approved", Task: 8, Title: "Second", Who: "Ada Park"}}
	w := render(t, l)
	if strings.Contains(w.Text, "record 0") || !regexp.MustCompile(`(?m)^  and \d+ more: "status" has them$`).MatchString(w.Text) {
		t.Error(w.Text)
	}
	v := view{set: builtin(), lang: builtin().langs["en"], L: l, B: l.Body, size: size{items: 2}}
	for hidden, want := range map[int]string{1: `"record 8" has it all`, 3: `"record 7" has the first of them`} {
		l.Body.Digest.Moved = l.Body.Digest.Moved[3-hidden:]
		v.B.Digest = &loop.Digest{Moved: l.Body.Digest.Moved}
		v.size.items = 0
		if err := v.digest(); err != nil || len(v.D.Sections) != 1 || v.D.Sections[0].More != strconv.Itoa(hidden)+" more: "+want {
			t.Errorf("%d hidden: %+v, %v", hidden, v.D.Sections, err)
		}
		l.Body.Digest.Moved = []loop.Item{{Kind: "approved", Task: 7}, {Kind: "of-tomorrow"}, {Kind: "approved", Task: 8}}
	}
}

// A day with nothing but a date is not said to be one on which nothing happened,
// and what is late is in the subject.
func TestNothingButADate(t *testing.T) {
	for kind, subject := range map[string]string{"due": "Nothing waits for you (Mon 9 March)", "late": "1 late (Mon 9 March)"} {
		l := SampleDigest(0)
		l.Body.Digest.Dates = []loop.Item{{Kind: kind, Task: 16, Title: "Retry", Date: on(10), Days: 1}}
		if w := render(t, l); w.Subject != subject || strings.Contains(w.Text, "Nothing happened") || !strings.Contains(w.Text, `Task #16 "Retry"`) {
			t.Errorf("%q\n%s", w.Subject, w.Text)
		}
	}
}

// Nor is one on which nothing else than a letter came back, or a stranger wrote.
func TestNothingButABounce(t *testing.T) {
	bounced, held := SampleDigest(0), SampleDigest(0)
	bounced.Body.Digest.Bounced = []loop.Item{{Kind: "bounced", Who: "Lee Osei", Text: "lee@acme.example"}}
	held.Body.Digest.Held = 1
	for want, l := range map[string]loop.Letter{"Letters that came back:": bounced, "1 mail from a stranger was held": held} {
		if w := render(t, l); w.Subject != "Nothing waits for you (Mon 9 March)" || strings.Contains(w.Text, "Nothing happened") || !strings.Contains(w.Text, want) {
			t.Errorf("%q\n%s", w.Subject, w.Text)
		}
	}
}
