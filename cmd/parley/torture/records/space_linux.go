package records

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// spaceMegabytes is the size of a limited data folder.
const spaceMegabytes = 2048

// LimitSpace makes dir a file system of a limited size, in memory.
// Errors: this account may not mount.
func LimitSpace(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	return syscall.Mount("parley-torture", dir,
		"tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%dm,mode=0711", spaceMegabytes))
}

// FreeSpace undoes LimitSpace. It follows no link at dir: that could lead to what somebody else mounted.
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

// fillFile makes a file of all the space that is left.
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
