package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatepost/store"
)

// secretLength is the least number of bytes of a secret: those of the HMAC
// that it keys.
const secretLength = 32

// newSecret makes the content of a secret file, without the newline.
func newSecret() string {
	b := make([]byte, secretLength)
	rand.Read(b) // never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(b)
}

// readSecret reads the key that tokens are made with: the file's content
// without the final newline. Nothing of it stands in an error.
func readSecret(file string) ([]byte, error) {
	remedy := "put it back from where it is kept. For a first start, gatepost init --database makes it and the database; if it was lost, a new one voids every address in letters so far: head -c 32 /dev/urandom | base64 >" + file + "; chmod 600 " + file
	content, err := readPrivate("secret", file, remedy)
	if err != nil {
		return nil, err
	}
	secret := strings.TrimSuffix(string(content), "\n")
	if len(secret) < secretLength {
		return nil, fmt.Errorf("secret %q has %d bytes, want %d random ones or more: %s", file, len(secret), secretLength, remedy)
	}
	return []byte(secret), nil
}

// passwordSource is where a password comes from: a file or a variable. It is
// read at each login, so that a changed password needs no restart.
type passwordSource struct {
	file, env string
	what      string // "": password
}

// Read the password. Nothing of it stands in an error.
func (p passwordSource) Read() (string, error) {
	what := or(p.what, "password")
	password, from := os.Getenv(p.env), "environment variable "+p.env
	if p.file != "" {
		content, err := readPrivate(what+" file", p.file, "write the "+what+" into it and chmod 600 "+p.file)
		if err != nil {
			return "", err
		}
		password, from = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"), fmt.Sprintf("%s file %q", what, p.file)
	}
	if password == "" {
		return "", fmt.Errorf("%s is empty: put the %s there", from, what)
	}
	if strings.ContainsAny(password, "\r\n\x00") {
		return "", fmt.Errorf("%s holds more than one line: put the %s there alone", from, what)
	}
	return password, nil
}

// credentials begins the name of a file that systemd hands to the service
// (LoadCredential=), in a folder that is named by this variable and that nobody
// else can look into, whatever the modes say.
const credentials = "$CREDENTIALS_DIRECTORY/"

// credential is the path of such a file.
func credential(what, name string) (string, error) {
	rest := strings.TrimPrefix(name, credentials)
	if !filepath.IsLocal(rest) {
		return "", fmt.Errorf("%s %q: want the name of a credential after %s", what, name, credentials)
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", fmt.Errorf("%s %q: systemd hands it to the service alone, by LoadCredential=%s:/a/file in its unit; elsewhere set CREDENTIALS_DIRECTORY to a folder with it", what, name, rest)
	}
	return filepath.Join(dir, rest), nil
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(what, file, remedy string) ([]byte, error) {
	handed := strings.HasPrefix(file, credentials)
	if handed {
		path, err := credential(what, file)
		if err != nil {
			return nil, err
		}
		file = path
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s %q does not exist: %s", what, file, remedy)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: let the user that runs gatepost read it", what, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s %q is not a file: name a file", what, file)
	case info.Mode().Perm()&0o077 != 0 && !handed: // its access list shows as a group's right
		return nil, fmt.Errorf("%s %q can be read or changed by others (mode %04o): chmod 600 %s", what, file, info.Mode().Perm(), file)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: let the user that runs gatepost read it", what, err)
	}
	return content, nil
}

// strangeSecret tells that the newest letter to somebody of a team was written
// with a secret that the config does not have: replies to the letters so far will
// be held. "" if all is well, or there is no such letter among the last.
func strangeSecret(ctx context.Context, cfg *Config, db *store.DB) string {
	sent, err := db.Outbox(ctx, store.PostFilter{State: store.PostSent, Limit: 50})
	if err != nil {
		return "" // whatever is wrong with the database, others say it
	}
	teams := teamsByAddress(cfg.Teams)
	for _, p := range slices.Backward(sent) {
		local, _, _ := strings.Cut(p.MessageID, "@")
		parts := strings.Split(local, ".") // ref.token.serial; a letter to nobody of the team has no token
		t := teams[p.Letter.Team]
		if t == nil || len(parts) != 3 {
			continue
		}
		if who := t.Person(p.Letter.To); who == nil || who.Key() != p.Letter.To {
			continue
		}
		if t.Holds(parts[1], parts[0], p.Letter.To) {
			return ""
		}
		return fmt.Sprintf("the letters of team %s so far carry another secret than %s: replies to them will be held. Put the right one back, or name it in old under [secret]", t.Name, filepath.Base(cfg.Secret.File))
	}
	return ""
}
