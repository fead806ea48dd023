package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// provider is what is known of a house that keeps mailboxes for many: where
// its servers are, and what its customers stumble over.
type provider struct {
	name       string   // as --provider and the question take it
	title      string   // as it is called in sentences
	domains    []string // of addresses that are always there
	mx         []string // what the names of its mail exchangers end in, for domains of its customers
	imap, smtp endpoint
	authservID string   // of its Authentication-Results, where it is one and the same for all
	limit      string   // how many letters it takes a day, as it says itself; "": it names none
	notes      []string // what to do there first, one sentence each
	oauth      bool     // it gives access tokens, and the config knows where
	onlyOAuth  bool     // it takes no passwords
}

// endpoint is where a server listens; port 0 is the usual one of its TLS mode.
type endpoint struct {
	host string
	port int
	tls  string // "": implicit
}

var providers = []provider{
	{
		name: "google", title: "Google Workspace or Gmail",
		domains: []string{"gmail.com", "googlemail.com"}, mx: []string{".google.com", ".googlemail.com"},
		imap: endpoint{host: "imap.gmail.com"}, smtp: endpoint{host: "smtp.gmail.com"},
		authservID: "mx.google.com",
		limit:      "2,000 letters a day in Workspace, 500 at gmail.com",
		oauth:      true,
		notes: []string{
			"The password is an app password of 16 letters; it can be made once 2-step verification is on for this account.",
			"Letters leave under the address that logs in, unless the team's address is one of its \"Send mail as\" addresses.",
		},
	},
	{
		name: "microsoft", title: "Microsoft 365 or Outlook.com",
		domains: []string{"outlook.com", "hotmail.com", "live.com", "msn.com"}, mx: []string{".mail.protection.outlook.com", ".mx.microsoft"},
		imap: endpoint{host: "outlook.office365.com"}, smtp: endpoint{host: "smtp.office365.com", port: 587, tls: tlsStart},
		limit: "10,000 recipients a day and 30 letters a minute",
		oauth: true, onlyOAuth: true,
		notes: []string{"It takes no passwords, only OAuth 2: an application is registered there first (docs/setup-microsoft.md), and \"gatepost login\" asks for consent."},
	},
	{
		name: "fastmail", title: "Fastmail",
		domains: []string{"fastmail.com", "fastmail.fm"}, mx: []string{".messagingengine.com"},
		imap: endpoint{host: "imap.fastmail.com"}, smtp: endpoint{host: "smtp.fastmail.com"},
		notes: []string{"The password is an app password with access to IMAP and SMTP (Settings, Privacy & Security)."},
	},
	{
		name: "icloud", title: "iCloud Mail",
		domains: []string{"icloud.com", "me.com", "mac.com"}, mx: []string{".mail.icloud.com"},
		imap: endpoint{host: "imap.mail.me.com"}, smtp: endpoint{host: "smtp.mail.me.com", port: 587, tls: tlsStart},
		limit: "1,000 letters a day",
		notes: []string{"The password is an app-specific password, made at account.apple.com."},
	},
	{
		name: "mailbox.org", title: "mailbox.org",
		domains: []string{"mailbox.org"}, mx: []string{".mailbox.org"},
		imap: endpoint{host: "imap.mailbox.org"}, smtp: endpoint{host: "smtp.mailbox.org"},
	},
	{
		name: "posteo", title: "Posteo",
		domains: []string{"posteo.de", "posteo.net"}, mx: []string{".posteo.de"},
		imap: endpoint{host: "posteo.de"}, smtp: endpoint{host: "posteo.de"},
	},
	{
		name: "migadu", title: "Migadu",
		mx:   []string{".migadu.com"},
		imap: endpoint{host: "imap.migadu.com"}, smtp: endpoint{host: "smtp.migadu.com"},
	},
}

func providerNames() []string {
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = p.name
	}
	return names
}

// providerNamed is nil for a name that is not in the table.
func providerNamed(name string) *provider {
	for i := range providers {
		if strings.EqualFold(providers[i].name, strings.TrimSpace(name)) {
			return &providers[i]
		}
	}
	return nil
}

// providerAt is the provider whose server this is, nil if it is nobody's known.
func providerAt(host string) *provider {
	for i := range providers {
		if strings.EqualFold(host, providers[i].imap.host) || strings.EqualFold(host, providers[i].smtp.host) {
			return &providers[i]
		}
	}
	return nil
}

// mxWait is how long init waits for the name service.
const mxWait = 5 * time.Second

// lookupMX names the mail exchangers of a domain, as net.Resolver does.
type lookupMX func(ctx context.Context, domain string) ([]*net.MX, error)

// providerOf finds out where an address has its mailbox: by its domain, else
// by the exchangers that its mail goes to. why says which; nil is not known.
func providerOf(ctx context.Context, address string, lookup lookupMX) (p *provider, why string) {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	for i := range providers {
		if slices.Contains(providers[i].domains, domain) {
			return &providers[i], "all of " + domain + " is there"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, mxWait)
	defer cancel()
	found, err := lookup(ctx, domain)
	if err != nil {
		return nil, ""
	}
	for _, mx := range found {
		host := "." + strings.TrimSuffix(strings.ToLower(mx.Host), ".")
		for i := range providers {
			for _, end := range providers[i].mx {
				if strings.HasSuffix(host, end) {
					return &providers[i], fmt.Sprintf("mail to %s goes to %s", domain, host[1:])
				}
			}
		}
	}
	return nil, ""
}
