package powercut

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mounted(t *testing.T) *Mount {
	t.Helper()
	m, err := NewMount(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func syncFolder(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Open(dir)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
}

// What was synced is there after a cut, whatever chance does; what was not is
// at times there, at times not, and at times something else.
func TestForgets(t *testing.T) {
	old, later := bytes.Repeat([]byte("o"), 4096), bytes.Repeat([]byte("n"), 4096)
	kept, lost, garbled, unnamed, shorter := 0, 0, 0, 0, 0
	for seed := range uint64(40) {
		m := mounted(t)
		name := filepath.Join(m.Dir, "a")
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		must(t, err)
		_, err = f.WriteAt(old, 0)
		must(t, err)
		must(t, f.Sync())
		syncFolder(t, m.Dir)
		_, err = f.WriteAt(later, 4096)
		must(t, err)
		_, err = f.WriteAt(later[:100], 50)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(m.Dir, "b"), later, 0o600))
		m.Cut()
		if _, err := f.WriteAt(later, 0); !errors.Is(err, syscall.EIO) {
			t.Fatalf("a write without power says %v", err)
		}
		f.Close()
		must(t, m.On(rand.New(rand.NewPCG(seed, 0))))
		got, err := os.ReadFile(name)
		must(t, err)
		if len(got) < len(old) || !bytes.Equal(got[:50], old[:50]) || !bytes.Equal(got[150:4096], old[150:]) {
			t.Fatalf("seed %d: bytes that were synced, or beside a write, are gone", seed)
		}
		switch tail := got[4096:]; {
		case bytes.Equal(tail, later):
			kept++
		case len(tail) == 0:
			lost++
		case len(bytes.Trim(tail, "n\x00")) > 0:
			garbled++
		default:
			shorter++
		}
		if _, err := os.Stat(filepath.Join(m.Dir, "b")); err != nil {
			unnamed++
		}
		must(t, m.Close())
	}
	if kept == 0 || garbled == 0 || shorter+lost == 0 || unnamed == 0 || unnamed == 40 {
		t.Errorf("of 40 cuts: kept %d, lost %d, in part %d, garbled %d, without a name %d", kept, lost, shorter, garbled, unnamed)
	}
}

// A file that is renamed over another has one of the two contents, and is
// whole, if it was synced before.
func TestRename(t *testing.T) {
	was, is := 0, 0
	for seed := range uint64(20) {
		m := mounted(t)
		a, b := filepath.Join(m.Dir, "a"), filepath.Join(m.Dir, "b")
		for name, content := range map[string]string{a: "old", b: "new"} {
			f, err := os.Create(name)
			must(t, err)
			_, err = f.WriteString(content)
			must(t, errors.Join(err, f.Sync(), f.Close()))
		}
		syncFolder(t, m.Dir)
		must(t, os.Rename(b, a))
		m.Cut()
		must(t, m.On(rand.New(rand.NewPCG(seed, 0))))
		got, err := os.ReadFile(a)
		must(t, err)
		_, other := os.Stat(b)
		switch {
		case string(got) == "old" && other == nil:
			was++
		case string(got) == "new" && os.IsNotExist(other):
			is++
		default:
			t.Errorf("seed %d: %q, and the other name: %v", seed, got, other)
		}
		must(t, m.Close())
	}
	if was == 0 || is == 0 {
		t.Errorf("%d times as before, %d times as after", was, is)
	}
}

// A seed leaves the same each time, so that a failed run can be played again.
func TestSeed(t *testing.T) {
	cut := func() map[string][]byte {
		d := NewDisk()
		for name := range 8 {
			f, _ := d.create(strconv.Itoa(name), 0o600)
			d.syncFolder()
			d.write(f, bytes.Repeat([]byte{'x'}, 20*sector), 0)
		}
		d.On(rand.New(rand.NewPCG(1, 0)))
		return d.Files()
	}
	want := cut()
	for range 20 {
		if got := cut(); !maps.EqualFunc(got, want, bytes.Equal) {
			t.Fatal("two cuts of one seed left different disks")
		}
	}
}

// The n-th operation is the last, and is not answered.
func TestOffAfter(t *testing.T) {
	m := mounted(t)
	m.Disk.OffAfter(3)
	f, err := os.Create(filepath.Join(m.Dir, "a"))
	must(t, err)
	_, err = f.WriteString("x")
	must(t, err)
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("the third operation says %v", err)
	}
	f.Close()
	must(t, m.On(rand.New(rand.NewPCG(1, 0))))
}

// A fault is what a program sees.
func TestFail(t *testing.T) {
	m := mounted(t)
	name := filepath.Join(m.Dir, "a")
	must(t, os.WriteFile(name, []byte("x"), 0o600))
	m.Disk.Fail(func(op, name string) syscall.Errno {
		if op == "write" && name == "a" {
			return syscall.ENOSPC
		}
		return 0
	})
	if err := os.WriteFile(name, []byte("y"), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write says %v", err)
	}
	m.Disk.Fail(nil)
	must(t, os.WriteFile(name, []byte("y"), 0o600))
}
