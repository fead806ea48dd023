// Package parse reads a mail: raw bytes in, a Mail out. It tells who wrote,
// to which thread, which words are new, which of them are a command, which
// part of a task they are, and whether a robot sent them.
//
// It holds no policy and does no IO: whether the sender may do what they ask
// is for package loop to say. When two readings are possible, Read reports the
// doubt and leaves the word empty; it never guesses towards a decision.
package parse

import (
	"time"

	"gatepost/parse/internal/authres"
	"gatepost/parse/internal/mime"
)

// Mail is one mail as it was read. Its JSON form is what `gatepost parse`
// prints, one line a mail; other programs read it, so names do not change.
type Mail struct {
	File       string     `json:"file"`
	MessageID  string     `json:"message_id"`  // without angle brackets
	InReplyTo  string     `json:"in_reply_to"` // the first id, without angle brackets
	References []string   `json:"references"`  // oldest first, without angle brackets
	Date       string     `json:"date"`        // Date header field as RFC 3339; "" if unreadable. Shown, never trusted
	From       Address    `json:"from"`
	To         []Address  `json:"to"`
	Cc         []Address  `json:"cc"`
	Subject    string     `json:"subject"` // decoded, controls and bidi marks stripped
	Robot      Robot      `json:"robot"`
	Address    Tag        `json:"address"`
	Text       string     `json:"text"`   // the new text, quotes and signature taken away
	Quoted     bool       `json:"quoted"` // history was found in the mail
	Signature  string     `json:"signature"`
	Commands   []Command  `json:"commands"`
	Sections   Sections   `json:"sections"`
	Advice     []string   `json:"advice"` // names of the intake rules that apply, see Advise
	Attachment []Attached `json:"attachments"`
	Evidence   Evidence   `json:"evidence"`
	Problems   []string   `json:"problems"` // what was odd, in words; never empty when something was cut short

	Cut       Cut        `json:"cut"` // where the new text ends and which rule said so
	Bounce    *Bounce    `json:"-"`   // set when Robot is RobotBounce and the report could be read
	Received  time.Time  `json:"-"`   // date of the topmost Received field, else Date; zero if neither reads
	IDs       []ThreadID `json:"-"`   // our own Message-IDs found in In-Reply-To (first) and References (newest first)
	Tags      []Tag      `json:"-"`   // every team tag found in the recipients, in the order of trust; Address is the first of them
	Number    int        `json:"-"`   // N of "[#N]" in the subject; 0 if none
	Labelled  []string   `json:"-"`   // which of problem, reproduce, done, context stood under a label of their own
	Encrypted bool       `json:"-"`   // its text is encrypted and could not be read
	Park      string     `json:"-"`   // not empty: do not apply, keep for a person; the reason
}

// These are made in packages that nobody but this one uses.
type (
	Address  = mime.Address
	Gone     = mime.Gone
	Limits   = mime.Limits
	Evidence = authres.Evidence
)

// Robot says that no person wrote this mail, and what did. Empty: a person.
type Robot string

// The kinds of robot. A robot never acts and is never answered.
const (
	RobotNone       Robot = ""
	RobotAutoReply  Robot = "auto-reply" // absence notices and other answers of RFC 3834
	RobotBounce     Robot = "bounce"     // delivery status (RFC 3464) and its free forms
	RobotReceipt    Robot = "receipt"    // disposition notification (RFC 8098)
	RobotReaction   Robot = "reaction"
	RobotInvitation Robot = "invitation" // calendar requests and replies
	RobotList       Robot = "list"       // mail of a mailing list or a bulk sender
	RobotOwn        Robot = "own"        // our own letter come back
)

// Tag is what an address of ours carries behind its separator:
// shop+web@ has Stream, shop+t42.<token>@ has Ref and Token.
type Tag struct {
	Team   string `json:"team"`   // the address without its tag, lower-case
	Stream string `json:"stream"` // "" unless the tag names a stream
	Ref    string `json:"ref"`    // t42, t42r1, me, c17, b99; "" if the tag is none of them
	Token  string `json:"token"`  // 16 characters, lower-case
}

// ThreadID is one of our own Message-IDs taken apart: <ref.token.serial@host>.
type ThreadID struct {
	Ref, Token string
	Serial     int64
	ID         string // the whole id without angle brackets
}

