package store

import (
	"strings"
	"testing"

	"gatepost/loop"
)

// more is what a story lacks: a mail that was not read yet, a large one, one of which
// only the header was fetched, and a letter that was sent. Mail 4 said something.
func (r *rig) more() {
	r.Helper()
	ctx := r.Context()
	r.receive("not read yet")
	part := strings.Repeat("0123456789abcde\n", 100)
	if fresh, err := r.arrives(11, "From: <a@x>\r\n\r\n", part, part); !fresh || err != nil {
		r.Fatal(fresh, err)
	}
	must(r, r.Park(ctx, "INBOX", 7, 12, clock(r.now), []byte("From: x"), "too large"))
	s := r.plan(0)
	s.Letters = []loop.Letter{letter("dana@acme.example")}
	must(r, r.Commit(ctx, s))
	must(r, r.KeepPost(ctx, &loop.Post{Serial: 3, MessageID: "t1.x.3@acme.example", Raw: []byte("Message-ID: <t1.x.3@acme.example>\r\n\r\nhello"), Text: "hello"}))
	must(r, r.SentPost(ctx, clock(r.now), 3))
	_, err := r.writer.Exec(`UPDATE inbox SET text = 'Found the cookie' WHERE id = 4; INSERT INTO said (team, mail) VALUES (?, 4)`, shop)
	must(r, err)
}

