package mailin

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/dns/dnsmessage"
)

// nameServer is a DNS on loopback: TXT records by name; what has none does not
// exist.
type nameServer struct {
	mu      sync.Mutex
	records map[string][]string
	broken  bool // answers SERVFAIL
	mute    bool // answers nothing
	asked   int
}

func (n *nameServer) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

// publish gives a name its records. A question may come at any time: a resolver
// of an earlier test may ask again at a port that is ours now.
func (n *nameServer) publish(name string, txts ...string) {
	n.set(func() { n.records[name] = txts })
}

func (n *nameServer) questions() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func (n *nameServer) answer(query []byte) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 || n.mute {
		return nil
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	q := m.Questions[0]
	txts, ok := n.records[strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")]
	switch {
	case n.broken:
		m.RCode = dnsmessage.RCodeServerFailure
	case !ok:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeTXT:
		for _, txt := range txts {
			var parts []string
			for len(txt) > 200 {
				parts, txt = append(parts, txt[:200]), txt[200:]
			}
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60},
				Body:   &dnsmessage.TXTResource{TXT: append(parts, txt)},
			})
		}
	}
	b, _ := m.Pack()
	return b
}

// newNameServer starts the DNS and a resolver that asks it alone.
func newNameServer(t *testing.T) (*nameServer, *net.Resolver) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n := &nameServer{records: map[string][]string{}}
	go func() {
		buf := make([]byte, 1500)
		for {
			l, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if b := n.answer(buf[:l]); b != nil {
				_, _ = conn.WriteTo(b, from)
			}
		}
	}()
	return n, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// signer is a domain with a key.
type signer struct{ key *rsa.PrivateKey }

