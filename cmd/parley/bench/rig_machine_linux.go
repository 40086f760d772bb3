package bench

import (
	"fmt"
	"os"
	"syscall"
)

// storageOf names what a folder is on: "ram (tmpfs)" or "disk (ext4)".
func storageOf(folder string) (string, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return "", fmt.Errorf("bench: storage: %w", err)
	}
	names := map[int64]string{ // by the magic numbers of statfs(2)
		0x01021994: "ram (tmpfs)",
		0x858458f6: "ram (ramfs)",
		0xef53:     "disk (ext4)",
		0x58465342: "disk (xfs)",
		0x9123683e: "disk (btrfs)",
		0x794c7630: "disk (overlayfs)",
		0x2fc12fc1: "disk (zfs)",
		0x6969:     "disk (nfs)",
	}
	if name, ok := names[int64(s.Type)]; ok { //nolint:unconvert // the type differs between architectures
		return name, nil
	}
	return fmt.Sprintf("disk (type 0x%x)", s.Type), nil
}

// dataSync flushes a file's data as PostgreSQL's default wal_sync_method does here.
func dataSync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
