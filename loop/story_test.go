package loop

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatepost/parse"
)

var update = flag.Bool("update", false, "write what came out into the story files")

// A story is a file that reads from top to bottom: a moment, a mail, and
// behind it, each line marked with "=", the letters that were written and the
// tasks that changed. -update writes the marked lines anew; what they say is
// then for a reader to judge.
//
//	at 2026-03-02 09:00            Berlin time
//	priya > web: Cart loses items  subject; the address is a tag of the team
//	| Problem: …                   the text
//	priya > t1r1: approve          a one-line text; the right token is added
//	dana > t1 token t2: done       … or the wrong one
//	lee! > t1r1: approve           "!" : from an address nobody registered
//	tick                           time passes at this moment
//	as list: …                     header fields for the next mail
//	give billing dana              the stream has another engineer
//	without omar                   they leave the team; "without omar in billing": they do not approve there any more
//	re question: which one?        the next mail replies to the letter of that kind and text
//	with cart.png 120000           an attachment of the next mail; "within": a picture in its text
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newStage(t).play(string(src))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(src) {
				t.Errorf("the story goes otherwise; look at the difference, then -update:\n%s", firstDifference(string(src), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := nth(w, i), nth(g, i)
		if a != b {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s\ncontext:\n%s", i+1, a, b, strings.Join(g[max(0, i-6):min(len(g), i+4)], "\n"))
		}
	}
	return ""
}

func nth(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

var berlin = zone("Europe/Berlin")

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// shop is the team of every story: two PMs, three engineers, a reader.
func shop() *Team {
	hours, _ := ParseHours("mon-fri 09:00-17:30")
	person := func(name, addr string, role Role, z *time.Location) Person {
		return Person{Name: name, Email: []string{addr}, Role: role, Zone: z, Hours: hours, Digest: 8*60 + 30, Prompt: 16 * 60}
	}
	priya := person("Priya Nair", "priya@acme.example", PM, berlin)
	priya.Email = append(priya.Email, "priya.nair@mail.example")
	rosa := person("Rosa Diaz", "rosa@acme.example", Reader, berlin)
	rosa.Digest = Never
	return &Team{
		Name: "Shop", Address: "shop@acme.example", Secret: []byte("0123456789abcdef0123456789abcdef"),
		Zone: berlin, Hours: hours, FirstDelivery: 5, Cycle: 3, Digest: 8*60 + 30, Prompt: 16 * 60,
		Undo: 2 * time.Hour, Trust: TrustToken,
		People: []Person{
			priya, person("Omar Haddad", "omar@acme.example", PM, zone("Europe/Lisbon")),
			person("Dana Kim", "dana@acme.example", Engineer, berlin), person("Lee Osei", "lee@acme.example", Engineer, berlin),
			rosa,
		},
		Streams: []StreamPlan{
			{Name: "web", Engineer: "dana@acme.example", Approvers: []string{"priya@acme.example"}},
			{Name: "billing", Engineer: "lee@acme.example", Approvers: []string{"priya@acme.example", "omar@acme.example"}},
		},
	}
}

// stage plays stories and checks every invariant after every step.
type stage struct {
	t     testing.TB
	team  *Team
	s     *State
	now   time.Time
	mails int64
	log   []Event // the record
	sent  []Letter
	// withdrawn are those of them that were taken back before their time.
	withdrawn map[int]bool
	looked    map[int]bool // those whose time came
	raws      map[int64]parse.Mail
	extra     string    // header fields for the next mail
	answers   string    // kind and text of the letter that it replies to
	came      time.Time // when the next mail arrived, if not now
	files     string    // parts of the next mail besides its text
	seldom    bool      // check when told to: a long story makes it slow
}

func newStage(t testing.TB) *stage {
	team := shop()
	return &stage{t: t, team: team, s: NewState(team), now: time.Date(2026, 3, 2, 9, 0, 0, 0, berlin), raws: map[int64]parse.Mail{}, withdrawn: map[int]bool{}, looked: map[int]bool{}}
}

func (g *stage) play(src string) string {
	var out []string
	lines := strings.Split(src, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if strings.HasPrefix(line, "=") {
			continue
		}
		out = append(out, line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "at "):
			when, err := time.ParseInLocation("2006-01-02 15:04", line[3:], berlin)
			if err != nil {
				g.t.Fatal(err)
			}
			g.now = when
			out = append(out, g.lapse()...)
		case strings.HasPrefix(line, "came "): // the next mail arrived then, and is read now
			when, err := time.ParseInLocation("2006-01-02 15:04", line[5:], berlin)
			if err != nil {
				g.t.Fatal(err)
			}
			g.came = when
		case strings.HasPrefix(line, "as "):
			g.extra += line[3:] + "\r\n"
		case strings.HasPrefix(line, "give "): // give billing dana
			f := strings.Fields(line)
			g.team.Plan(f[1]).Engineer = f[2] + "@acme.example"
			out = append(out, g.outcome(HandOver(g.s, f[1], g.now))...)
		case strings.HasPrefix(line, "without "):
			f := strings.Fields(line)
			g.without(f[1]+"@acme.example", f[2:])
		case strings.HasPrefix(line, "re "):
			g.answers = line[3:]
		case strings.HasPrefix(line, "with "): // with cart.png 120000, with logo.png 9000 within
			f := strings.Fields(line)
			size, err := strconv.Atoi(f[2])
			if err != nil {
				g.t.Fatal(err)
			}
			place := "Content-Disposition: attachment"
			if len(f) > 3 {
				place = "Content-Disposition: inline\r\nContent-ID: <" + f[1] + ">"
			}
			g.files += fmt.Sprintf("--part\r\nContent-Type: image/png; name=%q\r\n%s\r\n\r\n%s\r\n", f[1], place, strings.Repeat("x", size))
		case line == "tick":
			out = append(out, g.tick()...)
		case strings.HasPrefix(line, "weekly "):
			w, err := ParseWeekly(line[7:])
			if err != nil {
				g.t.Fatal(err)
			}
			g.team.Weekly = w
		case strings.HasPrefix(line, "times "): // times lee digest 16:00 prompt 16:00
			f := strings.Fields(line)
			p := g.team.Person(f[1] + "@acme.example")
			for i := 2; i < len(f); i += 2 {
				m, err := ParseMinute(f[i+1])
				if err != nil {
					g.t.Fatal(err)
				}
				*map[string]*Minute{"digest": &p.Digest, "prompt": &p.Prompt}[f[i]] = m
			}
		case strings.HasPrefix(line, "policy "):
			g.team.Trust = Trust(line[7:])
		default:
			var body []string
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|") {
				i++
				out = append(out, lines[i])
				body = append(body, strings.TrimPrefix(strings.TrimPrefix(lines[i], "|"), " "))
			}
			out = append(out, g.mail(line, strings.Join(body, "\r\n"))...)
		}
	}
	return strings.Join(out, "\n")
}

