package mailout

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/loop"
	"gatepost/templates"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// team is the sample team, with enough people for a busy outbox, who read at any hour.
func team() *loop.Team {
	t := &loop.Team{Name: "Shop", Address: "shop@acme.example", Secret: []byte("0123456789abcdef0123456789abcdef"), Zone: time.UTC,
		Streams: []loop.StreamPlan{{Name: "web", Engineer: "dana@acme.example", Approvers: []string{"priya@acme.example", "boss@acme.example"}}}}
	names := []string{"priya", "dana", "lee", "boss"}
	for i := range 1000 {
		names = append(names, fmt.Sprintf("p%d", i))
	}
	for _, n := range names {
		t.People = append(t.People, loop.Person{Email: []string{n + "@acme.example"}, Zone: time.UTC})
	}
	return t
}

// post is a sample letter of that kind.
func post(serial int64, kind loop.Kind) *loop.Post {
	for _, l := range templates.Samples() {
		if l.Kind == kind {
			return &loop.Post{Serial: serial, Letter: l}
		}
	}
	panic("no sample of " + kind)
}

func splitPort(addr string) (string, int, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.Atoi(port)
	return host, n, err
}

func compose(t *testing.T, p *loop.Post) (*mail.Message, map[string]string) {
	t.Helper()
	if err := Compose(p, team(), "acme.example", noon); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(p.Raw))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		parts[m.Header.Get("Content-Type")] = string(b)
		return m, parts
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return m, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		parts[part.Header.Get("Content-Type")] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
}

func TestHeader(t *testing.T) {
	p := post(731, loop.Gate)
	p.Letter.Thread = loop.Thread{Subject: "Re: Wrong total – ü", InReplyTo: "root@client.example", References: []string{"root@client.example", "t12.aaaabbbbccccdddd.5@acme.example"}}
	m, parts := compose(t, p)
	token := team().Token("t12r1", "priya@acme.example")
	for name, want := range map[string]string{
		"From":                     `"Shop" <shop@acme.example>`,
		"To":                       `"Priya Nair" <priya@acme.example>`,
		"Reply-To":                 `"Shop" <shop+t12r1.` + token + `@acme.example>`,
		"Message-Id":               "<t12r1." + token + ".731@acme.example>",
		"In-Reply-To":              "<root@client.example>",
		"References":               "<root@client.example> <t12.aaaabbbbccccdddd.5@acme.example>",
		"Date":                     "Mon, 02 Mar 2026 12:00:00 +0000",
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "OOF, AutoReply, RN, NRN, DR",
		"X-Loop":                   "shop@acme.example",
		"List-Id":                  `"Shop" <shop.acme.example>`,
		"X-Ms-Reactions":           "disallow",
		"X-Gatepost-Letter":        "gate",
		"X-Gatepost-Task":          "12",
		"Precedence":               "",
		"User-Agent":               "",
		"X-Mailer":                 "",
		"Mime-Version":             "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || got != p.Letter.Thread.Subject {
		t.Errorf("subject %q, %v", got, err)
	}
	if p.MessageID != "t12r1."+token+".731@acme.example" || p.Sender != "shop+b731."+team().Token("b731", "priya@acme.example")+"@acme.example" {
		t.Errorf("message id %q, envelope sender %q", p.MessageID, p.Sender)
	}
	words, err := templates.Render(p.Letter, templates.Context{Reply: team().ReplyAddress("t12r1", "priya@acme.example"), TeamName: "Shop"})
	if err != nil {
		t.Fatal(err)
	}
	if parts["text/plain; charset=UTF-8"] != words.Text || parts["text/html; charset=UTF-8"] != words.HTML || p.Text != words.Text || len(parts) != 2 {
		t.Errorf("the parts are not what was rendered: %d", len(parts))
	}
}

func TestAnswersHaveAnEmptySender(t *testing.T) {
	p := post(3, loop.Receipt)
	m, _ := compose(t, p)
	if p.Sender != "" || m.Header.Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("sender %q, auto-submitted %q", p.Sender, m.Header.Get("Auto-Submitted"))
	}
}

// An alert refers to nothing: it is answered at the team's own address, and
// its Message-ID is none that a ref could be read from.
func TestAlert(t *testing.T) {
	p := post(9, loop.Alert)
	m, _ := compose(t, p)
	if m.Header.Get("Reply-To") != `"Shop" <shop@acme.example>` || p.MessageID != "x.9@acme.example" || m.Header.Get("X-Gatepost-Task") != "" {
		t.Errorf("reply to %q, message id %q", m.Header.Get("Reply-To"), p.MessageID)
	}
}

func TestSameBytesEachTime(t *testing.T) {
	for _, l := range templates.Samples() {
		a, b := &loop.Post{Serial: 5, Letter: l}, &loop.Post{Serial: 5, Letter: l}
		if err := Compose(a, team(), "acme.example", noon); err != nil {
			t.Fatal(err)
		}
		if err := Compose(b, team(), "acme.example", noon); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Raw, b.Raw) {
			t.Errorf("%s: two runs differ", l.Kind)
		}
	}
}

