package backup

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// waitForLock waits until no other process makes a backup in the folder, and then keeps others from it.
func (f Folder) waitForLock(ctx context.Context) (*flock.Flock, error) {
	lock, err := f.tryLock()
	if err != nil || lock.Locked() {
		return lock, err
	}

	f.Log.Info("another process is making a backup: it is waited for", "folder", f.Dir)
	if _, err := lock.TryLockContext(ctx, cmp.Or(f.Poll, lockEvery)); err != nil {
		return nil, fmt.Errorf("backup: another process is making one: %w", err)
	}

	return lock, nil
}

// tryLock keeps other processes from making backups in the folder, unless one of them does so already: then the lock that
// it returns isn't Locked.
func (f Folder) tryLock() (*flock.Flock, error) {
	lock, err := newLock(filepath.Join(f.Dir, ".lock"))
	if err != nil {
		return nil, err
	}
	if _, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}
	return lock, nil
}

// newLock returns a lock that nobody has taken yet, and makes the folder for its file.
func newLock(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}
	return flock.New(path), nil
}
