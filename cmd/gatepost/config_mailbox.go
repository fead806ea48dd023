package main

import (
	"fmt"
	"net/url"
	"reflect"

	"gatepost/loop"
)

// mailboxConfig is a mailbox that is read, and the teams whose mail comes into
// it. A team has one mailbox; several may share one.
type mailboxConfig struct {
	*imapConfig
	Teams []*loop.Team
}

// senderConfig is a way that letters go out, and the teams whose letters do.
type senderConfig struct {
	*smtpConfig
	Teams []*loop.Team
}

// server is the part that both kinds of mail server have; nil if there is none.
func (c *imapConfig) server() *serverConfig {
	if c == nil {
		return nil
	}
	return &c.serverConfig
}

// source names a mailbox so that no other one has the name: account, server
// and folder as a URL (RFC 5092). A usual port is left out, as the change from
// 143 to 993 leads to the same mailbox.
func (c *imapConfig) source() string {
	u := url.URL{Scheme: "imap", User: url.User(c.User), Host: c.Host, Path: "/" + c.Mailbox}
	if c.Port != 143 && c.Port != 993 {
		u.Host = c.Addr()
	}
	return u.String()
}

// servers reads the mail servers of the top and of each team, and gathers
// every mailbox and every sender once. needed wants each team to have both.
func (r *configReader) servers(file *configFile, needed bool) {
	c := r.config
	top := map[string]bool{} // [imap] and [smtp] that some team depends on
	for i := range c.Teams {
		for _, table := range []string{"imap", "smtp"} {
			top[table] = top[table] || !r.has(fmt.Sprintf("team.%d.%s", i, table))
		}
	}
	var first *loop.Team
	if len(c.Teams) > 0 {
		first = c.Teams[0]
	}
	c.IMAP = r.imap("imap", &file.IMAP, needed && (top["imap"] || first == nil))
	r.shared = c.IMAP.server()
	c.SMTP = r.smtp("smtp", &file.SMTP, needed && (top["smtp"] || first == nil), first)
	for i, team := range c.Teams {
		in, out := c.IMAP, c.SMTP
		own := fmt.Sprintf("team.%d", i)
		if at := own + ".imap"; r.has(at) {
			r.shared = nil
			in = r.imap(at, &file.Team[i].IMAP, needed)
		}
		if at := own + ".smtp"; r.has(at) {
			r.shared = in.server()
			out = r.smtp(at, &file.Team[i].SMTP, needed, team)
		}
		if in != nil {
			r.mailbox(own+".imap", in, team)
		}
		if out != nil {
			c.sender(out, team)
		}
	}
	for _, a := range c.Mailboxes {
		for _, b := range c.Mailboxes {
			if a != b && a.FileAway != "" && a.FileAway == b.Mailbox && a.Addr() == b.Addr() && a.User == b.User {
				r.mark("imap.file_away", "file_away %q of team %q is the mailbox of team %q: its mail would be read again there: name another one", a.FileAway, a.Teams[0].Name, b.Teams[0].Name)
			}
		}
	}
}

// mailbox gives a team its mailbox, which another team may read as well.
func (r *configReader) mailbox(at string, in *imapConfig, team *loop.Team) {
	for _, m := range r.config.Mailboxes {
		if m.source() != in.source() {
			continue
		}
		if !reflect.DeepEqual(m.imapConfig, in) {
			r.mark(at, "team %q: [team.imap] reads the same mailbox as team %q with other settings: make them equal, or leave the table out",
				team.Name, m.Teams[0].Name)
		}
		m.Teams = append(m.Teams, team)
		return
	}
	r.config.Mailboxes = append(r.config.Mailboxes, &mailboxConfig{in, []*loop.Team{team}})
}

func (c *Config) sender(out *smtpConfig, team *loop.Team) {
	for _, s := range c.Senders {
		if reflect.DeepEqual(s.smtpConfig, out) {
			s.Teams = append(s.Teams, team)
			return
		}
	}
	c.Senders = append(c.Senders, &senderConfig{out, []*loop.Team{team}})
}

// senderOf is the sender of a team, nil if the config has none.
func (c *Config) senderOf(team *loop.Team) *senderConfig {
	for _, s := range c.Senders {
		for _, t := range s.Teams {
			if t == team {
				return s
			}
		}
	}
	return nil
}

// hosts are the hosts of our Message-IDs.
func (c *Config) hosts() (list []string) {
	for _, s := range c.Senders {
		if s.FromHost != "" {
			list = append(list, s.FromHost)
		}
	}
	return list
}

// parts are the config once for each pair of mailbox and sender, with the teams
// that have it as their only ones.
func (c *Config) parts() (list []*Config) {
	for _, m := range c.Mailboxes {
		for _, s := range c.Senders {
			part := *c
			part.IMAP, part.SMTP, part.Teams = m.imapConfig, s.smtpConfig, nil
			for _, t := range m.Teams {
				if c.senderOf(t) == s {
					part.Teams = append(part.Teams, t)
				}
			}
			if len(part.Teams) > 0 {
				list = append(list, &part)
			}
		}
	}
	return list
}
