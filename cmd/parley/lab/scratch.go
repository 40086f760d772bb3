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
// A run must not leave gigabytes behind when it is killed, and must not delete the folder of a run in progress. So it
// holds a file lock in its folder until it calls Remove or Leave. The operating system releases the lock of a killed
// process, and the next run removes every folder whose lock it can take.
type Scratch struct {
	Dir  string
	lock *flock.Flock
}

const (
	// scratchLock is the lock file. A folder without it was not created by NewScratch.
	scratchLock = ".scratch"
	// newScratchLock is the name of the lock file until it is locked. Under its final name, another run could mistake
	// it for the lock file of a run that has ended.
	newScratchLock = ".scratch-new"
)

// NewScratch creates a folder in parent ("" means the system's temporary folder) whose name begins with prefix. First
// it removes the folders with this prefix that ended runs of the same user left there, except the newest spare ones,
// so that a failed run can be examined. beforeRemoval is called with each folder before it is removed; it may be nil.
func NewScratch(parent, prefix string, spare int, beforeRemoval func(dir string)) (*Scratch, error) {
	if parent == "" {
		parent = os.TempDir()
	}

	sweep(parent, prefix, spare, beforeRemoval)
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // PostgreSQL may run as another user, who must be able to enter
		return nil, fmt.Errorf("make a temporary folder: %w", errors.Join(err, os.RemoveAll(dir)))
	}

	lock, err := lockNew(dir)
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", errors.Join(err, os.RemoveAll(dir)))
	}

	return &Scratch{Dir: dir, lock: lock}, nil
}

// lockNew creates the lock file of a new folder. The name scratchLock appears only once the file is locked.
func lockNew(dir string) (*flock.Flock, error) {
	unnamed := filepath.Join(dir, newScratchLock)
	lock, err := lockFile(unnamed, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(unnamed, filepath.Join(dir, scratchLock)); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// Remove removes the folder. If something in it can't be removed, the lock file is kept, so that a later run tries again.
func (s *Scratch) Remove() error { return errors.Join(removeScratch(s.Dir), s.lock.Unlock()) }

// removeScratch removes a folder. The lock file is removed after all other files.
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

	return errors.Join(err, os.WriteFile(lock, nil, 0o600)) // a process still writes to the folder: a later run tries again
}

// Leave unlocks the folder and keeps it until a later run removes it.
func (s *Scratch) Leave() error { return s.lock.Unlock() }

// errInUse means that another process holds the lock.
var errInUse = errors.New("somebody uses it")

// lockFile opens a file and locks it without waiting. It returns errInUse if the file is locked.
func lockFile(path string, flag int) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetFlag(flag|os.O_RDONLY|syscall.O_NOFOLLOW))
	isLocked, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !isLocked {
		return nil, errInUse
	}
	return lock, nil
}

// isOurs reports whether a file belongs to the current user. Everybody can create files in the system's temporary folder.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// findOwnLock returns a folder's lock file. isOwn is false unless both the folder and the file belong to the current user.
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

// sweep removes the folders of ended runs, except the newest spare ones.
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

		lock, err := lockFile(filepath.Join(dir, scratchLock), 0)
		if err != nil { // the run is still in progress, or another process is removing the folder
			continue
		}
		ended = append(ended, endedRun{Scratch: Scratch{Dir: dir, lock: lock}, begunAt: info.ModTime()})
	}

	slices.SortFunc(ended, func(a, b endedRun) int { return b.begunAt.Compare(a.begunAt) }) // the newest first
	for i, s := range ended {
		if i < spare {
			_ = s.Leave() // after an error, the lock ends with this process
			continue
		}
		if beforeRemoval != nil {
			beforeRemoval(s.Dir)
		}

		_ = s.Remove() // after an error, a later run tries again
	}
}
