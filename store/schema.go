package store

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID marks the file as one of ours: "GPST".
const applicationID = 0x47505354

// migrations lead from an empty file to the present schema; the i-th makes
// version i+1. They are only ever added to: a released one never changes.
var migrations = []string{version1, version2, mailboxSources, expiries, largeMails, taskBrief, rawForm, termIndex, postRank, queuedAt, postScarce}

// migrate brings a database to the newest version. Each step is a transaction
// with its version number, so a crash leaves a whole older schema. What was
// asked before the service had its lock does not count: a program of another
// version may have been there.
func migrate(db *sql.DB, migrations []string) error {
	for {
		var version int
		if err := db.QueryRow(`PRAGMA user_version`).Scan(&version); err != nil {
			return explain("migrate database", err)
		}
		if version == len(migrations) {
			return nil
		}
		if version > len(migrations) {
			return fmt.Errorf("migrate database: %w", errNewer(version, len(migrations)))
		}
		if err := migrateFrom(db, version, migrations[version]); err != nil {
			return explain(fmt.Sprintf("migrate database to version %d", version+1), err)
		}
	}
}

func migrateFrom(db *sql.DB, version int, migration string) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var now int
	if err := tx.QueryRow(`PRAGMA user_version`).Scan(&now); err != nil || now != version {
		return err // another process migrated it while we waited for the lock
	}
	if _, err := tx.Exec(migration); err != nil {
		return err
	}
	if _, err := tx.Exec(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, version+1)); err != nil {
		return err
	}
	return tx.Commit()
}

func errNewer(version, newest int) error {
	return fmt.Errorf("its schema is version %d, this program knows up to %d: install the newer gatepost that wrote it, or restore a backup", version, newest)
}

