// Package mailout puts letters on their way: it renders a letter once, keeps
// the bytes, and sends those same bytes until a server has taken them, refused
// them for good, or had something against them for three days.
//
//	outbox: due → Compose → KeepPost → Send ─┬→ SentPost
//	                                         ├→ LaterPost  (4xx, network)
//	                                         └→ FailPost   (5xx, given up, cannot be composed)
//
// A letter that has missed its hour is not sent at night: WaitPost puts it off
// to its reader's next working hours, before it is composed or sent.
//
// A crash at any arrow repeats the step after it and nothing else: sending is
// at least once, and a second copy has the same Message-ID and the same bytes.
package mailout

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"gatepost/loop"
	"gatepost/templates"
)

// maxReferences bounds the References field: the root and the newest ids.
const maxReferences = 12

// Compose puts a letter into bytes: it fills in p.MessageID, p.Sender, p.Raw
// and p.Text. host is the right side of our Message-IDs, at the Date of the
// mail. Nothing in the bytes is random: the same letter, team, host and time
// give the same bytes. An error is for good.
func Compose(p *loop.Post, team *loop.Team, host string, at time.Time) error {
	l := p.Letter
	reply := team.Address
	if l.Ref != "" {
		reply = team.ReplyAddress(l.Ref, l.To)
	}
	words, err := templates.Render(l, templates.Context{Reply: reply, TeamName: team.Name})
	if err != nil {
		return err
	}
	for name, address := range map[string]string{"recipient": l.To, "team address": team.Address, "reply address": reply} {
		if err := plainAddress(address); err != nil {
			return fmt.Errorf("%s %q: %w", name, address, err)
		}
	}
	if host == "" || strings.ContainsFunc(host, notInHost) {
		return fmt.Errorf("message-id host %q: want a host name", host)
	}
	p.MessageID = messageID(l, team, host, p.Serial)
	p.Sender = ""
	if !l.Asked { // an answer must not be answered by a bounce (RFC 3834 §4)
		p.Sender = team.ReplyAddress(fmt.Sprintf("b%d", p.Serial), l.To)
	}
	raw, err := message(p, team, reply, words, at)
	if err != nil {
		return err
	}
	if err := sound(raw); err != nil {
		return fmt.Errorf("compose letter %d: %w", p.Serial, err)
	}
	p.Raw, p.Text = raw, words.Text
	return nil
}

// messageID is <ref.token.serial@host>: a client that drops the reply
// address's tag still sends this back. A letter that refers to nothing has
// <x.serial@host>, which no reader of ids takes for a ref.
func messageID(l loop.Letter, team *loop.Team, host string, serial int64) string {
	if l.Ref == "" {
		return fmt.Sprintf("x.%d@%s", serial, host)
	}
	return fmt.Sprintf("%s.%s.%d@%s", l.Ref, team.Token(l.Ref, l.To), serial, host)
}

func message(p *loop.Post, team *loop.Team, reply string, words templates.Words, at time.Time) ([]byte, error) {
	l := p.Letter
	name := display(team.Name, "Gatepost")
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithBoundary(boundary(p, team, words, "")))
	m.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, &mail.Address{Name: name, Address: team.Address})
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &mail.Address{Name: display(l.Name, ""), Address: l.To})
	m.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, &mail.Address{Name: name, Address: reply})
	m.Subject(words.Subject)
	m.SetDateWithValue(at.UTC())
	m.SetMessageIDWithValue(p.MessageID) // the library adds the brackets
	replied, references := threading(l.Thread)
	if replied != "" {
		m.SetGenHeader(gomail.HeaderInReplyTo, replied)
	}
	if references != "" {
		m.SetGenHeader(gomail.HeaderReferences, references)
	}
	auto := "auto-generated"
	if l.Asked {
		auto = "auto-replied"
	}
	for header, value := range map[gomail.Header]string{
		"Auto-Submitted":           auto,                          // RFC 3834 §5
		"X-Auto-Response-Suppress": "OOF, AutoReply, RN, NRN, DR", // not All: bounces are wanted
		"X-Loop":                   team.Address,                  //
		"List-Id":                  listID(name, team.Address),    // RFC 2919
		"Content-Language":         words.Language,                // RFC 3282
		"x-ms-reactions":           "disallow",                    // a thumb is no answer
		"X-Gatepost-Letter":        string(l.Kind),                //
		"X-Gatepost-Task":          number(l.Task),                //
	} {
		if value != "" {
			m.SetGenHeader(header, value)
		}
	}
	m.SetBodyString(gomail.TypeTextPlain, words.Text)
	if words.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, words.HTML)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("compose letter %d: %w", p.Serial, err)
	}
	if words.Picture != nil && words.HTML != "" {
		return inline(b.Bytes(), words.Picture, templates.PictureID, boundary(p, team, words, "outer"))
	}
	return b.Bytes(), nil
}

