package mailin

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// maxUnfiled is how many mails are remembered to be filed away later.
const maxUnfiled = 100_000

// fileAway moves mail that was stored to the folder. A failure is told and no
// more: the mail is stored, and lies where it lay, until the next pass.
func (p *Poller) fileAway(ctx context.Context, s *session, uids []uint32) {
	if err := p.moveAway(ctx, s, uids); err != nil {
		p.log.Warn("mail could not be filed away; it is stored and stays in the mailbox until it can", "folder", p.cfg.FileAway, "mails", len(uids), "error", err)
		p.unfile(uids)
	}
}

// fileAwayLater tries again what could not be filed away before. What is not
// there any more the server passes over.
func (p *Poller) fileAwayLater(ctx context.Context, s *session, uidvalidity uint32) {
	if p.unfiledOf != uidvalidity {
		p.unfiled, p.unfiledOf = nil, uidvalidity
	}
	uids := p.unfiled
	p.unfiled = nil
	for len(uids) > 0 {
		n := min(len(uids), batch)
		if err := p.moveAway(ctx, s, uids[:n]); err != nil {
			p.log.Debug("mail can still not be filed away", "folder", p.cfg.FileAway, "mails", len(uids), "error", err)
			p.unfile(uids)
			return
		}
		p.log.Info("mail filed away that could not be before", "folder", p.cfg.FileAway, "mails", n)
		uids = uids[n:]
	}
}

func (p *Poller) unfile(uids []uint32) {
	p.unfiled = append(p.unfiled, uids...)
	p.unfiled = p.unfiled[max(0, len(p.unfiled)-maxUnfiled):]
}

func (p *Poller) moveAway(ctx context.Context, s *session, uids []uint32) error {
	var set imap.UIDSet
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	err := p.move(ctx, s, set)
	var no *imap.Error
	if errors.As(err, &no) && no.Type == imap.StatusResponseTypeNo { // most likely the folder is missing
		if err = s.run(ctx, func() error { return s.c.Create(p.cfg.FileAway, nil).Wait() }); err == nil {
			err = p.move(ctx, s, set)
		}
	}
	return err
}

// move takes one step after the other and goes on only when the server agreed
// to the one before. The library's own fallback sends COPY, STORE \Deleted and
// EXPUNGE at once, which empties the mailbox when the folder is missing and,
// without UIDPLUS, removes what others marked.
func (p *Poller) move(ctx context.Context, s *session, set imap.UIDSet) error {
	if s.caps.Has(imap.CapMove) {
		return s.run(ctx, func() error {
			_, err := s.c.Move(set, p.cfg.FileAway).Wait()
			return err
		})
	}
	if !s.caps.Has(imap.CapUIDPlus) {
		return fmt.Errorf("the server has neither MOVE nor UIDPLUS, without which filing away could remove the mail of others: %w", ErrConfig)
	}
	err := s.run(ctx, func() error {
		_, err := s.c.Copy(set, p.cfg.FileAway).Wait()
		return err
	})
	if err != nil {
		return err
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	mark := func() error { _, err := answers(s.c.Store(set, deleted, nil)); return err }
	if err := s.run(ctx, mark); err != nil {
		return fmt.Errorf("mark as moved: %w", err)
	}
	if err := s.run(ctx, func() error { return s.c.UIDExpunge(set).Close() }); err != nil {
		return fmt.Errorf("remove what was moved: %w", err)
	}
	return nil
}
