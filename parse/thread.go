package parse

import (
	"slices"
	"strconv"
	"strings"

	"gatepost/parse/internal/mime"
)

// maxIDs bounds how many ids of References are kept: the first and the newest.
const maxIDs = 100

// messageIDs finds the ids between angle brackets, in order.
func messageIDs(s string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, "<")
		if !ok {
			return out
		}
		id, after, ok := strings.Cut(rest, ">")
		if !ok {
			return out
		}
		// QUIRK: some clients fold inside an id; white space is no part of it.
		id = strings.ReplaceAll(strings.ReplaceAll(id, " ", ""), "\t", "")
		if i := strings.LastIndexByte(id, '<'); i >= 0 {
			id = id[i+1:]
		}
		if id != "" && len(id) <= 998 && !mime.HasControl([]byte(id)) {
			out = append(out, mime.Tame(id))
		}
		s = after
	}
}

// references are the ids of a References value, bounded.
func references(s string) []string {
	ids := messageIDs(s)
	if len(ids) > maxIDs {
		ids = append(ids[:1:1], ids[len(ids)-maxIDs+1:]...)
	}
	return ids
}

// threadIDs picks our own ids out of others, in their order, each once.
func threadIDs(ids, hosts []string) []ThreadID {
	var out []ThreadID
	for _, id := range ids {
		t, ok := threadID(id, hosts)
		if ok && !slices.ContainsFunc(out, func(o ThreadID) bool { return o.ID == t.ID }) {
			out = append(out, t)
		}
	}
	return out
}

// threadID takes <ref.token.serial@host> apart.
func threadID(id string, hosts []string) (ThreadID, bool) {
	local, host, ok := strings.Cut(id, "@")
	if !ok || len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return ThreadID{}, false
	}
	f := strings.Split(strings.ToLower(local), ".")
	if len(f) != 3 || !isRef(f[0]) || !isToken(f[1]) || f[2] == "" || len(f[2]) > 18 || !digits(f[2]) {
		return ThreadID{}, false
	}
	serial, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		return ThreadID{}, false
	}
	return ThreadID{Ref: f[0], Token: f[1], Serial: serial, ID: id}, true
}

// isRef accepts t42, t42r1, me, c17 and b99.
func isRef(s string) bool {
	if s == "me" {
		return true
	}
	if len(s) < 2 {
		return false
	}
	switch s[0] {
	case 'c', 'b':
		return number(s[1:])
	case 't':
		task, round, ok := strings.Cut(s[1:], "r")
		return number(task) && (!ok || number(round))
	}
	return false
}

// number accepts 1 to 9 digits without a leading zero.
func number(s string) bool { return len(s) > 0 && len(s) < 10 && digits(s) && s[0] != '0' }

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isToken accepts 16 characters of lower-case base32.
func isToken(s string) bool {
	if len(s) != 16 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < 'a' || s[i] > 'z') && (s[i] < '2' || s[i] > '7') {
			return false
		}
	}
	return true
}

// taskNumber is N of "[#N]" in a subject, 0 if there is none or several
// different ones.
func taskNumber(subject string) int {
	found := 0
	for s := subject; ; {
		_, rest, ok := strings.Cut(s, "[#")
		if !ok {
			return found
		}
		n, after, ok := strings.Cut(rest, "]")
		if ok && number(n) {
			v, _ := strconv.Atoi(n)
			if found != 0 && found != v {
				return 0
			}
			found = v
		}
		s = after
		if !ok {
			s = rest
		}
	}
}
