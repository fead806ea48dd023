package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"slices"
	"strings"
	"time"
)

// fill puts what is known of the provider into what is not given.
func (a *initAnswers) fill() error {
	if a.provider != "" {
		if a.known = providerNamed(a.provider); a.known == nil {
			return fmt.Errorf("provider %q is not known here: give --imap-host and --smtp-host, or one of %s", a.provider, strings.Join(providerNames(), ", "))
		}
		a.imap.or(a.known.imap)
		a.smtp.or(a.known.smtp)
	} else {
		a.known = providerAt(a.imap.host)
	}
	if a.client.ClientID != "" {
		if a.known == nil || !a.known.oauth {
			return errors.New("--client-id: only google and microsoft are known to give access by it: for another one make the config with --password-env, and write [imap.oauth] in its place")
		}
		a.client.Provider = a.known.name
		if _, domain, _ := strings.Cut(a.address, "@"); a.known.name == "microsoft" && !slices.Contains(a.known.domains, domain) {
			a.client.Tenant = or(a.client.Tenant, domain)
		}
	}
	if a.smtp.host == "" {
		a.smtp.host = a.imap.host
	}
	if local, _, ok := strings.Cut(a.address, "@"); a.team == "" && ok && local != "" {
		a.team = strings.ToUpper(local[:1]) + local[1:]
	}
	return nil
}

// or takes from standard what e leaves open; a host of its own has ports of
// its own.
func (e *endpoint) or(standard endpoint) {
	if e.host == "" {
		e.host = standard.host
		if e.port == 0 {
			e.port = standard.port
		}
		e.tls = or(e.tls, standard.tls)
	}
}

// missing names the flags without which there is no config.
func (a *initAnswers) missing() []string {
	var names []string
	access, given := "--password-file or --password-env", a.passwordFile+a.passwordEnv+a.password
	switch {
	case a.client.ClientID != "" && a.known != nil && a.known.name == "google":
		access, given = "--client-secret-file", a.client.ClientSecretFile+a.secret
	case a.client.ClientID != "":
		given = a.client.ClientID
	case a.known != nil && a.known.onlyOAuth:
		access, given = "--client-id ("+a.known.title+" takes no passwords)", ""
	}
	for _, f := range []struct{ name, value string }{
		{"--address", a.address}, {"--timezone", a.timezone}, {"--provider or --imap-host", a.imap.host},
		{access, given}, {"--pm", a.pm}, {"--stream", strings.Join(a.streams, "")},
	} {
		if f.value == "" {
			names = append(names, f.name)
		}
	}
	return names
}

// asker asks on a terminal until the answer can be used.
type asker struct {
	in     *bufio.Reader
	out    io.Writer
	lookup lookupMX
	zone   string                 // offered as the time zone; "": none
	hidden func() (string, error) // reads a line without showing it
}

// all asks for what no flag gave: five questions, and one more where the
// address does not say who keeps the mailbox.
func (k *asker) all(ctx context.Context, a *initAnswers) error {
	if err := k.ask(&a.address, "The team's own mail address, as shop@acme.example", checkAddress); err != nil {
		return err
	}
	if err := k.where(ctx, a); err != nil {
		return err
	}
	if a.passwordFile == "" && a.passwordEnv == "" && a.client.ClientID == "" {
		if err := k.access(a); err != nil {
			return err
		}
	}
	zone, check := "Its time zone, as Europe/Berlin", checkZone
	if k.zone != "" && a.timezone == "" {
		zone = "Its time zone (empty: " + k.zone + ")"
		check = func(s string) error { return checkZone(or(s, k.zone)) }
	}
	if err := k.ask(&a.timezone, zone, check); err != nil {
		return err
	}
	a.timezone = or(a.timezone, k.zone)
	if err := k.ask(&a.pm, "The PM, as Priya Nair <priya@acme.example>", checkPerson); err != nil {
		return err
	}
	var stream string
	if len(a.streams) > 0 {
		return nil
	}
	err := k.ask(&stream, "The first stream and its engineer, as web=Dana Roy <dana@acme.example>", checkStream)
	a.streams = append(a.streams, stream)
	return err
}

