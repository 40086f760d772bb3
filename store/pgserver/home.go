package pgserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Where the server lives: under which account it runs, in which folder its cluster is (its home), and where its
// socket is. PostgreSQL refuses to run as root. So if Parley runs as root, the server gets another account, and
// another home if that account can't enter the data folder.

// port only names the socket's file; nothing listens on TCP.
const port = 5432

// machine is what Start reads from its surroundings. Tests set other values.
type machine struct {
	euid       int
	path       string   // PATH
	bins       []string // globs of folders that may hold postgres and initdb
	varLib     string   // holds the cluster if the server's account can't enter the data folder
	tempDirs   []string // hold the socket if the data folder's path is too long
	repository string   // where binaries are downloaded from; empty means the module's default
}

// thisMachine returns the surroundings of this process.
func thisMachine() machine {
	temp := []string{os.TempDir(), "/tmp", "/var/tmp"}
	if d := os.Getenv("RUNTIME_DIRECTORY"); d != "" { // systemd's, seen by other units too
		temp = append(filepath.SplitList(d), temp...)
	}
	return machine{euid: os.Geteuid(), path: os.Getenv("PATH"), bins: commonBinFolders(), varLib: "/var/lib", tempDirs: temp}
}

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
	owner, err := os.Stat(cluster)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return account{}, fmt.Errorf("cluster: %w", err)
	}

	hasOwner := err == nil
	var uid, gid int // of the owner
	if hasOwner {
		st := owner.Sys().(*syscall.Stat_t)
		uid, gid = int(st.Uid), int(st.Gid)
	}

	if m.euid != 0 {
		if hasOwner && uid != m.euid {
			return account{}, fmt.Errorf("the database in %s belongs to %s: run as that account or as root",
				cluster, account{uid: uid})
		}
		return account{uid: m.euid, gid: os.Getegid()}, nil
	}

	if hasOwner && uid != 0 {
		return account{uid: uid, gid: gid, isForeign: true}, nil
	}

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
			return account{uid: uid, gid: gid, isForeign: true}, nil
		}
	}

	const nobody = 65534 // its number on nearly all systems
	return account{uid: nobody, gid: nobody, isForeign: true}, nil
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
		fi, err := os.Stat(way[i])
		if err != nil {
			return "", fmt.Errorf("data folder: %w", err)
		}

		st := fi.Sys().(*syscall.Stat_t)
		pass := fs.FileMode(0o001) // the bit that lets others enter
		if int(st.Uid) == a.uid {
			pass = 0o100
		} else if int(st.Gid) == a.gid {
			pass = 0o010
		}

		if fi.Mode().Perm()&pass == 0 {
			return way[i], nil
		}
	}

	return "", nil
}

// elsewherePath returns the path of the file in the data folder that names the folder which holds the cluster instead.
func elsewherePath(dir string) string { return filepath.Join(dir, "pg.elsewhere") }

// Holds reports whether a data folder has an embedded database, wherever its cluster is, or a process has begun to make one: that takes
// the lock first.
func Holds(dir string) bool {
	for _, path := range []string{filepath.Join(dir, "pg", "PG_VERSION"), elsewherePath(dir), runPath(dir), lockPath(dir)} {
		if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return true // what can't be looked at is told by Start
		}
	}
	return false
}

// findHome returns the folder that holds the cluster (pg), downloaded binaries (bin) and the socket (run), and the
// account that runs the server. The folder is the data folder, or one under /var/lib if we are root and the
// server's account can't enter the data folder. A file in the data folder remembers that choice, so that no
// database is lost if a mode is changed or a folder is moved.
func findHome(o Options, m machine) (string, account, error) {
	b, err := os.ReadFile(elsewherePath(o.Dir))
	if err == nil {
		dir := strings.TrimSpace(string(b))
		if _, err := os.Stat(dir); err != nil {
			return "", account{}, fmt.Errorf("%s says that the database is kept in %s: %w", elsewherePath(o.Dir), dir, err)
		}

		acct, err := serverAccount(m, filepath.Join(dir, "pg"))
		return dir, acct, err
	}

	if !errors.Is(err, fs.ErrNotExist) {
		return "", account{}, fmt.Errorf("data folder: %w", err)
	}

	acct, err := serverAccount(m, filepath.Join(o.Dir, "pg"))
	if err != nil || !acct.isForeign {
		return o.Dir, acct, err
	}

	closed, err := acct.findClosedFolder(o.Dir)
	if err != nil || closed == "" {
		return o.Dir, acct, err
	}
	if hasCluster(filepath.Join(o.Dir, "pg")) {
		return "", account{}, fmt.Errorf("the database in %s/pg can't be reached by its account %s: %s is closed to it (chmod o+x opens it)",
			o.Dir, acct, closed)
	}

	sum := sha256.Sum256([]byte(o.Dir))
	dir := filepath.Join(m.varLib, "parley-"+hex.EncodeToString(sum[:6])) // 6 bytes tell the data folders of one machine apart
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", account{}, fmt.Errorf("data folder: %s is closed to the server's account %s: %w", closed, acct, err)
	}
	if err := os.WriteFile(elsewherePath(o.Dir), []byte(dir+"\n"), 0o600); err != nil {
		return "", account{}, fmt.Errorf("data folder: %w", err)
	}

	o.Say(fmt.Sprintf("The database is kept in %s, because %s is closed to the account that runs it (%s).", dir, closed, acct))
	return dir, acct, nil
}

// Remove deletes a data folder on which no server runs, with its cluster, wherever that is.
func Remove(dir string) error {
	b, err := os.ReadFile(elsewherePath(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pgserver: remove: %w", err)
	}
	if home := strings.TrimSpace(string(b)); home != "" {
		if err := os.RemoveAll(home); err != nil {
			return fmt.Errorf("pgserver: remove: %w", err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("pgserver: remove: %w", err)
	}
	return nil
}

// socketDir makes an empty folder for the socket: in the folder home, or else in one of m.tempDirs if the path is too long or the
// file system has no sockets there. Only the server's account and root may enter it. temporary is true if the folder is to be
// removed when the server ends.
func socketDir(home string, acct account, m machine) (dir string, temporary bool, err error) {
	fixed := filepath.Join(home, "run")
	fixedErr := fixedSocketDir(fixed, acct)
	if fixedErr == nil {
		return fixed, false, nil
	}

	errs := []error{fixedErr}
	for _, parent := range m.tempDirs {
		closed, err := acct.findClosedFolder(parent)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s for %s: %w", parent, acct, err))
			continue
		}
		if acct.isForeign && closed != "" {
			errs = append(errs, fmt.Errorf("%s: closed to %s: %w", parent, acct, fs.ErrPermission))
			continue
		}

		dir, err := os.MkdirTemp(parent, socketPrefix)
		if err == nil {
			if err = errors.Join(acct.chown(dir), trySocket(dir)); err == nil {
				return dir, true, nil
			}
			err = errors.Join(err, os.Remove(dir))
		}

		errs = append(errs, err)
	}

	return "", false, fmt.Errorf("no folder for the socket: %w", errors.Join(errs...))
}

// socketPrefix begins the names of temporary socket folders.
const socketPrefix = "parley-"

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
