package templates

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/parse"
)

// view is what the templates of one letter see. Every string in it is tamed.
type view struct {
	L    loop.Letter
	B    loop.Body
	T    loop.TaskView  // what it is about; zero if about no task
	Next *loop.TaskView // the task that starts now, nil if none
	Team string
	Item *loop.Item // digest: the one that is put into words
	D    *digestView

	What, Ask, Subject string
	Choices            []choice
	Footer             string
	Marker             string

	set     *wording
	reply   string
	zone    *time.Location
	strange bool // the zone is not known here
	year    int
	limit   int // bytes of one person's text
	notes   int // notes in one list
	size    size
}

// block is a heading with a person's words under it.
type block struct{ Head, Text string }

func (set *wording) newView(l loop.Letter, c Context) (*view, error) {
	v := &view{set: set, L: l, B: l.Body, Next: l.Body.Next, Team: clip(oneLine(c.TeamName), 40), Marker: Marker, reply: c.Reply,
		limit: MaxWords, notes: 20, size: whole}
	if v.Team == "" {
		v.Team = l.Team
	}
	if l.Body.Task != nil {
		v.T = *l.Body.Task
	} else {
		v.T = loop.TaskView{Number: l.Task}
	}
	var err error
	if v.zone, err = time.LoadLocation(l.Zone); err != nil {
		v.zone, v.strange = time.UTC, true
	}
	if !l.Due.IsZero() {
		v.year = l.Due.In(v.zone).Year()
	}
	if err := v.head(); err != nil {
		return nil, err
	}
	v.setChoices() // the links carry the subject
	return v, nil
}

// head puts the lines into words that both parts and the header share.
func (v *view) head() error {
	for name, to := range map[string]*string{"what": &v.What, "ask": &v.Ask, "subject": &v.Subject, "footer": &v.Footer} {
		s, err := v.Say(name)
		if err != nil {
			return err
		}
		*to = s
	}
	v.What = clipWide(v.What, columns-2-len(Marker))
	if v.L.Thread.Subject != "" {
		v.Subject = v.L.Thread.Subject
	}
	v.Subject = clip(strings.TrimRight(v.Subject, ": "), 180)
	v.Ask = strings.ToUpper(v.Ask[:min(len(v.Ask), 1)]) + v.Ask[min(len(v.Ask), 1):] // "the task …" of an untitled one
	if v.Ask == "" || v.What == "" || v.Subject == "" {
		return fmt.Errorf("no subject, first line or ask: %q, %q, %q", v.Subject, v.What, v.Ask)
	}
	return nil
}

// Say puts a named block of the plain part into one line of words.
func (v *view) Say(name string) (string, error) {
	var b bytes.Buffer
	if err := v.set.texts[v.L.Kind].ExecuteTemplate(&b, name, v); err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(b.String()), " "), nil
}

// SayOf says "why.condition", and "why.other" for a cause without words.
func (v *view) SayOf(group, name string) (string, error) {
	if v.set.texts[v.L.Kind].Lookup(group+"."+name) == nil {
		name = "other"
	}
	return v.Say(group + "." + name)
}

// Num names a task: "#42", or "the task" if the letter does not say which.
func (v *view) Num() string { return num(v.T.Number) }

func num(n int) string {
	if n == 0 {
		return "the task"
	}
	return fmt.Sprintf("#%d", n)
}

// TheTask is "task #42", or "the task".
func (v *view) TheTask() string {
	if v.T.Number == 0 {
		return "the task"
	}
	return "task " + v.Num()
}

// TaskNum is TheTask at the beginning of a sentence.
func (v *view) TaskNum() string { return "T" + v.TheTask()[1:] }

// The begins a sentence about the task with a word of ours: a title could be
// "approve".
func (v *view) The() string {
	if v.T.Title == "" {
		return v.TaskNum()
	}
	return "The task " + quote(v.T.Title)
}

// Title is the task's title in quotes, or its number.
func (v *view) Title() string {
	if v.T.Title == "" {
		return v.TheTask()
	}
	return quote(v.T.Title)
}

