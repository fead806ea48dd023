package mailin

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

var errTooMuch = errors.New("the server sent far more than it was asked for")

// wire is the connection below TLS. It counts what comes in against the
// allowance of the command in flight, and takes no deadlines: the IMAP library
// sets its own (none while idling, five minutes for a mail however steadily
// it comes), ours are kept by closing the connection.
type wire struct {
	net.Conn
	left atomic.Int64
	over atomic.Bool
}

func (w *wire) Read(b []byte) (int, error) {
	left := w.left.Load()
	if left <= 0 {
		w.over.Store(true)
		w.Conn.Close()
		return 0, errTooMuch
	}
	n, err := w.Conn.Read(b[:min(int64(len(b)), left)])
	w.left.Add(-int64(n))
	return n, err
}

func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
