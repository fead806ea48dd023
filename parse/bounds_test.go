package parse

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
)

const min25 = 25 << 20

// fillTo repeats s up to about n bytes.
func fillTo(n int, s string) string { return strings.Repeat(s, n/len(s)) }

// hostile are mails made to hurt a parser, each about n bytes.
func hostile(n int) map[string][]byte {
	const h = "From: a@b.example\nSubject: x\nMIME-Version: 1.0\n"
	multi := h + "Content-Type: multipart/mixed; boundary=b\n\n"
	depth := func() string {
		var b strings.Builder
		b.WriteString(h + "Content-Type: multipart/mixed; boundary=b0\n\n")
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
		}
		return b.String()
	}
	rfc2231 := func() string {
		var b strings.Builder
		b.WriteString(h + "Content-Type: text/plain")
		for i := 0; b.Len() < n && i < 300_000; i++ {
			fmt.Fprintf(&b, ";\n name*%d*=x", i)
		}
		return b.String() + "\n\nhi\n"
	}
	text := h + "Content-Type: text/plain; charset=utf-8\n\n"
	page := h + "Content-Type: text/html; charset=utf-8\n\n"
	mib := min(n, 1<<20-100)
	htm := min(n, 4<<20-100)
	return map[string][]byte{
		"many parts":          []byte(multi + fillTo(n, "--b\n\nx\n")),
		"many empty parts":    []byte(multi + fillTo(n, "--b\n")),
		"deep parts":          []byte(depth()),
		"same boundary":       []byte(multi + fillTo(n, "--b\nContent-Type: multipart/mixed; boundary=b\n\n")),
		"dashes":              []byte(multi + fillTo(n, "--\n")),
		"dashed lines":        []byte(multi + fillTo(n, "--bb\n")),
		"long line":           []byte(text + fillTo(n, "x")),
		"quote marks":         []byte(text + fillTo(mib, ">")),
		"quote marks, spaced": []byte(text + fillTo(mib, "> ")),
		"quote lines":         []byte(text + fillTo(mib, ">\n")),
		"short quotes":        []byte(text + fillTo(mib, "> x\n")),
		"text of 1 MiB":       []byte(text + fillTo(mib, "The cart shows the wrong total on my phone, see below.\n")),
		"colons":              []byte(text + fillTo(mib, "a:\n")),
		"labels":              []byte(text + fillTo(mib, "Fro: x\n")),
		"from labels":         []byte(text + fillTo(mib, "From: x\n\n")),
		"splits":              []byte(text + fillTo(mib, "x On 2 March 2026 10:00 Ada <a@b> wrote:\n> y\n")),
		"glued":               []byte(text + fillTo(mib, "On 2 March 2026 10:00 Ada <a@b> wrote:>y\n")),
		"arrows":              []byte(text + fillTo(mib, ">>> a >>>\n")),
		"wrote":               []byte(text + fillTo(mib, "On x wrote:\nx\n")),
		"dates":               []byte(text + fillTo(mib, "On 2 March 2026 10:00 x\n")),
		"openers":             []byte(text + fillTo(mib, "On ")),
		"openers, lines":      []byte(text + fillTo(mib, "x On At On Le Am Op\n")),
		"addresses":           []byte(text + fillTo(mib, "a@b ")),
		"angle":               []byte(text + fillTo(mib, "<")),
		"links":               []byte(text + fillTo(mib, "<http://x\n>\n")),
		"numbers":             []byte(text + fillTo(mib, "1 2 3 ")),
		"task lines":          []byte(text + fillTo(mib, "#1 approve\n")),
		"task words":          []byte(text + fillTo(mib, "#1 x\n")),
		"approve words":       []byte(text + fillTo(mib, "approve ")),
		"not approve":         []byte(text + fillTo(mib, "not approve\n")),
		"fences":              []byte(text + fillTo(mib, "```\n")),
		"signatures":          []byte(text + fillTo(mib, "-- \n")),
		"dash dash":           []byte(text + fillTo(mib, "--\n\n")),
		"rules":               []byte(text + fillTo(mib, "-----\n")),
		"sent from":           []byte(text + fillTo(mib, "Sent from my iPhone\n")),
		"legal":               []byte(text + fillTo(mib, "confidential privileged addressee\n\n")),
		"bars":                []byte(text + fillTo(mib, "| x\n")),
		"names":               []byte(text + fillTo(mib, "A> x\n")),
		"done labels":         []byte(text + fillTo(mib, "Done: x\n")),
		"emoji":               []byte(text + fillTo(mib, "👍")),
		"zero width":          []byte(text + fillTo(mib, "\u200b")),
		"bad utf-8":           []byte(text + fillTo(mib, "\xff\xfe\n")),
		"nul":                 []byte(text + fillTo(mib, "\x00")),
		"flowed":              []byte(h + "Content-Type: text/plain; format=flowed\n\n" + fillTo(mib, "x \n")),
		"flowed quotes":       []byte(h + "Content-Type: text/plain; format=flowed\n\n" + fillTo(mib, "> x \n")),
		"bad base64":          []byte(h + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + fillTo(n, "!?*\n")),
		"base64":              []byte(h + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + fillTo(n, "aGVsbG8g")),
		"bad qp":              []byte(h + "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" + fillTo(mib, "=ZZ=\n=")),
		"qp":                  []byte(h + "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" + fillTo(n, "=41")),
		"attachment":          []byte(multi + "--b\n\nhi\n--b\nContent-Type: application/zip; name=a.zip\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" + fillTo(n-300, "UEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAUAAAAUEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAU\n") + "--b--\n"),
		"html nested":         []byte(page + fillTo(htm, "<div>")),
		"html blockquotes":    []byte(page + fillTo(htm, "<blockquote>x")),
		"html formatting":     []byte(page + fillTo(htm, "<b><i><a href=x>")),
		"html tables":         []byte(page + fillTo(htm, "<table><tr><td>x")),
		"html unclosed":       []byte(page + fillTo(htm, "<a ")),
		"html br":             []byte(page + fillTo(htm, "<br>")),
		"html li":             []byte(page + "<ol>" + fillTo(htm, "<li>x")),
		"html attrs":          []byte(page + "<p " + fillTo(htm, "a=b ") + ">"),
		"html classes":        []byte(page + fillTo(htm, "<p class='gmail_attr x_x_x_x y'>x")),
		"html style":          []byte(page + "<style>" + fillTo(htm, ".a{display:none}") + "</style>x"),
		"html hidden":         []byte(page + fillTo(htm, "<p hidden>x")),
		"html comment":        []byte(page + fillTo(htm, "<!--")),
		"html entities":       []byte(page + fillTo(htm, "&amp")),
		"html s":              []byte(page + fillTo(htm, "<s>x</s>")),
		"html a":              []byte(page + fillTo(htm, "<a href='https://x.example/'>y</a>")),
		"html pre":            []byte(page + "<pre>" + fillTo(htm, "x\n")),
		"html select":         []byte(page + fillTo(htm, "<select><option>")),
		"html svg":            []byte(page + fillTo(htm, "<svg><p>")),
		"rfc2231":             []byte(rfc2231()),
		"header fields":       []byte(h + fillTo(n, "X: y\n")),
		"header folds":        []byte(h + "X: y\n" + fillTo(n, " y\n")),
		"header line":         []byte(h + "X: " + fillTo(n, "y") + "\n\nhi\n"),
		"recipients":          []byte(h + "To: " + fillTo(60_000, "a@b,") + "\n" + "Cc: " + fillTo(60_000, "a@b,") + "\n\nhi\n"),
		"recipient quotes":    []byte(h + "To: " + fillTo(60_000, "\"") + "\n\nhi\n"),
		"recipient parens":    []byte(h + "To: " + fillTo(60_000, "(") + "\n\nhi\n"),
		"encoded words":       []byte(h + "X: y\nSubject: " + fillTo(60_000, "=?utf-8?Q?=41?= ") + "\n\nhi\n"),
		"references":          []byte(h + "References: " + fillTo(60_000, "<a@b>") + "\n\nhi\n"),
		"references open":     []byte(h + "References: " + fillTo(60_000, "<") + "\n\nhi\n"),
		"cr only":             bytes.ReplaceAll([]byte(text+fillTo(mib, "x\n")), []byte("\n"), []byte("\r")),
		"no header":           []byte(fillTo(n, "x")),
		"empty lines":         []byte(text + fillTo(mib, "\n")),
	}
}

