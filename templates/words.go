// Package templates puts letters into words: a loop.Letter in, subject, plain
// text and HTML out. It decides nothing, reads no clock and does no IO.
//
// Every sentence stands in a message file, one for each language (en.msg), with
// facts in braces; a translator needs nothing else. Of each kind of letter it has
//
//	subject  the subject, when the thread does not bring one
//	what     the first line: what this letter is, at most 43 characters
//	ask      the second line: what is asked of the reader
//
// Each kind has two files besides, which all languages share: <kind>.txt is the
// plain part, and chooses among messages where a letter has several cases (in
// blocks of the names above), <kind>.html lays the same words out. layout.* is
// the frame, partials.* the pieces. The words of both parts follow each other in
// the same order, so that a reply that quotes either of them can be compared
// with the plain text.
//
// Words that come from people are data: one-line values are tamed and quoted,
// longer ones are set off by two spaces, and nothing of theirs begins a line.
package templates

import (
	"bytes"
	"fmt"
	htmpl "html/template"
	"reflect"
	"strings"
	"time"

	"gatepost/loop"
	"gatepost/parse"
)

// Marker ends the first line of every letter. Whatever stands on that line or
// below it in a reply is history. It shares the line with what the letter is,
// so that the first two lines say what the reader needs.
const Marker = parse.Marker

// Limits of a letter. HTML stays well under the size at which large mailbox
// providers clip a mail; the text keeps more, and the record has everything.
const (
	MaxHTML     = 40 << 10 // bytes
	MaxText     = 64 << 10 // bytes of the plain part; eight times that for a record
	MaxWords    = 8 << 10  // bytes of one person's text in it
	DigestWords = 300      // of the whole digest, DESIGN section 7
)

// Words is a letter in words. Lines end in LF. HTML is empty for a record
// that is too long for it: the plain text is then the whole letter.
type Words struct {
	Language  string // code of the language it is in, for Content-Language
	Subject   string
	Preheader string // what a list of mails shows beside the subject
	Text      string
	HTML      string
	Picture   []byte // PNG that HTML shows as "cid:" + PictureID; nil: none
}

// Context is what a letter does not know of itself.
type Context struct {
	Reply    string // reply address made for the recipient; "" for the team's own
	TeamName string // display name; "" shows the address
}

var funcs = htmpl.FuncMap{
	"setoff": setOff, "deeper": deeper, "fill": fill, "lines": htmlLines, "quote": quote, "short": short, "clip": clip, "columns": pad, "right": padLeft, "mso": mso,
}

// Render puts l into words for its reader. An error means that the letter
// cannot be sent at all: an unknown kind, or a template that does not fit.
func Render(l loop.Letter, c Context) (Words, error) {
	set := inUse.Load()
	if set == nil {
		set = builtin()
	}
	return set.render(l, c)
}

func (w *wording) render(l loop.Letter, c Context) (Words, error) {
	if w.texts[l.Kind] == nil {
		return Words{}, fmt.Errorf("render %q: no such letter", l.Kind)
	}
	var words Words
	var err error
	tamed := tameLetter(l)
	if l.Kind == loop.DigestMail {
		words, err = w.renderDigest(tamed, c)
	} else {
		words, err = w.renderOne(tamed, c)
	}
	if err != nil {
		return Words{}, fmt.Errorf("render %q: %w", l.Kind, err)
	}
	return words, nil
}

func (set *wording) renderOne(l loop.Letter, c Context) (Words, error) {
	v, err := set.newView(l, c)
	if err != nil {
		return Words{}, err
	}
	if l.Body.Digest != nil {
		v.size = besideReview
		if err := v.digest(); err != nil {
			return Words{}, err
		}
	}
	picture, err := v.picture()
	if err != nil {
		return Words{}, err
	}
	w := Words{Language: v.lang.code, Picture: picture, Subject: v.Subject, Preheader: v.Ask}
	most := MaxText
	if v.long() {
		most *= 8
	}
	for {
		if w.Text, err = v.text(); err != nil {
			return Words{}, err
		}
		if len(w.Text) <= most || v.limit < 40 {
			break
		}
		v.limit /= 2
	}
	if w.HTML, err = v.html(); err == nil {
		err = v.err
	}
	return w, err
}

// long tells whether the letter is read for its long texts.
func (v *view) long() bool { return v.L.Kind == loop.RecordMail || v.L.Kind == loop.SearchMail }

// text executes the plain part.
func (v *view) text() (string, error) {
	var b bytes.Buffer
	if err := v.set.texts[v.L.Kind].ExecuteTemplate(&b, "layout.txt", v); err != nil {
		return "", err
	}
	return finish(b.String()), nil
}

// html executes the HTML part, with less and less of people's long texts
// until it fits. A record is read for its texts: one that does not fit whole
// goes out as plain text alone.
func (v *view) html() (string, error) {
	defer func(n, e, lanes, queue int) { v.limit, v.notes, v.lanes, v.queue = n, e, lanes, queue }(v.limit, v.notes, v.lanes, v.queue)
	if !v.long() {
		v.limit = min(v.limit, 3000)
	}
	for {
		var b bytes.Buffer
		if err := v.set.htmls[v.L.Kind].ExecuteTemplate(&b, "layout.html", v); err != nil {
			return "", err
		}
		out := squeeze(b.String())
		switch {
		case len(out) <= MaxHTML:
			return out, nil
		case v.long():
			return "", nil
		case v.limit < 40:
			return "", fmt.Errorf("html of %d bytes does not shrink below %d", len(out), MaxHTML)
		}
		v.limit, v.notes = v.limit/2, max(v.notes*2/3, 3)
		if v.queue > 1 {
			v.queue--
		} else {
			v.lanes = max(v.lanes*2/3, 5)
		}
	}
}

// squeeze takes the line breaks and indentation between tags away; the words
// are inside them.
func squeeze(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		end := strings.IndexByte(s, '>') + 1
		if end == 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:end])
		s = s[end:]
		if rest := strings.TrimLeft(s, " \t\n\f\r"); strings.HasPrefix(rest, "<") && strings.IndexByte(s[:len(s)-len(rest)], '\n') >= 0 {
			b.WriteByte('\n')
			s = rest
		}
	}
}

// tameLetter is a deep copy of l in which every string is fit to be shown.
func tameLetter(l loop.Letter) loop.Letter {
	tameValue(reflect.ValueOf(&l).Elem(), false)
	return l
}

// manyLines are the fields that hold people's words with their line breaks;
// every other string of a letter is one line.
var manyLines = map[string]bool{
	"Text": true, "Asked": true, "Blocked": true,
	"Problem": true, "Reproduce": true, "Done": true, "Context": true,
}

// tameValue tames v, a copy of which nothing but what it points to is shared, and
// puts copies in the place of that.
func tameValue(v reflect.Value, many bool) {
	switch v.Kind() {
	case reflect.String:
		if many {
			v.SetString(manyTame(v.String()))
		} else {
			v.SetString(clip(oneLine(v.String()), 300))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			tameValue(own.Elem(), false)
			v.Set(own)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			for i := range own.Len() {
				tameValue(own.Index(i), many)
			}
			v.Set(own)
		}
	case reflect.Array:
		for i := range v.Len() {
			tameValue(v.Index(i), many)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				tameValue(v.Field(i), manyLines[f.Name] && v.Field(i).Kind() == reflect.String)
			}
		}
	}
}
