package mailout

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is an SMTP server on loopback that answers as the test wants it to.
//
// answers maps a verb (CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, END) to what is
// said instead of the usual: a line, "drop" (hang up), "mute" (say nothing),
// or "take+drop" at END (keep the letter, then hang up before the answer).
type server struct {
	t    *testing.T
	addr *net.TCPAddr
	cert *tls.Config // server side; nil: no TLS

	mu       sync.Mutex
	answers  map[string]string
	once     bool // an answer is used only once
	mails    []taken
	conns    int
	commands []string
	wg       sync.WaitGroup
	open     map[net.Conn]bool
	news     *sync.Cond // something was heard
}

// taken is a letter that the server took (or began to take).
type taken struct {
	from, to string
	raw      string
	whole    bool // the final dot came
}

func start(t *testing.T, tlsFirst bool, cert *tls.Config) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: l.Addr().(*net.TCPAddr), cert: cert, answers: map[string]string{}, open: map[net.Conn]bool{}}
	s.news = sync.NewCond(&s.mu)
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			s.open[c] = true
			s.mu.Unlock()
			s.wg.Go(func() {
				defer c.Close()
				if tlsFirst {
					s.serve(tls.Server(c, cert))
				} else {
					s.serve(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

func (s *server) answer(verb, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.answers[verb]
	if !ok {
		return usual
	}
	if s.once {
		delete(s.answers, verb)
	}
	return a
}

func (s *server) set(verb, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[verb] = answer
}

// setOnce orders one answer that is used up by the first who gets it.
func (s *server) setOnce(verb, answer string) {
	s.set(verb, answer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.once = true
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *server) serve(c net.Conn) {
	r := bufio.NewReader(c)
	say := func(verb, usual string) bool {
		switch a := s.answer(verb, usual); a {
		case "drop":
			return false
		case "mute":
			_, _ = r.ReadByte() // until the other side hangs up
			return false
		default:
			_, err := c.Write([]byte(a + "\r\n"))
			return err == nil
		}
	}
	if !say("CONNECT", "220 test ready") {
		return
	}
	secure := false
	var now taken
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.news.Broadcast()
		s.mu.Unlock()
		verb, rest, _ := strings.Cut(line, " ")
		ok := true
		switch strings.ToUpper(verb) {
		case "EHLO":
			features := "250-test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
			if s.cert != nil && !secure {
				features += "250-STARTTLS\r\n"
			}
			ok = say("EHLO", features+"250 AUTH "+s.answer("MECHANISMS", "PLAIN LOGIN"))
		case "STARTTLS":
			if ok = say("STARTTLS", "220 go"); ok {
				c = tls.Server(c, s.cert)
				r, secure = bufio.NewReader(c), true
			}
		case "AUTH":
			if rest == "LOGIN" {
				_, _ = c.Write([]byte("334 VXNlcm5hbWU6\r\n"))
				_, _ = r.ReadString('\n')
				_, _ = c.Write([]byte("334 UGFzc3dvcmQ6\r\n"))
				_, _ = r.ReadString('\n')
			}
			ok = say("AUTH", "235 welcome")
		case "MAIL":
			now = taken{from: rest}
			ok = say("MAIL", "250 ok")
		case "RCPT":
			now.to = rest
			ok = say("RCPT", "250 ok")
		case "DATA":
			if ok = say("DATA", "354 go on"); !ok || s.answer("DATA?", "") == "refused" {
				break
			}
			now.raw, now.whole = s.read(r)
			s.mu.Lock()
			s.mails = append(s.mails, now)
			s.news.Broadcast()
			s.mu.Unlock()
			ok = say("END", "250 taken")
		case "RSET", "NOOP":
			ok = say(verb, "250 ok")
		case "QUIT":
			say(verb, "221 bye")
			return
		default:
			ok = say(verb, "502 what?")
		}
		if !ok {
			return
		}
	}
}

// read takes a letter up to the final dot, and takes the stuffing out.
func (s *server) read(r *bufio.Reader) (string, bool) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return b.String(), false
		}
		if line == ".\r\n" {
			return b.String(), true
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// wait until what was heard is enough.
func (s *server) wait(enough func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !enough() {
		s.news.Wait()
	}
}

func (s *server) got() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.mails...)
}

func (s *server) sender(t *testing.T, kind string) *SMTP {
	t.Helper()
	out := &SMTP{Host: "127.0.0.1", Port: s.addr.Port, TLS: kind, User: "robot", Password: func() (string, error) { return "secret", nil }, Hello: "acme.example"}
	t.Cleanup(func() { _ = out.Close() })
	return out
}

// certificate is one for 127.0.0.1, and what a client needs to trust it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
