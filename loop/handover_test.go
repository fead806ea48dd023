package loop

import (
	"testing"

	"gatepost/parse"
)

// Records of earlier versions fold to the states that those versions kept: they
// did not note whose a round was.
func TestHandedByAnEarlierVersion(t *testing.T) {
	s := NewState(shop())
	for _, e := range []Event{
		{Kind: Opened, Task: 1, Stream: "web", Sections: &parse.Sections{Done: "d"}},
		{Kind: QueuedE, Task: 1},
		{Kind: Started, Task: 1, Round: 1},
		{Kind: HandedE, Task: 1, Person: "lee@acme.example"},
	} {
		s.Fold(e)
	}
	if got := s.Tasks[1].Engineer; got != "" {
		t.Errorf("the engineer is %q", got)
	}
}
