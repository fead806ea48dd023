// Package powercut is a disk that forgets: a folder on it keeps over a loss of
// power what was synced, and of the rest whatever chance leaves.
//
//	Disk     the model: what programs see, and what is safe (no FUSE in it)
//	Mount    a Disk as a folder of the file system, by FUSE
//
// What POSIX does not promise is not given: the bytes of a file are safe when
// fsync of that file returned, a name (made, renamed, removed) when fsync of
// its folder returned. Of what was written and not synced each sector is old,
// new or garbage, in any order; bytes beside a write are never touched, which
// is what SQLite relies on (https://www.sqlite.org/psow.html). Names change in
// the order in which they were changed, as on a file system with a journal.
package powercut

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
)

// sector is how many bytes a disk writes whole or not at all.
const sector = 512

// Disk is one folder of files. It is safe for use by many goroutines.
type Disk struct {
	mu      sync.Mutex
	seen    map[string]*file // the folder as programs see it
	kept    map[string]*file // as it is after a cut
	renames []naming         // between the two, in order
	serial  uint64
	off     bool
	ops     int // writes, syncs and changes of names so far
	cutAt   int // ops after which the power goes; 0: never
	fault   func(op, name string) syscall.Errno
}

// file is one file under whichever names. It lives on without a name while it
// is open.
type file struct {
	ino     uint64
	mode    uint32
	seen    []byte
	kept    []byte
	changes []change // between the two, in order
}

// change is a write at off, or a new size if data is nil.
type change struct {
	off  int64
	data []byte
}

// naming gives a name to a file, or takes it away if file is nil. A file that
// had another name, from, loses that at the same moment.
type naming struct {
	name string
	file *file
	from string
}

// NewDisk is an empty disk.
func NewDisk() *Disk { return &Disk{seen: map[string]*file{}, kept: map[string]*file{}} }

// Off ends the power: from now on every operation fails with EIO.
func (d *Disk) Off() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
}

// IsOff tells whether the power is gone.
func (d *Disk) IsOff() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// OffAfter ends the power in the n-th operation from now that changes or syncs
// anything: it is begun and never answered.
func (d *Disk) OffAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = d.ops + n
}

// Ops is how many operations changed or synced anything so far.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// Fail has operations fail: f is asked before each with its name (read, write,
// create, size, unlink, rename, sync) and the file's, and 0 lets it go on. A
// nil f ends it.
func (d *Disk) Fail(f func(op, name string) syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// On is the next start of the machine: the disk holds what was synced, and of
// the rest what rng leaves.
func (d *Disk) On(rng *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.renames[:rng.IntN(len(d.renames)+1)] {
		r.apply(d.kept)
	}
	d.seen = map[string]*file{}
	for _, name := range slices.Sorted(maps.Keys(d.kept)) { // the same rng leaves the same
		f := d.kept[name]
		f.forget(rng)
		d.seen[name] = f
	}
	d.renames, d.off, d.cutAt, d.fault = nil, false, 0, nil
}

// Files is what is on the disk, by name, as programs see it.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string][]byte{}
	for name, f := range d.seen {
		all[name] = slices.Clone(f.seen)
	}
	return all
}

// begin tells whether an operation may go on; changing is one that counts.
func (d *Disk) begin(op, name string, changing bool) syscall.Errno {
	if d.off {
		return syscall.EIO
	}
	if d.fault != nil {
		if errno := d.fault(op, name); errno != 0 {
			return errno
		}
	}
	if changing {
		d.ops++
	}
	return 0
}

// end is the answer to an operation that was carried out, if one is given.
func (d *Disk) end() syscall.Errno {
	if d.cutAt > 0 && d.ops >= d.cutAt {
		d.off = true
		return syscall.EIO
	}
	return 0
}

func (d *Disk) find(name string) (*file, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("find", name, false); errno != 0 {
		return nil, errno
	}
	f := d.seen[name]
	if f == nil {
		return nil, syscall.ENOENT
	}
	return f, 0
}

func (d *Disk) create(name string, mode uint32) (*file, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("create", name, true); errno != 0 {
		return nil, errno
	}
	if d.seen[name] != nil {
		return nil, syscall.EEXIST
	}
	d.serial++
	f := &file{ino: d.serial + 1, mode: mode} // 1 is the folder itself
	d.name(naming{name, f, ""})
	return f, d.end()
}

