package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatepost/parse"
)

// importBox names the mailbox of mail that came by Import.
const importBox = "import"

// OldMail is a mail from before Gatepost, as Import keeps it.
type OldMail struct {
	At                  time.Time
	Raw                 []byte
	From, Subject, Text string
}

// Import makes a step durable that came of old mails: Commit, with the mails
// kept as read. An event whose Mail is -1 is of the first of them, and so on.
// It fails with ErrStale, and nothing is written, if one of the mails is known.
func (d *DB) Import(ctx context.Context, s Step, mails []OldMail) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	// A crash before this commit: the thread is not known, and the next import
	// takes it. After it: its mails are known, and no import takes them again.
	return d.write(ctx, "import", func(tx *sql.Tx) error {
		d.memory.forget()
		if _, err := tx.ExecContext(ctx, `INSERT INTO team (address) VALUES (?) ON CONFLICT DO NOTHING`, s.Team); err != nil {
			return err
		}
		var uid uint32
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(uid), 0) FROM inbox WHERE mailbox = ? AND uidvalidity = 1`, importBox).Scan(&uid); err != nil {
			return err
		}
		ids := make([]int64, len(mails))
		for i, m := range mails {
			var err error
			if ids[i], err = s.keepOld(ctx, tx, m, uid+uint32(i)+1); err != nil {
				return err
			}
		}
		if err := saveState(ctx, tx, s.Team, s.Before, s.After); err != nil {
			return err
		}
		for _, e := range s.Events {
			if e.Mail < 0 {
				e.Mail = ids[-e.Mail-1]
			}
			if _, err := s.appendEvent(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s Step) keepOld(ctx context.Context, tx *sql.Tx, m OldMail, uid uint32) (id int64, err error) {
	a := arrival{mailbox: importBox, uidvalidity: 1, uid: uid, at: m.At, fingerprint: parse.Fingerprint(m.Raw), whole: true}.of(m.Raw)
	if _, err := twin(ctx, tx, &a); !errors.Is(err, sql.ErrNoRows) {
		return 0, errors.Join(err, ErrStale)
	}
	if id, err = insertMail(ctx, tx, a); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE inbox
		   SET verdict = 'read',
		       decided = ?,
		       team = ?,
		       sender = ?,
		       subject = ?,
		       task = ?,
		       text = ?
		 WHERE id = ?`, stamp(s.At), s.Team, m.From, m.Subject, s.Task, m.Text, id)
	if err != nil || m.Text == "" {
		return id, err
	}
	return id, say(ctx, tx, s.Team, 0, id, m.Subject+"\n"+m.Text)
}

// Known tells which of these fingerprints are of mails that a team has had, and
// the task that each is about, 0 for none.
func (d *DB) Known(ctx context.Context, team string, fingerprints []string) (tasks map[string]int, err error) {
	list, err := json.Marshal(fingerprints)
	if err != nil {
		return nil, err
	}
	tasks = map[string]int{}
	err = d.read(ctx, "look for known mails", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT wanted.value,
			       inbox.task
			  FROM json_each(?1) wanted
			  JOIN inbox
			    ON inbox.fingerprint >= wanted.value
			   AND inbox.fingerprint < wanted.value || '!'
			 WHERE inbox.team = ?2
			    OR inbox.mailbox = ?3`, string(list), team, importBox)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var fingerprint string
			var task int
			if err := rows.Scan(&fingerprint, &task); err != nil {
				return err
			}
			tasks[fingerprint] = max(tasks[fingerprint], task)
		}
		return rows.Err()
	})
	return tasks, err
}
