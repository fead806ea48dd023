package templates

import (
	"fmt"
	"slices"
	"strings"

	"gatepost/loop"
)

// size is how much of a digest is shown. It shrinks until the whole letter
// has at most DigestWords words.
type size struct {
	text, title int // words of an item's text and title
	items       int // items in all
}

var whole = size{text: 22, title: 12, items: 1 << 20}

// besideReview is the size of a digest in a weekly review.
var besideReview = size{text: 10, title: 8, items: 12}

// digestView is a digest cut to size.
type digestView struct {
	Sections []section
	How      []sample // how to answer what waits, with real numbers
}

// section is one heading of a digest.
type section struct {
	Head  string
	Items []item
	More  string // what did not fit, counted
}

// item is one entry: a line, and a line of somebody's words.
type item struct {
	Before, After string // around the number: `Task ` and ` "title" is at the gate, 2 days.`
	Number        string // #12; "" if about no task
	Link          string // an empty reply about it
	Text          string
}

// renderDigest renders with less and less until the words fit: first items'
// texts and titles grow shorter, then items are counted instead of shown.
// Decisions go last.
func (set *wording) renderDigest(l loop.Letter, c Context) (Words, error) {
	if l.Body.Digest == nil {
		l.Body.Digest = &loop.Digest{}
	}
	v, err := set.newView(l, c)
	if err != nil {
		return Words{}, err
	}
	all := 0
	for _, s := range v.sections() {
		all += len(s.items)
	}
	var text string
	fits := func(s size) bool {
		if err != nil {
			return true
		}
		v.size = s
		if err = v.digest(); err == nil {
			text, err = v.text()
		}
		return len(strings.Fields(text)) <= DigestWords
	}
	for _, s := range []size{whole, {16, 10, all}, {10, 8, all}, {6, 7, all}, {0, 6, all}} {
		if fits(s) {
			return v.digestWords(text, err)
		}
	}
	low, high := 0, all // the most items that fit, by halves: fits(low) is assumed, fits(high) is known to fail
	for high-low > 1 {
		if mid := (low + high) / 2; fits(size{0, 6, mid}) {
			low = mid
		} else {
			high = mid
		}
	}
	for _, s := range []size{{10, 6, low}, {6, 6, low}, {0, 6, low}, {0, 6, low / 2}, {0, 3, 0}} {
		if fits(s) {
			return v.digestWords(text, err)
		}
	}
	return Words{}, fmt.Errorf("digest of %d words does not shrink below %d", len(strings.Fields(text)), DigestWords)
}

func (v *view) digestWords(text string, err error) (Words, error) {
	if err != nil {
		return Words{}, err
	}
	w := Words{Language: v.lang.code, Subject: v.Subject, Preheader: v.Ask, Text: text}
	if w.HTML, err = v.html(); err == nil {
		err = v.err
	}
	return w, err
}

// rawSection is a section before it is cut to size.
type rawSection struct {
	name   string
	items  []loop.Item
	status bool // "status" lists what does not fit; else the record of each task has it
}

func (v *view) sections() []rawSection {
	d := v.B.Digest
	return []rawSection{
		{"waiting", d.Waiting, true}, {"moved", d.Moved, false}, {"blocked", d.Blocked, false}, {"silent", d.Silent, false},
		{"dates", d.Dates, false}, {"next", d.Next, true}, {"low", d.Low, true}, {"away", d.Away, true}, {"bounced", d.Bounced, true},
	}
}

