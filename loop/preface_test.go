package loop

import "testing"

// What stands above the lines with numbers is kept with each task that they name,
// once; a greeting or thanks is not, nor is anything told or moved by it.
func TestPreface(t *testing.T) {
	for _, c := range []struct {
		above string
		want  string
	}{
		{"Halfway on both.", "Halfway on both."},
		{"Hi Priya,\n\nHalfway on both,\nand tired.", "Halfway on both,\nand tired."},
		{"Hi Priya,\n", ""},
		{"Thanks!", ""},
		{"", ""},
	} {
		g := newStage(t)
		g.play("at 2026-03-02 09:30\npriya > web: One\n| Problem: p\n| Done: d\npriya > billing: Two\n| Problem: p\n| Done: d\ngive billing dana\n")
		from := len(g.log)
		g.mail("dana > me: Re: your prompt", c.above+"\n#1 it is green\n#2 it is red\n#1 and fast")
		var notes, updates int
		for _, e := range g.log[from:] {
			switch e.Kind {
			case Noted:
				if notes++; e.Text != c.want {
					t.Errorf("%q: noted %q", c.above, e.Text)
				}
			case Updated:
				updates++
			}
		}
		if want := 2; c.want == "" && notes != 0 || c.want != "" && notes != want || updates != 3 {
			t.Errorf("%q: %d notes, %d updates", c.above, notes, updates)
		}
	}
}
