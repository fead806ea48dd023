package store

import (
	"strings"
	"testing"

	"gatepost/loop"
)

// What runs for every mail and every letter must not read a table from end to
// end: a year later it would be slow.
func TestHotQueriesUseIndexes(t *testing.T) {
	r := newRig(t)
	r.story()
	for _, query := range []string{
		`SELECT i.id FROM inbox i JOIN raw ON raw.mail = i.id WHERE i.verdict IN ('', 'waiting') AND i.until <= '' ORDER BY i.id LIMIT 1`,
		`SELECT coalesce(min(until), '') FROM inbox WHERE verdict IN ('', 'waiting') AND until <> ''`,
		`SELECT id FROM inbox WHERE mailbox = '' AND uidvalidity = 1 AND uid = 1`,
		`SELECT id FROM inbox WHERE fingerprint = ''`,
		`SELECT id FROM inbox WHERE verdict IN ('parked', 'held') AND verdict = 'held' ORDER BY id`,
		postColumns + duePosts,
		sentSince,
		`SELECT min(next) FROM post WHERE ` + shared,
		`SELECT count(*) FROM post WHERE state = 'failed'`,
		letters,
		letterNames,
		`SELECT count(*) FROM post WHERE team = ? AND key = ? AND key <> ''`,
		taskRoots,
		openTasks,
		standings,
		presence,
		briefOpen,
		briefAll,
		dropBroken,
		filtered(PostFilter{State: PostWaiting}),
		filtered(PostFilter{State: PostWaiting, Team: shop}),
		filtered(PostFilter{State: PostFailed}),
		filtered(PostFilter{Kind: loop.Gate, Team: shop, Task: 1}),
		filtered(PostFilter{Kind: loop.Alert, Limit: 50}),
		`SELECT body FROM event WHERE team = '' AND task = 1 ORDER BY seq`,
	} {
		rows, err := r.reader.Query(`EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "?"))...)
		must(t, err)
		for rows.Next() {
			var id, parent, unused int
			var line string
			must(t, rows.Scan(&id, &parent, &unused, &line))
			sorts := strings.Contains(line, "TEMP B-TREE FOR ORDER") && query != taskRoots && !strings.HasPrefix(query, "SELECT * FROM (") // these sort the few that they found
			if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "INDEX") && !strings.HasPrefix(line, "SCAN (subquery") && line != "SCAN each" && !strings.Contains(line, "json_each") || sorts {
				t.Errorf("%s\n\t%s", query, line)
			}
		}
		must(t, rows.Close())
	}
}

func filtered(f PostFilter) string {
	query, _ := f.query()
	return query
}
