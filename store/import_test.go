package store

import (
	"errors"
	"testing"
)

// A mail that is known is imported by nobody again, and nothing beside it.
func TestImportTwice(t *testing.T) {
	r := newRig(t)
	old := func(raw string) []OldMail {
		return []OldMail{{At: start, Raw: []byte(raw), From: dana, Subject: "Old", Text: "They were blue."}}
	}
	must(t, r.Import(t.Context(), r.plan(0, opened(1, "web", "Old")), old("old mail")))
	if err := r.Import(t.Context(), r.plan(0, opened(2, "web", "Again")), old("old mail")); !errors.Is(err, ErrStale) {
		t.Errorf("a second time: %v", err)
	}
	r.receive("came by itself")
	must(t, r.Import(t.Context(), r.plan(0, opened(2, "web", "Came")), old("came by itself"))) // into another mailbox: its own mail, see Elsewhere
	if err := r.Import(t.Context(), r.plan(0, opened(3, "web", "Came")), old("came by itself")); !errors.Is(err, ErrStale) {
		t.Errorf("a second time, of one that came: %v", err)
	}
	if hits, err := r.Search(t.Context(), shop, "blue", 9); err != nil || len(hits) != 2 {
		t.Errorf("found %v, %v", hits, err)
	}
	r.verifyClean()
}
