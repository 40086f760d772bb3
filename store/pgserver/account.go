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

// account is the Unix account that runs the PostgreSQL server. PostgreSQL refuses to run as root. So if Parley runs as
// root, the server and its tools run as another account: for example postgres, if that exists.
type account struct {
	uid, gid  int
	isForeign bool // it differs from our own account, so child processes must switch to it
}

func (a account) String() string {
	if u, err := user.LookupId(strconv.Itoa(a.uid)); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(a.uid)
}

// childCredential returns the credential of child processes, without supplementary groups. It is nil if they run as our own
// account.
func (a account) childCredential() *syscall.Credential {
	if !a.isForeign {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// chown makes the account the owner of a file, if the account isn't our own.
func (a account) chown(path string) error {
	if !a.isForeign {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// serverAccount returns the account that runs the server. That is our own account, unless we are root. For root it is the
// owner of the cluster (PostgreSQL's data folder), or an unprivileged account if there is no cluster or root owns it. It
// returns an error if we aren't root and another account owns the cluster.
func serverAccount(m machine, cluster string) (account, error) {
	info, err := os.Stat(cluster)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return account{}, fmt.Errorf("cluster: %w", err)
	}

	exists := err == nil
	isRoot := m.euid == 0
	switch {
	case exists && !isRoot && ownerOf(info).uid != m.euid:
		return account{}, fmt.Errorf("the database in %s belongs to %s: run as that account or as root", cluster, ownerOf(info))
	case !isRoot:
		return account{uid: m.euid, gid: os.Getegid()}, nil
	case exists && ownerOf(info).uid != 0:
		owner := ownerOf(info)
		owner.isForeign = true
		return owner, nil
	}
	return unprivilegedAccount(), nil
}

// ownerOf returns the owner of a file.
func ownerOf(info fs.FileInfo) account {
	st := info.Sys().(*syscall.Stat_t) // the type on all Unix systems for which this package is built
	return account{uid: int(st.Uid), gid: int(st.Gid)}
}

// unprivilegedAccount returns the account as which root runs a server that has none yet: postgres, or else nobody.
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

// findClosedFolder returns the first folder on the path from the root to dir, including dir, that the account can't enter.
// It returns "" if the account can enter all of them. It checks mode bits only.
func (a account) findClosedFolder(dir string) (string, error) {
	var folders []string // dir and its parents, up to the root
	for d := dir; ; d = filepath.Dir(d) {
		folders = append(folders, d)
		if d == filepath.Dir(d) {
			break
		}
	}

	for i := len(folders) - 1; i >= 0; i-- {
		info, err := os.Stat(folders[i])
		if err != nil {
			return "", fmt.Errorf("data folder: %w", err)
		}

		if info.Mode().Perm()&a.enterBit(info) == 0 {
			return folders[i], nil
		}
	}

	return "", nil
}

// enterBit returns the execute bit that applies to the account: the folder owner's, the group's, or that of others.
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
