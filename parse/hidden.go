package parse

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// style reads an inline style or the body of a rule: lower-case names and
// values without spaces around them; the last of a name wins, but for what hides:
// a reader that does not know a later value keeps it.
func style(s string) map[string]string {
	if s == "" || len(s) > 4096 {
		return nil
	}
	out := map[string]string{}
	for d := range strings.SplitSeq(strings.ToLower(plainCSS(s)), ";") {
		if k, v, ok := strings.Cut(d, ":"); ok {
			v, _, _ = strings.Cut(v, "!") // important
			if k = strings.TrimSpace(k); out[k] != "none" && out[k] != "hidden" {
				out[k] = strings.TrimSpace(v)
			}
		}
	}
	return out
}

// plainCSS takes comments and escapes out (CSS Syntax §4.3): both can stand in the
// middle of a word that hides.
func plainCSS(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "/*")
		if !ok {
			break
		}
		_, after, _ := strings.Cut(rest, "*/")
		s = before + " " + after
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		n := 0
		for n < 6 && i+1+n < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[i+1+n]) >= 0 {
			n++
		}
		if n == 0 {
			continue // what follows stands for itself
		}
		r, _ := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
		b.WriteRune(rune(r))
		if i += n; i+1 < len(s) && s[i+1] == ' ' {
			i++
		}
	}
	return b.String()
}

// hides tells whether a style shows nothing of what is in its element.
func hides(st map[string]string) bool {
	if len(st) == 0 {
		return false
	}
	if st["display"] == "none" || st["visibility"] == "hidden" || st["visibility"] == "collapse" || st["mso-hide"] == "all" || faint(st["opacity"]) || st["content-visibility"] == "hidden" {
		return true
	}
	if tiny(st["font-size"]) || strings.HasPrefix(st["font-size"], "calc") {
		return true
	}
	for f := range strings.FieldsSeq(st["font"]) { // "0/0 a", "bold 0px Arial": the size is the first number
		size, _, _ := strings.Cut(f, "/")
		if size[:min(len(size), 1)] >= "0" && size[:min(len(size), 1)] <= "9" && !weight(size) {
			if tiny(size) {
				return true
			}
			break
		}
	}
	clipped := false
	for _, k := range []string{"overflow", "overflow-y", "overflow-x"} {
		clipped = clipped || st[k] == "hidden" || st[k] == "clip"
	}
	if clipped && zero(st["line-height"]) {
		return true
	}
	if clipped && (zeroOrOne(st["max-height"]) || zeroOrOne(st["height"]) || zeroOrOne(st["width"]) || zeroOrOne(st["max-width"])) || zero(st["max-height"]) {
		return true
	}
	for _, k := range []string{"text-indent", "left", "top", "margin-left", "margin-top", "right"} {
		if v := st[k]; strings.HasPrefix(v, "-") && (length(v) <= -500 || length(v) <= -100 && (strings.HasSuffix(v, "%") || strings.HasSuffix(v, "em"))) {
			return true
		}
	}
	for _, k := range []string{"transform", "translate", "rotate", "clip-path", "mask", "mask-image", "-webkit-mask-image"} {
		if v := st[k]; v != "" && v != "none" && v != "inherit" && v != "initial" && v != "unset" {
			return true // nobody's mail client writes it around words
		}
	}
	if strings.Contains(st["clip"], "rect(0") || strings.Contains(st["clip"], "rect(1px") {
		return true
	}
	filter := strings.ReplaceAll(st["filter"], " ", "")
	if zero(st["zoom"]) || zero(st["scale"]) || strings.Contains(filter, "opacity(0)") || strings.Contains(filter, "opacity(0%)") || transparent(st["-webkit-text-fill-color"]) {
		return true
	}
	return transparent(st["color"])
}

// transparent tells of a colour that is not to be seen (CSS Color 4): rgba(0,0,0,0),
// rgb(0 0 0 / 0%), #0000, #00000000.
func transparent(v string) bool {
	if rest, ok := strings.CutPrefix(v, "#"); ok {
		return len(rest) == 4 && rest[3] == '0' || len(rest) == 8 && rest[6] == '0'
	}
	_, args, ok := strings.Cut(strings.TrimSuffix(v, ")"), "(")
	f := strings.FieldsFunc(args, func(r rune) bool { return strings.ContainsRune(" ,/", r) })
	return v == "transparent" || ok && len(f) == 4 && faint(f[3])
}

// faint: a tenth of what is opaque cannot be read.
func faint(v string) bool {
	if v == "" {
		return false
	}
	f := length(v)
	if strings.HasSuffix(v, "%") {
		f /= 100
	}
	return f < 0.1
}

// weight tells a number that says how bold letters are from a size.
func weight(v string) bool { return len(v) == 3 && v[1:] == "00" }

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
	if len(v) == 7 && strings.HasPrefix(v, "#f") && v[3] == 'f' && v[5] == 'f' && strings.Trim(v[1:], "0123456789abcdef") == "" {
		return "#ffffff" // as good as
	}
	if strings.HasPrefix(v, "hsl(") && strings.HasSuffix(v, "100%)") && !strings.Contains(v, "/") {
		return "#ffffff"
	}
	switch v {
	case "white", "#fff", "rgb(255,255,255)", "rgba(255,255,255,1)":
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
// selectors are read, of others it is told that they are there; a rule in an @media block is not unless it is for every
// screen, for it does not hold for every reader.
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
		if at := strings.LastIndexByte(selectors, '@'); at >= 0 && everywhere(selectors[at:]) {
			continue // its rules are read as if they stood outside
		} else if at >= 0 && strings.Contains(selectors[at:], "media") {
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

// everywhere tells whether the rules of a block hold for about every reader.
func everywhere(at string) bool {
	f := strings.Fields(strings.ToLower(at))
	switch f[0] {
	case "@media":
		return !strings.ContainsAny(at, "(") && (slices.Contains(f, "screen") || slices.Contains(f, "all") || len(f) == 1)
	case "@supports", "@layer":
		return true
	}
	return false
}

// selectors are the classes, ids and tags of which a sheet says something.
type selectors struct {
	classes, ids, tags map[string]bool
	others             bool // there are some that are not read
}

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
		if strings.ContainsAny(sel, "[*:") { // [class=q], :nth-child(2)
			s.others = s.others || !strings.Contains(sel, "::") && !strings.HasSuffix(sel, ":hover")
			continue
		}
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
