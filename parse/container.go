package parse

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// scope is how far a container reaches, see tables/container.txt.
type scope string

type container struct {
	client, tag string
	conds       []cond
	scope       scope
	keys        keys // of the attributes in conds
}

// keys is a set of attribute keys; "other" stands for all that no container
// asks for.
type keys uint16

var keyed = []string{"class", "id", "style", "type", "name", "cite", "border"}

func keyOf(attr string) keys {
	switch attr { // the most frequent ones sooner than by the list
	case "href", "src", "dir":
		return 1
	}
	return 1 << (slices.Index(keyed, attr) + 1)
}

type cond struct {
	attr  string
	op    byte
	value string
}

var containers = func() []container {
	var out []container
	for _, row := range tableRows("container.txt") {
		c := container{client: row[0], tag: row[1], scope: scope(row[3])}
		for s := range strings.SplitSeq(row[2], "&") {
			s = strings.TrimSpace(s)
			i := strings.IndexAny(s, "=~^$*")
			c.conds = append(c.conds, cond{s[:i], s[i], s[i+1:]})
			c.keys |= keyOf(s[:i])
		}
		out = append(out, c)
	}
	return out
}()

// byClass is the containers that ask for a word of the class, by that word; the
// others ask for something else. Both in the order of the table.
var byClass, byOther = func() (map[string][]int, []int) {
	words, others := map[string][]int{}, []int(nil)
	for i, c := range containers {
		if k := slices.IndexFunc(c.conds, func(k cond) bool { return k.attr == "class" && k.op == '~' }); k >= 0 {
			words[c.conds[k].value] = append(words[c.conds[k].value], i)
		} else {
			others = append(others, i)
		}
	}
	return words, others
}()

// containerOf finds the container an element is, the first of the table; nil if
// it is none.
func containerOf(n *html.Node, v *values) *container {
	if len(n.Attr) == 0 {
		return nil
	}
	var have keys
	for i := range n.Attr {
		have |= keyOf(n.Attr[i].Key)
	}
	first := len(containers)
	look := func(list []int) {
		for _, i := range list {
			if i >= first {
				return
			}
			if c := &containers[i]; c.keys&^have == 0 && (c.tag == "*" || c.tag == n.Data) && c.holds(n, v) {
				first = i
				return
			}
		}
	}
	for w := range strings.FieldsSeq(attr(n, "class")) {
		look(byClass[hop(w)])
	}
	look(byOther)
	if first == len(containers) {
		return nil
	}
	return &containers[first]
}

func (c *container) holds(n *html.Node, v *values) bool {
	for _, k := range c.conds {
		if !k.holds(attr(n, k.attr), v) {
			return false
		}
	}
	return true
}

func (k cond) holds(v string, known *values) bool {
	if v == "" {
		return false
	}
	switch k.op {
	case '=':
		return hop(v) == k.value
	case '^':
		return strings.HasPrefix(hop(v), k.value)
	case '$':
		return strings.HasSuffix(v, k.value)
	case '*':
		return strings.Contains(known.squeezed(v), k.value)
	}
	for w := range strings.FieldsSeq(v) {
		if hop(w) == k.value {
			return true
		}
	}
	return false
}

// values keeps what was made of the last value that was squeezed: several
// containers ask for the same one.
type values struct{ of, squeeze string }

// squeezed is v in lower case and without white space.
func (s *values) squeezed(v string) string {
	if s.of != v {
		s.of, s.squeeze = v, strings.ToLower(strings.Join(strings.Fields(v), ""))
	}
	return s.squeeze
}

// hop takes off the x_ that Outlook puts before ids and classes of what it
// quotes, once for each time.
func hop(s string) string {
	for strings.HasPrefix(s, "x_") {
		s = s[2:]
	}
	return s
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func attr(n *html.Node, name string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			return n.Attr[i].Val
		}
	}
	return ""
}
