package parse

import (
	"strings"
)

// A mail is a robot's by its header first (RFC 3834, 3464, 8098), by its
// structure second, by its words last. The words alone never make a robot of a
// mail that opens with a command.

var absence = func() map[string][]string {
	out := map[string][]string{}
	for _, row := range tableRows("absence.txt") {
		k := row[0] + " " + row[1]
		for _, w := range tableWords(row[2]) {
			out[k] = append(out[k], fold(w))
		}
	}
	return out
}()

// robotOf tells what sent the mail, by its header and structure.
func robotOf(h header, root *part, from Address, opt Options) (Robot, string) {
	for _, f := range h {
		if f.name == "x-gatepost-letter" || f.name == "x-gatepost-task" {
			return RobotOwn, "own-header"
		}
	}
	if t, ok := tagOf(from.Address, nil); ownAddress(from.Address, opt.Teams) || len(opt.Teams) == 0 && ok && t.Token != "" {
		return RobotOwn, "own-address"
	}
	for _, v := range h.all("x-loop") {
		for _, a := range append(words(v), strings.Trim(v, " <>")) {
			if ownAddress(strings.Trim(a, "<>,;"), opt.Teams) {
				return RobotOwn, "own-loop"
			}
		}
	}
	submitted := ""
	for _, v := range h.all("auto-submitted") {
		if s := strings.ToLower(firstToken(uncomment(v))); s != "" && s != "no" {
			submitted = s
		}
	}
	if root != nil {
		if r, rule := robotByParts(root); r != RobotNone {
			return r, rule
		}
	}
	failed := h.has("x-failed-recipients")
	local, _, _ := strings.Cut(strings.ToLower(from.Address), "@")
	daemon := local == "mailer-daemon" || local == "postmaster" && (submitted != "" || nullPath(h)) || local == "mail-daemon" || local == "mailerdaemon"
	if !daemon && from.Address == "" {
		raw := strings.ToLower(h.get("from"))
		daemon = strings.Contains(raw, "mailer-daemon") || strings.Contains(raw, "mail delivery s")
	}
	subject := fold(subjectOf(h))
	if failed || daemon {
		return RobotBounce, "bounce-sender"
	}
	if (nullPath(h) || submitted != "") && startsWith(plainSubject(subject), absence["bounce subject"]) {
		return RobotBounce, "bounce-subject"
	}
	if submitted != "" {
		return RobotAutoReply, "auto-submitted"
	}
	for _, name := range []string{"x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from", "x-mail-autoreply", "x-vacation", "x-away"} {
		if v, ok := h.lookup(name); ok && !strings.EqualFold(strings.TrimSpace(v), "no") && !strings.EqualFold(strings.TrimSpace(v), "false") {
			return RobotAutoReply, "autoreply-header"
		}
	}
	switch strings.ToLower(firstToken(uncomment(h.get("precedence")))) {
	case "auto_reply", "auto-reply":
		return RobotAutoReply, "precedence"
	case "bulk", "junk":
		if h.has("list-id") || h.has("list-unsubscribe") || h.has("list-post") {
			return RobotList, "list-bulk"
		}
		return RobotAutoReply, "precedence"
	}
	if h.has("x-ms-reaction") || h.has("x-ms-reactions-content") {
		return RobotReaction, "reaction-header"
	}
	if nullPath(h) {
		if startsWith(plainSubject(subject), absence["receipt subject"]) {
			return RobotReceipt, "receipt-subject"
		}
		return RobotAutoReply, "null-path"
	}
	if h.has("list-unsubscribe") && (h.has("feedback-id") || h.has("x-campaign") || h.has("x-campaignid") || h.has("x-mailchimp-id") || h.has("x-csa-complaints")) {
		return RobotList, "list-campaign"
	}
	if id := strings.ToLower(h.get("list-id")); id != "" && !ownList(id, h, opt.Teams) {
		return RobotList, "list-id"
	}
	return RobotNone, ""
}

// ownList tells whether a list is the team address itself: some mail services
// deliver a shared address as a group, and then every person's mail is a
// list's.
func ownList(id string, h header, teams []string) bool {
	post := strings.ToLower(h.get("list-post"))
	for _, t := range teams {
		t = strings.ToLower(t)
		if strings.Contains(post, "mailto:"+t+">") || strings.Contains(id, "<"+strings.Replace(t, "@", ".", 1)+">") {
			return true
		}
	}
	return false
}

func (h header) lookup(name string) (string, bool) {
	for i := range h {
		if h[i].name == name {
			return h[i].value, true
		}
	}
	return "", false
}

// robotByParts knows reports, receipts, reactions and invitations by their
// media types.
func robotByParts(root *part) (Robot, string) {
	switch root.ctype {
	case "multipart/report":
		switch strings.ToLower(root.params["report-type"]) {
		case "disposition-notification":
			return RobotReceipt, "report"
		case "delivery-status", "":
			if find(root, func(p *part) bool { return p.ctype == "message/disposition-notification" }) != nil {
				return RobotReceipt, "report"
			}
			return RobotBounce, "report"
		default: // feedback reports and what will come
			return RobotAutoReply, "report"
		}
	case "message/delivery-status", "message/global-delivery-status":
		return RobotBounce, "report"
	case "message/disposition-notification":
		return RobotReceipt, "report"
	case "text/calendar":
		return RobotInvitation, "calendar"
	}
	if find(root, func(p *part) bool { return p.ctype == "text/vnd.google.email-reaction+json" }) != nil {
		return RobotReaction, "reaction-part"
	}
	if find(root, func(p *part) bool { return p.ctype == "message/delivery-status" && !p.attached() }) != nil {
		return RobotBounce, "report"
	}
	if p := find(root, func(p *part) bool { return p.ctype == "text/calendar" && p.params["method"] != "" && !p.attached() }); p != nil {
		return RobotInvitation, "calendar"
	}
	return RobotNone, ""
}

