package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// How the bytes of mails and letters lie in the database. A form is never
// given another meaning: old rows stay as they were written.
const (
	plain  = ""     // as they are
	zipped = "zstd" // one zstd frame with its checksum (RFC 8878)
)

// packLeast is the size under which compression is not worth its while.
const packLeast = 128

// packMost is more than any mail or letter that is ever stored.
const packMost = 1 << 30

// packWindow bounds how far back a frame may refer, and with it the memory of
// who writes and reads it.
const packWindow = 1 << 20

// packer is shared: EncodeAll may be called by many at once.
var packer = sync.OnceValue(func() *zstd.Encoder {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(packWindow), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(true),
		zstd.WithAllLitEntropyCompression(true)) // base64 has no matches and still one byte in four to give
	if err != nil {
		panic(err) // the options are wrong, and always so
	}
	return w
})

// unpackers hold no frame between two uses.
var unpackers = sync.Pool{New: func() any {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(packWindow))
	if err != nil {
		panic(err)
	}
	return r
}}

// pack is raw as it is stored, and in which form. The same bytes are always
// packed the same. stored is a copy or not nil in any case.
func pack(raw []byte) (stored []byte, form string) {
	if len(raw) >= packLeast {
		if b := packer().EncodeAll(raw, make([]byte, 0, len(raw)/2+64)); len(b) < len(raw) {
			return b, zipped
		}
	}
	return append([]byte{}, raw...), plain
}

// unpack is what pack was given, size bytes. A frame that holds more or less
// is damaged, and no more than size bytes are ever made of it.
func unpack(stored []byte, form string, size int64) ([]byte, error) {
	switch form {
	case plain:
		return stored, nil
	case zipped:
		r := unpackers.Get().(*zstd.Decoder)
		defer unpackers.Put(r)
		defer r.Reset(nil)
		if err := r.Reset(bytes.NewReader(stored)); err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		if size < 0 || size > packMost {
			return nil, fmt.Errorf("unpack %d bytes: %w", size, errDamaged)
		}
		raw := make([]byte, size)
		if _, err := io.ReadFull(r, raw); err != nil {
			return nil, fmt.Errorf("unpack %d bytes: %w", size, err)
		}
		if _, err := io.ReadFull(r, make([]byte, 1)); !errors.Is(err, io.EOF) { // reads the checksum as well
			return nil, fmt.Errorf("unpack %d bytes: more of them, or others: %w", size, errors.Join(errDamaged, err))
		}
		return raw, nil
	}
	return nil, fmt.Errorf("unpack: form %q is not known to this program: %w", form, errDamaged)
}

var errDamaged = errors.New("the stored bytes are damaged")
