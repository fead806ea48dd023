package templates

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
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
	Lang               string // code of the language, for the HTML and the header
	Choices            []choice
	Footer             string
	Marker             string

	set     *wording
	lang    *language
	err     error // the first message that could not be said
	reply   string
	zone    *time.Location
	strange bool // the zone is not known here
	year    int
	limit   int // bytes of one person's text
	notes   int // notes in one list
	lanes   int // streams of a status letter
	queue   int // waiting tasks of one of them
	size    size
}

// block is a heading with a person's words under it.
type block struct{ Head, Text string }

func (set *wording) newView(l loop.Letter, c Context) (*view, error) {
	lang := set.language(l.Language)
	v := &view{set: set, lang: lang, Lang: lang.code, L: l, B: l.Body, Next: l.Body.Next, Team: clip(oneLine(c.TeamName), 40), Marker: Marker, reply: c.Reply,
		limit: MaxWords, notes: 20, lanes: shownLanes, queue: shownQueue, size: whole}
	if v.Team == "" {
		v.Team = l.Team
	}
	if l.Body.Task != nil {
		v.T = *l.Body.Task
	} else {
		v.T = loop.TaskView{Number: l.Task}
	}
	var err error
	if v.zone, err = zone(l.Zone); err != nil {
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

var zones sync.Map // name → *time.Location; the library reads the file each time

func zone(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	z, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, z)
	}
	return z, err
}

// head puts the lines into words that both parts and the header share: a block
// of the letter's file where words are chosen, else the message of that name.
func (v *view) head() error {
	for _, line := range []struct {
		name string
		to   *string
	}{{"what", &v.What}, {"ask", &v.Ask}, {"subject", &v.Subject}, {"footer", &v.Footer}} { // a subject can be the first line
		say := v.Piece
		if v.Has(string(v.L.Kind), line.name) && (line.name == "footer" || v.set.texts[v.L.Kind].Lookup(line.name) == nil) {
			say = func(string) (string, error) { return v.Say(string(v.L.Kind) + "." + line.name) }
		}
		s, err := say(line.name)
		if err != nil {
			return err
		}
		*line.to = s
	}
	if v.err != nil {
		return v.err
	}
	v.What = clipWide(v.What, columns-2-len(Marker))
	if v.L.Thread.Subject != "" {
		v.Subject = v.L.Thread.Subject
	}
	v.Subject = clip(strings.TrimRight(v.Subject, ": "), 180)
	v.Ask = upper(v.Ask) // "the task …" of an untitled one
	if v.Ask == "" || v.What == "" || v.Subject == "" {
		return fmt.Errorf("no subject, first line or ask: %q, %q, %q", v.Subject, v.What, v.Ask)
	}
	return nil
}

// Piece puts a named block of the plain part into one line of words.
func (v *view) Piece(name string) (string, error) {
	var b bytes.Buffer
	if err := v.set.texts[v.L.Kind].ExecuteTemplate(&b, name, v); err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(b.String()), " "), nil
}

// TheTask is "task #42", or "the task" if the letter does not say which.
func (v *view) TheTask() string {
	if v.T.Number == 0 {
		return v.says("task.none")
	}
	return v.says("task")
}

// theTask begins a sentence about the task with a word of ours: a title could
// be "approve".
func (v *view) theTask() string {
	if v.T.Title == "" {
		return v.TheTask()
	}
	return v.says("the-task")
}

// Title is the task's title in quotes, or its number.
func (v *view) Title() string { return or(quoted(v.T.Title), v.TheTask()) }

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
func (v *view) Who() string { return or(clip(v.B.Who, 40), v.says("somebody")) }

// Name is the reader's first name.
func (v *view) Name() string {
	if f := strings.Fields(v.L.Name); len(f) > 0 {
		return clip(f[0], 30)
	}
	return v.says("you")
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
	return []block{{head, v.cutTo(text)}}
}

// Parts are the four parts of a task, as far as they are there. skip leaves
// one out that is shown elsewhere.
func (v *view) Parts(s parse.Sections, skip ...string) []block {
	var out []block
	for _, p := range []struct{ name, head, text string }{
		{"problem", "part.problem", s.Problem},
		{"reproduce", "part.reproduce", s.Reproduce},
		{"done", "part.done", s.Done},
		{"context", "part.context", s.Context},
	} {
		if !strings.Contains(strings.Join(skip, " "), p.name) {
			out = append(out, v.Block(v.says(p.head), p.text)...)
		}
	}
	return out
}

