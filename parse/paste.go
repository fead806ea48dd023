package parse

import "strings"

// paste finds marked lines that are no quote of the letter which is answered,
// although that is quoted further below, and that go on from own words: a log or
// a diff that the writer put in. They are words of the mail, mark and all, and
// nothing else: a quote for every rule of where a command counts.
func (r *reading) paste(letter *letterIndex) {
	r.output()
	if letter == nil {
		return
	}
	last := -1 // the last line in which the letter comes back
	for i := range r.lines {
		if l := &r.lines[i]; l.ours && l.kind.past() {
			last = i
		}
	}
	for i := 0; i < last; {
		end, ours := i, false
		for ; end < last && r.lines[end].kind == quote && r.lines[end].rule == "quote" && r.lines[end].box == "" && r.lines[end].depth == 1; end++ {
			ours = ours || r.lines[end].ours || letter.lines[join(tokens(r.lines[end].text))]
		}
		if end == i {
			i++
			continue
		}
		above := i - 1
		for above > 0 && r.lines[above].blank() {
			above--
		}
		if !ours && above >= 0 && r.lines[above].kind == own && !r.lines[above].blank() && !looksPast(r.lines[above].text) {
			r.keep(i, end)
		}
		i = end
	}
}

// keep makes marked lines words of the mail.
func (r *reading) keep(start, end int) {
	for k := start; k < end; k++ {
		l := &r.lines[k]
		switch {
		case l.pasted:
		case l.stuffed:
			l.pasted, l.text = true, strings.TrimSpace(l.raw)
		default:
			l.pasted, l.text = true, strings.TrimRight(strings.Repeat(">", l.depth)+" "+l.text, " ")
		}
	}
}

// cites keeps marked lines that the writer of a new mail put between words of
// their own: a customer's complaint, say. Nothing is answered there, so they are no
// history unless an intro or a header block stands above them; one without a date or an
// address ("A visitor writes:") introduces what is cited. Own words stand
// below them, or a line that ends with a colon above.
func (r *reading) cites() {
	last := len(r.lines) - 1
	for ; last >= 0 && (r.lines[last].kind != own || r.lines[last].blank()); last-- {
	}
	for i := 0; i < len(r.lines); i++ {
		l := &r.lines[i]
		if l.kind == intro && l.rule == "intro-short" && l.box == "" && !l.ours && i < last { // "A visitor writes:"
			l.is(own, "")
			continue
		}
		if l.kind == intro || l.kind == history || l.box != "" || l.ours {
			return
		}
		if l.kind != quote {
			continue
		}
		end := i
		for ; end < len(r.lines) && r.lines[end].kind == quote && r.lines[end].box == "" && !r.lines[end].ours; end++ {
		}
		above := i - 1
		for ; above >= 0 && r.lines[above].blank(); above-- {
		}
		if i < last || above >= 0 && r.lines[above].kind == own && strings.HasSuffix(strings.TrimSpace(r.lines[above].text), ":") && !looksPast(r.lines[above].text) {
			r.keep(i, end)
		}
		i = max(i, end-1)
	}
}

// output does the same for what a program printed: marked lines right below a
// prompt ("$ ./cart"), beside lines that begin with "<" (a diff), at the prompt of
// Python (">>> total(3)") or at the end of a conflict (">>>>>>> branch"), and for what
// format=flowed says is no quote. Only if all marked lines down to the intro are such,
// and none is known to be a letter's.
func (r *reading) output() {
	var runs [][2]int
	conflict := false
	for i := 0; i < len(r.lines); i++ {
		l := &r.lines[i]
		if l.kind == intro || l.kind == history || l.box != "" || l.kind == quote && (l.raw == "" || looksPast(l.text)) {
			break // from here on it is a letter's
		}
		conflict = conflict || strings.HasPrefix(l.text, "<<<<<<< ")
		if l.kind != quote {
			continue
		}
		end := i
		for ; end < len(r.lines) && r.lines[end].kind == quote && r.lines[end].raw != "" && r.lines[end].box == ""; end++ {
			if r.lines[end].ours || r.lines[end].depth != l.depth {
				return
			}
		}
		if !r.printed(i, end, conflict) {
			return
		}
		runs = append(runs, [2]int{i, end})
		i = end - 1
	}
	for _, run := range runs {
		r.keep(run[0], run[1])
	}
}