// attached tells whether a part is meant to be kept and not to be read.
func (p *part) attached() bool { return !p.inline }

// find walks a tree in order.
func find(p *part, is func(*part) bool) *part {
	if is(p) {
		return p
	}
	for _, k := range p.kids {
		if f := find(k, is); f != nil {
			return f
		}
	}
	return nil
}

// nullPath tells whether the topmost Return-Path is empty: "<>".
func nullPath(h header) bool {
	v, ok := h.lookup("return-path")
	return ok && strings.Trim(uncomment(v), " \t") == "<>"
}

func ownAddress(address string, teams []string) bool {
	if address == "" || len(teams) == 0 {
		return false
	}
	_, ok := tagOf(address, teams)
	return ok
}

// uncomment takes the comments of RFC 5322 away.
func uncomment(s string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(b.String())
}

func words(s string) []string { return strings.Fields(s) }

func subjectOf(h header) string { return tame(decodeWords(h.get("subject"))) }

// plainSubject takes off Re:, AW:, Fwd: and the like.
func plainSubject(folded string) string {
	for range 5 {
		t := strings.TrimLeft(folded, " [")
		cut := false
		for _, p := range []string{"re:", "aw:", "sv:", "vs:", "antw:", "odp:", "ynt:", "rv:", "res:", "rif:", "fwd:", "fw:", "wg:", "tr:", "回复:", "回复：", "答复:", "答复：", "回覆:", "re：", "[external]", "external]", "[ext]"} {
			if r, ok := strings.CutPrefix(t, p); ok {
				folded, cut = r, true
			}
		}
		if !cut {
			return t
		}
	}
	return folded
}

func startsWith(s string, list []string) bool {
	for _, p := range list {
		if rest, ok := strings.CutPrefix(s, p); ok && (rest == "" || !wordRune(firstRune(rest)) || !wordRune(lastRune(p)) || firstRune(rest) > 0x2e80) {
			return true
		}
	}
	return false
}

// robotByWords knows absence notices, free-form bounces and reactions by what
// they say, when no header tells. opens is whether the first line reads as a
// command: then it is a person.
func robotByWords(from Address, subject, text string, reply, opens bool) (Robot, string) {
	if opens {
		return RobotNone, ""
	}
	s := plainSubject(fold(subject))
	own := fold(subject) == s // not "Re: Out of office": that is a person about it
	head := fold(text[:min(len(text), 1500)])
	n, g := 0, gramsOf(head)
	for _, p := range absence["away text"] {
		if g.may(p) && hasPhrase(head, p) {
			n++
		}
	}
	away := startsWith(s, absence["away subject"])
	automatic := startsWith(s, absence["auto subject"])
	switch {
	case away && automatic && own:
		return RobotAutoReply, "away-subject"
	case away && own && n >= 2 && firstPerson(head) && len(text) < 2000 && embedsNumber(head) && !hasDone(text):
		return RobotAutoReply, "away-words"
	case (n >= 3 && holdsAny(head, absence["automated text"]...) || n >= 2 && holdsAny(head, absence["greeted text"]...)) && len(text) < 2000:
		return RobotAutoReply, "away-words"
	case own && startsWith(s, absence["bounce subject"]) && (bounceText(head) || enhanced(text) != "") && system(from.Address):
		return RobotBounce, "bounce-words"
	case own && startsWith(s, absence["receipt subject"]) && len(text) < 800 && holdsAny(head, absence["receipt text"]...):
		return RobotReceipt, "receipt-words"
	}
	for _, p := range absence["reaction text"] {
		if len(text) < 300 && strings.Contains(head, p) && strings.Count(strings.TrimSpace(text), "\n") <= 3 && reply {
			return RobotReaction, "reaction-words"
		}
	}
	return RobotNone, ""
}

var pronouns = set(absence["person word"])

// firstPerson tells whether somebody speaks of themselves: a task about
// absence notices does not.
func firstPerson(head string) bool {
	for _, t := range tokens(head) {
		if pronouns[t.text] {
			return true
		}
	}
	return holdsAny(head, absence["person text"]...)
}

// hasDone: a text with a done under a label is a task.
func hasDone(text string) bool {
	_, labelled := FindSections(text)
	return len(labelled) >= 2
}

// system tells whether an address is a mail system's and not a person's.
func system(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	for _, p := range []string{"postmaster", "mailer", "mail-daemon", "mdaemon", "noreply", "no-reply", "no_reply", "bounce", "daemon", "administrator", "system", "maildelivery", "microsoftexchange", "exchange", "mail.system", "mailsystem"} {
		if strings.HasPrefix(local, p) {
			return true
		}
	}
	return address == ""
}

func hasPhrase(text, p string) bool {
	i := strings.Index(text, p)
	if i < 0 {
		return false
	}
	return firstRune(p) > 0x2e80 || i == 0 || !wordRune(lastRune(text[:i]))
}

// bounceText: what a mail server says of a mail it could not deliver.
func bounceText(head string) bool {
	for _, p := range absence["bounce text"] {
		if strings.Contains(head, p) {
			return true
		}
	}
	return false
}

// holdsAny tells whether one of the phrases begins at a word of folded text.
func holdsAny(s string, list ...string) bool {
	for _, w := range list {
		if hasPhrase(s, w) {
			return true
		}
	}
	return false
}
