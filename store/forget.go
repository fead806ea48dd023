package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatepost/loop"
	"gatepost/parse"
)

// Forgotten counts what Forget takes out, or would take out.
type Forgotten struct {
	Alias     string   `json:"alias"`     // the address that takes the person's place
	Addresses []string `json:"addresses"` // what is looked for
	Names     []string `json:"names"`
	Events    int      `json:"events"`   // of the record that change
	Mails     int      `json:"mails"`    // of the person: wiped
	Quoting   int      `json:"quoting"`  // of others, in the same tasks or with the name in them: cut down to what their writer said
	Letters   int      `json:"letters"`  // wiped
	Dropped   int      `json:"dropped"`  // letters to the person that waited
	Problems  []string `json:"problems"` // what must be done first; nothing is changed then
}

// Nothing tells that nothing of the person is kept.
func (f Forgotten) Nothing() bool {
	return f.Events+f.Mails+f.Quoting+f.Letters == 0 && len(f.Problems) == 0
}

// How many rows Forget handles at a time: those with whole mails in them are
// few, as each may be of the largest size.
const (
	page      = 200
	pageMails = 4
)

// Forget takes the name, the addresses and the words of a person out of record,
// state, inbox, raw mails, outbox and search. The record keeps its numbers,
// dates and kinds, and the state is folded anew from it. With dry, and where
// there is nothing of them, nothing is changed. Nobody else may use the database: Lock it before. Afterwards the
// file is written anew, so that nothing of them is left in it or in its log;
// if that was cut short, the next Forget does it, though it finds nothing.
func (d *DB) Forget(ctx context.Context, addresses, names []string, dry bool) (f Forgotten, err error) {
	f = Forgotten{Addresses: addresses, Names: slices.Clone(names), Problems: []string{}}
	errDry := errors.New("dry run")
	before := false // somebody was forgotten
	err = d.write(ctx, "forget", func(tx *sql.Tx) error {
		d.memory.forget()
		if _, err := tx.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
			return err
		}
		o := &forgetting{ctx: ctx, tx: tx, f: &f, tasks: map[string]bool{}}
		if before, err = o.alias(); err != nil {
			return err
		}
		if err := o.who(); err != nil {
			return err
		}
		for _, step := range []func() error{o.events, o.mails, o.letters, o.states, o.search} {
			if err := step(); err != nil {
				return err
			}
		}
		if dry || len(f.Problems) > 0 || f.Nothing() {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		if dry || !before || !f.Nothing() {
			return f, nil
		}
	} else if err != nil {
		return f, err
	}
	// A crash before this is done: they are out of every table, and their words
	// may lie in free pages and in the log.
	if err := d.rewrite(ctx); err != nil {
		return f, fmt.Errorf("they are out of every table, but words of theirs may lie in the file until the same forget is run once more: %w", err)
	}
	return f, nil
}

// rewrite makes the file anew and empties the log.
func (d *DB) rewrite(ctx context.Context) error {
	const op = "write the database anew"
	if _, err := d.writer.ExecContext(ctx, `VACUUM`); err != nil {
		return explain(op, err)
	}
	var busy bool
	var pages, moved int
	if err := d.writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return explain(op, err)
	}
	if busy {
		return errors.New(op + ": another program reads it: end that one")
	}
	return nil
}

// forgetting is one run of Forget, in one transaction.
type forgetting struct {
	ctx   context.Context
	tx    *sql.Tx
	f     *Forgotten
	o     *loop.Oblivion
	tasks map[string]bool // "team 7": the person took part
}

func taskKey(team string, task int) string { return fmt.Sprint(team, " ", task) }

// alias finds one that stands nowhere, and tells whether others do.
func (o *forgetting) alias() (others bool, err error) {
	for n := 1; ; n++ {
		o.f.Alias = fmt.Sprintf("forgotten-%d@invalid", n)
		taken, err := column[bool](o.ctx, o.tx, `
			SELECT EXISTS (SELECT 1 FROM event WHERE instr(body, ?1))
			    OR EXISTS (SELECT 1 FROM inbox WHERE instr(sender || ' ' || subject || ' ' || text || ' ' || reason, ?1))
			    OR EXISTS (SELECT 1 FROM post WHERE instr(letter, ?1))`, o.f.Alias)
		if err != nil || !taken[0] {
			return n > 1, err
		}
	}
}

