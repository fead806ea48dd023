package mailout

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"gatepost/loop"
	"gatepost/parse"
	"gatepost/templates"
)

// The weekly review is multipart/related: both texts as ever, and the picture
// that HTML names by its Content-ID.
func TestInlinePicture(t *testing.T) {
	p := post(7, loop.WeeklyMail)
	if err := Compose(p, team(), "acme.example", noon); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(p.Raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/related" || params["type"] != "multipart/alternative" {
		t.Fatalf("%s %v: %v", kind, params, err)
	}
	related := multipart.NewReader(m.Body, params["boundary"])
	first, err := related.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	kind, inner, err := mime.ParseMediaType(first.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" || inner["boundary"] == params["boundary"] || strings.HasPrefix(inner["boundary"], params["boundary"]) {
		t.Fatalf("%s, boundaries %q in %q: %v", kind, inner["boundary"], params["boundary"], err)
	}
	var texts []string
	for r := multipart.NewReader(first, inner["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	if len(texts) != 2 || strings.ReplaceAll(texts[0], "\r\n", "\n") != p.Text || strings.Count(texts[1], `src="cid:`+templates.PictureID+`"`) != 1 {
		t.Errorf("%d texts", len(texts))
	}
	second, err := related.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if second.Header.Get("Content-Id") != "<"+templates.PictureID+">" || !strings.HasPrefix(second.Header.Get("Content-Disposition"), "inline") {
		t.Errorf("picture: %v", second.Header)
	}
	if _, err := png.Decode(base64.NewDecoder(base64.StdEncoding, second)); err != nil {
		t.Error(err)
	}
	if _, err := related.NextRawPart(); err != io.EOF {
		t.Errorf("something follows the picture: %v", err)
	}
	if len(p.Raw) > 64<<10 {
		t.Errorf("%d bytes", len(p.Raw))
	}
	// Our own reader of mail finds the same text in it.
	read := parse.Read(p.Raw, parse.Options{})
	if read.Park != "" || !strings.Contains(read.Text+read.Park, "came to the gate") && read.Robot == parse.RobotNone {
		t.Errorf("read as %+v", read)
	}
}

func TestInlineRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"no body":  "From: a\r\n",
		"one part": "From: a\r\nContent-Type: text/plain\r\n\r\nhello\r\n",
		"no type":  "From: a\r\n\r\nhello\r\n",
	} {
		if _, err := inline([]byte(raw), []byte("x"), "week", "b"); err == nil {
			t.Errorf("%s: got a picture", name)
		}
	}
}
