package templates

import (
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
)

var href = regexp.MustCompile(`href="([^"]+)"`)

// The buttons open a reply to the reader's own address with the word in it,
// percent-encoded, and nothing else.
func TestMailtoButtons(t *testing.T) {
	l := loop.Letter{Kind: loop.Gate, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12r1", Body: sampleGate()}
	l.Thread.Subject = `50 % off & "more" #1 ü`
	c := SampleContext(l)
	w := render(t, l)
	links := href.FindAllStringSubmatch(w.HTML, -1)
	if len(links) != 2 {
		t.Fatalf("%d links", len(links))
	}
	for i, want := range []string{"approve", "redirect: "} {
		link := strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(links[i][1])
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		q, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B")) // a plus is a plus here
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme != "mailto" || u.Opaque != c.Reply || q.Get("body") != want || q.Get("subject") != "Re: "+l.Thread.Subject || len(q) != 2 {
			t.Errorf("link %q: to %q, %v", link, u.Opaque, q)
		}
		if strings.ContainsAny(u.RawQuery, " +\"<>") {
			t.Errorf("not percent-encoded: %q", u.RawQuery)
		}
	}
}

func TestGateShowsBothSides(t *testing.T) {
	l := loop.Letter{Kind: loop.Gate, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12r1", Body: sampleGate()}
	l.Body.Others = []string{"Ada Park"}
	w := render(t, l)
	at := 0
	for _, want := range []string{"Is it done as", `Reply "approve"`, `Reply "redirect: why"`, "The done, as written:", "15.70, 48.00 and 9.95", "What was delivered (Fri 6 March, 14:05):",
		"How to check it:", "Days: 4 of 5 used for work, 1 waiting for answers", "Ada Park can decide as well", "Kept for this gate:", "Updates in this round:", "The problem:", "Context:"} {
		i := strings.Index(w.Text[at:], want)
		if i < 0 {
			t.Fatalf("%q does not follow:\n%s", want, w.Text)
		}
		at += i
	}
	if strings.Count(w.HTML, `class="half"`) != 2 || !strings.Contains(w.HTML, `<!--[if mso]></td><td width="50%" valign="top"><![endif]-->`) {
		t.Error("the two sides do not stand beside each other in HTML")
	}
}

func TestSubjects(t *testing.T) {
	l := Samples()[0]
	l.Thread.Subject = "AW: Wrong total\r\nBcc: x@evil.example"
	if w := render(t, l); w.Subject != "AW: Wrong total Bcc: x@evil.example" {
		t.Errorf("the thread's subject became %q", w.Subject)
	}
	l.Thread.Subject = ""
	if w := render(t, l); w.Subject != "#12 is taken: Wrong total with two coupons" {
		t.Errorf("subject %q", w.Subject)
	}
}

func TestWrap(t *testing.T) {
	for in, want := range map[string]string{
		"short": "short",
		"A line of ours that is so long that it has to be broken somewhere near approve it":       "A line of ours that is so long that it has to be broken somewhere\nnear approve it",
		"  - a list item of somebody that is rather long and goes on for a while, really it does": "  - a list item of somebody that is rather long and goes on for a while,\n    really it does",
		"see https://acme.example/" + strings.Repeat("a", 80):                                     "see\nhttps://acme.example/" + strings.Repeat("a", 80),
		strings.Repeat("x", 100): strings.Repeat("x", 72) + "\n" + strings.Repeat("x", 28),
		strings.Repeat("承", 40):  strings.Repeat("承", 36) + "\n" + strings.Repeat("承", 4),
	} {
		if got := strings.Join(wrapLine(in, ""), "\n"); got != want {
			t.Errorf("wrap %q:\n%s\nwant\n%s", in, got, want)
		}
	}
	if got := setOff("one\n\n    code\n# approve"); got != "  one\n\n      code\n  # approve" {
		t.Errorf("set off: %q", got)
	}
}

func TestTame(t *testing.T) {
	if got := oneLine(" a\r\nb\u202ec\u200b \t d\x00 "); got != "a bc d" {
		t.Errorf("one line: %q", got)
	}
	if got := manyTame("\n\na\r\n\r\n\r\n\r\n\tb\u2028c\u202e \n\n"); got != "a\n\n    b\nc" {
		t.Errorf("many lines: %q", got)
	}
	if got := quote(`say "yes" ` + strings.Repeat("x ", 100)); strings.Count(got, `"`) != 2 || len([]rune(got)) > 92 {
		t.Errorf("quote: %q", got)
	}
	v := &view{lang: builtin().langs["en"], limit: 50}
	if got := v.cutTo(strings.Repeat("word ", 100)); len(got) > 50+60 || !strings.HasSuffix(got, "word\n… the rest is in the record: reply \"record\"") {
		t.Errorf("cut: %q", got)
	}
	if got := clip("a few words, and more", 14); got != "a few words…" {
		t.Errorf("clip: %q", got)
	}
}

func TestWhen(t *testing.T) {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	v := &view{lang: builtin().langs["en"], zone: kolkata, year: 2026}
	if got := v.At(time.Date(2026, 3, 1, 20, 35, 0, 0, time.UTC)); got != "Mon 2 March, 02:05" {
		t.Error(got)
	}
	if got := v.Day(loop.Date{Year: 2027, Month: time.January, Day: 4}); got != "Mon 4 January 2027" {
		t.Error(got)
	}
	if v.Day(loop.Date{}) != "" || v.At(time.Time{}) != "" {
		t.Error("no date has words")
	}
	for n, want := range map[int]string{0: "no days", 1: "1 day", 2: "2 days"} {
		if got := v.Count(n, "days"); got != want {
			t.Error(got)
		}
	}
}

// Text and background of the inlined styles and of the dark style sheet have
// the contrast of WCAG AA (4.5 : 1).
func TestContrast(t *testing.T) {
	pairs := [][2]string{ // text, background
		{"1d2126", "ffffff"}, {"5c6570", "ffffff"}, {"1d2126", "f7f6f2"}, {"ffffff", "1c6b38"}, {"0b57a4", "ffffff"},
		{"e6e9ec", "1d2024"}, {"a7b0ba", "1d2024"}, {"e6e9ec", "272b31"}, {"8ab8f0", "1d2024"},
	}
	styles := ""
	for _, f := range []string{"layout.html", "partials.html", "gate.html", "digest.html", "help.html", "weekly.html"} {
		b, err := files.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		styles += string(b)
	}
	known := map[string]bool{}
	for _, p := range pairs {
		known[p[0]] = true
		light, dark := luminance(t, p[0]), luminance(t, p[1])
		if light < dark {
			light, dark = dark, light
		}
		if ratio := (light + 0.05) / (dark + 0.05); ratio < 4.5 {
			t.Errorf("#%s on #%s: %.2f", p[0], p[1], ratio)
		}
	}
	for _, m := range regexp.MustCompile(`[;" {]color:\s*#([0-9a-f]{6})`).FindAllStringSubmatch(styles, -1) {
		if !known[m[1]] {
			t.Errorf("the text colour #%s is not in this test", m[1])
		}
	}
}

// luminance is the relative luminance of WCAG 2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(c uint64) float64 {
		s := float64(c&0xff) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n>>16) + 0.7152*part(n>>8) + 0.0722*part(n)
}

