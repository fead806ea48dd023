package fault

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is one way in which a connection goes wrong. The place is drawn anew
// for each connection.
type Kind struct {
	Name string
	// bend draws what happens to one connection.
	bend func(rng *rand.Rand) bend
}

// bend is what happens to one connection; the zero bend is nothing.
type bend struct {
	refuse  bool
	up      stream // from the client to the server
	down    stream // from the server to the client
	instead string // said instead of what the server says, then closed
}

// stream is one direction. What happens, happens after so many bytes, or for
// say at the first end of an answer after them.
type stream struct {
	after int // -1: never
	act   string
	say   string
	slow  time.Duration // before each piece
	piece int           // bytes in a piece; 0: as they come
}

var calm = stream{after: -1}

// Kinds are the ways for an IMAP connection and, but for what only IMAP knows,
// for an SMTP one. What is put in between stands where an answer may stand:
// bytes are never changed, for TCP does not change them either.
func Kinds(imap bool) []Kind {
	const talk = 900 // bytes of a session up to the first mail, about
	cut := func(name, act string, up bool, most int) Kind {
		return Kind{name, func(rng *rand.Rand) bend {
			s := stream{after: rng.IntN(most), act: act}
			if up {
				return bend{up: s, down: calm}
			}
			return bend{up: calm, down: s}
		}}
	}
	kinds := []Kind{
		{"refused", func(*rand.Rand) bend { return bend{refuse: true} }},
		{"greeting is garbage", func(rng *rand.Rand) bend {
			b := make([]byte, 1+rng.IntN(300))
			for i := range b {
				b[i] = byte(rng.IntN(256))
			}
			return bend{instead: string(b)}
		}},
		{"greeting is a TLS alert", func(*rand.Rand) bend { return bend{instead: "\x15\x03\x01\x00\x02\x02\x28"} }},
		{"greeting is HTTP", func(*rand.Rand) bend { return bend{instead: "HTTP/1.1 400 Bad Request\r\n\r\n"} }},
		cut("answer cut early", "close", false, talk),
		cut("answer cut late", "close", false, 20*talk),
		cut("answer reset early", "reset", false, talk),
		cut("answer reset late", "reset", false, 20*talk),
		cut("command cut early", "close", true, talk/4),
		cut("command cut late", "close", true, 10*talk),
		cut("command reset", "reset", true, 10*talk),
		cut("mute early", "mute", false, talk),
		cut("mute late", "mute", false, 20*talk),
		cut("deaf early", "mute", true, talk/4),
		cut("deaf late", "mute", true, 10*talk),
		{"slow", func(*rand.Rand) bend { return bend{up: calm, down: stream{after: -1, slow: time.Millisecond}} }},
		{"drip", func(rng *rand.Rand) bend {
			return bend{up: calm, down: stream{after: -1, piece: 1 + rng.IntN(7)}}
		}},
		{"drip both ways", func(rng *rand.Rand) bend {
			return bend{up: stream{after: -1, piece: 1 + rng.IntN(3)}, down: stream{after: -1, piece: 1 + rng.IntN(3)}}
		}},
	}
	if !imap {
		return kinds
	}
	for _, k := range [][2]string{
		{"BYE", "* BYE going down"},
		{"EXISTS flood", strings.Repeat("* 4000000000 EXISTS\r\n", 50) + "* 1 RECENT"},
		{"EXPUNGE out of turn", "* 1 EXPUNGE"},
		{"FETCH of flags", `* 1 FETCH (FLAGS (\Seen))`},
		{"FETCH with a false UID", `* 1 FETCH (UID 4294967295 FLAGS ())`},
		{"unknown untagged", "* XYZZY plugh"},
		{"garbage line", "\x00\x01\xfe ) ( {"},
		{"unasked OK", "* OK [ALERT] the disk is nearly full"},
		{"long line", "* OK " + strings.Repeat("x", 60_000)},
	} {
		kinds = append(kinds, Kind{k[0], func(rng *rand.Rand) bend {
			return bend{up: calm, down: stream{after: rng.IntN(4 * talk), act: "say", say: k[1] + "\r\n"}}
		}})
	}
	return kinds
}

