package authres

import (
	"slices"
	"strings"

	"gatepost/parse/internal/mime"
)

// Uncovered tells what the signatures of the domain of From, as they stand in the
// mail, leave out: whom it is to, and its subject. Whether they are valid is for
// others to say, and so it counts if one of them leaves it out. A mail of which
// neither To nor Cc is signed can be sent on to anybody, and still be signed.
func Uncovered(h mime.Header, from string) (to, subject bool) {
	_, host, _ := strings.Cut(from, "@")
	for i := range h {
		if h[i].Name != "dkim-signature" {
			continue
		}
		tags := map[string]string{}
		for tag := range strings.SplitSeq(strings.Join(strings.Fields(h[i].Value), ""), ";") {
			key, value, _ := strings.Cut(tag, "=")
			if _, twice := tags[key]; twice && key == "h" {
				value = "" // none, or another than the one that was checked
			}
			tags[key] = value
		}
		if !aligned(tags["d"], host) {
			continue
		}
		names := strings.Split(strings.ToLower(tags["h"]), ":")
		signed := func(name string) bool { return slices.Contains(names, name) }
		to = to || !signed("to") || h.Has("cc") && !signed("cc")
		subject = subject || !signed("subject")
	}
	return to, subject
}