// A prompt says of a due date what is true on its day and after it.
func TestPromptOnAndAfterTheDueDate(t *testing.T) {
	for day, want := range map[int]string{6: "It is due Mon 9 March.", 9: "It is due today.", 10: "It was due Mon 9 March."} {
		l := to(loop.Prompt, dana, "me", march(day, 16, 0), loop.Body{Task: coupons(loop.Active, 1), Tasks: []loop.TaskView{*coupons(loop.Active, 1)}})
		if w := render(t, l); !strings.Contains(w.Text, "\n\n"+want+"\n\n") {
			t.Errorf("on March %d:\n%s\nshould say %q", day, w.Text, want)
		}
	}
}

// The subject of a receipt names the stream that was paused: one may be of many.
func TestPausedStreamIsNamed(t *testing.T) {
	for code, want := range map[string]string{"": "The stream web is paused", "de": "Der Stream web pausiert", "es": "El stream web está en pausa"} {
		l := to(loop.Receipt, priya, "me", march(9, 10, 0), loop.Body{Act: "pause", Line: "pause web", Streams: []string{"web"}})
		l.Language = code
		if w := render(t, l); w.Subject != want {
			t.Errorf("subject %q, want %q", w.Subject, want)
		}
	}
}

// A stream that goes on is named, too, as far as it is known.
func TestResumedStreamIsNamed(t *testing.T) {
	for want, streams := range map[string][]string{"Stream web goes on; nothing waits in it.": {"web"}, "It goes on; nothing waits in it.": nil} {
		if w := render(t, to(loop.Receipt, priya, "me", march(9, 10, 0), loop.Body{Act: "resume", Line: "resume", Streams: streams})); w.Preheader != want {
			t.Errorf("%q, want %q", w.Preheader, want)
		}
	}
}

// That an engineer is away stands in the receipt of a decision and in the letter of a
// task that begins, in text and HTML.
func TestEngineerIsAway(t *testing.T) {
	for _, l := range Samples()[:1] {
		l.Body.Gone = loop.Date{Year: 2026, Month: time.March, Day: 12}
		receipt := l
		receipt.Kind, receipt.Body.Act = loop.Receipt, "redirect"
		for _, l := range []loop.Letter{l, receipt} {
			w := render(t, l)
			for _, s := range []string{w.Text, w.HTML} {
				if !strings.Contains(strings.Join(strings.Fields(s), " "), "Dana Kim is away until Thu 12 March and reads it after that.") {
					t.Errorf("%s does not say that Dana is away:\n%s", l.Kind, s)
				}
			}
		}
	}
}
