package main

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatepost/internal/authhouse"
	"gatepost/internal/fault"
	"gatepost/internal/loopmail"
	"gatepost/internal/story"
)

// imitation is how a provider's servers speak of themselves. What they say
// stands here as they say it; what they do is the mail house's.
type imitation struct {
	name          string
	mechanisms    []string
	before, after string // IMAP's capabilities, without and with a login
	noKeywords    bool
	smtp          []string // SMTP's answer to EHLO, after the name
	say           string   // of the line mailbox
	limit         string   // of the line limits
}

var imitations = []imitation{
	{
		name: "Gmail, OAuth", mechanisms: []string{"OAUTHBEARER", "XOAUTH2"},
		before: "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER",
		after:  "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584",
		smtp:   []string{"SIZE 35882577", "8BITMIME", "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH", "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8"},
		say:    "IDLE: mail is read at once; MOVE; keywords",
		limit:  "letters up to 34 MiB",
	},
	{
		name: "Gmail, app password", mechanisms: []string{"PLAIN"},
		before: "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER",
		after:  "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584",
		smtp:   []string{"SIZE 35882577", "8BITMIME", "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH", "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8"},
		say:    "IDLE: mail is read at once; MOVE; keywords",
		limit:  "letters up to 34 MiB",
	},
	{
		name: "Microsoft 365", mechanisms: []string{"XOAUTH2"}, noKeywords: true,
		before: "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
		after:  "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+",
		smtp:   []string{"SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "AUTH LOGIN XOAUTH2", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8"},
		say:    "IDLE: mail is read at once; MOVE; no keywords",
		limit:  "letters up to 150 MiB",
	},
	{
		name: "Fastmail", mechanisms: []string{"PLAIN"},
		before: "IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN AUTH=OAUTHBEARER SASL-IR",
		after:  "IMAP4rev1 LITERAL+ ID ENABLE ACL ANNOTATE-EXPERIMENT-1 BINARY CATENATE CHILDREN CONDSTORE ESEARCH ESORT LIST-EXTENDED LIST-STATUS MAILBOX-REFERRALS METADATA MOVE MULTIAPPEND NAMESPACE OBJECTID PREVIEW QRESYNC QUOTA RIGHTS=kxten SAVEDATE SEARCH=FUZZY SORT SPECIAL-USE THREAD=REFERENCES UIDPLUS UNSELECT WITHIN DIGEST=SHA1 XLIST IDLE",
		smtp:   []string{"PIPELINING", "SIZE 71000000", "ENHANCEDSTATUSCODES", "8BITMIME", "AUTH PLAIN LOGIN"},
		say:    "IDLE: mail is read at once; MOVE; keywords",
		limit:  "letters up to 67 MiB",
	},
	{
		name: "an old house", mechanisms: []string{"PLAIN"}, noKeywords: true,
		before: "IMAP4rev1",
		after:  "IMAP4rev1 UIDPLUS",
		smtp:   []string{"AUTH=LOGIN PLAIN", "AUTH LOGIN PLAIN"},
		say:    "no IDLE: mail is read at the next poll; UIDPLUS, without MOVE; no keywords",
		limit:  "it does not say how large a letter may be",
	},
}

var (
	capabilities = regexp.MustCompile(`CAPABILITY [^\]\r]*`)
	ehloLine     = regexp.MustCompile(`^250[- ]`)
)

// imitate stands before a server and puts the provider's words into its mouth.
func imitate(t *testing.T, target string, words func() func(line string) []string) string {
	t.Helper()
	s, err := fault.Script(func(client net.Conn) {
		server, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer server.Close()
		go func() {
			defer server.Close()
			_, _ = bufio.NewReader(client).WriteTo(server) // ends with either side
		}()
		say := words()
		for r := bufio.NewReader(server); ; {
			line, err := r.ReadString('\n')
			for _, l := range say(line) {
				if _, err := client.Write([]byte(l)); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Addr
}

func (i imitation) imap() func(string) []string {
	in := false
	return func(line string) []string {
		in = in || strings.Contains(line, "Logged in") || strings.Contains(line, "authentication successful")
		list := i.before
		if in {
			list = i.after
		}
		line = capabilities.ReplaceAllString(line, "CAPABILITY "+list)
		if i.noKeywords && strings.Contains(line, "PERMANENTFLAGS") {
			line = strings.NewReplacer(` \*`, "", `\*`, "").Replace(line)
		}
		return []string{line}
	}
}

func (i imitation) ehlo() func(string) []string {
	lines, done := 0, false
	return func(line string) []string {
		if done || !ehloLine.MatchString(line) {
			return []string{line}
		}
		if lines++; lines == 1 {
			return []string{"250-smtp.provider.example at your service\r\n"}
		}
		if line[3] == '-' {
			return nil
		}
		done = true
		var out []string
		for n, word := range i.smtp {
			sep := "-"
			if n == len(i.smtp)-1 {
				sep = " "
			}
			out = append(out, "250"+sep+word+"\r\n")
		}
		return out
	}
}

// A set-up with each of the big providers, as far as their servers' words can
// be imitated: check has nothing to say against it, and a task is read.
func TestCheckOnImitations(t *testing.T) {
	for _, i := range imitations {
		t.Run(i.name, func(t *testing.T) {
			a, err := authhouse.Start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(a.Close)
			a.User = story.Team
			r := newRigOn(t, loopmail.Config{Users: storyUsers(), Mechanisms: i.mechanisms, Bearer: a.Who})
			t.Chdir(r.dir)
			for table, addr := range map[string][2]string{
				"imap": {r.IMAPAddr, imitate(t, r.IMAPAddr, i.imap)}, "smtp": {r.SMTPAddr, imitate(t, r.SMTPAddr, i.ehlo)},
			} {
				_, was, _ := net.SplitHostPort(addr[0])
				_, is, _ := net.SplitHostPort(addr[1])
				if was == is {
					t.Fatal(table)
				}
				r.edit(t, "gatepost.toml", "port = "+was, "port = "+is)
			}
			if i.mechanisms[0] != "PLAIN" {
				for range 2 {
					r.edit(t, "gatepost.toml", "password_file = \"robot.pass\"\n", "")
				}
				r.edit(t, "gatepost.toml", "[store]", "[imap.oauth]\nclient_id = \""+a.ClientID+"\"\nscopes = [\"mail\"]\nauth_url = \""+a.URL+"/auth\"\ntoken_url = \""+a.URL+"/token\"\n[store]")
				if _, err := logIn(t); err != nil {
					t.Fatal(err)
				}
			}
			out, err := callCheck(t, &globals{config: filepath.Join(r.dir, "gatepost.toml")})
			if err != nil || !strings.Contains(out, i.say) || !strings.Contains(out, i.limit) || !strings.Contains(out, "ok   tags") {
				t.Errorf("%v\n%s", err, out)
			}
			r.task(t, "cart")
			commandOutput(t, "once", "--from-start")
			if n := len(r.Mailbox(story.Priya)); n == 0 {
				b, _ := os.ReadFile("gatepost.toml")
				t.Errorf("no letter was sent\n%s", b)
			}
		})
	}
}