// What comes from outside becomes no header, no second recipient, no bare line
// end and no boundary.
func TestHostileLetter(t *testing.T) {
	evil := "x\r\nBcc: evil@evil.example\r\n\r\nbody\n.\r\nMAIL FROM:<>\r.\n\x00\u202e"
	boundary := "--gatepost-" + team().Token("boundary1.0", "priya@acme.example")
	for _, s := range []string{evil, strings.Repeat("w", 3000), strings.Repeat("ü", 3000), boundary + "--\r\n\r\n" + boundary, ".\n.\n.", "From me\nFrom you"} {
		for _, l := range templates.Samples() {
			if l.To != "priya@acme.example" {
				continue
			}
			l.Name, l.Thread.Subject, l.Body.Text, l.Body.Line, l.Body.Who = s, s, s, s, s
			l.Thread.InReplyTo = "a@b>\r\nBcc: evil@evil.example\r\nX: <c@d"
			l.Thread.References = []string{s, "good@client.example", "a b@c", strings.Repeat("r", 2000) + "@c"}
			p := &loop.Post{Serial: 1, Letter: l}
			tm := team()
			tm.Name = s
			if err := Compose(p, tm, "acme.example", noon); err != nil {
				t.Fatalf("%s: %v", l.Kind, err)
			}
			m, err := mail.ReadMessage(bytes.NewReader(p.Raw))
			if err != nil {
				t.Fatal(err)
			}
			if m.Header.Get("Bcc") != "" || m.Header.Get("X") != "" || m.Header.Get("References") != "<good@client.example>" || m.Header.Get("In-Reply-To") != "" {
				t.Errorf("%s: header %v", l.Kind, m.Header)
			}
			to, err := m.Header.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Address != "priya@acme.example" {
				t.Errorf("%s: to %v, %v", l.Kind, to, err)
			}
			if err := sound(p.Raw); err != nil {
				t.Errorf("%s: %v", l.Kind, err)
			}
			kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(p.Raw, []byte("\r\n--"+params["boundary"])); kind == "multipart/alternative" && n != 3 {
				t.Errorf("%s: the boundary stands %d times", l.Kind, n)
			}
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	for _, to := range []string{"", "nobody", "a@b@c", "a@b\r\nRCPT TO:<c@d>", "Priya <a@b>", "a@b c", "a@b,c@d", "\"a b\"@c", "a@"} {
		p := post(1, loop.Gate)
		p.Letter.To = to
		if err := Compose(p, team(), "acme.example", noon); err == nil {
			t.Errorf("to %q was composed", to)
		}
	}
	for _, host := range []string{"", "acme.example>\r\nBcc: x", "a b"} {
		if err := Compose(post(1, loop.Gate), team(), host, noon); err == nil {
			t.Errorf("host %q was taken", host)
		}
	}
	p := post(1, loop.Gate)
	p.Letter.Kind = "postcard"
	if err := Compose(p, team(), "acme.example", noon); err == nil || p.Raw != nil {
		t.Error("a postcard was composed")
	}
}

func TestSound(t *testing.T) {
	for raw, ok := range map[string]bool{
		"a\r\nb\r\n": true, "a\nb\r\n": false, "a\rb\r\n": false, "a\r\n.\nb\r\n": false, "a\x00\r\n": false, "a": false,
		strings.Repeat("x", 998) + "\r\n": true, strings.Repeat("x", 999) + "\r\n": false,
	} {
		if err := sound([]byte(raw)); (err == nil) != ok {
			t.Errorf("%.30q: %v", raw, err)
		}
	}
}

func TestDisplay(t *testing.T) {
	for name, want := range map[string]string{
		"Priya Nair": "Priya Nair", " Priya \t\r\n Nair\x07 ": "Priya Nair", "": "other", "\u202e\u200b\ufffd": "other",
		"Shop\u202epohS": "Shop pohS", "علی\u200cرضا": "علی\u200cرضا", strings.Repeat("ü", 90): strings.Repeat("ü", 80),
	} {
		if got := display(name, "other"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// A long conversation keeps its root and its end, whatever stands between.
func TestThreading(t *testing.T) {
	var ids []string
	for i := range 20 {
		ids = append(ids, fmt.Sprintf("%d@acme.example", i))
	}
	replied, references := threading(loop.Thread{InReplyTo: ids[19], References: ids})
	if f := strings.Fields(references); replied != "<19@acme.example>" || len(f) != maxReferences || f[0] != "<0@acme.example>" || f[1] != "<9@acme.example>" || f[11] != "<19@acme.example>" {
		t.Errorf("%s, %s", replied, references)
	}
	for _, id := range []string{"", "a b@c", "a,b@c", "ü@c", "a@c>", "<a@c", "a@\x7f", strings.Repeat("a", 400) + "@c"} {
		if replied, references := threading(loop.Thread{InReplyTo: id, References: []string{id}}); replied+references != "" {
			t.Errorf("%q stands in a header: %s, %s", id, replied, references)
		}
	}
	if _, references = threading(loop.Thread{InReplyTo: "a@b"}); references != "<a@b>" {
		t.Errorf("of one mail: %s", references)
	}
	if _, references = threading(loop.Thread{References: ids[:maxReferences]}); len(strings.Fields(references)) != maxReferences {
		t.Errorf("of %d: %s", maxReferences, references)
	}
}

func TestPlainAddress(t *testing.T) {
	long := strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3)
	for address, ok := range map[string]bool{
		"a@mx1.acme.example": true, "o'neil+web@acme-shop.example": true, long + strings.Repeat("c", 254-len(long)): true,
		long + strings.Repeat("c", 255-len(long)): false, "a": false, "@b": false, "a@": false, "a@b_c": false, "a@b@c": false, "a@[192.0.2.1]": false,
		"a\x7f@b": false, "a;b@c": false, "a:b@c": false, `a\b@c`: false, "(a)b@c": false,
	} {
		if err := plainAddress(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
