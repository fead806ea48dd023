package templates

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"gatepost/loop"
)

// poison writes s into every string of a letter that comes from people or
// their mails.
func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), s)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			switch v.Type().Field(i).Name {
			case "Who", "By", "Engineer": // names of the config begin sentences of ours
				poison(v.Field(i), "Zed "+s)
			case "Kind", "State", "Act", "Cause", "Missing", "Advice", "Choices", "Usage", "Does", "Day", "What", "Stream", "Streams":
			default:
				poison(v.Field(i), s)
			}
		}
	}
}

var hostile = map[string]string{
	"script":  `<script>alert(1)</script><img src=x onerror=alert(1)>"><a href="https://evil.example">x</a> {{.Reply}} javascript:alert(1)`,
	"header":  "x\r\nBcc: evil@evil.example\r\n\r\napprove\n.\nMAIL FROM:<x>",
	"bidi":    "abc\u202eevorppa\u2066\u200b\u200f approve\u2069 \x00\x07\x1b[31m",
	"frame":   "approve\n\nTask #12 is at the gate, round 9  " + Marker + "\nDone, as written:\n  Reply \"approve\" if it is done as written.\n#12 approve\n> approve\n-- \napprove",
	"long":    strings.Repeat("approve redirect ", 1000),
	"solid":   strings.Repeat("approve", 1300),
	"wide":    strings.Repeat("承認する。", 600),
	"lines":   strings.Repeat("approve\n", 1200),
	"quotes":  strings.Repeat(`<"'&`, 1500),
	"invalid": "a\xff\xfe\xc3approve\u2028approve\u2029approve\u0085approve\vapprove",
}

func TestHostileWords(t *testing.T) {
	for name, s := range hostile {
		letters := Samples()
		letters = append(letters, SampleDigest(9))
		for i := range letters {
			l := &letters[i]
			l.Language = Languages[(i+len(s))%len(Languages)]
			zone := l.Zone
			poison(reflect.ValueOf(&l.Body).Elem(), s)
			l.Name, l.Zone = s, zone
			c := SampleContext(*l)
			c.TeamName = s
			w, err := Render(*l, c)
			if err != nil {
				t.Errorf("%s %s: %v", name, l.Kind, err)
				continue
			}
			checkWords(t, name+" "+string(l.Kind), w)
			if i > 0 {
				continue
			}
			l.Thread.Subject = s
			if w, err = Render(*l, c); err != nil {
				t.Errorf("%s %s: %v", name, l.Kind, err)
			}
			oneTamedLine(t, name+" "+string(l.Kind)+" subject", w.Subject)
		}
	}
}

func oneTamedLine(t *testing.T, name, s string) {
	t.Helper()
	if len([]rune(s)) > 180 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || hidden(r) || r == 0x2028 || r == 0x2029 }) {
		t.Errorf("%s: %.200q", name, s)
	}
}

func checkWords(t *testing.T, name string, w Words) {
	t.Helper()
	oneTamedLine(t, name+" subject", w.Subject)
	lines := strings.Split(w.Text, "\n")
	if !strings.HasSuffix(lines[0], Marker) {
		t.Errorf("%s: first line %q", name, lines[0])
	}
	for i, line := range lines {
		if wide(line) > 78 {
			t.Errorf("%s: line %d has %d columns: %.120q", name, i, wide(line), line)
			return
		}
		if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || hidden(r) }) {
			t.Errorf("%s: line %d: %q", name, i, line)
		}
		if line == "" || line[0] == ' ' {
			continue
		}
		first := strings.ToLower(strings.Trim(strings.Fields(line)[0], `"'*_.,:;!?()`))
		if commands[first] && i > 0 || line[0] == '#' || line[0] == '>' || line == "-- " {
			t.Errorf("%s: line %d could be read as the reader's: %q", name, i, line)
		}
		if i > 0 && strings.HasSuffix(line, "  "+Marker) {
			t.Errorf("%s: line %d holds the marker: %q", name, i, line)
		}
	}
	if len(w.Text) > 8*MaxText {
		t.Errorf("%s: text of %d bytes", name, len(w.Text))
	}
	if len(w.HTML) > MaxHTML {
		t.Errorf("%s: html of %d bytes", name, len(w.HTML))
	}
	if w.HTML != "" {
		checkHTML(t, name, w.HTML)
	}
}

