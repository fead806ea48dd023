package loop

import (
	"maps"
	"slices"
	"time"

	"gatepost/parse"
)

// EventKind names what happened.
type EventKind string

// The kinds of events. An event says what was decided, never how: Fold needs
// no config and no calendar.
const (
	Opened      EventKind = "opened"      // Task Stream By Title Subject Root Sections Advice Watchers Proposed
	Amended     EventKind = "amended"     // Task By Sections(new) Old Text
	QueuedE     EventKind = "queued"      // Task
	Started     EventKind = "started"     // Task Round Due Person(engineer): becomes active
	Updated     EventKind = "updated"     // Task By Text
	AskedE      EventKind = "asked"       // Task By Act Text Day: the blocked mark is set
	AskedMore   EventKind = "asked-more"  // Task By Act Text: a further question while one is open
	Answered    EventKind = "answered"    // Task By Text Due Days Of: mark cleared, due date moved
	Commented   EventKind = "commented"   // Task By Text: kept for the gate
	PassedOn    EventKind = "passed-on"   // Task By Text: passed to the engineer at once
	Noted       EventKind = "noted"       // Task By Text
	DeliveredE  EventKind = "delivered"   // Task By Text Line Due Days: at the gate
	ApprovedE   EventKind = "approved"    // Task By Round Line
	RedirectedE EventKind = "redirected"  // Task By Round Text Line Due Person(engineer): next round
	Undone      EventKind = "undone"      // Task By Act Line: the decision is taken back; Number: task that goes back to the queue
	Reopened    EventKind = "reopened"    // Task By Text
	Placed      EventKind = "placed"      // Task By Act(top, after) Number
	MovedTo     EventKind = "moved"       // Task By Stream
	Dropped     EventKind = "dropped"     // Task By Text
	PausedE     EventKind = "paused"      // Stream By
	ResumedE    EventKind = "resumed"     // Stream By
	AwayE       EventKind = "away"        // Person Day(from) Until
	BackE       EventKind = "back"        // Person Day: the days away end, or do not come
	MaybeAwayE  EventKind = "maybe-away"  // Person Day
	HandedE     EventKind = "handed"      // Task Person By Act: the stream has another engineer (Act says so) or approver, who was told
	Moved       EventKind = "due-moved"   // Task Due: dates move because of days away
	HeldE       EventKind = "held"        // Text Cause Hold: a mail waits for authority; without Hold for the operator's alone
	Confirmed   EventKind = "confirmed"   // By Number: "yes" came; the held mail is read again
	Released    EventKind = "released"    // Number: the hold is used, expired or dropped; Act says which
	AliasAdded  EventKind = "alias"       // Person Text(address)
	Told        EventKind = "told"        // Person Cause Day: an answer that moved nothing was sent
	Digested    EventKind = "digested"    // Person Day Number(State.Strange)
	Prompted    EventKind = "prompted"    // Person Day
	Reviewed    EventKind = "reviewed"    // Person Day
	BouncedE    EventKind = "bounced"     // Person Text Cause(permanent, transient)
	Ignored     EventKind = "ignored"     // Cause: a robot's or stranger's mail moved nothing
	LetInE      EventKind = "let-in"      // By Text(address) Number: held mails of a stranger are read as proposals
	SeenE       EventKind = "seen"        // Person Text(address) Cause(how): its mail brought evidence of its domain
	ForgotE     EventKind = "forgot"      // By Person Text(address): what was seen of it does not count any more
	ImportedE   EventKind = "imported"    // Task By Act(closed, proposal): the task was made of old mail just now
	WrongTokenE EventKind = "wrong-token" // Text(address): a token that is nobody's, or somebody else's
)

// actEngineer is the Act of a HandedE whose Person has the task in work from then
// on. Records of earlier versions have none, nor do their states know the engineer.
const actEngineer = "engineer"

