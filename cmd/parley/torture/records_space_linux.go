package torture

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// This file gives the database of a test run a small disk of its own, a tmpfs mount, and fills it. In this way a run can
// test how Parley behaves when the database has no space left, without filling the machine's disk.

// spaceMegabytes is the size of the tmpfs.
const spaceMegabytes = 2048

// LimitSpace creates dir and mounts a tmpfs of spaceMegabytes there. It returns an error if the process may not mount.
func LimitSpace(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	return syscall.Mount("parley-torture", dir,
		"tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%dm,mode=0711", spaceMegabytes))
}

// FreeSpace undoes LimitSpace. It doesn't follow a symbolic link at dir, which could lead to somebody else's mount.
func FreeSpace(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s: %w", dir, syscall.ENOTDIR)
	}
	return syscall.Unmount(dir, syscall.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
}

// fillFile creates a file that takes all remaining space.
func fillFile(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	const biggest, smallest = int64(1 << 28), int64(1 << 12) // from 256 MiB down to one page
	for size, at := biggest, int64(0); size >= smallest; {
		switch err := syscall.Fallocate(int(file.Fd()), 0, at, size); {
		case err == nil:
			at += size
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		default:
			return err
		}
	}

	return nil
}
