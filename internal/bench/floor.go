package bench

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/smtp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Fetch reads every mail of INBOX, up to batch of them in one FETCH and one
// FETCH at a time, and does nothing with them but hand them to each, which may
// be nil. It tells how many there were.
func Fetch(addr, user, password string, batch int, each func(raw []byte) error) (mails int, err error) {
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Logout().Wait(), c.Close()) }()
	if err := c.Login(user, password).Wait(); err != nil {
		return 0, err
	}
	box, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return 0, err
	}
	section := &imap.FetchItemBodySection{Peek: true}
	for from := uint32(1); from <= box.NumMessages; from += uint32(batch) {
		set := imap.SeqSet{{Start: from, Stop: min(from+uint32(batch)-1, box.NumMessages)}}
		cmd := c.Fetch(set, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section}})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			for item := msg.Next(); item != nil; item = msg.Next() {
				body, ok := item.(imapclient.FetchItemDataBodySection)
				if !ok {
					continue
				}
				raw := make([]byte, body.Literal.Size())
				if _, err := io.ReadFull(body.Literal, raw); err != nil {
					return mails, err
				}
				mails++
				if each != nil {
					if err := each(raw); err != nil {
						return mails, err
					}
				}
			}
		}
		if err := cmd.Close(); err != nil {
			return mails, err
		}
	}
	return mails, nil
}

// Parse reads a mail with the standard library alone: its header, its parts,
// and every part decoded. It tells how many bytes came out.
func Parse(raw []byte) (int64, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	return part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
}

func part(ctype, encoding string, body io.Reader) (n int64, err error) {
	kind, params, err := mime.ParseMediaType(ctype)
	if err != nil {
		return 0, fmt.Errorf("content type %q: %w", ctype, err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		switch strings.ToLower(encoding) {
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		return io.Copy(io.Discard, body)
	}
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		k, err := part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		if n += k; err != nil {
			return n, err
		}
	}
}

// Letter is what a client gives to a mail server.
type Letter struct {
	From, To string
	Raw      []byte
}

// Send gives letters to an SMTP server over STARTTLS, on so many connections
// that are kept until the last of them, and does nothing else.
func Send(addr, user, password string, secure *tls.Config, connections int, letters []Letter) error {
	var next atomic.Int64
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			errs[i] = sendSome(addr, user, password, secure, func() *Letter {
				if n := int(next.Add(1)) - 1; n < len(letters) {
					return &letters[n]
				}
				return nil
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func sendSome(addr, user, password string, secure *tls.Config, next func() *Letter) (err error) {
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Quit()) }()
	if err := c.StartTLS(secure); err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth("", user, password, secure.ServerName)); err != nil {
		return err
	}
	for l := next(); l != nil; l = next() {
		if err := c.Mail(l.From); err != nil {
			return err
		}
		if err := c.Rcpt(l.To); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(l.Raw); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}
