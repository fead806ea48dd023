package parse

import (
	"io"

	"gatepost/parse/internal/mime"
)

const skimKeep = 64 << 10 // bytes; bodies up to this stay

// Skim reads a large mail without holding it: what is left is the mail without
// the bodies of pictures, archives and the like, for Read with Options.Gone,
// which tells of it what it would tell of the whole. It follows the lines as
// Read does, so a mail that Read parks may be cut off where that is certain.
func Skim(r io.Reader) (raw []byte, gone []Gone, err error) { return mime.Skim(r, skimKeep) }