// allowed are the elements and attributes that our templates use; anything
// else came from outside.
var (
	allowed = map[string]bool{"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true,
		"div": true, "span": true, "table": true, "tbody": true, "tr": true, "td": true, "a": true, "br": true}
	allowedAttributes = map[string]bool{"lang": true, "charset": true, "name": true, "content": true, "class": true, "style": true,
		"role": true, "width": true, "cellpadding": true, "cellspacing": true, "border": true, "align": true, "dir": true, "href": true}
)

func checkHTML(t *testing.T, name, s string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	styles := 0
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode && !strings.HasPrefix(n.Data, "[if mso]>") {
			t.Errorf("%s: comment %.80q", name, n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "img" { // the one picture of the weekly review, which comes with the mail
			for _, a := range n.Attr {
				if a.Key == "src" && a.Val != "cid:"+PictureID || a.Key == "alt" && a.Val == "" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: picture %s=%.80q", name, a.Key, a.Val)
				}
			}
			continue
		}
		if !allowed[n.Data] {
			t.Errorf("%s: element %q", name, n.Data)
			return
		}
		if n.Data == "style" {
			styles++
		}
		for _, a := range n.Attr {
			switch {
			case !allowedAttributes[a.Key]:
				t.Errorf("%s: attribute %s=%.80q", name, a.Key, a.Val)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "mailto:"):
				t.Errorf("%s: link %.80q", name, a.Val)
			case a.Key == "style" && (strings.Contains(a.Val, "url(") || strings.Contains(a.Val, "expression") || strings.Contains(a.Val, "position")):
				t.Errorf("%s: style %.80q", name, a.Val)
			}
		}
	}
	if styles != 1 || regexp.MustCompile(`(?i)@import|url\(|src=|background=`).MatchString(strings.ReplaceAll(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(s, "><"), `src="cid:`+PictureID+`"`, "")) {
		t.Errorf("%s: something remote, or a second style sheet", name)
	}
}

// What a person wrote cannot stand where the frame of a gate letter stands:
// our headings begin their line, and theirs never do.
func TestFrameCannotBeImitated(t *testing.T) {
	l := Samples()[0]
	l.Body.Task.Sections.Problem = hostile["frame"]
	w := render(t, l)
	for _, fake := range []string{"Done, as written:", "Reply \"approve\"", "Task #12 is at the gate", "approve", "#12 approve"} {
		for line := range strings.SplitSeq(w.Text, "\n") {
			if strings.HasPrefix(line, fake) {
				t.Errorf("%q stands at the beginning of %q", fake, line)
			}
		}
	}
}

// What people write with stays: pictures, joined ones too, and scripts that need
// joiners or run from the right.
func TestWordsStay(t *testing.T) {
	l := Samples()[0]
	for _, s := range []string{"👍 👩\u200d💻 🎉", "می\u200cخواهم", "סכום שגוי", "クーポン", "e\u0301té", "–—…€"} {
		l.Body.Task.Title, l.Body.Task.Sections.Problem = s, s+"\n"+s
		w := render(t, l)
		if !strings.HasSuffix(w.Subject, ": "+s) || !strings.Contains(w.Text, `"`+s+`"`) || !strings.Contains(w.Text, "  "+s+"\n  "+s+"\n") || !strings.Contains(w.HTML, s+"<br>"+s) {
			t.Errorf("%q: subject %q\n%s", s, w.Subject, w.Text)
		}
	}
}

func TestNothingIsCutSilently(t *testing.T) {
	long := strings.Repeat("A sentence about the problem, of some length. ", 400)
	gate := loop.Letter{Kind: loop.Gate, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12r1", Body: sampleGate()}
	gate.Body.Text = long
	for range 60 {
		gate.Body.Updates = append(gate.Body.Updates, loop.Note{By: "Dana Kim", At: march(3, 16, 0), Text: long})
	}
	w := render(t, gate)
	for part, s := range map[string]string{"text": w.Text, "html": strings.ReplaceAll(w.HTML, "&#34;", `"`)} {
		if !strings.Contains(s, `reply "record"`) || !strings.Contains(s, "notes before these") {
			t.Errorf("the %s part does not say that something is left out", part)
		}
	}
	record := loop.Letter{Kind: loop.RecordMail, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "t12", Body: loop.Body{Task: coupons(loop.Active, 1)}}
	for range 100 {
		record.Body.Entries = append(record.Body.Entries, loop.Entry{Task: 12, At: march(3, 16, 0), Who: "Dana Kim", What: "wrote", Text: long[:3000]})
	}
	if w = render(t, record); w.HTML != "" || strings.Count(w.Text, "sentence") < 6400 {
		t.Errorf("a long record is not whole as plain text: %d bytes of text, %d of html", len(w.Text), len(w.HTML))
	}
}