// Each row damages a clean database behind the store's back.
func TestVerifyFinds(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"changed task", `UPDATE task SET body = replace(body, 'Zürich', 'Bern') WHERE number = 2`, `shop@acme.example: task 2: is "title":"Bern is missing"`},
		{"changed state", `UPDATE task SET body = replace(body, '"state":"approved"', '"state":"active"'), state = 'queued' WHERE number = 1`, `task 1: is "state":"active"`},
		{"lost task", `DELETE FROM task WHERE number = 3`, "task 3: is not stored, but in the record"},
		{"invented person", `INSERT INTO person VALUES ('shop@acme.example', 'x@y.example', '{"key":"x@y.example"}')`, "person x@y.example: is stored, but not in the record"},
		{"lost stream", `DELETE FROM stream`, "stream web: is not stored"},
		{"counter", `UPDATE team SET last_task = 9`, "the counters (last task, last hold, strangers, begun) are [\"9\" \"1\""},
		{"deleted event", `DELETE FROM said WHERE seq = 8; DELETE FROM event WHERE seq = 8`, "events: 14 are kept of 15: some were deleted"},
		{"impossible event", `UPDATE event SET body = '{"kind":"asked-more","task":2,"at":"2026-03-02T08:00:00Z"}' WHERE seq = 8`, "event 8 (asked-more) does not fit"},
		{"deleted last event", `DELETE FROM said WHERE seq = 15; DELETE FROM event WHERE seq = 15`, "events: 14 are kept of 15"},
		{"deleted letter", `DELETE FROM post WHERE serial = 1`, "letters: 2 are kept of 3"},
		{"deleted last letter", `DELETE FROM post WHERE serial = 3`, "letters: 2 are kept of 3"},
		{"deleted unread mail", `DELETE FROM raw WHERE mail = 10; DELETE FROM inbox WHERE id = 10`, "mails: 11 are kept of 12"},
		{"deleted last mail", `DELETE FROM raw WHERE mail = 12; DELETE FROM inbox WHERE id = 12`, "mails: 11 are kept of 12"},
		{"lost mail", `PRAGMA foreign_keys = 0; DELETE FROM inbox WHERE id = 4`, "refers to a row of inbox that is not there"},
		{"lost bytes", `DELETE FROM raw WHERE mail = 4`, "mail 4: its bytes are not kept"},
		{"damaged bytes", `UPDATE raw SET bytes = x'00' WHERE mail = 4`, "mail 4: its bytes are damaged"},
		{"emptied bytes", `UPDATE raw SET bytes = x'' WHERE mail = 4`, "mail 4: its bytes are damaged: 0 bytes are kept of 6"},
		{"changed bytes", `UPDATE raw SET bytes = CAST('updato' AS BLOB) WHERE mail = 4`, "mail 4: its bytes are damaged: they are not those that it had"},
		{"changed bytes of a large mail", `UPDATE piece SET bytes = zeroblob(length(bytes)) WHERE n = 1`, "mail 11: its bytes are damaged: they are not those that it had"},
		{"changed header", `UPDATE raw SET bytes = CAST('From: y' AS BLOB) WHERE mail = 12`, "mail 12: its bytes are damaged: they are not those that it had"},
		{"unread mail without anything", `UPDATE raw SET bytes = x'', form = '' WHERE mail = 10; UPDATE inbox SET size = 0 WHERE id = 10`, "mail 10: its bytes are damaged: they are not those that it had"},
		{"mail known as another", `UPDATE inbox SET fingerprint = 'x' WHERE id = 4`, "mail 4: its bytes are damaged: they are not those that it had"},
		{"mail taken in whole", `UPDATE inbox SET whole = 0 WHERE id = 10`, "mail 10: is to be read, but only its header was fetched"},
		{"bytes of another letter", `UPDATE post SET raw = CAST('Message-ID: <x@y>' AS BLOB), raw_form = '' WHERE serial = 3`, "letter 3: its bytes are damaged: they are not those that it had"},
		{"letter known as another", `UPDATE post SET message_id = 'x@y' WHERE serial = 3`, "letter 3: its bytes are damaged: they are not those that it had"},
		{"waiting letter without anything", `UPDATE post SET state = 'waiting', raw = x'', raw_form = '' WHERE serial = 3`, "letter 3: its bytes are damaged: they are not those that it had"},
		{"emptied letter", `UPDATE post SET raw = x'', raw_form = 'zstd', raw_size = 5 WHERE serial = 1`, "letter 1: its bytes are damaged"},
		{"damaged letter", `UPDATE post SET raw = x'0011', raw_form = 'zstd', raw_size = 5 WHERE serial = 1`, "letter 1: its bytes are damaged"},
		{"changed note", `UPDATE task SET body = replace(body, 'cookie', 'biscuit') WHERE number = 1`, "task 1: what was said about it is not what the record says"},
		{"lost note", `UPDATE task SET body = json_remove(body, '$.notes[0]') WHERE json_array_length(body, '$.notes') > 0`, "what was said about it is not what the record says"},
		{"unread again", `UPDATE inbox SET verdict = '', decided = '' WHERE id = 4`, "mail 4: is still unread, but 1 events and letters come of it"},
		{"let in again", `UPDATE inbox SET verdict = '' WHERE id = 4`, "mail 4: is to be read, and did its work already: event 7 (updated) is of it"},
		{"held again", `UPDATE inbox SET verdict = 'held' WHERE id = 8`, "mail 8: is to be read, and did its work already: event 11 (approved) is of it"},
		{"put off again", `UPDATE inbox SET verdict = 'waiting' WHERE id = 8`, "mail 8: is to be read, and did its work already"},
		{"never read", `UPDATE inbox SET verdict = 'read' WHERE id = 10`, "mail 10: is read, and nobody knows since when"},
		{"never ignored", `UPDATE inbox SET verdict = 'ignored' WHERE id = 10`, "mail 10: is ignored, and nobody knows since when"},
		{"never let in", `UPDATE inbox SET vouched = 'operator' WHERE id = 10`, "mail 10: is let in, and nobody knows since when"},
		{"let in by nobody", `UPDATE inbox SET vouched = 'x' WHERE id = 9`, "mail 9: was let in by x, who is nobody"},
		{"mail of another team", `UPDATE inbox SET team = 'x' WHERE id = 5`, "mail 5: was read for team x, but none of its events is of that team"},
		{"mail that is not found", `DELETE FROM said WHERE mail = 4`, "mail 4: what it says is not found"},
		{"mail found by others", `UPDATE said SET team = 'x' WHERE mail = 4`, "are found by team x, and are of team shop@acme.example"},
		{"event that is not found", `DELETE FROM said WHERE seq = 4`, "event 4: what it says is not found"},
		{"event found by others", `UPDATE said SET team = 'x' WHERE seq = 4`, "are found by team x, and are of team shop@acme.example"},
		{"words of nobody", `INSERT INTO said (team) VALUES ('x')`, "are found by team x, and are of team -"},
		{"lost position", `DELETE FROM position`, "mailbox INBOX: mail came from it, and how far it was taken in is not known any more"},
		{"read twice", `INSERT INTO said (team, mail) VALUES ('shop@acme.example', 4), ('shop@acme.example', 4)`, "mail 4: was read by 3 steps"},
		{"mail kept twice", `INSERT INTO copy VALUES ('INBOX', 7, 4, 5)`, "mail 4: is kept 2 times"},
		{"orphan letter", `UPDATE post SET task = 44 WHERE serial = 1`, "letter 1: is about task 44"},
		{"sent nothing", `UPDATE post SET state = 'sent' WHERE serial = 1`, "letter 1: is sent, but its bytes are not kept"},
		{"sent once more", `UPDATE post SET state = 'waiting' WHERE serial = 3`, "letter 3: is waiting, but has come to its end already"},
		{"never sent", `UPDATE post SET state = 'sent', raw = x'41', message_id = 'x' WHERE serial = 1`, "letter 1: is sent, but nobody knows since when"},
		{"never cancelled", `UPDATE post SET state = 'cancelled' WHERE serial = 1`, "letter 1: is cancelled, but nobody knows since when"},
		{"never dropped", `UPDATE post SET state = 'dropped' WHERE serial = 1`, "letter 1: is dropped, but nobody knows since when"},
		{"lost key", `UPDATE post SET key = '' WHERE serial = 2`, "letter 2: has the key  and not that of its letter"},
		{"lost index", `DROP INDEX post_key`, "database: its index post_key is missing, or is another"},
		{"another index", `DROP INDEX task_in_work; CREATE INDEX task_in_work ON task (team, stream)`, "database: its index task_in_work is missing, or is another"},
		{"lost trigger", `DROP TRIGGER raw_wiped`, "database: its trigger raw_wiped is missing, or is another"},
		{"task of an unknown team", `INSERT INTO task SELECT 'x', number, stream, state, changed, root, body, brief FROM task`, "x: task 1: is stored, but not in the record"},
		{"stream of an unknown team", `INSERT INTO stream SELECT 'x', name, body FROM stream`, "x: stream web: is stored, but not in the record"},
		{"person of an unknown team", `INSERT INTO person SELECT 'x', name, body FROM person`, "x: person priya@acme.example: is stored, but not in the record"},
		{"hold of an unknown team", `INSERT INTO hold SELECT 'x', number, body FROM hold`, "x: hold 1: is stored, but not in the record"},
		{"same key", `DROP INDEX post_key; UPDATE post SET key = 'k'`, "letters of shop@acme.example: 3 have the key k"},
		{"task found by another state", `UPDATE task SET state = 'approved' WHERE number = 2`, "task 2: its row has the state approved, the task itself active"},
		{"task found by another stream", `UPDATE task SET stream = 'x' WHERE number = 2`, "task 2: its row has the stream x, the task itself web"},
		{"task found by another root", `UPDATE task SET root = 'x' WHERE number = 2`, "task 2: its row has the root x, the task itself root2@acme.example"},
		{"task found by another time", `UPDATE task SET changed = '2020-01-01T00:00:00.000000000Z' WHERE number = 2`, "task 2: its row has the changed 2020-01-01T00:00:00.000000000Z, the task itself 2026"},
		{"task shown as another", `UPDATE task SET brief = replace(brief, 'Zürich', 'Bern') WHERE number = 2`, `task 2: its row has the brief "title":"Bern is missing"`},
		{"task under another number", `UPDATE task SET number = 4 WHERE number = 3`, "task 3: is not stored, but in the record"},
		{"stream under another name", `UPDATE stream SET name = 'x'`, "stream x: is stored, but not in the record"},
		{"person under another name", `UPDATE person SET name = 'x' WHERE name LIKE 'priya%'`, "person x: is stored, but not in the record"},
		{"event of another task", `UPDATE event SET task = 1 WHERE seq = 4`, "event 4: its row has task 1, kind opened,"},
		{"event of another kind", `UPDATE event SET kind = 'approved' WHERE seq = 4`, "event 4: its row has task 2, kind approved,"},
		{"event of another mail", `UPDATE event SET mail = 1 WHERE seq = 4`, "mail 1, the event itself 2, opened, 2026-03-02T08:02:00.123456789Z, 2"},
		{"event of another time", `UPDATE event SET at = '2020-01-01T00:00:00.000000000Z' WHERE seq = 4`, "event 4: its row has task 2, kind opened, time 2020"},
		{"letter to another", `UPDATE post SET recipient = 'x@y' WHERE serial = 1`, "letter 1: what it is to say is another letter's"},
		{"letter of another kind", `UPDATE post SET kind = 'digest' WHERE serial = 1`, "letter 1: what it is to say is another letter's"},
		{"letter about another task", `UPDATE post SET task = 2 WHERE serial = 1`, "letter 1: what it is to say is another letter's"},
		{"letter of another team", `UPDATE post SET team = 'x', task = 0 WHERE serial = 2`, "letter 2: what it is to say is another letter's"},
		{"letter with another key", `UPDATE post SET key = 'k' WHERE serial = 2`, "letter 2: has the key k and not that of its letter"},
		{"unreadable letter", `UPDATE post SET letter = '{' WHERE serial = 1`, "letter 1: what it is to say cannot be read"},
		{"unreadable task", `UPDATE task SET body = '{' WHERE number = 2`, "task 2: cannot be read: unexpected end"},
		{"unreadable brief", `UPDATE task SET brief = '{"number":"x"}' WHERE number = 2`, "task 2: cannot be read: json"},
		{"unreadable hold", `UPDATE hold SET body = '[]'`, "hold 1: cannot be read: json"},
		{"unreadable event", `UPDATE event SET body = '{' WHERE seq = 5`, "event 5: cannot be read: unexpected end"},
		{"unreadable counters", `UPDATE team SET begun = 'soon'`, "the counters cannot be read"},
		{"no time of a mail", `UPDATE inbox SET until = '2026-03-02 08:00', verdict = 'waiting' WHERE id = 1`, "mail 1: until is '2026-03-02 08:00', which is no time"},
		{"no time of a letter", `UPDATE post SET next = '2026-03-02T08:00:00Z' WHERE serial = 1`, `letter 1: next is "2026-03-02T08:00:00Z", which is no time`},
		{"no time of a mailbox", `UPDATE position SET since = 'x'`, "mailbox INBOX: since is 'x', which is no time"},
		{"torn index", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE INDEX task_changed ON task (team, number)' WHERE name = 'task_changed'`, "database: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.story()
			r.more()
			r.verifyClean()
			_, err := r.writer.Exec(c.script)
			must(t, err)
			r.reopen()
			bad, err := r.Verify(t.Context(), []*loop.Team{team})
			must(t, err)
			if all := strings.Join(bad, "\n"); !strings.Contains(all, c.want) {
				t.Errorf("found %q, want %q", all, c.want)
			}
		})
	}
}

func TestVerifyTellsTheFirst(t *testing.T) {
	r := newRig(t)
	for n := 1; n <= 30; n++ {
		r.does("", opened(n, "", "Task"))
	}
	_, err := r.writer.Exec(`UPDATE task SET body = replace(body, 'Task', 'Other')`)
	must(t, err)
	bad, err := r.Verify(t.Context(), nil) // of teams that the config no longer has, too
	must(t, err)
	if len(bad) != shown+1 || !strings.Contains(bad[shown], "20 more") {
		t.Errorf("found %q", bad)
	}
}
