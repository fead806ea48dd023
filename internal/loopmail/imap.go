package loopmail

import (
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
)

// session is the library's memory session with what it lacks: IDLE tells of
// mail that came just before it, EXAMINE really is read-only, UIDVALIDITY
// does not begin at 1 on every start, and a fetch holds the mailbox for one
// mail at a time, so that a slow reader stops no delivery for long.
type session struct {
	*imapmemserver.UserSession // nil before the login

	server   *Server
	box      *box
	inbox    bool // the selected mailbox is INBOX
	readOnly bool
}

var _ imapserver.SessionNamespace = (*session)(nil)
var _ imapserver.SessionMove = (*session)(nil)
var _ imapserver.SessionSASL = (*session)(nil)

// idlePoll is how soon an idling client hears of a change.
const idlePoll = 20 * time.Millisecond

var errReadOnly = &imap.Error{Type: imap.StatusResponseTypeNo, Code: "READ-ONLY", Text: "Mailbox was opened with EXAMINE"}

func (s *session) Login(name, password string) error {
	b := s.server.account(name)
	if b == nil || !slices.Contains(s.server.mechanisms(), sasl.Plain) {
		return imapserver.ErrAuthFailed
	}
	if err := b.user.Login(strings.ToLower(name), password); err != nil {
		return err
	}
	return s.enter(b, name)
}

// enter lets somebody in who has shown who they are.
func (s *session) enter(b *box, _ string) error {
	s.box, s.UserSession = b, imapmemserver.NewUserSession(b.user)
	return nil
}

func (s *session) AuthenticateMechanisms() []string { return s.server.mechanisms() }

func (s *session) Authenticate(mechanism string) (sasl.Server, error) {
	a, err := s.server.authenticator(mechanism, imapserver.ErrAuthFailed, s.enter)
	if err != nil {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: err.Error()}
	}
	return a, nil
}

func (s *session) Close() error { return s.UserSession.Close() }

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	data, err := s.UserSession.Select(name, options)
	if err != nil {
		return nil, err
	}
	s.readOnly, s.inbox = options.ReadOnly, strings.EqualFold(name, "INBOX")
	data.UIDValidity += s.server.epoch
	return data, nil
}

func (s *session) Status(name string, options *imap.StatusOptions) (*imap.StatusData, error) {
	data, err := s.UserSession.Status(name, options)
	if err == nil && options.UIDValidity {
		data.UIDValidity += s.server.epoch
	}
	return data, err
}

func (s *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	data, err := s.UserSession.Append(name, r, options)
	if err == nil {
		data.UIDValidity += s.server.epoch
	}
	return data, err
}

func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	data, err := s.UserSession.Copy(set, dest)
	if err == nil {
		data.UIDValidity += s.server.epoch
	}
	return data, err
}

func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	if s.readOnly {
		return errReadOnly
	}
	data, err := s.Copy(set, dest)
	if err != nil {
		return err
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.UserSession.Store(nil, data.SourceUIDs, flags, nil); err != nil {
		return err
	}
	return s.UserSession.Expunge(nil, &data.SourceUIDs)
}

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, options *imap.StoreOptions) error {
	if s.readOnly {
		return errReadOnly
	}
	return s.UserSession.Store(w, set, flags, options)
}

func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if s.readOnly {
		return nil // CLOSE after EXAMINE removes nothing, RFC 9051 §6.4.1
	}
	return s.UserSession.Expunge(w, uids)
}

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if s.readOnly {
		for _, b := range options.BodySection {
			b.Peek = true
		}
	}
	criteria := &imap.SearchCriteria{}
	switch set := set.(type) {
	case imap.UIDSet:
		criteria.UID = []imap.UIDSet{set}
	case imap.SeqSet:
		criteria.SeqNum = []imap.SeqSet{set}
	}
	// By sequence number: a mail that this client was not told of yet has
	// none, and the library would send it as number 0.
	found, err := s.UserSession.Search(imapserver.NumKindSeq, criteria, &imap.SearchOptions{})
	if err != nil {
		return err
	}
	seqs, _ := found.All.(imap.SeqSet)
	nums, _ := seqs.Nums()
	for _, n := range nums {
		done, err := s.fetchOdd(w, n, options)
		if err != nil {
			return err
		}
		if done {
			continue
		}
		if err := s.UserSession.Fetch(w, imap.SeqSetNum(n), options); err != nil {
			return err
		}
	}
	return nil
}

// Idle looks for changes itself: the library's Idle sleeps until the next
// change even when one is already waiting.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	tick := time.NewTicker(idlePoll)
	defer tick.Stop()
	for {
		if err := s.UserSession.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
	}
}
