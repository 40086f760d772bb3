package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"parley/store/pgserver"
)

// Each test binary needs a PostgreSQL server with a migrated template, and to set that up takes seconds. So the data
// folders of servers are kept for later binaries. Each folder is a slot, such as /dev/shm/parley-test-1000/0, and a lock
// file beside it (0.lock) ensures that one binary at a time uses it.

const (
	maxSlots     = 64             // and so test binaries that can run at once
	idleFor      = 24 * time.Hour // after which an unused slot is emptied
	memoryDir    = "/dev/shm"
	minFreeBytes = 2 << 30 // in memoryDir; with less, slots are on the disk
)

// slot is a locked data folder, with the server that runs in it.
type slot struct {
	dir    string
	lock   *flock.Flock // the kernel releases it when this process ends
	server *pgserver.Server
}

// slotsDirs returns the folders in which slots may be, in order of preference; their names contain the user's id. A copy of
// a database consists of hundreds of small files, which took 10 ms in memory and 260 ms on a disk. So memory comes first
// if it has enough space (many containers have 64 MB), unless TMPDIR is set to a folder elsewhere.
func slotsDirs() []string {
	name := "parley-test-" + strconv.Itoa(os.Getuid())
	dirs := []string{filepath.Join(os.TempDir(), name)}
	wanted := os.Getenv("TMPDIR")
	isElsewhere := wanted != "" && !strings.HasPrefix(wanted, memoryDir+"/")
	var st syscall.Statfs_t
	if isElsewhere || syscall.Statfs(memoryDir, &st) != nil {
		return dirs
	}
	if uint64(st.Bsize)*uint64(st.Bavail) >= minFreeBytes {
		dirs = append([]string{filepath.Join(memoryDir, name)}, dirs...)
	}
	return dirs
}

// startOwnServer starts a private server in the first of dirs in which that succeeds.
func startOwnServer(ctx context.Context, dirs []string, sc templateSource) (*server, error) {
	var errs []error
	for _, dir := range dirs {
		s, err := startIn(ctx, dir, sc)
		if err == nil || errors.Is(err, errSchema) {
			return s, err
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// startIn starts a server in the first free slot of a folder. If that fails, it empties the slot and tries once more: since
// the servers run without fsync, a crash of the machine may have corrupted the slot.
func startIn(ctx context.Context, dir string, sc templateSource) (*server, error) {
	sl, err := takeSlot(dir)
	if err != nil {
		return nil, err
	}

	s, firstErr := sl.start(ctx, sc)
	if firstErr == nil {
		return s, nil
	}
	if errors.Is(firstErr, errSchema) {
		return nil, errors.Join(firstErr, sl.lock.Unlock())
	}
	if err := os.RemoveAll(sl.dir); err != nil {
		return nil, errors.Join(firstErr, err, sl.lock.Unlock())
	}
	if s, err = sl.start(ctx, sc); err != nil {
		return nil, errors.Join(err, sl.lock.Unlock())
	}

	return s, nil
}

// start starts the server of the slot and prepares it for tests.
func (sl *slot) start(ctx context.Context, sc templateSource) (*server, error) {
	srv, err := pgserver.Start(ctx, pgserver.Options{
		Dir:      sl.dir,
		Say:      func(s string) { fmt.Fprintln(os.Stderr, s) },
		Settings: map[string]string{"max_connections": "300", "max_wal_size": "128MB"},
	})
	if err != nil {
		return nil, err
	}

	s, err := newServer(ctx, srv.URL("postgres"), sc)
	if err == nil {
		err = s.pruneTemplates(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, srv.Close(ctx))
	}

	sl.server, s.slot = srv, sl
	return s, nil
}

// takeSlot locks the first slot that no living process holds.
func takeSlot(dir string) (*slot, error) {
	// Mode 0711 lets others enter, but not list, the folder: if we are root, the server runs as another user.
	err := os.Mkdir(dir, 0o711)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}

	fi, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}

	st, ok := fi.Sys().(*syscall.Stat_t)
	isOurs := ok && int(st.Uid) == os.Getuid()
	if !isOurs || !fi.IsDir() {
		return nil, fmt.Errorf("%s is not a folder of ours", dir)
	}

	for i := range maxSlots {
		path := filepath.Join(dir, strconv.Itoa(i))
		lock := flock.New(path + ".lock")
		isLocked, err := lock.TryLock()
		if err != nil {
			return nil, err
		}
		if !isLocked {
			continue
		}

		now := time.Now()
		if err := os.Chtimes(lock.Path(), now, now); err != nil {
			return nil, errors.Join(err, lock.Unlock())
		}
		emptyIdle(dir)
		return &slot{dir: path, lock: lock}, nil
	}

	return nil, fmt.Errorf("all %d test servers in %s are in use", maxSlots, dir)
}

// emptyIdle removes the data of slots that were not used for idleFor. It keeps the lock files: if one was removed and
// created again, two processes could each lock a file of the same name.
func emptyIdle(dir string) {
	locks, _ := filepath.Glob(filepath.Join(dir, "*.lock")) // fails only for a malformed pattern
	for _, path := range locks {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < idleFor {
			continue
		}

		lock := flock.New(path)
		if isLocked, err := lock.TryLock(); err == nil && isLocked {
			_ = os.RemoveAll(strings.TrimSuffix(path, ".lock")) // the next takeSlot tries again
			_ = lock.Unlock()                                   // the lock ends with this process at the latest
		}
	}
}

// pruneTemplates drops templates of other versions of the migrations. In a slot, no other process uses them.
func (s *server) pruneTemplates(ctx context.Context) error {
	names, err := s.listDatabases(ctx, templatePrefix)
	if err != nil {
		return err
	}

	for _, name := range names {
		if name == s.template {
			continue
		}
		if err := s.drop(ctx, name); err != nil {
			return err
		}
	}

	return nil
}
