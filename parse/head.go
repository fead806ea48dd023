package parse

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"time"

	"gatepost/parse/internal/mime"
)

// envelope is what the header block of a mail says.
type envelope struct {
	mime.Block
	from       Address
	fromErr    error
	to, cc     []Address
	tags       []Tag
	messageID  string
	inReplyTo  []string
	references []string
	ids        []ThreadID
	date       time.Time // with the sender's own offset
	received   time.Time
	park       string
}

// readEnvelope reads the header block at the start of raw in linear time.
func readEnvelope(raw []byte, opt Options) envelope {
	lim := opt.Limits.Filled()
	e := envelope{Block: mime.SplitHeader(raw, lim, nil)}
	h := e.Fields
	e.from, e.fromErr = mime.Identity(h)
	if ids := messageIDs(h.Get("message-id")); len(ids) > 0 {
		e.messageID = ids[0]
	} else {
		e.messageID = mime.Tame(h.Get("message-id")) // QUIRK: written without brackets
	}
	e.inReplyTo = references(strings.Join(h.All("in-reply-to"), " "))
	e.references = references(strings.Join(h.All("references"), " "))
	newest := slices.Clone(e.references)
	slices.Reverse(newest)
	e.ids = threadIDs(append(slices.Clone(e.inReplyTo), newest...), opt.Hosts)
	e.date = date(h.Get("date"))
	e.received = e.date
	if r := h.Get("received"); r != "" {
		if i := strings.LastIndexByte(r, ';'); i >= 0 {
			if t := date(r[i+1:]); !t.IsZero() {
				e.received = t
			}
		}
	}
	left := lim.Addresses
	var lists [][]Address
	for _, name := range recipientFields {
		var list []Address
		for _, v := range h.All(name) {
			got, more := mime.Addresses(v, left)
			if more {
				e.park = "there are too many addresses"
			}
			left -= len(got)
			list = append(list, got...)
		}
		switch name {
		case "to":
			e.to = list
		case "cc":
			e.cc = list
		}
		lists = append(lists, list)
	}
	e.tags = recipientTags(lists, opt.Teams)
	switch {
	case e.Excess != "":
		e.park = e.Excess
	case len(h) == 0:
		e.park = "there is no header block"
	case len(h.All("received")) > lim.Hops:
		e.park = "it has passed too many servers: a loop"
	}
	return e
}

// date reads a Date value (RFC 5322 §3.3); the zero time if it cannot be read
// or names a year no mail was written in.
func date(s string) time.Time {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 200 {
		return time.Time{}
	}
	t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s) // as nearly all write it; ParseDate comes to it late
	if err != nil {
		t, err = mail.ParseDate(s)
	}
	if err != nil {
		for _, layout := range []string{time.RFC3339, "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", time.ANSIC, time.UnixDate, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05"} {
			if t, err = time.Parse(layout, s); err == nil {
				break
			}
		}
	}
	if err != nil || t.Year() < 1970 || t.Year() > 9998 {
		return time.Time{}
	}
	return t
}

// ReadHead reads the header block alone, in time linear in its length, and
// nothing of a mail whose block is beyond the limits.
func ReadHead(raw []byte, opt Options) Head {
	top := raw[:min(len(raw), opt.Limits.Filled().Header+2)]
	e := readEnvelope(mime.OneBreak(top), opt)
	if e.park != "" {
		return Head{MessageID: e.messageID, Received: e.received}
	}
	h := Head{envelope: &e, MessageID: e.messageID, IDs: e.ids, Tags: e.tags, Received: e.received, From: e.from.Address}
	h.Replies = slices.Clone(e.inReplyTo)
	for _, id := range slices.Backward(e.references) {
		if !slices.Contains(h.Replies, id) {
			h.Replies = append(h.Replies, id)
		}
	}
	if len(top) < len(raw) && bytes.IndexByte(top, '\n') < 0 {
		h.envelope = nil // there may be line ends further down that make it another block
	}
	return h
}