func (g *stage) without(who string, in []string) {
	for i := range g.team.Streams {
		if plan := &g.team.Streams[i]; len(in) == 0 || plan.Name == in[1] {
			plan.Approvers = slices.DeleteFunc(slices.Clone(plan.Approvers), func(a string) bool { return a == who })
		}
	}
	if len(in) == 0 {
		g.team.People = slices.DeleteFunc(slices.Clone(g.team.People), func(p Person) bool { return p.Key() == who })
	}
}

// mail reads "priya > t1r1: approve" and lets the rules have it.
func (g *stage) mail(line, body string) []string {
	who, rest, ok := strings.Cut(line, " > ")
	to, subject, ok2 := strings.Cut(rest, ":")
	if !ok || !ok2 {
		g.t.Fatalf("not a line of a story: %q", line)
	}
	subject = strings.TrimSpace(subject)
	if body == "" && to != "web" && to != "billing" {
		subject, body = "Re: a letter", subject
	}
	if body == "(empty)" || subject == "(empty)" {
		body = ""
	}
	g.mails++
	m := g.compose(who, to, subject, body)
	g.raws[g.mails] = m
	in := Incoming{ID: g.mails, At: orElse(g.came, g.now), Mail: m}
	g.came = time.Time{}
	for i := range g.sent {
		if l := &g.sent[i]; l.To == m.From.Address && fmt.Sprintf("%s: %s", l.Kind, l.Body.Text) == g.answers {
			in.Answers = l
		}
	}
	if g.answers != "" && in.Answers == nil {
		g.t.Fatalf("no such letter: %s", g.answers)
	}
	g.answers = ""
	for n, t := range g.s.Tasks {
		if t.Root != "" && t.Root == m.InReplyTo {
			in.Thread = n
		}
	}
	return g.apply(in)
}