// Whatever is in 25 MiB, it is read in a time and memory that are bounded. The
// slowest takes two seconds on a machine of its own; what is not linear takes
// minutes on any.
func TestAnythingIsLinear(t *testing.T) {
	size := min25 - 1000
	if raceEnabled {
		size /= 5 // the detector is ten times slower; the shape of the work is the same
	}
	for name, raw := range hostile(size) {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var m Mail
		took := busyFor(t, func() {
			m = Read(raw, Options{Letter: strings.Repeat("Gate for the cart: reply with approve or redirect and why.\n", 100)})
		})
		runtime.ReadMemStats(&after)
		if took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 1<<30 {
			t.Errorf("%s: %d MiB allocated in all", name, grew>>20)
		}
		if took > 500*time.Millisecond {
			t.Logf("%s: %v, %d MiB allocated in all, park %q", name, took, (after.TotalAlloc-before.TotalAlloc)>>20, m.Park)
		}
	}
}

// busyFor is the processor time that f takes, whatever else the machine does.
func busyFor(t *testing.T, f func()) time.Duration {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	begin := used()
	f()
	return used() - begin
}

// nested is a text within so many parts.
func nested(depth int) string {
	head := "text/plain\n\napprove\n"
	for i := range depth {
		head = fmt.Sprintf("multipart/mixed; boundary=b%d\n\n--b%d\nContent-Type: %s\n--b%d--\n", i, i, head, i)
	}
	return "Content-Type: " + head
}

