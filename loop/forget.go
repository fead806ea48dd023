package loop

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatepost/parse"
)

// Gone stands where the words or the name of a forgotten person stood.
const Gone = "[forgotten]"

// Oblivion is a person whose name, addresses and words are to be taken out of
// what is kept. The shape stays: numbers, dates, kinds, states.
type Oblivion struct {
	Addresses []string // lower-case; the first is the key in state and record
	Alias     string   // the address that takes their place everywhere
	names     *regexp.Regexp
	address   *regexp.Regexp
}

// NewOblivion prepares the person; names are whole names. Their single words
// of three letters and more are taken out as well, in the case they have.
func NewOblivion(addresses, names []string, alias string) *Oblivion {
	o := &Oblivion{Addresses: addresses, Alias: alias}
	quoted := func(list []string) (q []string) {
		for _, s := range list {
			q = append(q, regexp.QuoteMeta(s))
		}
		return q
	}
	o.address = regexp.MustCompile(`(?i)(` + strings.Join(quoted(addresses), "|") + `)`)
	var whole, single []string
	for _, n := range names {
		if n = strings.TrimSpace(n); n == "" {
			continue
		}
		whole = append(whole, strings.Join(quoted(strings.Fields(n)), `\s+`))
		for _, w := range strings.FieldsFunc(n, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' }) {
			if utf8.RuneCountInString(w) > 2 && !slices.Contains(single, w) {
				single = append(single, w)
			}
		}
	}
	if len(whole) > 0 {
		o.names = regexp.MustCompile(`(?i:` + strings.Join(whole, "|") + `)|` + strings.Join(append(quoted(single), `\x00`), "|"))
	}
	return o
}

// Is tells whether an address is the person's.
func (o *Oblivion) Is(address string) bool {
	return slices.Contains(o.Addresses, strings.ToLower(address))
}

// Mentions tells whether a text has the name or an address in it.
func (o *Oblivion) Mentions(text string) bool { return o.Clean(text) != text }

// Clean is a text without name and addresses.
func (o *Oblivion) Clean(text string) string {
	text = o.address.ReplaceAllLiteralString(text, o.Alias)
	if o.names == nil {
		return text
	}
	var out strings.Builder
	rest := 0
	for _, at := range o.names.FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		behind, _ := utf8.DecodeRuneInString(text[at[1]:])
		if unicode.IsLetter(before) || unicode.IsLetter(behind) || unicode.IsDigit(before) || unicode.IsDigit(behind) {
			continue // part of another word
		}
		out.WriteString(text[rest:at[0]] + Gone)
		rest = at[1]
	}
	return out.String() + text[rest:]
}

// wipe empties words, and leaves a mark where there were some: whether there
// are any is part of the shape.
func wipe(s *string) {
	if *s != "" {
		*s = Gone
	}
}

// Event is an event without the person: their own words wiped, their name and
// addresses taken out of those of others. It folds as before, to a state
// without them.
func (o *Oblivion) Event(e Event) Event {
	own := o.Is(e.By) || o.Is(e.Person) && (e.By == "" || e.Kind == HeldE)
	if e.Sections != nil {
		e.Sections = o.sections(*e.Sections, own)
	}
	if e.Old != nil { // whose wording it was is not told: the amendment's writer may have replaced the person's
		e.Old = o.sections(*e.Old, true)
	}
	for _, s := range []*string{&e.Text, &e.Line, &e.Title, &e.Subject} {
		if own {
			wipe(s)
		} else {
			*s = o.Clean(*s)
		}
	}
	if own && e.Root != "" { // a Message-ID names the writer's domain, or more
		e.Root = "forgotten." + actMark(e.Root) + "@invalid"
	}
	if cause, words, more := strings.Cut(e.Cause, "|"); own && more && words != "" { // the line that an answer was about
		e.Cause = cause + "|" + Gone + actMark(words)
	}
	e.Cause, e.Root = o.Clean(e.Cause), o.Clean(e.Root)
	e.By, e.Person = o.who(e.By), o.who(e.Person)
	e.Watchers = slices.Clone(e.Watchers)
	for i, w := range e.Watchers {
		e.Watchers[i] = o.who(w)
	}
	e.Files = slices.Clone(e.Files)
	for i := range e.Files {
		if own {
			wipe(&e.Files[i].Name)
		} else {
			e.Files[i].Name = o.Clean(e.Files[i].Name)
		}
	}
	e.Wrote = slices.Clone(e.Wrote)
	for i := range e.Wrote {
		e.Wrote[i].To = o.who(e.Wrote[i].To)
	}
	if e.Hold != nil {
		h := *e.Hold
		h.Person, h.From, h.Cause = o.who(h.Person), o.who(h.From), o.Clean(h.Cause)
		e.Hold = &h
	}
	return e
}

func (o *Oblivion) who(address string) string {
	if o.Is(address) {
		return o.Alias
	}
	return o.Clean(address)
}

func (o *Oblivion) sections(s parse.Sections, own bool) *parse.Sections {
	for _, p := range []*string{&s.Problem, &s.Reproduce, &s.Done, &s.Context} {
		if own {
			wipe(p)
		} else {
			*p = o.Clean(*p)
		}
	}
	return &s
}

// Letter is a letter that was sent or given up, without what it said: it may
// quote the person. To whom, about what and when stays.
func (o *Oblivion) Letter(l Letter) Letter {
	return Letter{Kind: l.Kind, Team: l.Team, To: o.who(l.To), Name: o.Clean(l.Name), Zone: l.Zone, Task: l.Task, Ref: l.Ref, Asked: l.Asked, Due: l.Due, Key: o.Clean(l.Key)}
}
