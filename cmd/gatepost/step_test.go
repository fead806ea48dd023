package main

import (
	"fmt"
	"testing"

	"gatepost/loop"
	"gatepost/parse"
	"gatepost/store"
)

// A mail is of the team that it names, among those whose mail comes into its mailbox.
func TestTeamOf(t *testing.T) {
	shop, pay := &loop.Team{Name: "Shop", Address: "shop@a.example"}, &loop.Team{Name: "Pay", Address: "pay@a.example"}
	both := map[string]*mailboxConfig{"one": {Teams: []*loop.Team{shop, pay}}}
	apart := map[string]*mailboxConfig{"one": {Teams: []*loop.Team{shop}}, "two": {Teams: []*loop.Team{pay}}}
	for _, c := range []struct {
		name   string
		boxes  map[string]*mailboxConfig
		box    string
		tag    string // team that it names
		answer string // team whose letter it answers
		let    string // in, by whom
		want   *loop.Team
		astray bool
	}{
		{"named", both, "one", pay.Address, "", "", pay, false},
		{"answers", both, "one", "", pay.Address, "", pay, false},
		{"named before answers", both, "one", shop.Address, pay.Address, "", shop, false},
		{"neither, in a mailbox of two", both, "one", "", "", "", nil, false},
		{"answers a team that is no more", both, "one", "", "old@a.example", "", nil, false},
		{"neither, in a mailbox of one", apart, "two", "", "", "", pay, false},
		{"of another mailbox", apart, "one", pay.Address, "", "", nil, true},
		{"of another mailbox, answers", apart, "one", "", pay.Address, "", nil, true},
		{"of another mailbox, let in", apart, "one", pay.Address, "", "operator", pay, false},
		{"in a mailbox that is no more", apart, "three", pay.Address, "", "", nil, true},
		{"neither, in a mailbox that is no more", apart, "three", "", "", "", nil, false},
		{"without mailboxes", nil, "one", pay.Address, "", "", pay, false},
	} {
		s := &stepper{teams: []*loop.Team{shop, pay}, boxes: c.boxes}
		var tags []parse.Tag
		if c.tag != "" {
			tags = []parse.Tag{{Team: c.tag}}
		}
		var answers *loop.Post
		if c.answer != "" {
			answers = &loop.Post{Letter: loop.Letter{Team: c.answer}}
		}
		team, astray := s.teamOf(&store.Inbox{Mailbox: c.box, Vouched: c.let}, tags, answers)
		if team != c.want || astray != "" != c.astray {
			t.Errorf("%s: %v %q, want %v", c.name, team, astray, c.want)
		}
	}
}

// A bounce that nobody can have sent but the server that had the letter: it names the
// letter's Message-ID, or came to the address that only its envelope had.
func TestBounceOfAGuessedLetter(t *testing.T) {
	s := newShelf(t)
	s.put(t, "Slow")
	s.readAll(t)
	letters, err := s.db.Outbox(t.Context(), store.PostFilter{})
	if err != nil || len(letters) == 0 {
		t.Fatal(letters, err)
	}
	p, team := letters[0], s.teams[0]
	ref := fmt.Sprintf("b%d", p.Serial)
	for token, want := range map[string]bool{"aaaaaaaaaaaaaaaa": false, team.Token(ref, p.Letter.To): true} {
		m := parse.Mail{Bounce: &parse.Bounce{}, Tags: []parse.Tag{{Team: team.Address, Ref: ref, Token: token}}}
		if found, err := s.bounced(t.Context(), m); err != nil || (found != nil) != want {
			t.Errorf("with the token %s: %v, %v", token, found, err)
		}
	}
}