// boundary is not random, and still nobody can write a text that contains it:
// it is a keyed hash, and another one if the words have it all the same.
func boundary(p *loop.Post, team *loop.Team, words templates.Words, layer string) string {
	for n := 0; ; n++ {
		b := "gatepost-" + team.Token(fmt.Sprintf("boundary%s%d.%d", layer, p.Serial, n), p.Letter.To)
		if !strings.Contains(words.Text, b) && !strings.Contains(words.HTML, b) {
			return b
		}
	}
}

func number(task int) string {
	if task == 0 {
		return ""
	}
	return fmt.Sprint(task)
}

// threading is the values of In-Reply-To and References. Ids came from other
// people's mails: one that could not stand in a header is left out.
func threading(t loop.Thread) (replied, references string) {
	if id := sane(t.InReplyTo); id != "" {
		replied = "<" + id + ">"
	}
	ids := t.References
	if len(ids) == 0 && t.InReplyTo != "" {
		ids = []string{t.InReplyTo}
	}
	var out []string
	for _, id := range ids {
		if id = sane(id); id != "" {
			out = append(out, "<"+id+">")
		}
	}
	if len(out) > maxReferences {
		out = append(out[:1:1], out[len(out)-maxReferences+1:]...)
	}
	return replied, strings.Join(out, " ")
}

func sane(id string) string {
	bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' || r == ',' }
	if id == "" || len(id) > 400 || strings.ContainsFunc(id, bad) {
		return ""
	}
	return id
}

// listID is "Shop <shop.acme.example>" (RFC 2919 §3).
func listID(name, address string) string {
	phrase := strings.TrimSuffix((&mail.Address{Name: name, Address: "x@x"}).String(), " <x@x>")
	return phrase + " <" + strings.Replace(address, "@", ".", 1) + ">"
}

// display makes a name fit for a header: one line, nothing hidden, short. The
// joiners stay: names of some scripts are spelt with them.
func display(name, other string) string {
	name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == 0x200c || r == 0x200d {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, name)), " ")
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	if name == "" {
		return other
	}
	return name
}

// plainAddress refuses everything but one bare address: no name, no comment,
// no quoting, no second address, nothing that could end a command or a header.
func plainAddress(s string) error {
	local, host, ok := strings.Cut(s, "@")
	if !ok || local == "" || host == "" || len(s) > 254 || strings.ContainsFunc(host, notInHost) {
		return fmt.Errorf("not one plain mail address")
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || a.Name != "" ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>()[]\,;:`, r) }) {
		return fmt.Errorf("not one plain mail address")
	}
	return nil
}

func notInHost(r rune) bool {
	return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// sound checks what a server relies on: every line ends in CRLF, no CR or LF
// stands alone (SMTP smuggling), no line is too long (RFC 5321 §4.5.3.1.6).
func sound(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return fmt.Errorf("the last line has no end")
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if bytes.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("a bare line end or NUL in %.60q", line)
		}
		if len(line) > 998 {
			return fmt.Errorf("a line of %d bytes: %.60q", len(line), line)
		}
	}
	return nil
}
