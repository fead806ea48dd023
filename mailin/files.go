package mailin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// keepBytes is how much of one mail in a file is handed out. A longer one is
// cut there: it is over DefaultMaxBytes, so that whoever reads it sees that.
const keepBytes = DefaultMaxBytes + 1

// Files hands every mail in paths to fn, in order, one at a time: a path is a
// mail, an mbox, "-" for standard input, or a folder. Of a folder, and the
// folders in it, the files *.eml, *.mbox and *.mbx are read and everything in
// the cur and new of a maildir, by name. The name is the path, for a mail in
// an mbox path#N with N from 1. An empty file is one mail of no bytes. raw is
// not used again and is at most one byte longer than DefaultMaxBytes.
//
// The error of fn ends it and comes back as it is; others name the path.
func Files(paths []string, fn func(name string, raw []byte) error) error {
	return Places(paths, func(p Place, raw []byte) error { return fn(p.Name, raw) })
}

// Place is where a mail stands, so that ReadAt finds it again.
type Place struct {
	Name   string // as Files names it
	Path   string // of the file; "-": standard input, which cannot be read again
	Offset int64  // of the mail's first byte; in an mbox, of the line before it
}

// errFirst ends a reading after the first mail.
var errFirst = errors.New("one is enough")

// ReadAt reads one mail again that Places handed out.
func ReadAt(p Place) (raw []byte, err error) {
	f, err := os.Open(p.Path)
	if err != nil {
		return nil, fmt.Errorf("read mail from %q: %w", p.Path, err)
	}
	defer f.Close()
	if _, err := f.Seek(p.Offset, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read mail from %q: %w", p.Name, err)
	}
	err = readMails(p.Path, f, func(_ Place, mail []byte) error {
		raw = mail
		return errFirst
	})
	if errors.Is(err, errFirst) {
		err = nil
	}
	return raw, err
}

// Places is Files that says where each mail stands.
func Places(paths []string, fn func(p Place, raw []byte) error) error {
	for _, path := range paths {
		if path == "-" {
			if err := readMails("-", os.Stdin, fn); err != nil {
				return err
			}
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("read mail from %q: %w", path, err)
		}
		if !info.IsDir() {
			if err := readFile(path, fn); err != nil {
				return err
			}
			continue
		}
		files, err := folder(path)
		if err != nil {
			return fmt.Errorf("read mail from %q: %w", path, err)
		}
		if len(files) == 0 {
			return fmt.Errorf("read mail from %q: no mail in this folder (*.eml, *.mbox, *.mbx or a maildir)", path)
		}
		for _, f := range files {
			if err := readFile(f, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// folder lists the files that hold mail, in lexical order of their paths.
func folder(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".")
		if d.IsDir() {
			return nil // the folders of a Maildir++ begin with a dot
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".eml", ".mbox", ".mbx":
		default:
			if in := filepath.Base(filepath.Dir(path)); in != "cur" && in != "new" {
				return nil
			}
		}
		if !hidden {
			files = append(files, path)
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

func readFile(path string, fn func(Place, []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read mail from %q: %w", path, err)
	}
	defer f.Close()
	return readMails(path, f, fn)
}

// fromLine is the line before a mail in an mbox: sender and date. Weekday and
// time are asked for because "From " also begins sentences, and odd fields.
var fromLine = regexp.MustCompile(`^From \S.* (Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .*\d\d?:\d\d`)

// quotedFrom is a body line that mboxrd has put a ">" before; mboxo does it
// with the first of these only.
var quotedFrom = regexp.MustCompile(`^>+From `)

// readMails reads one mail, or an mbox if the first line says so.
func readMails(path string, r io.Reader, fn func(Place, []byte) error) error {
	br := bufio.NewReaderSize(r, 64<<10)
	first, err := br.Peek(256)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return fmt.Errorf("read mail from %q: %w", path, err)
	}
	first, _, _ = bytes.Cut(first, []byte("\n"))
	if !fromLine.Match(first) {
		raw, err := io.ReadAll(io.LimitReader(br, keepBytes))
		if err != nil {
			return fmt.Errorf("read mail from %q: %w", path, err)
		}
		return fn(Place{path, path, 0}, raw)
	}
	return readMbox(path, br, fn)
}

func readMbox(path string, br *bufio.Reader, fn func(Place, []byte) error) error {
	var mail []byte
	var begun, at int64              // where the mail began; where the line does
	n, blank, start := 0, true, true // start: at the start of a line
	for {
		line, err := br.ReadSlice('\n')
		if len(line) > 0 {
			switch {
			case start && blank && fromLine.Match(line):
				if n > 0 {
					if err := fn(Place{fmt.Sprintf("%s#%d", path, n), path, begun}, unblank(mail)); err != nil {
						return err
					}
				}
				n, mail, begun = n+1, []byte{}, at
			case start && quotedFrom.Match(line):
				mail = keep(mail, line[1:])
			default:
				mail = keep(mail, line)
			}
			blank = start && len(bytes.TrimRight(line, "\r\n")) == 0
			start = line[len(line)-1] == '\n'
			at += int64(len(line))
		}
		switch {
		case err == nil || errors.Is(err, bufio.ErrBufferFull): // a line longer than the buffer comes in parts
		case errors.Is(err, io.EOF):
			return fn(Place{fmt.Sprintf("%s#%d", path, n), path, begun}, unblank(mail))
		default:
			return fmt.Errorf("read mail from %q: %w", path, err)
		}
	}
}

func keep(mail, line []byte) []byte {
	return append(mail, line[:min(len(line), keepBytes-len(mail))]...)
}

// unblank takes away the empty line that an mbox puts after each mail.
func unblank(mail []byte) []byte {
	if s := string(mail[:min(len(mail), 3)]); s == "\n" || s == "\r\n" {
		return mail[:0]
	}
	if m, ok := bytes.CutSuffix(mail, []byte("\r\n\r\n")); ok {
		return append(m, "\r\n"...)
	}
	if m, ok := bytes.CutSuffix(mail, []byte("\n\n")); ok {
		return append(m, '\n')
	}
	return mail
}
