package store

import (
	"bytes"
	"context"
	"reflect"
	"testing"

	"gatepost/loop"
)

// What status reads, and how a task stands, is what the whole tasks say, also of
// tasks that an older version wrote.
func TestBrief(t *testing.T) {
	fresh := newRig(t)
	fresh.story()
	old, err := Open(oldest(t))
	must(t, err)
	defer old.Close()
	for name, r := range map[string]*DB{"fresh": fresh.DB, "migrated": old} {
		teams, err := r.Teams(context.Background())
		must(t, err)
		seen, people := 0, 0
		for _, address := range teams {
			team := &loop.Team{Address: address}
			for _, all := range []bool{true, false} {
				whole, err := r.Load(context.Background(), team, Want{All: all})
				must(t, err)
				short, err := r.Load(context.Background(), team, Want{All: all, Brief: true})
				must(t, err)
				if len(whole.Tasks) != len(short.Tasks) || len(whole.Streams) != len(short.Streams) {
					t.Errorf("%s: %d tasks and %d streams, want %d and %d", name, len(short.Tasks), len(short.Streams), len(whole.Tasks), len(whole.Streams))
				}
				for key, want := range whole.People {
					if p, err := r.Presence(context.Background(), address, key); err != nil || !reflect.DeepEqual(p, want) {
						t.Errorf("%s: %s is known as %+v, want %+v, %v", name, key, p, want, err)
					}
					people++
				}
				if p, err := r.Presence(context.Background(), address, "nobody@acme.example"); err != nil || p.Key != "nobody@acme.example" || len(p.Away) != 0 {
					t.Errorf("%s: somebody unknown is %+v, %v", name, p, err)
				}
				for n, task := range whole.Tasks {
					seen++
					want := loop.Task{Number: n, Title: task.Title, Stream: task.Stream, State: task.State, Round: task.Round, Question: task.Question,
						Created: task.Created, Delivered: task.Delivered, Decided: task.Decided, Due: task.Due}
					a, err := canonical(&want)
					must(t, err)
					b, err := canonical(short.Tasks[n])
					must(t, err)
					standing, err := r.Standings(context.Background(), address, n, n+1000)
					must(t, err)
					if len(standing) != 1 || !reflect.DeepEqual(standing[n], task.Standing()) {
						t.Errorf("%s: task %d stands %+v, want %+v", name, n, standing[n], task.Standing())
					}
					if !bytes.Equal(a, b) {
						t.Errorf("%s: task %d is\n%s, want\n%s", name, n, b, a)
					}
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s: no task was looked at", name)
		}
		if name == "fresh" && people == 0 {
			t.Error("nobody was looked at")
		}
	}
}
