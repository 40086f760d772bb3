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

// Where PostgreSQL's programs are on this machine, and which of several installations to use. A cluster can only be
// run by the major version that made it.

// minMajor is the oldest PostgreSQL whose SQL the program writes.
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

// findInstalls lists the installations that the account can run: first those in PATH, then downloaded ones in
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
		if err == nil && major >= minMajor { // binaries that don't run are left out
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
			continue // only a malformed pattern
		}

		for _, dir := range dirs {
			add(dir)
		}
	}

	return found
}

// version finds the major in `postgres (PostgreSQL) 15.18 (Debian …)`, `… 19beta1`.
var version = regexp.MustCompile(`^postgres \(.*?\) (\d+)`)

// askMajor asks a folder's postgres for its major version, run by the account that would run the server.
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

// chooseInstall returns the installation of the cluster's own major. For a new cluster (0) it returns the one in
// PATH, or else the newest. ok is false if nothing at all is installed.
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

func hasCluster(cluster string) bool {
	_, err := os.Stat(filepath.Join(cluster, "PG_VERSION"))
	return err == nil
}

// installHint says how to install the server of a major on this machine.
func installHint(major int) string { return hintFor(runtime.GOOS, osRelease(), major) }

func osRelease() string {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "" // then the general hint
	}
	return string(release)
}

// distributionOf returns the names of a Linux distribution and its family, from /etc/os-release.
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

// packages are the names of a package in the package managers; %d stands for the major.
type packages struct{ brew, apt, dnf, apk, zypper, other string }

// hintFor says how to install the server of a major.
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

// prepareCommand runs a program as the account, in a folder that everybody can enter, with an environment
// that holds neither our secrets nor variables that libpq or the server would obey.
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
