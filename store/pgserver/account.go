package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the account that runs the server. PostgreSQL refuses to run as root.
type account struct {
	uid, gid  int
	isForeign bool // not our own account, so that children change to it
}

func (a account) String() string {
	if u, err := user.LookupId(strconv.Itoa(a.uid)); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(a.uid)
}

// childCredential returns as whom children run: without supplementary groups. It is nil if they run as we do.
func (a account) childCredential() *syscall.Credential {
	if !a.isForeign {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// chown gives a file to the server's account, if that isn't our own.
func (a account) chown(path string) error {
	if !a.isForeign {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// serverAccount returns our own account. If we are root, it returns the owner of the cluster. If there is no cluster, or it
// belongs to root, that is postgres or else nobody.
func serverAccount(m machine, cluster string) (account, error) {
	info, err := os.Stat(cluster)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return account{}, fmt.Errorf("cluster: %w", err)
	}

	isThere := err == nil
	isRoot := m.euid == 0
	switch {
	case isThere && !isRoot && ownerOf(info).uid != m.euid:
		return account{}, fmt.Errorf("the database in %s belongs to %s: run as that account or as root", cluster, ownerOf(info))
	case !isRoot:
		return account{uid: m.euid, gid: os.Getegid()}, nil
	case isThere && ownerOf(info).uid != 0:
		owner := ownerOf(info)
		owner.isForeign = true
		return owner, nil
	}
	return unprivilegedAccount(), nil
}

// ownerOf returns the account to which a file belongs.
func ownerOf(info fs.FileInfo) account {
	st := info.Sys().(*syscall.Stat_t) // always, on the Unix systems for which this package is built
	return account{uid: int(st.Uid), gid: int(st.Gid)}
}

// unprivilegedAccount returns an account in whose place root can run the server.
func unprivilegedAccount() account {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}

		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr != nil || gidErr != nil { // not numbers: not a Unix account
			continue
		}
		if uid > 0 {
			return account{uid: uid, gid: gid, isForeign: true}
		}
	}

	const nobody = 65534 // its number on nearly all systems
	return account{uid: nobody, gid: nobody, isForeign: true}
}

// findClosedFolder returns the first folder on the way to dir, or dir itself, that the account can't enter. It returns
// "" if it can enter all of them. Only mode bits count.
func (a account) findClosedFolder(dir string) (string, error) {
	var way []string
	for d := dir; ; d = filepath.Dir(d) {
		way = append(way, d)
		if d == filepath.Dir(d) {
			break
		}
	}

	for i := len(way) - 1; i >= 0; i-- {
		info, err := os.Stat(way[i])
		if err != nil {
			return "", fmt.Errorf("data folder: %w", err)
		}

		if info.Mode().Perm()&a.enterBit(info) == 0 {
			return way[i], nil
		}
	}

	return "", nil
}

// enterBit returns the bit of a folder's mode that lets the account enter: the owner's, the group's, or that of others.
func (a account) enterBit(folder fs.FileInfo) fs.FileMode {
	owner := ownerOf(folder)
	switch {
	case owner.uid == a.uid:
		return 0o100
	case owner.gid == a.gid:
		return 0o010
	}
	return 0o001
}
