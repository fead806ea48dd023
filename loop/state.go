// Package loop holds the rules of the loop: what a mail or the passing of time
// does to the tasks of a team.
//
// Everything is pure. State + one mail (Apply) or one moment (Tick) → events +
// letters; the new state is the old one with the events folded in, and with
// nothing else, so the record of events always folds to the state. Time,
// numbers of mails and the past letters are handed in.
package loop

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"gatepost/parse"
)

// TaskState is where a task stands.
type TaskState string

// The states of DESIGN section 3.
const (
	Draft    TaskState = "draft"  // no checkable done yet, or no stream, or not accepted by a PM
	Queued   TaskState = "queued" // waits for its stream
	Active   TaskState = "active"
	AtGate   TaskState = "gate"
	Approve  TaskState = "approved"
	DroppedS TaskState = "dropped"
)

// Open tells whether the task is not yet approved or dropped.
func (s TaskState) Open() bool { return s != Approve && s != DroppedS }

// Task is one small piece of work and all that was said about it. Every field
// is set by Fold alone.
type Task struct {
	Number   int            `json:"number"` // counts within the team, from 1
	Title    string         `json:"title"`
	Stream   string         `json:"stream"` // "" only in a draft that names none
	State    TaskState      `json:"state"`
	Round    int            `json:"round"`              // 0 before it is first active, then 1 + redirects + reopens
	By       string         `json:"by"`                 // person key of who opened it
	Engineer string         `json:"engineer,omitempty"` // person key of who was given the present round; "" before, or not known
	Proposed bool           `json:"proposed,omitempty"` // opened by somebody who is not a PM and not accepted yet
	Sections parse.Sections `json:"sections"`
	Advice   []string       `json:"advice,omitempty"`
	Wish     string         `json:"wish,omitempty"`     // draft: place asked for, "top" or "after"
	After    int            `json:"after,omitempty"`    // with Wish "after": the task it wants to follow
	Watchers []string       `json:"watchers,omitempty"` // person keys in Cc of the opening mail

	Files []File `json:"files,omitempty"` // came with the opening mail and the amendments
	Below bool   `json:"below,omitempty"` // the opening mail quoted or forwarded other text, which is not in Sections

	Root    string `json:"root,omitempty"`    // Message-ID of the opening mail: root of the thread in every client
	Subject string `json:"subject,omitempty"` // subject of the opening mail

	Question *Ask   `json:"question,omitempty"` // the blocked mark: the open question; nil: none
	Notes    []Note `json:"notes,omitempty"`    // everything written about it, in order

	Created   time.Time `json:"created"`
	QueuedAt  time.Time `json:"queued_at,omitzero"`   // accepted as a whole task: it joined the queue of its stream
	Started   time.Time `json:"started,omitzero"`     // first became active
	RoundAt   time.Time `json:"round_at,omitzero"`    // the present round began
	Delivered time.Time `json:"delivered,omitzero"`   // last "done"
	Decided   time.Time `json:"decided,omitzero"`     // last approval
	Changed   time.Time `json:"changed"`              // last event; if it was heard of late, when that was
	Late      []Late    `json:"late,omitempty"`       // what was heard of late
	Due       Date      `json:"due,omitzero"`         // in the engineer's calendar; moves while blocked
	BlockDays int       `json:"block_days,omitempty"` // business days blocked in this round
	Decision  *Decision `json:"decision,omitempty"`   // the last one that stands, for undo and "already decided"
	Imported  time.Time `json:"imported,omitzero"`    // when it was made of old mail; what is older happened elsewhere
	Early     *Decision `json:"early,omitempty"`      // the one before it, so that undo of a redirect shows the truth again
}

// Ask is an open question of the engineer.
type Ask struct {
	Kind  string    `json:"kind"` // blocked, question, too big
	Text  string    `json:"text"`
	Since time.Time `json:"since"`
	Day   Date      `json:"day"` // in the engineer's zone
}

// Decision is one opening or turning back at a gate.
type Decision struct {
	Act   string    `json:"act"` // approve, redirect
	By    string    `json:"by"`  // person key
	At    time.Time `json:"at"`
	Round int       `json:"round"` // of the gate that was decided
	Line  string    `json:"line"`
	Due   Date      `json:"due,omitzero"` // due date before it, to go back to
}

// NoteKind says what somebody's words about a task were.
type NoteKind string

