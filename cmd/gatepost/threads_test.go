package main

import (
	"bytes"
	"context"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// inMailbox is one mail as a client groups it.
type inMailbox struct {
	file, id, subject, kind string
	refs                    []string
	conversation            string // by our own ref: the task, the digest, …; "" for people's own mails
	listID                  string
}

var (
	bracketed = regexp.MustCompile(`<([^<>]+)>`)
	prefixes  = regexp.MustCompile(`(?i)^((re|aw|fwd?)(\[\d+\])?:\s*)+`)
	taskRef   = regexp.MustCompile(`^t(\d+)(r\d+)?\.`)
)

func readInMailbox(t *testing.T, file string, raw []byte) (inMailbox, *mail.Message) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	b := inMailbox{file: file, id: strings.Trim(m.Header.Get("Message-ID"), "<> "), kind: m.Header.Get("X-Gatepost-Letter"), listID: m.Header.Get("List-Id")}
	b.subject = strings.ToLower(strings.TrimSpace(prefixes.ReplaceAllString(subject, "")))
	for _, id := range bracketed.FindAllStringSubmatch(m.Header.Get("References")+m.Header.Get("In-Reply-To"), -1) {
		b.refs = append(b.refs, id[1])
	}
	return b, m
}

// grouped puts a mailbox into conversations: two mails are one if same says so.
func grouped(box []inMailbox, same func(a, b inMailbox) bool) [][]inMailbox {
	group := make([]int, len(box))
	for i := range box {
		group[i] = i
	}
	for range box { // until nothing changes; mailboxes here are small
		for i := range box {
			for j := range box {
				if group[i] != group[j] && same(box[i], box[j]) {
					group[i], group[j] = min(group[i], group[j]), min(group[i], group[j])
				}
			}
		}
	}
	by := map[int][]inMailbox{}
	for i, b := range box {
		by[group[i]] = append(by[group[i]], b)
	}
	var out [][]inMailbox
	for _, g := range by {
		out = append(out, g)
	}
	return out
}

func shareID(a, b inMailbox) bool {
	for _, id := range append([]string{a.id}, a.refs...) {
		if id == b.id || slices.Contains(b.refs, id) {
			return true
		}
	}
	return false
}

// The published rules. Thunderbird and most others follow References and
// In-Reply-To (RFC 5256 §3, REFERENCES); Gmail wants the same subject besides;
// Outlook without a Thread-Index goes by the conversation topic, the subject
// without its prefixes.
var threading = map[string]func(a, b inMailbox) bool{
	"Thunderbird": shareID,
	"Gmail":       func(a, b inMailbox) bool { return a.subject == b.subject && shareID(a, b) },
	"Outlook":     func(a, b inMailbox) bool { return a.subject == b.subject },
}

// TestThreads plays three weeks and looks into each person's mailbox, their
// own mails in it, with the eyes of three clients: a task is one conversation,
// every digest and review one of its own, nothing else comes in.
func TestThreads(t *testing.T) {
	dir := t.TempDir()
	archive, err := txtar.ParseFile("testdata/script/cadence.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(archive.Files, txtar.File{Name: "gatepost.secret", Data: []byte(scriptSecret + "\n")}) {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fillTokens(f.Data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := readConfig(filepath.Join(dir, "gatepost.toml"), needSecret)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if _, err := replay(context.Background(), cfg, out, filepath.Join(out, "gatepost.db"), []string{filepath.Join(dir, "mails")}, time.Date(2026, 3, 21, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	boxes := map[string][]inMailbox{}
	lists := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, m := readInMailbox(t, filepath.Base(f), raw)
		who := m.Header.Get("From")
		if b.kind != "" {
			who = m.Header.Get("To")
			lists[b.listID] = true
			b.conversation = b.kind + " " + b.id
			if task := taskRef.FindStringSubmatch(b.id); task != nil {
				b.conversation = "task " + task[1]
			} else if b.kind == "prompt" {
				b.conversation = "task " + m.Header.Get("X-Gatepost-Task")
			}
		}
		if a, err := mail.ParseAddress(who); err == nil {
			boxes[a.Address] = append(boxes[a.Address], b)
		}
	}
	if len(lists) != 1 || len(boxes) != 3 {
		t.Fatalf("lists %v, %d mailboxes", lists, len(boxes))
	}
	digests, letters := 0, 0
	for person, box := range boxes {
		for client, same := range threading {
			where := map[string]string{} // conversation → first mail of its group
			for _, g := range grouped(box, same) {
				in := map[string]bool{}
				for _, b := range g {
					if b.conversation == "" {
						continue
					}
					letters++
					in[b.conversation] = true
					if b.kind == "digest" || b.kind == "weekly" {
						digests++
					}
					if at, seen := where[b.conversation]; seen && at != g[0].file {
						t.Errorf("%s in %s: %s is in two conversations: %s and %s (%q)", client, person, b.conversation, at, b.file, b.subject)
					}
					where[b.conversation] = g[0].file
				}
				if len(in) > 1 {
					t.Errorf("%s in %s: one conversation holds %v", client, person, in)
				}
			}
		}
	}
	if digests < 3*13 || letters < 3*30 {
		t.Errorf("only %d letters, %d digests and reviews", letters, digests)
	}
	// The gate letter stands in the thread of the PM's own mail, under its own subject.
	for _, b := range boxes["priya@acme.example"] {
		if b.kind == "gate" && (!slices.Contains(b.refs, "01@client.example") || b.subject != "cart loses items") {
			t.Errorf("gate letter %q refers to %v", b.subject, b.refs)
		}
	}
}
