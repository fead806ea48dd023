package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// kept is the content of a token file.
type kept struct {
	Client  string    `json:"client_id"` // whose tokens these are
	Scopes  []string  `json:"scopes,omitempty"`
	Granted time.Time `json:"granted"` // when a person said yes

	Refresh    string    `json:"refresh_token,omitempty"`
	RefreshEnd time.Time `json:"refresh_expiry,omitzero"` // zero: the server does not say
	Access     string    `json:"access_token"`
	Got        time.Time `json:"obtained"`
	End        time.Time `json:"expiry,omitzero"` // zero: the server does not say

	// Set when the server first would not give a new access token for good,
	// cleared by the next one.
	Refused    time.Time `json:"refused,omitzero"`
	RefusedWhy string    `json:"refused_why,omitempty"`
}

// fileMode is that of a token file: whoever reads it reads the mailbox.
const fileMode = 0o600

// read the file; an error wraps ErrGrant where a login mends it.
func (g *Grant) read() (*kept, error) {
	info, err := os.Stat(g.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noGrant("token file %q does not exist: make it with `gatepost login`", g.File)
	case err != nil:
		return nil, fmt.Errorf("token file: %w: let the user that runs gatepost read it", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("token file %q is not a file: name a file", g.File)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("token file %q can be read or changed by others (mode %04o): chmod 600 %s", g.File, info.Mode().Perm(), g.File)
	}
	content, err := os.ReadFile(g.File)
	if err != nil {
		return nil, fmt.Errorf("token file: %w: let the user that runs gatepost read it", err)
	}
	k := &kept{}
	if err := json.Unmarshal(content, k); err != nil || k.Access == "" && k.Refresh == "" {
		return nil, noGrant("token file %q holds no tokens: make it anew with `gatepost login`", g.File)
	}
	if k.Client != g.Client.ID {
		return nil, noGrant("token file %q is of another client_id: make it anew with `gatepost login`", g.File)
	}
	return k, nil
}

// reserve is room for a token file: what an access token of a large directory
// takes, and more.
const reserve = 16 << 10

// draft is a token file in the making. It is opened and given room before the
// server is asked, so that a rotated refresh token is not lost to a full disk
// or a folder that cannot be written.
type draft struct {
	f    *os.File
	name string
}

// newDraft opens it beside the file that it will replace.
func newDraft(file string) (*draft, error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".token-*") // mode 0600
	if err == nil {
		d := &draft{f, file}
		if err = own(f); err != nil {
			d.drop()
			return nil, fmt.Errorf("token file %q: %w", file, err)
		}
		if _, err = f.Write(make([]byte, reserve)); err == nil {
			err = f.Sync()
		}
		if err == nil {
			return d, nil
		}
		d.drop()
	}
	return nil, fmt.Errorf("token file %q cannot be written: %w: let the user that runs gatepost write in its folder, and see that there is room", file, err)
}

// own gives a new file to the owner of its folder where root makes it, by
// `sudo gatepost login` or check: the service that needs it does not run as
// root.
func own(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// put the content in the place of the file, durably and at once.
func (d *draft) put(k *kept) error {
	content, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	content = append(content, '\n')
	if _, err = d.f.WriteAt(content, 0); err == nil {
		err = d.f.Truncate(int64(len(content)))
	}
	if err == nil {
		err = d.f.Chmod(fileMode)
	}
	if err == nil {
		err = d.f.Sync()
	}
	if err == nil {
		err = os.Rename(d.f.Name(), d.name)
	}
	if err != nil {
		return fmt.Errorf("write token file %q: %w", d.name, err)
	}
	dir, err := os.Open(filepath.Dir(d.name))
	if err != nil {
		return fmt.Errorf("write token file %q: %w", d.name, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("write token file %q: %w", d.name, err)
	}
	return nil
}

// drop closes the draft, and removes it unless it was put.
func (d *draft) drop() {
	os.Remove(d.f.Name()) // after a rename there is none
	d.f.Close()
}

// lockPoll is how often a lock that another process has is tried again.
const lockPoll = 50 * time.Millisecond

// lock waits until this is the only process, and the only goroutine, that
// changes the file.
func (g *Grant) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(g.File+".lock", os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, fmt.Errorf("lock of the token file: %w: let the user that runs gatepost write in its folder", err)
	}
	if err := own(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock of the token file: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock of the token file %q: %w", g.File, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock of the token file %q: %w", g.File, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}
