-- A database as version 1 of the schema made it, with a little in it. It is what
-- an old installation has on its disk: never edit it when the schema moves on.

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
-- Without a content table: the text is in event and inbox already.
CREATE VIRTUAL TABLE words USING fts4 (
    content="",
    text,
    tokenize=unicode61
);

PRAGMA application_id = 1196446548;
PRAGMA user_version = 1;

INSERT INTO position VALUES('INBOX',7,2,'2026-03-02T08:00:00.123456789Z','');
INSERT INTO inbox VALUES(1,'INBOX',7,1,'ff4565f76b6d6c53ceac7262c7e7266073403d77c0fac25029bd4a57e288e82a','2026-03-02T08:00:00.123456789Z',78,1,'read','','','',0,'','2026-03-02T08:01:00.123456789Z','shop@acme.example','','','',0,'');
INSERT INTO inbox VALUES(2,'INBOX',7,2,'f10c41c27f93cc05fea65fa0fc7acffbbb1943ce09eab349b99f84970581b19f','2026-03-02T08:01:00.123456789Z',47,1,'read','','','',0,'','2026-03-02T08:02:00.123456789Z','shop@acme.example','dana@acme.example','Re: Login loops','',1,'Found the cookie.');
INSERT INTO raw VALUES(1,X'4d6573736167652d49443a203c726f6f74314061636d652e6578616d706c653e0d0a5375626a6563743a204c6f67696e206c6f6f70730d0a0d0a446f6e653a20697420646f6573206e6f742e0d0a');
INSERT INTO raw VALUES(2,X'5375626a6563743a2052653a204c6f67696e206c6f6f70730d0a0d0a466f756e642074686520636f6f6b69652e0d0a');
INSERT INTO team VALUES('shop@acme.example',1,0,0,'2026-03-02T08:01:00.123456789Z');
INSERT INTO task VALUES('shop@acme.example',1,'web','active','2026-03-02T08:02:00.123456789Z','root1@acme.example','{"number":1,"title":"Login loops","stream":"web","state":"active","round":1,"by":"priya@acme.example","sections":{"problem":"It breaks.","reproduce":"","done":"It does not.","context":""},"root":"root1@acme.example","subject":"Login loops","notes":[{"kind":"update","by":"dana@acme.example","at":"2026-03-02T08:02:00.123456789Z","round":1,"text":"Found the cookie."}],"created":"2026-03-02T08:01:00.123456789Z","started":"2026-03-02T08:01:00.123456789Z","round_at":"2026-03-02T08:01:00.123456789Z","changed":"2026-03-02T08:02:00.123456789Z","due":"2026-03-09"}');
INSERT INTO stream VALUES('shop@acme.example','web','{"name":"web","current":1,"begun":"2026-03-02T08:01:00.123456789Z"}');
INSERT INTO event VALUES(1,'shop@acme.example',1,'opened','2026-03-02T08:01:00.123456789Z',1,'{"kind":"opened","at":"2026-03-02T08:01:00.123456789Z","mail":1,"task":1,"stream":"web","by":"priya@acme.example","title":"Login loops","subject":"Login loops","root":"root1@acme.example","sections":{"problem":"It breaks.","reproduce":"","done":"It does not.","context":""}}');
INSERT INTO event VALUES(2,'shop@acme.example',1,'queued','2026-03-02T08:01:00.123456789Z',1,'{"kind":"queued","at":"2026-03-02T08:01:00.123456789Z","mail":1,"task":1}');
INSERT INTO event VALUES(3,'shop@acme.example',1,'started','2026-03-02T08:01:00.123456789Z',1,'{"kind":"started","at":"2026-03-02T08:01:00.123456789Z","mail":1,"task":1,"round":1,"due":"2026-03-09"}');
INSERT INTO event VALUES(4,'shop@acme.example',1,'updated','2026-03-02T08:02:00.123456789Z',2,'{"kind":"updated","at":"2026-03-02T08:02:00.123456789Z","mail":2,"task":1,"by":"dana@acme.example","text":"Found the cookie.","day":"2026-03-02"}');
INSERT INTO post VALUES(1,'shop@acme.example','task','priya@acme.example',1,'',2,'2026-03-02T08:02:00.123456789Z','sent','',1,'','2026-03-02T08:03:00.123456789Z','t1.abcdefghijklmnop.1@acme.example','','{"kind":"task","team":"shop@acme.example","to":"priya@acme.example","name":"","zone":"","task":1,"ref":"t1","due":"0001-01-01T00:00:00Z","thread":{},"body":{}}','x',X'4d6573736167652d49443a203c74312e6162636465666768696a6b6c6d6e6f702e314061636d652e6578616d706c653e0d0a0d0a780d0a');
INSERT INTO said VALUES(1,'shop@acme.example',1,NULL);
INSERT INTO said VALUES(2,'shop@acme.example',NULL,2);
INSERT INTO said VALUES(3,'shop@acme.example',4,NULL);
INSERT INTO words (docid, text) VALUES (1, 'Login loops
Login loops
It breaks.
It does not.');
INSERT INTO words (docid, text) VALUES (2, 'Re: Login loops
Found the cookie.');
INSERT INTO words (docid, text) VALUES (3, 'Found the cookie.');