const version1 = `
CREATE TABLE position (
    mailbox     TEXT    NOT NULL PRIMARY KEY, -- as its source names it
    uidvalidity INTEGER NOT NULL,             -- of the numbers in uid (RFC 9051 2.3.1.1)
    uid         INTEGER NOT NULL,             -- all up to here are in inbox, or are not to be read
    since       TEXT    NOT NULL,             -- first start: older mail is not read; '' if all is
    polled      TEXT    NOT NULL DEFAULT ''   -- the source was last looked at, for status
) STRICT;

CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- order in which mail is read; never used again
    mailbox     TEXT    NOT NULL,             -- where it was first found
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    fingerprint TEXT    NOT NULL UNIQUE,      -- of Message-ID and content: a second copy is the same mail
    at          TEXT    NOT NULL,             -- when it was received
    size        INTEGER NOT NULL,             -- bytes in raw
    whole       INTEGER NOT NULL,             -- 1; 0 if only the header was fetched
    verdict     TEXT    NOT NULL DEFAULT ''
                CHECK (verdict IN ('', 'waiting', 'read', 'parked', 'held', 'ignored', 'dropped')),
    reason      TEXT    NOT NULL DEFAULT '',  -- why it waits, is parked, held or ignored
    until       TEXT    NOT NULL DEFAULT '',  -- waiting: not to be read before
    first_seen  TEXT    NOT NULL DEFAULT '',  -- waiting: when it was first put off
    attempts    INTEGER NOT NULL DEFAULT 0,   -- how often it was put off
    vouched     TEXT    NOT NULL DEFAULT '',  -- who let a held mail in: confirm, operator
    decided     TEXT    NOT NULL DEFAULT '',  -- when the verdict was given
    team        TEXT    NOT NULL DEFAULT '',  -- address of the team that it was for
    sender      TEXT    NOT NULL DEFAULT '',  -- these five as the reader saw them, for lists and search
    subject     TEXT    NOT NULL DEFAULT '',
    robot       TEXT    NOT NULL DEFAULT '',
    task        INTEGER NOT NULL DEFAULT 0,
    text        TEXT    NOT NULL DEFAULT '',
    UNIQUE (mailbox, uidvalidity, uid)
) STRICT;
CREATE INDEX inbox_unread ON inbox (id) WHERE verdict IN ('', 'waiting');
CREATE INDEX inbox_kept ON inbox (verdict, id) WHERE verdict IN ('parked', 'held');

CREATE TABLE raw (
    mail        INTEGER NOT NULL PRIMARY KEY REFERENCES inbox (id),
    bytes       BLOB    NOT NULL              -- as the server gave them
) STRICT;

CREATE TABLE copy (
    mailbox     TEXT    NOT NULL,             -- a further place where the mail was found:
    uidvalidity INTEGER NOT NULL,             -- a rescan, a second delivery
    uid         INTEGER NOT NULL,
    mail        INTEGER NOT NULL REFERENCES inbox (id),
    PRIMARY KEY (mailbox, uidvalidity, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE team (
    address     TEXT    NOT NULL PRIMARY KEY,
    last_task   INTEGER NOT NULL DEFAULT 0,   -- highest task number given
    last_hold   INTEGER NOT NULL DEFAULT 0,   -- highest confirm number given
    strange     INTEGER NOT NULL DEFAULT 0,   -- mails of strangers held so far
    begun       TEXT    NOT NULL DEFAULT ''   -- when the first task was opened
) STRICT;

CREATE TABLE task (
    team        TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    stream      TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    changed     TEXT    NOT NULL,             -- last event
    root        TEXT    NOT NULL,             -- Message-ID of the opening mail
    body        TEXT    NOT NULL,             -- loop.Task as JSON
    PRIMARY KEY (team, number)
) STRICT;
CREATE UNIQUE INDEX task_in_work ON task (team, stream) WHERE state IN ('active', 'gate');
CREATE INDEX task_open ON task (team) WHERE state IN ('draft', 'queued', 'active', 'gate');
CREATE INDEX task_changed ON task (team, changed);
CREATE INDEX task_root ON task (team, root) WHERE root <> '';

CREATE TABLE stream (
    team        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    body        TEXT    NOT NULL,             -- loop.Stream as JSON
    PRIMARY KEY (team, name)
) STRICT;

CREATE TABLE person (
    team        TEXT    NOT NULL,
    name        TEXT    NOT NULL,             -- the key: their first address
    body        TEXT    NOT NULL,             -- loop.Presence as JSON
    PRIMARY KEY (team, name)
) STRICT;

CREATE TABLE hold (
    team        TEXT    NOT NULL,
    number      INTEGER NOT NULL,             -- c17
    body        TEXT    NOT NULL,             -- loop.Hold as JSON
    PRIMARY KEY (team, number)
) STRICT;

CREATE TABLE event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- place in the record
    team        TEXT    NOT NULL,
    task        INTEGER NOT NULL,             -- 0: of no one task
    kind        TEXT    NOT NULL,
    at          TEXT    NOT NULL,
    mail        INTEGER REFERENCES inbox (id), -- the mail that did it; NULL: time, or the operator
    body        TEXT    NOT NULL              -- loop.Event as JSON
) STRICT;
CREATE INDEX event_task ON event (team, task, seq);

CREATE TABLE post (
    serial      INTEGER PRIMARY KEY AUTOINCREMENT, -- part of the Message-ID; never used again
    team        TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    task        INTEGER NOT NULL,             -- 0: of no one task
    key         TEXT    NOT NULL,             -- names the deed, so that it is done once; '' if a mail caused it
    mail        INTEGER REFERENCES inbox (id), -- the mail that caused it; NULL: time, or the operator
    created     TEXT    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'sent', 'failed', 'cancelled', 'dropped')),
    next        TEXT    NOT NULL,             -- waiting: not to be sent before; '' at once
    attempts    INTEGER NOT NULL DEFAULT 0,
    reason      TEXT    NOT NULL DEFAULT '',  -- what the last attempt failed of
    closed      TEXT    NOT NULL DEFAULT '',  -- when it was sent, or given up
    message_id  TEXT    NOT NULL DEFAULT '',  -- without angle brackets; '' until it is put into words
    sender      TEXT    NOT NULL DEFAULT '',  -- of the envelope; '' is <>
    letter      TEXT    NOT NULL,             -- loop.Letter as JSON
    text        TEXT    NOT NULL DEFAULT '',  -- the plain text, to compare replies with
    raw         BLOB                          -- the bytes that go out, however often; NULL until put into words
) STRICT;
CREATE UNIQUE INDEX post_key ON post (team, key) WHERE key <> '';
CREATE UNIQUE INDEX post_message ON post (message_id) WHERE message_id <> '';
CREATE INDEX post_waiting ON post (next, serial) WHERE state = 'waiting';
CREATE INDEX post_failed ON post (serial) WHERE state = 'failed';

CREATE TABLE said (
    id          INTEGER PRIMARY KEY,          -- docid in words; a later one was said later
    team        TEXT    NOT NULL,
    seq         INTEGER REFERENCES event (seq), -- an event's words, or
    mail        INTEGER REFERENCES inbox (id)   -- all that a mail said
) STRICT;
` + wordsTable

// wordsTable is part of version1, and made anew by Forget.
const wordsTable = `-- Without a content table: the text is in event and inbox already.
CREATE VIRTUAL TABLE words USING fts4 (
    content="",
    text,
    tokenize=unicode61
);
`

// version2 counts readings that were begun, see CountMails.
const version2 = `
ALTER TABLE inbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0; -- readings begun and not ended: each may have ended the program
`

