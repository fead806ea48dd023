package loop

import (
	"time"

	"gatepost/parse"
)

// Kind names a letter. The names are fixed: X-Gatepost-Letter carries them.
type Kind string

// The letters of DESIGN section 7.
const (
	Taken      Kind = "received"   // to the PM: a task was taken
	NeedsDone  Kind = "needs-done" // to the PM: what was understood, what is missing
	Proposal   Kind = "proposal"   // to the PM: somebody proposes a task
	TaskLetter Kind = "task"       // to the engineer: work on this
	Prompt     Kind = "prompt"     // to the engineer: what moved, what is blocked?
	Question   Kind = "question"   // to the PM: the engineer asks
	Answer     Kind = "answer"     // to the engineer: the PM answers
	Comment    Kind = "comment"    // words passed on at once
	Gate       Kind = "gate"       // to an approver: approve or redirect
	Approved   Kind = "approved"   // to the engineer, with the next task if there is one
	Redirected Kind = "redirected" // to the engineer: another round, and why
	Receipt    Kind = "receipt"    // to who decided: what was done with which line
	Unclear    Kind = "unclear"    // nothing moved; say it plainly
	Confirm    Kind = "confirm"    // a move fell short of authority; "yes" carries it out
	Refused    Kind = "refused"    // it cannot be done, and why
	HeldLetter Kind = "held"       // a mail is held
	DigestMail Kind = "digest"     // the PM's daily ninety seconds
	WeeklyMail Kind = "weekly"     // the PM's review of a week
	StatusMail Kind = "status"     // answers to the sender alone …
	RecordMail Kind = "record"
	SearchMail Kind = "search"
	HelpMail   Kind = "help"
	Alert      Kind = "alert" // to the operator
)

// Kinds is every letter there is.
var Kinds = []Kind{
	Taken, NeedsDone, Proposal, TaskLetter, Prompt, Question, Answer, Comment, Gate, Approved, Redirected, Receipt,
	Unclear, Confirm, Refused, HeldLetter, DigestMail, WeeklyMail, StatusMail, RecordMail, SearchMail, HelpMail, Alert,
}

// Letter is the intention to write to one person. The rules make it, the
// store keeps it, templates put it into words, mailout sends it.
type Letter struct {
	Kind Kind   `json:"kind"`
	Team string `json:"team"` // team address
	To   string `json:"to"`   // a person's first address (or the operator's)
	Name string `json:"name"` // their display name
	Zone string `json:"zone"` // IANA name: every time in the letter is shown in it
	// Language of the letter's words, "de"; "": English.
	Language string    `json:"language,omitempty"`
	Task     int       `json:"task,omitempty"`  // 0: not about one task
	Ref      string    `json:"ref,omitempty"`   // what a reply to it refers to: t42, t42r1, me, c17; "" (alert): the bare team address
	Asked    bool      `json:"asked,omitempty"` // it answers a mail of the reader's own: sent at once, empty envelope sender
	Due      time.Time `json:"due"`             // not to be sent before
	Key      string    `json:"key,omitempty"`   // names what is to be sent once: "digest|priya@acme.example|2026-03-02", "gate|priya@acme.example|t42r1"
	Thread   Thread    `json:"thread"`
	Body     Body      `json:"body"`
}

// Thread places a letter in its conversation.
type Thread struct {
	Subject    string   `json:"subject,omitempty"`     // whole subject; "": the template has its own
	InReplyTo  string   `json:"in_reply_to,omitempty"` // Message-ID without brackets
	References []string `json:"references,omitempty"`  // root first
}

