package parse

import (
	"strings"

	"gatepost/parse/internal/mime"
)

// bounceOf reads what a delivery report says (RFC 3464), nil if it says
// nothing that ties it to a letter or an address and tells of no failure. text is
// all that can be read of it.
func bounceOf(root *mime.Part, h mime.Header, text string, opt Options) *Bounce {
	b := &Bounce{}
	report := find(root, func(p *mime.Part) bool {
		return p.Type == "message/delivery-status" || p.Type == "message/global-delivery-status"
	})
	if report != nil {
		raw, err := report.Content(256 << 10)
		if err == nil {
			b.status(raw)
		}
	}
	if p := find(root, func(p *mime.Part) bool {
		return p.Type == "message/rfc822" || p.Type == "text/rfc822-headers" || p.Type == "message/rfc822-headers" || p.Type == "message/global" || p.Type == "message/global-headers"
	}); p != nil {
		if raw, err := p.Content(mime.Defaults.Bytes); err == nil {
			inner := mime.SplitHeader(trimTop(raw), opt.Limits.Filled(), nil)
			if ids := messageIDs(inner.Fields.Get("message-id")); len(ids) > 0 {
				b.MessageID = ids[0]
			}
			if b.Recipient == "" {
				if to, _ := mime.Addresses(inner.Fields.Get("to"), 2); len(to) == 1 {
					b.Recipient = to[0].Address
				}
			}
		}
	}
	if b.Recipient == "" {
		if a, _ := mime.Addresses(h.Get("x-failed-recipients"), 2); len(a) > 0 {
			b.Recipient = a[0].Address
		}
	}
	if b.MessageID == "" || b.Status == "" || b.Recipient == "" {
		b.freeForm(text[:min(len(text), 64<<10)], opt)
	}
	if report == nil && !b.Permanent {
		b.Permanent = given(fold(subjectOf(h)), fold(text[:min(len(text), 1500)]))
	}
	if b.MessageID == "" {
		for _, id := range messageIDs(h.Get("in-reply-to") + " " + h.Get("references")) {
			b.MessageID = id
		}
	}
	if *b == (Bounce{}) {
		return nil
	}
	return b
}

func trimTop(b []byte) []byte {
	for len(b) > 0 && (b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// status reads the groups of fields of message/delivery-status: the first is
// about the mail, each further one about a recipient. The first that failed
// is told.
func (b *Bounce) status(raw []byte) {
	raw = mime.OneBreak(raw)
	for n := 0; n < 50 && len(raw) > 0; n++ {
		raw = trimTop(raw)
		g := mime.SplitHeader(raw, mime.Defaults, nil)
		if g.Body == 0 {
			return
		}
		raw = raw[g.Body:]
		rcpt := g.Fields.Get("final-recipient")
		if rcpt == "" {
			rcpt = g.Fields.Get("original-recipient")
		}
		action := strings.ToLower(mime.FirstToken(g.Fields.Get("action")))
		if rcpt == "" && action == "" {
			continue
		}
		if b.Recipient != "" && (b.Permanent || action != "failed") {
			continue
		}
		if _, a, ok := strings.Cut(rcpt, ";"); ok {
			rcpt = a
		}
		b.Recipient = strings.Trim(mime.Tame(rcpt), " <>")
		b.Status = mime.Tame(mime.FirstToken(g.Fields.Get("status")))
		// Who failed with a 4.x has tried for days and tries no more (RFC 3464 §2.3.3).
		b.Permanent = action == "failed" || strings.HasPrefix(b.Status, "5.")
	}
}

// freeForm looks through the text of a report that follows no standard.
func (b *Bounce) freeForm(text string, opt Options) {
	if b.MessageID == "" {
		for line := range strings.Lines(text) {
			t := strings.TrimSpace(strings.TrimLeft(line, "> "))
			if len(t) > 11 && strings.EqualFold(t[:11], "message-id:") {
				if ids := messageIDs(t); len(ids) > 0 {
					b.MessageID = ids[0]
					break
				}
			}
		}
	}
	if b.Status == "" {
		b.Status = enhanced(text)
		b.Permanent = b.Permanent || strings.HasPrefix(b.Status, "5.")
	}
	if b.Recipient == "" {
		b.Recipient = b.named(text[:min(len(text), 8000)], opt.Teams)
	}
}

// named is the first address of a text that is neither ours nor a mail
// system's: a report tells whom it is about before anything else.
func (b *Bounce) named(text string, teams []string) string {
	for f := range strings.FieldsFuncSeq(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>()[]\"',;:|", r) }) {
		a, err := mime.AddrSpec(strings.TrimRight(f, "."))
		if err != nil || a == b.MessageID || system(a) {
			continue
		}
		if _, ours := tagOf(a, teams); !ours || len(teams) == 0 {
			return a
		}
	}
	return ""
}

// given tells whether a free-form report says that the mail was given up:
// its subject tells of a failure, and nothing of a mail that waits or arrived.
func given(subject, head string) bool {
	for _, p := range absence["delay text"] {
		if strings.Contains(subject, p) || strings.Contains(head, p) {
			return false
		}
	}
	return startsWith(plainSubject(subject), absence["bounce subject"])
}

// enhanced finds a status code "5.1.1" (RFC 3463), or makes one of a reply
// code "550".
func enhanced(text string) string {
	reply := ""
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n\t\r#();:,-<>", r) }) {
		f = strings.TrimRight(f, ".")
		p := strings.Split(f, ".")
		if len(p) == 3 && (p[0] == "5" || p[0] == "4") && digits(p[1]) && digits(p[2]) && len(p[1]) <= 3 && len(p[2]) <= 3 {
			return f
		}
		if reply == "" && len(f) == 3 && digits(f) && (f >= "550" && f <= "559" || f == "421" || f == "450" || f == "451" || f == "452") {
			reply = f[:1] + ".0.0"
		}
	}
	return reply
}
