package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Scratch is a temporary folder of a run. While the run lives, it holds a lock in the folder.
type Scratch struct {
	Dir  string
	lock *os.File
}

// scratchLock is the file that is locked. A folder that lacks it is nobody's scratch.
const scratchLock = ".scratch"

// NewScratch makes a folder in parent ("" = the system's temporary folder) whose name begins with prefix.
// First it removes what earlier runs left there under such names: those that failed, or were killed. It
// spares runs that still live, and so many of the newest folders. before is told of each folder that goes;
// nil = nobody.
func NewScratch(parent, prefix string, spare int, before func(dir string)) (*Scratch, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	sweep(parent, prefix, spare, before)
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	lock, err := lockScratch(dir, os.O_CREATE)
	if err == nil {
		err = os.Chmod(dir, 0o711) //nolint:gosec // PostgreSQL may run as another account, and passes through
	}
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return &Scratch{Dir: dir, lock: lock}, nil
}

// Remove removes the folder.
func (s *Scratch) Remove() error { return errors.Join(os.RemoveAll(s.Dir), s.lock.Close()) }

// Leave keeps the folder until later runs remove it.
func (s *Scratch) Leave() error { return s.lock.Close() }

// errAlive: a run still uses its folder.
var errAlive = errors.New("somebody uses it")

// lockScratch locks a folder. Errors: errAlive; the folder has no lock to take.
func lockScratch(dir string, flag int) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, scratchLock), flag|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errAlive, err, lock.Close())
	}
	return lock, nil
}

// sweep removes folders of runs that have ended, but for the newest. What can't be removed waits for the
// next run.
func sweep(parent, prefix string, spare int, before func(dir string)) {
	type ended struct {
		Scratch

		at time.Time
	}
	var list []ended
	dirs, _ := filepath.Glob(filepath.Join(parent, prefix+"*")) // it reports bad patterns alone
	for _, dir := range dirs {
		info, err := os.Stat(filepath.Join(dir, scratchLock))
		if err != nil {
			continue
		}
		if lock, err := lockScratch(dir, 0); err == nil {
			list = append(list, ended{Scratch{dir, lock}, info.ModTime()})
		}
	}
	slices.SortFunc(list, func(a, b ended) int { return b.at.Compare(a.at) })
	for i, s := range list {
		if i < spare {
			_ = s.Leave() // nothing was written
			continue
		}
		if before != nil {
			before(s.Dir)
		}
		_ = s.Remove()
	}
}