// where finds out who keeps the mailbox, or asks.
func (k *asker) where(ctx context.Context, a *initAnswers) error {
	if a.imap.host != "" || a.provider != "" {
		return a.fill()
	}
	if p, why := providerOf(ctx, a.address, k.lookup); p != nil {
		fmt.Fprintf(k.out, "  %s (%s)\n", p.title, why)
		a.provider = p.name
		return a.fill()
	}
	var answer string
	err := k.ask(&answer, "Its mail server, as mail.acme.example; or one of "+strings.Join(providerNames(), ", "), func(s string) error {
		if providerNamed(s) != nil {
			return nil
		}
		return checkHost(s)
	})
	if err != nil {
		return err
	}
	if p := providerNamed(answer); p != nil {
		a.provider = p.name
	} else {
		a.imap.host = answer
	}
	return a.fill()
}

// access asks for the password, or for what stands in its place: at some
// providers there may be, or must be, OAuth 2.
func (k *asker) access(a *initAnswers) error {
	oauth := a.known != nil && a.known.oauth
	if a.known != nil {
		for _, note := range a.known.notes {
			fmt.Fprintf(k.out, "  %s\n", note)
		}
	}
	for a.known == nil || !a.known.onlyOAuth {
		question := "Password of " + or(a.user, a.address) + " there (not shown"
		if oauth {
			question += "; empty: OAuth 2 instead"
		}
		password, err := k.secret(question + ")")
		if err != nil {
			return err
		}
		if a.known != nil && a.known.name == "google" { // shows app passwords in groups of four, which are not part of it
			password = strings.ReplaceAll(password, " ", "")
		}
		if a.password = password; password != "" {
			return nil
		}
		if oauth {
			break
		}
	}
	if err := k.ask(&a.client.ClientID, "The client id of the application that is registered there (docs/setup-"+a.known.name+".md)", checkClientID); err != nil {
		return err
	}
	for a.known.name == "google" && a.secret == "" {
		var err error
		if a.secret, err = k.secret("The client's secret (not shown)"); err != nil {
			return err
		}
	}
	return a.fill()
}

// secret asks for a line that is not shown.
func (k *asker) secret(question string) (string, error) {
	fmt.Fprintf(k.out, "%s: ", question)
	line, err := k.hidden()
	fmt.Fprintln(k.out)
	if err != nil {
		return "", fmt.Errorf("read what is not shown: %w", err)
	}
	return strings.TrimSpace(line), nil
}

func checkClientID(s string) error {
	if s == "" || strings.ContainsAny(s, " @") {
		return fmt.Errorf("client id %q: want the one that the provider shows of the application", s)
	}
	return nil
}

// hostZone is the time zone that this machine is set to, "" where it is none
// that a team would have.
func hostZone() string {
	name := os.Getenv("TZ")
	if name == "" {
		if target, err := os.Readlink("/etc/localtime"); err == nil {
			_, name, _ = strings.Cut(target, "zoneinfo/")
		}
	}
	if checkZone(name) != nil || strings.HasSuffix(name, "UTC") {
		return ""
	}
	return name
}

// ask repeats the question until check is content; it asks nothing where a
// flag gave the answer.
func (k *asker) ask(to *string, question string, check func(string) error) error {
	for *to == "" {
		fmt.Fprintf(k.out, "%s: ", question)
		line, err := k.in.ReadString('\n')
		if err != nil && line == "" {
			return fmt.Errorf("%s: no answer: nothing was made: %w", question, err)
		}
		line = strings.TrimSpace(line)
		if err := check(line); err != nil {
			fmt.Fprintf(k.out, "  %v\n", err)
			continue
		}
		*to = line
		break
	}
	return nil
}

func checkZone(s string) error {
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return fmt.Errorf("time zone %q is not known: use a name of the IANA database, as Europe/Berlin", s)
	}
	return nil
}

func checkPerson(s string) error {
	_, err := readPerson(s)
	return err
}

func checkStream(s string) error {
	_, _, err := readStream(s)
	return err
}

// readPerson reads "Priya Nair <priya@acme.example>" or the bare address.
func readPerson(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err == nil {
		err = checkAddress(a.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("person %q: want a name and an address, as Priya Nair <priya@acme.example>", s)
	}
	if a.Name == "" {
		a.Name, _, _ = strings.Cut(a.Address, "@")
	}
	return a, nil
}

// readStream reads "web=Dana Roy <dana@acme.example>".
func readStream(s string) (name string, engineer *mail.Address, err error) {
	name, person, ok := strings.Cut(s, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return "", nil, fmt.Errorf("stream %q: want its name and its engineer, as web=Dana Roy <dana@acme.example>", s)
	}
	if engineer, err = readPerson(person); err != nil {
		return "", nil, fmt.Errorf("stream %q: %w", name, err)
	}
	return name, engineer, nil
}