// Event is one line of the record. Which fields are set is listed at its kind.
type Event struct {
	Seq      int64           `json:"-"` // place in the record, given by the store
	Kind     EventKind       `json:"kind"`
	At       time.Time       `json:"at"`             // when the mail was received, or the moment of a tick
	Heard    time.Time       `json:"heard,omitzero"` // when it was read, or the moment after a digest or a review that was made without it; zero: there was none
	Mail     int64           `json:"mail,omitempty"` // the mail that did it; 0: time, or the operator
	Task     int             `json:"task,omitempty"`
	Stream   string          `json:"stream,omitempty"`
	By       string          `json:"by,omitempty"`     // person key, "operator", or "" for time
	Person   string          `json:"person,omitempty"` // key of whom it is about, if not By
	Round    int             `json:"round,omitempty"`
	Act      string          `json:"act,omitempty"`
	Text     string          `json:"text,omitempty"`
	Line     string          `json:"line,omitempty"` // the line of the mail that was used
	Title    string          `json:"title,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	Root     string          `json:"root,omitempty"` // Message-ID of the mail; of every event that moves something
	Sections *parse.Sections `json:"sections,omitempty"`
	Old      *parse.Sections `json:"old,omitempty"` // wording before an amendment
	Advice   []string        `json:"advice,omitempty"`
	Watchers []string        `json:"watchers,omitempty"`
	Proposed bool            `json:"proposed,omitempty"`
	Number   int             `json:"number,omitempty"`
	Due      Date            `json:"due,omitzero"`
	Day      Date            `json:"day,omitzero"`
	Until    Date            `json:"until,omitzero"`
	Days     int             `json:"days,omitempty"` // business days blocked
	Of       time.Time       `json:"of,omitzero"`    // when the question came that it answers; zero: all that were open
	Cause    string          `json:"cause,omitempty"`
	Hold     *Hold           `json:"hold,omitempty"`
	Files    []File          `json:"files,omitempty"` // that came with the words
	Below    bool            `json:"below,omitempty"` // opened: other text was quoted or forwarded below them
	Wrote    []Sent          `json:"wrote,omitempty"` // letters of a mail that moved nothing, on its last event
	Long     int             `json:"long,omitempty"`  // weight in bytes of a mail that did not show its writer, on its last event
}

// Fold makes the event part of the state. It is the only writer of a State,
// and every object it changes is a fresh copy, so that a caller can tell by
// the pointers what an event touched. An event that does not fit (unknown
// task) changes nothing: Check and the comparison of verify find it.
func (s *State) Fold(e Event) {
	if e.Task != 0 {
		s.foldTask(e)
	}
	if moves[e.Kind] && e.Root != "" && e.By != "" {
		s.person(e.By, func(p *Presence) { p.act(e.Root) })
	}
	if e.Mail != 0 && e.Kind != BouncedE && e.By != "" && len(s.Presence(e.By).Bounces) > 0 {
		s.person(e.By, func(p *Presence) { p.Bounces = nil }) // they write, so they are there
	}
	s.wrote(e)
	s.weighed(e)
	switch e.Kind {
	case PausedE, ResumedE:
		s.stream(e.Stream, func(st *Stream) { st.Paused = e.Kind == PausedE })
	case AwayE:
		s.person(e.Person, func(p *Presence) { p.Away = leave(p.Away, Span{e.Day, e.Until}) })
	case BackE:
		s.person(e.Person, func(p *Presence) { p.Away, p.MaybeAway = arrive(p.Away, e.Day), Date{} })
	case MaybeAwayE:
		s.person(e.Person, func(p *Presence) { p.MaybeAway = e.Day })
	case HeldE:
		if e.Hold != nil {
			h := *e.Hold
			s.setHold(h.Number, &h)
			s.LastHold = max(s.LastHold, h.Number)
		}
	case Confirmed:
		if h := s.Holds[e.Number]; h != nil {
			c := *h
			c.Yes = e.At
			s.setHold(e.Number, &c)
		}
	case Released:
		s.setHold(e.Number, nil)
	case Ignored:
		if e.Cause == CauseStranger {
			s.Strange++
		}
	case SeenE:
		s.person(e.Person, func(p *Presence) { p.look(e.Text, e.Cause, e.At) })
	case ForgotE:
		s.person(e.Person, func(p *Presence) { p.forget(e.Text) })
	case WrongTokenE:
		s.guessed(e)
	case AliasAdded:
		s.person(e.Person, func(p *Presence) { p.Aliases = append(slices.Clone(p.Aliases), e.Text) })
	case Told:
		s.person(e.Person, func(p *Presence) {
			told := maps.Clone(p.Told)
			if told == nil || p.ToldDay != e.Day {
				told = map[string]int{}
			}
			told[e.Cause]++
			p.Told, p.ToldDay = told, e.Day
		})
	case Digested:
		s.person(e.Person, func(p *Presence) { p.DigestDay, p.DigestAt, p.HeldSeen = e.Day, e.At, e.Number })
	case Prompted:
		s.person(e.Person, func(p *Presence) { p.PromptDay, p.PromptAt = e.Day, e.At })
	case Reviewed:
		s.person(e.Person, func(p *Presence) { p.ReviewDay, p.ReviewAt = e.Day, e.At })
	case BouncedE:
		if e.Cause == "permanent" {
			s.person(e.Person, func(p *Presence) { p.bounced(e) })
		}
	}
}

func (s *State) foldTask(e Event) {
	if e.Kind == Opened {
		s.LastTask = max(s.LastTask, e.Task)
		if s.Begun.IsZero() && e.Act != ActImported {
			s.Begun = e.At
		}
		s.setTask(&Task{
			Number: e.Task, Title: e.Title, Stream: e.Stream, State: Draft, By: e.By, Proposed: e.Proposed,
			Sections: *e.Sections, Advice: e.Advice, Watchers: e.Watchers,
			Root: e.Root, Subject: e.Subject, Created: e.At, Changed: later(e.At, e.Heard), Late: late(nil, e), Files: e.Files, Below: e.Below,
		})
		return
	}
	old := s.Tasks[e.Task]
	if old == nil {
		return
	}
	t := *old
	s.setTask(&t)
	t.Changed, t.Late = later(e.At, e.Heard), late(t.Late, e)
	if !t.Imported.IsZero() && e.At.Before(old.Changed) {
		t.Changed = old.Changed // an old mail found later
	}
	note := func(k NoteKind) {
		t.Notes = append(slices.Clone(t.Notes), Note{Kind: k, By: e.By, At: e.At, Round: t.Round, Text: e.Text, Files: e.Files})
	}
	leaveQueue := func() {
		s.stream(t.Stream, func(st *Stream) { st.Queue = without(st.Queue, t.Number) })
	}
	enter := func(place int) { // -1: at the end
		s.stream(t.Stream, func(st *Stream) {
			q := without(st.Queue, t.Number)
			if place < 0 || place > len(q) {
				place = len(q)
			}
			st.Queue = slices.Insert(q, place, t.Number)
		})
	}
	free := func() {
		s.stream(t.Stream, func(st *Stream) {
			if st.Current == t.Number {
				st.Current = 0
			}
		})
	}
	occupy := func() {
		s.stream(t.Stream, func(st *Stream) {
			st.Queue, st.Current = without(st.Queue, t.Number), t.Number
			if st.Begun.IsZero() {
				st.Begun = e.At
			}
		})
	}
	unblock := func() {
		if t.Question != nil {
			t.Question = nil
			t.BlockDays += e.Days
			if !e.Due.IsZero() {
				t.Due = e.Due
			}
		}
	}
	switch e.Kind {
	case Amended:
		t.Sections, t.Advice, t.Files = *e.Sections, e.Advice, slices.Concat(t.Files, e.Files)
		if e.Title != "" {
			t.Title = e.Title
		}
	case QueuedE:
		t.State, t.Proposed, t.QueuedAt = Queued, false, e.At
		switch q := s.Stream(t.Stream).Queue; {
		case t.Wish == "top":
			enter(0)
		case t.Wish == "after" && slices.Contains(q, t.After):
			enter(slices.Index(q, t.After) + 1)
		default:
			enter(-1)
		}
		t.Wish, t.After = "", 0
	case Started:
		t.State, t.Due, t.Engineer = Active, e.Due, e.Person
		if e.Round != t.Round { // not so when an undone redirect or drop takes it up again
			t.Round, t.RoundAt, t.BlockDays = e.Round, e.At, 0
		}
		if t.Started.IsZero() {
			t.Started = e.At
		}
		if t.RoundAt.IsZero() {
			t.RoundAt = e.At
		}
		occupy()
	case Updated:
		note(NoteUpdate)
	case AskedE:
		t.Question = &Ask{Kind: e.Act, Text: e.Text, Since: e.At, Day: e.Day}
		note(NoteQuestion)
	case AskedMore:
		q := *t.Question
		q.Text += "\n\n" + e.Text
		t.Question = &q
		note(NoteQuestion)
	case Answered:
		unblock()
		note(NoteAnswer)
		t.Notes[len(t.Notes)-1].Of = e.Of
	case Commented:
		note(NoteComment)
	case PassedOn:
		note(NotePassed)
	case Noted:
		note(NoteOther)
	case DeliveredE:
		unblock()
		t.State, t.Delivered = AtGate, e.At
		note(NoteDone)
		s.stream(t.Stream, func(st *Stream) { st.Proven = true })
	case ApprovedE:
		t.Early = t.Decision
		t.Decision = &Decision{Act: "approve", By: e.By, At: e.At, Round: t.Round, Line: e.Line, Due: t.Due}
		t.State, t.Decided = Approve, e.At
		free()
	case RedirectedE:
		t.Early = t.Decision
		t.Decision = &Decision{Act: "redirect", By: e.By, At: e.At, Round: t.Round, Line: e.Line, Due: t.Due}
		note(NoteRedirect)
		t.State, t.Round, t.RoundAt, t.Due, t.BlockDays, t.Engineer = Active, t.Round+1, e.At, e.Due, 0, e.Person
	case HandedE:
		if e.Act == actEngineer {
			t.Engineer = e.Person
		}
	case Undone:
		s.undo(&t, e)
		occupy()
	case Reopened:
		t.Decision, t.State = nil, Queued
		note(NoteReopen)
		enter(0)
	case Placed:
		if t.State == Draft {
			t.Wish, t.After = e.Act, e.Number
			break
		}
		place := 0
		if e.Act == "after" {
			place = slices.Index(without(s.Stream(t.Stream).Queue, t.Number), e.Number) + 1
		}
		enter(place)
	case MovedTo:
		if t.State == Queued {
			leaveQueue()
			t.Stream = e.Stream
			enter(-1)
		}
		t.Stream = e.Stream
	case Dropped:
		leaveQueue()
		free()
		t.State, t.Question = DroppedS, nil
	case Moved:
		t.Due = e.Due
	case ImportedE:
		t.Imported, t.Changed = e.At, old.Changed // nothing happened to the task itself
		if e.Act == "closed" {
			t.State = DroppedS
		}
	}
}

// undo takes the standing decision back: the task stands at its gate again,
// and a task that started because of an approval goes back to the head of the
// queue as if it had never begun.
func (s *State) undo(t *Task, e Event) {
	d := t.Decision
	if d == nil {
		return
	}
	t.State, t.Round, t.Due, t.Question = AtGate, d.Round, d.Due, nil
	t.Decision, t.Early = t.Early, nil
	t.Decided = time.Time{}
	if e.Number == 0 {
		return
	}
	next := *s.Tasks[e.Number]
	next.State, next.Round, next.RoundAt, next.Due, next.Question, next.Changed = Queued, next.Round-1, time.Time{}, Date{}, nil, later(e.At, e.Heard)
	if next.Round == 0 {
		next.Started = time.Time{}
	}
	s.setTask(&next)
	s.stream(next.Stream, func(st *Stream) {
		st.Current = 0
		st.Queue = slices.Insert(slices.Clone(st.Queue), 0, next.Number)
	})
}

func (s *State) stream(name string, change func(*Stream)) {
	st := *s.Stream(name)
	change(&st)
	set(s, sharedStreams, &s.Streams, name, &st)
}

func (s *State) person(key string, change func(*Presence)) {
	p := *s.Presence(key)
	change(&p)
	set(s, sharedPeople, &s.People, key, &p)
}

// without is the queue with one task taken out, always a fresh slice.
func without(queue []int, n int) []int {
	return slices.DeleteFunc(slices.Clone(queue), func(q int) bool { return q == n })
}
