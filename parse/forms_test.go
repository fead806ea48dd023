package parse

import "testing"

// Where forms of one text differ, or the text may be an attachment, nobody knows
// what the writer saw: it is asked about.
func TestFormsOfAText(t *testing.T) {
	const head = "From: priya@acme.example\nIn-Reply-To: <x@y.example>\nMIME-Version: 1.0\nContent-Type: multipart/"
	part := func(kind, more, text string) string {
		return "--b\nContent-Type: " + kind + "; charset=utf-8" + more + "\n\n" + text + "\n"
	}
	alt := func(parts ...string) string {
		s := head + "alternative; boundary=b\n\n"
		for _, p := range parts {
			s += p
		}
		return s + "--b--\n"
	}
	mixed := func(parts ...string) string {
		s := head + "mixed; boundary=b\n\n"
		for _, p := range parts {
			s += p
		}
		return s + "--b--\n"
	}
	const file = "\nContent-Disposition: inline; filename=notes.txt"
	for _, c := range []struct{ name, raw, want string }{
		{"two plain forms that differ", alt(part("text/plain", "", "approve"), part("text/plain", "", "redirect: the total is wrong")), "approve ? parts"},
		{"two plain forms and HTML like the first", alt(part("text/plain", "", "approve"), part("text/plain", "", "not yet"), part("text/html", "", "<p>approve</p>")), "approve ? parts"},
		{"two HTML forms that differ", alt(part("text/plain", "", "approve"), part("text/html", "", "<p>approve</p>"), part("text/html", "", "<p>no</p>")), "approve ? parts"},
		{"two plain forms that agree", alt(part("text/plain", "", "approve"), part("text/plain; format=flowed", "", "approve")), "approve"},
		{"an empty second form", alt(part("text/plain", "", "approve"), part("text/plain", "", "")), "approve"},
		{"a file of text alone", mixed(part("text/plain; name=notes.txt", "", "approve")), "approve ? parts"},
		{"a file of text above the words", mixed(part("text/plain", file, "approve"), part("text/plain", "", "The log is above.")), "approve ? parts"},
		{"a file of text below the words", mixed(part("text/plain", "", "approve"), part("text/plain", file, "redirect")), "approve"},
		{"a form with a file name", alt(part("text/plain", file, "approve"), part("text/html", "", "<p>approve</p>")), "approve ? parts"},
	} {
		if got := answerOf(Read([]byte(c.raw), Options{}).Commands); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