// The kinds of notes.
const (
	NoteUpdate   NoteKind = "update"
	NoteQuestion NoteKind = "question"
	NoteAnswer   NoteKind = "answer"
	NoteComment  NoteKind = "comment" // of a PM; kept for the gate unless passed on
	NotePassed   NoteKind = "passed"  // a comment passed to the engineer at once
	NoteOther    NoteKind = "note"    // of anybody else, or in another state
	NoteDone     NoteKind = "done"    // what was delivered
	NoteRedirect NoteKind = "redirect"
	NoteReopen   NoteKind = "reopen"
)

// Stream is one engineer's lane: at most one task active or at the gate, the
// rest waits in order.
type Stream struct {
	Name    string    `json:"name"`
	Paused  bool      `json:"paused,omitempty"`
	Current int       `json:"current,omitempty"` // task that is active or at the gate; 0: free
	Queue   []int     `json:"queue,omitempty"`   // queued tasks, next first
	Begun   time.Time `json:"begun,omitzero"`    // first task became active: the first delivery counts from here
	Proven  bool      `json:"proven,omitempty"`  // something was delivered: the shorter cycle holds
}

// Presence is what is known of a person besides the config.
type Presence struct {
	Key       string         `json:"key"`
	Away      []Span         `json:"days_off,omitempty"`  // announced days away, earliest first; those gone by stay, for counting
	MaybeAway Date           `json:"maybe_away,omitzero"` // an absence notice came on this day
	DigestDay Date           `json:"digest_day,omitzero"` // local date of the last digest
	DigestAt  time.Time      `json:"digest_at,omitzero"`  // what happened up to here was told
	PromptDay Date           `json:"prompt_day,omitzero"`
	PromptAt  time.Time      `json:"prompt_at,omitzero"`
	ReviewDay Date           `json:"review_day,omitzero"` // local date of the last weekly review
	ReviewAt  time.Time      `json:"review_at,omitzero"`  // it told of what happened up to here
	ToldDay   Date           `json:"told_day,omitzero"`   // day of Told
	Told      map[string]int `json:"told,omitempty"`      // cause → letters on ToldDay; "no refusal twice a day for the same cause"
	Aliases   []string       `json:"aliases,omitempty"`   // addresses added by a confirm letter
	HeldSeen  int            `json:"held_seen,omitempty"` // State.Strange as of the last digest
	Bounced   int            `json:"bounced,omitempty"`   // letters that came back for good
	BouncedAt time.Time      `json:"bounced_at,omitzero"`
	Bounces   []time.Time    `json:"bounces,omitempty"` // the last of them, within a week; none once a mail came from there
	Seen      []Sight        `json:"seen,omitempty"`    // evidence that came with their mail, by address
	Acts      []string       `json:"acts,omitempty"`    // short names of the last mails that moved something: none does twice
	LongDay   Date           `json:"long_day,omitzero"` // day of Long, UTC
	Long      int            `json:"long,omitempty"`    // weight of the mails that came in their name without showing it, in bytes
	Wrong     []time.Time    `json:"wrong,omitempty"`   // Everybody: wrong tokens of the last hour
	Sent      []Sent         `json:"sent,omitempty"`    // Everybody: letters of the last day that nothing moved for
}

// Hold is a mail that fell short of authority and waits for a "yes", or a
// stranger's.
type Hold struct {
	Number int       `json:"number"` // c17
	Mail   int64     `json:"mail"`
	Person string    `json:"person"` // whose "yes" carries it out; "": a stranger's, for the operator
	From   string    `json:"from"`   // the address it came from
	Task   int       `json:"task,omitempty"`
	Round  int       `json:"round,omitempty"` // of the task when the mail came, if it was at the gate; 0: it was not
	Cause  string    `json:"cause"`
	At     time.Time `json:"at"`
	Yes    time.Time `json:"yes,omitzero"` // the confirm letter was answered; the mail is being read again
}

// State is a team as the record has made it. Load may bring only the part
// that a mail or moment needs; maps then hold that part.
type State struct {
	Team     *Team `json:"-"` // the config
	Tasks    map[int]*Task
	Streams  map[string]*Stream
	People   map[string]*Presence
	Holds    map[int]*Hold
	LastTask int       // highest task number given
	LastHold int       // highest confirm number given
	Strange  int       // mails of strangers held so far; the digest tells the growth
	Begun    time.Time // when the first task was opened; scheduled letters begin with the next hour due

	shared shared
}

// shared are the maps that another state has too: they are copied before they
// are first written to.
type shared uint8

const (
	sharedTasks shared = 1 << iota
	sharedStreams
	sharedPeople
	sharedHolds
)

