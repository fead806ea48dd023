package parse

import (
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	const dana = "dana@acme.example"
	for _, c := range []struct{ head, want string }{
		{"From: dana@acme.example", dana},
		{"From: <dana@acme.example>", dana},
		{"from: Dana <dana@acme.example>", dana},
		{"FROM:Dana Smith <dana@ACME.Example>", dana},
		{"From: \"Smith, Dana\" <dana@acme.example>", dana},
		{"From: \"Dana \\\"D\\\" Smith\" <dana@acme.example>", dana},
		{"From: =?utf-8?Q?D=C3=A1na?= <dana@acme.example>", dana},
		{"From: Dána <dana@acme.example>", dana},
		{"From: dana@acme.example (Dana)", dana},
		{"From: \"dana@acme.example\" <dana@acme.example>", dana},
		{"From: Dana\r\n <dana@acme.example>", dana},
		{"From: Dana\r\n\t<dana@acme.example>", dana},
		{"From: \"priya@acme.example\" <evil@bad.example>", "evil@bad.example"},
		{"From: priya.acme <evil@bad.example>", "evil@bad.example"},
		{"From: dev+tag@acme.example", "dev+tag@acme.example"},

		{"X: y", ""},
		{"From:", ""},
		{"From: Dana", ""},
		{"From : dana@acme.example", ""},
		{"From\t: dana@acme.example", ""},
		{"From : evil@bad.example\r\nFrom: dana@acme.example", ""},
		{"From : Evil Name With Words <evil@bad.example>\r\nFrom: dana@acme.example", ""},
		{"From dana@acme.example\r\nFrom: dana@acme.example", ""},
		{"From dana@acme.example Mon Mar  2 10:00:00 2026\r\nFrom: dana@acme.example", dana},
		{">From dana@acme.example Mon Mar  2 10:00:00 2026\nFrom: dana@acme.example", dana},
		{"From: dana@acme.example\r\nFrom: dana@acme.example", ""},
		{"From: dana@acme.example\r\nFrom : evil@bad.example", ""},
		{"From: dana@acme.example\r\nFr\x00om: evil@bad.example", ""},
		{"Fr\x00om: dana@acme.example", ""},
		{"From: dana@acme.example, evil@bad.example", ""},
		{"From: Dana <dana@acme.example>, Evil <evil@bad.example>", ""},
		{"From: Dana <dana@acme.example> <evil@bad.example>", ""},
		{"From: Dana <dana@acme.example> evil@bad.example", ""},
		{"From: evil@bad.example <dana@acme.example>", ""},
		{"From: Dana <dana@acme.example> trailing", ""},
		{"From: Dana <dana@acme.example>;", ""},
		{"From: team: dana@acme.example;", ""},
		{"From: undisclosed:;", ""},
		{"From: <@relay.example:dana@acme.example>", ""},
		{"From: Dana <<dana@acme.example>>", ""},
		{"From: Dana <dana@acme.example", ""},
		{"From: Dana dana@acme.example>", ""},
		{"From: =?utf-8?Q?dana=40acme.example?=", ""},
		{"From: <=?utf-8?Q?dana?=@acme.example>", ""},
		{"From: =?utf-8?Q?Dana_=3Cdana=40acme.example=3E?=", ""},
		{"From: =?utf-8?Q?Dana_=3Cdana=40acme.example=3E?= <evil@bad.example>", "evil@bad.example"},
		{"From: \"dana\"@acme.example", ""},
		{"From: <\"da na\"@acme.example>", ""},
		{"From: dana\\@acme.example", ""},
		{"From: \"Da\\na\" <dana@acme.example>", ""},
		{"From: \"<dana@acme.example>\\\"\" <evil@bad.example>", ""},
		{"From: dana@acme.example (a \\) b)", ""},
		{"From: dana@acme.example (a) (b)", ""},
		{"From: (x) dana@acme.example", ""},
		{"From: da(x)na@acme.example", ""},
		{"From: dana@[192.0.2.1]", ""},
		{"From: dana@acme.example.", ""},
		{"From: dana@acme..example", ""},
		{"From: .dana@acme.example", ""},
		{"From: da..na@acme.example", ""},
		{"From: dana@@acme.example", ""},
		{"From: dana@evil.example@acme.example", ""},
		{"From: dana @acme.example", ""},
		{"From: < dana@acme.example >", ""},
		{"From: dana@аcme.example", ""},
		{"From: dаna@acme.example", ""},
		{"From: dana@acme.example\x00", ""},
		{"From: da\x00na@acme.example", ""},
		{"From: Dana\rBcc: x <dana@acme.example>", ""},
		{"From: Da\x00na <dana@acme.example>", ""},
		{"From: Da\x1bna <dana@acme.example>", ""},
		{"From: dana@acme.example (Da\x0bna)", ""},
		{"From: Evil dana@acme.example", ""},
		{"From: \"Evil\" dana@acme.example", ""},
		{"From: Dana\r\n \r\n <dana@acme.example>", ""},
		{"Subject: x\r\n \r\nFrom: dana@acme.example", ""},
		{" From: dana@acme.example", ""},
		{"Sender: dana@acme.example\r\nReply-To: dana@acme.example", ""},
		{"Resent-From: dana@acme.example", ""},
		{"From: " + strings.Repeat("a", 65) + "@acme.example", ""},
		{"From: dana@" + strings.Repeat("a.", 130) + "example", ""},
		{"From: dana@-acme.example", ""},
	} {
		m := Read([]byte(c.head+"\r\nTo: shop@acme.example\r\n\r\napprove\r\n"), Options{})
		if m.From.Address != c.want {
			t.Errorf("%q: %q, want %q", c.head, m.From.Address, c.want)
		}
		if c.want == "" && len(m.Problems) == 0 {
			t.Errorf("%q: nobody, and no problem says why", c.head)
		}
		if h := ReadHead([]byte(c.head+"\r\n\r\n"), Options{}); h.From != c.want {
			t.Errorf("%q: head %q, want %q", c.head, h.From, c.want)
		}
	}
}

