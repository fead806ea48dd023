package main

import (
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"gatepost/mailin"
	"gatepost/parse"
)

// arrival is a mail and when it arrived.
type arrival struct {
	at  time.Time
	raw []byte
}

// spooled holds mails in a file, so that they can be put into their order
// however many they are: a few words of memory each.
type spooled struct {
	file  *os.File
	mails []spot
}

// spot is where a mail lies in the file.
type spot struct {
	at     time.Time
	offset int64
	size   int
}

// spool reads every mail and sorts them by arrival; mails of one moment keep
// the order in which they were given. A mail without any date arrives with the
// one before it. The file lies in dir and has no name there any more.
func spool(dir string, args []string) (*spooled, error) {
	file, err := os.CreateTemp(dir, ".replay-*")
	if err != nil {
		return nil, fmt.Errorf("spool mails: %w", err)
	}
	_ = os.Remove(file.Name()) // gone with this process, however it ends
	s := &spooled{file: file}
	var last time.Time
	var offset int64
	err = mailin.Files(args, func(_ string, raw []byte) error {
		at := parse.ReadHead(raw, parse.Options{}).Received.UTC()
		if at.IsZero() {
			at = last
		}
		last = at
		s.mails = append(s.mails, spot{at, offset, len(raw)})
		offset += int64(len(raw))
		if _, err := file.Write(raw); err != nil {
			return fmt.Errorf("spool mails: %w", err)
		}
		return nil
	})
	if err != nil {
		s.close()
		return nil, err
	}
	first := s.firstDate()
	for i := range s.mails { // before the first date
		if s.mails[i].at.IsZero() {
			s.mails[i].at = first
		}
	}
	slices.SortStableFunc(s.mails, func(a, b spot) int { return a.at.Compare(b.at) })
	return s, nil
}

// all reads the mails again, in order of arrival.
func (s *spooled) all() iter.Seq2[arrival, error] {
	return func(yield func(arrival, error) bool) {
		for _, m := range s.mails {
			raw := make([]byte, m.size)
			_, err := s.file.ReadAt(raw, m.offset)
			if err != nil {
				err = fmt.Errorf("spool mails: %w", err)
			}
			if !yield(arrival{m.at, raw}, err) {
				return
			}
		}
	}
}

func (s *spooled) close() { _ = s.file.Close() }

func (s *spooled) firstDate() time.Time {
	for _, m := range s.mails {
		if !m.at.IsZero() {
			return m.at
		}
	}
	return time.Unix(0, 0).UTC()
}
