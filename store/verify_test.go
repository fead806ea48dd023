package store

import (
	"strings"
	"testing"

	"gatepost/loop"
)

// Each row damages a clean database behind the store's back.
func TestVerifyFinds(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"changed task", `UPDATE task SET body = replace(body, 'Zürich', 'Bern') WHERE number = 2`, `shop@acme.example: task 2: is "title":"Bern is missing"`},
		{"changed state", `UPDATE task SET body = replace(body, '"state":"approved"', '"state":"active"'), state = 'queued' WHERE number = 1`, `task 1: is "state":"active"`},
		{"lost task", `DELETE FROM task WHERE number = 3`, "task 3: is not stored, but in the record"},
		{"invented person", `INSERT INTO person VALUES ('shop@acme.example', 'x@y.example', '{"key":"x@y.example"}')`, "person x@y.example: is stored, but not in the record"},
		{"lost stream", `DELETE FROM stream`, "stream web: is not stored"},
		{"counter", `UPDATE team SET last_task = 9`, "the counters (last task, last hold, strangers, begun) are [\"9\" \"1\""},
		{"deleted event", `DELETE FROM said WHERE seq = 8; DELETE FROM event WHERE seq = 8`, "events up to number"},
		{"impossible event", `UPDATE event SET body = '{"kind":"asked-more","task":2,"at":"2026-03-02T08:00:00Z"}' WHERE seq = 8`, "event 8 (asked-more) does not fit"},
		{"lost mail", `PRAGMA foreign_keys = 0; DELETE FROM inbox WHERE id = 4`, "refers to a row of inbox that is not there"},
		{"lost bytes", `DELETE FROM raw WHERE mail = 4`, "mail 4: its bytes are not kept"},
		{"damaged bytes", `UPDATE raw SET bytes = x'00' WHERE mail = 4`, "mail 4: its bytes are damaged"},
		{"damaged letter", `UPDATE post SET raw = x'0011', raw_form = 'zstd', raw_size = 5 WHERE serial = 1`, "letter 1: its bytes are damaged"},
		{"changed note", `UPDATE task SET body = replace(body, 'cookie', 'biscuit') WHERE number = 1`, "task 1: what was said about it is not what the record says"},
		{"lost note", `UPDATE task SET body = json_remove(body, '$.notes[0]') WHERE json_array_length(body, '$.notes') > 0`, "what was said about it is not what the record says"},
		{"unread again", `UPDATE inbox SET verdict = '', decided = '' WHERE id = 4`, "mail 4: is still unread, but 1 events and letters come of it"},
		{"read twice", `INSERT INTO said (team, mail) VALUES ('shop@acme.example', 4), ('shop@acme.example', 4)`, "mail 4: was read by 2 steps"},
		{"mail kept twice", `INSERT INTO copy VALUES ('INBOX', 7, 4, 5)`, "mail 4: is kept 2 times"},
		{"orphan letter", `UPDATE post SET task = 44 WHERE serial = 1`, "letter 1: is about task 44"},
		{"sent nothing", `UPDATE post SET state = 'sent' WHERE serial = 1`, "letter 1: is sent, but its bytes are not kept"},
		{"same key", `DROP INDEX post_key; UPDATE post SET key = 'k'`, "letters of shop@acme.example: 2 have the key k"},
		{"torn index", `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE INDEX task_changed ON task (team, number)' WHERE name = 'task_changed'`, "database: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.story()
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
