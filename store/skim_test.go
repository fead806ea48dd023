package store

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// trap is a reader that stands for a fault in what reads.
type trap struct{}

func (trap) Read([]byte) (int, error) { panic("trap") }

// A mail at which the skimmer fails is one mail's misfortune; the pieces of one
// that arrives are handed on all the same.
func TestSkimFails(t *testing.T) {
	if _, err := skim(trap{}); !errors.Is(err, errUnread) {
		t.Errorf("%v", err)
	}
	pieces, on := make(chan *bytes.Buffer, 2), make(chan *bytes.Buffer, 2)
	pieces <- bytes.NewBufferString("From: <a@x>\r\n")
	pieces <- bytes.NewBufferString("\r\n")
	close(pieces)
	p := pass(pieces, on, func(r io.Reader) (skimmed, error) {
		_, _ = r.Read(make([]byte, 1))
		return skim(trap{})
	})
	if _, err := p.wait(); !errors.Is(err, errUnread) {
		t.Errorf("%v", err)
	}
	if n := len(on); n != 2 {
		t.Errorf("%d pieces were handed on", n)
	}
}
