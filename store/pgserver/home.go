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

// Where the server lives. PostgreSQL refuses to run as root. So if Parley runs as root, the server gets another account
// (account.go), and another home if that account can't enter the data folder.

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

// home is where the server lives: a folder that holds the cluster (pg), downloaded binaries (bin) and mostly the socket
// (run), and the account that runs the server.
type home struct {
	dir     string
	account account
}

// findHome returns the home of a data folder's server. It is the data folder, or a folder under /var/lib if we are root and
// the server's account can't enter the data folder. A file in the data folder remembers that choice, so that no database is
// lost if a mode is changed or a folder is moved.
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

// elsewhere returns the home that a file in the data folder names.
func elsewhere(o Options, m machine, dir string) (home, error) {
	if _, err := os.Stat(dir); err != nil {
		return home{}, fmt.Errorf("%s says that the database is kept in %s: %w", elsewherePath(o.Dir), dir, err)
	}
	acct, err := serverAccount(m, filepath.Join(dir, "pg"))
	return home{dir: dir, account: acct}, err
}

// moveElsewhere makes a home under /var/lib for an account to which a folder on the way to the data folder is closed.
func moveElsewhere(o Options, m machine, acct account, closed string) (home, error) {
	if hasCluster(filepath.Join(o.Dir, "pg")) {
		return home{}, fmt.Errorf("the database in %s/pg can't be reached by its account %s: %s is closed to it (chmod o+x opens it)",
			o.Dir, acct, closed)
	}

	sum := sha256.Sum256([]byte(o.Dir))
	dir := filepath.Join(m.varLib, "parley-"+hex.EncodeToString(sum[:6])) // 6 bytes tell the data folders of one machine apart
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return home{}, fmt.Errorf("data folder: %s is closed to the server's account %s: %w", closed, acct, err)
	}
	if err := os.WriteFile(elsewherePath(o.Dir), []byte(dir+"\n"), 0o600); err != nil {
		return home{}, fmt.Errorf("data folder: %w", err)
	}

	o.Say(fmt.Sprintf("The database is kept in %s, because %s is closed to the account that runs it (%s).", dir, closed, acct))
	return home{dir: dir, account: acct}, nil
}

// elsewherePath returns the path of the file in the data folder that names the folder which holds the cluster instead.
func elsewherePath(dir string) string { return filepath.Join(dir, "pg.elsewhere") }

// Holds reports whether a data folder has an embedded database, wherever its cluster is, or a process has begun to make one:
// that takes the lock first.
func Holds(dir string) bool {
	for _, path := range []string{filepath.Join(dir, "pg", "PG_VERSION"), elsewherePath(dir), runPath(dir), lockPath(dir)} {
		if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return true // what can't be looked at is told by Start
		}
	}
	return false
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