func (d *Disk) unlink(name string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("unlink", name, true); errno != 0 {
		return errno
	}
	if d.seen[name] == nil {
		return syscall.ENOENT
	}
	d.name(naming{name, nil, ""})
	return d.end()
}

func (d *Disk) rename(from, to string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("rename", from, true); errno != 0 {
		return errno
	}
	f := d.seen[from]
	if f == nil {
		return syscall.ENOENT
	}
	d.name(naming{to, f, from}) // after a cut it has one of the two
	return d.end()
}

func (d *Disk) name(r naming) {
	r.apply(d.seen)
	d.renames = append(d.renames, r)
}

func (r naming) apply(names map[string]*file) {
	if r.file == nil {
		delete(names, r.name)
		return
	}
	delete(names, r.from)
	names[r.name] = r.file
}

func (d *Disk) syncFolder() syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("sync", ".", true); errno != 0 {
		return errno
	}
	if errno := d.end(); errno != 0 {
		return errno // it was begun; nothing is promised
	}
	for _, r := range d.renames {
		r.apply(d.kept)
	}
	d.renames = nil
	return 0
}

func (d *Disk) list() ([]string, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("list", ".", false); errno != 0 {
		return nil, errno
	}
	names := make([]string, 0, len(d.seen))
	for name := range d.seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, 0
}

func (d *Disk) nameOf(f *file) string {
	for name, g := range d.seen {
		if g == f {
			return name
		}
	}
	return ""
}

func (d *Disk) read(f *file, p []byte, off int64) (int, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("read", d.nameOf(f), false); errno != 0 {
		return 0, errno
	}
	if off >= int64(len(f.seen)) {
		return 0, 0
	}
	return copy(p, f.seen[off:]), 0
}

func (d *Disk) write(f *file, p []byte, off int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("write", d.nameOf(f), true); errno != 0 {
		return errno
	}
	f.change(change{off, slices.Clone(p)})
	return d.end()
}

func (d *Disk) resize(f *file, size int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("size", d.nameOf(f), true); errno != 0 {
		return errno
	}
	f.change(change{size, nil})
	return d.end()
}

func (d *Disk) sync(f *file) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.begin("sync", d.nameOf(f), true); errno != 0 {
		return errno
	}
	if errno := d.end(); errno != 0 {
		return errno
	}
	for _, c := range f.changes {
		f.kept = c.apply(f.kept)
	}
	f.changes = nil
	return 0
}

// stat is size and mode.
func (d *Disk) stat(f *file) (size uint64, mode uint32, errno syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	errno = d.begin("stat", "", false)
	return uint64(len(f.seen)), f.mode, errno
}

func (d *Disk) chmod(f *file, mode uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f.mode = mode
}

func (f *file) change(c change) {
	f.seen = c.apply(f.seen)
	f.changes = append(f.changes, c)
}

// apply is the content after the change; a gap is zero.
func (c change) apply(b []byte) []byte {
	if c.data == nil {
		if c.off <= int64(len(b)) {
			return b[:c.off]
		}
		return append(b, make([]byte, c.off-int64(len(b)))...)
	}
	if end := c.off + int64(len(c.data)); end > int64(len(b)) {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[c.off:], c.data)
	return b
}

// forget leaves what was synced, and of each change after it any sectors, as
// they were written or as garbage.
func (f *file) forget(rng *rand.Rand) {
	all := rng.IntN(4) == 0 // that everything had reached the disk happens, too
	for _, c := range f.changes {
		if c.data == nil {
			if all || rng.IntN(2) == 0 {
				f.kept = c.apply(f.kept)
			}
			continue
		}
		for from := int64(0); from < int64(len(c.data)); {
			to := min(int64(len(c.data)), ((c.off+from)/sector+1)*sector-c.off)
			piece := change{c.off + from, c.data[from:to]}
			switch n := rng.IntN(20); {
			case all || n < 9:
				f.kept = piece.apply(f.kept)
			case n == 9:
				garbage := make([]byte, to-from)
				for i := range garbage {
					garbage[i] = byte(rng.IntN(256))
				}
				f.kept = change{piece.off, garbage}.apply(f.kept)
			}
			from = to
		}
	}
	f.seen, f.changes = slices.Clone(f.kept), nil
}
