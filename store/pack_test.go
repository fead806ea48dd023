package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"gatepost/loop"
)

// noise cannot be compressed, and is the same each time.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func TestPack(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing": {}, "a word": []byte("hello"), "noise": noise(5000), "zero": make([]byte, 1<<20),
		"text": bytes.Repeat([]byte("the shelf holds a lamp\r\n"), 400), "attachment": []byte(base64.StdEncoding.EncodeToString(noise(3 << 20))),
		"like a frame": append([]byte("\x28\xb5\x2f\xfd"), noise(300)...),
	} {
		stored, form := pack(raw)
		again, _ := pack(raw)
		if !bytes.Equal(stored, again) {
			t.Errorf("%s: packed twice, two results", name)
		}
		got, err := unpack(stored, form, int64(len(raw)))
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s: %d bytes in form %q come back as %d: %v", name, len(raw), form, len(got), err)
		}
		if len(stored) > len(raw) {
			t.Errorf("%s: %d bytes are stored as %d", name, len(raw), len(stored))
		}
	}
}

// Whatever lies in a damaged database: an error, and never more memory than
// the size that was noted.
func TestUnpackDamaged(t *testing.T) {
	raw := bytes.Repeat([]byte("the shelf holds a lamp\r\n"), 400)
	stored, form := pack(raw)
	n := int64(len(raw))
	w, err := zstd.NewWriter(nil)
	must(t, err)
	bomb := w.EncodeAll(make([]byte, 64<<20), nil)
	changed := bytes.Clone(stored)
	changed[len(changed)-1] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		stored []byte
		form   string
		size   int64
	}{
		"cut":       {stored[:len(stored)-5], form, n},
		"changed":   {changed, form, n},
		"short":     {stored, form, n + 1},
		"long":      {stored, form, n - 1},
		"bomb":      {bomb, zipped, 1000},
		"no frame":  {[]byte("hello"), zipped, 5},
		"empty":     {nil, zipped, 5},
		"giant":     {stored, form, 1 << 50},
		"negative":  {stored, form, -1},
		"new form":  {stored, "brotli", n},
		"two of it": {append(bytes.Clone(stored), stored...), form, n},
	} {
		if got, err := unpack(c.stored, c.form, c.size); err == nil {
			t.Errorf("%s: %d bytes and no error", name, len(got))
		}
	}
	if got, err := unpack(stored, form, n); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("after all that: %v", err)
	}
}

// What went in comes out, mails and letters, new ones and those of a database
// from before there was compression; the fingerprint is of the mail itself.
func TestRawComesBack(t *testing.T) {
	r := newRig(t)
	mails := map[int64]string{}
	for n, body := range []string{"short", strings.Repeat("long and long\r\n", 5000), string(noise(10_000))} {
		raw := fmt.Sprintf("Message-ID: <%d@x>\r\n\r\n%s", n, body)
		mails[r.receive(raw)] = raw
	}
	var forms string
	must(t, r.writer.QueryRow(`SELECT group_concat(form || ':' || (length(bytes) < size), ' ') FROM raw JOIN inbox ON id = mail`).Scan(&forms))
	if forms != ":0 zstd:1 :0" {
		t.Errorf("forms and whether they are smaller: %q", forms)
	}
	_, err := r.writer.Exec(`UPDATE raw SET form = '', bytes = CAST(? AS BLOB) WHERE mail = 2`, mails[2]) // as an older program wrote it
	must(t, err)
	for id, raw := range mails {
		got, err := r.Raw(context.Background(), id)
		if err != nil || string(got) != raw {
			t.Errorf("mail %d comes back as %d bytes, want %d: %v", id, len(got), len(raw), err)
		}
	}
	next, err := r.NextMail(context.Background(), start)
	if err != nil || string(next.Raw) != mails[1] {
		t.Errorf("next mail: %v", err)
	}
	r.uid++
	if fresh, err := r.Receive(context.Background(), "INBOX", 7, r.uid, start, []byte(mails[2])); fresh || err != nil {
		t.Errorf("a second copy is taken for another mail: %v %v", fresh, err)
	}
}

// A mail or a letter whose bytes are damaged says so and stops no other.
func TestDamagedBytes(t *testing.T) {
	r := newRig(t)
	id := r.receive("Message-ID: <1@x>\r\n\r\n" + strings.Repeat("lamp ", 100))
	_, err := r.writer.Exec(`UPDATE raw SET bytes = x'00112233' WHERE mail = ?`, id)
	must(t, err)
	m, err := r.NextMail(context.Background(), start)
	if err != nil || m.Damaged == "" || len(m.Raw) > 0 {
		t.Errorf("next mail: %+v %v", m, err)
	}
	must(t, r.Commit(context.Background(), Step{At: start, Mail: id, Verdict: Parked, Reason: "damaged", Team: shop,
		Letters: []loop.Letter{{Kind: loop.Alert, Team: shop, To: "op@acme.example"}}}))
	p, err := r.NextPost(context.Background(), start.Add(time.Hour))
	must(t, err)
	p.MessageID, p.Raw = "x@y", bytes.Repeat([]byte("lamp "), 100)
	must(t, r.KeepPost(context.Background(), p))
	must(t, r.KeepPost(context.Background(), p)) // the same once more
	if again, err := r.NextPost(context.Background(), start.Add(time.Hour)); err != nil || !bytes.Equal(again.Raw, p.Raw) {
		t.Errorf("kept letter: %v", err)
	}
	_, err = r.writer.Exec(`UPDATE post SET raw = x'00'`)
	must(t, err)
	if again, err := r.NextPost(context.Background(), start.Add(time.Hour)); err != nil || again.Damaged == "" {
		t.Errorf("damaged letter: %+v %v", again, err)
	}
}

// The cost of a byte, and how many of 100 stay, for mails as they come: short
// text, and a scan as an attachment.
func BenchmarkPack(b *testing.B) {
	words := strings.Fields("the shelf holds a lamp and nobody knows why it was put there on a monday before the review of last week")
	rng := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for range 250 {
		text.WriteString(words[rng.IntN(len(words))] + " ")
	}
	mail := "Received: from mail.acme.example (mail.acme.example [192.0.2.7]) by mx.acme.example with ESMTPS; Mon, 2 Mar 2026 09:00:00 +0100\r\n" +
		"From: Dana <dana@acme.example>\r\nTo: Shop <shop+t12.abcdefghijklmnop@acme.example>\r\nSubject: Re: Login loops\r\nMessage-ID: <1234567890@mail.acme.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	for name, raw := range map[string][]byte{
		"text":       []byte(mail + text.String()),
		"attachment": []byte(mail + base64.StdEncoding.EncodeToString(noise(4<<20))),
	} {
		stored, form := pack(raw)
		b.Run("pack/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				pack(raw)
			}
			b.ReportMetric(100*float64(len(stored))/float64(len(raw)), "%kept")
		})
		b.Run("unpack/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := unpack(stored, form, int64(len(raw))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
