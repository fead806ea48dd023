// Package store keeps everything Gatepost must not forget, in one SQLite file:
// how far each mailbox was read, every mail as it came, the state of each
// team, the record of what happened, and the letters to be sent.
//
//	position   a mailbox and how far it was taken in
//	inbox      a mail, and what became of it; raw holds its bytes
//	copy       further places where the same mail was found
//	team       the counters of a team
//	task, stream, person, hold
//	           the state: columns that are asked for, and the whole object as JSON
//	event      the record, one row an event, never deleted, and changed by Forget alone
//	post       the outbox, one row a letter
//	trouble    what does not work now
//	expired    how much was taken out because it was to be kept no longer
//	said, term, words
//	           the index for search over events and mails; words is its older part
//
// Every exported method is one transaction. A mail passes through two of them:
// Receive keeps its bytes and moves the position on; Commit marks it read
// together with all its consequences. Nothing else ties the reader of the
// mailbox to the rules, or the rules to the sender of letters.
//
// The store reads no clock and throws no dice: every time is handed in, and
// two runs that make the same calls leave the same bytes after Close. Times
// are text, RFC 3339 in UTC with nine digits behind the second, so that they
// sort, come back exactly as they went in, and can be read by a person with
// the sqlite3 shell; the empty text is "no time".
//
// There is one writing connection and a pool of reading ones for each DB. A
// context ends the wait for the writing connection and rolls its transaction
// back, but SQLite does not look at it while another process holds the write
// lock: that wait ends after busyWait.
package store
