package bench

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"mime/quotedprintable"
	"strings"
)

// mail writes one mail in the ways of different clients: plain, or plain and
// HTML side by side, quoted-printable, base64 or as it is, in UTF-8 or an older
// charset, and in the full set with what people attach.
func (t *Traffic) mail(from, to, subject, text string, reply bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from mx.acme.example (mx.acme.example [192.0.2.7]) by imap.acme.example with ESMTPS id %08x; Mon, 2 Mar 2026 09:%02d:%02d +0100\r\n", t.serial, t.serial/60%60, t.serial%60)
	fmt.Fprintf(&b, "From: Some Body <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: Mon, 2 Mar 2026 09:%02d:%02d +0100\r\nMessage-ID: <m%d.%d@clients.example>\r\nMIME-Version: 1.0\r\n",
		from, to, subject, t.serial/60%60, t.serial%60, t.serial, t.rng.IntN(1_000_000))
	if reply {
		fmt.Fprintf(&b, "In-Reply-To: <thread%d@clients.example>\r\nReferences: <thread%d@clients.example>\r\n", t.serial/7, t.serial/7)
	}
	var files []int // bytes of each attachment
	if t.full {
		switch n := t.rng.IntN(100); {
		case n < 2:
			files = []int{2_000_000 + t.rng.IntN(3_200_000)}
		case n < 30:
			files = []int{20_000 + t.rng.IntN(100_000)}
		}
	}
	boundary := fmt.Sprintf("mixed-%d-%d", t.serial, t.rng.IntN(1_000_000))
	if files != nil {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\r\n\r\n--%s\r\n", boundary, boundary)
	}
	t.text(&b, text, reply)
	for n, size := range files {
		fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: image/png; name=\"shot%d.png\"\r\nContent-Disposition: attachment; filename=\"shot%d.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", boundary, n, n)
		t.noise(&b, size)
	}
	if files != nil {
		fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	}
	return b.Bytes()
}

// text writes the words with the history that clients put below them.
func (t *Traffic) text(b *bytes.Buffer, text string, reply bool) {
	plain, rich := text, "<p>"+strings.ReplaceAll(html.EscapeString(text), "\n\n", "</p>\r\n<p>")+"</p>"
	if reply {
		intro := "On Mon, Mar 2, 2026 at 9:00 AM Agency <agency@acme.example> wrote:"
		var quoted, inner strings.Builder
		for range 26 + t.rng.IntN(16) {
			s := t.prose(1)
			quoted.WriteString("> " + s + "\n")
			inner.WriteString("<div style=\"font-family:sans-serif;font-size:14px\">" + s + "</div>\r\n")
		}
		plain += "\n\n" + intro + "\n" + quoted.String()
		rich += "<br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">" + html.EscapeString(intro) + "<br></div><blockquote class=\"gmail_quote\">" + inner.String() + "</blockquote></div>"
	}
	plain = strings.ReplaceAll(plain, "\n", "\r\n")
	switch n := t.rng.IntN(10); {
	case n < 6:
		alt := fmt.Sprintf("alt-%d-%d", t.serial, t.rng.IntN(1_000_000))
		fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=%q\r\n\r\n--%s\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", alt, alt)
		printable(b, plain)
		fmt.Fprintf(b, "\r\n--%s\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", alt)
		printable(b, "<html><body><div dir=\"ltr\">"+rich+"</div></body></html>")
		fmt.Fprintf(b, "\r\n--%s--\r\n", alt)
	case n < 8:
		fmt.Fprintf(b, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s", plain)
	case n < 9:
		fmt.Fprintf(b, "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		printable(b, strings.ReplaceAll(plain, "customer", "K\xe4ufer"))
	default:
		fmt.Fprintf(b, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		lines(b, []byte(plain))
	}
}

func printable(b *bytes.Buffer, text string) {
	w := quotedprintable.NewWriter(b)
	_, _ = w.Write([]byte(text)) // a buffer takes everything
	_ = w.Close()
}

// noise writes n bytes that nothing can make smaller, as base64.
func (t *Traffic) noise(b *bytes.Buffer, n int) {
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(t.rng.Uint32())
	}
	lines(b, raw)
}

// lines writes base64 in lines of 76 characters.
func lines(b *bytes.Buffer, raw []byte) {
	b.Grow(len(raw)*3/2 + 100)
	for len(raw) > 0 {
		n := min(len(raw), 57)
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), raw[:n]))
		b.WriteString("\r\n")
		raw = raw[n:]
	}
}

// robot is an absence notice.
func (t *Traffic) robot(from string) []byte {
	return fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: Automatic reply: work\r\nMessage-ID: <r%d@clients.example>\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nI am out of the office. %s\r\n",
		from, Address, t.serial, t.prose(3))
}
