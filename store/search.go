package store

import (
	"context"
	"database/sql"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatepost/loop"
)

// Hit is a place in the record, or a mail, where all the words of a search are.
type Hit struct {
	Seq  int64 // of the event; 0: they are in a mail, but in no one event of it
	Mail int64 // that did it; 0: time, or the operator
	Task int   // 0: of no one task
	At   time.Time
	By   string         // person key; of a mail, its sender
	Kind loop.EventKind // "" if Seq is 0
	Text string         // the words of the event or the mail
}

// Bounds of what is looked for: more words make no search better.
const (
	searchWords = 16
	searchRunes = 64
)

// Search finds where all these words are said in the record and the mails of a
// team, newest first, at most limit places. A word finds what begins with it, in
// any letter case, with or without accents. Anything can be asked for: what is
// neither letter nor digit only separates words.
func (d *DB) Search(ctx context.Context, team, ask string, limit int) ([]Hit, error) {
	match := matchAll(ask)
	if match == "" || limit <= 0 {
		return nil, nil
	}
	var hits []Hit
	err := d.read(ctx, "search", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT said.mail IS NOT NULL,
			       coalesce(event.seq, 0),
			       coalesce(event.body, '{}'),
			       coalesce(inbox.id, 0),
			       coalesce(inbox.task, 0),
			       coalesce(inbox.at, ''),
			       coalesce(inbox.sender, ''),
			       coalesce(inbox.text, '')
			  FROM words
			  JOIN said ON said.id = words.docid
			  LEFT JOIN event ON event.seq = said.seq
			  LEFT JOIN inbox ON inbox.id = said.mail
			 WHERE words MATCH ?
			   AND said.team = ?
			 ORDER BY words.docid DESC`, match, team)
		if err != nil {
			return err
		}
		defer rows.Close()
		told := map[int64]bool{} // mails of which an event is among the hits
		for rows.Next() && len(hits) < limit {
			var h Hit
			var e loop.Event
			var isMail bool
			if err := rows.Scan(&isMail, &h.Seq, object{&e}, &h.Mail, &h.Task, moment{&h.At}, &h.By, &h.Text); err != nil {
				return err
			}
			if !isMail {
				h = Hit{Seq: h.Seq, Mail: e.Mail, Task: e.Task, At: e.At, By: e.By, Kind: e.Kind, Text: words(e)}
				told[h.Mail] = true
			} else if told[h.Mail] { // the mail was indexed before its events, so they came first
				continue
			}
			hits = append(hits, h)
		}
		return rows.Err()
	})
	return hits, err
}

// matchAll makes a query of what a person typed: each word quoted, so that no
// AND, NEAR, column name, bracket or quote of theirs means anything.
func matchAll(ask string) string {
	fields := strings.FieldsFunc(ask, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) || r == utf8.RuneError })
	var terms []string
	for _, f := range fields {
		if r := []rune(f); len(r) > searchRunes {
			f = string(r[:searchRunes])
		}
		prefix := "*"
		if utf8.RuneCountInString(f) < 3 { // "12" is not 1200; a short word in full
			prefix = ""
		}
		if terms = append(terms, `"`+f+prefix+`"`); len(terms) == searchWords {
			break
		}
	}
	return strings.Join(terms, " ")
}

// words is what an event says in people's own words. Of mail that was held or
// ignored there is nothing that the team may find.
func words(e loop.Event) string {
	if e.Task == 0 || e.Kind == loop.HeldE || e.Kind == loop.Ignored {
		return ""
	}
	parts := []string{e.Title, e.Subject, e.Text}
	if s := e.Sections; s != nil {
		parts = append(parts, s.Problem, s.Reproduce, s.Done, s.Context)
	}
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "\n")
}

// say puts text into the index, as the words of an event or of a mail.
func say(ctx context.Context, tx *sql.Tx, team string, seq, mail int64, text string) error {
	if text == "" {
		return nil
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO said (team, seq, mail) VALUES (?, ?, ?)`, team, null(seq), null(mail))
	if err != nil {
		return err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO words (docid, text) VALUES (?, ?)`, id, text)
	return err
}