func (g *stage) compose(who, to, subject, body string) parse.Mail {
	name, stranger := strings.CutSuffix(who, "!")
	from := name + "@acme.example"
	if stranger {
		from = name + "@elsewhere.example"
	}
	to, wrong, hasWrong := strings.Cut(to, " token ")
	owner := from
	if stranger {
		owner = name + "@acme.example"
	}
	address := g.team.Address
	switch {
	case to == "team":
	case to == "web" || to == "billing" || strings.HasPrefix(to, "#"):
		address = Plus(address, strings.TrimPrefix(to, "#"))
		if strings.HasPrefix(to, "#") {
			address, subject = g.team.Address, "Re: ["+to+"] a letter"
		}
	case hasWrong:
		ref, person, _ := strings.Cut(wrong, " of ")
		if person == "" {
			person = name
		}
		address = Plus(address, to+"."+g.team.Token(ref, person+"@acme.example"))
	default:
		address = g.team.ReplyAddress(to, owner)
	}
	raw := fmt.Sprintf("From: %s <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <m%d@client.example>\r\n%s"+
		"%s\r\n", strings.ToUpper(name[:1])+name[1:], from, address, subject, g.mails, g.extra, g.content(body))
	g.extra, g.files = "", ""
	return parse.Read([]byte(raw), parse.Options{Teams: []string{g.team.Address}, AuthservID: "mx.acme.example"})
}

// content is the body of a mail with its own header fields.
func (g *stage) content(text string) string {
	text = "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text
	if g.files == "" {
		return text
	}
	return "Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\n" + text + "\r\n" + g.files + "--part--"
}

func (g *stage) apply(in Incoming) []string {
	before := g.s
	snapshot := g.freeze(before)
	for i, l := range g.sent {
		if l.Due.After(g.now) && !g.withdrawn[i] {
			in.Unsent = append(in.Unsent, Unsent{int64(i), l.Due, l})
		}
	}
	o := Apply(g.s, in, g.now)
	for _, n := range o.Withdraw {
		g.withdrawn[int(n)] = true
	}
	for _, r := range o.Redate {
		g.sent[r.Serial].Due, g.looked[int(r.Serial)] = r.Next, !r.Next.After(g.now)
	}
	if g.freeze(before) != snapshot {
		g.t.Fatalf("Apply changed the state it was given")
	}
	out := g.outcome(o)
	for _, id := range o.Release {
		out = append(out, g.apply(Incoming{ID: id, At: g.now, Mail: g.raws[id], Vouched: "confirm"})...)
	}
	return out
}

// lapse takes back what was not true any more when its time came.
func (g *stage) lapse() (out []string) {
	for i := range g.sent {
		l := &g.sent[i]
		if g.looked[i] || g.withdrawn[i] || l.Due.After(g.now) {
			continue
		}
		g.looked[i] = true
		var standing *Standing
		if t := g.s.Tasks[l.Task]; t != nil {
			standing = t.Standing()
		}
		if why := l.Lapsed(g.team, standing, g.now); why != "" {
			g.withdrawn[i] = true
			out = append(out, "= lapsed "+g.show(*l)+": "+why)
		}
	}
	return out
}

