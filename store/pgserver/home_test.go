package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// If the tests run as root, the server's account can't reach T.TempDir, so Parley puts the cluster elsewhere. Without
// root the folder belongs to the test, and the cluster stays in it.
func TestClosedAncestor(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data") // below a folder of mode 0700
	check(t, os.Chmod(filepath.Dir(dir), 0o700))
	m := testMachine(openDir(t))
	var said []string
	o := Options{Dir: dir, Say: func(s string) { said = append(said, s) }}

	s := begin(t, o, m)
	cluster := s.run.Cluster
	execute(t, s, "CREATE TABLE kept AS SELECT 1 AS n")
	check(t, s.Close(t.Context()))

	if m.euid != 0 {
		if cluster != filepath.Join(dir, "pg") || len(said) > 0 {
			t.Fatalf("cluster %s, said %q", cluster, said)
		}
		return
	}
	if filepath.Dir(filepath.Dir(cluster)) != m.varLib || len(said) != 1 || !strings.Contains(said[0], filepath.Dir(dir)) {
		t.Fatalf("cluster %s, said %q", cluster, said)
	}
	// Parley keeps that place although the folder can be reached now, and doesn't mention it again.
	for d := filepath.Dir(dir); d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		check(t, os.Chmod(d, 0o755))
	}
	s = begin(t, o, m)
	if s.run.Cluster != cluster || len(said) != 1 || query(t, s, "SELECT n::text FROM kept") != "1" {
		t.Errorf("second start: cluster %s, said %q", s.run.Cluster, said)
	}

	// A copy of the data folder names the same cluster, but must not end its server.
	copied := openDir(t)
	b := must(os.ReadFile(elsewherePath(dir)))(t)
	check(t, os.WriteFile(elsewherePath(copied), b, 0o600))
	if _, err := start(t.Context(), Options{Dir: copied}, m); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("copied data folder: %v", err)
	}
	query(t, s, "SELECT 'alive'")

	// If the cluster is gone, Parley says so and doesn't make an empty one in its place.
	check(t, os.WriteFile(elsewherePath(copied), []byte(filepath.Join(m.varLib, "gone")), 0o600))
	if _, err := start(t.Context(), Options{Dir: copied}, m); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("lost cluster: %v", err)
	}
}

func TestClosedTo(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	deep := filepath.Join(base, "a", "b")
	check(t, os.MkdirAll(deep, 0o755))
	stranger, us := account{uid: 54321, gid: 54321}, account{uid: os.Geteuid(), gid: os.Getegid()}
	for _, c := range []struct {
		name    string
		mode    os.FileMode
		a       account
		ourBase string
	}{
		{"open", 0o755, stranger, ""},
		{"only passing", 0o711, stranger, ""},
		{"closed", 0o700, stranger, "a"},
		{"closed to others but the group", 0o710, stranger, "a"},
		{"the owner", 0o700, us, ""},
		{"the owner shut out", 0o077, us, "a"},
		{"the group", 0o710, account{uid: 54321, gid: os.Getegid()}, ""},
		{"the group shut out", 0o705, account{uid: 54321, gid: os.Getegid()}, "a"},
	} {
		for d, mode := range map[string]os.FileMode{base: 0o755, filepath.Dir(base): 0o755, filepath.Join(base, "a"): c.mode} {
			check(t, os.Chmod(d, mode))
		}
		want := ""
		if c.ourBase != "" {
			want = filepath.Join(base, c.ourBase)
		}
		got, err := c.a.findClosedFolder(deep)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, want)
		}
	}
}

func TestFitsSocket(t *testing.T) {
	t.Parallel()
	limit := len(syscall.RawSockaddrUnix{}.Path) - 1 - len("/.s.PGSQL.5432")
	for _, c := range []struct {
		dir string
		ok  bool
	}{
		{"/" + strings.Repeat("x", limit-1), true},
		{"/" + strings.Repeat("x", limit), false},
		{"/data/acme, support/run", false},
		{`/data/my "own" data/run`, true},
	} {
		if err := checkSocketPath(c.dir); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.dir, err)
		}
	}
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), strings.Repeat("long-", 25))
	m := testMachine(openDir(t))
	m.tempDirs = append([]string{dir}, m.tempDirs...) // this one is too long as well, so the next one is taken
	s := begin(t, Options{Dir: dir}, m)
	query(t, s, "SELECT 'works'")
	socket := s.run.SocketDir
	if strings.HasPrefix(socket, dir) || !strings.HasPrefix(filepath.Base(socket), socketPrefix) {
		t.Errorf("socket in %s", socket)
	}
	check(t, s.Close(t.Context()))
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket's folder stays: %v", err)
	}

	// The next start removes the socket folder that a killed owner left.
	left, err := os.MkdirTemp("", socketPrefix) //nolint:usetesting // it has to be where the server's own are
	if err != nil {
		t.Fatal(err)
	}
	check(t, writeRun(dir, run{OwnerPID: 2, PostmasterPID: 1 << 22, SocketDir: left}))

	m.tempDirs = []string{dir}
	if _, err := start(t.Context(), Options{Dir: dir}, m); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("no folder is short enough: %v", err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("the killed owner's socket folder stays: %v", err)
	}
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	precious := filepath.Join(dir, "pg", "precious")
	check(t, os.Mkdir(filepath.Dir(precious), 0o755))
	check(t, os.WriteFile(precious, nil, 0o600))
	if _, err := start(t.Context(), Options{Dir: dir}, m); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("start over foreign files: %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("foreign files were touched: %v", err)
	}
}
