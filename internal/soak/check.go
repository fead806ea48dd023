package soak

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// exported is one line of `gatepost export --format json`, as far as it is
// looked at.
type exported struct {
	Task struct {
		Number int    `json:"number"`
		Title  string `json:"title"`
		State  string `json:"state"`
	} `json:"task"`
	Events []struct {
		Kind  string `json:"kind"`
		Mail  int64  `json:"mail"`
		Round int    `json:"round"`
		Text  string `json:"text"`
		Title string `json:"title"`
	} `json:"events"`
}

// effects are the kinds of event of which each mail of a campaign has one.
var effects = []string{"opened", "updated", "delivered", "approved"}

// CheckRecord holds the record against the ledger: each mail has its one
// effect, and there is no effect that no mail had.
func CheckRecord(export []byte, ledger []Mail) (bad []string) {
	found := map[string][]string{} // task and kind, or mark → what was found
	dec := json.NewDecoder(bytes.NewReader(export))
	byMail := map[int64]int{}
	total := 0
	for {
		var x exported
		if err := dec.Decode(&x); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return append(bad, fmt.Sprintf("the export cannot be read: %v", err))
		}
		for _, e := range x.Events {
			if !slices.Contains(effects, e.Kind) {
				continue
			}
			total++
			byMail[e.Mail]++
			key := fmt.Sprint(x.Task.Number, " ", e.Kind)
			if e.Kind == "opened" || e.Kind == "updated" || e.Kind == "delivered" {
				key = fmt.Sprint(key, " ", markOf(e.Title+" "+e.Text))
			}
			found[key] = append(found[key], e.Kind)
		}
	}
	for _, m := range ledger {
		key := fmt.Sprint(m.Task, " ", m.Want)
		if m.Want != "approved" {
			key = fmt.Sprint(key, " ", m.Mark)
		}
		switch n := len(found[key]); {
		case n == 0:
			bad = append(bad, fmt.Sprintf("lost: %s of task %d (%s)", m.Mark, m.Task, m.Want))
		case n > 1:
			bad = append(bad, fmt.Sprintf("%d times: %s of task %d (%s)", n, m.Mark, m.Task, m.Want))
		}
	}
	if total != len(ledger) {
		bad = append(bad, fmt.Sprintf("%d effects of %d mails", total, len(ledger)))
	}
	for id, n := range byMail {
		if n > 1 {
			bad = append(bad, fmt.Sprintf("mail %d of the store had %d effects", id, n))
		}
	}
	return bad
}

// markOf is the mark that stands in the text.
func markOf(text string) string {
	i := strings.Index(text, "mark")
	if i < 0 || len(text) < i+12 {
		return ""
	}
	return text[i : i+12]
}

// lapsed is what the outbox says of a letter that was settled before it was put
// into words: its kind and its task.
var lapsed = regexp.MustCompile(` (gate|question|proposal|task|redirected) .* #(\d+) is (?:not .* any more|over)$`)

// CheckLetters holds what the SMTP server took against the outbox, given as
// `gatepost outbox --state all` prints it, and against the ledger: each letter
// went out, or had lapsed, a second copy has its reason, and each delivery was
// told at a gate, if nobody had decided there already.
func CheckLetters(outbox string, taken []Copy, ledger []Mail) (bad []string, extra int) {
	copies := map[string][]int{} // Message-ID → places in taken
	last := map[int]int{}        // life → place of the last copy taken in it
	for i, c := range taken {
		copies[c.MessageID] = append(copies[c.MessageID], i)
		last[c.Life] = i
	}
	bySerial := map[int]string{}
	for id, places := range copies {
		serial, ok := serialOf(id)
		if !ok || id == "" {
			bad = append(bad, fmt.Sprintf("a letter without our Message-ID: %q", id))
			continue
		}
		if other, twice := bySerial[serial]; twice {
			bad = append(bad, fmt.Sprintf("letter %d went out under two Message-IDs, %s and %s", serial, other, id))
		}
		bySerial[serial] = id
		for k := 1; k < len(places); k++ {
			extra++
			was, is := taken[places[k-1]], taken[places[k]]
			if !bytes.Equal(was.Raw, is.Raw) || was.To != is.To {
				bad = append(bad, fmt.Sprintf("letter %d: its copies differ", serial))
			}
			if !was.Lost && (was.Life == is.Life || last[was.Life] != places[k-1]) {
				bad = append(bad, fmt.Sprintf("letter %d: a second copy (lives %d and %d) though its answer was given and heard", serial, was.Life, is.Life))
			}
		}
	}
	rows := 0
	gates := map[int]map[string]bool{}
	gate := func(task int, letter string) {
		if gates[task] == nil {
			gates[task] = map[string]bool{}
		}
		gates[task][letter] = true
	}
	for _, line := range strings.Split(strings.TrimSpace(outbox), "\n") {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		serial, _ := strconv.Atoi(f[0])
		if m := lapsed.FindStringSubmatch(line); f[1] == "cancelled" && m != nil && bySerial[serial] == "" {
			if task, _ := strconv.Atoi(m[2]); m[1] == "gate" {
				gate(task, f[0])
			}
			continue
		}
		rows++
		if f[1] != "sent" {
			bad = append(bad, fmt.Sprintf("letter %d is %s: %s", serial, f[1], line))
		} else if bySerial[serial] == "" {
			bad = append(bad, fmt.Sprintf("letter %d is said to be sent, and never came", serial))
		}
	}
	if len(bySerial) != rows {
		bad = append(bad, fmt.Sprintf("%d letters came, the outbox has %d", len(bySerial), rows))
	}
	for _, c := range taken {
		if c.Kind == "gate" {
			gate(c.Task, c.MessageID)
		}
	}
	for _, m := range ledger {
		if m.Want == "delivered" && len(gates[m.Task]) != 1 {
			bad = append(bad, fmt.Sprintf("task %d was delivered once and had %d gate letters", m.Task, len(gates[m.Task])))
		}
	}
	return bad, extra
}

// serialOf is the number of the letter in its Message-ID, ref.token.serial@host.
func serialOf(id string) (int, bool) {
	local, _, _ := strings.Cut(id, "@")
	i := strings.LastIndexByte(local, '.')
	n, err := strconv.Atoi(local[i+1:])
	return n, err == nil && i > 0
}
