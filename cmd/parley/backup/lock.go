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

// waitForLock waits until no other process makes a backup in the folder, and then keeps others from it.
func (f Folder) waitForLock(ctx context.Context) (unlock func(), err error) {
	unlock, err = f.lock()
	if err != nil || unlock != nil {
		return unlock, err
	}

	f.Log.Info("another process is making a backup: it is waited for", "folder", f.Dir)
	tick := time.NewTicker(cmp.Or(f.Poll, lockEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("backup: another process is making one: %w", ctx.Err())
		case <-tick.C:
		}

		if unlock, err = f.lock(); err != nil || unlock != nil {
			return unlock, err
		}
	}
}

// lock keeps other processes from making backups in the folder. unlock is nil if one of them does so already.
func (f Folder) lock() (unlock func(), err error) {
	return lockFile(filepath.Join(f.Dir, ".lock"), syscall.LOCK_EX|syscall.LOCK_NB)
}

// lockFile locks a file, which it makes with its folder if it isn't there, as flock(2) does with this operation. unlock is nil
// if another process has the lock and the operation doesn't wait.
func lockFile(path string, operation int) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}

	err = syscall.Flock(int(file.Fd()), operation)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, file.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backup: lock: %w", err), file.Close())
	}

	return func() {
		// A child process that is just being started has a copy of the descriptor, and would keep the lock after Close.
		_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		_ = file.Close()
	}, nil
}
