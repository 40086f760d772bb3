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

// The server listens only on a Unix socket, in a folder that other accounts can't enter. This file creates that folder. It is
// DATA/run, or for example /tmp/parley-123 if the path of DATA is longer than the kernel allows for a socket.

// port is part of the socket's file name. The server doesn't listen on TCP.
const port = 5432

// socketPrefix is the prefix of the names of temporary socket folders.
const socketPrefix = "parley-"

// socketDir is an empty folder for the socket. Only the server's account and root may enter it.
type socketDir struct {
	path        string
	isTemporary bool // remove it when the server has ended
}

// makeSocketDir creates the folder for the socket in the server's home. If that is impossible, because the path is too long or
// the file system doesn't support sockets, it creates the folder in the first suitable one of m.tempDirs.
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

// temporarySocketDir creates a folder with a unique name in parent.
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

// fixedSocketDir creates an empty folder for the socket. It deletes an existing one first.
func fixedSocketDir(dir string, acct account) error {
	if err := checkSocketPath(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil { // left behind by a killed server
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(acct.chown(dir), trySocket(dir))
}

// trySocket checks that a socket can be created in a folder. Some file systems, such as the shared folders of virtual machines,
// don't support sockets.
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

// checkSocketPath checks that the socket's path is no longer than the kernel allows (107 bytes on Linux, 103 on some systems).
// It also rejects commas, because clients would take the path for a list of hosts.
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
