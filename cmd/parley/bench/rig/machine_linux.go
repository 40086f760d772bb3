package rig

import (
	"fmt"
	"os"
	"syscall"
)

// File systems by their magic number; the others are disks as well.
const (
	magicTmpfs   = 0x01021994
	magicRamfs   = 0x858458f6
	magicExt4    = 0xef53
	magicXFS     = 0x58465342
	magicBtrfs   = 0x9123683e
	magicOverlay = 0x794c7630
	magicZFS     = 0x2fc12fc1
	magicNFS     = 0x6969
)

// storageOf names what a folder is on: "ram (tmpfs)" or "disk (ext4)".
func storageOf(folder string) (string, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return "", fmt.Errorf("bench: storage: %w", err)
	}
	names := map[int64]string{magicTmpfs: "ram (tmpfs)", magicRamfs: "ram (ramfs)", magicExt4: "disk (ext4)", magicXFS: "disk (xfs)",
		magicBtrfs: "disk (btrfs)", magicOverlay: "disk (overlayfs)", magicZFS: "disk (zfs)", magicNFS: "disk (nfs)"}
	if name, ok := names[int64(s.Type)]; ok { //nolint:unconvert // the type differs between architectures
		return name, nil
	}
	return fmt.Sprintf("disk (type 0x%x)", s.Type), nil
}

// dataSync flushes a file's data as PostgreSQL's default wal_sync_method does here.
func dataSync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