// NewState is the state of a team of which nothing is recorded.
func NewState(t *Team) *State {
	return &State{Team: t, Tasks: map[int]*Task{}, Streams: map[string]*Stream{}, People: map[string]*Presence{}, Holds: map[int]*Hold{}}
}

// fork is a state that shares every object with s until Fold replaces it in one
// of them.
func (s *State) fork() *State {
	s.shared = sharedTasks | sharedStreams | sharedPeople | sharedHolds
	n := *s
	return &n
}

// set puts an object into a map of s, with a nil pointer takes it out.
func set[K comparable, T any](s *State, which shared, m *map[K]*T, k K, v *T) {
	if s.shared&which != 0 {
		s.shared &^= which
		*m = maps.Clone(*m)
	}
	if v == nil {
		delete(*m, k)
	} else {
		(*m)[k] = v
	}
}

func (s *State) setTask(t *Task)             { set(s, sharedTasks, &s.Tasks, t.Number, t) }
func (s *State) setHold(number int, h *Hold) { set(s, sharedHolds, &s.Holds, number, h) }

// Stream is the lane of that name, an empty running one if nothing happened in it.
func (s *State) Stream(name string) *Stream {
	if st := s.Streams[name]; st != nil {
		return st
	}
	return &Stream{Name: name}
}

// Presence of a person, an empty one if nothing is known.
func (s *State) Presence(key string) *Presence {
	if p := s.People[key]; p != nil {
		return p
	}
	return &Presence{Key: key}
}

// Calendar is the one that a person's dates are reckoned in; the team's for
// somebody unknown.
func (s *State) Calendar(key string) Calendar {
	c := Calendar{Zone: s.Team.Zone, Hours: s.Team.Hours, Holiday: s.Team.Holiday}
	if p := s.Team.Person(key); p != nil {
		c.Zone, c.Hours = p.Zone, p.Hours
		if p.Holiday != nil {
			c.Holiday = p.Holiday
		}
		c.Away = s.Presence(p.Key()).Away
	}
	return c
}

// Check lists every invariant that does not hold; none is the only good
// answer. It needs a whole state.
func (s *State) Check() []string {
	var bad []string
	say := func(f string, a ...any) { bad = append(bad, fmt.Sprintf(f, a...)) }
	busy := map[string][]int{}
	for n, t := range s.Tasks {
		if n != t.Number || n < 1 || n > s.LastTask {
			say("task %d: number out of range (stored as %d, highest %d)", t.Number, n, s.LastTask)
		}
		st := s.Stream(t.Stream)
		inQueue := slices.Index(st.Queue, n)
		if (t.State == Queued) != (inQueue >= 0) {
			say("task %d: is %s, place in the queue of %q is %d", n, t.State, t.Stream, inQueue)
		}
		if t.State == Active || t.State == AtGate {
			busy[t.Stream] = append(busy[t.Stream], n)
			if st.Current != n {
				say("task %d: is %s but %q works on %d", n, t.State, t.Stream, st.Current)
			}
			if t.Round < 1 || t.Started.IsZero() || t.Due.IsZero() {
				say("task %d: is %s without round, start or due date", n, t.State)
			}
		}
		if t.Question != nil && t.State != Active {
			say("task %d: is %s with an open question", n, t.State)
		}
		if t.State != Draft && t.State != DroppedS && (t.Stream == "" || t.Sections.Done == "") {
			say("task %d: is %s without a stream or a done", n, t.State)
		}
		if (t.State == Approve) != (t.Decision != nil && t.Decision.Act == "approve") {
			say("task %d: is %s, decision %+v", n, t.State, t.Decision)
		}
	}
	for name, st := range s.Streams {
		if st.Name != name {
			say("stream %q: stored as %q", st.Name, name)
		}
		if len(busy[name]) > 1 {
			slices.Sort(busy[name])
			say("stream %q: tasks %v are active or at the gate at once", name, busy[name])
		}
		if st.Current != 0 && len(busy[name]) == 0 {
			say("stream %q: works on %d, which is not active", name, st.Current)
		}
		seen := map[int]bool{}
		for _, n := range st.Queue {
			if seen[n] || s.Tasks[n] == nil || s.Tasks[n].Stream != name {
				say("stream %q: queue %v holds %d wrongly", name, st.Queue, n)
			}
			seen[n] = true
		}
		if st.Current == 0 && !st.Paused && len(st.Queue) > 0 {
			say("stream %q: is free while %v wait", name, st.Queue)
		}
	}
	for n, h := range s.Holds {
		if n != h.Number || n < 1 || n > s.LastHold {
			say("hold %d: number out of range", n)
		}
	}
	slices.Sort(bad)
	return bad
}
