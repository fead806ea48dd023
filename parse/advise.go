package parse

import "strings"

// AdviceRule is one rule of the intake: what a good colleague would remark.
type AdviceRule struct {
	Name string // as in Mail.Advice; teams switch rules off by it
	Says string // the sentence that a letter prints
	when func(t *intake) bool
}

// intake is what the rules look at.
type intake struct {
	s        Sections
	labelled []string
	text     string // all of it
	low      string // folded
	subject  string
}

// AdviceRules are the rules of DESIGN section 5 in the order in which they are
// told; at most three of them are.
var AdviceRules = []AdviceRule{
	{"no-done", "I could not find a checkable done: what is true when this is finished, and who can see it?", func(t *intake) bool { return strings.TrimSpace(t.s.Done) == "" }},
	{"wants-a-call", "This reads like something to talk through rather than to queue: a short call may be quicker.", wantsCall},
	{"no-reproduce", "It reads like a fault; a line on how to see it would save the engineer a search.", noReproduce},
	{"recipe", "Part of this says how to build it. If only the result matters, leave the way to the engineer.", recipe},
	{"several", "There seem to be several outcomes in here; each is easier to approve as a task of its own.", several},
	{"too-large", "This looks like more than one cycle of work; consider a first slice that can be approved alone.", tooLarge},
}

// Advise names the rules that apply to a task as mailed.
func Advise(m Mail) []string {
	t := &intake{s: m.Sections, labelled: m.Labelled, text: m.Text, low: fold(m.Text), subject: fold(m.Subject)}
	out := []string{}
	for _, r := range AdviceRules {
		if len(out) < 3 && r.when(t) {
			out = append(out, r.Name)
		}
	}
	return out
}

func holdsAny(s string, list ...string) bool {
	for _, w := range list {
		if hasPhrase(s, w) {
			return true
		}
	}
	return false
}

func wantsCall(t *intake) bool {
	s := t.subject + "\n" + t.low
	return holdsAny(s, "is down right now", "site is down", "production is down", "outage", "live incident", "we are losing orders", "urgent: down", "not sure what we want", "let's explore", "let us explore", "brainstorm", "figure out what", "explore options", "open-ended", "i disagree with", "we disagree", "can't agree", "cannot agree", "do not agree", "don't agree")
}

func noReproduce(t *intake) bool {
	if t.s.Reproduce != "" {
		return false
	}
	return holdsAny(fold(t.s.Problem)+"\n"+t.subject, "bug", "crash", "crashes", "error", "broken", "does not work", "doesn't work", "fails", "wrong", "exception", "500", "404", "stopped working", "not working")
}

func recipe(t *intake) bool {
	s := fold(t.s.Done + "\n" + t.s.Problem)
	return strings.Contains(t.text, "```") && holdsAny(s, "implement", "change the code", "replace") || holdsAny(s, "use the library", "use library", "refactor the", "add a column", "add column", "rename the function", "create a table", "write a function", "add a class", "rewrite in", "alter table", "use redis", "use react", "migrate to postgres")
}

func several(t *intake) bool {
	return holdsAny(t.low, "two things", "three things", "several things", "a few things", "also, separately", "second task", "another task", "unrelated:", "while you are at it", "while you're at it", "on a different note", "separately,")
}

func tooLarge(t *intake) bool {
	return holdsAny(t.low, "redesign the whole", "rewrite the whole", "rebuild the whole", "entire site", "entire app", "whole platform", "whole site", "this quarter", "next quarter", "from scratch", "complete rewrite", "full rewrite", "all of our pages")
}
