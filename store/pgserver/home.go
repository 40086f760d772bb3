package pgserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// This file decides where a data folder's PostgreSQL server keeps its files, the cluster (PostgreSQL's own data) above
// all. Usually that is the data folder itself. But PostgreSQL refuses to run as root. So if Parley runs as root, the server
// runs as another account, which may be unable to enter the data folder. For example, if the data folder is
// /root/parley, the cluster is created in /var/lib/parley-1a2b3c4d5e6f/pg.

// machine is the environment that Start depends on. Tests set other values.
type machine struct {
	euid       int
	path       string   // PATH
	bins       []string // globs of folders that may hold postgres and initdb
	varLib     string   // holds the cluster if the server's account can't enter the data folder
	tempDirs   []string // candidates for the socket if it can't be in the home, for example because the path is too long
	repository string   // the URL that binaries are downloaded from; empty means the module's default
}

// thisMachine returns the environment of this process.
func thisMachine() machine {
	temp := []string{os.TempDir(), "/tmp", "/var/tmp"}
	if d := os.Getenv("RUNTIME_DIRECTORY"); d != "" { // set by systemd; other units can see the folder, too
		temp = append(filepath.SplitList(d), temp...)
	}
	return machine{euid: os.Geteuid(), path: os.Getenv("PATH"), bins: commonBinFolders(), varLib: "/var/lib", tempDirs: temp}
}

// home is the folder of a server's files, with the account that runs the server. The folder holds the cluster (pg),
// downloaded binaries (bin) and usually the socket (run).
type home struct {
	dir     string
	account account
}

// findHome returns the home of a data folder's server. It is the data folder, or a folder under /var/lib if we are root and
// the server's account can't enter the data folder. In the second case a file in the data folder (pg.elsewhere) records the
// home, so that the database is still found after a folder's mode is changed or the data folder is moved.
func findHome(o Options, m machine) (home, error) {
	note, err := os.ReadFile(elsewherePath(o.Dir))
	if err == nil {
		return elsewhere(o, m, strings.TrimSpace(string(note)))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return home{}, fmt.Errorf("data folder: %w", err)
	}

	acct, err := serverAccount(m, filepath.Join(o.Dir, "pg"))
	if err != nil {
		return home{}, err
	}

	here := home{dir: o.Dir, account: acct}
	if !acct.isForeign {
		return here, nil
	}
	closed, err := acct.findClosedFolder(o.Dir)
	if err != nil {
		return home{}, err
	}
	if closed == "" {
		return here, nil
	}
	return moveElsewhere(o, m, acct, closed)
}

// elsewhere returns the home in dir, which the file pg.elsewhere names.
func elsewhere(o Options, m machine, dir string) (home, error) {
	if _, err := os.Stat(dir); err != nil {
		return home{}, fmt.Errorf("%s says that the database is kept in %s: %w", elsewherePath(o.Dir), dir, err)
	}
	acct, err := serverAccount(m, filepath.Join(dir, "pg"))
	return home{dir: dir, account: acct}, err
}

// moveElsewhere creates a home under /var/lib. closed is the folder on the path to the data folder that acct can't enter. It
// returns an error if the data folder already has a cluster.
func moveElsewhere(o Options, m machine, acct account, closed string) (home, error) {
	if hasCluster(filepath.Join(o.Dir, "pg")) {
		return home{}, fmt.Errorf("the database in %s/pg can't be reached by its account %s: %s is closed to it (chmod o+x opens it)",
			o.Dir, acct, closed)
	}

	sum := sha256.Sum256([]byte(o.Dir))
	dir := filepath.Join(m.varLib, "parley-"+hex.EncodeToString(sum[:6])) // 6 bytes are enough to distinguish the data folders of a machine
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return home{}, fmt.Errorf("data folder: %s is closed to the server's account %s: %w", closed, acct, err)
	}
	if err := os.WriteFile(elsewherePath(o.Dir), []byte(dir+"\n"), 0o600); err != nil {
		return home{}, fmt.Errorf("data folder: %w", err)
	}

	o.Say(fmt.Sprintf("The database is kept in %s, because %s is closed to the account that runs it (%s).", dir, closed, acct))
	return home{dir: dir, account: acct}, nil
}

// elsewherePath returns the path of the file that names the home if it isn't the data folder.
func elsewherePath(dir string) string { return filepath.Join(dir, "pg.elsewhere") }

// Holds reports whether a data folder has an embedded database, wherever its cluster is. It also returns true if a process may
// be creating one, because that process takes the lock first.
func Holds(dir string) bool {
	for _, path := range []string{filepath.Join(dir, "pg", "PG_VERSION"), elsewherePath(dir), runPath(dir), lockPath(dir)} {
		if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return true // after another error, assume that the file exists; Start reports the error
		}
	}
	return false
}

// Remove deletes a data folder and its cluster, wherever that is. No server may be running on it.
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
