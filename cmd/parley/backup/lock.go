package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// errLocked means that another process has the lock.
var errLocked = errors.New("backup: another process is making one")

// waitForLock waits until no other process makes a backup in the folder, and then keeps others from it.
func (f Folder) waitForLock(ctx context.Context) (unlock func(), err error) {
	unlock, err = f.lock()
	if !errors.Is(err, errLocked) {
		return unlock, err
	}

	f.Log.Info("another process is making a backup: it is waited for", "folder", f.Dir)
	tick := time.NewTicker(cmp.Or(f.Poll, lockEvery))
	defer tick.Stop()
	for errors.Is(err, errLocked) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", errLocked, ctx.Err())
		case <-tick.C:
			unlock, err = f.lock()
		}
	}

	return unlock, err
}

// lock keeps other processes from making backups in the folder.
// Errors: errLocked.
func (f Folder) lock() (unlock func(), err error) {
	return lockFile(filepath.Join(f.Dir, ".lock"), syscall.LOCK_EX|syscall.LOCK_NB)
}

// lockFile locks a file as flock(2) does with this operation. It makes the file, and its folder, if it isn't there.
// Errors: errLocked if the operation doesn't wait.
func lockFile(path string, operation int) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}

	if err := syscall.Flock(int(file.Fd()), operation); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errLocked
		} else {
			err = fmt.Errorf("backup: lock: %w", err)
		}
		return nil, errors.Join(err, file.Close())
	}

	return func() {
		// A child process that is just being started has a copy of the descriptor, and would keep the lock after Close.
		_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		_ = file.Close()
	}, nil
}
