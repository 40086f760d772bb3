package pgserver

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fakeTools makes client programs that only print their version.
func fakeTools(t *testing.T, dir, version string) {
	t.Helper()
	check(t, os.MkdirAll(dir, 0o755))
	for _, name := range []string{"pg_dump", "pg_restore"} {
		body := "#!/bin/sh\necho '" + name + " (PostgreSQL) " + version + "'\n"
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o755))
	}
}

func TestFindTools(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	at := func(s string) string { return filepath.Join(base, s) }
	fakeTools(t, at("own"), "16.4 (Debian 16.4-1)")
	fakeTools(t, at("path"), "15.1")
	fakeTools(t, at("opt/19/bin"), "19beta1")
	fakeTools(t, at("opt/17/bin"), "17.2")
	fakeTools(t, at("opt/odd/bin"), "of another kind")
	check(t, os.MkdirAll(at("opt/none/bin"), 0o755))

	m := machine{path: "relative:" + at("path"), bins: []string{at("opt/*/bin"), "[malformed"}}
	for _, c := range []struct {
		name   string
		major  int
		prefer string
		want   string
		err    string
	}{
		{"the server's own", 16, at("own"), "own", ""},
		{"PATH", 15, "", "path", ""},
		{"own has none, as a download", 15, at("opt/none/bin"), "path", ""},
		{"own and PATH too old", 17, at("own"), "opt/17/bin", ""},
		{"own is newer than need be", 15, at("own"), "path", ""},
		{"the oldest that fits", 18, "", "opt/19/bin", ""},
		{"none fits", 20, at("own"), "", "this machine has 15, 16, 17, 19: install"},
	} {
		got, err := findTools(t.Context(), m, c.major, c.prefer)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || got.Dir != at(c.want) || got.Major < c.major {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}

	if _, err := findTools(t.Context(), machine{}, 15, ""); err == nil || !strings.Contains(err.Error(), "has none") {
		t.Errorf("nothing installed: %v", err)
	}
}

func TestClientHint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ goos, release, want string }{
		{"darwin", "", "brew install postgresql@16"},
		{"linux", "ID=debian\n", "apt-get install postgresql-client-16"},
		{"linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install postgresql16`"},
		{"linux", "ID=alpine\n", "apk add postgresql16-client"},
		{"linux", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install postgresql16`"},
		{"freebsd", "", "postgresql-client-16"},
	} {
		if got := clientHint(c.goos, c.release, 16); !strings.Contains(got, c.want) {
			t.Errorf("%s %q: %s", c.goos, c.release, got)
		}
	}
}

// The client programs come from the installation that runs the server, even for a process that joins the server.
func TestBinDir(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	owner := begin(t, Options{Dir: dir}, m)
	joined := begin(t, Options{Dir: dir}, m)
	if !joined.IsShared() || owner.BinDir() == "" || joined.BinDir() != owner.BinDir() {
		t.Errorf("owner %q, joined %q", owner.BinDir(), joined.BinDir())
	}
	if _, err := os.Stat(filepath.Join(owner.BinDir(), "postgres")); err != nil {
		t.Error(err)
	}

	joined.run.BinDir = "" // as if the owner hadn't written it down
	want := ""
	if runtime.GOOS == "linux" { // elsewhere it stays unknown
		program, err := filepath.EvalSymlinks(filepath.Join(owner.BinDir(), "postgres"))
		if err != nil {
			t.Fatal(err)
		}
		want = filepath.Dir(program)
	}
	if got := joined.BinDir(); got != want {
		t.Errorf("found %q, want %q", got, want)
	}
}
