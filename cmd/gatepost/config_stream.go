package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gatepost/loop"
)

var (
	// streamName is what may follow the + of an address: no dot, which parts
	// a ref from its token.
	streamName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	// refName is what our own tags begin with: me, t42, t42r1, c17, b9.
	refName = regexp.MustCompile(`^(me|[tcb][0-9]+(r[0-9]+)?)$`)
)

// stream turns a [[team.stream]] into the loop's StreamPlan; t holds those
// before. Its name is kept in lower case, as it comes back in addresses.
func (r *configReader) stream(at, who string, f *streamFile, t *loop.Team) loop.StreamPlan {
	s := loop.StreamPlan{Name: strings.ToLower(f.Name)}
	who += fmt.Sprintf("stream %q: ", f.Name)
	switch {
	case f.Name == "":
		r.mark(at+".name", "%sno name: add name = \"web\", which stands in %s", who, loop.Plus(or(t.Address, "shop@acme.example"), "web"))
	case !streamName.MatchString(s.Name):
		r.mark(at+".name", "%sthe name stands in an address: use letters a-z, digits, - and _, at most 40", who)
	case refName.MatchString(s.Name):
		r.mark(at+".name", "%sthe name looks like one of our own tags (me, t42, c17, b9): choose another", who)
	case t.Plan(s.Name) != nil:
		r.mark(at+".name", "%sthere are two streams of that name: rename one", who)
	}
	engineer := r.engineer(at+".engineer", who, f.Engineer, t)
	if engineer != nil {
		s.Engineer = engineer.Key()
	}
	if !r.has(at + ".approvers") {
		for _, p := range t.People {
			if p.Role == loop.PM && p.Key() != s.Engineer {
				s.Approvers = append(s.Approvers, p.Key())
			}
		}
		if len(s.Approvers) == 0 && s.Engineer != "" {
			r.mark(at, "%snobody can approve it, as its engineer is the only PM: add another person with role = \"pm\", or approvers", who)
		}
		return s
	}
	for i, address := range f.Approvers {
		place := fmt.Sprintf("%s.approvers.%d", at, i)
		p := t.Person(strings.TrimSpace(address))
		switch {
		case p == nil:
			r.mark(place, "%sapprover %q is no person of this team: add a [[team.person]] with that email%s", who, address, r.meant(address, t))
		case p.Role == loop.Reader:
			r.mark(place, "%sapprover %q is a reader: give the person role = \"pm\"", who, address)
		case engineer != nil && p.Key() == engineer.Key():
			r.mark(place, "%s%q would approve their own work: name another approver", who, address)
		case slices.Contains(s.Approvers, p.Key()):
			r.mark(place, "%sapprover %q is there twice: take one out", who, address)
		default:
			s.Approvers = append(s.Approvers, p.Key())
		}
	}
	if len(f.Approvers) == 0 {
		r.mark(at+".approvers", "%snobody can approve it: name an approver, or leave approvers out for every PM", who)
	}
	return s
}

// engineer finds who owns a stream, nil if that is nobody.
func (r *configReader) engineer(path, who, address string, t *loop.Team) *loop.Person {
	if address == "" {
		r.mark(path, "%sno engineer: add engineer = \"dana@acme.example\", the email of a person of this team", who)
		return nil
	}
	p := t.Person(strings.TrimSpace(address))
	switch {
	case p == nil:
		r.mark(path, "%sengineer %q is no person of this team: add a [[team.person]] with that email and role = \"engineer\"%s", who, address, r.meant(address, t))
	case p.Role == loop.Reader:
		r.mark(path, "%sengineer %q is a reader: give the person role = \"engineer\"", who, address)
	}
	return p
}

// meant proposes the nearest address of the team.
func (r *configReader) meant(address string, t *loop.Team) string {
	var known []string
	for _, p := range t.People {
		known = append(known, p.Email...)
	}
	if near := nearest(address, known); near != "" {
		return fmt.Sprintf(", or did you mean %q?", near)
	}
	return ""
}

// address reads a mail address and returns it in lower case, "" if it is none.
func (r *configReader) address(path, who, value string) string {
	if err := checkAddress(value); err != nil {
		r.mark(path, "%s: %v", who, err)
		return ""
	}
	return strings.ToLower(value)
}

// checkAddress wants an address that every mail system takes: a local part of
// atoms without quotes, in ASCII (RFC 5322 §3.4.1), at a host name.
func checkAddress(value string) error {
	local, host, ok := strings.Cut(value, "@")
	good := ok && len(local) <= 64 && len(value) <= 254 && checkHost(host) == nil
	for atom := range strings.SplitSeq(local, ".") {
		good = good && atom != "" && !strings.ContainsFunc(atom, notAtom)
	}
	if !good {
		return fmt.Errorf("%q is no mail address: want name@host in plain letters, without display name or brackets", value)
	}
	return nil
}

// notAtom tells what an unquoted local part cannot hold (atext, RFC 5322 §3.2.3).
func notAtom(c rune) bool { return notHost(c) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~", c) }

// withoutTag is shop@acme.example for shop+web@acme.example.
func withoutTag(address string) string {
	local, host, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + host
}