// Thread is the number of the task that a reply to this letter is about: after
// an approval that is the next one. 0 if it is about none.
func (v *view) Thread() int {
	digits, _, _ := strings.Cut(strings.TrimPrefix(v.L.Ref, "t"), "r")
	n, err := strconv.Atoi(digits)
	if err != nil || !strings.HasPrefix(v.L.Ref, "t") {
		return 0
	}
	return n
}

// DayOf reads a date that came as text; other text stays as it is.
func (v *view) DayOf(s string) string {
	if d, err := loop.ParseDate(s); err == nil {
		return v.Day(d)
	}
	return s
}

// Who is whose act the letter tells, "somebody" if it does not say.
func (v *view) Who() string { return or(clip(v.B.Who, 40), "somebody") }

// Engineer of the task.
func (v *view) Engineer() string { return or(clip(v.T.Engineer, 40), "the engineer") }

// Stream of the task.
func (v *view) Stream() string { return or(clip(v.T.Stream, 30), "its stream") }

// Name is the reader's first name.
func (v *view) Name() string {
	if f := strings.Fields(v.L.Name); len(f) > 0 {
		return clip(f[0], 30)
	}
	return "you"
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// Missing tells whether a needs-done letter misses this.
func (v *view) Missing(what string) bool {
	for _, m := range v.B.Missing {
		if m == what {
			return true
		}
	}
	return false
}

// Block is one text under a heading of ours; none if there is no text.
func (v *view) Block(head, text string) []block {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []block{{head, cutTo(text, v.limit)}}
}

// Parts are the four parts of a task, as far as they are there. skip leaves
// one out that is shown elsewhere.
func (v *view) Parts(s parse.Sections, skip ...string) []block {
	var out []block
	for _, p := range []struct{ name, head, text string }{
		{"problem", "The problem", s.Problem},
		{"reproduce", "How to see it", s.Reproduce},
		{"done", "The done", s.Done},
		{"context", "Context", s.Context},
	} {
		if !strings.Contains(strings.Join(skip, " "), p.name) {
			out = append(out, v.Block(p.head, p.text)...)
		}
	}
	return out
}

// Notes are words written about a task, each with who and when; the latest of
// them if there are too many, and how many were left out.
func (v *view) Notes(notes []loop.Note) []block {
	var out []block
	if left := len(notes) - v.notes; left > 0 {
		out = append(out, block{Head: fmt.Sprintf(`%s before these: reply "record" for all of them`, count(left, "note"))})
		notes = notes[left:]
	}
	for _, n := range notes {
		head := v.At(n.At)
		if n.By != "" {
			head += ", " + clip(n.By, 40)
		}
		out = append(out, block{strings.TrimPrefix(head, ", "), cutTo(n.Text, v.limit)})
	}
	return out
}

// maxEntries bounds a record letter; it is years of one task.
const maxEntries = 2000

// Entries are lines of the written record.
func (v *view) Entries() []block {
	var out []block
	entries := v.B.Entries
	if left := len(entries) - maxEntries; left > 0 {
		out = append(out, block{Head: fmt.Sprintf(`%d entries before these: "gatepost record" on the server has them`, left)})
		entries = entries[left:]
	}
	for _, e := range entries {
		head := strings.TrimPrefix(v.At(e.At)+", "+strings.TrimSpace(clip(e.Who, 40)+" "+e.What), ", ")
		if v.L.Kind == loop.SearchMail {
			head += fmt.Sprintf(" (task #%d)", e.Task)
		}
		out = append(out, block{clip(head, 110), cutTo(e.Text, v.limit)})
	}
	return out
}

// Advice is a sentence for each intake rule that applies, three at most. What
// the letter asks for anyway is not said again.
func (v *view) Advice() []string {
	var out []string
	for _, name := range v.B.Advice {
		if name == "no-done" && v.Missing("done") {
			continue
		}
		s := adviceSays(name)
		if name == "wants-a-call" {
			s = v.callSays(s)
		}
		if s != "" && len(out) < 3 {
			out = append(out, s)
		}
	}
	return out
}

// Names joins a few names: "web, billing".
func (v *view) Names(names []string) string {
	for i := range names {
		names[i] = clip(names[i], 40)
	}
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + fmt.Sprintf(" and %d more", len(names)-12)
	}
	return strings.Join(names, ", ")
}

