package templates

import (
	"fmt"
	"strings"
	"testing"

	"gatepost/loop"
)

// A big team gets its status, too: what does not fit is counted.
func TestStatusOfABigTeam(t *testing.T) {
	for _, title := range []string{"Invoice as PDF in the order mail of business customers", strings.Repeat(`<"'&`, 30)} {
		l := loop.Letter{Kind: loop.StatusMail, Team: "shop@acme.example", To: priya, Zone: "Europe/Berlin", Ref: "me", Due: march(9, 11, 5)}
		for i := range 60 {
			task := func(n int, s loop.TaskState) loop.TaskView {
				return loop.TaskView{Number: 100*i + n, Title: title, State: s}
			}
			now := task(1, loop.Active)
			lane := loop.Lane{Stream: fmt.Sprintf("stream-%d", i), Engineer: "Dana Kim", Current: &now}
			for n := range 9 {
				lane.Queue = append(lane.Queue, task(10+n, loop.Queued))
				lane.Drafts = append(lane.Drafts, task(20+n, loop.Draft))
			}
			l.Body.Status = append(l.Body.Status, lane)
		}
		w, err := Render(l, SampleContext(l))
		if err != nil {
			t.Fatal(err)
		}
		for part, s := range map[string]string{"text": w.Text, "html": w.HTML} {
			s = strings.Join(strings.Fields(s), " ")
			if !strings.Contains(s, "Stream stream-0,") || !strings.Contains(s, "#1 ") || !strings.Contains(s, "more in the queue") || !strings.Contains(s, "more streams:") {
				t.Errorf("the %s does not show the first stream, or not what is left out", part)
			}
		}
	}
}
