package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file finds the PostgreSQL installations on this machine and chooses one of them. A cluster (PostgreSQL's data
// folder) can be run only by the major version that created it. For example, if versions 16 and 18 are installed, a
// cluster made by 16 is run by 16, and a new cluster by the one in PATH or else by 18.

// minMajor is the oldest major version that supports all SQL in this program.
const minMajor = 15

const versionTimeout = 20 * time.Second

// install is one installation of PostgreSQL on this machine.
type install struct {
	dir   string // holds postgres and initdb
	major int
}

// commonBinFolders are the folders in which packages install the server. Few of them are in PATH.
func commonBinFolders() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",                              // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                       // PostgreSQL's own RPMs
		"/usr/lib/postgresql*/bin", "/usr/lib64/postgresql*/bin", // SUSE, Gentoo
		"/usr/libexec/postgresql*", // Alpine
		"/usr/local/pgsql/bin",     // built from source
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"/opt/local/lib/postgresql*/bin", // MacPorts
	}
}

// findInstalls returns the installations that the account can run: first those in PATH, then those downloaded into
// home, then those in common folders.
func findInstalls(ctx context.Context, m machine, home string, acct account) []install {
	var found []install
	seen := map[string]bool{}
	add := func(dir string) {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil {
			return
		}

		dir = filepath.Dir(real)
		_, err = os.Stat(filepath.Join(dir, "initdb"))
		if err != nil || seen[dir] {
			return
		}

		seen[dir] = true
		major, err := askMajor(ctx, dir, acct)
		if err == nil && major >= minMajor { // skip binaries that don't run
			found = append(found, install{dir: dir, major: major})
		}
	}
	for _, dir := range filepath.SplitList(m.path) {
		if filepath.IsAbs(dir) {
			add(dir)
		}
	}

	for _, glob := range append([]string{filepath.Join(downloadsFolder(home), "*", "bin")}, m.bins...) {
		dirs, err := filepath.Glob(glob)
		if err != nil {
			continue // Glob fails only for a malformed pattern
		}

		for _, dir := range dirs {
			add(dir)
		}
	}

	return found
}

// version matches the major version in `postgres (PostgreSQL) 15.18 (Debian …)` and `postgres (PostgreSQL) 19beta1`.
var version = regexp.MustCompile(`^postgres \(.*?\) (\d+)`)

// askMajor runs postgres --version in a folder, as the account that would run the server, and returns the major version.
func askMajor(ctx context.Context, dir string, acct account) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := prepareCommand(ctx, acct, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", dir, err)
	}
	match := version.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("%s: unknown version %q", dir, out)
	}
	return strconv.Atoi(string(match[1]))
}

// chooseInstall returns the installation to use. cluster is the cluster's major version, and only an installation of that
// version will do. For a new cluster it is 0, and chooseInstall returns the first installation in PATH, or else the newest.
// ok is false if installs is empty.
func chooseInstall(installs []install, inPath string, cluster int) (i install, ok bool, err error) {
	if len(installs) == 0 {
		return install{}, false, nil
	}

	if cluster == 0 {
		for _, i := range installs {
			if slices.Contains(filepath.SplitList(inPath), i.dir) {
				return i, true, nil
			}
		}
		return slices.MaxFunc(installs, func(a, b install) int { return a.major - b.major }), true, nil
	}

	var have []string
	for _, i := range installs {
		if i.major == cluster {
			return i, true, nil
		}
		have = append(have, strconv.Itoa(i.major))
	}

	return install{}, true, fmt.Errorf("the database was made by PostgreSQL %d, this machine has %s: %s; to move to another version, "+
		"run `parley backup FILE` where %d is installed, then `parley restore FILE` into a new, empty data folder",
		cluster, strings.Join(have, ", "), installHint(cluster), cluster)
}

// clusterMajor reads the major version of a cluster. It returns 0 if there is no cluster.
func clusterMajor(cluster string) (int, error) {
	b, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cluster: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || major < minMajor {
		return 0, fmt.Errorf("cluster: %s holds a database of PostgreSQL %q, at least %d is needed (pg_upgrade)",
			cluster, strings.TrimSpace(string(b)), minMajor)
	}
	return major, nil
}

// hasCluster reports whether a folder holds a cluster.
func hasCluster(cluster string) bool {
	_, err := os.Stat(filepath.Join(cluster, "PG_VERSION"))
	return err == nil
}

// installHint returns how to install the server of a major version on this machine.
func installHint(major int) string { return hintFor(runtime.GOOS, osRelease(), major) }

// osRelease returns the content of /etc/os-release, or "" if it can't be read.
func osRelease() string {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "" // hints then name no package manager
	}
	return string(release)
}

// distributionOf returns the names of a Linux distribution and its family. release is the content of /etc/os-release. For
// example, the lines "ID=ubuntu" and "ID_LIKE=debian" give " ubuntu\n debian\n".
func distributionOf(release string) string {
	like := ""
	for line := range strings.Lines(release) {
		if v, ok := strings.CutPrefix(line, "ID="); ok {
			like += " " + v
		}
		if v, ok := strings.CutPrefix(line, "ID_LIKE="); ok {
			like += " " + v
		}
	}
	return like
}

// packages holds a package's name for each package manager. The verb %d is replaced by the major version.
type packages struct{ brew, apt, dnf, apk, zypper, other string }

// hintFor returns how to install the server of a major version, for example "install it with `apt-get install postgresql-18`".
func hintFor(goos, release string, major int) string {
	server := packages{
		brew:   "postgresql@%d",
		apt:    "postgresql-%d",
		dnf:    "postgresql%d-server",
		apk:    "postgresql%d",
		zypper: "postgresql%d-server",
		other:  "the package of PostgreSQL %[1]d (often called postgresql-%[1]d)",
	}
	return server.hint(goos, release, major)
}

// hint returns how to install the package on a system.
func (p packages) hint(goos, release string, major int) string {
	like := distributionOf(release)
	with := func(tool, name string) string {
		return "install it with `" + tool + " " + fmt.Sprintf(name, major) + "`"
	}
	switch {
	case goos == "darwin":
		return with("brew install", p.brew)
	case strings.Contains(like, "debian"), strings.Contains(like, "ubuntu"):
		return with("apt-get install", p.apt)
	case strings.Contains(like, "rhel"), strings.Contains(like, "fedora"):
		return with("dnf install", p.dnf)
	case strings.Contains(like, "alpine"):
		return with("apk add", p.apk)
	case strings.Contains(like, "suse"):
		return with("zypper install", p.zypper)
	}

	return "install " + fmt.Sprintf(p.other, major)
}

// prepareCommand returns a command that runs a program as the account, in a folder that everybody can enter. Its environment
// contains neither our secrets nor variables such as PGDATA that would change what the program does.
func prepareCommand(ctx context.Context, acct account, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	for _, key := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(key); ok {
			cmd.Env = append(cmd.Env, key+"="+v)
		}
	}
	cmd.SysProcAttr = sysProcAttr(acct)
	return cmd
}
