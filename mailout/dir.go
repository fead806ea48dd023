package mailout

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Dir is a Sender that writes each letter into a folder instead of sending it:
//
//	0001-20260302T083000Z-digest-priya.eml
//
// number, time of sending in UTC, letter, local part of the recipient. The
// bytes are those that a server would have got. A file that is there already
// is an error: two replays must not be mixed.
type Dir struct {
	Path string
	Now  func() time.Time

	mu sync.Mutex
	n  int
}

// Send writes the letter.
func (d *Dir) Send(_ context.Context, _, to string, raw []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	kind := "letter"
	if m, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil && m.Header.Get("X-Gatepost-Letter") != "" {
		kind = m.Header.Get("X-Gatepost-Letter")
	}
	local, _, _ := strings.Cut(to, "@")
	name := fmt.Sprintf("%04d-%s-%s-%s.eml", d.n+1, d.Now().UTC().Format("20060102T150405Z"), fileName(kind), fileName(local))
	f, err := os.OpenFile(filepath.Join(d.Path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write letter: %w", err)
	}
	if _, err = f.Write(raw); err == nil {
		err = f.Close()
	} else {
		_ = f.Close()
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write letter %q: %w", name, err)
	}
	d.n++
	return nil
}

// fileName keeps what is safe in a file's name.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, strings.ToLower(s))
	if s = strings.Trim(s, "."); len(s) > 60 {
		s = s[:60]
	}
	return s
}
