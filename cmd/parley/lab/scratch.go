package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// Scratch is the temporary folder of one run of a test program, such as parley torture, with its database and logs.
// The run holds a lock on a file in it until it calls Remove or Leave. The system drops the lock of a killed run,
// so the next run sees that the folder is no longer used and removes it.
type Scratch struct {
	Dir  string
	lock *flock.Flock
}

const (
	// scratchLock is the file that is locked. A folder without it was not made by NewScratch.
	scratchLock = ".scratch"
	// scratchNewborn is the name of the file until it is locked. Under the name scratchLock, another run could take
	// it for the unlocked file of a run that has ended.
	scratchNewborn = ".scratch-new"
)

// NewScratch makes a folder in parent ("" means the system's temporary folder) whose name begins with prefix. First
// it removes the folders with this prefix that earlier runs of the same user left there. It keeps those of runs
// that still live, and the newest spare ones of the others, so that a failed run can be looked into. beforeRemoval
// is called with each folder before it is removed; it may be nil.
func NewScratch(parent, prefix string, spare int, beforeRemoval func(dir string)) (*Scratch, error) {
	if parent == "" {
		parent = os.TempDir()
	}

	sweep(parent, prefix, spare, beforeRemoval)
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // PostgreSQL may run as another account, and passes through
		return nil, fmt.Errorf("make a temporary folder: %w", errors.Join(err, os.RemoveAll(dir)))
	}

	lock, err := lockNew(dir)
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", errors.Join(err, os.RemoveAll(dir)))
	}

	return &Scratch{Dir: dir, lock: lock}, nil
}

// lockNew makes the lock in a new folder. Nobody ever sees scratchLock there unlocked.
func lockNew(dir string) (*flock.Flock, error) {
	newborn := filepath.Join(dir, scratchNewborn)
	lock, err := lockFile(newborn, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(newborn, filepath.Join(dir, scratchLock)); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// Remove removes the folder. If something in it can't be removed, its lock file stays, so that a later run tries again.
func (s *Scratch) Remove() error { return errors.Join(removeScratch(s.Dir), s.lock.Unlock()) }

// removeScratch empties a folder, and then removes its lock file and the folder itself.
func removeScratch(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	for _, e := range entries {
		if e.Name() != scratchLock {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}

	if err != nil {
		return err
	}

	lock := filepath.Join(dir, scratchLock)
	if err := os.RemoveAll(lock); err != nil {
		return err
	}

	err = os.Remove(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	return errors.Join(err, os.WriteFile(lock, nil, 0o600)) // somebody still writes into the folder
}

// Leave unlocks the folder and keeps it until a later run removes it.
func (s *Scratch) Leave() error { return s.lock.Unlock() }

// errAlive means that a file is locked: a run still uses its folder.
var errAlive = errors.New("somebody uses it")

// lockFile opens a file and locks it. Errors: errAlive; there is no such file.
func lockFile(path string, flag int) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetFlag(flag|os.O_RDONLY|syscall.O_NOFOLLOW))
	isLocked, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !isLocked {
		return nil, errAlive
	}
	return lock, nil
}

// isOurs reports whether a file is this account's. Everybody can make files in the system's temporary folder.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// findOwnLock returns a folder's lock file if both the folder and the file are this account's; else isOwn is false.
func findOwnLock(dir string) (lock fs.FileInfo, isOwn bool) {
	folder, err := os.Lstat(dir)
	if err != nil || !folder.IsDir() {
		return nil, false
	}
	lock, err = os.Lstat(filepath.Join(dir, scratchLock))
	if err != nil || !lock.Mode().IsRegular() {
		return nil, false
	}
	return lock, isOurs(folder) && isOurs(lock)
}

// sweep removes the folders of runs that have ended, except the newest: see NewScratch.
func sweep(parent, prefix string, spare int, beforeRemoval func(dir string)) {
	type endedRun struct {
		Scratch

		begunAt time.Time
	}

	var ended []endedRun
	dirs, _ := filepath.Glob(filepath.Join(parent, prefix+"*")) // its only error is a bad pattern
	for _, dir := range dirs {
		info, isOwn := findOwnLock(dir)
		if !isOwn {
			continue
		}

		// The error is that the run still lives, or that somebody else removes the folder just now.
		if lock, err := lockFile(filepath.Join(dir, scratchLock), 0); err == nil {
			ended = append(ended, endedRun{Scratch: Scratch{Dir: dir, lock: lock}, begunAt: info.ModTime()})
		}
	}

	slices.SortFunc(ended, func(a, b endedRun) int { return b.begunAt.Compare(a.begunAt) }) // the newest first
	for i, s := range ended {
		if i < spare {
			_ = s.Leave() // the lock ends with this process at the latest
			continue
		}
		if beforeRemoval != nil {
			beforeRemoval(s.Dir)
		}

		_ = s.Remove() // what is left of it is removed by a later run
	}
}
