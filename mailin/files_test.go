package mailin

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree writes files, by path, into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

// read is what Files hands out, "name: raw" with the folder cut from the name.
func read(t *testing.T, dir string, paths ...string) []string {
	t.Helper()
	for i := range paths {
		paths[i] = filepath.Join(dir, paths[i])
	}
	var got []string
	must(t, Files(paths, func(name string, raw []byte) error {
		if raw == nil {
			t.Errorf("%s: nil", name)
		}
		got = append(got, strings.TrimPrefix(name, dir+"/")+": "+string(raw))
		return nil
	}))
	return got
}

func TestFiles(t *testing.T) {
	const from = "From priya@acme.example Mon Mar  2 10:00:00 2026\n"
	for _, c := range []struct {
		name, text string
		want       []string // without the name of the file
	}{
		{"a mail", "Subject: a\n\nFrom here on\n>From there\n", []string{": Subject: a\n\nFrom here on\n>From there\n"}},
		{"empty", "", []string{": "}},
		{"no header", "what\n", []string{": what\n"}},
		{"a field that is odd", "From : priya@acme.example\n\nx 10:00\n", []string{": From : priya@acme.example\n\nx 10:00\n"}},
		{"mbox", from + "Subject: a\n\none\n\n" + from + "Subject: b\n\ntwo\n\n", []string{"#1: Subject: a\n\none\n", "#2: Subject: b\n\ntwo\n"}},
		{"mbox with CRLF", strings.ReplaceAll(from+"Subject: a\n\none\n\n"+from+"Subject: b\n\ntwo\n\n", "\n", "\r\n"), []string{"#1: Subject: a\r\n\r\none\r\n", "#2: Subject: b\r\n\r\ntwo\r\n"}},
		{"quoted", from + "Subject: a\n\n>From me\n>>From you\n> From\n>Fromage\n\n", []string{"#1: Subject: a\n\nFrom me\n>From you\n> From\n>Fromage\n"}},
		{"From in a text", from + "Subject: a\n\nFrom the start at 10:00\n\nFrom here on it fails\nx\n\n", []string{"#1: Subject: a\n\nFrom the start at 10:00\n\nFrom here on it fails\nx\n"}},
		{"other writer", "From - Mon Mar 02 10:00:00 2026\nSubject: a\n\none", []string{"#1: Subject: a\n\none"}},
		{"mbox of nothing", from, []string{"#1: "}},
		{"mails of nothing", from + "\n" + from + "\n", []string{"#1: ", "#2: "}},
		{"one empty line", from + "Subject: a\n\n\n" + from + "Subject: b\n\n\n\n", []string{"#1: Subject: a\n\n", "#2: Subject: b\n\n\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			for _, w := range c.want {
				want = append(want, "x"+w)
			}
			if got := read(t, tree(t, map[string]string{"x": c.text}), "x"); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestFolder(t *testing.T) {
	dir := tree(t, map[string]string{
		"02.eml": "b", "01.EML": "a", "README": "no", ".hidden.eml": "no", "sub/03.eml": "c",
		"old.mbox": "From x Mon Mar  2 10:00:00 2026\nd\n\n", "Maildir/cur/1.M1:2,S": "e", "Maildir/new/2": "f", "Maildir/tmp/3": "no", "Maildir/dovecot-uidlist": "no",
	})
	want := []string{"01.EML: a", "02.eml: b", "Maildir/cur/1.M1:2,S: e", "Maildir/new/2: f", "old.mbox#1: d\n", "sub/03.eml: c"}
	if got := read(t, dir, ""); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := read(t, dir, "README", "sub"); !slices.Equal(got, []string{"README: no", "sub/03.eml: c"}) {
		t.Errorf("got %q", got)
	}
}

func TestFilesErrors(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": "a", "b.eml": "b", "empty/x": ""})
	none := func(string, []byte) error { return nil }
	for _, path := range []string{"missing", "empty"} {
		path = filepath.Join(dir, path)
		if err := Files([]string{path}, none); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", path)) {
			t.Errorf("%s: %v", path, err)
		}
	}
	n := 0
	if err := Files([]string{dir}, func(string, []byte) error { n++; return errDisk }); !errors.Is(err, errDisk) || n != 1 {
		t.Errorf("%v after %d mails", err, n)
	}
}

// TestFilesBounded: of a mail over the limit just so much is handed out that
// it is seen to be over it, and the next mail is whole.
func TestFilesBounded(t *testing.T) {
	const from = "From x Mon Mar  2 10:00:00 2026\n"
	long := strings.Repeat("no end of this line ", (DefaultMaxBytes+100_000)/20)
	dir := tree(t, map[string]string{"one": "Subject: a\n\n" + long, "box": from + "Subject: a\n\n" + long + "\n\n" + from + "Subject: b\n\nnext\n\n"})
	var sizes []int
	must(t, Files([]string{filepath.Join(dir, "one"), filepath.Join(dir, "box")}, func(_ string, raw []byte) error {
		sizes = append(sizes, len(raw))
		return nil
	}))
	if want := []int{DefaultMaxBytes + 1, DefaultMaxBytes + 1, len("Subject: b\n\nnext\n")}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %v, want %v", sizes, want)
	}
}

// FuzzMbox writes the mails that were read as an mboxrd and reads them again.
func FuzzMbox(f *testing.F) {
	f.Add([]byte("From x Mon Mar  2 10:00:00 2026\nSubject: a\n\n>From b\n\nFrom y Tue Mar  3 1:00\n\n"))
	f.Add([]byte("From x Mon 10:00\r\n\r\n\r\nFrom y Mon 10:00\r\n>>From \r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var first, again [][]byte
		if err := readMails("x", bytes.NewReader(raw), func(_ Place, m []byte) error { first = append(first, m); return nil }); err != nil {
			t.Fatal(err)
		}
		var box bytes.Buffer
		for _, m := range first {
			box.WriteString("From x Mon Mar  2 10:00:00 2026\n")
			for _, line := range bytes.SplitAfter(m, []byte("\n")) {
				if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
					box.WriteByte('>')
				}
				box.Write(line)
			}
			if len(m) > 0 && m[len(m)-1] != '\n' {
				return // an mbox cannot hold it
			}
			if bytes.HasSuffix(m, []byte("\r\n")) {
				box.WriteByte('\r')
			}
			box.WriteByte('\n')
		}
		if err := readMails("x", &box, func(_ Place, m []byte) error { again = append(again, m); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(first, again, bytes.Equal) {
			t.Errorf("first %q\nagain %q\nfrom %q", first, again, raw)
		}
	})
}