// Half is one of two texts that stand beside each other; none shows that
// there is none.
func (v *view) Half(head, text, none string) block {
	return block{head, or(cutTo(text, v.limit), none)}
}

// stands is one line about where a task is.
func (v *view) stands(t loop.TaskView) string {
	s := fmt.Sprintf("Task #%d %s: ", t.Number, quote(t.Title))
	switch {
	case t.Blocked != "":
		s += "blocked"
	case t.State == loop.AtGate:
		s += "at the gate"
	default:
		s += string(t.State)
	}
	if t.Round > 1 {
		s += fmt.Sprintf(", round %d", t.Round)
	}
	if t.State == loop.Active && !t.Due.IsZero() {
		s += ", due " + v.Day(t.Due)
	}
	return strings.TrimSuffix(strings.TrimSpace(s), ":")
}

// Lines is a line for each task and where it stands.
func (v *view) Lines(tasks []loop.TaskView) []string {
	var out []string
	for _, t := range tasks {
		if len(out) == 30 {
			return append(out, fmt.Sprintf("and %d more", len(tasks)-30))
		}
		out = append(out, v.stands(t))
	}
	return out
}

// Several is a line for each task of a prompt that is about more than one.
func (v *view) Several() []string {
	if len(v.B.Tasks) < 2 {
		return nil
	}
	var out []string
	for _, t := range v.B.Tasks[:min(len(v.B.Tasks), 12)] {
		s := fmt.Sprintf("Task #%d %s", t.Number, quote(t.Title))
		if !t.Due.IsZero() {
			s += ", due " + v.Day(t.Due)
		}
		out = append(out, s)
	}
	return out
}

// Mine is a line for each of the reader's own tasks, in a letter that takes
// the prompt in.
func (v *view) Mine() []string {
	var out []string
	for _, t := range v.B.Tasks[:min(len(v.B.Tasks), 5)] {
		s := fmt.Sprintf("Task #%d %s", t.Number, quote(short(6, t.Title)))
		if !t.Due.IsZero() {
			s += ", due " + v.Day(t.Due)
		}
		out = append(out, s+fmt.Sprintf(`: reply "#%d your words"`, t.Number))
	}
	return out
}

// Samples shows how to write about several tasks in one mail.
func (v *view) Samples() string {
	if len(v.B.Tasks) < 2 {
		return ""
	}
	return fmt.Sprintf(`"#%d your words", "#%d done: what you delivered"`, v.B.Tasks[0].Number, v.B.Tasks[1].Number)
}

// shownQueue is how many waiting tasks of a stream a status letter names.
const shownQueue = 5

// shownLanes is how many streams a status letter shows.
const shownLanes = 40

// Lanes are the streams of a status letter.
func (v *view) Lanes() []loop.Lane {
	lanes := v.B.Status[:min(len(v.B.Status), shownLanes)]
	for i := range lanes {
		lanes[i].Stream, lanes[i].Engineer = clip(lanes[i].Stream, 40), or(clip(lanes[i].Engineer, 40), "nobody")
	}
	return lanes
}

// MoreLanes says how many are left out.
func (v *view) MoreLanes() string {
	if more := len(v.B.Status) - shownLanes; more > 0 {
		return fmt.Sprintf(`And %s: "gatepost status" on the server has all.`, count(more, "more stream"))
	}
	return ""
}

// Lane is what a status letter says of one stream.
func (v *view) Lane(l loop.Lane) []string {
	out := []string{"Nothing in work."}
	if l.Current != nil {
		out[0] = v.stands(*l.Current)
	}
	name := func(before string, t loop.TaskView) {
		out = append(out, fmt.Sprintf("%s: task #%d %s", before, t.Number, quote(t.Title)))
	}
	for i, t := range l.Queue[:min(len(l.Queue), shownQueue)] {
		name([]string{"Next", "Then"}[min(i, 1)], t)
	}
	if more := len(l.Queue) - shownQueue; more > 0 {
		out = append(out, fmt.Sprintf("and %d more in the queue", more))
	}
	for _, t := range l.Drafts[:min(len(l.Drafts), shownQueue)] {
		name("Draft", t)
	}
	if more := len(l.Drafts) - shownQueue; more > 0 {
		out = append(out, count(more, "more draft"))
	}
	return out
}
