package authres_test

import (
	"regexp"
	"strings"
	"testing"

	"gatepost/parse"
	"gatepost/parse/internal/authres"
	"gatepost/parse/internal/mime"
)

const serverID = "mx.acme.example"

// authMail is a mail with these header lines above its From.
func authMail(lines string) []byte {
	return []byte(strings.ReplaceAll(lines+"From: Priya <priya@acme.example>\nTo: shop@acme.example\nSubject: x\n\nhello\n", "\n", "\r\n"))
}

const (
	ourHop = "Received: from out.client.example (out.client.example [192.0.2.1]) by mx.acme.example with ESMTPS id 1; Mon, 2 Mar 2026 09:00:00 +0100\n"
	beyond = "Received: from laptop by out.client.example with ESMTPSA id 2; Mon, 2 Mar 2026 08:59:59 +0100\n"
	ar     = "Authentication-Results: "
)

func TestAuthResults(t *testing.T) {
	pass := ar + "mx.acme.example; dmarc=pass (p=reject) header.from=acme.example\n"
	for _, c := range []struct{ name, lines, dkim, dmarc string }{
		{"plain", pass, "none", "pass"},
		{"below our hop", ourHop + pass + beyond, "none", "pass"},
		{"below two hops of ours", "Received: from mx.acme.example by imap.acme.example with LMTP id 3; Mon, 2 Mar 2026 09:00:01 +0100\n" + ourHop + pass, "none", "pass"},
		{"below a filter on localhost", "Received: from localhost by mx.acme.example; x\nReceived: from mx.acme.example by localhost (filter); x\n" + ourHop + pass, "none", "pass"},
		{"below Gmail's inner hop", "Received: by 2002:a05:7300:1 with SMTP id x; Mon, 2 Mar 2026 00:00:00 -0800\n" + ourHop + pass, "none", "pass"},
		{"below a foreign hop", ourHop + beyond + pass, "none", "none"},
		{"below a hop of a look-alike", "Received: from x by mx.acme.example.evil.test; x\n" + pass, "none", "none"},
		{"below a hop in a comment", "Received: from x (by mx.acme.example) by evil.test; x\n" + pass, "none", "none"},
		{"below a hop without by", "Received: from x; x\n" + pass, "none", "none"},
		{"another server's", ar + "mx.evil.test; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"a longer name", ar + "mx.acme.example.evil.test; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"no server", ar + "dmarc=pass header.from=acme.example\n", "none", "none"},
		{"the name in a comment", ar + "(mx.acme.example;) mx.evil.test; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"upper case", ar + "MX.Acme.Example; DMARC=Pass header.From=Acme.Example\n", "none", "pass"},
		{"quoted name", ar + "\"mx.acme.example\"; dmarc=pass header.from=acme.example\n", "none", "pass"},
		{"version", ar + "mx.acme.example 1; dmarc=pass header.from=acme.example\n", "none", "pass"},
		{"unknown version", ar + "mx.acme.example 2; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"unknown method version", ar + "mx.acme.example; dmarc/2=pass header.from=acme.example\n", "none", "none"},
		{"two of ours", pass + pass, "none", "none"},
		{"two that contradict", ar + "mx.acme.example; dmarc=fail header.from=acme.example\n" + ourHop + pass, "none", "none"},
		{"one of ours above, one beyond", ourHop + ar + "mx.acme.example; dmarc=fail header.from=acme.example\n" + beyond + pass, "none", "fail"},
		{"another server's above", ar + "filter.test; spf=fail\n" + pass, "none", "pass"},
		{"none", ar + "mx.acme.example; none\n", "none", "none"},
		{"none in a comment's company", ar + "mx.acme.example; none (dmarc=pass header.from=acme.example)\n", "none", "none"},
		{"other From", ar + "mx.acme.example; dmarc=pass header.from=evil.test\n", "none", "none"},
		{"no From named", ar + "mx.acme.example; dmarc=pass\n", "none", "none"},
		{"fail", ar + "mx.acme.example; dmarc=fail header.from=acme.example; dkim=fail header.d=acme.example\n", "fail", "fail"},
		{"pass in a quoted string", ar + "mx.acme.example; spf=fail smtp.mailfrom=\"x;dmarc=pass header.from=acme.example\"\n", "none", "none"},
		{"pass in a quoted string with pairs", ar + "mx.acme.example; spf=fail smtp.mailfrom=\"x\\\";dmarc=pass header.from=acme.example\"\n", "none", "none"},
		{"pass in a comment", ar + "mx.acme.example; spf=fail (x; dmarc=pass header.from=acme.example)\n", "none", "none"},
		{"pass in a nested comment", ar + "mx.acme.example; spf=fail ((x) ; dmarc=pass header.from=acme.example)\n", "none", "none"},
		{"pass behind a quoted bracket in a comment", ar + "mx.acme.example; spf=fail (\\) ; dmarc=pass header.from=acme.example)\n", "none", "none"},
		{"open comment", ar + "mx.acme.example; dmarc=pass header.from=acme.example (x\n", "none", "none"},
		{"open quote", ar + "mx.acme.example; dmarc=pass header.from=\"acme.example\n", "none", "none"},
		{"two dmarc", ar + "mx.acme.example; dmarc=pass header.from=acme.example; dmarc=fail header.from=acme.example\n", "none", "none"},
		{"two From", ar + "mx.acme.example; dmarc=pass header.from=evil.test header.from=acme.example\n", "none", "none"},
		{"glued", ar + "mx.acme.example; dmarc=passheader.from=acme.example\n", "none", "none"},
		{"result of another method's name", ar + "mx.acme.example; x-dmarc=pass header.from=acme.example\n", "none", "none"},
		{"arc is not dmarc", ar + "mx.acme.example; arc=pass header.from=acme.example\n", "none", "none"},
		{"dkim", ar + "mx.acme.example; dkim=pass header.d=acme.example header.s=s1\n", "pass", "none"},
		{"dkim of a part of the domain", ar + "mx.acme.example; dkim=pass header.d=mail.acme.example\n", "pass", "none"},
		{"dkim by identity", ar + "mx.acme.example; dkim=pass header.i=@acme.example header.b=\"aB/c+d==\"\n", "pass", "none"},
		{"dkim of somebody else", ar + "mx.acme.example; dkim=pass header.d=evil.test\n", "none", "none"},
		{"dkim of a look-alike", ar + "mx.acme.example; dkim=pass header.d=notacme.example\n", "none", "none"},
		{"dkim of a suffix", ar + "mx.acme.example; dkim=pass header.d=example\n", "none", "none"},
		{"dkim of a list and of ours", ar + "mx.acme.example; dkim=pass header.d=list.test; dkim=fail header.d=acme.example\n", "fail", "none"},
		{"dkim twice, one broken", ar + "mx.acme.example; dkim=pass header.d=acme.example; dkim=fail header.d=acme.example\n", "none", "none"},
		{"dkim twice, one not understood", ar + "mx.acme.example; dkim=pass header.d=acme.example; dkim=neutral header.d=acme.example\n", "pass", "none"},
		{"Google", "Received: by 2002:a05:1 with SMTP id x; x\nReceived: from m.acme.example by mx.acme.example with ESMTPS id y for <a@b.example>; x\nReceived-SPF: pass (x)\n" +
			ar + "mx.acme.example;\n       dkim=pass header.i=@acme.example header.s=google header.b=abcDEF12;\n       spf=pass (google.com: domain of priya@acme.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=priya@acme.example;\n       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=acme.example;\n       dara=pass header.i=@acme.example\n", "pass", "pass"},
		{"Microsoft", ar + "mx.acme.example; spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=acme.example; dkim=pass (signature was verified)\n header.d=acme.example;dmarc=pass action=none header.from=acme.example;compauth=pass reason=100\n", "pass", "pass"},
		{"semicolon at the end", ar + "mx.acme.example; dmarc=pass header.from=acme.example;\n", "none", "pass"},
		{"folded over a blank line", ar + "mx.acme.example; dmarc=pass\n \n header.from=acme.example\n", "none", "none"},
		{"space before the colon", "Authentication-Results : mx.acme.example; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"NUL in the name", "Authentication-\x00Results: mx.acme.example; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"NUL in the value", ar + "mx.acme.example; dmarc=pass \x00header.from=acme.example\n", "none", "none"},
		{"NUL in a comment", ar + "mx.acme.example; dmarc=pass (\x00) header.from=acme.example\n", "none", "none"},
		{"other names", "X-Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example\nARC-Authentication-Results: i=1; mx.acme.example; dmarc=pass header.from=acme.example\n", "none", "none"},
		{"a line that is no field above From", pass + "not a field\n", "none", "none"},
	} {
		m := parse.Read(authMail(c.lines), parse.Options{AuthservID: serverID})
		if m.Evidence.DKIM != c.dkim || m.Evidence.DMARC != c.dmarc {
			t.Errorf("%s: dkim %s, dmarc %s; want %s, %s", c.name, m.Evidence.DKIM, m.Evidence.DMARC, c.dkim, c.dmarc)
		}
		if pass := m.Evidence.DKIM == "pass" || m.Evidence.DMARC == "pass"; pass != (m.Evidence.How != "") {
			t.Errorf("%s: how is %q", c.name, m.Evidence.How)
		}
		if m := parse.Read(authMail(c.lines), parse.Options{}); m.Evidence.DKIM != "none" || m.Evidence.DMARC != "none" {
			t.Errorf("%s: evidence of a server that no config names: %+v", c.name, m.Evidence)
		}
	}
}

// The reference reads as slowly and as plainly as can be: blank out what is in
// comments and quotes, cut at semicolons, and look at each piece with one
// pattern. It accepts a little more than the reader does, never less.
var (
	refDMARC = regexp.MustCompile(`(?i)^\s*dmarc\s*(/\s*1\s*)?=\s*pass(\s.*)?$`)
	refDKIM  = regexp.MustCompile(`(?i)^\s*dkim\s*(/\s*1\s*)?=\s*pass(\s.*)?$`)
	refFrom  = regexp.MustCompile(`(?i)\sheader\s*\.\s*from\s*=\s*(acme\.example|Q[0-9]+Q)(\s|$)`)
	refD     = regexp.MustCompile(`(?i)\sheader\s*\.\s*(d|i)\s*=\s*([^\s]*acme\.example|Q[0-9]+Q[^\s]*)(\s|$)`)
)

func refPlain(s string) (string, bool) {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && (quoted || depth > 0):
			i++
		case quoted:
			if s[i] == '"' {
				quoted = false
				b.WriteString("Q1Q")
			}
		case s[i] == '"' && depth == 0:
			quoted = true
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			if depth--; depth == 0 {
				b.WriteByte(' ')
			}
		case depth > 0:
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), depth == 0 && !quoted
}

func refSays(s string, result, prop *regexp.Regexp) bool {
	plain, whole := refPlain(s)
	if !whole {
		return false
	}
	found := 0
	pieces := strings.Split(plain, ";")
	for _, p := range pieces[1:] {
		if result.MatchString(p) && prop.MatchString(p) {
			found++
		}
	}
	return found > 0
}

func FuzzAuthResults(f *testing.F) {
	for _, s := range []string{
		"mx.acme.example; dmarc=pass header.from=acme.example",
		"mx.acme.example 1; dkim=pass (good) header.d=acme.example header.b=\"a/b=\"; dmarc=pass header.from=acme.example;",
		"mx.acme.example; spf=fail smtp.mailfrom=\"x;dmarc=pass header.from=acme.example\"",
		"mx.acme.example; spf=fail (\\) ; dmarc=pass header.from=acme.example)",
		"(c) \"mx.acme.example\" (d) ; dkim / 1 = pass header . i = \"x\"@acme.example",
		"mx.acme.example; none", "mx.acme.example; dmarc=pass action=none header.from=acme.example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "\r\n") {
			return
		}
		h := mime.Header{{Name: "authentication-results", Value: strings.Trim(s, " \t"), Control: mime.HasControl([]byte(s))}}
		e := authres.Read(h, serverID, "priya@acme.example")
		if e.DMARC == "pass" && !refSays(s, refDMARC, refFrom) {
			t.Fatalf("dmarc passes, the slow reading says no: %q", s)
		}
		if e.DKIM == "pass" && !refSays(s, refDKIM, refD) {
			t.Fatalf("dkim passes, the slow reading says no: %q", s)
		}
	})
}