func newSigner(t *testing.T) signer {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

func keyRecord(pub any) string {
	b, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		panic(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(b)
}

func (s signer) record() string { return keyRecord(&s.key.PublicKey) }

// sign signs for a domain; change may alter the options.
func (s signer) sign(t *testing.T, mail, domain string, change func(*dkim.SignOptions)) string {
	t.Helper()
	opt := &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: s.key, HeaderCanonicalization: "relaxed", BodyCanonicalization: "relaxed"}
	if change != nil {
		change(opt)
	}
	var b bytes.Buffer
	if err := dkim.Sign(&b, strings.NewReader(mail), opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const dkimMail = "From: Priya Nair <priya@acme.example>\r\nTo: shop+t1r1.aaaaaaaaaaaaaaaa@acme.example\r\nSubject: Re: Cart\r\nMessage-ID: <1@acme.example>\r\n\r\napprove\r\n"

func TestDKIM(t *testing.T) {
	dns, resolver := newNameServer(t)
	s := newSigner(t)
	now := time.Now() // the library reads the clock for x=
	for _, d := range []string{"acme.example", "mail.acme.example", "evil.test", "notacme.example", "acme.example.evil.test", "example"} {
		dns.publish("s1._domainkey."+d, s.record())
	}
	dns.publish("weak._domainkey.acme.example", keyRecord(&rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 1000), big.NewInt(1)), E: 65537}))
	dns.publish("test._domainkey.acme.example", strings.Replace(s.record(), "k=rsa", "t=s:y; k=rsa", 1))
	dns.publish("two._domainkey.acme.example", s.record(), s.record())
	dns.publish("gone._domainkey.acme.example", "v=DKIM1; p=")
	pub, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dns.publish("ed._domainkey.acme.example", "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(pub))
	good := s.sign(t, dkimMail, "acme.example", nil)
	foreign := func(n int) string {
		out := ""
		for range n {
			m := s.sign(t, dkimMail, "evil.test", nil)
			out += m[:strings.Index(m, "\r\nFrom: ")+2]
		}
		return out
	}
	selector := func(name string) func(*dkim.SignOptions) {
		return func(o *dkim.SignOptions) { o.Selector = name }
	}
	headers := func(h ...string) func(*dkim.SignOptions) {
		return func(o *dkim.SignOptions) { o.HeaderKeys = h }
	}
	dated := func(age time.Duration) string {
		return "Date: " + now.Add(-age).Format(time.RFC1123Z) + "\r\n" + dkimMail
	}
	toNobody := strings.Replace(dated(0), "To: shop+t1r1.aaaaaaaaaaaaaaaa@acme.example\r\n", "", 1)
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the mail", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct{ name, mail, want string }{
		{"good", good, "pass"},
		{"good, line ends lost", strings.ReplaceAll(good, "\r\n", "\n"), "pass"},
		{"good, ed25519", s.sign(t, dkimMail, "acme.example", func(o *dkim.SignOptions) { o.Selector, o.Signer = "ed", ed }), "pass"},
		{"a part of the domain", s.sign(t, dkimMail, "mail.acme.example", nil), "pass"},
		{"behind a list's", foreign(1) + good, "pass"},
		{"not signed", dkimMail, "none"},
		{"somebody else", s.sign(t, dkimMail, "evil.test", nil), "none"},
		{"look-alike", s.sign(t, dkimMail, "notacme.example", nil), "none"},
		{"longer name", s.sign(t, dkimMail, "acme.example.evil.test", nil), "none"},
		{"a public suffix", s.sign(t, dkimMail, "example", nil), "none"},
		{"body changed", swap("\r\napprove", "\r\nredirect: x"), "fail"},
		{"body longer", good + "and more\r\n", "fail"},
		{"From changed", swap("Priya Nair <priya@", "Omar <omar@"), "fail"},
		{"tag changed", swap("t1r1", "t2r1"), "fail"},
		{"a second To on top", "To: shop+t2r1.bbbbbbbbbbbbbbbb@acme.example\r\n" + s.sign(t, dkimMail, "acme.example", headers("From", "To")), "none"},
		{"a second To on top, Message-ID signed", "To: shop+t2r1.bbbbbbbbbbbbbbbb@acme.example\r\n" + good, "none"},
		{"a second Message-ID on top", "Message-ID: <2@acme.example>\r\n" + good, "none"},
		{"a second Subject on top", "Subject: [#2] Cart\r\n" + good, "none"},
		{"a second Content-Type on top", "Content-Type: multipart/mixed; boundary=x\r\n" + s.sign(t, "Content-Type: text/plain\r\n"+dkimMail, "acme.example", nil), "none"},
		{"a Cc on top", "Cc: shop+t2r1.bbbbbbbbbbbbbbbb@acme.example\r\n" + s.sign(t, dkimMail, "acme.example", headers("From", "To")), "fail"},
		{"a second From on top", "From: evil@evil.test\r\n" + good, "none"},
		{"a From with a space", "From : evil@evil.test\r\n" + good, "none"},
		{"a line that is no field, and a body of one's own", "From: priya@acme.example\r\nTo: shop@acme.example\r\napprove\r\n" + good, "none"},
		{"a bare CR in the header", swap("Subject: Re", "Subject: Re\r"), "none"},
		{"only From, Message-ID and Date signed", s.sign(t, dated(0), "acme.example", headers("From", "Message-ID", "Date")), "pass"},
		{"the same, the folded date of a slow clock", s.sign(t, strings.Replace(dated(3*24*time.Hour), ", ", ",\r\n ", 1), "acme.example", headers("From", "Message-ID", "Date")), "pass"},
		{"the same, sent again to another address", strings.Replace(s.sign(t, dated(0), "acme.example", headers("From", "Message-ID", "Date")), "t1r1", "t2r1", 1), "pass"}, // not promised
		{"the same, eight days later", s.sign(t, dated(8*24*time.Hour), "acme.example", headers("From", "Message-ID", "Date")), "fail"},
		{"the same, of next month", s.sign(t, dated(-30*24*time.Hour), "acme.example", headers("From", "Message-ID", "Date")), "fail"},
		{"only From and Message-ID signed", s.sign(t, dated(0), "acme.example", headers("From", "Message-ID", "Subject")), "fail"},
		{"only From and Message-ID signed, no Date", s.sign(t, dkimMail, "acme.example", headers("From", "Message-ID", "Subject", "Date")), "fail"},
		{"an old mail, recipients signed", s.sign(t, dated(80*24*time.Hour), "acme.example", nil), "pass"},
		{"only From and recipients signed", s.sign(t, dkimMail, "acme.example", headers("From", "To", "Cc")), "pass"},
		{"only From and Subject signed", s.sign(t, dkimMail, "acme.example", headers("From", "Subject")), "fail"},
		{"From taken from h=", swap("h=From:", "h="), "fail"},
		{"length", swap("d=acme.example;", "d=acme.example; l=0;"), "fail"},
		{"two domains in one signature", swap("d=acme.example;", "d=acme.example; d=evil.test;"), "none"},
		{"weak key", s.sign(t, dkimMail, "acme.example", selector("weak")), "fail"},
		{"key in test mode", s.sign(t, dkimMail, "acme.example", selector("test")), "fail"},
		{"two keys", s.sign(t, dkimMail, "acme.example", selector("two")), "fail"},
		{"key taken back", s.sign(t, dkimMail, "acme.example", selector("gone")), "fail"},
		{"no key", s.sign(t, dkimMail, "acme.example", selector("none")), "fail"},
		{"expired", s.sign(t, dkimMail, "acme.example", func(o *dkim.SignOptions) { o.Expiration = now.Add(-time.Hour) }), "fail"},
		{"not expired", s.sign(t, dkimMail, "acme.example", func(o *dkim.SignOptions) { o.Expiration = now.Add(time.Hour) }), "pass"},
		{"the fifth signature", foreign(4) + good, "pass"},
		{"the sixth signature", foreign(5) + good, "none"},
		{"to nobody, with the subject signed", s.sign(t, toNobody, "acme.example", headers("From", "Subject")), "fail"},
		{"to nobody, without a Message-ID", s.sign(t, strings.Replace(toNobody, "Message-ID: <1@acme.example>\r\n", "", 1), "acme.example", headers("From", "Date")), "fail"},
		{"an old mail, sent on today", "Resent-Date: " + now.Format(time.RFC1123Z) + "\r\n" + s.sign(t, dated(8*24*time.Hour), "acme.example", headers("From", "Message-ID", "Date")), "fail"},
		{"capital letters", s.sign(t, dkimMail, "ACME.Example", nil), "pass"},
		{"a NUL in the header", swap("Subject: Re", "Subject: Re\x00"), "none"},
		{"a line that is blank to some", "Subject: Re: Cart\r\n \r\n" + strings.Replace(good, "Subject: Re: Cart\r\n", "", 1), "none"},
		{"a field without a name", ": x\r\n" + good, "none"},
		{"no From", swap("From: Priya Nair <priya@acme.example>\r\n", ""), "none"},
		{"a second In-Reply-To on top", "In-Reply-To: <2@x>\r\n" + s.sign(t, "In-Reply-To: <1@x>\r\n"+dkimMail, "acme.example", nil), "none"},
		{"a second References on top", "References: <2@x>\r\n" + s.sign(t, "References: <1@x>\r\n"+dkimMail, "acme.example", nil), "none"},
		{"a second encoding on top", "Content-Transfer-Encoding: base64\r\n" + s.sign(t, "Content-Transfer-Encoding: 7bit\r\n"+dkimMail, "acme.example", nil), "none"},
		{"no header", "\r\napprove\r\n", "none"},
		{"no body", strings.TrimSuffix(good, "\r\napprove\r\n"), "none"},
		{"nothing", "", "none"},
	} {
		d := &DKIM{Keys: &Keys{Resolver: resolver, Now: time.Now}, Now: time.Now}
		got, err := d.Verify(t.Context(), []byte(c.mail), "acme.example")
		if err != nil || got.Result != c.want {
			t.Errorf("%s: %+v, %v; want %s", c.name, got, err, c.want)
		}
		if got.Result == "fail" && got.Why == "" || got.Result == "pass" && got.Domain == "" {
			t.Errorf("%s: %+v says not why", c.name, got)
		}
	}
}

