package parse

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// style reads an inline style or the body of a rule: lower-case names and
// values without spaces around them; the last of a name wins.
func style(s string) map[string]string {
	if s == "" || len(s) > 4096 {
		return nil
	}
	out := map[string]string{}
	for d := range strings.SplitSeq(strings.ToLower(s), ";") {
		if k, v, ok := strings.Cut(d, ":"); ok {
			v = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "!important"))
			out[strings.TrimSpace(k)] = v
		}
	}
	return out
}

// hides tells whether a style shows nothing of what is in its element.
func hides(st map[string]string) bool {
	if len(st) == 0 {
		return false
	}
	if st["display"] == "none" || st["visibility"] == "hidden" || st["visibility"] == "collapse" || st["mso-hide"] == "all" || zero(st["opacity"]) || st["content-visibility"] == "hidden" {
		return true
	}
	if tiny(st["font-size"]) || strings.HasPrefix(strings.ReplaceAll(st["font"], " ", ""), "0/") {
		return true
	}
	clipped := st["overflow"] == "hidden" || st["overflow-y"] == "hidden" || st["overflow-x"] == "hidden"
	if clipped && (zeroOrOne(st["max-height"]) || zeroOrOne(st["height"]) || zeroOrOne(st["width"]) || zeroOrOne(st["max-width"])) || zero(st["max-height"]) {
		return true
	}
	for _, k := range []string{"text-indent", "left", "top", "margin-left", "margin-top", "right"} {
		if v := st[k]; strings.HasPrefix(v, "-") && length(v) <= -500 {
			return true
		}
	}
	if strings.Contains(st["clip"], "rect(0") || strings.Contains(st["clip"], "rect(1px") || strings.Contains(st["clip-path"], "inset(50%") || strings.Contains(st["clip-path"], "inset(100%") || strings.Contains(st["transform"], "scale(0") {
		return true
	}
	filter := strings.ReplaceAll(st["filter"], " ", "")
	if zero(st["zoom"]) || zero(st["scale"]) || strings.Contains(filter, "opacity(0)") || strings.Contains(filter, "opacity(0%)") || st["-webkit-text-fill-color"] == "transparent" {
		return true
	}
	return st["color"] == "transparent" || strings.Contains(strings.ReplaceAll(st["color"], " ", ""), ",0)") && strings.HasPrefix(st["color"], "rgba")
}

// strikes tells whether a style draws a line through what is in its element.
func strikes(st map[string]string) bool {
	return strings.Contains(st["text-decoration"], "line-through") || strings.Contains(st["text-decoration-line"], "line-through")
}

func length(v string) float64 {
	i := 0
	for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.' || v[i] == '-') {
		i++
	}
	f, err := strconv.ParseFloat(v[:i], 64)
	if err != nil {
		return 1e6
	}
	return f
}

func zero(v string) bool { return v != "" && length(v) == 0 }
func zeroOrOne(v string) bool {
	return v != "" && length(v) >= 0 && length(v) <= 1 && !strings.HasSuffix(v, "%") && !strings.HasSuffix(v, "em")
}

// tiny: a letter of less than two points or pixels cannot be read.
func tiny(v string) bool {
	if v == "" {
		return false
	}
	f := length(v)
	switch {
	case strings.HasSuffix(v, "em"):
		return f < 0.15
	case strings.HasSuffix(v, "%"):
		return f < 15
	}
	return f < 2
}

// colour brings a colour to a comparable form, "" if it is not known.
func colour(v string) string {
	v = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(v)), " ", "")
	switch v {
	case "white", "#fff", "rgb(255,255,255)", "rgba(255,255,255,1)", "#fffffe", "#fefefe", "hsl(0,0%,100%)":
		return "#ffffff"
	case "black", "#000", "rgb(0,0,0)", "windowtext":
		return "#000000"
	}
	if len(v) == 4 && v[0] == '#' {
		return "#" + string([]byte{v[1], v[1], v[2], v[2], v[3], v[3]})
	}
	if rest, ok := strings.CutPrefix(v, "rgb("); ok {
		f := strings.Split(strings.TrimSuffix(rest, ")"), ",")
		if len(f) == 3 {
			hex := "#"
			for _, s := range f {
				n, err := strconv.Atoi(s)
				if err != nil || n < 0 || n > 255 {
					return ""
				}
				hex += string("0123456789abcdef"[n>>4]) + string("0123456789abcdef"[n&15])
			}
			return hex
		}
	}
	if strings.HasPrefix(v, "#") || v != "" && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz") == "" {
		return v
	}
	return ""
}

// sheet is what the style elements of a mail hide or strike through. Only simple
// selectors are read; a rule in an @media block is not, for it does not hold for
// every reader.
type sheet struct{ hidden, struck selectors }

func (s *sheet) read(css string) {
	css = css[:min(len(css), 128<<10)]
	for len(css) > 0 {
		open := strings.IndexByte(css, '{')
		if open < 0 {
			return
		}
		selectors := css[:open]
		css = css[open+1:]
		if at := strings.LastIndexByte(selectors, '@'); at >= 0 && strings.Contains(selectors[at:], "media") {
			depth, i := 1, 0
			for ; i < len(css) && depth > 0; i++ {
				switch css[i] {
				case '{':
					depth++
				case '}':
					depth--
				}
			}
			css = css[i:]
			continue
		}
		body, rest, _ := strings.Cut(css, "}")
		css = rest
		st := style(body)
		if hides(st) {
			s.hidden.add(selectors)
		}
		if strikes(st) {
			s.struck.add(selectors)
		}
	}
}

// selectors are the classes, ids and tags of which a sheet says something.
type selectors struct{ classes, ids, tags map[string]bool }

// add reads what stands before a rule.
func (s *selectors) add(list string) {
	if s.classes == nil {
		s.classes, s.ids, s.tags = map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	if i := strings.LastIndexAny(list, "};>"); i >= 0 {
		list = list[i+1:]
	}
	for sel := range strings.SplitSeq(list, ",") {
		f := strings.Fields(sel)
		if len(f) == 0 {
			continue
		}
		sel = f[len(f)-1]
		if i := strings.LastIndexByte(sel, '.'); i >= 0 {
			s.classes[sel[i+1:]] = true
		} else if i := strings.LastIndexByte(sel, '#'); i >= 0 {
			s.ids[sel[i+1:]] = true
		} else if strings.Trim(strings.ToLower(sel), "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
			s.tags[strings.ToLower(sel)] = true
		}
	}
}

func (s *selectors) has(n *html.Node) bool {
	if s.classes == nil { // nearly every mail
		return false
	}
	if s.tags[n.Data] || s.ids[attr(n, "id")] && attr(n, "id") != "" {
		return true
	}
	if len(s.classes) > 0 {
		for c := range strings.FieldsSeq(attr(n, "class")) {
			if s.classes[c] {
				return true
			}
		}
	}
	return false
}