func TestDisplayNamesAreTamed(t *testing.T) {
	for in, want := range map[string]string{
		"From: =?utf-8?Q?Dana=0ABcc=3A_x?= <d@x.example>":  "Dana Bcc: x",
		"From: =?utf-8?Q?=E2=80=AEanaD?= <d@x.example>":    "anaD",
		"From: =?iso-8859-1?Q?D=E1na?= <d@x.example>":      "Dána",
		"From: =?utf-8?B?RGFuYSBTbWl0aA==?= <d@x.example>": "Dana Smith",
		"From: =?utf-7?Q?+AEQ-ana?= <d@x.example>":         "=?utf-7?Q?+AEQ-ana?=",
		"From: =?gb2312?B?1cXI/Q==?= <d@x.example>":        "张三",
		"From: \"D\u200bana\" <d@x.example>":               "Dana",
	} {
		if m := Read([]byte(in+"\n\nhi\n"), Options{}); m.From.Name != want {
			t.Errorf("%s: %q, want %q", in, m.From.Name, want)
		}
	}
}

func TestTags(t *testing.T) {
	const tok = "abcdefghijklmnop"
	teams := []string{"shop@acme.example", "shop-eu@acme.example"}
	for _, c := range []struct {
		head  string
		teams []string
		want  Tag
	}{
		{"To: shop@acme.example", teams, Tag{Team: "shop@acme.example"}},
		{"To: Shop <SHOP@ACME.example>", teams, Tag{Team: "shop@acme.example"}},
		{"To: shop+web@acme.example", teams, Tag{Team: "shop@acme.example", Stream: "web"}},
		{"To: shop+WEB@acme.example", teams, Tag{Team: "shop@acme.example", Stream: "web"}},
		{"To: shop-web@acme.example", teams, Tag{Team: "shop@acme.example", Stream: "web"}},
		{"To: shop-eu@acme.example", teams, Tag{Team: "shop-eu@acme.example"}},
		{"To: shop-eu-web@acme.example", teams, Tag{Team: "shop-eu@acme.example", Stream: "web"}},
		{"To: shop+t42." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "t42", tok}},
		{"To: shop+T42R1." + strings.ToUpper(tok) + "@ACME.EXAMPLE", teams, Tag{"shop@acme.example", "", "t42r1", tok}},
		{"To: shop-t42r1." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "t42r1", tok}},
		{"To: shop_me." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "me", tok}},
		{"To: shop=c17." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "c17", tok}},
		{"To: shop.b99." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "b99", tok}},
		{"To: shop-t42-" + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "t42", tok}},
		{"To: shop+t42.short@acme.example", teams, Tag{Team: "shop@acme.example", Ref: "t42"}},
		{"To: dana@acme.example\nCc: shop+t42." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "t42", tok}},
		{"To: shop@acme.example\nDelivered-To: shop+t42." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "t42", tok}},
		{"To: shop@acme.example\nX-Original-To: shop+me." + tok + "@acme.example", teams, Tag{"shop@acme.example", "", "me", tok}},
		{"To: x@y.example\nEnvelope-To: shop+web@acme.example", teams, Tag{Team: "shop@acme.example", Stream: "web"}},
		{"To: shop+web@acme.example.evil", teams, Tag{}},
		{"To: notshop@acme.example", teams, Tag{}},
		{"To: shopping@acme.example", teams, Tag{}},
		{"To: \"shop@acme.example\" <x@y.example>", teams, Tag{}},
		{"To: shop+t42." + tok + "@acme.example", nil, Tag{"shop@acme.example", "", "t42", tok}},
		{"To: shop-t42r3." + tok + "@acme.example", nil, Tag{"shop@acme.example", "", "t42r3", tok}},
		{"To: shop+web@acme.example", nil, Tag{Team: "shop@acme.example", Stream: "web"}},
		{"To: shop@acme.example", nil, Tag{}},
		{"To: =?utf-8?Q?a?= <shop+web@acme.example>, <dana@acme.example>", teams, Tag{Team: "shop@acme.example", Stream: "web"}},
	} {
		m := Read([]byte("From: d@x.example\n"+c.head+"\n\nhi\n"), Options{Teams: c.teams})
		if m.Address != c.want {
			t.Errorf("%s: %+v, want %+v", c.head, m.Address, c.want)
		}
	}
}

