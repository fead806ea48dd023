package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mattn/go-sqlite3"

	"gatepost/loop"
)

// shown bounds how many differences of a team are told; the first is the cause
// of the others more often than not.
const shown = 10

// Verify looks at everything that must always be true, as of one moment, and
// says in a sentence each what is not; none is the only good answer. Teams that
// the database knows and the config does not are looked at as well. It needs
// memory for the tasks of one team, and not for what was said about them.
func (d *DB) Verify(ctx context.Context, teams []*loop.Team) (bad []string, err error) {
	return d.VerifyTelling(ctx, teams, func(string, int64, int64) {})
}

// VerifyTelling is Verify that tells now and then how far it is: what is looked
// at, how much of it, and of how much; 0 if nobody knows.
func (d *DB) VerifyTelling(ctx context.Context, teams []*loop.Team, tell func(what string, done, total int64)) (bad []string, err error) {
	err = d.read(ctx, "verify", func(tx *sql.Tx) error {
		for what, look := range []func(context.Context, *sql.Tx) ([]string, error){verifyFile, verifySchema, verifyRows} {
			tell([]string{"file", "schema", "rows"}[what], 0, 0)
			more, err := look(ctx, tx)
			if bad = append(bad, more...); err != nil {
				return err
			}
		}
		for _, look := range []func(context.Context, *sql.Tx, func(string, int64, int64)) ([]string, error){verifyLetters, verifyMails, verifyPosts} {
			more, err := look(ctx, tx, tell)
			if err != nil {
				return err
			}
			bad = append(bad, more...)
		}
		known, err := column[string](ctx, tx, `
			SELECT address FROM team
			UNION
			SELECT team FROM event
			UNION
			SELECT team FROM task
			UNION
			SELECT team FROM stream
			UNION
			SELECT team FROM person
			UNION
			SELECT team FROM hold
			ORDER BY 1`)
		if err != nil {
			return err
		}
		var done, total int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM event`).Scan(&total); err != nil {
			return err
		}
		found, err := foundEvents(ctx, tx, total)
		if err != nil {
			return err
		}
		folded := func() {
			if done++; done%1000 == 0 {
				tell("record", done, total)
			}
		}
		for _, address := range known {
			i := slices.IndexFunc(teams, func(t *loop.Team) bool { return t.Address == address })
			team := &loop.Team{Address: address}
			if i >= 0 {
				team = teams[i]
			}
			more, err := verifyTeam(ctx, tx, team, found, folded)
			if err != nil {
				return err
			}
			bad = append(bad, more...)
		}
		return nil
	})
	var se sqlite3.Error
	if len(bad) > 0 && errors.As(err, &se) && se.Code == sqlite3.ErrCorrupt { // what is found says more
		return append(bad, "database: no more can be looked at, for it is damaged: stop the service, keep the file, restore a backup"), nil
	}
	return bad, err
}

// verifyLetters reads every letter as the service does. One that the operator
// dropped is read by nobody, and so can be done with.
func verifyLetters(ctx context.Context, tx *sql.Tx, _ func(string, int64, int64)) (bad []string, err error) {
	rows, err := tx.QueryContext(ctx, postColumns+` FROM post WHERE state <> 'dropped'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Posted
		if err := p.scan(rows); err != nil {
			return nil, err
		}
		if p.Damaged != "" && len(bad) < shown {
			bad = append(bad, fmt.Sprintf("letter %d: %s", p.Serial, p.Damaged))
		}
	}
	return bad, rows.Err()
}

// verifyFile asks SQLite about the file itself.
func verifyFile(ctx context.Context, tx *sql.Tx) (bad []string, err error) {
	rows, err := tx.QueryContext(ctx, `PRAGMA integrity_check(20)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return bad, err
		}
		if line != "ok" {
			bad = append(bad, "database: "+line)
		}
	}
	if err := rows.Err(); err != nil { // the check meets the damage as well
		return bad, err
	}
	lines, err := column[string](ctx, tx, `
		SELECT format('%s row %s: refers to a row of %s that is not there', "table", rowid, parent)
		  FROM pragma_foreign_key_check
		 LIMIT 20`)
	return append(bad, lines...), err
}

// verifySchema compares the tables, indexes and triggers with those of a new database:
// without one of them nothing fails at once, and nothing is enforced. What another
// program has added, as for replicas, is its own.
func verifySchema(ctx context.Context, tx *sql.Tx) (bad []string, err error) {
	fresh, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	fresh.SetMaxOpenConns(1) // each has a database of its own
	if err := migrate(fresh, migrations); err != nil {
		return nil, err
	}
	anew, err := fresh.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer anew.Rollback()
	const query = `SELECT json_array(type, name, sql) FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name`
	want, err := column[string](ctx, anew, query)
	if err != nil {
		return nil, err
	}
	have, err := column[string](ctx, tx, query)
	for _, part := range want {
		if err == nil && !slices.Contains(have, part) {
			var names []string
			if err := json.Unmarshal([]byte(part), &names); err != nil {
				return nil, err
			}
			bad = append(bad, fmt.Sprintf("database: its %s %s is missing, or is another", names[0], names[1]))
		}
	}
	return bad, err
}

// invariants are queries that find nothing; what they find is a sentence.
var invariants = []string{
	// Rows of these are never deleted, and their numbers never used again.
	numbered("events", "event", "seq"),
	numbered("mails", "inbox", "id"),
	numbered("letters", "post", "serial"),

	`SELECT format('letters of %s: %d have the key %s', team, count(*), key)
	   FROM post
	  WHERE key <> ''
	  GROUP BY team, key
	 HAVING count(*) > 1`,

	`SELECT format('letter %d: is about task %d of %s, which does not exist', serial, task, team)
	   FROM post
	  WHERE task <> 0
	    AND NOT EXISTS (SELECT 1 FROM task t WHERE t.team = post.team AND t.number = post.task)`,

	`SELECT format('letter %d: has the key %s and not that of its letter', serial, key)
	   FROM post
	  WHERE json_valid(letter)
	    AND key <> coalesce(letter ->> '$.key', '')
	    AND (key <> '' OR state IN ('waiting', 'failed'))`,

	`SELECT format('letter %d: is sent, but its bytes are not kept', serial)
	   FROM post
	  WHERE state = 'sent'
	    AND (raw IS NULL OR message_id = '')`,

	`SELECT format('letter %d: is %s, but %s', serial, state, iif(closed = '', 'nobody knows since when', 'has come to its end already'))
	   FROM post
	  WHERE state = 'waiting' AND closed <> ''
	     OR state <> 'waiting' AND closed = '' AND NOT (state = 'dropped' AND recipient GLOB 'forgotten-*@invalid')`,

	`SELECT format('mailbox %s: mail came from it, and how far it was taken in is not known any more', mailbox)
	   FROM (SELECT DISTINCT mailbox FROM inbox)
	  WHERE mailbox <> '` + importBox + `'
	    AND mailbox NOT IN (SELECT mailbox FROM position)`,

	`SELECT format('mail %d: is kept %d times', id, 1 + count(*))
	   FROM inbox
	   JOIN copy USING (mailbox, uidvalidity, uid)
	  GROUP BY id`,

	`SELECT format('mail %d: its bytes are not kept', id)
	   FROM inbox
	  WHERE NOT EXISTS (SELECT 1 FROM raw WHERE raw.mail = inbox.id)`,

	`SELECT format('mail %d: is still unread, but %d events and letters come of it', id,
	               (SELECT count(*) FROM event WHERE event.mail = inbox.id) + (SELECT count(*) FROM post WHERE post.mail = inbox.id)) AS line
	   FROM inbox
	  WHERE verdict = ''
	    AND vouched = ''
	    AND decided = ''
	    AND (EXISTS (SELECT 1 FROM event WHERE event.mail = inbox.id) OR EXISTS (SELECT 1 FROM post WHERE post.mail = inbox.id))`,

	`SELECT format('mail %d: is to be read, and did its work already: event %d (%s) is of it', inbox.id, min(seq), kind)
	   FROM event
	   JOIN inbox ON inbox.id = event.mail
	  WHERE verdict IN ('', 'waiting', 'held', 'parked')
	    AND kind IN ('opened', 'amended', 'queued', 'started', 'updated', 'asked', 'asked-more', 'answered', 'commented', 'passed-on', 'noted', 'delivered',
	                 'approved', 'redirected', 'undone', 'reopened', 'placed', 'moved', 'dropped', 'paused', 'resumed', 'away', 'back')
	  GROUP BY inbox.id`,

	`SELECT format('mail %d: is %s, and nobody knows since when', id, iif(verdict = '', 'let in', verdict))
	   FROM inbox
	  WHERE decided = ''
	    AND (verdict <> '' AND at <> '' OR vouched <> '')`,

	`SELECT format('mail %d: was let in by %s, who is nobody', id, vouched)
	   FROM inbox
	  WHERE vouched NOT IN ('', 'confirm', 'operator')`,

	`SELECT format('mail %d: is %s, but only its header was fetched', id, iif(verdict = '', 'to be read', verdict))
	   FROM inbox
	  WHERE whole = 0
	    AND verdict NOT IN ('parked', 'dropped')`,

	`SELECT format('mail %d: was read for team %s, but none of its events is of that team', inbox.id, inbox.team)
	   FROM event
	   JOIN inbox ON inbox.id = event.mail
	  WHERE verdict = 'read'
	  GROUP BY inbox.id
	 HAVING sum(event.team = inbox.team) = 0`,

	`SELECT format('mail %d: what it says is not found', id)
	   FROM inbox
	  WHERE verdict = 'read'
	    AND text <> ''
	    AND id NOT IN (SELECT mail FROM said WHERE mail IS NOT NULL)`,

	`SELECT format('words %d: are found by team %s, and are of team %s', said.id, said.team, coalesce(event.team, inbox.team, '-'))
	   FROM said
	   LEFT JOIN event ON event.seq = said.seq
	   LEFT JOIN inbox ON inbox.id = said.mail
	  WHERE said.team IS NOT coalesce(event.team, inbox.team)`,

	`SELECT format('mail %d: was read by %d steps at once', mail, count(*))
	   FROM said
	  WHERE mail IS NOT NULL
	  GROUP BY mail
	 HAVING count(*) > 1`,
}

// numbered finds gaps in the numbers of a table.
func numbered(what, table, number string) string {
	return fmt.Sprintf(`
	 SELECT format('%[1]s: %%d are kept of %%d: some were deleted', kept, made)
	   FROM (SELECT count(*) AS kept,
	                max(coalesce(max(%[3]s), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = '%[2]s'), 0)) AS made
	           FROM %[2]s)
	  WHERE kept <> made`, what, table, number)
}

// times are the columns that hold one; whoever reads a row with another text in
// it fails, and with it all that comes after.
var times = []struct{ what, key, table, columns string }{
	{"mailbox", "mailbox", "position", "since polled"},
	{"mail", "id", "inbox", "at until first_seen decided"},
	{"trouble with", "place", "trouble", "since at"},
	{"count of expired", "what", "expired", "at"},
}

func verifyRows(ctx context.Context, tx *sql.Tx) (bad []string, err error) {
	queries := slices.Clone(invariants)
	like := strings.Map(func(r rune) rune { // the layout, with any digit for each of its own
		if unicode.IsDigit(r) {
			return '#'
		}
		return r
	}, layout)
	like = strings.ReplaceAll(like, "#", "[0-9]")
	for _, t := range times {
		for _, column := range strings.Fields(t.columns) {
			queries = append(queries, fmt.Sprintf(`
				SELECT format('%s %%s: %s is %%Q, which is no time', %s, %[2]s)
				  FROM %[4]s
				 WHERE %[2]s <> ''
				   AND %[2]s NOT GLOB '%[5]s'`, t.what, column, t.key, t.table, like))
		}
	}
	for _, query := range queries {
		lines, err := column[string](ctx, tx, query+"\n LIMIT 20")
		if err != nil {
			return nil, err
		}
		bad = append(bad, lines...)
	}
	return bad, nil
}

// verifyTeam compares the stored state with the one that the record folds to.
// What was said about tasks is most of both, and is never held: of the notes of
// each task only their sum is. found are the events whose words are in the index.
func verifyTeam(ctx context.Context, tx *sql.Tx, team *loop.Team, found numbers, folded func()) (bad []string, err error) {
	var diff []string
	say := func(format string, a ...any) { diff = append(diff, fmt.Sprintf(format, a...)) }
	stored, err := loadCounters(ctx, tx, team)
	if unreadable := new(time.ParseError); errors.As(err, &unreadable) {
		stored, err = loop.NewState(team), nil
		say("the counters cannot be read: %v", unreadable)
	}
	if err != nil {
		return nil, err
	}
	notes, rows := notesSums{}, map[int]string{}
	err = errors.Join(
		storedTasks(ctx, tx, team, say, func(n int, t *loop.Task, beside string) {
			if stored.Tasks[n] = notes.add(t); beside != "" {
				rows[n] = beside
			}
		}),
		objects(ctx, tx, "stream", say, stored.Streams, `SELECT name, body FROM stream WHERE team = ?`, team.Address),
		objects(ctx, tx, "person", say, stored.People, `SELECT name, body FROM person WHERE team = ?`, team.Address),
		objects(ctx, tx, "hold", say, stored.Holds, `SELECT number, body FROM hold WHERE team = ?`, team.Address),
	)
	if err != nil {
		return nil, err
	}
	for _, l := range stored.Check() {
		bad = append(bad, fmt.Sprintf("%s: %s", team.Address, l))
	}
	record, said := loop.NewState(team), notesSums{}
	err = storedEvents(ctx, tx, team, found, say, func(e loop.Event) {
		if said := fold(record, e); said != "" && len(bad) < shown {
			bad = append(bad, fmt.Sprintf("%s: event %d (%s) does not fit what came before: %s", team.Address, e.Seq, string(e.Kind), said))
		}
		if t := record.Tasks[e.Task]; t != nil && len(t.Notes) > 0 {
			record.Tasks[e.Task] = said.add(t)
		}
		folded()
	})
	if err != nil {
		return nil, err
	}
	if counters(stored) != counters(record) {
		diff = append(diff, fmt.Sprintf("the counters (last task, last hold, strangers, begun) are %q, the record says %q", counters(stored), counters(record)))
	}
	diff = append(diff, differ("task", stored.Tasks, record.Tasks)...)
	for _, n := range slices.Sorted(maps.Keys(stored.Tasks)) {
		if record.Tasks[n] != nil && !bytes.Equal(notes[n], said[n]) {
			diff = append(diff, fmt.Sprintf("task %d: what was said about it is not what the record says", n))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		if told := fmt.Sprintf("task %d: ", n); !slices.ContainsFunc(diff, func(l string) bool { return strings.HasPrefix(l, told) }) {
			diff = append(diff, told+rows[n])
		}
	}
	diff = append(diff, differ("stream", stored.Streams, record.Streams)...)
	diff = append(diff, differ("person", stored.People, record.People)...)
	diff = append(diff, differ("hold", stored.Holds, record.Holds)...)
	for i, l := range diff {
		if i == shown {
			bad = append(bad, fmt.Sprintf("%s: and %d more differences", team.Address, len(diff)-shown))
			break
		}
		bad = append(bad, fmt.Sprintf("%s: %s", team.Address, l))
	}
	return bad, nil
}

// numbers is a set of them, a bit for each.
type numbers []uint64

func (n numbers) has(i int64) bool { return i >= 0 && i>>6 < int64(len(n)) && n[i>>6]&(1<<(i&63)) != 0 }

// foundEvents are those whose words are in the index, of so many.
func foundEvents(ctx context.Context, tx *sql.Tx, total int64) (numbers, error) {
	n := make(numbers, total>>6+1)
	rows, err := tx.QueryContext(ctx, `SELECT seq FROM said WHERE seq BETWEEN 0 AND ?`, total)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		n[seq>>6] |= 1 << (seq & 63)
	}
	return n, rows.Err()
}

// objects reads rows of a key and a JSON column. One that cannot be read is said.
func objects[K cmp.Ordered, T any](ctx context.Context, tx *sql.Tx, what string, say func(string, ...any), into map[K]*T, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key K
		var body string
		if err := rows.Scan(&key, &body); err != nil {
			return err
		}
		v := new(T)
		if err := json.Unmarshal([]byte(body), v); err != nil {
			say("%s %v: cannot be read: %v", what, key, err)
			continue
		}
		into[key] = v
	}
	return rows.Err()
}

// storedTasks reads the tasks of a team. What stands beside a task in its row,
// to be found by, must be what the task says; beside tells where it is not.
func storedTasks(ctx context.Context, tx *sql.Tx, team *loop.Team, say func(string, ...any), add func(number int, t *loop.Task, beside string)) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT number,
		       stream,
		       state,
		       changed,
		       root,
		       brief,
		       body
		  FROM task
		 WHERE team = ?`, team.Address)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var number int
		var row, own [5]string // stream, state, changed, root, brief
		var body string
		if err := rows.Scan(&number, &row[0], &row[1], &row[2], &row[3], &row[4], &body); err != nil {
			return err
		}
		t, short := new(loop.Task), new(brief)
		err := json.Unmarshal([]byte(body), t)
		if err == nil {
			err = json.Unmarshal([]byte(row[4]), short)
		}
		if err != nil {
			say("task %d: cannot be read: %v", number, err)
			continue
		}
		kept, err := json.Marshal(short) // an older program wrote the same in other words
		if err != nil {
			return err
		}
		row[4] = string(kept)
		if own[4], err = briefOf(t); err != nil {
			return err
		}
		own[0], own[1], own[2], own[3] = t.Stream, string(t.State), stamp(t.Changed), t.Root
		beside := ""
		for i, column := range []string{"stream", "state", "changed", "root", "brief"} {
			if row[i] != own[i] && beside == "" {
				x, y := part([]byte(row[i]), []byte(own[i]))
				beside = fmt.Sprintf("its row has the %s %s, the task itself %s", column, x, y)
			}
		}
		add(number, t, beside)
	}
	return rows.Err()
}