// x= is by the clock that was handed in.
func TestDKIMExpires(t *testing.T) {
	s := newSigner(t)
	end := time.Now().Add(time.Hour).Truncate(time.Second)
	mail := s.sign(t, dkimMail, "acme.example", func(o *dkim.SignOptions) { o.Expiration = end })
	for _, c := range []struct {
		now  time.Time
		want string
	}{{end.Add(-1), "pass"}, {end, "fail"}} {
		d := &DKIM{Keys: &Keys{Resolver: oneKey(s.record()), Now: time.Now}, Now: func() time.Time { return c.now }}
		if got, err := d.Verify(t.Context(), []byte(mail), "acme.example"); err != nil || got.Result != c.want {
			t.Errorf("%v before its end: %+v, %v", end.Sub(c.now), got, err)
		}
	}
}

// A check that was broken off says nothing, and nothing is remembered of it.
func TestDKIMStopped(t *testing.T) {
	dns, resolver := newNameServer(t)
	s := newSigner(t)
	dns.publish("s1._domainkey.acme.example", s.record())
	mail := []byte(s.sign(t, dkimMail, "acme.example", nil))
	d := &DKIM{Keys: &Keys{Resolver: resolver, Now: time.Now}, Now: time.Now}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if got, err := d.Verify(ctx, mail, "acme.example"); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := d.Verify(t.Context(), mail, "acme.example"); err != nil || got.Result != "pass" {
		t.Errorf("after that: %+v, %v", got, err)
	}
}