// Notes are words written about a task, each with who and when; the latest of
// them if there are too many, and how many were left out.
func (v *view) Notes(notes []loop.Note) []block {
	var out []block
	if left := len(notes) - v.notes; left > 0 {
		out = append(out, block{Head: v.says("notes.before", "n", left)})
		notes = notes[left:]
	}
	for _, n := range notes {
		head := v.At(n.At)
		if n.By != "" {
			head += ", " + clip(n.By, 40)
		}
		if n.Task != 0 && v.T.Number == 0 {
			head = v.says("record.task", "entry", head, "n", n.Task)
		}
		out = append(out, block{v.with(strings.TrimPrefix(head, ", "), n.Files), v.cutTo(n.Text)})
	}
	return out
}

// with is the heading of somebody's words, and what came with them.
func (v *view) with(head string, files []loop.File) string {
	if len(files) == 0 {
		return head
	}
	return v.says("files.with", "head", head, "files", v.named(files))
}

// maxEntries bounds a record letter; it is years of one task.
const maxEntries = 2000

// Entries are lines of the written record.
func (v *view) Entries() []block {
	var out []block
	entries := v.B.Entries
	if left := len(entries) - maxEntries; left > 0 {
		out = append(out, block{Head: v.says("entries.before", "n", left)})
		entries = entries[left:]
	}
	for _, e := range entries {
		head := strings.TrimPrefix(v.At(e.At)+", "+strings.TrimSpace(clip(e.Who, 40)+" "+v.happened(e)), ", ")
		if v.L.Kind == loop.SearchMail && e.Task != 0 {
			head = v.says("record.task", "entry", head, "n", e.Task)
		}
		out = append(out, block{v.with(clip(head, 110), e.Files), v.cutTo(e.Text)})
	}
	return out
}

// happened is what an entry of the record tells, in the reader's language.
func (v *view) happened(e loop.Entry) string {
	if !v.Has("event", string(e.Event)) {
		return e.What
	}
	return v.says("event."+string(e.Event), "name", e.Name, "named", quoted(e.Name), "act", v.word(e.Act), "number", hash(e.Number), "round", positive(e.Round), "day", v.Day(e.Day), "until", v.Day(e.Until))
}

