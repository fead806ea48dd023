package parse

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// Gone is the body of a part that Skim left out: nobody reads what is in it.
type Gone struct {
	At    int // where it would begin in what is left
	Bytes int // it had
	Size  int // after decoding, as Attached.Size
}

const (
	skimKeep   = 64 << 10             // bodies up to this stay
	skimWindow = 256<<10 + 2*(64<<10) // a header block and the field that goes beyond its bound
)

// Skim reads a large mail without holding it: what is left is the mail without
// the bodies of pictures, archives and the like, for Read with Options.Gone,
// which tells of it what it would tell of the whole. It follows the lines as
// Read does, so a mail that Read parks may be cut off where that is certain.
func Skim(r io.Reader) (raw []byte, gone []Gone, err error) { return skim(r, skimKeep) }

func skim(r io.Reader, keep int) (raw []byte, gone []Gone, err error) {
	w := window{r: r, size: skimWindow}
	if err := w.fill(); err != nil {
		return nil, nil, err
	}
	if w.odd() {
		raw, err = w.all()
		return raw, nil, err
	}
	k := skimmer{window: &w, keep: keep, splitter: splitter{lim: defaults, level: map[string]int{}}}
	err = k.run()
	var park excess
	if errors.As(err, &park) { // Read comes to it as well
		err = nil
	}
	return k.out, k.gone, err
}

// skimmer copies a mail to out, but for the bodies that nobody reads.
type skimmer struct {
	*window
	splitter
	keep int // bodies up to so many bytes stay
	out  []byte
	gone []Gone
	leaf *part // whose body is being read; nil: none
	body Gone
	left bool    // the body is not copied any more
	tail [2]byte // its last two bytes
	bits int     // characters of base64 in it
}

func (k *skimmer) run() error {
	if err := k.begin(nil); err != nil {
		return err
	}
	for {
		chunk, whole, err := k.line()
		if err != nil {
			return err
		}
		if len(chunk) == 0 {
			k.end(false)
			return nil
		}
		at, closing := -1, false
		if whole && len(k.stack) > 0 {
			line, _ := cutLine(chunk, 0)
			at, closing = k.find(line)
		}
		if !k.meet(at, closing) {
			k.add(chunk)
			continue
		}
		k.end(true)
		k.out = append(k.out, chunk...)
		if closing {
			k.start(nil)
			continue
		}
		if k.total >= k.lim.Parts {
			return excess("there are too many parts")
		}
		if err := k.begin(k.isDelimiter); err != nil {
			return err
		}
	}
}

// begin reads the header block of a part and opens it.
func (k *skimmer) begin(stop func([]byte) bool) error {
	if err := k.fill(); err != nil {
		return err
	}
	b := splitHeader(k.rest(), k.lim, stop)
	if b.excess != "" {
		k.out = append(k.out, k.rest()...)
		return excess(b.excess)
	}
	k.out = append(k.out, k.rest()[:b.body]...)
	k.skip(b.body)
	p, err := newPart(b.fields, k.lim)
	if err != nil {
		return err
	}
	k.start(p)
	return k.push(p)
}

func (k *skimmer) start(p *part) {
	k.leaf, k.body, k.left, k.tail, k.bits = p, Gone{At: len(k.out)}, false, [2]byte{}, 0
}

// add takes bytes of the present body.
func (k *skimmer) add(b []byte) {
	if k.leaf != nil && !k.leaf.unread() {
		k.out = append(k.out, b...)
		return
	}
	k.body.Bytes += len(b)
	k.bits += count64(b)
	k.tail[0] = k.tail[1]
	if len(b) > 1 {
		k.tail[0] = b[len(b)-2]
	}
	k.tail[1] = b[len(b)-1]
	if !k.left {
		k.out = append(k.out, b...)
		if len(k.out)-k.body.At > k.keep {
			k.left, k.out = true, k.out[:k.body.At]
		}
	}
}

// end closes the present body; delimited tells that its last line break belongs
// to the delimiter.
func (k *skimmer) end(delimited bool) {
	if !k.left {
		return
	}
	n := k.body.Bytes
	if delimited && k.tail[1] == '\n' {
		n--
		if k.tail[0] == '\r' {
			n--
		}
	}
	k.body.Size = n
	if k.leaf != nil && k.leaf.encoding == "base64" {
		k.body.Size = k.bits * 3 / 4
	}
	k.gone = append(k.gone, k.body)
}

// unread tells whether nobody looks into the part's own body, wherever it
// stands: what a person attaches, and what is around the parts of a multipart.
func (p *part) unread() bool {
	kind, _, _ := strings.Cut(p.ctype, "/")
	switch kind {
	case "image", "audio", "video", "font", "multipart":
		return true
	case "application":
		return !p.smime()
	case "text":
		return !p.inline && (p.ctype == "text/plain" || p.ctype == "text/html" || p.ctype == "text/csv")
	}
	return false
}

// window is the next bytes of a reader, at least size of them while there are.
type window struct {
	r    io.Reader
	size int
	buf  []byte
	off  int
	mid  bool // what comes next is the rest of a line
	eof  bool
}

func (w *window) rest() []byte { return w.buf[w.off:] }
func (w *window) skip(n int)   { w.off += n }

func (w *window) fill() error {
	if w.eof || len(w.rest()) >= w.size {
		return nil
	}
	w.buf = append(w.buf[:0], w.rest()...)
	w.off = 0
	for len(w.buf) < 2*w.size {
		if cap(w.buf) < 2*w.size {
			w.buf = append(make([]byte, 0, 2*w.size), w.buf...)
		}
		n, err := w.r.Read(w.buf[len(w.buf) : 2*w.size])
		w.buf = w.buf[:len(w.buf)+n]
		if err == io.EOF {
			w.eof = true
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// line is the next line with its end; whole is false for a part of one that is
// longer than the window. It is good until the next call, and empty at the end.
func (w *window) line() (chunk []byte, whole bool, err error) {
	n := bytes.IndexByte(w.rest(), '\n') + 1
	if n == 0 {
		if err := w.fill(); err != nil {
			return nil, false, err
		}
		n = bytes.IndexByte(w.rest(), '\n') + 1
	}
	whole = !w.mid && (n > 0 || w.eof)
	w.mid = n == 0
	if n == 0 {
		n = len(w.rest())
	}
	chunk = w.rest()[:n]
	w.skip(n)
	return chunk, whole, nil
}

// odd tells whether the line ends may be bare CRs, see oneBreak.
func (w *window) odd() bool {
	return bytes.IndexByte(w.rest(), '\n') < 0 && bytes.IndexByte(w.rest(), '\r') >= 0
}

func (w *window) all() ([]byte, error) {
	more, err := io.ReadAll(w.r)
	return append(w.rest(), more...), err
}
