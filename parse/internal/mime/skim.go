package mime

import (
	"errors"
	"io"
	"strings"
)

// Gone is the body of a part that Skim left out: nobody reads what is in it.
type Gone struct {
	At    int // where it would begin in what is left
	Bytes int // it had
	Size  int // after decoding, as Part.Size
}

// Skim reads a large mail without holding it: what is left is the mail without
// the bodies beyond keep bytes of pictures, archives and the like. It follows the
// lines as Split does, so a mail beyond the limits may be cut off where that is
// certain.
func Skim(r io.Reader, keep int) (raw []byte, gone []Gone, err error) {
	w := NewWindow(r)
	if err := w.Fill(); err != nil {
		return nil, nil, err
	}
	if w.Odd() {
		raw, err = w.All()
		return raw, nil, err
	}
	k := skimmer{Window: w, keep: keep, splitter: splitter{lim: Defaults, level: map[string]int{}}}
	err = k.run()
	var park excess
	if errors.As(err, &park) { // Read comes to it as well
		err = nil
	}
	return k.out, k.gone, err
}

// skimmer copies a mail to out, but for the bodies that nobody reads.
type skimmer struct {
	*Window
	splitter
	keep int // bodies up to so many bytes stay
	out  []byte
	gone []Gone
	leaf *Part // whose body is being read; nil: none
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
	if err := k.Fill(); err != nil {
		return err
	}
	b := SplitHeader(k.Rest(), k.lim, stop)
	if b.Excess != "" {
		k.out = append(k.out, k.Rest()...)
		return excess(b.Excess)
	}
	k.out = append(k.out, k.Rest()[:b.Body]...)
	k.Skip(b.Body)
	p, err := newPart(b.Fields, k.lim)
	if err != nil {
		return err
	}
	k.start(p)
	return k.push(p)
}

func (k *skimmer) start(p *Part) {
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
func (p *Part) unread() bool {
	kind, _, _ := strings.Cut(p.Type, "/")
	switch kind {
	case "image", "audio", "video", "font", "multipart":
		return true
	case "application":
		return !p.smime()
	case "text":
		return !p.Inline && (p.Type == "text/plain" || p.Type == "text/html" || p.Type == "text/csv")
	}
	return false
}
