package mime

import (
	"bytes"
	"io"
)

// Window is the next bytes of a reader, at least size of them while there are.
type Window struct {
	r    io.Reader
	size int
	buf  []byte
	off  int
	mid  bool // what comes next is the rest of a line
	eof  bool
}

// windowSize holds a header block and the field that goes beyond its bound.
const windowSize = 256<<10 + 2*(64<<10)

// NewWindow is empty until Fill.
func NewWindow(r io.Reader) *Window { return &Window{r: r, size: windowSize} }

// Rest is what is in the window; it is good until the next Fill.
func (w *Window) Rest() []byte { return w.buf[w.off:] }

// Skip leaves the first n bytes of Rest behind.
func (w *Window) Skip(n int) { w.off += n }

// Fill reads on until the window holds its size or the reader ends.
func (w *Window) Fill() error {
	if w.eof || len(w.Rest()) >= w.size {
		return nil
	}
	w.buf = append(w.buf[:0], w.Rest()...)
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
func (w *Window) line() (chunk []byte, whole bool, err error) {
	n := bytes.IndexByte(w.Rest(), '\n') + 1
	if n == 0 {
		if err := w.Fill(); err != nil {
			return nil, false, err
		}
		n = bytes.IndexByte(w.Rest(), '\n') + 1
	}
	whole = !w.mid && (n > 0 || w.eof)
	w.mid = n == 0
	if n == 0 {
		n = len(w.Rest())
	}
	chunk = w.Rest()[:n]
	w.Skip(n)
	return chunk, whole, nil
}

// Odd tells whether the line ends may be bare CRs, see OneBreak.
func (w *Window) Odd() bool {
	return bytes.IndexByte(w.Rest(), '\n') < 0 && bytes.IndexByte(w.Rest(), '\r') >= 0
}

// All is Rest and everything that the reader still has.
func (w *Window) All() ([]byte, error) {
	more, err := io.ReadAll(w.r)
	return append(w.Rest(), more...), err
}