// share deals n places to the sections, in their order and round by round;
// what waits for the reader gets two in each round.
func share(n int, sections []rawSection) []int {
	shown := make([]int, len(sections))
	for n > 0 {
		dealt := false
		for i, s := range sections {
			for range 1 + btoi(i == 0) {
				if shown[i] < len(s.items) && n > 0 {
					shown[i]++
					n--
					dealt = true
				}
			}
		}
		if !dealt {
			break
		}
	}
	return shown
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (v *view) digest() error {
	d := &digestView{}
	v.D = d
	sections := v.sections()
	shown := share(v.size.items, sections)
	for i, raw := range sections {
		if len(raw.items) == 0 {
			continue
		}
		s := section{Head: v.says("head." + raw.name)}
		for k := range raw.items[:shown[i]] {
			s.Items = append(s.Items, v.item(raw.items[k]))
		}
		if hidden := raw.items[shown[i]:]; len(hidden) > 0 {
			s.More = v.says("more", "n", len(hidden))
			if at := slices.IndexFunc(hidden, func(it loop.Item) bool { return it.Task != 0 }); at >= 0 && !raw.status {
				name := "more.record"
				if len(hidden) > 1 {
					name = "more.first"
				}
				s.More = v.says(name, "n", len(hidden), "first", hidden[at].Task)
			}
			if len(s.Items) > 0 {
				s.More = v.says("more.and", "more", s.More)
			}
		}
		d.Sections = append(d.Sections, s)
	}
	d.How = v.how()
	return v.err
}

// place stands in an item's sentence where the task's number comes.
const place = "\x00"

// named is the message for an item; what is known of it chooses among several.
func named(it loop.Item) string {
	switch {
	case it.Kind == "next" && it.Stream == "":
		return "next-free"
	case it.Kind == "low" && it.Count > 0:
		return "low-left"
	case it.Kind == "paused" && it.Task != 0:
		return "paused-task"
	}
	return it.Kind
}

// item puts one entry into words.
func (v *view) item(it loop.Item) item {
	title := short(v.size.title, it.Title)
	it.Who, it.Stream = or(clip(short(3, it.Who), 24), v.says("somebody")), clip(short(2, it.Stream), 16)
	v.Item = &it
	var line string
	for { // the sentence and the words under it get one line each
		it.Title = quote(title)
		name := named(it)
		if it.Task != 0 && !v.Has("item", name) {
			name = "other-task"
		}
		line = v.group("item", name)
		over := wide(line) + len(hash(it.Task)) - 1 + 2 - columns
		if n := len([]rune(title)); over > 0 && n > 12 {
			title = clip(title, max(n-over, 12))
			continue
		}
		break
	}
	out := item{Before: line}
	if before, after, ok := strings.Cut(line, place); ok {
		out = item{Before: before, Number: hash(it.Task), After: after, Link: v.mailto(hash(it.Task) + " ")}
	}
	if v.size.text > 0 {
		out.Text = clipWide(short(v.size.text, it.Text), columns-4)
	}
	return out
}

// how shows a sample answer for each sort of thing that waits. Sep stands
// before it.
func (v *view) how() []sample {
	var out []sample
	seen := map[string]bool{}
	add := func(sep string, it loop.Item, sort, body, hint string) {
		if !seen[sort] {
			seen[sort] = true
			text := fmt.Sprintf("#%d %s", it.Task, body)
			out = append(out, sample{Sep: sep, Shown: text + hint, Link: v.mailto(text)})
		}
	}
	for _, it := range v.B.Digest.Waiting {
		switch {
		case it.Task == 0:
		case it.Kind == "gate" && !seen["approve"]:
			add(", ", it, "approve", v.word("approve"), "")
			add(" "+v.says("digest.or")+" ", it, "redirect", v.word("redirect")+": ", v.says("hint.why"))
		case slices.Equal(it.Missing, []string{"stream"}):
			if streams := v.B.Digest.Streams; len(streams) > 0 {
				add(", ", it, "to", v.word("to")+" "+clip(oneLine(streams[0]), 40), "")
			}
		case it.Kind == "proposal" && len(it.Missing) == 0:
			add(", ", it, "queue", v.word("queue"), "")
		case it.Kind != "gate":
			add(", ", it, "words", "", v.says("your-words"))
		}
	}
	if len(out) > 0 {
		out[0].Sep = ""
	}
	return out
}

// sample is an answer to a digest, ready to send.
type sample struct{ Sep, Shown, Link string }

// Counts is the essence of a digest: "2 wait for you · 3 moved · 1 blocked".
func (v *view) Counts() string {
	d := v.B.Digest
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, v.says("count."+what, "n", n))
		}
	}
	add(len(d.Waiting), "waiting")
	add(len(d.Moved), "moved")
	add(len(d.Blocked), "blocked")
	add(len(d.Silent), "silent")
	late := 0
	for _, it := range d.Dates {
		late += btoi(it.Kind == "late")
	}
	add(late, "late")
	return strings.Join(parts, " · ")
}

// Waiting says how many things wait for the reader, "" if none do.
func (v *view) Waiting() string {
	if v.B.Digest == nil || len(v.B.Digest.Waiting) == 0 {
		return ""
	}
	return v.says("count.waiting", "n", len(v.B.Digest.Waiting))
}

// HeldMails says how many mails of strangers are held.
func (v *view) HeldMails() string {
	if v.B.Digest.Held == 0 {
		return ""
	}
	return v.says("digest.held", "n", v.B.Digest.Held)
}

// Quiet tells whether nothing at all happened.
func (v *view) Quiet() bool {
	return v.Counts() == "" && len(v.B.Digest.Dates) == 0 && v.B.Digest.Held == 0 && len(v.B.Digest.Bounced) == 0
}
