package main

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// configLines knows on which line each key of a config stands, so that every
// mistake can be named by its line, and finds the keys that have no meaning
// and the values of the wrong kind: all of them, where the decoder stops at
// the first.
//
// A key is known by its path: "team.0.person.1.email" is the email of the
// second person of the first team, "….email.0" its first element.
type configLines struct {
	line map[string]int
	bad  []mistake

	parser unstable.Parser
	ends   []int                                    // offsets of the line breaks
	fields map[reflect.Type]map[string]reflect.Type // of a table: key → type of its value
	count  map[string]int                           // path of an array of tables → tables so far
}

// readConfigLines walks data along the type of configFile. It stops quietly
// at what is no TOML; the decoder has the words for that.
func readConfigLines(data []byte) *configLines {
	l := &configLines{line: map[string]int{}, count: map[string]int{}, fields: map[reflect.Type]map[string]reflect.Type{}}
	root := reflect.TypeFor[configFile]()
	path, table := "", root
	for i, b := range data {
		if b == '\n' {
			l.ends = append(l.ends, i)
		}
	}
	l.parser.Reset(data)
	for l.parser.NextExpression() {
		switch e := l.parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			path, table = l.header(e, root)
		case unstable.KeyValue:
			l.keyValue(path, table, e)
		}
	}
	return l
}

// header opens [a.b] or [[a.b]]: the path and type of the keys that follow,
// a nil type if they have none.
func (l *configLines) header(e *unstable.Node, t reflect.Type) (path string, table reflect.Type) {
	keys := e.Key()
	for keys.Next() {
		key := keys.Node()
		parent := path
		if path, t = l.descend(path, t, key); t == nil {
			return path, nil
		}
		list := t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
		double := e.Kind == unstable.ArrayTable && keys.IsLast()
		switch {
		case list && double:
			l.count[path]++
		case list && keys.IsLast(), list && l.count[path] == 0:
			l.say(l.lineOf(key), "[%s]: there may be several, write it as [[%[1]s]]", dotted(path))
			return path, nil
		case double:
			l.say(l.lineOf(key), "[[%s]]: there is only one, write it as [%[1]s]", dotted(path))
			return path, nil
		case !list && t.Kind() != reflect.Struct && t.Kind() != reflect.Map:
			l.say(l.lineOf(key), "[%s]: is no table, write it as %s = … under %s", dotted(path), key.Data, tableName(parent))
			return path, nil
		}
		if list {
			path, t = path+"."+strconv.Itoa(l.count[path]-1), t.Elem()
			if double {
				l.line[path] = l.lineOf(key)
			}
		}
	}
	return path, t
}

// descend goes from a table to the key in it and notes its line.
func (l *configLines) descend(path string, t reflect.Type, key *unstable.Node) (string, reflect.Type) {
	name, at := string(key.Data), l.lineOf(key)
	full := strings.TrimPrefix(path+"."+name, ".")
	if _, known := l.line[full]; !known {
		l.line[full] = at
	}
	switch t.Kind() {
	case reflect.Map:
		return full, t.Elem()
	case reflect.Struct:
		if f := l.fieldsOf(t)[name]; f != nil {
			return full, f
		}
		known := knownKeys(t)
		if near := nearest(name, known); near != "" {
			l.say(at, "unknown key %q in %s: did you mean %q?", name, tableName(path), near)
		} else {
			l.say(at, "unknown key %q in %s: take it out; known there: %s", name, tableName(path), strings.Join(known, ", "))
		}
	}
	return full, nil
}

func (l *configLines) fieldsOf(t reflect.Type) map[string]reflect.Type {
	if l.fields[t] == nil {
		l.fields[t] = map[string]reflect.Type{}
		for _, f := range reflect.VisibleFields(t) {
			l.fields[t][f.Tag.Get("toml")] = f.Type
		}
	}
	return l.fields[t]
}

// keyValue reads `key = value` in a table of type t; nil is a table without meaning.
func (l *configLines) keyValue(path string, t reflect.Type, e *unstable.Node) {
	var key *unstable.Node
	for keys := e.Key(); t != nil && keys.Next(); {
		key = keys.Node()
		path, t = l.descend(path, t, key)
	}
	if t != nil {
		l.value(path, t, e.Value(), l.lineOf(key))
	}
}

// value checks that a value is of the kind that its key wants.
func (l *configLines) value(path string, t reflect.Type, v *unstable.Node, line int) {
	want := func(kind unstable.Kind, how string) bool {
		if v.Kind != kind {
			l.say(line, "%s: is %s, want %s", dotted(path), kindName(v.Kind), fmt.Sprintf(how, lastKey(path)))
		}
		return v.Kind == kind
	}
	switch t.Kind() {
	case reflect.String:
		want(unstable.String, `text in quotes, as %s = "…"`)
	case reflect.Int:
		want(unstable.Integer, `a whole number without quotes, as %s = 1`)
	case reflect.Bool:
		want(unstable.Bool, `true or false without quotes, as %s = true`)
	case reflect.Struct, reflect.Map:
		if want(unstable.InlineTable, "a table [%s]") {
			for it := v.Children(); it.Next(); {
				l.keyValue(path, t, it.Node())
			}
		}
	case reflect.Slice:
		if !want(unstable.Array, `a list, as %s = ["…"]`) {
			return
		}
		for i, it := 0, v.Children(); it.Next(); i++ {
			element, at := fmt.Sprintf("%s.%d", path, i), line
			if it.Node().Raw.Length > 0 {
				at = l.lineOf(it.Node())
			}
			l.line[element] = at
			l.value(element, t.Elem(), it.Node(), at)
		}
	}
}

// lineOf is the line on which a node begins. The parser would count from the
// top each time.
func (l *configLines) lineOf(n *unstable.Node) int {
	before, _ := slices.BinarySearch(l.ends, int(n.Raw.Offset))
	return before + 1
}

func (l *configLines) say(line int, format string, args ...any) {
	l.bad = append(l.bad, mistake{line, fmt.Sprintf(format, args...)})
}

// has tells whether the key was written.
func (l *configLines) has(path string) bool { return l.line[path] > 0 }

// of is the line of the key, or of the nearest table around it that was written.
func (l *configLines) of(path string) int {
	for path != "" {
		if n := l.line[path]; n > 0 {
			return n
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return 1
}

// dotted is a path as a person writes it, without the places in lists.
func dotted(path string) string {
	parts := slices.DeleteFunc(strings.Split(path, "."), func(s string) bool {
		_, err := strconv.Atoi(s)
		return err == nil
	})
	return strings.Join(parts, ".")
}

func lastKey(path string) string {
	d := dotted(path)
	return d[strings.LastIndexByte(d, '.')+1:]
}

// tableName is how the table of this path is headed in the file.
func tableName(path string) string {
	switch d := dotted(path); d {
	case "":
		return "the file's top"
	case "team", "team.person", "team.stream":
		return "[[" + d + "]]"
	default:
		return "[" + d + "]"
	}
}

func kindName(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "text"
	case unstable.Integer, unstable.Float:
		return "a number"
	case unstable.Bool:
		return "true or false"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable:
		return "a table"
	}
	return "a date or time"
}

func knownKeys(t reflect.Type) []string {
	var keys []string
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("toml"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// nearest is the word of known that s was probably meant to be, "" if none is
// near: at most a quarter of the letters differ, and
// three.
func nearest(s string, known []string) string {
	best, least := "", min(len(s)/4+1, 3)
	for _, k := range known {
		if d := distance(strings.ToLower(s), k); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
