package soak

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gatepost/internal/fault"
)

// Recorder is an SMTP server that keeps each letter it took, byte for byte,
// and can answer as badly as wanted. A letter counts as taken when its final
// dot was read, whether or not the client ever hears so (RFC 5321 §6.1).
type Recorder struct {
	Addr string // host:port

	server *fault.Server
	mu     sync.Mutex
	life   int
	each   bool // a connection is a life
	taken  []Copy
	answer Answer
}

// Copy is one letter that was taken.
type Copy struct {
	MessageID string // without angle brackets; as it stands in the letter
	Kind      string // X-Gatepost-Letter
	Task      int    // X-Gatepost-Task
	To        string
	Raw       []byte
	Life      int  // of the service, see Recorder.Life
	Lost      bool // the answer after the final dot was not given
}

// Answer decides what is said at a point of the conversation: connect, ehlo,
// auth, mail, rcpt, data, end. An empty reply is the ordinary one; hangUp closes the
// connection after the reply, or instead of it. With hangUp and no reply at
// "end" the letter is taken and its answer lost.
type Answer func(verb string) (reply string, hangUp bool)

// NewRecorder starts one on a free port of 127.0.0.1.
func NewRecorder() (*Recorder, error) {
	r := &Recorder{}
	s, err := fault.Script(r.play)
	if err != nil {
		return nil, err
	}
	r.server, r.Addr = s, s.Addr
	return r, nil
}

// Close ends the server.
func (r *Recorder) Close() error { return r.server.Close() }

// Cut closes every open connection.
func (r *Recorder) Cut() { r.server.Cut() }

// SetAnswer changes the answers from now on; nil is the ordinary ones.
func (r *Recorder) SetAnswer(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = a
}

// Life is told before each start of the service: copies know in which life of
// it their connection was made.
func (r *Recorder) Life(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.life = n
}

// LifeEach makes every connection a life of its own: what is wrong is the
// network, and each connection may end badly.
func (r *Recorder) LifeEach() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.each = true
}

// Taken is every copy so far, in order.
func (r *Recorder) Taken() []Copy {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken)
}

func (r *Recorder) play(c net.Conn) {
	r.mu.Lock()
	if r.each {
		r.life++
	}
	life := r.life
	r.mu.Unlock()
	in := bufio.NewReader(c)
	say := func(verb, usual string) bool {
		r.mu.Lock()
		answer := r.answer
		r.mu.Unlock()
		hangUp := false
		if answer != nil {
			var reply string
			if reply, hangUp = answer(verb); reply != "" || hangUp {
				usual = reply
			}
		}
		if usual != "" {
			io.WriteString(c, usual+"\r\n")
		}
		return !hangUp
	}
	if !say("connect", "220 recorder") {
		return
	}
	to := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		upper := strings.ToUpper(line)
		goOn := true
		switch {
		case strings.HasPrefix(upper, "EHLO"), strings.HasPrefix(upper, "HELO"):
			goOn = say("ehlo", "250-recorder\r\n250 AUTH PLAIN")
		case strings.HasPrefix(upper, "AUTH "):
			goOn = say("auth", "235 welcome")
		case strings.HasPrefix(upper, "MAIL "):
			goOn = say("mail", "250 ok")
		case strings.HasPrefix(upper, "RCPT "):
			_, rest, _ := strings.Cut(line, "<")
			to, _, _ = strings.Cut(rest, ">")
			goOn = say("rcpt", "250 ok")
		case strings.HasPrefix(upper, "DATA"):
			if goOn = r.data(c, in, life, to, say); !goOn {
				return
			}
		case strings.HasPrefix(upper, "QUIT"):
			io.WriteString(c, "221 bye\r\n")
			return
		default:
			io.WriteString(c, "250 ok\r\n")
		}
		if !goOn {
			return
		}
	}
}

// data takes one letter. It is kept before the answer is given.
func (r *Recorder) data(c net.Conn, in *bufio.Reader, life int, to string, say func(verb, usual string) bool) bool {
	r.mu.Lock()
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		if reply, hangUp := answer("data"); reply != "" || hangUp {
			if reply != "" {
				io.WriteString(c, reply+"\r\n")
			}
			return !hangUp
		}
	}
	io.WriteString(c, "354 go on\r\n")
	var raw bytes.Buffer
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return false // cut short: nothing was taken
		}
		if bytes.Equal(line, []byte(".\r\n")) {
			break
		}
		raw.Write(bytes.TrimPrefix(line, []byte(".")))
	}
	reply, hangUp := "250 taken", false
	if answer != nil {
		if said, hung := answer("end"); said != "" || hung {
			reply, hangUp = said, hung
		}
	}
	if strings.HasPrefix(reply, "2") || reply == "" {
		r.mu.Lock()
		r.taken = append(r.taken, copyOf(raw.Bytes(), to, life, reply == ""))
		r.mu.Unlock()
	}
	if reply != "" {
		io.WriteString(c, reply+"\r\n")
	}
	return !hangUp
}

func copyOf(raw []byte, to string, life int, lost bool) Copy {
	c := Copy{Raw: raw, To: to, Life: life, Lost: lost}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		c.Kind = fmt.Sprintf("unreadable: %v", err)
		return c
	}
	c.MessageID = strings.Trim(m.Header.Get("Message-ID"), "<> ")
	c.Kind = m.Header.Get("X-Gatepost-Letter")
	c.Task, _ = strconv.Atoi(m.Header.Get("X-Gatepost-Task"))
	return c
}
