package soak

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// whole is a small campaign that went well.
func whole() (ledger []Mail, events []string, outbox []string, taken []Copy) {
	tr := NewTraffic(1)
	for m := tr.Next(false); m != nil; m = tr.Next(len(tr.Ledger) > 30) {
	}
	for i, m := range tr.Ledger {
		text := m.Mark
		if m.Want == "approved" {
			text = ""
		}
		events = append(events, fmt.Sprintf(`{"task":{"number":%d},"events":[{"kind":%q,"mail":%d,"text":"see %s"}]}`, m.Task, m.Want, i+1, text))
		if m.Want == "delivered" {
			n := len(taken) + 1
			taken = append(taken, Copy{MessageID: fmt.Sprintf("t1.abc.%d@acme.example", n), Kind: "gate", Task: m.Task, To: PM, Raw: fmt.Append(nil, n), Life: 1 + n/3})
			outbox = append(outbox, fmt.Sprintf("%6d  sent      2026-01-01T00:00:00Z  gate        %s", n, PM))
		}
	}
	return tr.Ledger, events, outbox, taken
}

// A checker that never says no proves nothing.
func TestCheckFinds(t *testing.T) {
	again := func(c Copy, life int) Copy { c.Life = life; return c }
	for _, c := range []struct {
		name  string
		spoil func(events, outbox *[]string, taken *[]Copy)
		want  string
	}{
		{"nothing", func(_, _ *[]string, _ *[]Copy) {}, ""},
		{"a mail lost", func(e, _ *[]string, _ *[]Copy) { *e = append((*e)[:3], (*e)[4:]...) }, "lost: mark"},
		{"a mail twice", func(e, _ *[]string, _ *[]Copy) { *e = append(*e, (*e)[2]) }, "2 times: mark"},
		{"an effect of nothing", func(e, _ *[]string, _ *[]Copy) {
			*e = append(*e, `{"task":{"number":1},"events":[{"kind":"updated","mail":999,"text":"x"}]}`)
		}, "effects of"},
		{"a letter lost", func(_, _ *[]string, c *[]Copy) { *c = (*c)[1:] }, "never came"},
		{"a letter that waits", func(_, o *[]string, _ *[]Copy) { (*o)[0] = strings.Replace((*o)[0], "sent   ", "waiting", 1) }, "is waiting"},
		{"a letter that the outbox does not know", func(_, o *[]string, _ *[]Copy) { *o = (*o)[1:] }, "the outbox has"},
		{"a gate decided before its letter went out", func(_, o *[]string, c *[]Copy) { lapse(o, (*c)[0].Task); *c = (*c)[1:] }, ""},
		{"a letter that lapsed and came", func(_, o *[]string, c *[]Copy) { lapse(o, (*c)[0].Task) }, "is cancelled"},
		{"a letter that lapsed for another task", func(_, o *[]string, c *[]Copy) { lapse(o, 99); *c = (*c)[1:] }, "had 0 gate letters"},
		{"two copies in one life", func(_, _ *[]string, c *[]Copy) { *c = append(*c, (*c)[len(*c)-1]) }, "a second copy"},
		{"two copies after a lost answer", func(_, _ *[]string, c *[]Copy) {
			(*c)[len(*c)-1].Lost = true
			*c = append(*c, again((*c)[len(*c)-1], 99))
		}, ""},
		{"two copies around a kill", func(_, _ *[]string, c *[]Copy) { *c = append(*c, again((*c)[len(*c)-1], 99)) }, ""},
		{"a copy of an older letter", func(_, _ *[]string, c *[]Copy) { (*c)[0].Life = (*c)[1].Life; *c = append(*c, again((*c)[0], 99)) }, "a second copy"},
		{"copies that differ", func(_, _ *[]string, c *[]Copy) {
			other := again((*c)[len(*c)-1], 99)
			other.Raw = []byte("changed")
			*c = append(*c, other)
		}, "differ"},
		{"a second Message-ID", func(_, _ *[]string, c *[]Copy) {
			other := (*c)[0]
			other.MessageID = strings.Replace(other.MessageID, "abc", "abd", 1)
			*c = append(*c, other)
		}, "two Message-IDs"},
		{"a gate told twice", func(_, o *[]string, c *[]Copy) {
			other := (*c)[0]
			other.MessageID = "t1.abc.99@acme.example"
			*c, *o = append(*c, other), append(*o, strings.Replace((*o)[0], "     1", "    99", 1))
		}, "had 2 gate letters"},
	} {
		ledger, events, outbox, taken := whole()
		c.spoil(&events, &outbox, &taken)
		bad := CheckRecord([]byte(strings.Join(events, "\n")), ledger)
		more, _ := CheckLetters(strings.Join(outbox, "\n"), taken, ledger)
		bad = append(bad, more...)
		if got := strings.Join(bad, "; "); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: says %q, want %q", c.name, got, c.want)
		}
	}
}

// The same seed makes the same mails.
func TestTrafficRepeats(t *testing.T) {
	a, _, _, _ := whole()
	b, _, _, _ := whole()
	if len(a) != len(b) || len(a) < 30 {
		t.Fatalf("%d and %d mails", len(a), len(b))
	}
	for i := range a {
		if string(a[i].Raw) != string(b[i].Raw) {
			t.Errorf("mail %d differs", i+1)
		}
	}
}

// lapse makes the first letter one that was taken back for this task.
func lapse(outbox *[]string, task int) {
	(*outbox)[0] = fmt.Sprintf("%6d  cancelled 2026-01-01T00:00:00Z  gate        %s  round 1 of #%d is not at the gate any more", 1, PM, task)
}
