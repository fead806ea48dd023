package mailin

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// answer is what the server told of one mail.
type answer struct {
	uid  uint32
	size int64
	at   time.Time
	body []byte // of the one section that was asked for
	full bool   // body was told, be it empty
}

// answers reads all that comes back for a FETCH or STORE.
//
// QUIRK: the library's own Collect and Close read on in a literal that was cut
// off, at the same time as the library's reader does. Here a literal that comes
// short ends everything; the connection is gone then, and with it the command.
func answers(cmd *imapclient.FetchCommand) ([]answer, error) {
	var all []answer
	for {
		msg := cmd.Next()
		if msg == nil {
			return all, cmd.Close()
		}
		a, err := readAnswer(msg)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
}

func readAnswer(msg *imapclient.FetchMessageData) (answer, error) {
	var a answer
	for {
		switch item := msg.Next().(type) {
		case nil:
			return a, nil
		case imapclient.FetchItemDataUID:
			a.uid = uint32(item.UID)
		case imapclient.FetchItemDataRFC822Size:
			a.size = item.Size
		case imapclient.FetchItemDataInternalDate:
			a.at = item.Time
		case imapclient.FetchItemDataBodySection:
			b, err := readLiteral(item.Literal)
			if err != nil {
				return a, err
			}
			a.body, a.full = b, true
		case imapclient.FetchItemDataBinarySection: // not asked for, but it must be read
			if _, err := readLiteral(item.Literal); err != nil {
				return a, err
			}
		}
	}
}

// late is the answers that nobody asked for, as far as the library can tell.
//
// QUIRK: the items of an answer come in any order (RFC 9051 §7.5.2), but the
// library finds the command by what stands before the first literal. A server
// that tells the UID behind the mail would seem to have none.
type late struct {
	mu   sync.Mutex
	told []answer // since the command in flight began; its allowance bounds them
}

// read takes an answer as it comes. The library's reader waits at a literal
// until it is read, so what holds one is here before the command ends.
func (l *late) read(msg *imapclient.FetchMessageData) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, err := readAnswer(msg); err == nil && a.full { // the library's own reading can panic, see answers
		l.told = append(l.told, a)
	}
}

// take hands over what came.
func (l *late) take() []answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := l.told
	l.told = nil
	return told
}

// spare is buffers of pieces that were handed over: new ones cost more than what
// is done with the bytes in them.
var spare = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readLiteral reads to the end; NIL is an empty text.
func readLiteral(lit imap.LiteralReader) ([]byte, error) {
	if lit == nil {
		return []byte{}, nil
	}
	size := lit.Size()
	b := new(bytes.Buffer)
	if size == piece {
		b = spare.Get().(*bytes.Buffer)
		b.Reset()
	}
	b.Grow(int(min(size, piece)) + bytes.MinRead)
	if _, err := b.ReadFrom(lit); err != nil {
		return nil, err
	}
	if int64(b.Len()) != size {
		return nil, fmt.Errorf("%d of %d bytes: %w", b.Len(), size, io.ErrUnexpectedEOF)
	}
	return b.Bytes(), nil
}