// storedEvents hands on the record of a team as events does. What stands beside
// an event in its row must be what the event says.
func storedEvents(ctx context.Context, tx *sql.Tx, team *loop.Team, found numbers, say func(string, ...any), add func(loop.Event)) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT seq,
		       task,
		       kind,
		       at,
		       coalesce(mail, 0),
		       body
		  FROM event
		 WHERE team = ?
		 ORDER BY seq`, team.Address)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq, mail int64
		var task int
		var kind, at, body string
		if err := rows.Scan(&seq, &task, &kind, &at, &mail, &body); err != nil {
			return err
		}
		e := loop.Event{}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			say("event %d: cannot be read: %v", seq, err)
			continue
		}
		e.Seq = seq
		if task != taskOf(e) || kind != string(e.Kind) || at != stamp(e.At) || mail != e.Mail {
			say("event %d: its row has task %d, kind %s, time %s, mail %d, the event itself %d, %s, %s, %d", seq, task, kind, at, mail, taskOf(e), string(e.Kind), stamp(e.At), e.Mail)
		}
		if !found.has(seq) && words(e) != "" {
			say("event %d: what it says is not found", seq)
		}
		add(e)
	}
	return rows.Err()
}

// notesSums has for each task a chain over its notes: each sum is over the one
// before and the next note.
type notesSums map[int][]byte

// add takes the notes of a task into its sum, and is the task without them.
func (n notesSums) add(t *loop.Task) *loop.Task {
	for i := range t.Notes {
		note, err := canonical(&t.Notes[i])
		if err != nil {
			note = []byte(err.Error())
		}
		sum := sha256.Sum256(append(slices.Clone(n[t.Number]), note...))
		n[t.Number] = sum[:]
	}
	bare := *t
	bare.Notes = nil
	return &bare
}

// fold makes e part of s. A damaged record can hold events that no rule would
// write; what Fold then does to itself is a finding and not the end.
func fold(s *loop.State, e loop.Event) (said string) {
	defer func() {
		if r := recover(); r != nil {
			said = fmt.Sprint(r)
		}
	}()
	s.Fold(e)
	return ""
}

// differ says in which objects the stored state and the record disagree, and
// where the two first part.
func differ[K cmp.Ordered, T any](what string, stored, folded map[K]*T) (diff []string) {
	keys := map[K]bool{}
	for k := range stored {
		keys[k] = true
	}
	for k := range folded {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		switch {
		case stored[k] == nil:
			diff = append(diff, fmt.Sprintf("%s %v: is not stored, but in the record", what, k))
		case folded[k] == nil:
			diff = append(diff, fmt.Sprintf("%s %v: is stored, but not in the record", what, k))
		default:
			a, errA := canonical(stored[k])
			b, errB := canonical(folded[k])
			if errA != nil || errB != nil {
				diff = append(diff, fmt.Sprintf("%s %v: cannot be compared: %v %v", what, k, errA, errB))
			} else if !bytes.Equal(a, b) {
				x, y := part(a, b)
				diff = append(diff, fmt.Sprintf("%s %v: is %s, the record says %s", what, k, x, y))
			}
		}
	}
	return diff
}

// part cuts out of two JSON objects the place where they part, with the name
// of the field before it.
func part(a, b []byte) (x, y string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	start := max(bytes.LastIndexByte(a[:i], ','), bytes.LastIndexByte(a[:i], '{')) + 1
	start = max(start, i-120)
	cut := func(s []byte) string { return string(bytes.ToValidUTF8(s[start:min(len(s), i+60)], nil)) }
	return cut(a), cut(b)
}