// asked is a resolver that tells how it is asked.
type asked func(ctx context.Context, name string) ([]string, error)

func (f asked) LookupTXT(ctx context.Context, name string) ([]string, error) { return f(ctx, name) }

func TestKeys(t *testing.T) {
	now := time.Now()
	none := true
	k := &Keys{Now: func() time.Time { return now }, Resolver: asked(func(ctx context.Context, name string) ([]string, error) {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > askFor {
			t.Errorf("a question may take until %v", end)
		}
		if !strings.HasSuffix(name, "acme.example.") {
			t.Errorf("%q would be looked for in the domains of this machine as well", name)
		}
		if none {
			return nil, &net.DNSError{IsNotFound: true}
		}
		return []string{"v=DKIM1; p=x"}, nil
	})}
	there := func() bool {
		_, err := k.lookup(t.Context(), "s1._domainkey.acme.example")
		return err == nil
	}
	if there() {
		t.Error("there is none")
	}
	none = false
	if now = now.Add(keepNone - 1); there() {
		t.Error("not remembered that there is none")
	}
	if now = now.Add(1); !there() {
		t.Error("remembered for too long that there is none")
	}
	for i := range maxKnown {
		if _, err := k.lookup(t.Context(), strconv.Itoa(i)+".acme.example"); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.known) > maxKnown {
		t.Errorf("%d names remembered", len(k.known))
	}
}

func TestAlignedHosts(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"acme.example", "ACME.Example", true},
		{"x.acme.co.uk", "y.acme.co.uk", true},
		{"a.co.uk", "b.co.uk", false},
		{"co.uk", "a.co.uk", false},
		{"co.uk", "co.uk", true},
		{"", "", false},
		{"acmé.example", "acmé.example", false},
	} {
		if got := alignedHosts(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %v", c.a, c.b, got)
		}
	}
}

// A DNS that is down is "not now", whatever way it is down, and never a pass
// and never a no.
func TestDKIMLater(t *testing.T) {
	dns, resolver := newNameServer(t)
	s := newSigner(t)
	dns.publish("s1._domainkey.acme.example", s.record())
	mail := []byte(s.sign(t, dkimMail, "acme.example", nil))
	clock := time.Now()
	now := func() time.Time { return clock }
	d := &DKIM{Keys: &Keys{Resolver: resolver, Now: now}, Now: now}
	verify := func() (string, error) {
		got, err := d.Verify(t.Context(), mail, "acme.example")
		return got.Result, err
	}
	dns.set(func() { dns.broken = true })
	if r, err := verify(); !errors.Is(err, ErrLater) || r == "pass" {
		t.Fatalf("servfail: %s, %v", r, err)
	}
	dns.set(func() { dns.broken = false })
	asked := dns.questions()
	if r, err := verify(); !errors.Is(err, ErrLater) || dns.questions() != asked {
		t.Errorf("the fault was not remembered: %s, %v, %d questions", r, err, dns.questions()-asked)
	}
	clock = clock.Add(keepFault)
	if r, err := verify(); err != nil || r != "pass" {
		t.Errorf("after the fault: %s, %v", r, err)
	}
	dns.set(func() { dns.mute = true })
	if r, err := verify(); err != nil || r != "pass" {
		t.Errorf("the key was not remembered: %s, %v", r, err)
	}
	clock = clock.Add(keepKey)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Verify(ctx, mail, "acme.example"); err == nil {
		t.Error("a mute DNS and the end of the context brought no error")
	}
	clock = clock.Add(keepFault)
	dns.set(func() { dns.mute, dns.records = false, nil })
	if r, err := verify(); err != nil || r != "fail" {
		t.Errorf("a key that is gone: %s, %v", r, err)
	}
}

