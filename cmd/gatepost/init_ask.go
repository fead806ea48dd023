package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"
)

// missing names the flags without which there is no config.
func (a *initAnswers) missing() []string {
	var names []string
	for _, f := range []struct{ name, value string }{
		{"--team", a.team}, {"--address", a.address}, {"--timezone", a.timezone}, {"--imap-host", a.imapHost}, {"--smtp-host", a.smtpHost},
		{"--password-file or --password-env", a.passwordFile + a.passwordEnv + a.password}, {"--pm", a.pm}, {"--stream", strings.Join(a.streams, "")},
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
	hidden func() (string, error) // reads a line without showing it
}

// all asks for what no flag gave.
func (k *asker) all(a *initAnswers) error {
	for _, q := range []struct {
		to       *string
		question string
		check    func(string) error
	}{
		{&a.team, "Name of the team, as Shop", notEmpty},
		{&a.address, "Its mail address, as shop@acme.example", checkAddress},
		{&a.timezone, "Its time zone, as Europe/Berlin", checkZone},
		{&a.imapHost, "IMAP server (TLS, port 993)", checkHost},
		{&a.smtpHost, "SMTP server (TLS, port 465)", checkHost},
	} {
		if err := k.ask(q.to, q.question, q.check); err != nil {
			return err
		}
	}
	if a.user == "" {
		if err := k.ask(&a.user, "Login name there (empty: "+a.address+")", func(string) error { return nil }); err != nil {
			return err
		}
	}
	if a.passwordFile == "" && a.passwordEnv == "" {
		fmt.Fprint(k.out, "Password there (not shown): ")
		password, err := k.hidden()
		fmt.Fprintln(k.out)
		if err != nil {
			return fmt.Errorf("read password: %w", err)
		}
		a.password = password
	}
	if err := k.ask(&a.pm, "The PM, as Priya Nair <priya@acme.example>", checkPerson); err != nil {
		return err
	}
	for again := len(a.streams) == 0; again; {
		question, check := "A stream and its engineer, as web=Dana Roy <dana@acme.example>", checkStream
		if len(a.streams) > 0 {
			question, check = "One more stream (empty: no)", func(s string) error {
				if s == "" {
					return nil
				}
				return checkStream(s)
			}
		}
		var s string
		if err := k.ask(&s, question, check); err != nil {
			return err
		}
		if again = s != ""; again {
			a.streams = append(a.streams, s)
		}
	}
	return nil
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

func notEmpty(s string) error {
	if s == "" {
		return errors.New("it cannot be empty")
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
