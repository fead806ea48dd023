package templates

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatepost/loop"
	"gatepost/parse"
)

var (
	offeredText = regexp.MustCompile(`(?:[Rr]eply|(?:[Aa]ntworte(?: zum Beispiel)? mit|[Mm]it der Antwort)|[Rr]esponde) "([^"]+)"|"(#\d+ [^"]+)"`)
	numbered    = regexp.MustCompile(`^#(\d+) (.*)$`)
)

// meant is the task and the canonical word of an answer that a letter offers.
func meant(code, body string) (task int, word string) {
	if m := numbered.FindStringSubmatch(body); m != nil {
		task, _ = strconv.Atoi(m[1])
		body = m[2]
	}
	said, _, _ := strings.Cut(body, ":")
	if said = strings.TrimSpace(said); said == readersWords {
		return task, ""
	}
	v := &view{lang: builtin().langs[code]}
	for _, w := range parse.CanonicalWords() {
		if local := v.word(w); said == local || strings.HasPrefix(said, local+" ") && len(local) > len(v.word(word)) { // "yes add", "record 12"
			word = w
		}
	}
	return task, word
}

// readersWords is what a reader puts where a letter shows "why" or "your words".
const readersWords = "the phone does not show it"

// filled is an offered answer with the reader's words in it. A sample that is
// sent back as it stands is our own text and decides nothing.
func filled(body string) string {
	word, _, colon := strings.Cut(body, ":")
	if colon {
		return word + ": " + readersWords
	}
	for _, code := range Languages {
		if yours := builtin().langs[code].messages["your-words"][0].text; strings.HasSuffix(body, yours) {
			return strings.TrimSuffix(body, yours) + readersWords
		}
	}
	if strings.HasSuffix(body, " ") {
		return body + readersWords
	}
	return body
}

// answer is a reply to a letter with these words above the quoted letter, as
// mail clients send it.
func answer(l loop.Letter, w Words, to, body string) parse.Mail {
	quoted := "> " + strings.ReplaceAll(w.Text, "\n", "\n> ")
	raw := "From: " + l.Name + " <" + l.To + ">\r\nTo: " + to + "\r\nSubject: Re: " + w.Subject + "\r\nMessage-ID: <a@client.example>\r\nIn-Reply-To: <" +
		l.Ref + ".aaaaaaaaaaaaaaaa.7@acme.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		strings.ReplaceAll(body+"\n\nOn Mon, 9 Mar 2026 at 10:20, Shop <"+sampleTeam+"> wrote:\n"+quoted, "\n", "\r\n")
	return parse.Read([]byte(raw), parse.Options{Teams: []string{sampleTeam}, Letter: w.Text, Words: parse.WordsOf(Languages)})
}

// Whatever a letter offers, as a button or as text, is read back as it is
// meant: the word, the task, and the address it was made for.
func TestOfferedAnswersAreReadBack(t *testing.T) {
	letters := inEveryLanguage(append(Samples(), SampleDigest(3)))
	words := map[string]bool{}
	for i, name := range sampleNames(letters) {
		l := letters[i]
		w := render(t, l)
		c := SampleContext(l)
		check := func(how, to, body string) {
			task, word := meant(or(l.Language, "en"), body)
			words[l.Language+word] = true
			m := answer(l, w, to, body)
			if m.Robot != parse.RobotNone || m.Park != "" {
				t.Errorf("%s, %s %q: taken for a robot (%s) or parked (%s)", name, how, body, m.Robot, m.Park)
				return
			}
			if l.Ref != "" && m.Address.Ref != l.Ref {
				t.Errorf("%s, %s %q: goes to %q, for %q", name, how, body, to, m.Address.Ref)
			}
			if parse.AddsAlias(body) { // read by the rules, whole
				if strings.TrimSpace(m.Text) != body {
					t.Errorf("%s, %s %q: read as %q", name, how, body, m.Text)
				}
				return
			}
			if word == "" && task == 0 { // an empty reply about nothing: only the address counts
				return
			}
			if len(m.Commands) != 1 || m.Commands[0].Word != word || m.Commands[0].Task != task || m.Commands[0].Doubt != "" {
				t.Errorf("%s, %s %q: read as %+v", name, how, body, m.Commands)
			}
		}
		for _, m := range offeredText.FindAllStringSubmatch(strings.Join(strings.Fields(w.Text), " "), -1) {
			check("text", c.Reply, filled(m[1]+m[2]))
		}
		for _, m := range href.FindAllStringSubmatch(w.HTML, -1) {
			u, err := url.Parse(strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			q, err := url.ParseQuery(u.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			check("link", u.Opaque, filled(q.Get("body")))
		}
	}
	for _, word := range strings.Fields("approve redirect queue drop done question blocked yes undo status record help back") {
		for _, code := range []string{"", "de", "es"} {
			if !words[code+word] {
				t.Errorf("no letter offers %q in %q", word, code)
			}
		}
	}
}