// Advice is a sentence for each intake rule that applies, three at most. What
// the letter asks for anyway is not said again.
func (v *view) Advice() []string {
	var out []string
	for _, name := range v.B.Advice {
		if name == "no-done" && v.Missing("done") {
			continue
		}
		s := v.adviceSays(name)
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
	return v.list(names, 12)
}

// list joins the first most of them, and counts the rest.
func (v *view) list(names []string, most int) string {
	if len(names) > most {
		return v.says("names.more", "names", strings.Join(names[:most], ", "), "n", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Half is one of two texts that stand beside each other; none shows that
// there is none.
func (v *view) Half(head, text, none string) block {
	return block{head, or(v.cutTo(text), none)}
}

// stands is one line about where a task is.
func (v *view) stands(t loop.TaskView) string {
	state, due := string(t.State), ""
	switch {
	case t.Blocked != "":
		state = "blocked" // the date stands still
	case t.State == loop.Active:
		due = v.Day(t.Due)
	}
	if state != "" {
		state = v.state(state)
	}
	return v.says("line", "n", t.Number, "title", quote(t.Title), "state", state, "round", later(t.Round), "due", due)
}

// Lines is a line for each task and where it stands.
func (v *view) Lines(tasks []loop.TaskView) []string {
	var out []string
	for _, t := range tasks {
		if len(out) == 30 {
			return append(out, v.says("list.more", "n", len(tasks)-30))
		}
		out = append(out, v.stands(t))
	}
	return out
}

// Several is a line for each task of a prompt that is about more than one, with
// the question that is open in it.
func (v *view) Several() []block {
	if len(v.B.Tasks) < 2 {
		return nil
	}
	var out []block
	for _, t := range v.B.Tasks[:min(len(v.B.Tasks), 12)] {
		due, blocked := v.standing(t)
		out = append(out, block{v.says("line.due", "n", t.Number, "title", quote(t.Title), "due", due, "blocked", blocked), v.cutTo(t.Blocked)})
	}
	return out
}

// standing is the due date of a task in work, or the words that it is blocked:
// then the date stands still.
func (v *view) standing(t loop.TaskView) (due, blocked string) {
	if t.Blocked != "" {
		return "", v.says("line.blocked")
	}
	return v.Day(t.Due), ""
}

// Mine is a line for each of the reader's own tasks, in a letter that takes
// the prompt in.
func (v *view) Mine() []string {
	var out []string
	for _, t := range v.B.Tasks[:min(len(v.B.Tasks), 5)] {
		due, blocked := v.standing(t)
		out = append(out, v.says("mine", "n", t.Number, "title", quote(short(6, t.Title)), "due", due, "blocked", blocked))
	}
	return out
}

// Samples shows how to write about several tasks in one mail.
func (v *view) Samples() string {
	if len(v.B.Tasks) < 2 {
		return ""
	}
	return v.says("prompt.also", "a", v.B.Tasks[0].Number, "b", v.B.Tasks[1].Number)
}

// KeptFor is the heading of comments that were kept.
func (v *view) KeptFor() string {
	if v.L.Kind == loop.Gate {
		return v.says("kept.gate")
	}
	return v.says("kept.later")
}

// Could is the heading of the tasks that were, or could be, meant.
func (v *view) Could() string {
	if v.B.Cause == loop.CauseUndoWork {
		return v.says("could.work")
	}
	return v.says("could.meant")
}

// DaysUsed says at a gate whose time the round was.
func (v *view) DaysUsed() string {
	d := v.B.Days
	if d == (loop.DaysUsed{}) {
		return v.says("gate.yours")
	}
	name := "gate.days"
	if d.Allowed == 0 {
		name = "gate.days.free"
	}
	return v.says(name, "work", d.Work, "allowed", d.Allowed, "waited", v.Count(d.Blocked, "gate.waited"), "away", positive(d.Away)) + " " + v.says("gate.yours")
}

// shownQueue is how many waiting tasks of a stream a status letter names.
const shownQueue = 5

// shownLanes is how many streams a status letter shows.
const shownLanes = 40

// Lanes are the streams of a status letter.
func (v *view) Lanes() []loop.Lane {
	lanes := v.B.Status[:min(len(v.B.Status), v.lanes)]
	for i := range lanes {
		lanes[i].Stream, lanes[i].Engineer = clip(lanes[i].Stream, 40), or(clip(lanes[i].Engineer, 40), v.says("nobody"))
	}
	return lanes
}

// MoreLanes says how many are left out.
func (v *view) MoreLanes() string {
	if more := len(v.B.Status) - v.lanes; more > 0 {
		return v.says("status.more", "n", more)
	}
	return ""
}

// LaneHead is the heading of one stream.
func (v *view) LaneHead(l loop.Lane) string {
	paused := ""
	if l.Paused {
		paused = v.says("status.paused")
	}
	return v.says("status.lane", "lane", l.Stream, "engineer", l.Engineer, "paused", paused)
}

// Lane is what a status letter says of one stream.
func (v *view) Lane(l loop.Lane) []string {
	out := []string{v.says("status.nothing")}
	if l.Current != nil {
		out[0] = v.stands(*l.Current)
	}
	name := func(message string, t loop.TaskView) {
		out = append(out, v.says(message, "n", t.Number, "title", quote(t.Title)))
	}
	for i, t := range l.Queue[:min(len(l.Queue), v.queue)] {
		name([]string{"status.next", "status.then"}[min(i, 1)], t)
	}
	if more := len(l.Queue) - v.queue; more > 0 {
		out = append(out, v.says("status.queue", "n", more))
	}
	for _, t := range l.Drafts[:min(len(l.Drafts), v.queue)] {
		name("status.draft", t)
	}
	if more := len(l.Drafts) - v.queue; more > 0 {
		out = append(out, v.says("status.drafts", "n", more))
	}
	return out
}

// Help is the words that this reader can write, each with what it does. The
// message has both, with a bar between.
func (v *view) Help() []block {
	var out []block
	for _, w := range v.B.Words {
		if !v.Has("does", w.Word) {
			out = append(out, block{Head: quote(w.Word)})
			continue
		}
		usage, does, _ := strings.Cut(v.group("does", w.Word), " | ")
		out = append(out, block{usage, does})
	}
	return out
}