// printed tells whether the marked lines from start to end are a program's.
// conflict is whether the opening of a conflict stands above them.
func (r *reading) printed(start, end int, conflict bool) bool {
	beside := func(k int, mark string) bool {
		return k >= 0 && k < len(r.lines) && r.lines[k].kind == own && !r.lines[k].blank() && strings.HasPrefix(r.lines[k].text, mark)
	}
	stuffed := true
	for k := start; k < end; k++ {
		stuffed = stuffed && r.lines[k].stuffed
	}
	if stuffed {
		return true
	}
	switch raw := r.lines[start].raw; r.lines[start].depth {
	case 1:
		rule := start - 1
		if beside(rule, "---") {
			rule--
		}
		return beside(start-1, "$ ") || beside(rule, "< ") || beside(end, "< ")
	case 3:
		return strings.HasPrefix(raw, ">>> ") && (beside(start-1, "") || beside(end, ""))
	case 7:
		return strings.HasPrefix(raw, ">>>>>>> ") && conflict
	}
	return false
}

// fences marks code between ``` lines. A fence that is not closed is none, and
// one line of it is never in a quote while the other is not. Quote marks
// inside are code.
func fences(lines []line) {
	open := -1
	for i := range lines {
		if lines[i].box != "" {
			open = -1 // a fence does not reach into a container of history
			continue
		}
		t := strings.TrimSpace(lines[i].text)
		if lines[i].depth > 0 || !strings.HasPrefix(t, "```") && !strings.HasPrefix(t, "~~~") {
			continue
		}
		if open < 0 {
			open = i
			continue
		}
		for k := open; k <= i; k++ {
			lines[k].fence = true
		}
		open = -1
	}
}

// pgpMessage opens an encrypted text.
const pgpMessage = "-----BEGIN PGP MESSAGE-----"

// armour marks the lines that PGP puts around a clear-signed text (RFC 9580
// §7) and takes its dash escapes away.
func armour(lines []line) {
	for i := 0; i < len(lines); i++ {
		switch strings.TrimSpace(lines[i].text) {
		case "-----BEGIN PGP SIGNED MESSAGE-----":
			for ; i < len(lines) && !lines[i].blank(); i++ {
				lines[i].is(footer, "pgp")
			}
			for ; i < len(lines) && strings.TrimSpace(lines[i].text) != "-----BEGIN PGP SIGNATURE-----"; i++ {
				lines[i].text = strings.TrimPrefix(lines[i].text, "- ")
			}
			i--
		case "-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP PUBLIC KEY BLOCK-----", pgpMessage:
			for ; i < len(lines); i++ {
				lines[i].is(footer, "pgp")
				if t := strings.TrimSpace(lines[i].text); strings.HasPrefix(t, "-----END PGP") {
					break
				}
			}
		}
	}
}

// prompts are what programs print before what is typed; a name would stand there else.
var prompts = set(strings.Fields("mysql mariadb sqlite psql duckdb sql cqlsh hive redis mongo mongosh ftp sftp lftp irb pry node iex erl ghci prelude scala jshell julia groovy lua php gdb lldb pdb nslookup telnet bash sh zsh cmd etcdctl"))

// barQuotes finds quotes marked with "|" or "Name>": two lines or more with
// the same mark, or a line of the letter, and no table and no prompt.
func barQuotes(lines []line, x *letterIndex) {
	mark := func(i int) string {
		t := lines[i].text
		if lines[i].depth > 0 || lines[i].fence {
			return ""
		}
		if in := strings.TrimLeft(t, " "); len(t)-len(in) <= 8 {
			t = in // some put spaces before the name
		}
		if strings.HasPrefix(t, "| ") && strings.Count(t, "|") == 1 || t == "|" {
			return "|"
		}
		if k := strings.IndexByte(t, '>'); k > 0 && k <= 12 && !strings.ContainsAny(t[:k], " \t<-=/\"'`") && hasWord(t[:k]) && (k+1 == len(t) || t[k+1] == ' ') {
			return t[:k+1]
		}
		return ""
	}
	for i := 0; i < len(lines); {
		m := mark(i)
		j := i + 1
		said := m != "" && strings.TrimSpace(lines[i].text) != m
		for m != "" && j < len(lines) && mark(j) == m {
			said = said || strings.TrimSpace(lines[j].text) != m
			j++
		}
		if said && (j-i >= 2 && !prompts[fold(strings.TrimSuffix(m, ">"))] || x.has(strings.TrimPrefix(strings.TrimLeft(lines[i].text, " "), m))) {
			for k := i; k < j; k++ {
				lines[k].depth = 1
				lines[k].text = strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(lines[k].text, " "), m), " ")
			}
		}
		i = j
	}
}