// Body is what the letter says, as facts. Which fields are set depends on the
// kind; a template must not assume more than the kind promises (see
// templates/*.txt for what each uses).
type Body struct {
	Task   *TaskView `json:"task,omitempty"`   // what it is about
	Next   *TaskView `json:"next,omitempty"`   // approved, comment: the task that starts now
	Who    string    `json:"who,omitempty"`    // display name of whose act it tells
	When   time.Time `json:"when,omitzero"`    // of that act
	Act    string    `json:"act,omitempty"`    // the command it is about: approve, redirect, undo, drop, blocked, question, too big …
	Text   string    `json:"text,omitempty"`   // their words: question, answer, reason, comment, what was delivered
	Asked  string    `json:"asked,omitempty"`  // answer: the question that was answered; gate: why this round came about; with Next: why that goes another round
	Files  []File    `json:"files,omitempty"`  // came with Text, and are not sent on
	Line   string    `json:"line,omitempty"`   // the line of the reader's mail that was used or is in doubt
	Beside string    `json:"beside,omitempty"` // the other line that puts it in doubt
	Cause  string    `json:"cause,omitempty"`  // why: one of the Cause constants
	Detail string    `json:"detail,omitempty"` // a free sentence to the cause, may be empty

	Missing []string   `json:"missing,omitempty"` // needs-done: "done", "stream"
	Advice  []string   `json:"advice,omitempty"`  // names of intake rules, see parse
	Call    string     `json:"call,omitempty"`    // with the advice "wants-a-call": why, one of parse's reasons
	Slot    time.Time  `json:"slot,omitzero"`     // … and when the reader and With both have fifteen minutes
	With    string     `json:"with,omitempty"`
	Place   int        `json:"place,omitempty"`   // received: place in the queue, 1 = next; 0: it started at once
	From    Date       `json:"from,omitzero"`     // receipt of away: the first day, if it is not today
	Gone    Date       `json:"gone,omitzero"`     // receipt, received: the engineer is away until then, and what it is about waits
	Undo    time.Time  `json:"undo,omitzero"`     // receipt: it can be undone until then
	Paused  bool       `json:"paused,omitempty"`  // receipt, approved: nothing starts, for the stream is paused; a task waits
	Updates []Note     `json:"updates,omitempty"` // gate: the updates of this round; task: what was written before the reader had it
	Kept    []Note     `json:"kept,omitempty"`    // gate, prompt: comments kept for later
	Answers []Note     `json:"answers,omitempty"` // prompt: answers since the last update
	Days    DaysUsed   `json:"days,omitzero"`     // gate
	Others  []string   `json:"others,omitempty"`  // gate: names of the other approvers
	Choices []Choice   `json:"choices,omitempty"` // plain replies, ready to send, best first
	Streams []string   `json:"streams,omitempty"` // needs-done, unclear: stream names to choose from
	Tasks   []TaskView `json:"tasks,omitempty"`   // prompt, status, unclear: tasks of the reader or of the team
	Digest  *Digest    `json:"digest,omitempty"`
	Review  *Review    `json:"review,omitempty"`  // weekly; a digest of that day stands beside it
	Status  []Lane     `json:"status,omitempty"`  // status: a line of each stream
	Entries []Entry    `json:"entries,omitempty"` // record, search: filled in when the letter is stored
	Query   string     `json:"query,omitempty"`   // search: the words
	Words   []WordHelp `json:"words,omitempty"`   // help: what this reader can write
}