func TestThreadIDs(t *testing.T) {
	raw := []byte("From: d@x.example\nIn-Reply-To: <t42r1.abcdefghijklmnop.17@gp.example>\nReferences: <a@b>\n <t42.abcdefghijklmnop.3@gp.example> <me.abcdefghijklmnop.5@gp.example>\n <t42r1.abcdefghijklmnop.17@gp.example> <t1.tooshort.2@gp.example> <t2.abcdefghijklmnop.9@evil.example>\nSubject: Re: [#42] x\n\nhi\n")
	m := Read(raw, Options{Hosts: []string{"GP.example"}})
	var got []string
	for _, id := range m.IDs {
		got = append(got, id.ID)
	}
	want := "t42r1.abcdefghijklmnop.17@gp.example me.abcdefghijklmnop.5@gp.example t42.abcdefghijklmnop.3@gp.example"
	if strings.Join(got, " ") != want {
		t.Errorf("ids %v", got)
	}
	if m.IDs[0].Serial != 17 || m.IDs[0].Ref != "t42r1" || m.Number != 42 || m.InReplyTo != m.IDs[0].ID {
		t.Errorf("%+v number %d", m.IDs[0], m.Number)
	}
	h := ReadHead(raw, Options{})
	if h.Replies[0] != m.InReplyTo || h.Replies[len(h.Replies)-1] != "a@b" || len(h.IDs) != 4 {
		t.Errorf("head %+v", h)
	}
}

func TestFingerprint(t *testing.T) {
	a := "Message-ID: <1@x>\r\nFrom: d@x.example\r\nTo: a@b\r\nSubject: a\r\n b\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nhello\r\nworld\r\n"
	b := "Return-Path: <d@x.example>\nDelivered-To: q@b\nReceived: from x by y; Mon, 2 Mar 2026 10:00:05 +0000\nX-Spam: no\nMessage-ID: <1@x>\nFrom: d@x.example\nTo: a@b\nSubject: a b\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\nhello\nworld\n"
	if Fingerprint([]byte(a)) != Fingerprint([]byte(b)) {
		t.Error("one mail by two ways is not known again")
	}
	for _, other := range []string{strings.Replace(a, "world", "World", 1), strings.Replace(a, "<1@x>", "<2@x>", 1), strings.Replace(a, "To: a@b", "To: c@b", 1), strings.Replace(a, "Subject: a", "Subject: c", 1)} {
		if Fingerprint([]byte(a)) == Fingerprint([]byte(other)) {
			t.Errorf("another mail has the same fingerprint:\n%s", other)
		}
	}
}