// who finds the names in the person's own mails.
func (o *forgetting) who() error {
	known := loop.NewOblivion(o.f.Addresses, nil, o.f.Alias)
	err := o.pages(pageMails, `
		SELECT inbox.id,
		       raw.bytes,
		       raw.form,
		       inbox.size,
		       raw.stack
		  FROM inbox
		  JOIN raw ON raw.mail = inbox.id
		 WHERE inbox.id > ?1
		   AND lower(inbox.sender) IN (SELECT value FROM json_each(?2))
		 ORDER BY inbox.id
		 LIMIT ?3`, func(rows *sql.Rows) (int64, func() error, error) {
		var id, size int64
		var raw []byte
		var form string
		var stack int64
		err := rows.Scan(&id, &raw, &form, &size, &stack)
		return id, func() error {
			raw, err := whole(o.ctx, o.tx, raw, form, size, stack)
			if err != nil {
				return err
			}
			if m := parse.Read(raw, parse.Options{}); known.Is(m.From.Address) && m.From.Name != "" && !slices.Contains(o.f.Names, m.From.Name) {
				o.f.Names = append(o.f.Names, m.From.Name)
			}
			return nil
		}, err
	})
	o.o = loop.NewOblivion(o.f.Addresses, o.f.Names, o.f.Alias)
	return err
}

