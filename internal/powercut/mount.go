package powercut

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Mount is a Disk as a folder, which takes root and /dev/fuse. A program that
// maps files of it into its memory, as SQLite does, must be another process: the
// fault of a page waits for us, and we for the memory map.
type Mount struct {
	Dir  string
	Disk *Disk

	server *fuse.Server
}

// NewMount mounts an empty disk on a folder that exists.
func NewMount(dir string) (*Mount, error) {
	m := &Mount{Dir: dir, Disk: NewDisk()}
	return m, m.mount()
}

func (m *Mount) mount() (err error) {
	// What the kernel remembers of names and sizes stays true, for nobody but
	// the kernel changes anything; it is gone with the mount.
	long := time.Hour
	m.server, err = fs.Mount(m.Dir, &folder{disk: m.Disk}, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "powercut", Name: "powercut"},
		EntryTimeout: &long, AttrTimeout: &long,
	})
	if err != nil {
		return fmt.Errorf("mount a disk on %q: %w: it takes root and /dev/fuse (modprobe fuse)", m.Dir, err)
	}
	return nil
}

// Put makes a file with this content that is safe.
func (m *Mount) Put(name string, content []byte) error {
	f, errno := m.Disk.create(name, 0o600)
	if errno == 0 {
		errno = m.Disk.write(f, content, 0)
	}
	if errno == 0 {
		errno = m.Disk.sync(f)
	}
	if errno == 0 {
		errno = m.Disk.syncFolder()
	}
	if errno != 0 {
		return fmt.Errorf("put %q on a disk: %w", name, errno)
	}
	return nil
}

// Cut ends the power. What runs on the disk is to be killed then, for it would
// be dead; then comes On.
func (m *Mount) Cut() { m.Disk.Off() }

// On starts the machine again: the same folder, with what the disk did not
// forget.
func (m *Mount) On(rng *rand.Rand) error {
	if err := m.Close(); err != nil {
		return err
	}
	m.Disk.On(rng)
	return m.mount()
}

// Close takes the folder away; the Disk stays as it is. No file of it may be
// open any more.
func (m *Mount) Close() error {
	if m.server == nil {
		return nil
	}
	server := m.server
	m.server = nil
	if err := server.Unmount(); err != nil {
		err = errors.Join(err, syscall.Unmount(m.Dir, syscall.MNT_DETACH)) // nobody shall find it there
		return fmt.Errorf("unmount %q: %w", m.Dir, err)
	}
	server.Wait()
	return nil
}

// folder is the root.
type folder struct {
	fs.Inode
	disk *Disk
}

var (
	_ fs.NodeLookuper       = (*folder)(nil)
	_ fs.NodeCreater        = (*folder)(nil)
	_ fs.NodeUnlinker       = (*folder)(nil)
	_ fs.NodeRenamer        = (*folder)(nil)
	_ fs.NodeOpendirHandler = (*folder)(nil)
	_ fs.NodeStatfser       = (*folder)(nil)
)

func (n *folder) child(ctx context.Context, f *file, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	e := &entry{disk: n.disk, file: f}
	errno := e.attr(&out.Attr)
	return n.NewInode(ctx, e, fs.StableAttr{Mode: syscall.S_IFREG, Ino: f.ino}), errno
}

// Lookup implements fs.NodeLookuper.
func (n *folder) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	f, errno := n.disk.find(name)
	if errno != 0 {
		return nil, errno
	}
	return n.child(ctx, f, out)
}

// Create implements fs.NodeCreater.
func (n *folder) Create(ctx context.Context, name string, _ uint32, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	f, errno := n.disk.create(name, mode)
	if errno != 0 {
		return nil, nil, 0, errno
	}
	node, errno := n.child(ctx, f, out)
	return node, nil, opened, errno
}

// Unlink implements fs.NodeUnlinker.
func (n *folder) Unlink(_ context.Context, name string) syscall.Errno { return n.disk.unlink(name) }

// Rename implements fs.NodeRenamer.
func (n *folder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	if flags != 0 {
		return syscall.EINVAL
	}
	return n.disk.rename(name, to)
}

// Statfs implements fs.NodeStatfser: there is always room, as far as one asks.
func (n *folder) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.NameLen = 4096, 255
	out.Blocks, out.Bfree, out.Bavail = 1<<24, 1<<23, 1<<23
	return 0
}

// OpendirHandle implements fs.NodeOpendirHandler.
func (n *folder) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	names, errno := n.disk.list()
	if errno != 0 {
		return nil, 0, errno
	}
	list := make([]fuse.DirEntry, len(names))
	for i, name := range names {
		list[i] = fuse.DirEntry{Name: name, Mode: syscall.S_IFREG, Off: uint64(i + 1)}
	}
	return &listing{disk: n.disk, left: list}, 0, 0
}

// listing is an open folder.
type listing struct {
	disk *Disk
	left []fuse.DirEntry
}

// Readdirent implements fs.FileReaddirenter.
func (l *listing) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if len(l.left) == 0 {
		return nil, 0
	}
	e := l.left[0]
	l.left = l.left[1:]
	return &e, 0
}

// Fsyncdir implements fs.FileFsyncdirer.
func (l *listing) Fsyncdir(context.Context, uint32) syscall.Errno { return l.disk.syncFolder() }

// entry is a file.
type entry struct {
	fs.Inode
	disk *Disk
	file *file
}

var (
	_ fs.NodeOpener    = (*entry)(nil)
	_ fs.NodeReader    = (*entry)(nil)
	_ fs.NodeWriter    = (*entry)(nil)
	_ fs.NodeGetattrer = (*entry)(nil)
	_ fs.NodeSetattrer = (*entry)(nil)
	_ fs.NodeFsyncer   = (*entry)(nil)
)

func (n *entry) attr(out *fuse.Attr) syscall.Errno {
	size, mode, errno := n.disk.stat(n.file)
	out.Ino, out.Size, out.Mode, out.Nlink = n.file.ino, size, syscall.S_IFREG|mode&0o777, 1
	return errno
}

// opened lets the kernel keep pages, so that a file can be mapped, and close a
// file without asking: a process that ends with files open on a disk of its own
// would wait for itself.
const opened = fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH

// Open implements fs.NodeOpener.
func (n *entry) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, opened, 0
}

// Read implements fs.NodeReader.
func (n *entry) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	k, errno := n.disk.read(n.file, dest, off)
	return fuse.ReadResultData(dest[:k]), errno
}

// Write implements fs.NodeWriter.
func (n *entry) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if errno := n.disk.write(n.file, data, off); errno != 0 {
		return 0, errno
	}
	return uint32(len(data)), 0
}

// Fsync implements fs.NodeFsyncer.
func (n *entry) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return n.disk.sync(n.file)
}

// Getattr implements fs.NodeGetattrer.
func (n *entry) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.attr(&out.Attr)
}

// Setattr implements fs.NodeSetattrer.
func (n *entry) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if errno := n.disk.resize(n.file, int64(size)); errno != 0 {
			return errno
		}
	}
	if mode, ok := in.GetMode(); ok {
		n.disk.chmod(n.file, mode)
	}
	return n.attr(&out.Attr)
}