// Command is a word of DESIGN section 4 found where it counts.
//
// Exactly one of these holds: Word is set (a command to carry out, if the
// sender may); Word is empty and Doubt is set (it looked like one: nothing
// may move, ask); both are empty (a line "#15 use the old endpoint": words for
// that task and no command).
type Command struct {
	Task   int              `json:"task"`  // number before the word, 0: the mail's own thread
	Word   string           `json:"word"`  // canonical word; empty if in doubt
	Tail   string           `json:"tail"`  // what follows the word on its line
	Line   string           `json:"line"`  // the line as written
	Doubt  string           `json:"doubt"` // why it does not count: one of the Doubt constants, "" if it does
	Hint   string           `json:"-"`     // the canonical word that was in doubt
	inside bool             // the word does not open the line
	limits map[string]limit // words for a task: which commands for it they take back

	Beside string `json:"-"` // the other line that puts this one in doubt, "" if it does so itself

	Text string `json:"-"` // Tail and the lines that belong to it, up to the next "#N" line or the end of the new text
}

// Why a line with a command word in it is not a command.
const (
	DoubtCondition     = "condition"     // approve once the tests pass
	DoubtNegation      = "negation"      // not approved
	DoubtQuestion      = "question"      // approve?
	DoubtContradiction = "contradiction" // approve and redirect in one mail; approve, but …
	DoubtTail          = "tail"          // words follow that are neither friendly nor a reason
	DoubtSoft          = "soft"          // ok, yes, looks good, a thumb: not a decision
	DoubtPlace         = "place"         // below history, between quotes, in history that could not be told apart
	DoubtLetters       = "letters"       // look-alike or invisible letters
	DoubtParts         = "parts"         // text and HTML say different things
)

// Sections are the four parts of a task. Nothing the writer said is dropped:
// what fits no part is Context.
type Sections struct {
	Problem   string `json:"problem"`
	Reproduce string `json:"reproduce"`
	Done      string `json:"done"`
	Context   string `json:"context"`
}

// Attached is a part of a mail that is not its text. Name is data: base name
// only, no controls, at most 120 characters, no leading dot or dash.
type Attached struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"` // bytes after decoding where cheap to tell, else as sent

	// Within: a picture that the HTML shows in its place (RFC 2392): a screenshot
	// that was pasted, or the logo of a signature.
	Within bool `json:"-"`
}

// Cut tells where the new text ended.
type Cut struct {
	Line int    `json:"line"` // 1-based line of the decoded text at which history or signature begins; 0: no cut
	Rule string `json:"rule"` // the rule's name, see docs/reading.md; "" without a cut
}

// Bounce is a delivery report. Of is what ties it to a letter of ours.
type Bounce struct {
	MessageID string // Message-ID of the letter that came back, if it is in the report
	Recipient string // Final-Recipient or Original-Recipient
	Status    string // 5.1.1; "" if not given
	Permanent bool   // 5.x.x or action failed
}

// Options is what the reader may know besides the bytes. The zero value reads
// a mail without any knowledge of teams.
type Options struct {
	File   string              // shown in Mail.File
	Teams  []string            // team addresses; with none any address with a known tag counts
	Hosts  []string            // hosts of our own Message-IDs; with none any id of our form counts
	Words  map[string][]string // canonical word → further words for it (team.words, and WordsOf languages)
	Names  []string            // names of the team's people, for a friendly tail in a language that writes nouns like names
	Member bool                // the sender is one of them: an address like jenkins@ makes no program of a person
	Letter string              // text of the letter that is being answered, if we sent it
	Limits Limits              // zero fields take the defaults

	Gone       []Gone // what Skim left out of the mail
	Head       *Head  // what ReadHead gave for the mail with the same Teams, Hosts and Limits, not to do it twice; may be nil
	AuthservID string // the one server whose Authentication-Results count; "": none
}

// Head is what can be told from the header block alone, cheaply. It is used
// to find the letter that is being answered before the mail is read.
type Head struct {
	envelope  *envelope // nil if Read must look for itself
	MessageID string
	IDs       []ThreadID // as Mail.IDs
	Replies   []string   // every id of In-Reply-To and References, In-Reply-To first, then newest reference first
	Tags      []Tag      // as Mail.Tags
	Received  time.Time  // as Mail.Received
	From      string     // as Mail.From.Address
}