// Bent is a proxy whose connections go wrong in one way, as long as it is told.
type Bent struct {
	*Server
	target string
	mu     sync.Mutex
	rng    *rand.Rand
	kind   *Kind
	hits   atomic.Int64
}

// NewBent starts one before the server at target. It behaves until Bend.
func NewBent(target string, seed uint64) (*Bent, error) {
	b := &Bent{target: target, rng: rand.New(rand.NewPCG(seed, 4))}
	s, err := Script(b.pass)
	if err != nil {
		return nil, err
	}
	b.Server = s
	return b, nil
}

// Bend makes new connections go wrong; nil lets them be.
func (b *Bent) Bend(k *Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kind = k
}

// Hits is how often something went wrong.
func (b *Bent) Hits() int64 { return b.hits.Load() }

func (b *Bent) pass(client net.Conn) {
	b.mu.Lock()
	how := bend{up: calm, down: calm}
	if b.kind != nil {
		how = b.kind.bend(b.rng)
	}
	b.mu.Unlock()
	if how.refuse || how.instead != "" {
		b.hits.Add(1)
		io.WriteString(client, how.instead)
		return
	}
	server, err := net.Dial("tcp", b.target)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { b.forward(server, client, how.up) })
	both.Go(func() { b.forward(client, server, how.down) })
	both.Wait()
}

// forward passes bytes on until either end is gone.
func (b *Bent) forward(to, from net.Conn, s stream) {
	defer to.Close()
	defer from.Close()
	w := &bentWriter{Conn: to, stream: s, hits: &b.hits}
	if s.slow > 0 || s.piece > 0 {
		b.hits.Add(1)
	}
	if s.act == "say" {
		w.say(bufio.NewReader(from))
		return
	}
	io.Copy(struct{ io.Writer }{w}, from)
	if w.mute { // the other side hears nothing more, not even the end
		io.Copy(io.Discard, from)
	}
}

type bentWriter struct {
	net.Conn
	stream
	hits *atomic.Int64
	done int
	mute bool
}

func (w *bentWriter) Write(b []byte) (n int, err error) {
	if w.mute {
		return len(b), nil
	}
	end := len(b)
	if w.after >= 0 {
		end = min(end, w.after-w.done)
	}
	for n < end {
		next := end
		if w.piece > 0 {
			next = min(end, n+w.piece)
		}
		if w.slow > 0 {
			timer := time.NewTimer(w.slow)
			<-timer.C
		}
		m, err := w.Conn.Write(b[n:next])
		if n += m; err != nil {
			return n, err
		}
	}
	w.done += n
	if end == len(b) {
		return n, nil
	}
	w.hits.Add(1)
	switch w.act {
	case "mute":
		w.mute = true
		return len(b), nil
	case "reset":
		if tcp, ok := w.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	return n, io.ErrClosedPipe
}

// say passes answers on, literals whole, and puts its line between two of them.
func (w *bentWriter) say(r *bufio.Reader) {
	said := false
	for {
		line, err := r.ReadString('\n')
		if _, werr := io.WriteString(w.Conn, line); err != nil || werr != nil {
			return
		}
		w.done += len(line)
		if n := literal(line); n >= 0 {
			m, err := io.CopyN(w.Conn, r, n)
			if w.done += int(m); err != nil {
				return
			}
			continue
		}
		if !said && w.done >= w.after {
			said = true
			w.hits.Add(1)
			if _, err := io.WriteString(w.Conn, w.stream.say); err != nil {
				return
			}
		}
	}
}

// literal is the length announced at the end of a line, -1 if none is (RFC 9051
// §4.3).
func literal(line string) int64 {
	line = strings.TrimRight(line, "\r\n")
	i := strings.LastIndexByte(line, '{')
	if i < 0 || !strings.HasSuffix(line, "}") {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimRight(line[i+1:len(line)-1], "+"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
