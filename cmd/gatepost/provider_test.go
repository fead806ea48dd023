package main

import (
	"context"
	"errors"
	"net"
	"testing"
)

func exchangers(hosts ...string) lookupMX {
	return func(context.Context, string) ([]*net.MX, error) {
		if len(hosts) == 0 {
			return nil, errors.New("no such host")
		}
		var list []*net.MX
		for _, h := range hosts {
			list = append(list, &net.MX{Host: h})
		}
		return list, nil
	}
}

func TestProviderOf(t *testing.T) {
	for _, c := range []struct {
		address string
		lookup  lookupMX
		want    string
	}{
		{"shop@gmail.com", exchangers(), "google"},
		{"shop@acme.example", exchangers("ASPMX.L.GOOGLE.COM.", "alt1.aspmx.l.google.com."), "google"},
		{"shop@acme.example", exchangers("acme-example.mail.protection.outlook.com."), "microsoft"},
		{"shop@acme.example", exchangers("mx.acme.example.", "in1-smtp.messagingengine.com."), "fastmail"},
		{"shop@acme.example", exchangers("notgoogle.com."), ""},
		{"shop@acme.example", exchangers("google.com.evil.example."), ""},
		{"shop@acme.example", exchangers(), ""},
	} {
		got := ""
		if p, why := providerOf(t.Context(), c.address, c.lookup); p != nil {
			if got = p.name; why == "" {
				t.Errorf("%s: %s without a reason", c.address, got)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.address, got, c.want)
		}
	}
}

// Every row of the table makes servers that a config can hold.
func TestProviders(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range providers {
		if seen[p.name] || providerNamed(p.name) == nil || providerAt(p.smtp.host) == nil {
			t.Errorf("%s cannot be found, or is there twice", p.name)
		}
		seen[p.name] = true
		for _, e := range []endpoint{p.imap, p.smtp} {
			if checkHost(e.host) != nil || ports["smtp"][or(e.tls, tlsImplicit)] == 0 {
				t.Errorf("%s: %+v", p.name, e)
			}
		}
	}
}