func TestBoundsPark(t *testing.T) {
	const h = "From: a@b.example\nTo: shop@acme.example\nMessage-ID: <1@x>\n"
	for name, raw := range map[string]string{
		"size":        h + "\n" + strings.Repeat("x", min25),
		"header":      h + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\n", 300) + "\nhi",
		"fields":      h + strings.Repeat("X: y\n", 1001) + "\nhi",
		"field":       h + "X: " + strings.Repeat("y", 65<<10) + "\n\nhi",
		"depth":       h + nested(51),
		"great depth": string(hostile(20_000)["deep parts"]),
		"parts":       string(hostile(20_000)["many parts"]),
		"parameters":  h + "Content-Type: text/plain" + strings.Repeat("; a=b", 60) + "\n\nhi",
		"addresses":   h + "Cc: " + strings.Repeat("a@b.example, ", 1001) + "\n\nhi",
		"boundary":    h + "Content-Type: multipart/mixed; boundary=" + strings.Repeat("b", 201) + "\n\nhi",
		"no boundary": h + "Content-Type: multipart/mixed\n\nhi",
		"text":        h + "\n" + strings.Repeat("hello world\n", 100_000),
		"lines":       h + "\n" + strings.Repeat("x\n", 60_000),
		"hops":        h + strings.Repeat("Received: x\n", 101) + "\nhi",
		"no header":   "just text without any header\nand more",
		"empty":       "",
		"utf-7":       h + "Content-Type: text/plain; charset=utf-7\n\n+AGEAcABwAHIAbwB2AGU-",
		"nothing":     h + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("text without a delimiter\n", 20),
	} {
		m := Read([]byte(raw), Options{})
		if m.Park == "" {
			t.Errorf("%s: not parked: text %.40q", name, m.Text)
		}
		if len(m.Commands) > 0 {
			t.Errorf("%s: commands in a parked mail", name)
		}
		if len(m.Problems) == 0 {
			t.Errorf("%s: no problem told", name)
		}
		if strings.HasPrefix(raw, h) && m.MessageID != "1@x" && name != "header" {
			t.Errorf("%s: message id %q", name, m.MessageID)
		}
	}
	if m := Read([]byte(h+nested(50)), Options{}); m.Text != "approve" {
		t.Errorf("a text within 50 parts: %q, parked: %s", m.Text, m.Park)
	}
	for _, n := range []int{50_000, 100, 0} {
		if m := Read([]byte(h+"\n"+strings.Repeat("x\n", n)), Options{Limits: Limits{Text: 200_000}}); (m.Park != "") && n != 50_000 {
			t.Errorf("%d lines parked: %s", n, m.Park)
		}
	}
}

// A mail of many commands is read while the garbage collector works, which makes
// the stack smaller meanwhile: a string builder that was copied after its first
// word points into the old one, and the program ends.
func TestManyCommandsUnderTheCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	mail := []byte("From: a@b.example\r\nTo: shop@acme.example\r\nSubject: x\r\nMessage-ID: <1@b.example>\r\n\r\n" + strings.Repeat("#1 approve\r\n", 20_000))
	for range 10 {
		done := make(chan int)
		go func() {
			grow(500)
			done <- len(Read(mail, Options{}).Commands)
		}()
		if n := <-done; n != 20_000 {
			t.Fatalf("%d commands", n)
		}
	}
}

// grow makes the stack n KiB deep for once.
//
//go:noinline
func grow(n int) byte {
	var b [1024]byte
	if n == 0 {
		return b[0]
	}
	b[n%len(b)] = grow(n - 1)
	return b[n/2]
}
