package store

import (
	"cmp"
	"encoding/json"
	"slices"

	"gatepost/loop"
)

// named is what the database says of Message-IDs, each asked for once in a
// turn: nothing of it changes before the turn is written.
type named struct {
	tasks   map[*loop.Team]map[string]int // the task that it opened; 0: none
	letters map[string]bool               // that it is one of our letters
}

// taskRoots takes the team and a list of Message-IDs. Of two tasks that one of
// them opened the first row counts, and comes last.
const taskRoots = `
	SELECT task.root,
	       task.number
	  FROM json_each(?2) AS asked
	  CROSS JOIN task
	    ON task.team = ?1
	   AND task.root = asked.value
	   AND task.root <> ''
	 ORDER BY task.rowid DESC`

const letterNames = `SELECT message_id, 1 FROM post WHERE message_id IN (SELECT value FROM json_each(?)) AND message_id <> ''`

// LookUp asks at once, for the mails of several teams, what TaskByMessage and
// IsLetter would ask for each; mail of no team goes under nil.
func (t *Turn) LookUp(messageIDs map[*loop.Team][]string) error {
	var all []string
	for team, ids := range messageIDs {
		all = append(all, ids...)
		if team == nil {
			continue
		}
		if _, err := t.tasks(team, ids); err != nil {
			return err
		}
	}
	_, err := t.IsLetter(all)
	return err
}

// tasks is what is stored of these Message-IDs, and of others: the task that each
// opened in the team.
func (t *Turn) tasks(team *loop.Team, messageIDs []string) (map[string]int, error) {
	known := t.named.tasks[team]
	if known == nil {
		known = map[string]int{}
		t.named.tasks[team] = known
	}
	return known, explain("task by Message-ID", ask(t, messageIDs, known, taskRoots, team.Address))
}

// ask puts into known what a query says of those Message-IDs that are not there;
// nothing, if it says nothing.
func ask[T any](t *Turn, messageIDs []string, known map[string]T, query string, args ...any) error {
	unknown := slices.DeleteFunc(slices.Clone(messageIDs), func(id string) bool { _, there := known[id]; return there })
	if len(unknown) == 0 {
		return nil
	}
	list, err := json.Marshal(unknown)
	if err == nil {
		err = t.pen.wait()
	}
	if err != nil {
		return err
	}
	rows, err := t.tx.QueryContext(t.ctx, query, append(args, string(list))...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for _, id := range unknown {
		var none T
		known[id] = none
	}
	for rows.Next() {
		var id string
		var v T
		if err := rows.Scan(&id, &v); err != nil {
			return err
		}
		known[id] = v
	}
	return rows.Err()
}

// TaskByMessage is the number of the task whose opening mail has one of these
// Message-IDs (without angle brackets), the first that fits; 0 if none does. The
// tasks of this turn are among them.
func (t *Turn) TaskByMessage(team *loop.Team, messageIDs []string) (int, error) {
	stored, err := t.tasks(team, messageIDs)
	if err != nil {
		return 0, err
	}
	for _, id := range messageIDs {
		if n := cmp.Or(stored[id], t.drafts[team].opened(id, t.states[team])); n != 0 {
			return n, nil
		}
	}
	return 0, nil
}

// opened is the first task that a mail opened in this turn, 0 if it opened none.
func (d *draft) opened(messageID string, now *loop.State) (first int) {
	if d == nil || messageID == "" {
		return 0
	}
	for n := d.stored.LastTask + 1; n <= now.LastTask; n++ {
		if t := cmp.Or(now.Tasks[n], d.closed[n]); t != nil && t.Root == messageID {
			return n
		}
	}
	return 0
}

// IsLetter tells whether one of these Message-IDs is that of a letter of ours.
func (t *Turn) IsLetter(messageIDs []string) (bool, error) {
	err := ask(t, messageIDs, t.named.letters, letterNames)
	return err == nil && slices.ContainsFunc(messageIDs, func(id string) bool { return t.named.letters[id] }), explain("letter by Message-ID", err)
}
