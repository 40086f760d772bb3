package pgserver

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// fakeBin makes programs that only print a version.
func fakeBin(t *testing.T, dir, says string) {
	t.Helper()
	check(t, os.MkdirAll(dir, 0o755))
	for _, name := range []string{"postgres", "initdb"} {
		program := filepath.Join(dir, name)
		check(t, os.WriteFile(program, []byte("#!/bin/sh\necho '"+says+"'\n"), 0o755))
		// A process that another test starts in this moment may have inherited the open file: until it has let go of it, the
		// system refuses to run the program (golang/go#22315).
		for errors.Is(exec.CommandContext(t.Context(), program).Run(), syscall.ETXTBSY) {
			runtime.Gosched()
		}
	}
}

func TestFindInstalls(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	at := func(s string) string { return filepath.Join(base, s) }
	fakeBin(t, at("path"), "postgres (PostgreSQL) 16.4 (Debian 16.4-1)")
	fakeBin(t, at("opt/15/bin"), "postgres (PostgreSQL) 15.18")
	fakeBin(t, at("opt/19/bin"), "postgres (PostgreSQL) 19beta1")
	fakeBin(t, at("opt/14/bin"), "postgres (PostgreSQL) 14.1") // too old
	fakeBin(t, at("opt/other/bin"), "postgres of another kind")
	fakeBin(t, at("home/bin/18.3.0/bin"), "postgres (PostgreSQL) 18.3")
	fakeBin(t, at("opt/noinit/bin"), "postgres (PostgreSQL) 17.1") // a client package's links
	check(t, os.Remove(at("opt/noinit/bin/initdb")))
	if err := os.Symlink(at("path"), at("opt/again")); err != nil { // seen twice, counted once
		t.Fatal(err)
	}

	m := machine{path: "relative:" + at("empty") + ":" + at("path"), bins: []string{at("opt/*/bin"), at("opt/again"), "[malformed"}}
	acct := must(serverAccount(thisMachine(), "/nonexistent"))(t)
	got := findInstalls(t.Context(), m, at("home"), acct)
	want := []install{{at("path"), 16}, {at("home/bin/18.3.0/bin"), 18}, {at("opt/15/bin"), 15}, {at("opt/19/bin"), 19}}
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := []install{{"/p", 16}, {"/b", 15}, {"/c", 18}}
	for _, c := range []struct {
		name     string
		installs []install
		path     string
		cluster  int
		want     install
		ok       bool
		err      string
	}{
		{"nothing", nil, "/p", 0, install{}, false, ""},
		{"nothing for a cluster", nil, "/p", 16, install{}, false, ""},
		{"new, one in PATH", all, "/x:/p", 0, install{"/p", 16}, true, ""},
		{"new, none in PATH", all, "/x", 0, install{"/c", 18}, true, ""},
		{"cluster's own", all, "/p", 15, install{"/b", 15}, true, ""},
		{"cluster's missing", all, "/p", 17, install{}, true, "made by PostgreSQL 17, this machine has 16, 15, 18"},
	} {
		got, ok, err := chooseInstall(c.installs, c.path, c.cluster)
		if got != c.want || ok != c.ok || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v %v %v", c.name, got, ok, err)
		}
	}
}

// repository serves an archive like that of the real repository: a zip with testdata/fake.txz, whose programs only print
// a version.
func repository(t *testing.T, damage bool) (url string, hits *atomic.Int32) {
	t.Helper()
	txz := must(os.ReadFile("testdata/fake.txz"))(t)
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	w := must(z.Create("postgres.txz"))(t)
	must(w.Write(txz))(t)
	check(t, z.Close())
	sum := sha256.Sum256(jar.Bytes())
	if damage {
		sum[0]++
	}

	hits = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			_, _ = w.Write([]byte(hex.EncodeToString(sum[:])))
			return
		}
		_, _ = w.Write(jar.Bytes())
	}))
	t.Cleanup(srv.Close)
	return srv.URL, hits
}

func TestDownload(t *testing.T) {
	t.Parallel()
	home := openDir(t)
	acct := must(serverAccount(thisMachine(), "/nonexistent"))(t)
	url, hits := repository(t, false)
	var said []string
	o := Options{Dir: home, Say: func(s string) { said = append(said, s) }}
	m := machine{path: "/nonexistent", repository: url}
	for range 2 { // the second finds the first one's
		bin := must(findBinaries(t.Context(), o, m, home, acct))(t)
		if want := (install{filepath.Join(home, "bin", "18.3.0", "bin"), 18}); bin != want {
			t.Errorf("got %v, want %v", bin, want)
		}
	}
	if hits.Load() != 2 || len(said) != 1 {
		t.Errorf("%d requests, said %q", hits.Load(), said)
	}

	names, err := os.ReadDir(home)
	if err != nil || len(names) != 1 {
		t.Errorf("left in home: %v %v", names, err)
	}

	// The downloaded programs don't serve a cluster of another major version.
	check(t, os.MkdirAll(filepath.Join(home, "pg"), 0o700))
	check(t, os.WriteFile(filepath.Join(home, "pg", "PG_VERSION"), []byte("16\n"), 0o600))
	if _, err := findBinaries(t.Context(), o, m, home, acct); err == nil || !strings.Contains(err.Error(), "PostgreSQL 16") {
		t.Errorf("other major: %v", err)
	}
}