// mailboxSources tells mailboxes of one name on different accounts apart, and
// keeps what does not work now, so that status can say so beside the service.
const mailboxSources = `
ALTER TABLE position ADD COLUMN source TEXT NOT NULL DEFAULT ''; -- account, server and folder as a URL, where mailbox is not that URL itself

CREATE TABLE trouble (
    place       TEXT    NOT NULL PRIMARY KEY, -- what does not work: a mailbox, a mail server, a team
    since       TEXT    NOT NULL,             -- when it first failed
    at          TEXT    NOT NULL,             -- when it last did
    reason      TEXT    NOT NULL              -- of the last time
) STRICT;
`

// expiries counts what was taken out because it was to be kept no longer.
const expiries = `
CREATE TABLE expired (
    what        TEXT    NOT NULL PRIMARY KEY, -- mails, letters
    count       INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0,
    at          TEXT    NOT NULL DEFAULT ''   -- end of the last round
) STRICT;
INSERT INTO expired (what) VALUES ('mails'), ('letters');
`

// largeMails keeps mails that are too large for one row in pieces.
const largeMails = `
ALTER TABLE raw ADD COLUMN stack INTEGER NOT NULL DEFAULT 0; -- of pieces, if the bytes are not here; 0: they are
CREATE INDEX raw_stack ON raw (stack) WHERE stack > 0;
CREATE TABLE piece (
    stack       INTEGER NOT NULL,             -- all pieces of one mail; of none yet while it arrives
    n           INTEGER NOT NULL,             -- from 0
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (stack, n)
) STRICT;
-- Whoever wipes or cuts down a mail does so by its bytes: then none of its pieces stays.
CREATE TRIGGER raw_wiped AFTER UPDATE OF bytes ON raw WHEN old.stack > 0 AND new.stack = old.stack BEGIN
    DELETE FROM piece WHERE stack = old.stack;
    UPDATE raw SET stack = 0 WHERE mail = old.mail;
END;
`

// taskBrief lets status see all tasks without all that was said about them.
const taskBrief = `
ALTER TABLE task ADD COLUMN brief TEXT NOT NULL DEFAULT ''; -- what status shows of it, as JSON: part of body
UPDATE task SET brief = json_object(
    'number', number, 'title', json_extract(body, '$.title'), 'stream', stream, 'state', state,
    'round', json_extract(body, '$.round'), 'question', json(json_extract(body, '$.question')),
    'created', json_extract(body, '$.created'), 'delivered', json_extract(body, '$.delivered'),
    'decided', json_extract(body, '$.decided'), 'due', json_extract(body, '$.due'));
CREATE INDEX task_brief ON task (team, state, number, brief); -- all of it, so that no body is read
`

// rawForm lets mails and letters be kept compressed, see pack. What is there
// stays as it is.
const rawForm = `
ALTER TABLE raw ADD COLUMN form TEXT NOT NULL DEFAULT ''; -- how bytes are stored: '' as they are, or zstd; inbox.size is what they were
ALTER TABLE post ADD COLUMN raw_form TEXT NOT NULL DEFAULT ''; -- the same of raw
ALTER TABLE post ADD COLUMN raw_size INTEGER NOT NULL DEFAULT 0; -- zstd: bytes before
`

// termIndex is the index of words from here on; words keeps what was said
// before. It is read from its newest end, and tidied a little with each commit:
// without automerge nothing happens for thousands of mails, and then one waits
// for all of it.
const termIndex = `
-- Without a content table, as words: each word with its drawer before it, see drawer.
CREATE VIRTUAL TABLE term USING fts4 (
    content="",
    text,
    tokenize=unicode61,
    matchinfo=fts3,
    order=desc
);
INSERT INTO term (term) VALUES ('automerge=4');
`

// postRank finds the letters that somebody waits for among those that are due,
// and how many went out lately.
const postRank = `
CREATE INDEX post_rank ON post (` + scheduledKinds + `, next, serial) WHERE state = 'waiting';
CREATE INDEX post_sent ON post (closed) WHERE state = 'sent';
`

// queuedAt tells of each task when it was queued, as its record has it.
const queuedAt = `
UPDATE task
   SET body = json_set(body, '$.queued_at', (
       SELECT json_extract(event.body, '$.at')
         FROM event
        WHERE event.team = task.team AND event.task = task.number AND event.kind = 'queued'
        ORDER BY seq DESC
        LIMIT 1))
 WHERE EXISTS (SELECT 1 FROM event WHERE event.team = task.team AND event.task = task.number AND event.kind = 'queued');
`

// postScarce finds the letters of a gate, and what the operator was told, which are
// asked for at every start, among all that were ever sent.
const postScarce = `
CREATE INDEX post_gate ON post (team, task, serial) WHERE kind = 'gate';
CREATE INDEX post_alert ON post (serial) WHERE kind = 'alert';
`
