package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The server listens on a Unix socket alone, in a folder that other accounts can't enter.

// port only names the socket's file; nothing listens on TCP.
const port = 5432

// socketPrefix begins the names of temporary socket folders.
const socketPrefix = "parley-"

// socketDir is an empty folder for the socket. Only the server's account and root may enter it.
type socketDir struct {
	path        string
	isTemporary bool // it is to be removed when the server ends
}

// makeSocketDir makes the folder for the socket: in the server's home, or else in one of m.tempDirs if the path is too long
// or the file system has no sockets there.
func makeSocketDir(h home, m machine) (socketDir, error) {
	fixed := filepath.Join(h.dir, "run")
	err := fixedSocketDir(fixed, h.account)
	if err == nil {
		return socketDir{path: fixed}, nil
	}

	errs := []error{err}
	for _, parent := range m.tempDirs {
		dir, err := temporarySocketDir(parent, h.account)
		if err == nil {
			return socketDir{path: dir, isTemporary: true}, nil
		}
		errs = append(errs, err)
	}
	return socketDir{}, fmt.Errorf("no folder for the socket: %w", errors.Join(errs...))
}

// temporarySocketDir makes a folder with a name of its own in parent.
func temporarySocketDir(parent string, acct account) (string, error) {
	closed, err := acct.findClosedFolder(parent)
	if err != nil {
		return "", fmt.Errorf("%s for %s: %w", parent, acct, err)
	}
	if acct.isForeign && closed != "" {
		return "", fmt.Errorf("%s: closed to %s: %w", parent, acct, fs.ErrPermission)
	}

	dir, err := os.MkdirTemp(parent, socketPrefix)
	if err != nil {
		return "", err
	}
	if err := errors.Join(acct.chown(dir), trySocket(dir)); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// fixedSocketDir makes an empty folder for the socket at this path.
func fixedSocketDir(dir string, acct account) error {
	if err := checkSocketPath(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil { // what a killed server left
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(acct.chown(dir), trySocket(dir))
}

// trySocket makes a socket in a folder, because some file systems (shared folders of virtual machines) have none.
func trySocket(dir string) error {
	if err := checkSocketPath(dir); err != nil {
		return err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "probe"), Net: "unix"})
	if err != nil {
		return err
	}
	return l.Close()
}

// checkSocketPath checks that the socket's path is no longer than the kernel allows (107 bytes, 103 on some), and
// that it has no comma, which for clients separates hosts.
func checkSocketPath(dir string) error {
	if strings.Contains(dir, ",") {
		return fmt.Errorf("%s: a comma can't be in a socket's path", dir)
	}
	limit := len(syscall.RawSockaddrUnix{}.Path) - 1
	if n := len(filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))); n > limit {
		return fmt.Errorf("%s: path too long for a socket (%d bytes of %d)", dir, n, limit)
	}
	return nil
}