// keyed tells whether a letter with this key was written and not taken back.
func (g *stage) keyed(key string) bool {
	for i, l := range g.sent {
		if l.Key == key && !g.withdrawn[i] {
			return true
		}
	}
	return false
}

func (g *stage) tick() []string { return g.outcome(Tick(g.s, g.now)) }

func (g *stage) outcome(o Outcome) []string {
	var out []string
	if o.Verdict != Read {
		out = append(out, fmt.Sprintf("= %s: %s", o.Verdict, o.Reason))
	}
	for _, n := range o.Withdraw {
		out = append(out, "= withdrawn "+g.show(g.sent[n]))
	}
	for _, r := range o.Redate {
		out = append(out, "= now at another time "+g.show(g.sent[r.Serial]))
	}
	o.Letters = slices.DeleteFunc(o.Letters, func(l Letter) bool { return l.Kind == Gate && g.keyed(l.Key) })
	for _, l := range o.Letters {
		out = append(out, "= "+g.show(l))
		if r := l.Body.Review; r != nil && r.To.Sub(r.From) >= reviewLeast && r.To.Sub(r.From) <= reviewMost && r.Totals != r.Trend[reviewWeeks-1].Totals {
			g.t.Errorf("a review says\n%+v and of its week\n%+v", r.Totals, r.Trend[reviewWeeks-1].Totals)
		}
	}
	for _, n := range sortedTasks(o.State) {
		if t := o.State.Tasks[n]; t != g.s.Tasks[n] {
			if line := showTask(t); g.s.Tasks[n] == nil || line != showTask(g.s.Tasks[n]) {
				out = append(out, "= "+line)
			}
		}
	}
	for _, plan := range g.team.Streams {
		if a, b := showStream(g.s.Stream(plan.Name)), showStream(o.State.Stream(plan.Name)); a != b {
			out = append(out, "= "+b)
		}
	}
	g.s = o.State
	g.log = append(g.log, o.Events...)
	for _, l := range o.Letters {
		g.looked[len(g.sent)] = !l.Due.After(g.now)
		g.sent = append(g.sent, l)
	}
	if !g.seldom {
		g.check()
	}
	return out
}

// check holds every invariant: Check finds nothing, and the record folds to
// the state.
func (g *stage) check() {
	g.t.Helper()
	if bad := g.s.Check(); len(bad) > 0 {
		g.t.Fatalf("invariants: %s", strings.Join(bad, "; "))
	}
	folded := NewState(g.team)
	for _, e := range g.log {
		b, err := json.Marshal(e)
		if err != nil {
			g.t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(b, &back); err != nil {
			g.t.Fatal(err)
		}
		folded.Fold(back)
	}
	if a, b := g.freeze(g.s), g.freeze(folded); a != b {
		g.t.Fatalf("the record does not fold to the state:\n%s\n%s", a, b)
	}
}

func (g *stage) freeze(s *State) string {
	b, err := json.Marshal(struct {
		T          map[int]*Task
		S          map[string]*Stream
		P          map[string]*Presence
		H          map[int]*Hold
		N, C, Odds int
		Begun      time.Time
	}{s.Tasks, s.Streams, s.People, s.Holds, s.LastTask, s.LastHold, s.Strange, s.Begun})
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

func TestStoriesUseEveryLetter(t *testing.T) {
	files, _ := filepath.Glob("testdata/stories/*.txt")
	seen := map[Kind]bool{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		g := newStage(t)
		g.play(string(src))
		for _, l := range g.sent {
			seen[l.Kind] = true
		}
	}
	for _, k := range Kinds {
		if !seen[k] && !slices.Contains([]Kind{Alert, HeldLetter}, k) {
			t.Errorf("no story brings the letter %q", k)
		}
	}
}
