package parse

import (
	"slices"
	"strings"

	"gatepost/parse/internal/mime"
)

// recipientFields are where an address of ours may stand, in the order of
// trust. The latter ones are written by mail servers, and survive when a
// client drops or rewrites the tag.
var recipientFields = []string{"to", "cc", "delivered-to", "x-original-to", "envelope-to"}

// separators between a team's local part and a tag. Servers differ: + is ours.
const separators = "+-._="

// recipientTags finds the tags of team addresses: those with a token first,
// then streams, then bare team addresses, each in the order of the fields.
func recipientTags(lists [][]Address, teams []string) []Tag {
	var out []Tag
	for _, list := range lists {
		for _, a := range list {
			if t, ok := tagOf(a.Address, teams); ok && !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Tag) int { return rank(a) - rank(b) })
	return out
}

func rank(t Tag) int {
	switch {
	case t.Token != "":
		return 0
	case t.Ref != "":
		return 1
	case t.Stream != "":
		return 2
	}
	return 3
}

// tagOf reads an address as one of ours. With teams given, the longest team
// that fits wins, so that shop-eu@ is not the tag "eu" of shop@.
func tagOf(address string, teams []string) (Tag, bool) {
	address = strings.ToLower(address)
	local, host, ok := strings.Cut(address, "@")
	if !ok {
		return Tag{}, false
	}
	if len(teams) == 0 {
		return looseTag(local, host)
	}
	best, tag := "", ""
	for _, team := range teams {
		team = strings.ToLower(team)
		if team == address {
			return Tag{Team: team}, true
		}
		tl, th, _ := strings.Cut(team, "@")
		rest, ok := strings.CutPrefix(local, tl)
		if ok && th == host && len(rest) > 1 && strings.IndexByte(separators, rest[0]) >= 0 && len(team) > len(best) {
			best, tag = team, rest[1:]
		}
	}
	if best == "" {
		return Tag{}, false
	}
	return readTag(best, tag)
}

// looseTag reads an address without knowing the teams: a token behind any
// separator, a stream only behind a plus.
func looseTag(local, host string) (Tag, bool) {
	for i := 1; i < len(local)-1; i++ {
		if strings.IndexByte(separators, local[i]) < 0 {
			continue
		}
		if ref, token, ok := strings.Cut(local[i+1:], "."); ok && isRef(ref) && isToken(token) {
			return Tag{Team: local[:i] + "@" + host, Ref: ref, Token: token}, true
		}
	}
	if i := strings.LastIndexByte(local, '+'); i > 0 && i < len(local)-1 {
		return readTag(local[:i]+"@"+host, local[i+1:])
	}
	return Tag{}, false
}

// readTag reads what stands behind the separator. A ref whose token has not
// the right form is told without a token: it opens nothing.
func readTag(team, tag string) (Tag, bool) {
	// QUIRK: the separator inside the tag is rewritten along with the outer one.
	if i := strings.IndexAny(tag, ".-_=+"); i > 0 && isRef(tag[:i]) {
		t := Tag{Team: team, Ref: tag[:i]}
		if isToken(tag[i+1:]) {
			t.Token = tag[i+1:]
		}
		return t, true
	}
	if isRef(tag) && tag != "me" {
		return Tag{Team: team, Ref: tag}, true
	}
	return Tag{Team: team, Stream: mime.Tame(tag)}, true
}
