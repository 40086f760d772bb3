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

// To start a PostgreSQL server and apply all migrations takes seconds, and each test binary needs that. So servers'
// data folders are kept for the next binary. Each folder is a slot, locked by the one binary that uses it.

const (
	maxSlots     = 64             // test binaries that run at a time, with a server each
	idleFor      = 24 * time.Hour // after which a slot that nobody used is emptied
	memoryDir    = "/dev/shm"
	minFreeBytes = 2 << 30 // of memoryDir, or slots are on the disk
)

// slot is a data folder that one test binary at a time uses. The next one finds its cluster and template there.
type slot struct {
	dir    string
	lock   *flock.Flock // the kernel frees it when this process ends
	server *pgserver.Server
}

// slotsDirs are where the slots may be, in order, each in a folder of its account. Copies of a
// database are made of hundreds of small files: measured, 10 ms in memory and 260 ms on a disk. So
// memory comes first where there is enough (containers have 64 MB), unless TMPDIR asks for a folder elsewhere.
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

// startOwnServer starts a server of our own in the first folder where one can run.
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

// startIn starts a server in the first free slot of a folder. If that fails, the slot is emptied and tried once more: without
// fsync, a machine that stopped may have spoilt it.
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
	// Others may pass but not list: the server runs as another account when we are root.
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

// emptyIdle empties the slots that nobody has used for idleFor. Otherwise what many binaries, or one that was killed, left
// behind would stay for ever. The locks stay: a new file would be a second lock.
func emptyIdle(dir string) {
	locks, _ := filepath.Glob(filepath.Join(dir, "*.lock")) // it reports bad patterns alone
	for _, path := range locks {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < idleFor {
			continue
		}

		lock := flock.New(path)
		if isLocked, err := lock.TryLock(); err == nil && isLocked {
			_ = os.RemoveAll(strings.TrimSuffix(path, ".lock")) // the next start tries again
			_ = lock.Unlock()                                   // the lock ends with this process at the latest
		}
	}
}

// pruneTemplates drops the templates of other migrations; in a slot nobody else uses them.
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
