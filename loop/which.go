package loop

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatepost/parse"
)

// identify finds what the mail answers. The recipient's tag comes first; a
// client that drops it leaves our Message-ID in In-Reply-To or References. A
// tag without a round takes the round from the gate letter that is answered,
// if that letter was written to the same person about the same task.
func (c *turn) identify() (token string) {
	m := c.in.Mail
	c.ref, token = m.Address.Ref, m.Address.Token
	if len(m.IDs) > 0 { // the mail that is answered, not the ones before it
		id := m.IDs[0]
		switch {
		case c.ref == "":
			c.ref, token = id.Ref, id.Token
		case c.p != nil && roundOf(c.ref) == 0 && roundOf(id.Ref) > 0 && taskOf(id.Ref) == taskOf(c.ref) &&
			c.s.Team.Holds(token, c.ref, c.p.Key()) && c.s.Team.Holds(id.Token, id.Ref, c.p.Key()):
			c.ref, token = id.Ref, id.Token
		}
	}
	if strings.HasPrefix(c.ref, "b") {
		c.ref, token = "", ""
	}
	c.auth = c.p != nil && c.s.Team.Holds(token, c.ref, c.p.Key())
	return token
}

// taskOf is 42 for t42 and t42r1, else 0.
func taskOf(ref string) int {
	digits, _, _ := strings.Cut(strings.TrimPrefix(ref, "t"), "r")
	if n, err := strconv.Atoi(digits); err == nil && strings.HasPrefix(ref, "t") {
		return n
	}
	return 0
}

// isConfirm tells the ref of a confirm letter, c17.
func isConfirm(ref string) bool { return strings.HasPrefix(ref, "c") }

// roundOf is 1 for t42r1, else 0.
func roundOf(ref string) int {
	if taskOf(ref) == 0 {
		return 0
	}
	_, digits, _ := strings.Cut(ref[1:], "r")
	n, _ := strconv.Atoi(digits)
	return n
}

// conflict asks when the mail names two threads: two tags for different
// tasks, rounds, teams or confirm letters, a tag and a letter of another task
// that it answers, another number in the subject, or the thread of one task and
// a line for another.
func (c *turn) conflict() bool {
	own := taskOf(c.ref)
	m := c.in.Mail
	refs := []string{}
	for _, tag := range m.Tags {
		refs = append(refs, tag.Ref)
		// The token of one of ours is that address, as a server rewrote it.
		ours := func(t parse.Tag) bool { return t.Team == c.s.Team.Address && t.Token == tag.Token }
		if c.ref != "" && tag.Token != "" && !slices.ContainsFunc(m.Tags, ours) {
			c.unclear(nil, parse.Command{Line: c.line()}, CauseNumbers)
			return true
		}
	}
	if len(m.IDs) > 0 && m.IDs[0].ID == m.InReplyTo {
		refs = append(refs, m.IDs[0].Ref)
	}
	if m.Number != 0 {
		refs = append(refs, fmt.Sprintf("t%d", m.Number))
	}
	for _, ref := range refs {
		n := taskOf(ref)
		other := n != 0 && own != 0 && (n != own || roundOf(ref) != 0 && roundOf(c.ref) != 0 && roundOf(ref) != roundOf(c.ref))
		if other || isConfirm(ref) && isConfirm(c.ref) && ref != c.ref {
			c.unclear(nil, parse.Command{Line: c.line()}, CauseNumbers)
			return true
		}
	}
	for _, cmd := range c.in.Mail.Commands {
		if own != 0 && cmd.Task != 0 && cmd.Task != own && (cmd.Word != "" || cmd.Doubt != "") {
			c.unclear(c.s.Tasks[own], cmd, CauseNumbers)
			return true
		}
	}
	return false
}

// strays finds a line in the thread of one task that moved another: its number
// stands there without a word of command, as in "#2 on the phone as well". The
// token is for this task alone.
func (c *turn) strays() (parse.Command, bool) {
	own := taskOf(c.ref)
	if own == 0 || c.in.Vouched != "" {
		return parse.Command{}, false
	}
	for _, cmd := range c.in.Mail.Commands {
		for _, e := range c.out.Events {
			if cmd.Task != 0 && cmd.Task != own && e.Task == cmd.Task && moves[e.Kind] {
				return cmd, true
			}
		}
	}
	return parse.Command{}, false
}

// anew tells whether a mail that answers the opening mail of a task begins
// another one: people take an old mail, change its subject and send it to a
// stream.
func (c *turn) anew() bool {
	t := c.task(c.in.Thread)
	return t != nil && c.ref == "" && c.s.Team.Plan(c.in.Mail.Address.Stream) != nil &&
		title(c.in.Mail) != "" && title(c.in.Mail) != title(parse.Mail{Subject: t.Subject})
}

// inThread is commands as they are meant in the thread of task n, where a line
// without a number and one with it may be of the same task. An approval that is
// said again is one, and so is a delivery: "done: the cart", "done: the phone".
func inThread(written []parse.Command, n int) (cmds []parse.Command) {
	all := slices.Clone(written)
	for i := range all {
		all[i].Task = cmp.Or(all[i].Task, n)
	}
	parse.Contradict(all)
	approved := map[int]bool{}
	for i, cmd := range all {
		again := cmd.Word == "approve" || cmd.Hint == "approve" && cmd.Doubt == parse.DoubtPlace
		if approved[cmd.Task] && again {
			continue
		}
		if k := slices.IndexFunc(cmds, func(c parse.Command) bool { return c.Word == "done" && cmp.Or(c.Task, n) == cmd.Task }); k >= 0 && cmd.Hint == "done" {
			_, below, _ := strings.Cut(cmd.Text, "\n")
			cmds[k].Text = strings.TrimSpace(cmds[k].Text + "\n" + cmd.Line + "\n" + below)
			continue
		}
		approved[cmd.Task] = cmd.Word == "approve" || approved[cmd.Task]
		cmd.Task = written[i].Task
		cmds = append(cmds, cmd)
	}
	return cmds
}

// rival is the line of another move for the task of a command in the same mail,
// "" if there is none; n is the task of those that name none.
func rival(cmds []parse.Command, cmd parse.Command, n int) string {
	if cmd.Word == "" {
		return ""
	}
	for _, o := range cmds {
		if o.Word != "" && o.Word != cmd.Word && cmp.Or(o.Task, n) == cmp.Or(cmd.Task, n) {
			return o.Line
		}
	}
	return ""
}

// Mentions lists the tasks that a mail may be about, so that they can be
// loaded.
func Mentions(m parse.Mail) []int {
	var ns []int
	add := func(n int) {
		if n != 0 && !slices.Contains(ns, n) {
			ns = append(ns, n)
		}
	}
	for _, t := range m.Tags {
		add(taskOf(t.Ref))
	}
	for _, id := range m.IDs {
		add(taskOf(id.Ref))
	}
	add(m.Number)
	for _, c := range m.Commands {
		add(c.Task)
		switch c.Word {
		case "after", "record":
			add(numberIn(c.Text))
		}
	}
	return ns
}