// Why something did not move. Templates have a sentence for each; the doubts
// of parse (parse.DoubtCondition …) are causes as well.
const (
	CauseNoReason   = "no-reason"   // redirect, reopen, drop without why
	CauseNoWords    = "no-words"    // question, blocked, now, too big … without words
	CauseEmpty      = "empty"       // nothing new in the mail
	CauseFiles      = "files"       // no words, but attachments: Files
	CauseComment    = "comment"     // words at a gate that are no decision: passed on, the gate stays shut
	CauseNoGate     = "no-gate"     // a decision while nothing is at the gate
	CauseOldRound   = "old-round"   // a decision about an older round, or from before the task came to its gate
	CauseDecided    = "decided"     // it was decided already: Who, When, Act
	CauseRole       = "role"        // not theirs to do: Detail says whose it is
	CauseState      = "state"       // not possible in this state
	CauseNoTask     = "no-task"     // no such task, or none named
	CauseWhichTask  = "which-task"  // several tasks could be meant
	CauseStream     = "stream"      // no such stream, or none named
	CauseNumbers    = "numbers"     // the thread is of one task, the line names another; or two tokens
	CauseUndoLate   = "undo-late"   // the time for undo is over
	CauseUndoWork   = "undo-work"   // the next task has an update already
	CauseUndoOther  = "undo-other"  // somebody else decided
	CauseUndoNone   = "undo-none"   // nothing to undo
	CauseDate       = "date"        // away until when?
	CauseToken      = "token"       // a move without the person's own token
	CauseAlias      = "alias"       // a move with the token, from an address nobody registered
	CauseEvidence   = "evidence"    // the policy asks for evidence of the domain
	CauseExpired    = "expired"     // the confirm letter is used or too old
	CauseEncrypted  = "encrypted"   // cannot be read
	CauseStranger   = "stranger"    // held: nobody knows the sender
	CauseNotYes     = "not-yes"     // a reply to the confirm letter that is no plain yes
	CauseNoDone     = "no-done"     // queue without a done
	CauseChat       = "chat"        // words about a proposal that say neither queue nor drop, nor anything of the task
	CauseLanguage   = "language"    // an update that begins by saying it is done, in none of the team's words
	CauseCycle      = "after-cycle" // after itself, or after a task that does not wait, or not in its stream
	CauseParked     = "parked"      // alert: a mail could not be read
	CauseBounced    = "bounced"     // alert: letters to this address come back
	CauseFailed     = "failed"      // alert: a letter could not be sent
	CauseUnreadable = "unreadable"  // alert: the mailbox cannot be read
	CauseNobody     = "nobody"      // let in: no mail of that address is held
	CauseRepeat     = "repeat"      // a move by a mail whose Message-ID moved something before
	CauseTokens     = "tokens"      // alert: many wrong tokens
	CauseLoop       = "loop"        // alert: too many letters that move nothing
	CauseList       = "list"        // alert: a member's answer came by a mailing list
	CauseReadable   = "readable"    // alert: it can be read again
	CauseUnsent     = "unsent"      // alert: no letter can be sent
	CauseSendable   = "sendable"    // alert: letters are sent again
	CauseConfig     = "config"      // alert: the changed config has mistakes
	CauseLogin      = "login"       // alert: the provider of the mailbox gives no access any more
	CauseLoggedIn   = "logged-in"   // alert: it gives access again
	CauseWording    = "wording"     // alert: the team's own templates are not in use
	CauseTeam       = "team"        // alert: what is due for a team cannot be done; Detail names it
)

// Choice is a reply ready to send: a mailto button that only opens the
// reader's mail client, and the same as text.
type Choice struct {
	Label string `json:"label"` // Approve
	Body  string `json:"body"`  // approve
}

// TaskView is a task as letters show it.
type TaskView struct {
	Number   int            `json:"number"`
	Title    string         `json:"title"`
	Stream   string         `json:"stream"`
	State    TaskState      `json:"state"`
	Round    int            `json:"round"`
	Engineer string         `json:"engineer"` // display name
	By       string         `json:"by"`       // display name of who opened it
	Sections parse.Sections `json:"sections"`
	Due      Date           `json:"due"`
	Started  time.Time      `json:"started,omitzero"`
	Blocked  string         `json:"blocked,omitempty"` // the open question
	Kept     int            `json:"kept,omitempty"`    // comments kept for the gate
	Files    []File         `json:"files,omitempty"`   // came with it, and are not sent on
	Below    bool           `json:"below,omitempty"`   // nor is what its mail quoted or forwarded
}

// Note is words that somebody wrote about a task.
type Note struct {
	Kind  NoteKind  `json:"kind"`
	By    string    `json:"by"` // person key in state, display name in letters
	At    time.Time `json:"at"`
	Round int       `json:"round"`
	Text  string    `json:"text"`
	// Of is when the question came that an answer is for; zero: all that was open.
	Of    time.Time `json:"of,omitzero"`
	Files []File    `json:"files,omitempty"` // came with it
	Task  int       `json:"task,omitempty"`  // in a letter about several tasks: which it is about
}

