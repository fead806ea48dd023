package loopmail

import (
	"bytes"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// odd tells whether the library would not give raw back as it is: it reads the
// header and writes it anew, so that a mail of no bytes comes out with two, and
// one without a header comes out empty.
func odd(raw []byte) bool {
	return !bytes.Equal(imapserver.ExtractBodySection(bytes.NewReader(raw), &imap.FetchItemBodySection{}), raw)
}

// fetchOdd answers for an odd mail, if the one with this sequence number is
// one: number, size, date and bytes, no flags and no structure.
func (s *session) fetchOdd(w *imapserver.FetchWriter, seq uint32, options *imap.FetchOptions) (bool, error) {
	s.server.mu.Lock()
	none := !s.inbox || len(s.box.odd) == 0
	s.server.mu.Unlock()
	if none || len(options.BodySection) == 0 {
		return false, nil
	}
	found, err := s.UserSession.Search(imapserver.NumKindUID, &imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(seq)}}, &imap.SearchOptions{})
	if err != nil {
		return false, err
	}
	uids := found.AllUIDs()
	if len(uids) != 1 {
		return false, nil
	}
	s.server.mu.Lock()
	m, ok := s.box.odd[uids[0]]
	s.server.mu.Unlock()
	if !ok {
		return false, nil
	}
	r := w.CreateMessage(seq)
	r.WriteUID(uids[0])
	r.WriteRFC822Size(int64(len(m.raw)))
	r.WriteInternalDate(m.at)
	for _, section := range options.BodySection {
		b := part(m.raw, section)
		body := r.WriteBodySection(section, int64(len(b)))
		if _, err := body.Write(b); err != nil {
			return true, err
		}
		if err := body.Close(); err != nil {
			return true, err
		}
	}
	return true, r.Close()
}

// part is what a section of an odd mail holds: everything is its text, save
// what stands before an empty line.
func part(raw []byte, section *imap.FetchItemBodySection) []byte {
	head, text, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	switch {
	case len(section.Part) > 0:
		raw = nil
	case section.Specifier == imap.PartSpecifierHeader && found:
		raw = raw[:len(head)+4]
	case section.Specifier == imap.PartSpecifierHeader:
		raw = nil
	case section.Specifier == imap.PartSpecifierText && found:
		raw = text
	}
	if p := section.Partial; p != nil {
		from := min(p.Offset, int64(len(raw)))
		raw = raw[from:][:min(p.Size, int64(len(raw))-from)]
	}
	return raw
}
