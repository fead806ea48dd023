package mime

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// errCharset is returned for a charset that is refused (utf-7 hides markup
// and command words from every other reader) or unknown.
var errCharset = errors.New("the charset is not one we read")

// charsetOf finds the encoding of a declared name; nil for UTF-8 and ASCII.
func charsetOf(name string) (encoding.Encoding, error) {
	name = strings.ToLower(strings.Trim(name, " \t\"'"))
	name = strings.TrimPrefix(name, "charset=")
	switch name {
	case "", "utf-8", "utf8", "utf8mb4", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "default", "binary", "7bit", "8bit", "unicode-1-1-utf-8", "utf-8-sig":
		return nil, nil
	case "utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7", "x-utf-7":
		return nil, errCharset
	case "gb2312", "gbk", "gb18030", "cp936", "x-gbk", "gb_2312-80", "euc-cn", "x-euc-cn":
		return simplifiedchinese.GB18030, nil // the superset: labels lie by one generation
	case "cp850", "ibm850":
		return charmap.CodePage850, nil
	case "cp437", "ibm437":
		return charmap.CodePage437, nil
	case "cp852", "ibm852":
		return charmap.CodePage852, nil
	case "cp932", "windows-31j", "ms932":
		name = "shift_jis"
	case "cp949", "windows-949", "ms949", "ks_c_5601-1987":
		name = "euc-kr"
	case "cp950":
		name = "big5"
	case "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "cp50220", "cp50221", "csiso2022jp":
		name = "iso-2022-jp"
	}
	if n, ok := strings.CutPrefix(name, "cp125"); ok {
		name = "windows-125" + n
	}
	e, err := htmlindex.Get(name)
	if err != nil || e == encoding.Replacement {
		return nil, errCharset
	}
	if n, _ := htmlindex.Name(e); n == "utf-8" {
		return nil, nil
	}
	return e, nil
}

// ToUTF8 decodes text of a declared charset. note is not empty when the label
// did not fit and the charset was guessed; err when the text must not be read.
func ToUTF8(b []byte, charset string) (text, note string, err error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	e, err := charsetOf(charset)
	if err != nil {
		if IsASCII(b) && !strings.Contains(strings.ToLower(charset), "utf") && bytes.IndexByte(b, 0x1b) < 0 {
			return string(b), "", nil // whatever it calls itself, it is ASCII
		}
		if strings.Contains(strings.ToLower(charset), "utf") {
			return "", "", err
		}
		text, note = guess(b)
		return text, "charset " + Shown(charset) + " is unknown; " + note, nil
	}
	if e == nil {
		if utf8.Valid(b) {
			if bytes.Contains(b, []byte("\x1b$")) {
				if t, err := htmlDecode("iso-2022-jp", b); err == nil {
					return t, "the text is iso-2022-jp without saying so", nil
				}
			}
			return string(b), "", nil
		}
		text, note = guess(b)
		return text, note, nil
	}
	// QUIRK: text labelled latin-1 by a client or gateway that is really
	// UTF-8. Two valid multi-byte runs do not happen by chance in latin-1.
	if utf8.Valid(b) && !IsASCII(b) && isSingleByte(e) && highRuns(b) >= 2 {
		return string(b), "labelled " + Shown(charset) + " but is utf-8", nil
	}
	out, err := io.ReadAll(e.NewDecoder().Reader(bytes.NewReader(b)))
	if err != nil {
		text, note = guess(b)
		return text, note, nil
	}
	return string(out), "", nil
}

// guess reads text whose label does not fit. Only the first 16 KiB are looked
// at, so that a long text costs no more than a short one.
func guess(b []byte) (text, note string) {
	if best := likeliest(b[:min(len(b), 16<<10)]); best.Confidence >= 30 {
		if e, err := charsetOf(best.Charset); err == nil && e != nil {
			if out, err := e.NewDecoder().Bytes(b); err == nil && bytes.Count(out, []byte("\ufffd"))*10 <= len(out) {
				return string(out), "the charset was guessed: " + strings.ToLower(best.Charset)
			}
		}
	}
	if bytes.Count(b, nil) > 0 && mostlyUTF8(b) {
		return strings.ToValidUTF8(string(b), "\ufffd"), "the text is damaged utf-8"
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd"), "the text is damaged utf-8"
	}
	return string(out), "the charset was guessed: windows-1252"
}

// likeliest is the charset of the highest confidence, of several the first by
// name.
//
// QUIRK: the library's DetectBest gives the one whose goroutine was the first to
// end, and so the same bytes another text each time.
func likeliest(b []byte) chardet.Result {
	all, err := chardet.NewTextDetector().DetectAll(b)
	if err != nil {
		return chardet.Result{}
	}
	return slices.MinFunc(all, func(x, y chardet.Result) int {
		return cmp.Or(cmp.Compare(y.Confidence, x.Confidence), strings.Compare(x.Charset, y.Charset))
	})
}

func htmlDecode(name string, b []byte) (string, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return "", err
	}
	out, err := e.NewDecoder().Bytes(b)
	return string(out), err
}

// IsASCII tells whether every byte is.
func IsASCII[T ~string | ~[]byte](b T) bool {
	for i := 0; i < len(b); i++ {
		if b[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isSingleByte(e encoding.Encoding) bool {
	_, ok := e.(*charmap.Charmap)
	return ok
}

// highRuns counts multi-byte sequences in valid UTF-8, up to 2.
func highRuns(b []byte) int {
	n := 0
	for i := 0; i < len(b) && n < 2; i++ {
		if b[i] >= 0xc0 {
			n++
		}
	}
	return n
}

// mostlyUTF8 tells whether at least nine in ten of the high bytes belong to
// valid sequences.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good > 0 && bad*10 <= good
}

var wordDecoder = mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	text, _, err := ToUTF8(b, charset)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(text), nil
}}

// DecodeWords decodes the encoded words of RFC 2047 in an unstructured value
// or a display name; raw 8-bit is read as UTF-8 or guessed. What cannot be
// decoded stays as it is.
func DecodeWords(s string) string {
	if !utf8.ValidString(s) {
		s, _ = guess([]byte(s))
	}
	if !strings.Contains(s, "=?") {
		return s
	}
	if out, err := wordDecoder.DecodeHeader(s); err == nil {
		return out
	}
	return s
}