// pages runs a query that takes the last key, the addresses and a limit, and
// handles the rows of each page once they are all read.
func (o *forgetting) pages(limit int, query string, row func(*sql.Rows) (key int64, then func() error, err error)) error {
	addresses, err := json.Marshal(o.f.Addresses)
	if err != nil {
		return err
	}
	for last, more := int64(0), true; more; {
		var then []func() error
		rows, err := o.tx.QueryContext(o.ctx, query, last, string(addresses), limit)
		if err != nil {
			return err
		}
		for rows.Next() {
			key, f, err := row(rows)
			if err != nil {
				rows.Close()
				return err
			}
			last, then = key, append(then, f)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, f := range then {
			if err := f(); err != nil {
				return err
			}
		}
		more = len(then) == limit
	}
	return nil
}

func (o *forgetting) exec(query string, args ...any) error {
	_, err := o.tx.ExecContext(o.ctx, query, args...)
	return err
}

// events takes the person out of the record, and notes where they took part.
func (o *forgetting) events() error {
	return o.pages(page, `
		SELECT seq,
		       team,
		       body
		  FROM event
		 WHERE seq > ?1
		   AND ?2 <> ''
		 ORDER BY seq
		 LIMIT ?3`, func(rows *sql.Rows) (int64, func() error, error) {
		var seq int64
		var team string
		var e loop.Event
		err := rows.Scan(&seq, &team, object{&e})
		return seq, func() error {
			if e.Task != 0 && (o.o.Is(e.By) || o.o.Is(e.Person)) {
				o.tasks[taskKey(team, e.Task)] = true
			}
			before, err := json.Marshal(e)
			if err != nil {
				return err
			}
			after, err := json.Marshal(o.o.Event(e))
			if err != nil || bytes.Equal(before, after) {
				return err
			}
			o.f.Events++
			return o.exec(`UPDATE event SET body = ? WHERE seq = ?`, string(after), seq)
		}, err
	})
}

// mails wipes the person's own mails, and cuts those of others that may quote
// them down to what their writer said.
func (o *forgetting) mails() error {
	return o.pages(pageMails, `
		SELECT inbox.id,
		       inbox.verdict,
		       inbox.team,
		       inbox.task,
		       inbox.sender,
		       inbox.subject,
		       inbox.text,
		       inbox.reason,
		       coalesce(raw.bytes, ''),
		       coalesce(raw.form, ''),
		       inbox.size,
		       coalesce(raw.stack, 0)
		  FROM inbox
		  LEFT JOIN raw ON raw.mail = inbox.id
		 WHERE inbox.id > ?1
		   AND ?2 <> ''
		 ORDER BY inbox.id
		 LIMIT ?3`, func(rows *sql.Rows) (int64, func() error, error) {
		var id int64
		var m Mail
		var raw []byte
		var form string
		var stack int64
		err := rows.Scan(&id, &m.Verdict, &m.Team, &m.Task, &m.From, &m.Subject, &m.Text, &m.Reason, &raw, &form, &m.Size, &stack)
		return id, func() error {
			raw, err := whole(o.ctx, o.tx, raw, form, m.Size, stack)
			if err != nil {
				return err
			}
			return o.mail(id, m, raw)
		}, err
	})
}

// wiped is all that is left of a letter that Forget wiped.
const wiped = "X-Gatepost: wiped when somebody was forgotten\r\n\r\n"

// cutDown stands in the header of a mail that Forget wiped or cut down.
const cutDown = "\r\nX-Gatepost: cut down when somebody was forgotten\r\n"

func (o *forgetting) mail(id int64, m Mail, raw []byte) error {
	head := parse.ReadHead(raw, parse.Options{})
	own := o.o.Is(m.From) || m.From == "" && o.o.Is(head.From)
	if own && (m.Verdict == "" || m.Verdict == Waiting) {
		o.f.Problems = append(o.f.Problems, fmt.Sprintf("mail %d of theirs was not read yet: run `gatepost once` first", id))
		return nil
	}
	if !own && !o.tasks[taskKey(m.Team, m.Task)] && !o.speaks(m, raw) {
		return nil
	}
	if m.Verdict == "" || m.Verdict == Waiting {
		o.f.Problems = append(o.f.Problems, fmt.Sprintf("mail %d has their name in it and was not read yet: run `gatepost once` first", id))
		return nil
	}
	verdict := m.Verdict
	if own {
		o.f.Mails++
		if verdict == Held || verdict == Parked {
			verdict = Gone // nobody can let it in any more
		}
		m.From, m.Text, m.Reason = o.f.Alias, "", ""
		if m.Subject != "" {
			m.Subject = loop.Gone
		}
	} else {
		o.f.Quoting++
		m.From, m.Subject, m.Text, m.Reason = o.o.Clean(m.From), o.o.Clean(m.Subject), o.o.Clean(m.Text), o.o.Clean(m.Reason)
	}
	raw = fmt.Appendf(nil, "From: <%s>\r\nSubject: %s%s\r\n%s\r\n", m.From, m.Subject, cutDown, strings.ReplaceAll(m.Text, "\n", "\r\n"))
	if err := o.exec(`UPDATE inbox SET verdict = ?, sender = ?, subject = ?, text = ?, reason = ?, size = ? WHERE id = ?`, verdict, m.From, m.Subject, m.Text, m.Reason, len(raw), id); err != nil {
		return err
	}
	return o.exec(`UPDATE raw SET bytes = ?, form = '' WHERE mail = ?`, raw, id)
}

// speaks tells whether a mail has the name or an address in it, in any of its
// parts.
func (o *forgetting) speaks(m Mail, raw []byte) bool {
	if o.o.Mentions(m.From) || o.o.Mentions(m.Subject) || o.o.Mentions(m.Text) || o.o.Mentions(string(raw)) {
		return true
	}
	read, found := parse.Read(raw, parse.Options{}), false
	for _, a := range append([]parse.Address{read.From}, append(read.To, read.Cc...)...) {
		found = found || o.o.Mentions(a.Name)
	}
	_ = parse.Leaves(raw, parse.Options{}, func(content []byte) error { // it returns what f does, which is nil
		found = found || o.o.Mentions(string(content))
		return nil
	})
	return found
}

// letters drops those to the person that wait, and wipes those that were sent
// or given up and may quote them.
func (o *forgetting) letters() error {
	return o.pages(page, postColumns+`,
		       raw,
		       letter
		  FROM post
		 WHERE serial > ?1
		   AND ?2 <> ''
		 ORDER BY serial
		 LIMIT ?3`, func(rows *sql.Rows) (int64, func() error, error) {
		var p Posted
		var letter string
		err := p.scan(rows, &p.Raw, &letter)
		return p.Serial, func() error { return o.letter(p, letter) }, err
	})
}

func (o *forgetting) letter(p Posted, letter string) error {
	to := o.o.Is(p.Letter.To)
	if !to && !o.about(p.Letter, letter) && !o.o.Mentions(letter) && !o.o.Mentions(p.Text) && !o.o.Mentions(p.Reason) {
		return nil
	}
	state := p.State
	switch {
	case state == PostWaiting && to:
		o.f.Dropped++
		state = PostDropped
	case state == PostWaiting:
		o.f.Problems = append(o.f.Problems, fmt.Sprintf("letter %d to %s waits and may quote them: let it go out, or `gatepost outbox drop %d`", p.Serial, p.Letter.To, p.Serial))
		return nil
	}
	o.f.Letters++
	clean := o.o.Letter(p.Letter)
	body, err := json.Marshal(clean)
	if err != nil {
		return err
	}
	var raw []byte
	if p.Raw != nil {
		raw = []byte(wiped)
	}
	return o.exec(`UPDATE post SET state = ?, recipient = ?, key = iif(key = '', '', ?), letter = ?, text = '', reason = ?, raw = ?, raw_form = '', sender = '' WHERE serial = ?`,
		state, clean.To, clean.Key, string(body), o.o.Clean(p.Reason), raw, p.Serial)
}

// about tells whether a letter tells of a task in which the person took part;
// a digest tells of many.
func (o *forgetting) about(l loop.Letter, letter string) bool {
	if o.tasks[taskKey(l.Team, l.Task)] {
		return true
	}
	var walk func(v any) bool
	walk = func(v any) bool {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				if n, ok := x.(float64); ok && (strings.EqualFold(k, "task") || strings.EqualFold(k, "number")) && o.tasks[taskKey(l.Team, int(n))] {
					return true
				}
				if walk(x) {
					return true
				}
			}
		case []any:
			return slices.ContainsFunc(v, walk)
		}
		return false
	}
	var v any
	return json.Unmarshal([]byte(letter), &v) == nil && walk(v)
}

