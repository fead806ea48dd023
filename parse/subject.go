package parse

import "strings"

// subjectMarks stand before a colon in the subject of a reply or a forward.
var subjectMarks = set(strings.Fields(`re aw sv vs antw odp ynt rv res rif r fwd fw wg tr i pd enc vb vl doorst bls trs ilt továbbítás vá
	回复 答复 回覆 转发 轉寄 転送 返信 답장 전달 отв пересл σχετ πρθ απ`))

// taskMarks do as well, and say no more than what kind of mail it is.
var taskMarks = set([]string{"task", "new task", "aufgabe", "neue aufgabe", "neuer task", "tâche", "nouvelle tâche", "tarea", "nueva tarea", "nova tarefa", "tarefa", "nuovo compito", "taak", "nieuwe taak"})

// resumed tells whether a folded subject bears the mark of a reply, a forward or a
// gateway.
func resumed(folded string) bool { return plainSubject(folded) != strings.TrimLeft(folded, " [") }

// BareSubject is a subject without the marks of replies and forwards ("Re:",
// "WG:", "Re[2]:"), "Task:", and the tags in square brackets before it.
func BareSubject(subject string) string {
	s := strings.TrimSpace(subject)
	for {
		n := markLen(s)
		if at := strings.Index(s[:min(len(s), 24)], ": "); n == 0 && at > 0 && taskMarks[fold(strings.TrimSpace(s[:at]))] {
			n = at + 2
		}
		if n == 0 && strings.HasPrefix(s, "[") {
			n = strings.IndexByte(s, ']') + 1
		}
		if n == 0 {
			return s
		}
		s = strings.TrimSpace(s[n:])
	}
}

// markLen is the length of the mark of a reply or a forward at the start, with
// its colon; 0 if there is none.
func markLen(s string) int {
	head := s[:min(len(s), 24)]
	at, n := strings.IndexByte(head, ':'), 1
	if w := strings.Index(head, "："); w >= 0 && (at < 0 || w < at) {
		at, n = w, len("：")
	}
	if at <= 0 {
		return 0
	}
	name := strings.TrimRight(head[:at], " \u00a0")
	if i := strings.IndexAny(name, "[(^"); i > 0 && digits(strings.Trim(name[i:], "[()]^")) { // "Re[2]"
		name = name[:i]
	}
	if !subjectMarks[fold(name)] {
		return 0
	}
	return at + n
}

// titleWords are labels of a title that somebody wrote into the text.
var titleWords = set(strings.Fields("title titel titre título titulo titolo tytuł název otsikko rubrik заголовок başlık タイトル 标题 標題 제목"))

// TitleIn is the title that a text names itself ("Title: Cart total"), and the
// line that does; "" if none of its first lines does.
func TitleIn(text string) (title, line string) {
	n := 0
	for l := range strings.SplitSeq(text, "\n") {
		t := strings.TrimSpace(l)
		if t == "" {
			continue
		}
		if n++; n > 4 {
			break
		}
		if said := titleOf(t); said != "" {
			return said, t
		}
	}
	return "", ""
}

// titleOf is what stands behind the label of a title.
func titleOf(t string) string {
	t = strings.TrimLeft(t, "*#_- ")
	head := t[:min(len(t), 24)]
	at, n := strings.IndexByte(head, ':'), 1
	if w := strings.Index(head, "："); w >= 0 && (at < 0 || w < at) {
		at, n = w, len("：")
	}
	if at <= 0 || !titleWords[fold(strings.Trim(t[:at], " *_"))] {
		return ""
	}
	return strings.Trim(t[at+n:], " *_")
}
