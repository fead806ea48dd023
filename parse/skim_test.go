package parse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"gatepost/parse/internal/mime"
)

// sameSkimmed demands that a mail says the same without what nobody reads, and
// has the same fingerprint however it comes.
func sameSkimmed(t *testing.T, name string, raw []byte) (left int) {
	t.Helper()
	short, gone, err := mime.Skim(iotest.HalfReader(bytes.NewReader(raw)), 0)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	head := ReadHead(short, Options{})
	want, got := Read(raw, Options{}), Read(short, Options{Gone: gone, Head: &head})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: skimmed to %d of %d bytes, it says\n%+v\nand whole\n%+v", name, len(short), len(raw), got, want)
	}
	if !reflect.DeepEqual(head, ReadHead(raw, Options{})) {
		t.Errorf("%s: another head", name)
	}
	f, err := FingerprintOf(iotest.OneByteReader(bytes.NewReader(raw)))
	if err != nil || f != Fingerprint(raw) {
		t.Errorf("%s: fingerprint %s in pieces, %s whole, %v", name, f, Fingerprint(raw), err)
	}
	return len(short)
}

func TestSkim(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.eml")
	if len(files) == 0 {
		t.Fatal("no samples")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sameSkimmed(t, file, raw)
		for range 3 { // the same, broken
			broken := bytes.Clone(raw)
			if at := rng.IntN(len(broken)); rng.IntN(2) == 0 {
				broken = append(broken[:at], broken[min(len(broken), at+1+rng.IntN(200)):]...)
			} else {
				broken[at] = "\r\n-=\x00;:"[rng.IntN(7)]
			}
			sameSkimmed(t, file+", broken", broken)
		}
	}
	part := func(boundary, head, body string) string {
		return "\r\n--" + boundary + "\r\n" + head + "\r\n\r\n" + body
	}
	blob := strings.Repeat("QUJDREVGRw==\r\n", 100_000)
	top := "From: <a@x.example>\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble " + blob
	picture := part("b", "Content-Type: image/png; name=\"a.png\"\r\nContent-Transfer-Encoding: base64", blob)
	text := part("b", "Content-Type: text/plain", "approve")
	for name, raw := range map[string]string{
		"two pictures":      top + text + picture + picture + "\r\n--b--\r\nepilogue" + blob,
		"no end":            top + text + picture,
		"inner":             top + part("b", "Content-Type: multipart/related; boundary=i", "") + part("i", "Content-Type: text/html", "<p>approve</p>") + part("i", "Content-Type: image/png", blob) + "\r\n--i--" + picture + "\r\n--b--",
		"picture alone":     "From: <a@x.example>\r\nContent-Type: image/png\r\n\r\n" + blob,
		"one long line":     top + text + part("b", "Content-Type: application/zip", strings.Repeat("A", 3<<20)+"--b\r\n--b is none\r\n") + "\r\n--b--",
		"attached text":     top + text + part("b", "Content-Type: text/plain; name=log\r\nContent-Disposition: attachment", blob) + "\r\n--b--",
		"too long a text":   top + part("b", "Content-Type: text/plain", blob) + picture + "\r\n--b--",
		"too many parts":    top + strings.Repeat(text, 600) + picture,
		"bare CR":           strings.ReplaceAll(top+text+picture, "\r\n", "\r"),
		"bare LF":           strings.ReplaceAll(top+text+picture+"\n--b--", "\r\n", "\n"),
		"delimiter closed":  top + text + "\r\n--b--\r\n" + blob + "\r\n--b--\r\n" + picture,
		"long header":       "From: <a@x.example>\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n" + blob,
		"many fields":       "From: <a@x.example>\r\n" + strings.Repeat("X: y\r\n", 60_000) + "\r\n" + blob,
		"header and no end": "From: <a@x.example>\r\nX: " + strings.Repeat("x", 600<<10),
		"nothing":           "",
		"one letter":        "x",
	} {
		sameSkimmed(t, name, []byte(raw))
	}
}

// A large attachment costs no memory.
func TestSkimIsFlat(t *testing.T) {
	var head bytes.Buffer
	fmt.Fprintf(&head, "From: <a@x.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\napprove\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	lines := bytes.Repeat([]byte("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n"), 350_000) // 25 MB
	allocated := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	before := allocated()
	raw, gone, err := Skim(io.MultiReader(&head, bytes.NewReader(lines), strings.NewReader("\r\n--b--\r\n")))
	used := allocated() - before
	if err != nil || len(raw) > 1000 || len(gone) != 1 || used > 4<<20 {
		t.Errorf("%d bytes left, %d bodies gone, %d bytes allocated, %v", len(raw), len(gone), used, err)
	}
}