// What a stranger can put together to keep the check busy is not checked: the
// key is never asked for, or the hashing ended.
func TestDKIMTakesNoTime(t *testing.T) {
	s := newSigner(t)
	good := s.sign(t, dkimMail, "acme.example", nil)
	simple := s.sign(t, dkimMail, "acme.example", func(o *dkim.SignOptions) { o.BodyCanonicalization = "simple" })
	// the signer's own empty lines, as many as are allowed
	lines := func(n int) string {
		return s.sign(t, strings.TrimSuffix(dkimMail, "\r\n")+strings.Repeat("\r\n", n)+"x\r\n", "acme.example", nil)
	}
	named := func(n int) string { // n fields are named
		return strings.Replace(good, "h=From:", "h=From:"+strings.Repeat("a:", n-strings.Count(good[strings.Index(good, "h="):strings.Index(good, "s=s1")], ":")-1), 1)
	}
	for _, c := range []struct{ name, mail, key, want, why string }{
		{"empty lines", lines(maxEmpty), s.record(), "pass", ""},
		{"one more", lines(maxEmpty + 1), s.record(), "fail", errEmpty.Error()},
		{"empty lines, LF", strings.ReplaceAll(lines(maxEmpty+1), "\r\n", "\n"), s.record(), "fail", errEmpty.Error()},
		{"a whole mail of them", simple + strings.Repeat("\r\n", 12<<20), s.record(), "fail", errEmpty.Error()},
		{"lines of a header", "X: y\r\n" + strings.Repeat(" x\r\n", headerLines) + good, s.record(), "none", ""},
		{"some lines of a header", "X: y\r\n" + strings.Repeat(" x\r\n", headerLines-100) + good, s.record(), "pass", ""},
		{"fields that are named", named(maxSigned), s.record(), "fail", "did not verify"},
		{"one field more", named(maxSigned + 1), s.record(), "fail", "names too many fields"},
		{"a large key", good, s.record() + strings.Repeat(" ", maxKey-len(s.record())), "pass", ""},
		{"too large a key", good, s.record() + strings.Repeat(" ", maxKey-len(s.record())+1), "fail", "the key is too large"},
	} {
		d := &DKIM{Keys: &Keys{Resolver: oneKey(c.key), Now: time.Now}, Now: time.Now}
		got, err := d.Verify(t.Context(), []byte(c.mail), "acme.example")
		if err != nil || got.Result != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %+v, %v; want %s %s", c.name, got, err, c.want, c.why)
		}
	}
}

// oneKey is the key of everybody.
type oneKey string

func (k oneKey) LookupTXT(context.Context, string) ([]string, error) { return []string{string(k)}, nil }

// A mail that cannot be read to its end is none whose signature does not hold.
func TestDKIMOfAMailThatBreaksOff(t *testing.T) {
	s := newSigner(t)
	good := s.sign(t, dkimMail, "acme.example", nil)
	d := &DKIM{Keys: &Keys{Resolver: oneKey(s.record()), Now: time.Now}, Now: time.Now}
	for _, n := range []int{10, len(good) - 5} {
		got, err := d.VerifyFrom(t.Context(), []byte(good), func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader(good[:n]), iotest.ErrReader(errDisk)), nil
		}, "acme.example")
		if !errors.Is(err, errDisk) {
			t.Errorf("broken at %d: %+v, %v", n, got, err)
		}
	}
}

// A stranger's signatures cost no question.
func TestDKIMAsksForAlignedKeysAlone(t *testing.T) {
	dns, resolver := newNameServer(t)
	d := &DKIM{Keys: &Keys{Resolver: resolver, Now: time.Now}, Now: time.Now}
	if _, err := d.Verify(t.Context(), []byte(newSigner(t).sign(t, dkimMail, "evil.test", nil)), "acme.example"); err != nil || dns.questions() != 0 {
		t.Errorf("%d questions, %v", dns.questions(), err)
	}
}

func FuzzDKIM(f *testing.F) {
	f.Add([]byte(dkimMail))
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=s; h=From; bh=AA==; b=AA==\r\n" + dkimMail))
	d := &DKIM{Keys: &Keys{Resolver: noKeys{}, Now: func() time.Time { return time.Unix(0, 0) }}, Now: func() time.Time { return time.Unix(0, 0) }}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := d.Verify(context.Background(), raw, "acme.example"); err != nil || s.Result == "pass" || strings.HasPrefix(s.Why, "the check broke") {
			t.Fatalf("%+v, %v", s, err)
		}
	})
}

// noKeys knows a key that nobody here has.
type noKeys struct{}

func (noKeys) LookupTXT(context.Context, string) ([]string, error) {
	return []string{keyRecord(&rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 1024), big.NewInt(1)), E: 65537})}, nil
}
