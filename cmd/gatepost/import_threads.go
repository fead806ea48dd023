package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/parse"
)

// oldMail is what an import remembers of a mail between its first reading and
// its second: where it stands and what it belongs to, nothing of its text.
type oldMail struct {
	place       mailin.Place
	at          time.Time
	from        string // a person's key, or an address
	title       string
	fingerprint string
	stream      string
	member      bool
	task        int // it is known, as part of this task
}

// oldThreads gathers mails into conversations, by Message-ID, In-Reply-To and
// References; a reply that names none of them joins the last thread of its
// subject, if that is not older than a month.
type oldThreads struct {
	mails  []oldMail
	byID   map[string]int // Message-ID → place in parent
	parent []int          // of a mail or of an id that only others name, as a disjoint-set forest
	owner  []int          // place in parent → mail, -1 for an id without one
	seen   map[string]bool
	loose  []int // mails that say "Re:" and name nothing
}

func newOldThreads() *oldThreads {
	return &oldThreads{byID: map[string]int{}, seen: map[string]bool{}}
}

// add takes a mail in; false if the very same one is there already.
func (o *oldThreads) add(m oldMail, head parse.Mail) bool {
	if o.seen[m.fingerprint] {
		return false
	}
	o.seen[m.fingerprint] = true
	o.mails = append(o.mails, m)
	node := o.node(head.MessageID)
	if head.MessageID == "" || o.owner[node] >= 0 { // none, or another mail of the same Message-ID
		same := node
		node = o.fresh()
		if head.MessageID != "" {
			o.join(node, same)
		}
	}
	o.owner[node] = len(o.mails) - 1
	refs := head.References
	if head.InReplyTo != "" {
		refs = append(slices.Clone(refs), head.InReplyTo)
	}
	for _, id := range refs {
		o.join(node, o.node(id))
	}
	if len(refs) == 0 && loop.Title(head) != strings.TrimSpace(head.Subject) {
		o.loose = append(o.loose, node)
	}
	return true
}

func (o *oldThreads) fresh() int {
	o.parent, o.owner = append(o.parent, len(o.parent)), append(o.owner, -1)
	return len(o.parent) - 1
}

func (o *oldThreads) node(id string) int {
	n, known := o.byID[id]
	if !known || id == "" {
		n = o.fresh()
		if id != "" {
			o.byID[id] = n
		}
	}
	return n
}

func (o *oldThreads) root(n int) int {
	for o.parent[n] != n {
		o.parent[n] = o.parent[o.parent[n]]
		n = o.parent[n]
	}
	return n
}

func (o *oldThreads) join(a, b int) { o.parent[o.root(a)] = o.root(b) }

// sameTalk is how far apart a reply that names no mail and the thread of its
// subject may lie.
const sameTalk = 30 * 24 * time.Hour

// threads are the conversations, each oldest mail first, in order of their
// first mail.
func (o *oldThreads) threads() [][]oldMail {
	o.joinLoose()
	of := map[int][]oldMail{}
	for node, mail := range o.owner {
		if mail >= 0 {
			of[o.root(node)] = append(of[o.root(node)], o.mails[mail])
		}
	}
	byTime := func(a, b oldMail) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.place.Path, b.place.Path), cmp.Compare(a.place.Offset, b.place.Offset))
	}
	var list [][]oldMail
	for _, t := range of {
		slices.SortFunc(t, byTime)
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b []oldMail) int { return byTime(a[0], b[0]) })
	return list
}

// joinLoose puts replies without references to the thread of their subject.
func (o *oldThreads) joinLoose() {
	if len(o.loose) == 0 {
		return
	}
	bySubject := map[string][]int{} // lower-case title → nodes, oldest first
	for node, mail := range o.owner {
		if mail >= 0 && o.mails[mail].title != "" {
			key := strings.ToLower(o.mails[mail].title)
			bySubject[key] = append(bySubject[key], node)
		}
	}
	at := func(node int) time.Time { return o.mails[o.owner[node]].at }
	for _, nodes := range bySubject {
		slices.SortStableFunc(nodes, func(a, b int) int { return at(a).Compare(at(b)) })
	}
	for _, node := range o.loose {
		nodes := bySubject[strings.ToLower(o.mails[o.owner[node]].title)]
		i := slices.Index(nodes, node)
		if i > 0 && at(node).Sub(at(nodes[i-1])) <= sameTalk {
			o.join(node, nodes[i-1])
		}
	}
}