// states folds every team's state anew from the record.
func (o *forgetting) states() error {
	teams, err := column[string](o.ctx, o.tx, `SELECT address FROM team ORDER BY address`)
	if err != nil {
		return err
	}
	for _, address := range teams {
		team := &loop.Team{Address: address}
		folded := loop.NewState(team)
		err := events(o.ctx, o.tx, func(e loop.Event) error { folded.Fold(e); return nil }, ` WHERE team = ?`, address)
		if err != nil {
			return err
		}
		for _, table := range []string{"task", "stream", "person", "hold"} {
			if err := o.exec(`DELETE FROM `+table+` WHERE team = ?`, address); err != nil {
				return err
			}
		}
		if err := o.exec(`UPDATE team SET last_task = 0, last_hold = 0, strange = 0, begun = '' WHERE address = ?`, address); err != nil {
			return err
		}
		if err := saveState(o.ctx, o.tx, address, loop.NewState(team), folded); err != nil {
			return err
		}
	}
	return nil
}

// search makes the index anew: an index without a content table cannot take
// words out.
func (o *forgetting) search() error {
	if err := o.exec(`DROP TABLE words`); err != nil {
		return err
	}
	if err := o.exec(wordsTable); err != nil {
		return err
	}
	if err := o.exec(`DROP TABLE term`); err != nil {
		return err
	}
	if err := o.exec(termIndex); err != nil {
		return err
	}
	return o.pages(page, `
		SELECT said.id,
		       said.team,
		       coalesce(event.body, '{}'),
		       coalesce(inbox.subject || char(10) || inbox.text, ''),
		       coalesce(inbox.text, '')
		  FROM said
		  LEFT JOIN event ON event.seq = said.seq
		  LEFT JOIN inbox ON inbox.id = said.mail
		 WHERE said.id > ?1
		   AND ?2 <> ''
		 ORDER BY said.id
		 LIMIT ?3`, func(rows *sql.Rows) (int64, func() error, error) {
		var id int64
		var e loop.Event
		var team, mail, text string
		err := rows.Scan(&id, &team, object{&e}, &mail, &text)
		return id, func() error {
			said := words(e)
			if text != "" {
				said = mail
			}
			if said == "" {
				return o.exec(`DELETE FROM said WHERE id = ?`, id)
			}
			return o.exec(`INSERT INTO term (docid, text) VALUES (?, ?)`, id, indexed(team, id, said))
		}, err
	})
}