// DaysUsed says whose time it was, in business days of the engineer.
type DaysUsed struct {
	Work    int `json:"work"`
	Blocked int `json:"blocked"`
	Away    int `json:"away,omitempty"`
	Allowed int `json:"allowed"`
}

// Digest is what one reader should know since the last one.
type Digest struct {
	Day     Date      `json:"day"`
	Since   time.Time `json:"since,omitzero"`
	Waiting []Item    `json:"waiting,omitempty"` // decisions, questions, drafts: oldest first
	Moved   []Item    `json:"moved,omitempty"`
	Blocked []Item    `json:"blocked,omitempty"`
	Silent  []Item    `json:"silent,omitempty"`
	Dates   []Item    `json:"dates,omitempty"` // late or due today or tomorrow
	Next    []Item    `json:"next,omitempty"`  // head of each queue
	Low     []Item    `json:"low,omitempty"`   // streams with under three tasks waiting
	Away    []Item    `json:"away,omitempty"`
	Held    int       `json:"held,omitempty"`    // strangers' mails held since
	Streams []string  `json:"streams,omitempty"` // to choose from, if something that waits lacks one
	Bounced []Item    `json:"bounced,omitempty"`
}

// Item is one entry of a digest. Kind says what it tells: gate, question,
// draft, proposal, update, delivered, approved, redirected, started, opened,
// queued, reopened, dropped, blocked, silent, late, due, next, low, paused, away, away-soon,
// maybe-away, bounced.
type Item struct {
	Kind   string    `json:"kind"`
	Task   int       `json:"task,omitempty"`
	Round  int       `json:"round,omitempty"` // gate
	Title  string    `json:"title,omitempty"`
	Stream string    `json:"stream,omitempty"`
	Who    string    `json:"who,omitempty"`
	Text   string    `json:"text,omitempty"`
	Days   int       `json:"days,omitempty"`  // how long, in business days
	Count  int       `json:"count,omitempty"` // low: tasks waiting; update: how many updates
	Date   Date      `json:"date,omitzero"`
	Since  time.Time `json:"since,omitzero"`

	Files int `json:"files,omitempty"` // how many came with Text, or with the updates

	// Missing is what keeps a draft or a proposal from being queued: "done", "stream".
	Missing []string `json:"missing,omitempty"`
}

// Lane is one stream in a status letter.
type Lane struct {
	Stream   string     `json:"stream"`
	Paused   bool       `json:"paused,omitempty"`
	Engineer string     `json:"engineer"`
	Current  *TaskView  `json:"current,omitempty"`
	Queue    []TaskView `json:"queue,omitempty"`
	Drafts   []TaskView `json:"drafts,omitempty"`
}

// Entry is one line of the written record.
type Entry struct {
	Task int       `json:"task"`
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	What string    `json:"what"` // in words: "approved", "asked"
	Text string    `json:"text,omitempty"`

	// The same as facts, for a letter in the reader's language.
	Event  EventKind `json:"event,omitempty"`
	Act    string    `json:"act,omitempty"`    // a command word
	Name   string    `json:"name,omitempty"`   // a title, a stream, a person or an address
	Number int       `json:"number,omitempty"` // a task
	Round  int       `json:"round,omitempty"`
	Day    Date      `json:"day,omitzero"` // due, or the first day away
	Until  Date      `json:"until,omitzero"`
	Files  []File    `json:"files,omitempty"`
}

// WordHelp is a line of the help letter.
type WordHelp struct {
	Word string `json:"word"` // canonical; "let in"
}

// Post is a letter in the outbox. Raw is empty until it is put into words;
// from then on the same bytes go out however often it is tried.
type Post struct {
	Serial    int64 // number in the outbox; part of the Message-ID and of the bounce address
	Letter    Letter
	Attempts  int
	MessageID string // without angle brackets: ref.token.serial@host
	Sender    string // envelope sender; "" is <>
	Raw       []byte // CRLF, ready for DATA but not dot-stuffed
	Text      string // the plain text, to compare replies with
	Damaged   string // what of it the store cannot read again; "": nothing. Letter may then be no more than whose it is
}
