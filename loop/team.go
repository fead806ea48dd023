package loop

import (
	"strings"
	"time"
)

// Role is what a person is in a team.
type Role string

// The roles of the config.
const (
	PM       Role = "pm"
	Engineer Role = "engineer"
	Reader   Role = "reader"
)

// Trust is the policy for moves, see DESIGN section 8.
type Trust string

// The policies of the config.
const (
	TrustSeen   Trust = "seen"
	TrustSigned Trust = "signed"
	TrustToken  Trust = "token"
)

// Team is what the config says of a team. The rules read it and never change
// it. All addresses are lower-case.
type Team struct {
	Name          string
	Address       string
	Secret        []byte   // for tokens, without the final newline
	OldSecrets    [][]byte // tokens made with these are still good
	Zone          *time.Location
	Language      string // of letters to the operator, and of its people unless they have their own
	Hours         Hours
	Holiday       func(Date) string
	FirstDelivery int // business days
	Cycle         int // business days
	Digest        Minute
	Prompt        Minute
	Weekly        Weekly // when the weekly review is due
	Undo          time.Duration
	Trust         Trust
	Words         map[string][]string // further command words by canonical word: the team's own and its people's languages'
	People        []Person
	Streams       []StreamPlan
	Operator      string // address for alerts; "": alerts go to the log and the digest only

	index *teamIndex // nil until Index
}

// teamIndex finds people and streams without looking through them all.
type teamIndex struct {
	people  map[string]int // by each of their addresses
	streams map[string]int // by name in lower case
	names   []string       // as Names gives them
}

// Index makes People and Streams quick to find in a large team. They must not
// change afterwards.
func (t *Team) Index() {
	x := &teamIndex{people: map[string]int{}, streams: map[string]int{}, names: t.Names()}
	for i := len(t.People) - 1; i >= 0; i-- { // the first of two is found, as without an index
		for _, e := range t.People[i].Email {
			x.people[e] = i
		}
	}
	for i := len(t.Streams) - 1; i >= 0; i-- {
		x.streams[strings.ToLower(t.Streams[i].Name)] = i
	}
	t.index = x
}

// Person is a registered member of a team.
type Person struct {
	Name  string
	Email []string // the first is where letters go, and the person's name in state and record
	Role  Role
	Zone  *time.Location
	// Language of their letters, "de"; "": English.
	Language string
	Hours    Hours
	// Holiday names the public holidays where they work; nil: the team's.
	Holiday func(Date) string
	Digest  Minute // when a digest is due; Never: none
	Prompt  Minute // when a prompt is due; Never: none
}

// Key is the person's name in state and record: their first address.
func (p *Person) Key() string { return p.Email[0] }

// First is the name for a greeting: the first word of the name.
func (p *Person) First() string {
	if f := strings.Fields(p.Name); len(f) > 0 {
		return f[0]
	}
	return p.Key()
}

// StreamPlan is what the config says of a stream.
type StreamPlan struct {
	Name      string
	Engineer  string   // first address of a person
	Approvers []string // first addresses; who may open the gate
}

// Person finds a member by any of their addresses, nil if nobody has it. The
// whole address is compared, in lower case; nothing is folded.
func (t *Team) Person(address string) *Person {
	address = strings.ToLower(address)
	if address == "" {
		return nil
	}
	if t.index != nil {
		if i, ok := t.index.people[address]; ok {
			return &t.People[i]
		}
		return nil
	}
	for i := range t.People {
		for _, e := range t.People[i].Email {
			if e == address {
				return &t.People[i]
			}
		}
	}
	return nil
}

// Plan finds a stream of the config by name, nil if there is none.
func (t *Team) Plan(name string) *StreamPlan {
	if t.index != nil {
		if i, ok := t.index.streams[strings.ToLower(name)]; ok {
			return &t.Streams[i]
		}
		return nil
	}
	for i := range t.Streams {
		if strings.EqualFold(t.Streams[i].Name, name) {
			return &t.Streams[i]
		}
	}
	return nil
}

// Names are the display names of all its people, not to be changed.
func (t *Team) Names() []string {
	if t.index != nil {
		return t.index.names
	}
	names := make([]string, len(t.People))
	for i := range t.People {
		names[i] = t.People[i].Name
	}
	return names
}

// PersonName is the display name of the person with this key, or the key.
func (t *Team) PersonName(key string) string {
	if p := t.Person(key); p != nil && p.Name != "" {
		return p.Name
	}
	return key
}
