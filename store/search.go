package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"fmt"
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
	asked := wordsOf(ask)
	if len(asked) == 0 || limit <= 0 {
		return nil, nil
	}
	f := finder{team: team, limit: limit, told: map[int64]bool{}}
	err := d.read(ctx, "search", func(tx *sql.Tx) error {
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM said`).Scan(&last); err != nil {
			return err
		}
		for age := last >> drawerBits; age >= 0 && len(f.hits) < limit; age-- {
			if err := f.look(ctx, tx, "term", matchAll(drawer(team, age<<drawerBits), asked)); err != nil {
				return err
			}
		}
		if len(f.hits) < limit {
			return f.look(ctx, tx, "words", matchAll("", asked))
		}
		return nil
	})
	return f.hits, err
}

// finder gathers the hits of a search from the newest on.
type finder struct {
	team  string
	limit int
	hits  []Hit
	told  map[int64]bool // mails of which an event is among the hits
}

func (f *finder) look(ctx context.Context, tx *sql.Tx, index, match string) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT said.mail IS NOT NULL,
		       coalesce(event.seq, 0),
		       coalesce(event.body, '{}'),
		       coalesce(inbox.id, 0),
		       coalesce(inbox.task, 0),
		       coalesce(inbox.at, ''),
		       coalesce(inbox.sender, ''),
		       coalesce(inbox.text, '')
		  FROM `+index+` AS found
		  JOIN said ON said.id = found.docid
		  LEFT JOIN event ON event.seq = said.seq
		  LEFT JOIN inbox ON inbox.id = said.mail
		 WHERE found.text MATCH ?
		   AND said.team = ?
		 ORDER BY found.docid DESC`, match, f.team)
	if err != nil {
		return err
	}
	defer rows.Close()
	for len(f.hits) < f.limit && rows.Next() {
		var h Hit
		var e loop.Event
		var isMail bool
		if err := rows.Scan(&isMail, &h.Seq, object{&e}, &h.Mail, &h.Task, moment{&h.At}, &h.By, &h.Text); err != nil {
			return err
		}
		if !isMail {
			h = Hit{Seq: h.Seq, Mail: e.Mail, Task: e.Task, At: e.At, By: e.By, Kind: e.Kind, Text: words(e)}
			f.told[h.Mail] = true
		} else if f.told[h.Mail] { // the mail was indexed before its events, so they came first
			continue
		}
		f.hits = append(f.hits, h)
	}
	return rows.Err()
}

// drawerBits is how many texts share a drawer, of all teams together: 1<<17.
const drawerBits = 17

// drawer stands before each word in the index: a few letters for the team and
// the age of the text. So a common word of one team is not looked for among
// the words of the others, and of its own not further back than need be.
// Teams that get the same letters are still told apart by said.team.
func drawer(team string, said int64) string {
	sum := sha256.Sum256([]byte(team))
	code := base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	return code.EncodeToString(sum[:3]) + fmt.Sprintf("%04x", said>>drawerBits)
}

// wordsOf cuts a text where the index does: what is neither letter nor digit
// only separates words. Accents stay, the index takes them off.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) || r == utf8.RuneError })
}

// matchAll makes a query of words that a person typed: each quoted, so that no
// AND, NEAR, column name, bracket or quote of theirs means anything.
func matchAll(drawer string, words []string) string {
	var terms []string
	for _, f := range words {
		if r := []rune(f); len(r) > searchRunes {
			f = string(r[:searchRunes])
		}
		prefix := "*"
		if utf8.RuneCountInString(f) < 3 { // "12" is not 1200; a short word in full
			prefix = ""
		}
		if terms = append(terms, `"`+drawer+f+prefix+`"`); len(terms) == searchWords {
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
	_, err = tx.ExecContext(ctx, `INSERT INTO term (docid, text) VALUES (?, ?)`, id, indexed(team, id, text))
	return err
}

// indexed is a text as the index takes it.
func indexed(team string, said int64, text string) string {
	mark := drawer(team, said)
	var b strings.Builder
	for _, w := range wordsOf(text) {
		b.WriteString(mark)
		b.WriteString(w)
		b.WriteByte(' ')
	}
	return b.String()
}
